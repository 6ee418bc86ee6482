// The invariant watch names what does not agree once, compares again by itself, and costs a quiet tick nothing.
'use strict';

const assert = require('node:assert/strict');
const { test } = require('node:test');
const { startWorld, addToVault, openPool, of, standing } = require('./falsified.js');
const money = require('./money.js');
const { sleep } = require('./world.js');

test('what the app\'s tables say wrong is only an alert: the pool is drawn and paid exactly', async (t) => {
	const world = await startWorld(t);
	const pool = await world.lockedPool({ lockDuration: 600 });
	const was = await money.before(world, pool);
	// It insists: else the number is set again from the chain before anybody can be told of it.
	await world.sql(`CREATE FUNCTION public.insist() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.participants_count := 99; RETURN NEW; END';
		CREATE TRIGGER insist BEFORE UPDATE ON public.pools FOR EACH ROW EXECUTE FUNCTION public.insist(); UPDATE public.pools SET total_pot = 0`);
	const daemon = world.startDaemon();
	await daemon.wait('watch.mismatch', of(pool, { level: 'warn', scope: 'app', kind: 'app_count', expected: 3, found: 99 }));
	await world.sql('DROP FUNCTION public.insist CASCADE');
	const app = () => world.sql('SELECT participants_count, total_pot FROM public.pools');
	for (const deadline = Date.now() + 20000; await app() !== '3|300'; await sleep(50)) assert.ok(Date.now() < deadline, `set again from the chain: ${await app()}`);
	await world.sql('UPDATE public.pools SET participants_count = 98, total_pot = 7');
	await world.pastLock(601);
	await world.recorded(pool);
	assert.equal(await app(), '3|300');
	await money.assertPaid(world, pool, was);
	assert.equal(daemon.all('draw.halt').length, 0);
	assert.equal(daemon.all('watch.mismatch', of(pool, { kind: 'app_count', found: 99 })).length, 1, 'named once');
});

test('a pool on which nothing happens is compared again by itself', async (t) => {
	const world = await startWorld(t, { settings: { WATCH_SECONDS: '10' } });
	const mint = await world.mint();
	const idle = await openPool(world, mint);
	const known = await openPool(world, mint);
	await addToVault(world, known, 1n);
	const daemon = world.startDaemon();
	await daemon.wait('watch.mismatch', of(known, { kind: 'vault_dust' }));
	await addToVault(world, idle, -1n);
	await daemon.wait('watch.mismatch', of(idle, { kind: 'vault_short' }));
	await addToVault(world, idle, 1n);
	await daemon.wait('watch.gone', of(idle, { kind: 'vault_short' }));
	assert.equal(await standing(world), 'vault_dust');
});

test('a quiet tick is one request, and the sweep none', async (t) => {
	const world = await startWorld(t, { settings: { LOG_LEVEL: 'debug' } });
	const mint = await world.mint();
	for (let i = 0; i < 3; i++) await openPool(world, mint);
	const daemon = world.startDaemon();
	const tick = () => daemon.wait('tick', { changed: '0' }, { from: daemon.events.length });
	for (let i = 0; i < 3; i++) await tick();
	await world.scenario.chain('stats', { reset: true });
	const before = daemon.all('tick').length;
	for (let i = 0; i < 5; i++) await tick();
	const { nodes: [{ methods }] } = await world.scenario.chain('stats', {});
	const ticks = daemon.all('tick').length - before;
	assert.ok(methods.getMultipleAccounts <= ticks + 1, `${methods.getMultipleAccounts} requests in ${ticks} ticks`);
	assert.equal(await standing(world), '');
});

test('a dry run names what does not agree and writes nothing', async (t) => {
	const world = await startWorld(t);
	const pool = await openPool(world, await world.mint());
	await addToVault(world, pool, -1n);
	const daemon = world.startDaemon('--dry-run');
	await daemon.wait('watch.mismatch', of(pool, { kind: 'vault_short' }));
	assert.equal(await world.sql('SELECT count(*) FROM keeper.mismatches'), '0');
});
