// Runs io/db in a network of its own whose other end drops what it would answer: unshare -n node dropped.js SOCKET, where SOCKET is that
// of a Postgres outside. Exits with 0 if every wait ended within its limit.
'use strict';

const assert = require('node:assert/strict');
const { execFileSync, spawn } = require('node:child_process');
const { pause } = require('../../lib/server_process');
const { RemoteDb } = require('./remote_db');

const NEAR = '10.99.0.1';
const FAR = '10.99.0.2';
const PORT = 5432;
// Of daemon/io/db_conninfo.c: data on its way is given up after 5 s, an idle connection after 10 s and three probes 5 s apart, an attempt
// to connect after 3 s. What is above is for a busy machine; the kernel's own limits are 15 minutes, two hours, and two minutes.
const FLIGHT_MS = 5000;
const IDLE_MS = 25000;
const CONNECT_MS = 3000;
const SPARE_MS = 8000;

const ip = (...args) => execFileSync('ip', args, { stdio: ['ignore', 'ignore', 'inherit'] });
const said = (child) => new Promise((resolve) => { child.stdout.once('data', resolve); });

// The other end: a process in a second network that passes on to the socket.
async function makeFarEnd(socket) {
	const relay = `require('node:net').createServer((c) => { const s = require('node:net').connect('${socket}');
		for (const [a, b] of [[c, s], [s, c]]) a.on('error', () => b.destroy()).pipe(b); }).listen(${PORT}, '0.0.0.0', () => console.log('listens'))`;
	const far = spawn('unshare', ['-n', process.execPath, '-e', relay], { stdio: ['ignore', 'pipe', 'inherit'] });
	process.once('exit', () => far.kill('SIGKILL'));
	await said(far);
	const there = (...args) => execFileSync('nsenter', ['-t', String(far.pid), '-n', 'ip', ...args], { stdio: ['ignore', 'ignore', 'inherit'] });
	ip('link', 'add', 'near', 'type', 'veth', 'peer', 'name', 'far', 'netns', String(far.pid));
	ip('addr', 'add', `${NEAR}/24`, 'dev', 'near');
	ip('link', 'set', 'near', 'up');
	there('addr', 'add', `${FAR}/24`, 'dev', 'far');
	there('link', 'set', 'far', 'up');
	return { drop: () => there('route', 'add', 'blackhole', `${NEAR}/32`), pass: () => there('route', 'del', 'blackhole', `${NEAR}/32`) };
}

const within = (ms, limit, what) => assert.ok(ms < limit + SPARE_MS, `${what} took ${ms} ms`);
const client = () => new RemoteDb(`postgresql://postgres@${FAR}:${PORT}/postgres`);

async function downAfter(db) {
	const began = Date.now();
	while (!/event=db\.down/.test(db.log)) {
		within(Date.now() - began, IDLE_MS, 'the idle connection');
		await pause(50);
	}
	return Date.now() - began;
}

async function main() {
	const network = await makeFarEnd(process.argv[2]);
	const [flying, bounded, idle] = [client(), client(), client()];
	for (const db of [flying, bounded, idle]) assert.equal((await db.run('SELECT 1', { deadline: 20000 })).err, 'ok', db.log);
	network.drop();
	const late = client();
	const [flight, deadline, quiet, attempt] = await Promise.all([
		flying.run('SELECT 2', { deadline: 60000 }), bounded.run('SELECT 3', { deadline: 1000 }), downAfter(idle), late.run('SELECT 4', { deadline: 6000 }),
	]);
	assert.equal(flight.err, 'unknown');
	within(flight.ms, FLIGHT_MS, 'a statement');
	assert.equal(deadline.err, 'unknown');
	assert.ok(deadline.ms < FLIGHT_MS, `the deadline came after ${deadline.ms} ms`);
	assert.deepEqual([attempt.err, /within 6000 ms: cannot connect within 3000 ms/.test(attempt.why)], ['retry', true], attempt.why);
	const began = Date.now();
	network.pass();
	for (const db of [flying, bounded, idle, late]) {
		assert.equal((await db.run('SELECT 5', { deadline: 20000 })).value, '5', db.log);
		assert.ok((await db.status()).stall < CONNECT_MS / 2, 'the loop stood still');
		await db.quit();
	}
	within(Date.now() - began, CONNECT_MS, 'the return');
	console.log(`statement ${flight.ms} ms, idle ${quiet} ms, back ${Date.now() - began} ms`);
	process.exit(0);
}

main().catch((error) => {
	console.error(error.stack);
	process.exit(1);
});
