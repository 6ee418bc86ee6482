// The live programs that have a runner of their own: each must end well against its servers.
'use strict';

const { describe, test } = require('node:test');
const assert = require('node:assert');
const { execFile } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');

const programs = path.join(__dirname, '..', '..', 'build', 'tests');

function runsWell(runner, names) {
	return async () => {
		const paths = names.map((name) => path.join(programs, name));
		for (const program of paths) assert.ok(fs.existsSync(program), `${program} is not built: run scripts/build`);
		await new Promise((resolve, reject) => {
			execFile(process.execPath, [path.join(__dirname, runner), ...paths], { maxBuffer: 64 << 20 }, (error, stdout, stderr) => {
				if (error) reject(new Error(`${runner} exited with ${error.code ?? error.signal}:\n${(stdout + stderr).slice(-4000)}`));
				else resolve();
			});
		});
	};
}

// All at once: one of them sits out an outage of a minute, and the others are over before it.
describe('live programs', { concurrency: true }, () => {
	test('http.c against a hostile server', runsWell('io/run_http.js', ['live_http']));
	test('the chain layer takes a pool from Locked to Ended past misbehaving nodes', runsWell('chain/run_draw.js', ['live_draw']));
	for (const name of fs.readdirSync(path.join(__dirname, 'journal')).filter((file) => file.endsWith('.c'))) {
		const program = `live_${path.basename(name, '.c')}`;
		test(`${program} on PostgreSQL, directly and pooled`, runsWell('journal/run.js', [program]));
	}
});
