// A client that writes through the daemon's own database client while servers die: what it was told, and what is there.
'use strict';

const assert = require('node:assert/strict');
const { psql } = require('../../lib/postgres.js');
const { pause } = require('../../lib/server_process.js');
const { RemoteDb } = require('./remote_db.js');

const TABLE = 'CREATE TABLE public.acknowledged (id integer PRIMARY KEY); GRANT ALL ON public.acknowledged TO PUBLIC';

// Writes row after row through the daemon's own database client, and knows of each what became of it.
class Writer {
	constructor(url) {
		this.db = new RemoteDb(url);
		this.acknowledged = [];
		this.unknown = { there: 0, absent: 0 };
		this.running = this.write();
	}

	async write() {
		for (let id = 1; !this.stopped; id += 1) {
			while (!(await this.settled(id)));
			this.acknowledged.push(id);
		}
	}

	async settled(id) {
		const run = await this.db.run('INSERT INTO public.acknowledged VALUES ($1)', { params: [String(id)], writes: true });
		if (run.err === 'unknown') return this.readBack(id);
		assert.ok(run.err === 'ok' || run.err === 'retry', `row ${id}: ${run.err} ${run.why}`);
		return run.err === 'ok';
	}

	async readBack(id) {
		let run;
		do run = await this.db.run('SELECT count(*) FROM public.acknowledged WHERE id = $1', { params: [String(id)] }); while (run.err !== 'ok');
		this.unknown[run.value === '1' ? 'there' : 'absent'] += 1;
		return run.value === '1';
	}

	async past(count) {
		while (this.acknowledged.length < count) await Promise.race([this.running, pause(10)]);
	}

	async stop() {
		this.stopped = true;
		await this.running;
		await this.db.quit();
	}

	// url: of the server itself
	async assertNothingLost(url) {
		const acknowledged = this.acknowledged.slice();
		const there = new Set((await psql(url, 'SELECT id FROM public.acknowledged')).split('\n').map(Number));
		assert.deepEqual(acknowledged.filter((id) => !there.has(id)), [], 'acknowledged and lost');
	}
}

module.exports = { Writer, TABLE };
