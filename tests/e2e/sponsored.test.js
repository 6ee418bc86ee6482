// Sponsored pools: the person gets exactly what the wallet of the house won, in the transaction that pays it.
'use strict';

const test = require('node:test');
const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { Keypair } = require('../chain/solana.js');
const { World, sleep } = require('./world.js');
const { startRelay } = require('./relay.js');
const { keyBytes } = require('../chain/solana.js');
const money = require('./money.js');

const secret = (keypair) => JSON.stringify([...keypair.seed, ...keypair.publicKey]);

// The keys of these wallets as settings: the first as a file, the others themselves.
function keysOf(world, keypairs) {
	const settings = {};
	for (const [i, keypair] of keypairs.entries()) {
		if (i > 0) {
			settings[`AUXILIARY_WALLET_${i + 1}_PRIVATE_KEY`] = secret(keypair);
			continue;
		}
		const file = path.join(world.directory, `auxiliary-${keypair.address}.json`);
		fs.writeFileSync(file, secret(keypair), { mode: 0o600 });
		settings.AUXILIARY_WALLET_1_KEY_FILE = file;
	}
	return settings;
}

async function map(world, pool, auxiliary, real) {
	await world.sql(`INSERT INTO public.sponsored_participants (pool_id, real_wallet, auxiliary_wallet, auxiliary_index) VALUES (${pool.id}, '${real}', '${auxiliary}', 0)`);
}

// A locked pool in which every player plays for a person, so that whoever wins, a win is passed on.
async function sponsoredPool(world, options = {}) {
	const pool = await world.lockedPool({ players: 2, ...options });
	await world.sql(`UPDATE public.pools SET is_free = 1, sponsored_by = 'house' WHERE id = ${pool.id}`);
	pool.recipients = {};
	for (const player of pool.players) {
		pool.recipients[player.address] = new Keypair().address;
		await map(world, pool, player.address, pool.recipients[player.address]);
	}
	return pool;
}

const steps = (world, pool) => world.sql(`SELECT string_agg(step, ' ' ORDER BY seq) FROM keeper.steps WHERE subject LIKE 'draw:${pool.address}:%'`);

async function world(t, options) {
	const made = await World.start(options);
	t.after(() => made.stop());
	return made;
}

// In the event of a payout: the pool, and later the shares of winner, dev, nobody and treasury.
const [POOL_AT, AMOUNTS_AT, DEV_AT] = [8, 80, 88];
const LIES = {
	// Not what the pool's own fields say.
	rules: (event) => { event[DEV_AT] ^= 1; },
	// As the fields say, of another total.
	total: (event) => [9000n, 500n, 350n, 150n].forEach((amount, i) => event.writeBigUInt64LE(amount, AMOUNTS_AT + 8 * i)),
};

// A node that tells of the payout of this pool what lie() says, and of its transfer to the person another amount where that is 'kept'.
function lyingNode(here, pool, lie) {
	return startRelay(`${here.chain.url.replace(/\/$/, '')}/node/1`, (method, body) => {
		if (method !== 'getTransaction' || !lie()) return body;
		const answer = JSON.parse(body);
		const lines = answer.result?.meta?.logMessages ?? [];
		const at = lines.findIndex((line) => line.startsWith('Program data: ') && Buffer.from(line.slice(14), 'base64').subarray(POOL_AT, POOL_AT + 32).equals(keyBytes(pool.address))
			&& Buffer.from(line.slice(14), 'base64').length === 128);
		if (at < 0) return body;
		const event = Buffer.from(lines[at].slice(14), 'base64');
		if (LIES[lie()]) {
			LIES[lie()](event);
			lines[at] = `Program data: ${event.toString('base64')}`;
		} else {
			const wire = Buffer.from(answer.result.transaction[0], 'base64');
			const transfer = wire.indexOf(Buffer.concat([Buffer.from([12]), event.subarray(AMOUNTS_AT, AMOUNTS_AT + 8)]));
			wire[transfer + 1] ^= 1;
			answer.result.transaction[0] = wire.toString('base64');
		}
		return JSON.stringify(answer);
	});
}

test('an SPL and a Token-2022 pool: exactly the win, to the person, in two transactions, and no payout is recorded that one node alone tells', async (t) => {
	const here = await world(t);
	const pools = [await sponsoredPool(here, { players: 3 }), await sponsoredPool(here, { program: 'token-2022', decimals: 9 })];
	const was = [];
	for (const pool of pools) was.push(await money.before(here, pool));
	let lie = 'rules';
	const relay = await lyingNode(here, pools[0], () => lie);
	t.after(() => relay.close());
	await here.pastLock();
	const players = pools.flatMap((pool) => pool.players);
	// Two endpoints of one host are one witness.
	const daemon = here.startDaemonWith({ ...keysOf(here, players), SOLANA_RPC_URL: relay.url, SOLANA_RPC_URL_2: here.nodeUrl(0), SOLANA_RPC_URL_3: `${relay.url}?api-key=another` });
	const subject = new RegExp(pools[0].address);
	await daemon.wait('draw.record_mismatch', { subject, why: /not what the pool's own fields say/ });
	lie = 'total';
	await daemon.wait('draw.record_mismatch', { subject, why: /two nodes tell different payouts/ });
	// Whoever of them is asked first, and second.
	for (let n = 0, from = 0; n < 3; n += 1) from = daemon.events.indexOf(await daemon.wait('draw.record_mismatch', { subject, why: /two nodes tell different payouts/ }, { from })) + 1;
	lie = 'kept';
	await daemon.wait('draw.not_passed_on', { subject, amount: /^\d{9}$/, recipient: new RegExp(Object.values(pools[0].recipients).join('|')) });
	assert.equal(await here.sql(`SELECT count(*) FROM keeper.draws WHERE address = '${pools[0].address}' AND paid_at IS NOT NULL`), '0', 'people were asked first');
	lie = null;
	for (const [i, pool] of pools.entries()) {
		await here.recorded(pool);
		await money.assertPaid(here, pool, was[i]);
		assert.equal(await steps(here, pool), 'BIND DRAW');
		const person = await here.sql(`SELECT wallet_address FROM public.notifications WHERE pool_id = ${pool.id} AND type = 'win'`);
		assert.ok(Object.values(pool.recipients).some((real) => real.toLowerCase() === person));
	}
	await money.assertNothingUnknown(here);
	assert.equal(daemon.all('signer.auxiliary').length, players.length);
	for (const player of players) assert.ok(!daemon.log.includes(secret(player).slice(1, 40)), 'no key in the log');
});

test('a win without a mapping is kept by the winner', async (t) => {
	const here = await world(t);
	const pool = await here.lockedPool({ players: 2 });
	await here.sql(`UPDATE public.pools SET is_free = 1 WHERE id = ${pool.id}`);
	await map(here, pool, new Keypair().address, new Keypair().address);
	const was = await money.before(here, pool);
	await here.pastLock();
	here.startDaemon();
	await here.recorded(pool);
	await money.assertPaid(here, pool, was);
});

test('missing token accounts of dev and treasury are made before the draw is bound', async (t) => {
	const here = await world(t);
	const pool = await sponsoredPool(here, { mint: await here.mint({ program: 'token-2022', bare: true }) });
	const was = await money.before(here, pool);
	await here.pastLock();
	here.startDaemonWith(keysOf(here, pool.players));
	await here.recorded(pool);
	await money.assertPaid(here, pool, was);
	assert.equal(await steps(here, pool), 'BIND DRAW');
});

test('without a key the pool waits and says so; with it, it goes on', async (t) => {
	const here = await world(t);
	const pool = await sponsoredPool(here);
	const was = await money.before(here, pool);
	await here.pastLock();
	const without = here.startDaemonWith(keysOf(here, pool.players.slice(1)));
	await without.wait('draw.wait', { reason: 'SPONSOR_KEY' });
	assert.equal(without.all('sponsor.unusable')[0].auxiliary, pool.players[0].address);
	assert.equal((await here.scenario.readPool(pool)).statusName, 'Locked');
	assert.equal(await here.sql(`SELECT count(*) FROM keeper.steps WHERE subject LIKE 'draw:%'`), '0');
	await without.kill('SIGTERM');
	here.startDaemonWith(keysOf(here, pool.players));
	await here.recorded(pool);
	await money.assertPaid(here, pool, was);
});

test('a mapping that names no wallet, or two people, holds the pool until somebody mends it', async (t) => {
	const here = await world(t);
	const pool = await sponsoredPool(here);
	const [first, second] = pool.players.map((player) => player.address);
	await here.sql(`UPDATE public.sponsored_participants SET real_wallet = lower(real_wallet) WHERE auxiliary_wallet = '${first}'`);
	await map(here, pool, second, new Keypair().address);
	const was = await money.before(here, pool);
	await here.pastLock();
	const daemon = here.startDaemonWith(keysOf(here, pool.players));
	await daemon.wait('draw.wait', { reason: 'SPONSOR_MAPPING' });
	await here.sql(`DELETE FROM public.sponsored_participants WHERE pool_id = ${pool.id}`);
	// The casing of the wallet of the house does not matter: it is matched by public key.
	await map(here, pool, first.toLowerCase(), pool.recipients[first]);
	await map(here, pool, second, pool.recipients[second]);
	await here.recorded(pool);
	await money.assertPaid(here, pool, was);
});

test('the mapping of the BIND holds over a kill -9, whatever the table says later', async (t) => {
	const here = await world(t);
	const pool = await sponsoredPool(here);
	const was = await money.before(here, pool);
	await here.pastLock();
	const first = here.startDaemonWith(keysOf(here, pool.players));
	await here.caughtBound(first, pool);
	await first.kill('SIGKILL');
	await here.sql(`UPDATE public.sponsored_participants SET real_wallet = '${new Keypair().address}' || id`);
	await here.sql(`UPDATE public.pools SET is_free = 0 WHERE id = ${pool.id}`);
	await here.forgetLease();
	await here.gatewayControl({ oracle: 'all', mode: 'ok' });
	here.startDaemonWith(keysOf(here, pool.players));
	await here.recorded(pool);
	await money.assertPaid(here, pool, was);
});

test('a key that is lost after the BIND: reveal and select go on, the payout waits for it and passes the win on', async (t) => {
	const here = await world(t);
	const pool = await sponsoredPool(here);
	const was = await money.before(here, pool);
	await here.pastLock();
	const first = here.startDaemonWith(keysOf(here, pool.players));
	await here.caughtBound(first, pool);
	await first.kill('SIGKILL');
	await here.forgetLease();
	await here.gatewayControl({ oracle: 'all', mode: 'ok' });
	const without = here.startDaemon();
	await without.wait('draw.wait', { reason: 'SPONSOR_KEY' });
	for (;;) {
		if ((await here.scenario.readPool(pool)).statusName === 'WinnerSelected') break;
		await sleep(50);
	}
	await without.kill('SIGKILL');
	await here.forgetLease();
	here.startDaemonWith(keysOf(here, pool.players));
	await here.recorded(pool);
	await money.assertPaid(here, pool, was);
	assert.equal(await steps(here, pool), 'BIND REVEAL_SELECT PAYOUT');
});
