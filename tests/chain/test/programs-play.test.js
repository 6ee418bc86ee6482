// join_pool, donate, set_lock_duration: effects, events, and every refusal in order.
'use strict';

const assert = require('node:assert');
const test = require('node:test');
const { ADDRESS, associatedTokenAddress } = require('../solana.js');
const { u64, i64 } = require('../instructions.js');
const { Lottery, WEALTH, person } = require('../programs/testing/lottery.js');
const { Call, testChecks } = require('../programs/testing/checks.js');
const { decodeEvent } = require('../programs/testing/layout.js');
const { STATE, encodeTokenAccount } = require('../programs/testing/tokens.js');
const { START_TIME } = require('../programs/testing/vm.js');

const BET = 100_000_000n;
const OPEN_SECONDS = 604800;
const fees = { dev_bps: 500n, burn_bps: 350n, treasury_bps: 150n };
const poke = (changes) => (lottery) => lottery.poke(changes);
const token = (changes) => (lottery, call) => lottery.pokeToken(call.user, changes);
const vault = (changes) => (lottery) => lottery.pokeToken(lottery.pool, changes);

// The mint's own program can hold no account under the other one; only a forged account gets past the ATA check.
function otherTokenProgram(lottery, call) {
	const forged = associatedTokenAddress(call.user, lottery.mint, ADDRESS.token2022);
	const data = encodeTokenAccount({ mint: lottery.mint, owner: call.user, amount: WEALTH });
	lottery.vm.setAccount(forged, { data, owner: ADDRESS.token2022 });
	Object.assign(call.overrides, { tokenProgram: ADDRESS.token2022, userToken: forged });
}

for (const tokenProgram of [ADDRESS.token, ADDRESS.token2022]) {
	test(`join_pool takes the bet and fills the pool (${tokenProgram})`, () => {
		const lottery = new Lottery({ tokenProgram }).open();
		const [creator, second, third] = lottery.players;
		const ids = { pool: lottery.pool, pool_id: lottery.poolState().pool_id };
		lottery.vm.wait({ seconds: 10 });
		const joined = lottery.must(lottery.join(second));
		assert.deepStrictEqual(joined.events.map(decodeEvent), [
			{ name: 'PoolStateEvent', ...ids, status: 'Open', count: 2, total: 2n * BET, reason: 0 },
			{ name: 'PoolActivityEvent', ...ids, action: 'Joined', amount: BET, rank: 2, ...fees },
		]);
		assert.strictEqual(lottery.balance(second), WEALTH - BET);
		assert.strictEqual(lottery.poolState().last_join_time, BigInt(START_TIME + 10));
		lottery.vm.wait({ seconds: 5 });
		const filled = lottery.must(lottery.join(third));
		assert.deepStrictEqual(filled.events.map(decodeEvent), [
			{ name: 'PoolStateEvent', ...ids, status: 'Open', count: 3, total: 3n * BET, reason: 0 },
			{ name: 'PoolActivityEvent', ...ids, action: 'Joined', amount: BET, rank: 3, ...fees },
			{ name: 'PoolStateEvent', ...ids, status: 'Locked', count: 3, total: 3n * BET, reason: 4 },
			{ name: 'PoolActivityEvent', ...ids, action: 'ReachedMax', amount: 3n * BET, rank: 0, ...fees },
			{ name: 'UIHint', pool: lottery.pool, hint: 'ReachedMax' },
		]);
		const pool = lottery.poolState();
		assert.deepStrictEqual(
			[pool.status, pool.status_reason, pool.lock_start_time, pool.total_amount, pool.total_volume, pool.total_joins],
			[1, 4, BigInt(START_TIME + 15), 3n * BET, 3n * BET, 3n],
		);
		assert.deepStrictEqual(lottery.seats(), [creator, second, third]);
		assert.strictEqual(lottery.vaultBalance(), 3n * BET);
	});
}

test('join_pool is open until the last second of the period', () => {
	const lottery = new Lottery().open();
	lottery.vm.wait({ seconds: OPEN_SECONDS });
	assert.strictEqual(lottery.join(lottery.players[1]).code, null);
	lottery.vm.wait({ seconds: 1 });
	assert.strictEqual(lottery.join(lottery.players[2]).code, 6000);
});

testChecks('join_pool', () => {
	const lottery = new Lottery().open();
	const call = () => {
		const attempt = new Call(lottery, 'join_pool', lottery.players[1], () => u64(attempt.amount));
		attempt.amount = BET;
		return attempt;
	};
	return { lottery, call };
}, [
	{ code: 6012, why: 'another mint in the pool', spoil: poke({ mint: person('other mint') }) },
	{ code: 6012, why: 'another mint in the vault', spoil: vault({ mint: person('other mint') }) },
	{ code: 6011, why: 'vault of somebody else', spoil: vault({ owner: person('stranger') }) },
	{
		code: 6011, why: 'token account is not the ATA',
		spoil: (lottery, call) => Object.assign(call.overrides, { userToken: lottery.ata(lottery.stranger) }),
	},
	{ code: 6032, why: 'other participants stored', spoil: poke({ participants_account: person('stranger') }) },
	{ code: 6034, why: 'wrong token program', spoil: otherTokenProgram },
	{ code: 6046, why: 'not initialized', spoil: poke({ initialized: 0 }) },
	{ code: 6042, why: 'paused', spoil: poke({ paused: 1 }) },
	{ code: 6000, why: 'expired', spoil: (lottery) => lottery.vm.wait({ seconds: OPEN_SECONDS + 1 }) },
	{ code: 6049, why: 'locked', spoil: poke({ status: 1 }) },
	{ code: 6049, why: 'cancelled', spoil: poke({ status: 7 }) },
	{ code: 6052, why: 'lock has started', spoil: poke({ lock_start_time: 1 }) },
	{ code: 6068, why: 'another vault stored', spoil: poke({ pool_token: person('stranger') }) },
	{ code: 6067, why: 'processing', spoil: poke({ processing: 1 }) },
	{ code: 6043, why: 'terms do not match the hash', spoil: poke({ config_hash: Buffer.alloc(32) }) },
	{ code: 6029, why: 'another amount', spoil: (lottery, call) => { call.amount += 1n; } },
	{
		code: 6029, why: 'bet below 20 tokens',
		spoil: (lottery, call) => { call.amount = 19_999_999n; lottery.pokeTerms({ amount: call.amount }); },
	},
	{ code: 6012, why: 'token account of another mint', spoil: token({ mint: person('other mint') }) },
	{ code: 6011, why: 'token account of somebody else', spoil: token({ owner: person('stranger') }) },
	{ code: 6044, why: 'frozen token account', spoil: token({ state: STATE.frozen }) },
	{ code: 6045, why: 'too few tokens', spoil: token({ amount: BET - 1n }) },
	{ code: 6007, why: 'no seat left', spoil: (lottery) => lottery.pokeTerms({ max_participants: lottery.seats().length }) },
	{ code: 6006, why: 'has joined', spoil: (lottery, call) => lottery.pokeSeats([lottery.creator, call.user]) },
]);

test('donate adds to the pot while open and while locked', () => {
	const lottery = new Lottery().open();
	const ids = { pool: lottery.pool, pool_id: lottery.poolState().pool_id };
	const outcome = lottery.must(lottery.donate(lottery.stranger, 20_000_000n));
	assert.deepStrictEqual(outcome.events.map(decodeEvent), [
		{ name: 'PoolStateEvent', ...ids, status: 'Open', count: 1, total: BET + 20_000_000n, reason: 0 },
		{ name: 'PoolActivityEvent', ...ids, action: 'Donated', amount: 20_000_000n, rank: 0, ...fees },
	]);
	for (const player of lottery.players.slice(1, 3)) lottery.must(lottery.join(player));
	lottery.vm.wait({ seconds: 59 });
	lottery.must(lottery.donate(lottery.players[1], 30_000_000n));
	const pool = lottery.poolState();
	assert.deepStrictEqual([pool.total_amount, pool.total_volume, pool.total_donations], [3n * BET + 50_000_000n, 3n * BET + 50_000_000n, 2n]);
	assert.strictEqual(lottery.vaultBalance(), pool.total_amount);
	assert.strictEqual(lottery.seats().length, 3);
});

test('donate takes any token account of the donor, not only the ATA', () => {
	const lottery = new Lottery().open();
	const account = person('another token account');
	const data = encodeTokenAccount({ mint: lottery.mint, owner: lottery.stranger, amount: 20_000_000n });
	lottery.vm.setAccount(account, { data, owner: lottery.tokenProgram });
	assert.strictEqual(lottery.donate(lottery.stranger, 20_000_000n, { userToken: account }).code, null);
});

test('donate hints at the end of the open period in its last minute, and when locked any time after', () => {
	const hint = (lottery) => lottery.must(lottery.donate(lottery.stranger, 20_000_000n)).events.map(decodeEvent).at(-1).hint;
	const lottery = new Lottery({ terms: { lockDuration: 43200 } }).open();
	lottery.vm.wait({ seconds: OPEN_SECONDS - 60 });
	assert.strictEqual(hint(lottery), undefined);
	lottery.vm.wait({ seconds: 1 });
	assert.strictEqual(hint(lottery), 'NearExpire');
	for (const player of lottery.players.slice(1, 3)) lottery.must(lottery.join(player));
	lottery.vm.wait({ seconds: 3600 });
	assert.strictEqual(hint(lottery), 'NearExpire');
});

function readyToDonate(prepare) {
	const lottery = prepare(new Lottery());
	const call = () => {
		const attempt = new Call(lottery, 'donate', lottery.stranger, () => u64(attempt.amount));
		attempt.amount = 20_000_000n;
		return attempt;
	};
	return { lottery, call };
}

const DONATE_CHECKS = [
	{ code: 6012, why: 'another mint in the pool', spoil: poke({ mint: person('other mint') }) },
	{ code: 2003, why: 'another mint in the vault', spoil: vault({ mint: person('other mint') }) },
	{ code: 2003, why: 'vault of somebody else', spoil: vault({ owner: person('stranger') }) },
	{ code: 6032, why: 'other participants stored', spoil: poke({ participants_account: person('stranger') }) },
	{ code: 6034, why: 'wrong token program', spoil: (lottery, call) => Object.assign(call.overrides, { tokenProgram: ADDRESS.token2022 }) },
	{ code: 6068, why: 'another vault stored', spoil: poke({ pool_token: person('stranger') }) },
	{ code: 6046, why: 'not initialized', spoil: poke({ initialized: 0 }) },
	{ code: 6042, why: 'paused', spoil: poke({ paused: 1 }) },
	{ code: 6067, why: 'processing', spoil: poke({ processing: 1 }) },
	{ code: 6053, why: 'unlocked', spoil: poke({ status: 2 }) },
	{ code: 6053, why: 'ended', spoil: poke({ status: 6 }) },
	{ code: 6043, why: 'terms do not match the hash', spoil: poke({ config_hash: Buffer.alloc(32) }) },
	{ code: 6012, why: 'token account of another mint', spoil: token({ mint: person('other mint') }) },
	{ code: 6011, why: 'token account of somebody else', spoil: token({ owner: person('player 3') }) },
	{ code: 6044, why: 'frozen token account', spoil: token({ state: STATE.frozen }) },
	{ code: 6053, why: 'winner selected', spoil: poke({ status: 5 }) },
	{ code: 6053, why: 'cancelled', spoil: poke({ status: 7 }) },
];
const DONATE_LAST_CHECKS = [
	{ code: 6029, why: 'below 20 tokens', spoil: (lottery, call) => { call.amount = 19_999_999n; } },
	{ code: 6045, why: 'too few tokens', spoil: token({ amount: 19_999_998n }) },
];

testChecks('donate to an open pool', () => readyToDonate((lottery) => lottery.open()), [
	...DONATE_CHECKS,
	{ code: 6000, why: 'expired', spoil: (lottery) => lottery.vm.wait({ seconds: OPEN_SECONDS + 1 }) },
	...DONATE_LAST_CHECKS,
]);

testChecks('donate to a locked pool', () => readyToDonate((lottery) => lottery.full()), [
	...DONATE_CHECKS,
	{ code: 6053, why: 'lock is over', spoil: (lottery) => lottery.vm.wait({ seconds: 60 }) },
	...DONATE_LAST_CHECKS,
]);

test('join and donate refuse a pot beyond u64', () => {
	const lottery = new Lottery().open();
	lottery.poke({ total_amount: 2n ** 64n - 1n });
	assert.strictEqual(lottery.join(lottery.players[1]).code, 6009);
	assert.strictEqual(lottery.donate(lottery.stranger, 20_000_000n).code, 6009);
	lottery.poke({ total_amount: BET, total_volume: 2n ** 64n - 1n });
	assert.strictEqual(lottery.join(lottery.players[1]).code, 6009);
});

test('set_lock_duration changes the duration but not the hash', () => {
	const lottery = new Lottery().open();
	const { config_hash: before } = lottery.poolState();
	const outcome = lottery.must(lottery.setLockDuration(lottery.creator, 43200));
	assert.deepStrictEqual(outcome.events, []);
	const pool = lottery.poolState();
	assert.strictEqual(pool.lock_duration, 43200n);
	assert.deepStrictEqual(pool.config_hash, before);
});

testChecks('set_lock_duration', () => {
	const lottery = new Lottery({ terms: { lockDuration: 100 } }).open();
	const call = () => {
		const attempt = new Call(lottery, 'set_lock_duration', lottery.creator, () => i64(attempt.seconds));
		attempt.seconds = 100;
		return attempt;
	};
	return { lottery, call };
}, [
	{ code: 6032, why: 'other participants stored', spoil: poke({ participants_account: person('stranger') }) },
	{ code: 6042, why: 'paused', spoil: poke({ paused: 1 }) },
	{ code: 6003, why: 'not the creator', spoil: (lottery, call) => { call.user = lottery.dev; } },
	{ code: 6021, why: 'locked', spoil: poke({ status: 1 }) },
	{ code: 6030, why: 'too short', spoil: (lottery, call) => { call.seconds = 59; } },
	{ code: 6030, why: 'too long', spoil: (lottery, call) => { call.seconds = 43201; } },
	{ code: 6030, why: 'negative', spoil: (lottery, call) => { call.seconds = -1; } },
	{ code: 6023, why: 'shorter than before', spoil: (lottery, call) => { call.seconds = 99; } },
	{ code: 6057, why: 'somebody joined', spoil: (lottery) => lottery.pokeSeats([lottery.creator, lottery.stranger]) },
]);
