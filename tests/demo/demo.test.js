// The demo itself: it ends with 0 when all is exact, with 1 as soon as one base unit is not, and leaves nothing behind.
'use strict';

const assert = require('node:assert/strict');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { spawn, spawnSync } = require('node:child_process');
const { test } = require('node:test');

const MAIN = path.join(__dirname, 'main.js');
const PIPES_CLOSE_MS = 2000;
const TAMPERED = path.join(__dirname, 'tampered.js');

// Everything that a demo makes lies below a directory of its own, which also marks its processes.
class Run {
	constructor(...args) {
		this.directory = fs.mkdtempSync(path.join(os.tmpdir(), 'poolkeeper-demo-test-'));
		fs.chmodSync(this.directory, 0o755); // the database server may run as another user
		this.output = '';
		this.child = spawn(process.execPath, args, { env: { ...process.env, TMPDIR: this.directory }, stdio: ['ignore', 'pipe', 'pipe'] });
		for (const stream of [this.child.stdout, this.child.stderr]) stream.on('data', (data) => { this.output += data; });
		// A process that stays holds our pipes open: the end of the output is not waited for without limit.
		this.ended = new Promise((resolve) => {
			this.child.once('close', (code) => resolve(code));
			this.child.once('exit', (code) => setTimeout(resolve, PIPES_CLOSE_MS, code).unref());
		});
	}

	async shows(text) {
		while (!this.output.includes(text)) {
			assert.equal(this.child.exitCode, null, this.output);
			await new Promise((resolve) => { setTimeout(resolve, 20); });
		}
	}

	get lastLine() { return this.output.trimEnd().split('\n').pop(); }

	get mismatches() { return [...this.output.matchAll(/^ *MISMATCH +(.*)$/gm)].map(([, text]) => text); }

	owns(pid) {
		try {
			return fs.readFileSync(`/proc/${pid}/environ`, 'latin1').includes(this.directory);
		} catch {
			return false; // ended, or somebody else's
		}
	}

	assertNothingLeft() {
		assert.deepEqual(fs.readdirSync(this.directory), [], 'files are left');
		assert.deepEqual(fs.readdirSync('/proc').filter((name) => /^\d+$/.test(name) && this.owns(name)), [], 'processes are left');
		fs.rmdirSync(this.directory);
	}
}

test('an untouched run ends with 0 and one line that says so', async () => {
	const run = new Run(TAMPERED);
	assert.equal(await run.ended, 0, run.output);
	assert.deepEqual(run.mismatches, []);
	assert.match(run.lastLine, /^demo: 3 pools with 12 players went from Locked to Ended; \d+ amounts and \d+ other facts compared, all exact/);
	assert.doesNotMatch(run.output, /\x1b/, 'colours are for terminals');
	run.assertNothingLeft();
});

test('one base unit too much in the winner\'s account: one mismatch, exit 1', async () => {
	const run = new Run(TAMPERED, 'winner_balance');
	assert.equal(await run.ended, 1, run.output);
	assert.equal(run.mismatches.length, 1, run.output);
	assert.match(run.mismatches[0], /^GOLD: player \d \(winner\) after the draw is 460000001, must be 460000000$/);
	assert.match(run.lastLine, /^demo: FAILED: \d+ amounts and \d+ other facts compared, 1 not as they must be/);
	run.assertNothingLeft();
});

test('every other place that can be wrong is found as well', async () => {
	const run = new Run(TAMPERED, 'treasury_balance', 'draw_amounts', 'draw_winner', 'payout_row', 'join_row', 'call_amount', 'journal_row');
	assert.equal(await run.ended, 1, run.output);
	const found = [
		/^GOLD: winner in Postgres is \w+, must be \w+$/,
		/^GOLD: treasury after the draw is 6000001, must be 6000000$/,
		/^GOLD: keeper.draws.winner is \w+, must be \w+$/,
		/^GOLD: keeper.draws.winner_amount is 359999999, must be 360000000$/,
		/^GOLD: keeper.draws.dev_amount is 20000001, must be 20000000$/,
		/^CANARY_INIT of canary:1, final in the journal is in slot \d+, must be in slot \d+$/,
		/^GOLD: amount of the PAYOUT row is 360000001, must be 360000000$/,
		/^GOLD: rows in used_transactions is 3, must be 4$/,
		/^GOLD: create_pool of player 1 \(.*\): amount in keeper.calls is 100000001, must be 100000000$/,
		/^GOLD: join of player [234] \(.*\): row in used_transactions is false, must be true$/,
	];
	assert.equal(run.mismatches.length, found.length, run.mismatches.join('\n'));
	for (const [k, pattern] of found.entries()) assert.match(run.mismatches[k], pattern);
	run.assertNothingLeft();
});

for (const [when, text] of [['while the servers start', '2. Private servers'], ['while the daemon works', 'event=tx.send']]) {
	test(`Ctrl-C ${when} removes everything`, async () => {
		const run = new Run(MAIN);
		await run.shows(text);
		run.child.kill('SIGINT');
		assert.equal(await run.ended, 130, run.output);
		run.assertNothingLeft();
	});
}

test('a wrong command line and a missing program are said in one line', () => {
	const wrong = spawnSync(process.execPath, [MAIN, '--keeep'], { encoding: 'utf8' });
	assert.equal(wrong.status, 64);
	assert.match(wrong.stderr, /usage: scripts\/demo \[--keep\]/);
	const missing = spawnSync(process.execPath, [MAIN], { encoding: 'utf8', env: { ...process.env, POOLKEEPER: '/nowhere/poolkeeper' } });
	assert.equal(missing.status, 1);
	assert.match(missing.stderr, /nowhere\/poolkeeper is missing: run scripts\/build first\n$/);
});
