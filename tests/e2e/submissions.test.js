// What the web backend hands in is answered in its own row: accepted once, or refused with the one reason that fits.
'use strict';

const assert = require('node:assert/strict');
const crypto = require('node:crypto');
const { test } = require('node:test');
const { World, sleep } = require('./world.js');
const { Probe } = require('./probe.js');
const { startRelay } = require('./relay.js');
const { startTrap } = require('./trap.js');
const { psql } = require('../lib/postgres.js');
const base58 = require('../chain/base58.js');
const build = require('../chain/instructions.js');
const { Keypair, signTransaction } = require('../chain/solana.js');
const money = require('./money.js');

// A pool with room: the creator is in, the players have tokens and are not.
async function openPool(world, { players = 1, ...options } = {}) {
	const mint = options.mint ?? await world.mint();
	const creator = new Keypair();
	const amount = 100n * mint.unit;
	const others = Array.from({ length: players }, () => new Keypair());
	for (const keypair of [creator, ...others]) await world.scenario.fundPlayer(keypair, mint, 10n * amount);
	const pool = await world.scenario.createPool({
		devWallet: world.devWallet, treasury: world.treasury, mint, amount, creator, maxParticipants: players + 2, ...options,
	});
	pool.id = await world.register({ ...pool, players: [creator] }, { status: 'open' });
	return { ...pool, players: others };
}

// As the backend does it: through the pooler where there is one. Resolves to the row's id.
async function submit(world, { txHash, pool, wallet, operation = 'join', amount = null }) {
	const address = (key) => key.address ?? key;
	return Number(await psql(world.databaseUrl, `INSERT INTO keeper.submissions (tx_hash, pool, wallet, operation, amount)
		VALUES ('${txHash}', '${address(pool)}', '${address(wallet)}', '${operation}', ${amount ?? 'NULL'}) RETURNING id`));
}

const answer = async (world, id) => JSON.parse(await world.sql(
	`SELECT row_to_json(x) FROM (SELECT state, reason, slot, final_at IS NOT NULL AS final FROM keeper.submissions WHERE id = ${id}) x`));

async function answered(daemon, world, id, pattern = {}) {
	await daemon.wait('submission', { id, ...pattern });
	return answer(world, id);
}

test('a join is accepted once and within one tick, marked used with it, and final later; a replay is refused', async (t) => {
	// On a slow machine a second may be too short for all that one tick asks.
	const world = await World.start({ settings: { LOG_LEVEL: 'debug', TICK_SECONDS: '2' } });
	t.after(() => world.stop());
	const pool = await openPool(world);
	const [player] = pool.players;
	const daemon = world.startDaemon();
	await daemon.wait('lease.held');
	const txHash = await world.scenario.join(pool, player);
	const claim = { txHash, pool, wallet: player, amount: pool.amount };
	await world.scenario.chain('tick', 3); // confirmed
	const id = await submit(world, claim);
	const handedIn = Date.now();
	const first = await answered(daemon, world, id);
	assert.equal(first.state, 'accepted');
	const { ts } = daemon.all('submission', { id: String(id) })[0];
	const begun = daemon.all('tick').map((event) => [Date.parse(event.ts) - Number(event.ms), Date.parse(event.ts)]).filter(([at, end]) => at > handedIn && end <= Date.parse(ts));
	assert.ok(begun.length <= 1, `the first tick that could answer is the one that does, not number ${begun.length}`);
	assert.equal(await world.sql(`SELECT tx_hash, pool_id, wallet_address, operation_type FROM public.used_transactions`),
		`${txHash}|${pool.id}|${player.address.toLowerCase()}|join`);
	const replay = await submit(world, claim);
	assert.deepEqual(await answered(daemon, world, replay), { state: 'rejected', reason: 'already_used', slot: first.slot, final: false });
	const metrics = await (await Probe.of(daemon)).until('/metrics', ({ text }) => /replays_refused_total 1\n/.test(text), 'the replay');
	for (const answers of ['accepted"} 1', 'rejected"} 1', 'revoked"} 0']) assert.ok(metrics.text.includes(`submissions_total{answer="${answers}\n`), answers);
	assert.deepEqual(await answered(daemon, world, id, { final: '1' }), { state: 'accepted', reason: null, slot: first.slot, final: true });
	assert.equal(await world.sql('SELECT keeper.submissions_wait()'), 'f');
	assert.equal(await world.sql('SELECT count(*) FROM public.used_transactions'), '1');
	// What the daemon and the backend changed is sealed, and the log has the head that proves it.
	const { head } = await daemon.wait('trail.sealed');
	assert.equal(await world.sql(`SELECT n || ':' || encode(hash, 'hex') FROM keeper.audit_trail WHERE n = ${head.split(':')[0]}`), head);
	const sealed = "SELECT EXISTS (SELECT FROM keeper.audit_trail WHERE relation = 'keeper.draws' AND session_role = 'poolkeeper')";
	while (await world.sql(sealed) !== 't') await sleep(100);
	assert.equal(await world.sql('SELECT count(*) FROM keeper.audit_faults()'), '0');
});

// Signed and not sent: what a wallet has in hand before the network has it.
async function signed(world, keypairs, instructions) {
	// Not of the newest block, which a fork may take away.
	const { value } = await world.scenario.node.call('getLatestBlockhash', { commitment: 'confirmed' });
	const wire = signTransaction(keypairs, instructions, value.blockhash);
	return { txHash: base58.encode(wire.subarray(1, 65)), wire: wire.toString('base64') };
}

// Without the node's own simulation, which would keep what fails to itself.
async function send(world, { txHash, wire }) {
	await world.scenario.node.call('sendTransaction', wire, { encoding: 'base64', skipPreflight: true });
	return txHash;
}

async function seen(world, id) {
	while (await world.sql(`SELECT seen_height IS NULL FROM keeper.submissions WHERE id = ${id}`) === 't') await sleep(20);
}

const joinOf = (world, pool, player) => world.scenario.instruction('join_pool', pool, player, {}, build.u64(pool.amount));

test('every reason is given to the case that it is for, and none to the honest ones beside them', async (t) => {
	const world = await World.start();
	t.after(() => world.stop());
	const pool = await openPool(world, { players: 4 });
	const other = await openPool(world, { mint: pool.mint });
	const [player, forged, failing, donor] = pool.players;
	let tampered = null;
	let cut = null;
	const relay = await startRelay(`${world.chain.url.replace(/\/$/, '')}/node/0`, (method, body) => {
		if (method === 'getTransaction' && cut !== null && body.includes(cut)) return JSON.stringify(withoutInner(JSON.parse(body)));
		if (method !== 'getTransaction' || tampered === null || !body.includes(tampered)) return body;
		return body.replace(tampered, `${tampered.slice(0, -4)}${tampered.slice(-4) === 'AAAA' ? 'AAAB' : 'AAAA'}`);
	});
	t.after(() => relay.close());
	const daemon = world.startDaemonWith({ SOLANA_RPC_URL: relay.url });
	await daemon.wait('lease.held');
	const txHash = await world.scenario.join(pool, player);
	const good = { txHash, pool, wallet: player, amount: pool.amount };
	const plain = await world.scenario.send([donor], [build.transfer(donor, player, 1000n)]);
	const wrongBet = world.scenario.instruction('join_pool', pool, failing, {}, build.u64(pool.amount + 1n));
	const failed = await send(world, await signed(world, [failing], [wrongBet]));
	const bad = await signed(world, [forged], [joinOf(world, pool, forged)]);
	tampered = bad.wire;
	await world.scenario.landed(await send(world, bad));
	const cases = [
		['wrong_signer', { ...good, wallet: failing }],
		['wrong_pool', { ...good, pool: other }],
		['wrong_instruction', { ...good, operation: 'donate' }],
		['wrong_instruction', { ...good, operation: 'cancel', amount: null }],
		['wrong_amount', { ...good, amount: pool.amount + 1n }],
		['wrong_program', { ...good, txHash: plain, wallet: donor }],
		['failed_on_chain', { txHash: failed, pool, wallet: failing }],
		['bad_signature', { txHash: bad.txHash, pool, wallet: forged }],
	];
	for (const [reason, claim] of cases) {
		const id = await submit(world, claim);
		const { state, reason: given } = await answered(daemon, world, id);
		assert.deepEqual([state, given], ['rejected', reason]);
	}
	assert.equal(await world.sql('SELECT count(*) FROM public.used_transactions'), '0', 'nothing refused is marked used');
	assert.equal((await answered(daemon, world, await submit(world, good))).state, 'accepted');
	tampered = null;
	assert.equal((await answered(daemon, world, await submit(world, { txHash: bad.txHash, pool, wallet: forged }))).state, 'accepted',
		'a refusal burns no hash');
	assert.equal((await answered(daemon, world, await submit(world, { ...good, wallet: failing }))).reason, 'wrong_signer');
	// Another program got the pool, and the node does not tell what it called.
	const mention = { ...build.transfer(donor, player, 1000n) };
	mention.accounts = [...mention.accounts, { key: pool.address, signer: false, writable: false }];
	const hidden = await signed(world, [donor], [mention]);
	cut = hidden.wire;
	await world.scenario.landed(await send(world, hidden));
	const waiting = await submit(world, { txHash: hidden.txHash, pool, wallet: donor });
	await daemon.wait('submission.cut_body', { sig: hidden.txHash });
	assert.equal((await answer(world, waiting)).state, 'pending');
	cut = null;
	assert.equal((await answered(daemon, world, waiting)).reason, 'wrong_program');
});

function withoutInner(answer) {
	if (answer.result?.meta) answer.result.meta.innerInstructions = null;
	return answer;
}

test('the age counts by the chain\'s clock: a join of two minutes, anything else of five', async (t) => {
	const world = await World.start();
	t.after(() => world.stop());
	const pool = await openPool(world, { players: 2 });
	const [player, donor] = pool.players;
	const join = await world.scenario.join(pool, player);
	const donations = [await world.scenario.donate(pool, donor, pool.amount), await world.scenario.donate(pool, donor, 2n * pool.amount)];
	await world.pastLock(122);
	const daemon = world.startDaemon();
	const donate = (k) => ({ txHash: donations[k], pool, wallet: donor, operation: 'donate' });
	const early = await submit(world, donate(0));
	assert.equal((await answered(daemon, world, await submit(world, { txHash: join, pool, wallet: player }))).reason, 'too_old');
	assert.equal((await answered(daemon, world, early)).state, 'accepted');
	await answered(daemon, world, early, { final: '1' });
	await daemon.kill();
	await world.pastLock(300);
	await world.forgetLease();
	const next = world.startDaemon();
	assert.equal((await answered(next, world, await submit(world, donate(1)))).reason, 'too_old');
	// With the mark gone its age alone keeps a replay out.
	await world.sql('DELETE FROM public.used_transactions; DELETE FROM keeper.submissions');
	assert.equal((await answered(next, world, await submit(world, donate(0)))).reason, 'too_old');
});

test('a hash that nobody knows waits while it could still land: the slow one is accepted, the forged one refused at the end', async (t) => {
	const world = await World.start({ nodes: 2, settings: { LOG_LEVEL: 'debug' } });
	t.after(() => world.stop());
	const pool = await openPool(world);
	const [player] = pool.players;
	const daemon = world.startDaemon();
	const nextTick = () => daemon.wait('tick', {}, { from: daemon.events.length });
	await nextTick();
	// The chain goes on only when the test says so: how long the daemon takes is no part of it.
	await world.scenario.chain('slotMs', 0);
	const slow = await signed(world, [player], [joinOf(world, pool, player)]);
	const forged = base58.encode(crypto.randomBytes(64));
	const ids = [await submit(world, { txHash: slow.txHash, pool, wallet: player }), await submit(world, { txHash: forged, pool, wallet: player })];
	for (const id of ids) await seen(world, id);
	await world.scenario.chain('tick', 140);
	for (let i = 0; i < 3; i++) await nextTick();
	for (const id of ids) assert.equal((await answer(world, id)).state, 'pending');
	await send(world, slow);
	await world.scenario.chain('tick', 3);
	assert.equal((await answered(daemon, world, ids[0])).state, 'accepted');
	// Its life is over, and not yet for the finalized chain.
	await world.scenario.chain('tick', 50);
	for (let i = 0; i < 3; i++) await nextTick();
	assert.equal((await answer(world, ids[1])).state, 'pending');
	await world.scenario.chain('tick', 50);
	assert.equal((await answered(daemon, world, ids[1])).reason, 'not_found');
});

test('one host that hides a join, through two of its endpoints, does not have it refused', async (t) => {
	const world = await World.start({ nodes: 2, slotMs: 100, settings: { LOG_LEVEL: 'debug' } });
	t.after(() => world.stop());
	const pool = await openPool(world);
	const [player] = pool.players;
	let hidden = 0;
	const hide = (body) => {
		const answer = JSON.parse(body);
		hidden += answer.result.value.filter((status) => status).length;
		answer.result.value = answer.result.value.map(() => null);
		return JSON.stringify(answer);
	};
	const relay = await startRelay(world.nodeUrl(0), (method, body) => (method === 'getSignatureStatuses' ? hide(body) : body));
	// The other one has it in its history only.
	const honest = await startRelay(world.nodeUrl(1), (method, body, params) => (method === 'getSignatureStatuses' && !params[1].searchTransactionHistory ? hide(body) : body));
	for (const one of [relay, honest]) t.after(() => one.close());
	// A little behind, so that it is the liar who is asked first.
	await world.scenario.chain('faults', { node: 1, lag: 20 });
	const daemon = world.startDaemonWith({ SOLANA_RPC_URL: relay.url, SOLANA_RPC_URL_2: `${relay.url}?api-key=two`, SOLANA_RPC_URL_3: honest.url });
	await daemon.wait('lease.held');
	const txHash = await world.scenario.join(pool, player);
	await world.scenario.chain('tick', 3);
	await world.scenario.chain('slotMs', 0);
	const id = await submit(world, { txHash, pool, wallet: player });
	await seen(world, id);
	await world.scenario.chain('tick', 240);
	for (const deadline = Date.now() + 60000; hidden === 0; await sleep(50)) assert.ok(Date.now() < deadline, 'its status is asked for');
	for (let ticks = daemon.all('tick').length; daemon.all('tick').length < ticks + 4;) await sleep(100);
	assert.notEqual((await answer(world, id)).state, 'rejected');
});

// Stands still after the join, so that it stays confirmed and not final until the test goes on.
async function acceptedOnly(world, daemon, pool, player) {
	await world.scenario.chain('tick', 1); // the join gets a block after the pool's
	const tx = await signed(world, [player], [joinOf(world, pool, player)]);
	await world.scenario.landed(await send(world, tx));
	await world.scenario.chain('slotMs', 0);
	await world.scenario.chain('tick', 3);
	const id = await submit(world, { txHash: tx.txHash, pool, wallet: player });
	const { state, slot, final } = await answered(daemon, world, id);
	assert.deepEqual([state, final], ['accepted', false]);
	return { id, slot, tx };
}

test('a fork takes an accepted join away for good: the acceptance is revoked with its mark', async (t) => {
	const world = await World.start();
	t.after(() => world.stop());
	const pool = await openPool(world);
	const daemon = world.startDaemon();
	await daemon.wait('lease.held');
	const { id, slot } = await acceptedOnly(world, daemon, pool, pool.players[0]);
	await world.scenario.chain('rollbackFrom', slot);
	await world.scenario.chain('tick', 250);
	await world.scenario.chain('slotMs', 100);
	const { state, reason } = await answered(daemon, world, id, { state: 'revoked' });
	assert.deepEqual([state, reason], ['revoked', 'not_found']);
	assert.equal(await world.sql('SELECT count(*) FROM public.used_transactions'), '0');
});

test('a fork moves an accepted join to another block: it stays accepted and is final there', async (t) => {
	const world = await World.start();
	t.after(() => world.stop());
	const pool = await openPool(world);
	const daemon = world.startDaemon();
	await daemon.wait('lease.held');
	const { id, slot, tx } = await acceptedOnly(world, daemon, pool, pool.players[0]);
	await world.scenario.chain('rollbackFrom', slot);
	await world.scenario.chain('tick', 5);
	await send(world, tx);
	await world.scenario.chain('slotMs', 100);
	const last = await answered(daemon, world, id, { final: '1' });
	assert.equal(last.state, 'accepted');
	assert.notEqual(last.slot, slot);
	assert.equal(daemon.all('submission', { id: String(id), state: 'revoked' }).length, 0);
	assert.equal(await world.sql('SELECT count(*) FROM public.used_transactions'), '1');
});

for (const when of ['before', 'after']) {
	test(`kill -9 ${when} Postgres ran the answer: one acceptance, one mark`, async (t) => {
		const world = await World.start();
		t.after(() => world.stop());
		const pool = await openPool(world);
		const trap = await startTrap(world.databaseUrl);
		t.after(() => trap.close());
		const txHash = await world.scenario.join(pool, pool.players[0]);
		const claim = { txHash, pool, wallet: pool.players[0] };
		const ids = [await submit(world, claim), await submit(world, claim)];
		const first = world.startDaemonWith({ DATABASE_URL: trap.url });
		await trap.spring({ texts: ['keeper.submissions_answer'], when, kill: () => first.kill('SIGKILL') });
		await first.exited;
		await world.forgetLease();
		const second = world.startDaemon();
		await answered(second, world, ids[0], { final: '1' });
		assert.equal((await answer(world, ids[0])).state, 'accepted');
		assert.equal((await answer(world, ids[1])).reason, 'already_used');
		assert.equal(await world.sql('SELECT count(*) FROM public.used_transactions'), '1');
	});
}

test('10,000 forged hashes do not keep a draw waiting, nor an honest join, and are all refused in the end', async (t) => {
	const world = await World.start();
	t.after(() => world.stop());
	const due = await world.lockedPool();
	const pool = await openPool(world, { mint: due.mint });
	const was = await money.before(world, due);
	await world.sql(`INSERT INTO keeper.submissions (tx_hash, pool, wallet, operation)
		SELECT keeper.base58(sha512(n::text::bytea)), '${pool.address}', '${pool.players[0].address}', 'join' FROM generate_series(1, 10000) n`);
	await world.pastLock();
	const daemon = world.startDaemon();
	await world.recorded(due);
	await money.assertPaid(world, due, was);
	assert.equal(await world.sql("SELECT count(*) FROM keeper.submissions WHERE state = 'pending'"), '10000', 'the draw came first');
	const id = await submit(world, { txHash: await world.scenario.join(pool, pool.players[0]), pool, wallet: pool.players[0] });
	assert.equal((await answered(daemon, world, id)).state, 'accepted');
	while (await world.sql('SELECT count(*) FROM keeper.submissions WHERE seen_height IS NULL') !== '0') await sleep(50);
	await world.scenario.chain('tick', 250);
	while (await world.sql("SELECT count(*) FROM keeper.submissions WHERE state = 'pending'") !== '0') await sleep(50);
	assert.equal(await world.sql("SELECT count(*) FROM keeper.submissions WHERE reason = 'not_found'"), '10000');
});

test('old marks are deleted batch after batch, young ones stay', async (t) => {
	const world = await World.start();
	t.after(() => world.stop());
	await world.sql(`INSERT INTO public.used_transactions (tx_hash, wallet_address, used_at)
		SELECT n::text, 'w', now() - CASE WHEN n <= 2500 THEN interval '31 days' ELSE interval '29 days' END FROM generate_series(1, 2600) n`);
	const daemon = world.startDaemon();
	await daemon.wait('retention', { deleted: '2500' });
	assert.equal(await world.sql('SELECT min(id), count(*) FROM public.used_transactions'), '2501|100');
});
