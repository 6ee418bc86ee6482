// One demo as a process: its exit code, Ctrl-C, and the promise that nothing of it stays on this machine.
'use strict';

const fs = require('node:fs');
const os = require('node:os');
const { sleep } = require('../e2e/world.js');
const { Demo } = require('./demo.js');
const { Screen } = require('./screen.js');

// The first section is the installation, which scripts/demo does before node can run.
const FIRST_SECTION = 2;
const FAILED = 1;
const ENDING_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'];
// Ctrl-C reaches our servers as well: their end may be noticed before the signal is.
const SIGNAL_MS = 100;

function childrenOf(pid) {
	try {
		return fs.readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
	} catch {
		return []; // it has ended
	}
}

// Whatever a hurried end left running: our own children and theirs, nothing else.
function killDescendants(pid) {
	for (const child of childrenOf(pid)) {
		killDescendants(child);
		try {
			process.kill(child, 'SIGKILL');
		} catch (error) {
			if (error.code !== 'ESRCH') throw error;
		}
	}
}

function summarize({ checks, pools }, began) {
	const took = `${Math.round(Date.now() / 1000 - began)} s`;
	const made = `${checks.amounts} amounts and ${checks.facts} other facts compared`;
	if (checks.wrong.length > 0) return `demo: FAILED: ${made}, ${checks.wrong.length} not as they must be (${took})`;
	const players = pools.reduce((sum, pool) => sum + pool.players.length, 0);
	return `demo: ${pools.length} pools with ${players} players went from Locked to Ended; ${made}, all exact (${took})`;
}

class Session {
	// options: keep (leave the servers running until told), began (unix seconds), and those of Demo
	constructor({ keep = false, began = Date.now() / 1000, ...options }) {
		this.keep = keep;
		this.began = began;
		this.screen = new Screen(FIRST_SECTION);
		this.demo = new Demo({ ...options, screen: this.screen });
		this.enough = new Promise((resolve) => { this.end = resolve; });
	}

	// Ends the process, whatever happens.
	async run() {
		process.once('exit', () => {
			killDescendants(process.pid);
			fs.rmSync(this.demo.world.directory, { recursive: true, force: true });
		});
		process.stdout.on('error', () => process.exit(FAILED)); // nobody reads any more
		for (const signal of ENDING_SIGNALS) process.on(signal, () => this.onSignal(signal));
		try {
			await this.play();
		} catch (error) {
			await sleep(SIGNAL_MS);
			if (!this.interrupted) await this.fail(error);
		}
	}

	async play() {
		const result = await this.demo.run();
		if (this.keep) await this.waitForTheEnd();
		await this.stop();
		this.screen.summary(summarize(result, this.began), result.checks.wrong.length === 0);
		process.exit(result.checks.wrong.length === 0 ? 0 : FAILED);
	}

	async fail(error) {
		const [reason, ...details] = String(error.message).split('\n');
		for (const line of details) this.screen.say(line);
		await this.stop();
		this.screen.summary(`demo: FAILED: ${reason.replace(/; last lines:$/, '')}`, false);
		process.exit(FAILED);
	}

	onSignal(signal) {
		if (this.waiting) {
			this.end();
			return;
		}
		if (this.interrupted) process.exit(128 + os.constants.signals[signal]); // the second one does not wait
		this.interrupted = true;
		this.screen.line();
		this.screen.line(`demo: ${signal}: stopping and removing everything`);
		this.stop().catch(() => {}).then(() => process.exit(128 + os.constants.signals[signal]));
	}

	async waitForTheEnd() {
		const { world, logFile } = this.demo;
		this.screen.heading('Left running');
		this.screen.table(['what', 'where'], [
			['PostgreSQL', world.postgres.url()], ['pgBouncer', world.pgbouncer.url()], ['chain (JSON-RPC)', world.chain.url],
			['oracle gateway', world.gateway.url], ["the daemon's whole log", logFile],
		]);
		this.screen.say('The daemon has ended. Press Enter or Ctrl-C to stop and remove everything.');
		this.waiting = true;
		process.stdin.once('data', () => this.end());
		await this.enough;
		this.waiting = false;
		process.stdin.pause();
	}

	stop() {
		this.stopped ??= this.demo.world.stop();
		return this.stopped;
	}
}

module.exports = { Session };
