// The section about Postgres: the daemon's own exact records, its journal of transactions, and the rows that the web backend reads.
'use strict';

const { payout } = require('../chain/ml-accounts.js');
const { baseUnits } = require('./checks.js');
const { short } = require('./screen.js');

async function rows(world, text) {
	const answer = await world.sql(text);
	return answer === '' ? [] : answer.split('\n').map((line) => line.split('|'));
}

// keeper.draws' columns of a paid draw, in base units, as the published rule gives them.
function expectedAmounts(pool, was) {
	const { winner, dev, treasury, burn } = payout(was.state);
	return { total_amount: pool.pot, winner_amount: winner, dev_amount: dev, treasury_amount: treasury, burn_amount: burn };
}

async function drawLine({ world, checks }, { pool, was, draw }) {
	const expected = Object.entries(expectedAmounts(pool, was));
	const [row = []] = await rows(world, `SELECT status, winner, payout_sig, ${expected.map(([column]) => column).join(', ')}
		FROM keeper.draws WHERE draw = 'draw:${pool.address}:${was.state.poolId}'`);
	const [status, winner, signature, ...amounts] = row;
	checks.fact(`${pool.symbol}: keeper.draws.status`, status, 6);
	checks.fact(`${pool.symbol}: keeper.draws.winner`, winner, draw.winner);
	checks.fact(`${pool.symbol}: keeper.draws.payout_sig`, signature, draw.payoutSignature);
	const exact = expected.map(([column, amount], k) => checks.amount(`${pool.symbol}: keeper.draws.${column}`, BigInt(amounts[k] || -1), amount));
	return [pool.symbol, ...expected.map((_, k) => amounts[k] || 'none'), exact.every(Boolean) ? 'exact' : 'WRONG'];
}

async function showDraws(demo, draws) {
	demo.screen.say('keeper.draws: one row per draw, in base units.');
	const lines = [];
	for (const entry of draws) lines.push(await drawLine(demo, entry));
	demo.screen.table(['draw', '>total', '>winner', '>dev', '>treasury', '>burned', ''], lines);
}

// What the chain must show of a step in this state.
function mustShow(state, slot) {
	return { final: `in slot ${slot}`, failed: `failed in slot ${slot}`, expired: 'not on chain' }[state] ?? 'a step that is settled';
}

function shows(transaction) {
	if (transaction === undefined) return 'not on chain';
	return `${transaction.error === null ? 'in' : 'failed in'} slot ${transaction.slot}`;
}

async function showSteps({ world, screen, checks }, names, ours) {
	screen.say('keeper.steps: every transaction that was signed, committed here before its first byte was sent.');
	const onChain = new Map(ours.map((transaction) => [transaction.signature, transaction]));
	const steps = await rows(world, 'SELECT subject, seq, step, state, landed_slot, sig FROM keeper.steps ORDER BY opened_at');
	screen.table(['what for', '>seq', 'step', 'state', '>slot', 'signature', 'on chain'], steps.map(([subject, seq, step, state, slot, sig]) => {
		const name = names.get(subject) ?? subject;
		const good = checks.fact(`${step} of ${name}, ${state} in the journal`, shows(onChain.get(sig)), mustShow(state, slot));
		return [name, seq, step, state, slot, short(sig), good ? 'exact' : 'WRONG'];
	}));
	const known = new Set(steps.map((step) => step[5]));
	const unknown = ours.filter(({ signature }) => !known.has(signature));
	checks.fact('number of transactions of the dev wallet that the journal does not know', unknown.length, 0);
}

async function appLine({ world, checks }, { pool, was, draw }) {
	const note = (what, actual, expected) => checks.fact(`${pool.symbol}: ${what}`, actual, expected);
	const [[status, winner, creation]] = await rows(world,
		`SELECT status, winner_wallet, coalesce(tx_hash, 'untouched') FROM public.pools WHERE id = ${pool.id}`);
	note('public.pools.status', status, 'ended');
	note('public.pools.winner_wallet', winner, draw.winner);
	note('public.pools.tx_hash, the creation', creation, 'untouched');
	const payouts = await rows(world, `SELECT wallet_address, amount, tx_hash FROM public.transactions
		WHERE pool_id = ${pool.id} AND type = 'PAYOUT'`);
	note('PAYOUT rows', payouts.length, 1);
	const [wallet, amount, signature] = payouts[0] ?? ['none', '0', 'none'];
	note('wallet of the PAYOUT row', wallet, draw.winner.toLowerCase());
	note('signature of the PAYOUT row', signature, draw.payoutSignature);
	const exact = checks.amount(`${pool.symbol}: amount of the PAYOUT row`, baseUnits(amount, pool.decimals), payout(was.state).winner);
	const count = async (table, condition) => world.sql(
		`SELECT count(*) FROM public.${table} WHERE pool_id = ${pool.id} AND ${condition} = '${draw.winner.toLowerCase()}'`);
	const feed = await count('winners_feed', 'winner_wallet');
	const wins = await count('notifications', "type = 'win' AND wallet_address");
	note('rows in the winners feed', feed, 1);
	note('win notifications', wins, 1);
	return [pool.symbol, String(pool.id), status, short(winner), amount, short(signature), feed, wins, exact ? 'exact' : 'WRONG'];
}

async function showApp(demo, draws) {
	demo.screen.say('public.*: the tables of the web backend, in its own form (whole tokens, lower-case wallets).');
	const lines = [];
	for (const entry of draws) lines.push(await appLine(demo, entry));
	demo.screen.table(['pool', '>id', 'status', 'winner', '>PAYOUT', 'its signature', '>feed', '>win', ''], lines);
}

module.exports = { rows, showDraws, showSteps, showApp };
