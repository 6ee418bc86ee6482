// The chain_* methods: test-only controls of the bank, its clock and its virtual nodes. Faults never touch them.
'use strict';

const { RpcError, invalidParams, INVALID_PARAMS } = require('./rpc-error.js');
const { pubkey, config, base64 } = require('./rpc-params.js');

function whole(method, name, value, minimum = 0) {
	if (!Number.isSafeInteger(value) || value < minimum) {
		throw invalidParams(`${method}: ${name} is ${JSON.stringify(value)}: give a whole number >= ${minimum}`);
	}
	return value;
}

// litesvm throws plain errors for accounts and programs it does not take.
function refuseOnError(method, action) {
	try {
		action();
	} catch (error) {
		throw invalidParams(`${method}: ${error.message}`);
	}
}

function position(bank) {
	return { slot: bank.slot, height: bank.blocks.tip.height, unixTime: bank.clock.unixSeconds() };
}

function chain_tick({ bank }, count = 1, millisecondsPerSlot) {
	bank.tick(whole('chain_tick', 'count', count), millisecondsPerSlot);
	return bank.slot;
}

function chain_slotMs({ bank }, milliseconds) {
	bank.setSlotMs(whole('chain_slotMs', 'milliseconds', milliseconds));
	return milliseconds;
}

function chain_position({ bank }) {
	return position(bank);
}

// The new time shows in a new slot, opened at once.
function chain_advanceTime({ bank }, seconds) {
	if (!Number.isSafeInteger(seconds)) throw invalidParams(`chain_advanceTime: seconds is ${JSON.stringify(seconds)}: give whole seconds`);
	bank.clock.advanceMs(seconds * 1000);
	bank.nextSlot();
	return position(bank);
}

function chain_setTime(context, unixTime) {
	const now = context.bank.clock.unixSeconds();
	return chain_advanceTime(context, whole('chain_setTime', 'unix time', unixTime) - now);
}

function chain_expireBlockhashes({ bank }) {
	bank.expireBlockhashes();
	return position(bank);
}

function chain_skipSlots({ bank }, count) {
	bank.slotsToSkip += whole('chain_skipSlots', 'count', count);
	return bank.slotsToSkip;
}

function chain_rollback({ bank }, count) {
	const known = bank.blocks.fork.length;
	if (whole('chain_rollback', 'count', count, 1) >= known) {
		throw invalidParams(`chain_rollback: count is ${count}: only ${known - 1} blocks can be abandoned`);
	}
	return bank.rollback(count);
}

// Exact however many blocks have come since the caller looked.
function chain_rollbackFrom(context, slot) {
	const first = whole('chain_rollbackFrom', 'slot', slot, 1);
	const count = context.bank.blocks.fork.filter((block) => block.slot >= first).length;
	return chain_rollback(context, count);
}

// null deletes the account. Lamports: number or decimal text; data: base64.
function chain_setAccount({ bank }, key, account) {
	refuseOnError('chain_setAccount', () => bank.setAccount(pubkey(key), account === null ? null : readAccount(config(account))));
	return true;
}

function readAccount({ lamports, data = '', owner, executable = false }) {
	if (!/^\d+$/.test(String(lamports))) throw invalidParams(`lamports is ${JSON.stringify(lamports)}: give a number or decimal text`);
	return { lamports: BigInt(lamports), data: base64(data), owner: pubkey(owner), executable };
}

// The newest value in the form chain_setAccount takes.
function chain_getAccount({ bank }, key) {
	const account = bank.readAccount(pubkey(key), bank.blocks.tip);
	if (!account) return null;
	const { lamports, data, owner, executable } = account;
	return { lamports: lamports.toString(), data: data.toString('base64'), owner, executable };
}

function chain_addProgram({ bank }, key, elf) {
	refuseOnError('chain_addProgram', () => bank.addProgram(pubkey(key), base64(elf)));
	return true;
}

function selectNodes(nodes, choice) {
	if (choice === 'all') return nodes;
	return [].concat(choice).map((index) => {
		if (!nodes[index]) throw invalidParams(`chain_faults: node is ${JSON.stringify(index)}: use 0..${nodes.length - 1}, a list of these or "all"`);
		return nodes[index];
	});
}

// {"node":0|[0,1]|"all","clear":true, ...settings of faults.js}. Answers the faults now set, per node.
function chain_faults({ nodes }, options) {
	const { node = 0, clear = false, ...changes } = config(options);
	const selected = selectNodes(nodes, node);
	for (const { faults } of selected) {
		if (clear) faults.clear();
		faults.set(changes);
	}
	return nodes.map(({ faults }) => ({ ...faults }));
}

function sum(counts) {
	return Object.values(counts).reduce((total, count) => total + count, 0);
}

// Calls per method since the start or the last reset; the calls of a batch count one by one.
function chain_stats({ nodes }, options) {
	const methods = {};
	for (const { counts } of nodes) {
		for (const [method, count] of Object.entries(counts)) methods[method] = (methods[method] || 0) + count;
	}
	const answer = { total: sum(methods), methods, nodes: nodes.map(({ counts }) => ({ total: sum(counts), methods: { ...counts } })), feesAskedFor: nodes.flatMap((node) => [...node.feesAskedFor]) };
	if (config(options).reset) for (const node of nodes) node.counts = {};
	return answer;
}

// Landed transactions on the current fork, oldest first: of one address, or all.
function chain_transactions({ bank }, address) {
	const records = address === undefined || address === null ? bank.ledger.all() : bank.ledger.ofAddress(pubkey(address));
	return records.map((record) => ({
		signature: record.signature,
		slot: record.slot,
		blockTime: record.time,
		err: record.error,
		fee: record.fee,
		payer: record.accounts[0],
		units: record.units,
		accounts: record.accounts,
		programs: record.transaction.instructions.map(({ programIndex }) => record.accounts[programIndex]),
		wire: record.transaction.wire.toString('base64'),
	}));
}

// Everything the nodes accepted, oldest first, with its immediate outcome: landed dropped delayed duplicate expired rejected.
function chain_submissions({ bank }) {
	return bank.submissions;
}

// One priority fee for every slot, or a list that repeats (slot modulo length).
function chain_setFees({ bank }, fees) {
	const list = [].concat(fees);
	if (list.length === 0) throw invalidParams('chain_setFees: the list is empty: give a number or a list of numbers');
	bank.prioritizationFees = list.map((fee) => whole('chain_setFees', 'fee', fee));
	return bank.prioritizationFees;
}

const CONTROLS = {
	chain_tick, chain_slotMs, chain_position, chain_advanceTime, chain_setTime, chain_expireBlockhashes, chain_skipSlots,
	chain_rollback, chain_rollbackFrom, chain_setAccount, chain_getAccount, chain_addProgram, chain_faults, chain_stats, chain_transactions,
	chain_submissions, chain_setFees,
};

function isControl(method) {
	return typeof method === 'string' && method.startsWith('chain_');
}

function callControl(context, method, params) {
	const control = CONTROLS[method];
	if (!control) throw new RpcError(INVALID_PARAMS, `unknown control "${method}": use ${Object.keys(CONTROLS).join(' ')}`);
	return control(context, ...params);
}

module.exports = { isControl, callControl };
