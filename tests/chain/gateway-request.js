// The reveal request of a gateway: body checks and the question whether the chain shows that commit to this oracle.
'use strict';

const base58 = require('./base58.js');
const { ADDRESS } = require('./solana.js');
const { decodeRandomness } = require('./switchboard-accounts.js');

const KEYS = new Set(['slothash', 'randomness_key', 'slot', 'rpc']);

// A refusal that becomes a plain-text HTTP answer.
class Refusal extends Error {
	constructor(status, text) {
		super(text);
		this.status = status;
	}
}

function isByte(value) {
	return Number.isInteger(value) && value >= 0 && value <= 255;
}

// The body must be exactly what the Switchboard client sends: no unknown keys, no other types.
function parseRequest(contentType, body) {
	if (!/^application\/json\b/.test(contentType || '')) throw new Refusal(415, 'Expected request with `Content-Type: application/json`');
	let request;
	try {
		request = JSON.parse(body);
	} catch (error) {
		throw new Refusal(400, `Failed to parse the request body as JSON: ${error.message}`);
	}
	const invalid = (reason) => new Refusal(422, `Failed to deserialize the JSON body into the target type: ${reason}`);
	if (request === null || typeof request !== 'object' || Array.isArray(request)) throw invalid('expected an object');
	for (const key of Object.keys(request)) if (!KEYS.has(key)) throw invalid(`unknown field \`${key}\``);
	const { slothash, randomness_key: key, slot, rpc } = request;
	if (!Array.isArray(slothash) || slothash.length !== 32 || !slothash.every(isByte)) throw invalid('slothash: expected 32 bytes');
	if (typeof key !== 'string' || !/^[0-9a-f]{64}$/.test(key)) throw invalid('randomness_key: expected 64 lower-case hex digits');
	if (!Number.isSafeInteger(slot) || slot < 0) throw invalid('slot: expected u64');
	if (rpc !== undefined && typeof rpc !== 'string') throw invalid('rpc: expected a string');
	return { randomness: base58.encodeKey(Buffer.from(key, 'hex')), slothash: Buffer.from(slothash), slot };
}

// Real gateways answer this text while their node does not show the commit yet.
const notVisible = () => new Refusal(500, 'expected value at line 1 column 1');

async function requireCommit(rpc, commitment, oracle, commit) {
	const slot = await rpc.call('getSlot', { commitment });
	if (slot < oracle.settings.refuse_before_slot) throw notVisible();
	const { value } = await rpc.call('getAccountInfo', commit.randomness, { encoding: 'base64', commitment });
	if (value === null || value.owner !== ADDRESS.switchboard) throw notVisible();
	const account = decodeRandomness(Buffer.from(value.data[0], 'base64'));
	if (account === null || account.slot !== BigInt(commit.slot) || !account.slothash.equals(commit.slothash)) throw notVisible();
	if (account.oracle !== oracle.address) throw new Refusal(500, `randomness ${commit.randomness} is not committed to this oracle`);
}

module.exports = { Refusal, parseRequest, requireCommit };
