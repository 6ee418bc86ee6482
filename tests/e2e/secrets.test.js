// No key, database password or RPC API key leaves the process: not by a log, an error, a page, a metric, a request, a record, a core
// or its memory.
'use strict';

const assert = require('node:assert/strict');
const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const http = require('node:http');
const net = require('node:net');
const path = require('node:path');
const { test } = require('node:test');
const base58 = require('../chain/base58.js');
const { post } = require('../chain/rpc-client.js');
const { Keypair } = require('../chain/solana.js');
const { World } = require('./world.js');
const { Daemon } = require('./daemon.js');
const { startSigner, ask } = require('./signer_process.js');
const money = require('./money.js');

const PASSWORD = 'DatabasePassword0123456789';
const API_KEYS = ['PathApiKey0123456789abcdef', 'QueryApiKey0123456789abcdef'];
const RPC_PASSWORD = 'RpcPassword0123456789';

const bytesOf = (keypair) => Buffer.concat([keypair.seed, keypair.publicKey]);

// Every form in which a key may show.
function formsOf(keypair) {
	const bytes = bytesOf(keypair);
	const seed = Buffer.from(keypair.seed);
	return [base58.encode(bytes), JSON.stringify([...bytes]), [...seed].join(', '), base58.encode(seed), seed.toString('hex'), seed.toString('hex').toUpperCase(),
		seed.toString('base64').replace(/=+$/, ''), bytes.toString('base64').slice(0, 84)];
}

function assertNone(text, secrets, where) {
	for (const secret of secrets) {
		const at = text.indexOf(secret);
		assert.ok(at < 0, `${where} has a secret: ...${text.slice(Math.max(0, at - 200), at)}`);
	}
}

// An endpoint that keeps what it is asked, and answers the first requests with what a provider says to a bad key.
async function startEndpoint(target, told) {
	const requests = [];
	const server = http.createServer((request, response) => {
		let body = '';
		request.on('data', (data) => { body += data; });
		request.on('end', async () => {
			requests.push({ path: request.url, headers: JSON.stringify(request.headers), body });
			const secret = told.shift();
			if (secret) {
				const [status, headers, text] = secret(request.url, JSON.parse(body).id);
				response.writeHead(status, headers);
				response.end(text);
				return;
			}
			try {
				const answer = await post(target, body);
				response.writeHead(answer.status, { 'content-type': 'application/json' });
				response.end(answer.text);
			} catch {
				response.destroy();
			}
		});
	});
	await new Promise((resolve) => { server.listen(0, '127.0.0.1', resolve); });
	return { requests, port: server.address().port, close: () => { server.closeAllConnections(); server.close(); } };
}

// A server that repeats the password in its refusal.
async function startRefusingDatabase() {
	const text = `password "${PASSWORD}" of postgres://keeper:${PASSWORD}@h/d is wrong`;
	const fields = Buffer.from(`SFATAL\0VFATAL\0C28P01\0M${text}\0\0`);
	const head = Buffer.alloc(5);
	head.write('E');
	head.writeInt32BE(fields.length + 4, 1);
	const server = net.createServer((socket) => {
		socket.on('error', () => {});
		socket.once('data', (data) => {
			const isSsl = data.readInt32BE(4) === 80877103;
			if (!isSsl) socket.end(Buffer.concat([head, fields]));
			else { socket.write('N'); socket.once('data', () => socket.end(Buffer.concat([head, fields]))); }
		});
	});
	await new Promise((resolve) => { server.listen(0, '127.0.0.1', resolve); });
	return { url: `postgres://keeper:${PASSWORD}@127.0.0.1:${server.address().port}/missout`, close: () => server.close() };
}

const REFUSALS = [
	(url) => [401, { 'content-type': 'text/plain' }, `invalid api key in ${url}: ${API_KEYS.join(' ')}`],
	(url) => [302, { location: `http://127.0.0.1:1${url}` }, ''],
	(url, id) => [200, { 'content-type': 'application/json' }, JSON.stringify({ jsonrpc: '2.0', id, error: { code: -32000, message: `api key ${API_KEYS.join(' or ')} at ${url} is over its limit` } })],
	(url) => [429, { 'content-type': 'application/json' }, JSON.stringify({ jsonrpc: '2.0', error: { code: 429, message: `${url} ${API_KEYS.join(' ')}` } })],
];

// What root sees in the memory that the process itself may read: a core would hold no more.
function readableMemory(pid) {
	const file = fs.openSync(`/proc/${pid}/mem`, 'r');
	const parts = [];
	for (const line of fs.readFileSync(`/proc/${pid}/maps`, 'utf8').trimEnd().split('\n')) {
		const [, from, to, mode, name] = /^(\w+)-(\w+) (\S+) \S+ \S+ \S+\s*(.*)$/.exec(line);
		if (mode[0] !== 'r' || name.startsWith('[v')) continue;
		const buffer = Buffer.alloc(Number(BigInt(`0x${to}`) - BigInt(`0x${from}`)));
		fs.readSync(file, buffer, 0, buffer.length, BigInt(`0x${from}`));
		parts.push({ buffer, name: name || 'anonymous' });
	}
	fs.closeSync(file);
	return parts;
}

function assertNotInMemory(pid, keypairs) {
	const memory = readableMemory(pid);
	for (const keypair of keypairs) {
		const address = base58.decode(keypair.address);
		assert.ok(memory.some(({ buffer }) => buffer.includes(Buffer.from(address))), 'the public key is found, so the search works');
		for (const needle of [Buffer.from(keypair.seed), ...formsOf(keypair).slice(0, 2).map((form) => Buffer.from(form))])
			for (const { buffer, name } of memory) assert.ok(!buffer.includes(needle), `a key is readable in ${name}`);
	}
}

async function assertNoCore(daemon) {
	const { pid } = daemon.child;
	assert.match(fs.readFileSync(`/proc/${pid}/limits`, 'utf8'), /^Max core file size +0 +0 /m);
	const directory = fs.readlinkSync(`/proc/${pid}/cwd`);
	const cores = () => fs.readdirSync(directory).filter((name) => name.startsWith('core'));
	const before = cores();
	await daemon.kill('SIGABRT');
	assert.equal(daemon.child.signalCode, 'SIGABRT');
	assert.deepEqual(cores(), before);
}

test('a draw with every secret marked: none of them is anywhere', { skip: process.getuid() !== 0 && 'looks into memory as root' }, async (t) => {
	const world = await World.start({ nodes: 2 });
	t.after(() => world.stop());
	const [auxiliary, vrf, oldVrf, certificate] = Array.from({ length: 4 }, () => new Keypair());
	const node = world.chain.url.replace(/\/$/, '');
	const endpoints = [];
	for (const k of [0, 1]) endpoints.push(await startEndpoint(`${node}/node/${k}`, [...REFUSALS]));
	t.after(() => endpoints.forEach((endpoint) => endpoint.close()));
	const pool = await world.lockedPool({ players: 2 });
	const was = await money.before(world, pool);
	await world.pastLock();

	const envFile = path.join(world.directory, '.env');
	fs.writeFileSync(envFile, `AUXILIARY_WALLET_1_PRIVATE_KEY='${formsOf(auxiliary)[1]}'\nCERTIFICATE_PRIVATE_KEY='${formsOf(certificate)[1]}'\nMAX_BOUND_POOLS=3\n`, { mode: 0o600 });
	const oldVrfFile = path.join(world.directory, 'old-vrf.json');
	fs.writeFileSync(oldVrfFile, formsOf(oldVrf)[1], { mode: 0o600 });
	const settings = { DEV_WALLET_KEY_FILE: '', DEV_WALLET_PRIVATE_KEY: formsOf(world.devWallet)[0], VRF_PRIVATE_KEY: formsOf(vrf)[0], VRF_KEY_FILE_OLD_1: oldVrfFile, LOG_LEVEL: 'debug',
		REFERRAL_PAYOUTS: 'on', TREASURY_WALLET_PRIVATE_KEY: formsOf(world.treasury)[0],
		DATABASE_URL: world.databaseUrl.replace('postgres@', `postgres:${PASSWORD}@`),
		SOLANA_RPC_URL: `http://127.0.0.1:${endpoints[0].port}/v2/${API_KEYS[0]}/`,
		SOLANA_RPC_URL_2: `http://user:${RPC_PASSWORD}@127.0.0.1:${endpoints[1].port}/?api-key=${API_KEYS[1]}` };
	const keypairs = [world.devWallet, world.treasury, auxiliary, vrf, oldVrf, certificate];
	const keys = keypairs.flatMap(formsOf);
	const secrets = [...keys, PASSWORD, RPC_PASSWORD, ...API_KEYS];

	const daemon = world.startDaemonWith(settings, '--env-file', envFile);
	await daemon.wait('draw.wait', { subject: new RegExp(pool.address), reason: 'OVER' });
	await money.assertPaid(world, pool, was);
	fs.writeFileSync(envFile, `MAX_BOUND_POOLS=4\nSOLANA_RPC_URL_3=https://c.example/${API_KEYS[0]}\n`, { mode: 0o600 });
	daemon.child.kill('SIGHUP');
	await daemon.wait('config.reloaded');
	assert.equal(daemon.all('config.kept', { key: 'SOLANA_RPC_URL_3' }).length, 1, daemon.log);
	assert.ok(daemon.all('config.key_in_environment').length === 3 && /HTTP 401/.test(daemon.log) && /HTTP 302/.test(daemon.log) && /over its limit/.test(daemon.log), daemon.log.slice(0, 6000));

	const { address } = await daemon.wait('http.listening');
	for (const page of ['/livez', '/readyz', '/readyz?verbose', '/health', '/health/database', '/api/monitor/status', '/metrics']) {
		const text = await (await fetch(`http://${address}${page}`)).text();
		assert.ok(text.length > 0, page);
		assertNone(text, secrets, page);
	}

	assertNone(fs.readFileSync(`/proc/${daemon.child.pid}/environ`, 'latin1'), keys, 'the environment');
	assertNotInMemory(daemon.child.pid, keypairs);
	await assertNoCore(daemon);
	assertNone(daemon.log + daemon.output, secrets, 'the log');

	const refusing = await startRefusingDatabase();
	t.after(() => refusing.close());
	const refused = world.startDaemonWith({ ...settings, DATABASE_URL: refusing.url }, '--env-file', envFile, '--once');
	assert.equal((await refused.exit()).code, 69, refused.log);
	assert.match(refused.log, /is wrong/);
	assertNone(refused.log + refused.output, secrets, 'the log of a refused login');
	for (const mode of ['--print-config', '--check-config', 'vrf-key']) {
		const shown = new Daemon(world.environment(settings), ['--env-file', envFile, mode]);
		assert.equal((await shown.exit()).code, 0, shown.log);
		assertNone(shown.log + shown.output, secrets, mode);
	}

	const own = [[API_KEYS[0]], [API_KEYS[1], RPC_PASSWORD]];
	for (const [k, { requests }] of endpoints.entries()) {
		const others = secrets.filter((secret) => !own[k].includes(secret));
		assert.ok(requests.length > REFUSALS.length, `endpoint ${k + 1} was asked`);
		for (const { path: url, headers, body } of requests) {
			assertNone(url + headers, others, `a request to endpoint ${k + 1}`);
			assertNone(body, secrets, `a request to endpoint ${k + 1}`);
		}
	}
	assertNone(JSON.stringify(await (await fetch(`${world.gateway.url}/control`)).json()), secrets, 'the requests to the gateways');
	assertNone(execFileSync('pg_dumpall', ['-d', world.postgres.url(), '--no-role-passwords'], { encoding: 'latin1', maxBuffer: 1 << 28 }), secrets, 'the database');
	for (const name of fs.readdirSync(path.join(world.directory, 'spool'))) assertNone(fs.readFileSync(path.join(world.directory, 'spool', name), 'latin1'), secrets, 'the spool');
});

const NOBODY = 65534;
const asNobody = (directory) => ({ uid: NOBODY, gid: NOBODY, cwd: directory });

// The key's file and the process belong to one user; another program of that user must not get at the key through the process.
function assertClosed(pid) {
	for (const name of ['environ', 'mem', 'maps', 'auxv']) {
		assert.throws(() => execFileSync('head', ['-c', '1', `/proc/${pid}/${name}`], { ...asNobody('/'), stdio: 'pipe' }), (error) => /Permission denied/.test(error.stderr), name);
	}
}

test('no process of the same user looks into a running daemon', { skip: process.getuid() !== 0 && 'becomes another user' }, async (t) => {
	const world = await World.start();
	t.after(() => world.stop());
	fs.chownSync(world.keyFile(), NOBODY, NOBODY);
	fs.chownSync(world.directory, NOBODY, NOBODY);
	const daemon = new Daemon(world.environment(), [], asNobody(world.directory));
	t.after(() => daemon.kill());
	await daemon.wait('ready');
	assertClosed(daemon.child.pid);
	await daemon.kill('SIGTERM');
	assert.equal(daemon.code, 0, daemon.log);
});

test('poolkeeper-signer keeps its key as well', { skip: process.getuid() !== 0 && 'becomes another user' }, async (t) => {
	const directory = fs.mkdtempSync('/tmp/poolkeeper-secrets-');
	t.after(() => fs.rmSync(directory, { recursive: true }));
	const wallet = new Keypair();
	const [keyFile, socket] = [path.join(directory, 'key'), path.join(directory, 'socket')];
	fs.writeFileSync(keyFile, formsOf(wallet)[0], { mode: 0o600 });
	for (const file of [directory, keyFile]) fs.chownSync(file, NOBODY, NOBODY);
	const signer = await startSigner(socket, keyFile, new Keypair().address, { ...asNobody(directory), through: ['prlimit', '--memlock=0'] });
	t.after(() => signer.stop());
	const answers = [await ask(socket, Buffer.from('K')), await ask(socket, Buffer.from('S'))];
	assertClosed(signer.child.pid);
	assert.ok(signer.lines.some((line) => line.includes(`event=signer.not_locked wallet=${wallet.address}`)), 'and says what it could not protect');
	assertNotInMemory(signer.child.pid, [wallet]);
	await assertNoCore(signer);
	assertNone(signer.lines.join('\n') + Buffer.concat(answers).toString('latin1'), [...formsOf(wallet), Buffer.from(wallet.seed).toString('latin1')], 'log and answers');
});
