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

const guide = fs.readFileSync(path.join(__dirname, '..', '..', 'docs', 'database.md'), 'utf8');
// A setting as the guide has it, with a directory of ours.
const guided = (name, archive) => new RegExp(`^${name} = '(.*)'$`, 'm').exec(guide)[1].replaceAll('/wal/', `${archive}/`);

function makeArchive(t) {
	const directory = makeOwnedDirectory('poolkeeper-pitr-', memoryOrDisk());
	const archive = path.join(directory, 'wal');
	fs.mkdirSync(archive);
	for (const one of [directory, archive]) giveDirectoryTo(accountToRunAs(), one);
	t.after(() => removeOwnedDirectory(directory));
	return { directory, archive };
}

test('the archive command, killed with its server before and after the last move, goes on by itself', async (t) => {
	const { directory, archive } = makeArchive(t);
	const at = (name) => path.join(directory, name);
	fs.mkdirSync(at('programs'));
	// While a file of that name is there it waits, and says so.
	const wait = (when) => `if [ -e '${at(when)}' ]; then touch '${at('reached')}'; while [ -e '${at(when)}' ]; do sleep 0.02; done; exit 1; fi`;
	fs.writeFileSync(at('programs/mv'), `#!/bin/sh\n${wait('before')}\nPATH=\${PATH#*:} mv "$@" || exit\n${wait('after')}\n`, { mode: 0o755 });
	const server = await startPostgres({ settings: { archive_mode: 'on', archive_command: `PATH=${at('programs')}:$PATH; ${guided('archive_command', archive)}` } });
	t.after(() => server.stop());
	for (const when of ['before', 'after']) {
		fs.writeFileSync(at(when), '');
		await server.sql(`CREATE TABLE public.${when} ()`);
		const segment = await server.sql('SELECT pg_walfile_name(pg_switch_wal())');
		while (!fs.existsSync(at('reached'))) await pause(10);
		await server.kill();
		assert.equal(fs.existsSync(path.join(archive, segment)), when === 'after');
		for (const name of [when, 'reached']) fs.rmSync(at(name));
		await server.start();
		for (let archived; archived !== segment; await pause(10)) {
			const [last, failed] = (await server.sql('SELECT last_archived_wal, failed_count FROM pg_stat_archiver')).split('|');
			assert.equal(failed, '0', `killed ${when} the move`);
			archived = last;
		}
	}
	assert.deepEqual(fs.readdirSync(archive).filter((name) => !/^[0-9A-F]{24}$/.test(name)), []);
});

test('what was committed before a DROP comes back, and unguarded steps wait', async (t) => {
	const { directory, archive } = makeArchive(t);
	const before = await startPostgres({ settings: { archive_mode: 'on', archive_command: guided('archive_command', archive) } });
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
		restore_command: guided('restore_command', archive), recovery_target_lsn: point, recovery_target_inclusive: 'off', recovery_target_action: 'promote',
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
