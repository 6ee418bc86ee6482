// Referral payouts: a claim of the web backend is paid once, exactly, to the wallet that the chain knows, whatever is cut off.
'use strict';

const test = require('node:test');
const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { Keypair } = require('../chain/solana.js');
const { World, sleep } = require('./world.js');

const secret = (keypair) => JSON.stringify([...keypair.seed, ...keypair.publicKey]);

function payouts(world) {
	const file = path.join(world.directory, 'treasury.json');
	if (!fs.existsSync(file)) fs.writeFileSync(file, secret(world.treasury), { mode: 0o600 });
	return { REFERRAL_PAYOUTS: 'on', TREASURY_WALLET_KEY_FILE: file, AUDIT_SECONDS: '1' };
}

let draws = 0;
// What this referrer has earned in draws of this mint, and that he once signed a call of the program himself.
async function earned(world, referrer, mint, amount) {
	const pool = new Keypair().address;
	draws += 1;
	await world.sql(`
		INSERT INTO keeper.draws (draw, address, pool_id, mint, status, status_slot, total_amount)
		VALUES ('draw:${pool}:${draws}', '${pool}', ${draws}, '${mint.address}', 6, 1, 0);
		INSERT INTO keeper.referral_shares (draw, referrer, amount) VALUES ('draw:${pool}:${draws}', lower('${referrer}'), ${amount});
		INSERT INTO keeper.calls (signature, ix, inner_ix, slot, block_time, draw, user_wallet, instruction, projected_at)
		VALUES (decode('${Buffer.from(new Keypair().publicKey).toString('hex').repeat(2)}', 'hex'), 0, -1, 1, 1, 'draw:${pool}:${draws}', '${referrer}', 'join_pool', now())`);
}

const claim = async (world, referrer, mint, amount) => Number(await world.sql(`INSERT INTO public.referral_claims (referrer_wallet, token_mint, amount)
	VALUES (lower('${referrer}'), '${mint.address}', '${amount}') RETURNING id`));

const subjectOf = (id) => ({ subject: `referral:${id}`, step: 'PAY_REFERRAL' });
const appRow = (world, id) => world.sql(`SELECT status, tx_signature FROM public.referral_claims WHERE id = ${id}`);
const stepsOf = (world, id) => world.sql(`SELECT string_agg(state, ' ' ORDER BY seq) FROM keeper.steps WHERE subject = 'referral:${id}'`);

async function begun(world) {
	for (const end = Date.now() + 30000; await world.sql('SELECT count(*) FROM keeper.referral_periods WHERE ended_at IS NULL') !== '1'; await sleep(50)) {
		assert.ok(Date.now() < end, world.daemons.at(-1).log.slice(-6000));
	}
}

// What the treasury lost is what the receiver got, by the chain's own record of the one transaction.
async function assertPaidOnce(world, id, referrer, mint, amount) {
	assert.equal(await world.scenario.tokenBalance(referrer, mint), amount);
	const [status, signature] = (await appRow(world, id)).split('|');
	assert.equal(status, 'completed');
	assert.match(await stepsOf(world, id), /^(expired )*final$/);
	assert.equal(await world.sql(`SELECT sig FROM keeper.steps WHERE subject = 'referral:${id}' AND state = 'final'`), signature);
}

test('a claim is paid once: pre-activation ones never, through kill -9 at every boundary, a second daemon and a fork', async (t) => {
	const world = await World.start({ nodes: 2 });
	t.after(() => world.stop());
	await world.scenario.fundWallet(world.treasury, 1_000_000_000);
	const spl = await world.scenario.createMint({});
	const token2022 = await world.scenario.createMint({ program: 'token-2022', decimals: 9 });
	for (const mint of [spl, token2022]) await world.scenario.giveTokens(world.treasury, mint, 1000n);
	const [early, anna, bob, fork] = Array.from({ length: 4 }, () => new Keypair());
	for (const one of [early, anna, fork]) await earned(world, one.address, spl, 500);
	await earned(world, bob.address, token2022, 500);
	const before = await claim(world, early.address, spl, 100);

	const settings = payouts(world);
	const first = world.startDaemonWith(settings);
	await begun(world);
	const paid = await claim(world, anna.address, spl, 123);
	for (const [event, daemon] of [['tx.open', first], ['tx.send'], ['tx.landed']]) {
		const cut = daemon ?? world.startDaemonWith(settings);
		await cut.wait(event, subjectOf(paid));
		await cut.kill();
		await world.forgetLease();
	}
	const [one, two] = [world.startDaemonWith(settings), world.startDaemonWith(settings)];
	const final = await Promise.race([one, two].map((daemon) => daemon.wait('tx.final', subjectOf(paid)).then(() => daemon)));
	await assertPaidOnce(world, paid, anna, spl, 123n);

	const forked = await claim(world, fork.address, spl, 45);
	const landed = await final.wait('tx.landed', subjectOf(forked));
	const { lost } = await world.scenario.chain('rollbackFrom', Number(landed.slot));
	assert.ok(lost.includes(landed.sig), 'the fork undid it');
	await final.wait('tx.final', subjectOf(forked));
	await assertPaidOnce(world, forked, fork, spl, 45n);

	const other = await claim(world, bob.address, token2022, 7);
	await final.wait('tx.final', subjectOf(other));
	await assertPaidOnce(world, other, bob, token2022, 7n);
	assert.equal(await world.scenario.tokenBalance(world.treasury, spl), 1000n - 123n - 45n);
	assert.equal(await world.scenario.tokenBalance(early, spl), 0n);
	assert.equal(await appRow(world, before), 'pending|');
	assert.equal(await world.sql("SELECT count(*) FROM keeper.foreign_signatures WHERE kind IN ('STEP', 'OTHER', 'UNSEEN')"), '0');
});
