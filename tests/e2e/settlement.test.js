// What follows a draw in the web backend's tables: each thing once, whatever happens to the daemon on the way.
'use strict';

const test = require('node:test');
const assert = require('node:assert/strict');
const { World, sleep } = require('./world.js');
const money = require('./money.js');

const told = (world, pool) => world.sql(`SELECT type, wallet_address FROM public.notifications WHERE pool_id = ${pool.id} ORDER BY 1, 2`);

function expected(pool, winner) {
	const players = pool.players.map((player) => player.address.toLowerCase());
	return [...players.map((wallet) => `randomness|${wallet}`), ...players.map((wallet) => `unlocked|${wallet}`), `win|${winner.toLowerCase()}`].sort();
}

async function addPlayers(world, pool) {
	for (const player of pool.players) {
		await world.sql(`INSERT INTO public.participants (pool_id, wallet_address) VALUES (${pool.id}, '${player.address.toLowerCase()}')`);
	}
}

test('players are told once although the daemon is killed at every turn of the draw', async (t) => {
	const world = await World.start();
	t.after(() => world.stop());
	const pool = await world.lockedPool();
	await addPlayers(world, pool);
	await world.sql(`INSERT INTO public.pool_chat_messages (pool_id, wallet_address, message) VALUES (${pool.id}, 'someone', 'hello')`);
	await world.sql(`INSERT INTO public.referral_relations (referred_wallet, referrer_wallet) VALUES ('${pool.players[0].address.toLowerCase()}', 'anna')`);
	const was = await money.before(world, pool);
	await world.pastLock();
	// In each life something that cannot have happened before.
	for (const moment of [['tx.send', { step: 'BIND' }], ['tx.send', { step: 'DRAW' }], ['draw.paid', {}]]) {
		const daemon = world.startDaemon();
		await daemon.wait(...moment);
		await daemon.kill('SIGKILL');
		await world.forgetLease();
	}
	const last = world.startDaemon();
	await world.recorded(pool);
	const { winner, shares } = await money.assertPaid(world, pool, was);
	assert.deepEqual((await told(world, pool)).split('\n'), expected(pool, winner));
	assert.equal(await world.sql(`SELECT count(*) FROM public.pool_chat_messages WHERE pool_id = ${pool.id}`), '0');
	assert.equal(await world.sql(`SELECT referrer_wallet, amount_pending FROM public.referral_rewards`), `anna|${shares.treasury}`);
	await last.kill('SIGTERM');
});

test('players that the backend never wrote down are told and bring their referrers', async (t) => {
	const world = await World.start({ settings: { CLEAR_POOL_CHAT: '0' } });
	t.after(() => world.stop());
	const pool = await world.lockedPool();
	await world.sql(`INSERT INTO public.pool_chat_messages (pool_id, wallet_address, message) VALUES (${pool.id}, 'someone', 'hello')`);
	for (const [i, player] of pool.players.entries()) {
		await world.sql(`INSERT INTO public.referral_relations (referred_wallet, referrer_wallet) VALUES ('${player.address.toLowerCase()}', 'referrer${i}')`);
	}
	const was = await money.before(world, pool);
	await world.pastLock();
	world.startDaemon();
	await world.recorded(pool);
	const { winner, shares } = await money.assertPaid(world, pool, was);
	while (await world.sql('SELECT count(*) FROM keeper.draws WHERE shared_at IS NULL') !== '0') await sleep(100);
	assert.equal(await world.sql('SELECT sum(amount), count(*) FROM keeper.referral_shares'), `${shares.treasury}|${pool.players.length}`);
	assert.deepEqual((await told(world, pool)).split('\n'), expected(pool, winner));
	assert.equal(await world.sql(`SELECT count(*) FROM public.pool_chat_messages WHERE pool_id = ${pool.id}`), '1');
});
