// scripts/db under interference: several at once, kill -9 at any moment, a lock that somebody holds.
'use strict';

const test = require('node:test');
const assert = require('node:assert');
const fs = require('node:fs');
const path = require('node:path');
const { startPostgres, psql } = require('../lib/postgres');
const { pause } = require('../lib/server_process');
const { upFiles, scratchDirectory, startDb, runDb, catalogue } = require('./migrator');

const KILLS = process.env.POOLKEEPER_TEST_FULL ? 100 : 12;

let server;
let databases = 0;
const newDatabase = () => server.createDatabase(`interference_${++databases}`);

test.before(async () => { server = await startPostgres(); });
test.after(() => server.stop());

test('of three at once each file is applied by exactly one, and all three succeed', async () => {
	const single = await newDatabase();
	await runDb(['migrate'], { url: single });
	const url = await newDatabase();
	const runs = await Promise.all([1, 2, 3].map(() => runDb(['migrate'], { url })));
	for (const run of runs) assert.equal(run.code, 0, run.stderr);
	const applied = runs.flatMap((run) => [...run.stdout.matchAll(/event=migration_applied version=(\d+)/g)].map((match) => match[1]));
	assert.deepEqual(applied.sort(), upFiles().map(({ version }) => version));
	assert.equal(catalogue(url), catalogue(single));
});

test('kill -9 at any moment leaves whole files only, and the next run finishes', async () => {
	const whole = await newDatabase();
	const began = Date.now();
	await runDb(['migrate'], { url: whole });
	const duration = Date.now() - began;
	let cutShort = 0;
	for (let kill = 0; kill < KILLS; kill++) {
		const url = await newDatabase();
		const run = startDb(['migrate'], { url });
		await pause(duration * (kill + 1) / KILLS);
		try { run.killGroup(); } catch (error) { assert.equal(error.code, 'ESRCH'); }
		if ((await run.ended).signal === 'SIGKILL') cutShort++;
		const again = await runDb(['migrate', '--no-backup'], { url });
		assert.equal(again.code, 0, again.stderr);
		assert.equal(catalogue(url), catalogue(whole), `killed after ${kill + 1}/${KILLS}`);
		assert.equal((await runDb(['validate'], { url })).code, 0);
	}
	assert.ok(cutShort >= KILLS / 4, `only ${cutShort} of ${KILLS} were killed in time to prove anything`);
});

test('kill -9 in the middle of a file undoes that file and soon frees its lock', async (t) => {
	const url = await newDatabase();
	const directory = scratchDirectory(t, {
		'V001__first.sql': 'CREATE TABLE public.first ();',
		'V002__slow.sql': 'CREATE TABLE public.slow ();\nSELECT pg_sleep(120);\n',
	});
	const run = startDb(['migrate'], { url, directory });
	while (await psql(url, "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%pg_sleep(120)%' AND pid <> pg_backend_pid()") === '0') {
		await pause(20);
	}
	run.killGroup();
	await run.ended;
	fs.writeFileSync(path.join(directory, 'V002__slow.sql'), 'CREATE TABLE public.slow ();\n');
	const began = Date.now();
	const again = await runDb(['migrate'], { url, directory });
	assert.equal(again.code, 0, again.stderr);
	assert.ok(Date.now() - began < 20000, 'the dead run must not hold its lock until its statement ends');
	assert.equal(again.stdout.match(/version=(\d+)/)[1], '002');
	assert.equal(await psql(url, 'SELECT string_agg(version, $$,$$ ORDER BY version) FROM keeper.schema_migrations'), '001,002');
});

test('a table that somebody holds is waited for five seconds, not for ever', async (t) => {
	const url = await newDatabase();
	await psql(url, 'CREATE TABLE public.busy ()');
	const holder = psql(url, 'BEGIN; LOCK TABLE public.busy; SELECT pg_sleep(8); COMMIT;');
	while (await psql(url, "SELECT count(*) FROM pg_locks WHERE relation = 'public.busy'::regclass AND granted") === '0') await pause(20);
	const directory = scratchDirectory(t, { 'V001__busy.sql': 'ALTER TABLE public.busy ADD COLUMN n integer;' });
	const run = await runDb(['migrate', '--no-backup'], { url, directory });
	assert.equal(run.code, 65);
	assert.match(run.stderr, /lock timeout/);
	await holder;
	assert.equal((await runDb(['migrate'], { url, directory })).code, 0);
});
