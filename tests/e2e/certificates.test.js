// Certificates as files: one per draw, whole or not there, whenever the daemon is killed, and the same from the database again.
'use strict';

const assert = require('node:assert/strict');
const { spawn, spawnSync } = require('node:child_process');
const crypto = require('node:crypto');
const { once } = require('node:events');
const fs = require('node:fs');
const path = require('node:path');
const { after, before, test } = require('node:test');
const { startRelay } = require('./relay.js');
const { World, ROOT, sleep } = require('./world.js');
const { Keeper } = require('../db/keeper.js');
const { RULES } = require('../db/offchain.js');
const { Certified, OPERATOR_SECRET, GUARDED } = require('../db/certified.js');

const BINARY = process.env.POOLKEEPER ?? path.join(ROOT, 'build', 'poolkeeper');
const FULL = process.env.POOLKEEPER_TEST_FULL === '1';
const LARGE = 10003; // two parts

let world;
let draws;
let folder;
before(async () => {
	world = await World.start({ pooled: false, oracles: 1 });
	folder = path.join(world.directory, 'certificates');
	const keeper = new Keeper(world.postgres.url());
	await keeper.tick();
	draws = await Certified.make(() => keeper, null, RULES);
});
after(() => world?.stop());

const settings = () => ({ CERTIFICATE_DIR: folder, CERTIFICATE_PRIVATE_KEY: OPERATOR_SECRET });

let counter = 0;
const settled = (n = 7) => draws.settledAtOnce(`k${counter += 1}`, `SELECT 'user' || i % 5000, 1 + i % 9, 't' || i FROM generate_series(1, ${n}) i`);
async function settledWithVrf() {
	const key = `k${counter += 1}`;
	await draws.open(key, [['anna', 1, 't1'], ['bob', 2, 't2']]);
	return draws.settled(await draws.lockThen(key));
}

const published = () => (fs.existsSync(folder) ? fs.readdirSync(folder).filter((name) => /^\d/.test(name)) : []);
const rows = () => draws.keeper.rows('SELECT serial, draw, keeper.certificate_name(c) AS name FROM keeper.certificates c ORDER BY serial');
const text = async (row) => draws.text(row);

// Every file that has a name is a whole certificate, and its row is there.
async function sound() {
	const known = new Map((await rows()).map((row) => [row.name, row]));
	for (const name of published()) assert.equal(fs.readFileSync(path.join(folder, name), 'utf8'), await text(known.get(name)), name);
}

// One statement that holds up every new row until it is told to go.
async function held(run) {
	const holder = spawn('psql', ['-X', '-q', world.postgres.url()], { stdio: ['pipe', 'ignore', 'inherit'] });
	holder.stdin.write('BEGIN; LOCK TABLE keeper.certificates IN SHARE MODE;\n');
	await until("SELECT 1 FROM pg_locks WHERE relation = 'keeper.certificates'::regclass AND mode = 'ShareLock' AND granted");
	await run();
	holder.stdin.end();
	await once(holder, 'exit');
}
const until = async (question) => { while (await world.sql(question) === ''); };

test('a disk that says no is told once, and the rows are made', async () => {
	const blocked = path.join(world.directory, 'blocked');
	fs.writeFileSync(blocked, 'a file where the directory should be');
	await settled(LARGE);
	await settledWithVrf();
	await settled();
	await draws.refunded(`k${counter += 1}`, 3);
	await world.forgetLease();
	const daemon = world.startDaemonWith({ ...settings(), CERTIFICATE_DIR: blocked });
	assert.match((await daemon.wait('certificate.failed')).why, /its directory cannot be (opened|made)/);
	assert.equal(daemon.all('certificate.made').length, 4, 'rows wait for no disk');
	await daemon.kill();
});

test('killed at any point there is no gap, no serial twice, and at last every file', async () => {
	// Rows without files, one after the other; then in the middle of the row, which Postgres writes all the same.
	for (const [event, n] of [['certificate.written', 1], ['certificate.written', 2], ...Array(FULL ? 40 : 0).fill(['lease.taken', 1])]) {
		await world.forgetLease();
		const daemon = world.startDaemonWith(settings());
		for (let seen = 0, from = 0; seen < n; seen += 1) from = daemon.events.indexOf(await daemon.wait(event, {}, { from })) + 1;
		if (FULL) await sleep(Math.random() * 60);
		await daemon.kill();
		await sound();
		if (FULL && event === 'lease.taken') fs.rmSync(path.join(folder, (await rows())[0].name), { force: true });
	}
	assert.equal(await world.sql('SELECT string_agg(serial::text, \' \' ORDER BY serial) FROM keeper.certificates'), '1 2 3 4');
	// What another process left in the middle of a file, and files that somebody lost.
	for (const { name } of (await rows()).slice(0, 2)) fs.rmSync(path.join(folder, name), { force: true });
	fs.writeFileSync(path.join(folder, `.${(await rows())[0].name}.part`), '{"body":'.repeat(900000));
	const there = published();
	await world.forgetLease();
	const daemon = world.startDaemonWith(settings());
	const missing = (await rows()).map(({ name }) => name).filter((name) => !there.includes(name));
	for (const file of missing) await daemon.wait('certificate.written', { file });
	await daemon.kill('SIGTERM');
	await sound();
	const locks = (await world.sql("SELECT format('lock-%s-%s.json', seq, draw) FROM keeper.offchain_draws")).split('\n');
	const others = fs.readdirSync(folder).filter((name) => !/^(rules|vrf-key)-/.test(name));
	assert.deepEqual(others.sort(), [...(await rows()).map(({ name }) => name), ...locks].sort(), 'every file, and nothing else');
});

test('a row that Postgres takes when the daemon is dead already has its file later', async () => {
	await world.sql("UPDATE keeper.lease SET owner = 'one', fence = 1, expires_at = now() + interval '1 hour'");
	await settled();
	await world.forgetLease();
	const before = (await rows()).length;
	await held(async () => {
		const daemon = world.startDaemonWith(settings());
		await until("SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%certificate_add%' AND pid <> pg_backend_pid()");
		await daemon.kill();
	});
	await until(`SELECT 1 FROM keeper.certificates WHERE serial = ${before + 1}`);
	await sound();
	await world.forgetLease();
	const daemon = world.startDaemonWith(settings());
	await daemon.wait('certificate.written', { file: (await rows())[before].name });
	assert.equal(daemon.all('certificate.made').length, 0);
	await daemon.kill('SIGTERM');
	await sound();
});

test('rules and keys are published beside the certificates: the bytes that are hashed, a key when it is registered and when it is retired', async () => {
	await world.sql("SELECT keeper.vrf_key_retire(decode(repeat('07', 32), 'hex'), 'its \"holder\" left')");
	const rules = (await world.sql("SELECT encode(rules_hash, 'hex') FROM keeper.offchain_rules")).split('\n');
	const keys = (await world.sql('SELECT keeper.base58(key), floor(extract(epoch FROM registered_at)) FROM keeper.vrf_keys ORDER BY registered_at')).split('\n').map((row) => row.split('|'));
	const retired = `vrf-key-${keys[0][0]}-retired.json`;
	const wanted = [...rules.map((hash) => `rules-${hash}.json`), ...keys.map(([key]) => `vrf-key-${key}.json`), retired];
	// One that was lost is written again, and no other.
	fs.rmSync(path.join(folder, wanted[0]), { force: true });
	const there = fs.readdirSync(folder);
	await world.forgetLease();
	const daemon = world.startDaemonWith(settings());
	for (const file of wanted.filter((name) => !there.includes(name))) await daemon.wait('certificate.terms', { file });
	await daemon.kill('SIGTERM');
	assert.equal(daemon.all('certificate.terms').length, wanted.filter((name) => !there.includes(name)).length);
	const text = (name) => fs.readFileSync(path.join(folder, name));
	for (const hash of rules) assert.equal(crypto.createHash('sha256').update(text(`rules-${hash}.json`)).digest('hex'), hash);
	for (const [key, registered] of keys) assert.deepEqual(JSON.parse(text(`vrf-key-${key}.json`)), { key, registered });
	const { key, why } = JSON.parse(text(retired));
	assert.deepEqual([key, why], [keys[0][0], 'its "holder" left']);
	assert.deepEqual(fs.readdirSync(folder).filter((name) => /^(rules|vrf-key)-/.test(name)).sort(), [...wanted].sort());
});

test('poolkeeper verify and poolkeeper certificate agree with what was written', async () => {
	const [{ name, draw }, { draw: other }] = await rows();
	const file = path.join(folder, name);
	const { status, stdout } = spawnSync(BINARY, ['verify', file, '--json'], { env: {}, encoding: 'utf8', maxBuffer: 64 << 20 });
	const doubts = JSON.parse(stdout).verdict.checks.filter(({ result }) => result !== 'ok');
	assert.deepEqual(doubts.map(({ check }) => check), doubts.length === 0 ? [] : ['drand_signature']);
	assert.equal(status, doubts.length === 0 ? 0 : 69);
	const issue = (what) => spawnSync(BINARY, ['certificate', ...what], { env: { DATABASE_URL: world.daemonUrl }, maxBuffer: 64 << 20 });
	const again = issue([draw]);
	assert.equal(again.status, 0, String(again.stderr));
	assert.equal(again.stdout.compare(fs.readFileSync(file)), 0, 'byte for byte');
	assert.notEqual(issue([other]).stdout.compare(again.stdout), 0);
	const unknown = issue(['00000000-0000-4000-8000-000000000000']);
	assert.match(`${unknown.status} ${unknown.stderr}`, /^64 poolkeeper: draw 00000000-0000-4000-8000-000000000000 has no certificate/);
	assert.match(String(issue(["' OR true --"]).stderr), /has no certificate/);
	assert.match(String(issue([]).stderr), /certificate needs a draw/);
});

test('a draw that was changed after it was signed gets no file, nor one whose number is taken, and the others get theirs', async () => {
	const [changed, next] = await rows();
	// A third one's number is taken by a file of another history of this database, from before a backup was restored.
	const third = (await rows())[2].name;
	const taken = `${third.split('-')[0]}-${changed.draw}.json`;
	for (const { name } of [changed, next]) fs.rmSync(path.join(folder, name));
	fs.renameSync(path.join(folder, third), path.join(folder, taken));
	await world.sql(`ALTER TABLE keeper.offchain_draws DISABLE TRIGGER USER; UPDATE keeper.offchain_draws SET payments = '{elsewhere}' WHERE certificate = ${changed.serial}`);
	await world.forgetLease();
	const daemon = world.startDaemonWith(settings());
	assert.match((await daemon.wait('certificate.broken', { file: changed.name })).why, /its draw was changed after it was signed/);
	await daemon.wait('certificate.written', { file: next.name });
	await daemon.wait('certificate.twice', { file: third, other: taken });
	await daemon.kill('SIGTERM');
	assert.ok(!published().includes(changed.name));
	assert.ok(!published().includes(third), 'no two files of one number');
	fs.renameSync(path.join(folder, taken), path.join(folder, third));
	await world.sql(`UPDATE keeper.offchain_draws SET payments = '{""}' WHERE certificate = ${changed.serial}`);
	await world.sql(GUARDED);
});

// Two nodes that tell one transaction wrong when it is read for the second time (the first is the pool's history), and at the third have lost it.
async function badNodes(t, pool) {
	const seen = { n: 0 };
	const { signature: creation } = (await world.scenario.node.call('getSignaturesForAddress', pool.address, { commitment: 'confirmed' })).at(-1);
	const change = (method, body, params) => {
		if (method !== 'getTransaction' || params[0] !== creation) return body;
		const answer = JSON.parse(body);
		seen.n += 1;
		if (seen.n === 2) answer.result.transaction[0] = `${answer.result.transaction[0].slice(0, 20)}AAAA${answer.result.transaction[0].slice(24)}`;
		if (seen.n === 3) answer.result = null;
		return JSON.stringify(answer);
	};
	const relays = [];
	for (let k = 0; k < 2; k += 1) {
		relays.push(await startRelay(`${world.chain.url.replace(/\/$/, '')}/node/0`, change));
		t.after(() => relays[k].close());
	}
	return { seen, urls: { SOLANA_RPC_URL: relays[0].url, SOLANA_RPC_URL_2: relays[1].url } };
}

test('pools on chain are certified one after the other: killed between row and file, both verifiers say fair, and no changed byte passes', async (t) => {
	const { judgeCertificate } = await import(path.join(ROOT, 'docs', 'verify', 'src', 'judge.js'));
	const pools = [await world.lockedPool({ program: 'spl', players: 4 }), await world.lockedPool({ program: 'token-2022', decimals: 9, players: 3 })];
	await world.pastLock();
	await world.forgetLease();
	for (const statement of ["ALTER SYSTEM SET track_functions = 'all'", 'SELECT pg_reload_conf()', 'SELECT pg_stat_reset()']) await world.sql(statement);
	const of = (pool) => new RegExp(`^draw:${pool.address}:\\d+$`);
	const elsewhere = path.join(world.directory, 'elsewhere');
	const { seen, urls } = await badNodes(t, pools[0]);
	const rowless = world.startDaemonWith({ ...settings(), ...urls, CERTIFICATE_DIR: elsewhere });
	// Until the first draw is paid there is nothing to certify, however many ticks that takes: each question is asked once.
	// A number counts when no draw was paid after it was read.
	let [asked, over] = ['', false];
	const paid = rowless.wait('draw.paid', {}, { within: 120_000 }).finally(() => { over = true; });
	while (!over) {
		const now = await world.sql("SELECT funcname, calls FROM pg_stat_user_functions WHERE funcname IN ('proof_next', 'certificate_next') AND calls > 1");
		if (await world.sql('SELECT count(*) FROM keeper.draws WHERE paid_at IS NOT NULL') === '0') asked = now;
		await sleep(200);
	}
	await paid;
	assert.equal(asked, '', 'a quiet tick costs nothing');
	fs.rmSync(elsewhere, { recursive: true });
	fs.writeFileSync(elsewhere, 'from here on no file can be written');
	for (const pool of pools) await rowless.wait('certificate.made', { of: of(pool) }, { within: 120_000 });
	await rowless.kill();
	assert.equal(seen.n, 4, 'wrong at one node, lost at the other, and then there');
	const made = (await world.sql('SELECT keeper.certificate_name(c) FROM keeper.certificates c WHERE c.pool IS NOT NULL ORDER BY serial')).split('\n');
	assert.deepEqual(made.map((name) => fs.existsSync(path.join(folder, name))), [false, false], 'rows without files');

	// A draw that this journal did not make: the same calls, and no transaction of ours among them.
	const foreign = `draw:${pools[0].address}:7`;
	await world.sql(`INSERT INTO keeper.calls (signature, ix, inner_ix, slot, block_time, draw, user_wallet, instruction, amount, decimals)
		SELECT signature, ix + 100, inner_ix, slot, block_time, '${foreign}', user_wallet, instruction, amount, decimals FROM keeper.calls WHERE draw ~ '^draw:${pools[0].address}:';
		INSERT INTO keeper.draws (draw, address, pool_id, mint, status, status_slot, winner, decimals, total_amount, winner_amount, dev_amount, burn_amount, treasury_amount, end_time, payout_slot, paid_at)
		SELECT '${foreign}', address, 7, mint, status, status_slot, winner, decimals, total_amount, winner_amount, dev_amount, burn_amount, treasury_amount, end_time, payout_slot, paid_at FROM keeper.draws WHERE address = '${pools[0].address}'`);
	await world.forgetLease();
	const daemon = world.startDaemonWith(settings());
	for (const file of made) await daemon.wait('certificate.written', { file });
	await daemon.wait('certificate.impossible', { draw: foreign, why: 'not_drawn_here' });
	await daemon.kill('SIGTERM');
	assert.deepEqual([rowless, daemon].map((one) => one.all('certificate.impossible').length), [0, 1]);
	assert.equal(daemon.all('certificate.made').length, 0, 'one row per draw');
	const verify = (file) => spawnSync(BINARY, ['verify', file, '--json'], { env: {}, encoding: 'utf8' });
	const chain = await world.sql("SELECT count(*) FROM keeper.certificates c LEFT JOIN keeper.certificates p ON p.serial = c.serial - 1 WHERE c.previous <> coalesce(p.hash, decode(repeat('00', 32), 'hex'))");
	assert.equal(chain, '0', 'one chain, whatever the draws are of');
	for (const name of made) {
		const [file, bytes] = [path.join(folder, name), fs.readFileSync(path.join(folder, name))];
		const { status, stdout } = verify(file);
		assert.equal(status, 0, stdout);
		assert.equal(JSON.parse(stdout).verdict.verdict.value, 'fair');
		const theirs = judgeCertificate(bytes);
		assert.equal(theirs.verdict, 'fair', theirs.why);
		const { pool } = JSON.parse(bytes).body;
		// Whichever of them was paid first.
		const played = pools.find(({ address }) => address === pool.address).players.map(({ address }) => address);
		assert.deepEqual(pool.players.map(({ wallet }) => wallet), played, 'in the order of the chain\'s own list');
		assert.equal(await world.sql(`SELECT winner FROM keeper.draws WHERE draw = 'draw:${pool.address}:${pool.pool_id}'`), pool.players[Number(pool.drawn.index)].wallet);
		for (const draw of [pool.address, `${pool.address}:${pool.pool_id}`]) {
			const again = spawnSync(BINARY, ['certificate', draw], { env: { DATABASE_URL: world.daemonUrl } });
			assert.equal(again.stdout.compare(bytes), 0, String(again.stderr));
		}
		const forged = path.join(world.directory, 'forged.json');
		for (const at of ['"drawn"', '"winner_amount"', '"wallet"'].map((key) => bytes.indexOf(key) + key.length + 3)) {
			const changed = Buffer.from(bytes);
			changed[at] = changed[at] === 0x32 ? 0x33 : 0x32;
			fs.writeFileSync(forged, changed);
			assert.equal(verify(forged).status, 1, `byte ${at}`);
			assert.notEqual(judgeCertificate(changed).verdict, 'fair');
		}
	}
});

test('a million entries are written in pieces: memory stays as it was, and the ticks go on', { skip: !FULL }, async () => {
	await world.sql("UPDATE keeper.lease SET owner = 'one', fence = 1, expires_at = now() + interval '1 hour'");
	const draw = await settled(Number(process.env.CERTIFICATE_ENTRIES ?? 1_000_000));
	await world.forgetLease();
	const daemon = world.startDaemonWith({ ...settings(), KEEPER_HTTP: '127.0.0.1:29472' });
	await daemon.wait('ready');
	const metric = async (name) => Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(await (await fetch('http://127.0.0.1:29472/metrics')).text())?.[1]);
	let late = 0;
	let slowest = 0;
	let done = false;
	const watching = (async () => {
		while (!done) {
			const began = Date.now();
			late = Math.max(late, await metric('poolkeeper_tick_late_seconds'));
			slowest = Math.max(slowest, Date.now() - began);
			await sleep(20);
		}
	})();
	const memory = () => Number(/^VmHWM:\s+(\d+) kB/m.exec(fs.readFileSync(`/proc/${daemon.child.pid}/status`, 'utf8'))[1]);
	const began = Date.now();
	await daemon.wait('certificate.written', { file: new RegExp(`^\\d+-${draw}`) }, { within: 600_000 });
	const took = Date.now() - began;
	done = true;
	await watching;
	const most = memory();
	console.log(`# written in ${took} ms, ${most} kB at most, a tick at most ${late} s late, an answer took at most ${slowest} ms`);
	await daemon.kill('SIGTERM');
	assert.ok(late < 0.5, `a tick was ${late} s late`);
	assert.ok(most < 64 * 1024, `${most} kB`);
	const { stdout } = spawnSync(BINARY, ['verify', path.join(folder, published().find((name) => name.includes(draw))), '--json'], { env: {}, encoding: 'utf8', maxBuffer: 64 << 20 });
	assert.deepEqual(JSON.parse(stdout).verdict.checks.filter(({ result }) => result === 'wrong'), []);
});
