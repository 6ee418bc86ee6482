// scripts/db on one database at a time: what it applies, what it refuses, what it leaves behind.
'use strict';

const test = require('node:test');
const assert = require('node:assert');
const { createHash } = require('node:crypto');
const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { startPostgres, psql } = require('../lib/postgres');
const { upFiles, scratchDirectory, copyOfMigrations, runDb, catalogue } = require('./migrator');

// A table as an older web backend made it: fewer columns, one index of its own, rows in it.
const OLDER_BACKEND = `
	CREATE TABLE public.pools (id serial PRIMARY KEY, pool_address text, token_symbol text NOT NULL, token_name text NOT NULL,
		token_mint text, token_logo_url text, entry_amount double precision NOT NULL, min_participants integer NOT NULL,
		max_participants integer NOT NULL, participants_count integer DEFAULT 0, status text NOT NULL,
		start_time timestamp DEFAULT now(), lock_duration integer NOT NULL, lock_time timestamp, end_time timestamp,
		winner_wallet text, total_pot double precision DEFAULT 0, creator_wallet text NOT NULL, tx_hash text, backend_only text);
	CREATE INDEX idx_pools_status ON public.pools (status);
	CREATE TABLE public.participants (id serial PRIMARY KEY, pool_id integer NOT NULL, wallet_address text NOT NULL, avatar text,
		joined_at timestamp DEFAULT now());
	INSERT INTO public.pools (token_symbol, token_name, entry_amount, min_participants, max_participants, status, lock_duration,
		creator_wallet, backend_only) VALUES ('BONK', 'Bonk', 1.5, 2, 5, 'ended', 60, 'Abc', 'kept');
	INSERT INTO public.participants (pool_id, wallet_address) VALUES (1, 'Abc');`;

let server;
let databases = 0;
const newDatabase = () => server.createDatabase(`migrate_${++databases}`);
const lines = (text) => text.split('\n').filter(Boolean);

test.before(async () => { server = await startPostgres(); });
test.after(() => server.stop());

test('an empty database gets every file, and a second run finds nothing to do', async () => {
	const url = await newDatabase();
	assert.equal((await runDb(['status'], { url })).code, 1);
	const first = await runDb(['migrate'], { url });
	assert.equal(first.code, 0, first.stderr);
	const told = lines(first.stdout).map((line) => /^event=migration_applied version=(\d+) name=(\w+) sha256=[0-9a-f]{12} ms=\d+ dry=0$/.exec(line));
	assert.deepEqual(told.map((match) => match?.slice(1)), upFiles().map(({ version, name }) => [version, name]));

	const before = catalogue(url);
	const second = await runDb(['migrate'], { url });
	assert.equal(second.code, 0);
	assert.match(second.stdout, /^event=schema_current version=\d+ name=\w+\n$/);
	assert.equal(catalogue(url), before);
	assert.equal((await runDb(['validate'], { url })).code, 0);
	const status = await runDb(['status'], { url });
	assert.equal(status.code, 0);
	for (const line of lines(status.stdout)) assert.match(line, /^version=\d+ name=\w+ state=applied applied_at=\S+Z applied_by=postgres$/);
});

test('the ledger holds the whole hash of each file', async () => {
	const url = await newDatabase();
	await runDb(['migrate'], { url });
	const expected = upFiles().map(({ file, version }) => `${version}|${createHash('sha256').update(fs.readFileSync(file)).digest('hex')}`);
	assert.equal(await psql(url, 'SELECT version, sha256 FROM keeper.schema_migrations ORDER BY version'), expected.join('\n'));
});

test('the tables of an older web backend are adopted with their rows', async () => {
	const url = await newDatabase();
	await psql(url, OLDER_BACKEND);
	const run = await runDb(['migrate'], { url });
	assert.equal(run.code, 0, run.stderr);
	assert.equal(await psql(url, 'SELECT id, token_symbol, entry_amount, backend_only, is_free FROM public.pools'), '1|BONK|1.5|kept|0');
	assert.equal(await psql(url, 'SELECT wallet_address, refund_claimed FROM public.participants'), 'Abc|0');
	assert.equal((await runDb(['validate'], { url })).code, 0);
});

test('a table that does not fit is named, and nothing of the file is kept', async () => {
	const url = await newDatabase();
	await psql(url, OLDER_BACKEND.replace('entry_amount double precision', 'entry_amount numeric'));
	const before = catalogue(url);
	const run = await runDb(['migrate'], { url });
	assert.equal(run.code, 65);
	assert.match(run.stderr, /pools\.entry_amount is numeric, must be double precision/);
	assert.equal(catalogue(url), before);
});

test('validate names what somebody took away after the migration', async () => {
	const url = await newDatabase();
	await runDb(['migrate'], { url });
	await psql(url, 'ALTER TABLE public.pools DROP COLUMN winner_wallet');
	const run = await runDb(['validate'], { url });
	assert.equal(run.code, 65);
	assert.match(run.stderr, /pools\.winner_wallet is missing/);
});

test('a file edited after it was applied is refused by every verb', async (t) => {
	const url = await newDatabase();
	const directory = copyOfMigrations(t);
	await runDb(['migrate'], { url, directory });
	fs.appendFileSync(path.join(directory, path.basename(upFiles()[0].file)), '-- one more line\n');
	for (const verb of ['migrate', 'validate']) {
		const run = await runDb([verb], { url, directory });
		assert.equal(run.code, 65, verb);
		assert.match(run.stderr, /^level=error event=migration_refused why="V001__public\.sql was changed after it was applied: .*"\n$/);
	}
	const status = await runDb(['status'], { url, directory });
	assert.equal(status.code, 65);
	assert.match(status.stdout, /version=001 name=public state=edited/);
});

test('gaps, late low numbers and unknown applied versions are refused', async (t) => {
	const url = await newDatabase();
	const create = (n) => `CREATE TABLE public.t${n} ();`;
	const gap = scratchDirectory(t, { 'V001__a.sql': create(1), 'V003__c.sql': create(3) });
	const refused = await runDb(['migrate'], { url, directory: gap });
	assert.equal(refused.code, 65);
	assert.match(refused.stderr, /V003__c\.sql breaks the order/);
	assert.equal(await psql(url, "SELECT to_regclass('public.t1') IS NULL"), 't');

	const whole = scratchDirectory(t, { 'V001__a.sql': create(1), 'V002__b.sql': create(2), 'V003__c.sql': create(3) });
	assert.equal((await runDb(['migrate'], { url, directory: whole })).code, 0);
	const newer = scratchDirectory(t, { 'V001__a.sql': create(1), 'V002__b.sql': create(2) });
	const lost = await runDb(['migrate'], { url, directory: newer });
	assert.equal(lost.code, 65);
	assert.match(lost.stderr, /V003__unknown\.sql is applied but has no file here/);

	await psql(url, "DELETE FROM keeper.schema_migrations WHERE version = '002'");
	const late = await runDb(['migrate'], { url, directory: whole });
	assert.equal(late.code, 65);
	assert.match(late.stderr, /V003__c\.sql breaks the order/);
});

test('a file that fails leaves nothing, those before it stay', async (t) => {
	const url = await newDatabase();
	const directory = scratchDirectory(t, {
		'V001__good.sql': 'CREATE TABLE public.good ();',
		'V002__bad.sql': 'CREATE TABLE public.half ();\nSELECT 1 / 0;\n',
	});
	const run = await runDb(['migrate'], { url, directory });
	assert.equal(run.code, 65);
	assert.match(run.stderr, /V002__bad\.sql:2: ERROR: {2}division by zero/);
	assert.equal(await psql(url, "SELECT to_regclass('public.good') IS NOT NULL, to_regclass('public.half') IS NULL"), 't|t');
	assert.equal(await psql(url, 'SELECT string_agg(version, $$,$$) FROM keeper.schema_migrations'), '001');
});

test('a file that commits by itself is refused before anything runs', async (t) => {
	const url = await newDatabase();
	const directory = scratchDirectory(t, { 'V001__own.sql': 'CREATE TABLE public.own ();\n  Commit;\n' });
	const run = await runDb(['migrate'], { url, directory });
	assert.equal(run.code, 65);
	assert.match(run.stderr, /V001__own\.sql line 2: /);
	assert.equal(await psql(url, "SELECT to_regclass('public.own') IS NULL"), 't');
});

test('a dry run runs everything and keeps nothing', async (t) => {
	const url = await newDatabase();
	const before = catalogue(url);
	const run = await runDb(['migrate', '--dry-run'], { url });
	assert.equal(run.code, 0, run.stderr);
	assert.deepEqual(lines(run.stdout).map((line) => /version=(\d+) .* dry=1$/.exec(line)?.[1]), upFiles().map(({ version }) => version));
	assert.equal(catalogue(url), before);

	const directory = copyOfMigrations(t);
	const last = upFiles().at(-1);
	const next = String(Number(last.version) + 1).padStart(3, '0');
	fs.writeFileSync(path.join(directory, `V${next}__bad.sql`), 'SELECT nothing FROM public.pools;');
	const failing = await runDb(['migrate', '--dry-run'], { url, directory });
	assert.equal(failing.code, 65);
	assert.match(failing.stderr, new RegExp(`V${next}__bad.sql`));
	assert.equal(catalogue(url), before);
});

test('up, down, up gives the same catalogue', async () => {
	const url = await newDatabase();
	await runDb(['migrate'], { url });
	const up = catalogue(url);
	for (const { file } of upFiles().reverse()) {
		execFileSync('psql', ['-X', '-q', '-1', '-v', 'ON_ERROR_STOP=1', '-f', file.replace(/\.sql$/, '.down.sql'), url], { stdio: 'pipe' });
	}
	const ledgerOnly = catalogue(url).split('\n').filter((line) => /^CREATE/.test(line));
	assert.deepEqual(ledgerOnly, ['CREATE SCHEMA keeper;', 'CREATE TABLE keeper.schema_migrations (']);
	assert.equal(await psql(url, 'SELECT count(*) FROM keeper.schema_migrations'), '0');
	const again = await runDb(['migrate'], { url });
	assert.equal(again.code, 0, again.stderr);
	assert.equal(catalogue(url), up);
});

test('the public tables are not taken back while they hold rows', async () => {
	const url = await newDatabase();
	await psql(url, OLDER_BACKEND);
	await runDb(['migrate'], { url });
	const down = upFiles()[0].file.replace(/\.sql$/, '.down.sql');
	await assert.rejects(psql(url, fs.readFileSync(down, 'utf8')), /public\.participants holds rows: V001 is taken back only from an empty database/);
	assert.equal(await psql(url, 'SELECT count(*) FROM public.pools'), '1');
});

test('wrong arguments exit with 64', async () => {
	for (const args of [[], ['up'], ['migrate', '--force'], ['status', 'now']]) {
		const run = await runDb(args, { url: server.url() });
		assert.equal(run.code, 64, args.join(' '));
		assert.match(run.stderr, /^usage: scripts\/db /);
	}
});
