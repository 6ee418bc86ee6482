// JSON-RPC methods that take a transaction: sendTransaction, simulateTransaction, requestAirdrop.
// Preflight and simulation run against the newest state whatever the commitment; only the blockhash is judged at it.
'use strict';

const base58 = require('./base58.js');
const transactionError = require('./transaction-error.js');
const { MAX_TRANSACTION_BYTES } = require('./solana.js');
const { RpcError, invalidParams, PREFLIGHT_FAILURE, SIGNATURE_VERIFICATION_FAILURE, INTERNAL_ERROR } = require('./rpc-error.js');
const { pubkey, config, wholeNumber, base64, withContext, encodeAccount } = require('./rpc-params.js');
const { returnData } = require('./record.js');
const { parseTransaction, withBlockhash } = require('./wire-parser.js');

const MAX_TEXT = { base64: 1644, base58: 1683 };
const TYPE_NAME = 'solana_transaction::versioned::VersionedTransaction';

function decodeTransaction(text, encoding = 'base58') {
	const limit = MAX_TEXT[encoding];
	if (limit === undefined) throw invalidParams(`unsupported encoding: ${encoding}. Supported encodings: base58, base64`);
	if (typeof text !== 'string') throw invalidParams('Invalid params: invalid type, expected a string.');
	if (text.length > limit) {
		throw invalidParams(`${encoding} encoded ${TYPE_NAME} too large: ${text.length} bytes (max: encoded/raw ${limit}/${MAX_TRANSACTION_BYTES})`);
	}
	const bytes = encoding === 'base64' ? base64(text) : decodeBase58(text);
	if (bytes.length > MAX_TRANSACTION_BYTES) {
		throw invalidParams(`decoded ${TYPE_NAME} too large: ${bytes.length} bytes (max: ${MAX_TRANSACTION_BYTES} bytes)`);
	}
	return parseTransaction(bytes);
}

function decodeBase58(text) {
	try {
		return base58.decode(text);
	} catch {
		throw invalidParams('invalid base58 encoding: InvalidCharacter');
	}
}

// The value of a simulation that was refused before execution.
function refused(error) {
	return {
		accounts: null, err: error, innerInstructions: null, loadedAccountsDataSize: 0, logs: [],
		replacementBlockhash: null, returnData: null, unitsConsumed: 0,
	};
}

function loadedBytes(node, transaction) {
	return transaction.keys.reduce((sum, key) => {
		const account = node.bank.versions.newest(base58.encodeKey(key));
		return sum + (account ? account.data.length : 0);
	}, 0);
}

function describeOutcome(node, transaction, outcome) {
	return {
		...refused(outcome.error),
		loadedAccountsDataSize: loadedBytes(node, transaction),
		logs: outcome.meta.logs(),
		returnData: returnData(outcome.meta),
		unitsConsumed: outcome.meta.computeUnitsConsumed(),
	};
}

function simulatedAccounts(node, outcome, { addresses, encoding = 'base64' }) {
	if (!Array.isArray(addresses)) throw invalidParams('Invalid params: accounts.addresses, expected a sequence.');
	if (outcome.error !== null) return addresses.map(() => null);
	const after = new Map(outcome.postAccounts.map((entry) => [base58.encodeKey(entry.address), entry.account()]));
	return addresses.map((address) => {
		const changed = after.get(pubkey(address));
		if (!changed) return encodeAccount(node.bank.versions.newest(address), { encoding });
		return encodeAccount({
			lamports: changed.lamports(),
			data: Buffer.from(changed.data()),
			owner: base58.encodeKey(changed.owner()),
			executable: changed.executable(),
		}, { encoding });
	});
}

function simulateTransaction(node, text, options) {
	const settings = config(options);
	let transaction = decodeTransaction(text, settings.encoding);
	const block = node.blockFor(settings);
	if (settings.sigVerify && settings.replaceRecentBlockhash) throw invalidParams('sigVerify may not be used with replaceRecentBlockhash');
	const replacement = { blockhash: block.hash, lastValidBlockHeight: node.bank.lastValidBlockHeight(block) };
	if (settings.replaceRecentBlockhash) transaction = withBlockhash(transaction, block.hash);
	const outcome = node.bank.simulate(transaction, settings.sigVerify === true);
	if (outcome.error === 'SignatureFailure') throw new RpcError(SIGNATURE_VERIFICATION_FAILURE, 'Transaction signature verification failure');
	const known = knownError(node, transaction, block);
	if (known !== null && !settings.replaceRecentBlockhash) return withContext(block, refused(known));
	const value = describeOutcome(node, transaction, outcome);
	if (settings.accounts) value.accounts = simulatedAccounts(node, outcome, settings.accounts);
	if (settings.replaceRecentBlockhash) value.replacementBlockhash = replacement;
	return withContext(block, value);
}

// What a bank at this block says before executing anything.
function knownError(node, transaction, block) {
	if (!node.bank.isBlockhashValid(transaction.blockhash, block)) return 'BlockhashNotFound';
	return node.sees(node.bank.ledger.get(transaction.signature), block) ? 'AlreadyProcessed' : null;
}

function preflight(node, transaction, block) {
	const outcome = node.bank.simulate(transaction, true);
	if (outcome.error === 'SignatureFailure') throw new RpcError(SIGNATURE_VERIFICATION_FAILURE, 'Transaction signature verification failure');
	node.requireHealthy();
	const known = knownError(node, transaction, block);
	// Landed, but not yet in the bank the preflight refers to: that bank would have accepted it again.
	const landed = node.bank.ledger.get(transaction.signature);
	if (known === null && landed !== undefined && landed.error === null) return;
	const error = known === null ? outcome.error : known;
	if (error === null) return;
	const value = known === null ? describeOutcome(node, transaction, outcome) : refused(known);
	throw new RpcError(PREFLIGHT_FAILURE, `Transaction simulation failed: ${transactionError.text(error)}`, value);
}

function sendTransaction(node, text, options) {
	const settings = config(options);
	const transaction = decodeTransaction(text, settings.encoding);
	const block = node.blockFor({ commitment: settings.preflightCommitment, minContextSlot: settings.minContextSlot });
	if (!settings.skipPreflight) preflight(node, transaction, block);
	const drop = node.faults.takeDrop();
	const delaySlots = drop ? 0 : node.faults.takeDelay();
	node.bank.submit(transaction, { node: node.index, drop, delaySlots });
	return transaction.signature;
}

function requestAirdrop(node, key, lamports) {
	const target = pubkey(key);
	const signature = node.bank.airdrop(target, wholeNumber('lamports', lamports));
	if (!node.bank.ledger.get(signature)) throw new RpcError(INTERNAL_ERROR, `airdrop of ${lamports} lamports to ${target} failed: ask for at least the rent minimum`);
	return signature;
}

module.exports = { simulateTransaction, sendTransaction, requestAirdrop };
