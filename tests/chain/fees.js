// The fee of a transaction, computed from its message: 5000 lamports per signature plus the priority fee.
'use strict';

const base58 = require('./base58.js');
const { ADDRESS } = require('./solana.js');

const LAMPORTS_PER_SIGNATURE = 5000n;
const MAX_UNITS = 1400000;
const UNITS_PER_BUILTIN = 3000;
const UNITS_PER_PROGRAM = 200000;
const MICRO_LAMPORTS = 1000000n;
const SET_UNIT_LIMIT = 2;
const SET_UNIT_PRICE = 3;

// Programs inside the runtime; an instruction without an explicit limit reserves little for them.
const BUILTINS = new Set([
	ADDRESS.system, ADDRESS.computeBudget, 'Vote111111111111111111111111111111111111111',
	'BPFLoader1111111111111111111111111111111111', 'BPFLoader2111111111111111111111111111111111',
	'BPFLoaderUpgradeab1e11111111111111111111111', 'Ed25519SigVerify111111111111111111111111111',
	'KeccakSecp256k11111111111111111111111111111',
]);

function computeBudget(transaction) {
	let limit = null;
	let price = 0n;
	let defaultLimit = 0;
	for (const { programIndex, data } of transaction.instructions) {
		const program = base58.encodeKey(transaction.keys[programIndex]);
		defaultLimit += BUILTINS.has(program) ? UNITS_PER_BUILTIN : UNITS_PER_PROGRAM;
		if (program !== ADDRESS.computeBudget) continue;
		if (data[0] === SET_UNIT_LIMIT && data.length >= 5) limit = data.readUInt32LE(1);
		if (data[0] === SET_UNIT_PRICE && data.length >= 9) price = data.readBigUInt64LE(1);
	}
	return { limit: Math.min(limit === null ? defaultLimit : limit, MAX_UNITS), price };
}

function transactionFee(transaction) {
	const { limit, price } = computeBudget(transaction);
	const priority = (price * BigInt(limit) + MICRO_LAMPORTS - 1n) / MICRO_LAMPORTS;
	return LAMPORTS_PER_SIGNATURE * BigInt(transaction.header.requiredSignatures) + priority;
}

module.exports = { transactionFee, LAMPORTS_PER_SIGNATURE };
