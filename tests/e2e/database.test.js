// Postgres and its pooler restart, freeze, die and stay away: no draw is lost, none is drawn twice, and every record is there in the end.
'use strict';

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { describe, test } = require('node:test');
const { World, sleep } = require('./world.js');
const money = require('./money.js');

const DEADLINE_SLOTS = 3000;
const FREEZE_MS = 8000;
// A killed server must keep what it confirmed: only then is the journal to blame for what is missing.
const DURABLE = { synchronous_commit: 'on' };

const of = (pool) => new RegExp(pool.address);

async function duePool(world, options) {
	const pool = await world.lockedPool({ players: 2, ...options });
	return { pool, was: await money.before(world, pool) };
}

async function paid(world, daemon, { pool, was }) {
	await daemon.wait('draw.wait', { subject: of(pool), reason: 'OVER' });
	await money.assertPaid(world, pool, was);
	await money.assertNothingUnknown(world);
}

const stepsOf = (world, pool) => world.sql(`SELECT string_agg(step || ' ' || state, ', ' ORDER BY seq) FROM keeper.steps WHERE subject LIKE 'draw:${pool.address}:%'`);
const commitsOf = (world, pool) => world.sql(`SELECT count(*) || ' ' || count(answer_value) FROM keeper.commits WHERE draw LIKE 'draw:${pool.address}:%'`);

const answering = (world) => world.gatewayControl({ oracle: 'all', mode: 'ok' });

// One pool is bound and no oracle answers; then `trouble` comes, and goes, and the draw ends as if nothing had been.
async function boundThen(t, options, trouble) {
	const world = await World.start({ postgresSettings: DURABLE, ...options });
	t.after(() => world.stop());
	const draw = await duePool(world);
	await world.pastLock();
	const daemon = world.startDaemon();
	await world.caughtBound(daemon, draw.pool);
	await trouble(world, daemon, draw.pool);
	await paid(world, daemon, draw);
	return { world, pool: draw.pool, daemon };
}

test('Postgres restarts between bind and draw', (t) => boundThen(t, {}, async (world) => {
	await world.postgres.restart();
	await answering(world);
}));

test('Postgres is killed while the draw is being sent: its row is there and nothing is signed anew', async (t) => {
	const { world, pool, daemon } = await boundThen(t, { pooled: false }, async (world, daemon, pool) => {
		await world.scenario.chain('faults', { http: [{ method: 'sendTransaction', kind: 'hang', ms: 1500, count: 3 }] });
		await answering(world);
		await daemon.wait('tx.send', { subject: of(pool), step: 'DRAW' });
		await world.postgres.kill();
		await sleep(1000);
		await world.postgres.start();
	});
	assert.equal(await stepsOf(world, pool), 'BIND final, DRAW final');
	assert.equal(new Set(daemon.all('tx.send', { subject: of(pool), step: 'DRAW' }).map((event) => event.sig)).size, 1);
});

test('pgBouncer restarts, and later is away for some seconds', (t) => boundThen(t, {}, async (world, daemon, pool) => {
	await world.pgbouncer.restart();
	await answering(world);
	await daemon.wait('tx.send', { subject: of(pool), step: 'DRAW' });
	await world.pgbouncer.kill();
	await sleep(3000);
	await world.pgbouncer.start();
}));

test('Postgres freezes for 8 s while the oracle answers late: the answer in hand is kept and nothing is committed again', async (t) => {
	const settings = { ORACLE_BUDGET_SLOTS: '150' };
	const { world, pool } = await boundThen(t, { settings }, async (world, daemon, pool) => {
		await daemon.wait('tx.final', { subject: of(pool), step: 'BIND' });
		world.postgres.freeze();
		const thawed = sleep(FREEZE_MS).then(() => world.postgres.thaw());
		await answering(world);
		await daemon.wait('oracle.ask', { subject: of(pool) }, { from: daemon.events.length });
		// From here on the answer is known, its row is not written, and the time that an oracle gets is over.
		await sleep(500);
		await world.scenario.chain('skipSlots', 200);
		await thawed;
	});
	assert.equal(await stepsOf(world, pool), 'BIND final, DRAW final');
	assert.equal(await commitsOf(world, pool), '1 1');
});

// Where Postgres leaves a draw, by what the journal knows of its bind.
const LEFT_AT = {
	open: async (world, daemon, pool) => { await daemon.wait('tx.send', { subject: of(pool), step: 'BIND' }); },
	landed: async (world, daemon, pool) => {
		await world.caughtBound(daemon, pool);
		await daemon.wait('tx.landed', { subject: of(pool), step: 'BIND' });
		await daemon.wait('oracle.no_answer', { subject: of(pool) });
	},
	final: async (world, daemon, pool) => {
		await world.caughtBound(daemon, pool);
		await daemon.wait('tx.final', { subject: of(pool), step: 'BIND' });
	},
};

const spoolFile = (world) => fs.readdirSync(path.join(world.directory, 'spool'), { recursive: true })
	.reduce((bytes, name) => bytes + fs.statSync(path.join(world.directory, 'spool', name)).size, 0);

async function selected(world, pool) {
	for (;;) {
		const state = await world.scenario.readPool(pool);
		if (state.statusName === 'WinnerSelected') return state;
		if (state.status > 5) throw new Error(`paid while Postgres is away: ${state.statusName}`);
		await sleep(100);
	}
}

// What the spool holds never lands; the next one goes there once that is proven, and lands.
async function losesTheFirst(world, daemon, pool) {
	const from = daemon.events.length;
	await daemon.wait('tx.send', { subject: of(pool), step: 'REVEAL_SELECT' });
	await world.scenario.chain('expireBlockhashes');
	await daemon.wait('draw.wait', { subject: of(pool), reason: 'PROVING_EXPIRY' }, { from });
	await world.scenario.chain('faults', { drop: 0 });
	await daemon.wait('spool.appended', { subject: of(pool), kind: 'step' }, { from });
}

// The daemon waits 60 s of real time before it trusts its spool: a jump of the slots makes 3000 of them out of those seconds.
async function drawnWithoutPostgres(t, { left, pooled, crash, lost }) {
	const world = await World.start({ postgresSettings: DURABLE, pooled });
	t.after(() => world.stop());
	const draw = await duePool(world);
	const { pool } = draw;
	await world.pastLock();
	let daemon = world.startDaemon();
	await LEFT_AT[left](world, daemon, pool);
	await world.postgres.kill();
	await answering(world);
	await daemon.wait('draw.state', { subject: of(pool), to: 'RandomnessCommitted' });
	await world.scenario.chain('skipSlots', 1900);
	if (lost) await world.scenario.chain('faults', { drop: 1000 });
	await daemon.wait('spool.appended', { subject: of(pool), kind: 'step' }, { within: 100000 });
	if (lost) await losesTheFirst(world, daemon, pool);
	const bound = await selected(world, pool);
	const spooled = spoolFile(world);
	if (crash) await daemon.kill('SIGKILL');
	await world.scenario.chain('skipSlots', 1500);
	await sleep(1000);
	assert.ok((await world.scenario.chain('position')).slot > Number(bound.randomnessCommitSlot) + DEADLINE_SLOTS, 'the deadline is over by now');
	await world.postgres.start();
	if (crash) daemon = world.startDaemon();
	await daemon.wait('spool.imported', { subject: of(pool), kind: 'answer' });
	await daemon.wait('spool.imported', { subject: of(pool), kind: 'step' });
	await paid(world, daemon, draw);
	assert.equal(await stepsOf(world, pool), `BIND final, ${lost ? 'REVEAL_SELECT expired, ' : ''}REVEAL_SELECT final, PAYOUT final`);
	assert.equal(await commitsOf(world, pool), '1 1');
	assert.ok(spoolFile(world) < spooled, 'the spool is empty again');
}

describe('Postgres is away for 3000 slots after the bind: selected in time from the local spool, imported and paid later', { concurrency: true }, () => {
	test('its row was open', (t) => drawnWithoutPostgres(t, { left: 'open', pooled: false }));
	test('its row was landed', (t) => drawnWithoutPostgres(t, { left: 'landed', pooled: true }));
	test('its row was final, and what the spool sends first is lost', (t) => drawnWithoutPostgres(t, { left: 'final', pooled: false, lost: true }));
	test('its row was final, and kill -9 before the import', (t) => drawnWithoutPostgres(t, { left: 'final', pooled: true, crash: true }));
});

describe('at the start', () => {
	test('a database without the schema, or with another version of it, ends with 78 and one line', async (t) => {
		const world = await World.start();
		t.after(() => world.stop());
		const refusal = async (settings, args) => {
			const daemon = world.startDaemonWith(settings, ...args);
			assert.equal((await daemon.exit()).code, 78, daemon.log);
			const errors = daemon.events.filter((event) => event.level === 'error');
			assert.equal(errors.length, 1, daemon.log);
			return errors[0].line;
		};
		const empty = await world.postgres.createDatabase('empty');
		for (const args of [[], ['--once']]) assert.match(await refusal({ DATABASE_URL: empty }, args), /schema=none expected=\d+ .*scripts\/db migrate/);
		await world.sql("UPDATE keeper.schema_migrations SET version = '999' WHERE version = (SELECT max(version) FROM keeper.schema_migrations)");
		assert.match(await refusal({}, []), /schema=999 expected=\d+ .*scripts\/db migrate/);
	});

	test('a database that is not there: the daemon waits for it, --once ends with 69', async (t) => {
		const world = await World.start();
		t.after(() => world.stop());
		const draw = await duePool(world);
		await world.pastLock();
		await world.postgres.halt();
		const once = world.startDaemon('--once');
		assert.equal((await once.exit()).code, 69, once.log);
		const daemon = world.startDaemon();
		await daemon.wait('start.waiting', { for: 'database' });
		await sleep(2000);
		assert.equal(daemon.code, undefined, 'it waits');
		await world.postgres.start();
		await paid(world, daemon, draw);
	});

	test('a database that does not exist on the server: one clear reason, again and again until somebody makes it', async (t) => {
		const world = await World.start();
		t.after(() => world.stop());
		const daemon = world.startDaemonWith({ DATABASE_URL: world.postgres.url('nowhere') });
		const waiting = await daemon.wait('start.waiting', { for: 'database' });
		assert.match(waiting.line, /database \\?"nowhere\\?" does not exist/);
		assert.equal(daemon.code, undefined);
	});
});
