// Referral payouts: a claim of the web backend is paid once, exactly, to the wallet that the chain knows, whatever is cut off.
'use strict';

const test = require('node:test');
const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { execFileSync } = require('node:child_process');
const { Keypair, associatedTokenAddress } = require('../chain/solana.js');
const build = require('../chain/instructions.js');
const { World, ROOT, sleep } = require('./world.js');

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

async function until(world, query, wanted) {
	for (const end = Date.now() + 60000; !wanted.test(await world.sql(query)); await sleep(50)) {
		assert.ok(Date.now() < end, `${query}\n${world.daemons.at(-1).log.slice(-6000)}`);
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
	const poor = await world.scenario.createMint({});
	await earned(world, anna.address, poor, 500);
	const twin = new Keypair().address;
	for (const wallet of [twin, twin.replace(/[a-hjkmnp-z]/, (letter) => letter.toUpperCase())]) await earned(world, wallet, spl, 500);

	const settings = payouts(world);
	const first = world.startDaemonWith(settings);
	await until(world, 'SELECT count(*) FROM keeper.referral_periods WHERE ended_at IS NULL', /^1$/);
	const paid = await claim(world, anna.address, spl, 123);
	const other = await claim(world, bob.address, token2022, 7);
	const waiting = [[await claim(world, twin, spl, 9), 'REFERRAL_WALLET'], [await claim(world, anna.address, spl, '1.5'), 'REFERRAL_AMOUNT'],
		[await claim(world, anna.address, poor, 9), 'REFERRAL_TOKENS']];
	for (const event of process.env.POOLKEEPER_TEST_FULL ? ['tx.open', 'tx.send', 'tx.landed'] : ['tx.open', 'tx.landed']) {
		const cut = event === 'tx.open' ? first : world.startDaemonWith(settings);
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

	await until(world, `SELECT state FROM keeper.referral_payouts WHERE claim_id = ${other}`, /^paid$/);
	await assertPaidOnce(world, other, bob, token2022, 7n);
	assert.equal(await world.scenario.tokenBalance(world.treasury, spl), 1000n - 123n - 45n);
	assert.equal(await world.scenario.tokenBalance(early, spl), 0n);
	assert.equal(await appRow(world, before), 'pending|');
	for (const [id, reason] of waiting) await final.wait('draw.wait', { subject: `referral:${id}`, reason });
	assert.equal(await world.sql("SELECT count(*) FROM keeper.foreign_signatures WHERE kind IN ('STEP', 'OTHER', 'UNSEEN')"), '0');
	assert.equal(await world.sql("SELECT count(*) FROM keeper.steps WHERE step = 'PAY_REFERRAL' AND state <> 'expired'"), '3');

	// Somebody pays by hand with the treasury's key: from here on a human decides.
	await world.scenario.send([world.treasury], [build.transferTokens(spl.address, associatedTokenAddress(world.treasury, spl.address, spl.program),
		associatedTokenAddress(anna, spl.address, spl.program), world.treasury, 1n, spl.decimals, spl.program)]);
	await final.wait('audit.foreign_signature', { wallet: world.treasury.address });
	await final.wait('draw.halt', { reason: 'REFERRAL_FOREIGN' });
	for (const daemon of world.daemons) assert.ok(!daemon.log.includes(secret(world.treasury).slice(1, 40)), 'no key in the log');
});

// As docs/database.md says: into another database of the same server, to which the URL is then pointed.
async function restoredCopy(world, name) {
	const db = path.join(ROOT, 'scripts', 'db');
	const env = { PATH: process.env.PATH, HOME: world.directory, BACKUP_DIR: world.directory, POOLKEEPER_ENV: 'test', DB_RESTORE_CONFIRM: '1' };
	const made = execFileSync(db, ['backup', '--quick'], { env: { ...env, DIRECT_DATABASE_URL: world.postgres.url() }, encoding: 'utf8' });
	await world.sql(`CREATE DATABASE ${name}`);
	execFileSync(db, ['restore', /file=(\S+\.dump)/.exec(made)[1]], { env: { ...env, DIRECT_DATABASE_URL: world.postgres.url(name) }, stdio: ['ignore', 'ignore', 'inherit'] });
	await world.postgres.sql("UPDATE keeper.lease SET expires_at = '-infinity'", name);
	return world.postgres.url(name, 'poolkeeper');
}

test('a volume is put back to an older state under a running daemon: what was paid since is not paid again', async (t) => {
	const world = await World.start({ pooled: false });
	t.after(() => world.stop());
	await world.scenario.fundWallet(world.treasury, 1_000_000_000);
	const mint = await world.scenario.createMint({});
	const anna = new Keypair();
	await earned(world, anna.address, mint, 500);
	const daemon = world.startDaemonWith(payouts(world));
	await until(world, 'SELECT count(*) FROM keeper.referral_periods WHERE ended_at IS NULL', /^1$/);
	const id = await claim(world, anna.address, mint, 45);
	await daemon.wait('draw.wait', { subject: `referral:${id}`, reason: 'REFERRAL_TOKENS' });
	const [data, older] = [path.join(world.postgres.directory, 'data'), path.join(world.postgres.directory, 'older')];
	await world.postgres.halt();
	execFileSync('cp', ['-a', data, older]);
	await world.postgres.start();
	await daemon.wait('audit.server_started', { wallet: world.treasury.address });
	await world.scenario.giveTokens(world.treasury, mint, 1000n);
	await daemon.wait('draw.wait', { subject: `referral:${id}`, reason: 'REFERRAL_AUDIT' });
	await world.scenario.chain('tick', 230);
	await until(world, `SELECT status FROM public.referral_claims WHERE id = ${id}`, /^completed$/);
	await assertPaidOnce(world, id, anna.address, mint, 45n);
	const sig = await world.sql(`SELECT sig FROM keeper.steps WHERE subject = 'referral:${id}'`);

	await world.postgres.halt();
	fs.rmSync(data, { recursive: true });
	fs.renameSync(older, data);
	await world.postgres.start();
	await daemon.wait('audit.foreign_signature', { sig, kind: 'STEP' });
	await daemon.wait('draw.halt', { subject: `referral:${id}`, reason: 'REFERRAL_FOREIGN' });
	await world.scenario.chain('tick', 230);
	await sleep(3000);
	assert.equal(await world.scenario.tokenBalance(anna.address, mint), 45n);
	assert.equal(daemon.all('tx.open', subjectOf(id)).length, 1);
});

test('an older backup is restored while a payment is on its way: it is not made a second time', { skip: !process.env.POOLKEEPER_TEST_FULL }, async (t) => {
	const world = await World.start({ pooled: false });
	t.after(() => world.stop());
	await world.scenario.fundWallet(world.treasury, 1_000_000_000);
	const mint = await world.scenario.createMint({});
	await world.scenario.giveTokens(world.treasury, mint, 1000n);
	const anna = new Keypair();
	await earned(world, anna.address, mint, 500);
	const settings = payouts(world);
	const first = world.startDaemonWith({ ...settings, REFERRAL_MAX_BASE_UNITS: '10' });
	await until(world, 'SELECT count(*) FROM keeper.referral_periods WHERE ended_at IS NULL', /^1$/);
	const id = await claim(world, anna.address, mint, 45);
	await first.wait('draw.wait', { subject: `referral:${id}`, reason: 'REFERRAL_CAP' });
	await first.kill();
	const older = await restoredCopy(world, 'older');

	await world.forgetLease();
	await world.scenario.chain('faults', { node: 0, delay: Array(50).fill(100) });
	const { length: sent } = await world.scenario.chain('submissions');
	const second = world.startDaemonWith(settings);
	const { sig } = await second.wait('tx.send', subjectOf(id));
	while ((await world.scenario.chain('submissions')).length === sent) await sleep(10);
	await second.kill();
	await world.scenario.chain('faults', { node: 0, clear: true });

	const third = world.startDaemonWith({ ...settings, DATABASE_URL: older });
	await third.wait('audit.database_changed', { wallet: world.treasury.address });
	await third.wait('audit.foreign_signature', { sig, kind: 'STEP' });
	await third.wait('draw.halt', { subject: `referral:${id}`, reason: 'REFERRAL_FOREIGN' });
	assert.equal(await world.scenario.tokenBalance(anna, mint), 45n);
	assert.equal(third.all('tx.open', subjectOf(id)).length, 0);
});
