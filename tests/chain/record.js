// The record of a landed transaction: everything that getTransaction and the audits need later.
'use strict';

const base58 = require('./base58.js');
const { transactionFee } = require('./fees.js');
const { tokenBalances } = require('./token-accounts.js');

const LOOKUP_TABLE_HEADER = 56;
const KEY_BYTES = 32;

// Addresses that a v0 transaction takes from lookup tables. A missing table yields none: execution will then refuse it.
function loadedAddresses(transaction, readNewest) {
	const loaded = { writable: [], readonly: [] };
	for (const lookup of transaction.lookups) {
		const table = readNewest(base58.encodeKey(lookup.table));
		if (!table) continue;
		const at = (index) => {
			const offset = LOOKUP_TABLE_HEADER + KEY_BYTES * index;
			return offset + KEY_BYTES <= table.data.length ? [base58.encodeKey(table.data.subarray(offset, offset + KEY_BYTES))] : [];
		};
		loaded.writable.push(...[...lookup.writable].flatMap(at));
		loaded.readonly.push(...[...lookup.readonly].flatMap(at));
	}
	return loaded;
}

function innerInstructions(meta) {
	const groups = meta.innerInstructions().map((list, index) => ({
		index,
		instructions: list.map((inner) => {
			const compiled = inner.instruction();
			return {
				accounts: [...compiled.accounts()],
				data: base58.encode(Buffer.from(compiled.data())),
				programIdIndex: compiled.programIdIndex(),
				stackHeight: inner.stackHeight(),
			};
		}),
	}));
	return groups.filter((group) => group.instructions.length > 0);
}

function returnData(meta) {
	const data = Buffer.from(meta.returnData().data());
	if (data.length === 0) return null;
	return { data: [data.toString('base64'), 'base64'], programId: base58.encodeKey(meta.returnData().programId()) };
}

function landedRecord({ transaction, block, error, meta, loaded, accounts, before, after, readMint }) {
	const lamports = (account) => (account ? account.lamports : 0n);
	return {
		signature: transaction.signature,
		transaction,
		slot: block.slot,
		height: block.height,
		time: block.time,
		error,
		logs: meta.logs(),
		units: Number(meta.computeUnitsConsumed()),
		fee: transactionFee(transaction),
		accounts,
		loaded,
		preBalances: before.map(lamports),
		postBalances: after.map(lamports),
		preTokenBalances: tokenBalances(before, readMint),
		postTokenBalances: tokenBalances(after, readMint),
		innerInstructions: innerInstructions(meta),
		returnData: returnData(meta),
	};
}

module.exports = { landedRecord, loadedAddresses, returnData };
