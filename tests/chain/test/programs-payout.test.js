// payout_winner: where the pot goes, and every refusal in order.
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
const WEEK = 604800;
const poke = (changes) => (lottery) => lottery.poke(changes);

for (const tokenProgram of [ADDRESS.token, ADDRESS.token2022]) {
	test(`payout_winner splits the pot, burns and ends the pool (${tokenProgram})`, () => {
		const lottery = new Lottery({ tokenProgram }).selected();
		lottery.poke({ status_reason: 2 });
		lottery.vm.wait({ seconds: 9 });
		const { winner, pool_id: poolId, randomness } = lottery.poolState();
		const seats = lottery.seats();
		const supply = lottery.supply();
		const outcome = lottery.must(lottery.payout());
		assert.strictEqual(lottery.balance(winner), WEALTH - BET + 270_000_000n);
		assert.strictEqual(lottery.balance(lottery.dev), WEALTH + 15_000_000n);
		assert.strictEqual(lottery.balance(lottery.treasury), WEALTH + 4_500_000n);
		assert.strictEqual(supply - lottery.supply(), 10_500_000n);
		assert.strictEqual(lottery.vaultBalance(), 0n);
		const pool = lottery.poolState();
		assert.deepStrictEqual(
			[pool.status, pool.status_reason, pool.total_amount, pool.end_time, pool.close_time, pool.winner, pool.total_volume],
			[6, 0, 0n, BigInt(START_TIME + 69), 0n, winner, 3n * BET],
		);
		const { count, list } = decodeParticipants(lottery.vm.account(lottery.participants).data);
		assert.deepStrictEqual([count, list.slice(0, 3)], [0, seats]);
		const ids = { pool: lottery.pool, pool_id: poolId };
		assert.deepStrictEqual(outcome.events.map(decodeEvent), [
			{
				name: 'WinnerSelectedEvent', ...ids, winner, winner_amount: 270_000_000n, dev_amount: 15_000_000n,
				burn_amount: 10_500_000n, treasury_amount: 4_500_000n, randomness,
			},
			{ name: 'PoolActivityEvent', ...ids, action: 'Ended', amount: 270_000_000n, rank: 0, dev_bps: 500n, burn_bps: 350n, treasury_bps: 150n },
			{ name: 'PoolStateEvent', ...ids, status: 'Ended', count: 0, total: 0n, reason: 0 },
		]);
	});

	test(`payout_winner opens the winner's token account at the caller's cost (${tokenProgram})`, () => {
		const lottery = new Lottery({ tokenProgram }).selected();
		const { winner } = lottery.poolState();
		lottery.vm.removeAccount(lottery.ata(winner));
		const before = lottery.vm.lamports(lottery.dev);
		lottery.must(lottery.payout());
		assert.strictEqual(lottery.balance(winner), 270_000_000n);
		assert.strictEqual(before - lottery.vm.lamports(lottery.dev), lottery.vm.lamports(lottery.ata(winner)));
	});
}

test('payout_winner is open to anyone a week after unlock', () => {
	const lottery = new Lottery().selected();
	lottery.vm.wait({ seconds: WEEK });
	assert.strictEqual(lottery.payout(lottery.stranger).code, 6005);
	lottery.vm.wait({ seconds: 1 });
	assert.strictEqual(lottery.payout(lottery.stranger).code, null);
});

test('payout_winner needs the token accounts of developer and treasury', () => {
	for (const owner of ['dev', 'treasury']) {
		const lottery = new Lottery().selected();
		lottery.vm.removeAccount(lottery.ata(lottery[owner]));
		const outcome = lottery.payout();
		assertCode(outcome, 3012, owner);
		assert.ok(outcome.logs.some((line) => line.includes(`caused by account: ${owner}_token.`)));
	}
});

test('payout_winner wants a token account where the winner has something already', () => {
	const lottery = new Lottery().selected();
	const address = lottery.ata(lottery.poolState().winner);
	lottery.vm.setAccount(address, { data: Buffer.alloc(165), owner: ADDRESS.ml });
	assertCode(lottery.payout(), 3007, 'account of another program');
	lottery.vm.setAccount(address, { data: Buffer.alloc(100), owner: lottery.tokenProgram });
	assert.strictEqual(lottery.payout().code, 'InvalidAccountData');
});

test('payout_winner pays all shares of one person to one account', () => {
	const dev = person('player 0');
	const lottery = new Lottery({ terms: { devWallet: dev, treasuryWallet: dev } });
	lottery.dev = dev;
	lottery.treasury = dev;
	lottery.selected();
	lottery.poke({ winner: dev });
	const before = lottery.balance(dev);
	lottery.must(lottery.payout());
	assert.strictEqual(lottery.balance(dev) - before, 289_500_000n);
});

test('payout_winner skips shares of zero', () => {
	const lottery = new Lottery({ terms: { devFeeBps: 0, burnFeeBps: 0, treasuryFeeBps: 0 } }).selected();
	const { winner } = lottery.poolState();
	const supply = lottery.supply();
	const outcome = lottery.must(lottery.payout());
	assert.strictEqual(lottery.balance(winner), WEALTH - BET + 3n * BET);
	assert.strictEqual(lottery.supply(), supply);
	assert.strictEqual(outcome.logs.filter((line) => line === `Program ${ADDRESS.token} invoke [2]`).length, 1);
});

test('payout_winner fails when the fees are more than everything', () => {
	const lottery = new Lottery().selected();
	lottery.poke({ dev_fee_bps: 9000, burn_fee_bps: 9000 });
	assertCode(lottery.payout(), 6009, 'fees of 181.5 %');
});

test('payout_winner can pay nobody when the fees take all', () => {
	const lottery = new Lottery({ terms: { devFeeBps: 10000, burnFeeBps: 0, treasuryFeeBps: 0 } }).selected();
	lottery.must(lottery.payout());
	assert.strictEqual(lottery.balance(lottery.dev), WEALTH + 3n * BET);
});

// A token account at the owner's ATA address under the token program the mint does not belong to.
function otherTokenProgram(lottery, call) {
	const forge = (owner) => {
		const address = associatedTokenAddress(owner, lottery.mint, ADDRESS.token2022);
		lottery.vm.setAccount(address, { data: encodeTokenAccount({ mint: lottery.mint, owner }), owner: ADDRESS.token2022 });
		return address;
	};
	Object.assign(call.overrides, { tokenProgram: ADDRESS.token2022, winnerToken: forge(lottery.winner) });
}

// Checks of one receiver, in order.
function receiverChecks(who, token, ownerOf) {
	const change = (changes) => (lottery) => lottery.pokeToken(ownerOf(lottery), changes);
	const replaced = (lottery, call) => { // a second account of the same owner
		lottery.pokeToken(lottery.stranger, { owner: ownerOf(lottery) });
		Object.assign(call.overrides, { [token]: lottery.ata(lottery.stranger) });
	};
	const wrongAddress = { code: 6011, why: `${who} account is not the ATA`, spoil: replaced };
	const wrongOwner = { code: 6011, why: `${who} account of somebody else`, spoil: change({ owner: person('stranger') }) };
	const wrongMint = { code: 6012, why: `${who} account of another mint`, spoil: change({ mint: person('other mint') }) };
	return [
		...(who === 'winner' ? [] : [wrongAddress, wrongMint, wrongOwner]), // the winner's is checked with the accounts
		{ code: 6044, why: `${who} account is frozen`, spoil: change({ state: STATE.frozen }) },
		{ code: 6040, why: `${who} account has a delegate`, spoil: change({ delegate: person('stranger') }) },
		{ code: 6041, why: `${who} account has a close authority`, spoil: change({ closeAuthority: person('stranger') }) },
	];
}

const winnerToken = (changes) => (lottery, call) => lottery.pokeTokenAt(call.overrides.winnerToken, changes);

testChecks('payout_winner', () => {
	const lottery = new Lottery().selected();
	const { winner } = lottery.poolState();
	lottery.winner = winner;
	const call = () => {
		const attempt = new Call(lottery, 'payout_winner', lottery.dev);
		Object.assign(attempt.overrides, { winner, winnerToken: lottery.ata(winner) });
		return attempt;
	};
	return { lottery, call };
}, [
	{ code: 2014, why: 'winner account of another mint', spoil: winnerToken({ mint: person('other mint') }) },
	{ code: 2015, why: 'winner account of somebody else', spoil: winnerToken({ owner: person('stranger') }) },
	{
		code: 2009, why: 'winner account is not the ATA',
		spoil(lottery, call) {
			lottery.pokeToken(lottery.stranger, { owner: lottery.winner });
			Object.assign(call.overrides, { winnerToken: lottery.ata(lottery.stranger) });
		},
	},
	{ code: 2001, why: 'another mint in the pool', spoil: poke({ mint: person('other mint') }) },
	{ code: 6012, why: 'another mint in the vault', spoil: (lottery) => lottery.pokeToken(lottery.pool, { mint: person('other mint') }) },
	{ code: 6011, why: 'vault of somebody else', spoil: (lottery) => lottery.pokeToken(lottery.pool, { owner: person('stranger') }) },
	{ code: 6032, why: 'other participants stored', spoil: poke({ participants_account: person('stranger') }) },
	{ code: 6034, why: 'wrong token program', spoil: otherTokenProgram },
	{ code: 6068, why: 'another vault stored', spoil: poke({ pool_token: person('stranger') }) },
	{ code: 6042, why: 'paused', spoil: poke({ paused: 1 }) },
	{ code: 6067, why: 'processing', spoil: poke({ processing: 1 }) },
	{ code: 6021, why: 'no winner yet', spoil: poke({ status: 3 }) },
	{ code: 6021, why: 'paid out', spoil: poke({ status: 6 }) },
	{ code: 6020, why: 'nobody takes part', spoil: (lottery) => lottery.pokeSeats([]) },
	{ code: 6058, why: 'winner is the zero key', spoil: poke({ winner: ADDRESS.system }) },
	{ code: 6037, why: 'another winner', spoil: poke({ winner: person('stranger') }) },
	{ code: 6005, why: 'not the developer', spoil: (lottery, call) => { call.user = lottery.stranger; } },
	...receiverChecks('developer', 'devToken', (lottery) => lottery.dev),
	...receiverChecks('treasury', 'treasuryToken', (lottery) => lottery.treasury),
	...receiverChecks('winner', 'winnerToken', (lottery) => lottery.winner),
	{ code: 6036, why: 'vault holds more than booked', spoil: (lottery) => lottery.pokeToken(lottery.pool, { amount: 3n * BET + 1n }) },
	{ code: 6036, why: 'vault holds less than booked', spoil: (lottery) => lottery.pokeToken(lottery.pool, { amount: 3n * BET - 1n }) },
	{
		code: 6009, why: 'total times fee overflows',
		spoil(lottery) {
			const total = 2n ** 64n / 500n + 1n;
			lottery.poke({ total_amount: total });
			lottery.pokeToken(lottery.pool, { amount: total });
		},
	},
]);
