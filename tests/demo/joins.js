// The section about the players' own transactions: each one on chain is verified here and must have exactly its rows in Postgres.
'use strict';

const { baseUnits, tokens } = require('./checks.js');
const { findInstruction } = require('./history.js');
const { rows } = require('./records.js');
const { short } = require('./screen.js');

// Where the amount stands in an instruction's data, and which account signs for the player.
const OPERATIONS = {
	create_pool: { name: 'create_pool', type: null, amountAt: 49, pool: 1, user: 3 },
	join_pool: { name: 'join', type: 'JOIN', amountAt: 8, pool: 1, user: 4 },
	donate: { name: 'donate', type: 'DONATE', amountAt: 8, pool: 1, user: 4 },
};
// The web backend refuses a transaction that is already recorded, so nothing younger than its age limit may be.
const BACKEND_AGE_LIMIT = 300;

function playersCall(transaction, pool) {
	for (const [instruction, operation] of Object.entries(OPERATIONS)) {
		const found = findInstruction(transaction, 'ml', instruction);
		if (found === undefined || found.accounts[operation.pool] !== pool.address) continue;
		return { ...transaction, ...operation, user: found.accounts[operation.user], amount: found.data.readBigUInt64LE(operation.amountAt) };
	}
	return null;
}

function playersCalls(pool, history) {
	return history.filter(({ error }) => error === null).map((transaction) => playersCall(transaction, pool)).filter((call) => call !== null);
}

function recordedQuery(pool) {
	return `SELECT u.tx_hash, u.operation_type, u.wallet_address, extract(epoch FROM u.used_at)::bigint, c.user_wallet, c.amount,
		floor(extract(epoch FROM c.projected_at))::bigint - c.block_time, coalesce(t.type, '-'), t.wallet_address, t.amount
		FROM public.used_transactions u
		LEFT JOIN keeper.calls c ON keeper.base58(c.signature) = u.tx_hash AND c.instruction IN ('create_pool', 'join_pool', 'donate')
		LEFT JOIN public.transactions t ON t.tx_hash = u.tx_hash AND t.pool_id = u.pool_id
		WHERE u.pool_id = ${pool.id}`;
}

// True when the row says exactly what the chain says.
function compare(checks, what, call, row, decimals) {
	const [, operation, wallet, usedAt, exactWallet, exactAmount, age, type, appWallet, appAmount] = row;
	const good = [
		checks.fact(`${what}: operation`, operation, call.name),
		checks.fact(`${what}: wallet`, wallet, call.user.toLowerCase()),
		checks.fact(`${what}: wallet in keeper.calls`, exactWallet, call.user),
		checks.fact(`${what}: time`, usedAt, call.time),
		checks.fact(`${what}: recorded only after ${BACKEND_AGE_LIMIT} s`, Number(age) >= BACKEND_AGE_LIMIT, true),
		checks.amount(`${what}: amount in keeper.calls`, BigInt(exactAmount || -1), call.amount),
	];
	if (call.type === null) return good.every(Boolean);
	good.push(checks.fact(`${what}: row in public.transactions`, `${type} ${appWallet}`, `${call.type} ${call.user.toLowerCase()}`));
	good.push(checks.amount(`${what}: amount in public.transactions`, baseUnits(appAmount || '0', decimals), call.amount));
	return good.every(Boolean);
}

// What the players meant to do must be what the chain shows: nobody else, no other amounts.
function compareWithPlan(checks, pool, calls) {
	const players = pool.players.map((player) => player.address);
	const entries = calls.filter((call) => call.name !== 'donate');
	const donated = calls.filter((call) => call.name === 'donate').reduce((sum, call) => sum + call.amount, 0n);
	checks.fact(`${pool.symbol}: who entered, in order`, entries.map((call) => call.user).join(' '), players.join(' '));
	checks.amount(`${pool.symbol}: sum of the entries`, entries.reduce((sum, call) => sum + call.amount, 0n), pool.pot - pool.donation);
	checks.amount(`${pool.symbol}: donated`, donated, pool.donation);
}

async function showJoins({ world, screen, checks }, draws) {
	const lines = [];
	for (const { pool, history } of draws) {
		const calls = playersCalls(pool, history);
		const recorded = new Map((await rows(world, recordedQuery(pool))).map((row) => [row[0], row]));
		compareWithPlan(checks, pool, calls);
		checks.fact(`${pool.symbol}: rows in used_transactions`, recorded.size, calls.length);
		for (const call of calls) {
			const player = pool.players.findIndex(({ address }) => address === call.user) + 1;
			const what = `${pool.symbol}: ${call.name} of player ${player} (${short(call.signature)})`;
			const verified = checks.fact(`${what}: signature on chain`, call.verified, true);
			const row = recorded.get(call.signature);
			const good = checks.fact(`${what}: row in used_transactions`, row !== undefined, true)
				&& compare(checks, what, call, row, pool.decimals);
			lines.push([
				pool.symbol, `player ${player}`, short(call.user), call.name, tokens(call.amount, pool.decimals), short(call.signature),
				verified ? 'valid' : 'WRONG', row ? `${row[6]} s` : 'none', good ? 'exact' : 'WRONG',
			]);
		}
	}
	screen.table(['pool', 'player', 'wallet', 'did', '>amount', 'signature', 'on chain', '>age', 'row'], lines);
}

module.exports = { showJoins };
