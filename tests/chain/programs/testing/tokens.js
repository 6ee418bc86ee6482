// Mints and token accounts as bytes, for both token programs, so that tests can make any of them at once.
'use strict';

const base58 = require('../../base58.js');
const { ADDRESS } = require('../../solana.js');

const KIND_MINT = 1;
const KIND_ACCOUNT = 2;
const KIND_AT = 165;
const IMMUTABLE_OWNER = { type: 7, value: Buffer.alloc(0) };
const STATE = { uninitialized: 0, initialized: 1, frozen: 2 };

function optionalKey(data, offset, key) {
	if (!key) return;
	data.writeUInt32LE(1, offset);
	base58.decode(key).copy(data, offset + 4);
}

// extensions: [{ type, value }]
function withExtensions(base, kind, extensions) {
	if (extensions.length === 0) return base;
	const parts = [base, Buffer.alloc(KIND_AT - base.length), Buffer.from([kind])];
	for (const { type, value } of extensions) {
		const head = Buffer.alloc(4);
		head.writeUInt16LE(type, 0);
		head.writeUInt16LE(value.length, 2);
		parts.push(head, value);
	}
	return Buffer.concat(parts);
}

function encodeMint({ supply, decimals, authority, freezeAuthority, extensions = [] }) {
	const data = Buffer.alloc(82);
	optionalKey(data, 0, authority);
	data.writeBigUInt64LE(supply, 36);
	data[44] = decimals;
	data[45] = 1;
	optionalKey(data, 46, freezeAuthority);
	return withExtensions(data, KIND_MINT, extensions);
}

function encodeTokenAccount({ mint, owner, amount = 0n, state = STATE.initialized, delegate, closeAuthority, extensions = [] }) {
	const data = Buffer.alloc(165);
	base58.decode(mint).copy(data, 0);
	base58.decode(owner).copy(data, 32);
	data.writeBigUInt64LE(amount, 64);
	optionalKey(data, 72, delegate);
	data[108] = state;
	optionalKey(data, 129, closeAuthority);
	return withExtensions(data, KIND_ACCOUNT, extensions);
}

// As the associated token program makes them: Token-2022 adds ImmutableOwner.
function encodeAssociated(tokenProgram, fields) {
	const extensions = tokenProgram === ADDRESS.token2022 ? [IMMUTABLE_OWNER, ...(fields.extensions || [])] : [];
	return encodeTokenAccount({ ...fields, extensions });
}

function setOptionalKey(data, offset, key) {
	data.fill(0, offset, offset + 36);
	optionalKey(data, offset, key);
}

// Changes fields of an existing token account.
function changeTokenAccount(bytes, { mint, owner, amount, state, delegate, closeAuthority }) {
	const data = Buffer.from(bytes);
	if (mint !== undefined) base58.decode(mint).copy(data, 0);
	if (owner !== undefined) base58.decode(owner).copy(data, 32);
	if (amount !== undefined) data.writeBigUInt64LE(amount, 64);
	if (state !== undefined) data[108] = state;
	if (delegate !== undefined) setOptionalKey(data, 72, delegate);
	if (closeAuthority !== undefined) setOptionalKey(data, 129, closeAuthority);
	return data;
}

function tokenAmount(account) {
	return account ? account.data.readBigUInt64LE(64) : 0n;
}

function mintSupply(account) {
	return account.data.readBigUInt64LE(36);
}

module.exports = { STATE, encodeMint, encodeTokenAccount, encodeAssociated, changeTokenAccount, tokenAmount, mintSupply };
