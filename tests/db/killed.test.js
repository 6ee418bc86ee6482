// scripts/db killed with -9 at a chosen stage: at a statement (before the server has it, or when it is done and not yet answered) or at a
// program that makes, moves or removes files. The database is as before or as after, the next run goes through, and nothing is left behind.
'use strict';

const test = require('node:test');
const assert = require('node:assert');
const fs = require('node:fs');
const path = require('node:path');
const { startPostgres, psql } = require('../lib/postgres');
const { pause } = require('../lib/server_process');
const { newKeeper, POOL, addAppPool, view, payout } = require('./keeper');
const { startKiller } = require('./killer');
const { scratchDirectory, startDb, runDb, catalogue, digests, backups } = require('./migrator');

const FULL = Boolean(process.env.POOLKEEPER_TEST_FULL);
// How many statements of a verb are tried in scripts/test --full, besides the ends of its transactions and its files.
const STATEMENTS = 16;
const SETTINGS = { DB_RESTORE_CONFIRM: '1', POOLKEEPER_ENV: 'development', DB_MIGRATE_BACKUP: '0', AUDIT_KEEP_DAYS: '0' };
const FILE_PROGRAMS = ['mktemp', 'mkdir', 'gzip', 'sync', 'mv', 'rm'];
// Each writes its name down; the run (a group of its own) dies at the line that KILL_AT names.
const FILE_PROGRAM = `#!/bin/sh
name=\${0##*/}
echo "$name" >>"$CALLS"
call=$(wc -l <"$CALLS")
[ "before $call" != "$KILL_AT" ] || kill -9 0
PATH=\${PATH#*:} "$name" "$@"
code=$?
[ "after $call" != "$KILL_AT" ] || kill -9 0
exit $code
`;

let site;

// A server, the way through which its runs are killed, and the databases that they begin with.
class Site {
	static async start() {
		const site = new Site();
		site.server = await startPostgres();
		site.killer = await startKiller(site.server);
		site.made = new Map();
		site.shims = fs.mkdtempSync(path.join(site.server.directory, 'programs-'));
		for (const name of FILE_PROGRAMS) fs.writeFileSync(path.join(site.shims, name), FILE_PROGRAM, { mode: 0o755 });
		return site;
	}

	async stop() {
		this.killer.stop();
		await this.server.stop();
	}

	async copy(from, to) {
		if (!this.made.has(from)) this.made.set(from, TEMPLATES[from](this, from));
		await this.made.get(from);
		await this.server.sql(`CREATE DATABASE ${to} TEMPLATE ${from}`);
		return this.server.url(to);
	}

	async after(from, to, ...args) {
		const done = await runDb(args, { url: await this.copy(from, to), env: SETTINGS });
		assert.equal(done.code, 0, done.stdout + done.stderr);
	}

	async alone(databases) {
		const others = `SELECT count(*) FROM pg_stat_activity WHERE datname LIKE '${databases}' AND backend_type = 'client backend' AND pid <> pg_backend_pid()`;
		while (await this.server.sql(others) !== '0') await pause(10);
	}
}

const TEMPLATES = {
	migrated: async ({ server }, name) => {
		const url = await server.createDatabase(name);
		assert.equal((await runDb(['migrate'], { url })).code, 0);
		await addAppPool({ sql: (text) => psql(url, text) }, { pool_address: POOL });
	},
	seeded: (site, name) => site.after('migrated', name, 'seed', 'development'),
	// Where the roles are there already, so that what a new version makes needs its rights.
	behind: async (site, name) => {
		await newKeeper(site.server);
		await site.after('migrated', name, 'revert', '--yes');
	},
	// Over, paid, sealed, and wrong in all that --fix sets right.
	paid: async ({ server }, name) => {
		const keeper = await newKeeper(server);
		await addAppPool(keeper, { start_time: '2026-09-01', status: 'randomness', participants_count: 2 });
		await keeper.call('observe', view({ status: 5, total_amount: payout().total_amount, decimals: 9 }));
		await keeper.sql("INSERT INTO public.participants (pool_id, wallet_address) VALUES (1, 'anna'), (1, 'bert')");
		await keeper.call('payout_record', payout());
		await keeper.call('audit_seal', { fence: 1, limit: 200 });
		await keeper.sql("UPDATE public.pools SET participants_count = 5, status = 'open'; SELECT setval('public.participants_id_seq', 1)");
		await server.sql(`ALTER DATABASE ${new URL(keeper.url).pathname.slice(1)} RENAME TO ${name}`);
	},
	// For a restore: what is restored comes with it.
	empty: async (site, name) => {
		await site.after('migrated', 'dumped', 'backup', '--quick');
		site.dump = path.join(backups, fs.readdirSync(backups).find((file) => /^poolkeeper_dumped_.*\.dump$/.test(file)));
		await site.server.createDatabase(name);
	},
	fixed: (site, name) => site.after('paid', name, 'integrity', '--fix', '--yes'),
};

const POOLS = 'SELECT id, status, participants_count FROM public.pools ORDER BY id; SELECT last_value, is_called FROM public.participants_id_seq';
const ROLES = `SELECT rolname, rolcanlogin, (SELECT array_agg(c ORDER BY c) FROM pg_db_role_setting s, unnest(setconfig) c WHERE setrole = r.oid)
	FROM pg_roles r WHERE rolname LIKE 'poolkeeper%' ORDER BY 1`;
const RIGHTS = /^(GRANT|REVOKE)/;
const firstCommit = ({ commits }) => [commits[0]];
const lastCommitNotSent = ({ commits }) => [['statement', 'before', commits.at(-1)[2]]];

// from: the database to begin with; look: more of it than its tables and their rows; plain: the stages of every run, chosen from those of
// the run that nobody kills (all others, and all verbs without it, take scripts/test --full); apart: what of the schema comes in a
// transaction of its own; whenDone, doneCode: what to run next, and how it ends, where the killed run had done its work.
const VERBS = [
	// First: the server has no such roles yet.
	{ args: ['roles'], from: 'migrated', look: ROLES, plain: firstCommit, end: 'DROP OWNED BY poolkeeper, poolkeeper_ro; DROP ROLE poolkeeper, poolkeeper_ro' },
	{ args: ['seed', 'development'], from: 'migrated' },
	{ args: ['seed', 'development', '--clean', '--yes'], from: 'seeded' },
	{ args: ['integrity', '--fix', '--yes'], from: 'paid', look: POOLS, plain: lastCommitNotSent },
	{ args: ['integrity', '--undo', '--yes'], from: 'fixed', look: POOLS },
	{ args: ['migrate'], from: 'behind', apart: RIGHTS, plain: firstCommit },
	{ args: ['deploy', 'development', '--yes', '--seed'], from: 'behind', apart: RIGHTS, steps: true },
	// Once more would take the next version back.
	{ args: ['revert', '--yes'], from: 'migrated', whenDone: ['validate'], doneCode: 1 },
	{ args: ['backup'], from: 'migrated', plain: ({ moves }) => [moves.at(-2)] },
	// Never over what is there; rights are given after it.
	{ args: ['restore', 'DUMP'], from: 'empty', apart: RIGHTS, whenDone: ['migrate'] },
	// The file is never written over; killed between the file and the rows, the next run goes on.
	{ args: ['archive', '--yes', 'ARCHIVE'], from: 'paid', doneCode: 65, plain: ({ moves }) => [moves[0]] },
];

const without = (text, lines) => (lines ? text.split('\n').filter((line) => !lines.test(line)).join('\n') : text);

class Stage {
	constructor(t, verb) {
		Object.assign(this, { verb, name: `killed_${Stage.count = (Stage.count ?? 0) + 1}`, directory: scratchDirectory(t) });
		for (const name of ['backups', 'files', 'tmp']) fs.mkdirSync(this.place(name));
		fs.writeFileSync(this.place('calls'), '');
		this.env = {
			...SETTINGS, BACKUP_DIR: this.place('backups'), TMPDIR: this.place('tmp'), CALLS: this.place('calls'), PATH: `${site.shims}:${process.env.PATH}`,
		};
	}

	place(...names) { return path.join(this.directory, ...names); }

	async begin() {
		this.url = await site.copy(this.verb.from, this.name);
		this.args = this.verb.args.map((word) => ({ ARCHIVE: this.place('files', 'trail.csv.gz'), DUMP: site.dump })[word] ?? word);
	}

	// rows: with the times in them, which differ from one run to the next; counts: without.
	async state() {
		const rows = digests(this.url);
		const look = this.verb.look ? await psql(this.url, this.verb.look) : '';
		// What a set of seeds is may be read by those who get their rights after it.
		return { schema: without(catalogue(this.url), /^GRANT SELECT ON TABLE keeper\.seeded /), rows: rows + look, counts: rows.replace(/\|[^|\n]*$/gm, '') + look };
	}

	// at: the stage to die at, [statement or program, before or after, which]; without one it runs to its end.
	async run([what, when, nth] = []) {
		const started = startDb(this.args, { url: site.killer.url(this.name), env: { ...this.env, KILL_AT: what === 'program' ? `${when} ${nth}` : '' } });
		site.killer.watch(what === 'statement' ? nth : 0, when, () => started.killGroup());
		const ended = await started.ended;
		for (const databases of [this.name, 'poolkeeper\\_check%']) await site.alone(databases);
		return ended;
	}

	other(args) { return runDb(args, { url: this.url, env: this.env }); }

	// Every file that is there, once, without the time in its name.
	files() {
		const names = fs.readdirSync(this.directory, { recursive: true }).filter((name) => name !== 'calls');
		return [...new Set(names.map((name) => name.replace(this.name, 'NAME').replace(/\d{8}_\d{6}\+*/, 'TIME')))].sort();
	}

	async end() {
		if (this.verb.end) await psql(this.url, this.verb.end);
		await site.server.sql(`DROP DATABASE ${this.name}`);
	}
}

// Which of the statements end a transaction that may have written.
function writingCommits(seen) {
	const reading = new Map();
	return seen.flatMap(({ sql, connection }, i) => {
		if (/^BEGIN/.test(sql)) reading.set(connection, false);
		if (/^(BEGIN|SET TRANSACTION)[^]*READ ONLY/.test(sql)) reading.set(connection, true);
		return /^COMMIT/.test(sql) && !reading.get(connection) ? [i + 1] : [];
	});
}

// The run that nobody kills: what it does, and its stages.
async function reference(t, verb) {
	const stage = new Stage(t, verb);
	await stage.begin();
	const { code, stdout, stderr } = await stage.run();
	assert.ok([0, 1].includes(code), stdout + stderr);
	const programs = fs.readFileSync(stage.place('calls'), 'utf8').split('\n').slice(0, -1);
	const moves = programs.flatMap((name, i) => (name === 'mv' ? [['program', 'after', i + 1]] : []));
	const commits = writingCommits(site.killer.seen).map((n) => ['statement', 'after', n]);
	const found = { code, after: await stage.state(), files: stage.files(), statements: site.killer.seen.length, programs: programs.length, commits, moves };
	await stage.end();
	return found;
}

function everyStage({ statements, programs, commits }) {
	const some = Array.from({ length: STATEMENTS }, (_, i) => ['statement', i % 2 ? 'after' : 'before', 1 + Math.floor(i * (statements - 1) / (STATEMENTS - 1))]);
	const files = Array.from({ length: programs }, (_, i) => ['before', 'after'].map((when) => ['program', when, i + 1])).flat();
	return [...some, ...commits, ...commits.map(([what, , n]) => [what, 'before', n]), ...files];
}

// Only the lines that differ are shown: a schema has thousands.
function assertSame(now, then, where) {
	const [here, there] = [now.split('\n'), then.split('\n')];
	assert.deepEqual(here.filter((line) => !there.includes(line)), there.filter((line) => !here.includes(line)), where);
	assert.ok(now === then, `${where}: the same lines in another order or number`);
}

// Whether the verb has done its work; anything between nothing and all of it is a failure.
function isDone(stage, { after }, now, where) {
	const schema = (one) => without(one.schema, stage.verb.apart);
	if (schema(now) === schema(stage.before) && now.rows === stage.before.rows) return false;
	// Each step of a deployment is whole by itself.
	if (stage.verb.steps) return schema(now) === schema(after) && now.counts === after.counts;
	assertSame(schema(now), schema(after), where);
	assertSame(now.counts, after.counts, where);
	return true;
}

const scratches = async () => (await site.server.sql("SELECT datname FROM pg_database WHERE datname LIKE 'poolkeeper\\_check\\_%'")).split('\n').filter(Boolean);

async function killedAt(t, verb, whole, at) {
	const where = `killed ${at.join(' ')}`;
	const stage = new Stage(t, verb);
	await stage.begin();
	stage.before = await stage.state();
	const killed = await stage.run(at);
	assert.equal(killed.signal, 'SIGKILL', `${where}: ended with ${killed.code}: ${killed.stderr}`);
	const done = isDone(stage, whole, await stage.state(), where);
	const listed = await stage.other(['backups']);
	assert.doesNotMatch(listed.stdout, /state=(?!good|incomplete)/, where);
	// A database that the check of a dump was killed in goes once it is an hour old.
	for (const scratch of await scratches()) await site.server.sql(`ALTER DATABASE ${scratch} RENAME TO ${scratch.replace(/_\d{14}_/, '_20200101000000_')}`);
	const again = await (done && verb.whenDone ? stage.other(verb.whenDone) : stage.run());
	assert.equal(again.code, done && verb.doneCode !== undefined ? verb.doneCode : whole.code, `${where}: ${again.stdout}${again.stderr}`);
	const now = await stage.state();
	assertSame(now.schema, whole.after.schema, `${where}, then run again`);
	assertSame(now.counts, whole.after.counts, `${where}, then run again`);
	assert.deepEqual(stage.files(), whole.files, where);
	assert.equal((await stage.other(['backups'])).code, 0, where);
	if (verb.args[0] === 'backup') assert.deepEqual(await scratches(), [], where);
	await stage.end();
}

async function everywhere(t, verb) {
	const whole = await reference(t, verb);
	const stages = FULL ? everyStage(whole) : verb.plain(whole);
	for (const at of stages) await killedAt(t, verb, whole, at);
	t.diagnostic(`${stages.length} of ${2 * (whole.statements + whole.programs)} stages`);
}

test.before(async () => { site = await Site.start(); });
test.after(() => site.stop());
for (const verb of VERBS.filter(({ plain }) => FULL || plain)) test(`killed: scripts/db ${verb.args.join(' ')}`, (t) => everywhere(t, verb));
