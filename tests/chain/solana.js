// Solana primitives without web3.js: addresses, keypairs, program-derived addresses, building and signing transactions.
'use strict';

const crypto = require('node:crypto');
const base58 = require('./base58.js');

const ADDRESS = {
	system: '11111111111111111111111111111111',
	token: 'TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA',
	token2022: 'TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb',
	associatedToken: 'ATokenGPvbdGVxr1b2hvZbsiqW5xWH25efTNsLJA8knL',
	addressLookupTable: 'AddressLookupTab1e1111111111111111111111111',
	computeBudget: 'ComputeBudget111111111111111111111111111111',
	nativeMint: 'So11111111111111111111111111111111111111112',
	clock: 'SysvarC1ock11111111111111111111111111111111',
	slotHashes: 'SysvarS1otHashes111111111111111111111111111',
	rent: 'SysvarRent111111111111111111111111111111111',
	sysvarOwner: 'Sysvar1111111111111111111111111111111111111',
	ml: '4wgBJUHydWXXJKXYsmdGoGw1ufC3dxz8q2mukFYaAhSm',
	switchboard: 'Aio4gaXjXzJNVLtzwtNVmSqGKpANtXhybbkhtAC94ji2',
	switchboardQueue: 'EYiAmGSdsQTuCw413V5BzaruWuCCSDgTPtBGvLkXHbe7',
};

const PKCS8_ED25519 = Buffer.from('302e020100300506032b657004220420', 'hex');
const SPKI_PREFIX_LENGTH = 12;
const MAX_TRANSACTION_BYTES = 1232;

class Keypair {
	constructor(seed = crypto.randomBytes(32)) {
		this.seed = Buffer.from(seed);
		const der = Buffer.concat([PKCS8_ED25519, this.seed]);
		this.privateKey = crypto.createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
		const spki = crypto.createPublicKey(this.privateKey).export({ format: 'der', type: 'spki' });
		this.publicKey = spki.subarray(SPKI_PREFIX_LENGTH);
		this.address = base58.encodeKey(this.publicKey);
	}

	static fromText(text) {
		return new Keypair(sha256(Buffer.from(text)));
	}

	sign(message) {
		return crypto.sign(null, message, this.privateKey);
	}

	// The 64 bytes that wallets and `solana-keygen` files hold: seed, then public key.
	secretKey() {
		return Buffer.concat([this.seed, this.publicKey]);
	}
}

function sha256(...parts) {
	const hash = crypto.createHash('sha256');
	for (const part of parts) hash.update(part);
	return hash.digest();
}

// Accepts a Keypair, 32 bytes or base58 text.
function keyBytes(key) {
	if (typeof key === 'string') return base58.decode(key);
	return key.publicKey ? key.publicKey : Buffer.from(key);
}

function address(key) {
	return typeof key === 'string' ? key : base58.encodeKey(keyBytes(key));
}

const FIELD = 2n ** 255n - 19n;
const EDWARDS_D = 37095705934669439343138083508754565189542113879843219016388785533085940283555n;

function powerModField(base, exponent) {
	let result = 1n;
	for (let b = base, e = exponent; e > 0n; e >>= 1n) {
		if (e & 1n) result = (result * b) % FIELD;
		b = (b * b) % FIELD;
	}
	return result;
}

// x^2 = u/v has a root exactly when u*v is a square (v is never zero): one exponentiation instead of two.
function isOnCurve(bytes) {
	const little = Buffer.from(bytes).reverse();
	little[0] &= 127;
	const y = BigInt(`0x${little.toString('hex')}`) % FIELD;
	const square = (y * y) % FIELD;
	const product = ((square + FIELD - 1n) * (EDWARDS_D * square + 1n)) % FIELD;
	return product === 0n || powerModField(product, (FIELD - 1n) / 2n) === 1n;
}

function findProgramAddress(seeds, program) {
	const tail = [keyBytes(program), Buffer.from('ProgramDerivedAddress')];
	for (let bump = 255; bump >= 0; bump--) {
		const hash = sha256(...seeds, Buffer.from([bump]), ...tail);
		if (!isOnCurve(hash)) return { address: base58.encodeKey(hash), bytes: hash, bump };
	}
	throw new Error('no bump gives an address off the curve');
}

function associatedTokenAddress(owner, mint, tokenProgram = ADDRESS.token) {
	const seeds = [keyBytes(owner), keyBytes(tokenProgram), keyBytes(mint)];
	return findProgramAddress(seeds, ADDRESS.associatedToken).address;
}

function compactU16(value) {
	const bytes = [];
	let rest = value;
	while (rest >= 128) {
		bytes.push((rest & 127) | 128);
		rest >>= 7;
	}
	bytes.push(rest);
	return Buffer.from(bytes);
}

// Keys in order of first appearance, grouped: writable signers, read-only signers, writable, read-only.
function orderKeys(payer, instructions) {
	const entries = new Map();
	const add = (key, signer, writable) => {
		const name = address(key);
		const entry = entries.get(name) || { name, signer: false, writable: false };
		entry.signer ||= signer;
		entry.writable ||= writable;
		entries.set(name, entry);
	};
	add(payer, true, true);
	for (const instruction of instructions) {
		add(instruction.program, false, false);
		for (const account of instruction.accounts) add(account.key, !!account.signer, !!account.writable);
	}
	const all = [...entries.values()];
	const group = (signer, writable) => all.filter((entry) => entry.signer === signer && entry.writable === writable);
	return [...group(true, true), ...group(true, false), ...group(false, true), ...group(false, false)];
}

// A legacy message. instructions: [{ program, accounts: [{ key, signer, writable }], data }].
function compileMessage(payer, instructions, blockhash) {
	const keys = orderKeys(payer, instructions);
	const position = new Map(keys.map((entry, index) => [entry.name, index]));
	const signers = keys.filter((entry) => entry.signer);
	const readonlySigned = signers.filter((entry) => !entry.writable).length;
	const readonlyUnsigned = keys.filter((entry) => !entry.signer && !entry.writable).length;
	const parts = [Buffer.from([signers.length, readonlySigned, readonlyUnsigned]), compactU16(keys.length)];
	for (const entry of keys) parts.push(base58.decode(entry.name));
	parts.push(base58.decode(blockhash), compactU16(instructions.length));
	for (const instruction of instructions) {
		const accounts = instruction.accounts.map((account) => position.get(address(account.key)));
		parts.push(Buffer.from([position.get(address(instruction.program))]));
		parts.push(compactU16(accounts.length), Buffer.from(accounts));
		parts.push(compactU16(instruction.data.length), instruction.data);
	}
	return { message: Buffer.concat(parts), signers: signers.map((entry) => entry.name) };
}

// Keypairs in any order; the first one pays. Returns wire bytes.
function signTransaction(keypairs, instructions, blockhash) {
	const { message, signers } = compileMessage(keypairs[0], instructions, blockhash);
	const signatures = signers.map((name) => {
		const keypair = keypairs.find((candidate) => candidate.address === name);
		if (!keypair) throw new Error(`transaction needs the signature of ${name}: pass its keypair`);
		return keypair.sign(message);
	});
	const wire = Buffer.concat([compactU16(signatures.length), ...signatures, message]);
	if (wire.length > MAX_TRANSACTION_BYTES) {
		throw new Error(`transaction is ${wire.length} bytes, the limit is ${MAX_TRANSACTION_BYTES}: use fewer accounts`);
	}
	return wire;
}

module.exports = {
	ADDRESS, MAX_TRANSACTION_BYTES, Keypair, sha256, keyBytes, address, isOnCurve, findProgramAddress,
	associatedTokenAddress, compactU16, compileMessage, signTransaction,
};
