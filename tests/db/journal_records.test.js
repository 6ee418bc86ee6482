// What the chain shows becomes rows: views, payouts, answers of oracles and calls of users, each once.
'use strict';

const test = require('node:test');
const assert = require('node:assert');
const { startPostgres } = require('../lib/postgres');
const { newKeeper, key, signature, POOL, DRAW, step, close, commit, answer, payout, view, addAppPool } = require('./keeper');

let server;
test.before(async () => { server = await startPostgres({ settings: { track_functions: 'none' } }); });
test.after(() => server.stop());

const observed = async (keeper, overrides) => (await keeper.call('observe', view(overrides)))[0].observe;
const appPool = async (keeper, id = 1) => (await keeper.rows(`SELECT * FROM public.pools WHERE id = ${id}`))[0];
const count = async (keeper, table, where = 'true') => Number(await keeper.sql(`SELECT count(*) FROM ${table} WHERE ${where}`));

test('a view writes what differs, and nothing when nothing does', async () => {
	const keeper = await newKeeper(server);
	await addAppPool(keeper);
	assert.equal(await observed(keeper), 2);
	const pool = await appPool(keeper);
	assert.deepEqual([pool.status, pool.participants_count, pool.total_pot, pool.lock_start_time, pool.tx_hash], ['locked', 2, 2, 1789999000, 'creation']);
	const rows = "SELECT xmin, ctid, * FROM keeper.draws; SELECT xmin, ctid, * FROM public.pools";
	const before = await keeper.sql(rows);
	assert.equal(await observed(keeper), 0);
	assert.equal(await observed(keeper, { slot: 101 }), 0);
	assert.equal(await keeper.sql(rows), before, 'not one row was touched');
	assert.equal(await observed(keeper, { slot: 102, status: 3, randomness_account: key('R'), commit_slot: 99 }), 2);
	assert.equal(await observed(keeper, { slot: 101, status: 2 }), 0, 'an older slot changes nothing');
	assert.deepEqual([(await appPool(keeper)).status, (await appPool(keeper)).randomness_account], ['randomness', key('R')]);
	await keeper.sql("UPDATE public.pools SET status = 'open', participants_count = 7");
	assert.equal(await observed(keeper, { slot: 103, status: 3, randomness_account: key('R'), commit_slot: 99 }), 1, 'set again from the chain');
	assert.deepEqual([(await appPool(keeper)).status, (await appPool(keeper)).participants_count], ['randomness', 2]);
});

test('every status byte has its word, and unknown counts stay', async () => {
	const keeper = await newKeeper(server);
	await addAppPool(keeper);
	const words = ['open', 'locked', 'unlocking', 'randomness', 'randomness', 'winnerSelected', null, 'cancelled', 'closed'];
	for (const [status, word] of words.entries()) {
		await observed(keeper, { slot: 200 + status, status, participants: null, decimals: null, total_amount: 5 + status });
		assert.equal((await appPool(keeper)).status, word ?? 'winnerSelected');
	}
	assert.deepEqual([(await appPool(keeper)).participants_count, (await appPool(keeper)).total_pot], [0, 0]);
});

test('a pool that is locked or bound is not cancelled by what a node says: it stays on the list', async () => {
	const keeper = await newKeeper(server);
	await addAppPool(keeper);
	for (const status of [1, 2, 3, 5]) {
		await observed(keeper, { slot: 200 + 2 * status, status });
		for (const never of [7, 8]) assert.equal(await observed(keeper, { slot: 201 + 2 * status, status: never }), 0);
		assert.equal(await keeper.sql('SELECT status, over FROM keeper.draws'), `${status}|f`);
		assert.deepEqual((await keeper.call('open_pools', { after_id: 0 })).map((row) => row.app_id), [1]);
	}
});

test('u64 and u128 survive whole, and the double is the nearest one', async () => {
	const keeper = await newKeeper(server);
	await addAppPool(keeper);
	const whole = { pool_id: '18446744073709551615', total_amount: '18446744073709551615', randomness: '340282366920938463463374607431768211455', decimals: 9 };
	await observed(keeper, whole);
	assert.equal(await keeper.sql('SELECT pool_id, total_amount, randomness FROM keeper.draws'), '18446744073709551615|18446744073709551615|340282366920938463463374607431768211455');
	assert.equal((await appPool(keeper)).total_pot, 18446744073.709551615);
});

test('a later pool at the same address neither revives nor inherits the app row of the first', async () => {
	const keeper = await newKeeper(server);
	await addAppPool(keeper);
	await observed(keeper, { status: 7 });
	assert.equal(await observed(keeper, { pool_id: 8, slot: 300, status: 0 }), 1);
	assert.equal((await appPool(keeper)).status, 'cancelled');
	assert.equal(await keeper.sql('SELECT pool_id, app_id FROM keeper.draws ORDER BY pool_id'), '7|1\n8|');
	await addAppPool(keeper);
	await observed(keeper, { pool_id: 8, slot: 301, status: 0, app_id: 2, participants: 1 });
	assert.deepEqual([(await appPool(keeper, 1)).status, (await appPool(keeper, 2)).participants_count], ['cancelled', 1]);
});

test('the list of a tick: new ids, open ones, and a draw that the app alone calls over', async () => {
	const keeper = await newKeeper(server);
	for (const status of ['open', 'ended', 'locked']) await addAppPool(keeper, { status });
	const listed = async (after) => (await keeper.tick('one', after)).map((row) => row.app_id);
	assert.deepEqual(await listed(0), [1, 3]);
	assert.deepEqual(await listed(1), [3]);
	assert.deepEqual(await listed(3), [null], 'the lease is answered without pools');
	await observed(keeper);
	await keeper.sql("UPDATE public.pools SET status = 'cancelled' WHERE id = 1");
	assert.deepEqual(await listed(0), [1, 3]);
	await observed(keeper, { slot: 200, status: 6, total_amount: 0, participants: 0 });
	assert.deepEqual(await listed(0), [1, 3], 'ended but not recorded');
	assert.equal(await keeper.sql('SELECT status, participants, total_amount FROM keeper.draws'), '6|2|2000', 'what payout resets on chain stays here');
	await keeper.call('payout_record', payout({ total_amount: 2000, winner_amount: 1397 }));
	assert.deepEqual(await listed(0), [3]);
	for (const [n, status] of ['cancelled', 'closed', 'ended'].entries()) await addAppPool(keeper, { pool_address: key(String(n + 2)), status });
	await addAppPool(keeper, { status: 'cancelled', start_time: '2026-01-01' });
	assert.deepEqual(await listed(0), [3, 4, 5], 'over before anybody saw it, and not long ago');
	await observed(keeper, { app_id: 4, address: key('2'), pool_id: 9, status: 7 });
	await keeper.sql(`INSERT INTO keeper.watermarks (address, gone) VALUES ('${key('3')}', true)`);
	assert.deepEqual(await listed(0), [3], 'seen once');
	const look = await keeper.call('lease_look', { after_id: 0 });
	assert.deepEqual(look.map((row) => [row.held, row.fence, row.app_id]), [[true, 0, 3]]);
});

test('a quiet tick changes one row, the lease', async () => {
	const keeper = await newKeeper(server);
	await addAppPool(keeper);
	await keeper.sql('SELECT pg_stat_reset()');
	const statistics = "SELECT relname, n_tup_ins, n_tup_upd, n_tup_del FROM pg_stat_user_tables WHERE n_tup_ins + n_tup_upd + n_tup_del > 0";
	await keeper.sql(`SELECT 1 FROM keeper.lease_tick('one', 0, 15000); SELECT pg_stat_force_next_flush()`);
	assert.equal(await keeper.sql(statistics), 'lease|0|1|0');
});

async function paidPool(keeper, values = {}) {
	await addAppPool(keeper, values);
	await observed(keeper, { decimals: 9 });
	await keeper.sql(`INSERT INTO public.participants (pool_id, wallet_address, bet_usd) VALUES (1, lower('${key('W')}'), 4), (1, lower('${key('V')}'), 4)`);
	await keeper.sql(`INSERT INTO public.profiles (wallet_address, nickname, avatar_url) VALUES (lower('${key('W')}'), 'Winner', 'face.png')`);
	await keeper.call('step_open', step({ step: 'DRAW', sig: signature('Z') }));
	return keeper;
}

test('a payout is written everywhere, once', async () => {
	const keeper = await paidPool(await newKeeper(server));
	const [row] = await keeper.call('payout_record', payout({ seq: 1 }));
	assert.deepEqual([row.seq, row.state, row.landed_slot], [1, 'final', 150]);
	const tables = ['keeper.draws', 'keeper.steps', 'public.pools', 'public.transactions', 'public.winners_feed', 'public.notifications', 'public.referral_rewards', 'public.referral_reward_events'];
	const everything = () => keeper.sql(tables.map((table) => `SELECT ctid, * FROM ${table} ORDER BY 1`).join(';'));
	const before = await everything();
	await keeper.call('payout_record', payout({ seq: 1 }));
	await keeper.call('payout_record', payout());
	assert.equal(await everything(), before);
	const pool = await appPool(keeper);
	assert.deepEqual([pool.status, pool.winner_wallet, pool.end_time, pool.tx_hash], ['ended', key('W'), '2026-09-21T14:13:20', 'creation']);
	const [transaction] = await keeper.rows('SELECT pool_id, wallet_address, type, amount, tx_hash, "timestamp" FROM public.transactions');
	assert.deepEqual(transaction, {
		pool_id: 1, wallet_address: key('W').toLowerCase(), type: 'PAYOUT', amount: 18446744073.709551012, tx_hash: signature('Z'), timestamp: '2026-09-21T14:13:20',
	});
	const [feed] = await keeper.rows('SELECT winner_wallet, display_name, avatar_url, token_symbol, bet_usd, win_usd, roi_percent FROM public.winners_feed');
	assert.deepEqual(feed, {
		winner_wallet: key('W').toLowerCase(), display_name: 'Winner', avatar_url: 'face.png', token_symbol: 'TOK', bet_usd: 4,
		win_usd: 18446744073.709551012 * 2, roi_percent: (18446744073.709551012 * 2 - 4) / 4 * 100,
	});
	const [notice] = await keeper.rows('SELECT wallet_address, type, message FROM public.notifications WHERE type = $$win$$');
	assert.deepEqual(notice, { wallet_address: key('W').toLowerCase(), type: 'win', message: 'You won 18446744073.709551012 TOK in the pool Token.' });
	const [draw] = await keeper.rows('SELECT winner_amount::text, payout_sig, over, participants FROM keeper.draws');
	assert.deepEqual(draw, { winner_amount: '18446744073709551012', payout_sig: signature('Z'), over: true, participants: 2 });
});

test('a payout that contradicts the recorded one is refused', async () => {
	const keeper = await paidPool(await newKeeper(server));
	await keeper.call('payout_record', payout({ sig: null }));
	assert.equal(await keeper.sql('SELECT tx_hash IS NULL FROM public.transactions'), 't');
	assert.match(await keeper.refusal('payout_record', payout({ winner: key('V') })), /^PK002 .* is recorded as paid to/);
	assert.match(await keeper.refusal('payout_record', payout({ seq: 1, sig: signature('Y') })), /^PK002 .* row 1 has signature Z+, the payout has Y+/);
	await keeper.call('payout_record', payout({ seq: 1 }));
	assert.equal(await keeper.sql('SELECT payout_sig FROM keeper.draws'), signature('Z'));
	assert.match(await keeper.refusal('payout_record', payout({ sig: signature('Y') })), /^PK002/);
	assert.equal(await keeper.refusal('payout_record', payout({ total_amount: 1 })).then((text) => text.slice(0, 5)), 'PK002');
	const fresh = await newKeeper(server);
	assert.equal(await fresh.refusal('payout_record', payout({ dev_amount: 501 })), '23514 draws_amounts_sum');
	assert.equal(await count(fresh, 'keeper.draws'), 0);
});

test('a PAYOUT row that the backend wrote is left alone; a payout without an app row is written when it comes', async () => {
	const keeper = await newKeeper(server);
	await keeper.call('payout_record', payout());
	assert.equal(await keeper.sql('SELECT projected_at IS NULL, over FROM keeper.draws'), 't|t');
	await addAppPool(keeper);
	await keeper.sql("INSERT INTO public.transactions (pool_id, wallet_address, type, amount) VALUES (1, 'w', 'PAYOUT', 1)");
	await keeper.call('payout_record', payout());
	assert.equal(await count(keeper, 'public.transactions'), 1);
	assert.deepEqual([(await appPool(keeper)).status, await keeper.sql('SELECT app_id, projected_at IS NULL FROM keeper.draws')], ['ended', '1|f']);
});

test('a win that was passed on names the person, and the wallet that the chain paid', async () => {
	const keeper = await paidPool(await newKeeper(server), { is_free: 1 });
	await keeper.call('payout_record', payout({ recipient: key('U') }));
	assert.match(await keeper.refusal('payout_record', payout({ recipient: key('V') })), /^PK002 .* is recorded as paid to/);
	assert.equal((await appPool(keeper)).winner_wallet, key('U'));
	assert.equal(await keeper.sql('SELECT wallet_address FROM public.transactions'), key('U').toLowerCase());
	assert.equal(await keeper.sql('SELECT winner_wallet FROM public.winners_feed'), key('U').toLowerCase());
	assert.equal(await keeper.sql('SELECT winner, recipient FROM keeper.draws'), `${key('W')}|${key('U')}`);
});

test('the referrers share the treasury fee to the last base unit, once', async () => {
	const keeper = await paidPool(await newKeeper(server));
	await keeper.sql(`INSERT INTO public.participants (pool_id, wallet_address) VALUES (1, 'third');
		INSERT INTO public.referral_relations (referred_wallet, referrer_wallet) VALUES (lower('${key('W')}'), 'anna'), (lower('${key('V')}'), 'bob'), ('third', 'anna'), ('nobody', 'eve');
		INSERT INTO public.referral_rewards (referrer_wallet, token_mint, amount_pending) VALUES ('anna', '${key('M')}', '1000'), ('bob', 'other', '5')`);
	await keeper.call('payout_record', payout());
	await keeper.sql('UPDATE keeper.draws SET projected_at = NULL');
	await keeper.call('payout_record', payout());
	for (const table of ['transactions', 'winners_feed']) assert.equal(await count(keeper, `public.${table}`), 1, table);
	assert.equal(await count(keeper, 'public.notifications', "type = 'win'"), 1);
	assert.equal(await keeper.sql(`SELECT referrer_wallet, amount_pending FROM public.referral_rewards WHERE token_mint = '${key('M')}' ORDER BY 1`), 'anna|1051\nbob|50');
	assert.equal(await keeper.sql('SELECT referrer_wallet, amount FROM public.referral_reward_events ORDER BY 1'), 'anna|51\nbob|50');
});

test('the first commit row and its first answer win', async () => {
	const keeper = await newKeeper(server);
	const [bare] = await keeper.call('commit_record', commit());
	assert.deepEqual([bare.n, bare.answer_value, bare.total], [1, null, 1]);
	const [first] = await keeper.call('commit_record', commit({ ...answer('ab'), reason: 'again' }));
	const [second] = await keeper.call('commit_record', commit({ ...answer('cd'), oracle: key('X') }));
	assert.deepEqual([first.answer_value, second.answer_value, second.oracle, second.n], [`\\x${'ab'.repeat(32)}`, `\\x${'ab'.repeat(32)}`, key('Q'), 1]);
	const [next] = await keeper.call('commit_record', commit({ seed_slot: 112 }));
	assert.deepEqual([next.n, next.total], [2, 2]);
	assert.match(await keeper.refusal('commit_record', commit({ draw: `draw:${POOL}:8` })), /^PK002 .* belongs to/);
});

test('what became of a commit is written with the one that replaced it, whoever saw it, and "used" is for ever', async () => {
	const keeper = await newKeeper(server);
	const ledger = () => keeper.sql("SELECT n, reason, coalesce(fate, '-') FROM keeper.commits ORDER BY n");
	const recommit = async (prev, oracle, byte) => {
		await keeper.call('step_open', step({ prev_seq: prev, step: 'RECOMMIT', sig: signature(byte), oracle: key(oracle) }));
		await keeper.call('step_close', close({ seq: prev + 1, outcome: 'final' }));
	};
	await keeper.call('step_open', step());
	await keeper.call('step_close', close({ outcome: 'final' }));
	await keeper.call('commit_record', commit({ reason: 'bind' }));
	assert.equal(await ledger(), '1|bind|-');
	await keeper.call('commit_record', commit({ reason: 'bind', seed_slot: 112 }));
	assert.equal(await ledger(), '1|bind|forked\n2|seed_changed|-', 'another seed of the same oracle');
	await recommit(1, 'X', 'B');
	await keeper.call('commit_record', commit({ reason: 'bind', seed_slot: 113, oracle: key('X') }));
	assert.equal(await ledger(), '1|bind|forked\n2|seed_changed|no_answer\n3|rescue|-', 'a daemon that knows nothing of before');
	await keeper.call('commit_record', commit({ ...answer('ab'), seed_slot: 113, oracle: key('X') }));
	await recommit(2, 'Y', 'C');
	await keeper.call('commit_record', commit({ ...answer('cd'), reason: 'rescue', seed_slot: 114, oracle: key('Y') }));
	assert.equal(await ledger(), '1|bind|forked\n2|seed_changed|no_answer\n3|rescue|refused\n4|rescue|-', 'its answer was refused');
	await keeper.call('commit_record', commit({ seed_slot: 113, oracle: key('X') }));
	assert.match(await ledger(), /4\|rescue\|forked$/, 'a fork brought the one before back');
	await keeper.sql("UPDATE keeper.commits SET fate = 'used' WHERE n = 4");
	await keeper.call('commit_record', commit({ seed_slot: 113, oracle: key('X') }));
	assert.match(await ledger(), /4\|rescue\|used$/);
});

test('a closed draw releases its randomness account even when somebody else drew it', async () => {
	const keeper = await newKeeper(server);
	await keeper.call('step_open', step());
	await keeper.call('step_close', close({ outcome: 'final' }));
	await keeper.call('payout_record', payout());
	assert.deepEqual(await keeper.call('randomness_free', { draw: `draw:${POOL}:8` }), [{ account: key('R'), lut_slot: 90 }]);
});
