// Which connections scripts/db accepts: direct ones only, and without showing the password to anybody.
'use strict';

const test = require('node:test');
const assert = require('node:assert');
const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { startPostgres, psql } = require('../lib/postgres');
const { startPgBouncer } = require('../lib/pgbouncer');
const { pause } = require('../lib/server_process');
const { root, scratchDirectory, startDb, runDb, catalogue } = require('./migrator');

const PASSWORD = 'p@ss:w%rd/ä';

let server;
test.before(async () => { server = await startPostgres(); });
test.after(() => server.stop());

async function refusesPooled(t, settings) {
	const pgBouncer = await startPgBouncer(server, settings);
	t.after(() => pgBouncer.stop());
	const before = catalogue(server.url());
	for (const env of [{ DIRECT_DATABASE_URL: pgBouncer.url() }, { DATABASE_URL: pgBouncer.url() }]) {
		const run = await runDb(['migrate'], { env });
		assert.equal(run.code, 78, run.stderr);
		assert.match(run.stderr, /^level=error event=database_url_pooled why="this connection goes through a pooler .*"\n$/);
	}
	assert.equal(catalogue(server.url()), before);
}

test('pgBouncer as it is installed is refused', (t) => refusesPooled(t, {}));

test('pgBouncer that silently drops start-up options is refused', (t) => refusesPooled(t, { ignore_startup_parameters: 'options' }));

test('pgBouncer in session mode is refused as well', (t) => refusesPooled(t, { pool_mode: 'session', ignore_startup_parameters: 'options' }));

test('the examples of .env.example are direct ones', async () => {
	const examples = [...fs.readFileSync(path.join(root, '.env.example'), 'utf8').matchAll(/^#DIRECT_DATABASE_URL=(\S+)$/gm)].map((match) => match[1]);
	assert.ok(examples.length >= 3, 'they are gone');
	for (const example of examples) {
		// The same but for the server, which is nobody's here; a port that is named is looked at before.
		const url = example.replace(/@[^/:?]+(:5432)?(?=\/)/, '@127.0.0.1:1');
		assert.ok(url.includes('@127.0.0.1:1/'), example);
		const run = await runDb(['status'], { url });
		assert.deepEqual([run.code, /refused/.test(run.stderr)], [69, true], `${example}: ${run.stderr}`);
	}
});

test('a URL that says by itself that it is pooled is refused', async () => {
	for (const url of ['postgresql://u@db.example:6543/postgres', 'postgresql://u@db.example/postgres?pgbouncer=true', 'postgresql://u@db.example:6543?a=b']) {
		assert.equal((await runDb(['status'], { url })).code, 78, url);
	}
});

test('DIRECT_DATABASE_URL goes before DATABASE_URL, and one of them must be set', async () => {
	const missing = await runDb(['status'], {});
	assert.equal(missing.code, 78);
	assert.match(missing.stderr, /DIRECT_DATABASE_URL or DATABASE_URL must be set/);
	const nowhere = 'postgresql://nobody@127.0.0.1:1/none';
	assert.equal((await runDb(['status'], { url: server.url(), env: { DATABASE_URL: nowhere } })).code, 1);
	assert.equal((await runDb(['status'], { env: { DATABASE_URL: server.url() } })).code, 1);
});

// What libpq would take for a host, a database or a parameter is named in its errors and stands in the arguments of psql.
test('a password where a process list or an error would show it is refused, unseen, before anything is connected', async (t) => {
	const directory = scratchDirectory(t);
	fs.writeFileSync(path.join(directory, 'psql'), `#!/bin/sh\nprintf '%s\\n' "$*" >>'${directory}/called'\nexit 2\n`, { mode: 0o755 });
	for (const url of ['postgresql://u@127.0.0.1:1/none?password=hidden', 'host=127.0.0.1 port=1 password=hidden', "host=127.0.0.1 port=1 password = 'hidden'",
		'postgresql://u:x/hidden@127.0.0.1:1/none', 'postgresql://u:x@hidden@127.0.0.1:1/none', 'postgresql://u:x@y/hidden@127.0.0.1:1/none', 'postgresql://u:x?hidden@127.0.0.1:1/none',
		'postgresql://u:x#hidden@127.0.0.1:1/none', 'mysql://u:hidden@127.0.0.1:1/none']) {
		for (const name of ['DIRECT_DATABASE_URL', 'DATABASE_URL']) {
			const run = await runDb(['status'], { env: { [name]: url, PATH: `${directory}:${process.env.PATH}` } });
			assert.equal(run.code, 78, url);
			assert.match(run.stderr, /^level=error event=database_url_(password|invalid) why="[^"]*"\n$/);
			assert.ok(!run.stderr.includes('hidden'), run.stderr);
			if (/_invalid/.test(run.stderr)) assert.ok(run.stderr.includes(`"${name} has`), run.stderr);
		}
	}
	assert.ok(!fs.existsSync(path.join(directory, 'called')));
	const odd = await runDb(['status'], { url: 'postgresql://u@127.0.0.1:1/none?hidden' });
	assert.deepEqual([odd.code, /hidden/.test(odd.stderr)], [69, false], odd.stderr);
});

test('what only other clients understand in a URL is left out', async () => {
	const run = await runDb(['status'], { url: `${server.url()}?schema=public&connection_limit=5&application_name=x&pool_timeout=3&supa=base-pooler.x&ssl=false&workaround=` });
	assert.equal(run.code, 1, run.stderr);
	const known = await runDb(['status'], { url: `${server.url()}?supa=x&sslmode=verify-full&sslrootcert=/nowhere` });
	assert.deepEqual([known.code, /root certificate file|does not support SSL/.test(known.stderr)], [69, true], known.stderr);
});

test('a warning of psql is not taken for a pooler', async (t) => {
	const directory = scratchDirectory(t);
	fs.writeFileSync(path.join(directory, 'psql'), `#!/bin/sh\necho 'WARNING:  database has a collation version mismatch' >&2\nPATH=${process.env.PATH} exec psql "$@"\n`, { mode: 0o755 });
	const run = await runDb(['status'], { url: server.url(), env: { PATH: `${directory}:${process.env.PATH}` } });
	assert.equal(run.code, 1, run.stderr);
});

test('a wrong host, user or database is one line with the setting to look at', async () => {
	for (const [url, words] of [
		[server.url().replace('postgres@', 'nobody:hidden@'), 'role .nobody. does not exist'], [server.url('nowhere'), 'database .nowhere. does not exist'],
		['postgresql://u:hidden@no-such-host.invalid/none', 'could not translate host name'], ['postgresql://nobody:hidden@127.0.0.1:1/none', 'refused'],
	]) {
		const run = await runDb(['status'], { url });
		assert.equal(run.code, 69);
		assert.match(run.stderr, new RegExp(`^level=error event=database_unreachable why="[^"]*${words}[^"]*; check DIRECT_DATABASE_URL \\(user, password, host, port, database\\), then run scripts/db status"\n$`));
		assert.ok(!run.stderr.includes('hidden'));
	}
});

test('a role without the rights is told whose URL to set, by every verb, and nothing is touched', async () => {
	await server.sql('CREATE ROLE stranger LOGIN; CREATE ROLE poolkeeper LOGIN; CREATE ROLE poolkeeper_ro LOGIN; CREATE DATABASE theirs');
	const url = server.url('theirs');
	assert.equal((await runDb(['migrate'], { url })).code, 0);
	const before = catalogue(url);
	const env = { POOLKEEPER_ENV: 'staging', DB_RESTORE_CONFIRM: '1' };
	const writing = [['migrate'], ['migrate', '--dry-run'], ['revert', '--yes'], ['backup'], ['roles'], ['integrity'], ['integrity', '--fix', '--yes'], ['seed', 'testing'], ['deploy', 'staging', '--yes'], ['archive', '--yes', '/tmp/none']];
	const looking = [['status'], ['history'], ['validate'], ['audit']];
	for (const [role, verbs] of [['stranger', [...writing, ...looking]], ['poolkeeper', writing], ['poolkeeper_ro', writing]]) {
		for (const args of verbs) {
			const run = await runDb(args, { url: url.replace('postgres@', `${role}@`), env });
			assert.equal(run.code, 78, `${role} ${args} ${run.stderr}`);
			assert.equal(run.stderr, 'level=error event=not_permitted why="the role of DIRECT_DATABASE_URL may not do that: set DIRECT_DATABASE_URL to the owner of the tables in schema keeper"\n');
			assert.equal(run.stdout, '');
		}
	}
	for (const args of looking.slice(0, 2)) assert.equal((await runDb(args, { url: url.replace('postgres@', 'poolkeeper_ro@') })).code, 0, args);
	await server.sql('CREATE DATABASE theirs_too');
	const fresh = await runDb(['migrate'], { url: server.url('theirs_too', 'stranger') });
	assert.equal(fresh.code, 65);
	assert.match(fresh.stderr, /^level=error event=migration_failed why="[^"]*permission denied for database[^"]*set DIRECT_DATABASE_URL to the owner of the tables"\n$/);
	assert.equal(catalogue(url), before);
	// The owner of keeper, but not of what the backend made.
	await server.sql('CREATE ROLE half LOGIN; CREATE DATABASE half OWNER half');
	assert.equal((await runDb(['migrate'], { url: server.url('half', 'half') })).code, 0);
	await psql(server.url('half'), 'CREATE TABLE public.theirs ()');
	const backup = await runDb(['backup'], { url: server.url('half', 'half') });
	assert.equal(backup.code, 65);
	assert.match(backup.stderr, /^level=error event=backup_failed why="[^"]*permission denied for table theirs[^"]*set DIRECT_DATABASE_URL to the owner of the tables; no backup was made"\n$/);
});

test('TLS is what the URL says: the right certificate is accepted, another and none are refused, backups included', async (t) => {
	const directory = scratchDirectory(t);
	const certificate = (name) => {
		execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2', '-subj', '/CN=localhost',
			'-keyout', path.join(directory, `${name}.key`), '-out', path.join(directory, `${name}.pem`)], { stdio: 'pipe' });
		return path.join(directory, `${name}.pem`);
	};
	const [right, wrong] = ['right', 'wrong'].map(certificate);
	const url = (ca) => `${server.url().replace('127.0.0.1', 'localhost')}?sslmode=verify-full&sslrootcert=${ca}`;
	const without = await runDb(['status'], { url: url(right) });
	assert.deepEqual([without.code, /server does not support SSL/.test(without.stderr)], [69, true], without.stderr);
	for (const [from, to] of [['right.pem', 'server.crt'], ['right.key', 'server.key']]) {
		const file = path.join(server.directory, 'data', to);
		fs.copyFileSync(path.join(directory, from), file);
		fs.chmodSync(file, 0o600);
		if (process.getuid() === 0) fs.chownSync(file, server.account.uid, server.account.gid);
	}
	await server.sql('ALTER SYSTEM SET ssl = on');
	await server.sql('SELECT pg_reload_conf()');
	const refused = await runDb(['status'], { url: url(wrong) });
	assert.deepEqual([refused.code, /certificate verify failed/.test(refused.stderr)], [69, true], refused.stderr);
	await server.createDatabase('encrypted');
	const target = url(right).replace('/postgres?', '/encrypted?');
	assert.equal((await runDb(['migrate'], { url: target })).code, 0);
	const backup = await runDb(['backup'], { url: target });
	assert.match(backup.stdout, /verified=restored/, backup.stderr);
});

test('a server that does not answer is one clear line', async () => {
	const run = await runDb(['status'], { url: 'postgresql://nobody:hidden@127.0.0.1:1/none' });
	assert.equal(run.code, 69);
	assert.match(run.stderr, /^level=error event=database_unreachable why=".*refused.*"\n$/);
	assert.ok(!run.stderr.includes('hidden'));
});

test('an owner that is no superuser migrates, with a password that no process list shows', async (t) => {
	await server.sql(`CREATE ROLE migrator LOGIN PASSWORD '${PASSWORD}'; CREATE DATABASE owned OWNER migrator`);
	const rules = path.join(server.directory, 'data', 'pg_hba.conf');
	fs.writeFileSync(rules, `host all migrator 127.0.0.1/32 scram-sha-256\n${fs.readFileSync(rules, 'utf8')}`);
	await server.sql('SELECT pg_reload_conf()');
	const url = server.url('owned', `migrator:${encodeURIComponent(PASSWORD)}`);

	const whole = await runDb(['migrate'], { url });
	assert.equal(whole.code, 0, whole.stderr);
	const directory = scratchDirectory(t, { 'V001__slow.sql': 'SELECT pg_sleep(2);' });
	await server.sql('CREATE DATABASE slow OWNER migrator');
	const run = startDb(['migrate'], { url: url.replace('/owned', '/slow'), directory });
	while (await psql(server.url(), "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(2)%' AND pid <> pg_backend_pid()") === '0') await pause(20);
	const seen = fs.readdirSync('/proc').filter((name) => /^\d+$/.test(name)).map((pid) => {
		try { return fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8'); } catch { return ''; }
	});
	const mine = seen.filter((line) => /psql\0/.test(line) && line.includes('/slow'));
	assert.ok(mine.length > 0, 'psql was running');
	for (const line of seen) assert.ok(!line.includes(PASSWORD) && !line.includes(encodeURIComponent(PASSWORD)), line);
	assert.equal((await run.ended).code, 0);
});
