// The section about money on chain: every holder's balance before and after, the shares by the published rule, and the fee wallet.
'use strict';

const { payout } = require('../chain/ml-accounts.js');
const { tokens } = require('./checks.js');

const SOL_DECIMALS = 9;

// Rows of [name, before, after, expected change]; what is burned leaves the supply.
function expectations(pool, was, now, shares, winner) {
	const change = new Map([...was.balances.keys()].map((holder) => [holder, 0n]));
	const add = (holder, amount) => change.set(holder, change.get(holder) + amount);
	add(winner, shares.winner);
	add(pool.devWallet, shares.dev);
	add(pool.treasury, shares.treasury);
	add(pool.address, -pool.pot);
	const names = new Map();
	for (const [k, { address }] of pool.players.entries()) names.set(address, `player ${k + 1}${address === winner ? ' (winner)' : ''}`);
	names.set(pool.devWallet, 'dev wallet').set(pool.treasury, 'treasury').set(pool.address, "pool's vault");
	const rows = [...names].map(([holder, name]) => [name, was.balances.get(holder), now.balances.get(holder), change.get(holder)]);
	return [...rows, ['supply (burned)', was.supply, now.supply, -shares.burn]];
}

function showPool({ screen, checks }, pool, was, now, draw) {
	const shares = payout(was.state);
	const show = (amount) => tokens(amount, pool.decimals);
	checks.amount(`${pool.symbol}: pot on chain before the draw`, was.state.totalAmount, pool.pot);
	checks.amount(`${pool.symbol}: vault before the draw`, was.balances.get(pool.address), pool.pot);
	checks.amount(`${pool.symbol}: sum of the four shares`, shares.winner + shares.dev + shares.treasury + shares.burn, pool.pot);
	screen.say(`${pool.symbol}: pot ${show(pool.pot)} = winner ${show(shares.winner)} + dev ${show(shares.dev)} + treasury ${show(shares.treasury)}`
		+ ` + burned ${show(shares.burn)}`);
	screen.table([pool.symbol, '>before', '>after', '>change', ''], expectations(pool, was, now, shares, draw.winner).map(
		([name, before, after, change]) => {
			const exact = checks.amount(`${pool.symbol}: ${name} after the draw`, after, before + change);
			return [name, show(before), show(after), after === before ? '-' : show(after - before), exact ? 'exact' : 'WRONG'];
		},
	));
}

// What the daemon's transactions took from the fee wallet: fees, and deposits for accounts that stay ours.
function showFeeWallet({ screen, checks }, before, after, transactions) {
	const fees = transactions.reduce((sum, transaction) => sum + transaction.fee, 0n);
	const paid = transactions.reduce((sum, transaction) => sum + transaction.paid, 0n);
	const sol = (lamports) => tokens(lamports, SOL_DECIMALS);
	const exact = checks.amount('fee wallet after the draws (lamports)', after, before - paid);
	screen.say(`The dev wallet also pays the network, in SOL, for ${transactions.length} transactions:`);
	screen.table(['fee wallet', '>SOL', ''], [
		['before', sol(before), ''], ['network fees', sol(-fees), ''], ["deposits (rent) in the oracle's accounts", sol(fees - paid), ''],
		['after', sol(after), exact ? 'exact' : 'WRONG'],
	]);
}

module.exports = { showPool, showFeeWallet };
