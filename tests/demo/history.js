// What the chain itself says about transactions: lists, fetches, parses and verifies them, without the daemon and without Postgres.
'use strict';

const crypto = require('node:crypto');
const base58 = require('../chain/base58.js');
const { ADDRESS, sha256 } = require('../chain/solana.js');
const { parseTransaction } = require('../chain/wire-parser.js');

const ED25519_SPKI = Buffer.from('302a300506032b6570032100', 'hex');
const DISCRIMINATOR_BYTES = 8;

// True when every signer's signature is over exactly this message.
function signaturesVerify({ keys, message, signatures }) {
	return signatures.every((signature, k) => {
		const key = crypto.createPublicKey({ key: Buffer.concat([ED25519_SPKI, keys[k]]), format: 'der', type: 'spki' });
		return crypto.verify(null, message, key, signature);
	});
}

// One finalized transaction, with its instructions' program and accounts as addresses.
async function readTransaction(world, signature) {
	const answer = await world.scenario.node.call('getTransaction', signature, { encoding: 'base64', commitment: 'finalized' });
	if (answer === null) return null;
	const transaction = parseTransaction(Buffer.from(answer.transaction[0], 'base64'));
	const keys = transaction.keys.map(base58.encodeKey);
	return {
		signature,
		slot: BigInt(answer.slot),
		time: answer.blockTime,
		fee: BigInt(answer.meta.fee),
		error: answer.meta.err,
		payer: keys[0],
		paid: BigInt(answer.meta.preBalances[0]) - BigInt(answer.meta.postBalances[0]),
		verified: transaction.signature === signature && signaturesVerify(transaction),
		instructions: transaction.instructions.map(({ programIndex, accounts, data }) => ({
			program: keys[programIndex], accounts: [...accounts].map((k) => keys[k]), data,
		})),
	};
}

// Every finalized transaction that names the address, oldest first.
async function readHistory(world, address) {
	const listed = await world.scenario.node.call('getSignaturesForAddress', address, { commitment: 'finalized' });
	const history = [];
	for (const { signature } of listed.reverse()) history.push(await readTransaction(world, signature));
	return history;
}

// The instruction of this name in a transaction, or undefined.
function findInstruction(transaction, program, name) {
	const wanted = sha256(Buffer.from(`global:${name}`)).subarray(0, DISCRIMINATOR_BYTES);
	return transaction.instructions.find((instruction) => instruction.program === ADDRESS[program]
		&& wanted.equals(instruction.data.subarray(0, DISCRIMINATOR_BYTES)));
}

module.exports = { readHistory, readTransaction, findInstruction };
