// The blocks of the current fork: slots, heights, hashes; opening, abandoning and looking back.
'use strict';

const base58 = require('./base58.js');
const { sha256 } = require('./solana.js');

const SLOTS_PER_EPOCH = 432000;
const KEPT_BLOCKS = 16384;

class Blocks {
	constructor(seed) {
		this.seed = Buffer.from(seed);
		this.opened = 0;
		this.fork = [];
		this.bySlot = new Map();
		this.byHash = new Map();
	}

	get tip() {
		return this.fork[this.fork.length - 1];
	}

	// A new block on top of the fork. The counter makes the hashes of two forks differ at the same slot.
	open(slot, height, time) {
		const parent = this.tip;
		this.opened += 1;
		const previousHash = parent ? parent.hash : base58.encode(sha256(this.seed));
		const digest = sha256(this.seed, Buffer.from(`${previousHash}/${slot}/${this.opened}`));
		const block = {
			slot,
			height,
			time,
			parentSlot: parent ? parent.slot : slot - 1,
			hash: base58.encode(digest),
			previousHash,
			slotHash: sha256(Buffer.from('slot hash'), digest),
			signatures: [],
		};
		this.fork.push(block);
		this.bySlot.set(slot, block);
		this.byHash.set(block.hash, block);
		this.forgetOld();
		return block;
	}

	forgetOld() {
		if (this.fork.length < 2 * KEPT_BLOCKS) return;
		for (const block of this.fork.splice(0, KEPT_BLOCKS)) {
			this.bySlot.delete(block.slot);
			this.byHash.delete(block.hash);
		}
	}

	// Position in the fork of the newest block whose slot is not above the given one; 0 when all are above.
	positionAt(slot) {
		let low = 0;
		let high = this.fork.length - 1;
		while (low < high) {
			const middle = (low + high + 1) >> 1;
			if (this.fork[middle].slot <= slot) low = middle;
			else high = middle - 1;
		}
		return low;
	}

	at(position) {
		return this.fork[Math.max(0, position)];
	}

	// Newest first: the block itself, then its ancestors.
	ancestors(block, count) {
		const last = this.positionAt(block.slot);
		return this.fork.slice(Math.max(0, last - count + 1), last + 1).reverse();
	}

	// Abandons the newest blocks and returns them.
	truncate(count) {
		const abandoned = this.fork.splice(this.fork.length - count, count);
		for (const block of abandoned) {
			this.bySlot.delete(block.slot);
			this.byHash.delete(block.hash);
		}
		return abandoned;
	}
}

module.exports = { Blocks, SLOTS_PER_EPOCH };
