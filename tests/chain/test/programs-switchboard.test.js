// The Switchboard stand-in: against the recorded run of the real program, its checks, and a whole draw with the lottery.
'use strict';

const assert = require('node:assert');
const test = require('node:test');
const { ADDRESS, keyBytes, sha256 } = require('../solana.js');
const { Lottery, person } = require('../programs/testing/lottery.js');
const { assertCode } = require('../programs/testing/checks.js');
const { Switchboard, publicKey } = require('../programs/testing/switchboard.js');
const { vectors } = require('../programs/testing/layout.js');
const { Vm } = require('../programs/testing/vm.js');

const VALUE = sha256(Buffer.from('a revealed value'));
const ZERO32 = Buffer.alloc(32);
const recorded = new Map(vectors('switchboard').vectors.map((entry) => [entry.name, entry]));

function must(outcome) {
	assert.strictEqual(outcome.code, null, outcome.logs.join('\n'));
	return outcome;
}

// ---- the recorded run

function recordedAccount({ inputs: { size, nonzero_ranges: ranges } }) {
	const data = Buffer.alloc(size);
	for (const { offset, hex } of ranges) Buffer.from(hex, 'hex').copy(data, offset);
	return { data, owner: ADDRESS.switchboard };
}

function recordedInstruction(name) {
	const { program_id: program, accounts, data_hex: hex } = recorded.get(`devnet/ix/${name}`).expected;
	return { program, accounts: accounts.map(({ pubkey, ...flags }) => ({ key: pubkey, ...flags })), data: Buffer.from(hex, 'hex') };
}

test('init, commit and reveal leave the bytes the real program left', () => {
	const vm = new Vm();
	const { inputs, expected } = recorded.get('devnet/program/after_init_commit_reveal');
	const { authority, queue, oracle, randomness } = recorded.get('devnet/ix/randomness_reveal').inputs;
	vm.setAccount(authority, { lamports: 10n ** 12n });
	vm.setAccount(queue, recordedAccount(recorded.get('devnet/account/QueueAccountData/sample')));
	vm.setAccount(oracle, recordedAccount(recorded.get('devnet/account/OracleAccountData/sample')));
	const newest = inputs.newest_slothash;
	const hashes = Array.from({ length: 100 }, (_, back) => ({ slot: newest.slot - back, hash: sha256(Buffer.from(`${back}`)) }));
	hashes[0].hash = Buffer.from(newest.hash_hex, 'hex');
	vm.setClock({ slot: inputs.clock_slot_init_commit, time: 1765000000 });
	vm.setSlotHashes(hashes);
	const [init, commit, reveal] = expected;
	must(vm.send(recordedInstruction('randomness_init')));
	assert.strictEqual(vm.account(randomness).data.toString('hex'), init.randomness_account_hex);
	for (const made of [init.escrow, init.lut]) {
		const account = vm.account(made.pubkey);
		assert.deepStrictEqual([account.owner, account.data.length, account.data.toString('hex')], [made.owner, made.len, made.data_hex]);
	}
	const committed = must(vm.send(recordedInstruction('randomness_commit')));
	assert.strictEqual(vm.account(randomness).data.toString('hex'), commit.randomness_account_hex);
	assert.deepStrictEqual(committed.events.map((event) => event.toString('base64')), commit.event_base64);
	vm.setClock({ slot: inputs.clock_slot_reveal });
	must(vm.send(recordedInstruction('randomness_reveal')));
	assert.strictEqual(vm.account(randomness).data.toString('hex'), reveal.randomness_account_hex);
	const before = vm.lamports(authority);
	const rent = vm.lamports(randomness) + vm.lamports(init.escrow.pubkey);
	must(vm.send(recordedInstruction('randomness_close')));
	assert.strictEqual(vm.lamports(authority) - before, rent);
});

test('recorded signatures: high s is accepted, another recovery id is not', () => {
	const { inputs } = recorded.get('signature/valid');
	const variant = recorded.get('signature/high_s_variant').inputs;
	const oracleData = recordedAccount(recorded.get('devnet/account/OracleAccountData/sample'));
	const signer = Buffer.from(recorded.get('signature/valid').expected.pubkey64_hex, 'hex');
	const codes = [[variant.sig64_hex, variant.recovery_id, null], [variant.sig64_hex, 1, 6016], [variant.sig64_hex, 27, 6033]];
	for (const [hex, recoveryId, code] of codes) {
		const board = new Switchboard(new Vm());
		board.vm.setAccount(board.oracle('first'), oracleData);
		board.randomness = inputs.randomness;
		const data = Buffer.alloc(480);
		Buffer.from('0a42e587dcefd972', 'hex').copy(data);
		keyBytes(board.authority).copy(data, 8);
		keyBytes(board.queue).copy(data, 40);
		Buffer.from(inputs.seed_slothash_hex, 'hex').copy(data, 72);
		data.writeBigUInt64LE(BigInt(inputs.seed_slot), 104);
		keyBytes(board.oracle('first')).copy(data, 112);
		signer.copy(data, 408);
		board.vm.setAccount(board.randomness, { data, owner: ADDRESS.switchboard });
		const answer = { signature: Buffer.from(hex, 'hex'), recoveryId, value: Buffer.from(inputs.value_hex, 'hex') };
		assert.strictEqual(board.vm.send(board.revealInstruction(answer)).code, code, `recovery id ${recoveryId}`);
	}
});

// ---- own states

function initialised() {
	const board = new Switchboard(new Vm());
	must(board.vm.send(board.initInstruction()));
	return board;
}

function committed() {
	const board = initialised();
	must(board.vm.send(board.commitInstruction()));
	return board;
}

function revealed() {
	const board = committed();
	must(board.vm.send(board.revealInstruction(board.answer(VALUE))));
	return board;
}

test('init wants the key of the new account, a recent slot and a writable queue', () => {
	const board = new Switchboard(new Vm());
	const unsigned = board.initInstruction();
	unsigned.accounts[0].signer = false;
	assertCode(board.vm.send(unsigned), 3010, 'randomness');
	const readOnlyQueue = board.initInstruction();
	readOnlyQueue.accounts[3].writable = false;
	assertCode(board.vm.send(readOnlyQueue), 2000, 'queue');
	for (const [index, code] of [[5, 3008], [6, 3008], [7, 3008], [9, 2006], [10, 2006], [11, 2006], [12, 3008]]) {
		const wrong = board.initInstruction();
		wrong.accounts[index] = { ...wrong.accounts[index], key: person('stranger') };
		assertCode(board.vm.send(wrong), code, `account ${index}`);
	}
	for (const slot of [board.vm.slot, board.vm.slot - 513]) {
		assert.strictEqual(board.vm.send(board.initInstruction(slot)).code, 'InvalidInstructionData', `slot ${slot}`);
	}
	must(board.vm.send(board.initInstruction(board.vm.slot - 512)));
	assert.strictEqual(board.vm.send(board.initInstruction()).code, 0); // the account exists
});

test('init and commit fit in one transaction', () => {
	const board = new Switchboard(new Vm());
	must(board.vm.send(board.initInstruction(), board.commitInstruction()));
	assert.strictEqual(board.memory().slot, BigInt(board.vm.slot - 1));
});

test('commit copies the newest slot hash, the oracle, its key and its expiration', () => {
	const board = committed();
	const memory = board.memory();
	assert.deepStrictEqual(memory.slothash, board.hashOf(board.vm.slot - 1));
	assert.deepStrictEqual(memory.oracle, keyBytes(board.oracle('first')));
	assert.deepStrictEqual(memory.signer, publicKey('first'));
	assert.strictEqual(memory.expiration, BigInt(board.vm.time + 604800));
	assert.strictEqual(memory.revealSlot, 0n);
});

// In the order of the program; each alone, then with every later one.
const COMMIT_CHECKS = [
	[3010, 'authority does not sign', (board, instruction) => { instruction.accounts[4].signer = false; }],
	[2001, 'another authority', (board, instruction) => { instruction.accounts[4].key = person('stranger'); }],
	[2001, 'another queue', (board, instruction) => {
		const queue = person('another queue');
		board.vm.setAccount(queue, board.vm.account(board.queue));
		instruction.accounts[1].key = queue;
	}],
	[2000, 'oracle is read-only', (board, instruction) => { instruction.accounts[2].writable = false; }],
	[6001, 'oracle is not verified', (board) => board.setOracle('first', { status: 8 })],
	[6040, 'oracle has expired', (board) => board.vm.wait({ seconds: 604800 })],
	[6052, 'oracle is not on the queue', (board) => board.setQueue(['second'])],
];

for (const [code, why, spoil] of COMMIT_CHECKS) {
	test(`commit: ${code} ${why}`, () => {
		const board = initialised();
		const instruction = board.commitInstruction();
		spoil(board, instruction);
		assertCode(board.vm.send(instruction), code, why);
	});
}

test('commit: the earlier of two failing checks answers', () => {
	COMMIT_CHECKS.forEach(([code, why, first], i) => {
		for (const [, otherWhy, second] of COMMIT_CHECKS.slice(i + 1)) {
			const board = initialised();
			const instruction = board.commitInstruction();
			second(board, instruction);
			first(board, instruction);
			assertCode(board.vm.send(instruction), code, `"${why}" before "${otherWhy}"`);
		}
	});
});

test('commit refuses an oracle of another queue, other accounts, and another sysvar', () => {
	const board = initialised();
	board.setOracle('first', { queue: person('another queue') });
	assertCode(board.vm.send(board.commitInstruction()), 2001, 'oracle of another queue');
	board.setOracle('first');
	for (const [index, key, code] of [[0, board.queue, 3002], [1, board.randomness, 3002], [2, board.queue, 3002], [3, ADDRESS.clock, 3015], [2, person('nothing'), 3012]]) {
		const instruction = board.commitInstruction();
		instruction.accounts[index].key = key;
		assertCode(board.vm.send(instruction), code, `account ${index}`);
	}
});

test('reveal stores the value once', () => {
	const board = committed();
	const answer = board.answer(VALUE);
	board.newSlot(5);
	must(board.vm.send(board.revealInstruction(answer)));
	const memory = board.memory();
	assert.deepStrictEqual([memory.value, memory.revealSlot, memory.oracle], [VALUE, BigInt(board.vm.slot), ZERO32]);
	assertCode(board.vm.send(board.revealInstruction(answer)), 2001, 'second reveal');
});

test('reveal works in the slot of the commit and a million slots later', () => {
	for (const slots of [0, 1000000]) {
		const board = committed();
		board.vm.wait({ slots, seconds: slots });
		must(board.vm.send(board.revealInstruction(board.answer(VALUE))));
	}
});

test('reveal creates the statistics of an oracle at the payer\'s cost, once', () => {
	const board = revealed();
	const spend = () => {
		const before = board.vm.lamports(board.authority);
		must(board.vm.send(board.commitInstruction(), board.revealInstruction(board.answer(VALUE, 'first'))));
		return before - board.vm.lamports(board.authority);
	};
	must(board.vm.send(board.commitInstruction()));
	assert.strictEqual(spend(), 0n);
});

test('reveal takes the key stored at commit or the oracle\'s present one', () => {
	const board = committed();
	board.setOracle('first', { key: 'rotated' });
	const old = board.answer(VALUE, 'first');
	const present = board.answer(VALUE, 'rotated');
	const before = board.vm.account(board.randomness);
	for (const answer of [old, present]) {
		board.vm.setAccount(board.randomness, before);
		must(board.vm.send(board.revealInstruction(answer)));
	}
	board.vm.setAccount(board.randomness, before);
	assertCode(board.vm.send(board.revealInstruction(board.answer(VALUE, 'second'))), 6016, 'another oracle\'s key');
});

test('reveal refuses everything the signature does not cover', () => {
	const board = committed();
	const answer = board.answer(VALUE);
	const otherValue = Buffer.from(VALUE);
	otherValue[31] ^= 1;
	const otherSignature = Buffer.from(answer.signature);
	otherSignature[40] ^= 1;
	const cases = [
		[6016, { ...answer, value: otherValue }], [6016, { ...answer, signature: otherSignature }],
		[6016, { ...answer, recoveryId: answer.recoveryId ^ 1 }], [6033, { ...answer, recoveryId: 27 }],
		[6033, { ...answer, recoveryId: 4 }], [6033, { ...answer, signature: Buffer.alloc(64) }],
	];
	for (const [code, spoilt] of cases) assertCode(board.vm.send(board.revealInstruction(spoilt)), code, 'signature');
	must(board.vm.send(board.commitInstruction('second')));
	assertCode(board.vm.send(board.revealInstruction(answer)), 2001, 'oracle of an older commit');
});

test('reveal refuses wrong accounts', () => {
	const board = committed();
	const answer = board.answer(VALUE);
	assertCode(board.vm.send(board.revealInstruction(answer, { oracle: 'second' })), 2001, 'another oracle');
	assertCode(board.vm.send(board.revealInstruction(answer, { authority: person('stranger') })), 2001, 'another authority');
	const unsigned = board.revealInstruction(answer);
	for (const index of [4, 5]) unsigned.accounts[index].signer = false;
	assertCode(board.vm.send(unsigned), 3010, 'authority does not sign');
	for (const [index, code] of [[3, 2006], [11, 2006]]) {
		const wrong = board.revealInstruction(answer);
		wrong.accounts[index].key = person('stranger');
		assertCode(board.vm.send(wrong), code, `account ${index}`);
	}
});

test('reveal of an account that was never committed matches no oracle', () => {
	const board = initialised();
	assertCode(board.vm.send(board.revealInstruction(board.answer(VALUE))), 2001, 'never committed');
});

test('commit again at any time: after a reveal, to another oracle, many times', () => {
	const board = revealed();
	board.newSlot();
	must(board.vm.send(board.commitInstruction('second'), board.commitInstruction('first'), board.commitInstruction('second')));
	const memory = board.memory();
	assert.deepStrictEqual([memory.value, memory.revealSlot, memory.oracle], [ZERO32, 0n, keyBytes(board.oracle('second'))]);
	must(board.vm.send(board.revealInstruction(board.answer(VALUE, 'second'), { oracle: 'second' })));
});

test('close returns the rent of account and escrow, revealed or not, to the authority only', () => {
	for (const board of [initialised(), revealed()]) {
		const rent = board.vm.lamports(board.randomness) + board.vm.lamports(board.escrow);
		assert.strictEqual(board.vm.account(board.escrow).data.subarray(32, 64).equals(keyBytes(board.state)), true);
		assertCode(board.vm.send(board.closeInstruction(person('stranger'))), 2001, 'another authority');
		const lut = board.lut(board.memory().lutSlot);
		const before = board.vm.lamports(board.authority);
		must(board.vm.send(board.closeInstruction()));
		assert.strictEqual(board.vm.lamports(board.authority) - before, rent);
		assert.deepStrictEqual([board.vm.account(board.randomness), board.vm.account(board.escrow)], [null, null]);
		const deactivated = board.vm.account(lut).data.readBigUInt64LE(4);
		assert.strictEqual(deactivated, BigInt(board.vm.slot));
	}
});

test('close wants its own escrow and lookup table', () => {
	for (const [index, code] of [[1, 2009], [3, 2006], [7, 2006], [8, 2006]]) {
		const board = revealed();
		const instruction = board.closeInstruction();
		instruction.accounts[index].key = person('stranger');
		assertCode(board.vm.send(instruction), code, `account ${index}`);
	}
});

test('a payer of its own may pay; authority and payer must each sign', () => {
	const calls = [
		[() => new Switchboard(new Vm()), (board) => board.initInstruction(), 2, 4],
		[committed, (board) => board.revealInstruction(board.answer(VALUE)), 4, 5],
	];
	for (const [ready, build, authority, payer] of calls) {
		const board = ready();
		const withPayer = () => {
			const instruction = build(board);
			instruction.accounts[payer] = { key: person('rich'), signer: true, writable: true };
			instruction.accounts[authority].writable = false;
			return instruction;
		};
		board.vm.setAccount(person('rich'), { lamports: 10n ** 10n });
		for (const [index, flag, code] of [[authority, 'signer', 3010], [payer, 'signer', 3010]]) {
			const instruction = withPayer();
			instruction.accounts[index][flag] = false;
			assertCode(board.vm.send(instruction), code, `account ${index} not ${flag}`);
		}
		const before = board.vm.lamports(board.authority);
		must(board.vm.send(withPayer()));
		assert.strictEqual(board.vm.lamports(board.authority), before);
		assert.ok(board.vm.lamports(person('rich')) < 10n ** 10n);
	}
	const board = new Switchboard(new Vm());
	const readOnlyPayer = board.initInstruction();
	readOnlyPayer.accounts[4] = { key: person('rich'), signer: true, writable: false };
	assertCode(board.vm.send(readOnlyPayer), 2000, 'payer');
});

test('accounts of another kind, and a queue that is not the stored one', () => {
	const board = committed();
	const otherQueue = person('another queue');
	board.vm.setAccount(otherQueue, board.vm.account(board.queue));
	const reveal = () => board.revealInstruction(board.answer(VALUE));
	const cases = [
		[() => board.initInstruction(), 3, board.oracle('first'), 3002], [reveal, 0, board.queue, 3002], [reveal, 1, board.queue, 3002],
		[reveal, 2, board.oracle('first'), 3002], [reveal, 2, otherQueue, 2001], [() => board.closeInstruction(), 0, board.queue, 3002],
	];
	for (const [build, index, key, code] of cases) {
		const instruction = build();
		instruction.accounts[index] = { ...instruction.accounts[index], key };
		assertCode(board.vm.send(instruction), code, `account ${index}`);
	}
});

test('accounts that are too short or lack a flag', () => {
	const board = revealed();
	must(board.vm.send(board.commitInstruction()));
	const calls = {
		commit: () => board.commitInstruction(), reveal: () => board.revealInstruction(board.answer(VALUE)), close: () => board.closeInstruction(),
	};
	const short = [['commit', board.randomness], ['commit', board.queue], ['commit', board.oracle('first')], ['reveal', board.queue], ['close', board.randomness]];
	for (const [name, key] of short) {
		const account = board.vm.account(key);
		const instruction = calls[name]();
		board.vm.setAccount(key, { ...account, data: account.data.subarray(0, -1) });
		assertCode(board.vm.send(instruction), 3003, `${name} ${key}`);
		board.vm.setAccount(key, account);
	}
	for (const [name, index, flag, code] of [['commit', 0, 'writable', 2000], ['reveal', 0, 'writable', 2000], ['close', 2, 'signer', 3010], ['close', 2, 'writable', 2000]]) {
		const instruction = calls[name]();
		instruction.accounts[index][flag] = false;
		assertCode(board.vm.send(instruction), code, `${name}: account ${index} not ${flag}`);
	}
});

test('101 for what the stand-in does not know, 102 and 3005 for too little', () => {
	const board = initialised();
	const unknown = { program: ADDRESS.switchboard, accounts: [], data: Buffer.alloc(8) };
	assertCode(board.vm.send(unknown), 101, 'unknown');
	const init = board.initInstruction();
	assertCode(board.vm.send({ ...init, data: init.data.subarray(0, 15) }), 102, 'no slot');
	const commit = board.commitInstruction();
	assertCode(board.vm.send({ ...commit, accounts: commit.accounts.slice(0, 4) }), 3005, 'no authority');
});

// ---- together with the lottery

test('a whole draw: unlock + init + commit + request, then reveal + select + payout + close', () => {
	const lottery = new Lottery().full();
	const board = new Switchboard(lottery.vm, { authority: lottery.dev });
	lottery.randomness = board.randomness;
	lottery.vm.wait({ seconds: 60 });
	const first = lottery.vm.send(
		lottery.instruction('unlock_pool', lottery.dev), board.initInstruction(), board.commitInstruction(),
		lottery.instruction('request_randomness', lottery.dev),
	);
	must(first);
	assert.strictEqual(lottery.poolState().status, 3);
	assert.strictEqual(lottery.select().code, 6026);
	board.newSlot(20);
	const seats = lottery.seats();
	const { pool_id: poolId } = lottery.poolState();
	const id = Buffer.alloc(8);
	id.writeBigUInt64LE(poolId);
	const winner = seats[Number(sha256(id, VALUE.subarray(0, 16)).readBigUInt64LE(0) % 3n)];
	const second = lottery.vm.send(
		board.revealInstruction(board.answer(VALUE)), lottery.instruction('select_winner', lottery.dev),
		lottery.instruction('payout_winner', lottery.dev, undefined, { winner, winnerToken: lottery.ata(winner) }), board.closeInstruction(),
	);
	must(second);
	assert.deepStrictEqual([lottery.poolState().status, lottery.poolState().winner, lottery.vaultBalance()], [6, winner, 0n]);
});

test('rescue: after the request another oracle can take over', () => {
	const lottery = new Lottery().unlocked();
	const board = new Switchboard(lottery.vm, { authority: lottery.dev });
	lottery.randomness = board.randomness;
	must(lottery.vm.send(board.initInstruction(), board.commitInstruction('first'), lottery.instruction('request_randomness', lottery.dev)));
	board.newSlot(2000);
	must(lottery.vm.send(board.commitInstruction('second')));
	assert.strictEqual(lottery.select().code, 6026);
	must(lottery.vm.send(board.revealInstruction(board.answer(VALUE, 'second'), { oracle: 'second' }), lottery.instruction('select_winner', lottery.dev)));
});
