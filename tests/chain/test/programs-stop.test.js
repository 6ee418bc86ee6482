// cancel_pool, admin_close_pool, sweep_expired_pool, pause_pool, unpause_pool, force_expire.
'use strict';

const assert = require('node:assert');
const test = require('node:test');
const { ADDRESS } = require('../solana.js');
const { Lottery, person } = require('../programs/testing/lottery.js');
const { Call, testChecks } = require('../programs/testing/checks.js');
const { decodeEvent } = require('../programs/testing/layout.js');
const { START_TIME } = require('../programs/testing/vm.js');

const BET = 100_000_000n;
const SWEEP_SECONDS = 604800 + 604800;
const fees = { dev_bps: 500n, burn_bps: 350n, treasury_bps: 150n };
const poke = (changes) => (lottery) => lottery.poke(changes);
const by = (who) => (lottery, call) => { call.user = lottery[who]; };
const otherTokenProgram = (lottery, call) => Object.assign(call.overrides, { tokenProgram: ADDRESS.token2022 });

// Pool with two of three seats taken.
function half(options) {
	const lottery = new Lottery(options).open();
	lottery.must(lottery.join(lottery.players[1]));
	return lottery;
}

function ready(name, user, options) {
	return () => {
		const lottery = half(options);
		return { lottery, call: () => new Call(lottery, name, lottery[user]) };
	};
}

const VAULT_CHECKS = [
	{ code: 6012, why: 'another mint in the pool', spoil: poke({ mint: person('other mint') }) },
	{ code: 6012, why: 'another mint in the vault', spoil: (lottery) => lottery.pokeToken(lottery.pool, { mint: person('other mint') }) },
	{ code: 6011, why: 'vault of somebody else', spoil: (lottery) => lottery.pokeToken(lottery.pool, { owner: person('stranger') }) },
];
const PARTICIPANTS_CHECK = { code: 6032, why: 'other participants stored', spoil: poke({ participants_account: person('stranger') }) };

test('cancel_pool and admin_close_pool keep count and total, but their events say zero', () => {
	for (const [run, reason, action] of [['cancel', 5, 'Cancelled'], ['adminClose', 6, 'AdminClosed']]) {
		const lottery = half();
		const ids = { pool: lottery.pool, pool_id: lottery.poolState().pool_id };
		lottery.vm.wait({ seconds: 7 });
		const outcome = lottery.must(lottery[run]());
		const pool = lottery.poolState();
		assert.deepStrictEqual([pool.status, pool.status_reason, pool.close_time, pool.total_amount], [7, reason, BigInt(START_TIME + 7), 2n * BET]);
		assert.strictEqual(lottery.seats().length, 2);
		assert.deepStrictEqual(outcome.events.map(decodeEvent), [
			{ name: 'PoolStateEvent', ...ids, status: 'Cancelled', count: 0, total: 0n, reason },
			{ name: 'PoolActivityEvent', ...ids, action, amount: 0n, rank: 0, ...fees },
		]);
	}
});

test('sweep_expired_pool waits a week after the expiry and tells the real count and total', () => {
	const lottery = half();
	const ids = { pool: lottery.pool, pool_id: lottery.poolState().pool_id };
	lottery.vm.wait({ seconds: SWEEP_SECONDS });
	assert.strictEqual(lottery.sweep().code, 6001);
	lottery.vm.wait({ seconds: 1 });
	const outcome = lottery.must(lottery.sweep());
	assert.deepStrictEqual(outcome.events.map(decodeEvent), [
		{ name: 'PoolStateEvent', ...ids, status: 'Cancelled', count: 2, total: 2n * BET, reason: 1 },
		{ name: 'PoolActivityEvent', ...ids, action: 'Expired', amount: 0n, rank: 0, ...fees },
	]);
	const pool = lottery.poolState();
	assert.deepStrictEqual([pool.status, pool.status_reason, pool.close_time], [7, 1, BigInt(START_TIME + SWEEP_SECONDS + 1)]);
});

test('sweep_expired_pool of a mock pool does not wait', () => {
	assert.strictEqual(half({ terms: { allowMock: 1 } }).sweep().code, null);
});

testChecks('cancel_pool', ready('cancel_pool', 'creator'), [
	...VAULT_CHECKS,
	{ code: 6034, why: 'wrong token program', spoil: otherTokenProgram },
	{ code: 6046, why: 'not initialized', spoil: poke({ initialized: 0 }) },
	{ code: 6042, why: 'paused', spoil: poke({ paused: 1 }) },
	{ code: 6003, why: 'not the creator', spoil: by('dev') },
	{ code: 6021, why: 'locked', spoil: poke({ status: 1 }) },
]);

testChecks('admin_close_pool', ready('admin_close_pool', 'dev'), [
	...VAULT_CHECKS,
	{ code: 6003, why: 'wallet is not the creator', spoil: (lottery, call) => Object.assign(call.overrides, { creator: lottery.stranger }) },
	{
		code: 3011, why: 'creator is not system-owned',
		spoil: (lottery) => lottery.vm.setAccount(lottery.creator, { lamports: 10n ** 9n, owner: ADDRESS.token }),
	},
	{ code: 6034, why: 'wrong token program', spoil: otherTokenProgram },
	{ code: 6042, why: 'paused', spoil: poke({ paused: 1 }) },
	{ code: 6004, why: 'not the developer', spoil: by('stranger') },
	{ code: 6021, why: 'locked', spoil: poke({ status: 1 }) },
]);

testChecks('sweep_expired_pool', () => {
	const { lottery, call } = ready('sweep_expired_pool', 'dev')();
	lottery.vm.wait({ seconds: SWEEP_SECONDS + 1 });
	return { lottery, call };
}, [
	...VAULT_CHECKS,
	PARTICIPANTS_CHECK,
	{ code: 6042, why: 'paused', spoil: poke({ paused: 1 }) },
	{ code: 6001, why: 'too early', spoil: (lottery) => lottery.vm.wait({ seconds: -1 }) },
	{ code: 6004, why: 'not the developer', spoil: by('stranger') },
	{ code: 6021, why: 'locked', spoil: poke({ status: 1 }) },
]);

test('pause_pool and unpause_pool set the flag and the reason, as often as you like', () => {
	const lottery = half();
	const ids = { pool: lottery.pool, pool_id: lottery.poolState().pool_id };
	for (const [run, paused, reason] of [['pause', 1, 2], ['pause', 1, 2], ['unpause', 0, 0], ['unpause', 0, 0]]) {
		const outcome = lottery.must(lottery[run]());
		const pool = lottery.poolState();
		assert.deepStrictEqual([pool.paused, pool.status_reason, pool.status], [paused, reason, 0]);
		assert.deepStrictEqual(outcome.events.map(decodeEvent), [
			{ name: 'PoolStateEvent', ...ids, status: 'Open', count: 2, total: 2n * BET, reason },
		]);
	}
});

for (const name of ['pause_pool', 'unpause_pool']) {
	testChecks(name, ready(name, 'dev'), [
		PARTICIPANTS_CHECK,
		{ code: 6005, why: 'not the developer', spoil: by('creator') },
		{ code: 6021, why: 'ended', spoil: poke({ status: 6 }) },
		{ code: 6021, why: 'closed', spoil: poke({ status: 8 }) },
	]);
}

test('force_expire ends the open period of a mock pool without an event', () => {
	const lottery = half({ terms: { allowMock: 1 } });
	lottery.vm.wait({ seconds: 300 });
	assert.deepStrictEqual(lottery.must(lottery.forceExpire()).events, []);
	const pool = lottery.poolState();
	assert.deepStrictEqual([pool.expire_time, pool.duration, pool.status], [BigInt(START_TIME + 290), 0n, 0]);
	assert.strictEqual(lottery.join(lottery.players[2]).code, 6000);
});

testChecks('force_expire', () => {
	const { lottery, call } = ready('force_expire', 'dev', { terms: { allowMock: 1 } })();
	lottery.vm.wait({ seconds: 300 });
	return { lottery, call };
}, [
	{ code: 6005, why: 'not a mock pool', spoil: poke({ allow_mock: 0 }) },
	{ code: 6005, why: 'not the developer', spoil: by('creator') },
	{ code: 6054, why: 'too young', spoil: (lottery) => lottery.vm.wait({ seconds: -1 }) },
]);
