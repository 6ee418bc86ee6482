// The Switchboard stand-in on a Vm: queue, oracles with real keys, and the four randomness instructions.
'use strict';

const crypto = require('node:crypto');
const { secp256k1 } = require('@noble/curves/secp256k1');
const { ADDRESS, Keypair, sha256, keyBytes, findProgramAddress, associatedTokenAddress } = require('../../solana.js');
const { u64, readonly, writable, signer, payer } = require('../../instructions.js');
const { encodeQueue, encodeOracle } = require('../../switchboard-accounts.js');

const QUOTE_SECONDS = 604800;
const SLOT_HASHES = 512;
const MEMORY = { bytes: 480, authority: 8, queue: 40, slothash: 72, slot: 104, oracle: 112, revealSlot: 144, value: 152, lutSlot: 184, signer: 408, expiration: 472 };

function discriminator(name) {
	return sha256(Buffer.from(`global:${name}`)).subarray(0, 8);
}

function pda(program, ...seeds) {
	return findProgramAddress(seeds, program).address;
}

function address(name) {
	return Keypair.fromText(`switchboard tests/${name}`).address;
}

function secretKey(name) {
	return sha256(Buffer.from(`switchboard tests/secp256k1/${name}`));
}

function publicKey(name) {
	return Buffer.from(secp256k1.getPublicKey(secretKey(name), false)).subarray(1);
}

function message(randomness, { slothash, slot }, value) {
	return Buffer.concat([keyBytes(randomness), slothash, u64(slot), value]);
}

// What an oracle answers: signature, recovery id, value.
function signValue(name, randomness, commit, value) {
	const digest = crypto.createHash('sha256').update(message(randomness, commit, value)).digest();
	const signature = secp256k1.sign(digest, secretKey(name), { prehash: false });
	return { signature: Buffer.from(signature.toCompactRawBytes()), recoveryId: signature.recovery, value };
}

function decodeMemory(data) {
	const { slothash, slot, revealSlot, value, lutSlot, expiration } = MEMORY;
	const key = (offset) => data.subarray(offset, offset + 32);
	return {
		authority: key(MEMORY.authority), queue: key(MEMORY.queue), oracle: key(MEMORY.oracle), slothash: key(slothash),
		slot: data.readBigUInt64LE(slot), revealSlot: data.readBigUInt64LE(revealSlot), value: key(value),
		lutSlot: data.readBigUInt64LE(lutSlot), signer: data.subarray(MEMORY.signer, MEMORY.signer + 64),
		expiration: data.readBigInt64LE(expiration),
	};
}

class Switchboard {
	constructor(vm, { authority = address('authority'), oracles = ['first', 'second'] } = {}) {
		this.vm = vm;
		this.authority = authority;
		this.randomness = address('randomness');
		this.queue = ADDRESS.switchboardQueue;
		this.state = pda(ADDRESS.switchboard, Buffer.from('STATE'));
		this.escrow = associatedTokenAddress(this.randomness, ADDRESS.nativeMint);
		this.lutSigner = pda(ADDRESS.switchboard, Buffer.from('LutSigner'), keyBytes(this.randomness));
		this.vm.setAccount(authority, { lamports: 10n ** 12n });
		for (const name of oracles) this.setOracle(name);
		this.setQueue(oracles);
		this.newSlot();
	}

	oracle(name) {
		return address(`oracle ${name}`);
	}

	setQueue(names) {
		const oracles = names.map((name) => this.oracle(name));
		this.vm.setAccount(this.queue, { data: encodeQueue({ authority: this.authority, oracles, now: this.vm.time }), owner: ADDRESS.switchboard });
	}

	setOracle(name, { status = 4, validUntil = this.vm.time + QUOTE_SECONDS, queue = this.queue, key = name } = {}) {
		const data = encodeOracle({
			authority: this.authority, queue, status, verifiedAt: this.vm.time, validUntil, heartbeat: this.vm.time,
			secp256k1: publicKey(key), gatewayUri: 'https://oracle.example/devnet',
		});
		this.vm.setAccount(this.oracle(name), { data, owner: ADDRESS.switchboard });
	}

	hashOf(slot) {
		return sha256(Buffer.from(`slot hash ${slot}`));
	}

	// The next slot, whose SlotHashes list the 512 before it.
	newSlot(count = 1) {
		this.vm.wait({ slots: count });
		const newest = this.vm.slot - 1;
		this.vm.setSlotHashes(Array.from({ length: SLOT_HASHES }, (_, back) => ({ slot: newest - back, hash: this.hashOf(newest - back) })));
	}

	memory() {
		const account = this.vm.account(this.randomness);
		return account ? decodeMemory(account.data) : null;
	}

	lut(slot) {
		return pda(ADDRESS.addressLookupTable, keyBytes(this.lutSigner), u64(slot));
	}

	instruction(name, accounts, args = Buffer.alloc(0)) {
		return { program: ADDRESS.switchboard, accounts, data: Buffer.concat([discriminator(name), args]) };
	}

	initInstruction(slot = this.vm.slot - 1) {
		return this.instruction('randomness_init', [
			payer(this.randomness), writable(this.escrow), signer(this.authority), writable(this.queue), payer(this.authority),
			readonly(ADDRESS.system), readonly(ADDRESS.token), readonly(ADDRESS.associatedToken), readonly(ADDRESS.nativeMint),
			readonly(this.state), readonly(this.lutSigner), writable(this.lut(slot)), readonly(ADDRESS.addressLookupTable),
		], u64(slot));
	}

	commitInstruction(oracle = 'first', { authority = this.authority, queue = this.queue } = {}) {
		return this.instruction('randomness_commit', [
			writable(this.randomness), readonly(queue), writable(this.oracle(oracle)), readonly(ADDRESS.slotHashes), signer(authority),
		]);
	}

	revealInstruction({ signature, recoveryId, value }, { oracle = 'first', authority = this.authority, queue = this.queue } = {}) {
		const stats = pda(ADDRESS.switchboard, Buffer.from('OracleRandomnessStats'), keyBytes(this.oracle(oracle)));
		return this.instruction('randomness_reveal', [
			writable(this.randomness), readonly(this.oracle(oracle)), readonly(queue), writable(stats), signer(authority),
			payer(authority), readonly(ADDRESS.slotHashes), readonly(ADDRESS.system), writable(this.escrow), readonly(ADDRESS.token),
			readonly(ADDRESS.nativeMint), readonly(this.state),
		], Buffer.concat([signature, Buffer.from([recoveryId]), value]));
	}

	closeInstruction(authority = this.authority) {
		const { lutSlot } = this.memory();
		return this.instruction('randomness_close', [
			writable(this.randomness), writable(this.escrow), payer(authority), readonly(this.state), readonly(ADDRESS.system),
			readonly(ADDRESS.token), readonly(ADDRESS.nativeMint), writable(this.lut(lutSlot)), readonly(this.lutSigner),
			readonly(ADDRESS.addressLookupTable),
		]);
	}

	// The oracle's answer to the present commit.
	answer(value, oracle = 'first') {
		return signValue(oracle, this.randomness, this.memory(), value);
	}
}

module.exports = { Switchboard, decodeMemory, publicKey };
