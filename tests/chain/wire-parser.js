// Strict parser of transaction bytes: litesvm aborts the whole process on bytes it cannot decode, so nothing unparsed may reach it.
'use strict';

const base58 = require('./base58.js');
const { RpcError, INVALID_PARAMS } = require('./rpc-error.js');

const KEY_BYTES = 32;
const SIGNATURE_BYTES = 64;
const MAX_ACCOUNTS = 256;
const TYPE_NAME = 'solana_transaction::versioned::VersionedTransaction';

function undecodable(reason) {
	return new RpcError(INVALID_PARAMS, `failed to deserialize ${TYPE_NAME}: ${reason}`);
}

class Reader {
	constructor(bytes) {
		this.bytes = bytes;
		this.offset = 0;
	}

	take(length) {
		const end = this.offset + length;
		if (end > this.bytes.length) throw undecodable('io error: failed to fill whole buffer');
		const slice = this.bytes.subarray(this.offset, end);
		this.offset = end;
		return slice;
	}

	byte() {
		return this.take(1)[0];
	}

	// Solana's "short u16": 7 bits per byte, at most three bytes, no padding bytes.
	length() {
		let value = 0;
		for (let i = 0; i < 3; i++) {
			const byte = this.byte();
			value |= (byte & 127) << (7 * i);
			if (byte & 128) continue;
			if ((i > 0 && byte === 0) || value > 0xffff) break;
			return value;
		}
		throw undecodable('invalid compact-u16');
	}

	list(readItem) {
		const items = [];
		for (let left = this.length(); left > 0; left--) items.push(readItem());
		return items;
	}
}

function readInstruction(reader) {
	const programIndex = reader.byte();
	const accounts = reader.take(reader.length());
	const data = reader.take(reader.length());
	return { programIndex, accounts, data };
}

function readLookup(reader) {
	const table = reader.take(KEY_BYTES);
	const writable = reader.take(reader.length());
	const readonly = reader.take(reader.length());
	return { table, writable, readonly };
}

function readVersion(reader) {
	if (reader.offset >= reader.bytes.length || !(reader.bytes[reader.offset] & 128)) return 'legacy';
	const version = reader.byte() & 127;
	if (version !== 0) throw undecodable(`invalid value: integer \`${version}\`, expected a valid transaction message version`);
	return version;
}

// The checks of the validator's `sanitize`: every index points at a key that exists.
function sanitize(transaction) {
	const { header, keys, lookups, instructions, signatures } = transaction;
	const require = (condition) => {
		if (condition) return;
		throw new RpcError(INVALID_PARAMS, 'invalid transaction: Transaction failed to sanitize accounts offsets correctly');
	};
	const loaded = lookups.reduce((sum, lookup) => sum + lookup.writable.length + lookup.readonly.length, 0);
	const total = keys.length + loaded;
	require(header.requiredSignatures >= 1 && signatures.length === header.requiredSignatures);
	require(header.requiredSignatures + header.readonlyUnsigned <= keys.length);
	require(header.readonlySigned < header.requiredSignatures);
	require(total <= MAX_ACCOUNTS);
	for (const lookup of lookups) require(lookup.writable.length + lookup.readonly.length > 0);
	for (const instruction of instructions) {
		require(instruction.programIndex > 0 && instruction.programIndex < keys.length);
		for (const index of instruction.accounts) require(index < total);
	}
}

// Throws RpcError. Bytes after the transaction are ignored, as a validator does.
function parseTransaction(bytes) {
	const reader = new Reader(bytes);
	const signatures = reader.list(() => reader.take(SIGNATURE_BYTES));
	const messageOffset = reader.offset;
	const version = readVersion(reader);
	const header = { requiredSignatures: reader.byte(), readonlySigned: reader.byte(), readonlyUnsigned: reader.byte() };
	const keys = reader.list(() => reader.take(KEY_BYTES));
	const blockhashOffset = reader.offset;
	const blockhash = base58.encode(reader.take(KEY_BYTES));
	const instructions = reader.list(() => readInstruction(reader));
	const lookups = version === 0 ? reader.list(() => readLookup(reader)) : [];
	const transaction = { version, header, keys, blockhash, blockhashOffset, instructions, lookups, signatures };
	sanitize(transaction);
	transaction.wire = bytes.subarray(0, reader.offset);
	transaction.message = bytes.subarray(messageOffset, reader.offset);
	transaction.signature = base58.encode(signatures[0]);
	return transaction;
}

function withBlockhash(transaction, blockhash) {
	const wire = Buffer.from(transaction.wire);
	base58.decode(blockhash).copy(wire, transaction.blockhashOffset);
	return parseTransaction(wire);
}

function isWritable(transaction, index) {
	const { requiredSignatures, readonlySigned, readonlyUnsigned } = transaction.header;
	if (index < requiredSignatures) return index < requiredSignatures - readonlySigned;
	return index < transaction.keys.length - readonlyUnsigned;
}

module.exports = { parseTransaction, withBlockhash, isWritable };
