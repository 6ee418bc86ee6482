// Calls of users become rows once, gaps stay visible, and the app gets what its backend failed to write.
'use strict';

const test = require('node:test');
const assert = require('node:assert');
const { startPostgres } = require('../lib/postgres');
const { newKeeper, Keeper, key, POOL, DRAW, view, addAppPool } = require('./keeper');

let server;
test.before(async () => { server = await startPostgres({ settings: { track_functions: 'none' } }); });
test.after(() => server.stop());

const OLD = 1700000000;
const bytes = (byte) => `"\\\\x${byte.repeat(64)}"`;
const hex = (byte, size = 64) => `\\x${byte.repeat(size)}`;
const base58 = async (keeper, byte) => (await keeper.rows(`SELECT keeper.base58('${hex(byte)}')`))[0].base58;
const COLUMNS = ['signature', 'ix', 'inner_ix', 'slot', 'block_time', 'call_pool_id', 'user', 'instruction', 'amount', 'decimals', 'mint'];
const call = (overrides) => ({ signature: bytes('ab'), ix: 1, inner_ix: -1, slot: 5, block_time: OLD, call_pool_id: 7, user: key('U'), instruction: 'join_pool', amount: 1500, decimals: 3, ...overrides });
const step = (list, overrides = {}) => ({
	fence: 1, address: POOL, pool_id: 7, watermark: null, watermark_slot: null, seen: null, gone: 'f', repair: 'f',
	...Object.fromEntries(COLUMNS.map((name) => [name, list.map((one) => one[name])])), read: [], gap_signature: [], gap_slot: [], gap_reason: [], ...overrides,
});
const gap = (byte, reason, slot = 4) => ({ gap_signature: [byte ? bytes(byte) : '""'], gap_slot: [slot], gap_reason: [reason] });
const record = async (keeper, list, overrides) => (await keeper.call('record_calls', step(list, overrides)))[0].record_calls;
const project = async (keeper, limit = 100) => (await keeper.call('project_calls', { fence: 1, limit }))[0].project_calls;
const count = async (keeper, table, where = 'true') => Number(await keeper.sql(`SELECT count(*) FROM ${table} WHERE ${where}`));

async function newPool() {
	const keeper = await newKeeper(server);
	await addAppPool(keeper);
	await keeper.call('observe', view());
	return keeper;
}

test('calls are kept once, and the app gets the rows that its backend failed to write when they are old enough', async () => {
	const keeper = await newPool();
	const young = Math.floor(Date.now() / 1000);
	const list = [call(), call({ ix: 2, instruction: 'donate' }), call({ signature: bytes('cd'), instruction: 'donate', block_time: young }), call({ signature: bytes('ef'), instruction: 'set_lock_duration', amount: null })];
	assert.equal(await record(keeper, list), 4);
	assert.equal(await record(keeper, [...list, call()]), 0, 'again, one of them twice: nothing');
	const wait = await project(keeper);
	assert.ok(wait > 290 && wait <= 301, `the next one is old enough in ${wait} s`);
	const used = 'SELECT operation_type, wallet_address, length(tx_hash), pool_id FROM public.used_transactions ORDER BY 1';
	assert.equal(await keeper.sql(used), `join|${key('U').toLowerCase()}|88|1`);
	assert.equal(await keeper.sql('SELECT type, amount FROM public.transactions ORDER BY 1'), 'DONATE|1.5\nJOIN|1.5');
	assert.equal(await keeper.sql('SELECT wallet_address FROM public.participants'), key('U').toLowerCase());
	await keeper.sql(`UPDATE keeper.calls SET block_time = ${young - 301} WHERE projected_at IS NULL`);
	assert.equal(await project(keeper), null, 'nothing waits any more');
	assert.equal((await keeper.sql(used)).split('\n').length, 2);
	assert.equal(await keeper.sql('SELECT donated_amount FROM public.pools'), '3', 'the sum of the exact rows');
	assert.equal(await keeper.sql(`SELECT keeper.base58('\\x0000'::bytea || '\\x01ff'::bytea), keeper.base58('')`), '119p|');
});

test('what the backend wrote itself is not written again, and what it did not finish is', async () => {
	const keeper = await newPool();
	const [one, two] = [await base58(keeper, 'ab'), await base58(keeper, 'cd')];
	const low = key('U').toLowerCase();
	await keeper.sql(`INSERT INTO public.used_transactions (tx_hash, wallet_address) VALUES ('${one}', 'w'), ('${two}', 'w');
		INSERT INTO public.participants (pool_id, wallet_address) VALUES (1, '${low}');
		INSERT INTO public.transactions (pool_id, wallet_address, type, amount, tx_hash) VALUES (1, '${low}', 'JOIN', 1.5, '${one}')`);
	await record(keeper, [call(), call({ signature: bytes('cd'), instruction: 'donate' })]);
	await project(keeper);
	assert.deepEqual([await count(keeper, 'public.used_transactions'), await count(keeper, 'public.participants')], [2, 1]);
	assert.equal(await keeper.sql('SELECT type, count(*) FROM public.transactions GROUP BY 1 ORDER BY 1'), 'DONATE|1\nJOIN|1');
	assert.equal(await count(keeper, 'keeper.calls', 'projected_at IS NOT NULL'), 2);
});

test('decimals stand beside an amount only, also those that another call of the batch names: read again, nothing changes', async () => {
	const keeper = await newPool();
	await keeper.sql('UPDATE keeper.draws SET decimals = NULL');
	const list = [call(), call({ ix: 2, instruction: 'claim_refund', decimals: null }), call({ ix: 3, instruction: 'cancel_pool', amount: null, decimals: null })];
	assert.equal(await record(keeper, list), 3);
	assert.equal(await keeper.sql('SELECT ix, decimals FROM keeper.calls ORDER BY 1'), '1|3\n2|3\n3|');
	assert.equal(await record(keeper, list, { repair: 't' }), 0);
});

test('two donations in one transaction are two rows, also when the backend wrote one of them', async () => {
	const keeper = await newPool();
	await keeper.sql(`INSERT INTO public.transactions (pool_id, wallet_address, type, amount, tx_hash) VALUES (1, 'w', 'DONATE', 1.5, '${await base58(keeper, 'ab')}')`);
	await record(keeper, [call({ instruction: 'donate' }), call({ ix: 2, instruction: 'donate', amount: 2500 })]);
	await project(keeper);
	assert.equal(await keeper.sql('SELECT amount FROM public.transactions ORDER BY 1'), '1.5\n2.5');
	assert.equal(await keeper.sql('SELECT donated_amount FROM public.pools'), '4');
});

test('refunds and rent set their flags; in a sponsored pool only the transaction is used up', async () => {
	const keeper = await newPool();
	await record(keeper, [call(), call({ signature: bytes('cd'), slot: 6, instruction: 'claim_refund' }), call({ signature: bytes('ef'), slot: 7, instruction: 'claim_rent', amount: null })]);
	await project(keeper);
	assert.equal(await keeper.sql('SELECT refund_claimed FROM public.participants'), '1');
	assert.equal(await keeper.sql('SELECT rent_claimed FROM public.pools'), '1');
	assert.equal(await keeper.sql("SELECT amount FROM public.transactions WHERE type = 'REFUND'"), '1.5');
	await keeper.sql('UPDATE public.pools SET is_free = 1');
	await record(keeper, [call({ signature: bytes('12'), user: key('V') })]);
	await project(keeper);
	assert.deepEqual([await count(keeper, 'public.participants'), await count(keeper, 'public.used_transactions')], [1, 4]);
});

test('of one block the refund may be looked after before its join: the flag is set all the same', async () => {
	const keeper = await newPool();
	await record(keeper, [call({ signature: bytes('01'), instruction: 'claim_refund' }), call({ signature: bytes('02') }),
		call({ signature: bytes('03'), user: key('V') }), call({ signature: bytes('04'), user: key('V'), instruction: 'claim_refund', block_time: Math.floor(Date.now() / 1000) })]);
	for (let wait = 0; wait === 0;) wait = await project(keeper, 1);
	assert.equal(await keeper.sql('SELECT wallet_address, refund_claimed FROM public.participants ORDER BY wallet_address'),
		`${key('U').toLowerCase()}|1\n${key('V').toLowerCase()}|0`, 'and not before the age limit of the refund is over');
});

test('a call without a block time counts from its record, and gets its time when a node tells it', async () => {
	const keeper = await newPool();
	await record(keeper, [call({ block_time: null })]);
	assert.ok(await project(keeper) > 290);
	assert.equal(await count(keeper, 'public.used_transactions'), 0);
	assert.equal(await record(keeper, [call()]), 1);
	await project(keeper);
	assert.equal(await keeper.sql('SELECT extract(epoch FROM used_at) FROM public.used_transactions'), `${OLD}.000000`);
});

test('a call of a pool that the app does not know waits for its row', async () => {
	const keeper = await newKeeper(server);
	await keeper.call('observe', view({ app_id: null }));
	await record(keeper, [call()]);
	assert.equal(await project(keeper), null);
	assert.deepEqual([await count(keeper, 'public.used_transactions'), await count(keeper, 'keeper.calls', 'projected_at IS NULL')], [0, 1]);
	await addAppPool(keeper);
	await keeper.call('observe', view({ slot: 200 }));
	await project(keeper);
	assert.equal(await keeper.sql('SELECT pool_id FROM public.participants'), '1');
	assert.equal(await keeper.sql('SELECT app_id FROM keeper.calls'), '1');
});

test('the position moves forward only, and says what is known of the address', async () => {
	const keeper = await newPool();
	await record(keeper, [], { watermark: hex('ab'), watermark_slot: 9, seen: hex('01', 32) });
	await record(keeper, [], { watermark: hex('cd'), watermark_slot: 8, pool_id: null });
	assert.deepEqual(await keeper.call('history', { address: POOL }), [{ signature: hex('ab'), slot: 9, pool_id: 7, seen: hex('01', 32), gap: null, gap_slot: null, gone: false }]);
	assert.deepEqual(await keeper.call('history', { address: key('X') }), []);
});

test('a gap stays until it is read, and only what a node may still have is asked for again', async () => {
	const keeper = await newPool();
	await record(keeper, [], gap('ab', 'not_available'));
	await record(keeper, [], gap('cd', 'bad_signature'));
	await record(keeper, [], gap(null, 'no_creation'));
	assert.deepEqual((await keeper.call('history', { address: POOL })).map((row) => row.gap), [hex('ab')]);
	assert.match(await keeper.refusal('record_calls', step([], gap('ab', 'whatever'))), /call_gaps_reason_known/);
	await record(keeper, [call()], { read: [bytes('ab')] });
	const open = "SELECT reason FROM keeper.call_gaps WHERE filled_at IS NULL ORDER BY 1";
	assert.equal(await keeper.sql(open), 'bad_signature\nno_creation');
	await record(keeper, [call({ signature: bytes('12'), slot: 1, instruction: 'create_pool' })], { read: [bytes('12')] });
	assert.equal(await keeper.sql(open), 'bad_signature');
	await record(keeper, [], gap('ab', 'not_available'));
	assert.equal(await count(keeper, 'keeper.call_gaps', "filled_at IS NULL AND reason = 'not_available'"), 1, 'noted again');
});

test('a repair writes again what the app has lost, and nothing over what it has', async () => {
	const keeper = await newPool();
	const calls = [call(), call({ signature: bytes('ac'), instruction: 'donate', amount: 500, user: key('V') }),
		call({ signature: bytes('ad'), instruction: 'claim_refund', amount: 1500 }), call({ signature: bytes('ae'), instruction: 'claim_rent', amount: null, decimals: null })];
	await record(keeper, calls);
	await project(keeper);
	const app = () => keeper.sql(`SELECT tx_hash, operation_type, wallet_address FROM public.used_transactions ORDER BY 1;
		SELECT tx_hash, type, amount, wallet_address FROM public.transactions ORDER BY 1; SELECT wallet_address, refund_claimed FROM public.participants ORDER BY 1;
		SELECT donated_amount, rent_claimed FROM public.pools`);
	const before = await app();
	await keeper.sql(`DELETE FROM public.used_transactions WHERE operation_type <> 'donate'; DELETE FROM public.transactions WHERE type <> 'REFUND';
		DELETE FROM public.participants; UPDATE public.pools SET donated_amount = 0, rent_claimed = 0; UPDATE public.transactions SET amount = 7`);
	await record(keeper, calls);
	assert.notEqual(await app(), before, 'only a repair does');
	assert.equal(await record(keeper, calls, { repair: 't' }), 0, 'nothing of ours was wrong');
	assert.equal(await app(), before.replace('REFUND|1.5|', 'REFUND|7|'), 'the row that is there is the backend\'s');
	const young = call({ signature: bytes('af'), user: key('Y'), block_time: Math.floor(Date.now() / 1000) });
	await record(keeper, [young], { repair: 't' });
	assert.equal(await count(keeper, 'public.participants', `wallet_address = lower('${key('Y')}')`), 0, 'the backend still has its time');
});

test('a repair makes a row what the chain says; without it a row stays as it is', async () => {
	const keeper = await newPool();
	await record(keeper, [call({ amount: 1 })]);
	assert.equal(await record(keeper, [call()]), 0);
	assert.equal(await keeper.sql('SELECT amount FROM keeper.calls'), '1');
	assert.equal(await record(keeper, [call()], { repair: 't' }), 1);
	assert.equal(await keeper.sql('SELECT amount FROM keeper.calls'), '1500');
	assert.equal(await record(keeper, [call()], { repair: 't' }), 0);
});

test('pools that are over are watched until they are gone, and again when the address is used again', async () => {
	const keeper = await newPool();
	const watched = async () => (await keeper.call('watched', { after: '' })).map(({ address }) => address);
	assert.deepEqual(await watched(), [], 'a pool on the list of the tick is not');
	await keeper.call('observe', view({ slot: 199, status: 0 }));
	await keeper.call('observe', view({ slot: 200, status: 7 }));
	assert.deepEqual(await watched(), [POOL]);
	assert.deepEqual(await keeper.call('watched', { after: POOL }), []);
	await record(keeper, [], { gone: 't' });
	assert.deepEqual(await watched(), []);
	await keeper.call('observe', view({ slot: 300, pool_id: 8, status: 7 }));
	assert.deepEqual(await watched(), [POOL]);
});

test('a pool that was cancelled and deleted before anybody looked is over', async () => {
	const keeper = await newPool();
	await keeper.sql('UPDATE keeper.draws SET status = 0');
	await record(keeper, [call({ instruction: 'cancel_pool', amount: null }), call({ ix: 2, instruction: 'claim_rent', amount: null })], { gone: 't' });
	assert.equal(await keeper.sql('SELECT status, over FROM keeper.draws'), '7|t');
	assert.equal(await keeper.sql('SELECT status FROM public.pools'), 'cancelled');
});

// A pool's calls from its creation to its rent; `end` is what took it out of play.
const wholeLife = (id, byte, end = 'cancel_pool') => [
	['create_pool', { amount: 1000, mint: key('M'), user: key('C') }], ['join_pool', { amount: 1000 }], ['donate', { amount: 500 }], [end, { amount: null, decimals: null }],
	['claim_refund', { amount: 1000 }], ['claim_rent', { amount: null, decimals: null, user: key('C') }],
].map(([instruction, given], ix) => call({ signature: bytes(byte), ix, instruction, call_pool_id: id, slot: 5 + id, ...given }));

test('a pool that nobody saw alive ends by its calls, in the row of the app that names its creation', async () => {
	const keeper = await newKeeper(server);
	await addAppPool(keeper, { tx_hash: await base58(keeper, 'a7') });
	await addAppPool(keeper, { tx_hash: await base58(keeper, 'a8') });
	const drawn = 'SELECT draw, app_id, status, over, total_amount, participants, decimals, bet_amount, mint, creator FROM keeper.draws ORDER BY app_id';
	await record(keeper, wholeLife(7, 'a7'), { pool_id: 7 });
	const first = `draw:${POOL}:7|1|7|t|2500|2|3|1000|${key('M')}|${key('C')}`;
	assert.equal(await keeper.sql(drawn), first, 'although something else is at its address now');
	await record(keeper, wholeLife(8, 'a8', 'finalize_forfeited_pool'), { pool_id: 8, gone: 't' });
	assert.equal(await keeper.sql(drawn), `${first}\n${first.replace(':7|1|7', ':8|2|8')}`);
	assert.equal(await keeper.sql('SELECT status, participants_count, total_pot FROM public.pools ORDER BY id'), 'cancelled|2|2.5\nclosed|2|2.5');
	assert.equal(await project(keeper), null);
	assert.equal(await keeper.sql('SELECT pool_id, type, amount FROM public.transactions ORDER BY 1, 2'), '1|DONATE|0.5\n1|JOIN|1\n1|REFUND|1\n2|DONATE|0.5\n2|JOIN|1\n2|REFUND|1');
	assert.equal(await keeper.sql('SELECT rent_claimed, donated_amount FROM public.pools ORDER BY id'), '1|0.5\n1|0.5');
	assert.equal(await keeper.sql(`SELECT count(*) FROM public.used_transactions`), '2');
	assert.deepEqual(await keeper.call('watched', { after: '' }), []);
});

test('of a pool that nobody registered the calls are kept; a row without a creation is the last pool\'s, whenever it comes', async () => {
	const keeper = await newKeeper(server);
	const none = async (why) => assert.equal(await count(keeper, 'keeper.draws'), 0, why);
	await record(keeper, [...wholeLife(7, 'a7'), ...wholeLife(8, 'a8')], { pool_id: 8, gone: 't' });
	assert.equal(await count(keeper, 'keeper.calls'), 12);
	await none('nobody registered it');
	await addAppPool(keeper);
	await record(keeper, [], { pool_id: 8, gone: 't' });
	await none('its row names another creation');
	await keeper.sql("UPDATE public.pools SET tx_hash = NULL, status = 'ended'");
	await record(keeper, [], { pool_id: 8, gone: 't' });
	await none('that one was drawn');
	await keeper.sql("UPDATE public.pools SET status = 'cancelled', start_time = now() - interval '8 days'");
	await record(keeper, [], { pool_id: 8, gone: 't' });
	await none('that one was over long ago');
	await keeper.sql("UPDATE public.pools SET status = 'open'");
	await record(keeper, [], { pool_id: 8 });
	await none('somebody is there now, and the row may be his');
	await record(keeper, [], { pool_id: 8, gone: 't' });
	assert.equal(await keeper.sql('SELECT d.draw, p.status FROM keeper.draws d JOIN public.pools p ON p.id = d.app_id'), `draw:${POOL}:8|cancelled`);
	await record(keeper, [], { pool_id: 8, gone: 't' });
	assert.equal(await count(keeper, 'keeper.draws'), 1);
	await keeper.sql('UPDATE keeper.calls SET mint = NULL');
	await record(keeper, wholeLife(8, 'a8'), { pool_id: 8, repair: 't' });
	assert.equal(await count(keeper, 'keeper.calls', `mint = '${key('M')}' AND instruction = 'create_pool'`), 1);
});

test('calls do not end a pool that was drawn: its money facts are its payout\'s', async () => {
	const keeper = await newPool();
	await record(keeper, wholeLife(7, 'a7', 'payout_winner'), { pool_id: 7, gone: 't' });
	assert.equal(await keeper.sql('SELECT over FROM keeper.draws'), 'f');
	assert.equal(await keeper.sql('SELECT status FROM public.pools'), 'locked');
});

test('nothing is written under a lost lease', async () => {
	const keeper = await newPool();
	assert.match(await keeper.refusal('record_calls', step([call()], { fence: 9 })), /^PK001/);
	assert.match(await keeper.refusal('project_calls', { fence: 9, limit: 1 }), /^PK001/);
});

test('recording a call does not read what the pool has, however much that is; what may end the pool does', async () => {
	const keeper = await newPool();
	await keeper.sql(`INSERT INTO keeper.calls (signature, ix, inner_ix, slot, block_time, draw, user_wallet, instruction, amount, decimals)
		SELECT sha512(n::text::bytea), 0, -1, 4, ${OLD}, '${DRAW}', '${key('D')}', 'donate', 1, 3 FROM generate_series(1, 3000) n; ANALYZE keeper.calls`);
	const READ = "SELECT coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0) FROM pg_stat_xact_user_tables WHERE relid = 'keeper.calls'::regclass";
	const readBy = async (instruction) => Number((await keeper.sql(`BEGIN; ${Keeper.call('record_calls', step([call({ instruction })]))}; ${READ}; ROLLBACK`)).split('\n').at(-1));
	assert.ok(await readBy('join_pool') < 100);
	assert.ok(await readBy('cancel_pool') >= 3000);
});
