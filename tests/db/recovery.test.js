// Recovery to a point in time, as docs/database.md tells it: a base backup, archived WAL, and the moment before somebody dropped it all.
'use strict';

const test = require('node:test');
const assert = require('node:assert');
const fs = require('node:fs');
const path = require('node:path');
const { execFileSync } = require('node:child_process');
const { startPostgres } = require('../lib/postgres');
const { accountToRunAs, giveDirectoryTo, makeOwnedDirectory, memoryOrDisk, pause, removeOwnedDirectory } = require('../lib/server_process');
const { newKeeper, Keeper, key, step, close } = require('./keeper');
const { runDb } = require('./migrator');

test('what was committed before a DROP comes back, and unguarded steps wait', async (t) => {
	const directory = makeOwnedDirectory('poolkeeper-pitr-', memoryOrDisk());
	const archive = path.join(directory, 'wal');
	fs.mkdirSync(archive);
	for (const one of [directory, archive]) giveDirectoryTo(accountToRunAs(), one);
	t.after(() => removeOwnedDirectory(directory));
	const before = await startPostgres({ settings: { archive_mode: 'on', archive_command: `test ! -f ${archive}/%f && cp %p ${archive}/%f.part && mv ${archive}/%f.part ${archive}/%f` } });
	t.after(() => before.stop());
	const keeper = await newKeeper(before);
	const begin = (at, height) => at.call('audit_begin', { fence: 1, wallet: key('W'), slot: 50, height }).then(([row]) => row);
	assert.equal((await begin(keeper, 1000)).hold_height, 0);
	execFileSync('pg_basebackup', ['-d', before.url(), '-D', path.join(directory, 'data'), '-c', 'fast', '-X', 'none'], { ...accountToRunAs(), cwd: '/', stdio: 'pipe' });

	// After the base backup: in the archived WAL only.
	await keeper.call('step_open', step());
	await keeper.call('step_close', close());
	const head = (await keeper.call('audit_seal', { fence: 1, limit: 200 }))[0];
	const point = await keeper.sql("SELECT pg_current_wal_insert_lsn()");
	await keeper.sql('DROP SCHEMA keeper CASCADE');
	const last = await before.sql('SELECT pg_walfile_name(pg_switch_wal())');
	while (!fs.existsSync(path.join(archive, last))) await pause(10);

	fs.writeFileSync(path.join(directory, 'data', 'recovery.signal'), '');
	const after = await startPostgres({ directory, settings: {
		restore_command: `cp ${archive}/%f %p`, recovery_target_lsn: point, recovery_target_inclusive: 'off', recovery_target_action: 'promote',
	} });
	t.after(() => after.stop());
	while (await after.sql('SELECT pg_is_in_recovery()') === 't') await pause(10);
	const recovered = new Keeper(after.url(new URL(keeper.url).pathname.slice(1)));
	assert.equal(await recovered.sql('SELECT state FROM keeper.steps'), 'landed');
	const run = await runDb(['audit', `--head=${head.n}:${head.hash.slice(2)}`], { url: recovered.url, env: { BACKUP_DIR: '/nowhere' } });
	assert.equal(run.code, 0, run.stdout + run.stderr);
	// Another timeline: what was signed after that point is not in the journal.
	const state = await begin(recovered, 2000);
	assert.deepEqual([state.restored, state.hold_height], [true, 2150]);
	assert.deepEqual([(await begin(recovered, 2000)).restored, (await begin(recovered, 2000)).hold_height], [false, 2150]);
});
