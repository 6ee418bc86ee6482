// config/pgbouncer.ini as we ship it, started as it is: the daemon's statements go through it, nothing of a session stays behind,
// and a hundred clients are served without one error.
'use strict';

const assert = require('node:assert');
const { execFile, execFileSync } = require('node:child_process');
const fs = require('node:fs');
const net = require('node:net');
const path = require('node:path');
const { after, before, test } = require('node:test');
const { promisify } = require('node:util');
const { startPostgres, psql } = require('../lib/postgres');
const { startPgBouncer, leftBehind } = require('../lib/pgbouncer');
const { pause } = require('../lib/server_process');
const { RemoteDb } = require('./io/remote_db');

const root = path.join(__dirname, '..', '..');
const LOAD_SECONDS = process.env.POOLKEEPER_TEST_FULL ? 60 : 2;
// Of the load, each as long as that.
const ROUNDS_MAX = 20;
const CLIENTS = 100;
const BACKENDS = 20;

let postgres;
let sample;
before(async () => {
	postgres = await startPostgres({ settings: { password_encryption: 'scram-sha-256' } });
	const url = await postgres.createDatabase('missout');
	for (const verb of ['migrate', 'roles']) {
		execFileSync(path.join(root, 'scripts', 'db'), [verb], { env: { PATH: process.env.PATH, DIRECT_DATABASE_URL: url }, stdio: ['ignore', 'ignore', 'inherit'] });
	}
	await psql(url, `BEGIN; ${fs.readFileSync(path.join(root, 'config', 'sources', 'jackpots', 'schema.sql'), 'utf8')} COMMIT`);
	await psql(url, "ALTER ROLE poolkeeper PASSWORD 'pool word'; CREATE TABLE public.load (n integer PRIMARY KEY, at timestamptz); GRANT ALL ON public.load TO poolkeeper");
	const rules = path.join(postgres.directory, 'data', 'pg_hba.conf');
	fs.writeFileSync(rules, `host all poolkeeper 127.0.0.1/32 scram-sha-256\n${fs.readFileSync(rules, 'utf8')}`);
	await postgres.sql('SELECT pg_reload_conf()');
	const secret = await postgres.sql("SELECT rolpassword FROM pg_authid WHERE rolname = 'poolkeeper'");
	sample = { sample: path.join(root, 'config', 'pgbouncer.ini'), users: `"poolkeeper" "${secret}"\n` };
});
after(() => postgres.stop());

async function pooler(t, settings = {}) {
	const one = await startPgBouncer(postgres, { ...sample, ...settings });
	t.after(() => one.stop());
	return one;
}

const urlOf = (one, password = 'pool%20word') => one.url('missout', `poolkeeper:${password}`);

// What the compiler made of every statement, also of those that are put together from pieces; not what goes around a source's own.
function statementsOf(program) {
	const texts = fs.readFileSync(path.join(root, 'build', program), 'latin1').split('\0');
	return [...new Set(texts.filter((text) => /^(SELECT|INSERT|UPDATE|DELETE|WITH) .*[^(]$/s.test(text)))];
}

// Every function of schema keeper that a source file names in a statement; with a quote behind it is a hint for people.
function functionsNamed() {
	const files = fs.readdirSync(path.join(root, 'daemon'), { recursive: true }).filter((file) => file.endsWith('.c'));
	return new Set(files.flatMap((file) => [...fs.readFileSync(path.join(root, 'daemon', file), 'utf8').matchAll(/(keeper\.\w+)\((?!')/g)].map((match) => match[1])));
}

// Refused is an answer of the function itself (a fence that is nobody's); of the protocol or the session it would be 08, 26, 34, 42 and more.
const ANSWERED = /^(ok|refused (P0001|PK...|22...|23...|55...))/;

test('every statement of the daemon, by two clients in turn on one server process: answered, and nothing stays behind', async (t) => {
	const one = await pooler(t, { default_pool_size: 1, reserve_pool_size: 0, max_db_connections: 1 });
	const statements = statementsOf('poolkeeper');
	assert.deepEqual([...functionsNamed()].filter((name) => !statements.some((text) => text.includes(`${name}(`))), []);
	const clients = [new RemoteDb(urlOf(one)), new RemoteDb(urlOf(one)), new RemoteDb(urlOf(one), 'read-only')];
	t.after(() => clients.forEach((client) => client.child.kill('SIGKILL')));
	const pids = new Set();
	for (const sql of statements) {
		const params = Array(Math.max(0, ...[...sql.matchAll(/\$(\d+)/g)].map((match) => Number(match[1])))).fill('NULL');
		for (const client of clients) {
			const run = await client.run(sql, { params });
			const readOnly = client === clients[2] && run.sqlstate === '25006';
			assert.ok(readOnly || ANSWERED.test(`${run.err} ${run.sqlstate}`), `${sql}: ${run.err} ${run.sqlstate} ${run.why}`);
			pids.add((await client.run('SELECT pg_backend_pid()')).value);
		}
	}
	assert.equal(pids.size, 1, 'one server process served both');
	assert.equal(await leftBehind(urlOf(one)), '');
	for (const client of clients) await client.quit();
});

test('what the look behind a session would find', async (t) => {
	const one = await pooler(t, { default_pool_size: 1, reserve_pool_size: 0, max_db_connections: 1 });
	await psql(urlOf(one), `PREPARE p AS SELECT 1; SET work_mem = '1MB'; LISTEN l; SELECT pg_advisory_lock(7); CREATE TEMP TABLE t ();
		BEGIN; DECLARE c CURSOR WITH HOLD FOR SELECT 1; COMMIT`);
	assert.equal(await leftBehind(urlOf(one)),
		'advisory lock 0 7\ncursor c\nlistening to l\nprepared statement p\nsetting work_mem 1024\ntemporary relation t');
});

test('a hundred clients at once: no error, and never more than 20 server processes', async (t) => {
	const one = await pooler(t);
	const bench = path.join(postgres.programs, 'pgbench');
	const script = path.join(one.directory, 'load.sql');
	// Reading as a tick does, a write of its own row, and a wait, so that no machine is fast or slow enough to need few server processes.
	fs.writeFileSync(script, `SELECT count(*) FROM keeper.lease_look(0);
		SELECT pg_sleep(0.02);
		INSERT INTO public.load VALUES (:client_id, now()) ON CONFLICT (n) DO UPDATE SET at = excluded.at;\n`);
	const inUse = async () => Number(await postgres.sql("SELECT count(*) FROM pg_stat_activity WHERE usename = 'poolkeeper'"));
	let most = 0;
	let stdout = '';
	// pgBouncer opens them one after the other, on a busy machine one in seconds: the load goes on until there are many.
	for (let round = 0; round < ROUNDS_MAX && most <= BACKENDS / 4; round++) {
		const running = promisify(execFile)(bench, ['-n', '-M', 'extended', '-c', String(CLIENTS), '-j', '2', '-T', String(LOAD_SECONDS), '-f', script, urlOf(one)]);
		let done = false;
		running.finally(() => { done = true; }).catch(() => {});
		for (; !done; await pause(50)) most = Math.max(most, await inUse());
		const ended = await running;
		stdout = ended.stdout;
		assert.match(stdout, new RegExp(`number of clients: ${CLIENTS}\\n`));
		assert.match(stdout, /number of failed transactions: 0 \(/);
		assert.ok(!/error|fatal/i.test(ended.stderr), ended.stderr);
	}
	assert.ok(most > BACKENDS / 4 && most <= BACKENDS, `${most} server processes`);
	assert.equal(await psql(postgres.url('missout'), 'SELECT count(*) FROM public.load'), String(CLIENTS), 'every client was served');
	assert.ok(!/no more connections|closing because: .*(timeout|error)|pooler error/i.test(one.server.logTail()), one.server.logTail());
	t.diagnostic(`${/tps = \d+/.exec(stdout)[0]}, ${most} server processes`);
});

// pgBouncer's own defaults for these three are 120 s, 15 s and 15 s: an answer within PATIENCE_MS is the sample's.
const PATIENCE_MS = 10000;
const tookAtMost = (began, ms, what) => assert.ok(Date.now() - began < ms, `${what} took ${Date.now() - began} ms`);

test('a server that does not answer is given up, who waits for it is told, and a server that returns is tried at once', async (t) => {
	const silent = net.createServer();
	t.after(() => silent.close());
	await new Promise((resolve) => { silent.listen(0, '127.0.0.1', resolve); });
	const givenUp = new Promise((resolve) => {
		silent.once('connection', (socket) => {
			const began = Date.now();
			socket.resume().on('error', () => {}).once('close', () => resolve(began));
		});
	});
	const hole = await startPgBouncer({ port: silent.address().port, user: 'postgres' }, sample);
	t.after(() => hole.stop());
	const one = await pooler(t);
	const client = new RemoteDb(urlOf(one));
	t.after(() => client.child.kill('SIGKILL'));
	const told = (async () => {
		const began = Date.now();
		await assert.rejects(psql(`${urlOf(hole)}?connect_timeout=60`, 'SELECT 1'), /query_wait_timeout/);
		tookAtMost(began, PATIENCE_MS, 'the wait for a server');
	})();
	const back = (async () => {
		assert.equal((await client.run('SELECT 1')).err, 'ok');
		await postgres.halt();
		for (const began = Date.now(); !/query_wait_timeout/.test(one.server.logTail()); await pause(20)) {
			await client.run('SELECT 1', { deadline: PATIENCE_MS });
			tookAtMost(began, PATIENCE_MS, 'the wait for a server that is away');
		}
		await postgres.start();
		const began = Date.now();
		while ((await client.run('SELECT 1', { deadline: PATIENCE_MS })).err !== 'ok') {
			tookAtMost(began, PATIENCE_MS, 'the return');
			await pause(20);
		}
		tookAtMost(began, PATIENCE_MS / 2, 'the return');
	})();
	await Promise.all([told, back, givenUp.then((began) => tookAtMost(began, PATIENCE_MS, 'an unanswered login'))]);
});

test('a wrong password is refused by the pooler', async (t) => {
	const one = await pooler(t);
	await assert.rejects(psql(urlOf(one, 'wrong'), 'SELECT 1'), /authentication failed/);
	await assert.rejects(psql(one.url('missout', 'postgres'), 'SELECT 1'), /authentication failed|no such user/);
});
