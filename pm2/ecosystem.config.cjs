// pm2 start pm2/ecosystem.config.cjs: the native binary as an app of pm2, for machines that run the web backend under it.
// Settings come from .env beside build/. A key belongs into a file that DEV_WALLET_KEY_FILE names, never into env here or
// in the shell: `pm2 save` writes the whole environment into a file that others can read.
'use strict';

const path = require('node:path');

const ROOT = path.join(__dirname, '..');

module.exports = {
	apps: [{
		name: 'poolkeeper',
		cwd: ROOT,
		script: path.join(ROOT, 'build', 'poolkeeper'),
		args: '--env-file .env',
		interpreter: 'none',
		exec_mode: 'fork',
		instances: 1, // a second one only stands by

		// poolkeeper says when it has looked at all pools. While Postgres or all endpoints are away it waits for them, and
		// pm2 goes on after this long.
		wait_ready: true,
		listen_timeout: 60000,
		kill_timeout: 15000, // poolkeeper stops within 10 s; pm2's own limit of 1.6 s would cut that off

		// After a crash it is started again, at longer and longer intervals up to 15 s, and never given up: a bound pool must
		// be finished. What a person has to correct (command line, permissions of a key, settings) is not tried again; pm2 7.0.4
		// shows that as "waiting restart" without a pid.
		exp_backoff_restart_delay: 100,
		max_restarts: 1000000,
		stop_exit_codes: [64, 77, 78],
		max_memory_restart: '512M',

		// One file, since all lines are on stderr; rename it and run `pm2 reloadLogs` to rotate.
		out_file: path.join(ROOT, 'logs', 'poolkeeper.log'),
		error_file: path.join(ROOT, 'logs', 'poolkeeper.log'),
		merge_logs: true,
		time: false, // each line has its own
	}],
};
