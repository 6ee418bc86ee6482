// unlock_pool, request_randomness, select_winner: the way from a full pool to a winner.
'use strict';

const assert = require('node:assert');
const test = require('node:test');
const { ADDRESS, keyBytes, sha256 } = require('../solana.js');
const { u64 } = require('../instructions.js');
const { Lottery, person } = require('../programs/testing/lottery.js');
const { Call, testChecks } = require('../programs/testing/checks.js');
const { decodeEvent } = require('../programs/testing/layout.js');
const { START_SLOT, START_TIME } = require('../programs/testing/vm.js');

const POT = 300_000_000n;
const WEEK = 604800;
const DAY = 86400;
const fees = { dev_bps: 500n, burn_bps: 350n, treasury_bps: 150n };
const poke = (changes) => (lottery) => lottery.poke(changes);
const by = (who) => (lottery, call) => { call.user = lottery[who]; };
const randomness = (changes) => (lottery) => lottery.setRandomness({ revealSlot: lottery.vm.slot, value: Buffer.alloc(32, 7), ...changes });
const PARTICIPANTS_CHECK = { code: 6032, why: 'other participants stored', spoil: poke({ participants_account: person('stranger') }) };

function ids(lottery) {
	return { pool: lottery.pool, pool_id: lottery.poolState().pool_id };
}

function little128(bytes) {
	return bytes.readBigUInt64LE(0) + (bytes.readBigUInt64LE(8) << 64n);
}

// The rule of the program description, computed again.
function expectedWinner(lottery, r16) {
	const { pool_id: poolId } = lottery.poolState();
	const seats = lottery.seats();
	return seats[Number(sha256(u64(poolId), r16).readBigUInt64LE(0) % BigInt(seats.length))];
}

function mockRandomness(lottery) {
	return sha256(u64(lottery.poolState().pool_id), u64(lottery.vm.slot), keyBytes(lottery.creator)).subarray(0, 16);
}

test('unlock_pool waits for the lock duration', () => {
	const lottery = new Lottery().full();
	lottery.vm.wait({ seconds: 59 });
	assert.strictEqual(lottery.unlock().code, 6031);
	lottery.vm.wait({ seconds: 1 });
	const outcome = lottery.must(lottery.unlock());
	assert.deepStrictEqual(outcome.events.map(decodeEvent), [
		{ name: 'PoolStateEvent', ...ids(lottery), status: 'Unlocked', count: 3, total: POT, reason: 0 },
		{ name: 'PoolActivityEvent', ...ids(lottery), action: 'Unlocked', amount: 0n, rank: 0, ...fees },
		{ name: 'UIHint', pool: lottery.pool, hint: 'Unlocked' },
	]);
	const pool = lottery.poolState();
	assert.deepStrictEqual([pool.status, pool.status_reason, pool.unlock_time], [2, 0, BigInt(START_TIME + 60)]);
});

testChecks('unlock_pool', () => {
	const lottery = new Lottery().full();
	lottery.vm.wait({ seconds: 60 });
	return { lottery, call: () => new Call(lottery, 'unlock_pool', lottery.dev) };
}, [
	PARTICIPANTS_CHECK,
	{ code: 6042, why: 'paused', spoil: poke({ paused: 1 }) },
	{ code: 6005, why: 'not the developer', spoil: by('creator') },
	{ code: 6021, why: 'open', spoil: poke({ status: 0 }) },
	{ code: 6031, why: 'still locked', spoil: (lottery) => lottery.vm.setClock({ time: 59 }) },
	{ code: 6030, why: 'lock never started', spoil: poke({ lock_start_time: 0 }) },
]);

test('request_randomness binds the account and starts the clock of 3000 slots', () => {
	const lottery = new Lottery().unlocked();
	lottery.vm.wait({ slots: 500 });
	lottery.setRandomness({ seedSlot: lottery.vm.slot - 300 });
	const outcome = lottery.must(lottery.request());
	const slot = BigInt(START_SLOT + 500);
	const pool = lottery.poolState();
	assert.deepStrictEqual(
		[pool.status, pool.randomness_account, pool.randomness_commit_slot, pool.randomness_deadline_slot, pool.randomness],
		[3, lottery.randomness, slot, slot + 3000n, 0n],
	);
	assert.deepStrictEqual(outcome.events.map(decodeEvent), [
		{ name: 'PoolStateEvent', ...ids(lottery), status: 'RandomnessCommitted', count: 3, total: POT, reason: 0 },
		{ name: 'PoolActivityEvent', ...ids(lottery), action: 'RandomnessCommitted', amount: 0n, rank: 0, ...fees },
	]);
});

test('request_randomness accepts an account that is already revealed, and one of 408 bytes', () => {
	const lottery = new Lottery().unlocked();
	lottery.setRandomness({ revealSlot: START_SLOT, value: Buffer.alloc(32, 1), bytes: 408 });
	assert.strictEqual(lottery.request().code, null);
});

test('request_randomness is open to the creator a week after unlock, to nobody else', () => {
	const lottery = new Lottery().unlocked();
	lottery.setRandomness();
	lottery.vm.wait({ seconds: WEEK });
	assert.strictEqual(lottery.request(lottery.creator).code, 6005);
	lottery.vm.wait({ seconds: 1 });
	assert.strictEqual(lottery.request(lottery.stranger).code, 6005);
	assert.strictEqual(lottery.request(lottery.creator).code, null);
});

testChecks('request_randomness', () => {
	const lottery = new Lottery().unlocked();
	lottery.vm.wait({ slots: 1000 });
	lottery.setRandomness();
	return { lottery, call: () => new Call(lottery, 'request_randomness', lottery.dev) };
}, [
	PARTICIPANTS_CHECK,
	{ code: 6042, why: 'paused', spoil: poke({ paused: 1 }) },
	{ code: 6021, why: 'committed already', spoil: poke({ status: 3 }) },
	{ code: 6031, why: 'still locked', spoil: poke({ lock_duration: 10 ** 6 }) },
	{ code: 6005, why: 'not the developer', spoil: by('creator') },
	{ code: 6022, why: 'an account is bound', spoil: poke({ randomness_account: person('stranger') }) },
	{ code: 6018, why: 'account of another program', spoil: (lottery) => lottery.setRandomness({ owner: ADDRESS.token }) },
	{ code: 6026, why: 'account too short', spoil: (lottery) => lottery.setRandomness({ bytes: 407 }) },
	{ code: 6026, why: 'seed too old', spoil: (lottery) => lottery.setRandomness({ seedSlot: lottery.vm.slot - 301 }) },
	{ code: 6026, why: 'seed in the future', spoil: (lottery) => lottery.setRandomness({ seedSlot: lottery.vm.slot + 1 }) },
	{ code: 6026, why: 'never committed', spoil: (lottery) => lottery.setRandomness({ seedSlot: 0 }) },
]);

test('request_randomness and select_winner refuse other data of the Switchboard program', () => {
	const lottery = new Lottery().unlocked();
	const otherKind = () => {
		const account = lottery.vm.account(lottery.randomness);
		account.data[0] ^= 1;
		lottery.vm.setAccount(lottery.randomness, account);
	};
	lottery.reveal();
	const restore = lottery.snapshot();
	otherKind();
	assert.strictEqual(lottery.request().code, 6026);
	restore();
	lottery.must(lottery.request());
	otherKind();
	assert.strictEqual(lottery.select().code, 6026);
	restore();
	assert.strictEqual(lottery.request(lottery.dev, { randomness: person('nothing there') }).code, 6018);
});

test('the mainnet build wants the mainnet Switchboard program', () => {
	const lottery = new Lottery({ ml: 'ml-mainnet' }).unlocked();
	lottery.setRandomness();
	assert.strictEqual(lottery.request().code, 6018);
	lottery.setRandomness({ owner: 'SBondMDrcV3K4kxZR1HNVT7osZxAHVHgYXL5Ze1oMUv' });
	assert.strictEqual(lottery.request().code, null);
});

test('select_winner takes the first half of the value', () => {
	for (let i = 0; i < 12; i++) {
		const lottery = new Lottery().committed();
		lottery.poke({ status_reason: 2 });
		const value = lottery.reveal(sha256(Buffer.from(`value ${i}`)));
		const expected = expectedWinner(lottery, value.subarray(0, 16));
		const outcome = lottery.must(lottery.select());
		const pool = lottery.poolState();
		assert.strictEqual(pool.winner, expected);
		assert.strictEqual(pool.randomness, little128(value));
		assert.deepStrictEqual([pool.status, pool.status_reason], [5, 0]);
		assert.deepStrictEqual(outcome.events.map(decodeEvent), [
			{ name: 'PoolStateEvent', ...ids(lottery), status: 'WinnerSelected', count: 3, total: POT, reason: 0 },
		]);
	}
});

test('select_winner works until slot 3000 and never after', () => {
	const lottery = new Lottery().committed();
	lottery.reveal();
	const restore = lottery.snapshot();
	lottery.vm.wait({ slots: 3000 });
	assert.strictEqual(lottery.select().code, null);
	restore();
	lottery.vm.wait({ slots: 3001 });
	assert.strictEqual(lottery.select().code, 6047);
	lottery.vm.wait({ seconds: 2 * WEEK });
	assert.strictEqual(lottery.select(lottery.stranger).code, 6047);
	assert.strictEqual(lottery.request().code, 6021);
});

test('select_winner is open to anyone a week after unlock', () => {
	const lottery = new Lottery().committed();
	lottery.reveal();
	lottery.vm.wait({ seconds: WEEK });
	assert.strictEqual(lottery.select(lottery.stranger).code, 6005);
	lottery.vm.wait({ seconds: 1 });
	assert.strictEqual(lottery.select(lottery.stranger).code, null);
});

testChecks('select_winner', () => {
	const lottery = new Lottery().committed();
	lottery.reveal();
	return { lottery, call: () => new Call(lottery, 'select_winner', lottery.dev) };
}, [
	PARTICIPANTS_CHECK,
	{ code: 6042, why: 'paused', spoil: poke({ paused: 1 }) },
	{ code: 6067, why: 'processing', spoil: poke({ processing: 1 }) },
	{ code: 6056, why: 'ended', spoil: poke({ status: 6 }) },
	{ code: 6056, why: 'cancelled', spoil: poke({ status: 7 }) },
	{ code: 6056, why: 'closed', spoil: poke({ status: 8 }) },
	{ code: 6047, why: 'randomness expired', spoil: (lottery) => lottery.vm.wait({ slots: 3001 }) },
	{ code: 6005, why: 'not the developer', spoil: by('creator') },
	{ code: 6021, why: 'winner selected already', spoil: poke({ status: 5 }) },
	{ code: 6021, why: 'locked', spoil: poke({ status: 1 }) },
	{ code: 6020, why: 'nobody takes part', spoil: (lottery) => lottery.pokeSeats([]) },
	{ code: 6043, why: 'terms do not match the hash', spoil: poke({ config_hash: Buffer.alloc(32) }) },
	{ code: 6018, why: 'account of another program', spoil: randomness({ owner: ADDRESS.token }) },
	{ code: 6018, why: 'not the bound account', spoil: poke({ randomness_account: person('stranger') }) },
	{ code: 6026, why: 'account too short', spoil: randomness({ bytes: 407 }) },
	{ code: 6024, why: 'never committed', spoil: randomness({ seedSlot: 0 }) },
	{ code: 6026, why: 'not revealed', spoil: randomness({ revealSlot: 0 }) },
	{ code: 6019, why: 'value is all zero', spoil: randomness({ value: Buffer.alloc(32) }) },
]);

test('select_winner from Unlocked can never succeed', () => {
	const lottery = new Lottery().unlocked();
	lottery.reveal();
	assert.strictEqual(lottery.select().code, 6018);
});

test('select_winner panics on a count beyond the list', () => {
	const lottery = new Lottery().committed();
	lottery.reveal();
	const codes = new Set();
	for (let count = 21; count < 40; count++) {
		lottery.pokeSeats(lottery.players, count);
		const restore = lottery.snapshot();
		codes.add(lottery.select().code);
		restore();
	}
	assert.ok(codes.has('ProgramFailedToComplete'));
});

function mockPool() {
	return new Lottery({ terms: { allowMock: 1 } }).unlocked();
}

test('a mock pool draws from values anyone can predict', () => {
	const lottery = mockPool();
	lottery.vm.wait({ slots: 77 });
	const r16 = mockRandomness(lottery);
	const requested = lottery.must(lottery.request(lottery.dev, { randomness: ADDRESS.system }));
	assert.strictEqual(decodeEvent(requested.events[1]).action, 'RandomnessMockCommitted');
	const pool = lottery.poolState();
	assert.deepStrictEqual([pool.status, pool.randomness, pool.randomness_account], [3, little128(r16), ADDRESS.system]);
	const expected = expectedWinner(lottery, r16);
	lottery.must(lottery.select());
	assert.strictEqual(lottery.poolState().winner, expected);
	assert.strictEqual(lottery.poolState().randomness, little128(r16));
});

test('a mock pool without a value is not committed', () => {
	const lottery = mockPool();
	lottery.must(lottery.request(lottery.dev, { randomness: ADDRESS.system }));
	lottery.poke({ randomness: 0 });
	assert.strictEqual(lottery.select().code, 6024);
});

test('only mock pools take the system program for randomness', () => {
	const lottery = new Lottery().unlocked();
	assert.strictEqual(lottery.request(lottery.dev, { randomness: ADDRESS.system }).code, 6018);
});

test('a mock pool with a real account accepts any forged one at select', () => {
	const lottery = mockPool();
	lottery.setRandomness();
	lottery.must(lottery.request());
	const forged = person('forged randomness');
	const value = Buffer.alloc(32, 9);
	lottery.setRandomness({ key: forged, owner: ADDRESS.token, seedSlot: 0, revealSlot: 1, value });
	const expected = expectedWinner(lottery, value.subarray(0, 16));
	lottery.must(lottery.select(lottery.dev, { randomness: forged }));
	assert.strictEqual(lottery.poolState().winner, expected);
});

test('emergency reveal: mock pool, a day after unlock, account never revealed', () => {
	const lottery = mockPool();
	lottery.vm.wait({ seconds: DAY });
	lottery.setRandomness();
	lottery.must(lottery.request());
	assert.strictEqual(lottery.select().code, 6054);
	lottery.vm.wait({ seconds: 1, slots: 5 });
	const r16 = mockRandomness(lottery);
	const expected = expectedWinner(lottery, r16);
	const outcome = lottery.must(lottery.select());
	assert.deepStrictEqual(outcome.events.map((event) => decodeEvent(event).action || decodeEvent(event).status), ['EmergencyReveal', 'WinnerSelected']);
	const pool = lottery.poolState();
	assert.deepStrictEqual([pool.winner, pool.randomness, pool.randomness_account], [expected, little128(r16), ADDRESS.system]);
});

test('emergency reveal is for developer and creator only, and inside the 3000 slots', () => {
	const lottery = mockPool();
	lottery.vm.wait({ seconds: WEEK + 1 });
	lottery.setRandomness();
	lottery.must(lottery.request());
	assert.strictEqual(lottery.select(lottery.stranger).code, 6005);
	lottery.vm.wait({ slots: 3001 });
	assert.strictEqual(lottery.select(lottery.creator).code, 6047);
});
