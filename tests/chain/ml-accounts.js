// The lottery program's accounts decoded, and its rules (config hash, winner, payout) computed again from their description.
'use strict';

const base58 = require('./base58.js');
const { sha256, keyBytes } = require('./solana.js');
const { u16, u64, i64 } = require('./instructions.js');

const POOL_BYTES = 488;
const PARTICIPANTS_BYTES = 649;
const MAX_PARTICIPANTS = 20;
const FEE_DENOMINATOR = 10000n;
const U64_LIMIT = 1n << 64n;
const STATUS = ['Open', 'Locked', 'Unlocked', 'RandomnessCommitted', 'RandomnessRevealed', 'WinnerSelected', 'Ended', 'Cancelled', 'Closed'];

const READ = {
	u8: (data, offset) => data[offset],
	bool: (data, offset) => data[offset] === 1,
	u16: (data, offset) => data.readUInt16LE(offset),
	u32: (data, offset) => data.readUInt32LE(offset),
	u64: (data, offset) => data.readBigUInt64LE(offset),
	i64: (data, offset) => data.readBigInt64LE(offset),
	u128: (data, offset) => data.readBigUInt64LE(offset) + (data.readBigUInt64LE(offset + 8) << 64n),
	key: (data, offset) => base58.encodeKey(data.subarray(offset, offset + 32)),
	bytes32: (data, offset) => Buffer.from(data.subarray(offset, offset + 32)),
};

const POOL_FIELDS = {
	poolId: [8, 'u64'], salt: [16, 'bytes32'], mint: [48, 'key'], vault: [80, 'key'], creator: [112, 'key'],
	startTime: [144, 'i64'], duration: [152, 'i64'], expireTime: [160, 'i64'], endTime: [168, 'i64'], unlockTime: [176, 'i64'],
	closeTime: [184, 'i64'], maxParticipants: [192, 'u8'], lockDuration: [193, 'i64'], lockStartTime: [201, 'i64'],
	amount: [209, 'u64'], totalAmount: [217, 'u64'], totalVolume: [225, 'u64'], totalJoins: [233, 'u32'], totalDonations: [237, 'u32'],
	devWallet: [241, 'key'], devFeeBps: [273, 'u16'], burnFeeBps: [275, 'u16'], treasuryWallet: [277, 'key'], treasuryFeeBps: [309, 'u16'],
	randomness: [311, 'u128'], randomnessAccount: [327, 'key'], randomnessDeadlineSlot: [359, 'u64'], bump: [367, 'u8'],
	status: [368, 'u8'], paused: [369, 'bool'], version: [370, 'u8'], schema: [371, 'u8'], configHash: [372, 'bytes32'],
	allowMock: [404, 'bool'], randomnessCommitSlot: [405, 'u64'], initialized: [413, 'bool'], lastJoinTime: [414, 'i64'],
	statusReason: [422, 'u8'], participantsAccount: [423, 'key'], winner: [455, 'key'], processing: [487, 'bool'],
};

function requireSize(what, data, bytes) {
	if (data.length < bytes) throw new Error(`${what} account has ${data.length} bytes, expected ${bytes}`);
}

function decodePool(data) {
	requireSize('pool', data, POOL_BYTES);
	const pool = {};
	for (const [name, [offset, kind]] of Object.entries(POOL_FIELDS)) pool[name] = READ[kind](data, offset);
	pool.statusName = STATUS[pool.status];
	return pool;
}

// `everyone` has all 20 entries: payout only zeroes the count and leaves the keys.
function decodeParticipants(data) {
	requireSize('participants', data, PARTICIPANTS_BYTES);
	const everyone = Array.from({ length: MAX_PARTICIPANTS }, (_, index) => READ.key(data, 8 + 32 * index));
	const count = Math.min(data[648], MAX_PARTICIPANTS);
	return { count, list: everyone.slice(0, count), everyone };
}

function configHash(pool) {
	return sha256(
		pool.salt, Buffer.from([pool.maxParticipants]), i64(pool.lockDuration), u64(pool.amount), keyBytes(pool.devWallet),
		u16(pool.devFeeBps), u16(pool.burnFeeBps), keyBytes(pool.treasuryWallet), u16(pool.treasuryFeeBps), i64(pool.startTime), i64(pool.duration),
	);
}

// Index into the participants for a revealed 32-byte value; only its first half counts.
function winnerIndex(poolId, value, count) {
	return Number(sha256(u64(poolId), value.subarray(0, 16)).readBigUInt64LE(0) % BigInt(count));
}

// Shares of the pot in base units; throws where the program fails with 6009.
function payout(pool) {
	const share = (bps) => {
		const product = pool.totalAmount * BigInt(bps);
		if (product >= U64_LIMIT) throw new Error(`total ${pool.totalAmount} times ${bps} bps overflows u64 (program error 6009)`);
		return product / FEE_DENOMINATOR;
	};
	const dev = share(pool.devFeeBps);
	const burn = share(pool.burnFeeBps);
	const treasury = share(pool.treasuryFeeBps);
	return { winner: pool.totalAmount - dev - burn - treasury, dev, burn, treasury };
}

module.exports = { decodePool, decodeParticipants, configHash, winnerIndex, payout };
