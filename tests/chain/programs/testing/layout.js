// Pool, participants and event bytes read and written by the layouts in the test vectors, not by the program's own headers.
'use strict';

const fs = require('node:fs');
const path = require('node:path');
const base58 = require('../../base58.js');

const VECTORS = path.join(__dirname, '..', '..', '..', 'vectors');

function vectors(name) {
	return JSON.parse(fs.readFileSync(path.join(VECTORS, `${name}.json`), 'utf8'));
}

const poolVectors = vectors('pool_accounts').meta;
const eventVectors = vectors('events').meta;
const POOL = poolVectors.layout;

function readNumber(data, offset, size) {
	let value = 0n;
	for (let i = size - 1; i >= 0; i--) value = (value << 8n) | BigInt(data[offset + i]);
	return value;
}

function readField(data, { offset, size, kind }) {
	if (kind === 'pk') return base58.encodeKey(data.subarray(offset, offset + size));
	if (kind === 'b32') return Buffer.from(data.subarray(offset, offset + size));
	if (kind === 'i64') return data.readBigInt64LE(offset);
	const value = readNumber(data, offset, size);
	return size === 1 ? Number(value) : value;
}

function writeField(data, { offset, size, kind }, value) {
	if (kind === 'pk') return base58.decode(value).copy(data, offset);
	if (kind === 'b32') return value.copy(data, offset);
	let rest = BigInt.asUintN(size * 8, BigInt(value));
	for (let i = 0; i < size; i++, rest >>= 8n) data[offset + i] = Number(rest & 255n);
	return size;
}

// Snake-case fields; one-byte ones are numbers, others BigInt, keys base58.
function decodePool(data) {
	const pool = {};
	for (const [name, field] of Object.entries(POOL)) pool[name] = readField(data, field);
	return pool;
}

function changePool(data, changes) {
	const copy = Buffer.from(data);
	for (const [name, value] of Object.entries(changes)) {
		if (!POOL[name]) throw new Error(`the pool has no field ${name}`);
		writeField(copy, POOL[name], value);
	}
	return copy;
}

function decodeParticipants(data) {
	const list = Array.from({ length: 20 }, (_, i) => base58.encodeKey(data.subarray(8 + 32 * i, 40 + 32 * i)));
	return { count: data[648], list };
}

function encodeParticipants({ count, list }) {
	const data = Buffer.alloc(649);
	Buffer.from('ae1c6be4a4fa53aa', 'hex').copy(data);
	list.forEach((key, i) => base58.decode(key).copy(data, 8 + 32 * i));
	data[648] = count;
	return data;
}

const EVENT_FIELDS = {
	PoolStateEvent: 'pool:pk pool_id:u64 status:status count:u8 total:u64 reason:u8',
	PoolActivityEvent: 'pool:pk pool_id:u64 action:action amount:u64 rank:u8 dev_bps:u16 burn_bps:u16 treasury_bps:u16',
	UIHint: 'pool:pk hint:hint',
	RefundBurned: 'user:pk amount:u64 reason:u8',
	RefundClaimedEvent: 'pool:pk user:pk amount:u64 burned:u64 reason:u8',
	RentClaimed: 'pool:pk caller:pk sent_to:pk timestamp:u64',
	WinnerSelectedEvent: 'pool:pk pool_id:u64 winner:pk winner_amount:u64 dev_amount:u64 burn_amount:u64 treasury_amount:u64 randomness:u128',
	ForfeitedToTreasury: 'pool:pk amount:u64',
};
const SIZES = { pk: 32, u8: 1, u16: 2, u64: 8, u128: 16, status: 1, action: 1, hint: 1 };
const CODES = { status: eventVectors.status_codes, action: eventVectors.action_codes, hint: eventVectors.hint_codes };

function nameOfCode(codes, value) {
	const found = Object.entries(codes).find(([, code]) => code === value);
	return found ? found[0] : `code ${value}`;
}

function decodeEvent(bytes) {
	const found = Object.entries(eventVectors.discriminators).find(([, hex]) => hex === bytes.toString('hex', 0, 8));
	if (!found) throw new Error(`no event starts with ${bytes.toString('hex', 0, 8)}`);
	const event = { name: found[0] };
	let offset = 8;
	for (const field of EVENT_FIELDS[event.name].split(' ')) {
		const [name, kind] = field.split(':');
		const value = readField(bytes, { offset, size: SIZES[kind], kind });
		event[name] = CODES[kind] ? nameOfCode(CODES[kind], value) : value;
		offset += SIZES[kind];
	}
	if (offset !== bytes.length) throw new Error(`${event.name} has ${bytes.length} bytes, expected ${offset}`);
	return event;
}

module.exports = { vectors, decodePool, changePool, decodeParticipants, encodeParticipants, decodeEvent };
