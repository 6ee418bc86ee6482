// The verbs of submissions: each hash is accepted once whoever answers, an answer is whole, and one row never stops another.
'use strict';

const test = require('node:test');
const assert = require('node:assert');
const { startPostgres, psql } = require('../lib/postgres');
const { startPgBouncer } = require('../lib/pgbouncer');
const { newKeeper, Keeper, key, signature, POOL, DRAW, addAppPool } = require('./keeper');

const WRITERS = 16;
const BLOCK_TIME = 1790000000;
const HASH = signature('3');
const OTHER = signature('2');

let server;
test.before(async () => { server = await startPostgres(); });
test.after(() => server.stop());

async function submit(keeper, values = {}) {
	const row = { tx_hash: HASH, pool: POOL, wallet: key('U'), operation: 'join', ...values };
	return Number(await keeper.sql(`INSERT INTO keeper.submissions (${Object.keys(row).join(', ')})
		VALUES (${Object.values(row).map((value) => `'${value}'`).join(', ')}) RETURNING id`));
}

const answerArgs = (id, verdict = 'accepted', { slot = 100, blockTime = BLOCK_TIME, final = false, fence = 1 } = {}) => ({
	fence, id: [id], verdict: [verdict], slot: [slot], block_time: [blockTime], final: [final],
});
const give = (keeper, ...args) => keeper.call('submissions_answer', answerArgs(...args));
const page = (keeper, args = {}) => keeper.call('submissions_page', { fence: 1, after_id: 0, limit: 128, height: 1000, height_age_ms: 0, ...args });
const used = (keeper) => keeper.sql("SELECT string_agg(tx_hash || ' ' || coalesce(pool_id::text, '-') || ' ' || wallet_address || ' ' || operation_type, ';') FROM public.used_transactions");

test('unbase58 undoes base58 for every length and every leading zero', async () => {
	const keeper = await newKeeper(server);
	const wrong = await keeper.sql(`SELECT count(*) FROM (
		SELECT decode(repeat('00', z) || substr(encode(sha512(n::text::bytea), 'hex'), 1, 2 * (w - z)), 'hex') AS bytes
		  FROM generate_series(1, 20) n, unnest(ARRAY[32, 64]) w, generate_series(0, 3) z) x
		 WHERE keeper.unbase58(keeper.base58(bytes)) IS DISTINCT FROM bytes`);
	assert.equal(wrong, '0');
	assert.equal(await keeper.sql("SELECT keeper.unbase58('0') IS NULL, keeper.unbase58('') IS NULL, keeper.unbase58(repeat('2', 89)) IS NULL"), 't|t|t');
	assert.equal(await keeper.sql("SELECT keeper.unbase58('JxF12TrwUP45BMd') = 'Hello World'"), 't');
});

test('accepted and used come together, in the backend\'s casing; a second one is refused', async () => {
	const keeper = await newKeeper(server);
	await addAppPool(keeper);
	const first = await submit(keeper);
	const second = await submit(keeper);
	assert.equal(await keeper.sql('SELECT keeper.submissions_wait()'), 't');
	assert.deepEqual(await give(keeper, first), [{ id: first, state: 'accepted', reason: null, final: false }]);
	assert.equal(await used(keeper), `${HASH} 1 ${key('U').toLowerCase()} join`);
	assert.deepEqual(await give(keeper, second), [{ id: second, state: 'rejected', reason: 'already_used', final: false }]);
	assert.deepEqual(await give(keeper, first, 'accepted', { final: true }), [{ id: first, state: 'accepted', reason: null, final: true }]);
	assert.equal(await keeper.sql('SELECT keeper.submissions_wait()'), 'f');
	assert.equal(await keeper.sql('SELECT count(*) FROM public.used_transactions'), '1');
});

test('what the backend used itself is refused, and the row that lost says nothing else', async () => {
	const keeper = await newKeeper(server);
	await keeper.sql(`INSERT INTO public.used_transactions (tx_hash, wallet_address) VALUES ('${HASH}', 'x')`);
	const id = await submit(keeper);
	assert.deepEqual(await give(keeper, id), [{ id, state: 'rejected', reason: 'already_used', final: false }]);
	assert.equal(await keeper.sql('SELECT final_at IS NULL FROM keeper.submissions'), 't');
});

test('what only our own projection marked is accepted, once', async () => {
	const keeper = await newKeeper(server);
	await keeper.sql(`INSERT INTO keeper.calls (signature, ix, inner_ix, slot, block_time, draw, user_wallet, instruction, projected_at)
		VALUES (keeper.unbase58('${HASH}'), 0, -1, 100, ${BLOCK_TIME}, '${DRAW}', '${key('U')}', 'join_pool', now());
		INSERT INTO public.used_transactions (tx_hash, wallet_address, used_at)
		VALUES ('${HASH}', '${key('U').toLowerCase()}', to_timestamp(${BLOCK_TIME}) AT TIME ZONE 'UTC')`);
	const ids = [await submit(keeper), await submit(keeper)];
	assert.equal((await give(keeper, ids[0]))[0].state, 'accepted');
	assert.equal((await give(keeper, ids[1]))[0].reason, 'already_used');
});

test('the answer needs no constraint of public: with the backend\'s unique index gone a hash still counts once', async () => {
	const keeper = await newKeeper(server);
	await keeper.sql('ALTER TABLE public.used_transactions DROP CONSTRAINT used_transactions_tx_hash_unique');
	const ids = [];
	for (let i = 0; i < 4; i++) ids.push(await submit(keeper));
	const results = await Promise.all(ids.map((id) => give(keeper, id)));
	assert.equal(results.flat().filter(({ state }) => state === 'accepted').length, 1);
	assert.equal(await keeper.sql('SELECT count(*) FROM public.used_transactions'), '1');
});

// Each writer hands in a row of its own and answers it, all at the same time.
async function race(url, keeper) {
	const writers = Array.from({ length: WRITERS }, () => new Keeper(url));
	const ids = await Promise.all(writers.map((writer) => submit(writer)));
	const outcomes = (await Promise.all(writers.map((writer, i) => give(writer, ids[i])))).flat();
	assert.equal(outcomes.length, WRITERS);
	assert.equal(outcomes.filter(({ state }) => state === 'accepted').length, 1);
	assert.equal(outcomes.filter(({ reason }) => reason === 'already_used').length, WRITERS - 1);
	assert.equal(await keeper.sql('SELECT count(*) FROM public.used_transactions'), '1');
}

test('of 16 concurrent writers of one hash exactly one wins', async () => {
	const keeper = await newKeeper(server);
	await race(keeper.url, keeper);
});

test('of 16 concurrent writers through pgBouncer in transaction mode exactly one wins', async (t) => {
	const keeper = await newKeeper(server);
	const pooler = await startPgBouncer(server);
	t.after(() => pooler.stop());
	await race(pooler.url(new URL(keeper.url).pathname.slice(1)), keeper);
});

test('one statement answers many rows: a lost one between good ones stops nobody, and rows that are gone are left out', async () => {
	const keeper = await newKeeper(server);
	const ids = [await submit(keeper), await submit(keeper), await submit(keeper, { tx_hash: OTHER }), 999];
	const rows = await keeper.call('submissions_answer', {
		fence: 1, id: ids, verdict: ['accepted', 'accepted', 'wrong_pool', 'not_found'], slot: [7, 7, 8, null], block_time: [1, 1, null, null],
		final: [true, true, false, false],
	});
	assert.deepEqual(rows.map(({ state, reason }) => reason ?? state), ['accepted', 'already_used', 'wrong_pool']);
});

test('a repeat of an answer changes nothing', async () => {
	const keeper = await newKeeper(server);
	const id = await submit(keeper);
	await give(keeper, id);
	const before = await keeper.sql('SELECT row_to_json(s) FROM keeper.submissions s');
	assert.deepEqual(await give(keeper, id), []);
	assert.equal(await keeper.sql('SELECT row_to_json(s) FROM keeper.submissions s'), before);
	await give(keeper, id, 'accepted', { final: true });
	assert.deepEqual(await give(keeper, id, 'not_found'), []);
	assert.equal(await keeper.sql('SELECT state FROM keeper.submissions'), 'accepted');
});

test('an accepted transaction that a fork took away is revoked with its mark, and the hash can be handed in again', async () => {
	const keeper = await newKeeper(server);
	const id = await submit(keeper);
	await give(keeper, id);
	assert.deepEqual(await give(keeper, id, 'not_found', { slot: null, blockTime: null }), [{ id, state: 'revoked', reason: 'not_found', final: false }]);
	assert.equal(await keeper.sql('SELECT count(*) FROM public.used_transactions'), '0');
	const again = await submit(keeper);
	assert.equal((await give(keeper, again))[0].state, 'accepted');
});

test('an accepted transaction that landed again elsewhere moves to that block', async () => {
	const keeper = await newKeeper(server);
	const id = await submit(keeper);
	await give(keeper, id);
	assert.equal((await give(keeper, id, 'accepted', { slot: 105, final: true }))[0].final, true);
	assert.equal(await keeper.sql('SELECT slot FROM keeper.submissions'), '105');
});

test('a page goes on after its last id, and notes the height only for rows that were there before it was asked for', async () => {
	const keeper = await newKeeper(server);
	const ids = [await submit(keeper), await submit(keeper, { tx_hash: OTHER, amount: '18446744073709551615', operation: 'donate' })];
	const early = await page(keeper, { height_age_ms: 3600000 });
	assert.deepEqual(early.map(({ seen_height }) => seen_height), [null, null]);
	const [first] = await page(keeper, { limit: 1 });
	assert.deepEqual([first.id, first.seen_height, first.accepted], [ids[0], 1000, false]);
	const [second] = await page(keeper, { after_id: first.id, height: 2000 });
	assert.deepEqual([second.id, second.seen_height, String(second.operation)], [ids[1], 2000, 'donate']);
	assert.equal(await keeper.sql(`SELECT amount FROM keeper.submissions_page(1, ${first.id}, 1, 1, 0)`), '18446744073709551615');
	assert.deepEqual((await page(keeper, { height: 3000 })).map(({ seen_height }) => seen_height), [1000, 2000]);
});

test('every verb that writes refuses an old fence', async () => {
	const keeper = await newKeeper(server);
	const id = await submit(keeper);
	assert.match(await keeper.refusal('submissions_page', { fence: 0, after_id: 0, limit: 1, height: 1, height_age_ms: 0 }), /^PK001/);
	assert.match(await keeper.refusal('submissions_answer', answerArgs(id, 'accepted', { fence: 9 })), /^PK001/);
	assert.match(await keeper.refusal('retain', { fence: 9, after_id: 0, keep_s: 1, age_limit_s: 1, batch: 1 }), /^PK001/);
});

test('the backend\'s role inserts and reads, and can neither answer nor choose when it handed in', async () => {
	const keeper = await newKeeper(server);
	await keeper.sql(`CREATE ROLE backend LOGIN; GRANT USAGE ON SCHEMA keeper TO backend; GRANT SELECT ON keeper.submissions TO backend;
		GRANT INSERT (tx_hash, pool, wallet, operation, amount) ON keeper.submissions TO backend`);
	const backend = new Keeper(keeper.url.replace('postgres@', 'backend@'));
	const id = await submit(backend);
	assert.equal(await psql(backend.url, `SELECT state FROM keeper.submissions WHERE id = ${id}`), 'pending');
	for (const statement of [
		'UPDATE keeper.submissions SET state = \'accepted\'', 'DELETE FROM keeper.submissions',
		`INSERT INTO keeper.submissions (tx_hash, pool, wallet, operation, submitted_at) VALUES ('${OTHER}', '${POOL}', '${POOL}', 'join', now() - interval '1 day')`,
		'SELECT count(*) FROM keeper.steps',
	]) await assert.rejects(psql(backend.url, statement), /permission denied/, statement);
});

const DAY = 86400;
const retain = (keeper, args = {}) => keeper.call('retain', { fence: 1, after_id: 0, keep_s: 30 * DAY, age_limit_s: 300, batch: 1000, ...args });
const mark = (keeper, name, age, column = 'used_at') => keeper.sql(`INSERT INTO public.used_transactions (tx_hash, wallet_address, used_at, created_at)
	VALUES ('${name}', 'w', NULL, NULL); UPDATE public.used_transactions SET ${column} = (now() AT TIME ZONE 'UTC') - interval '${age}' WHERE tx_hash = '${name}'`);
const left = (keeper) => keeper.sql("SELECT string_agg(tx_hash, ' ' ORDER BY id) FROM public.used_transactions");

test('old marks go, young ones and undated ones stay', async () => {
	const keeper = await newKeeper(server);
	await mark(keeper, 'old', '31 days');
	await mark(keeper, 'undated', '0 days', 'created_at');
	await keeper.sql("UPDATE public.used_transactions SET created_at = NULL WHERE tx_hash = 'undated'");
	await mark(keeper, 'old_by_creation', '31 days', 'created_at');
	await mark(keeper, 'young', '29 days');
	assert.deepEqual(await retain(keeper), [{ deleted: 2, last_id: 4, more: false }]);
	assert.equal(await left(keeper), 'undated young');
});

test('no setting deletes what a submission could still name', async () => {
	const keeper = await newKeeper(server);
	await mark(keeper, 'yesterday', '23 hours 59 minutes');
	await mark(keeper, 'before', '1 day 6 minutes');
	await retain(keeper, { keep_s: 0 });
	assert.equal(await left(keeper), 'yesterday');
	await retain(keeper, { keep_s: 0, age_limit_s: 0 });
	assert.equal(await left(keeper), 'yesterday');
});

test('a batch looks at so many rows and no more, and says where to go on', async () => {
	const keeper = await newKeeper(server);
	await keeper.sql(`INSERT INTO public.used_transactions (tx_hash, wallet_address, used_at)
		SELECT n::text, 'w', (now() AT TIME ZONE 'UTC') - CASE WHEN n <= 25 THEN interval '40 days' ELSE interval '1 day' END FROM generate_series(1, 40) n`);
	let at = 0;
	const deleted = [];
	for (let more = true; more;) {
		const [batch] = await retain(keeper, { after_id: at, batch: 10 });
		deleted.push(batch.deleted);
		({ more, last_id: at } = batch);
	}
	assert.deepEqual(deleted, [10, 10, 5]);
	assert.equal(await keeper.sql('SELECT min(id) FROM public.used_transactions'), '26');
});

test('settled submissions go with the marks, open ones never', async () => {
	const keeper = await newKeeper(server);
	const id = await submit(keeper);
	await submit(keeper);
	await give(keeper, await submit(keeper, { tx_hash: OTHER }));
	await give(keeper, id, 'wrong_pool');
	await keeper.sql("UPDATE keeper.submissions SET submitted_at = now() - interval '40 days', answered_at = answered_at - interval '40 days'");
	assert.equal((await retain(keeper))[0].deleted, 2, 'the refused row, and the mark of an old block');
	assert.equal(await keeper.sql("SELECT string_agg(state, ' ' ORDER BY id) FROM keeper.submissions"), 'pending accepted');
});
