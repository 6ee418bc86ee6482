// Account-level checks of all 17 lottery instructions: order, flags, owners, discriminators, addresses.
'use strict';

const assert = require('node:assert');
const test = require('node:test');
const { ADDRESS } = require('../solana.js');
const { u64, i64 } = require('../instructions.js');
const { Lottery, packTerms, person } = require('../programs/testing/lottery.js');
const { Call, assertCode } = require('../programs/testing/checks.js');
const { vectors } = require('../programs/testing/layout.js');

const MONTH = 2592000;
const mock = { terms: { allowMock: 1 } };

function later(lottery, seconds) {
	lottery.vm.wait({ seconds });
	return lottery;
}

// Per instruction: a state in which the user's call succeeds.
const READY = {
	create_pool: { state: () => new Lottery(), user: 'creator', args: (lottery) => packTerms(lottery.terms) },
	join_pool: { state: () => new Lottery().open(), user: 'stranger', args: (lottery) => u64(lottery.terms.amount) },
	donate: { state: () => new Lottery().open(), user: 'stranger', args: () => u64(20_000_000n) },
	set_lock_duration: { state: () => new Lottery().open(), user: 'creator', args: () => i64(60) },
	cancel_pool: { state: () => new Lottery().open(), user: 'creator' },
	admin_close_pool: { state: () => new Lottery().open(), user: 'dev' },
	sweep_expired_pool: { state: () => new Lottery(mock).open(), user: 'dev' },
	unlock_pool: { state: () => later(new Lottery().full(), 60), user: 'dev' },
	request_randomness: {
		state() {
			const lottery = new Lottery().unlocked();
			lottery.setRandomness();
			return lottery;
		},
		user: 'dev',
	},
	select_winner: {
		state() {
			const lottery = new Lottery().committed();
			lottery.reveal();
			return lottery;
		},
		user: 'dev',
	},
	payout_winner: { state: () => new Lottery().selected(), user: 'dev' },
	claim_refund: { state: () => new Lottery().cancelled(), user: 'creator' },
	claim_rent: { state: () => new Lottery().ended(), user: 'creator' },
	finalize_forfeited_pool: { state: () => later(new Lottery().cancelled(), MONTH + 1), user: 'dev' },
	pause_pool: { state: () => new Lottery().open(), user: 'dev' },
	unpause_pool: { state: () => new Lottery().open(), user: 'dev' },
	force_expire: { state: () => later(new Lottery(mock).open(), 300), user: 'dev' },
};

// The accounts of each instruction, as the recorded instructions of the real client list them.
const METAS = new Map(vectors('instructions').cases.map((entry) => [entry.name, { names: Object.keys(entry.accounts), metas: entry.metas }]));

const CREATED = new Set(['pool', 'pool_token', 'participants', 'winner_token']); // these may be created by the call
const TOKEN_ACCOUNTS = new Set(['pool_token', 'user_token', 'winner_token', 'dev_token', 'treasury_token']);

class Bench {
	constructor(name) {
		const { state, user, args } = READY[name];
		this.name = name;
		this.lottery = state();
		this.restore = this.lottery.snapshot();
		this.user = this.lottery[user];
		this.args = args ? args(this.lottery) : undefined;
		this.names = METAS.get(name).names;
		this.winner = name === 'payout_winner' ? this.lottery.poolState().winner : undefined;
	}

	call() {
		this.restore();
		const call = new Call(this.lottery, this.name, this.user, this.args);
		if (this.winner) Object.assign(call.overrides, { winner: this.winner, winnerToken: this.lottery.ata(this.winner) });
		return call;
	}

	has(account) {
		return this.names.includes(account);
	}

	creates(account) {
		return (this.name === 'create_pool' && CREATED.has(account)) || account === 'winner_token';
	}

	key(account) {
		return this.call().instruction().accounts[this.names.indexOf(account)].key;
	}

	// The call with another key in one place.
	withKey(account, key) {
		const call = this.call();
		const index = this.names.indexOf(account);
		call.edits.push((accounts) => accounts.map((entry, i) => (i === index ? { ...entry, key } : entry)));
		return call;
	}

	// Puts other bytes or another owner under the account's own key.
	sendWith(account, change) {
		const call = this.call();
		const key = this.key(account);
		this.lottery.vm.setAccount(key, { ...this.lottery.vm.account(key), lamports: undefined, ...change(this.lottery.vm.account(key)) });
		return call.send();
	}
}

const benches = Object.keys(READY).map((name) => new Bench(name));

function forEachBench(title, check, filter = () => true) {
	for (const bench of benches.filter(filter)) test(`${bench.name}: ${title}`, () => check(bench));
}

test('the table covers every instruction', () => {
	assert.deepStrictEqual(Object.keys(READY).sort(), [...METAS.keys()].sort());
});

forEachBench('succeeds with the accounts and flags the real client sends', (bench) => {
	const { accounts } = bench.call().instruction();
	const { metas } = METAS.get(bench.name);
	assert.deepStrictEqual(
		accounts.map(({ signer, writable }) => ({ signer, writable })),
		metas.map(({ signer, writable }) => ({ signer, writable })),
	);
	const outcome = bench.call().send();
	assert.strictEqual(outcome.code, null, outcome.logs.join('\n'));
	const logName = bench.name.replace(/(^|_)(\w)/g, (_, __, letter) => letter.toUpperCase());
	assert.ok(outcome.logs.includes(`Program log: Instruction: ${logName}`));
});

forEachBench('3005 without its last account', (bench) => {
	const call = bench.call();
	call.withoutLast();
	assertCode(call.send(), 3005, bench.name);
});

forEachBench('102 with one byte of arguments missing, more bytes do not matter', (bench) => {
	const call = bench.call();
	call.args = bench.args.subarray(0, -1);
	assertCode(call.send(), 102, bench.name);
	const longer = bench.call();
	longer.args = Buffer.concat([bench.args, Buffer.from([1])]);
	assert.strictEqual(longer.send().code, null);
}, (bench) => bench.args);

forEachBench('3010 without the signature', (bench) => {
	const call = bench.call();
	call.unsigned(bench.user);
	assertCode(call.send(), 3010, bench.name);
});

forEachBench('2000 for every account that must be writable', (bench) => {
	const { metas } = METAS.get(bench.name);
	bench.names.forEach((account, i) => {
		if (!metas[i].writable || bench.creates(account)) return;
		if (bench.name === 'create_pool' && account === 'user') return; // the system program refuses first
		if (bench.name === 'claim_rent' && account === 'close_target') return; // the same key as the writable user
		const call = bench.call();
		call.readOnly(bench.key(account));
		assertCode(call.send(), 2000, `${bench.name} ${account}`);
	});
});

forEachBench('wrong pool account: 3012, 3007, 3001, 3002, 3003', (bench) => {
	const other = { 3012: person('nothing there'), 3007: bench.lottery.stranger, 3002: bench.lottery.participants };
	for (const [code, key] of Object.entries(other)) assertCode(bench.withKey('pool', key).send(), Number(code), bench.name);
	assertCode(bench.sendWith('pool', () => ({ data: Buffer.alloc(7) })), 3001, 'seven bytes');
	assertCode(bench.sendWith('pool', ({ data }) => ({ data: data.subarray(0, 487) })), 3003, '487 bytes');
	const bytes = { status: [368, 9], paused: [369, 2], allow_mock: [404, 2], initialized: [413, 255], processing: [487, 2] };
	for (const [field, [offset, value]] of Object.entries(bytes)) {
		const outcome = bench.sendWith('pool', ({ data }) => {
			data[offset] = value;
			return { data };
		});
		assertCode(outcome, 3003, `${field} ${value}`);
	}
	const longer = bench.sendWith('pool', ({ data }) => ({ data: Buffer.concat([data, Buffer.alloc(9)]) }));
	assert.strictEqual(longer.code, null, 'a longer account is accepted');
}, (bench) => bench.name !== 'create_pool');

forEachBench('wrong participants account: 3012, 3002, 3001, 3003, 2006', (bench) => {
	const { lottery } = bench;
	assertCode(bench.withKey('participants', person('nothing there')).send(), 3012, bench.name);
	assertCode(bench.withKey('participants', lottery.pool).send(), 3002, bench.name);
	assertCode(bench.sendWith('participants', () => ({ data: Buffer.alloc(3) })), 3001, bench.name);
	assertCode(bench.sendWith('participants', ({ data }) => ({ data: data.subarray(0, 648) })), 3003, bench.name);
	assertCode(bench.sendWith('participants', () => ({ owner: ADDRESS.token })), 3007, bench.name);
	const foreign = person('participants of another pool');
	bench.restore();
	lottery.vm.setAccount(foreign, lottery.vm.account(lottery.participants));
	assertCode(bench.withKey('participants', foreign).send(), 2006, bench.name);
}, (bench) => bench.has('participants') && bench.name !== 'create_pool');

forEachBench('wrong mint or token accounts: 3012, 3007, invalid and uninitialized data', (bench) => {
	for (const account of bench.names) {
		if ((account !== 'mint' && !TOKEN_ACCOUNTS.has(account)) || bench.creates(account)) continue;
		assertCode(bench.withKey(account, person('nothing there')).send(), 3012, account);
		assertCode(bench.withKey(account, bench.lottery.stranger).send(), 3007, account);
		const other = account === 'mint' ? bench.lottery.ata(bench.lottery.stranger) : bench.lottery.mint;
		assert.strictEqual(bench.withKey(account, other).send().code, 'InvalidAccountData', account);
		const empty = bench.sendWith(account, ({ data }) => ({ data: Buffer.alloc(data.length) }));
		assert.strictEqual(empty.code, 'UninitializedAccount', account);
	}
}, (bench) => bench.has('mint'));

forEachBench('3008 for another program in place of token, ATA and system program', (bench) => {
	for (const account of ['token_program', 'associated_token_program', 'system_program']) {
		if (!bench.has(account)) continue;
		const call = bench.withKey(account, ADDRESS.computeBudget);
		assertCode(call.send(), 3008, account);
	}
}, (bench) => bench.has('token_program'));

test('create_pool: 3015 for another account in place of the rent sysvar', () => {
	const bench = benches.find(({ name }) => name === 'create_pool');
	assertCode(bench.withKey('rent', ADDRESS.clock).send(), 3015, 'rent');
});

test('accounts are decoded in their order before anything else is checked', () => {
	const bench = benches.find(({ name }) => name === 'join_pool');
	const call = bench.withKey('pool', person('nothing there'));
	call.unsigned(bench.user);
	call.withoutLast();
	assertCode(call.send(), 3012, 'pool comes before user and participants');
	const unsigned = bench.call();
	unsigned.unsigned(bench.user);
	unsigned.withoutLast();
	assertCode(unsigned.send(), 3010, 'user comes before participants');
	const late = bench.call();
	late.readOnly(bench.key('mint'));
	late.withoutLast();
	assertCode(late.send(), 3005, 'flags come after decoding');
});

test('101 for an unknown or short discriminator', () => {
	const { lottery } = benches[0];
	for (const data of ['0102030405060708', '01020304', '', '0e413e107411c3']) {
		const outcome = lottery.vm.send({ program: ADDRESS.ml, accounts: [], data: Buffer.from(data, 'hex') });
		assertCode(outcome, 101, data);
		assert.ok(outcome.logs.every((line) => !line.includes('Instruction:')));
	}
});
