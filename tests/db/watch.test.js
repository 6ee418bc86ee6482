// The watch's verb: what of keeper.* and schema public is not what the chain shows, kept once from its appearance to its end.
'use strict';

const test = require('node:test');
const assert = require('node:assert');
const { startPostgres } = require('../lib/postgres');
const { newKeeper, key, POOL, DRAW, payout, view, addAppPool } = require('./keeper');

let server;
test.before(async () => { server = await startPostgres({ settings: { track_functions: 'none' } }); });
test.after(() => server.stop());

const NONE = { chain_draw: [], chain_kind: [], chain_ok: [], chain_expected: [], chain_found: [] };
const chain = (kind, ok, expected = 5, found = 4) => ({ chain_draw: [DRAW], chain_kind: [kind], chain_ok: [ok], chain_expected: [expected], chain_found: [found] });

// One pool as the chain shows it: two players of 1000 each, as the calls of `played` and the row of `seen` say.
function shown(overrides = {}, invariants = NONE) {
	const one = {
		draw: DRAW, slot: 200, status: 1, total_amount: 2000, bet_amount: 1000, mint: key('M'), creator: key('C'), dev_wallet: key('D'),
		participants: 2, observed: true, quiet: 100, ...overrides,
	};
	return { fence: 1, ...Object.fromEntries(Object.entries(one).map(([name, value]) => [name, [value]])), ...invariants };
}

const seen = (keeper, overrides = {}) => keeper.call('observe', view(overrides));

let serial = 0;
async function addCall(keeper, instruction, { amount = 1000, user = key('U'), slot = 150, projected = false } = {}) {
	serial += 1;
	await keeper.sql(`INSERT INTO keeper.calls (signature, ix, inner_ix, slot, block_time, draw, user_wallet, instruction, amount, decimals, projected_at)
		VALUES (decode(lpad(to_hex(${serial}), 128, '0'), 'hex'), 0, -1, ${slot}, 1, '${DRAW}', '${user}', '${instruction}', ${amount ?? 'NULL'}, 3, ${projected ? 'now()' : 'NULL'})`);
}

// A pool that the app registered, with its creation and one join.
async function played(projected = false) {
	const keeper = await newKeeper(server);
	await addAppPool(keeper);
	await seen(keeper);
	await addCall(keeper, 'create_pool', { user: key('C'), projected });
	await addCall(keeper, 'join_pool', { projected });
	return keeper;
}

const compare = async (keeper, overrides, invariants) => (await keeper.call('watch', shown(overrides, invariants)))
	.map(({ scope, kind, expected, found }) => `${scope} ${kind} ${expected} ${found}`).sort();
const rows = (keeper) => keeper.sql(`SELECT kind, expected, found, gone_at IS NOT NULL FROM keeper.mismatches ORDER BY id`);

test('records that are what the chain shows leave no row, and nothing is written', async () => {
	const keeper = await played();
	const before = await keeper.sql("SELECT pg_current_wal_insert_lsn(), (SELECT last_value FROM keeper.mismatches_id_seq)");
	assert.deepEqual(await compare(keeper), []);
	assert.deepEqual(await compare(keeper, {}, chain('vault_short', true)), []);
	assert.equal(await rows(keeper), '');
	assert.equal((await keeper.sql("SELECT (SELECT last_value FROM keeper.mismatches_id_seq)")), before.split('|')[1]);
});

test('count and pot of an open pool: the tick reads neither players nor mint, the watch and the calls do', async () => {
	const keeper = await newKeeper(server);
	await addAppPool(keeper);
	const tick = (slot, total_amount) => seen(keeper, { slot, status: 0, total_amount, participants: null, decimals: null });
	const app = () => keeper.sql('SELECT participants_count, total_pot FROM public.pools');
	const agrees = async () => (await keeper.tick())[0].agrees;
	await tick(100, 2000);
	assert.equal(await app(), '0|0', 'neither is known yet');
	await keeper.call('record_calls', {
		fence: 1, address: POOL, pool_id: 7, watermark: null, watermark_slot: null, seen: null, gone: false, repair: false, signature: ['\\\\x' + '01'.repeat(64)], ix: [0], inner_ix: [-1], slot: [100],
		block_time: [1], call_pool_id: [7], user: [key('C')], instruction: ['create_pool'], amount: [1000], decimals: [3], mint: [null], read: [], gap_signature: [], gap_slot: [], gap_reason: [],
	});
	assert.equal(await agrees(), false, 'a list says which row is to be written again');
	await tick(100, 2000);
	assert.equal(await app(), '0|2');
	assert.equal(await agrees(), true);
	await compare(keeper, { status: 0, slot: 100 });
	assert.equal(await app(), '2|2');
	await tick(210, 3000);
	assert.deepEqual([await app(), await keeper.sql('SELECT participants FROM keeper.draws')], ['2|3', ''], 'a count is as old as its total');
	await compare(keeper, { status: 0, slot: 100, quiet: 0 });
	assert.equal(await keeper.sql('SELECT participants FROM keeper.draws'), '', 'an older answer counts nobody');
	await compare(keeper, { status: 0, slot: 211, total_amount: 3000, participants: 3, quiet: 0 });
	assert.equal(await app(), '3|3');
	// The backend takes in a join that is counted already.
	await keeper.sql('UPDATE public.pools SET participants_count = participants_count + 1, total_pot = total_pot + 1');
	assert.equal(await agrees(), false);
	await tick(212, 3000);
	assert.equal(await app(), '3|3');
	assert.equal(await agrees(), true);
	await tick(300, 3000);
	await keeper.call('observe', view({ slot: 310, status: 6, total_amount: 0, participants: 0, decimals: null }));
	await keeper.sql('UPDATE public.pools SET participants_count = 9, total_pot = 9');
	await keeper.call('payout_record', payout({ total_amount: 3000, winner_amount: 2000, dev_amount: 500, burn_amount: 399, decimals: 3 }));
	assert.equal(await app(), '3|3', 'as it was drawn');
});

test('a mismatch is one row from its appearance to its end; when it comes again it is another one', async () => {
	const keeper = await played();
	assert.deepEqual(await compare(keeper, {}, chain('vault_short', false)), ['chain vault_short 5 4']);
	const standing = 'SELECT xmin, ctid, * FROM keeper.mismatches';
	const before = await keeper.sql(standing);
	assert.deepEqual(await compare(keeper, {}, chain('vault_short', false)), ['chain vault_short 5 4']);
	assert.equal(await keeper.sql(standing), before, 'not one row was touched');
	await compare(keeper, {}, chain('vault_short', false, 5, 3));
	assert.equal(await rows(keeper), 'vault_short|5|3|f', 'the newest values');
	assert.deepEqual(await compare(keeper), ['chain vault_short 5 3'], 'not judged: it stands');
	assert.deepEqual(await compare(keeper, {}, chain('vault_short', true)), []);
	assert.deepEqual(await compare(keeper, {}, chain('vault_short', false)), ['chain vault_short 5 4']);
	assert.equal(await rows(keeper), 'vault_short|5|3|t\nvault_short|5|4|f');
});

test('calls that say more than the chain are wrong at once, also while the pool moves', async () => {
	const keeper = await played();
	await addCall(keeper, 'join_pool', { user: key('V') });
	assert.deepEqual(await compare(keeper, { quiet: 0, slot: 149 }), [], 'an older view judges nothing');
	assert.deepEqual(await compare(keeper, { quiet: 0 }), ['keeper amount 2000 3000', 'keeper players 2 3']);
	await addCall(keeper, 'claim_refund', { user: key('V'), amount: null });
	assert.deepEqual(await compare(keeper, { total_amount: 3000, quiet: 0 }), ['keeper row total_amount 3000 total_amount 2000']);
	assert.equal(await keeper.sql("SELECT count(*) FROM keeper.mismatches WHERE gone_at IS NOT NULL"), '2');
});

const ofKeeper = async (...args) => (await compare(...args)).filter((line) => !line.startsWith('app '));

test('calls that say less are judged when they had their time; a list without its beginning never is', async () => {
	const keeper = await played();
	const donated = { total_amount: 2500, participants: 3, observed: false };
	assert.deepEqual(await ofKeeper(keeper, { ...donated, quiet: 23 }), []);
	assert.deepEqual(await ofKeeper(keeper, { ...donated, quiet: 24 }), ['keeper amount 2500 2000', 'keeper players 3 2']);
	assert.deepEqual(await ofKeeper(keeper, { ...donated, quiet: 0 }), ['keeper amount 2500 2000', 'keeper players 3 2'], 'it stands while it is not judged');
	await addCall(keeper, 'donate', { amount: 500 });
	assert.deepEqual(await ofKeeper(keeper, { ...donated, quiet: 0 }), ['keeper players 3 2']);
	await keeper.sql("DELETE FROM keeper.calls WHERE instruction = 'create_pool'; DELETE FROM keeper.mismatches");
	assert.deepEqual(await ofKeeper(keeper, donated), []);
	assert.deepEqual(await ofKeeper(keeper, { ...donated, participants: null }), []);
});

test('what is known to be missing is no contradiction; what is too much is one all the same', async () => {
	const keeper = await played();
	const donated = { total_amount: 2500, observed: false };
	await keeper.sql(`INSERT INTO keeper.call_gaps (address, signature, slot, reason) VALUES ('${POOL}', decode(repeat('77', 64), 'hex'), 160, 'not_available')`);
	assert.deepEqual(await ofKeeper(keeper, donated), []);
	assert.deepEqual(await ofKeeper(keeper, { total_amount: 1500, observed: false }), ['keeper amount 1500 2000']);
	await keeper.sql('UPDATE keeper.call_gaps SET filled_at = now(); DELETE FROM keeper.mismatches');
	assert.deepEqual(await ofKeeper(keeper, donated), ['keeper amount 2500 2000']);
});

test('the row of keeper.draws is compared once it had the time to follow, until it is paid', async () => {
	const keeper = await played();
	assert.deepEqual(await ofKeeper(keeper, { observed: false, bet_amount: 7 }), []);
	assert.deepEqual(await ofKeeper(keeper, { slot: 99, bet_amount: 7 }), [], 'the row is newer');
	assert.deepEqual(await ofKeeper(keeper, { bet_amount: 7, creator: key('X') }),
		[`keeper row bet_amount 7, creator ${key('X')} bet_amount 1000, creator ${key('C')}`]);
	await keeper.call('payout_record', payout());
	assert.deepEqual(await ofKeeper(keeper, { bet_amount: 7 }), []);
	assert.equal(await keeper.sql('SELECT count(*) FROM keeper.mismatches WHERE gone_at IS NULL'), '0', 'over: nothing is left to compare');
});

test('the app\'s tables are compared when the backend had its time, and each difference is named', async () => {
	const keeper = await played(true);
	await keeper.sql(`INSERT INTO public.participants (pool_id, wallet_address) VALUES (1, '${key('U').toLowerCase()}')`);
	assert.deepEqual(await compare(keeper), []);
	await keeper.sql("UPDATE public.pools SET status = 'cancelled', participants_count = 7, total_pot = 1.5; DELETE FROM public.participants");
	assert.deepEqual(await compare(keeper, { quiet: 11 }), []);
	assert.deepEqual(await compare(keeper), ['app app_count 2 7', 'app app_participants 1 0', 'app app_pot 2 1.5', 'app app_status locked cancelled']);
	await keeper.sql('UPDATE public.pools SET is_free = 1, participants_count = NULL, total_pot = NULL');
	assert.deepEqual(await compare(keeper), ['app app_count 2 null', 'app app_pot 2 null', 'app app_status locked cancelled'], 'players of the house are not the app\'s');
	await keeper.sql("UPDATE public.pools SET status = 'locked', participants_count = 2, total_pot = 2.0000000001");
	assert.deepEqual(await compare(keeper), []);
	await keeper.sql(`UPDATE public.pools SET pool_address = '${key('X')}'`);
	assert.deepEqual(await compare(keeper), [`app app_pool ${POOL} ${key('X')}`]);
	await keeper.sql('DELETE FROM public.pools');
	assert.deepEqual(await compare(keeper), [`app app_pool ${POOL} no row`]);
});

test('a draw that ended has no mismatch left, and a draw that is over loses its own without being asked about', async () => {
	const keeper = await played();
	await addCall(keeper, 'join_pool');
	await compare(keeper, {}, chain('vault_dust', false));
	assert.equal(await keeper.sql('SELECT count(*) FROM keeper.mismatches WHERE gone_at IS NULL'), '3');
	assert.deepEqual(await compare(keeper, { status: 6, total_amount: 0, participants: 0 }, chain('vault_dust', true)), []);
	await compare(keeper, {}, chain('vault_dust', false));
	await seen(keeper, { slot: 299, status: 0 });
	await seen(keeper, { slot: 300, status: 7 });
	assert.deepEqual(await keeper.call('watch', { fence: 1, ...Object.fromEntries(Object.keys(shown()).filter((name) => name !== 'fence').map((name) => [name, []])) }), []);
	assert.equal(await keeper.sql('SELECT count(*) FROM keeper.mismatches WHERE gone_at IS NULL'), '0');
});

test('only the holder of the lease writes; a look compares without writing', async () => {
	const keeper = await played();
	await addCall(keeper, 'join_pool');
	assert.match(await keeper.refusal('watch', { ...shown(), fence: 2 }), /^PK001/);
	const { fence, ...look } = shown();
	for (const name of Object.keys(NONE)) delete look[name];
	const found = (await keeper.call('watch_compare', look)).filter(({ ok }) => !ok).map(({ kind }) => kind).sort();
	assert.deepEqual([fence, found], [1, ['amount', 'players']]);
	assert.equal(await rows(keeper), '');
});
