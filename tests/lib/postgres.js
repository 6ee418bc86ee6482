// A private PostgreSQL server in a directory of its own, for tests and demonstrations.
'use strict';

const { execFile, execFileSync } = require('node:child_process');
const { promisify } = require('node:util');
const fs = require('node:fs');
const path = require('node:path');
const {
	ServerProcess, accountToRunAs, giveDirectoryTo, makeOwnedDirectory, memoryOrDisk, removeOwnedDirectory, freePort, pause,
} = require('./server_process');
const { copyImage } = require('./postgres_image');

const run = promisify(execFile);
const SUPERUSER = 'postgres';

// Debian keeps the server's programs out of PATH, one directory per major version.
function programDirectory() {
	const versions = '/usr/lib/postgresql';
	const found = fs.existsSync(versions) ? fs.readdirSync(versions).sort((a, b) => b - a) : [];
	for (const version of found) {
		const directory = path.join(versions, version, 'bin');
		if (fs.existsSync(path.join(directory, 'initdb'))) return directory;
	}
	throw new Error('PostgreSQL server programs not found below /usr/lib/postgresql: run scripts/setup');
}

// What is called psql in Debian's PATH is a Perl program that looks for these; it takes ten times as long to start.
process.env.PATH = `${programDirectory()}:${process.env.PATH}`;

function faketime() {
	const directories = fs.readdirSync('/usr/lib').map((name) => path.join('/usr/lib', name, 'faketime', 'libfaketime.so.1'));
	const found = directories.find((file) => fs.existsSync(file));
	if (!found) throw new Error('libfaketime not found: run scripts/setup');
	return found;
}

const INITDB = ['-U', SUPERUSER, '--auth=trust', '--encoding=UTF8', '--locale=C', '--no-sync', '--wal-segsize=1'];
const DATABASE_TOOL = path.join(__dirname, '..', '..', 'scripts', 'db');

// A cluster as initdb leaves it; ready(directory) copies it.
async function makeEmpty(postgres, ready) {
	const directory = makeOwnedDirectory('poolkeeper-pg-', memoryOrDisk());
	giveDirectoryTo(postgres.account, directory);
	const data = path.join(directory, 'data');
	await run(path.join(postgres.programs, 'initdb'), ['-D', data, ...INITDB], { ...postgres.account, cwd: '/' });
	await ready(data);
	removeOwnedDirectory(directory);
}

// One whose database postgres has our schema and roles.
async function makeMigrated(ready) {
	const postgres = await startPostgres();
	for (const verb of ['migrate', 'roles']) await run(DATABASE_TOOL, [verb], { env: { PATH: process.env.PATH, DIRECT_DATABASE_URL: postgres.url() } });
	await postgres.halt();
	await ready(path.join(postgres.directory, 'data'));
	removeOwnedDirectory(postgres.directory);
}

// The answer of psql without decoration: one line per row, columns separated by "|".
async function psql(url, text) {
	const started = run('psql', ['-X', '-q', '-A', '-t', '-v', 'ON_ERROR_STOP=1', '-f', '-', url], { maxBuffer: 64 << 20 });
	started.child.stdin.on('error', () => {}); // psql may leave before it has read everything; its exit says why
	started.child.stdin.end(text);
	const { stdout } = await started;
	return stdout.replace(/\n$/, '');
}

class Postgres {
	// options: directory, durable, migrated, outlive, settings (postgresql.conf names and values), primary, time; see startPostgres
	constructor(options) {
		this.options = options;
		this.account = accountToRunAs();
		this.programs = programDirectory();
		this.ownsDirectory = options.directory === undefined;
		this.directory = options.directory ?? makeOwnedDirectory('poolkeeper-pg-', options.durable ? undefined : memoryOrDisk());
		this.user = SUPERUSER;
	}

	get socketDirectory() { return this.directory; }

	get pid() { return this.server.pid; }

	get logFile() { return path.join(this.directory, 'log'); }

	url(database = 'postgres', user = this.user) { return `postgresql://${user}@127.0.0.1:${this.port}/${database}`; }

	socketUrl(database = 'postgres', user = this.user) {
		return `postgresql:///${database}?host=${encodeURIComponent(this.directory)}&port=${this.port}&user=${user}`;
	}

	async prepare() {
		const data = path.join(this.directory, 'data');
		fs.mkdirSync(this.directory, { recursive: true });
		giveDirectoryTo(this.account, this.directory);
		if (fs.existsSync(path.join(data, 'PG_VERSION'))) return;
		if (this.options.primary) this.copyPrimary(this.options.primary);
		else if (this.options.migrated) await copyImage('migrated', [this.programs, ...INITDB], makeMigrated, data);
		else await copyImage('empty', [this.programs, ...INITDB], (ready) => makeEmpty(this, ready), data);
	}

	// What the primary waits for is its own: the copy waits for nobody once it is promoted.
	copyPrimary(primary) {
		const data = path.join(this.directory, 'data');
		execFileSync(path.join(this.programs, 'pg_basebackup'), ['-D', data, '-R', '-c', 'fast', '--no-sync', '-d', `${primary.url()}?application_name=standby`],
			{ ...this.account, cwd: '/', stdio: ['ignore', 'pipe', 'pipe'] });
		fs.appendFileSync(path.join(data, 'postgresql.auto.conf'), "synchronous_standby_names = ''\n");
	}

	arguments() {
		const settings = {
			listen_addresses: '127.0.0.1', port: this.port, unix_socket_directories: this.directory,
			max_connections: 100, shared_buffers: '16MB', logging_collector: 'off', log_min_messages: 'warning',
			dynamic_shared_memory_type: 'mmap', // a server that is killed leaves nothing outside of its directory
			...(this.options.durable ? {} : { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' }),
			...this.options.settings,
		};
		return ['-D', path.join(this.directory, 'data'), ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])];
	}

	async start() {
		this.port ??= await freePort();
		this.server = new ServerProcess({
			command: path.join(this.programs, 'postgres'), args: this.arguments(), account: this.account,
			logFile: this.logFile, outlive: this.options.outlive, env: this.clockEnvironment(),
			lastSignal: 'SIGQUIT', // at once, but its shared memory goes with it, of which a machine has 4096
		});
		await this.server.waitUntil(() => this.answers(), 'PostgreSQL');
	}

	// The server's own clock, and nobody else's: libfaketime reads the file again each time.
	clockEnvironment() {
		if (this.options.time === undefined) return {};
		this.setTime(this.options.time);
		return { LD_PRELOAD: faketime(), FAKETIME_TIMESTAMP_FILE: this.clockFile, FAKETIME_NO_CACHE: '1', FAKETIME_DONT_FAKE_MONOTONIC: '1' };
	}

	get clockFile() { return path.join(this.directory, 'clock'); }

	// From now on it is so late (unix seconds) in the server, and time goes on from there.
	setTime(unix) {
		const written = `${this.clockFile}.new`;
		fs.writeFileSync(written, `${Math.round(unix - Date.now() / 1000)}s\n`.replace(/^(?=\d)/, '+'));
		fs.renameSync(written, this.clockFile);
	}

	async answers() {
		const probe = ['-q', '-h', '127.0.0.1', '-p', String(this.port)];
		return run(path.join(this.programs, 'pg_isready'), probe).then(() => true, () => false);
	}

	sql(text, database = 'postgres') { return psql(this.url(database), text); }

	async createDatabase(name) {
		await this.sql(`CREATE DATABASE "${name}"`);
		return this.url(name);
	}

	// Clean shutdown: clients are disconnected, the data directory stays for start().
	async halt() { await this.server.stop('SIGINT'); }

	// kill -9 of the server and every backend: what a power cut leaves behind.
	async kill() { await this.server.kill(); }

	async restart() {
		await this.halt();
		await this.start();
	}

	// A standby that follows from here on; every commit of ours waits for it.
	async startStandby() {
		const standby = await startPostgres({ settings: this.options.settings, primary: this });
		await this.sql("ALTER SYSTEM SET synchronous_standby_names = 'standby'");
		await this.sql('SELECT pg_reload_conf()');
		for (const deadline = Date.now() + 30000; Date.now() < deadline; await pause(20)) {
			if (await this.sql("SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync' AND state = 'streaming'") === '1') return standby;
		}
		throw new Error(`the standby does not follow; its log ends with:\n${standby.server.logTail()}`);
	}

	promote() { return this.sql('SELECT pg_promote(true, 30)'); }

	freeze() { this.server.freeze(); }

	thaw() { this.server.thaw(); }

	// The end: stopped without ceremony, and the directory removed if it was ours.
	async stop() {
		if (this.ownsDirectory) {
			await this.server.stop('SIGQUIT');
			removeOwnedDirectory(this.directory);
		} else {
			await this.halt();
		}
	}
}

// options.directory: use (and keep) this directory instead of a temporary one;
// options.durable: on disk, and leave fsync on; options.outlive: do not end with this program; options.settings: more settings;
// options.port: a fixed port instead of a free one; options.primary: a standby of that server;
// options.migrated: with our schema and roles in its database postgres;
// options.time: what time it is in the server (unix seconds), see setTime().
async function startPostgres(options = {}) {
	const postgres = new Postgres(options);
	postgres.port = options.port;
	await postgres.prepare();
	await postgres.start();
	return postgres;
}

module.exports = { startPostgres, psql, programDirectory };
