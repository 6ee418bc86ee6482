// create_pool: what it stores and pays, and every refusal in order.
'use strict';

const assert = require('node:assert');
const test = require('node:test');
const { ADDRESS, associatedTokenAddress, findProgramAddress, keyBytes, sha256 } = require('../solana.js');
const { u64 } = require('../instructions.js');
const { configHash, decodePool: decodeForHash } = require('../ml-accounts.js');
const { Lottery, WEALTH, packTerms, person } = require('../programs/testing/lottery.js');
const { Call, assertCode, testChecks } = require('../programs/testing/checks.js');
const { decodeEvent, decodeParticipants } = require('../programs/testing/layout.js');
const { STATE, encodeTokenAccount } = require('../programs/testing/tokens.js');
const { START_SLOT, START_TIME } = require('../programs/testing/vm.js');

const ZERO = ADDRESS.system;

for (const [label, tokenProgram] of [['SPL Token', ADDRESS.token], ['Token-2022', ADDRESS.token2022]]) {
	test(`create_pool stores the terms and takes the first bet (${label})`, () => {
		const lottery = new Lottery({ tokenProgram, terms: { allowMock: 1 } });
		const before = lottery.vm.lamports(lottery.creator);
		const outcome = lottery.must(lottery.create());
		const pool = lottery.poolState();
		const expected = {
			mint: lottery.mint, pool_token: lottery.vault, creator: lottery.creator, start_time: BigInt(START_TIME), duration: 604800n,
			expire_time: BigInt(START_TIME + 604800), end_time: 0n, unlock_time: 0n, close_time: 0n, max_participants: 3,
			lock_duration: 60n, lock_start_time: 0n, amount: 100_000_000n, total_amount: 100_000_000n, total_volume: 100_000_000n,
			total_joins: 1n, total_donations: 0n, dev_wallet: lottery.dev, dev_fee_bps: 500n, burn_fee_bps: 350n,
			treasury_wallet: lottery.treasury, treasury_fee_bps: 150n, randomness: 0n, randomness_account: ZERO,
			randomness_deadline_slot: 0n, status: 0, paused: 0, version: 1, schema: 1, allow_mock: 1, randomness_commit_slot: 0n,
			initialized: 1, last_join_time: BigInt(START_TIME), status_reason: 0, participants_account: lottery.participants,
			winner: ZERO, processing: 0,
		};
		for (const [name, value] of Object.entries(expected)) assert.deepStrictEqual(pool[name], value, name);
		assert.deepStrictEqual(pool.salt, lottery.terms.salt);
		const idHash = sha256(lottery.terms.salt, u64(START_SLOT), keyBytes(lottery.creator));
		assert.strictEqual(pool.pool_id, idHash.readBigUInt64LE(0));
		assert.deepStrictEqual(pool.config_hash, configHash(decodeForHash(lottery.vm.account(lottery.pool).data)));
		const derived = findProgramAddress([Buffer.from('pool'), keyBytes(lottery.mint), lottery.terms.salt], ADDRESS.ml);
		assert.deepStrictEqual([derived.address, derived.bump], [lottery.pool, pool.bump]);
		assert.strictEqual(lottery.vm.account(lottery.pool).data.length, 488);
		assert.strictEqual(lottery.vm.account(lottery.participants).data.length, 649);
		assert.deepStrictEqual(decodeParticipants(lottery.vm.account(lottery.participants).data).count, 1);
		assert.deepStrictEqual(lottery.seats(), [lottery.creator]);
		assert.strictEqual(lottery.vaultBalance(), 100_000_000n);
		assert.strictEqual(lottery.balance(lottery.creator), WEALTH - 100_000_000n);
		const rent = [lottery.pool, lottery.participants, lottery.vault].reduce((sum, key) => sum + lottery.vm.lamports(key), 0n);
		assert.strictEqual(before - lottery.vm.lamports(lottery.creator), rent);
		assert.ok(outcome.logs.includes('Program log: Instruction: CreatePool'));
		assert.deepStrictEqual(outcome.events.map(decodeEvent), [
			{ name: 'PoolStateEvent', pool: lottery.pool, pool_id: pool.pool_id, status: 'Open', count: 1, total: 100_000_000n, reason: 0 },
			{
				name: 'PoolActivityEvent', pool: lottery.pool, pool_id: pool.pool_id, action: 'Created', amount: 100_000_000n, rank: 1,
				dev_bps: 500n, burn_bps: 350n, treasury_bps: 150n,
			},
		]);
	});
}

test('create_pool takes exactly the limits', () => {
	for (const terms of [
		{ maxParticipants: 2, lockDuration: 60, amount: 20_000_000n },
		{ maxParticipants: 20, lockDuration: 43200 },
		{ devFeeBps: 10000, burnFeeBps: 0, treasuryFeeBps: 0 },
		{ devFeeBps: 0, burnFeeBps: 0, treasuryFeeBps: 0 },
	]) {
		assert.strictEqual(new Lottery().create(terms).code, null, JSON.stringify(Object.keys(terms)));
	}
	for (const decimals of [6, 8, 9, 10]) {
		const lottery = new Lottery({ decimals });
		const smallest = 20n * 10n ** BigInt(decimals);
		assert.strictEqual(lottery.create({ amount: smallest - 1n }).code, 6029);
		assert.strictEqual(lottery.create({ amount: smallest }).code, null);
	}
});

test('create_pool takes a mint whose authority is the zero key', () => {
	const lottery = new Lottery();
	lottery.setMint({ authority: ZERO });
	assert.strictEqual(lottery.create().code, null);
});

test('create_pool tops up addresses somebody sent lamports to', () => {
	const lottery = new Lottery();
	lottery.vm.setAccount(lottery.pool, { lamports: 890880n });
	lottery.vm.setAccount(lottery.participants, { lamports: 10n ** 9n });
	lottery.must(lottery.create());
	assert.strictEqual(lottery.vm.lamports(lottery.pool), lottery.vm.rent(488));
	assert.strictEqual(lottery.vm.lamports(lottery.participants), 10n ** 9n);
});

test('create_pool accepts a vault that exists already', () => {
	const lottery = new Lottery();
	lottery.setToken(lottery.pool, { amount: 7n });
	lottery.must(lottery.create());
	assert.strictEqual(lottery.vaultBalance(), 100_000_007n);
	assert.strictEqual(lottery.poolState().total_amount, 100_000_000n);
});

test('create_pool: a sum of fees beyond u16 panics', () => {
	const outcome = new Lottery().create({ devFeeBps: 65535, burnFeeBps: 1 });
	assert.strictEqual(outcome.code, 'ProgramFailedToComplete');
});

test('create_pool honours allow_mock, the mainnet build does not', () => {
	for (const [ml, expected] of [['ml', 1], ['ml-mainnet', 0]]) {
		const lottery = new Lottery({ ml, terms: { allowMock: 1 } }).open();
		assert.strictEqual(lottery.poolState().allow_mock, expected, ml);
	}
});

test('create_pool refuses a bool that is neither 0 nor 1', () => {
	const lottery = new Lottery();
	const outcome = lottery.create({ allowMock: 2 });
	assertCode(outcome, 102, 'allow_mock 2');
});

function ready(options) {
	const lottery = new Lottery(options);
	return {
		lottery,
		call() {
			const terms = { ...lottery.terms };
			const call = new Call(lottery, 'create_pool', lottery.creator, () => packTerms(terms));
			call.terms = terms;
			return call;
		},
	};
}

const term = (changes) => (lottery, call) => Object.assign(call.terms, changes);
const token = (changes) => (lottery) => lottery.pokeToken(lottery.creator, changes);
const mint = (changes) => (lottery) => lottery.setMint(changes);
const MINT_CHECKS = [
	{ code: 6016, why: 'fees above 100 %', spoil: term({ devFeeBps: 9501 }) },
	{ code: 6014, why: 'freeze authority', spoil: mint({ freezeAuthority: person('stranger') }) },
	{ code: 6013, why: 'mint authority', spoil: mint({ authority: person('stranger') }) },
];
const TERM_CHECKS = [
	{ code: 6035, why: 'no supply', spoil: mint({ supply: 0n }) },
	{ code: 6015, why: 'seven decimals', spoil: mint({ decimals: 7 }) },
	{ code: 6027, why: 'too many seats', spoil: term({ maxParticipants: 21 }) },
	{ code: 6028, why: 'too few seats', spoil: term({ maxParticipants: 1 }) },
	{ code: 6029, why: 'bet below 20 tokens', spoil: term({ amount: 19_999_999n }) },
	{ code: 6030, why: 'lock too short', spoil: term({ lockDuration: 59 }) },
	{ code: 6030, why: 'lock too long', spoil: term({ lockDuration: 43201 }) },
	{ code: 6012, why: 'token account of another mint', spoil: token({ mint: person('other mint') }) },
	{ code: 6011, why: 'token account of somebody else', spoil: token({ owner: person('stranger') }) },
	{ code: 6044, why: 'frozen token account', spoil: token({ state: STATE.frozen }) },
	{ code: 6045, why: 'too few tokens', spoil: token({ amount: 99_999_999n }) },
];

testChecks('create_pool', () => ready(), [
	{
		code: 2006, why: 'pool is not the PDA',
		spoil: (lottery, call) => Object.assign(call.overrides, { pool: person('stranger') }),
	},
	{
		code: 2006, why: 'participants are not the PDA',
		spoil: (lottery, call) => Object.assign(call.overrides, { participants: person('stranger') }),
	},
	{
		code: 6011, why: 'token account is not the ATA',
		spoil: (lottery, call) => Object.assign(call.overrides, { userToken: lottery.ata(lottery.stranger) }),
	},
	...MINT_CHECKS, ...TERM_CHECKS,
]);

// Added to those there already: of two, the one checked first stands last.
const forbidden = (type, value) => (lottery) => {
	lottery.setMint({ extensions: [...(lottery.mintFields.extensions || []), { type, value }] });
};
const KEY = keyBytes(person('stranger'));
testChecks('create_pool with Token-2022', () => ready({ tokenProgram: ADDRESS.token2022 }), [
	...MINT_CHECKS,
	{ code: 6059, why: 'transfer fee', spoil: forbidden(1, Buffer.alloc(108)) },
	{ code: 6060, why: 'transfer hook', spoil: forbidden(14, Buffer.alloc(64)) },
	{ code: 6061, why: 'confidential transfer', spoil: forbidden(4, Buffer.alloc(65)) },
	{ code: 6062, why: 'non-transferable', spoil: forbidden(9, Buffer.alloc(0)) },
	{ code: 6063, why: 'interest bearing', spoil: forbidden(10, Buffer.alloc(52)) },
	{ code: 6064, why: 'permanent delegate', spoil: forbidden(12, KEY) },
	{ code: 6065, why: 'mint close authority', spoil: forbidden(3, KEY) },
	{ code: 6066, why: 'accounts start frozen', spoil: forbidden(6, Buffer.from([2])) },
	...TERM_CHECKS,
]);

test('create_pool lets harmless and unknown Token-2022 extensions pass', () => {
	const metadataPointer = { type: 18, value: Buffer.alloc(64) };
	const unknown = { type: 99, value: Buffer.alloc(5) };
	const noCloseAuthority = { type: 3, value: Buffer.alloc(32) };
	const startsUsable = { type: 6, value: Buffer.from([1]) };
	for (const extension of [metadataPointer, noCloseAuthority, startsUsable]) {
		const lottery = new Lottery({ tokenProgram: ADDRESS.token2022 });
		lottery.setMint({ extensions: [extension] });
		assert.strictEqual(lottery.create().code, null, `type ${extension.type}`);
	}
	const lottery = new Lottery({ tokenProgram: ADDRESS.token2022 });
	lottery.setMint({ extensions: [unknown, { type: 1, value: Buffer.alloc(108) }] });
	lottery.setToken(lottery.pool); // the real token program would not open an account of such a mint
	assert.strictEqual(lottery.create().code, 6059);
});

test('create_pool twice fails in the system program, before AlreadyInitialized', () => {
	const lottery = new Lottery().open();
	const outcome = lottery.create();
	assert.strictEqual(outcome.code, 0);
	assert.ok(outcome.logs.some((line) => line.startsWith(`Program ${ADDRESS.system} failed`)));
});

test('create_pool checks token program and state behind forged accounts only', () => {
	const lottery = new Lottery();
	const forge = (owner) => {
		const forged = associatedTokenAddress(owner, lottery.mint, ADDRESS.token2022);
		const data = encodeTokenAccount({ mint: lottery.mint, owner, amount: WEALTH });
		lottery.vm.setAccount(forged, { data, owner: ADDRESS.token2022 });
		return forged;
	};
	const overrides = { tokenProgram: ADDRESS.token2022, userToken: forge(lottery.creator), vault: forge(lottery.pool) };
	assertCode(lottery.create({}, overrides), 6034, 'mint of the other program');
	lottery.open();
	lottery.vm.removeAccount(lottery.participants);
	assertCode(lottery.create({ devFeeBps: 9501 }), 6048, 'pool without participants');
});

test('create_pool refuses a vault that is no ATA of the pool', () => {
	const wrong = { 2014: { mint: person('other mint') }, 2015: { owner: person('stranger') } };
	for (const [code, fields] of Object.entries(wrong)) {
		const lottery = new Lottery();
		lottery.setToken(lottery.pool, fields);
		assertCode(lottery.create(), Number(code), 'vault');
	}
	const lottery = new Lottery();
	lottery.setToken(lottery.stranger, { owner: lottery.pool });
	assertCode(lottery.create({}, { vault: lottery.ata(lottery.stranger) }), 2009, 'vault elsewhere');
});
