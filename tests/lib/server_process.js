// A long-running server that belongs to a test: started as an ordinary user, gone when the test is gone.
'use strict';

const { spawn, execFileSync } = require('node:child_process');
const fs = require('node:fs');
const net = require('node:net');
const os = require('node:os');
const path = require('node:path');

// PostgreSQL and pgBouncer refuse to run as root; the account comes with the postgresql package.
const ACCOUNT_FOR_ROOT = 'postgres';

function accountToRunAs() {
	if (process.getuid() !== 0) return {};
	const idOf = (flag) => Number(execFileSync('id', [flag, ACCOUNT_FOR_ROOT], { encoding: 'utf8' }));
	return { uid: idOf('-u'), gid: idOf('-g') };
}

function giveDirectoryTo(account, directory) {
	if (account.uid !== undefined) fs.chownSync(directory, account.uid, account.gid);
}

async function freePort() {
	const probe = net.createServer();
	await new Promise((resolve, reject) => probe.once('error', reject).listen(0, '127.0.0.1', resolve));
	const { port } = probe.address();
	await new Promise((resolve) => probe.close(resolve));
	return port;
}

// A test that fails half-way stops nothing: what it started ends, and goes from the disk, with its process.
const startedServers = new Set();
const ownedDirectories = new Set();
process.once('exit', () => {
	for (const server of startedServers) server.abandon();
	for (const directory of ownedDirectories) fs.rmSync(directory, { recursive: true, force: true, maxRetries: 3 });
});

// What need not outlive the machine is kept in memory where there is plenty: a database is made ten times as fast there.
const MEMORY = '/dev/shm';
const ROOM = 4 * 2 ** 30;
function memoryOrDisk() {
	try {
		const { bavail, bsize } = fs.statfsSync(MEMORY);
		return bavail * bsize >= ROOM ? MEMORY : os.tmpdir();
	} catch {
		return os.tmpdir();
	}
}

function makeOwnedDirectory(prefix, parent = os.tmpdir()) {
	const directory = fs.mkdtempSync(path.join(parent, prefix));
	ownedDirectories.add(directory);
	return directory;
}

function removeOwnedDirectory(directory) {
	fs.rmSync(directory, { recursive: true, force: true });
	ownedDirectories.delete(directory);
}

// Whether something accepts connections there; says nothing of what it is.
function listens(port) {
	return new Promise((resolve) => {
		const socket = net.connect(port, '127.0.0.1', () => { socket.destroy(); resolve(true); });
		socket.once('error', () => resolve(false));
	});
}

const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

function childrenOf(pid) {
	try {
		return fs.readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
	} catch {
		return [];
	}
}

class ServerProcess {
	// options: command, args, account, logFile, env (more of the environment), outlive (the server stays when this program ends), lastSignal (when this program ends)
	constructor(options) {
		this.logFile = options.logFile;
		const log = fs.openSync(options.logFile, 'a');
		const direct = [options.command, options.args];
		this.lastSignal = options.lastSignal ?? 'SIGKILL';
		// Without a death signal a killed test would leave its server behind for ever.
		const bound = ['setpriv', ['--pdeathsig', this.lastSignal.slice(3), options.command, ...options.args]];
		const [command, args] = options.outlive ? direct : bound;
		this.child = spawn(command, args, {
			...options.account, env: { ...process.env, ...options.env }, cwd: '/', detached: Boolean(options.outlive), stdio: ['ignore', log, log],
		});
		fs.closeSync(log);
		this.ended = new Promise((resolve) => {
			this.child.once('error', (error) => { fs.appendFileSync(this.logFile, `${error.message}\n`); resolve(); });
			this.child.once('exit', resolve);
		});
		// A forgotten server must not keep its test from ending.
		this.child.unref();
		if (!options.outlive) startedServers.add(this);
	}

	get pid() { return this.child.pid; }

	get running() { return this.child.pid !== undefined && this.child.exitCode === null && this.child.signalCode === null; }

	signalEverything(signal) {
		if (!this.running) return;
		for (const pid of [this.pid, ...childrenOf(this.pid)]) {
			try {
				process.kill(pid, signal);
			} catch (error) {
				if (error.code !== 'ESRCH') throw error;
			}
		}
	}

	// The process and all its children stop answering, their connections stay open.
	freeze() { this.signalEverything('SIGSTOP'); }

	thaw() { this.signalEverything('SIGCONT'); }

	async hasEnded() {
		this.child.ref();
		await this.ended;
		startedServers.delete(this);
	}

	async stop(signal) {
		if (!this.running) return;
		this.thaw();
		process.kill(this.pid, signal);
		await this.hasEnded();
	}

	// For a process that is about to end itself: nobody waits for what this one does on its signal.
	abandon() {
		this.thaw();
		if (this.lastSignal === 'SIGKILL') this.signalEverything('SIGKILL');
		else if (this.running) process.kill(this.pid, this.lastSignal);
	}

	async kill() {
		this.signalEverything('SIGKILL');
		await this.hasEnded();
	}

	async waitUntil(ready, what) {
		const deadline = Date.now() + 30000;
		while (!(await ready())) {
			if (!this.running || Date.now() > deadline) {
				throw new Error(`${what} did not start; its log ${path.basename(this.logFile)} ends with:\n${this.logTail()}`);
			}
			await pause(20);
		}
	}

	logTail() { return fs.readFileSync(this.logFile, 'utf8').slice(-2000); }
}

module.exports = {
	ServerProcess, accountToRunAs, giveDirectoryTo, makeOwnedDirectory, memoryOrDisk, removeOwnedDirectory, freePort, listens, pause,
};
