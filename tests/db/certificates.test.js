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

// The checks that are not ok, by the page and by poolkeeper; drand's signature is nothing that every build can check.
async function doubts(text) {
	const { judgeCertificate } = await import(path.join(root, 'docs', 'verify', 'src', 'judge.js'));
	const judged = judgeCertificate(Buffer.from(text));
	const file = path.join(folder, 'certificate');
	fs.writeFileSync(file, text);
	const { stdout } = spawnSync(binary, ['verify', file, '--json'], { env: {}, encoding: 'utf8' });
	const ours = JSON.parse(stdout).verdict.checks.filter(({ check, result }) => result !== 'ok' && !(check === 'drand_signature' && result === 'unknown'));
	const theirs = judged.checks.filter(({ state }) => state !== 'ok');
	const list = theirs.map(({ name, state }) => `${name} ${state}`).sort();
	assert.deepEqual(ours.map(({ check, result }) => `${check} ${result}`).sort(), list, judged.why);
	return list;
}

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
		terms.refuse = Array.from({ length: terms.prizes + terms.alternates }, (_, pick) => pick).filter(() => random(2) === 0);
		const { text, row } = await certified((key) => draws.settledAtOnce(key, people(1 + random(9), 1 + random(6)), terms));
		const named = JSON.parse(text).body.draw.awards.some(({ refused }) => refused.length > 0);
		assert.deepEqual(await doubts(text), named ? ['refusals unknown'] : [], text);
		const winners = await draws.keeper.call('offchain_winners', { draw: row.draw });
		assert.deepEqual(JSON.parse(text).body.draw.awards.flatMap(({ pick }, prize) => (pick === undefined ? [] : [[prize, Number(pick)]])), winners.map(({ prize, pick }) => [prize, pick]));
	}
	const chain = await draws.keeper.rows('SELECT serial, previous, hash FROM keeper.certificates ORDER BY serial');
	chain.forEach((row, i) => assert.deepEqual([row.serial, row.previous], [i + 1, i === 0 ? `\\x${'00'.repeat(32)}` : chain[i - 1].hash]));
	assert.ok(chain.length > before);
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
	assert.match(await draws.keeper.refusal('certificate_add', Certified.adding({ draw: draw.draw, serial: Number(last) + 1, previous: hash, made: 5, body: '' })), /^PK002 draw .* is not settled/);
	const changes = ['UPDATE keeper.certificates SET made = now()', 'DELETE FROM keeper.certificates', 'TRUNCATE keeper.certificates CASCADE',
		'UPDATE keeper.offchain_draws SET certificate = 1 WHERE certificate > 1', `UPDATE keeper.offchain_draws SET certificate = 1 WHERE draw = '${draw.draw}'`];
	const said = await draws.outcomes([...changes, ...changes.map((one) => `SET LOCAL session_replication_role = replica; ${one}`)]);
	said.forEach((one, i) => assert.match(one, /^(PK002|23514)/, changes[i % changes.length]));
	const changed = await draws.keeper.sql(`BEGIN; ALTER TABLE keeper.offchain_draws DISABLE TRIGGER USER; UPDATE keeper.offchain_draws SET payments = '{elsewhere}' WHERE certificate = 1;
		SELECT public.outcome('SELECT keeper.certificate_head(1)'); ROLLBACK`);
	assert.match(changed, /^PK002 certificate 1: its draw was changed after it was signed/);
});
