// Health and metrics over HTTP: red with its reason and green again, true numbers, no secrets, and clients that mean harm.
'use strict';

const assert = require('node:assert/strict');
const fs = require('node:fs');
const { execFileSync, spawn } = require('node:child_process');
const http = require('node:http');
const path = require('node:path');
const { test } = require('node:test');
const { World, ROOT, sleep } = require('./world.js');
const { freePort } = require('../lib/server_process.js');
const { Keypair } = require('../chain/solana.js');
const { Probe } = require('./probe.js');
const { valueOf } = require('./prometheus.js');
const money = require('./money.js');

// Of daemon/ops/health_http.c.
const LOOK_MS = 10;
const FRESH_MS = 250;
const FLOOD = 8;
const TOKEN = 'a-token-of-the-tests-0123456789-abcdef';
const BINARY = process.env.POOLKEEPER ?? path.join(ROOT, 'build', 'poolkeeper');
const SECRET = 'hunter2-is-in-this-url';
const PAGES = ['/', '/livez', '/healthz', '/readyz', '/health', '/health/database', '/api/health/database', '/api/health/jackpot', '/api/monitor/status', '/metrics'];

const over = (daemon, pool) => daemon.wait('draw.wait', { subject: new RegExp(pool.address), reason: 'OVER' });

async function assertPages(probe, daemon) {
	const health = await probe.json('/health');
	assert.equal(health.status, 'healthy');
	assert.equal(health.database, 'connected');
	assert.ok(Math.abs(Date.parse(health.timestamp) - Date.now()) < 5000, health.timestamp);
	assert.deepEqual(Object.keys(health.rpc), ['connected', 'currentSlot', 'latency', 'totalEndpoints', 'healthyEndpoints']);
	assert.deepEqual([health.rpc.connected, health.rpc.totalEndpoints, health.rpc.healthyEndpoints], [true, 1, 1]);
	assert.ok(health.rpc.currentSlot > 0);
	assert.deepEqual(health.poolMonitor, { running: true, processingCount: 0 });
	assert.equal(health.role, 'leader');
	assert.deepEqual(health.reasons, []);
	assert.equal(health.version, daemon.all('start')[0].version);
	const database = await probe.json('/health/database');
	assert.equal(database.healthy, true);
	assert.ok(database.latency > 0 && database.latency < 5000);
	assert.deepEqual(Object.keys(database.poolStats), ['total', 'active', 'idle', 'waiting', 'max']);
	assert.equal((await probe.json('/api/health/jackpot')).configured, false);
	const status = await probe.json('/api/monitor/status');
	assert.deepEqual([status.running, status.ready, status.role, status.oldestOverdue], [true, true, 'leader', null]);
	assert.ok(status.ticks > 0 && status.lastTickAgeMs >= 0);
	for (const page of PAGES) assert.equal((await probe.get(page)).status, 200, page);
	assert.equal((await probe.get('/nothing')).status, 404);
	assert.equal((await probe.get('/metrics', 'POST')).status, 405);
	assert.equal((await probe.get('/readyz', 'HEAD')).text, '');
}

// Everything that the README promises is served, and nothing else.
async function assertDocumented(probe) {
	const readme = fs.readFileSync(path.join(ROOT, 'README.md'), 'utf8');
	const table = readme.split('<!-- metrics -->')[1].split('<!-- /metrics -->')[0];
	const rows = [...table.matchAll(/^\| `(\w+)` \| (\w+) \| ([^|]*) \|/gm)].map(([, name, type, labels]) => [name, type, labels.trim()]);
	const served = await probe.metrics();
	const optional = new Set(['poolkeeper_canary_age_seconds', 'poolkeeper_wallet_lamports', 'poolkeeper_wallet_runway_draws']);
	assert.deepEqual(Object.keys(served).filter((name) => !rows.some(([row]) => row === name)), [], 'not in the README');
	for (const [name, type, labels] of rows) {
		if (optional.has(name) && !served[name]) continue;
		assert.equal(served[name]?.type, type, name);
		for (const sample of served[name].samples) {
			const given = Object.keys(sample.labels).filter((label) => label !== 'le').join(', ');
			assert.equal(given, labels, name);
		}
	}
}

// A node that answers late with what was, and one that does not answer.
async function assertRedWithNodes(world, probe) {
	await world.scenario.chain('tick', 300);
	const { slot } = await world.scenario.chain('position');
	await probe.until('/health', ({ text }) => JSON.parse(text).rpc.currentSlot >= slot - 2, `slot ${slot}`);
	await world.scenario.chain('faults', { lag: 200 });
	await probe.unready(/^\[-\]rpc no endpoint is well: rpc1 is \d+ slots behind$/m);
	assert.equal(valueOf(await probe.metrics(), 'poolkeeper_rpc_endpoint_well', { endpoint: 'rpc1' }), 0);
	await world.scenario.chain('faults', { clear: true });
	await probe.ready();
	await world.scenario.chain('faults', { hang: 'forever' });
	const { text } = await probe.unready(/^\[-\]tick the last complete look at the pools was \d+ s ago$/m);
	assert.match(text, /^\[-\]slot the newest slot \d+ has not moved for \d+ s$/m);
	assert.equal((await probe.get('/livez')).status, 200, 'alive all the same');
	assert.equal((await probe.get('/health')).status, 503);
	await world.scenario.chain('faults', { clear: true });
	await probe.ready();
}

// The status page shows the draw, and its proof is what the log says that the transaction said.
async function assertProof(daemon, probe, pool) {
	const [paid] = daemon.all('draw.paid', { subject: new RegExp(pool.address) });
	const { text, type, headers } = await probe.until('/', (page) => page.text.includes('href="/draws/'), 'a draw');
	assert.equal(type, 'text/html; charset=utf-8');
	assert.match(headers['content-security-policy'], /^default-src 'none'; style-src 'sha256-[^']{44}'; /);
	assert.equal(headers['x-content-type-options'], 'nosniff');
	const [, address] = /href="(\/draws\/[^"]+)"/.exec(text);
	assert.equal(address, `/draws/${paid.subject.slice('draw:'.length).replace(':', '/')}`);
	const proof = await probe.json(address);
	assert.deepEqual([proof.winner, proof.won, proof.dev_fee, proof.burned, proof.treasury_fee, proof.slot, proof.signature], [paid.winner, paid.amount, paid.dev, paid.burn, paid.treasury, paid.slot, paid.sig]);
	for (const [name, value] of Object.entries(proof)) assert.equal(typeof value, 'string', name);
	for (const wrong of [`${address}0`, '/draws/', '/draws/<script>']) assert.equal((await probe.get(encodeURI(wrong))).status, 404, wrong);
}

async function assertOverdue(world, daemon, probe) {
	await world.gatewayControl({ oracle: 'all', mode: 'http500' });
	const strange = await world.lockedPool({ treasury: new Keypair() });
	await world.pastLock(10);
	const pool = await world.lockedPool();
	await world.pastLock(300);
	const { text } = await probe.unready(/^\[-\]draws draw:\w+:\d+ is overdue for \d+ s: (CANARY_SILENT|NO_ORACLE)$/m);
	assert.match(text, new RegExp(`draw:${pool.address}:`));
	const shown = await probe.get('/');
	assert.match(shown.text, /<h1 class="bad">.*Not ready<\/h1>/);
	assert.match(shown.text, new RegExp(`title="${pool.address}"[^]*?<strong class="bad">overdue</strong>`));
	const status = await probe.json('/api/monitor/status');
	assert.match(status.oldestOverdue.subject, new RegExp(pool.address));
	assert.equal(status.waiting[status.oldestOverdue.reason], 1);
	assert.ok(valueOf(await probe.metrics(), 'poolkeeper_overdue_draw_seconds') > 120);
	await world.gatewayControl({ oracle: 'all', mode: 'ok' });
	await over(daemon, pool);
	await assertProof(daemon, probe, pool);
	await probe.ready(); // the other one is due for longer: its treasury is not ours, and nobody can make us look unwell with that
	assert.equal(daemon.all('draw.wait', { subject: new RegExp(strange.address), reason: 'POLICY_TREASURY' }).length, 1);
}

// The counters against the journal and the chain itself.
async function assertCounted(world, probe) {
	const signatures = new Set((await world.sql("SELECT sig FROM keeper.steps WHERE state = 'final'")).split('\n'));
	const landed = (await world.scenario.chain('transactions')).filter(({ signature }) => signatures.has(signature));
	const fees = landed.reduce((sum, { fee }) => sum + Number(fee), 0);
	const metrics = await probe.metrics();
	assert.equal(landed.length, signatures.size);
	assert.equal(valueOf(metrics, 'poolkeeper_fees_lamports_total'), fees);
	assert.equal(metrics.poolkeeper_landed_slots.samples.at(-1).value, landed.length);
	assert.equal(valueOf(metrics, 'poolkeeper_steps_total', { step: 'DRAW', state: 'final' }), 1);
	assert.equal(valueOf(metrics, 'poolkeeper_payouts_recorded_total'), 1);
	assert.equal(valueOf(metrics, 'poolkeeper_pools', { state: 'Ended' }), 1);
	const { lamports } = await world.scenario.chain('getAccount', world.devWallet.address);
	assert.equal(valueOf(metrics, 'poolkeeper_wallet_lamports'), Number(lamports));
	assert.ok(valueOf(metrics, 'poolkeeper_wallet_runway_draws') > 100);
	for (const { labels, value } of metrics.poolkeeper_invariant_mismatches_total.samples) assert.equal(value, 0, labels.invariant);
	for (const { labels } of metrics.poolkeeper_rpc_requests_total.samples) assert.match(labels.endpoint, /^rpc[1-5]$/);
}

test('red before the first look, green after it, red with the reason when something fails, and every number is true', async (t) => {
	const world = await World.start();
	t.after(() => world.stop());
	await world.scenario.chain('faults', { hang: 'forever' });
	const daemon = world.startDaemonWith({ SOLANA_RPC_URL: `${world.chain.url.replace(/\/$/, '')}/node/0?api-key=${SECRET}`, RPC_TIMEOUT_MS: '1000' });
	const probe = await Probe.of(daemon);
	const { text } = await probe.unready(/^not ready$/m);
	assert.match(text, /^\[-\]running starting: /m);
	assert.match(text, /^\[-\]tick no complete look at the pools yet$/m);
	assert.equal((await probe.get('/livez')).status, 200);
	for (const page of PAGES) await probe.get(page);
	await world.scenario.chain('faults', { clear: true });
	await probe.ready();
	await assertPages(probe, daemon);
	const { lamports } = await world.scenario.chain('getAccount', world.devWallet.address);
	assert.equal(valueOf(await probe.metrics(), 'poolkeeper_wallet_lamports'), Number(lamports), 'known before any draw is near');
	await assertRedWithNodes(world, probe);
	await assertOverdue(world, daemon, probe);
	await assertDocumented(probe);
	await probe.until('/metrics', ({ text: page }) => /poolkeeper_steps_unsettled\{state="landed"\} 0/.test(page), 'nothing unsettled');
	await assertCounted(world, probe);
	for (const page of PAGES) await probe.get(page);
	const key = JSON.stringify([...world.devWallet.seed]).slice(1, -1);
	const password = new URL(world.databaseUrl).password;
	for (const body of probe.bodies) {
		for (const secret of [SECRET, key, '://', ...(password ? [password] : [])]) assert.ok(!body.includes(secret), body);
	}
});

// Slots from the one in which the pool was bound to the one in which it was paid.
async function slotsOfDraw(world, pool) {
	const steps = (await world.sql(`SELECT step, landed_slot FROM keeper.steps WHERE subject LIKE 'draw:${pool.address}:%' ORDER BY seq`)).split('\n');
	assert.deepEqual(steps.map((line) => line.split('|')[0]), ['BIND', 'DRAW'], 'two transactions, each once');
	const [bind, draw] = steps.map((line) => Number(line.split('|')[1]));
	return draw - bind;
}

test('200 crawling connections, a flood of requests and one of wagers do not slow a draw, and a probe is still answered', { timeout: 120000 }, async (t) => {
	const world = await World.start();
	t.after(() => world.stop());
	await world.sql(`BEGIN; ${fs.readFileSync(path.join(ROOT, 'config', 'sources', 'jackpots', 'schema.sql'), 'utf8')} COMMIT;`);
	const daemon = world.startDaemonWith({ JACKPOT_CONNECTION_POOL_SIZE: '5', JACKPOT_API_TOKEN: TOKEN });
	const probe = await Probe.of(daemon);
	await probe.ready();
	const calm = await world.lockedPool();
	await world.pastLock();
	await over(daemon, calm);
	const stormy = await world.lockedPool();
	const was = await money.before(world, stormy);
	const crawlers = await probe.crawl(200);
	const flood = probe.flood(FLOOD);
	const wagers = probe.floodWagers(FLOOD, TOKEN);
	await world.pastLock();
	await daemon.wait('tx.send', { subject: new RegExp(stormy.address), step: 'BIND' });
	for (let i = 0; i < 5; i++) assert.equal((await probe.get('/readyz', 'GET', 3000)).status, 200, 'a probe in the middle of it');
	await over(daemon, stormy);
	const served = { ...await flood.stop(), wagers: await wagers.stop() };
	await money.assertPaid(world, stormy, was);
	assert.equal(await world.sql(`SELECT count(*) >= ${served.wagers}, ${served.wagers} > 50 FROM jackpot.contributions`), 't|t');
	assert.equal(await world.sql('SELECT * FROM jackpot.faults'), '');
	const slots = [await slotsOfDraw(world, calm), await slotsOfDraw(world, stormy)];
	t.diagnostic(`slots from BIND to DRAW: calm ${slots[0]}, stormy ${slots[1]}; meanwhile ${JSON.stringify(served)}`);
	assert.ok(slots[1] <= slots[0] + 20, `calm ${slots[0]} slots, stormy ${slots[1]}`);
	assert.ok(served.answered <= FLOOD * (served.milliseconds / LOOK_MS + 1), 'HTTP is looked at now and then only');
	assert.ok(served.different <= served.milliseconds / FRESH_MS + 1, 'a page is not written for each request');
	await crawlers.stop(); // nobody may stay, however slowly he goes on
	await probe.ready();
	const last = await probe.crawl(10);
	await daemon.kill('SIGTERM');
	assert.equal(daemon.code, 0, 'it ends well with clients on the line');
	await last.stop();
});

// pm2 that stands still: stderr is a pipe that is full, and nobody reads it. Nothing may wait for that.
async function assertReadyUnheard(world) {
	const pipe = path.join(world.directory, 'stderr');
	execFileSync('mkfifo', [pipe]);
	const file = fs.openSync(pipe, fs.constants.O_RDWR | fs.constants.O_NONBLOCK);
	try {
		for (;;) fs.writeSync(file, Buffer.alloc(4096, '.'));
	} catch (error) {
		assert.equal(error.code, 'EAGAIN');
	}
	const port = await freePort();
	const stderr = fs.openSync(pipe, 'w');
	const child = spawn(BINARY, [], { env: world.environment({ KEEPER_HTTP: `127.0.0.1:${port}`, LOG_LEVEL: 'debug' }), stdio: ['ignore', 'ignore', stderr] });
	const exited = new Promise((resolve) => { child.once('exit', resolve); });
	const probe = new Probe(port);
	const look = () => probe.json('/api/monitor/status').catch(() => ({}));
	for (const deadline = Date.now() + 30000; !((await look()).ticks > 2);) {
		assert.ok(Date.now() < deadline, 'it waits for who reads its log');
		await sleep(100);
	}
	child.kill('SIGTERM');
	assert.equal(await exited, 0);
	for (const each of [stderr, file]) fs.closeSync(each);
}

test('a port that another process has is named and taken over when it is free; a standby is ready', async (t) => {
	const world = await World.start();
	t.after(() => world.stop());
	const other = http.createServer((request, response) => response.end('other'));
	await new Promise((resolve) => { other.listen(0, '127.0.0.1', resolve); });
	const { port } = other.address();
	const daemon = world.startDaemonWith({ KEEPER_HTTP: `127.0.0.1:${port}`, PORT: '5000' });
	const line = await daemon.wait('http.not_listening', { key: 'KEEPER_HTTP', value: `127.0.0.1:${port}` });
	assert.match(line.why, /another process has this port/);
	assert.equal(daemon.all('config.ignored', { key: 'PORT' }).length, 1);
	await daemon.wait('lease.held');
	await new Promise((resolve) => { other.close(resolve); });
	await (await Probe.of(daemon)).ready();
	await assertReadyUnheard(world);
	const standby = await Probe.of(world.startDaemon());
	await standby.until('/readyz', ({ status, text }) => status === 200 && /^role=standby$/m.test(text), 'a standby that is ready');
	assert.equal(valueOf(await standby.metrics(), 'poolkeeper_leader'), 0);
});
