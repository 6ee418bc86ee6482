// The roles: the daemon's may do what its statements need and nothing else, and stays that way through migrations and restores.
'use strict';

const test = require('node:test');
const assert = require('node:assert');
const { startPostgres, psql } = require('../lib/postgres');
const { startPgBouncer } = require('../lib/pgbouncer');
const { runDb, upFiles } = require('./migrator');

let server;
let owner;
const as = (role, url = owner) => url.replace(/\/\/\w+@/, `//${role}@`);
const grant = () => runDb(['roles'], { url: owner });
const version = () => upFiles().at(-1).version;

test.before(async () => {
	server = await startPostgres();
	await server.sql('CREATE ROLE owner LOGIN CREATEROLE; CREATE DATABASE app OWNER owner');
	owner = server.url('app', 'owner');
	assert.equal((await grant()).code, 65, 'nothing to give rights to yet');
	assert.equal((await runDb(['migrate'], { url: owner })).code, 0);
});
test.after(() => server.stop());

test('an owner that is no superuser makes the roles, and again changes nothing', async () => {
	for (const round of [1, 2]) {
		const run = await grant();
		assert.equal(run.code, 0, `${round}: ${run.stderr}`);
		assert.match(run.stdout, /^event=roles_granted roles=poolkeeper,poolkeeper_ro\n/);
	}
	assert.equal(await psql(owner, "SELECT rolname, rolcanlogin FROM pg_roles WHERE rolname LIKE 'poolkeeper%' ORDER BY 1"), 'poolkeeper|t\npoolkeeper_ro|t');
	assert.equal(await psql(as('poolkeeper'), 'SHOW statement_timeout'), '65s');
	assert.match((await runDb(['roles'], { url: server.url('app') })).stdout, /event=role_without_password role=poolkeeper next="psql, then \\password poolkeeper"/);
	assert.equal((await runDb(['roles'], { url: as('poolkeeper') })).code, 78);
	assert.equal((await runDb(['status'], { url: as('poolkeeper') })).code, 0);
});

// What the functions' text touches, against what the role was given: a right that none needs is one too many. Some functions run as their
// owner, and audit_faults() is called by nobody else.
test('every right of the daemon has a statement that needs it, and every statement its rights', async () => {
	const found = await psql(owner, `
		WITH f AS (SELECT regexp_replace(prosrc, '--[^\\n]*', '', 'g') AS src FROM pg_proc WHERE pronamespace = 'keeper'::regnamespace AND NOT prosecdef AND proname <> 'audit_faults'),
		     t AS (SELECT c.oid, n.nspname || '[.]' || relname || '\\M' AS name FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
		            WHERE relkind = 'r' AND n.nspname IN ('public', 'keeper') AND relname <> 'schema_migrations')
		SELECT format('%s on %s: %s', p.privilege, t.oid::regclass, CASE WHEN u.used THEN 'needed and not given' ELSE 'given and not needed' END)
		  FROM t CROSS JOIN (VALUES ('SELECT', '(from|join|using)\\s+%1$s|into\\s+%1$s[^;]*returning'),
		                            ('INSERT', 'insert\\s+into\\s+%1$s'),
		                            ('UPDATE', 'update\\s+%1$s|into\\s+%1$s[^;]*do\\s+update|lock\\s+table[^;]*%1$s|from\\s+%1$s[^;]*for\\s+(no\\s+key\\s+)?(update|share)'),
		                            ('DELETE', 'delete\\s+from\\s+%1$s')) AS p (privilege, pattern)
		 CROSS JOIN LATERAL (SELECT EXISTS (SELECT FROM f WHERE src ~* format(p.pattern, t.name))) AS u (used)
		 WHERE u.used <> has_table_privilege('poolkeeper', t.oid, p.privilege) ORDER BY 1`);
	assert.equal(found, '');
});

test('nothing else is possible, through pgBouncer neither', async (t) => {
	const pooler = await startPgBouncer(server);
	t.after(() => pooler.stop());
	const writes = [
		'DELETE FROM keeper.steps', 'TRUNCATE keeper.calls', 'DELETE FROM keeper.commits', 'DELETE FROM keeper.draws', 'DELETE FROM public.pools',
		'UPDATE public.transactions SET amount = 0', 'UPDATE public.profiles SET nonce = NULL', 'INSERT INTO public.referral_claims (referrer_wallet, token_mint, amount) VALUES ($$a$$, $$a$$, $$1$$)',
		'UPDATE keeper.schema_migrations SET sha256 = $$x$$', 'CREATE TABLE keeper.mine ()', 'CREATE TABLE public.mine ()', 'CREATE SCHEMA mine',
		'ALTER TABLE keeper.steps ADD COLUMN mine integer', 'DROP FUNCTION keeper.hold', 'DROP TABLE public.pools', 'CREATE ROLE mine', 'ALTER ROLE owner PASSWORD $$a$$',
		'INSERT INTO keeper.audit_queue (at, xid, relation, operation, session_role, acting_role, application) VALUES (now(), 1, $$r$$, $$DELETE$$, $$s$$, $$s$$, $$a$$)',
		'DELETE FROM keeper.audit_queue', 'UPDATE keeper.audit_trail SET xid = 1', 'DELETE FROM keeper.audit_trail', 'TRUNCATE keeper.audit_trail', 'DELETE FROM keeper.audit_cuts',
		'ALTER TABLE keeper.steps DISABLE TRIGGER audited', 'SET session_replication_role = replica', 'SET ROLE owner', 'COPY public.pools TO PROGRAM $$cat$$', 'SELECT pg_read_file($$PG_VERSION$$)',
	];
	// Those of the statements that are not refused; none of them stays.
	const possible = (url, statements) => psql(url, `BEGIN; CREATE TEMPORARY TABLE said (statement text);
		${statements.map((one) => `DO $do$ BEGIN EXECUTE $q$${one}$q$; INSERT INTO said VALUES ($q$${one}$q$); EXCEPTION WHEN insufficient_privilege THEN END $do$;`).join('\n')}
		SELECT statement FROM said; ROLLBACK`);
	const reads = ['SELECT keeper.audit_seal(1, 1)', 'SELECT nonce FROM public.profiles', 'SELECT * FROM public.notifications', 'SELECT * FROM public.referral_rewards', "SELECT keeper.lease_tick($$me$$, 0, 1000)", 'UPDATE public.pools SET status = $$ended$$'];
	assert.equal(await possible(as('poolkeeper'), writes), '');
	assert.equal(await possible(pooler.url('app', 'poolkeeper'), writes), '');
	assert.equal(await possible(as('poolkeeper_ro'), [...writes, ...reads]), '');
	assert.equal(await psql(as('poolkeeper_ro'), 'SELECT count(*) FROM keeper.steps, public.pools, public.sponsored_participants'), '0', 'what explain reads');
	assert.equal(await psql(as('poolkeeper'), "SELECT held FROM keeper.lease_tick('me', 0, 1000)"), 't');
	assert.equal(await possible(as('poolkeeper'), ['SELECT 1']), 'SELECT 1', 'what is possible is seen');
});

test('a migration and a restore give new tables their rights', async () => {
	const reverted = await runDb(['revert', '--yes'], { url: owner });
	assert.equal(reverted.code, 0, reverted.stderr);
	const file = /file=(\S+\.dump)/.exec(reverted.stdout)[1];
	const run = await runDb(['migrate', '--no-backup'], { url: owner });
	assert.match(run.stdout, /event=roles_granted/);
	assert.equal(await psql(as('poolkeeper'), 'SELECT max(version) FROM keeper.schema_migrations'), version());
	assert.equal(await psql(owner, "SELECT has_table_privilege('poolkeeper', 'keeper.sponsored', 'INSERT')"), 't');
	await server.sql('CREATE DATABASE again OWNER owner');
	const restored = await runDb(['restore', file], { url: server.url('again', 'owner'), env: { DB_RESTORE_CONFIRM: '1', POOLKEEPER_ENV: 'testing' } });
	assert.match(restored.stdout, /event=roles_granted/, restored.stderr);
	const limits = "SELECT current_setting('statement_timeout'), current_setting('idle_in_transaction_session_timeout')";
	assert.equal(await psql(server.url('again', 'poolkeeper'), `SELECT count(*) FROM keeper.steps; ${limits}`), '0\n65s|15s');
	// Somebody's own limit stays; an owner who may not alter the role is told.
	await server.sql("ALTER ROLE poolkeeper IN DATABASE app SET statement_timeout = '70s'; ALTER ROLE poolkeeper IN DATABASE app RESET idle_in_transaction_session_timeout; ALTER ROLE owner NOCREATEROLE");
	assert.deepEqual([(await grant()).code, await psql(as('poolkeeper'), limits)], [0, '70s|0']);
	await server.sql('ALTER ROLE poolkeeper IN DATABASE app RESET statement_timeout');
	const told = await grant();
	assert.deepEqual([told.code, /^level=warn event=role_without_limits /m.test(told.stdout)], [0, true], told.stderr);
	await server.sql('ALTER ROLE owner CREATEROLE');
	assert.deepEqual([(await grant()).code, await psql(as('poolkeeper'), limits)], [0, '65s|15s']);
});

test('a right from elsewhere, a power of the role, and tables of somebody else are named', async () => {
	const refused = async (words, url = owner) => {
		const run = await runDb(['roles'], { url });
		assert.equal(run.code, 65);
		assert.match(run.stderr, new RegExp(`^level=error event=roles_failed why=".*${words}.*"\n$`));
	};
	await psql(owner, 'GRANT DELETE ON public.referral_claims TO PUBLIC');
	await refused('poolkeeper has too much: DELETE on (public\\.)?referral_claims');
	await psql(owner, 'REVOKE DELETE ON public.referral_claims FROM PUBLIC; GRANT pg_read_all_data TO poolkeeper_ro');
	await refused('poolkeeper_ro is member of pg_read_all_data: take that away');
	await server.sql('REVOKE pg_read_all_data FROM poolkeeper_ro; ALTER ROLE poolkeeper CREATEDB');
	await refused('poolkeeper is createdb: take that away');
	await server.sql('ALTER ROLE poolkeeper NOCREATEDB');
	await server.sql('ALTER TABLE public.winners_feed OWNER TO postgres; REVOKE ALL ON public.winners_feed FROM owner, poolkeeper', 'app');
	await refused('winners_feed');
	await server.sql('ALTER TABLE public.winners_feed OWNER TO owner', 'app');
	assert.equal((await grant()).code, 0);
});
