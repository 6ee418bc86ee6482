// Backups and restores: what is written can be restored, what is not whole is refused, and nothing is half-done.
'use strict';

const test = require('node:test');
const assert = require('node:assert');
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { startPostgres, psql } = require('../lib/postgres');
const { pause } = require('../lib/server_process');
const { root, scratchDirectory, startDb, runDb, catalogue } = require('./migrator');

const PASSWORD = 'hidden/ä';
const CONFIRMED = { DB_RESTORE_CONFIRM: '1', POOLKEEPER_ENV: 'testing' };

let server;
let source;
let good;
let databases = 0;
const newDatabase = () => server.createDatabase(`restored_${++databases}`);
// A restored constraint may have fewer parentheses than the one that was written: Postgres flattens a chain of ANDs.
const shape = (url) => catalogue(url).replace(/[()]/g, '');
const objects = (url) => psql(url, "SELECT count(*) FROM pg_class WHERE relnamespace IN (SELECT oid FROM pg_namespace WHERE nspname IN ('public', 'keeper'))");

test.before(async () => {
	server = await startPostgres();
	source = await server.createDatabase('source');
	await psql(source, fs.readFileSync(path.join(__dirname, 'fixtures', 'adopted.sql'), 'utf8'));
	await runDb(['migrate', '--no-backup'], { url: source });
	await psql(source, `INSERT INTO public.transactions (pool_id, wallet_address, type, amount) SELECT 1, n::text, 'JOIN', n / 7.0 FROM generate_series(1, 2000) n`);
	const run = await runDb(['backup', '--quick'], { url: source });
	good = /file=(\S+\.dump)/.exec(run.stdout)[1];
});
test.after(() => server.stop());

// A backup that a test may spoil.
function copyOfGood(t) {
	const file = path.join(scratchDirectory(t), 'copy.dump');
	for (const end of ['', '.meta']) fs.copyFileSync(good + end, file + end);
	return file;
}

test('a backup is compressed, private, described, and restored once to prove it', async (t) => {
	const BACKUP_DIR = path.join(scratchDirectory(t), 'made', 'for it');
	const run = await runDb(['backup', '--verbose'], { url: source, env: { BACKUP_DIR } });
	assert.equal(run.code, 0, run.stderr);
	assert.match(run.stdout, /event=backup_table table=public\.transactions\n[^]*event=restore_table table=public\.transactions\n/);
	const [, file, bytes] = /event=backup_done file=(.+\.dump) bytes=(\d+) tables=\d+ rows=20\d\d schema=\d+ verified=restored seconds=\d+\n$/.exec(run.stdout);
	assert.match(path.basename(file), /^poolkeeper_source_\d{8}_\d{6}\.dump$/);
	assert.deepEqual(fs.readdirSync(BACKUP_DIR), [path.basename(file), `${path.basename(file)}.meta`]);
	assert.equal(fs.statSync(file).size, Number(bytes));
	assert.equal(fs.statSync(file).mode & 0o77, 0);
	const meta = fs.readFileSync(`${file}.meta`, 'utf8');
	assert.match(meta, /^poolkeeper-backup 1\ncreated_at=\S+Z\nserver=15.*\ndatabase=source\nschemas=keeper,public\nschema=\d+\nbytes=\d+\nsha256=[0-9a-f]{64}\ntable /);
	assert.match(meta, /^table public\.transactions 2000 -?\d+$/m);
	assert.equal(await psql(server.url(), "SELECT count(*) FROM pg_database WHERE datname LIKE 'poolkeeper_check%'"), '0');
	const listed = await runDb(['backups'], { env: { BACKUP_DIR } });
	assert.match(listed.stdout, /^file=.+\.dump state=good created_at=\S+ bytes=\d+ schema=\d+ tables=\d+ rows=\d+\n$/);
});

test('what is written while a backup begins is neither in the dump nor in its description', async (t) => {
	const directory = scratchDirectory(t);
	fs.writeFileSync(path.join(directory, 'pg_dump'), `#!/bin/sh
		psql -X -q -d "${source}" -c "INSERT INTO public.profiles (wallet_address) VALUES ('late')"
		PATH=${process.env.PATH} exec pg_dump "$@"`, { mode: 0o755 });
	const run = await runDb(['backup'], { url: source, env: { PATH: `${directory}:${process.env.PATH}` } });
	assert.equal(run.code, 0, run.stderr);
	assert.match(fs.readFileSync(`${/file=(\S+\.dump)/.exec(run.stdout)[1]}.meta`, 'utf8'), /^table public\.profiles 0 0$/m);
	assert.equal(await psql(source, 'DELETE FROM public.profiles RETURNING wallet_address'), 'late');
});

test('a restored database has the rows and the catalogue of the one that was backed up, and goes on', async () => {
	const url = await newDatabase();
	const run = await runDb(['restore', good], { url, env: CONFIRMED });
	assert.equal(run.code, 0, run.stderr);
	assert.match(run.stdout, /event=restore_done file=\S+ tables=\d+ rows=20\d\d seconds=\d+\n$/);
	assert.equal(shape(url), shape(source));
	const identity = 'SELECT keeper.database_identity()';
	assert.notEqual(await psql(url, identity), await psql(source, identity), 'the audit takes it for another one');
	const rows = 'SELECT md5(string_agg(t::text, $$,$$ ORDER BY id)) FROM public.transactions t';
	assert.equal(await psql(url, rows), await psql(source, rows));
	assert.equal(await psql(url, "SELECT string_agg(avatar, ' ' ORDER BY id) FROM public.participants WHERE wallet_address = 'Abc'"), 'first second');
	assert.equal(await psql(url, "INSERT INTO public.pools (token_symbol, token_name, entry_amount, min_participants, max_participants, status, lock_duration, creator_wallet) VALUES ('a', 'a', 1, 1, 1, 'open', 1, 'a') RETURNING id"), '3');
	assert.equal((await runDb(['validate'], { url })).code, 0);
	const again = await runDb(['restore', good], { url, env: CONFIRMED });
	assert.equal(again.code, 65);
	assert.match(again.stderr, /^level=error event=restore_refused why="the database is not empty: .*"\n$/);
});

test('the sources of draws without a program are in it, with the rights of the daemon', async (t) => {
	const url = await newDatabase();
	await runDb(['migrate', '--no-backup'], { url });
	await runDb(['roles'], { url });
	await psql(url, `BEGIN; ${fs.readFileSync(path.join(root, 'config', 'sources', 'coin_draws', 'schema.sql'), 'utf8')} ${fs.readFileSync(path.join(root, 'config', 'sources', 'coin_draws', 'seed.sql'), 'utf8')} COMMIT; CREATE SCHEMA shop; CREATE TABLE shop.orders (id integer); INSERT INTO shop.orders VALUES (1)`);
	const env = { BACKUP_DIR: scratchDirectory(t), BACKUP_SCHEMAS: 'shop' };
	const coins = `SELECT md5(string_agg(u::text, ',' ORDER BY id)) FROM coin_draws.users u`;
	const rights = `SELECT string_agg(concat_ws(' ', table_name, column_name, privilege_type), ',' ORDER BY table_name, column_name, privilege_type)
		FROM information_schema.column_privileges WHERE table_schema = 'coin_draws' AND grantee = 'poolkeeper'`;
	const [had, may] = [await psql(url, coins), await psql(url, rights)];
	assert.match(may, /draws state UPDATE/);
	assert.equal((await runDb(['roles'], { url })).code, 0);
	assert.equal(await psql(url, rights), may, 'what a source gave stays');
	const run = await runDb(['backup'], { url, env });
	assert.match(run.stdout, /verified=restored/, run.stderr);
	const file = /file=(\S+\.dump)/.exec(run.stdout)[1];
	assert.match(fs.readFileSync(`${file}.meta`, 'utf8'), /^schemas=coin_draws,keeper,public,shop$/m);
	const again = await newDatabase();
	assert.equal((await runDb(['restore', file], { url: again, env: CONFIRMED })).code, 0);
	assert.deepEqual([await psql(again, coins), await psql(again, rights), await psql(again, 'SELECT id FROM shop.orders')], [had, may, '1']);
	assert.equal((await runDb(['restore', file], { url: again, env: CONFIRMED })).code, 65);
	for (const BACKUP_SCHEMAS of ['shops', 'shop;']) {
		const refused = await runDb(['backup', '--quick'], { url, env: { ...env, BACKUP_SCHEMAS } });
		assert.deepEqual([refused.code, /event=setting_invalid why="BACKUP_SCHEMAS/.test(refused.stderr)], [78, true], refused.stderr);
	}
});

test('an adopted database whose tables lean on extensions and on schemas of others is backed up, and restores without them', async (t) => {
	const url = await newDatabase();
	await psql(url, `CREATE SCHEMA auth; CREATE TABLE auth.users (id uuid PRIMARY KEY); CREATE FUNCTION auth.uid() RETURNS uuid LANGUAGE sql AS 'SELECT NULL::uuid';
		CREATE SCHEMA extensions; CREATE EXTENSION "uuid-ossp" SCHEMA extensions; CREATE EXTENSION citext;
		CREATE TABLE public.owners (id uuid PRIMARY KEY DEFAULT extensions.uuid_generate_v4(), name citext, owner uuid CONSTRAINT owned REFERENCES auth.users);
		CREATE POLICY own ON public.owners USING (owner = auth.uid()); INSERT INTO auth.users VALUES (extensions.uuid_generate_v4()); INSERT INTO public.owners (owner) SELECT id FROM auth.users`);
	const env = { BACKUP_DIR: scratchDirectory(t) };
	const migrated = await runDb(['migrate'], { url, env });
	assert.equal(migrated.code, 0, migrated.stderr);
	for (const what of ['table constraint owned on public.owners', 'policy own on public.owners']) assert.ok(migrated.stdout.includes(`event=backup_refers what="${what}" to="auth.`), migrated.stdout);
	const run = await runDb(['backup'], { url, env });
	assert.match(run.stdout, /verified=restored/, run.stderr);
	const file = /file=(\S+\.dump)/.exec(run.stdout)[1];
	const bare = await newDatabase();
	const restored = await runDb(['restore', file], { url: bare, env: CONFIRMED });
	assert.equal(restored.code, 0, restored.stderr);
	assert.equal([...restored.stderr.matchAll(/^level=warn event=restore_left_out why=".* needs auth\.\S+, which is not in this database/gm)].length, 2, restored.stderr);
	assert.equal(await psql(bare, 'INSERT INTO public.owners DEFAULT VALUES RETURNING id IS NOT NULL'), 't');
	const full = await newDatabase();
	await psql(full, "CREATE SCHEMA auth; CREATE TABLE auth.users (id uuid PRIMARY KEY); CREATE FUNCTION auth.uid() RETURNS uuid LANGUAGE sql AS 'SELECT NULL::uuid'");
	await psql(full, `INSERT INTO auth.users VALUES ('${await psql(url, 'SELECT id FROM auth.users')}')`);
	const whole = await runDb(['restore', file], { url: full, env: CONFIRMED });
	assert.deepEqual([whole.code, /left_out/.test(whole.stderr)], [0, false], whole.stderr);
	assert.equal(await psql(full, "SELECT string_agg(conname, '') FROM pg_constraint WHERE conname = 'owned'"), 'owned');
	await psql(url, 'CREATE VIEW public.seen AS SELECT id FROM auth.users');
	const refused = await runDb(['backup'], { url, env });
	assert.deepEqual([refused.code, /why="rule [^"]* on public\.seen needs auth\.users, which would be in no backup: name its schema in BACKUP_SCHEMAS; no backup was made"/.test(refused.stderr)], [65, true], refused.stderr);
	assert.equal((await runDb(['backup'], { url, env: { ...env, BACKUP_SCHEMAS: 'auth' } })).code, 0);
});

test('restoring is confirmed, where production cannot be ruled out twice, whichever of the signs says production', async () => {
	const url = await newDatabase();
	const production = await server.createDatabase('shop-prod');
	for (const [env, target, wants] of [
		[{}, url, 'DB_RESTORE_CONFIRM=1'],
		[{ DB_RESTORE_CONFIRM: 'yes', DB_RESTORE_ALLOW_PRODUCTION: '1' }, url, 'DB_RESTORE_CONFIRM=1'],
		[{ ...CONFIRMED, NODE_ENV: 'production' }, url, 'DB_RESTORE_ALLOW_PRODUCTION=1'],
		[{ ...CONFIRMED, SOLANA_NETWORK: 'mainnet-beta', NODE_ENV: 'development' }, url, 'DB_RESTORE_ALLOW_PRODUCTION=1'],
		[CONFIRMED, production, 'DB_RESTORE_ALLOW_PRODUCTION=1'],
		[{ DB_RESTORE_CONFIRM: '1' }, url, 'nothing says that this is not production.*DB_RESTORE_ALLOW_PRODUCTION=1'],
	]) {
		const run = await runDb(['restore', good], { url: target, env });
		assert.equal(run.code, 77, JSON.stringify(env));
		assert.match(run.stderr, new RegExp(`^level=error event=restore_refused why=".*${wants}.*"\n$`));
		assert.equal(await objects(target), '0');
	}
	assert.equal((await runDb(['restore', good], { url: production, env: { ...CONFIRMED, DB_RESTORE_ALLOW_PRODUCTION: '1' } })).code, 0);
});

test('a dump that is truncated, changed, foreign or not there is refused before anything is touched', async (t) => {
	const url = await newDatabase();
	const refused = async (file, words) => {
		const run = await runDb(['restore', file], { url, env: CONFIRMED });
		assert.equal(run.code, 65, words);
		assert.match(run.stderr, new RegExp(`^level=error event=restore_refused why=".*${words}.*"\n$`));
		assert.equal(await objects(url), '0');
	};
	await refused('/nowhere.dump', 'does not exist: scripts/db backups lists');
	const truncated = copyOfGood(t);
	fs.truncateSync(truncated, fs.statSync(truncated).size - 1);
	await refused(truncated, 'truncated or changed');
	const foreign = copyOfGood(t);
	fs.rmSync(`${foreign}.meta`);
	await refused(foreign, 'has no .meta');
	fs.writeFileSync(`${foreign}.meta`, 'something else\n');
	await refused(foreign, 'is not of scripts/db backup');
	const listed = await runDb(['backups'], { env: { BACKUP_DIR: path.dirname(truncated) } });
	assert.deepEqual([listed.code, listed.stdout], [65, listed.stdout.replace(/state=\w+/, 'state=damaged')]);
});

test('what does not become what was backed up is rolled back', async (t) => {
	const url = await newDatabase();
	const other = copyOfGood(t);
	fs.writeFileSync(`${other}.meta`, fs.readFileSync(`${other}.meta`, 'utf8').replace('public.transactions 2000', 'public.transactions 2001'));
	const run = await runDb(['restore', other], { url, env: CONFIRMED });
	assert.equal(run.code, 65);
	assert.match(run.stderr, /^level=error event=restore_failed why=".*what was restored is not what was backed up.*table public\.transactions 2000.*; the database is as it was"\n$/);
	assert.equal(await objects(url), '0');
	// The checksum is right here, the archive is not.
	const cut = copyOfGood(t);
	fs.truncateSync(cut, fs.statSync(cut).size - 20000);
	const sum = spawnSync('sha256sum', [cut], { encoding: 'utf8' }).stdout.slice(0, 64);
	fs.writeFileSync(`${cut}.meta`, fs.readFileSync(`${cut}.meta`, 'utf8').replace(/sha256=.*/, `sha256=${sum}`));
	const half = await runDb(['restore', cut], { url, env: CONFIRMED });
	assert.equal(half.code, 65);
	assert.match(half.stderr, /^level=error event=restore_failed why=".*the dump cannot be read.*"\n$/);
	assert.equal(await objects(url), '0');
});

test('kill -9 in the middle of a restore leaves the database as it was', async () => {
	const url = await newDatabase();
	// Its last table waits for the one of that name that another session has not committed.
	const holder = psql(url, 'BEGIN; CREATE TABLE public.winners_feed (); SELECT pg_sleep(600)').catch(() => {});
	const others = (condition) => psql(url, `SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND ${condition}`);
	while (await others("wait_event = 'PgSleep'") === '0') await pause(20);
	const run = startDb(['restore', good], { url, env: CONFIRMED });
	while (await others("wait_event_type = 'Lock' AND backend_xid IS NOT NULL") === '0') {
		assert.equal(run.child.exitCode, null);
		await pause(20);
	}
	run.killGroup();
	assert.equal((await run.ended).signal, 'SIGKILL');
	await psql(url, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'");
	await holder;
	while (await others("backend_type = 'client backend'") !== '0') await pause(20);
	assert.equal(await objects(url), '0');
	assert.equal((await runDb(['restore', good], { url, env: CONFIRMED })).code, 0);
});

test('a lost connection and kill -9 in the middle of a backup leave nothing that looks like one, and the next run clears it away', async (t) => {
	const BACKUP_DIR = scratchDirectory(t);
	const url = await server.createDatabase('held');
	await psql(url, 'CREATE TABLE public.held ()');
	// pg_dump waits for the lock, its file is begun.
	const holder = psql(url, 'BEGIN; LOCK TABLE public.held; SELECT pg_sleep(600)').catch(() => {});
	const waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'public.held'::regclass";
	while (await psql(url, "SELECT count(*) FROM pg_locks WHERE granted AND relation = 'public.held'::regclass AND mode = 'AccessExclusiveLock'") === '0') await pause(20);
	const cut = startDb(['backup'], { url, env: { BACKUP_DIR } });
	while (await psql(url, waiting) === '0') await pause(20);
	await psql(url, `SELECT pg_terminate_backend(pid) FROM (${waiting.replace('count(*)', 'pid')}) w`);
	const lost = await cut.ended;
	assert.equal(lost.code, 69);
	assert.match(lost.stderr, /^level=error event=backup_failed why="pg_dump: error: [^"]*; no backup was made"\n$/);
	assert.deepEqual(fs.readdirSync(BACKUP_DIR), []);
	const run = startDb(['backup'], { url, env: { BACKUP_DIR } });
	while (await psql(url, waiting) === '0') await pause(20);
	run.killGroup();
	await run.ended;
	await psql(url, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'held' AND pid <> pg_backend_pid()");
	await holder;
	assert.deepEqual(fs.readdirSync(BACKUP_DIR).map((name) => name.slice(0, 9)), ['.partial.']);
	assert.match((await runDb(['backups'], { env: { BACKUP_DIR } })).stdout, /^event=no_backups /);
	assert.equal((await runDb(['backup'], { url, env: { BACKUP_DIR } })).code, 0);
	assert.deepEqual(fs.readdirSync(BACKUP_DIR).map((name) => path.extname(name)), ['.dump', '.meta']);
});

test('a full disk is said, and leaves nothing behind', async (t) => {
	const directory = scratchDirectory(t);
	// A tmpfs of its own, in a mount namespace of its own.
	const script = `mount -t tmpfs -o size=64k none "$BACKUP_DIR" && "$0" backup --quick; code=$?; ls -A "$BACKUP_DIR"; exit $code`;
	const run = spawnSync('unshare', ['-rm', 'sh', '-c', script, path.join(root, 'scripts', 'db')], {
		encoding: 'utf8', env: { PATH: process.env.PATH, DIRECT_DATABASE_URL: source, BACKUP_DIR: directory },
	});
	assert.equal(run.status, 74, run.stderr);
	assert.match(run.stderr, /^level=error event=backup_failed why="the disk of \S+ is full: make room or set BACKUP_DIR, then run it again; no backup was made"\n$/);
	assert.match(run.stdout, /^event=backup_begins [^\n]*\n$/);
});

test('a backup that cannot be put in its place is none', async (t) => {
	const [directory, BACKUP_DIR] = [scratchDirectory(t), scratchDirectory(t)];
	fs.writeFileSync(path.join(directory, 'mv'), '#!/bin/sh\nexit 1\n', { mode: 0o755 });
	const run = await runDb(['backup', '--quick'], { url: source, env: { BACKUP_DIR, PATH: `${directory}:${process.env.PATH}` } });
	assert.equal(run.code, 74);
	assert.match(run.stderr, /^level=error event=backup_failed why="\S+\.dump and its \.meta cannot be put into \S+; no backup was made"\n$/);
	assert.deepEqual([/backup_done/.test(run.stdout), fs.readdirSync(BACKUP_DIR)], [false, []]);
});

test('a large database tells its progress without being asked', () => {
	const say = (bytes) => spawnSync('sh', ['-c', `. "$0"; verbose=0; progress backup_table ${bytes}`, path.join(root, 'scripts', 'db.d', 'backup.sh')], { encoding: 'utf8' }).stdout;
	assert.equal(say(100000000), 'cat >/dev/null\n');
	assert.match(say(100000001), /^sed -un .*event=backup_table table=/);
});

test('old backups of the same database go, the three newest stay, others are left alone', async (t) => {
	const BACKUP_DIR = scratchDirectory(t);
	const place = (name, days, database) => {
		for (const end of ['', '.meta']) {
			const file = path.join(BACKUP_DIR, name + end);
			fs.copyFileSync(good + end, file);
			if (end && database) fs.writeFileSync(file, fs.readFileSync(file, 'utf8').replace('database=source', `database=${database}`));
			const time = new Date(Date.now() - days * 86400000);
			fs.utimesSync(file, time, time);
		}
	};
	for (const day of [1, 2, 3, 4]) place(`poolkeeper_source_2020010${day}_000000.dump`, 40 - day);
	place('poolkeeper_other_20200101_000000.dump', 40, 'other');
	// Its name begins like that of the first, and goes on with a digit.
	for (const day of [1, 2, 3, 4]) place(`poolkeeper_source_2_2020010${day}_000000.dump`, 40, 'source_2');
	const run = await runDb(['backup', '--quick'], { url: source, env: { BACKUP_DIR, BACKUP_KEEP_DAYS: '30' } });
	assert.deepEqual([...run.stdout.matchAll(/event=backup_deleted file=.*_(\d{8})_/g)].map((match) => match[1]), ['20200102', '20200101']);
	const names = fs.readdirSync(BACKUP_DIR).filter((name) => name.endsWith('.dump'));
	assert.deepEqual(names.filter((name) => name.includes('_2020')), ['poolkeeper_other_20200101_000000.dump', 'poolkeeper_source_20200103_000000.dump', 'poolkeeper_source_20200104_000000.dump',
		...[1, 2, 3, 4].map((day) => `poolkeeper_source_2_2020010${day}_000000.dump`)]);
	assert.equal(names.length, 8);
	assert.equal((await runDb(['backup'], { url: source, env: { BACKUP_DIR, BACKUP_KEEP_DAYS: 'x' } })).code, 78);
});

test('a role that may not create databases backs up and restores, and no process list shows its password', async (t) => {
	await server.sql(`CREATE ROLE keeper_owner LOGIN PASSWORD '${PASSWORD}'; CREATE DATABASE owned OWNER keeper_owner; CREATE DATABASE owned_again OWNER keeper_owner`);
	const rules = path.join(server.directory, 'data', 'pg_hba.conf');
	fs.writeFileSync(rules, `host all keeper_owner 127.0.0.1/32 scram-sha-256\n${fs.readFileSync(rules, 'utf8')}`);
	await server.sql('SELECT pg_reload_conf()');
	const url = server.url('owned', `keeper_owner:${encodeURIComponent(PASSWORD)}`);
	const BACKUP_DIR = scratchDirectory(t);
	assert.equal((await runDb(['migrate'], { url })).code, 0);
	const holder = psql(server.url('owned'), 'BEGIN; LOCK TABLE public.pools; SELECT pg_sleep(600)').catch(() => {});
	const run = startDb(['backup'], { url, env: { BACKUP_DIR } });
	while (await server.sql("SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'public.pools'::regclass", 'owned') === '0') await pause(20);
	const seen = fs.readdirSync('/proc').filter((name) => /^\d+$/.test(name)).map((pid) => {
		try { return fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8'); } catch { return ''; }
	});
	await server.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(600)%' AND pid <> pg_backend_pid()");
	await holder;
	assert.ok(seen.some((line) => /pg_dump\0/.test(line) && line.includes('/owned')));
	for (const line of seen) assert.ok(!line.includes(PASSWORD) && !line.includes(encodeURIComponent(PASSWORD)), line);
	const said = await run.ended;
	assert.equal(said.code, 0, said.stderr);
	assert.match(said.stdout, /event=backup_not_restored [^]* verified=read /);
	const file = /file=(\S+\.dump)/.exec(said.stdout)[1];
	const restored = await runDb(['restore', file], { url: url.replace('/owned', '/owned_again'), env: CONFIRMED });
	assert.equal(restored.code, 0, restored.stderr);
});
