// A private pgBouncer in transaction mode in front of a private PostgreSQL, for tests and demonstrations.
'use strict';

const fs = require('node:fs');
const path = require('node:path');
const {
	ServerProcess, accountToRunAs, giveDirectoryTo, makeOwnedDirectory, removeOwnedDirectory, freePort, listens,
} = require('./server_process');
const { psql } = require('./postgres');

// With pgBouncer's own defaults a query hangs 30 s after a 20 s outage; these three bound it to about 5 s.
const BOUNDED_WAITS = { server_login_retry: 1, query_wait_timeout: 5, server_connect_timeout: 3 };

function program() {
	const found = ['/usr/sbin/pgbouncer', '/usr/bin/pgbouncer', '/usr/local/bin/pgbouncer'].find((file) => fs.existsSync(file));
	if (!found) throw new Error('pgbouncer not found: run scripts/setup');
	return found;
}

class PgBouncer {
	constructor(postgres, settings) {
		this.postgres = postgres;
		this.settings = settings;
		this.account = accountToRunAs();
		this.directory = makeOwnedDirectory('poolkeeper-pgbouncer-');
		this.logFile = path.join(this.directory, 'log');
	}

	get pid() { return this.server.pid; }

	url(database = 'postgres', user = this.postgres.user) { return `postgresql://${user}@127.0.0.1:${this.port}/${database}`; }

	// The sample that we ship, as it is but for host, port and path, with test's own settings behind it.
	writeSample() {
		const { sample, users, ...more } = this.settings;
		const places = [['host=', '127.0.0.1'], ['port=', this.postgres.port], ['listen_port = ', this.port], ['auth_file = ', path.join(this.directory, 'users')]];
		const text = places.reduce((was, [name, value]) => {
			const place = new RegExp(`(?<=^[^;]*\\b${name})\\S+`, 'm');
			if (!place.test(was)) throw new Error(`${sample} has no ${name}`);
			return was.replace(place, value);
		}, fs.readFileSync(sample, 'utf8'));
		const behind = Object.entries(more).map(([name, value]) => `${name} = ${value}\n`).join('');
		fs.writeFileSync(path.join(this.directory, 'ini'), text + behind);
		fs.writeFileSync(path.join(this.directory, 'users'), users);
		return giveDirectoryTo(this.account, this.directory);
	}

	writeConfiguration() {
		if (this.settings.sample) return this.writeSample();
		const { user, socketDirectory, port } = this.postgres;
		const settings = {
			listen_addr: '127.0.0.1', listen_port: this.port, unix_socket_dir: '', pool_mode: 'transaction',
			max_client_conn: 100, default_pool_size: 10, ...BOUNDED_WAITS,
			// Roles that a test creates later are looked up in the server by auth_user.
			auth_type: 'trust', auth_file: path.join(this.directory, 'users'), auth_user: user, admin_users: user,
			...this.settings,
		};
		const lines = Object.entries(settings).map(([name, value]) => `${name} = ${value}`);
		const text = `[databases]\n* = host=${socketDirectory} port=${port}\n[pgbouncer]\n${lines.join('\n')}\n`;
		fs.writeFileSync(path.join(this.directory, 'ini'), text);
		fs.writeFileSync(path.join(this.directory, 'users'), `"${user}" ""\n`);
		return giveDirectoryTo(this.account, this.directory);
	}

	async start() {
		this.port ??= await freePort();
		this.writeConfiguration();
		this.server = new ServerProcess({
			command: program(), args: [path.join(this.directory, 'ini')], account: this.account, logFile: this.logFile,
		});
		await this.server.waitUntil(() => listens(this.port), 'pgBouncer');
	}

	// Every client's next transaction goes to another server.
	async follow(postgres) {
		this.postgres = postgres;
		this.writeConfiguration();
		await this.admin('RELOAD');
		await this.admin('RECONNECT');
	}

	// One command of the admin console: PAUSE, RESUME, RECONNECT, SHOW POOLS, ...
	admin(command) { return psql(this.url('pgbouncer'), command); }

	async kill() { await this.server.kill(); }

	async restart() {
		await this.server.stop('SIGTERM');
		await this.start();
	}

	freeze() { this.server.freeze(); }

	thaw() { this.server.thaw(); }

	async stop() {
		await this.kill();
		removeOwnedDirectory(this.directory);
	}
}

// What a server process has kept of the sessions that used it, one line each. pgBouncer itself sets the few that it tracks.
// Through a pool of one this is what the next client finds.
const LEFT_BEHIND = `
	SELECT 'prepared statement ' || name FROM pg_prepared_statements
	UNION ALL SELECT 'cursor ' || name FROM pg_cursors WHERE is_holdable
	UNION ALL SELECT 'listening to ' || c FROM pg_listening_channels() AS c
	UNION ALL SELECT 'advisory lock ' || concat_ws(' ', classid, objid) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()
	UNION ALL SELECT 'temporary relation ' || relname FROM pg_class WHERE relnamespace = pg_my_temp_schema()
	UNION ALL SELECT 'setting ' || name || ' ' || setting FROM pg_settings
	           WHERE source = 'session' AND lower(name) NOT IN ('application_name', 'client_encoding', 'datestyle', 'timezone', 'standard_conforming_strings')
	ORDER BY 1`;
const leftBehind = (url) => psql(url, LEFT_BEHIND);

// settings: pgbouncer.ini names and values on top of ours; or sample (a pgbouncer.ini to use instead of ours) and users (its userlist).
async function startPgBouncer(postgres, settings = {}) {
	const pgBouncer = new PgBouncer(postgres, settings);
	await pgBouncer.start();
	return pgBouncer;
}

module.exports = { startPgBouncer, leftBehind };
