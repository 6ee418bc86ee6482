// A draw whose stakes are in the database, from lock to its one end: what is fixed stays, each value is written once, money moves once.
'use strict';

const test = require('node:test');
const assert = require('node:assert');
const crypto = require('node:crypto');
const { spawn } = require('node:child_process');
const { once } = require('node:events');
const { startPostgres, psql } = require('../lib/postgres');
const { startPgBouncer } = require('../lib/pgbouncer');
const { newKeeper, signature } = require('./keeper');
const {
	THREE, Offchain, Keeper, newOffchain, RULES, STATEMENTS, VRF_KEY, WALLET, sha256, sha512, hex, bytes, be64, uuidBytes, alpha, merkleRoot, leaf, roundAt, now,
} = require('./offchain');

// Sorted keys, all values strings: what `jq -cS .` writes.
const lockText = (lock) => JSON.stringify(Object.fromEntries(Object.entries(lock).sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, value]) => [key, Array.isArray(value) ? value : String(value)])));

let server;
let off;
test.before(async () => {
	server = await startPostgres();
	off = await newOffchain(newKeeper, server);
});
test.after(() => server.stop());

// An entry as the verbs make one, of a draw whose salt is 16 bytes of 0.
const ZERO = Buffer.alloc(16);
const entryX = (draw) => `INSERT INTO keeper.offchain_entries VALUES ('${draw}', 0, '${hex(sha256('PFE1-user', ZERO, 'x'))}', 1, 30, 0, 'x', 'x')`;

test('a lock fixes everything, and links it to the lock before', async () => {
	const [first, second] = [await off.locked(), await off.locked([...THREE, ['dora', 0, 't4'], ['anna', 7, 't5']])];
	assert.equal(bytes(second.previous).compare(bytes(first.hash)), 0);
	assert.equal(second.seq, first.seq + 1);
	assert.deepEqual([second.n, second.total_weight, second.state, second.vrf_key], [5, 13, 'locked', VRF_KEY]);
	const entries = await off.entries(second);
	const salt = bytes(second.salt);
	assert.deepEqual(entries.map((entry) => entry.participant), entries.map((entry) => hex(sha256('PFE1-user', salt, entry.account))));
	const order = entries.map((entry) => `${entry.participant} ${entry.weight} ${entry.ref}`);
	assert.deepEqual(order, [...order].sort());
	assert.equal(second.root, hex(merkleRoot(entries.map((entry) => leaf(second.draw, entry)))));
	assert.equal(second.stakes_root, hex(sha256([0], 'PFS1', uuidBytes(second.draw), be64(0), ...entries.map(() => be64(10)))));
	assert.equal(second.rules_hash, hex(sha256(JSON.stringify(RULES))));
	assert.equal(Date.parse(second.deadline) / 1000, 1692803367 + 3 * (second.locked_round - 1) + 600);
	const micros = await off.keeper.sql(`SELECT (1000000 * extract(epoch FROM opened_at))::bigint FROM plain.draws WHERE key = '${second.source_key}'`);
	const at = await off.keeper.sql(`SELECT floor(extract(epoch FROM locked_at)) FROM keeper.offchain_draws WHERE draw = '${second.draw}'`);
	const text = lockText({
		alternates: 0, amounts: ['100'], at, currency: 'points', deadline: Date.parse(second.deadline) / 1000,
		drand: '52db9ba70e0cc0f6eaf7803dd07447a1f5477735fd3f661792ba94600c84e971', draw: second.draw.replaceAll('-', ''), mode: 1, opened: micros,
		previous: second.previous.slice(2), randomness: 'vrf', root: second.root.slice(2), round: second.locked_round, rules: second.rules_hash.slice(2), seq: second.seq,
		slot: second.slot, source: 'plain', source_key: second.source_key, stakes: 50, stakes_root: second.stakes_root.slice(2), tickets: 5, total_weight: 13, vrf_key: 'US517G5965aydkZ46HS38QLi7UQiSojurfbQfKCELFx',
	});
	assert.equal(await off.keeper.sql(`SELECT keeper.offchain_lock_text(d) FROM keeper.offchain_draws d WHERE d.draw = '${second.draw}'`), text);
	assert.equal(second.hash, hex(sha256(text)), 'what the memo anchors is what the certificate holds');
});

test('of 16 that lock at once one does it and all read the same row; others at the same time make one chain', async () => {
	const key = await off.opened();
	const others = await Promise.all(Array.from({ length: 4 }, () => off.opened()));
	const rows = await Promise.all([...Array(16).fill(key), ...others].map((one) => off.lock(one)));
	assert.equal(new Set(rows.map((row) => row.draw)).size, 1 + others.length);
	assert.equal(await off.keeper.sql(`SELECT count(*) FROM keeper.offchain_draws WHERE source_key = '${key}'`), '1');
	assert.deepEqual(await off.keeper.call('offchain_audit', {}), [], 'and the chain has no fork');
});

test('entries of a locked draw are frozen, whoever tries', async () => {
	const draw = await off.locked();
	const same = `'${draw.draw}', 9, decode(repeat('00', 32), 'hex'), 1, 10, 0, 'x', 'x'`;
	const statements = [
		`INSERT INTO keeper.offchain_entries VALUES (${same})`, `UPDATE keeper.offchain_entries SET weight = 9 WHERE draw = '${draw.draw}'`,
		`DELETE FROM keeper.offchain_entries WHERE draw = '${draw.draw}'`, 'TRUNCATE keeper.offchain_entries CASCADE', 'TRUNCATE keeper.offchain_draws CASCADE',
		`DELETE FROM keeper.offchain_draws WHERE draw = '${draw.draw}'`,
	];
	const said = await off.outcomes([...statements, ...statements.map((one) => `SET LOCAL session_replication_role = replica; ${one}`)]);
	said.forEach((one, i) => assert.match(one, /^PK002 /, statements[i % statements.length]));
	assert.match(await off.keeper.outcome(`INSERT INTO keeper.offchain_entries VALUES (${same.replace(draw.draw, crypto.randomUUID())}); SET CONSTRAINTS ALL IMMEDIATE`),
		/^23503 offchain_entries_draw_fkey/, 'entries without a draw do not stay');
	await off.keeper.sql(`DELETE FROM plain.entries WHERE key = '${draw.source_key}'; INSERT INTO plain.entries VALUES ('${draw.source_key}', 'late', 'late', 99)`);
	assert.equal((await off.entries(draw)).length, 3, 'what the source does later is nothing to the draw');
});

test('what was fixed or written never changes, by hand neither', async () => {
	const draw = await off.locked();
	await off.draw(draw);
	const [row] = await off.keeper.rows(`SELECT * FROM keeper.offchain_draws WHERE draw = '${draw.draw}'`);
	const columns = Object.keys(row).filter((name) => row[name] !== null && name !== 'state');
	assert.ok(columns.length > 35);
	const types = JSON.parse(await off.keeper.sql("SELECT json_object_agg(attname, format_type(atttypid, atttypmod)) FROM pg_attribute WHERE attrelid = 'keeper.offchain_draws'::regclass"));
	const other = (name) => ({
		uuid: 'gen_random_uuid()', bytea: `${name} || '\\x00'`, 'keeper.hash32': "decode(repeat('cd', 32), 'hex')", text: `${name} || 'x'`,
		'keeper.signature': `'${signature('B')}'`, 'keeper.plain_text': `${name} || 'x'`, 'keeper.u64[]': "'{7}'", 'timestamp with time zone': `${name} + interval '1 s'`,
	}[types[name]] ?? `${name} + 1`);
	const set = (name, value) => `UPDATE keeper.offchain_draws SET ${name} = ${value} WHERE draw = '${draw.draw}'`;
	for (const value of [other, () => 'NULL']) {
		const said = await off.outcomes(columns.map((name) => set(name, value(name))));
		said.forEach((one, i) => assert.equal(one, `PK002 keeper.offchain_draws: ${columns[i]} is written once`));
	}
	for (const one of await off.outcomes(['locked', 'defaulted', 'refunded'].map((to) => set('state', `'${to}'`)))) assert.match(one, /^PK002 .* is drawn and cannot become/);
	const tables = ['offchain_picks SET number = 0', 'offchain_rules SET version = 9', "offchain_refusals SET reason = 'x'", "vrf_keys SET key = decode(repeat('00', 32), 'hex')"];
	for (const one of await off.outcomes(tables.flatMap((change) => [`UPDATE keeper.${change}`, `DELETE FROM keeper.${change.split(' ')[0]}`]))) assert.match(one, /^PK002 /);
	assert.match(await off.keeper.outcome(`INSERT INTO keeper.offchain_picks VALUES ('${draw.draw}', 7)`), /^PK002 /);
});

test('by hand nothing is drawn, settled or locked otherwise than by the verbs', async () => {
	const key = await off.opened();
	const terms = "salt, vrf_key, slot, locked_round, amounts, currency, alternates, stake_units, opened_at, owner";
	const insert = (draw, more = {}) => `INSERT INTO keeper.offchain_draws (draw, source, source_key, type, ${[terms, ...Object.keys(more)].join(', ')})
		VALUES ('${draw}', 'plain', '${key}', 'plain', ${["decode(repeat('00', 16), 'hex')", `'${VRF_KEY}'`, 1000, roundAt(now() + 300), "'{100}'", "'points'", 0, 30, "clock_timestamp() - interval '1 ms'", "'hand'", ...Object.values(more)].join(', ')})`;
	const entry = entryX;
	const hand = crypto.randomUUID();
	const later = {
		anchor_sig: `'${signature('A')}'`, anchor_slot: 5, block_slot: 1001, blockhash: `'${hex(Buffer.alloc(32))}'`, block_time: now(), round: roundAt(now() + 300),
		drand_signature: `'${hex(Buffer.alloc(48))}'`, proof: `'${hex(Buffer.alloc(80))}'`, beta: `'${hex(Buffer.alloc(64))}'`, proven_at: 'now()', halted_why: "'x'",
	};
	const said = await off.keeper.sql(`BEGIN; ${entry(hand)}; ${insert(hand, later)}; SELECT num_nulls(${Object.keys(later).join(', ')}) FROM keeper.offchain_draws WHERE draw = '${hand}'; ROLLBACK`);
	assert.equal(said, String(Object.keys(later).length), 'a lock has nothing of what comes later');
	for (const wrong of [entry(hand).replace(' 30, 0, ', ' 30, 5, '), entry(hand).replace(", 0, '", ", 1, '")]) {
		assert.match(await off.keeper.outcome(`${wrong}; ${insert(hand)}`), /^PK003 .* not numbered from 0, or below is not the weight before/, wrong);
	}

	const draw = await off.locked(THREE, { prizes: 2 });
	const row = await off.reveal(draw);
	const beta = crypto.randomBytes(64);
	await off.verb('prove', draw, Offchain.proof(row, beta));
	row.total_weight = 6;
	const picks = await off.picks({ ...row, prizes: 2 }, beta);
	const pick = (n, entryOf = (one) => picks.entry[one]) => `INSERT INTO keeper.offchain_picks VALUES ('${draw.draw}', ${n}, ${picks.attempt[n]}, ${picks.number[n]}, ${picks.total[n]}, ${entryOf(n)})`;
	const become = (state_, more = '') => `UPDATE keeper.offchain_draws SET state = '${state_}'${more} WHERE draw = '${draw.draw}'`;
	const drawn = become('drawn', ', drawn_at = now()');
	const outcomes = await off.outcomes([
		`${pick(0, (n) => (Number(picks.entry[n]) + 1) % 3)}; ${pick(1)}; ${drawn}`, `${pick(0)}; ${drawn}`, drawn,
		`INSERT INTO keeper.offchain_picks VALUES ('${draw.draw}', 2)`,
	]);
	outcomes.slice(0, 3).forEach((one) => assert.match(one, /^PK002 draw .*: its picks are not those of its beta$/));
	assert.match(outcomes[3], /^PK002 .* has no pick 2$/);
	await off.verb('draw', draw, picks);
	const settle = (units) => become('settled', `, settled_at = now(), paid_units = ${units}, payments = '{"",ledger 7}'`);
	const settled = await off.outcomes([settle(99), settle(0), settle('NULL'), settle(100)]);
	settled.slice(0, 3).forEach((one) => assert.match(one, /^PK002 draw .*: \S+ units are not what its winners are owed$/));
	assert.equal(settled[3], 'ok');
	assert.match(await off.keeper.refusal('offchain_lock', Offchain.locking(await off.opened(THREE, { prizes: 500, alternates: 501 }))), /^23514 offchain_draws_picks_range/);
	const lie = await off.keeper.sql(`BEGIN; ALTER TABLE keeper.offchain_entries DISABLE TRIGGER USER; UPDATE keeper.offchain_entries SET weight = weight + 1 WHERE draw = '${draw.draw}' AND entry = 0;
		SELECT public.outcome($q$SELECT * FROM keeper.sel1('${draw.draw}', '${draw.root}', '${hex(beta)}', 1, 2, 0)$q$); ROLLBACK`);
	assert.match(lie, /^PK002 draw .* has 3 entries of weight 7, not those that were locked/);
});

test('entries of another session that is not done are in the lock, or nowhere', async () => {
	const draw = crypto.randomUUID();
	const key = await off.opened();
	const entry = entryX(draw);
	const lock = `INSERT INTO keeper.offchain_draws (draw, source, source_key, type, salt, vrf_key, slot, locked_round, amounts, currency, alternates, stake_units, opened_at, owner)
		VALUES ('${draw}', 'plain', '${key}', 'plain', decode(repeat('00', 16), 'hex'), '${VRF_KEY}', 1000, ${roundAt(now() + 300)}, '{100}', 'points', 0, 30, clock_timestamp() - interval '1 ms', 'hand')`;
	const run = (text, name) => once(spawn('psql', ['-X', '-q', '-v', 'ON_ERROR_STOP=1', '-c', text, `${off.keeper.url}?application_name=${name}`], { stdio: 'ignore' }), 'exit');
	const until = async (question) => { let answer = ''; while (answer === '') answer = await off.keeper.sql(question); return answer; };
	const waits = (name, event) => until(`SELECT 1 FROM pg_stat_activity WHERE application_name = '${name}' AND ${event}`);
	const gate = run('SELECT pg_advisory_lock(77); SELECT pg_sleep(60)', 'gate');
	await waits('gate', "wait_event = 'PgSleep'");
	// It has no foreign keys, as a session that restores.
	const adder = run(`BEGIN; SET LOCAL session_replication_role = replica; ${entry}; SELECT pg_advisory_xact_lock(77); COMMIT`, 'adder');
	await waits('adder', "wait_event = 'advisory'");
	const locker = run(lock, 'locker');
	await Promise.race([locker, waits('locker', "wait_event = 'advisory'")]);
	await off.keeper.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'gate'");
	assert.deepEqual([(await adder)[0], (await locker)[0]], [0, 0]);
	await gate;
	assert.equal(await off.keeper.sql(`SELECT n FROM keeper.offchain_draws WHERE draw = '${draw}'`), '1');
	assert.deepEqual(await off.keeper.call('offchain_audit', {}), []);
});

test('from lock to winners: each value once, in its order, compared with what the database computes', async () => {
	const draw = await off.locked();
	const next = async () => (await off.keeper.call('offchain_due', { max: 1000 })).find((row) => row.draw === draw.draw)?.next;
	assert.equal(await next(), 'anchor');
	assert.match(await off.refused('block', draw, Offchain.block(draw)), /^23514 offchain_draws_block_follows/, 'not before the anchor');
	assert.match(await off.refused('anchor', draw, { sig: signature('A'), slot: draw.slot, wallet: WALLET }), /^23514 offchain_draws_anchor_is_before/, 'an anchor that came too late is none');
	await off.verb('anchor', draw, { sig: signature('A'), slot: draw.slot - 1, wallet: WALLET });
	assert.equal((await off.verb('anchor', draw, { sig: signature('B'), slot: draw.slot - 2, wallet: WALLET })).anchor_sig, signature('A'), 'the first stays');
	assert.equal(await next(), 'block');
	for (const wrong of [{ parent_slot: draw.slot }, { slot: draw.slot - 1, parent_slot: draw.slot - 2 }]) assert.match(await off.refused('block', draw, Offchain.block(draw, wrong)), /^PK002 .* is not the first one/);
	const block = await off.verb('block', draw, Offchain.block(draw));
	assert.equal(block.round, draw.locked_round);
	assert.match(await off.refused('block', draw, Offchain.block(draw, { blockhash: hex(Buffer.alloc(32, 1)) })), /^PK002 .* its block is/);
	assert.equal((await off.verb('block', draw, Offchain.block(draw))).block_slot, block.block_slot, 'the same again is read back');
	assert.equal(await next(), 'beacon');
	const given = { round: block.round, signature: hex(Buffer.alloc(48, 5)) };
	assert.match(await off.refused('beacon', draw, { ...given, round: block.round + 1 }), /^PK002 .* uses round/);
	assert.match(await off.refused('prove', draw, { alpha: hex(Buffer.alloc(200)), proof: hex(Buffer.alloc(80)), beta: hex(Buffer.alloc(64)) }), /^PK002 .* alpha is not known yet/);
	await off.verb('beacon', draw, given);
	assert.match(await off.refused('beacon', draw, { ...given, signature: hex(Buffer.alloc(48, 6)) }), /^PK002 .* there is one per round/);
	const row = await off.verb('beacon', draw, given);
	assert.equal(await next(), 'prove');
	assert.match(await off.refused('draw', draw, { attempt: [0], number: [0], total: [6], entry: [0] }), /^PK002 .* has no beta/);
	assert.match(await off.refused('prove', draw, { ...Offchain.proof(row), alpha: hex(sha512('x')) }), /^PK002 .* another alpha/);
	assert.equal(alpha(row).length, 200);
	const beta = crypto.randomBytes(64);
	await off.verb('prove', draw, Offchain.proof(row, beta));
	assert.match(await off.refused('prove', draw, Offchain.proof(row, Buffer.alloc(64, 8))), /^PK002 .* another one is refused/);
	const proven = await off.verb('prove', draw, Offchain.proof(row, beta, Buffer.alloc(80, 9)));
	assert.equal(proven.proof, hex(Buffer.alloc(80, 4)), 'another proof of the same beta changes nothing');
	assert.equal(await next(), 'draw');
	const picks = await off.picks(draw, beta);
	const halted = await off.verb('draw', draw, { ...picks, entry: [(Number(picks.entry[0]) + 1) % 3] });
	assert.equal(halted.state, 'locked');
	assert.match(halted.halted_why, /^two computations of the winners differ: pick 0: entry \d here, \d by the daemon$/);
	for (const wrong of [{ number: [6] }, { attempt: [null], number: [null], total: [null], entry: [null] }, { attempt: [], number: [], total: [], entry: [] }]) assert.equal((await off.verb('draw', draw, { ...picks, ...wrong })).state, 'locked');
	const drawn = await off.verb('draw', draw, picks);
	assert.deepEqual([drawn.state, drawn.halted_why], ['drawn', null]);
	assert.equal((await off.verb('draw', draw, picks)).drawn_at, drawn.drawn_at);
	assert.match(await off.refused('draw', draw, { ...picks, number: [6] }), /^PK002 .* with other picks/);
	assert.equal(await next(), 'settle');
	assert.match(await off.refused('refund', draw, { refund: STATEMENTS.refund }), /^PK002 .* cannot be refunded/);
	assert.match(await off.refused('default', draw), /^PK002 .* cannot default/);
	await off.verb('settle', draw, { settle: STATEMENTS.settle });
	const winner = (await off.entries(draw))[Number(picks.entry[0])].account;
	assert.equal(await off.paid(draw), `${winner} 100`);
	assert.equal(await next(), undefined);
	assert.deepEqual(await off.keeper.call('offchain_audit', {}), []);
});

test('a block that came late moves the round by twenties, as far as the rule says and no further', async () => {
	for (const [late, twenties] of [[-1, 0], [0, 0], [1, 1], [60, 1], [61, 2], [3000, 50]]) {
		const draw = await off.locked();
		await off.verb('anchor', draw, { sig: signature('A'), slot: 1, wallet: WALLET });
		const time = 1692803367 + 3 * (draw.locked_round - 1) - 60 + late;
		assert.equal((await off.verb('block', draw, Offchain.block(draw, { block_time: time }))).round, draw.locked_round + 20 * twenties, `${late} s`);
	}
});

test('a beacon-only draw takes SHA-512 of alpha and nothing else, and never a proof', async (t) => {
	const plain = off;
	off = await newOffchain(newKeeper, server, { ...RULES, randomness: 'beacon' });
	t.after(() => { off = plain; });
	const draw = await off.locked(THREE, {}, { vrf_key: null });
	assert.equal(draw.vrf_key, null);
	const row = await off.reveal(draw);
	const good = { alpha: hex(alpha(row)), proof: null, beta: hex(sha512(alpha(row))) };
	assert.match(await off.refused('prove', draw, { ...good, beta: hex(Buffer.alloc(64)) }), /^PK002 .* SHA-512 of alpha/);
	assert.match(await off.keeper.outcome(`UPDATE keeper.offchain_draws SET beta = '${hex(Buffer.alloc(64))}', proven_at = now() WHERE draw = '${draw.draw}'`), /^PK002 .* SHA-512 of alpha/);
	assert.match(await off.refused('prove', draw, { ...good, proof: hex(Buffer.alloc(80)) }), /^23514 offchain_draws_beta_is_whole/);
	assert.equal((await off.verb('prove', draw, good)).beta, good.beta);
	const late = await off.locked(THREE, {}, { vrf_key: null });
	await off.reveal(late);
	await off.age(late);
	assert.match(await off.refused('default', late), /^PK002 .* its alpha is complete/, 'the winners are known: there is nothing to withhold');
	assert.match(await off.keeper.outcome(`UPDATE keeper.offchain_draws SET state = 'defaulted', defaulted_at = now(), default_why = 'no_proof' WHERE draw = '${late.draw}'`), /^23514 offchain_draws_no_default_after_beacon/);
	assert.equal((await off.keeper.call('offchain_due', { max: 9 })).find((one) => one.draw === late.draw).next, 'prove');
});

test('nothing is locked and nothing defaults while this clock and the chain\'s are more than a minute apart', async () => {
	const key = await off.opened();
	const differ = /^PK002 by this database it is 2\d{3}-.*, by the chain .*: nothing is locked and nothing defaults until the clocks agree within a minute$/;
	for (const chain of [now() - 70, now() + 70, 0, null]) assert.match(await off.keeper.refusal('offchain_lock', Offchain.locking(key, { chain_s: chain })), differ);
	assert.equal(await off.keeper.sql(`SELECT state FROM plain.draws WHERE key = '${key}'`), 'open', 'the source was not asked');
	const draw = await off.lock(key, { chain_s: now() - 50 });
	assert.equal((await off.lock(key, { chain_s: 0 })).draw, draw.draw, 'what is locked is read back whatever the clocks say');
	await off.age(draw);
	for (const chain of [now() - 70, now() + 70, 0, null]) assert.match(await off.refused('default', draw, { chain_s: chain }), differ);
	assert.equal(await off.state(draw), 'locked');
	assert.equal((await off.verb('default', draw, { chain_s: now() + 50 })).state, 'defaulted');
	assert.equal((await off.verb('default', draw, { chain_s: 0 })).state, 'defaulted', 'it is so already');
});

test('nothing is locked before an audit has begun since this server was started: rows that are gone would not be missed', async () => {
	const wallet = 'So11111111111111111111111111111111111111112';
	const key = await off.opened();
	const begun = async (height) => {
		const [{ restored, restarted, hold_height: hold }] = await off.keeper.call('audit_begin', { fence: 1, wallet, slot: height + 10, height });
		return [restored, restarted, Number(hold)];
	};
	await off.keeper.sql("UPDATE keeper.audits SET database = regexp_replace(database, '[^/]*$', '5')");
	assert.match(await off.keeper.refusal('offchain_lock', Offchain.locking(key)), /^PK002 nothing is locked: since this server was started/);
	assert.equal(await off.keeper.sql(`SELECT state FROM plain.draws WHERE key = '${key}'`), 'open', 'the source was not asked');
	assert.deepEqual(await begun(60), [false, true, 210]);
	assert.deepEqual(await begun(600), [false, false, 210], 'once');
	assert.equal((await off.lock(key)).state, 'locked');
});

test('without a VRF nodes of two hosts are asked for the block, or nothing is locked and the source stays open', async (t) => {
	const plain = off;
	off = await newOffchain(newKeeper, server, { ...RULES, randomness: 'beacon' });
	t.after(() => { off = plain; });
	const key = await off.opened();
	assert.match(await off.keeper.refusal('offchain_lock', Offchain.locking(key, { vrf_key: null, witnesses: 1 })), /^PK002 rules of type plain: randomness "beacon" needs nodes of two hosts.*SOLANA_RPC_URL_2/);
	assert.equal(await off.keeper.sql(`SELECT state FROM plain.draws WHERE key = '${key}'`), 'open');
	assert.equal((await off.lock(key, { vrf_key: null, witnesses: 2 })).state, 'locked');
	off = plain;
	assert.equal((await off.locked(THREE, {}, { witnesses: 1 })).state, 'locked', 'who proves it cannot know the block before the round');
});

test('what is due comes in pages, and behind the last one there is nothing', async () => {
	const due = "SELECT 'plain' AS type, i AS source_key FROM generate_series(1, 5) AS i ORDER BY i LIMIT $1::bigint;";
	const page = async (after) => (await off.keeper.call('offchain_work', { max: 0, due, due_max: 2, due_after: after })).map((row) => row.source_key);
	for (const [after, keys] of [[0, ['1', '2']], [2, ['3', '4']], [4, ['5']], [6, []]]) assert.deepEqual(await page(after), keys);
});

test('without a beta at the deadline the draw defaults, once, in public, and every stake goes back', async () => {
	const draw = await off.locked();
	assert.match(await off.refused('default', draw), /^PK002 .* its deadline is/);
	const row = await off.defaulted(draw);
	assert.deepEqual([row.state, row.default_why], ['defaulted', 'no_anchor']);
	assert.equal((await off.verb('default', draw)).defaulted_at, row.defaulted_at);
	const wrong = STATEMENTS.refund.replace('10 FROM', '9 FROM');
	assert.match(await off.refused('refund', draw, { refund: wrong }), /^PK003 source plain, key k\d+: refund gave 27 units back, but 30 were staked; nothing was kept/);
	assert.equal(await off.paid(draw), 'nobody');
	await Promise.all(Array.from({ length: 16 }, () => off.verb('refund', draw, { refund: STATEMENTS.refund })));
	assert.equal(await off.paid(draw), 'anna 10, bob 10, carl 10');
	assert.equal(await off.state(draw), 'refunded');
	assert.equal((await off.lock(draw.source_key)).draw, draw.draw, 'there is no second draw of it');
});

test('a late proof binds until the default is written, and never after', async () => {
	const [late, later] = [await off.locked(), await off.locked()];
	for (const draw of [late, later]) {
		await off.reveal(draw);
		await off.age(draw);
	}
	const row = async (draw) => (await off.keeper.rows(`SELECT * FROM keeper.offchain_draws WHERE draw = '${draw.draw}'`))[0];
	const bound = await off.verb('prove', late, Offchain.proof(await row(late)));
	assert.ok(bound.proven_at > bound.deadline, 'and the row tells');
	assert.match(await off.refused('default', late), /^PK002 .* it has its beta/);
	assert.equal((await off.verb('default', later)).default_why, 'no_proof');
	assert.match(await off.refused('prove', later, Offchain.proof(await row(later))), /^PK002 .* is defaulted: a proof comes too late/);
	assert.match(await off.keeper.outcome(`UPDATE keeper.offchain_draws SET beta = decode(repeat('00', 64), 'hex'), proof = decode(repeat('00', 80), 'hex'), proven_at = now() WHERE draw = '${later.draw}'`), /^23514 offchain_draws_default_has_none/);
	for (const [name, args] of [['anchor', { sig: signature('A'), slot: 1, wallet: WALLET }], ['block', Offchain.block(later, { blockhash: hex(Buffer.alloc(32)) })]]) await off.refused(name, later, args).then((said) => name === 'anchor' ? assert.equal(said, 'ok') : assert.match(said, /^PK002/));
});

test('what cannot be drawn is not locked: the source keeps its row, and the line says why', async () => {
	const cases = [
		[[], {}, {}, 'there are no entries'],
		[[['a', 0, '1'], ['b', 0, '2']], {}, {}, 'the weights are all 0'],
		[[['a', '18446744073709551615', '1'], ['b', 1, '2']], {}, {}, 'the weights sum up to 2\\^64 or more'],
		[[['a', 1, 'same'], ['b', 2, 'same']], {}, {}, 'the source gives entry same twice'],
		[[['a', -1, '1']], {}, {}, '"entries" failed: .*u64_fits'],
		[[['a', '0.5', '1']], {}, {}, '"entries" failed: .*u64_fits'],
		[[['a', '18446744073709551616', '1']], {}, {}, '"entries" failed: .*u64_fits'],
		[[['a', null, '1']], {}, {}, '"entries" failed: .*null value'],
		[[[null, 1, '1']], {}, {}, '"entries" failed: .*null value'],
		[THREE, { stake: 31 }, {}, 'freeze gives 31 for stake_units, but the stakes of its entries are 30 together'],
		[THREE, {}, { entries: STATEMENTS.entries.replace(', 10 AS stake', '') }, '"entries" failed: column e.stake does not exist'],
		[THREE, {}, { entries: STATEMENTS.entries.replace('10 AS stake', '0.5 AS stake') }, '"entries" failed: .*u64_fits'],
		[THREE, {}, { entries: STATEMENTS.entries.replace('10 AS stake', 'NULL AS stake') }, '"entries" failed: .*null value'],
		[THREE, {}, { entries: 'SELEKT 1' }, '"entries" failed: syntax error'],
		[THREE, {}, { entries: "DELETE FROM plain.entries RETURNING account, ref, weight, NULL::bytea AS participant" }, '"entries" failed: syntax error'],
		[THREE, {}, { freeze: 'SELECT 1 FROM plain.draws WHERE false' }, '"freeze" failed: query returned no rows'],
		[THREE, {}, { freeze: 'SELECT count(*) FROM nowhere' }, '"freeze" failed: relation "nowhere" does not exist'],
		[THREE, {}, { freeze: STATEMENTS.freeze.replace('AS amounts', 'AS prizes') }, 'its statement "freeze" gives nothing for the amounts'],
		[THREE, {}, { freeze: STATEMENTS.freeze.replace(/array_fill.* AS amounts/, "'5' AS amounts") }, 'its statement "freeze" gives "5" for the amounts'],
		[THREE, {}, { freeze: STATEMENTS.freeze.replace(/array_fill.* AS amounts/, 'ARRAY[5, NULL] AS amounts') }, 'gives null for the amounts'],
		[THREE, {}, { freeze: STATEMENTS.freeze.replace(/array_fill.* AS amounts/, 'ARRAY[5, 0.5] AS amounts') }, 'gives 0.5 for the amounts'],
		[THREE, {}, { freeze: STATEMENTS.freeze.replace(/array_fill.* AS amounts/, 'ARRAY[-1] AS amounts') }, 'gives -1 for the amounts'],
		[THREE, {}, { freeze: STATEMENTS.freeze.replace(/array_fill.* AS amounts/, 'ARRAY[18446744073709551616] AS amounts') }, 'gives 18446744073709551616 for the amounts'],
		[THREE, {}, { freeze: STATEMENTS.freeze.replace("'points'", "'\u00a5'") }, 'its key or its currency \\(\u00a5\\) cannot stand in a certificate'],
		[THREE, {}, { freeze: STATEMENTS.freeze.replace("'points'", 'NULL') }, 'its key or its currency \\(none\\) cannot stand in a certificate'],
		[THREE, {}, { type: 'other' }, 'no rules of type other for this source were published before its entries opened'],
		[THREE, { opened_at: '2020-01-01' }, {}, 'no rules of type plain'],
		[THREE, {}, { vrf_key: hex(Buffer.alloc(32, 1)) }, 'its VRF key is (07){32}, the newest before its entries opened, and no file of its private half is named by VRF_KEY_FILE or VRF_KEY_FILE_OLD_1$'],
		[THREE, {}, { vrf_key: null }, 'its VRF key is (07){32}, the newest before its entries opened, and no file of its private half is named by VRF_KEY_FILE or VRF_KEY_FILE_OLD_1$'],
	];
	for (const [entries, terms, overrides, why] of cases) {
		const key = await off.opened(entries, terms);
		assert.match(await off.keeper.refusal('offchain_lock', Offchain.locking(key, overrides)), new RegExp(`^PK003 source plain, key ${key}: .*${why}`), why);
		assert.equal(await off.keeper.sql(`SELECT state FROM plain.draws WHERE key = '${key}'`), 'open');
	}
	for (const [overrides, why] of [[{ round: roundAt(now() + 100) }, '23514 offchain_draws_round_is_ahead'], [{ fence: 7 }, 'PK001']]) {
		assert.match(await off.keeper.refusal('offchain_lock', Offchain.locking(await off.opened(), overrides)), new RegExp(`^${why}`));
	}
	assert.match(await off.keeper.refusal('offchain_lock', Offchain.locking(await off.opened(THREE, { prizes: 0 }))), /^23514 offchain_draws_prizes_range/);
	assert.equal(await off.keeper.sql('SELECT count(*) FROM keeper.offchain_entries e WHERE NOT EXISTS (SELECT FROM keeper.offchain_draws d WHERE d.draw = e.draw)'), '0');
});

test('a source that is slow is stopped, keeps nothing, and the draw is where it was', async () => {
	const hurried = `${off.keeper.daemonUrl}?options=${encodeURIComponent('-c statement_timeout=250ms')}`;
	const stopped = (name, args) => assert.rejects(psql(hurried, Keeper.call(`offchain_${name}`, args)), /canceling statement due to statement timeout/, name);
	const key = await off.opened();
	await stopped('lock', Offchain.locking(key, { freeze: `${STATEMENTS.freeze.replace(';', '')}, pg_sleep(60)::text` }));
	await stopped('lock', Offchain.locking(key, { entries: `${STATEMENTS.entries.replace('; ', '')} AND pg_sleep(60) IS NOT NULL` }));
	assert.equal(await off.keeper.sql(`SELECT state, (SELECT count(*) FROM keeper.offchain_draws WHERE source_key = '${key}') FROM plain.draws WHERE key = '${key}'`), 'open|0');
	const draw = await off.lock(key);
	await off.draw(draw);
	await stopped('settle', { fence: 1, draw: draw.draw, settle: `${STATEMENTS.settle.replace('FROM paid', 'FROM paid, pg_sleep(60)')}` });
	assert.equal(`${await off.paid(draw)} ${await off.state(draw)}`, 'nobody drawn');
	assert.equal((await off.verb('settle', draw, { settle: STATEMENTS.settle })).state, 'settled');
	const back = await off.locked();
	await off.defaulted(back);
	await stopped('refund', { fence: 1, draw: back.draw, refund: STATEMENTS.refund.replace('FROM paid', 'FROM paid, pg_sleep(60)') });
	assert.equal(`${await off.paid(back)} ${await off.state(back)}`, 'nobody defaulted');
	assert.equal((await off.verb('refund', back, { refund: STATEMENTS.refund })).state, 'refunded');
});

test('one entry is a draw, of weight 2^64-1 too', async () => {
	const draw = await off.locked([['anna', '18446744073709551615', 't']]);
	await off.draw(draw);
	await off.verb('settle', draw, { settle: STATEMENTS.settle });
	assert.equal(await off.paid(draw), 'anna 100');
});

test('a new key or new rules are for draws whose entries open later; a retired key locks nothing', async (t) => {
	const before = off;
	off = await newOffchain(newKeeper, server);
	t.after(() => { off = before; });
	const [one, two] = [await off.opened(), await off.opened()];
	const fresh = hex(Buffer.alloc(32, 8));
	await off.keeper.call('vrf_key_register', { key: fresh });
	await off.keeper.call('offchain_publish', { type: 'plain', rules: JSON.stringify({ ...RULES, mode: 2 }) });
	assert.match(await off.keeper.refusal('offchain_lock', Offchain.locking(one, { vrf_key: fresh })), /^PK003 .* its VRF key is 0707/);
	const unregistered = `BEGIN; ALTER TABLE keeper.vrf_keys DISABLE TRIGGER USER; UPDATE keeper.vrf_keys SET registered_at = 'infinity';
		SELECT public.outcome($q$${Keeper.call('offchain_lock', Offchain.locking(one))}$q$); ROLLBACK`;
	assert.match(await off.keeper.sql(unregistered), /^PK003 .* no VRF key was registered before its entries opened$/);
	const old = await off.lock(one, { vrf_key: [fresh, VRF_KEY] });
	assert.deepEqual([old.version, old.select_mode, old.vrf_key], [1, 1, VRF_KEY], 'whichever keys the daemon has, in whatever order');
	await off.keeper.call('vrf_key_retire', { key: VRF_KEY, why: 'lost' });
	assert.match(await off.keeper.refusal('offchain_lock', Offchain.locking(two)), /^PK003 .* its VRF key was retired \(lost\)/);
	await off.draw(old);
	const later = await off.locked(THREE, {}, { vrf_key: [VRF_KEY, fresh] });
	assert.deepEqual([later.version, later.select_mode, later.vrf_key], [2, 2, fresh]);
	const keyAt = (moment) => off.keeper.sql(`SELECT at.key FROM keeper.vrf_keys k, keeper.vrf_key_at(k.registered_at + interval '${moment}') AS at WHERE k.key = '${fresh}'`);
	assert.deepEqual([await keyAt('0'), await keyAt('1 us')], [VRF_KEY, fresh], 'entries that open in the very moment have the one before');
	assert.equal((await off.keeper.call('vrf_key_register', { key: VRF_KEY }))[0].retired_why, 'lost', 'nothing comes back');
	assert.equal(await off.keeper.sql(`SELECT keeper.offchain_publish('plain', '${JSON.stringify(RULES)}')`), '1', 'the same rules are no new version');
});

test('a settlement that is wrong, or not the sum that was fixed, keeps nothing', async () => {
	const draw = await off.locked(THREE, { prizes: 2 });
	await off.draw(draw);
	for (const [settle, why] of [
		[STATEMENTS.settle.replace('100 /', '90 /'), 'settle paid 90(\\.0+)? units to 2 winners, but 100 units and 2 winners are due'],
		[STATEMENTS.settle.replace('100 /', '110 /'), 'settle paid 110'],
		[`${STATEMENTS.settle.replace('RETURNING', 'LIMIT 1 RETURNING')}`, 'settle paid 50'],
		['WITH paid AS (INSERT INTO plain.paid SELECT $1, account, 100 FROM keeper.offchain_winners($2) LIMIT 1 RETURNING units) SELECT count(*) AS winners, sum(units) AS paid_units FROM paid',
			'settle paid 100 units to 1 winners, but 100 units and 2 winners are due'],
		["INSERT INTO plain.paid VALUES ($1, 'thief', 100) RETURNING 2 AS winners", 'settle paid no units'],
		[STATEMENTS.settle.replace('SELECT count(*)', "SELECT 'x' AS payments, count(*)"), 'settle gives "x" for where the payments of its 2 prizes can be seen'],
		[STATEMENTS.settle.replace('SELECT count(*)', "SELECT ARRAY['x'] AS payments, count(*)"), 'settle gives \\["x"\\] for where the payments of its 2 prizes'],
		[STATEMENTS.settle.replace('SELECT count(*)', "SELECT ARRAY['x', '\"'] AS payments, count(*)"), 'for where the payments of its 2 prizes'],
		['INSERT INTO plain.nowhere VALUES (1)', '"settle" failed'],
		['WITH paid AS (INSERT INTO plain.paid SELECT $1, account, NULL FROM keeper.offchain_winners($2) RETURNING units) SELECT 2 AS winners, 100 AS paid_units FROM paid', '"settle" failed: null value'],
	]) {
		assert.match(await off.refused('settle', draw, { settle }), new RegExp(`^PK003 source plain, key ${draw.source_key}: .*${why}`));
		assert.equal(`${await off.paid(draw)} ${await off.state(draw)}`, 'nobody drawn');
	}
	const [note] = await off.keeper.call('offchain_halt', { fence: 1, draw: draw.draw, why: 'the source says no' });
	assert.equal(note.halted_why, 'the source says no');
	await off.verb('settle', draw, { settle: STATEMENTS.settle.replace('SELECT count(*)', "SELECT ARRAY['ledger 7', NULL] AS payments, count(*)") });
	assert.equal(await off.keeper.sql(`SELECT state, halted_why IS NULL, paid_units, payments FROM keeper.offchain_draws WHERE draw = '${draw.draw}'`), 'settled|t|100|{"ledger 7",""}');
});

test('16 settle at once, one connection is killed in the middle: paid once', async () => {
	const draw = await off.locked();
	await off.draw(draw);
	const run = (text, url, name) => once(spawn('psql', ['-X', '-q', '-c', text, `${url}?application_name=${name}`], { stdio: 'ignore' }), 'exit');
	const until = async (question) => { let answer = ''; while (answer === '') answer = await off.keeper.sql(question); return answer; };
	const kill = async (where) => off.keeper.sql(`SELECT pg_terminate_backend(${await until(`SELECT pid FROM pg_stat_activity WHERE ${where}`)})`);
	// Nobody gets through with the payment before all are there.
	const held = run('BEGIN; LOCK TABLE plain.paid IN SHARE MODE; SELECT pg_sleep(60)', off.keeper.url, 'holder');
	await until("SELECT 1 FROM pg_stat_activity WHERE application_name = 'holder' AND wait_event = 'PgSleep'");
	const killed = run(Keeper.call('offchain_settle', { fence: 1, draw: draw.draw, settle: STATEMENTS.settle }), off.keeper.daemonUrl, 'victim');
	await until("SELECT 1 FROM pg_stat_activity WHERE application_name = 'victim' AND wait_event_type = 'Lock'");
	const others = Array.from({ length: 16 }, () => off.verb('settle', draw, { settle: STATEMENTS.settle }));
	await until("SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' HAVING count(*) >= 17");
	await kill("application_name = 'victim'");
	assert.notEqual((await killed)[0], 0);
	await kill("application_name = 'holder'");
	await held;
	assert.deepEqual(new Set((await Promise.all(others)).map((row) => row.state)), new Set(['settled']));
	assert.match(await off.paid(draw), /^\w+ 100$/);
});

test('the verbs need no session: the same through pgBouncer in transaction mode', async (t) => {
	const pooler = await startPgBouncer(server);
	t.after(() => pooler.stop());
	const key = await off.opened();
	const url = pooler.url(off.keeper.url.split('/').at(-1), 'poolkeeper');
	assert.match(await psql(url, Keeper.call('offchain_lock', Offchain.locking(key))), new RegExp(`\\|plain\\|${key}\\|`));
});

test('however many draws one source has, those of another are on the list, and a halted one comes after its siblings', async () => {
	const draw = await off.locked();
	const said = await off.keeper.sql(`BEGIN; ALTER TABLE keeper.offchain_draws DISABLE TRIGGER USER;
		INSERT INTO keeper.offchain_draws SELECT (jsonb_populate_record(d, jsonb_build_object('draw', gen_random_uuid(), 'seq', 100000 + i, 'source', CASE i WHEN 200 THEN 'small' ELSE 'large' END,
			'source_key', i, 'deadline', d.deadline + i * interval '1 s', 'halted_why', CASE i WHEN 1 THEN 'why' END,
			'hash', '\\x' || encode(sha256(convert_to('h' || i, 'UTF8')), 'hex'), 'previous', '\\x' || encode(sha256(convert_to('p' || i, 'UTF8')), 'hex')))).*
		FROM keeper.offchain_draws d, generate_series(1, 200) AS i WHERE d.draw = '${draw.draw}';
		SELECT string_agg(d.source_key, ' ' ORDER BY d.deadline) FROM keeper.offchain_work(128, NULL, 64, 0) AS w JOIN keeper.offchain_draws d ON d.draw = w.draw WHERE d.source IN ('large', 'small'); ROLLBACK`);
	const keys = said.split(' ').map(Number);
	assert.equal(keys.at(-1), 200);
	assert.deepEqual(keys.slice(0, -1), Array.from({ length: keys.length - 1 }, (_, i) => i + 2));
});
