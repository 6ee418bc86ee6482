// Which connections scripts/db accepts: direct ones only, and without showing the password to anybody.
'use strict';

const test = require('node:test');
const assert = require('node:assert');
const fs = require('node:fs');
const path = require('node:path');
const { startPostgres, psql } = require('../lib/postgres');
const { startPgBouncer } = require('../lib/pgbouncer');
const { pause } = require('../lib/server_process');
const { scratchDirectory, startDb, runDb, catalogue } = require('./migrator');

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
