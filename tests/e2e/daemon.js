// The poolkeeper binary as a child process: its log as events, its exit code, and the ways to end it.
'use strict';

const path = require('node:path');
const readline = require('node:readline');
const { spawn } = require('node:child_process');

const BINARY = process.env.POOLKEEPER ?? path.join(__dirname, '..', '..', 'build', 'poolkeeper');
const WAIT_MS = 60000;

// One logfmt line as an object; quoted values are unescaped far enough for tests.
function parseLine(line) {
	const event = { line };
	for (const [, key, quoted, bare] of line.matchAll(/([a-z_]+)=(?:"((?:[^"\\]|\\.)*)"|(\S*))/g)) {
		if (event[key] === undefined) event[key] = quoted ?? bare;
	}
	return event;
}

function matches(event, pattern) {
	return Object.entries(pattern).every(([key, value]) => (value instanceof RegExp ? value.test(event[key] ?? '') : event[key] === String(value)));
}

class Daemon {
	// options: of child_process.spawn: uid, gid, cwd
	constructor(env, args = [], options = {}) {
		this.events = [];
		this.waiting = new Set();
		this.child = spawn(BINARY, args, { ...options, env, stdio: ['ignore', 'pipe', 'pipe'] });
		this.output = '';
		this.child.stdout.on('data', (data) => { this.output += data; });
		this.exited = new Promise((resolve) => {
			this.child.once('close', (code, signal) => {
				this.code = code;
				this.signal = signal;
				for (const waiter of this.waiting) waiter.ended();
				resolve({ code, signal });
			});
		});
		readline.createInterface({ input: this.child.stderr }).on('line', (line) => this.take(line));
	}

	take(line) {
		if (process.env.E2E_VERBOSE) console.log(line);
		const event = parseLine(line);
		this.events.push(event);
		for (const waiter of this.waiting) waiter.look(event);
	}

	get log() { return this.events.map((event) => event.line).join('\n'); }

	all(name, pattern = {}) { return this.events.filter((event) => event.event === name && matches(event, pattern)); }

	// The first event of this name and fields, already seen (after `from`) or to come.
	wait(name, pattern = {}, { from = 0, within = WAIT_MS } = {}) {
		const wanted = (event) => event.event === name && matches(event, pattern);
		const seen = this.events.slice(from).find(wanted);
		if (seen) return Promise.resolve(seen);
		return new Promise((resolve, reject) => {
			const done = (finish, value) => {
				clearTimeout(timer);
				this.waiting.delete(waiter);
				finish(value);
			};
			const what = `${name} ${JSON.stringify(pattern, (key, value) => (value instanceof RegExp ? String(value) : value))}`;
			const tail = () => this.events.slice(-40).map((event) => event.line).join('\n');
			const timer = setTimeout(() => done(reject, new Error(`no event ${what} within ${within} ms; last lines:\n${tail()}`)), within);
			const waiter = {
				look: (event) => { if (wanted(event)) done(resolve, event); },
				ended: () => done(reject, new Error(`the daemon ended (code ${this.code}, signal ${this.signal}) before ${what}; last lines:\n${tail()}`)),
			};
			this.waiting.add(waiter);
			if (this.code !== undefined || this.signal) waiter.ended();
		});
	}

	// Resolves once the daemon has exited by itself.
	async exit(within = WAIT_MS) {
		let timer;
		const late = new Promise((_, reject) => {
			timer = setTimeout(() => reject(new Error(`the daemon did not exit within ${within} ms; last lines:\n${this.log.slice(-6000)}`)), within);
		});
		const result = await Promise.race([this.exited, late]);
		clearTimeout(timer);
		return result;
	}

	async kill(signal = 'SIGKILL') {
		if (this.code === undefined && !this.signal) this.child.kill(signal);
		return this.exited;
	}
}

module.exports = { BINARY, Daemon, parseLine };
