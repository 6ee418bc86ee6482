// The hazards of the lottery program a keeper must know (H1 to H23), reproduced wherever the program itself shows them.
'use strict';

const assert = require('node:assert');
const test = require('node:test');
const { ADDRESS } = require('../solana.js');
const { transferTokens } = require('../instructions.js');
const { Lottery, WEALTH, packTerms, person } = require('../programs/testing/lottery.js');
const { encodeTokenAccount } = require('../programs/testing/tokens.js');

const BET = 100_000_000n;
const MONTH = 2592000;
const WEEK = 604800;

function sendDust(lottery, amount = 1n) {
	const from = lottery.ata(lottery.stranger);
	return lottery.vm.send(transferTokens(lottery.mint, from, lottery.vault, lottery.stranger, amount, 6, lottery.tokenProgram));
}

test('H1: 3000 slots after the request a pool has no way out', () => {
	const lottery = new Lottery().committed();
	lottery.vm.wait({ slots: 3001, seconds: MONTH });
	lottery.reveal();
	assert.strictEqual(lottery.select().code, 6047);
	assert.strictEqual(lottery.request().code, 6021);
	assert.strictEqual(lottery.cancel().code, 6021);
	assert.strictEqual(lottery.adminClose().code, 6021);
	assert.strictEqual(lottery.sweep().code, 6021);
	assert.strictEqual(lottery.refund(lottery.creator).code, 6021);
	assert.strictEqual(lottery.finalize().code, 6021);
	assert.strictEqual(lottery.payout(lottery.dev, { winner: lottery.creator, winnerToken: lottery.ata(lottery.creator) }).code, 6021);
	assert.strictEqual(lottery.claimRent(lottery.creator).code, 6021);
});

test('H2: one unit of dust in the vault blocks the payout for ever', () => {
	const lottery = new Lottery().selected();
	lottery.must(sendDust(lottery));
	assert.strictEqual(lottery.payout().code, 6036);
	lottery.vm.wait({ seconds: WEEK + 1 });
	assert.strictEqual(lottery.payout(lottery.stranger).code, 6036);
	assert.strictEqual(lottery.donate(lottery.stranger, 20_000_000n).code, 6053);
});

test('H2: dust can wait in a vault made before the pool', () => {
	const lottery = new Lottery();
	lottery.setToken(lottery.pool, { amount: 1n });
	lottery.selected();
	assert.strictEqual(lottery.payout().code, 6036);
});

test('H2: while open, admin_close still rescues: refunds work and the dust is burned', () => {
	const lottery = new Lottery().open();
	lottery.must(sendDust(lottery));
	lottery.must(lottery.adminClose());
	lottery.must(lottery.refund(lottery.creator));
	const supply = lottery.supply();
	lottery.must(lottery.claimRent(lottery.creator));
	assert.strictEqual(supply - lottery.supply(), 1n);
});

test('H3: a changed lock duration blocks joins, donations and select', () => {
	const lottery = new Lottery().open();
	lottery.must(lottery.setLockDuration(lottery.creator, 61));
	assert.strictEqual(lottery.join(lottery.players[1]).code, 6043);
	assert.strictEqual(lottery.donate(lottery.stranger, 20_000_000n).code, 6043);
	assert.strictEqual(lottery.adminClose().code, null);
	const committed = new Lottery().committed();
	committed.reveal();
	committed.poke({ lock_duration: 61 });
	assert.strictEqual(committed.select().code, 6043);
});

for (const run of ['pause', 'unpause']) {
	test(`H4: ${run} on a cancelled pool ends its refunds for ever`, () => {
		const lottery = new Lottery().cancelled();
		lottery.must(lottery[run]());
		lottery.must(lottery.unpause());
		assert.strictEqual(lottery.refund(lottery.creator).code, 6021);
		lottery.vm.wait({ seconds: MONTH + 1 });
		assert.strictEqual(lottery.refund(lottery.dev).code, 6021);
		assert.strictEqual(lottery.finalize().code, 6021);
		assert.strictEqual(lottery.claimRent(lottery.creator).code, 6002);
		assert.strictEqual(lottery.vaultBalance(), 2n * BET);
	});
}

test('H5: force_expire on a pool that is not open blocks select', () => {
	const lottery = new Lottery({ terms: { allowMock: 1 } }).committed();
	lottery.reveal();
	lottery.vm.wait({ seconds: 300 });
	lottery.must(lottery.forceExpire());
	assert.strictEqual(lottery.select().code, 6043);
});

test('H6: a pot too large for total times fee is never paid', () => {
	const lottery = new Lottery({ decimals: 9, terms: { amount: 20n * 10n ** 9n } }).selected();
	const total = 36_893_488_147_419_104n;
	lottery.poke({ total_amount: total });
	lottery.pokeToken(lottery.pool, { amount: total });
	assert.strictEqual(lottery.payout().code, 6009);
	lottery.poke({ total_amount: total - 1n });
	lottery.pokeToken(lottery.pool, { amount: total - 1n });
	assert.strictEqual(lottery.payout().code, null);
});

test('H7: the winner can hold up everybody with a delegate or a close authority', () => {
	for (const [changes, code] of [[{ delegate: person('stranger') }, 6040], [{ closeAuthority: person('stranger') }, 6041]]) {
		const lottery = new Lottery().selected();
		const { winner } = lottery.poolState();
		lottery.pokeToken(winner, changes);
		assert.strictEqual(lottery.payout().code, code);
		lottery.pokeToken(winner, { delegate: null, closeAuthority: null });
		assert.strictEqual(lottery.payout().code, null);
	}
});

test('H7: "memo required" on a Token-2022 account fails in the token program with 36', () => {
	const lottery = new Lottery({ tokenProgram: ADDRESS.token2022 }).selected();
	const { winner } = lottery.poolState();
	lottery.setToken(winner, { extensions: [{ type: 8, value: Buffer.from([1]) }] });
	const outcome = lottery.payout();
	assert.strictEqual(outcome.code, 36);
	assert.ok(outcome.logs.some((line) => line.startsWith(`Program ${ADDRESS.token2022} failed`)));
});

test('H8: developer, fees and treasury are whatever the creator says', () => {
	const terms = { devWallet: person('stranger'), treasuryWallet: person('player 0'), devFeeBps: 0, treasuryFeeBps: 10000, burnFeeBps: 0 };
	const lottery = new Lottery({ terms }).open();
	assert.strictEqual(lottery.poolState().dev_wallet, person('stranger'));
	assert.strictEqual(lottery.adminClose(lottery.dev).code, 6004);
});

test('H9: a developer who plays gets no refund', () => {
	const lottery = new Lottery({ terms: { devWallet: person('player 1') } }).cancelled();
	assert.strictEqual(lottery.refund(person('player 1')).code, 6054);
});

test('H10: finalize of a mock pool needs no month', () => {
	const lottery = new Lottery({ terms: { allowMock: 1 } }).cancelled();
	lottery.must(lottery.finalize());
	assert.strictEqual(lottery.refund(lottery.creator).code, 6021);
});

test('H11: a program built for the other network answers 6018', () => {
	const lottery = new Lottery({ ml: 'ml-mainnet' }).unlocked();
	lottery.setRandomness();
	assert.strictEqual(lottery.request().code, 6018);
});

test('H13: a seed older than 300 slots needs another commit on the same account, nothing more', () => {
	const lottery = new Lottery().unlocked();
	lottery.setRandomness();
	lottery.vm.wait({ slots: 301 });
	assert.strictEqual(lottery.request().code, 6026);
	lottery.setRandomness();
	assert.strictEqual(lottery.request().code, null);
});

test('H14: a value that is known already can be bound', () => {
	const lottery = new Lottery().unlocked();
	lottery.reveal();
	lottery.must(lottery.request());
	assert.strictEqual(lottery.select().code, null);
});

test('H15: a pool that does not fill can be swept only 14 days after its start', () => {
	const lottery = new Lottery().open();
	lottery.vm.wait({ seconds: 2 * WEEK });
	assert.strictEqual(lottery.join(lottery.players[1]).code, 6000);
	assert.strictEqual(lottery.sweep().code, 6001);
	lottery.vm.wait({ seconds: 1 });
	assert.strictEqual(lottery.sweep().code, null);
});

test('H16: a refund needs the treasury account of the mint', () => {
	const lottery = new Lottery().cancelled();
	lottery.vm.removeAccount(lottery.ata(lottery.treasury));
	assert.strictEqual(lottery.refund(lottery.creator).code, 3012);
	lottery.setToken(lottery.treasury);
	assert.strictEqual(lottery.refund(lottery.creator).code, null);
});

test('H17: dust in the vault of an ended pool locks the rent', () => {
	const lottery = new Lottery().ended();
	lottery.must(sendDust(lottery));
	assert.strictEqual(lottery.claimRent(lottery.creator).code, 6002);
});

test('H18: after refunds the stored total is not what is left', () => {
	const lottery = new Lottery().cancelled();
	lottery.must(lottery.refund(lottery.players[1]));
	assert.strictEqual(lottery.poolState().total_amount, 2n * BET);
	assert.strictEqual(lottery.vaultBalance(), BET);
});

test('H20: a second select says expired or wrong status, a second payout wrong status', () => {
	const lottery = new Lottery().selected();
	assert.strictEqual(lottery.select().code, 6021);
	lottery.vm.wait({ slots: 3001 });
	assert.strictEqual(lottery.select().code, 6047);
	lottery.must(lottery.payout());
	assert.strictEqual(lottery.payout().code, 6021);
	assert.strictEqual(lottery.select().code, 6056);
});

test('H21: after claim_rent the same address can hold another pool', () => {
	const lottery = new Lottery().ended();
	const first = lottery.poolState().pool_id;
	lottery.must(lottery.claimRent(lottery.creator));
	lottery.vm.wait({ slots: 1 });
	lottery.open();
	const pool = lottery.poolState();
	assert.notStrictEqual(pool.pool_id, first);
	assert.deepStrictEqual([pool.status, pool.winner, pool.total_joins], [0, ADDRESS.system, 1n]);
});

test('H21: even within one transaction', () => {
	const lottery = new Lottery().ended();
	const again = lottery.instruction('create_pool', lottery.creator, packTerms(lottery.terms));
	lottery.must(lottery.vm.send(lottery.instruction('claim_rent', lottery.creator), again));
	assert.deepStrictEqual([lottery.poolState().status, lottery.seats(), lottery.vaultBalance()], [0, [lottery.creator], BET]);
});

test('H22: claim_rent closes any vault the pool owns and orphans the real one', () => {
	const lottery = new Lottery().ended();
	lottery.must(sendDust(lottery));
	const other = person('another vault');
	const data = encodeTokenAccount({ mint: lottery.mint, owner: lottery.pool });
	lottery.vm.setAccount(other, { data, owner: lottery.tokenProgram });
	lottery.must(lottery.claimRent(lottery.creator, { vault: other }));
	assert.strictEqual(lottery.vm.account(lottery.pool), null);
	assert.strictEqual(lottery.vaultBalance(), 1n);
});

test('H23: a Token-2022 extension the program does not know passes', () => {
	const pausable = { type: 26, value: Buffer.alloc(33) };
	const lottery = new Lottery({ tokenProgram: ADDRESS.token2022 });
	lottery.setMint({ extensions: [pausable] });
	lottery.setToken(lottery.pool, { extensions: [{ type: 27, value: Buffer.alloc(0) }] });
	for (const owner of lottery.players) lottery.setToken(owner, { amount: WEALTH, extensions: [{ type: 27, value: Buffer.alloc(0) }] });
	assert.strictEqual(lottery.create().code, null);
});

test('pausing does not stop the 3000 slots', () => {
	const lottery = new Lottery().committed();
	lottery.reveal();
	lottery.must(lottery.pause());
	assert.strictEqual(lottery.select().code, 6042);
	lottery.vm.wait({ slots: 3001 });
	lottery.must(lottery.unpause());
	assert.strictEqual(lottery.select().code, 6047);
});
