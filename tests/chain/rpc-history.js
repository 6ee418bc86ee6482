// JSON-RPC methods about landed transactions.
'use strict';

const base58 = require('./base58.js');
const { RpcError, invalidParams, UNSUPPORTED_VERSION } = require('./rpc-error.js');
const { pubkey, signature: signatureParam, config, withContext } = require('./rpc-params.js');

const MAX_STATUSES = 256;
const MAX_SIGNATURES = 1000;

function describeMessage(transaction) {
	const { header } = transaction;
	const message = { accountKeys: transaction.keys.map(base58.encodeKey) };
	if (transaction.version === 0) {
		message.addressTableLookups = transaction.lookups.map((lookup) => ({
			accountKey: base58.encodeKey(lookup.table),
			readonlyIndexes: [...lookup.readonly],
			writableIndexes: [...lookup.writable],
		}));
	}
	message.header = {
		numReadonlySignedAccounts: header.readonlySigned,
		numReadonlyUnsignedAccounts: header.readonlyUnsigned,
		numRequiredSignatures: header.requiredSignatures,
	};
	message.instructions = transaction.instructions.map(({ programIndex, accounts, data }) => ({
		accounts: [...accounts], data: base58.encode(data), programIdIndex: programIndex, stackHeight: 1,
	}));
	message.recentBlockhash = transaction.blockhash;
	return message;
}

function encodeTransaction(transaction, encoding) {
	switch (encoding) {
	case 'base64': return [transaction.wire.toString('base64'), 'base64'];
	case 'base58': return [base58.encode(transaction.wire), 'base58'];
	case 'json': return { message: describeMessage(transaction), signatures: transaction.signatures.map(base58.encode) };
	}
	throw invalidParams(`Invalid params: encoding \`${encoding}\` is not served here: use json, base64 or base58.`);
}

function describeMeta(record) {
	const meta = {
		computeUnitsConsumed: record.units,
		err: record.error,
		fee: record.fee,
		innerInstructions: record.innerInstructions,
		loadedAddresses: { readonly: record.loaded.readonly, writable: record.loaded.writable },
		logMessages: record.logs,
		postBalances: record.postBalances,
		postTokenBalances: record.postTokenBalances,
		preBalances: record.preBalances,
		preTokenBalances: record.preTokenBalances,
	};
	if (record.returnData) meta.returnData = record.returnData;
	meta.rewards = [];
	meta.status = record.error === null ? { Ok: null } : { Err: record.error };
	return meta;
}

function describeTransaction(record, settings) {
	const { transaction } = record;
	const known = settings.maxSupportedTransactionVersion;
	if (transaction.version === 0 && known === undefined) {
		throw new RpcError(UNSUPPORTED_VERSION, 'Transaction version (0) is not supported by the requesting client. '
			+ 'Please try the request again with the following configuration parameter: "maxSupportedTransactionVersion": 0');
	}
	const answer = {
		blockTime: record.time,
		meta: describeMeta(record),
		slot: record.slot,
		transaction: encodeTransaction(transaction, settings.encoding || 'json'),
	};
	if (known !== undefined) answer.version = transaction.version;
	return answer;
}

// History is kept from "confirmed" on.
function historyBlock(node, settings) {
	if (settings.commitment === 'processed') throw invalidParams('Method does not support commitment below `confirmed`');
	return node.blockFor(settings);
}

function getTransaction(node, signature, options) {
	const settings = typeof options === 'string' ? { encoding: options } : config(options);
	const block = historyBlock(node, settings);
	const record = node.bank.ledger.get(signatureParam(signature));
	return node.sees(record, block) ? describeTransaction(record, settings) : null;
}

function getSignatureStatuses(node, signatures, options) {
	if (!Array.isArray(signatures)) throw invalidParams('Invalid params: invalid type, expected a sequence.');
	if (signatures.length > MAX_STATUSES) throw invalidParams(`Too many inputs provided; max ${MAX_STATUSES}`);
	const searchHistory = config(options).searchTransactionHistory === true;
	const statuses = signatures.map((signature) => node.signatureStatus(signatureParam(signature), searchHistory));
	return withContext(node.block('processed'), statuses);
}

// Of the memo program's instructions, as nodes print them: the length, then the text.
const MEMO = 'MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr';
function memoOf({ transaction }) {
	const memos = transaction.instructions.filter(({ programIndex }) => transaction.keys[programIndex] && base58.encodeKey(transaction.keys[programIndex]) === MEMO);
	return memos.length === 0 ? null : memos.map(({ data }) => `[${data.length}] ${data}`).join('; ');
}

// Newest first; `before` and `until` are exclusive, an unknown `before` yields nothing.
function getSignaturesForAddress(node, address, options) {
	const settings = config(options);
	const limit = settings.limit === undefined ? MAX_SIGNATURES : settings.limit;
	if (!Number.isInteger(limit) || limit < 1 || limit > MAX_SIGNATURES) throw invalidParams(`Invalid limit; max ${MAX_SIGNATURES}`);
	const block = historyBlock(node, settings);
	let records = node.bank.ledger.ofAddress(pubkey(address)).filter((record) => node.sees(record, block)).reverse();
	if (settings.before) {
		const position = records.findIndex((record) => record.signature === settings.before);
		records = position < 0 ? [] : records.slice(position + 1);
	}
	if (settings.until) {
		const position = records.findIndex((record) => record.signature === settings.until);
		if (position >= 0) records = records.slice(0, position);
	}
	return records.slice(0, limit).map((record) => ({
		blockTime: record.time,
		confirmationStatus: node.confirmationStatus(record),
		err: record.error,
		memo: memoOf(record),
		signature: record.signature,
		slot: record.slot,
	}));
}

module.exports = { getTransaction, getSignatureStatuses, getSignaturesForAddress, describeTransaction };
