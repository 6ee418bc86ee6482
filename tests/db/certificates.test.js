// Certificates as the database makes them: what both verifiers say of them, and that their chain has no gap and no fork.
'use strict';

const test = require('node:test');
const assert = require('node:assert');
const crypto = require('node:crypto');
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { startPostgres } = require('../lib/postgres');
const { newKeeper } = require('./keeper');
const { Certified } = require('./certified');

const FULL = process.env.POOLKEEPER_TEST_FULL === '1';
const root = path.join(__dirname, '..', '..');
const binary = process.env.POOLKEEPER || path.join(root, 'build', 'poolkeeper');
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'certificates-'));

let server;
let draws;
test.before(async () => {
	server = await startPostgres();
	draws = await Certified.make(newKeeper, server);
});
test.after(async () => {
	fs.rmSync(folder, { recursive: true });
	await server.stop();
});

const random = (below) => crypto.randomInt(below);
let counter = 0;
async function certified(settle) {
	await settle(`k${counter += 1}`);
	const row = await draws.add(await draws.next());
	return { row, text: await draws.text(row) };
}
async function withVrf(key) {
	await draws.open(key, [['anna', 1, 't1'], ['bob', 2, 't2'], ['anna', 3, 't3']]);
	return draws.settled(await draws.lockThen(key));
}
const people = (entries, users) => `SELECT 'user' || i % ${users}, 1 + i * 17 % 10, 't' || i FROM generate_series(1, ${entries}) i`;
const without = (key) => draws.settledAtOnce(key, people(7, 5));

// The checks that are not ok, by the page and by poolkeeper; drand's signature is nothing that every build can check, and the page
// says nothing of accounts that a file cannot have.
async function look(text) {
	const { judgeCertificate } = await import(path.join(root, 'docs', 'verify', 'src', 'judge.js'));
	const judged = judgeCertificate(Buffer.from(text));
	const file = path.join(folder, 'certificate');
	fs.writeFileSync(file, text);
	const { status, stdout } = spawnSync(binary, ['verify', file, '--json'], { env: {}, encoding: 'utf8' });
	if (judged.verdict === 'no draw: refunded') assert.equal(status, 3, stdout);
	const facts = JSON.parse(stdout).not_checked.facts.map(({ fact }) => fact);
	assert.deepEqual(facts.filter((fact) => fact !== 'drand_signature'), judged.outside.map(({ fact }) => fact));
	const ours = JSON.parse(stdout).verdict.checks.filter(({ check, result }) => result !== 'ok' && result !== 'gone' && !(check === 'drand_signature' && result === 'unknown'));
	const theirs = judged.checks.filter(({ state }) => state !== 'ok');
	const list = theirs.map(({ name, state }) => `${name} ${state}`).sort();
	assert.deepEqual(ours.map(({ check, result }) => `${check} ${result}`).sort(), list, judged.why);
	return { list, verdict: judged.verdict, missing: judged.outside.some(({ fact }) => fact === 'missing') };
}
const doubts = async (text) => (await look(text)).list;

test('what the database makes of a draw is fair to both verifiers, with a VRF and without', async () => {
	for (const settle of [withVrf, without]) {
		const { text, row } = await certified(settle);
		assert.deepEqual(await doubts(text), []);
		const { body } = JSON.parse(text);
		assert.equal('proof' in body.draw, settle === withVrf);
		assert.deepEqual([body.draw.round.checked_by, body.draw.lock.randomness, body.serial], [settle === withVrf ? 'two ?relays??' : 'two relays', settle === withVrf ? 'vrf' : 'beacon', String(row.serial)]);
		assert.equal(crypto.createHash('sha256').update(JSON.stringify(body.draw.lock)).digest('hex'), (await draws.row(row.draw)).hash.slice(2), 'one commitment');
		assert.equal(await draws.text(row), text, 'the same bytes each time');
	}
});

test('whoever is refused, the awards follow: random draws of all modes', async () => {
	const before = Number(await draws.keeper.sql('SELECT max(serial) FROM keeper.certificates'));
	for (let i = 0; i < (FULL ? 150 : 9); i += 1) {
		const terms = { mode: i % 3, prizes: 1 + random(4), alternates: random(5) };
		// The first one has two refused prizes, and a refused alternate between them.
		if (i === 0) Object.assign(terms, { mode: 2, prizes: 3, alternates: 4, refuse: [0, 1, 3] });
		else terms.refuse = Array.from({ length: terms.prizes + terms.alternates }, (_, pick) => pick).filter(() => random(2) === 0);
		const { text, row } = await certified((key) => draws.settledAtOnce(key, (i === 0 ? people(9, 9) : people(1 + random(9), 1 + random(6))), terms));
		const named = JSON.parse(text).body.draw.awards.some(({ refused }) => refused.length > 0);
		assert.deepEqual(await doubts(text), named ? ['refusals unknown'] : [], text);
		const winners = await draws.keeper.call('offchain_winners', { draw: row.draw });
		assert.deepEqual(JSON.parse(text).body.draw.awards.flatMap(({ pick }, prize) => (pick === undefined ? [] : [[prize, Number(pick)]])), winners.map(({ prize, pick }) => [prize, pick]));
	}
	const chain = await draws.keeper.rows('SELECT serial, previous, hash FROM keeper.certificates ORDER BY serial');
	chain.forEach((row, i) => assert.deepEqual([row.serial, row.previous], [i + 1, i === 0 ? `\\x${'00'.repeat(32)}` : chain[i - 1].hash]));
	assert.ok(chain.length > before);
});

test('a draw that defaulted has a certificate too: what was missing, and that each stake went back', async () => {
	for (const [parts, missing] of ['anchor', 'block', 'round', 'proof'].entries()) {
		const { text, row } = await certified((key) => draws.refunded(key, parts));
		assert.deepEqual(await look(text), { list: [], verdict: 'no draw: refunded', missing: missing !== 'proof' }, missing);
		const { draw } = JSON.parse(text).body;
		const { defaulted_at: at, refunded_at: back } = await draws.row(row.draw);
		assert.deepEqual(draw.default, { at: String(Math.floor(Date.parse(at) / 1000)), missing });
		assert.deepEqual(draw.refund, { at: String(Math.floor(Date.parse(back) / 1000)), units: '30' });
		assert.deepEqual(['anchor', 'block', 'round', 'beta'].map((name) => name in draw), [parts > 0, parts > 1, parts > 2, false]);
		assert.deepEqual(JSON.parse(text).tickets.map(([, , stake]) => stake), ['10', '10', '10']);
	}
});

test('nobody is left to win: every stake goes back with the settlement, or nothing is settled', async () => {
	const everybody = { prizes: 1, alternates: 2, refuse: [0, 1, 2] };
	const { text } = await certified((key) => draws.settledAtOnce(key, people(3, 3), everybody));
	assert.deepEqual(await doubts(text), ['refusals unknown']);
	const { draw } = JSON.parse(text).body;
	assert.equal(draw.refund.units, '30');
	assert.equal(draw.awards[0].pick, undefined);
	for (const [units, said] of [['NULL', 'settle gave no units back, but nobody is left to win and 30 were staked'], ['29', 'settle gave 29 units back']]) {
		await assert.rejects(draws.settledAtOnce(`k${counter += 1}`, people(3, 3), { ...everybody, settle: `SELECT 0 AS winners, 0 AS paid_units, ${units} AS refunded_units` }), new RegExp(said));
	}
	await assert.rejects(draws.settledAtOnce(`k${counter += 1}`, people(3, 3), { settle: 'SELECT 1 AS winners, 100 AS paid_units, 30 AS refunded_units' }), /settle gave 30 units back, but the draw has winners/);
	assert.match(await draws.keeper.outcome(`UPDATE keeper.offchain_draws SET state = 'settled', settled_at = now(), paid_units = 0, payments = '{""}'
		WHERE source_key = 'k${counter - 1}'`), /^PK002 draw .*: the stakes go back where nobody is left to win, and only there/);
});

test('one certificate per draw and per serial, whoever tries at once', async () => {
	for (const key of ['one', 'two']) await without(key);
	const next = await draws.next();
	const rows = await Promise.all(Array.from({ length: 8 }, () => draws.add(next)));
	assert.equal(new Set(rows.map((row) => JSON.stringify(row))).size, 1);
	const later = await draws.next();
	assert.deepEqual([later.serial, later.previous], [next.serial + 1, rows[0].hash]);
	assert.notEqual(later.draw, next.draw);
	const refused = async (overrides) => draws.keeper.refusal('certificate_add', Certified.adding(later, overrides));
	assert.match(await refused({ serial: next.serial }), /^PK002 certificate \d+ does not follow number/);
	assert.match(await refused({ serial: later.serial + 1 }), /^PK002 certificate \d+ does not follow number/);
	assert.match(await refused({ previous: next.previous }), /^PK002 certificate \d+ does not follow number/);
	assert.match(await refused({ hash: next.previous }), /^PK002 certificate \d+ has another hash than its body/);
	assert.match(await refused({ made: later.made + 1 }), /^PK002 certificate \d+ has another hash than its body/);
	assert.match(await refused({ fence: 7 }), /^PK001/);
	assert.equal(await draws.keeper.sql('SELECT count(*) - max(serial) FROM keeper.certificates'), '0');
	await draws.add(later);
	assert.equal(await draws.next(), undefined);
});

test('what is not over is not certified, and what was certified stays', async () => {
	const key = `k${counter += 1}`;
	await draws.open(key, [['anna', 1, 't']]);
	const draw = await draws.lockThen(key);
	const last = await draws.keeper.sql('SELECT max(serial) FROM keeper.certificates');
	const [{ hash }] = await draws.keeper.rows(`SELECT hash FROM keeper.certificates WHERE serial = ${last}`);
	assert.equal(await draws.next(), undefined);
	assert.match(await draws.keeper.refusal('certificate_add', Certified.adding({ draw: draw.draw, serial: Number(last) + 1, previous: hash, made: 5, body: '' })), /^PK002 draw .* is not over/);
	const changes = ['UPDATE keeper.certificates SET made = now()', 'DELETE FROM keeper.certificates', 'TRUNCATE keeper.certificates CASCADE',
		'UPDATE keeper.offchain_draws SET certificate = 1 WHERE certificate > 1', `UPDATE keeper.offchain_draws SET certificate = 1 WHERE draw = '${draw.draw}'`];
	const said = await draws.outcomes([...changes, ...changes.map((one) => `SET LOCAL session_replication_role = replica; ${one}`)]);
	said.forEach((one, i) => assert.match(one, /^(PK002|23514)/, changes[i % changes.length]));
	const changed = await draws.keeper.sql(`BEGIN; ALTER TABLE keeper.offchain_draws DISABLE TRIGGER USER; UPDATE keeper.offchain_draws SET payments = '{elsewhere}' WHERE certificate = 1;
		SELECT public.outcome('SELECT keeper.certificate_head(1)'); ROLLBACK`);
	assert.match(changed, /^PK002 certificate 1: its draw was changed after it was signed/);
});

// ---- pools on chain ----

// tests/certificates/pool.json as the journal has it: paid, and who wrote what down when it happened.
const stored = JSON.parse(fs.readFileSync(path.join(root, 'tests', 'certificates', 'pool.json'), 'utf8')).body.pool;
const bytes = (base58) => `keeper.unbase58('${base58}')`;
const subject = (pool) => `draw:${pool.address}:${pool.pool_id}`;
const call = (pool, at, instruction, wallet, amount = null) => `INSERT INTO keeper.calls (signature, ix, inner_ix, slot, block_time, draw, user_wallet, instruction, amount, decimals)
	VALUES (${bytes(at.signature)}, ${['create_pool', 'join_pool', 'request_randomness', 'select_winner', 'payout_winner'].indexOf(instruction)}, -1, ${at.slot}, ${at.time}, '${subject(pool)}', '${wallet}', '${instruction}', ${amount ?? 'NULL'}, 6);`;
const step = (pool, seq, name, at) => `INSERT INTO keeper.steps (subject, seq, step, state, sig, tx, last_valid, floor_slot, landed_slot, high_slot, randomness, closed_at, owner, fence)
	VALUES ('${subject(pool)}', ${seq}, '${name}', 'final', '${at.signature}', '\\x01', 5, 5, ${at.slot}, ${at.slot}, '${pool.randomness_account}', now(), 'one', 1);`;

const pay = (pool) => draws.keeper.sql(`INSERT INTO keeper.draws (draw, address, pool_id, mint, status, status_slot, winner, decimals, total_amount, winner_amount, dev_amount, burn_amount, treasury_amount, end_time, payout_slot, payout_sig, paid_at)
	VALUES ('${subject(pool)}', '${pool.address}', ${pool.pool_id}, '${pool.mint}', 6, ${pool.paid.slot}, '${pool.payout.winner}', 6, ${pool.total}, ${pool.payout.winner_amount}, ${pool.payout.dev_amount}, ${pool.payout.burn_amount},
	${pool.payout.treasury_amount}, ${pool.paid.time}, ${pool.paid.slot}, '${pool.paid.signature}', now())`);
const entries = (pool) => pool.players.map(({ joined, wallet }, i) => call(pool, joined, i === 0 ? 'create_pool' : 'join_pool', wallet, pool.terms.bet));
const drawing = (pool) => [call(pool, pool.requested, 'request_randomness', pool.creator), call(pool, pool.selected, 'select_winner', pool.creator), call(pool, pool.paid, 'payout_winner', pool.creator, pool.payout.winner_amount)];
const ours = (pool) => [step(pool, 1, 'BIND', pool.requested), step(pool, 2, 'DRAW', pool.paid)];
const ledger = (pool) => pool.commits.map(({ oracle, seed_slot, seed_slothash, reason, reveal }, i) => `INSERT INTO keeper.commits (draw, n, randomness, oracle, seed_slot, seed_slothash, reason, answer_signature, answer_recovery_id, answer_value, answered_at, fate)
	VALUES ('${subject(pool)}', ${i + 1}, '${pool.randomness_account}', '${oracle}', ${seed_slot}, keeper.base58('\\x${seed_slothash}'), '${reason}', '\\x${reveal.signature}', ${reveal.recovery_id}, '\\x${reveal.value}', now(), 'used');`);
const nextProof = () => draws.keeper.call('proof_next', {});
const addProof = async (draw, member, why = null) => (await draws.keeper.call('proof_add', { fence: 1, draw, member, why }))[0];
// Another pool with the same story.
const like = (id) => JSON.parse(JSON.stringify({ ...stored, pool_id: String(id) }).replace(/"signature":"(.{8})/g, (_, head) => `"signature":"${head.replaceAll(/./g, (c, i) => (i < 6 ? String.fromCharCode(65 + (id >> (3 * i)) % 8) : c))}`).replaceAll(stored.commits[0].seed_slot, String(id)));

test('a pool is certified when all that was paid in is known, once, in the chain of all others', async () => {
	assert.deepEqual(await nextProof(), [], 'nothing is paid');
	await pay(stored);
	const waits = async () => { assert.deepEqual((await nextProof()).map(({ draw, what }) => [draw, what]), [[null, 'waits']]); };
	for (const statement of [...drawing(stored), ...entries(stored)]) {
		await waits();
		await draws.keeper.sql(statement);
	}
	await draws.keeper.sql([...ours(stored), ...ledger(stored)].join('\n'));
	await draws.keeper.sql("UPDATE keeper.steps SET state = 'landed', closed_at = NULL WHERE step = 'DRAW'");
	await waits();
	await draws.keeper.sql("UPDATE keeper.steps SET state = 'final', closed_at = now() WHERE step = 'DRAW'");
	const rows = await nextProof();
	const of = (what) => rows.filter((row) => row.what === what);
	assert.ok(rows.every(({ draw }) => draw === subject(stored)));
	assert.deepEqual([of('total').map(({ amount, reason }) => [String(amount), reason]), of('donations').map(({ amount }) => amount)], [[[stored.total, null]], [0]]);
	assert.deepEqual(of('read').map(({ sig }) => sig), [stored.created, stored.requested, stored.paid].map(({ signature }) => signature), 'oldest first, each once');
	assert.deepEqual(of('player').map(({ sig, account, at }) => `${sig} ${account} ${at}`).sort(), stored.players.map(({ joined, wallet }) => `${joined.signature} ${wallet} ${joined.time}`).sort());
	assert.deepEqual(of('commit').map(({ account, slot, reason, fate }) => [account, String(slot), reason, fate]), [[stored.commits[0].oracle, stored.commits[0].seed_slot, 'first', 'used']]);

	const member = JSON.stringify(stored);
	assert.equal(await draws.next(), undefined, 'nothing is certified that is not read');
	assert.match(await draws.keeper.refusal('proof_add', { fence: 7, draw: subject(stored), member, why: null }), /^PK001/);
	const added = await Promise.all(Array.from({ length: 4 }, () => addProof(subject(stored), member)));
	assert.deepEqual(added.map(({ why }) => why), [null, null, null, null]);
	assert.equal(added.filter((row) => row.added).length, 1, 'once');
	assert.deepEqual(await addProof(subject(stored), null, 'too_many'), { why: null, added: false }, 'what was told stays');
	assert.deepEqual(await nextProof(), []);

	await without(`k${counter += 1}`);
	for (const pool of [subject(stored), null]) {
		const next = await draws.next();
		assert.equal(next.draw.startsWith('draw:'), pool !== null, 'what was over first');
		const rowsAtOnce = await Promise.all(Array.from({ length: 4 }, () => draws.add(next)));
		assert.equal(new Set(rowsAtOnce.map((row) => JSON.stringify(row))).size, 1, 'one row');
		assert.deepEqual([rowsAtOnce[0].pool, rowsAtOnce[0].draw === null], [pool, pool !== null]);
		assert.deepEqual(await doubts(await draws.text(rowsAtOnce[0])), []);
	}
	const [{ name, serial }] = await draws.keeper.rows("SELECT keeper.certificate_name(c) AS name, serial FROM keeper.certificates c WHERE pool IS NOT NULL");
	assert.equal(name, `${serial}-${stored.address}-${stored.pool_id}.json`);
	const [{ head, n }] = await draws.keeper.call('certificate_head', { serial });
	assert.deepEqual([JSON.stringify(JSON.parse(`${head}]}`).body.pool), n], [member, 0]);

	const there = `draw = '${subject(stored)}'`;
	for (const change of [`UPDATE keeper.pool_proofs SET member = '{}' WHERE ${there}`, `UPDATE keeper.pool_proofs SET certificate = NULL WHERE ${there}`, `DELETE FROM keeper.pool_proofs WHERE ${there}`, 'TRUNCATE keeper.pool_proofs CASCADE'])
		assert.match(await draws.keeper.outcome(change), /^PK002 .* is refused: what was published stays as it is/, change);
	const guard = (how) => draws.keeper.sql(`ALTER TABLE keeper.pool_proofs ${how} TRIGGER pool_proofs_told`);
	await guard('DISABLE');
	await draws.keeper.sql(`UPDATE keeper.pool_proofs SET member = '{}' WHERE ${there}`);
	assert.match(await draws.keeper.refusal('certificate_head', { serial }), /^PK002 certificate \d+: its draw was changed after it was signed/);
	await draws.keeper.sql(`UPDATE keeper.pool_proofs SET member = '${member}' WHERE ${there}`);
	await guard('ENABLE ALWAYS');
});

test('what was read and is not what was recorded is no certificate', async () => {
	const differs = (pool) => draws.keeper.sql(`SELECT keeper.proof_differs(d, '${JSON.stringify(pool)}') FROM keeper.draws d WHERE draw = '${subject(stored)}'`);
	assert.equal(await differs(stored), 'f');
	const changed = (change) => { const copy = structuredClone(stored); change(copy); return copy; };
	const other = stored.players[0].wallet;
	const changes = [
		(p) => { p.address = other; }, (p) => { p.pool_id = '1'; }, (p) => { p.mint = other; }, (p) => { p.payout.winner = stored.players[2].wallet; }, (p) => { p.total = '1'; },
		...['winner', 'dev', 'burn', 'treasury'].map((who) => (p) => { p.payout[`${who}_amount`] = '1'; }),
		(p) => { p.players[1].wallet = other; }, (p) => { p.players[1].joined.signature = p.created.signature; }, (p) => { p.players.pop(); }, (p) => { p.players.push(p.players[0]); },
		(p) => { p.paid.signature = p.created.signature; }, (p) => { p.paid.slot = '321'; },
		(p) => { p.commits[0].oracle = other; }, (p) => { p.commits[0].seed_slot = '1'; }, (p) => { p.commits[0].seed_slothash = '00'.repeat(32); }, (p) => { p.commits[0].reveal.value = '00'.repeat(32); },
		(p) => { p.randomness_account = other; },
	];
	for (const change of changes) assert.equal(await differs(changed(change)), 't', String(change));
	const another = like(8);
	await pay(another);
	await draws.keeper.sql([...entries(another), ...drawing(another), ...ours(another), ...ledger(another)].join('\n'));
	const lie = JSON.stringify({ ...another, total: '1' });
	assert.deepEqual(await addProof(subject(another), lie), { why: 'records_differ', added: false }, 'another node may tell it differently');
	assert.equal((await nextProof())[0].draw, subject(another));
	assert.deepEqual(await addProof(subject(another), lie, 'records_differ'), { why: 'records_differ', added: true });
	assert.equal(await draws.next(), undefined);
});

test('a pool that was drawn elsewhere, or whose history is lost, is told once and holds up no other', async () => {
	const [foreign, lost, young, good] = [9, 10, 11, 12].map(like);
	for (const pool of [foreign, lost, young, good]) await pay(pool);
	await draws.keeper.sql([foreign, good].flatMap((pool) => [...entries(pool), ...drawing(pool), ...ledger(pool)]).concat(ours(good)).join('\n'));
	await draws.keeper.sql(`UPDATE keeper.pool_proofs SET since = now() - interval '61 minutes' WHERE draw = '${subject(lost)}'`);
	for (const [pool, why] of [[lost, 'history_incomplete'], [foreign, 'not_drawn_here'], [good, null]]) {
		const rows = await nextProof();
		assert.deepEqual([rows[0].draw, rows[0].reason, rows.length > 1], [subject(pool), why, why === null]);
		await addProof(subject(pool), why === null ? JSON.stringify(pool) : null, why);
	}
	assert.equal((await nextProof())[0].what, 'waits');
	// Taken back by hand: then it is tried again.
	await draws.keeper.sql(`UPDATE keeper.pool_proofs SET why = NULL, proved_at = NULL WHERE draw = '${subject(lost)}'`);
	assert.equal((await nextProof())[0].draw, subject(lost));
});
