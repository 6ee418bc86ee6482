// Every transaction of users is verified and recorded once, whatever happened to the daemon, the nodes and the app meanwhile.
'use strict';

const assert = require('node:assert/strict');
const { test } = require('node:test');
const { World, sleep } = require('./world.js');
const { Players } = require('./players.js');

// Until keeper.calls holds what the chain says, for every one of these pools.
async function recordedAll(players, pools, within = 60000) {
	await players.settled();
	for (const deadline = Date.now() + within; ; await sleep(200)) {
		const differences = [];
		for (const pool of pools) {
			const [expected, recorded] = [await players.calls(pool), await players.recorded(pool)];
			if (expected.join() !== recorded.join()) differences.push([expected, recorded]);
		}
		if (differences.length === 0) return;
		if (Date.now() > deadline) assert.deepEqual(differences[0][1], differences[0][0]);
	}
}

async function stage(t, options) {
	const world = await World.start(options);
	t.after(() => world.stop());
	return { world, players: new Players(world, await world.mint()) };
}

test('a cancelled pool: everything up to the last refund and the rent is recorded, and then it is looked at no more', async (t) => {
	const { world, players } = await stage(t);
	const [creator, second, third] = [await players.wallet(), await players.wallet(), await players.wallet()];
	const pool = await players.create(creator);
	const daemon = world.startDaemon();
	await daemon.wait('call.verified', { instruction: 'create_pool' });
	await players.join(pool, second);
	await players.donate(pool, third, 25n * players.mint.unit, 30n * players.mint.unit);
	await players.join(pool, third);
	await recordedAll(players, [pool]);
	await players.cancel(pool);
	for (const player of [third, creator, second]) await players.refund(pool, player);
	await recordedAll(players, [pool]);
	await players.rent(pool);
	await recordedAll(players, [pool]);
	const calls = await players.recorded(pool);
	assert.equal(calls.length, 10);
	for (const deadline = Date.now() + 20000; await world.sql('SELECT gone FROM keeper.watermarks') !== 't';) {
		assert.ok(Date.now() < deadline, 'the address is watched for ever');
		await sleep(100);
	}
	assert.equal(await world.sql('SELECT count(*) FROM keeper.call_gaps'), '0');
	assert.equal(await world.sql(`SELECT status FROM public.pools WHERE id = ${pool.id}`), 'cancelled');
});
