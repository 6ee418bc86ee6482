// keeper.steps through its verbs: one winner, one open row, forks, fencing, and who owns a randomness account.
'use strict';

const test = require('node:test');
const assert = require('node:assert');
const { startPostgres } = require('../lib/postgres');
const { newKeeper, Keeper, key, signature, POOL, DRAW, step, close, commit, payout, view } = require('./keeper');

const OTHER = `draw:${key('X')}:7`;

let server;
test.before(async () => { server = await startPostgres(); });
test.after(() => server.stop());

const states = (rows) => rows.map((row) => `${row.seq} ${row.step} ${row.state}`);

async function landed(keeper, overrides = {}) {
	await keeper.call('step_open', step(overrides));
	return keeper.call('step_close', close({ subject: overrides.subject ?? DRAW, seq: (overrides.prev_seq ?? 0) + 1 }));
}

test('a row is opened once, and nothing is opened over it', async () => {
	const keeper = await newKeeper(server);
	const [row] = await keeper.call('step_open', step());
	assert.deepEqual([row.seq, row.state, row.tx, row.last_seq, row.floor, row.draw_spent, row.failures], [1, 'open', '\\x01', 1, 100, false, 0]);
	assert.match(await keeper.refusal('step_open', step({ sig: signature('B') })), /^PK002 .* row 1 is open/);
	assert.match(await keeper.refusal('step_open', step({ prev_seq: 1, step: 'DRAW', sig: signature('B') })), /^PK002 .* row 1 is open/);
	await keeper.call('step_close', close());
	assert.match(await keeper.refusal('step_open', step({ sig: signature('B') })), /^PK002 .* its last row is 1, the decision was made on 0/);
	assert.match(await keeper.refusal('step_open', step({ prev_seq: 1, step: 'DRAW' })), /^PK002 .* signature A+ is in the journal/);
	assert.deepEqual(states(await keeper.call('step_open', step({ prev_seq: 1, step: 'DRAW', sig: signature('B') }))), ['1 BIND landed', '2 DRAW open']);
});

test('the seventh unsettled row is refused', async () => {
	const keeper = await newKeeper(server);
	for (let i = 0; i < 6; i += 1) await landed(keeper, { prev_seq: i, step: 'DRAW', sig: signature('BCDEFG'[i]) });
	assert.equal((await keeper.call('step_rows', { subject: DRAW })).length, 6);
	assert.match(await keeper.refusal('step_open', step({ prev_seq: 6, step: 'DRAW', sig: signature('H') })), /^PK002 .* 6 unsettled rows/);
});

test('a fork opens the landed row again and makes what followed stale', async () => {
	const keeper = await newKeeper(server);
	await landed(keeper);
	await landed(keeper, { prev_seq: 1, step: 'DRAW', sig: signature('B') });
	await keeper.call('step_open', step({ prev_seq: 2, step: 'PAYOUT', sig: signature('C') }));
	assert.match(await keeper.refusal('step_reopen', { fence: 1, subject: DRAW, seq: 3 }), /^PK002 .* row 3 is not landed/);
	const rows = await keeper.call('step_reopen', { fence: 1, subject: DRAW, seq: 1 });
	assert.deepEqual(states(rows), ['1 BIND open', '2 DRAW stale', '3 PAYOUT stale']);
	assert.deepEqual(rows.map((row) => row.landed_slot), [null, null, null]);
	assert.equal(rows[0].floor, 110, 'no view older than what was seen before the fork');
	assert.equal(rows[0].floor_slot, 100, 'how far back a history must reach stays');
	await keeper.call('step_close', close({ seq: 1, outcome: 'final', landed: 120 }));
	assert.match(await keeper.refusal('step_open', step({ prev_seq: 3, step: 'DRAW', sig: signature('D') })), /^PK002 .* row 2 is stale/);
	await keeper.call('step_close', close({ seq: 2, outcome: 'expired', landed: null }));
	await keeper.call('step_close', close({ seq: 3, outcome: 'expired', landed: null }));
	const [last] = await keeper.call('step_open', step({ prev_seq: 3, step: 'DRAW', sig: signature('D') }));
	assert.deepEqual([last.seq, last.state, last.floor, last.draw_spent], [4, 'open', 120, true]);
});

test('a stale row that lands and vanishes again does not become a second open row', async () => {
	const keeper = await newKeeper(server);
	await landed(keeper);
	await landed(keeper, { prev_seq: 1, step: 'DRAW', sig: signature('B') });
	await keeper.call('step_reopen', { fence: 1, subject: DRAW, seq: 1 });
	await keeper.call('step_close', close({ seq: 2 }));
	assert.deepEqual(states(await keeper.call('step_reopen', { fence: 1, subject: DRAW, seq: 2 })), ['1 BIND open', '2 DRAW stale']);
});

test('only the transitions of the journal are possible', async () => {
	const keeper = await newKeeper(server);
	await landed(keeper);
	assert.match(await keeper.refusal('step_close', close()), /^PK002 .* row 1 is landed and cannot become landed/);
	assert.match(await keeper.refusal('step_close', close({ seq: 2 })), /^PK002 .* row 2 is not there/);
	assert.match(await keeper.refusal('step_close', close({ outcome: 'open' })), /^PK002/);
	await keeper.call('step_close', close({ outcome: 'final', landed: null }));
	for (const outcome of ['landed', 'final', 'failed', 'expired']) {
		assert.match(await keeper.refusal('step_close', close({ outcome })), /^PK002 .* row 1 is final/, outcome);
	}
	assert.match(await keeper.refusal('step_reopen', { fence: 1, subject: DRAW, seq: 1 }), /^PK002/);
});

test('failures count since the last success, and the floor survives everything', async () => {
	const keeper = await newKeeper(server);
	await landed(keeper);
	const failed = { outcome: 'failed', failed: true, failure_ix: 3, failure_custom: true, failure_code: 4294967295 };
	for (const [i, letter] of ['B', 'C'].entries()) {
		await keeper.call('step_open', step({ prev_seq: 1 + i, step: 'PAYOUT', sig: signature(letter), floor: 300 - i }));
		await keeper.call('step_close', close({ seq: 2 + i, ...failed, landed: 301 - i }));
	}
	let [, row] = await keeper.call('step_rows', { subject: DRAW });
	assert.deepEqual([row.seq, row.failures, row.failure_ix, row.failure_custom, row.failure_code, row.floor, row.draw_spent],
		[3, 2, 3, true, 4294967295, 301, false]);
	await keeper.call('step_open', step({ prev_seq: 3, step: 'PAYOUT', sig: signature('D') }));
	await keeper.call('step_close', close({ seq: 4, outcome: 'expired', landed: null }));
	[, row] = await keeper.call('step_rows', { subject: DRAW });
	assert.deepEqual([row.state, row.failures, row.floor], ['expired', 2, 301]);
	await landed(keeper, { prev_seq: 4, step: 'SELECT', sig: signature('E') });
	await keeper.call('step_open', step({ prev_seq: 5, step: 'PAYOUT', sig: signature('F') }));
	row = (await keeper.call('step_close', close({ seq: 6, ...failed }))).at(-1);
	assert.deepEqual([row.seq, row.failures], [6, 1], 'a success in between begins the count again');
});

test('every write asks for the fence, and an old one is refused', async () => {
	const keeper = await newKeeper(server);
	await keeper.sql("UPDATE keeper.lease SET expires_at = '-infinity'");
	assert.equal((await keeper.tick('two'))[0].fence, 2);
	const stake = { fence: 1, draw: '00000000-0000-4000-8000-000000000001' };
	const old = {
		step_open: step(), step_import: step(), step_close: close(), step_reopen: { fence: 1, subject: DRAW, seq: 1 }, commit_record: commit(),
		payout_record: payout(), observe: view(),
		undiscovered: { fence: 1, now: 5, address: [], pool_id: [] }, list_discovered: { fence: 1, now: 5, age: 300 },
		census_begin: { fence: 1, slot: 5 }, census_found: { fence: 1, address: [], slot: 5 }, census_done: { fence: 1, signature: null, slot: 5 },
		discover: { fence: 1, address: [], pool_id: [], slot: [], start_time: [], allow_mock: [], verdict: [] },
		audit_begin: { fence: 1, wallet: key('W'), slot: 5, height: 5 }, audit_done: { fence: 1, wallet: key('W'), signature: null, slot: 0 },
		audit_import: { fence: 1, wallet: key('W'), height: 5, signature: [], slot: [], block_time: [], failed: [], kind: [], memo: [] },
		record_calls: {
			fence: 1, address: POOL, pool_id: null, watermark: null, watermark_slot: null, seen: null, gone: 'f', repair: 'f', signature: [], ix: [], inner_ix: [], slot: [],
			block_time: [], call_pool_id: [], user: [], instruction: [], amount: [], decimals: [], mint: [], read: [], gap_signature: [], gap_slot: [], gap_reason: [],
		},
		project_calls: { fence: 1, limit: 1 },
		submissions_page: { fence: 1, after_id: 0, limit: 1, height: 5, height_age_ms: 0 },
		submissions_answer: { fence: 1, id: [], verdict: [], slot: [], block_time: [], final: [] },
		retain: { fence: 1, after_id: 0, keep_s: 2592000, age_limit_s: 300, batch: 1 },
		settle_rest: { fence: 1, clear_chat: true }, sponsors_fix: { fence: 1, draw: DRAW, app_id: 1, players: [] },
		watch: {
			fence: 1, draw: [], slot: [], status: [], total_amount: [], bet_amount: [], mint: [], creator: [], dev_wallet: [], participants: [], observed: [], quiet: [],
			chain_draw: [], chain_kind: [], chain_ok: [], chain_expected: [], chain_found: [],
		},
		audit_seal: { fence: 1, limit: 1 }, referral_work: { fence: 1, on: true, treasury: key('W'), max_amount: 1, max_per_day: 1, max: 1 }, leftover_note: { fence: 1, draw: DRAW, wait_s: 0 },
		proof_add: { fence: 1, draw: DRAW, member: null, why: 'too_many' },
		certificate_add: { ...stake, serial: 1, previous: '\\x00', made: 5, hash: '\\x00', key: '\\x00', signature: '\\x00' },
		offchain_lock: { fence: 1, source: 's', source_key: 'k', type: 't', vrf_keys: [], slot: 5, round: 5, freeze: 'SELECT', entries: 'SELECT', chain_s: 5, witnesses: 2 },
		offchain_tell: { fence: 1, source: [], source_key: [], reason: [], why: [] },
		offchain_anchor: { ...stake, sig: signature('A'), slot: 5, wallet: '\\x00' }, offchain_beacon: { ...stake, round: 5, signature: '\\x00' },
		offchain_block: { ...stake, slot: 5, parent_slot: 4, blockhash: '\\x00', block_time: 5 },
		offchain_prove: { ...stake, alpha: '\\x00', proof: '\\x00', beta: '\\x00' }, offchain_draw: { ...stake, attempt: [], number: [], total: [], entry: [] },
		offchain_refuse: { ...stake, account: 'a', reason: 'r' }, offchain_settle: { ...stake, settle: 'SELECT' }, offchain_default: { ...stake, chain_s: 5 },
		offchain_refund: { ...stake, refund: 'SELECT' }, offchain_halt: { ...stake, why: 'w' }, offchain_held: stake, offchain_owner: { fence: 1 },
	};
	for (const [name, args] of Object.entries(old)) assert.match(await keeper.refusal(name, args), /^PK001 the lease is lost: fence 1/, name);
	const fenced = await keeper.sql("SELECT proname FROM pg_proc WHERE pronamespace = 'keeper'::regnamespace AND 'p_fence' = ANY (proargnames) ORDER BY 1");
	const privateOnes = ['hold', 'lease_release', 'step_insert'];
	assert.deepEqual(fenced.split('\n'), [...Object.keys(old), ...privateOnes].sort());
	assert.equal(await keeper.sql('SELECT count(*) FROM keeper.steps'), '0');
});

test('a takeover waits for a write that is under way', async () => {
	const keeper = await newKeeper(server);
	await keeper.sql("UPDATE keeper.lease SET expires_at = '-infinity'");
	const slow = keeper.sql(`BEGIN; ${Keeper.call('step_open', step())}; SELECT pg_sleep(0.5); COMMIT;`);
	await keeper.sql('SELECT pg_sleep(0.2)');
	const began = Date.now();
	const [lease] = await keeper.tick('two');
	assert.equal(lease.fence, 2);
	assert.ok(Date.now() - began > 150, 'the takeover did not wait');
	await slow;
	assert.equal(await keeper.sql('SELECT fence FROM keeper.steps'), '1');
});

test('the lease: renewed, refused, taken when it ran out, given back', async () => {
	const keeper = await newKeeper(server);
	const lease = async (owner) => { const [row] = await keeper.tick(owner); return [row.held, row.fence, row.holder]; };
	assert.deepEqual(await lease('one'), [true, 1, 'one']);
	assert.deepEqual(await lease('two'), [false, 1, 'one']);
	await keeper.sql("UPDATE keeper.lease SET expires_at = clock_timestamp() - interval '1 ms'");
	assert.deepEqual(await lease('one'), [true, 1, 'one'], 'nobody came between: the fence stays');
	await keeper.call('lease_release', { owner: 'two', fence: 1 });
	assert.deepEqual(await lease('two'), [false, 1, 'one'], 'not his to give');
	await keeper.call('lease_release', { owner: 'one', fence: 1 });
	assert.match(await keeper.refusal('step_open', step()), /^PK001 .* \(nobody\)/);
	assert.deepEqual(await lease('two'), [true, 2, 'two']);
});

test('an account whose release is committed while it is taken is taken, not refused as nobody\'s', async () => {
	const keeper = await newKeeper(server);
	for (const [subject, letter] of [[DRAW, 'A'], [OTHER, 'B']]) await keeper.call('step_open', step({ subject, sig: signature(letter), step: 'DRAW', randomness: null, lut_slot: null }));
	const waiting = (locktype) => keeper.sql(`SELECT count(*) FROM pg_locks WHERE locktype = '${locktype}' AND NOT granted`);
	const ended = (promise) => promise.then(() => null, () => null);
	// Somebody else took it and gave it back, and has not committed yet.
	const gate = ended(keeper.sql('SELECT pg_advisory_lock(7); SELECT pg_sleep(600)'));
	while (await keeper.sql("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted") === '0');
	const other = keeper.sql(`BEGIN; INSERT INTO keeper.bindings (draw, seq, randomness, lut_slot, creates) VALUES ('${OTHER}', 1, '${key('R')}', 5, true);
		UPDATE keeper.bindings SET released_at = now(), released_why = 'selected'; SELECT pg_advisory_lock(7); COMMIT`);
	while (await waiting('advisory') === '0');
	const mine = keeper.outcome(`SELECT keeper.randomness_claim('${DRAW}', 1, '${key('R')}', NULL)`);
	while (await waiting('transactionid') === '0');
	await keeper.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(600)%' AND pid <> pg_backend_pid()");
	await Promise.all([gate, other]);
	assert.equal(await mine, 'ok');
	assert.equal(await keeper.sql("SELECT string_agg(draw || ' ' || lut_slot, ', ' ORDER BY bound_at) FROM keeper.bindings WHERE released_at IS NULL"), `${DRAW} 5`);
});

test('a randomness account belongs to one draw until its select is final', async () => {
	const keeper = await newKeeper(server);
	await landed(keeper);
	const taken = step({ subject: OTHER, sig: signature('B'), lut_slot: null });
	assert.match(await keeper.refusal('step_open', taken), new RegExp(`^PK002 randomness account ${key('R')} belongs to ${DRAW}`));
	assert.deepEqual(await keeper.call('randomness_free', { draw: OTHER }), []);
	assert.deepEqual(await keeper.call('randomness_free', { draw: DRAW }), [{ account: key('R'), lut_slot: 90 }]);
	await landed(keeper, { prev_seq: 1, step: 'DRAW', sig: signature('C') });
	assert.deepEqual(await keeper.call('randomness_free', { draw: OTHER }), []);
	await keeper.call('step_close', close({ seq: 2, outcome: 'final', landed: 115 }));
	assert.deepEqual(await keeper.call('randomness_free', { draw: OTHER }), [{ account: key('R'), lut_slot: 90 }]);
	await keeper.call('step_open', taken);
	assert.equal(await keeper.sql(`SELECT lut_slot, creates FROM keeper.bindings WHERE draw = '${OTHER}'`), '90|f');
	assert.deepEqual(await keeper.call('randomness_free', { draw: DRAW }), []);
});

test('an account that was never created is free for nobody', async () => {
	for (const outcome of [{ outcome: 'expired', landed: null }, { outcome: 'failed', failed: true, failure_ix: -1, failure_custom: false, failure_code: 1 }]) {
		const keeper = await newKeeper(server);
		await keeper.call('step_open', step());
		await keeper.call('step_close', close(outcome));
		assert.equal(await keeper.sql('SELECT released_why FROM keeper.bindings'), 'not_created');
		assert.deepEqual(await keeper.call('randomness_free', { draw: DRAW }), []);
		assert.deepEqual(states(await keeper.call('step_open', step({ prev_seq: 1, sig: signature('B') }))), ['2 BIND open'], 'the same address may be tried again');
	}
});

test('a failed BIND of an existing account keeps it for its draw', async () => {
	const keeper = await newKeeper(server);
	await landed(keeper);
	await landed(keeper, { prev_seq: 1, step: 'SELECT', sig: signature('B') });
	await keeper.call('step_close', close({ seq: 2, outcome: 'final' }));
	await keeper.call('step_open', step({ subject: OTHER, sig: signature('C'), lut_slot: null }));
	await keeper.call('step_close', close({ subject: OTHER, outcome: 'expired', landed: null }));
	assert.deepEqual(await keeper.call('randomness_free', { draw: OTHER }), [{ account: key('R'), lut_slot: 90 }]);
	assert.deepEqual(await keeper.call('randomness_free', { draw: DRAW }), []);
});

test('the import of a spooled row is done once, and keeps a row that is still open here', async () => {
	const keeper = await newKeeper(server);
	const spooled = step({ prev_seq: 1, step: 'REVEAL_SELECT', sig: signature('S') });
	await keeper.call('step_open', step());
	assert.deepEqual(states(await keeper.call('step_import', spooled)), ['1 BIND open', '2 REVEAL_SELECT stale']);
	assert.deepEqual(states(await keeper.call('step_import', spooled)), ['1 BIND open', '2 REVEAL_SELECT stale']);
	assert.match(await keeper.refusal('step_import', { ...spooled, sig: signature('T') }), /^PK002 .* its last row is 2/);
	const second = { ...spooled, prev_seq: 2, sig: signature('U') };
	assert.deepEqual(states(await keeper.call('step_import', second)), ['1 BIND open', '2 REVEAL_SELECT stale', '3 REVEAL_SELECT stale']);
	const after = await newKeeper(server);
	await landed(after);
	assert.deepEqual(states(await after.call('step_import', spooled)), ['1 BIND landed', '2 REVEAL_SELECT open']);
});
