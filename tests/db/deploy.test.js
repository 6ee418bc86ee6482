// Deploying: what must be so beforehand, the order of the steps, where it stops, and what production asks.
'use strict';

const test = require('node:test');
const assert = require('node:assert');
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { startPostgres, psql } = require('../lib/postgres');
const { startPgBouncer } = require('../lib/pgbouncer');
const { root, upFiles, scratchDirectory, copyOfMigrations, runDb, catalogue, digests } = require('./migrator');

const DB = path.join(root, 'scripts', 'db');
const STAGING = { POOLKEEPER_ENV: 'staging' };

let server;
let databases = 0;
const newDatabase = () => server.createDatabase(`deploy_${databases += 1}`);
const everything = (url) => catalogue(url) + digests(url);
const deploy = (url, args, options = {}) => runDb(['deploy', ...args], { url, ...options, env: { ...STAGING, ...options.env } });
const steps = (run) => [...run.stdout.matchAll(/^event=deploy_step step=(\w+)$/gm)].map((match) => match[1]);

// The same database one version behind.
async function oneBehind() {
	const url = await newDatabase();
	for (const args of [['migrate'], ['revert', '--yes', '--no-backup']]) {
		const run = await runDb(args, { url });
		assert.equal(run.code, 0, run.stderr);
	}
	return url;
}

test.before(async () => { server = await startPostgres(); });
test.after(() => server.stop());

test('a dry run tells what it would do and writes nothing', async (t) => {
	const url = await oneBehind();
	const BACKUP_DIR = path.join(scratchDirectory(t), 'backups');
	const before = everything(url);
	const run = await deploy(url, ['staging', '--dry-run'], { env: { BACKUP_DIR } });
	assert.equal(run.code, 0, run.stderr);
	assert.match(run.stdout, new RegExp(`event=migration_applied version=${upFiles().at(-1).version} .* dry=1`));
	assert.match(run.stdout, /event=deploy_dry_run environment=staging .*\n$/);
	assert.equal(everything(url), before);
	assert.ok(!fs.existsSync(BACKUP_DIR));
});

test('the steps in their order; the backup is from before; seeded where asked; the daemon\'s own connection is tried', async (t) => {
	const url = await oneBehind();
	const BACKUP_DIR = scratchDirectory(t);
	await runDb(['roles'], { url });
	const pooler = await startPgBouncer(server);
	t.after(() => pooler.stop());
	const daemons = `${pooler.url(new URL(url).pathname.slice(1), 'poolkeeper')}?pgbouncer=true`;
	const run = await deploy(url, ['staging', '--seed', '--yes'], { env: { BACKUP_DIR, DATABASE_URL: daemons } });
	assert.equal(run.code, 0, run.stdout + run.stderr);
	assert.deepEqual(steps(run), ['backup', 'migrate', 'validate', 'seed', 'integrity', 'health']);
	assert.match(run.stdout, new RegExp(`event=backup_done .* schema=${upFiles().at(-2).version} verified=read`));
	assert.match(run.stdout, /event=deploy_healthy as="DATABASE_URL"\nevent=deploy_done environment=staging seconds=\d+\n$/);
	const production = await deploy(url, ['production', '--dry-run']);
	assert.deepEqual([production.code, /holds the seeded set staging/.test(production.stderr)], [65, true]);
	const broken = await deploy(url, ['staging', '--yes'], { env: { BACKUP_DIR, DATABASE_URL: daemons.replace('poolkeeper@', 'nobody:hidden@') } });
	assert.deepEqual([broken.code, /the daemon's own connection \(DATABASE_URL\) fails: .*FATAL/.test(broken.stderr), /hidden/.test(broken.stderr)], [69, true, false], broken.stderr);
	await psql(url, 'REVOKE SELECT ON public.pools FROM poolkeeper');
	const given = await deploy(url, ['staging', '--yes'], { env: { BACKUP_DIR } });
	assert.deepEqual([given.code, /event=deploy_healthy as="role poolkeeper"/.test(given.stdout)], [0, true], `a right that is gone is given again: ${given.stderr}`);
	// What no run gives: everybody has it.
	await psql(url, 'REVOKE USAGE ON SCHEMA pg_catalog FROM PUBLIC');
	const role = await deploy(url, ['staging', '--yes'], { env: { BACKUP_DIR } });
	assert.deepEqual([role.code, /role poolkeeper cannot do what the daemon does/.test(role.stderr)], [65, true], role.stderr);
});

test('it stops at the first step that fails and says what to do next', async (t) => {
	const url = await newDatabase();
	const directory = copyOfMigrations(t);
	const stops = async (expected, pattern) => {
		const run = await deploy(url, ['staging', '--yes'], { directory });
		assert.deepEqual([steps(run).at(-1), run.code], [expected, 65], run.stderr);
		assert.match(run.stderr, pattern);
		assert.ok(!/deploy_done/.test(run.stdout));
	};
	fs.writeFileSync(path.join(directory, 'V099__late.sql'), 'SELECT 1/0;');
	const plan = await deploy(url, ['staging', '--yes'], { directory });
	assert.deepEqual([steps(plan), plan.code, /breaks the order/.test(plan.stderr)], [[], 65, true]);
	fs.unlinkSync(path.join(directory, 'V099__late.sql'));
	const next = path.join(directory, `V${String(upFiles().length + 1).padStart(3, '0')}__late.sql`);
	fs.writeFileSync(next, 'SELECT 1/0;');
	await stops('migrate', /division by zero[^\n]*\nlevel=error event=deploy_stopped why="step migrate ended with 65; next: [^"]*"\n$/);
	fs.unlinkSync(next);
	await psql(url, 'ALTER TABLE public.pools DROP COLUMN winner_wallet CASCADE');
	await stops('validate', /pools\.winner_wallet is missing[^\n]*\nlevel=error event=deploy_stopped why="step validate [^"]*"\n$/);
	await psql(url, "ALTER TABLE public.pools ADD COLUMN winner_wallet text; INSERT INTO public.participants (pool_id, wallet_address) VALUES (99, 'w')");
	await stops('integrity', /event=deploy_stopped why="step integrity [^"]*"\n$/);
});

// A program of this name that goes before the real one.
function shim(t, name, text) {
	const directory = scratchDirectory(t);
	fs.writeFileSync(path.join(directory, name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
	return `${directory}:${process.env.PATH}`;
}

test('what must be so before anything is touched', async (t) => {
	const url = await newDatabase();
	await server.sql('CREATE ROLE stranger LOGIN');
	const refused = async (code, pattern, { url: other = url, env = {}, args = ['staging', '--yes'] } = {}) => {
		const run = await deploy(other, args, { env });
		assert.deepEqual([run.code, steps(run)], [code, []], pattern + run.stderr);
		assert.match(run.stderr, pattern);
	};
	await refused(65, /this role may not create schema keeper; may not create in schema public: set DIRECT_DATABASE_URL to the owner/, { url: url.replace('postgres@', 'stranger@') });
	await psql(url, 'CREATE TABLE public.pools (id integer); CREATE TABLE public.unrelated (); GRANT CREATE ON SCHEMA public TO stranger');
	await server.sql(`GRANT CREATE ON DATABASE ${new URL(url).pathname.slice(1)} TO stranger`);
	await refused(65, /this role does not own pools: /, { url: url.replace('postgres@', 'stranger@') });
	await psql(url, 'DROP TABLE public.pools');
	await refused(65, /pg_dump is version 12, the server is \d+: install postgresql-client/, { env: { PATH: shim(t, 'pg_dump', 'echo "pg_dump (PostgreSQL) 12.3"') } });
	const real = spawnSync('sh', ['-c', 'command -v psql'], { encoding: 'utf8' }).stdout.trim();
	await refused(65, /the server is PostgreSQL 12: poolkeeper needs 13/, { env: { PATH: shim(t, 'psql', `case "$*" in *server_version_num*) echo 120022 ;; *) exec ${real} "$@" ;; esac`) } });
	await refused(65, /the server is a standby/, { env: { PATH: shim(t, 'psql', `case "$*" in *pg_is_in_recovery*) echo t ;; *) exec ${real} "$@" ;; esac`) } });
	await refused(74, /BACKUP_DIR to a directory/, { env: { BACKUP_DIR: '/dev/null/none' } });
	await refused(69, /refused/, { url: 'postgresql://nobody@127.0.0.1:1/none' });
	await refused(78, /pooler/, { url: `${url}?pgbouncer=true` });
	await refused(64, /^usage/, { args: ['live'] });
	const script = 'mount -t tmpfs -o size=64k none "$BACKUP_DIR" && exec "$0" deploy staging --yes';
	const run = spawnSync('unshare', ['-rm', 'sh', '-c', script, DB], {
		encoding: 'utf8', env: { PATH: process.env.PATH, ...STAGING, DIRECT_DATABASE_URL: url, BACKUP_DIR: scratchDirectory(t) },
	});
	assert.deepEqual([run.status, /has room for \d+ bytes, the database has \d+: make room/.test(run.stderr)], [74, true], run.stderr);
	assert.equal(await psql(url, "SELECT to_regnamespace('keeper') IS NULL"), 't');
});

// On a terminal of its own, with these answers.
function typed(url, args, answers, env = {}) {
	return spawnSync('script', ['-qec', `'${DB}' deploy ${args}`, '/dev/null'], {
		encoding: 'utf8', input: answers, env: { PATH: process.env.PATH, TERM: 'dumb', DIRECT_DATABASE_URL: url, DB_MIGRATE_BACKUP: '0', ...env },
	});
}

test('production asks twice, whoever names it; without a terminal it takes a setting besides --yes', async (t) => {
	const url = await newDatabase();
	await psql(url, 'CREATE TABLE public.unrelated (id integer PRIMARY KEY)');
	const name = new URL(url).pathname.slice(1);
	const BACKUP_DIR = scratchDirectory(t);
	const untouched = async () => assert.equal(await psql(url, "SELECT to_regnamespace('keeper') IS NULL"), 't');
	for (const [args, env] of [[['production', '--yes'], {}], [['staging', '--yes'], { NODE_ENV: 'production' }], [['development', '--yes'], { POOLKEEPER_ENV: '' }]]) {
		const run = await deploy(url, args, { env });
		assert.deepEqual([run.code, /takes DB_DEPLOY_ALLOW_PRODUCTION=1 as well/.test(run.stderr)], [77, true], run.stderr);
	}
	assert.equal((await deploy(url, ['production', '--yes', '--seed'], { env: { DB_DEPLOY_ALLOW_PRODUCTION: '1' } })).code, 77);
	assert.equal((await deploy(url, ['production'])).code, 77, 'nobody was asked');
	for (const answers of ['n\n', 'y\n\n', 'y\ny\n']) {
		const run = typed(url, 'production', answers, { BACKUP_DIR });
		assert.equal(run.status, 77, run.stdout);
	}
	await untouched();
	const directory = scratchDirectory(t, { 'V001__none.sql': 'SELECT 1/0;' });
	const allowed = await deploy(url, ['production', '--yes'], { directory, env: { DB_DEPLOY_ALLOW_PRODUCTION: '1', BACKUP_DIR } });
	assert.deepEqual([allowed.code, steps(allowed)], [65, ['backup', 'migrate']], 'it was allowed to begin');
	const run = typed(url, 'production', `y\n${name}\n`, { BACKUP_DIR });
	assert.deepEqual([run.status, /verified=restored/.test(run.stdout), /event=deploy_done environment=production/.test(run.stdout)], [0, true, true], run.stdout);
});
