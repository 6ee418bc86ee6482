// The audit trail: every change of a money table is in it, with who made it; nothing in it can be changed without being seen.
'use strict';

const test = require('node:test');
const assert = require('node:assert');
const fs = require('node:fs');
const path = require('node:path');
const { gzipSync, gunzipSync } = require('node:zlib');
const { startPostgres } = require('../lib/postgres');
const { pause } = require('../lib/server_process');
const { newKeeper, key, signature, POOL, DRAW, step, close, view, addAppPool } = require('./keeper');
const { migrations, runDb, startDb, scratchDirectory } = require('./migrator');

let server;
test.before(async () => { server = await startPostgres(); });
test.after(() => server.stop());

const seal = async (keeper, limit = 500) => (await keeper.call('audit_seal', { fence: 1, limit }))[0];
const audit = (keeper, ...args) => runDb(['audit', ...args], { url: keeper.url, env: { BACKUP_DIR: keeper.backups ?? '/nowhere' } });
const faults = (run) => [...run.stdout.matchAll(/event=audit_fault n=(\S+) why="([^"]*)"/g)].map((match) => `${match[1]}: ${match[2]}`);

// Twenty sealed rows, and a database that scripts/db can look at.
async function sealed() {
	const keeper = await newKeeper(server);
	await keeper.sql(`INSERT INTO keeper.referral_shares (draw, referrer, amount) SELECT '${DRAW}', n, n FROM generate_series(1, 20) n`);
	assert.equal((await seal(keeper)).n, 20);
	return keeper;
}

test('the daemon\'s own work is noted with who, where, what and in which transaction', async () => {
	const keeper = await newKeeper(server);
	await keeper.call('step_open', step());
	await keeper.call('step_close', close());
	const rows = await keeper.rows(`SELECT relation, operation, key, before, after - 'tx' AS after, session_role, acting_role, application, client, xid > 0 AS xid,
		at > now() - interval '1 minute' AS at FROM keeper.audit_queue ORDER BY id`);
	assert.deepEqual(rows.map((row) => `${row.operation} ${row.relation}`), ['INSERT keeper.steps', 'INSERT keeper.bindings', 'UPDATE keeper.steps']);
	assert.deepEqual(rows[0].key, { subject: DRAW, seq: 1 });
	assert.equal(rows[0].after.sig, signature('A'));
	assert.deepEqual([rows[2].before, rows[2].after], [{ state: 'open', high_slot: 100, landed_slot: null }, { state: 'landed', high_slot: 110, landed_slot: 110 }]);
	for (const row of rows) assert.deepEqual([row.session_role, row.acting_role, row.application, row.client, row.xid, row.at], ['poolkeeper', 'poolkeeper', 'psql', '127.0.0.1', true, true]);
	const [first, second, third] = (await keeper.sql('SELECT xid FROM keeper.audit_queue ORDER BY id')).split('\n');
	assert.ok(first === second && second !== third, 'rows of one transaction name it');
});

test('a change by hand is noted on every audited table: a row, a repeat that changes nothing, all rows at once', async () => {
	const keeper = await newKeeper(server);
	const audited = (await keeper.sql('SELECT unnest(keeper.audited()) ORDER BY 1')).split('\n');
	await addAppPool(keeper);
	await keeper.call('observe', view());
	await keeper.call('step_open', step());
	await keeper.sql(`SET SESSION AUTHORIZATION postgres; SET ROLE pg_database_owner; RESET ROLE; SET application_name = 'by hand';
		INSERT INTO keeper.calls (signature, ix, inner_ix, slot, draw, user_wallet, instruction) VALUES (decode(repeat('ab', 64), 'hex'), 0, -1, 5, '${DRAW}', '${key('U')}', 'donate');
		INSERT INTO keeper.commits (draw, n, randomness, oracle, seed_slot, seed_slothash, reason) VALUES ('${DRAW}', 1, '${key('R')}', '${key('Q')}', 5, '${key('H')}', 'first');
		INSERT INTO keeper.integrity_fixes (name, relation, field, after) VALUES ('a', 'b', 'c', 'd');
		INSERT INTO keeper.referral_shares VALUES ('${DRAW}', 'anna', 5);
		INSERT INTO keeper.referral_periods (period, treasury, after_claim, max_amount, max_per_day) VALUES (1, '${key('U')}', 0, 5, 5);
		INSERT INTO keeper.referral_payouts (claim_id, period, referrer, mint, amount) VALUES (1, 1, 'anna', '${key('Q')}', '5');
		UPDATE keeper.referral_payouts SET looked_at = now();
		INSERT INTO keeper.sponsored (draw, auxiliary) VALUES ('${DRAW}', '${key('V')}');
		INSERT INTO keeper.submissions (tx_hash, pool, wallet, operation) VALUES ('${signature('3')}', '${POOL}', '${key('U')}', 'join')`);
	const inserted = await keeper.sql('SELECT DISTINCT relation FROM keeper.audit_queue WHERE operation = $$INSERT$$ ORDER BY 1');
	assert.deepEqual(inserted.split('\n'), audited);
	assert.equal(await keeper.sql("SELECT count(*) FROM keeper.audit_queue WHERE relation = 'keeper.referral_payouts'"), '1', 'a look is no change');
	await keeper.sql(`DELETE FROM keeper.audit_queue; SET ROLE poolkeeper; UPDATE keeper.draws SET winner = winner; UPDATE keeper.draws SET total_amount = 1; RESET ROLE;
		DELETE FROM keeper.referral_shares WHERE referrer = 'anna'; TRUNCATE ${audited.join(', ')} CASCADE`);
	const rows = await keeper.rows('SELECT relation, operation, key, before, after, session_role, acting_role FROM keeper.audit_queue ORDER BY id');
	assert.deepEqual(rows.slice(0, 2), [
		{ relation: 'keeper.draws', operation: 'UPDATE', key: { draw: DRAW }, before: { total_amount: 2000 }, after: { total_amount: 1 }, session_role: 'postgres', acting_role: 'poolkeeper' },
		{ relation: 'keeper.referral_shares', operation: 'DELETE', key: { draw: DRAW, referrer: 'anna' }, before: { draw: DRAW, referrer: 'anna', amount: 5 }, after: null, session_role: 'postgres', acting_role: 'postgres' },
	]);
	assert.deepEqual(rows.slice(2).map((row) => `${row.relation} ${row.operation} ${row.before.rows}`).sort(),
		audited.map((name) => `${name} TRUNCATE ${name === 'keeper.referral_shares' ? 0 : 1}`));
});

test('a quiet tick writes nothing there, and says whether something waits', async () => {
	const keeper = await newKeeper(server);
	const waits = async () => (await keeper.rows('SELECT keeper.audit_waits()', keeper.daemonUrl))[0].audit_waits;
	await addAppPool(keeper);
	await keeper.tick();
	assert.equal(await waits(), false);
	await keeper.call('observe', view());
	await keeper.call('observe', view());
	assert.equal(await keeper.sql('SELECT count(*) FROM keeper.audit_queue'), '1');
	assert.equal(await waits(), true);
	await seal(keeper);
	assert.equal(await waits(), false);
});

test('what is committed is sealed in its order, in batches; what is not is sealed later, and nobody waits', async () => {
	const keeper = await newKeeper(server);
	const share = (name) => `INSERT INTO keeper.referral_shares VALUES ('${DRAW}', '${name}', 5)`;
	const advisory = (granted) => keeper.sql(`SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = 5 AND granted = ${granted}`);
	const holder = keeper.sql('SELECT pg_advisory_lock(5); SELECT pg_sleep(600)').catch(() => {});
	while (await advisory(true) === '0') await pause(10);
	const slow = keeper.sql(`BEGIN; ${share('slow')}; SELECT pg_advisory_xact_lock(5); COMMIT`);
	while (await advisory(false) === '0') await pause(10);
	for (const name of ['a', 'b', 'c']) await keeper.sql(share(name));
	assert.deepEqual([(await seal(keeper, 2)).more, (await seal(keeper, 2)).more], [true, false]);
	await keeper.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(600)%' AND pid <> pg_backend_pid()");
	await Promise.all([holder, slow]);
	const last = await seal(keeper);
	assert.deepEqual([last.sealed, last.n, (await seal(keeper)).sealed], [1, 4, 0]);
	assert.equal(await keeper.sql("SELECT string_agg(key ->> 'referrer', ' ' ORDER BY n) FROM keeper.audit_trail"), 'a b c slow');
	const run = await audit(keeper, `--head=4:${last.hash.slice(2)}`);
	assert.deepEqual([run.code, run.stdout], [0, `event=audit_checked rows=4 archived=0 head=4:${last.hash.slice(2)} unsealed=0 unsealed_since=-\n`], run.stderr);
});

test('two who seal at once wait for each other, and the chain has no fork', async () => {
	const keeper = await newKeeper(server);
	await keeper.sql(`INSERT INTO keeper.referral_shares (draw, referrer, amount) SELECT '${DRAW}', n, n FROM generate_series(1, 40) n`);
	const rounds = await Promise.all([1, 2, 3, 4].map(() => seal(keeper, 10)));
	assert.deepEqual(rounds.map((round) => Number(round.n)).sort((a, b) => a - b), [10, 20, 30, 40]);
	assert.deepEqual(faults(await audit(keeper)), []);
});

test('the hash is the same whether extract() gives a double or a numeric: the time is in it as whole microseconds', async () => {
	const keeper = await newKeeper(server);
	await keeper.sql(`INSERT INTO keeper.referral_shares VALUES ('${DRAW}', 'anna', 5)`);
	await seal(keeper);
	assert.equal(await keeper.sql(`SELECT hash = sha256(prev_hash || convert_to(jsonb_build_array(n, (extract(epoch FROM date_trunc('second', at))::bigint * 1000000
		+ to_char(at, 'US')::bigint), xid, relation, operation, key, before, after, session_role, acting_role, application, host(client))::text, 'UTF8')) FROM keeper.audit_trail`), 't');
	// Postgres 13 divides microseconds by a million as a double: rounded, it is the same number until 2106.
	assert.equal(await keeper.sql(`SELECT count(*) FROM generate_series(1, 200000) i CROSS JOIN LATERAL (SELECT (i::bigint * 21473 % 4294967296) * 1000000 + i * 7919 % 1000000 AS us) t
		WHERE round((us::float8 / 1000000) * 1000000)::bigint <> us`), '0');
});

test('it is append-only, for its owner and with triggers told to rest too', async () => {
	const keeper = await sealed();
	const statements = [];
	for (const table of ['trail', 'cuts']) statements.push(`DELETE FROM keeper.audit_${table}`, `UPDATE keeper.audit_${table} SET n = n`, `TRUNCATE keeper.audit_${table}`);
	for (const one of [...statements, 'UPDATE keeper.audit_queue SET xid = 1', 'TRUNCATE keeper.audit_queue']) {
		assert.match(await keeper.outcome(one), /^42501 keeper\.audit_\w+ is append-only: (UPDATE|DELETE|TRUNCATE) is refused$/, one);
		assert.match(await keeper.outcome(`SET LOCAL session_replication_role = replica; ${one}`), /^42501 .* is append-only/, one);
	}
	await keeper.sql('SET session_replication_role = replica; UPDATE keeper.referral_shares SET amount = 99 WHERE amount = 1');
	assert.equal((await seal(keeper)).sealed, 1, 'nor does a change go unnoticed so');
});

// What somebody with every right might do, and what is said of it. HEAD is row 20 as a backup has it.
const RESEAL = `WITH RECURSIVE anew AS (SELECT t AS r, keeper.audit_hash(t.prev_hash, t) AS h, t.prev_hash AS p FROM keeper.audit_trail t WHERE n = (SELECT min(n) FROM keeper.audit_trail)
	UNION ALL SELECT t, keeper.audit_hash(a.h, t), a.h FROM anew a JOIN keeper.audit_trail t ON t.n = (a.r).n + 1)
	UPDATE keeper.audit_trail t SET prev_hash = a.p, hash = a.h FROM anew a WHERE t.n = (a.r).n`;
const ROW = 'at, xid, relation, operation, key, before, after, session_role, acting_role, application, client';
const TAMPERED = [
	['a row is changed', 'UPDATE keeper.audit_trail SET after = after || $${"amount": 1000}$$ WHERE n = 7', ['7: is not what was sealed']],
	['who changed it', "UPDATE keeper.audit_trail SET session_role = 'somebody' WHERE n = 7", ['7: is not what was sealed']],
	['when', "UPDATE keeper.audit_trail SET at = at - interval '1 microsecond' WHERE n = 20", ['20: is not what was sealed']],
	['a row and its hash', "UPDATE keeper.audit_trail SET xid = 1 WHERE n = 7; UPDATE keeper.audit_trail t SET hash = keeper.audit_hash(t.prev_hash, t) WHERE n = 7", ['8: does not follow the row before']],
	['a row and every hash after it', `UPDATE keeper.audit_trail SET xid = 1 WHERE n = 7; ${RESEAL}`, [/^20: the backup of \S+ has this row, and another hash: the chain was made anew$/]],
	['a row goes', 'DELETE FROM keeper.audit_trail WHERE n = 7', ['7: rows 7 to 7 are missing']],
	['rows go, and the others close up', `DELETE FROM keeper.audit_trail WHERE n = 7; UPDATE keeper.audit_trail SET n = n - 1 + 100 WHERE n > 7; UPDATE keeper.audit_trail SET n = n - 100 WHERE n > 100; ${RESEAL}`,
		[/^20: the backup of \S+ has this row, and it is missing: the end was cut, or an older state restored$/]],
	['the first rows go', 'DELETE FROM keeper.audit_trail WHERE n <= 3', ['1: rows 1 to 3 are missing']],
	['the end goes', 'DELETE FROM keeper.audit_trail WHERE n > 18', [/^20: the backup of \S+ has this row, and it is missing: the end was cut, or an older state restored$/]],
	['all of it goes', 'DELETE FROM keeper.audit_trail', [/^20: the backup of \S+ has this row, and it is missing/]],
	['a row comes at the end', `INSERT INTO keeper.audit_trail (n, ${ROW}, prev_hash, hash) SELECT 21, ${ROW}, hash, hash FROM keeper.audit_trail WHERE n = 20`, ['21: is not what was sealed']],
	['a row comes in the middle', `UPDATE keeper.audit_trail SET n = n + 100 WHERE n > 7; UPDATE keeper.audit_trail SET n = n - 99 WHERE n > 100;
		INSERT INTO keeper.audit_trail (n, ${ROW}, prev_hash, hash) SELECT 8, ${ROW}, hash, hash FROM keeper.audit_trail WHERE n = 7`, ['8: is not what was sealed', '9: is not what was sealed']],
	['two rows change places', `UPDATE keeper.audit_trail SET n = 100 WHERE n = 7; UPDATE keeper.audit_trail SET n = 7 WHERE n = 8; UPDATE keeper.audit_trail SET n = 8 WHERE n = 100`,
		['7: does not follow the row before', '8: does not follow the row before']],
];

test('whoever tampers with it is seen, and the first wrong row is named', async (t) => {
	const keeper = await sealed();
	keeper.backups = scratchDirectory(t);
	assert.equal((await runDb(['backup', '--quick'], { url: keeper.url, env: { BACKUP_DIR: keeper.backups } })).code, 0);
	assert.equal((await audit(keeper)).code, 0);
	await keeper.sql('CREATE TABLE public.kept AS SELECT * FROM keeper.audit_trail');
	const off = 'ALTER TABLE keeper.audit_trail DISABLE TRIGGER append_only; TRUNCATE keeper.audit_trail; INSERT INTO keeper.audit_trail SELECT * FROM public.kept';
	const on = 'ALTER TABLE keeper.audit_trail ENABLE ALWAYS TRIGGER append_only';
	for (const [what, statement, expected] of TAMPERED) {
		const said = await keeper.sql(`${off}; ${statement}; ${on}; SELECT n || ': ' || fault FROM keeper.audit_faults()`);
		// Of the end that is cut the chain itself knows nothing.
		const found = typeof expected[0] === 'string' ? said.split('\n') : faults(await audit(keeper));
		expected.forEach((one, i) => (typeof one === 'string' ? assert.equal(found[i], one, what) : assert.match(found[i], one, what)));
		if (typeof expected[0] !== 'string') assert.equal(said, '', what);
	}
	await keeper.sql(`${off}; UPDATE keeper.audit_trail SET xid = 1 WHERE n IN (7, 9); ${on}`);
	const run = await audit(keeper);
	assert.deepEqual([run.code, faults(run)], [65, ['7: is not what was sealed', '9: is not what was sealed']]);
	await keeper.sql(`${off}; ${on}`);
	const other = await audit(keeper, `--head=20:${'ab'.repeat(32)}`);
	assert.deepEqual([other.code, faults(other)], [65, ['20: the head given has this row, and another hash: the chain was made anew']]);
});

test('a trigger that is off or gone is named', async () => {
	const keeper = await newKeeper(server);
	await keeper.sql('ALTER TABLE keeper.draws DISABLE TRIGGER audited; DROP TRIGGER audited_truncate ON keeper.steps; ALTER TABLE keeper.audit_queue ENABLE REPLICA TRIGGER append_only');
	assert.deepEqual(faults(await audit(keeper)), ['-: trigger append_only of keeper.audit_queue is off', '-: trigger audited of keeper.draws is off', '-: trigger audited_truncate of keeper.steps is gone']);
	await assert.rejects(keeper.sql(fs.readFileSync(path.join(migrations, 'V017__trail.verify.sql'), 'utf8')), /trigger audited of keeper\.draws is off/);
});

test('old rows go into a file that proves itself, and the chain goes on from there', async (t) => {
	const keeper = await sealed();
	const directory = scratchDirectory(t);
	const file = path.join(directory, 'trail 1.csv.gz');
	const archive = (days, name = file) => runDb(['archive', '--yes', name], { url: keeper.url, env: { BACKUP_DIR: '/nowhere', AUDIT_KEEP_DAYS: String(days) } });
	assert.match((await archive(1)).stdout, /^event=archive_nothing older_than_days=1\n$/);
	assert.deepEqual(fs.readdirSync(directory), []);
	assert.equal((await archive('x')).code, 78);
	assert.equal((await archive(0, path.join(directory, "a'b"))).code, 64);
	const head = (await seal(keeper)).hash.slice(2);
	// kill -9 while the file is written: no row has gone, and the next run clears the rest away.
	const shims = scratchDirectory(t);
	fs.writeFileSync(path.join(shims, 'gzip'), '#!/bin/sh\nexec sleep 600\n', { mode: 0o755 });
	const killed = startDb(['archive', '--yes', file], { url: keeper.url, env: { BACKUP_DIR: '/nowhere', AUDIT_KEEP_DAYS: '0', PATH: `${shims}:${process.env.PATH}` } });
	while (!fs.readdirSync(directory).some((name) => name.startsWith('.archive.'))) {
		assert.equal(killed.child.exitCode, null);
		await pause(20);
	}
	killed.killGroup();
	await killed.ended;
	assert.equal(await keeper.sql('SELECT count(*) FROM keeper.audit_trail'), '20');
	fs.writeFileSync(path.join(directory, `.archive.${process.pid}.running`), '');
	const run = await archive(0);
	assert.deepEqual(fs.readdirSync(directory).sort(), [`.archive.${process.pid}.running`, 'trail 1.csv.gz']);
	assert.match(run.stdout, /^event=archived file=.*trail 1\.csv\.gz last=20 bytes=\d+\n$/, run.stderr);
	assert.equal(fs.statSync(file).mode & 0o77, 0);
	assert.equal(await keeper.sql('SELECT (SELECT count(*) FROM keeper.audit_trail), n, rows, encode(hash, $$hex$$), cut_by FROM keeper.audit_cuts'), `0|20|20|${head}|postgres`);
	assert.equal((await archive(0)).code, 65, 'never over a file that is there');
	await keeper.sql('UPDATE keeper.referral_shares SET amount = 0 WHERE amount < 4');
	assert.equal((await seal(keeper)).n, 23);
	const whole = await audit(keeper, `--head=20:${head}`);
	assert.match(whole.stdout, /^event=audit_checked rows=3 archived=20 head=23:[0-9a-f]{64} unsealed=0 /);
	assert.match((await audit(keeper, file)).stdout, /^event=audit_checked file=.* rows=20 first=1 last=20\n$/);
	const second = path.join(directory, 'two');
	assert.match((await archive(0, second)).stdout, /last=23/);
	assert.match((await audit(keeper, second)).stdout, /^event=audit_checked file=.* rows=3 first=21 last=23\n$/);
	const spoiled = gunzipSync(fs.readFileSync(file)).toString().replace('""amount"": 7', '""amount"": 9');
	fs.writeFileSync(second, gzipSync(spoiled));
	assert.deepEqual(faults(await audit(keeper, second)), ['7: is not what was sealed']);
	fs.writeFileSync(second, gzipSync(spoiled.split('\n').slice(10, 19).join('\n')));
	assert.deepEqual(faults(await audit(keeper, second)), ['10: this database has another chain there', '19: this database has another chain there']);
});

test('times know their zone, and rows that a person may correct say when they were changed', async () => {
	const keeper = await newKeeper(server);
	assert.equal(await keeper.sql(`SELECT string_agg(format('%s.%s %s', c.relname, a.attname, a.atttypid::regtype), ', ') FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
		WHERE c.relnamespace = 'keeper'::regnamespace AND c.relkind IN ('r', 'c') AND a.attnum > 0 AND a.atttypid IN ('timestamp'::regtype, 'time'::regtype, 'timetz'::regtype, 'date'::regtype)`), '');
	for (const table of ['draws', 'integrity_fixes', 'sponsored', 'submissions']) {
		assert.equal(await keeper.sql(`SELECT count(*) FROM pg_trigger WHERE tgrelid = 'keeper.${table}'::regclass AND tgname = 'touched' AND tgenabled = 'O'`), '1', table);
	}
	await keeper.sql(`INSERT INTO keeper.sponsored (draw, auxiliary) VALUES ('${DRAW}', '${key('V')}')`);
	assert.equal(await keeper.sql(`SELECT updated_at IS NULL FROM keeper.sponsored; UPDATE keeper.sponsored SET recipient = '${key('W')}' RETURNING updated_at > now() - interval '1 minute'`), 't\nt');
	assert.equal(await keeper.sql("SELECT count(*) FROM keeper.audit_queue WHERE after ? 'updated_at' AND operation = 'UPDATE'"), '0');
});

// Each other table of the schema, and why nobody is paid by it: docs/database.md says the same.
const NOT_AUDITED = [
	'audit_cuts', 'audit_queue', 'audit_trail', // the trail itself
	'lease', // written each tick
	'watermarks', 'call_gaps', 'discovery', 'discoveries', 'census', 'audits', 'foreign_signatures', // what was read from the chain and can be read again
	'notices', 'leftovers', 'mismatches', // news, work to do, and a history of its own
	'offchain_waits', // what the daemon waits for, told again by the next one
	// A hash chain of their own, and nothing of it can be written twice.
	'certificates', 'pool_proofs', 'offchain_draws', 'offchain_entries', 'offchain_picks', 'offchain_refusals', 'offchain_rules', 'vrf_keys',
];

test('every table of the schema is audited or named here', async () => {
	const keeper = await newKeeper(server);
	const audited = (await keeper.sql('SELECT unnest(keeper.audited())')).split('\n').map((name) => name.replace('keeper.', ''));
	const all = (await keeper.sql("SELECT relname FROM pg_class WHERE relnamespace = 'keeper'::regnamespace AND relkind = 'r'")).split('\n');
	assert.deepEqual([...audited, ...NOT_AUDITED].sort(), all.sort());
	assert.equal(await keeper.sql("SELECT string_agg(tgrelid::regclass::text, ',' ORDER BY tgrelid::regclass::text) FROM (SELECT DISTINCT tgrelid FROM pg_trigger WHERE tgname IN ('audited', 'audited_truncate')) t"),
		audited.map((name) => `keeper.${name}`).sort().join(','));
});
