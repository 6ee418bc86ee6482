// JSON-RPC methods that read accounts, balances and tokens.
'use strict';

const base58 = require('./base58.js');
const { invalidParams } = require('./rpc-error.js');
const { pubkey, config, wholeNumber, base64, withContext, encodeAccount } = require('./rpc-params.js');
const { decodeTokenAccount, decodeMint, uiAmount } = require('./token-accounts.js');

const MAX_KEYS = 100;
const MAX_FILTERS = 4;
const MAX_MEMCMP_BYTES = 128;

function memcmpBytes(memcmp) {
	const bytes = memcmp.encoding === 'base64' ? base64(memcmp.bytes) : decodeMemcmp(memcmp.bytes);
	if (bytes.length > MAX_MEMCMP_BYTES) throw invalidParams('Invalid param: encoded binary data should be less than 128 bytes');
	return bytes;
}

function decodeMemcmp(bytes) {
	if (Array.isArray(bytes)) return Buffer.from(bytes);
	try {
		return base58.decode(bytes);
	} catch {
		throw invalidParams('Invalid param: unable to decode base58 in memcmp filter');
	}
}

// A filter as a function of account data.
function compileFilter(filter) {
	if (filter.dataSize !== undefined) {
		const size = wholeNumber('dataSize', filter.dataSize);
		return (data) => data.length === size;
	}
	if (filter.memcmp === undefined) throw invalidParams('Invalid params: a filter is {"dataSize":n} or {"memcmp":{"offset":n,"bytes":"..."}}.');
	const offset = wholeNumber('memcmp.offset', filter.memcmp.offset);
	const bytes = memcmpBytes(filter.memcmp);
	return (data) => data.subarray(offset, offset + bytes.length).equals(bytes);
}

function getBalance(node, key, options) {
	const block = node.blockFor(config(options));
	const account = node.account(pubkey(key), block);
	return withContext(block, account ? account.lamports : 0);
}

function getAccountInfo(node, key, options) {
	const settings = config(options);
	const block = node.blockFor(settings);
	return withContext(block, encodeAccount(node.account(pubkey(key), block), settings));
}

function getMultipleAccounts(node, keys, options) {
	const settings = config(options);
	if (!Array.isArray(keys)) throw invalidParams('Invalid params: invalid type, expected a sequence.');
	if (keys.length > MAX_KEYS) throw invalidParams(`Too many inputs provided; max ${MAX_KEYS}`);
	const block = node.blockFor(settings);
	return withContext(block, keys.map((key) => encodeAccount(node.account(pubkey(key), block), settings, 'base64')));
}

function getProgramAccounts(node, program, options) {
	const settings = config(options);
	const filters = (settings.filters || []).map(compileFilter);
	if (filters.length > MAX_FILTERS) throw invalidParams(`Too many filters provided; max ${MAX_FILTERS}`);
	const block = node.blockFor(settings);
	const matching = node.accountsOf(pubkey(program), block).filter(([, account]) => filters.every((matches) => matches(account.data)));
	const value = matching.map(([key, account]) => ({ account: encodeAccount(account, settings), pubkey: key }));
	return settings.withContext ? withContext(block, value) : value;
}

function getTokenAccountBalance(node, key, options) {
	const block = node.blockFor(config(options));
	const account = node.account(pubkey(key), block);
	if (!account) throw invalidParams('Invalid param: could not find account');
	const token = decodeTokenAccount(account);
	if (!token) throw invalidParams('Invalid param: not a Token account');
	const mint = decodeMint(node.account(token.mint, block));
	return withContext(block, uiAmount(token.amount, mint.decimals));
}

function getTokenSupply(node, key, options) {
	const block = node.blockFor(config(options));
	const account = node.account(pubkey(key), block);
	if (!account) throw invalidParams('Invalid param: could not find account');
	const mint = decodeMint(account);
	if (!mint) throw invalidParams('Invalid param: not a Token mint');
	return withContext(block, uiAmount(mint.supply, mint.decimals));
}

function getTokenAccountsByOwner(node, owner, filter, options) {
	const settings = config(options);
	const { mint, programId } = config(filter);
	if (mint === undefined && programId === undefined) throw invalidParams('Invalid params: expected {"mint":"..."} or {"programId":"..."}.');
	const block = node.blockFor(settings);
	const program = programId === undefined ? (node.account(pubkey(mint), block) || { owner: mint }).owner : pubkey(programId);
	const wanted = pubkey(owner);
	const matching = node.accountsOf(program, block).filter(([, account]) => {
		const token = decodeTokenAccount(account);
		return token !== null && token.owner === wanted && (mint === undefined || token.mint === mint);
	});
	return withContext(block, matching.map(([key, account]) => ({ account: encodeAccount(account, settings), pubkey: key })));
}

module.exports = {
	getBalance, getAccountInfo, getMultipleAccounts, getProgramAccounts, getTokenAccountBalance, getTokenSupply, getTokenAccountsByOwner,
};
