// Byte layouts of the Switchboard accounts (queue, oracle, program state, randomness), as far as the program and its clients read them.
'use strict';

const base58 = require('./base58.js');
const { keyBytes } = require('./solana.js');

const QUEUE = {
	bytes: 6280, discriminator: 'd9c2377fb8538a01', oracleKeys: 1064, maxQuoteAge: 5160, heartbeat: 5168, nodeTimeout: 5176,
	oracleCount: 5204,
};
const ORACLE = {
	bytes: 4816, discriminator: '801e10f1aa493736', status: 72, verifiedAt: 80, validUntil: 88, secp256k1: 192, lastSecp256k1: 288,
	authority: 3440, queue: 3472, createdAt: 3504, heartbeat: 3512, gatewayUri: 3584, onQueue: 3656, operator: 3680,
};
const STATE = { bytes: 2136, discriminator: 'd8926b5e684bb6b1', bump: 8, authority: 16 };
const RANDOMNESS = { minimumBytes: 408, discriminator: '0a42e587dcefd972', slothash: 72, slot: 104, oracle: 112, revealSlot: 144, value: 152 };

const MAX_URI_BYTES = 64;
const MAX_QUOTE_AGE_SECONDS = 604800;
const NODE_TIMEOUT_SECONDS = 300;

function blank(layout) {
	const data = Buffer.alloc(layout.bytes);
	data.write(layout.discriminator, 0, 'hex');
	return data;
}

function encodeQueue({ authority, oracles, now }) {
	const data = blank(QUEUE);
	keyBytes(authority).copy(data, 8);
	oracles.forEach((oracle, index) => keyBytes(oracle).copy(data, QUEUE.oracleKeys + 32 * index));
	data.writeBigInt64LE(BigInt(MAX_QUOTE_AGE_SECONDS), QUEUE.maxQuoteAge);
	data.writeBigInt64LE(BigInt(now), QUEUE.heartbeat);
	data.writeBigInt64LE(BigInt(NODE_TIMEOUT_SECONDS), QUEUE.nodeTimeout);
	data.writeUInt32LE(oracles.length, QUEUE.oracleCount);
	return data;
}

// secp256k1: 64 bytes, the uncompressed key without its 0x04.
function encodeOracle({ authority, queue, status, verifiedAt, validUntil, heartbeat, secp256k1, gatewayUri }) {
	if (Buffer.byteLength(gatewayUri) > MAX_URI_BYTES) throw new Error(`gateway URI "${gatewayUri}" is longer than ${MAX_URI_BYTES} bytes`);
	const data = blank(ORACLE);
	keyBytes(authority).copy(data, 8);
	data[ORACLE.status] = status;
	data.writeBigInt64LE(BigInt(verifiedAt), ORACLE.verifiedAt);
	data.writeBigInt64LE(BigInt(validUntil), ORACLE.validUntil);
	secp256k1.copy(data, ORACLE.secp256k1);
	secp256k1.copy(data, ORACLE.lastSecp256k1);
	keyBytes(authority).copy(data, ORACLE.authority);
	keyBytes(queue).copy(data, ORACLE.queue);
	data.writeBigInt64LE(BigInt(verifiedAt), ORACLE.createdAt);
	data.writeBigInt64LE(BigInt(heartbeat), ORACLE.heartbeat);
	data.write(gatewayUri, ORACLE.gatewayUri);
	data[ORACLE.onQueue] = 1;
	keyBytes(authority).copy(data, ORACLE.operator);
	return data;
}

function encodeState({ bump, authority }) {
	const data = blank(STATE);
	data[STATE.bump] = bump;
	keyBytes(authority).copy(data, STATE.authority);
	return data;
}

// null when the bytes are no randomness account.
function decodeRandomness(data) {
	if (data.length < RANDOMNESS.minimumBytes || data.toString('hex', 0, 8) !== RANDOMNESS.discriminator) return null;
	return {
		slothash: data.subarray(RANDOMNESS.slothash, RANDOMNESS.slothash + 32),
		slot: data.readBigUInt64LE(RANDOMNESS.slot),
		oracle: base58.encodeKey(data.subarray(RANDOMNESS.oracle, RANDOMNESS.oracle + 32)),
		revealSlot: data.readBigUInt64LE(RANDOMNESS.revealSlot),
		value: data.subarray(RANDOMNESS.value, RANDOMNESS.value + 32),
	};
}

module.exports = { encodeQueue, encodeOracle, encodeState, decodeRandomness };
