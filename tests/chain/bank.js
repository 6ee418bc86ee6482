// The bank: litesvm plus what it lacks - slots and forks, blockhash age, duplicates, account history, landed transactions.
'use strict';

const { EventEmitter } = require('node:events');
const crypto = require('node:crypto');
const litesvm = require('litesvm-linux-x64-gnu');
const base58 = require('./base58.js');
const sysvars = require('./sysvars.js');
const transactionError = require('./transaction-error.js');
const { ADDRESS, Keypair, signTransaction } = require('./solana.js');
const { transfer, setComputeUnitLimit } = require('./instructions.js');
const { AccountVersions } = require('./versions.js');
const { Blocks } = require('./blocks.js');
const { ChainClock } = require('./clock.js');
const { Ledger } = require('./ledger.js');
const { landedRecord, loadedAddresses } = require('./record.js');
const { parseTransaction, isWritable } = require('./wire-parser.js');

const MAX_BLOCKHASH_AGE = 150;
const MANUAL_SLOT_MS = 400;
// Blocks before the first one, so that finality and a full SlotHashes sysvar exist from the start.
const EARLIER_BLOCKS = 600;
const LOG_BYTES_LIMIT = 10000n;
const FAUCET_LAMPORTS = 10n ** 17n;
const KEPT_SUBMISSIONS = 10000;
const DEVNET_GENESIS = 'EtWTRABZaYq6iMfeYKouRu166VU2xqa1wcaWoxPkrZBG';

class Bank extends EventEmitter {
	constructor({
		startSlot = 447552000, startHeight = 427552000, time = Math.floor(Date.now() / 1000),
		seed = crypto.randomBytes(16).toString('hex'), genesisHash = DEVNET_GENESIS,
	} = {}) {
		super();
		this.setMaxListeners(0);
		this.genesisHash = genesisHash;
		this.svm = new litesvm.LiteSvm();
		this.svm.withNativeMints();
		// litesvm knows one blockhash and 32 signatures: age and duplicates are checked here instead.
		this.svm.setBlockhashCheck(false);
		this.svm.setTransactionHistory(0n);
		this.svm.setLogBytesLimit(LOG_BYTES_LIMIT);
		this.clock = new ChainClock(time);
		this.blocks = new Blocks(seed);
		for (let back = EARLIER_BLOCKS; back >= 0; back--) {
			this.blocks.open(startSlot - back, startHeight - back, Math.floor(time - (back * MANUAL_SLOT_MS) / 1000));
		}
		this.versions = new AccountVersions(this.svm);
		this.ledger = new Ledger();
		this.faucet = Keypair.fromText(`${seed}/faucet`);
		this.airdrops = 0;
		this.prioritizationFees = [0];
		this.pending = [];
		this.submissions = [];
		this.slotsToSkip = 0;
		this.heightJump = 0;
		this.slot = startSlot;
		this.sysvarsOf = null;
		this.timer = null;
	}

	// 0 = slots move only by tick().
	setSlotMs(milliseconds) {
		clearInterval(this.timer);
		this.timer = null;
		if (milliseconds === 0) {
			this.clock.freeze();
			return;
		}
		this.clock.run();
		this.timer = setInterval(() => this.nextSlot(), milliseconds);
	}

	stop() {
		clearInterval(this.timer);
	}

	tick(count, millisecondsPerSlot = MANUAL_SLOT_MS) {
		for (let i = 0; i < count; i++) {
			if (!this.clock.isRunning()) this.clock.advanceMs(millisecondsPerSlot);
			this.nextSlot();
		}
	}

	nextSlot() {
		const parent = this.blocks.tip;
		this.slot += 1 + this.slotsToSkip;
		this.slotsToSkip = 0;
		this.blocks.open(this.slot, parent.height + 1 + this.heightJump, this.clock.unixSeconds());
		this.heightJump = 0;
		const due = this.pending.filter((entry) => entry.slot <= this.slot);
		this.pending = this.pending.filter((entry) => entry.slot > this.slot);
		for (const entry of due) this.land(entry.transaction);
		this.emit('slot');
	}

	// Every blockhash known so far becomes too old: the block height jumps, the slot does not.
	expireBlockhashes() {
		this.heightJump = MAX_BLOCKHASH_AGE;
		this.tick(1);
	}

	// Abandons the newest blocks: their accounts, transactions and blockhashes are undone; slot numbers go on.
	rollback(count) {
		const abandoned = this.blocks.truncate(count);
		const keptSlot = this.blocks.tip.slot;
		const lost = abandoned.flatMap((block) => block.signatures);
		for (const signature of lost) this.ledger.remove(signature);
		this.versions.rollback(keptSlot);
		this.nextSlot();
		return { keptSlot, slot: this.slot, lost };
	}

	// litesvm keeps the account of a program it could not load, and aborts when a transaction touches it.
	addProgram(key, elf) {
		try {
			this.svm.addProgram(base58.decode(key), elf);
		} catch (error) {
			this.versions.store(key, null);
			throw error;
		}
	}

	setAccount(key, account) {
		this.versions.set(key, this.slot, account);
	}

	readAccount(key, block) {
		const sysvar = sysvars.accountAt(key, this.blocks, block);
		return sysvar === undefined ? this.versions.read(key, block.slot) : sysvar;
	}

	blockhashAge(hash, block) {
		const known = this.blocks.byHash.get(hash);
		return known && known.slot <= block.slot ? block.height - known.height : Infinity;
	}

	isBlockhashValid(hash, block) {
		return this.blockhashAge(hash, block) <= MAX_BLOCKHASH_AGE;
	}

	lastValidBlockHeight(block) {
		return block.height + MAX_BLOCKHASH_AGE;
	}

	// litesvm executes the newest state only; older banks cannot be asked.
	simulate(transaction, verifySignatures) {
		return this.execute(transaction, verifySignatures, (wire) => this.svm.simulateVersionedTransaction(wire));
	}

	// Setting 512 slot hashes costs more than a block: it waits until something runs.
	pushSysvars() {
		if (this.sysvarsOf === this.blocks.tip) return;
		sysvars.push(this.svm, this.blocks, this.blocks.tip);
		this.sysvarsOf = this.blocks.tip;
	}

	execute(transaction, verifySignatures, run) {
		this.pushSysvars();
		this.svm.setSigverify(verifySignatures);
		const outcome = run(transaction.wire);
		this.svm.setSigverify(true);
		const failed = outcome instanceof litesvm.FailedTransactionMetadata;
		const error = failed ? this.nameError(transaction, outcome.err()) : null;
		const meta = outcome instanceof litesvm.TransactionMetadata ? outcome : outcome.meta();
		return { error, meta, postAccounts: failed || !outcome.postAccounts ? [] : outcome.postAccounts() };
	}

	// litesvm says InvalidProgramForExecution where a validator says ProgramAccountNotFound.
	nameError(transaction, native) {
		const error = transactionError.fromNative(native);
		if (error !== 'InvalidProgramForExecution') return error;
		const missing = transaction.instructions.some(({ programIndex }) => !this.svm.getAccount(transaction.keys[programIndex]));
		return missing ? 'ProgramAccountNotFound' : error;
	}

	// A transaction that a node forwarded: lands now, after some slots, or never.
	submit(transaction, { node = 0, drop = false, delaySlots = 0 } = {}) {
		let outcome;
		if (drop) {
			outcome = 'dropped';
		} else if (delaySlots > 0) {
			this.pending.push({ slot: this.slot + delaySlots, transaction });
			outcome = 'delayed';
		} else {
			outcome = this.land(transaction);
		}
		this.submissions.push({ signature: transaction.signature, node, slot: this.slot, outcome });
		if (this.submissions.length > KEPT_SUBMISSIONS) this.submissions.shift();
		return outcome;
	}

	// Executes in the current block. A transaction that cannot pay its fee, or is late or known, leaves no trace on chain.
	land(transaction) {
		if (this.ledger.get(transaction.signature)) return 'duplicate';
		if (!this.isBlockhashValid(transaction.blockhash, this.blocks.tip)) return 'expired';
		const loaded = loadedAddresses(transaction, (key) => this.versions.newest(key));
		const accounts = [...transaction.keys.map(base58.encodeKey), ...loaded.writable, ...loaded.readonly];
		const staticCount = transaction.keys.length;
		const writable = accounts.filter((_, index) => (index < staticCount
			? isWritable(transaction, index) : index < staticCount + loaded.writable.length));
		for (const key of writable) this.versions.track(key);
		const before = accounts.map((key) => this.versions.newest(key));
		const { error, meta } = this.execute(transaction, true, (wire) => this.svm.sendVersionedTransaction(wire));
		const after = accounts.map((key) => this.versions.newest(key));
		const feeTaken = before[0] !== null && (after[0] === null || after[0].lamports !== before[0].lamports);
		if (error !== null && !feeTaken) return 'rejected';
		const changed = new Set(writable);
		accounts.forEach((key, index) => {
			if (changed.has(key)) this.versions.record(key, this.slot, after[index]);
		});
		this.addRecord(landedRecord({
			transaction, block: this.blocks.tip, error, meta, loaded, accounts, before, after,
			readMint: (key) => this.versions.newest(key),
		}));
		return 'landed';
	}

	addRecord(record) {
		this.ledger.add(record);
		this.blocks.tip.signatures.push(record.signature);
		this.emit('landed', record);
	}

	// A real signed transfer, so that it has a signature and lands like any other. Differing limits keep the signatures apart.
	airdrop(key, lamports) {
		if (this.airdrops === 0) {
			this.setAccount(this.faucet.address, { lamports: FAUCET_LAMPORTS, data: Buffer.alloc(0), owner: ADDRESS.system, executable: false });
		}
		this.airdrops += 1;
		const instructions = [setComputeUnitLimit(1000 + (this.airdrops % 1000000)), transfer(this.faucet, key, lamports)];
		const transaction = parseTransaction(signTransaction([this.faucet], instructions, this.blocks.tip.hash));
		this.submit(transaction);
		return transaction.signature;
	}
}

module.exports = { Bank, MAX_BLOCKHASH_AGE };
