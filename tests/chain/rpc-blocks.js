// JSON-RPC methods about the node, slots, blocks, blockhashes and fees.
'use strict';

const { RpcError, invalidParams, BLOCK_NOT_AVAILABLE, BLOCK_CLEANED_UP, SLOT_SKIPPED } = require('./rpc-error.js');
const { SLOTS_PER_EPOCH } = require('./blocks.js');
const { LAMPORTS_PER_SIGNATURE } = require('./fees.js');
const { pubkey, config, wholeNumber, base64, withContext, API_VERSION } = require('./rpc-params.js');
const { describeTransaction } = require('./rpc-history.js');

const FEE_SLOTS = 150;
const MAX_FEE_ADDRESSES = 128;
const MAX_BLOCK_RANGE = 500000;

function getHealth(node) {
	node.requireHealthy();
	return 'ok';
}

function getVersion() {
	return { 'feature-set': 3640012085, 'solana-core': API_VERSION };
}

function getGenesisHash(node) {
	return node.bank.genesisHash;
}

function getSlot(node, options) {
	return node.blockFor(config(options)).slot;
}

function getBlockHeight(node, options) {
	return node.blockFor(config(options)).height;
}

function getEpochInfo(node, options) {
	const block = node.blockFor(config(options));
	return {
		absoluteSlot: block.slot,
		blockHeight: block.height,
		epoch: Math.floor(block.slot / SLOTS_PER_EPOCH),
		slotIndex: block.slot % SLOTS_PER_EPOCH,
		slotsInEpoch: SLOTS_PER_EPOCH,
		transactionCount: node.bank.ledger.count,
	};
}

// The bank keeps every block since it started: nothing is ever pruned.
function getFirstAvailableBlock(node) {
	return node.bank.blocks.at(0).slot;
}

function getLatestBlockhash(node, options) {
	const block = node.blockFor(config(options));
	return withContext(block, { blockhash: block.hash, lastValidBlockHeight: node.bank.lastValidBlockHeight(block) });
}

function isBlockhashValid(node, hash, options) {
	const block = node.blockFor(config(options));
	return withContext(block, node.bank.isBlockhashValid(pubkey(hash), block));
}

function getFeeForMessage(node, message, options) {
	const block = node.blockFor(config(options));
	const bytes = base64(message);
	if (bytes.length < 4) throw invalidParams('failed to deserialize solana_message::versions::VersionedMessage: io error: failed to fill whole buffer');
	const signatures = bytes[0] & 128 ? bytes[1] : bytes[0];
	return withContext(block, LAMPORTS_PER_SIGNATURE * BigInt(signatures));
}

function getMinimumBalanceForRentExemption(node, size) {
	return node.bank.svm.minimumBalanceForRentExemption(BigInt(wholeNumber('data length', size)));
}

function getRecentPrioritizationFees(node, addresses = []) {
	if (!Array.isArray(addresses) || addresses.length > MAX_FEE_ADDRESSES) throw invalidParams(`Too many inputs provided; max ${MAX_FEE_ADDRESSES}`);
	addresses.forEach(pubkey);
	for (const address of addresses) node.feesAskedFor.add(address);
	const fees = node.bank.prioritizationFees;
	const blocks = node.bank.blocks.ancestors(node.block('processed'), FEE_SLOTS).reverse();
	return blocks.map(({ slot }) => ({ prioritizationFee: fees[slot % fees.length], slot }));
}

// A block that the node can show: it exists and is as settled as asked.
function visibleBlock(node, slot, commitment = 'confirmed') {
	const wanted = wholeNumber('slot', slot);
	const first = getFirstAvailableBlock(node);
	if (wanted > node.block(commitment).slot) throw new RpcError(BLOCK_NOT_AVAILABLE, `Block not available for slot ${wanted}`);
	if (wanted < first) throw new RpcError(BLOCK_CLEANED_UP, `Block ${wanted} cleaned up, does not exist on node. First available block: ${first}`);
	const block = node.bank.blocks.bySlot.get(wanted);
	if (!block) throw new RpcError(SLOT_SKIPPED, `Slot ${wanted} was skipped, or missing due to ledger jump to recent snapshot`);
	return block;
}

function getBlockTime(node, slot) {
	return visibleBlock(node, slot).time;
}

function getBlocks(node, start, end, options) {
	const last = typeof end === 'number' ? end : Infinity;
	const block = node.blockFor(config(typeof end === 'number' ? options : end));
	const from = wholeNumber('start slot', start);
	if (Math.min(last, block.slot) - from > MAX_BLOCK_RANGE) throw invalidParams(`Slot range too large; max ${MAX_BLOCK_RANGE}`);
	return node.bank.blocks.fork.filter(({ slot }) => slot >= from && slot <= last && slot <= block.slot).map(({ slot }) => slot);
}

function getBlock(node, slot, options) {
	const settings = config(options);
	const block = visibleBlock(node, slot, settings.commitment === 'finalized' ? 'finalized' : 'confirmed');
	const answer = {
		blockHeight: block.height,
		blockTime: block.time,
		blockhash: block.hash,
		parentSlot: block.parentSlot,
		previousBlockhash: block.previousHash,
	};
	const details = settings.transactionDetails || 'full';
	if (settings.rewards !== false) answer.rewards = [];
	if (details === 'signatures') answer.signatures = block.signatures;
	if (details === 'full') {
		answer.transactions = block.signatures.map((signature) => {
			const { meta, transaction, version } = describeTransaction(node.bank.ledger.get(signature), settings);
			return { meta, transaction, version };
		});
	}
	return answer;
}

module.exports = {
	getHealth, getVersion, getGenesisHash, getSlot, getBlockHeight, getEpochInfo, getFirstAvailableBlock, getLatestBlockhash,
	isBlockhashValid,
	getFeeForMessage, getMinimumBalanceForRentExemption, getRecentPrioritizationFees, getBlockTime, getBlocks, getBlock,
};
