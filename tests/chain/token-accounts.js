// Reading mint and token accounts of both token programs, and amounts in the form a node prints them.
'use strict';

const base58 = require('./base58.js');
const { JsonFloat } = require('./json.js');
const { ADDRESS } = require('./solana.js');

const MINT_BYTES = 82;
const TOKEN_ACCOUNT_BYTES = 165;
const TOKEN_ACCOUNT_KIND = 2;

function isTokenProgram(program) {
	return program === ADDRESS.token || program === ADDRESS.token2022;
}

// { mint, owner, amount } or null. Token-2022 marks the kind of longer accounts in the byte after the base layout.
function decodeTokenAccount(account) {
	if (!account || !isTokenProgram(account.owner) || account.data.length < TOKEN_ACCOUNT_BYTES) return null;
	if (account.data.length > TOKEN_ACCOUNT_BYTES && account.data[TOKEN_ACCOUNT_BYTES] !== TOKEN_ACCOUNT_KIND) return null;
	return {
		mint: base58.encodeKey(account.data.subarray(0, 32)),
		owner: base58.encodeKey(account.data.subarray(32, 64)),
		amount: account.data.readBigUInt64LE(64),
	};
}

function decodeMint(account) {
	if (!account || !isTokenProgram(account.owner) || account.data.length < MINT_BYTES) return null;
	return { supply: account.data.readBigUInt64LE(36), decimals: account.data[44] };
}

function amountText(amount, decimals) {
	const digits = amount.toString().padStart(decimals + 1, '0');
	if (decimals === 0) return digits;
	const whole = digits.slice(0, -decimals);
	const fraction = digits.slice(-decimals).replace(/0+$/, '');
	return fraction === '' ? whole : `${whole}.${fraction}`;
}

function uiAmount(amount, decimals) {
	const uiAmountString = amountText(amount, decimals);
	return { amount: amount.toString(), decimals, uiAmount: new JsonFloat(Number(uiAmountString)), uiAmountString };
}

// preTokenBalances / postTokenBalances of a transaction: a zero balance has uiAmount null there.
function tokenBalances(accounts, readMint) {
	const balances = [];
	accounts.forEach((account, accountIndex) => {
		const token = decodeTokenAccount(account);
		if (!token) return;
		const mint = decodeMint(readMint(token.mint));
		const amount = uiAmount(token.amount, mint ? mint.decimals : 0);
		if (token.amount === 0n) amount.uiAmount = null;
		balances.push({ accountIndex, mint: token.mint, owner: token.owner, programId: account.owner, uiTokenAmount: amount });
	});
	return balances;
}

module.exports = { isTokenProgram, decodeTokenAccount, decodeMint, uiAmount, tokenBalances };
