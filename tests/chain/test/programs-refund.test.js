// claim_refund, finalize_forfeited_pool, claim_rent: money and rent after the end of a pool.
'use strict';

const assert = require('node:assert');
const test = require('node:test');
const { ADDRESS, associatedTokenAddress } = require('../solana.js');
const { Lottery, WEALTH, person } = require('../programs/testing/lottery.js');
const { Call, assertCode, testChecks } = require('../programs/testing/checks.js');
const { decodeEvent, decodeParticipants } = require('../programs/testing/layout.js');
const { STATE, encodeTokenAccount } = require('../programs/testing/tokens.js');
const { START_TIME } = require('../programs/testing/vm.js');

const BET = 100_000_000n;
const MONTH = 2592000;
const fees = { dev_bps: 500n, burn_bps: 350n, treasury_bps: 150n };
const poke = (changes) => (lottery) => lottery.poke(changes);
const token = (owner, changes) => (lottery, call) => lottery.pokeToken(owner === 'user' ? call.user : lottery[owner], changes);
const vault = (changes) => (lottery) => lottery.pokeToken(lottery.pool, changes);
const replace = (account, owner) => (lottery, call) => Object.assign(call.overrides, { [account]: lottery.ata(lottery[owner]) });
// A second token account of the caller: everything fits but the address.
const secondAccount = (lottery, call) => {
	lottery.pokeToken(lottery.stranger, { owner: call.user });
	Object.assign(call.overrides, { userToken: lottery.ata(lottery.stranger) });
};
// The treasury's address depends on the token program too: only a forged account there gets as far as this check.
const forgedTreasury = (lottery, call) => {
	const forged = associatedTokenAddress(lottery.treasury, lottery.mint, ADDRESS.token2022);
	lottery.vm.setAccount(forged, { data: encodeTokenAccount({ mint: lottery.mint, owner: lottery.treasury }), owner: ADDRESS.token2022 });
	Object.assign(call.overrides, { tokenProgram: ADDRESS.token2022, treasuryToken: forged });
};
const FORGED_TREASURY_CHECK = { code: 6034, why: 'wrong token program', spoil: forgedTreasury };
const otherTokenProgram = (lottery, call) => Object.assign(call.overrides, { tokenProgram: ADDRESS.token2022 });

const VAULT_CHECKS = [
	{ code: 6012, why: 'another mint in the pool', spoil: poke({ mint: person('other mint') }) },
	{ code: 6012, why: 'another mint in the vault', spoil: vault({ mint: person('other mint') }) },
	{ code: 6011, why: 'vault of somebody else', spoil: vault({ owner: person('stranger') }) },
];
const TREASURY_ATA_CHECK = { code: 6011, why: 'treasury account is not the ATA', spoil: replace('treasuryToken', 'stranger') };
const PARTICIPANTS_CHECK = { code: 6032, why: 'other participants stored', spoil: poke({ participants_account: person('stranger') }) };
const STRICT_TREASURY_CHECKS = [
	{ code: 6012, why: 'treasury account of another mint', spoil: token('treasury', { mint: person('other mint') }) },
	{ code: 6011, why: 'treasury account of somebody else', spoil: token('treasury', { owner: person('stranger') }) },
	{ code: 6044, why: 'treasury account is frozen', spoil: token('treasury', { state: STATE.frozen }) },
	{ code: 6040, why: 'treasury account has a delegate', spoil: token('treasury', { delegate: person('stranger') }) },
	{ code: 6041, why: 'treasury account has a close authority', spoil: token('treasury', { closeAuthority: person('stranger') }) },
];
const REFUNDABLE_CHECKS = [
	{ code: 6021, why: 'not cancelled', spoil: poke({ status: 0 }) },
	{ code: 6021, why: 'reason overwritten by pause', spoil: poke({ status_reason: 2 }) },
	{ code: 6021, why: 'reason overwritten by unpause', spoil: poke({ status_reason: 0 }) },
];

for (const tokenProgram of [ADDRESS.token, ADDRESS.token2022]) {
	test(`claim_refund returns the bet, less a burned twentieth for the creator (${tokenProgram})`, () => {
		const lottery = new Lottery({ tokenProgram }).open();
		const [creator, second, third] = lottery.players;
		lottery.must(lottery.join(second));
		lottery.must(lottery.donate(lottery.stranger, 50_000_000n));
		lottery.must(lottery.cancel());
		const supply = lottery.supply();
		const first = lottery.must(lottery.refund(creator));
		assert.deepStrictEqual(first.events.map(decodeEvent), [
			{ name: 'RefundBurned', user: creator, amount: 5_000_000n, reason: 5 },
			{ name: 'RefundClaimedEvent', pool: lottery.pool, user: creator, amount: 95_000_000n, burned: 5_000_000n, reason: 5 },
		]);
		assert.strictEqual(lottery.balance(creator), WEALTH - 5_000_000n);
		assert.strictEqual(supply - lottery.supply(), 5_000_000n);
		const { count, list } = decodeParticipants(lottery.vm.account(lottery.participants).data);
		assert.deepStrictEqual([count, list.slice(0, 2)], [1, [second, ADDRESS.system]]);
		const other = lottery.must(lottery.refund(second));
		assert.deepStrictEqual(other.events.map(decodeEvent), [
			{ name: 'RefundClaimedEvent', pool: lottery.pool, user: second, amount: BET, burned: 0n, reason: 5 },
		]);
		assert.strictEqual(lottery.balance(second), WEALTH);
		assert.strictEqual(lottery.refund(second).code, 6055);
		assert.strictEqual(lottery.refund(third).code, 6055);
		assert.strictEqual(lottery.vaultBalance(), 50_000_000n);
		assert.deepStrictEqual([lottery.poolState().status, lottery.poolState().total_amount], [7, 2n * BET + 50_000_000n]);
	});

	test(`finalize_forfeited_pool sends what is left to the treasury (${tokenProgram})`, () => {
		const lottery = new Lottery({ tokenProgram }).cancelled();
		lottery.vm.wait({ seconds: MONTH });
		assert.strictEqual(lottery.finalize().code, 6054);
		lottery.vm.wait({ seconds: 1 });
		const ids = { pool: lottery.pool, pool_id: lottery.poolState().pool_id };
		const outcome = lottery.must(lottery.finalize(lottery.treasury));
		assert.deepStrictEqual(outcome.events.map(decodeEvent), [
			{ name: 'PoolStateEvent', ...ids, status: 'Closed', count: 0, total: 0n, reason: 0 },
			{ name: 'PoolActivityEvent', ...ids, action: 'Closed', amount: 2n * BET, rank: 0, ...fees },
			{ name: 'ForfeitedToTreasury', pool: lottery.pool, amount: 2n * BET },
		]);
		assert.strictEqual(lottery.balance(lottery.treasury), WEALTH + 2n * BET);
		const pool = lottery.poolState();
		assert.deepStrictEqual([pool.status, pool.status_reason, pool.total_amount, pool.close_time], [8, 0, 0n, BigInt(START_TIME + MONTH + 1)]);
		const { count, list } = decodeParticipants(lottery.vm.account(lottery.participants).data);
		assert.deepStrictEqual([count, new Set(list)], [0, new Set([ADDRESS.system])]);
	});

	test(`claim_rent returns every lamport of the three accounts to the creator (${tokenProgram})`, () => {
		const lottery = new Lottery({ tokenProgram }).ended();
		const rent = [lottery.pool, lottery.participants, lottery.vault].reduce((sum, key) => sum + lottery.vm.lamports(key), 0n);
		const before = lottery.vm.lamports(lottery.creator);
		const ids = { pool: lottery.pool, pool_id: lottery.poolState().pool_id };
		const outcome = lottery.must(lottery.claimRent(lottery.creator));
		assert.strictEqual(lottery.vm.lamports(lottery.creator) - before, rent);
		for (const key of [lottery.pool, lottery.participants, lottery.vault]) assert.strictEqual(lottery.vm.account(key), null);
		const timestamp = BigInt(lottery.vm.time);
		assert.deepStrictEqual(outcome.events.map(decodeEvent), [
			{ name: 'PoolStateEvent', ...ids, status: 'Closed', count: 0, total: 0n, reason: 0 },
			{ name: 'PoolActivityEvent', ...ids, action: 'Closed', amount: 0n, rank: 0, ...fees },
			{ name: 'RentClaimed', pool: lottery.pool, caller: lottery.creator, sent_to: lottery.creator, timestamp },
		]);
	});
}

test('claim_refund by the developer forfeits everything after a month, even its own bet', () => {
	const dev = person('player 1');
	const lottery = new Lottery({ terms: { devWallet: dev } });
	lottery.dev = dev;
	lottery.cancelled();
	assert.ok(lottery.seats().includes(dev));
	lottery.vm.wait({ seconds: MONTH });
	assertCode(lottery.refund(dev), 6054, 'a month is not over');
	lottery.vm.wait({ seconds: 1 });
	const outcome = lottery.must(lottery.refund(dev));
	assert.deepStrictEqual(outcome.events.map(decodeEvent), [{ name: 'ForfeitedToTreasury', pool: lottery.pool, amount: 2n * BET }]);
	assert.strictEqual(lottery.balance(lottery.treasury), WEALTH + 2n * BET);
	assert.deepStrictEqual([lottery.seats().length, lottery.poolState().status], [0, 7]);
	assert.strictEqual(lottery.refund(lottery.creator).code, 6055);
});

test('claim_refund works on a paused pool and for every reason it knows', () => {
	for (const reason of [1, 5, 6]) {
		const lottery = new Lottery().cancelled();
		lottery.poke({ status_reason: reason, paused: 1 });
		const outcome = lottery.must(lottery.refund(lottery.players[1]));
		assert.strictEqual(decodeEvent(outcome.events[0]).reason, reason);
	}
});

test('claim_refund needs the treasury account although it pays nothing there', () => {
	const lottery = new Lottery().cancelled();
	lottery.vm.removeAccount(lottery.ata(lottery.treasury));
	assertCode(lottery.refund(lottery.players[1]), 3012, 'no treasury account');
});

testChecks('claim_refund by a participant', () => {
	const lottery = new Lottery().cancelled();
	return { lottery, call: () => new Call(lottery, 'claim_refund', lottery.players[1]) };
}, [
	...VAULT_CHECKS, TREASURY_ATA_CHECK, PARTICIPANTS_CHECK, FORGED_TREASURY_CHECK,
	{ code: 6068, why: 'another vault stored', spoil: poke({ pool_token: person('stranger') }) },
	{ code: 6067, why: 'processing', spoil: poke({ processing: 1 }) },
	...REFUNDABLE_CHECKS,
	{ code: 6011, why: 'token account is not the ATA', spoil: secondAccount },
	{ code: 6012, why: 'token account of another mint', spoil: token('user', { mint: person('other mint') }) },
	{ code: 6011, why: 'token account of somebody else', spoil: token('user', { owner: person('stranger') }) },
	{ code: 6044, why: 'frozen token account', spoil: token('user', { state: STATE.frozen }) },
	{ code: 6055, why: 'not a participant', spoil: (lottery) => lottery.pokeSeats([lottery.creator]) },
	{ code: 1, why: 'vault too small (token program)', spoil: vault({ amount: BET - 1n }) },
]);

testChecks('claim_refund by the developer', () => {
	const lottery = new Lottery().cancelled();
	lottery.vm.wait({ seconds: MONTH + 1 });
	return { lottery, call: () => new Call(lottery, 'claim_refund', lottery.dev) };
}, [
	...VAULT_CHECKS, TREASURY_ATA_CHECK, PARTICIPANTS_CHECK, FORGED_TREASURY_CHECK,
	{ code: 6068, why: 'another vault stored', spoil: poke({ pool_token: person('stranger') }) },
	{ code: 6067, why: 'processing', spoil: poke({ processing: 1 }) },
	...REFUNDABLE_CHECKS,
	{ code: 6054, why: 'a month is not over', spoil: (lottery) => lottery.vm.wait({ seconds: -1 }) },
	...STRICT_TREASURY_CHECKS,
]);

test('finalize_forfeited_pool of a mock pool does not wait, and empty vaults are fine', () => {
	const lottery = new Lottery({ terms: { allowMock: 1 } }).cancelled();
	lottery.pokeToken(lottery.pool, { amount: 0n });
	assert.strictEqual(lottery.finalize().code, null);
});

testChecks('finalize_forfeited_pool', () => {
	const lottery = new Lottery().cancelled();
	lottery.vm.wait({ seconds: MONTH + 1 });
	return { lottery, call: () => new Call(lottery, 'finalize_forfeited_pool', lottery.dev) };
}, [
	...VAULT_CHECKS, TREASURY_ATA_CHECK, PARTICIPANTS_CHECK, FORGED_TREASURY_CHECK,
	{ code: 6068, why: 'another vault stored', spoil: poke({ pool_token: person('stranger') }) },
	{ code: 6046, why: 'not initialized', spoil: poke({ initialized: 0 }) },
	{ code: 6042, why: 'paused', spoil: poke({ paused: 1 }) },
	{ code: 6067, why: 'processing', spoil: poke({ processing: 1 }) },
	...REFUNDABLE_CHECKS,
	{ code: 6021, why: 'no close time', spoil: poke({ close_time: 0 }) },
	{ code: 6054, why: 'a month is not over', spoil: (lottery) => lottery.vm.wait({ seconds: -1 }) },
	{ code: 6005, why: 'neither developer nor treasury', spoil: (lottery, call) => { call.user = lottery.creator; } },
	{ code: 6044, why: 'vault is frozen', spoil: vault({ state: STATE.frozen }) },
	{ code: 6040, why: 'vault has a delegate', spoil: vault({ delegate: person('stranger') }) },
	{ code: 6041, why: 'vault has a close authority', spoil: vault({ closeAuthority: person('stranger') }) },
	...STRICT_TREASURY_CHECKS,
]);

test('claim_rent by the developer pays the treasury: at once after payout, a month after a cancellation', () => {
	const ended = new Lottery().ended();
	const before = ended.vm.lamports(ended.treasury);
	assert.strictEqual(ended.claimRent(ended.dev).code, 6005); // not to itself
	const outcome = ended.must(ended.claimRent(ended.dev, { closeTarget: ended.treasury }));
	assert.ok(ended.vm.lamports(ended.treasury) > before);
	assert.strictEqual(decodeEvent(outcome.events[2]).sent_to, ended.treasury);
	const lottery = new Lottery().cancelled();
	for (const player of lottery.players.slice(0, 2)) lottery.must(lottery.refund(player));
	lottery.vm.wait({ seconds: MONTH });
	assert.strictEqual(lottery.claimRent(lottery.dev, { closeTarget: lottery.treasury }).code, 6054);
	lottery.vm.wait({ seconds: 1 });
	assert.strictEqual(lottery.claimRent(lottery.dev, { closeTarget: lottery.treasury }).code, null);
});

test('claim_rent burns what is left in the vault of a cancelled pool', () => {
	const lottery = new Lottery().open();
	lottery.must(lottery.donate(lottery.stranger, 50_000_000n));
	lottery.must(lottery.cancel());
	lottery.must(lottery.refund(lottery.creator));
	const supply = lottery.supply();
	lottery.must(lottery.claimRent(lottery.creator));
	assert.strictEqual(supply - lottery.supply(), 50_000_000n);
});

test('claim_rent of a forfeited pool goes to the creator', () => {
	const lottery = new Lottery().cancelled();
	lottery.vm.wait({ seconds: MONTH + 1 });
	lottery.must(lottery.finalize());
	assert.strictEqual(lottery.claimRent(lottery.creator).code, null);
});

testChecks('claim_rent', () => {
	const lottery = new Lottery().ended();
	const call = () => {
		const attempt = new Call(lottery, 'claim_rent', lottery.creator);
		attempt.overrides.closeTarget = lottery.creator;
		return attempt;
	};
	return { lottery, call };
}, [
	{ code: 6012, why: 'another mint in the vault', spoil: vault({ mint: person('other mint') }) },
	{ code: 6011, why: 'vault of somebody else', spoil: vault({ owner: person('stranger') }) },
	PARTICIPANTS_CHECK,
	{ code: 6034, why: 'wrong token program', spoil: otherTokenProgram },
	...[0, 1, 2, 3, 4].map((status) => ({ code: 6021, why: `status ${status}`, spoil: poke({ status }) })),
	{ code: 6002, why: 'somebody still takes part', spoil: (lottery) => lottery.pokeSeats([lottery.stranger]) },
	{ code: 6005, why: 'neither creator nor developer', spoil: (lottery, call) => { call.user = lottery.stranger; } },
	{ code: 6005, why: 'rent to somebody else', spoil: (lottery, call) => { call.overrides.closeTarget = lottery.stranger; } },
	{
		code: 3011, why: 'creator is not system-owned',
		spoil: (lottery) => lottery.vm.setAccount(lottery.creator, { lamports: 10n ** 9n, owner: ADDRESS.token }),
	},
	{ code: 6002, why: 'vault not empty', spoil: vault({ amount: 1n }) },
]);
