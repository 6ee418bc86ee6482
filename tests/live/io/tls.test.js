// The daemon's database client and TLS: what the URL demands is what happens, and a connection that anybody could read is said.
'use strict';
const assert = require('node:assert');
const { execFileSync, spawnSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { after, before, test } = require('node:test');
const { startPostgres } = require('../../lib/postgres');
const { freePort } = require('../../lib/server_process');
const { RemoteDb } = require('./remote_db');

const root = path.join(__dirname, '..', '..', '..');
const other = Object.values(os.networkInterfaces()).flat().find((one) => one.family === 'IPv4' && !one.internal)?.address;

let postgres;
let directory;
before(async () => {
	postgres = await startPostgres({ settings: { listen_addresses: ['127.0.0.1', ...(other ? [other] : [])].join(',') } });
	directory = fs.mkdtempSync(path.join(os.tmpdir(), 'poolkeeper-tls-'));
	const data = path.join(postgres.directory, 'data');
	for (const name of ['right', 'wrong']) {
		execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2', '-subj', '/CN=localhost',
			'-keyout', path.join(directory, `${name}.key`), '-out', path.join(directory, `${name}.pem`)], { stdio: 'pipe' });
	}
	for (const [from, to] of [['right.pem', 'server.crt'], ['right.key', 'server.key']]) {
		fs.copyFileSync(path.join(directory, from), path.join(data, to));
		fs.chmodSync(path.join(data, to), 0o600);
		if (process.getuid() === 0) fs.chownSync(path.join(data, to), postgres.account.uid, postgres.account.gid);
	}
	fs.appendFileSync(path.join(data, 'pg_hba.conf'), 'host all all all trust\n');
	await postgres.sql('SELECT pg_reload_conf()');
});
after(async () => {
	await postgres.stop();
	fs.rmSync(directory, { recursive: true, force: true });
});

const LOOK = 'SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()';

// What one statement came to, and the client's log.
async function ask(url, text = LOOK) {
	const db = new RemoteDb(url);
	const { err, value } = await db.run(text, { deadline: 2000 });
	db.child.kill('SIGKILL');
	await db.exited;
	return { err, value, log: db.log };
}

const local = (query) => `postgresql://postgres@localhost:${postgres.port}/postgres?${query}`;
const file = (name) => path.join(directory, name);

test('a server without TLS is refused where the URL demands it', async () => {
	const run = await ask(local('sslmode=require'));
	assert.notEqual(run.err, 'ok');
	assert.match(run.log, /server does not support SSL/);
	assert.deepEqual(await ask(local('')).then(({ err, value }) => [err, value]), ['ok', 'f']);
});

test('with TLS: the right certificate is accepted, another one and another name are refused', async () => {
	await postgres.sql('ALTER SYSTEM SET ssl = on');
	await postgres.sql('SELECT pg_reload_conf()');
	for (const query of [`sslmode=verify-full&sslrootcert=${file('right.pem')}`, 'sslmode=require', 'sslmode=no-verify', 'ssl=true', '']) {
		assert.deepEqual(await ask(local(query)).then(({ err, value }) => [err, value]), ['ok', 't'], query);
	}
	for (const [url, words] of [
		[local(`sslmode=verify-full&sslrootcert=${file('wrong.pem')}`), /certificate verify failed/],
		[local(`sslmode=verify-full&sslrootcert=${file('right.pem')}`).replace('localhost', '127.0.0.1'), /does not match host name/],
	]) {
		const run = await ask(url);
		assert.notEqual(run.err, 'ok');
		assert.match(run.log, words);
	}
});

test('Postgres on another machine without a demand for TLS is warned of, once', { skip: !other && 'this machine has no address besides 127.0.0.1' }, async (t) => {
	const remote = (query) => `postgresql://postgres@${other}:${postgres.port}/postgres?${query}`;
	const warned = ({ err, log }) => [err, [...log.matchAll(/event=db\.unguarded host=(\S+)/g)].map((match) => match[1])];
	for (const query of ['', 'sslmode=prefer', 'sslmode=disable']) assert.deepEqual(warned(await ask(remote(query))), ['ok', [other]], query);
	for (const url of [remote('sslmode=require'), local(''), local('sslmode=disable'), postgres.socketUrl()]) assert.deepEqual(warned(await ask(url)), ['ok', []], url);
	const db = new RemoteDb(remote(''));
	t.after(() => db.child.kill('SIGKILL'));
	await db.run('SELECT 1');
	await postgres.sql('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND backend_type = $$client backend$$');
	while ((await db.run('SELECT 1')).err !== 'ok');
	assert.match(db.log, /event=db\.up [^]*event=db\.up /);
	assert.equal(db.log.match(/db\.unguarded/g).length, 1);
	await db.quit();
});

test('the URL with two hosts of the guide: the daemon takes it, and goes to the one that lives', async () => {
	const guide = fs.readFileSync(path.join(root, 'docs', 'database.md'), 'utf8');
	const [, said] = /DATABASE_URL=(postgres:\/\/\S+@a:5432,b:5432\/\S+?)`/.exec(guide);
	const url = said.replace(/\/\/\S+@a:5432,b:5432\/missout/, `//postgres@127.0.0.1:${await freePort()},127.0.0.1:${postgres.port}/postgres`);
	assert.match(url, /target_session_attrs=read-write$/);
	assert.equal((await ask(url, 'SELECT 1')).err, 'ok');
	const { stdout, stderr } = spawnSync(path.join(root, 'build', 'poolkeeper'), ['--check-config'], { encoding: 'utf8', env: { PATH: process.env.PATH, DATABASE_URL: said } });
	assert.match(stdout + stderr, /SOLANA_RPC_URL/, 'other settings are asked for');
	assert.doesNotMatch(stdout + stderr, /key=DATABASE_URL/);
	const before = spawnSync(path.join(root, 'build', 'poolkeeper'), ['--check-config'], { encoding: 'utf8', env: { PATH: process.env.PATH, DATABASE_URL: 'host=a,b dbname=missout' } });
	assert.match(before.stdout + before.stderr, /key=DATABASE_URL/);
});
