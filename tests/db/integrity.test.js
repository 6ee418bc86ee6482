// Every check of the database's integrity finds the fault that is planted for it, and only what is proven is set right.
'use strict';

const test = require('node:test');
const assert = require('node:assert');
const fs = require('node:fs');
const path = require('node:path');
const { startPostgres } = require('../lib/postgres');
const { newKeeper, key, signature, POOL, DRAW, addAppPool, view, payout } = require('./keeper');
const { root, runDb } = require('./migrator');

let server;
test.before(async () => { server = await startPostgres(); });
test.after(() => server.stop());

// A pool that was drawn, paid and written to the app: nothing is wrong with it.
async function paidPool() {
	const keeper = await newKeeper(server);
	await addAppPool(keeper, { start_time: '2026-09-01', status: 'randomness', participants_count: 2 });
	await keeper.call('observe', view({ status: 5, total_amount: payout().total_amount, decimals: 9 }));
	await keeper.sql(`INSERT INTO public.participants (pool_id, wallet_address) VALUES (1, 'anna'), (1, 'bert');
		INSERT INTO public.referral_relations (referred_wallet, referrer_wallet) VALUES ('anna', 'house')`);
	await keeper.call('payout_record', payout());
	await keeper.sql(`BEGIN; ${fs.readFileSync(path.join(root, 'config', 'sources', 'coin_draws', 'schema.sql'), 'utf8')} COMMIT`);
	return keeper;
}

const integrity = (keeper, ...args) => runDb(['integrity', ...args], { url: keeper.url });
const faults = (run) => [...run.stdout.matchAll(/ event=integrity check=(\S+) severity=(\S+) subject="([^"]*)"/g)].map((match) => match.slice(1));

const OTHER_POOL = "token_symbol, token_name, entry_amount, min_participants, max_participants, lock_duration, creator_wallet, status, pool_address) VALUES ('a', 'a', 1, 1, 1, 1, 'a'";

// [check, severity, what is wrong, whom it is about]
const PLANTED = [
	['participant_without_pool', 'critical', "INSERT INTO public.participants (pool_id, wallet_address) VALUES (99, 'w')", /^participants \d+$/],
	['participant_twice', 'critical', "INSERT INTO public.participants (pool_id, wallet_address) VALUES (1, 'Anna')", /^pool 1 anna$/],
	['hash_used_twice', 'critical', "ALTER TABLE public.used_transactions DROP CONSTRAINT used_transactions_tx_hash_unique; INSERT INTO public.used_transactions (tx_hash, wallet_address) VALUES ('h', 'w'), ('h', 'w')", /^hash h$/, 'unique_missing'],
	['pool_open_twice', 'critical', `INSERT INTO public.pools (${OTHER_POOL}, 'open', 'x'); INSERT INTO public.pools (${OTHER_POOL}, 'locked', 'x')`, /^address x$/],
	['draw_without_pool', 'critical', 'UPDATE keeper.draws SET app_id = 99, projected_at = NULL', /^draw:/, 'rewards_do_not_sum', 'player_missing'],
	['payout_missing', 'critical', "DELETE FROM public.transactions WHERE type = 'PAYOUT'", /^pool 1$/],
	['payout_twice', 'critical', "INSERT INTO public.transactions (pool_id, wallet_address, type, amount) VALUES (1, 'w', 'PAYOUT', 1)", /^pool 1$/, 'payout_differs'],
	['winner_differs', 'critical', "UPDATE public.pools SET winner_wallet = 'thief'", /^pool 1$/],
	['payout_differs', 'critical', "UPDATE public.transactions SET amount = amount * 1.000001 WHERE type = 'PAYOUT'", /^pool 1$/],
	['payout_differs', 'critical', "UPDATE public.transactions SET amount = 'NaN' WHERE type = 'PAYOUT'", /^pool 1$/, 'amount_impossible'],
	['payout_differs', 'critical', "UPDATE public.transactions SET wallet_address = 'thief' WHERE type = 'PAYOUT'", /^pool 1$/],
	['payout_differs', 'critical', "UPDATE public.transactions SET tx_hash = 'another' WHERE type = 'PAYOUT'", /^pool 1$/],
	['shares_do_not_sum', 'critical', 'UPDATE keeper.referral_shares SET amount = amount + 1', /^draw:/, 'rewards_do_not_sum'],
	['rewards_do_not_sum', 'critical', "UPDATE public.referral_reward_events SET amount = '999'", /^pool 1$/, 'reward_differs'],
	['rewards_do_not_sum', 'critical', 'DELETE FROM public.referral_reward_events', /^pool 1$/],
	['rewards_do_not_sum', 'critical', `INSERT INTO public.referral_reward_events (pool_id, token_mint, referrer_wallet, amount) VALUES (1, '${key('M')}', 'thief', '5')`, /^pool 1$/],
	['source_fault', 'critical', "ALTER TABLE coin_draws.users DISABLE TRIGGER ALL; INSERT INTO coin_draws.users (id, email, coin_balance) VALUES ('u', 'u@example.org', 777)", /^coin_draws user u$/],
	['source_fault', 'critical', "CREATE ROLE passer_by; CREATE SCHEMA trap; CREATE VIEW trap.faults AS SELECT (1 / 0)::text AS subject, '' AS fault; ALTER VIEW trap.faults OWNER TO passer_by", /^trap faults$/],
	['sequence_behind', 'critical', "SELECT setval('public.participants_id_seq', 1)", /^public\.participants$/],
	['count_differs', 'warning', 'UPDATE public.pools SET participants_count = 3', /^pool 1$/],
	['pot_differs', 'warning', 'UPDATE public.pools SET total_pot = 1e9', /^pool 1$/],
	['pot_differs', 'warning', 'UPDATE public.pools SET total_pot = NULL', /^pool 1$/],
	['feed_differs', 'warning', "UPDATE public.winners_feed SET winner_wallet = 'thief'", /^pool 1$/],
	['feed_differs', 'warning', 'DELETE FROM public.winners_feed', /^pool 1$/],
	['player_missing', 'warning', "DELETE FROM public.participants WHERE wallet_address = 'anna'", /^pool 1$/],
	['reward_differs', 'warning', "UPDATE public.referral_rewards SET amount_pending = '102'", /^referrer house mint /],
	['reward_differs', 'warning', "UPDATE public.referral_rewards SET amount_pending = '100'", /^referrer house mint /],
	['reward_differs', 'warning', 'DELETE FROM public.referral_rewards', /^referrer house mint /],
	['hash_without_pool', 'warning', "INSERT INTO public.used_transactions (tx_hash, pool_id, wallet_address) VALUES ('q', 99, 'w')", /^used_transactions \d+$/],
	['notification_without_pool', 'warning', "INSERT INTO public.notifications (wallet_address, type, title, message, pool_id) VALUES ('w', 'win', 't', 'm', 99)", /^notifications \d+$/],
	['reward_without_pool', 'warning', "INSERT INTO public.referral_reward_events (pool_id, token_mint, referrer_wallet, amount) VALUES (99, 'm', 'r', '5')", /^referral_reward_events \d+$/],
	['index_missing', 'warning', 'DROP INDEX public.idx_used_tx_pool', /^public\.used_transactions$/],
	['status_differs', 'warning', "UPDATE public.pools SET status = 'open'", /^pool 1$/],
	['status_unknown', 'warning', `INSERT INTO public.pools (${OTHER_POOL}, 'paused', 'x')`, /^pool [2-9]$/],
	['ended_without_winner', 'warning', `INSERT INTO public.pools (${OTHER_POOL}, 'ended', 'x')`, /^pool [2-9]$/],
	['amount_impossible', 'warning', "UPDATE public.pools SET total_pot = 'NaN'", /^pool 1$/, 'pot_differs'],
	['amount_impossible', 'warning', "INSERT INTO public.transactions (pool_id, wallet_address, type, amount) VALUES (1, 'w', 'JOIN', -1)", /^transactions \d+$/],
	['reward_impossible', 'warning', "UPDATE public.referral_rewards SET amount_pending = '1e5'", /^referral_rewards 1$/, 'reward_differs'],
	['dates_reversed', 'warning', "UPDATE public.pools SET start_time = '2036-01-01'", /^pool 1$/],
	['transaction_without_pool', 'warning', "INSERT INTO public.transactions (pool_id, wallet_address, type, amount) VALUES (99, 'w', 'JOIN', 1)", /^transactions \d+$/],
	['step_unsettled', 'warning', `INSERT INTO keeper.steps (subject, seq, step, state, sig, tx, last_valid, floor_slot, high_slot, randomness, owner, fence, opened_at)
		VALUES ('${DRAW}', 1, 'BIND', 'open', '${signature('A')}', '\\x01', 5, 5, 5, '${key('R')}', 'o', 1, now() - interval '61 minutes')`, /^draw:\S+ 1$/],
	['history_gap', 'warning', `INSERT INTO keeper.call_gaps (address, signature, slot, reason) VALUES ('${POOL}', '', 5, 'no_creation')`, /^address /],
	['unique_missing', 'warning', 'ALTER TABLE public.participants DROP CONSTRAINT unique_pool_participant', /^public\.participants$/],
	['index_invalid', 'warning', "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'public.idx_pools_status'::regclass", /^public\.idx_pools_status$/],
];

test('a database with nothing wrong says so', async () => {
	const run = await integrity(await paidPool());
	assert.deepEqual([run.code, run.stdout], [0, 'event=integrity_done quick=0 critical=0 warnings=0 fixable=0\n'], run.stderr);
});

test('every planted fault is named, alone, with its severity and whom it is about', async () => {
	const keeper = await paidPool();
	const checks = new Set((await keeper.sql("SELECT prosrc FROM pg_proc WHERE oid = 'keeper.integrity(boolean)'::regprocedure")).match(/(?<=SELECT ')[a-z_]+(?=', '(critical|warning)')/g));
	assert.deepEqual([...checks].sort(), [...new Set([...PLANTED.map(([name]) => name), 'table_bloated'])].sort(), 'no check without its fault');
	const look = 'SELECT name, severity, subject FROM keeper.integrity(false)';
	for (const [name, severity, fault, subject, ...also] of PLANTED) {
		const found = (await keeper.sql(`BEGIN; SET LOCAL allow_system_table_mods = on; ${fault.replace(/^SELECT (.*)$/, 'DO $d$ BEGIN PERFORM $1; END $d$')}; ${look}; ROLLBACK`))
			.split('\n').map((line) => line.split('|')).filter(([one]) => !also.includes(one));
		assert.equal(found.length, 1, `${name}: ${found}`);
		assert.deepEqual(found[0].slice(0, 2), [name, severity]);
		assert.match(found[0][2], subject, name);
		if (name === 'sequence_behind') await keeper.sql("SELECT setval('public.participants_id_seq', 2)");
	}
});

test('the indexes that are looked for are those of the first migration', async () => {
	const keeper = await paidPool();
	const first = fs.readFileSync(path.join(root, 'migrations', 'V001__public.sql'), 'utf8');
	const made = [...first.matchAll(/CREATE INDEX IF NOT EXISTS \w+ ON public\.(\w+) \(([^)]*)\)/g)].map(([, relation, columns]) => `${relation} ${columns.replace(/"| DESC/g, '').replaceAll(', ', ',')}`);
	const dropped = await keeper.sql(`BEGIN; DO $d$ DECLARE i text; BEGIN
		FOR i IN SELECT c.oid::regclass FROM pg_class c WHERE c.relkind = 'i' AND c.relnamespace = 'public'::regnamespace AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = c.oid) LOOP EXECUTE 'DROP INDEX ' || i; END LOOP;
		FOR i IN SELECT format('ALTER TABLE %s DROP CONSTRAINT %I CASCADE', conrelid::regclass, conname) FROM pg_constraint WHERE contype IN ('u', 'p') AND connamespace = 'public'::regnamespace LOOP EXECUTE i; END LOOP; END $d$;
		SELECT substr(subject, 8) || ' ' || replace(substring(detail FROM '\\((.*)\\)'), ', ', ',') FROM keeper.integrity(false) WHERE name = 'index_missing'; ROLLBACK`);
	assert.deepEqual(dropped.split('\n').sort(), [...new Set(made)].sort());
});

test('a table that is mostly dead rows is named', async () => {
	const keeper = await paidPool();
	await keeper.sql('ALTER TABLE public.notifications SET (autovacuum_enabled = false)');
	await keeper.sql("INSERT INTO public.notifications (wallet_address, type, title, message) SELECT 'w', 't', 't', 'm' FROM generate_series(1, 10001); DELETE FROM public.notifications WHERE wallet_address = 'w'");
	const run = await integrity(keeper);
	assert.deepEqual([run.code, faults(run)], [1, [['table_bloated', 'warning', 'public.notifications']]], run.stdout);
	await keeper.sql('VACUUM public.notifications');
	assert.equal((await integrity(keeper)).code, 0);
});

test('the exit code is for cron, quick looks for critical ones only, and a report has every row', async () => {
	const keeper = await paidPool();
	await keeper.sql("INSERT INTO public.transactions (pool_id, wallet_address, type, amount) SELECT 99, 'w', 'JOIN', 1 FROM generate_series(1, 5)");
	const warned = await integrity(keeper);
	assert.equal(warned.code, 1);
	assert.equal(faults(warned).length, 3);
	assert.match(warned.stdout, / subject="transactions \d+" detail="pool 99 is not there" fixable=0 more=2\nevent=integrity_done quick=0 critical=0 warnings=5 fixable=0\n$/);
	assert.equal(faults(await integrity(keeper, '--report')).length, 5);
	assert.equal((await integrity(keeper, '--quick')).code, 0);
	await keeper.sql("UPDATE public.pools SET winner_wallet = E'evil\"\\nlevel=error'");
	const critical = await integrity(keeper, '--quick');
	assert.equal(critical.code, 65);
	assert.deepEqual(faults(critical), [['winner_differs', 'critical', 'pool 1']]);
	assert.match(critical.stdout, /detail="evil\?\?level=error, the chain says/);
});

test('fix sets what the chain proves and nothing else, keeps what was before, and undo takes it back', async () => {
	const keeper = await paidPool();
	await keeper.sql(`UPDATE public.pools SET participants_count = 5, status = 'open', winner_wallet = 'thief';
		SELECT setval('public.participants_id_seq', 1); INSERT INTO public.transactions (pool_id, wallet_address, type, amount) VALUES (99, 'w', 'JOIN', 1)`);
	const state = () => keeper.sql('SELECT status, participants_count, winner_wallet FROM public.pools');
	assert.equal((await integrity(keeper, '--fix')).code, 77, 'nobody is there to ask');
	const before = await keeper.sql('SELECT * FROM public.transactions');
	const run = await integrity(keeper, '--fix', '--yes');
	assert.equal(run.code, 65, run.stderr);
	assert.match(run.stdout, /^event=backup_begins [^]*event=backup_done /);
	for (const line of ['check=count_differs subject="pools 1" field=participants_count before=5 after=2', 'check=status_differs subject="pools 1" field=status before=open after=ended',
		'check=sequence_behind subject="participants" field=id before=1 after=2']) assert.ok(run.stdout.includes(`event=integrity_fixed ${line}\n`), run.stdout);
	assert.deepEqual(faults(run).map(([name]) => name), ['winner_differs', 'transaction_without_pool']);
	assert.equal(await state(), 'ended|2|thief');
	assert.equal(await keeper.sql('SELECT * FROM public.transactions'), before);
	assert.equal(await keeper.sql("INSERT INTO public.participants (pool_id, wallet_address) VALUES (1, 'carl') RETURNING id"), '3');

	await keeper.sql("UPDATE public.pools SET participants_count = 7");
	const undone = await integrity(keeper, '--undo', '--yes');
	assert.match(undone.stdout, /event=integrity_not_undone why="changed since" check=count_differs [^]*event=integrity_undone check=status_differs subject="pools 1" field=status value=open\n/, undone.stderr);
	assert.equal(await state(), 'open|7|thief');
	await keeper.sql("UPDATE public.pools SET status = 'ended'");
	const counted = await integrity(keeper, '--fix', '--yes', '--no-backup');
	assert.deepEqual(counted.stdout.match(/event=integrity_fixed .*/g), ['event=integrity_fixed check=count_differs subject="pools 1" field=participants_count before=7 after=2']);
	assert.equal((await integrity(keeper, '--fix', '--undo')).code, 64);
});

test('a pool that is not over is left to the daemon', async () => {
	const keeper = await newKeeper(server);
	await addAppPool(keeper, { start_time: '2026-09-01' });
	await keeper.call('observe', view());
	await keeper.sql("UPDATE public.pools SET status = 'open', participants_count = 9");
	assert.equal((await integrity(keeper)).code, 0);
});
