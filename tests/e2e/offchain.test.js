// Draws whose stakes are in Postgres, from due to their end by the daemon alone: real Postgres, local chain, recorded rounds of drand.
'use strict';

const test = require('node:test');
const assert = require('node:assert');
const { createHash } = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');
const { DrawWorld, PLAIN, LOCK, DUE } = require('./offchain.js');
const { sleep } = require('./world.js');
const { startRelay } = require('./relay.js');
const { Daemon } = require('./daemon.js');
const { Keypair } = require('../chain/solana.js');
const { OPERATOR_SECRET } = require('../db/certified.js');

const FULL = process.env.POOLKEEPER_TEST_FULL === '1';
let world;
test.before(async () => { world = await DrawWorld.start({ nodes: 2 }); });
test.after(() => world?.stop());

const coinsOf = (draw) => world.sql(`SELECT state, pot, kept, (SELECT coalesce(sum(amount), 0) FROM coin_draws.transactions WHERE type = 'draw_prize' AND metadata ->> 'draw' = '${draw.key}') FROM coin_draws.draws WHERE id = ${draw.key}`);
const paidOf = (draw) => world.sql(`SELECT count(*), coalesce(sum(units), 0) FROM plain.paid WHERE key = '${draw.key}'`);
const other = new Keypair();

// The database's second computation comes to another winner of this draw, and counts how often it is asked.
const dispute = (key) => world.sql(`CREATE SEQUENCE public.disputes; GRANT USAGE ON SEQUENCE public.disputes TO poolkeeper; ALTER FUNCTION keeper.sel1 RENAME TO sel1_agreed;
	CREATE FUNCTION keeper.sel1(p_draw uuid, p_root bytea, p_beta bytea, p_mode integer, p_prizes bigint, p_alternates bigint)
	RETURNS TABLE (pick bigint, attempt bigint, number numeric, total numeric, entry bigint) LANGUAGE sql AS $$
		SELECT s.pick, s.attempt, s.number, s.total, CASE WHEN EXISTS (SELECT FROM keeper.offchain_draws WHERE draw = p_draw AND source_key = '${key}')
			THEN (s.entry + least(nextval('public.disputes'), 1)) % 3 ELSE s.entry END FROM keeper.sel1_agreed(p_draw, p_root, p_beta, p_mode, p_prizes, p_alternates) s $$;
	GRANT EXECUTE ON FUNCTION keeper.sel1 TO poolkeeper`);
const agree = () => world.sql('DROP FUNCTION keeper.sel1; ALTER FUNCTION keeper.sel1_agreed RENAME TO sel1');

// The lease goes from one to the other and back while `until` is not there yet.
async function passLease(until) {
	let over = false;
	until.finally(() => { over = true; }).catch(() => {});
	while (!over) {
		await world.forgetLease();
		await sleep(300);
	}
	return until;
}

test('one draw of each source, without a VRF, with two daemons, a false relay, a key that is away, settlements that cheat and that hang', async () => {
	await world.addSlow();
	const slow = [await world.slow('slow1'), await world.slow('slow2')];
	const draws = { coins: await world.coins(4, { prize: 12, kind: 'coins', fee: 5 }), money: await world.coins(3, { prize: 10, fee: 2 }), jackpot: await world.jackpot(), raffle: await world.raffle() };
	const plain = { fair: await world.plain('fair'.padEnd(127, ' :')), cheat: await world.plain('cheat'), tampered: await world.plain('tampered'), disputed: await world.plain('disputed') };
	const all = [...slow, ...Object.values(draws), ...Object.values(plain)];
	const before = await world.sql("SELECT sum(amount) FROM coin_draws.transactions");
	await world.lockTime();
	for (const draw of all) await world.sql(draw.due);
	let falseBlocks = false, noBlocks = false;
	const relay = await startRelay(`${world.chain.url.replace(/\/$/, '')}/node/1`, (method, body) => (method === 'getBlock' && noBlocks ? body.replace(/"result":.*,"id"/s, '"error":{"code":-32601,"message":"Method not found"},"id"') : method === 'getBlock' && falseBlocks ? body.replace(/"blockhash":"\w+"/, `"blockhash":"${other.address}"`) : body));
	world.stops.push(() => relay.close());
	// Two keys are here, and the newer file is not the one that is registered.
	const both = [1, 2].map(() => world.startDaemonWith({ SOLANA_RPC_URL_2: relay.url, VRF_KEY_FILE: world.vrfFile(other), VRF_KEY_FILE_OLD_1: world.vrfFile() }));
	await world.all(all, 'true');
	falseBlocks = true;
	await passLease(world.all(all, 'anchor_sig IS NOT NULL'));
	await world.scenario.chain('skipSlots', 3);
	await world.pastSlots();
	await passLease(Promise.any(both.map((daemon) => daemon.wait('offchain.wait', { reason: 'OFFCHAIN_NODES_DIFFER' }))));
	assert.equal(await world.sql('SELECT count(*) FROM keeper.offchain_draws WHERE block_slot IS NOT NULL'), '0', 'of two blocks none is taken');
	noBlocks = true;
	const [silent] = await passLease(Promise.any(both.map((daemon) => Promise.all([daemon.wait('offchain.no_block', { node: 'rpc2' }), daemon.wait('offchain.wait', { reason: 'OFFCHAIN_ONE_NODE' })]))));
	assert.match(silent.line, /why="[^"]*Method not found/);
	falseBlocks = noBlocks = false;
	await passLease(world.all(all, 'block_slot IS NOT NULL AND round = 1000'));
	for (const daemon of both) assert.deepEqual(daemon.all('offchain.lock_failed', { why: /VRF key/ }), [], 'no key is tried that is not the one');
	for (const daemon of both) await daemon.kill();
	assert.equal(await world.sql("SELECT count(*), count(DISTINCT subject) FROM keeper.steps WHERE step = 'ANCHOR' AND state = 'final'"), `${all.length}|${all.length}`);
	await world.forgetLease();

	// Two change places: as many entries, of the same weight together. Twice, and all is as it was.
	const tamper = () => world.sql(`BEGIN; ALTER TABLE keeper.offchain_entries DISABLE TRIGGER USER; UPDATE keeper.offchain_entries e SET participant = o.participant
		FROM keeper.offchain_draws d JOIN keeper.offchain_entries o USING (draw) WHERE d.draw = e.draw AND d.source_key = 'tampered' AND (e.ref, o.ref) IN (('1', '2'), ('2', '1')); ALTER TABLE keeper.offchain_entries ENABLE TRIGGER USER; COMMIT`);
	await tamper();
	await dispute('disputed');
	await world.hang('settle');
	world.drand.behave('notYet', 'notYet', 'notYet');
	await world.roundTime();
	const keyless = world.startDaemonWith({ VRF_KEY_FILE: world.vrfFile(other) });
	await keyless.wait('offchain.wait', { reason: 'OFFCHAIN_RELAYS' });
	world.drand.behave('lie', 'honest', 'failing');
	await keyless.wait('offchain.no_beacon', { err: 'refused' });
	world.drand.behave('lie', 'honest', 'honest');
	await keyless.wait('drand.false_relay');
	// While the first one hangs, all others get their winners; when it is cancelled, its source waits and all others are paid.
	await world.all([...slow, plain.fair, plain.cheat], "state = 'drawn'");
	await world.untilHanging();
	await world.cancelHanging();
	await keyless.wait('offchain.source_failed', { source: 'slow', statement: 'settle', why: /^57014 / });
	await keyless.wait('offchain.halted', { source: 'slow', why: /^its source's statement .*settle.* took too long, nothing of it was kept: 57014 canceling statement/ });
	await keyless.wait('offchain.wait', { source: 'slow', reason: 'OFFCHAIN_SOURCE' });
	await world.until(plain.fair, 'settled');
	assert.equal(await world.sql('SELECT count(*) FROM slow.paid'), '0');
	assert.equal(keyless.all('offchain.refused', { source: 'slow' }).length, 1, 'the slow source was not tried again before the others were paid');
	for (const draw of Object.values(draws)) {
		await keyless.wait('offchain.wait', { key: draw.key, reason: 'OFFCHAIN_KEY' });
		await keyless.wait('offchain.halted', { key: draw.key, why: new RegExp(`the private half of its VRF key ${world.vrf.publicKey.toString('hex')} is not here`) });
	}
	assert.equal(await paidOf(plain.fair), '1|100');
	await keyless.wait('offchain.halted', { key: 'cheat', why: /settle paid 99 units to 1 winners, but 100 units and 1 winners are due; nothing was kept/ });
	await keyless.wait('offchain.halted', { key: 'tampered', why: /the frozen entries do not have the root that was locked/ });
	// A prize and an alternate each time: at once, a minute later, then twice as late each time.
	await keyless.wait('offchain.halted', { key: 'disputed', why: /^two computations of the winners differ: pick \d: entry \d here, \d by the daemon$/ });
	assert.equal(keyless.all('offchain.halted', { key: 'disputed' }).length, 1, 'said once');
	const asked = Number(await world.sql('SELECT last_value FROM public.disputes'));
	assert.ok(asked <= 10, `asked ${asked} times: it waits for people`);
	assert.deepEqual([(await world.row(plain.disputed)).state, await paidOf(plain.disputed)], ['locked', '0|0']);
	assert.equal(await world.sql("SELECT count(*) FROM keeper.offchain_picks JOIN keeper.offchain_draws USING (draw) WHERE source_key = 'disputed'"), '0');
	assert.deepEqual([(await world.row(plain.cheat)).state, await paidOf(plain.cheat)], ['drawn', '0|0']);
	assert.deepEqual([(await world.row(plain.tampered)).state, await paidOf(plain.tampered)], ['locked', '0|0']);
	await keyless.kill();
	await world.noneHangs();
	await world.forgetLease();

	await tamper();
	await agree();
	await world.hang('freeze');
	world.writePlain(PLAIN.statements.replace("CASE WHEN $1 = 'cheat' THEN 99 ELSE 100 END", '100'));
	const last = world.startDaemonWith({ VRF_KEY_FILE: world.vrfFile(other), VRF_KEY_FILE_OLD_1: world.vrfFile() });
	await world.sql((await world.slow('slow3')).due);
	await world.untilHanging();
	await world.sql("UPDATE slow.draws SET state = 'gone' WHERE key = 'slow3'");
	await world.cancelHanging();
	await last.wait('offchain.lock_failed', { source: 'slow', key: 'slow3', why: /^57014 / });
	await last.wait('offchain.source_failed', { source: 'slow', statement: 'lock' });
	await world.sql("UPDATE slow.hangs SET name = 'due'");
	await world.cancelHanging();
	await last.wait('offchain.source_failed', { source: 'slow', statement: 'due', why: /^57014 / });
	await world.noneHangs();
	await world.all(all, "state = 'settled' AND halted_why IS NULL");
	assert.equal(await world.sql('SELECT count(*), sum(units) FROM slow.paid'), '2|200');
	assert.equal(await coinsOf(draws.coins), 'drawn|0|8|12');
	assert.equal(await coinsOf(draws.money), 'drawn|0|6|0');
	assert.equal(await world.sql(`SELECT count(*), sum(amount) FROM coin_draws.winners WHERE draw_id = ${draws.money.key}`), '1|10.00');
	assert.equal(await world.sql('SELECT sum(amount) FROM coin_draws.transactions'), String(Number(before) + 12));
	assert.equal(await world.sql("SELECT kind, amount = (SELECT amounts[1] FROM keeper.offchain_draws WHERE source = 'jackpots'), count(*) OVER () FROM jackpot.credits"), 'win|t|1');
	assert.equal(await world.sql('SELECT count(*), count(DISTINCT participant_id) FROM raffle_schema.raffle_winners'), '3|3');
	for (const draw of Object.values(plain)) assert.equal(await paidOf(draw), '1|100', draw.key);
	assert.equal(await world.sql("SELECT count(*) FROM keeper.offchain_draws WHERE anchor_slot >= slot OR (vrf_key IS NULL) <> (source IN ('plain', 'slow'))"), '0');
	await world.sound();
});

test('a database from before a lock: it is on the chain, and nothing is locked until somebody answers; that draw never again', async () => {
	await world.daemons.at(-1).kill();
	await world.lockTime();
	const [lost, next] = [await world.plain('lost'), await world.plain('next')];
	await world.sql(lost.due);
	await world.forgetLease();
	const folder = path.join(world.directory, 'certificates');
	const certified = { CERTIFICATE_DIR: folder, CERTIFICATE_PRIVATE_KEY: OPERATOR_SECRET };
	const before = world.startDaemonWith(certified);
	await world.all([lost], 'anchor_sig IS NOT NULL');
	const { draw, seq, hash } = await world.row(lost);
	const memo = `poolkeeper ${seq} plain:lost ${hash.slice(2)}`;
	const [signed] = (await world.scenario.node.call('getSignaturesForAddress', world.devWallet.address)).filter((one) => one.memo?.includes(memo));
	assert.equal(signed.memo, `[${memo.length}] ${memo}`);
	const file = `lock-${seq}-${draw}.json`;
	await before.wait('certificate.written', { file });
	const { anchor, lock, tickets } = JSON.parse(fs.readFileSync(path.join(folder, file)));
	assert.deepEqual(anchor, { signature: signed.signature, slot: String(signed.slot), wallet: world.devWallet.address });
	assert.deepEqual([`\\x${createHash('sha256').update(JSON.stringify(lock)).digest('hex')}`, tickets.length], [hash, 3]);
	assert.equal(await world.sql(`SELECT block_slot FROM keeper.offchain_draws WHERE draw = '${draw}'`), '', 'before the block is known');
	await before.kill();
	for (const [table, which] of [['steps', `subject = 'offchain:${draw}'`], ['offchain_entries', `draw = '${draw}'`], ['offchain_draws', `draw = '${draw}'`], ['audits', 'true']]) {
		await world.sql(`ALTER TABLE keeper.${table} DISABLE TRIGGER USER; DELETE FROM keeper.${table} WHERE ${which}; ALTER TABLE keeper.${table} ENABLE TRIGGER USER`);
	}
	await world.sql(`UPDATE plain.draws SET state = 'open' WHERE key = 'lost'; ${next.due}`);
	await world.forgetLease();
	const after = world.startDaemonWith({ ...certified, AUDIT_SECONDS: '1' });
	await after.wait('audit.foreign_signature', { sig: signed.signature, kind: 'ANCHOR', memo });
	await world.pastSlots(300);
	for (const { key } of [lost, next]) await after.wait('offchain.lock_failed', { key, why: new RegExp(`nothing is locked: .*${signed.signature}, ${memo}`) });
	await world.sql(`SELECT keeper.offchain_answer('${signed.signature}', 'paid by hand')`);
	await world.all([next], 'true');
	await after.wait('offchain.lock_failed', { key: 'lost', why: new RegExp(`${memo} was locked before, in ${signed.signature}: no draw is locked twice`) });
	assert.equal(await world.row(lost), null);
	const again = `lock-${seq}-${(await world.row(next)).draw}.json`;
	await after.wait('certificate.twice', { file: again, other: file });
	assert.equal(fs.existsSync(path.join(folder, again)), false);
});

test('a memo that never lands, a round that never comes: public defaults, every stake goes back', { skip: !FULL && 'scripts/test --full' }, async () => {
	const daemon = world.daemons.at(-1);
	const late = await world.coins(3, { fee: 5 });
	const gone = [await world.coins(4, { fee: 5 }), await world.jackpot(), await world.raffle(), await world.plain('gone')];
	const balances = () => world.sql("SELECT (SELECT sum(coin_balance) FROM coin_draws.users), (SELECT sum(points) FROM raffle_schema.points_balances)");
	const before = await balances();
	for (const draw of gone) await world.sql(draw.due);
	await world.all(gone, 'anchor_sig IS NOT NULL');
	await world.pastSlots();
	await world.all(gone, 'block_slot IS NOT NULL');
	world.drand.behave('notYet', 'notYet', 'notYet');
	await world.scenario.chain('faults', { node: 'all', drop: 1000 });
	await world.sql(late.due);
	const { subject } = await daemon.wait('tx.send', { subject: new RegExp((await world.until(late, 'locked')).draw) });
	await world.pastSlots(400);
	await daemon.wait('offchain.wait', { key: late.key, reason: 'OFFCHAIN_ANCHOR_LATE' });
	await world.scenario.chain('faults', { node: 'all', clear: true });
	await world.pastDeadlines();
	await world.all([late, ...gone], "state = 'refunded'");
	const ours = [late, ...gone].map(({ source, key }) => `('${source}', '${key}')`).join(', ');
	assert.equal(await world.sql(`SELECT default_why, count(*) FROM keeper.offchain_draws WHERE (source, source_key) IN (${ours}) AND state = 'refunded' GROUP BY 1 ORDER BY 1`), 'no_anchor|1\nno_beacon|4');
	assert.equal(await world.sql(`SELECT count(*) FROM keeper.steps WHERE subject = '${subject}' AND state = 'final'`), '0');
	for (const draw of [late, ...gone]) await daemon.wait('offchain.defaulted', { key: draw.key });
	assert.equal(await paidOf(gone[3]), '3|30');
	assert.notEqual(await balances(), before, 'the stakes are back');
	assert.equal(await world.sql("SELECT count(*), sum(amount) FROM coin_draws.transactions WHERE type = 'draw_refund'"), '7|35');
	assert.equal(await world.sql("SELECT count(*) FROM jackpot.credits WHERE kind = 'refund'"), '5');
	world.drand.behave('honest', 'honest', 'honest');
	await world.sound();
});

const METHOD_NOT_FOUND = '"error":{"code":-32601,"message":"Method not found"},"id"';
const explain = async (name) => {
	const shown = new Daemon(world.environment(), ['explain', name, '--json']);
	const { code } = await shown.exit();
	assert.equal(code, 0, shown.log);
	return JSON.parse(shown.output);
};
const waitsFor = async (name) => {
	const { next } = await explain(name);
	return [next.waits_for.value.split(':')[0], next.why?.value];
};
// Once the daemon has told it.
const told = async (key, reason) => {
	for (const deadline = Date.now() + 60000; Date.now() < deadline; await sleep(100)) {
		if (await world.sql(`SELECT reason FROM keeper.offchain_waits WHERE source = 'plain' AND source_key = '${key}'`) === reason) return waitsFor(`plain:${key}`);
	}
	throw new Error(`${key} does not wait for ${reason}:\n${world.daemons.at(-1).log.slice(-6000)}`);
};

test('what is due waits in words: for the audit, for nodes that show no block, for clocks that differ; rows that cannot be locked hide none behind them', async () => {
	for (const daemon of world.daemons) await daemon.kill();
	const refused = new Set(['getSignaturesForAddress']);
	const relays = [];
	for (const k of [0, 1]) {
		relays.push(await startRelay(world.nodeUrl(k), (method, body) => (refused.has(method) || refused.has(`${k} ${method}`) ? body.replace(/"result":.*,"id"/s, METHOD_NOT_FOUND) : body)));
		world.stops.push(() => relays[k].close());
	}
	world.writePlain(PLAIN.statements.replace("AND state = 'open'\n", "AND state = 'open' AND key NOT LIKE 'bad%'\n"));
	await world.lockTime();
	const good = await world.plain('good');
	await world.sql(`INSERT INTO plain.draws (key, due) SELECT 'bad' || i, true FROM generate_series(10, 79) AS i; ${good.due}`);
	await world.forgetLease();
	const daemon = world.startDaemonWith({ SOLANA_RPC_URL: relays[0].url, SOLANA_RPC_URL_2: relays[1].url, AUDIT_SECONDS: '1' });
	await daemon.wait('offchain.locks', { reason: 'OFFCHAIN_AUDIT' });
	await daemon.wait('audit.failed');
	assert.deepEqual(await told('bad10', 'OFFCHAIN_AUDIT'), ['OFFCHAIN_AUDIT', undefined]);

	refused.add('1 getBlock');
	refused.delete('getSignaturesForAddress');
	await daemon.wait('offchain.no_block', { node: 'rpc2', why: /Method not found/ });
	await daemon.wait('offchain.locks', { reason: 'OFFCHAIN_NODES', detail: /^rpc2 shows none: / });
	assert.match((await told('bad10', 'OFFCHAIN_NODES')).join(' '), /^OFFCHAIN_NODES rpc2 shows none: .*Method not found/);
	const metrics = await (await fetch(`http://${(await daemon.wait('http.listening')).address}/metrics`)).text();
	assert.match(metrics, /^poolkeeper_offchain_draws\{state="due"\} (\d+)$(?=[^]*^poolkeeper_offchain_waits\{reason="OFFCHAIN_NODES"\} \1$)/m);
	assert.ok(Number(/^poolkeeper_offchain_draws\{state="due"\} (\d+)$/m.exec(metrics)[1]) >= 64, 'a page or more');

	world.postgres.setTime(LOCK + 600);
	await daemon.wait('offchain.clocks', { next: 'wait', database_ahead_s: /^(59|60)\d$/ });
	await daemon.wait('offchain.locks', { reason: 'OFFCHAIN_CLOCKS' });
	refused.clear();
	assert.equal((await told('bad10', 'OFFCHAIN_CLOCKS'))[0], 'OFFCHAIN_CLOCKS');
	assert.equal(await world.row(good), null);
	await world.lockTime();
	await daemon.wait('offchain.clocks', { next: 'go_on' });

	const row = await world.until(good, 'locked');
	await daemon.wait('offchain.lock_failed', { key: 'bad10' });
	assert.match((await told('bad10', 'OFFCHAIN_NOT_LOCKED')).join(' '), /^OFFCHAIN_NOT_LOCKED source plain, key bad10: its statement "freeze" failed/);

	world.postgres.setTime(DUE + 700);
	await daemon.wait('offchain.wait', { key: 'good', reason: 'OFFCHAIN_CLOCKS' });
	assert.equal((await waitsFor('plain:good'))[0], 'OFFCHAIN_CLOCKS');
	assert.equal((await world.row(good)).state, 'locked');
	await world.setTime(DUE + 700);
	await world.until(good, 'refunded');
	assert.equal((await world.row(good)).draw, row.draw);
	await daemon.kill();

	await world.sql("UPDATE plain.draws SET due = key = 'bad10' WHERE state = 'open'");
	await world.forgetLease();
	world.writePlain(PLAIN.statements);
	const lone = world.startDaemonWith({ SOLANA_RPC_URL_2: `${world.nodeUrl(0)}?api-key=topsecretkey` });
	await lone.wait('config.same_host', { key: 'SOLANA_RPC_URL_2', other: 'SOLANA_RPC_URL' });
	await lone.wait('offchain.lock_failed', { key: 'bad10', why: /needs nodes of two hosts/ });
	assert.ok(!lone.log.includes('topsecret'));
	assert.equal(await world.row({ source: 'plain', key: 'bad10' }), null);
});

test('--once is not done while a draw is locked and not drawn, nor before each source was asked; the next one ends it', async () => {
	for (const daemon of world.daemons) await daemon.kill();
	world.writePlain(PLAIN.statements);
	await world.sql("UPDATE plain.draws SET due = false WHERE state = 'open'");
	await world.lockTime();
	const draw = await world.plain('once');
	await world.sql(draw.due);
	await world.forgetLease();
	// What other tests left due with other sources would be unfinished as well.
	const alone = path.join(world.directory, 'alone');
	fs.cpSync(path.join(world.sources, 'plain'), path.join(alone, 'plain'), { recursive: true });
	const once = async (settings) => (await world.startDaemonWith({ AUDIT_SECONDS: '1', OFFCHAIN_SOURCES: alone, ...settings }, '--once').exited).code;
	assert.equal(await once({ ONCE_DEADLINE_SECONDS: '20' }), 75);
	assert.equal((await world.row(draw)).state, 'locked');
	await world.roundTime();
	await world.forgetLease();
	assert.equal(await once({ ONCE_DEADLINE_SECONDS: '100' }), 0);
	assert.equal((await world.row(draw)).state, 'settled');
	assert.equal(await paidOf(draw), '1|100');
});
