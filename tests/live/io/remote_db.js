// Starts the live_db program and talks to it line by line.
'use strict';
const { spawn } = require('node:child_process');
const path = require('node:path');
const readline = require('node:readline');

const PROGRAM = path.resolve(process.env.LIVE_DB ?? path.join(__dirname, '../../../build/tests/live_db'));

class RemoteDb {
	constructor(conninfo, ...flags) {
		this.child = spawn(PROGRAM, [conninfo, ...flags], { stdio: ['pipe', 'pipe', 'pipe'], env: { ...process.env, PGOPTIONS: '-c work_mem=1MB' } });
		this.log = '';
		this.lines = [];
		this.waiters = [];
		this.nextId = 1000;
		this.child.stderr.on('data', (data) => { this.log += data; });
		readline.createInterface({ input: this.child.stdout }).on('line', (line) => {
			this.lines.push(line.split('\t'));
			this.wake();
		});
		this.exited = new Promise((resolve) => {
			this.child.on('close', (code, signal) => { this.code = code ?? signal; this.wake(); resolve(this.code); });
		});
	}

	wake() { for (const waiter of this.waiters.splice(0)) waiter(); }

	send(line) { this.child.stdin.write(`${line}\n`); }

	// Takes the first line that fits out of what has arrived, or waits for it.
	async take(fits) {
		for (;;) {
			const at = this.lines.findIndex(fits);
			if (at >= 0) return this.lines.splice(at, 1)[0];
			if (this.code !== undefined) throw new Error(`live_db ended with ${this.code}:\n${this.log}`);
			await new Promise((resolve, reject) => {
				const timer = setTimeout(() => reject(new Error(`live_db said nothing for 30 s:\n${this.log}`)), 30000);
				this.waiters.push(() => { clearTimeout(timer); resolve(); });
			});
		}
	}

	start(sql, { deadline = 5000, writes = false, params = [] } = {}) {
		const id = String(this.nextId++);
		this.send(`run ${id} ${deadline} ${writes ? 'w' : 'r'}\t${[sql, ...params].join('\t')}`);
		return id;
	}

	async done(id) {
		const [, , err, rows, sqlstate, value, ms, why] = await this.take((line) => line[0] === 'done' && line[1] === id);
		return { err, rows: Number(rows), sqlstate, value, ms: Number(ms), why };
	}

	run(sql, options) { return this.done(this.start(sql, options)); }

	async cancel(id) {
		this.send(`cancel ${id}`);
		await this.take((line) => line[0] === 'cancelled' && line[1] === id);
	}

	async status() {
		this.send('status');
		const [, up, pending, pid, stall, error] = await this.take((line) => line[0] === 'status');
		return { up: up === 'up', pending: Number(pending), pid: Number(pid), stall: Number(stall), error };
	}

	// A clean end: exit code 0 also says that the sanitizers found nothing.
	async quit() {
		this.child.stdin.end('quit\n');
		const code = await this.exited;
		if (code !== 0) throw new Error(`live_db ended with ${code}:\n${this.log}`);
	}
}

module.exports = { RemoteDb };
