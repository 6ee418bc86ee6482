// A network that swallows what is sent: a server that accepts and never says a word, and packets that are dropped. libpq's own calls
// would wait for minutes; nothing of the daemon does.
'use strict';

const assert = require('node:assert/strict');
const { execFile, spawnSync } = require('node:child_process');
const fs = require('node:fs');
const net = require('node:net');
const os = require('node:os');
const path = require('node:path');
const { test } = require('node:test');
const { startPostgres } = require('../lib/postgres');
const { Keypair } = require('../chain/solana.js');
const { Daemon } = require('../e2e/daemon.js');
const { Probe } = require('../e2e/probe.js');

// Of the README: a stop takes at most so long.
const STOP_MS = 10000;
// --once asks for the first time at once and gives up with its first statement; what is above DB_TIMEOUT_MS is for a busy machine.
const DB_TIMEOUT_MS = 1000;
const ONCE_MS = DB_TIMEOUT_MS + 8000;

async function silentServer(t) {
	const open = new Set();
	const server = net.createServer((socket) => { open.add(socket.on('error', () => {})); });
	await new Promise((resolve) => { server.listen(0, '127.0.0.1', resolve); });
	t.after(() => {
		server.close();
		for (const socket of open) socket.destroy();
	});
	return server.address().port;
}

test('a database that accepts and never answers: the daemon says so, stays alive and stops, --once gives up', async (t) => {
	const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'poolkeeper-blackhole-'));
	t.after(() => fs.rmSync(scratch, { recursive: true, force: true }));
	const start = (name, http, ...args) => {
		const daemon = new Daemon({
			PATH: process.env.PATH, DATABASE_URL: `postgres://k@127.0.0.1:${silent}/d`, DB_TIMEOUT_MS: String(DB_TIMEOUT_MS), SOLANA_RPC_URL: 'http://127.0.0.1:1/',
			TREASURY_WALLET_PUBKEY: new Keypair().address, DEV_WALLET_PRIVATE_KEY: JSON.stringify([...new Keypair().secretKey()]),
			SPOOL_DIR: path.join(scratch, name), KEEPER_HTTP: http,
		}, args);
		t.after(() => daemon.kill());
		return daemon;
	};
	const silent = await silentServer(t);
	const daemon = start('daemon', '127.0.0.1:0');
	const began = Date.now();
	const once = start('once', 'off', '--once');
	assert.equal((await once.exit(ONCE_MS)).code, 69, once.log);
	assert.ok(Date.now() - began < ONCE_MS, `--once took ${Date.now() - began} ms`);
	const probe = await Probe.of(daemon);
	await daemon.wait('start.waiting', { for: 'database', why: /not sent within 1000 ms/ });
	assert.equal((await daemon.wait('db.down')).why, 'cannot connect within 3000 ms');
	assert.equal((await probe.get('/livez')).status, 200, 'it turns');
	assert.equal((await probe.get('/readyz')).status, 503);
	const asked = Date.now();
	await daemon.kill('SIGTERM');
	assert.equal(daemon.code, 0, daemon.log);
	assert.ok(Date.now() - asked < STOP_MS, `the stop took ${Date.now() - asked} ms`);
});

// Root as it is may read the socket's directory; anybody else is root of a world of his own.
const OWN_NETWORK = process.getuid() === 0 ? '-n' : '-rn';

// Why there can be no network of one's own here, or undefined.
function whyNot() {
	const { status, error, stderr } = spawnSync('unshare', [OWN_NETWORK, 'ip', 'link', 'add', 'near', 'type', 'veth', 'peer', 'name', 'far'], { encoding: 'utf8' });
	return status === 0 ? undefined : `no network namespace with two ends here: ${error?.message ?? stderr.trim()}`;
}

test('packets that are dropped: a statement, an idle connection and a new one, each within its limit', { skip: process.env.POOLKEEPER_TEST_FULL ? whyNot() ?? false : 'scripts/test --full runs it' }, async (t) => {
	const postgres = await startPostgres();
	t.after(() => postgres.stop());
	const socket = path.join(postgres.socketDirectory, `.s.PGSQL.${postgres.port}`);
	await new Promise((resolve, reject) => {
		execFile('unshare', [OWN_NETWORK, process.execPath, path.join(__dirname, 'io', 'dropped.js'), socket], { encoding: 'utf8' }, (error, stdout, stderr) => {
			if (error) reject(new Error(`${error.message}\n${stdout}${stderr}`));
			else resolve(t.diagnostic(stdout.trim()));
		});
	});
});
