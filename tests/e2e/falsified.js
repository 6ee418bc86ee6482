// What the tests of the invariant watch share: accounts that are changed behind the program's back, and pools with a free seat.
'use strict';

const { World } = require('./world.js');
const { Keypair } = require('../chain/solana.js');

const VAULT_AMOUNT = 64;
const PLAYERS_COUNT = 648;

async function startWorld(t, options) {
	const world = await World.start(options);
	t.after(() => world.stop());
	return world;
}

// Changes an account's bytes behind the program's back.
async function falsify(world, address, change) {
	const account = await world.scenario.chain('getAccount', address);
	const data = Buffer.from(account.data, 'base64');
	change(data);
	await world.scenario.chain('setAccount', address, { ...account, data: data.toString('base64') });
	await world.scenario.chain('tick', 3);
}

const addToVault = (world, pool, amount) => falsify(world, pool.vault,
	(data) => data.writeBigUInt64LE(data.readBigUInt64LE(VAULT_AMOUNT) + amount, VAULT_AMOUNT));
const setPlayers = (world, pool, count) => falsify(world, pool.participants, (data) => { data[PLAYERS_COUNT] = count; });

// A pool in which one seat is free; `fill` takes it.
async function openPool(world, mint) {
	const amount = 100n * mint.unit;
	const players = Array.from({ length: 3 }, () => new Keypair());
	for (const player of players) await world.scenario.fundPlayer(player, mint, 2n * amount);
	const pool = await world.scenario.createPool({
		mint, amount, creator: players[0], maxParticipants: 3, devWallet: world.devWallet, treasury: world.treasury, lockDuration: 60,
	});
	await world.scenario.join(pool, players[1]);
	pool.players = players;
	pool.id = await world.register(pool, { status: 'open' });
	await world.sql(`UPDATE public.pools SET participants_count = 2 WHERE id = ${pool.id}`);
	return pool;
}

const fill = (world, pool) => world.scenario.join(pool, pool.players[2]);
const of = (pool, fields = {}) => ({ subject: new RegExp(pool.address), ...fields });
const standing = (world) => world.sql('SELECT kind FROM keeper.mismatches WHERE gone_at IS NULL ORDER BY kind');
const stateOf = async (world, pool) => (await world.scenario.readPool(pool)).statusName;

module.exports = { startWorld, addToVault, setPlayers, openPool, fill, of, standing, stateOf };
