// The money invariants of a finished draw, on chain and in Postgres, recomputed here from chain data alone.
'use strict';

const assert = require('node:assert/strict');
const { winnerIndex, payout } = require('../chain/ml-accounts.js');

const ENDED = 6;
const RANDOMNESS_BYTES = 16;

// Whom the win is for: pool.recipients maps the wallets of the house in a sponsored pool to the people who play through them.
const receiverOf = (pool, winner) => pool.recipients?.[winner] ?? winner;

// Everything that the payout will move, read before the draw starts.
async function before(world, pool) {
	const state = await world.scenario.readPool(pool);
	const { list, count } = await world.scenario.readParticipants(pool);
	const players = list.slice(0, count);
	const holders = [...new Set([...players, ...Object.values(pool.recipients ?? {}), pool.devWallet, pool.treasury])];
	const balances = {};
	for (const holder of holders) balances[holder] = await world.scenario.tokenBalance(holder, pool.mint);
	return { state, players, balances, supply: await world.scenario.mintSupply(pool.mint) };
}

// The winner by the published rule, from the randomness that select_winner stored in the pool.
function expectedWinner(was, ended) {
	const value = Buffer.alloc(2 * RANDOMNESS_BYTES);
	value.writeBigUInt64LE(BigInt.asUintN(64, ended.randomness), 0);
	value.writeBigUInt64LE(ended.randomness >> 64n, 8);
	return was.players[winnerIndex(was.state.poolId, value, was.players.length)];
}

// The pool's end, judged by the pool's own data alone.
async function outcome(world, pool, was) {
	const ended = await world.scenario.readPool(pool);
	assert.equal(ended.status, ENDED, `pool is ${ended.statusName}`);
	const winner = expectedWinner(was, ended);
	assert.equal(ended.winner, winner, 'the winner is the one that the rule gives');
	return { winner, shares: payout(was.state), ended };
}

async function assertChain(world, pool, was) {
	const { winner, shares, ended } = await outcome(world, pool, was);
	const expected = { ...was.balances };
	expected[receiverOf(pool, winner)] += shares.winner;
	expected[pool.devWallet] += shares.dev;
	expected[pool.treasury] += shares.treasury;
	for (const [holder, amount] of Object.entries(expected)) {
		assert.equal(await world.scenario.tokenBalance(holder, pool.mint), amount, `token balance of ${holder}`);
	}
	assert.equal(await world.scenario.mintSupply(pool.mint), was.supply - shares.burn, 'what was burned');
	return { winner, shares, ended };
}

// Nobody has got anything, nothing is burned, and the pot is where it was.
async function assertUnpaid(world, pool, was, vault = was.state.totalAmount) {
	for (const [holder, amount] of Object.entries(was.balances)) {
		assert.equal(await world.scenario.tokenBalance(holder, pool.mint), amount, `token balance of ${holder}`);
	}
	assert.equal(await world.scenario.mintSupply(pool.mint), was.supply, 'nothing is burned');
	assert.equal((await world.scenario.account(pool.vault)).data.readBigUInt64LE(64), vault, 'the pot');
}

async function row(world, text) {
	const line = await world.sql(text);
	return line === '' ? [] : line.split('\n').map((each) => each.split('|'));
}

// keeper.* in base units and own case, public.* as the web backend reads it; each fact exactly once.
async function assertRecords(world, pool, { winner, shares, ended }) {
	const subject = `draw:${pool.address}:${ended.poolId}`;
	const [[status, recordedWinner, end, creationSignature]] = await row(world,
		`SELECT status, winner_wallet, end_time IS NOT NULL, tx_hash FROM public.pools WHERE id = ${pool.id}`);
	assert.equal(status, 'ended');
	const receiver = receiverOf(pool, winner);
	assert.equal(recordedWinner, receiver);
	assert.equal(await world.sql(`SELECT winner, recipient FROM keeper.draws WHERE draw = '${subject}'`), `${winner}|${receiver === winner ? '' : receiver}`);
	assert.equal(end, 't');
	assert.equal(creationSignature, '', 'pools.tx_hash is the creation signature and never the payout');
	const payouts = await row(world, `SELECT wallet_address, amount, tx_hash FROM public.transactions WHERE pool_id = ${pool.id} AND type = 'PAYOUT'`);
	assert.equal(payouts.length, 1, 'one PAYOUT row');
	assert.equal(payouts[0][0].toLowerCase(), receiver.toLowerCase());
	assert.equal(Number(payouts[0][1]), Number(shares.winner) / Number(pool.mint.unit));
	const landed = await world.scenario.chain('transactions', pool.address);
	const paying = landed.find((transaction) => transaction.signature === payouts[0][2]);
	assert.ok(paying, 'the recorded payout signature is on chain');
	assert.equal(paying.err, null);
	assert.equal(Number(await world.sql(`SELECT count(*) FROM public.winners_feed WHERE pool_id = ${pool.id}`)), 1);
	assert.equal(Number(await world.sql(`SELECT count(*) FROM public.notifications WHERE pool_id = ${pool.id} AND type = 'win'`)), 1);
	await assertJournal(world, subject);
}

// No open ends, no gaps, at most one transaction of a kind that took effect, every answer kept.
async function assertJournal(world, subject) {
	assert.equal(await world.sql(`SELECT count(*) FROM keeper.steps WHERE subject = '${subject}' AND state NOT IN ('final', 'failed', 'expired')`), '0',
		'every step is settled');
	assert.equal(await world.sql(`SELECT count(*) <> coalesce(max(seq), 0) FROM keeper.steps WHERE subject = '${subject}'`), 'f', 'seq has no gaps');
	assert.equal(await world.sql(`SELECT count(*) FROM (SELECT step FROM keeper.steps WHERE subject = '${subject}' AND state = 'final'
		AND step IN ('BIND', 'DRAW', 'REVEAL_SELECT', 'SELECT', 'PAYOUT') GROUP BY step HAVING count(*) > 1) AS doubled`), '0', 'no step is final twice');
}

// Every transaction that our key signed is in the journal: nothing lands that no row knows.
async function assertNothingUnknown(world) {
	const landed = await world.scenario.chain('transactions', world.devWallet.address);
	const known = new Set((await world.sql('SELECT sig FROM keeper.steps')).split('\n'));
	const unknown = landed.filter((transaction) => transaction.payer === world.devWallet.address && !known.has(transaction.signature));
	assert.deepEqual(unknown, [], 'landed transactions of ours without a journal row');
}

async function assertPaid(world, pool, was) {
	const paid = await assertChain(world, pool, was);
	await assertRecords(world, pool, paid);
	return paid;
}

module.exports = { before, outcome, assertPaid, assertUnpaid, assertChain, assertJournal, assertNothingUnknown };
