// The Clock and SlotHashes sysvars of any block: pushed into litesvm before execution, and built as account bytes for reads.
'use strict';

const base58 = require('./base58.js');
const { ADDRESS } = require('./solana.js');
const { SLOTS_PER_EPOCH } = require('./blocks.js');

const SLOT_HASHES = 512;
const SLOT_HASHES_BYTES = 8 + SLOT_HASHES * 40;
const CLOCK_LAMPORTS = 1169280n;
const SLOT_HASHES_LAMPORTS = 143487360n;

function clockFields(block) {
	const epoch = Math.floor(block.slot / SLOTS_PER_EPOCH);
	return { epoch: BigInt(epoch), leaderScheduleEpoch: BigInt(epoch + 1), slot: BigInt(block.slot), unixTimestamp: BigInt(block.time) };
}

// The sysvar of a block lists its ancestors, never the block itself.
function slotHashes(blocks, block) {
	return blocks.ancestors(block, SLOT_HASHES + 1).slice(1);
}

function push(svm, blocks, block) {
	svm.setClock(Object.assign(svm.getClock(), clockFields(block)));
	const hashes = slotHashes(blocks, block).map(({ slot, slotHash }) => ({ slot: BigInt(slot), hash: base58.encode(slotHash) }));
	if (hashes.length > 0) svm.setSlotHashes(hashes);
}

function sysvarAccount(lamports, data) {
	return { lamports, data, owner: ADDRESS.sysvarOwner, executable: false };
}

function clockAccount(block) {
	const fields = clockFields(block);
	const data = Buffer.alloc(40);
	data.writeBigUInt64LE(fields.slot, 0);
	data.writeBigUInt64LE(fields.epoch, 16);
	data.writeBigUInt64LE(fields.leaderScheduleEpoch, 24);
	data.writeBigInt64LE(fields.unixTimestamp, 32);
	return sysvarAccount(CLOCK_LAMPORTS, data);
}

function slotHashesAccount(blocks, block) {
	const data = Buffer.alloc(SLOT_HASHES_BYTES);
	const hashes = slotHashes(blocks, block);
	data.writeBigUInt64LE(BigInt(hashes.length), 0);
	hashes.forEach(({ slot, slotHash }, index) => {
		data.writeBigUInt64LE(BigInt(slot), 8 + index * 40);
		slotHash.copy(data, 16 + index * 40);
	});
	return sysvarAccount(SLOT_HASHES_LAMPORTS, data);
}

// The account of a sysvar as of a block, or undefined when the key is no sysvar kept here.
function accountAt(key, blocks, block) {
	if (key === ADDRESS.clock) return clockAccount(block);
	if (key === ADDRESS.slotHashes) return slotHashesAccount(blocks, block);
	return undefined;
}

module.exports = { push, accountAt };
