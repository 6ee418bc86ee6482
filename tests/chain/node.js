// A virtual node: one endpoint's view of the bank, as late and as dishonest as its faults say.
'use strict';

const { Faults } = require('./faults.js');
const { RpcError, invalidParams, NODE_UNHEALTHY, MIN_CONTEXT_SLOT_NOT_REACHED } = require('./rpc-error.js');

// A validator's status cache; older signatures need searchTransactionHistory.
const STATUS_CACHE_SLOTS = 300;

class Node {
	constructor(index, bank, { confirmLag, finalLag }) {
		this.index = index;
		this.bank = bank;
		this.lagOf = { processed: 0, confirmed: confirmLag, finalized: finalLag };
		this.faults = new Faults();
		this.counts = {};
		this.feesAskedFor = new Set(); // since the start
	}

	count(method) {
		this.counts[method] = (this.counts[method] || 0) + 1;
	}

	// Position of this node's newest block in the fork.
	tipPosition() {
		return this.bank.blocks.positionAt(this.bank.slot - this.faults.lag);
	}

	block(commitment) {
		return this.bank.blocks.at(this.tipPosition() - this.lagOf[commitment]);
	}

	// The block a read refers to; throws when config.minContextSlot is newer.
	blockFor(config, fallback = 'finalized') {
		const commitment = config.commitment === undefined ? fallback : config.commitment;
		if (this.lagOf[commitment] === undefined) {
			const known = Object.keys(this.lagOf).map((name) => `\`${name}\``).join(', ');
			throw invalidParams(`Invalid params: unknown variant \`${commitment}\`, expected one of ${known}.`);
		}
		const block = this.block(commitment);
		if (config.minContextSlot > block.slot) {
			const message = 'Minimum context slot has not been reached';
			throw new RpcError(MIN_CONTEXT_SLOT_NOT_REACHED, message, { contextSlot: block.slot });
		}
		return block;
	}

	// The block whose account data is shown while the answer names `block`.
	dataBlock(block) {
		if (this.faults.oldAccounts === 0) return block;
		return this.bank.blocks.at(this.bank.blocks.positionAt(block.slot - this.faults.oldAccounts));
	}

	account(key, block) {
		return this.bank.readAccount(key, this.dataBlock(block));
	}

	accountsOf(owner, block) {
		return this.bank.versions.ownedBy(owner, this.dataBlock(block).slot);
	}

	requireHealthy() {
		const behind = this.faults.unhealthy;
		if (behind === false) return;
		const message = behind === true ? 'Node is unhealthy' : `Node is behind by ${behind} slots`;
		throw new RpcError(NODE_UNHEALTHY, message, { numSlotsBehind: behind === true ? null : behind });
	}

	// Blocks on top of a record, counted on this node; negative when the node has not seen it yet.
	depth(record) {
		return this.tipPosition() - this.bank.blocks.positionAt(record.slot);
	}

	sees(record, block) {
		return record !== undefined && record.slot <= block.slot;
	}

	confirmationStatus(record) {
		const depth = this.depth(record);
		if (depth >= this.lagOf.finalized) return 'finalized';
		return depth >= this.lagOf.confirmed ? 'confirmed' : 'processed';
	}

	// One entry of getSignatureStatuses.
	signatureStatus(signature, searchHistory) {
		const block = this.block('processed');
		const record = this.bank.ledger.get(signature);
		if (this.faults.statuses === 'null') return null;
		if (!this.sees(record, block)) return this.faults.statuses === 'invented' ? inventedStatus(block) : null;
		if (!searchHistory && record.slot < block.slot - STATUS_CACHE_SLOTS) return null;
		const confirmationStatus = this.confirmationStatus(record);
		return {
			confirmationStatus,
			confirmations: confirmationStatus === 'finalized' ? null : this.depth(record),
			err: record.error,
			slot: record.slot,
			status: record.error === null ? { Ok: null } : { Err: record.error },
		};
	}
}

function inventedStatus(block) {
	return { confirmationStatus: 'finalized', confirmations: null, err: null, slot: block.slot, status: { Ok: null } };
}

module.exports = { Node };
