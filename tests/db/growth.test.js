// Every statement that the daemon sends stays fast among ten million rows: none of its plans reads a table that grows from end to end.
// Plans are those that Postgres made for the statements inside of the functions, as it ran them. --full fills those that grow most for real.
'use strict';

const test = require('node:test');
const assert = require('node:assert');
const fs = require('node:fs');
const path = require('node:path');
const { promisify } = require('node:util');
const run = promisify(require('node:child_process').execFile);
const { startPostgres } = require('../lib/postgres');
const { newKeeper, Keeper, step, close, commit, payout, view } = require('./keeper');
const { fill, tables, made } = require('./filled');
const { root } = require('./migrator');

const BINARY = process.env.POOLKEEPER ?? path.join(root, 'build', 'poolkeeper');
const FULL = process.env.POOLKEEPER_TEST_FULL === '1';
const MANY = 10_000_000;
const ROWS = FULL ? 100_000 : 3000;
const GROW_MOST = ['public.used_transactions', 'public.notifications', 'keeper.audit_trail', 'keeper.steps'];

let server;
let keeper;
let partial;
test.before(async () => {
	server = await startPostgres(FULL ? { durable: true, settings: { max_wal_size: '8GB', maintenance_work_mem: '256MB', wal_level: 'minimal', max_wal_senders: 0 } } : {});
	keeper = await newKeeper(server);
	await keeper.sql(fill(ROWS, MANY, FULL ? GROW_MOST : []));
	await keeper.call('offchain_publish', { type: 'plain', rules: '{"type": "plain", "source": "plain", "randomness": "beacon", "mode": 1, "deadline_s": 600}' });
	partial = (await keeper.sql('SELECT c.relname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE i.indpred IS NOT NULL')).split('\n');
});
test.after(() => server.stop());

const [A, D, S, O] = [made.address, made.draw, made.signature, made.offchain];
const NEW = 99999999;
const bytes = (n) => `\\x${String(n).padStart(2, '0').repeat(64)}`;
const hex = (n) => `\\${bytes(n)}`; // within an array
const ARRAYS = { signature: [hex(1)], ix: [0], inner_ix: [-1], slot: [5], block_time: [5], call_pool_id: [7], user: [A(1)], instruction: ['join_pool'], amount: [5], decimals: [6], mint: [null] };
const WATCHED = { draw: [D(1)], slot: [50], status: [1], total_amount: [4], bet_amount: [1], mint: [A(1)], creator: [A(1)], dev_wallet: [A(1)], participants: [1], observed: ['t'], quiet: [0] };

// Each statement of daemon/journal, with something to do. Draws 1 to 5 are not over.
const SENT = {
	audit_begin: { fence: 1, wallet: A(1), slot: 50, height: 40 },
	audit_unknown: { signature: [S(1), S(NEW)] },
	audit_import: { fence: 1, wallet: A(1), height: 5, signature: [S(NEW)], slot: [5], block_time: [5], failed: ['f'], kind: ['OTHER'], memo: [null] },
	audit_done: { fence: 1, wallet: A(1), signature: S(1), slot: 5 },
	audit_seal: { fence: 1, limit: 200 },
	audit_waits: {},
	database_mark: {},
	referral_work: { fence: 1, on: 't', treasury: A(2), max_amount: 5, max_per_day: 1000, max: 8 },
	commit_record: commit({ draw: D(1), randomness: A(1), oracle: A(1), seed_slothash: A(9), seed_slot: 99 }),
	randomness_free: { draw: D(1) },
	census_begin: { fence: 1, slot: 5 },
	census_unknown: { signature: [hex(1), hex(2)] },
	census_found: { fence: 1, address: [A(NEW)], slot: 5 },
	census_done: { fence: 1, signature: bytes(2), slot: 500 },
	undiscovered: { fence: 1, now: 5, address: [A(1), A(NEW)], pool_id: [7, 7] },
	discover: { fence: 1, address: [A(NEW)], pool_id: [7], slot: [5], start_time: [5], allow_mock: ['f'], verdict: ['FITS'] },
	list_discovered: { fence: 1, now: 1790000000, age: 300 },
	creator_binds: { creator: [A(1)] },
	history: { address: A(1) },
	record_calls: { fence: 1, address: A(1), pool_id: 7, watermark: bytes(1), watermark_slot: 5, seen: null, gone: 't', repair: 'f', ...ARRAYS, read: [hex(1)], gap_signature: [], gap_slot: [], gap_reason: [] },
	project_calls: { fence: 1, limit: 100 },
	watched: { after: A(1) },
	house_work: { close: 't', pools: 't', keep: 2, idle_s: 0, failures: 3, max: 8 },
	randomness_abandoned: { address: [A(NEW)], failures: 3 },
	leftover_note: { fence: 1, draw: D(6), wait_s: 5 },
	step_rows: { subject: D(1) },
	step_open: step({ subject: D(2), prev_seq: 1, step: 'DRAW', sig: S(NEW), randomness: null, lut_slot: null }),
	step_import: step({ subject: D(2), prev_seq: 1, sig: S(NEW), randomness: A(5000) }),
	step_close: close({ subject: D(1), outcome: 'final' }),
	step_reopen: { fence: 1, subject: D(1), seq: 1 },
	payout_record: payout({ subject: D(1), pool: A(1), winner: A(1), mint: A(1), sig: S(NEW), total_amount: 4, winner_amount: 1, dev_amount: 1, burn_amount: 1, treasury_amount: 1 }),
	lease_tick: { owner: 'one', after_id: 0, ttl_ms: 15000 },
	lease_look: { after_id: 0 },
	lease_release: { owner: 'one', fence: 1 },
	submissions_wait: {},
	observe: view({ address: A(1), mint: A(1), status: 3 }),
	sponsors_fix: { fence: 1, draw: D(1), app_id: 1, players: [A(1)] },
	sponsors_look: { draw: D(1), app_id: 1, players: [A(1)] },
	settle_rest: { fence: 1, clear_chat: 't' },
	retain: { fence: 1, after_id: 0, keep_s: 0, age_limit_s: 0, batch: 1000 },
	submissions_page: { fence: 1, after_id: 0, limit: 64, height: 5, height_age_ms: 0 },
	submissions_answer: { fence: 1, id: [1], verdict: ['accepted'], slot: [5], block_time: [5], final: ['t'] },
	watch: { fence: 1, ...WATCHED, chain_draw: [D(1)], chain_kind: ['vault_short'], chain_ok: ['f'], chain_expected: ['1'], chain_found: ['2'] },
	watch_compare: WATCHED,
	offchain_work: { max: 128, due: "SELECT 'plain' AS type, 'k' AS source_key", due_max: 64, due_after: 0 },
	offchain_tell: { fence: 1, source: ['plain'], source_key: ['k'], reason: ['OFFCHAIN_NODES'], why: ['w'] },
	offchain_facts: `SELECT f.* FROM keeper.offchain_draws d CROSS JOIN LATERAL keeper.offchain_facts(d) AS f WHERE d.draw = '${O(1)}'`,
	// Filling takes long: what these say of the time must be of now.
	get offchain_lock() {
		return {
			fence: 1, source: 'plain', source_key: 'k', type: 'plain', vrf_keys: [], slot: 1000, round: Math.ceil((Date.now() / 1000 + 300 - 1692803367) / 3),
			freeze: "SELECT ARRAY[1] AS amounts, 'points' AS currency, 0 AS alternates, 1 AS stake_units, clock_timestamp() AS opened_at", entries: "SELECT NULL::bytea AS participant, 'a' AS account, 'r' AS ref, 1 AS weight, 1 AS stake",
			chain_s: Math.floor(Date.now() / 1000), witnesses: 2,
		};
	},
	offchain_anchor: { fence: 1, draw: O(1), sig: S(NEW), slot: 50, wallet: `\\x${'07'.repeat(32)}` },
	offchain_block: { fence: 1, draw: O(2), slot: 100, parent_slot: 99, blockhash: bytes(1).slice(0, 66), block_time: 1692806200 },
	offchain_beacon: { fence: 1, draw: O(3), round: 1000, signature: bytes(1).slice(0, 98) },
	// Its alpha and beta depend on the row.
	offchain_prove: `SELECT count(*) FROM (SELECT keeper.offchain_alpha(d) AS alpha FROM keeper.offchain_draws d WHERE d.draw = '${O(4)}') AS a
	CROSS JOIN LATERAL keeper.offchain_prove(1, '${O(4)}', a.alpha, NULL, sha512(a.alpha))`,
	offchain_draw: { fence: 1, draw: O(6), attempt: [0], number: [0], total: [1], entry: [0] },
	offchain_settle: { fence: 1, draw: O(7), settle: 'SELECT 0 AS winners, 0 AS paid_units, 5 AS refunded_units' },
	get offchain_default() { return { fence: 1, draw: O(1), chain_s: Math.floor(Date.now() / 1000) }; },
	offchain_refund: { fence: 1, draw: O(5), refund: 'SELECT 5 AS refunded_units' },
	offchain_halt: { fence: 1, draw: O(1), why: 'w' },
	proof_next: {},
	proof_add: { fence: 1, draw: D(8), member: '{}', why: null },
	certificate_next: {},
	terms_next: { after: 'rules-' },
	certificate_add: { fence: 1, draw: O(13), serial: 1, previous: '\\x00', made: 5, hash: '\\x00', key: '\\x00', signature: '\\x00' },
	certificate_files: { after: 5, max: 500 },
	certificate_head: { serial: 5 },
	lock_files: { after: 5, max: 500 },
	lock_head: { seq: 5 },
	certificate_tickets: { draw: O(13), from: 0, max: 10000 },
};

// The tables that some plan of this statement reads from end to end, with the statement inside of the function.
async function readWhole(name, prepare = '') {
	const text = `BEGIN; ${prepare} LOAD 'auto_explain'; SET auto_explain.log_min_duration = 0; SET auto_explain.log_nested_statements = on; SET auto_explain.log_level = notice;
		${typeof SENT[name] === 'string' ? SENT[name] : Keeper.call(name, SENT[name])}; ROLLBACK`;
	const { stderr } = await run('psql', ['-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', keeper.url, '-c', text], { maxBuffer: 64 << 20 });
	const plans = stderr.split(/^NOTICE: {2}duration: /m).slice(1);
	assert.ok(plans.length > 0, `${name}: no plan was told`);
	const whole = (plan) => [...plan.matchAll(/Seq Scan on (\w+)/g)].map((match) => match[1]).filter((table) => tables.some((one) => one.endsWith(`.${table}`)));
	// An index in its order, each row looked at: no better, unless it holds only what is not over.
	const walked = (plan) => [...plan.matchAll(/Index (?:Only )?Scan (?:Backward )?using (\w+)[^\n]*\n((?:(?!\s*->)[^\n]*\n)*)/g)]
		.filter(([, index, details]) => !partial.includes(index) && /Filter: /.test(details) && !/Index Cond: (?!\(.* IS NOT NULL\)$)/m.test(details)).map(([, index]) => index);
	return plans.flatMap((plan) => [...whole(plan), ...walked(plan)].map((what) => `${name} reads all of ${what}: ${plan.slice(0, 1500)}`));
}

test('what is tried here is what the daemon sends', () => {
	const directory = path.join(root, 'daemon', 'journal');
	const sent = new Set(fs.readdirSync(directory).flatMap((file) => [...fs.readFileSync(path.join(directory, file), 'utf8')
		.matchAll(/^[^/*]*"[^"]*keeper\.(\w+)\(/gm)].map((match) => match[1])));
	for (const [, name] of fs.readdirSync(directory).map((file) => fs.readFileSync(path.join(directory, file), 'utf8')).join('\n').matchAll(/keeper\.(\w+)\(\$?\d?/g)) sent.add(name);
	assert.deepEqual(Object.keys(SENT).sort(), [...sent].sort());
});

for (const name of Object.keys(SENT)) {
	test(`${name} reads no table that grows from end to end`, async () => {
		assert.deepEqual(await readWhole(name), []);
	});
}

// status and explain, which people run when they are paged: each node of each of their plans, as run, looked at few rows.
async function rowsLookedAt(args) {
	const from = fs.statSync(server.logFile).size;
	const { stdout } = await run(BINARY, args, { env: { DATABASE_URL: keeper.url.replace('//postgres@', '//looker@') }, maxBuffer: 400 << 20 }).catch((error) => error); // 69: there is no chain here
	const log = fs.readFileSync(server.logFile, 'utf8').slice(from);
	const plans = log.split('duration: ').slice(1);
	assert.ok(plans.length > 2, log);
	// A row that is thrown away was looked at as well.
	const looked = (plan) => [...plan.matchAll(/actual rows=(\d+) loops=(\d+)|Rows Removed by [^:]+: (\d+)/g)].map(([, rows, loops, removed]) => Number(removed ?? rows * loops));
	return { json: JSON.parse(stdout), most: plans.flatMap(looked).reduce((most, n) => Math.max(most, n), 0), plans: plans.join('\n') };
}

test('status shows all that is not over, the newest that is, and says so; neither it nor explain reads what grows', async () => {
	const [, schema] = /schema (\w+)/.exec((await run(BINARY, ['--version'])).stdout);
	const explain = { log_min_duration: 0, log_analyze: 'on', log_timing: 'off', log_nested_statements: 'on', log_level: 'warning' };
	await keeper.sql(`CREATE TABLE keeper.schema_migrations AS SELECT '${schema}' AS version; CREATE ROLE looker LOGIN SUPERUSER; ALTER ROLE looker SET session_preload_libraries = auto_explain;
		${Object.entries(explain).map(([name, value]) => `ALTER ROLE looker SET auto_explain.${name} = '${value}'`).join(';')}`);
	const { json, most, plans } = await rowsLookedAt(['status', '--json']);
	const [ids, over] = [json.pools.list.map(({ id }) => Number(id)), json.pools.list.map(({ waits_for: reason }) => reason === 'OVER')];
	assert.deepEqual(over, [...Array(5).fill(false), ...Array(20).fill(true)]);
	assert.deepEqual([...ids.slice(0, 6), ids.at(-1)], [1, 2, 3, 4, 5, ROWS, ROWS - 19]);
	assert.equal(json.summary.pools.value, '5 that are not over, 20 that are');
	assert.match(json.summary.left_out.value, /^all that are over but the newest 20: status --all shows them/);
	assert.ok(most <= 1000, plans);
	const explained = await rowsLookedAt(['explain', '1', '--json']);
	assert.equal(explained.json.state.state.value, 'Locked, as of slot 5');
	assert.ok(explained.most < 100, explained.plans);
	const all = (await rowsLookedAt(['status', '--all', '--json'])).json;
	assert.equal(all.pools.list.length, ROWS);
	assert.equal(all.summary.left_out, undefined);
});

// [index, a statement that needs it]; --full drops every index of keeper in turn.
const NEEDED = [['keeper.bindings_newest', 'randomness_free'], ['keeper.calls_not_projected', 'project_calls'], ['public.idx_winners_feed_pool', 'payout_record'],
	['public.idx_referral_claims_wallet_lower', 'referral_work'], ['keeper.referral_payouts_referrer', 'referral_work'],
	['keeper.referral_payouts_paid', 'referral_work'], ['keeper.foreign_signatures_signed', 'referral_work'], ['keeper.referral_payouts_opened', 'referral_work']];

test('the claims that are tried get to the last question', async () => {
	const rows = await keeper.rows(`${Keeper.call('referral_work', SENT.referral_work)} ORDER BY subject`);
	assert.deepEqual(rows.map((row) => [row.subject, row.waits_for].filter(Boolean).join(' ')),
		['referral:1', 'referral:2 REFERRAL_AMOUNT', 'referral:3', 'referral:4', 'referral:5', `referral:${NEW}`]);
	await keeper.sql(`DELETE FROM keeper.referral_payouts WHERE claim_id = ${NEW}; UPDATE keeper.referral_payouts SET looked_at = NULL WHERE state = 'waiting'`);
});

test('an index that is missing is seen', async () => {
	for (const [index, name] of NEEDED) assert.notDeepEqual(await readWhole(name, `DROP INDEX ${index};`), [], index);
});

// What no plan here shows, and why it stays.
const KEPT = ['keeper.call_gaps_open', 'keeper.steps_binds', 'keeper.watermarks_watched', // integrity's open gaps; a creator of many draws; pools that are gone are passed over
	'keeper.referral_payouts_obstructed', 'keeper.referral_shares_referrer', // many that wait; without it the second column of the key is looked for in all of its index
	'keeper.offchain_entries_below', 'keeper.offchain_entries_participant']; // here a draw has one entry

test('every index of keeper is needed by a statement', { skip: FULL ? false : 'runs with --full' }, async () => {
	const indexes = (await keeper.sql(`SELECT i.indexrelid::regclass FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid WHERE c.relnamespace = 'keeper'::regnamespace
		AND NOT i.indisunique AND c.relname NOT IN ('audit_trail', 'leftovers') ORDER BY 1`)).split('\n');
	const needless = [];
	for (const index of indexes) {
		let seen = false;
		for (const name of Object.keys(SENT)) seen ||= (await readWhole(name, `DROP INDEX ${index};`)).length > 0;
		if (!seen && !KEPT.includes(index)) needless.push(index);
	}
	assert.deepEqual(needless, []);
});
