// What follows a draw, each once: notifications at the status that is seen, the winner's row, the referrers' shares, the pool's chat.
'use strict';

const test = require('node:test');
const assert = require('node:assert');
const { startPostgres } = require('../lib/postgres');
const { newKeeper, key, POOL, DRAW, commit, answer, payout, view, addAppPool } = require('./keeper');

let server;
test.before(async () => { server = await startPostgres({ settings: { track_functions: 'none' } }); });
test.after(() => server.stop());

const low = (letter) => key(letter).toLowerCase();
const observe = (keeper, overrides) => keeper.call('observe', view(overrides));
const count = async (keeper, table, where = 'true') => Number(await keeper.sql(`SELECT count(*) FROM ${table} WHERE ${where}`));
// "type wallet" of every notification, sorted.
const told = async (keeper) => (await keeper.sql('SELECT type, wallet_address FROM public.notifications ORDER BY 1, 2')).split('\n').filter(Boolean).map((line) => line.replace('|', ' '));
const all = (type, ...letters) => letters.map((letter) => `${type} ${low(letter)}`).sort();

function addPlayers(keeper, ...letters) {
	return keeper.sql(`INSERT INTO public.participants (pool_id, wallet_address, bet_usd) VALUES ${letters.map((letter) => `(1, '${low(letter)}', 4)`).join(', ')}`);
}

// A player's join (or the creator's entry) that the daemon read from the chain.
function addCall(keeper, letter, instruction = 'join_pool') {
	return keeper.sql(`INSERT INTO keeper.calls (signature, ix, inner_ix, slot, block_time, draw, app_id, user_wallet, instruction)
		VALUES (decode(repeat('${Buffer.from(letter).toString('hex')}', 64), 'hex'), 0, -1, 5, 1700000000, '${DRAW}', 1, '${key(letter)}', '${instruction}')`);
}

async function lockedPool(values = {}, ...players) {
	const keeper = await newKeeper(server);
	await addAppPool(keeper, values);
	await addPlayers(keeper, ...(players.length ? players : ['V', 'W']));
	await observe(keeper);
	return keeper;
}

test('a status is told to every player once, however often and in whatever order it is seen', async () => {
	const keeper = await lockedPool();
	assert.deepEqual(await told(keeper), []);
	await observe(keeper, { slot: 110, status: 2 });
	assert.deepEqual(await told(keeper), all('unlocked', 'C', 'V', 'W'), 'players and creator');
	await observe(keeper, { slot: 111, status: 3 });
	const both = [...all('randomness', 'V', 'W'), ...all('unlocked', 'C', 'V', 'W')];
	assert.deepEqual(await told(keeper), both, 'players');
	// A fork takes the status back, another branch brings it again.
	await observe(keeper, { slot: 112, status: 1 });
	await observe(keeper, { slot: 113, status: 3 });
	assert.deepEqual(await told(keeper), both);
	await keeper.sql("DELETE FROM public.notifications WHERE type = 'unlocked'");
	await observe(keeper, { slot: 114, status: 2 });
	await observe(keeper, { slot: 115, status: 5, winner: key('W') });
	assert.deepEqual(await told(keeper), all('randomness', 'V', 'W'), 'what a user deleted does not come back');
});

test('statuses that no view caught are told all the same', async () => {
	const keeper = await lockedPool();
	await observe(keeper, { slot: 110, status: 6, total_amount: 0, participants: 0, winner: key('W') });
	assert.deepEqual(await told(keeper), [...all('randomness', 'V', 'W'), ...all('unlocked', 'C', 'V', 'W')]);
});

test('a draw that was over when it was first seen is history, a cancelled one is told', async () => {
	for (const [status, expected] of [[6, []], [8, []], [7, all('cancel', 'V')]]) {
		const keeper = await newKeeper(server);
		await addAppPool(keeper);
		await addPlayers(keeper, 'V');
		await observe(keeper, { status });
		assert.deepEqual(await told(keeper), expected, `status ${status}`);
	}
});

test('a cancelled pool is told to its players, those that only the chain knows among them', async () => {
	const keeper = await lockedPool({}, 'V');
	await addCall(keeper, 'V', 'create_pool');
	await addCall(keeper, 'W');
	await observe(keeper, { slot: 110, status: 7, status_reason: 5 });
	await observe(keeper, { slot: 111, status: 0 });
	await observe(keeper, { slot: 112, status: 7, status_reason: 5 });
	assert.deepEqual(await told(keeper), all('cancel', 'V', 'W'));
	const [notice] = await keeper.rows("SELECT type, message, pool_id, pool_name, read FROM public.notifications LIMIT 1");
	assert.deepEqual(notice, { type: 'cancel', message: 'The pool Token was cancelled: you can take your entry back.', pool_id: 1, pool_name: 'Token', read: 0 });
});

test('what somebody else wrote already is not written beside it', async () => {
	const keeper = await lockedPool();
	await keeper.sql(`INSERT INTO public.notifications (wallet_address, type, title, message, pool_id) VALUES ('${key('V')}', 'unlocked', 't', 'm', 1)`);
	await observe(keeper, { slot: 110, status: 2 });
	assert.equal(await count(keeper, 'public.notifications', `lower(wallet_address) = '${low('V')}'`), 1);
	assert.equal(await count(keeper, 'public.notifications'), 3);
});

test('with the payout late players are told, and the random number is filled in', async () => {
	const keeper = await lockedPool({}, 'V');
	await observe(keeper, { slot: 110, status: 3 });
	await addCall(keeper, 'W');
	await keeper.call('commit_record', commit(answer('ab')));
	await keeper.call('payout_record', payout());
	assert.deepEqual(await told(keeper), [...all('randomness', 'V', 'W'), ...all('unlocked', 'C', 'V', 'W'), ...all('win', 'W')]);
	assert.equal(await keeper.sql("SELECT DISTINCT randomness FROM public.notifications WHERE type = 'randomness'"), 'ab'.repeat(32));
});

test('the chat of a paid pool goes, of no other pool, and only where it is switched on', async () => {
	for (const clear_chat of [true, false]) {
		const keeper = await lockedPool();
		await addAppPool(keeper, { pool_address: key('X') });
		await keeper.sql("INSERT INTO public.pool_chat_messages (pool_id, wallet_address, message) VALUES (1, 'v', 'hello'), (2, 'v', 'hello')");
		await keeper.call('payout_record', payout({ clear_chat }));
		assert.equal(await keeper.sql('SELECT string_agg(pool_id::text, $$ $$ ORDER BY pool_id) FROM public.pool_chat_messages'), clear_chat ? '2' : '1 2');
		await keeper.sql("INSERT INTO public.pool_chat_messages (pool_id, wallet_address, message) VALUES (1, 'v', 'thanks')");
		await keeper.call('payout_record', payout({ clear_chat }));
		assert.equal(await count(keeper, 'public.pool_chat_messages', "message = 'thanks'"), 1, 'a repeat clears nothing');
	}
});

const referrals = (keeper, pairs) => keeper.sql(`INSERT INTO public.referral_relations (referred_wallet, referrer_wallet) VALUES ${pairs.map(([referred, referrer]) => `('${referred}', '${referrer}')`).join(', ')}`);
const shares = (keeper) => keeper.sql('SELECT referrer_wallet, amount FROM public.referral_reward_events ORDER BY 1');

test('the shares add up to the fee to the last base unit, in the tables and for whatever number of referrers', async () => {
	for (const [fee, expected] of [[101, 'anna|34\nbob|34\ncarl|33'], [2, 'anna|1\nbob|1'], [0, '']]) {
		const keeper = await lockedPool({}, 'U', 'V', 'W');
		await referrals(keeper, [[low('U'), 'carl'], [key('V'), 'Anna'], [low('W'), 'bob']]);
		await keeper.call('payout_record', payout({ treasury_amount: fee, winner_amount: '10', dev_amount: 0, burn_amount: 0, total_amount: 10 + fee }));
		assert.equal(await shares(keeper), expected);
		assert.equal(await count(keeper, 'keeper.draws', 'shared_at IS NOT NULL'), 1);
		assert.equal(Number(await keeper.sql('SELECT coalesce(sum(amount), 0) FROM keeper.referral_shares')), fee);
	}
});

test('what is pending already stays, whatever its text', async () => {
	for (const [before, after] of [['7.0', '108'], ['1000', '1101'], ['oops', '101']]) {
		const keeper = await lockedPool();
		await referrals(keeper, [[low('V'), 'anna']]);
		await keeper.sql(`INSERT INTO public.referral_rewards (referrer_wallet, token_mint, amount_pending) VALUES ('Anna', '${key('M')}', '${before}')`);
		await keeper.call('payout_record', payout());
		assert.equal(await keeper.sql('SELECT amount_pending FROM public.referral_rewards'), after);
	}
});

test('shares that the app wrote first are not written again, nor any share after the first time', async () => {
	const theirs = await lockedPool();
	await referrals(theirs, [[low('V'), 'anna']]);
	await theirs.sql(`INSERT INTO public.referral_reward_events (pool_id, token_mint, referrer_wallet, amount) VALUES (1, '${key('M')}', 'anna', '101')`);
	await theirs.call('payout_record', payout());
	assert.deepEqual([await shares(theirs), await count(theirs, 'public.referral_rewards'), await count(theirs, 'keeper.referral_shares')], ['anna|101', 0, 0]);
	const ours = await lockedPool();
	await referrals(ours, [[low('V'), 'anna']]);
	await ours.call('payout_record', payout());
	// Whatever becomes of the app's tables.
	await ours.sql('DELETE FROM public.referral_reward_events');
	await referrals(ours, [[low('W'), 'bob']]);
	await ours.call('payout_record', payout());
	await ours.sql(`SELECT keeper.share_referral('${DRAW}')`);
	assert.deepEqual([await shares(ours), await ours.sql('SELECT referrer, amount FROM keeper.referral_shares')], ['', 'anna|101']);
});

test('a player that neither the app nor we know yet keeps his referrer: the shares wait for him', async () => {
	const keeper = await lockedPool({}, 'V');
	await referrals(keeper, [[low('V'), 'anna'], [low('W'), 'bob']]);
	await observe(keeper, { slot: 110, status: 2 });
	await keeper.call('payout_record', payout());
	assert.deepEqual(await keeper.call('settle_rest', { fence: 1, clear_chat: true }), [{ settle_rest: 1 }]);
	assert.equal(await shares(keeper), '');
	await addCall(keeper, 'W');
	assert.deepEqual(await keeper.call('settle_rest', { fence: 1, clear_chat: true }), [{ settle_rest: 0 }]);
	assert.equal(await shares(keeper), 'anna|51\nbob|50');
	assert.deepEqual(await keeper.call('settle_rest', { fence: 1, clear_chat: true }), [{ settle_rest: 0 }]);
	assert.equal(await count(keeper, 'public.notifications', `type = 'unlocked' AND wallet_address = '${low('W')}'`), 1);
	await keeper.call('payout_record', payout());
	assert.equal(await shares(keeper), 'anna|51\nbob|50');
});

test('after a week the shares go to the referrers of those who are known', async () => {
	const keeper = await lockedPool({}, 'V');
	await referrals(keeper, [[low('V'), 'anna'], [low('W'), 'bob']]);
	await keeper.call('payout_record', payout());
	await keeper.sql("UPDATE keeper.draws SET paid_at = paid_at - interval '8 days'");
	await keeper.call('settle_rest', { fence: 1, clear_chat: true });
	assert.equal(await shares(keeper), 'anna|101');
});

test('a payout whose app row comes later is written then, without old news', async () => {
	const keeper = await newKeeper(server);
	await keeper.call('payout_record', payout());
	await keeper.call('settle_rest', { fence: 1, clear_chat: true });
	await addAppPool(keeper, { pool_address: POOL });
	await addPlayers(keeper, 'V', 'W');
	await keeper.call('settle_rest', { fence: 1, clear_chat: true });
	assert.equal(await keeper.sql('SELECT status FROM public.pools'), 'ended');
	assert.deepEqual(await told(keeper), all('win', 'W'));
	assert.match(await keeper.refusal('settle_rest', { fence: 0, clear_chat: true }), /^PK001/);
});
