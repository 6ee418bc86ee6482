// The jackpots over HTTP: pools, wagers and figures by the daemon, whatever comes in and whatever is away.
'use strict';

const assert = require('node:assert/strict');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { execFileSync } = require('node:child_process');
const { after, before, test } = require('node:test');
const { startPostgres, psql } = require('../lib/postgres.js');
const { Keeper } = require('../db/keeper.js');
const { AUDITED, Offchain, VRF_KEY } = require('../db/offchain.js');
const { pause } = require('../lib/server_process.js');
const { Keypair } = require('../chain/solana.js');
const { Daemon } = require('../e2e/daemon.js');
const { Probe } = require('../e2e/probe.js');

const ROOT = path.join(__dirname, '..', '..');
const read = (name) => fs.readFileSync(path.join(ROOT, 'config', 'sources', 'jackpots', name), 'utf8');
const SCHEMA = read('schema.sql');
const TOKEN = 'a-token-of-the-tests-0123456789-abcdef';
const BURST = process.env.POOLKEEPER_TEST_FULL ? 8000 : 400;
const WAGERS_MAX = 32; // of daemon/app/jackpot.c

let server;
let directory;
let databases = 0;
before(async () => {
	server = await startPostgres();
	const url = await server.createDatabase('made');
	for (const verb of ['migrate', 'roles']) execFileSync(path.join(ROOT, 'scripts', 'db'), [verb], { env: { PATH: process.env.PATH, DIRECT_DATABASE_URL: url }, stdio: ['ignore', 'ignore', 'inherit'] });
	directory = fs.mkdtempSync(path.join(os.tmpdir(), 'poolkeeper-jackpot-'));
	const wallet = new Keypair();
	fs.writeFileSync(path.join(directory, 'key'), JSON.stringify([...Buffer.concat([wallet.seed, wallet.publicKey])]), { mode: 0o600 });
});
after(async () => {
	await server.stop();
	fs.rmSync(directory, { recursive: true, force: true });
});

// A client that says what it likes.
class Client extends Probe {
	send(body, headers = {}, page = '/api/jackpot/contribute', method = 'POST') { return this.post(page, body, { Authorization: `Bearer ${TOKEN}`, ...headers }, method); }

	wager(key, cents = 1000, user = 'anna') { return this.send({ gameId: 'slots', wagerAmount: cents, userId: user }, { 'Idempotency-Key': key }); }

	async error(answer) {
		const { status, text } = await answer;
		return `${status} ${JSON.parse(text).error}`;
	}
}

async function database(schema = '') {
	const name = `jackpots${databases++}`;
	await server.sql(`CREATE DATABASE ${name} TEMPLATE made`);
	const keeper = new Keeper(server.url(name));
	if (schema) await keeper.sql(`BEGIN; ${schema} COMMIT;`);
	return keeper;
}

// A daemon of a database with the schema (unless bare, or the test brings its own) and without a chain: the pages need none.
async function start(t, { bare = false, settings = {}, args = [], keeper: own } = {}) {
	const keeper = own ?? await database(bare ? '' : SCHEMA);
	const daemon = new Daemon({
		PATH: process.env.PATH, DATABASE_URL: keeper.daemonUrl, SOLANA_NETWORK: 'devnet', SOLANA_RPC_URL: 'http://127.0.0.1:1',
		DEV_WALLET_KEY_FILE: path.join(directory, 'key'), TREASURY_WALLET_PUBKEY: new Keypair().address, SPOOL_DIR: path.join(directory, 'spool'),
		KEEPER_HTTP: '127.0.0.1:0', JACKPOT_CONNECTION_POOL_SIZE: '2', JACKPOT_API_TOKEN: TOKEN, ...settings,
	}, args);
	t.after(() => daemon.kill());
	const { port } = await Client.of(daemon);
	if (settings.JACKPOT_CONNECTION_POOL_SIZE !== '0') await daemon.wait('db.up', { db: 'jackpot1' });
	return { keeper, daemon, client: new Client(port) };
}

// Every cent that the ledger has of wagers, by group.
const ledger = (keeper) => keeper.sql('SELECT j."group", sum(l.amount) FROM jackpot.ledger l JOIN jackpot.jackpots j ON j.id = l.jackpot_id WHERE l.kind = \'contribution\' GROUP BY 1 ORDER BY 1');
const sound = async (keeper) => assert.equal(await keeper.sql('SELECT * FROM jackpot.faults'), '');

test('pools are shown, a wager is added once per key, and its answer is the same for ever', async (t) => {
	const { keeper, daemon, client } = await start(t);
	const { pools } = await client.json('/api/jackpot/pools');
	assert.deepEqual(pools.map(({ group, currentAmount, seedAmount, maxAmount, contributionRate, round }) => [group, currentAmount, seedAmount, maxAmount, contributionRate, round]),
		[['minor', 100000, 100000, 1000000, '0.020000', 1], ['major', 1000000, 1000000, 10000000, '0.010000', 1], ['mega', 10000000, 10000000, 100000000, '0.005000', 1]]);
	const first = await client.wager('k1', 1050);
	assert.equal(first.status, 200, first.text);
	const said = JSON.parse(first.text);
	assert.deepEqual([said.idempotencyKey, said.userId, said.gameId, said.wagerAmount], ['k1', 'anna', 'slots', 1050]);
	assert.deepEqual(said.contributions, [{ group: 'minor', round: 1, amount: 21 }, { group: 'major', round: 1, amount: 10 }, { group: 'mega', round: 1, amount: 5 }]);
	await client.wager('k2', 5000, 'bob');
	for (const again of await Promise.all(Array.from({ length: 8 }, () => client.wager('k1', 1050)))) assert.equal(again.text, first.text);
	const inBody = await client.send({ idempotencyKey: 'k1', userId: 'anna', wagerAmount: 1050, gameId: 'slots' });
	assert.equal(inBody.text, first.text, 'the key as a field');
	for (const other of [client.wager('k1', 1051), client.wager('k1', 1050, 'bob'), client.send({ gameId: 'dice', wagerAmount: 1050, userId: 'anna' }, { 'Idempotency-Key': 'k1' })]) {
		assert.equal(await client.error(other), '409 key_used');
	}
	assert.equal(await ledger(keeper), 'minor|121\nmajor|60\nmega|30');
	assert.equal(await keeper.sql('SELECT count(*) FROM jackpot.contributions'), '2');
	await client.until('/api/jackpot/pools', ({ text }) => JSON.parse(text).pools[0].currentAmount === 100121, 'both wagers');
	assert.deepEqual(await client.json('/api/health/jackpot'), { configured: true, status: 'healthy' });
	await keeper.sql(`ALTER FUNCTION jackpot.pools_json RENAME TO pools_inner; CREATE SEQUENCE public.asked; GRANT USAGE ON SEQUENCE public.asked TO poolkeeper;
		CREATE FUNCTION jackpot.pools_json() RETURNS text LANGUAGE sql AS 'SELECT nextval(''public.asked''); SELECT jackpot.pools_inner()'`);
	const began = Date.now();
	for (let i = 0; i < 5; i++) await Promise.all(Array.from({ length: 10 }, async () => assert.equal((await client.json('/api/jackpot/pools')).pools.length, 3)));
	assert.ok(Number(await keeper.sql('SELECT last_value FROM public.asked')) <= 1 + (Date.now() - began) / 1000, 'the database is asked once a second, however many ask us');
	const small = await client.wager('small', 1);
	assert.deepEqual(JSON.parse(small.text).contributions, [], 'less than a cent is nothing');
	await sound(keeper);
	for (const text of [...client.bodies, daemon.log]) assert.ok(!text.includes(TOKEN));
	await daemon.kill('SIGTERM');
});

test('what is no wager, from nobody, or too much gets a clear answer and adds nothing', async (t) => {
	const { keeper, daemon, client } = await start(t);
	const whole = { gameId: 'slots', wagerAmount: 1000, userId: 'anna', idempotencyKey: 'k' };
	for (const Authorization of ['', 'Bearer', `Bearer ${TOKEN}x`, `Bearer ${TOKEN.slice(0, -1)}`, `Basic ${TOKEN}`, TOKEN]) {
		assert.equal(await client.error(client.send(whole, { Authorization })), '401 unauthorized', Authorization);
	}
	for (const body of ['', '{', 'null', '[1]', { ...whole, extra: 1 }, { ...whole, wagerAmount: 0 }, { ...whole, wagerAmount: -5 }, { ...whole, wagerAmount: 10.5 }, { ...whole, wagerAmount: '1000' },
		{ ...whole, wagerAmount: 1e13 }, { ...whole, userId: '' }, { ...whole, userId: 'ä' }, { ...whole, userId: 'x'.repeat(201) }, { ...whole, gameId: 5 }, { ...whole, idempotencyKey: undefined }]) {
		assert.equal(await client.error(client.send(body)), '400 bad_request', JSON.stringify(body));
	}
	assert.match((await client.send({ ...whole, wagerAmount: -5 })).text, /wagerAmount has to be a whole number of cents from 1 to 1000000000000/);
	assert.equal(await client.error(client.send(whole, { 'Idempotency-Key': 'other' })), '400 bad_request');
	assert.equal(await client.error(client.send('x'.repeat(2049))), '413 too_large');
	assert.equal(await client.error(client.send('x'.repeat(200000))), '413 too_large');
	for (const [url, method, allow] of [['/api/jackpot/contribute', 'GET', 'POST'], ['/api/jackpot/contribute', 'DELETE', 'POST'], ['/api/jackpot/pools', 'POST', 'GET, HEAD'], ['/api/metrics/jackpot', 'PUT', 'GET, HEAD']]) {
		const answer = await client.send('', {}, url, method);
		assert.deepEqual([answer.status, answer.headers.allow], [405, allow], `${method} ${url}`);
	}
	assert.equal((await client.get('/api/jackpot/pools', 'HEAD')).text, '');
	assert.equal((await client.get('/api/jackpot/nothing')).status, 404);
	const quoted = await client.send({ ...whole, userId: "'; DROP TABLE jackpot.ledger; --" });
	assert.equal(JSON.parse(quoted.text).userId, "'; DROP TABLE jackpot.ledger; --");
	assert.equal(await keeper.sql('SELECT count(*) FROM jackpot.contributions'), '1');
	const metrics = await client.json('/api/metrics/jackpot');
	assert.equal(metrics.requests.failed, 0, 'what clients do wrong is no failure of ours');
	assert.equal(daemon.all('jackpot.unwell').length, 0);
	await sound(keeper);
});

test('off, without a token, as a dry run, and with settings that do not fit', async (t) => {
	const off = await start(t, { settings: { JACKPOT_CONNECTION_POOL_SIZE: '0', JACKPOT_API_TOKEN: '' } });
	for (const page of ['/api/jackpot/pools', '/api/metrics/jackpot', '/api/jackpot/contribute']) assert.equal((await off.client.get(page)).status, 404);
	assert.equal((await off.client.wager('k')).status, 404);
	assert.equal((await off.client.json('/api/health/jackpot')).configured, false);
	assert.equal(off.daemon.all('db.up', { db: /jackpot/ }).length, 0);

	const reading = await start(t, { settings: { JACKPOT_API_TOKEN: '' } });
	assert.equal((await reading.client.json('/api/jackpot/pools')).pools.length, 3);
	assert.equal(await reading.client.error(reading.client.wager('k')), '404 disabled');

	const dry = await start(t, { args: ['--dry-run'] });
	assert.equal((await dry.client.json('/api/jackpot/pools')).pools.length, 3);
	assert.equal(await dry.client.error(dry.client.wager('k')), '503 dry_run');
	assert.equal(await dry.keeper.sql('SELECT count(*) FROM jackpot.contributions'), '0');

	const file = path.join(directory, 'token');
	fs.writeFileSync(file, `${TOKEN}\n`, { mode: 0o600 });
	const filed = await start(t, { settings: { JACKPOT_API_TOKEN: '', JACKPOT_API_TOKEN_FILE: file } });
	assert.equal((await filed.client.wager('k')).status, 200);

	for (const [settings, why] of [[{ JACKPOT_API_TOKEN: 'x'.repeat(31) }, /32 to 200 characters/], [{ JACKPOT_API_TOKEN: `${TOKEN} x` }, /without blanks/], [{ JACKPOT_CONNECTION_POOL_SIZE: '0' }, /is of no use while/], [{ JACKPOT_CONNECTION_POOL_SIZE: '21' }, /from 0 to 20/]]) {
		const wrong = new Daemon({ PATH: process.env.PATH, DATABASE_URL: off.keeper.daemonUrl, SOLANA_RPC_URL: 'http://127.0.0.1:1', DEV_WALLET_KEY_FILE: path.join(directory, 'key'),
			TREASURY_WALLET_PUBKEY: new Keypair().address, JACKPOT_CONNECTION_POOL_SIZE: '2', JACKPOT_API_TOKEN: TOKEN, ...settings }, ['--check-config']);
		assert.equal((await wrong.exit()).code, 78);
		const fault = wrong.all('config.invalid')[0];
		assert.match(fault.why, why);
		if (settings.JACKPOT_API_TOKEN) assert.ok(fault.value === '***' && !wrong.log.includes(settings.JACKPOT_API_TOKEN));
	}
});

test('without its schema the pages say so, and work as soon as it is there', async (t) => {
	const { keeper, daemon, client } = await start(t, { bare: true });
	for (const page of ['/api/jackpot/pools', '/api/metrics/jackpot', '/api/health/jackpot']) {
		const answer = await client.get(page);
		assert.deepEqual([answer.status, answer.headers['retry-after'], JSON.parse(answer.text).error], [503, '60', 'no_schema'], page);
	}
	assert.equal(await client.error(client.wager('k')), '503 no_schema');
	assert.equal(daemon.all('jackpot.unwell', { fault: 'no_schema' }).length, 1);
	assert.equal((await client.get('/livez')).status, 200);
	await keeper.sql(`BEGIN; ${SCHEMA} COMMIT;`);
	await client.until('/api/jackpot/pools', ({ status }) => status === 200, 'the pools');
	assert.equal((await client.wager('k')).status, 200);
	assert.equal(daemon.all('jackpot.well').length, 1);
});

// The minor jackpot's open round, locked, drawn and paid.
async function win(keeper) {
	const statement = (name) => read('statements.sql').split(`-- name: ${name}\n`)[1].split('-- name:')[0].trim();
	const offchain = new Offchain(keeper);
	await keeper.sql(`${AUDITED} ON CONFLICT DO NOTHING`);
	await keeper.sql("UPDATE jackpot.jackpots SET min_contributions = 0; UPDATE jackpot.rounds SET due_at = now() WHERE state = 'open'");
	const locking = Offchain.locking('minor:1', { source: 'jackpots', type: 'jackpot', freeze: statement('freeze'), entries: statement('entries') });
	const [draw] = await keeper.call('offchain_lock', locking);
	await offchain.draw(draw);
	await offchain.verb('settle', draw, { settle: statement('settle') });
}

const stateOf = (figure, target, alert) => (figure > alert ? 'alert' : figure < target ? 'ok' : 'missed');

test('the figures of a burst are what SQL and the clients count', async (t) => {
	const keeper = await database();
	await keeper.sql("SELECT keeper.lease_tick('test', 0, 3600000)");
	await keeper.call('vrf_key_register', { key: VRF_KEY });
	await keeper.call('offchain_publish', { type: 'jackpot', rules: read('rules.json').trim() });
	await keeper.sql(`BEGIN; ${SCHEMA} COMMIT;`);
	const { client } = await start(t, { keeper, settings: { JACKPOT_CONNECTION_POOL_SIZE: '5' } });
	const times = [];
	const lane = async (i) => {
		for (let k = 0; k < BURST / 8; k++) {
			const began = performance.now();
			const { status } = await client.wager(`${i}-${k}`, 50 * (k + 1), `user${i}`);
			times.push(performance.now() - began);
			assert.equal(status, 200);
			if (k % 10 === 0) assert.equal((await client.wager(`${i}-${k}`, 7)).status, 409);
			if (k % 15 === 0) assert.equal((await client.send('{}')).status, 400);
		}
	};
	await Promise.all(Array.from({ length: 8 }, (_, i) => lane(i)));
	const refused = 8 * (Math.ceil(BURST / 80) + Math.ceil(BURST / 120));
	await win(keeper);
	const { text } = await client.until('/api/metrics/jackpot', (page) => JSON.parse(page.text).database.win.window === 1, 'the win');
	const { contribution, requests, connectionPool, database: figures } = JSON.parse(text);
	t.diagnostic(`p95 ${contribution.p95Ms} ms by the daemon`);
	assert.deepEqual([requests.added, requests.refused, requests.failed, requests.errorPercent, requests.state], [BURST, refused, 0, 0, 'ok']);
	assert.equal(contribution.window, Math.min(1000, BURST + refused));
	const most = Math.max(...times);
	assert.ok(contribution.p50Ms > 0 && contribution.p50Ms <= contribution.p95Ms && contribution.p95Ms <= contribution.maxMs && contribution.maxMs <= most, `${text} ${most}`);
	assert.equal(contribution.state, stateOf(contribution.p95Ms, 100, 500));
	assert.deepEqual([connectionPool.total, connectionPool.up, connectionPool.waiting], [5, 5, 0]);
	const [ms, total] = (await keeper.sql(`SELECT round(extract(epoch FROM settled_at - drawn_at) * 1000, 3) FROM keeper.offchain_draws;
		SELECT json_agg(json_build_object('group', j."group", 'currentAmount', s.now, 'totalContributions', s.given, 'totalWagers', s.wagers, 'totalWins', s.wins) ORDER BY j."group")
		  FROM jackpot.jackpots j JOIN LATERAL (SELECT sum(l.amount) AS now, sum(l.amount) FILTER (WHERE kind = 'contribution') AS given, count(*) FILTER (WHERE kind = 'contribution') AS wagers,
			(SELECT count(*) FROM jackpot.credits c WHERE c.jackpot_id = j.id AND c.kind = 'win') AS wins FROM jackpot.ledger l WHERE l.jackpot_id = j.id) s ON true`)).split('\n', 2);
	assert.deepEqual(figures.pools, JSON.parse(total));
	assert.deepEqual([figures.win.averageMs, figures.win.p95Ms, figures.win.maxMs, figures.win.state], [Number(ms), Number(ms), Number(ms), stateOf(Number(ms), 150, 1000)]);
	await sound(keeper);
});

test('a lock, a flood and a database that goes away: bounded, told apart, and nothing is added twice or lost', async (t) => {
	const { keeper, daemon, client } = await start(t);
	await keeper.sql(`CREATE TABLE public.gate (); GRANT SELECT ON public.gate TO poolkeeper;
		CREATE FUNCTION public.wait_at_gate() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM FROM public.gate; RETURN NULL; END';
		CREATE TRIGGER gate AFTER INSERT ON jackpot.contributions FOR EACH ROW EXECUTE FUNCTION public.wait_at_gate()`);
	const lock = keeper.sql('BEGIN; LOCK TABLE public.gate; SELECT pg_sleep(60)').catch(() => {});
	let holder = '';
	while (holder === '') holder = await keeper.sql("SELECT pid FROM pg_locks WHERE relation = 'public.gate'::regclass AND mode = 'AccessExclusiveLock' AND granted");
	let refused = 0;
	const many = Array.from({ length: 60 }, async (_, i) => { const answer = await client.wager(`flood${i}`); refused += answer.status === 503; return answer; });
	while (refused < 60 - WAGERS_MAX) await pause(10);
	const crawlers = await client.crawl(70); // more than the daemon keeps: who waits for an answer is not shown out for them
	assert.equal((await client.get('/livez', 'GET', 1000)).status, 200, 'other pages are served meanwhile');
	await keeper.sql(`SELECT pg_terminate_backend(${holder})`);
	const answers = await Promise.all(many);
	await Promise.all([lock, crawlers.stop()]);
	const busy = answers.filter(({ status }) => status === 503);
	const added = answers.filter(({ status }) => status === 200);
	assert.equal(added.length, WAGERS_MAX, 'so many wait');
	assert.equal(added.length + busy.length, 60, 'and the others are told at once');
	for (const { text, headers } of busy) assert.deepEqual([JSON.parse(text).error, headers['retry-after']], ['busy', '1']);
	assert.equal(await keeper.sql("SELECT count(*) FROM jackpot.contributions WHERE key LIKE 'flood%'"), String(WAGERS_MAX));

	server.freeze();
	const doubted = await Promise.all(Array.from({ length: 6 }, (_, i) => client.wager(`frozen${i}`)));
	server.thaw();
	const said = doubted.map(({ status, text }) => `${status} ${JSON.parse(text).error}`);
	assert.deepEqual([...new Set(said)].sort(), ['503 database_away', '503 unknown'], 'sent, or not even sent');
	await daemon.wait('db.up', { db: 'jackpot1' }, { from: daemon.events.length });
	for (let i = 0; i < 6; i++) {
		let answer = await client.wager(`frozen${i}`);
		while (answer.status === 503) answer = await client.wager(`frozen${i}`);
		assert.equal(answer.status, 200, answer.text);
	}
	assert.equal(await ledger(keeper), ['minor', 'major', 'mega'].map((group, i) => `${group}|${[20, 10, 5][i] * (WAGERS_MAX + 6)}`).join('\n'));
	const metrics = await client.json('/api/metrics/jackpot');
	assert.ok(metrics.requests.failed >= busy.length + 6);
	assert.equal(metrics.requests.state, 'alert');
	await sound(keeper);
});
