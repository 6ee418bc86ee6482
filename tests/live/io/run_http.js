// Runs the http.c program against the hostile server: node run_http.js <program>
'use strict';
const { spawn } = require('node:child_process');
const hostile = require('./hostile_server.js');

async function main() {
	const program = process.argv[2];
	if (!program) throw new Error('usage: node run_http.js <path of live_http>');
	const server = await hostile.start();
	const child = spawn(program, [server.plain, server.secure, server.silent].map(String).concat(server.ca), {
		stdio: 'inherit',
		// a proxy of the environment must not be used
		env: { ...process.env, http_proxy: 'http://127.0.0.1:1', https_proxy: 'http://127.0.0.1:1' },
	});
	child.on('exit', (code, signal) => {
		server.stop();
		process.exit(signal ? 1 : code);
	});
}

main();
