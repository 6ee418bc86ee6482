// One oracle: its keys and values follow from a seed, its signatures are real, its misbehaviour is a setting.
'use strict';

const { secp256k1 } = require('@noble/curves/secp256k1');
const { ADDRESS, Keypair, sha256, keyBytes } = require('./solana.js');
const { u64 } = require('./instructions.js');
const { encodeOracle } = require('./switchboard-accounts.js');

const VERIFIED = 4;
const QUOTE_SECONDS = 604800;
const MODES = new Set(['ok', 'down', 'slow', 'wrong_signature', 'wrong_value', 'zero_value', 'bad_json', 'http500', 'html', 'huge', 'reset']);

class Oracle {
	constructor(seed, index) {
		this.seed = seed;
		this.index = index;
		this.keypair = Keypair.fromText(`${seed}/oracle/${index}`);
		this.secretKey = sha256(Buffer.from(`${seed}/oracle/${index}/secp256k1`));
		this.publicKey = Buffer.from(secp256k1.getPublicKey(this.secretKey, false)).subarray(1);
		this.settings = { mode: 'ok', delay_ms: 10000, valid_for: null, status: VERIFIED, heartbeat_age: 0, refuse_before_slot: 0 };
		this.fixedValidUntil = null;
		this.requests = 0;
	}

	get address() {
		return this.keypair.address;
	}

	// Throws with one clear line. valid_for counts from now and is then not renewed; null returns to renewing.
	set(changes, now) {
		for (const [name, value] of Object.entries(changes)) {
			if (!(name in this.settings)) throw new Error(`unknown setting "${name}": use oracle refresh ${Object.keys(this.settings).join(' ')}`);
			if (name === 'mode' && !MODES.has(value)) throw new Error(`mode is "${value}": use ${[...MODES].join(' ')}`);
			if (name !== 'mode' && !(Number.isSafeInteger(value) || (name === 'valid_for' && value === null))) {
				throw new Error(`${name} is ${JSON.stringify(value)}: give a whole number`);
			}
			this.settings[name] = value;
		}
		if (changes.valid_for !== undefined) this.fixedValidUntil = changes.valid_for === null ? null : now + changes.valid_for;
	}

	accountData(now, gatewayUri) {
		return encodeOracle({
			authority: this.keypair,
			queue: ADDRESS.switchboardQueue,
			status: this.settings.status,
			verifiedAt: now,
			validUntil: this.fixedValidUntil === null ? now + QUOTE_SECONDS : this.fixedValidUntil,
			heartbeat: now - this.settings.heartbeat_age,
			secp256k1: this.publicKey,
			gatewayUri,
		});
	}

	// Deterministic per (randomness, slothash, slot) and seed; the same for every oracle of the seed.
	value({ randomness, slothash, slot }) {
		return sha256(Buffer.from(`${this.seed}/value`), keyBytes(randomness), slothash, u64(slot));
	}

	sign({ randomness, slothash, slot }, value) {
		const digest = sha256(keyBytes(randomness), slothash, u64(slot), value);
		const signature = secp256k1.sign(digest, this.secretKey, { prehash: false });
		return { signature: Buffer.from(signature.toCompactRawBytes()), recoveryId: signature.recovery };
	}

	// The JSON answer to a reveal request, honest or not.
	answer(commit) {
		const value = this.settings.mode === 'zero_value' ? Buffer.alloc(32) : this.value(commit);
		const other = Buffer.from(value);
		other[0] ^= 1;
		const { signature, recoveryId } = this.sign(commit, this.settings.mode === 'wrong_signature' ? other : value);
		const shown = this.settings.mode === 'wrong_value' ? other : value;
		return { signature: signature.toString('base64'), recovery_id: recoveryId, value: [...shown] };
	}
}

module.exports = { Oracle };
