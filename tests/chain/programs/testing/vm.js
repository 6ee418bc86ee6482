// One litesvm with the test programs, addressed by base58 keys: accounts, clock, and transactions that need no real signatures.
'use strict';

const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const litesvm = require('litesvm-linux-x64-gnu');
const base58 = require('../../base58.js');
const transactionError = require('../../transaction-error.js');
const { ADDRESS, Keypair, compactU16, compileMessage } = require('../../solana.js');

const CHAIN = path.join(__dirname, '..', '..');
const SIGNATURE_BYTES = 64;
const START_SLOT = 400000000;
const START_TIME = 1760000000;
const PAYER_LAMPORTS = 10n ** 15n;
const COMPUTE_LIMIT = 1400000;

const keyCache = new Map();

// The same few keys are looked up thousands of times.
function keyOf(address) {
	if (!keyCache.has(address)) keyCache.set(address, base58.decode(address));
	return keyCache.get(address);
}

execFileSync(path.join(CHAIN, 'build-programs'), { stdio: ['ignore', 'ignore', 'inherit'] });

function programFile(name) {
	return fs.readFileSync(path.join(CHAIN, 'build', `${name}.so`));
}

function computeLimit() {
	const data = Buffer.alloc(5);
	data[0] = 2;
	data.writeUInt32LE(COMPUTE_LIMIT, 1);
	return { program: ADDRESS.computeBudget, accounts: [], data };
}

// code: the Custom number, or the name of a built-in error; null when the transaction succeeded.
function outcome(meta, native) {
	const logs = meta.logs();
	const events = logs.filter((line) => line.startsWith('Program data: ')).map((line) => Buffer.from(line.slice(14), 'base64'));
	if (native === undefined) return { ok: true, code: null, logs, events, units: meta.computeUnitsConsumed() };
	const error = transactionError.fromNative(native);
	const cause = error.InstructionError ? error.InstructionError[1] : error;
	const code = cause.Custom === undefined ? cause : cause.Custom;
	return { ok: false, code, error, logs, events, units: meta.computeUnitsConsumed() };
}

class Vm {
	constructor({ ml = 'ml' } = {}) {
		this.svm = new litesvm.LiteSvm();
		this.svm.withNativeMints();
		this.svm.setSigverify(false);
		this.svm.setBlockhashCheck(false);
		this.svm.setTransactionHistory(0n);
		this.svm.addProgram(base58.decode(ADDRESS.ml), programFile(ml));
		this.svm.addProgram(base58.decode(ADDRESS.switchboard), programFile('switchboard'));
		this.blockhash = this.svm.latestBlockhash();
		this.payer = Keypair.fromText('program tests/payer').address;
		this.setAccount(this.payer, { lamports: PAYER_LAMPORTS, owner: ADDRESS.system });
		this.setClock({ slot: START_SLOT, time: START_TIME });
	}

	setClock({ slot = this.slot, time = this.time }) {
		this.slot = slot;
		this.time = time;
		this.svm.setClock(Object.assign(this.svm.getClock(), { slot: BigInt(slot), unixTimestamp: BigInt(time) }));
	}

	wait({ slots = 0, seconds = 0 }) {
		this.setClock({ slot: this.slot + slots, time: this.time + seconds });
	}

	// Newest first, as in the sysvar. Slots are numbers, hashes 32 bytes.
	setSlotHashes(entries) {
		this.svm.setSlotHashes(entries.map(({ slot, hash }) => ({ slot: BigInt(slot), hash: base58.encode(hash) })));
	}

	// null when there is none
	account(key) {
		const found = this.svm.getAccount(keyOf(key));
		if (!found || found.lamports() === 0n) return null;
		return {
			lamports: found.lamports(), data: Buffer.from(found.data()), owner: base58.encodeKey(found.owner()),
			executable: found.executable(),
		};
	}

	// Without lamports: exactly rent-exempt. 0n removes the account.
	setAccount(key, { lamports, data = Buffer.alloc(0), owner = ADDRESS.system }) {
		const amount = lamports === undefined ? this.rent(data.length) : lamports;
		this.svm.setAccount(keyOf(key), new litesvm.Account(amount, data, keyOf(owner), false, 0n));
	}

	removeAccount(key) {
		this.setAccount(key, { lamports: 0n });
	}

	rent(bytes) {
		return this.svm.minimumBalanceForRentExemption(BigInt(bytes));
	}

	lamports(key) {
		const account = this.account(key);
		return account ? account.lamports : 0n;
	}

	// A payer of its own, so that the actors' balances move only by what the programs do.
	send(...instructions) {
		const { message, signers } = compileMessage(this.payer, [computeLimit(), ...instructions], this.blockhash);
		const wire = Buffer.concat([compactU16(signers.length), Buffer.alloc(SIGNATURE_BYTES * signers.length), message]);
		const result = this.svm.sendVersionedTransaction(wire);
		if (result instanceof litesvm.FailedTransactionMetadata) return outcome(result.meta(), result.err());
		return outcome(result);
	}
}

module.exports = { Vm, START_SLOT, START_TIME };
