// Instructions of the programs every test needs: system, compute budget, token (both programs), associated token account.
'use strict';

const { ADDRESS, keyBytes, associatedTokenAddress } = require('./solana.js');

const MINT_BYTES = 82;

function u16(value) {
	const bytes = Buffer.alloc(2);
	bytes.writeUInt16LE(value);
	return bytes;
}

function u32(value) {
	const bytes = Buffer.alloc(4);
	bytes.writeUInt32LE(value);
	return bytes;
}

function u64(value) {
	const bytes = Buffer.alloc(8);
	bytes.writeBigUInt64LE(BigInt(value));
	return bytes;
}

function i64(value) {
	const bytes = Buffer.alloc(8);
	bytes.writeBigInt64LE(BigInt(value));
	return bytes;
}

// Account lists of instructions read well as: writable(a), signer(b), payer(c), readonly(d).
const readonly = (key) => ({ key, signer: false, writable: false });
const writable = (key) => ({ key, signer: false, writable: true });
const signer = (key) => ({ key, signer: true, writable: false });
const payer = (key) => ({ key, signer: true, writable: true });

function transfer(from, to, lamports) {
	return { program: ADDRESS.system, accounts: [payer(from), writable(to)], data: Buffer.concat([u32(2), u64(lamports)]) };
}

function createAccount(from, account, lamports, space, owner) {
	const data = Buffer.concat([u32(0), u64(lamports), u64(space), keyBytes(owner)]);
	return { program: ADDRESS.system, accounts: [payer(from), payer(account)], data };
}

function setComputeUnitLimit(units) {
	return { program: ADDRESS.computeBudget, accounts: [], data: Buffer.concat([Buffer.from([2]), u32(units)]) };
}

function setComputeUnitPrice(microLamports) {
	return { program: ADDRESS.computeBudget, accounts: [], data: Buffer.concat([Buffer.from([3]), u64(microLamports)]) };
}

function initializeMint(mint, decimals, authority, tokenProgram) {
	const data = Buffer.concat([Buffer.from([20, decimals]), keyBytes(authority), Buffer.from([0])]);
	return { program: tokenProgram, accounts: [writable(mint)], data };
}

function mintTo(mint, tokenAccount, authority, amount, tokenProgram) {
	const data = Buffer.concat([Buffer.from([7]), u64(amount)]);
	return { program: tokenProgram, accounts: [writable(mint), writable(tokenAccount), signer(authority)], data };
}

function removeMintAuthority(mint, authority, tokenProgram) {
	return { program: tokenProgram, accounts: [writable(mint), signer(authority)], data: Buffer.from([6, 0, 0]) };
}

function transferTokens(mint, from, to, owner, amount, decimals, tokenProgram) {
	const accounts = [writable(from), readonly(mint), writable(to), signer(owner)];
	return { program: tokenProgram, accounts, data: Buffer.concat([Buffer.from([12]), u64(amount), Buffer.from([decimals])]) };
}

// Lets a delegate spend: the lottery program refuses to pay into such an account.
function approve(tokenAccount, delegate, owner, amount, tokenProgram) {
	const accounts = [writable(tokenAccount), readonly(delegate), signer(owner)];
	return { program: tokenProgram, accounts, data: Buffer.concat([Buffer.from([4]), u64(amount)]) };
}

function revoke(tokenAccount, owner, tokenProgram) {
	return { program: tokenProgram, accounts: [writable(tokenAccount), signer(owner)], data: Buffer.from([5]) };
}

// Does nothing when the account exists already.
function createAssociatedToken(from, owner, mint, tokenProgram) {
	const account = associatedTokenAddress(owner, mint, tokenProgram);
	const accounts = [payer(from), writable(account), readonly(owner), readonly(mint), readonly(ADDRESS.system), readonly(tokenProgram)];
	return { program: ADDRESS.associatedToken, accounts, data: Buffer.from([1]) };
}

module.exports = {
	MINT_BYTES, u16, u32, u64, i64, readonly, writable, signer, payer, transfer, createAccount, setComputeUnitLimit,
	setComputeUnitPrice, initializeMint, mintTo, removeMintAuthority, transferTokens, createAssociatedToken, approve, revoke,
};
