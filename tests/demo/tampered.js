// The demo in a hurry, with things changed behind its back before they are checked: tampered.js [kind...]; for the test only.
'use strict';

const { associatedTokenAddress } = require('../chain/solana.js');
const { Session } = require('./session.js');

const TOKEN_AMOUNT_AT = 64;

// One base unit appears in a token account.
async function addOneUnit(world, owner, mint) {
	const key = associatedTokenAddress(owner, mint.address, mint.program);
	const account = await world.scenario.chain('getAccount', key);
	const data = Buffer.from(account.data, 'base64');
	data.writeBigUInt64LE(data.readBigUInt64LE(TOKEN_AMOUNT_AT) + 1n, TOKEN_AMOUNT_AT);
	await world.scenario.chain('setAccount', key, { ...account, data: data.toString('base64') });
}

const KINDS = {
	winner_balance: async (world, { pool }) => addOneUnit(world, (await world.scenario.readPool(pool)).winner, pool.mint),
	treasury_balance: (world, { pool }) => addOneUnit(world, pool.treasury, pool.mint),
	draw_amounts: (world, { pool }) => world.sql(
		`UPDATE keeper.draws SET winner_amount = winner_amount - 1, dev_amount = dev_amount + 1 WHERE address = '${pool.address}'`),
	draw_winner: (world, { pool }) => world.sql(`UPDATE keeper.draws SET winner = '${pool.treasury}' WHERE address = '${pool.address}'`),
	payout_row: (world, { pool }) => world.sql(
		`UPDATE public.transactions SET amount = amount + 0.000001 WHERE pool_id = ${pool.id} AND type = 'PAYOUT'`),
	join_row: (world, { pool }) => world.sql(`DELETE FROM public.used_transactions WHERE id = (
		SELECT min(id) FROM public.used_transactions WHERE pool_id = ${pool.id} AND operation_type = 'join')`),
	call_amount: (world, { pool }) => world.sql(
		`UPDATE keeper.calls SET amount = amount + 1 WHERE app_id = ${pool.id} AND instruction = 'create_pool'`),
	journal_row: (world) => world.sql(
		"UPDATE keeper.steps SET landed_slot = landed_slot + 1, high_slot = high_slot + 1 WHERE step = 'CANARY_INIT'"),
};

async function interfere(world, draws) {
	for (const kind of process.argv.slice(2)) await KINDS[kind](world, draws[0]);
}

new Session({ slotMs: 50, lockLeft: 3, interfere }).run();
