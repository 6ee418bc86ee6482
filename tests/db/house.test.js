// Housekeeping in the journal: who may close a randomness account, which ones are listed, and that a draw always wins.
'use strict';

const test = require('node:test');
const assert = require('node:assert');
const { startPostgres } = require('../lib/postgres');
const { newKeeper, key, signature, step, close, payout, view } = require('./keeper');

let server;
test.before(async () => { server = await startPostgres(); });
test.after(() => server.stop());

let used = 0;
// base58 has no zero.
const fresh = () => signature('A').slice(4) + String(used += 1).padStart(4, 'z').replaceAll('0', 'x');

const draw = (letter) => `draw:${key(letter)}:7`;
const closing = (letter, overrides = {}) => step({
	subject: `randomness:${key(letter)}`, step: 'CLOSE_RANDOMNESS', randomness: key(letter), lut_slot: null, sig: fresh(), ...overrides,
});

const work = async (keeper, overrides = {}) => {
	const rows = await keeper.call('house_work', { close: true, pools: false, keep: 0, idle_s: 0, failures: 3, max: 64, ...overrides });
	return rows.map(({ subject }) => subject.replace(`randomness:${key('')}`, ''));
};

// A draw that made its account and is selected for good.
async function spent(keeper, letter) {
	await keeper.call('step_open', step({ subject: draw(letter), randomness: key(letter), sig: fresh() }));
	await keeper.call('step_close', close({ subject: draw(letter), outcome: 'final' }));
	await keeper.call('step_open', step({ subject: draw(letter), prev_seq: 1, step: 'REVEAL_SELECT', randomness: key(letter), sig: fresh() }));
	await keeper.call('step_close', close({ subject: draw(letter), seq: 2, outcome: 'final', landed: 120 }));
}

test('a spent account is listed, the newest ones are kept, and so is what was used lately', async () => {
	const keeper = await newKeeper(server);
	for (const letter of ['1', '2', '3']) await spent(keeper, letter);
	assert.deepEqual(await work(keeper), ['1', '2', '3']);
	assert.deepEqual(await work(keeper, { keep: 1 }), ['1', '2']);
	assert.deepEqual(await work(keeper, { keep: 3 }), []);
	assert.deepEqual(await work(keeper, { idle_s: 100 }), []);
	assert.deepEqual(await work(keeper, { close: false }), []);
	assert.deepEqual(await work(keeper, { max: 2 }), ['1', '2']);
});

test('an account that a draw holds is neither listed nor closed, and one that is being closed is not bound', async () => {
	const keeper = await newKeeper(server);
	await spent(keeper, '1');
	await keeper.call('step_open', step({ subject: draw('B'), randomness: key('1'), lut_slot: null, sig: fresh() }));
	assert.deepEqual(await work(keeper), []);
	assert.match(await keeper.refusal('step_open', closing('1')), /^PK002 randomness account \S+1 is still in use/);
	// Also where nothing is out: the draw is bound and waits for its oracle.
	await keeper.call('step_close', close({ subject: draw('B'), outcome: 'final' }));
	assert.match(await keeper.refusal('step_open', closing('1')), /^PK002 randomness account \S+1 belongs to draw:\S+B:7/);

	await spent(keeper, '2');
	await keeper.call('step_open', closing('2'));
	assert.match(await keeper.refusal('step_open', step({ subject: draw('C'), randomness: key('2'), lut_slot: null, sig: fresh() })), /^PK002 .*belongs to randomness:/);
	assert.deepEqual(await keeper.call('randomness_free', { draw: draw('C') }), []);
	assert.deepEqual(await work(keeper), ['2'], 'its own transaction is out');
	assert.deepEqual(await work(keeper, { close: false }), ['2'], 'also when closing is switched off meanwhile');
});

test('a closed account is gone for ever; one whose closing failed or expired is free again', async () => {
	const keeper = await newKeeper(server);
	await spent(keeper, '1');
	const subject = `randomness:${key('1')}`;
	await keeper.call('step_open', closing('1'));
	await keeper.call('step_close', close({ subject, outcome: 'expired', landed: null }));
	assert.equal((await keeper.call('randomness_free', { draw: draw('C') }))[0].account, key('1'));
	await keeper.call('step_open', closing('1', { prev_seq: 1 }));
	await keeper.call('step_close', close({ subject, seq: 2 }));
	// A fork undoes it: it is out again, and still nobody else's.
	await keeper.call('step_reopen', { fence: 1, subject, seq: 2 });
	assert.deepEqual(await keeper.call('randomness_free', { draw: draw('C') }), []);
	await keeper.call('step_close', close({ subject, seq: 2, outcome: 'final' }));
	assert.deepEqual(await keeper.call('randomness_free', { draw: draw('C') }), []);
	assert.deepEqual(await work(keeper), []);
	assert.match(await keeper.refusal('step_open', closing('1', { prev_seq: 2 })), /^PK002/);
});

// As keeper.randomness_abandoned and keeper.house_work tell it: the letters of the accounts, and whether nobody here made them.
const unknown = async (keeper, ...letters) => {
	const rows = await keeper.call('randomness_abandoned', { address: letters.map(key), failures: 3 });
	return rows.map(({ address, abandoned }) => { assert.ok(abandoned); return address.at(-1); });
};

test('accounts that no draw ever had are found, and closed by their own rules only', async () => {
	const keeper = await newKeeper(server);
	await spent(keeper, '1');
	await keeper.call('step_open', step({ subject: 'canary:1', step: 'CANARY_INIT', randomness: key('2'), sig: fresh() }));
	await keeper.call('observe', view({ address: key('Z'), status: 3, randomness_account: key('3'), commit_slot: 90 }));
	await keeper.call('step_open', step({ subject: draw('Y'), step: 'SELECT', randomness: key('4'), sig: fresh() }));
	assert.deepEqual(await unknown(keeper, '1', '2', '3', '4', '5', '6'), ['5', '6']);
	assert.deepEqual(await unknown(keeper), []);
	// A transaction of ours that is over says nothing, nor does a pool that is paid.
	await keeper.call('step_close', close({ subject: draw('Y'), outcome: 'final' }));
	await keeper.call('payout_record', payout({ subject: draw('Z'), pool: key('Z'), sig: null }));
	assert.deepEqual(await unknown(keeper, '3', '4', '5'), ['3', '4', '5']);

	// Of two daemons one closes it; both know by the journal what it is.
	const subject = `randomness:${key('5')}`;
	const listed = () => keeper.call('house_work', { close: true, pools: false, keep: 1, idle_s: 0, failures: 3, max: 64 });
	await keeper.call('step_open', closing('5'));
	assert.match(await keeper.refusal('step_open', closing('5')), /moved on: row 1 is open/);
	assert.deepEqual(await unknown(keeper, '5'), []);
	assert.deepEqual(await listed(), [{ subject, address: key('5'), pool_id: 0, abandoned: true }]);
	await keeper.call('step_close', close({ subject, outcome: 'expired', landed: null }));
	assert.deepEqual(await listed(), [], 'not among the spent ones of our own draws');
	assert.deepEqual(await keeper.call('randomness_free', { draw: draw('C') }), [{ account: key('1'), lut_slot: 90 }], 'nor does a draw get it');
	assert.deepEqual(await unknown(keeper, '5'), ['5']);
	const failed = { failed: true, failure_ix: 2, failure_custom: true, failure_code: 6000, outcome: 'failed' };
	for (let seq = 2; seq <= 4; seq += 1) {
		assert.deepEqual(await unknown(keeper, '5'), ['5']);
		await keeper.call('step_open', closing('5', { prev_seq: seq - 1 }));
		await keeper.call('step_close', close({ subject, seq, ...failed }));
	}
	assert.deepEqual(await unknown(keeper, '5'), [], 'given up');
});

test('what failed three times on chain is not listed any more', async () => {
	const keeper = await newKeeper(server);
	await spent(keeper, '1');
	const failed = { failed: true, failure_ix: 2, failure_custom: true, failure_code: 6000, outcome: 'failed' };
	for (let seq = 1; seq <= 3; seq += 1) {
		assert.deepEqual(await work(keeper), ['1']);
		await keeper.call('step_open', closing('1', { prev_seq: seq - 1 }));
		await keeper.call('step_close', close({ subject: `randomness:${key('1')}`, seq, ...failed }));
	}
	assert.deepEqual(await work(keeper), []);
	assert.equal((await keeper.call('randomness_free', { draw: draw('C') }))[0].account, key('1'), 'draws may still use it');
});

test('an account that a transaction of ours may yet use, or that a bound pool names, is left alone', async () => {
	const keeper = await newKeeper(server);
	await spent(keeper, '1');
	await spent(keeper, '2');
	await keeper.call('step_open', step({ subject: draw('1'), prev_seq: 2, step: 'SELECT', randomness: key('1'), sig: fresh() }));
	await keeper.call('observe', view({ address: key('Z'), status: 3, randomness_account: key('2'), commit_slot: 90 }));
	assert.deepEqual(await work(keeper), []);
	for (const letter of ['1', '2']) assert.match(await keeper.refusal('step_open', closing(letter)), /^PK002 .* is still in use/);
	await keeper.call('payout_record', payout({ subject: draw('Z'), pool: key('Z'), sig: null }));
	assert.deepEqual(await work(keeper), ['2'], 'the pool is paid');
});

test('a closing row is about its own account and nothing else', async () => {
	const keeper = await newKeeper(server);
	await spent(keeper, '1');
	for (const wrong of [{ subject: `randomness:${key('2')}` }, { subject: draw('1'), prev_seq: 2 }, { randomness: null }]) {
		assert.match(await keeper.refusal('step_open', closing('1', wrong)), /^23514 steps_step_fits/);
	}
	assert.match(await keeper.refusal('step_open', closing('1', { step: 'SELECT' })), /^23514 steps_step_fits/);
});

test('housekeeping of a pool stays away from its draw, and is listed while it is out', async () => {
	const keeper = await newKeeper(server);
	const subject = `pool:${key('P')}:7`;
	const sweep = (overrides = {}) => step({ subject, step: 'SWEEP', randomness: null, lut_slot: null, sig: fresh(), ...overrides });
	await keeper.call('step_open', step({ subject: draw('P'), sig: fresh() }));
	assert.match(await keeper.refusal('step_open', sweep()), /^PK002 draw:\S+:7 is bound or has a transaction out/);
	// Its rows are settled, its account is not given back: the oracle's answer is awaited.
	await keeper.call('step_close', close({ subject: draw('P'), outcome: 'final' }));
	assert.match(await keeper.refusal('step_open', sweep()), /^PK002 draw:\S+:7 is bound or has a transaction out/);
	await keeper.call('step_open', step({ subject: draw('P'), prev_seq: 1, step: 'SELECT', sig: fresh() }));
	await keeper.call('step_close', close({ subject: draw('P'), seq: 2, outcome: 'final', landed: 120 }));
	await keeper.call('step_open', sweep());
	const listed = await keeper.call('house_work', { close: false, pools: false, keep: 0, idle_s: 0, failures: 3, max: 64 });
	assert.deepEqual(listed, [{ subject, address: key('P'), pool_id: 7, abandoned: false }]);
	await keeper.call('step_close', close({ subject, outcome: 'final' }));
	assert.deepEqual(await work(keeper, { close: false }), []);
	for (const wrong of [{ subject: draw('P'), prev_seq: 2 }, { subject: `ata:${key('P')}` }]) {
		assert.match(await keeper.refusal('step_open', sweep(wrong)), /^23514 steps_step_fits/);
	}
	assert.match(await keeper.refusal('step_open', sweep({ step: 'PAYOUT', prev_seq: 1 })), /^23514 steps_step_fits/);
	assert.match(await keeper.refusal('step_open', sweep({ subject: `pool:${key('P')}` })), /^23514 subject_is_known/);
});

test('a pool that is over is looked at when its time has come, until it is gone', async () => {
	const keeper = await newKeeper(server);
	const look = async () => (await keeper.call('house_work', { close: false, pools: true, keep: 0, idle_s: 0, failures: 3, max: 64 })).map((row) => row.subject);
	const note = (wait_s) => keeper.call('leftover_note', { fence: 1, draw: draw('P'), wait_s });
	const subject = `pool:${key('P')}:7`;
	await keeper.call('observe', view());
	assert.deepEqual(await look(), [], 'locked');
	await keeper.call('observe', view({ status: 6, slot: 110 }));
	assert.deepEqual(await look(), [], 'ended, but not recorded as paid yet');
	await keeper.call('payout_record', payout({ sig: null }));
	assert.deepEqual(await look(), [subject]);
	assert.deepEqual(await work(keeper, { close: false }), [], 'where nobody asks for pools');
	await note(100);
	assert.deepEqual(await look(), []);
	await keeper.sql("UPDATE keeper.leftovers SET due_at = now() - interval '1 s'");
	assert.deepEqual(await look(), [subject]);
	await note(0);
	assert.deepEqual(await look(), []);
	await keeper.call('observe', view({ status: 6, slot: 200 }));
	assert.deepEqual(await look(), [], 'gone is gone');
	assert.match(await keeper.refusal('leftover_note', { fence: 2, draw: draw('P'), wait_s: 0 }), /^PK001/);
	// Cancelled pools need no record, and may be seen so the first time.
	await keeper.call('observe', view({ app_id: 2, address: key('Y'), status: 7 }));
	assert.deepEqual(await look(), [`pool:${key('Y')}:7`]);
});

// Blocks that one listing touches; most of them are catalogs, for planning.
async function blocks(keeper) {
	const plan = await keeper.sql('EXPLAIN (ANALYZE, BUFFERS, COSTS OFF, TIMING OFF) SELECT * FROM keeper.randomness_idle()');
	const [, hit, read] = /Buffers: shared hit=(\d+)(?: read=(\d+))?/.exec(plan);
	return Number(hit) + Number(read ?? 0);
}

test('many draws on few accounts are listed by single index steps', async () => {
	const keeper = await newKeeper(server);
	await spent(keeper, '1');
	const few = await blocks(keeper);
	await keeper.sql(`INSERT INTO keeper.steps (subject, seq, step, state, sig, tx, last_valid, floor_slot, high_slot, landed_slot, closed_at, randomness, owner, fence)
		SELECT 'draw:${key('D')}:' || i, 1, 'BIND', 'final', lpad(translate(i::text, '0', 'z'), 88, 'y'), '\\x01', 5, 5, 6, 6, now(), '${key('1')}', 'o', 1
		FROM generate_series(1, 20000) i;
		ALTER TABLE keeper.bindings DISABLE TRIGGER bindings_follow;
		INSERT INTO keeper.bindings (draw, seq, randomness, lut_slot, creates, released_at, released_why, replaced)
		SELECT 'draw:${key('D')}:' || i, 1, '${key('1')}', 5, false, now(), 'selected', true FROM generate_series(1, 20000) i;
		ANALYZE keeper.bindings; ANALYZE keeper.steps`);
	const more = await blocks(keeper) - few;
	assert.ok(more < 100, `${more} blocks more for 20,000 draws of one account`);
	assert.deepEqual(await work(keeper), ['1']);
});
