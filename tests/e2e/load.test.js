// A hundred pools are due in the same second: at most K of them are ever bound, and all are paid exactly.
'use strict';

const assert = require('node:assert/strict');
const { test } = require('node:test');
const { World } = require('./world.js');
const { ADDRESS, Keypair } = require('../chain/solana.js');
const money = require('./money.js');

const POOLS = 100;
const K = 16;
const AT_ONCE = 10;
// In parts of a hundred: a machine under load loses a blockhash now and then, and a lost transaction is signed again.
const MORE_THAN_TWO = 5;
const RANDOMNESS_AUTHORITY_OFFSET = 8;

const SELECTS = ['DRAW', 'REVEAL_SELECT', 'SELECT'];

// Runs `work` for every item, some at the same time, and resolves to the results in order.
async function each(items, work) {
	const results = [];
	const rest = items.entries();
	const worker = async () => { for (const [index, item] of rest) results[index] = await work(item, index); };
	await Promise.all(Array.from({ length: AT_ONCE }, worker));
	return results;
}

// Every pool is of the same two players, who pay for all of them.
async function lockedPools(world) {
	const mint = await world.mint();
	const amount = 100n * mint.unit;
	const [creator, other] = [new Keypair(), new Keypair()];
	for (const player of [creator, other]) await world.scenario.fundPlayer(player, mint, BigInt(POOLS) * amount);
	return each(Array.from({ length: POOLS }), async (_, index) => {
		const { devWallet, treasury } = world;
		// Amounts differ, so that no payout can pass for another one.
		const pool = await world.scenario.createPool({ mint, creator, amount: amount - BigInt(index), maxParticipants: 2, devWallet, treasury, lockDuration: 60 });
		await world.scenario.join(pool, other);
		pool.id = await world.register({ ...pool, players: [creator, other] });
		return pool;
	});
}

// The steps of the journal in the order in which their transactions landed without error.
async function landedSteps(world) {
	const rows = (await world.sql('SELECT sig, step, subject FROM keeper.steps')).split('\n').map((line) => line.split('|'));
	const known = new Map(rows.map(([sig, step, subject]) => [sig, { step, subject }]));
	const landed = await world.scenario.chain('transactions', world.devWallet.address);
	return landed.filter(({ err, signature }) => err === null && known.has(signature)).map(({ signature }) => known.get(signature));
}

// The chain's own history tells how many pools were between request and select at any time.
function mostBound(steps) {
	const bound = new Set();
	let most = 0;
	for (const { step, subject } of steps) {
		if (step === 'BIND') bound.add(subject);
		if (SELECTS.includes(step)) bound.delete(subject);
		most = Math.max(most, bound.size);
	}
	assert.equal(bound.size, 0, 'every bound pool was selected');
	return most;
}

// Balances of all pools together: they share the wallets.
async function assertAllPaid(world, pools, was) {
	const outcomes = await each(pools, (pool, index) => money.outcome(world, pool, was[index]));
	const { mint } = pools[0];
	const expected = { ...was[0].balances };
	let { supply } = was[0];
	for (const [index, { winner, shares }] of outcomes.entries()) {
		expected[winner] += shares.winner;
		expected[pools[index].devWallet] += shares.dev;
		expected[pools[index].treasury] += shares.treasury;
		supply -= shares.burn;
	}
	for (const [holder, amount] of Object.entries(expected)) assert.equal(await world.scenario.tokenBalance(holder, mint), amount, `balance of ${holder}`);
	assert.equal(await world.scenario.mintSupply(mint), supply, 'what was burned');
	return outcomes;
}

async function assertAllRecorded(world, pools, outcomes) {
	const recorded = (await world.sql(`SELECT p.id, p.status, p.winner_wallet, t.wallets, t.amounts, f.n, n.n FROM public.pools p,
		LATERAL (SELECT string_agg(wallet_address, ' ') AS wallets, string_agg(round(amount * 1000000)::text, ' ') AS amounts
			FROM public.transactions WHERE pool_id = p.id AND type = 'PAYOUT') t,
		LATERAL (SELECT count(*) AS n FROM public.winners_feed WHERE pool_id = p.id) f,
		LATERAL (SELECT count(*) AS n FROM public.notifications WHERE pool_id = p.id AND type = 'win') n ORDER BY p.id`)).toLowerCase().split('\n');
	const expected = pools.map((pool, index) => {
		const { winner, shares } = outcomes[index];
		const app = `${pool.id}|ended|${winner}|${winner}|${shares.winner}|1|1`.toLowerCase();
		return [pool.id, app, `${pool.address}|${winner}|${shares.winner}|${shares.dev}|${shares.burn}|${shares.treasury}`];
	}).sort(([a], [b]) => a - b);
	assert.deepEqual(recorded, expected.map(([, app]) => app));
	assert.equal(await world.sql("SELECT count(*) FROM keeper.steps WHERE state NOT IN ('final', 'failed', 'expired') AND subject LIKE 'draw:%'"), '0', 'every step is settled');
	const exact = (await world.sql(`SELECT address, winner, winner_amount, dev_amount, burn_amount, treasury_amount FROM keeper.draws
		WHERE paid_at IS NOT NULL ORDER BY app_id`)).split('\n');
	assert.deepEqual(exact, expected.map(([, , text]) => text));
}

// Accounts that nobody would ever use or close again.
async function assertNoOrphans(world) {
	const filter = { memcmp: { offset: RANDOMNESS_AUTHORITY_OFFSET, bytes: world.devWallet.address } };
	const onChain = await world.scenario.node.call('getProgramAccounts', ADDRESS.switchboard, { encoding: 'base64', filters: [filter] });
	const known = new Set((await world.sql('SELECT DISTINCT randomness FROM keeper.bindings')).split('\n'));
	assert.deepEqual(onChain.map(({ pubkey }) => pubkey).filter((key) => !known.has(key)), [], 'randomness accounts that the journal does not know');
	return onChain.length;
}

test(`${POOLS} pools due at once: never more than ${K} bound, two transactions each, all paid`, async (t) => {
	// All pools are of one creator: what his draws may cost a day is another test's matter.
	const world = await World.start({ settings: { MAX_BOUND_POOLS: String(K), CREATOR_DAY_LAMPORTS: '0' } });
	t.after(() => world.stop());
	const pools = await lockedPools(world);
	const was = await each(pools, (pool) => money.before(world, pool));
	await world.pastLock();
	const started = Date.now();
	const daemon = world.startDaemon();
	for (const pool of pools) await daemon.wait('draw.wait', { subject: new RegExp(pool.address), reason: 'OVER' }, { within: 150000 });
	const seconds = (Date.now() - started) / 1000;

	const outcomes = await assertAllPaid(world, pools, was);
	await assertAllRecorded(world, pools, outcomes);
	await money.assertNothingUnknown(world);
	const most = mostBound(await landedSteps(world));
	assert.ok(most <= K, `${most} pools were bound at the same time`);
	assert.ok(most > K / 2, `only ${most} pools were bound at the same time: the limit is not used`);
	const more = Number(await world.sql(`SELECT count(*) FROM (SELECT subject FROM keeper.steps WHERE subject LIKE 'draw:%' GROUP BY subject HAVING count(*) > 2) AS longer`));
	assert.ok(more <= MORE_THAN_TWO, `${more} draws took more than two transactions`);
	const accounts = await assertNoOrphans(world);
	t.diagnostic(`${POOLS} pools in ${seconds.toFixed(1)} s, most bound ${most}, longer than two transactions ${more}, randomness accounts ${accounts}`);
});
