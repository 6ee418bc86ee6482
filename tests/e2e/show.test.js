// explain, status and verify: what they say about pools that wait, are paid or were tampered with, also while a part of the world is away.
'use strict';

const assert = require('node:assert/strict');
const { spawnSync } = require('node:child_process');
const path = require('node:path');
const { after, before, describe, test } = require('node:test');
const { World } = require('./world.js');

const BINARY = process.env.POOLKEEPER ?? path.join(__dirname, '..', '..', 'build', 'poolkeeper');
const NOWHERE = 'http://127.0.0.1:1/';

// No key, no treasury: only what the commands need.
function run(world, args, settings = {}) {
	const { PATH, DATABASE_URL, SOLANA_NETWORK, SOLANA_RPC_URL, ORACLE_GATEWAY_HOSTS } = world.environment();
	const env = { PATH, DATABASE_URL, SOLANA_NETWORK, SOLANA_RPC_URL, ORACLE_GATEWAY_HOSTS, ...settings };
	const { status, stdout, stderr } = spawnSync(BINARY, args, { encoding: 'utf8', env });
	return { code: status, stdout, stderr, json: args.includes('--json') && stdout ? JSON.parse(stdout) : undefined };
}

const checksOf = (json) => Object.fromEntries(json.verdict.checks.map(({ check, result }) => [check, result]));

describe('a paid pool and a waiting one', () => {
	let world;
	let paid;
	let waiting;

	before(async () => {
		world = await World.start();
		paid = await world.lockedPool({ players: 4 });
		await world.pastLock();
		const daemon = world.startDaemon();
		await daemon.wait('tx.final', { subject: new RegExp(paid.address), step: 'DRAW' });
		waiting = await world.lockedPool({ mint: paid.mint, lockDuration: 3600 });
		await daemon.kill('SIGTERM');
	});
	after(() => world?.stop());

	test('verify says fair, from the chain alone', () => {
		const { code, json, stderr } = run(world, ['verify', paid.address, '--json'], { DATABASE_URL: '' });
		assert.equal(code, 0, stderr + JSON.stringify(json, null, 1));
		console.log(run(world, ['verify', paid.address]).stdout);
	});
});
