// Runs scripts/db against a database of a private server, with the real migrations or with a copy that a test may spoil.
'use strict';

const { spawn, execFileSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');

const root = path.join(__dirname, '..', '..');
const program = path.join(root, 'scripts', 'db');
const migrations = path.join(root, 'migrations');

// The files that are applied, in order: [{ file, version, name }].
function upFiles(directory = migrations) {
	return fs.readdirSync(directory).filter((file) => /^V\d+__[a-z0-9_]+\.sql$/.test(file)).sort().map((file) => {
		const [, version, name] = /^V(\d+)__(.*)\.sql$/.exec(file);
		return { file: path.join(directory, file), version, name };
	});
}

// A directory that a test fills or spoils; removed with the test.
function scratchDirectory(test, files = {}) {
	const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'poolkeeper-migrations-'));
	test.after(() => fs.rmSync(directory, { recursive: true, force: true }));
	for (const [name, text] of Object.entries(files)) fs.writeFileSync(path.join(directory, name), text);
	return directory;
}

function copyOfMigrations(test) {
	const directory = scratchDirectory(test);
	fs.cpSync(migrations, directory, { recursive: true });
	return directory;
}

// Backups before a change go here unless a test says otherwise.
const backups = fs.mkdtempSync(path.join(os.tmpdir(), 'poolkeeper-backups-'));
process.once('exit', () => fs.rmSync(backups, { recursive: true, force: true }));

// options: url (DIRECT_DATABASE_URL), env (more variables), directory (of the migrations).
// The process leads a group of its own, so that a test can kill it together with its psql.
function startDb(args, options) {
	const { PATH, HOME } = process.env;
	const child = spawn(program, args, {
		env: { PATH, HOME, DIRECT_DATABASE_URL: options.url ?? '', MIGRATIONS_DIR: options.directory ?? migrations, BACKUP_DIR: backups, ...options.env },
		detached: true,
		stdio: ['ignore', 'pipe', 'pipe'],
	});
	const said = { stdout: '', stderr: '' };
	for (const stream of ['stdout', 'stderr']) {
		child[stream].setEncoding('utf8').on('data', (text) => { said[stream] += text; });
	}
	const ended = new Promise((resolve) => {
		child.once('close', (code, signal) => resolve({ code, signal, ...said }));
	});
	return { child, ended, killGroup: () => process.kill(-child.pid, 'SIGKILL') };
}

const runDb = (args, options) => startDb(args, options).ended;

// The catalogue as pg_dump tells it, without what differs from one dump to the next.
function catalogue(url) {
	const text = execFileSync('pg_dump', ['--schema-only', '--no-owner', url], { encoding: 'utf8', maxBuffer: 64 << 20 });
	return text.split('\n').filter((line) => !/^(--|\\(un)?restrict|$)/.test(line)).join('\n');
}

// One line per table: its rows and their digest.
function digests(url) {
	return execFileSync('psql', ['-X', '-qAt', '-1', '-v', 'schemas=public,keeper', '-f', path.join(root, 'scripts', 'sql', 'table_digests.sql'), url], { encoding: 'utf8' });
}

module.exports = { root, migrations, upFiles, scratchDirectory, copyOfMigrations, startDb, runDb, catalogue, digests, backups };
