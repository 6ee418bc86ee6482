// Pools that the app never registered: judged once, listed when their time has come, and never beside the app's own row.
'use strict';

const test = require('node:test');
const assert = require('node:assert');
const { startPostgres } = require('../lib/postgres');
const { newKeeper, Keeper, key, signature, POOL, DRAW, step, payout, view, addAppPool } = require('./keeper');

const CREATED = 1789990000;
const AGE = 300;
const OLD_ENOUGH = CREATED + AGE;

let server;
test.before(async () => { server = await startPostgres(); });
test.after(() => server.stop());

const note = (overrides = {}) => {
	const one = { address: POOL, pool_id: 7, slot: 100, start_time: CREATED, allow_mock: 'f', verdict: 'FITS', ...overrides };
	return { fence: 1, ...Object.fromEntries(Object.entries(one).map(([name, value]) => [name, [value]])) };
};
const observe = (keeper, overrides) => keeper.call('observe', view({ app_id: null, ...overrides }));
const discover = async (keeper, overrides = {}) => {
	await observe(keeper, { address: overrides.address ?? POOL, pool_id: overrides.pool_id ?? 7 });
	return keeper.call('discover', note(overrides));
};
const list = async (keeper, now = OLD_ENOUGH) => keeper.call('list_discovered', { fence: 1, now, age: AGE });
const ask = async (keeper, pools, now = 5) => keeper.call('undiscovered', { fence: 1, now, address: pools.map(([address]) => address), pool_id: pools.map(([, id]) => id) });
const pools = (keeper) => keeper.rows('SELECT * FROM public.pools ORDER BY id');

test('news is what neither an app row nor a verdict covers; the first look stays the first', async () => {
	const keeper = await newKeeper(server);
	assert.deepEqual(await ask(keeper, [[POOL, 7], [key('Q'), 8]], 1000), [
		{ since: 1000, n: null, registered: null }, { since: 1000, n: 1, registered: false }, { since: 1000, n: 2, registered: false },
	]);
	await discover(keeper);
	await discover(keeper, { address: key('Q'), pool_id: 8, verdict: 'POLICY_FEES' });
	await addAppPool(keeper, { pool_address: key('S') });
	await keeper.call('observe', view({ app_id: 1, address: key('S'), pool_id: 9 }));
	assert.deepEqual((await ask(keeper, [[POOL, 7], [key('Q'), 8], [key('S'), 9], [POOL, 10]], 2000)).map((row) => [row.since, row.n]),
		[[1000, null], [1000, 2], [1000, 4]], 'what was kept out is judged again: settings change');
	await keeper.call('discover', note({ address: key('Q'), pool_id: 8, verdict: 'FITS' }));
	await keeper.call('discover', note({ address: key('Q'), pool_id: 8, verdict: 'POLICY_FEES' }));
	assert.equal(await keeper.sql(`SELECT verdict FROM keeper.discoveries WHERE draw = 'draw:${key('Q')}:8'`), 'FITS', 'what was let in stays in');
	await addAppPool(keeper, { pool_address: key('T'), status: 'ended' });
	assert.deepEqual((await ask(keeper, [[key('T'), 1]])).at(-1), { since: 1000, n: 1, registered: true });
});

test('a draw without an app row is listed by the tick under a number of its own', async () => {
	const keeper = await newKeeper(server);
	await discover(keeper);
	await discover(keeper, { address: key('Q'), pool_id: 8 });
	const listed = await keeper.tick();
	assert.deepEqual(listed.map((row) => row.address).sort(), [POOL, key('Q')].sort());
	assert.ok(listed.every((row) => row.app_id < 0) && listed[0].app_id !== listed[1].app_id);
});

test('the row is what the backend would have written, not a second too early, and once', async () => {
	const keeper = await newKeeper(server);
	await discover(keeper);
	await keeper.sql(`INSERT INTO keeper.calls (signature, ix, inner_ix, slot, block_time, draw, user_wallet, instruction, amount, decimals)
		VALUES (decode(repeat('01', 64), 'hex'), 0, -1, 90, ${CREATED}, '${DRAW}', '${key('C')}', 'create_pool', 1000, 3)`);
	assert.deepEqual(await list(keeper, OLD_ENOUGH - 1), [{ waiting: 1, draw: null, app_id: null, ours: null }]);
	assert.deepEqual(await pools(keeper), []);
	assert.deepEqual(await list(keeper), [{ waiting: 0, draw: DRAW, app_id: 1, ours: true }, { waiting: 0, draw: null, app_id: null, ours: null }]);
	const [row] = await pools(keeper);
	const short = `${key('M').slice(0, 4)}...${key('M').slice(-4)}`;
	const expected = {
		pool_address: POOL, token_symbol: short, token_name: short, token_mint: key('M'), entry_amount: 1, min_participants: 2, max_participants: 2,
		participants_count: 2, status: 'locked', start_time: new Date(CREATED * 1000).toISOString().slice(0, 19), lock_duration: 60,
		lock_start_time: 1789999000, total_pot: 2, creator_wallet: key('C').toLowerCase(), allow_mock: 0, is_free: 0, rent_claimed: 0,
		token_logo_url: null, winner_wallet: null,
	};
	for (const [name, value] of Object.entries(expected)) assert.equal(row[name], value, name);
	await keeper.call('project_calls', { fence: 1, limit: 10 });
	assert.equal(row.tx_hash, await keeper.sql(`SELECT keeper.base58('\\x${'01'.repeat(64)}')`), 'the creation signature');
	assert.deepEqual(await keeper.rows('SELECT pool_id, wallet_address, operation_type FROM public.used_transactions'),
		[{ pool_id: 1, wallet_address: key('C').toLowerCase(), operation_type: 'create_pool' }], 'what was recorded before belongs to the row');
	assert.equal((await list(keeper)).length, 1);
	await keeper.call('discover', note());
	assert.equal((await list(keeper)).length, 1);
	assert.equal((await pools(keeper)).length, 1);
	assert.deepEqual((await keeper.tick()).map((listed) => listed.app_id), [1], 'from now on under its number in the app');
});

test('allow_mock is written where the backend has that column, and where it has not the row comes all the same', async () => {
	const keeper = await newKeeper(server);
	await discover(keeper, { allow_mock: 't' });
	await list(keeper);
	await keeper.sql('ALTER TABLE public.pools RENAME COLUMN allow_mock TO gone');
	await discover(keeper, { address: key('Q'), pool_id: 8, allow_mock: 't' });
	await list(keeper);
	assert.deepEqual((await pools(keeper)).map((row) => [row.pool_address, row.gone]), [[POOL, 1], [key('Q'), 0]]);
});

test('the app\'s own row is taken, whatever the app calls it; rows of other draws of the address are not', async () => {
	const keeper = await newKeeper(server);
	await addAppPool(keeper, { status: 'cancelled' });
	await keeper.call('observe', view({ app_id: 1, pool_id: 6, status: 7 }));
	await discover(keeper);
	await addAppPool(keeper, { status: 'open', token_symbol: 'OWN' });
	assert.deepEqual((await list(keeper))[0], { waiting: 0, draw: DRAW, app_id: 2, ours: false });
	assert.deepEqual((await pools(keeper)).map((row) => [row.id, row.status]), [[1, 'cancelled'], [2, 'open']]);
	assert.equal(await keeper.sql('SELECT pool_id, app_id FROM keeper.draws ORDER BY pool_id'), '6|1\n7|2');
});

test('a row that belongs to another draw of the address is not taken, whatever the app calls it', async () => {
	const keeper = await newKeeper(server);
	await addAppPool(keeper, { status: 'open' });
	await keeper.call('observe', view({ app_id: 1, pool_id: 6 }));
	await discover(keeper);
	assert.deepEqual((await list(keeper))[0], { waiting: 0, draw: DRAW, app_id: 2, ours: true });
});

test('an address that is used again gets a row of its own, beside an old one that keeper never saw', async () => {
	const keeper = await newKeeper(server);
	await addAppPool(keeper, { status: 'ended', winner_wallet: 'somebody' });
	const [old] = await pools(keeper);
	await discover(keeper);
	assert.equal((await list(keeper))[0].app_id, 2);
	assert.deepEqual((await pools(keeper))[0], old);
});

test('paid before its time came: the row appears with everything that the payout means', async () => {
	const keeper = await newKeeper(server);
	await discover(keeper);
	await keeper.call('payout_record', payout());
	assert.deepEqual(await pools(keeper), []);
	await list(keeper);
	const [row] = await pools(keeper);
	assert.deepEqual([row.status, row.winner_wallet], ['ended', key('W')], 'in the statement that lists it');
	assert.equal(await keeper.sql("SELECT count(*) FROM public.transactions WHERE type = 'PAYOUT' AND pool_id = 1"), '1');
	assert.equal(await keeper.sql('SELECT count(*) FROM public.winners_feed'), '1');
});

test('only what FITS is listed, and not without the decimals of its mint', async () => {
	const keeper = await newKeeper(server);
	for (const [i, verdict] of ['POLICY_FEES', 'HISTORY', 'CONFIG_HASH'].entries()) await discover(keeper, { pool_id: 20 + i, verdict });
	await observe(keeper, { pool_id: 30, decimals: null });
	await keeper.call('discover', note({ pool_id: 30 }));
	assert.deepEqual((await list(keeper)).map((row) => row.draw), [null]);
	assert.deepEqual(await pools(keeper), []);
});

test('an insert of the backend that is under way is not overlooked, and nobody waits for us for long', async () => {
	const keeper = await newKeeper(server);
	await discover(keeper);
	await keeper.sql('CREATE TABLE public.go (go boolean)');
	const backend = keeper.sql(`BEGIN; INSERT INTO public.pools (pool_address, token_symbol, token_name, entry_amount, min_participants, max_participants, status,
		lock_duration, creator_wallet) VALUES ('${POOL}', 'OWN', 'own', 1, 2, 2, 'open', 60, 'c');
		DO $$ BEGIN WHILE NOT EXISTS (SELECT FROM public.go) LOOP PERFORM pg_sleep(0.01); END LOOP; END $$; COMMIT`);
	while (await keeper.sql("SELECT count(*) FROM pg_locks WHERE relation = 'public.pools'::regclass AND mode = 'RowExclusiveLock'") === '0');
	assert.match(await keeper.outcome(Keeper.call('list_discovered', { fence: 1, now: OLD_ENOUGH, age: AGE })), /^55P03/);
	await keeper.sql('INSERT INTO public.go VALUES (true)');
	await backend;
	assert.equal((await list(keeper))[0].ours, false);
	assert.deepEqual((await pools(keeper)).map((row) => row.token_symbol), ['OWN']);
});

test('binds and token accounts are counted per creator and UTC day; what expired cost nothing', async () => {
	const keeper = await newKeeper(server);
	const creators = [key('C'), key('B')];
	const counts = async () => (await keeper.call('creator_binds', { creator: creators })).map((row) => row.binds);
	assert.deepEqual(await counts(), [0, 0]);
	for (const [i, state] of ['open', 'expired', 'final', 'failed'].entries()) {
		const subject = `draw:${POOL}:${40 + i}`;
		await observe(keeper, { pool_id: 40 + i });
		await keeper.call('step_open', step({ subject, sig: signature('ABCD'[i]), randomness: key('RSTU'[i]) }));
		if (state !== 'open') await keeper.call('step_close', { fence: 1, subject, seq: 1, outcome: state, landed: state === 'expired' ? null : 110, failed: state === 'failed',
			failure_ix: state === 'failed' ? 0 : null, failure_custom: state === 'failed' ? true : null, failure_code: state === 'failed' ? 1 : null });
	}
	assert.deepEqual(await counts(), [3, 0]);
	await keeper.sql("UPDATE keeper.steps SET opened_at = date_trunc('day', now() AT TIME ZONE 'UTC') AT TIME ZONE 'UTC' - interval '1 second' WHERE state = 'final'");
	assert.deepEqual(await counts(), [2, 0]);
	for (const [i, creator] of [creators[1], creators[1], creators[0], null].entries()) {
		await keeper.call('step_open', step({ subject: `ata:${key('ABCD'[i])}`, step: 'CREATE_ATA', sig: signature('EFGH'[i]), randomness: null, lut_slot: null, creator }));
	}
	const atas = async () => (await keeper.call('creator_binds', { creator: creators })).map((row) => row.atas);
	assert.deepEqual(await atas(), [1, 2]);
	await keeper.call('step_close', { fence: 1, subject: `ata:${key('A')}`, seq: 1, outcome: 'expired', landed: null, failed: false, failure_ix: null, failure_custom: null, failure_code: null });
	await keeper.sql(`UPDATE keeper.steps SET opened_at = opened_at - interval '1 day' WHERE subject = 'ata:${key('C')}'`);
	assert.deepEqual(await atas(), [0, 1]);
	assert.deepEqual(await counts(), [2, 0]);
});

const bytea = (letter) => `\\x${letter.charCodeAt(0).toString(16).repeat(64)}`;
const listed = (...letters) => letters.map((letter) => `\\${bytea(letter)}`); // within an array

test('the census stands where the first look began, then where it was read to, and never goes back', async () => {
	const keeper = await newKeeper(server);
	const begin = (slot) => keeper.call('census_begin', { fence: 1, slot });
	const done = (signature, slot) => keeper.call('census_done', { fence: 1, signature, slot });
	assert.deepEqual(await begin(70), [{ signature: null, slot: 70 }]);
	assert.deepEqual(await begin(90), [{ signature: null, slot: 70 }], 'what is younger than the first look is read');
	await done(bytea('A'), 80);
	await done(bytea('B'), 79);
	assert.deepEqual(await begin(90), [{ signature: bytea('A'), slot: 80 }]);
	// Postgres was started since: what the reader took for known may be gone.
	await keeper.sql("UPDATE keeper.census SET database = database || '9'");
	await done(bytea('C'), 85);
	assert.deepEqual(await begin(90), [{ signature: bytea('A'), slot: 80 }]);
	await done(bytea('C'), 85);
	assert.deepEqual(await begin(90), [{ signature: bytea('C'), slot: 85 }]);
});

test('known to the census is what some recorded history has', async () => {
	const keeper = await newKeeper(server);
	await keeper.sql(`INSERT INTO keeper.calls (signature, ix, inner_ix, slot, draw, user_wallet, instruction)
		VALUES ('${bytea('A')}', 0, -1, 5, '${DRAW}', '${key('U')}', 'create_pool')`);
	assert.deepEqual(await keeper.call('census_unknown', { signature: listed('B', 'A', 'C') }), [{ n: 1 }, { n: 3 }]);
	assert.deepEqual(await keeper.call('census_unknown', { signature: [] }), []);
});

test('an address where a pool was made is read, also one whose last pool is gone', async () => {
	const keeper = await newKeeper(server);
	await keeper.sql(`INSERT INTO keeper.watermarks (address, seen, gone, pool_id) VALUES ('${key('Q')}', '\\x${'00'.repeat(32)}', true, 7)`);
	await keeper.call('census_found', { fence: 1, address: [POOL, key('Q'), POOL], slot: 70 });
	assert.deepEqual(await keeper.call('watched', { after: '' }), [POOL, key('Q')].sort().map((address) => ({ address, seen: null })));
	assert.equal(await keeper.sql(`SELECT pool_id FROM keeper.watermarks WHERE address = '${key('Q')}'`), '7', 'what was read of it stays');
});

test('a list that ends before the slot in which the census found a pool says neither that it is gone nor that it is read', async () => {
	const keeper = await newKeeper(server);
	const seen = `\\x${'00'.repeat(32)}`;
	await keeper.call('census_found', { fence: 1, address: [POOL], slot: 70 });
	const record = (slot) => keeper.call('record_calls', {
		fence: 1, address: POOL, pool_id: 7, watermark: bytea('A'), watermark_slot: slot, seen, gone: 't', repair: 'f', signature: [], ix: [], inner_ix: [], slot: [],
		block_time: [], call_pool_id: [], user: [], instruction: [], amount: [], decimals: [], mint: [], read: [], gap_signature: [], gap_slot: [], gap_reason: [],
	});
	await record(69);
	assert.deepEqual(await keeper.call('watched', { after: '' }), [{ address: POOL, seen: null }]);
	await record(70);
	assert.deepEqual(await keeper.call('watched', { after: '' }), []);
	await keeper.call('census_found', { fence: 1, address: [POOL], slot: 70 });
	assert.deepEqual(await keeper.call('watched', { after: '' }), [], 'that far it is read');
	await keeper.call('census_found', { fence: 1, address: [POOL], slot: 71 });
	assert.deepEqual(await keeper.call('watched', { after: '' }), [{ address: POOL, seen: null }]);
});
