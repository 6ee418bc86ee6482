// Checks of JSON-RPC parameters, with the validator's error texts, and the encodings of account data.
'use strict';

const base58 = require('./base58.js');
const { RpcError, invalidParams, INVALID_REQUEST } = require('./rpc-error.js');
const { rawZstdFrame } = require('./zstd-frame.js');

const MAX_BASE58_BYTES = 128;
const RENT_EPOCH_EXEMPT = 18446744073709551615n;
const API_VERSION = '2.2.16';

function decodeBase58(text, length) {
	if (typeof text !== 'string') throw invalidParams('Invalid params: invalid type, expected a string.');
	let bytes;
	try {
		bytes = base58.decode(text);
	} catch {
		throw invalidParams('Invalid param: Invalid');
	}
	if (bytes.length !== length) throw invalidParams('Invalid param: WrongSize');
	return text;
}

const pubkey = (text) => decodeBase58(text, 32);
const signature = (text) => decodeBase58(text, 64);

function config(value) {
	if (value === undefined || value === null) return {};
	if (typeof value !== 'object' || Array.isArray(value)) throw invalidParams('Invalid params: invalid type, expected a configuration object.');
	return value;
}

function wholeNumber(name, value) {
	if (!Number.isSafeInteger(value) || value < 0) throw invalidParams(`Invalid params: ${name} is ${JSON.stringify(value)}, expected a whole number >= 0.`);
	return value;
}

// Strict, unlike Buffer.from: padding and alphabet must be right.
function base64(text) {
	if (typeof text !== 'string' || text.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) {
		throw invalidParams('invalid base64 encoding: InvalidPadding');
	}
	return Buffer.from(text, 'base64');
}

function withContext(block, value) {
	return { context: { apiVersion: API_VERSION, slot: block.slot }, value };
}

function encodeData(data, encoding) {
	switch (encoding) {
	case 'base64':
	// A node that has no parser for an account's owner answers base64; no owner has one here.
	case 'jsonParsed':
		return [data.toString('base64'), 'base64'];
	case 'base64+zstd':
		return [rawZstdFrame(data).toString('base64'), 'base64+zstd'];
	case 'base58':
	case 'binary':
		if (data.length > MAX_BASE58_BYTES) {
			throw new RpcError(INVALID_REQUEST, 'Encoded binary (base 58) data should be less than 128 bytes, please use Base64 encoding.');
		}
		return encoding === 'binary' ? base58.encode(data) : [base58.encode(data), encoding];
	}
	throw invalidParams(`Invalid params: unknown variant \`${encoding}\`, expected one of \`binary\`, \`base58\`, \`base64\`, \`jsonParsed\`, \`base64+zstd\`.`);
}

function encodeAccount(account, options, defaultEncoding = 'binary') {
	if (!account) return null;
	const { offset = 0, length = account.data.length } = options.dataSlice || {};
	return {
		data: encodeData(account.data.subarray(offset, offset + length), options.encoding || defaultEncoding),
		executable: account.executable,
		lamports: account.lamports,
		owner: account.owner,
		rentEpoch: RENT_EPOCH_EXEMPT,
		space: account.data.length,
	};
}

module.exports = { pubkey, signature, config, wholeNumber, base64, withContext, encodeAccount, API_VERSION };
