// Who must have won, computed again from chain data alone: the oracle's signed value, the pool's id and its list of players.
'use strict';

const crypto = require('node:crypto');
const { u64 } = require('../chain/instructions.js');
const { keyBytes, sha256 } = require('../chain/solana.js');
const { decodeRandomness } = require('../chain/switchboard-accounts.js');
const { findInstruction } = require('./history.js');

const SECP256K1_SPKI = Buffer.from('3056301006072a8648ce3d020106052b8104000a03420004', 'hex');
const ORACLE_KEY_OFFSET = 192;
const ORACLE_KEY_BYTES = 64;
const VALUE_BYTES_USED = 16;

// Arguments of randomness_reveal after the discriminator: signature 64, recovery id 1, value 32.
function readReveal(transaction) {
	const instruction = findInstruction(transaction, 'switchboard', 'randomness_reveal');
	if (instruction === undefined) return null;
	const { accounts, data } = instruction;
	return { randomness: accounts[0], oracle: accounts[1], signature: data.subarray(8, 72), value: data.subarray(73, 105) };
}

// The oracle signs sha256(randomness account, slot hash, slot, value); node hashes what it verifies.
async function oracleSigned(world, reveal, seed) {
	const oracle = (await world.scenario.account(reveal.oracle)).data;
	const point = oracle.subarray(ORACLE_KEY_OFFSET, ORACLE_KEY_OFFSET + ORACLE_KEY_BYTES);
	const key = crypto.createPublicKey({ key: Buffer.concat([SECP256K1_SPKI, point]), format: 'der', type: 'spki' });
	const signed = Buffer.concat([keyBytes(reveal.randomness), seed.slothash, u64(seed.slot), reveal.value]);
	return crypto.verify('sha256', signed, { key, dsaEncoding: 'ieee-p1363' }, reveal.signature);
}

// Resolves to every step of the computation, so that it can be shown.
async function recomputeWinner(world, pool, was, history) {
	const landed = history.filter((transaction) => transaction.error === null);
	const reveals = landed.map(readReveal).filter((reveal) => reveal !== null);
	const payouts = landed.filter((transaction) => findInstruction(transaction, 'ml', 'payout_winner') !== undefined);
	if (reveals.length !== 1 || payouts.length !== 1) {
		throw new Error(`pool ${pool.symbol} has ${reveals.length} reveals and ${payouts.length} payouts on chain, expected one of each`);
	}
	const [reveal] = reveals;
	const seed = decodeRandomness((await world.scenario.account(reveal.randomness)).data);
	const number = sha256(u64(was.state.poolId), reveal.value.subarray(0, VALUE_BYTES_USED)).readBigUInt64LE(0);
	const index = Number(number % BigInt(was.participants.count));
	return {
		...reveal, payoutSignature: payouts[0].signature, seed, number, index, count: was.participants.count, winner: was.participants.list[index],
		signed: await oracleSigned(world, reveal, seed), stored: seed.value.equals(reveal.value),
	};
}

module.exports = { recomputeWinner };
