// The network loses, delays and undoes: every transaction lands once or is proven never to have landed.
'use strict';

const assert = require('node:assert/strict');
const { test } = require('node:test');
const { World, sleep } = require('./world.js');
const { startTrap } = require('./trap.js');
const money = require('./money.js');

async function drawWith(t, { options, atStart = () => {}, during = () => {}, settings }) {
	const world = await World.start({ ...options, settings });
	t.after(() => world.stop());
	const pool = await world.lockedPool();
	const was = await money.before(world, pool);
	await world.pastLock();
	await atStart(world);
	const daemon = world.startDaemon();
	const subject = new RegExp(pool.address);
	await during(world, daemon, subject, pool);
	await daemon.wait('draw.wait', { subject, reason: 'OVER' });
	const paid = await money.assertPaid(world, pool, was);
	await money.assertNothingUnknown(world);
	return { world, daemon, subject, pool, paid };
}

test('sent transactions vanish: the same bytes are sent again until they land', async (t) => {
	const { daemon, subject } = await drawWith(t, { atStart: (world) => world.scenario.chain('faults', { drop: 3 }) });
	const signatures = new Set(daemon.all('tx.send', { subject, step: 'BIND' }).map((event) => event.sig));
	assert.equal(signatures.size, 1, 'one BIND was ever signed');
});

test('the reply to a send is lost after it landed: nothing is sent twice to effect', async (t) => {
	const lost = { method: 'sendTransaction', kind: 'reply_lost', count: 4 };
	const { world, pool } = await drawWith(t, { atStart: (w) => w.scenario.chain('faults', { http: [lost] }) });
	assert.equal(await world.sql(`SELECT count(*) FROM keeper.steps WHERE subject LIKE 'draw:${pool.address}:%'`), '2');
});

test('a blockhash expires before its transaction lands: proven absent by two nodes, then signed anew', async (t) => {
	const { daemon, subject, world, pool } = await drawWith(t, {
		options: { nodes: 2 },
		during: async (w, d, s) => {
			// The canary is done; from here on nothing of ours lands until its hash is dead.
			await d.wait('tx.landed', { step: 'CANARY_INIT' });
			await w.scenario.chain('faults', { node: [0, 1], drop: 1000 });
			await d.wait('tx.send', { subject: s, step: 'BIND' });
			await w.scenario.chain('expireBlockhashes');
			await w.scenario.chain('faults', { node: [0, 1], drop: 0 });
			await d.wait('tx.expired', { subject: s, step: 'BIND' });
		},
	});
	assert.equal(daemon.all('tx.expired', { subject }).length, 1);
	assert.equal(await world.sql(`SELECT string_agg(step || ' ' || state, ', ' ORDER BY seq) FROM keeper.steps WHERE subject LIKE 'draw:${pool.address}:%'`),
		'BIND expired, BIND final, DRAW final');
});

// A confirmed block is undone: the landed row opens again with the same bytes, also when the daemon dies around that statement.
async function forkAfter(t, step, when) {
	const world = await World.start({ nodes: 2 });
	t.after(() => world.stop());
	const pool = await world.lockedPool();
	const was = await money.before(world, pool);
	const [subject, draw] = [new RegExp(pool.address), `draw:${pool.address}:`];
	await world.pastLock();
	const trap = await startTrap(world.daemonUrl);
	t.after(() => trap.close());
	const first = world.startDaemonWith({ DATABASE_URL: trap.url });
	const sprung = trap.spring({ texts: ['keeper.step_reopen', draw], when, kill: () => first.kill() });
	const landed = await first.wait('tx.landed', { subject, step });
	const { lost } = await world.scenario.chain('rollbackFrom', Number(landed.slot));
	assert.ok(lost.includes(landed.sig), 'the fork undid it');
	await sprung;
	await first.exited;
	const state = await world.sql(`SELECT state FROM keeper.steps WHERE starts_with(subject, '${draw}') AND sig = '${landed.sig}'`);
	assert.equal(state, when === 'before' ? 'landed' : 'open');
	await world.forgetLease();
	const last = world.startDaemon();
	await last.wait('draw.wait', { subject, reason: 'OVER' });
	await money.assertPaid(world, pool, was);
	await money.assertNothingUnknown(world);
	assert.equal(last.all('tx.reopened', { subject, sig: landed.sig }).length > 0, when === 'before', 'it is opened again once');
	// On a slow machine the bytes may expire before they land again; then, and only then, others were signed.
	const signatures = (event) => new Set([first, last].flatMap((daemon) => daemon.all(event, { subject, step })).map(({ sig }) => sig));
	assert.equal(signatures('tx.open').size, 1 + signatures('tx.expired').size, 'the same bytes landed again, or expired');
	const settled = await world.sql(`SELECT count(*) FROM keeper.steps WHERE starts_with(subject, '${draw}') AND state NOT IN ('final', 'failed', 'expired')`);
	assert.equal(settled, '0');
}

const FORKS = process.env.POOLKEEPER_TEST_FULL ? [['BIND', 'before'], ['BIND', 'after'], ['DRAW', 'before'], ['DRAW', 'after']] : [['BIND', 'before'], ['DRAW', 'after']];
for (const [step, when] of FORKS) test(`a fork undoes the ${step}, and kill -9 comes ${when} Postgres opened its row again`, (t) => forkAfter(t, step, when));

test('one of two nodes lies that it knows nothing: nothing is signed anew', async (t) => {
	const { daemon, subject } = await drawWith(t, {
		options: { nodes: 2 }, atStart: (world) => world.scenario.chain('faults', { node: 1, statuses: 'null' }),
	});
	assert.equal(new Set(daemon.all('tx.open', { subject }).map((event) => event.sig)).size, 2);
});

test('a node lags by 40 slots: its old views are not acted on', (t) => drawWith(t, {
	options: { nodes: 2 }, atStart: (world) => world.scenario.chain('faults', { node: 0, lag: 40 }),
}));

test('rate limits, HTML, cut bodies and hanging calls: the draw goes on', (t) => drawWith(t, {
	options: { nodes: 2 }, settings: { RPC_TIMEOUT_MS: '1000' },
	atStart: (world) => world.scenario.chain('faults', { node: 0, http: [
		{ kind: 'status', status: 429, retryAfter: 1, count: 3 }, { kind: 'html', count: 2 }, { kind: 'truncated', count: 2 }, { kind: 'huge', count: 1 },
		{ kind: 'wrong_types', count: 2 }, { kind: 'wrong_id', count: 2 }, { kind: 'reset', count: 2 }, { kind: 'hang', ms: 3000, count: 1 },
	] }),
}));

test('somebody else unlocks first: the bind without unlock follows', async (t) => {
	const world = await World.start();
	t.after(() => world.stop());
	const pool = await world.lockedPool();
	const was = await money.before(world, pool);
	await world.pastLock();
	await world.scenario.send([world.devWallet], [world.scenario.instruction('unlock_pool', pool, world.devWallet)]);
	await sleep(500);
	const daemon = world.startDaemon();
	await daemon.wait('draw.wait', { subject: new RegExp(pool.address), reason: 'OVER' });
	await money.assertPaid(world, pool, was);
});
