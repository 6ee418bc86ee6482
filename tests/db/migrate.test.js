// scripts/db on one database at a time: what it applies, what it refuses, what it leaves behind.
'use strict';

const test = require('node:test');
const assert = require('node:assert');
const { createHash } = require('node:crypto');
const { execFileSync, spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { startPostgres, psql } = require('../lib/postgres');
const { root, upFiles, scratchDirectory, copyOfMigrations, startDb, runDb, catalogue } = require('./migrator');

const ADOPTED = fs.readFileSync(path.join(__dirname, 'fixtures', 'adopted.sql'), 'utf8');

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

test('a file that takes long says how far the run is, again and again, and nothing of it is left behind', async (t) => {
	const url = await newDatabase();
	const directory = scratchDirectory(t, {
		'V001__first.sql': 'CREATE TABLE public.first ();',
		'V002__slow.sql': "DO 'BEGIN WHILE NOT EXISTS (SELECT FROM public.go) LOOP PERFORM pg_sleep(0.01); END LOOP; END';",
		'V003__last.sql': 'CREATE TABLE public.last ();',
	});
	await psql(url, 'CREATE TABLE public.go (now boolean)');
	const run = startDb(['migrate', '--no-backup'], { url, directory, env: { DB_PROGRESS_SECONDS: '0.05' } });
	let text = '';
	await new Promise((resolve) => {
		run.child.stdout.on('data', (data) => {
			text += data;
			if (text.split('event=migration_progress done=1 total=3 version=002 name=slow ').length > 2) resolve();
		});
	});
	await psql(url, 'INSERT INTO public.go VALUES (true)');
	const { code, stderr } = await run.ended; // which is when nobody holds its output any more
	assert.equal(code, 0, stderr);
	assert.equal(stderr, '');
	for (const DB_PROGRESS_SECONDS of ['often', '0', '0.00', '.', '1.2.3', '-1']) {
		const refused = await runDb(['status'], { url, directory, env: { DB_PROGRESS_SECONDS } });
		assert.deepEqual([refused.code, refused.stderr], [78, `level=error event=setting_invalid why="DB_PROGRESS_SECONDS=${DB_PROGRESS_SECONDS} is not a number of seconds above 0"\n`]);
	}
});

test('the ledger holds the whole hash of each file', async () => {
	const url = await newDatabase();
	await runDb(['migrate'], { url });
	const expected = upFiles().map(({ file, version }) => `${version}|${createHash('sha256').update(fs.readFileSync(file)).digest('hex')}`);
	assert.equal(await psql(url, 'SELECT version, sha256 FROM keeper.schema_migrations ORDER BY version'), expected.join('\n'));
});

const testMigrations = (env = {}) => spawnSync(path.join(root, 'scripts', 'test-migrations'), {
	encoding: 'utf8', env: { ...process.env, TEST_SERVER_URL: server.url(), ...env },
});

test('the migrations pass their own tests: references, constraints, up, down and up, empty and adopted', () => {
	assert.equal(testMigrations().stdout, 'test-migrations: 15 passed, 0 failed, 0 skipped\n');
});

test('test-migrations names a reference to nothing, a table without a key, lost rows, and what a down leaves behind', (t) => {
	const directory = scratchDirectory(t, {
		'V001__bad.sql': `CREATE TABLE keeper.bad (n integer); DO 'BEGIN DELETE FROM public.participants; EXCEPTION WHEN undefined_table THEN END';
			CREATE FUNCTION keeper.bad() RETURNS void LANGUAGE plpgsql AS 'BEGIN PERFORM no_such_column FROM keeper.bad; END';`,
		'V001__bad.down.sql': "DROP FUNCTION keeper.bad; DELETE FROM keeper.schema_migrations WHERE version = '001';",
	});
	const run = testMigrations({ MIGRATIONS_DIR: directory });
	assert.equal(run.status, 1);
	for (const words of ['V001__bad.verify.sql is missing', 'keeper.bad(): column "no_such_column" does not exist', 'keeper.bad: no primary key',
		'FAIL nothing is left but the ledger', 'FAIL its rows are as they were: 3,6d2\n< 1|1|Abc|first']) assert.ok(run.stdout.includes(words), run.stdout);
});

test('a table that does not fit is named, and nothing of the file is kept', async () => {
	const url = await newDatabase();
	await psql(url, ADOPTED.replace('entry_amount double precision', 'entry_amount numeric'));
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
	assert.match(lost.stderr, /V003__c\.sql is applied but has no file here/);

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
	assert.deepEqual([...run.stdout.matchAll(/^event=migration_applied version=(\d+) .* dry=1$/gm)].map((match) => match[1]), upFiles().map(({ version }) => version));
	for (const { file } of upFiles()) assert.ok(run.stdout.includes(`-- ${path.basename(file)}\n${fs.readFileSync(file, 'utf8')}`), file);
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

test('history tells each file with its time, and revert takes the newest back, confirmed only and after a backup', async (t) => {
	const url = await newDatabase();
	const directory = scratchDirectory(t, {
		'V001__a.sql': 'CREATE TABLE public.a ();', 'V001__a.down.sql': "DROP TABLE public.a; DELETE FROM keeper.schema_migrations WHERE version = '001';",
		'V002__b.sql': 'CREATE TABLE public.b ();', 'V002__b.down.sql': 'DROP TABLE public.b;',
	});
	const BACKUP_DIR = path.join(scratchDirectory(t), 'kept');
	const db = (...args) => runDb(args, { url, directory, env: { BACKUP_DIR } });
	await db('migrate');
	assert.ok(!fs.existsSync(BACKUP_DIR), 'nothing to keep in an empty database');
	const told = lines((await db('history')).stdout);
	assert.equal(told.length, 2);
	assert.match(told[1], /^applied_at=\S+Z version=002 name=b applied_by=postgres ms=\d+ sha256=[0-9a-f]{64}$/);

	const before = catalogue(url);
	const dumps = () => fs.readdirSync(BACKUP_DIR).filter((name) => name.endsWith('.dump')).length;
	assert.equal((await db('revert')).code, 77);
	const leaves = await db('revert', '--yes');
	assert.equal(leaves.code, 65);
	assert.match(leaves.stderr, /^level=error event=revert_failed why=".*V002__b\.down\.sql leaves its row.*; nothing was taken back"\n$/);
	assert.equal(catalogue(url), before);
	assert.equal(dumps(), 1);
	fs.appendFileSync(path.join(directory, 'V002__b.down.sql'), "DELETE FROM keeper.schema_migrations WHERE version = '002';");
	const shown = await db('revert', '--dry-run');
	assert.match(shown.stdout, /^-- V002__b\.down\.sql\nDROP TABLE public\.b;[^]*event=migration_reverted version=002 name=b dry=1\n$/);
	assert.equal(catalogue(url), before);
	assert.equal((await db('revert', '--yes', '--no-backup')).code, 0);
	assert.equal(dumps(), 1);
	assert.equal(await psql(url, "SELECT to_regclass('public.b') IS NULL, string_agg(version, ' ') FROM keeper.schema_migrations"), 't|001');
	assert.match((await db('migrate')).stdout, /event=backup_done file=\S+ bytes=\d+ tables=2 rows=1 schema=001 verified=read [^]*event=migration_applied version=002/);
	assert.equal(dumps(), 2);
});

test('without a place for the backup nothing is changed', async (t) => {
	const url = await newDatabase();
	await psql(url, ADOPTED);
	const before = catalogue(url);
	const file = path.join(scratchDirectory(t, { file: '' }), 'file');
	const run = await runDb(['migrate'], { url, env: { BACKUP_DIR: file } });
	assert.equal(run.code, 74);
	assert.match(run.stderr, /^level=error event=backup_failed why=".* cannot be written: set BACKUP_DIR [^"]*"\n$/);
	assert.equal(catalogue(url), before);
});

test('the public tables are not taken back while they hold rows', async () => {
	const url = await newDatabase();
	await psql(url, ADOPTED);
	await runDb(['migrate'], { url });
	const down = upFiles()[0].file.replace(/\.sql$/, '.down.sql');
	await assert.rejects(psql(url, fs.readFileSync(down, 'utf8')), /public\.used_transactions holds rows: V001 is taken back only from an empty database/);
	assert.equal(await psql(url, 'SELECT count(*) FROM public.pools'), '2');
});

test('wrong arguments exit with 64', async () => {
	for (const args of [[], ['up'], ['migrate', '--force'], ['status', 'now'], ['history', '--yes'], ['restore'], ['restore', 'a', 'b'], ['backup', 'a']]) {
		const run = await runDb(args, { url: server.url() });
		assert.equal(run.code, 64, args.join(' '));
		assert.match(run.stderr, /^usage: scripts\/db /);
	}
});
