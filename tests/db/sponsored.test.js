// Whom sponsored players play for: read from the app's table until the draw has a step, fixed from then on.
'use strict';

const test = require('node:test');
const assert = require('node:assert');
const { startPostgres } = require('../lib/postgres');
const { newKeeper, key, signature, DRAW, step, close, payout, view, addAppPool } = require('./keeper');

let server;
test.before(async () => { server = await startPostgres({ settings: { track_functions: 'none' } }); });
test.after(() => server.stop());

const args = (players = ['C', 'V', 'W']) => ({ draw: DRAW, app_id: 1, players: players.map(key) });
const pairs = (rows) => rows.map((row) => `${row.auxiliary.at(-1)}:${row.recipient?.at(-1) ?? '-'}`).sort().join(' ');
const fix = async (keeper, players) => pairs(await keeper.call('sponsors_fix', { fence: 1, ...args(players) }));
const look = async (keeper, players) => pairs(await keeper.call('sponsors_look', args(players)));
const map = (keeper, auxiliary, real, pool = 1) => keeper.sql(`INSERT INTO public.sponsored_participants (pool_id, real_wallet, auxiliary_wallet, auxiliary_index) VALUES (${pool}, '${real}', '${auxiliary}', 8)`);

async function sponsoredPool(values = {}) {
	const keeper = await newKeeper(server);
	await addAppPool(keeper, { is_free: 1, ...values });
	await addAppPool(keeper, { is_free: 1, pool_address: key('X') });
	await map(keeper, key('V'), key('A'));
	await map(keeper, key('W').toLowerCase(), ` ${key('B')} `);
	await map(keeper, key('C'), key('E'), 2);
	await map(keeper, key('Y'), key('F'));
	return keeper;
}

test('the players of this pool that the app maps, by public key, in whatever casing', async () => {
	const keeper = await sponsoredPool();
	assert.equal(await look(keeper), 'V:A W:B');
	assert.equal(Number(await keeper.sql('SELECT count(*) FROM keeper.sponsored')), 0, 'looking keeps nothing');
	assert.equal(await fix(keeper), 'V:A W:B');
	assert.match(await keeper.refusal('sponsors_fix', { ...args(), fence: 0 }), /^PK001/);
});

test('a pool that is not sponsored, or that the app does not know, has no sponsored players', async () => {
	assert.equal(await fix(await sponsoredPool({ is_free: 0 })), '');
	const keeper = await sponsoredPool();
	assert.deepEqual(await keeper.call('sponsors_fix', { fence: 1, ...args(), app_id: null }), []);
});

test('two people, no wallet, or a wallet that lost its casing: nobody', async () => {
	for (const real of ['nonsense', key('A').toLowerCase(), '']) {
		const keeper = await sponsoredPool();
		await keeper.sql(`UPDATE public.sponsored_participants SET real_wallet = '${real}' WHERE auxiliary_wallet = '${key('V')}'`);
		assert.equal(await fix(keeper), 'V:- W:B', real);
	}
	const keeper = await sponsoredPool();
	await map(keeper, key('V'), key('G'));
	assert.equal(await fix(keeper), 'V:- W:B');
});

test('until the draw has a step the table is followed, from then on it is not', async () => {
	const keeper = await sponsoredPool();
	const change = (letter) => keeper.sql(`UPDATE public.sponsored_participants SET real_wallet = '${key(letter)}' WHERE auxiliary_wallet = '${key('V')}'`);
	await fix(keeper);
	await change('G');
	assert.equal(await fix(keeper), 'V:G W:B');
	await keeper.sql(`DELETE FROM public.sponsored_participants WHERE auxiliary_wallet = '${key('W').toLowerCase()}'`);
	assert.equal(await fix(keeper), 'V:G');
	await keeper.call('step_open', step());
	await change('H');
	await map(keeper, key('W'), key('B'));
	for (const read of [fix, look]) assert.equal(await read(keeper), 'V:G');
	await keeper.call('step_close', close({ outcome: 'expired', landed: null }));
	assert.equal(await fix(keeper), 'V:H W:B', 'nothing of that step took effect');
	await keeper.call('step_open', step({ prev_seq: 1, sig: signature('B') }));
	await keeper.call('step_close', close({ seq: 2, outcome: 'final' }));
	await change('G');
	assert.equal(await fix(keeper, []), 'V:H W:B', 'the players are gone from the chain after the payout');
});

test('people are told and bring their referrers, not the wallets of the house', async () => {
	const keeper = await sponsoredPool({ max_participants: 3 });
	await keeper.call('observe', view());
	for (const [i, letter] of ['C', 'V', 'W'].entries()) {
		await keeper.sql(`INSERT INTO keeper.calls (signature, ix, inner_ix, slot, block_time, draw, app_id, user_wallet, instruction)
			VALUES (decode(repeat('0${i}', 64), 'hex'), 0, -1, 5, 1700000000, '${DRAW}', 1, '${key(letter)}', '${i ? 'join_pool' : 'create_pool'}')`);
	}
	await keeper.sql(`INSERT INTO public.referral_relations (referred_wallet, referrer_wallet) VALUES ('${key('A').toLowerCase()}', 'anna'), ('${key('V').toLowerCase()}', 'house')`);
	await keeper.call('payout_record', payout({ winner: key('V'), recipient: key('A') }));
	assert.equal(await keeper.sql("SELECT wallet_address FROM public.notifications WHERE type = 'win'"), key('A').toLowerCase());
	assert.equal(await keeper.sql("SELECT string_agg(right(wallet_address, 1), ' ' ORDER BY wallet_address) FROM public.notifications WHERE type = 'unlocked'"), 'a b c');
	assert.equal(await keeper.sql('SELECT referrer_wallet, amount FROM public.referral_reward_events'), 'anna|101');
});
