// The replay server as a child process, and the addresses of the pools that it plays.
'use strict';

const path = require('node:path');
const readline = require('node:readline');
const { execFile, spawn } = require('node:child_process');
const { promisify } = require('node:util');
const { RpcClient } = require('../chain/rpc-client.js');

// Beside the daemon that is measured.
const BUILD = process.env.POOLKEEPER ? path.dirname(process.env.POOLKEEPER) : path.join(__dirname, '..', '..', 'build');
const PROGRAM = path.join(BUILD, 'tests', 'replay_rpc');
const BARE = path.join(BUILD, 'tests', 'bare_tick');
// Long enough that its own start does not show.
const BARE_READS = 600000;

// 44 characters whose first digit is between 1 and 15 are base58 of exactly 32 bytes; md5 has every digit but 0 in common with base58.
const ADDRESS_SQL = "'B' || translate(md5('a' || n) || left(md5('b' || n), 11), '0', 'z')";

// Resolves to { url, stats(), stop() }.
function startReplay() {
	const child = spawn(PROGRAM, [], { stdio: ['ignore', 'pipe', 'inherit'] });
	const stop = () => new Promise((resolve) => {
		child.once('exit', resolve);
		child.kill('SIGTERM');
	});
	return new Promise((resolve, reject) => {
		child.once('error', (error) => reject(new Error(`${PROGRAM} does not start (${error.code}): run scripts/build`)));
		child.once('exit', (code) => reject(new Error(`${PROGRAM} ended with code ${code} before it listened`)));
		readline.createInterface({ input: child.stdout }).on('line', (line) => {
			const [, url] = /^listening (http:\S+)$/.exec(line) ?? [];
			if (url) resolve({ url, pid: child.pid, stop, stats: () => new RpcClient(url).call('replay_stats') });
		});
	});
}

// Microseconds of CPU per pool of a client that only fetches, parses, decodes and compares.
async function bareCost(url, pools) {
	const ticks = Math.ceil(BARE_READS / pools);
	const { stdout } = await promisify(execFile)(BARE, [new URL(url).port, String(pools), String(ticks)]);
	return Number(stdout);
}

module.exports = { startReplay, bareCost, ADDRESS_SQL, BUILD };
