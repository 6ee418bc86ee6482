// Seeding: what it makes holds together, is never seen by the daemon, goes away again without a trace, and never enters production.
'use strict';

const test = require('node:test');
const assert = require('node:assert');
const path = require('node:path');
const { spawnSync } = require('node:child_process');
const { startPostgres, psql } = require('../lib/postgres');
const { POOL, addAppPool } = require('./keeper');
const { root, runDb, catalogue, digests } = require('./migrator');

const HERE = { POOLKEEPER_ENV: 'development', DB_MIGRATE_BACKUP: '0' };
const seed = (url, set, args = [], env = {}) => runDb(['seed', set, ...args], { url, env: { ...HERE, ...env } });
const everything = (url) => catalogue(url) + digests(url);

// Databases whose ledger was written by scripts/db, with one pool of somebody else's.
let server;
let databases = 0;
async function newDatabase(owner = 'postgres') {
	await server.sql(`CREATE DATABASE seed_${databases += 1} TEMPLATE migrated`);
	return server.url(`seed_${databases}`, owner);
}

test.before(async () => {
	server = await startPostgres();
	const url = await server.createDatabase('migrated');
	assert.equal((await runDb(['migrate'], { url })).code, 0);
	await addAppPool({ sql: (text) => psql(url, text) }, { pool_address: POOL });
});
test.after(() => server.stop());

test('a set holds together, a second run changes nothing, and it goes away without a trace', async () => {
	const url = await newDatabase();
	const before = everything(url);
	const first = await seed(url, 'development', ['--validate']);
	assert.equal(first.code, 0, first.stdout + first.stderr);
	const rows = Number(/^event=seed_done set=development rows=(\d+)\n/.exec(first.stdout)[1]);
	assert.equal([...first.stdout.matchAll(/event=seed_counted table=\w+ rows=(\d+)/g)].reduce((sum, match) => sum + Number(match[1]), 0), rows);
	assert.match(first.stdout, /\nevent=integrity_done quick=0 critical=0 warnings=0 fixable=0\n$/);
	assert.equal(await psql(url, 'SELECT string_agg(DISTINCT status, $$ $$ ORDER BY status) FROM public.pools WHERE id < 0'),
		'cancelled closed ended locked open randomness unlocking winnerSelected');
	assert.equal(await psql(url, 'SELECT app_id FROM keeper.open_pools(0)'), '1', 'the daemon sees the pool of somebody else only');

	const seeded = everything(url);
	assert.deepEqual([await seed(url, 'development').then((run) => run.stdout), everything(url) === seeded], ['event=seed_current set=development\n', true]);
	const other = await seed(url, 'demo');
	assert.deepEqual([other.code, /holds the set development: .*--clean/.test(other.stderr), everything(url) === seeded], [65, true, true]);
	assert.equal((await seed(url, 'development', ['--clean'])).code, 77, 'nobody was asked');
	const cleaned = await seed(url, 'development', ['--clean', '--yes']);
	assert.deepEqual([cleaned.code, cleaned.stdout], [0, `event=seed_cleaned set=development rows=${rows}\n`], cleaned.stderr);
	assert.equal(everything(url), before);
	assert.equal((await seed(url, 'demo', ['--clean', '--yes'])).stdout, 'event=seed_nothing_to_clean\n');
});

for (const args of [['testing'], ['staging'], ['demo'], ['staging', '--minimal']]) {
	test(`the set ${args.join(' ')} holds together and goes away`, async () => {
		const url = await newDatabase();
		const before = digests(url);
		const run = await seed(url, args[0], [...args.slice(1), '--validate']);
		assert.deepEqual([run.code, /critical=0 warnings=0/.test(run.stdout)], [0, true], run.stdout + run.stderr);
		if (args.length > 1) assert.equal(await psql(url, 'SELECT count(*) FROM public.pools WHERE id < 0'), '2');
		assert.equal((await seed(url, args[0], ['--clean', '--yes'])).code, 0);
		assert.equal(digests(url), before);
	});
}

const REFERS = [
	"INSERT INTO public.participants (pool_id, wallet_address) VALUES (-1, 'w')",
	"INSERT INTO public.pool_chat_messages (pool_id, wallet_address, message) VALUES (-2, 'w', 'hello')",
	'INSERT INTO public.referral_relations (referred_wallet, referrer_wallet) SELECT $$w$$, wallet_address FROM public.profiles WHERE id = -1',
	'INSERT INTO public.participants (pool_id, wallet_address) SELECT 1, wallet_address FROM public.profiles WHERE id = -1',
];

test('nothing is taken away while a row of somebody else names it, and nothing is made where one row does not fit', async () => {
	const url = await newDatabase('owner');
	await server.sql('CREATE ROLE owner LOGIN');
	await psql(url.replace('owner@', 'postgres@'), `ALTER SCHEMA keeper OWNER TO owner; GRANT CREATE ON SCHEMA public TO owner; DO $$ DECLARE t text; BEGIN
		FOR t IN SELECT c.oid::regclass FROM pg_class c WHERE c.relkind = 'r' AND c.relnamespace IN ('public'::regnamespace, 'keeper'::regnamespace)
		LOOP EXECUTE 'ALTER TABLE ' || t || ' OWNER TO owner'; END LOOP; END $$`);
	await psql(url, "INSERT INTO public.profiles (wallet_address, nickname) VALUES ('w', 'seed_user')");
	const before = everything(url);
	const failed = await seed(url, 'testing');
	assert.deepEqual([failed.code, /profiles_nickname_unique.*nothing was seeded/.test(failed.stderr), everything(url) === before], [65, true, true], failed.stderr);
	await psql(url, "UPDATE public.profiles SET nickname = 'somebody'");
	assert.equal((await seed(url, 'testing')).code, 0);
	for (const statement of REFERS) {
		await psql(url, statement);
		const rows = digests(url);
		const refused = await seed(url, 'testing', ['--clean', '--yes']);
		assert.deepEqual([refused.code, /names what was seeded, and was not seeded itself.*nothing was taken away/.test(refused.stderr)], [65, true], statement + refused.stderr);
		assert.equal(digests(url), rows);
		await psql(url, "DELETE FROM public.participants WHERE id > 0; DELETE FROM public.pool_chat_messages WHERE id > 0; DELETE FROM public.referral_relations WHERE id > 0");
	}
	assert.equal((await seed(url, 'testing', ['--clean', '--yes'])).code, 0);
});

test('production is refused, whoever names it, and so is what nobody names', async () => {
	const url = await newDatabase();
	await server.sql('CREATE DATABASE shop_prod TEMPLATE migrated');
	const before = digests(url);
	for (const [where, env] of [
		[url, { NODE_ENV: 'production' }], [url, { POOLKEEPER_ENV: 'Production' }], [url, { SOLANA_NETWORK: 'mainnet-beta' }], [server.url('shop_prod'), {}],
		[server.url('shop_prod').replace('/shop_prod', ''), { PGDATABASE: 'shop_prod' }], [url, { POOLKEEPER_ENV: '' }],
		[`${url}?application_name=test`, { POOLKEEPER_ENV: '' }],
	]) {
		for (const args of [[], ['--clean', '--yes']]) {
			const run = await seed(where, 'development', args, env);
			assert.deepEqual([run.code, /^level=error event=seed_refused why="[^"]*production[^"]*"\n$/.test(run.stderr)], [77, true], `${where} ${JSON.stringify(env)} ${run.stderr}`);
		}
	}
	assert.equal(digests(url), before);
	assert.equal((await runDb(['seed', 'production'], { url, env: HERE })).code, 64);
	assert.equal((await runDb(['seed'], { url, env: HERE })).code, 64);
	assert.equal((await seed(url, 'testing', [], { POOLKEEPER_ENV: '', SOLANA_NETWORK: 'devnet' })).code, 0);
	const drawn = await newDatabase();
	await psql(drawn, `INSERT INTO keeper.draws (draw, address, pool_id, mint, status, status_slot, total_amount) VALUES ('draw:${POOL}:7', '${POOL}', 7, '${POOL}', 1, 5, 5)`);
	const rows = digests(drawn);
	const kept = await seed(drawn, 'testing');
	assert.deepEqual([kept.code, /^level=error event=seed_refused why="this database holds draws that a daemon made: [^"]*"\n$/.test(kept.stderr), digests(drawn)], [77, true, rows], kept.stderr);
});

test('letters that a provider made up by chance name no environment, and a digit does not hide production', () => {
	const says = (host) => spawnSync('sh', ['-c', '. "$0"; is_production && echo production; is_known_otherwise && echo otherwise; true', path.join(root, 'scripts', 'db.d', 'environment.sh')],
		{ encoding: 'utf8', env: { PATH: process.env.PATH, url: `postgres://o@${host}/missout` } }).stdout.trim();
	for (const [host, expected] of [
		['missout.cx7ci2abcdxy.us-east-1.rds.amazonaws.com', ''], ['missout.c4dev9abcdxy.eu-west-1.rds.amazonaws.com:5432', ''], ['db-ci.example', ''], ['10test.example', ''],
		['staging.db.example', 'otherwise'], ['db-dev.example', 'otherwise'], ['prod2.example', 'production'], ['test-prod1.example', 'production\notherwise'],
	]) assert.equal(says(host), expected, host);
});
