// The demo's pools: which they are, how they come to be, and everything about them that is read from the chain before the draw.
'use strict';

const { baseUnits } = require('./checks.js');

// Odd amounts on purpose: the fees do not divide evenly, and the rest belongs to the winner.
const POOLS = [
	{ symbol: 'GOLD', program: 'spl', decimals: 6, players: 4, entry: '100' },
	{ symbol: 'LIME', program: 'token-2022', decimals: 9, players: 3, entry: '33.333333337' },
	{ symbol: 'PLUM', program: 'spl', decimals: 8, players: 5, entry: '20.00000007', donation: '20.00000003' },
];
const SUPPLY_TOKENS = 10_000n;

async function makeMint(world, { program, decimals }) {
	const mint = await world.scenario.createMint({ program, decimals, supply: SUPPLY_TOKENS * 10n ** BigInt(decimals) });
	await world.scenario.createTokenAccount(world.devWallet, mint);
	await world.scenario.createTokenAccount(world.treasury, mint);
	return mint;
}

// Mint, players with tokens of their own, and a pool that locks with the last join.
async function makePool(world, plan, lockDuration) {
	const mint = await makeMint(world, plan);
	const amount = baseUnits(plan.entry, plan.decimals);
	const pool = await world.scenario.fillPool({
		mint, amount, players: plan.players, lockDuration, devWallet: world.devWallet, treasury: world.treasury,
	});
	const donation = plan.donation === undefined ? 0n : baseUnits(plan.donation, plan.decimals);
	if (donation > 0n) await world.scenario.donate(pool, pool.players[0], donation);
	pool.id = await world.register(pool, { symbol: plan.symbol });
	return { ...plan, ...pool, donation, pot: amount * BigInt(plan.players) + donation };
}

async function makePools(world, lockDuration) {
	const pools = [];
	for (const plan of POOLS) pools.push(await makePool(world, plan, lockDuration));
	return pools;
}

// Base units that everybody holds who can gain or lose by the draw.
async function readBalances(world, pool) {
	const holders = [...pool.players.map((player) => player.address), pool.devWallet, pool.treasury, pool.address];
	const balances = new Map();
	for (const holder of holders) balances.set(holder, await world.scenario.tokenBalance(holder, pool.mint));
	return { balances, supply: await world.scenario.mintSupply(pool.mint) };
}

// Pool, participants and balances as the chain shows them now.
async function readPool(world, pool) {
	return {
		state: await world.scenario.readPool(pool),
		participants: await world.scenario.readParticipants(pool),
		...await readBalances(world, pool),
	};
}

module.exports = { makePools, readPool };
