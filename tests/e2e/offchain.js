// Draws whose stakes are in Postgres, with everything they need: the shipped sources, keys, drand's relays, and clocks of one minute.
'use strict';

const fs = require('node:fs');
const path = require('node:path');
const { World, ROOT, sleep } = require('./world.js');
const { Keypair } = require('../chain/solana.js');
const { startDrand } = require('../lib/drand.js');

const SOURCES = path.join(ROOT, 'config', 'sources');
const read = (source, name) => fs.readFileSync(path.join(SOURCES, source, name), 'utf8');
// Round 1000 is due at DUE. Whoever locks from LOCK on, for 50 s, gets it.
const DUE = 1692806364;
const LOCK = DUE - 188;
const SLOT_MS = 50;
const SCHEMAS = { coin_draws: 'coin_draws', jackpots: 'jackpot', raffles: 'raffle_schema' };

class DrawWorld extends World {
	static async start(options = {}) {
		const world = new DrawWorld({ slotMs: SLOT_MS, chainTime: LOCK, postgresTime: LOCK - 3600, ...options });
		try {
			await world.build();
			await world.buildDraws();
		} catch (error) {
			await world.stop();
			throw error;
		}
		return world;
	}

	async buildDraws() {
		this.drand = await startDrand(3);
		this.stops.push(() => this.drand.stop());
		this.vrf = new Keypair();
		this.sources = path.join(this.directory, 'sources');
		fs.mkdirSync(this.sources);
		for (const name of Object.keys(SCHEMAS)) fs.cpSync(path.join(SOURCES, name), path.join(this.sources, name), { recursive: true });
		await this.sql(`SELECT keeper.vrf_key_register('\\x${this.vrf.publicKey.toString('hex')}')`);
		for (const name of Object.keys(SCHEMAS)) {
			const rules = read(name, 'rules.json').trim();
			await this.sql(`SELECT keeper.offchain_publish('${JSON.parse(rules).type}', $rules$${rules}$rules$)`);
			await this.sql(`BEGIN; ${read(name, 'schema.sql')} COMMIT`);
		}
	}

	vrfFile(key = this.vrf) {
		const file = path.join(this.directory, `vrf-${key.address}.json`);
		if (!fs.existsSync(file)) fs.writeFileSync(file, JSON.stringify([...key.seed, ...key.publicKey]), { mode: 0o600 });
		return file;
	}

	environment(settings = {}) {
		return super.environment({ OFFCHAIN_SOURCES: this.sources, OFFCHAIN_SECONDS: '1', DRAND_RELAYS: this.drand.urls, VRF_KEY_FILE: this.vrfFile(), ...settings });
	}

	// Everything that is due from now on is locked in the minute that round 1000 belongs to.
	lockTime() { this.postgres.setTime(LOCK); }

	// Round 1000 is there.
	roundTime() { this.postgres.setTime(DUE + 1); }

	// All deadlines are over.
	pastDeadlines() { this.postgres.setTime(DUE + 3600); }

	async coins(users = 4, { prize = 10, kind = 'money', fee = 5 } = {}) {
		const id = await this.sql(`INSERT INTO coin_draws.draws (title, prize_amount, prize_kind, entry_fee, draw_time) VALUES ('test', ${prize}, '${kind}', ${fee}, clock_timestamp() + interval '1 hour') RETURNING id`);
		await this.sql(`INSERT INTO coin_draws.users (id, email) SELECT 'user' || i, 'mail' || i FROM generate_series(1, ${users}) AS i ON CONFLICT DO NOTHING;
			INSERT INTO coin_draws.participations (user_id, draw_id, coins_spent) SELECT 'user' || i, ${id}, 0 FROM generate_series(1, ${users}) AS i`);
		return { source: 'coin_draws', key: id, due: `UPDATE coin_draws.draws SET draw_time = clock_timestamp() WHERE id = ${id}` };
	}

	row(draw) {
		return this.sql(`SELECT to_jsonb(d) FROM keeper.offchain_draws d WHERE source = '${draw.source}' AND source_key = '${draw.key}'`).then((text) => (text ? JSON.parse(text) : null));
	}

	async until(draw, state, within = 60000) {
		for (const deadline = Date.now() + within; Date.now() < deadline; await sleep(100)) {
			const row = await this.row(draw);
			if (row && row.state === state) return row;
		}
		throw new Error(`${draw.source} ${draw.key} is not ${state} within ${within} ms; last lines:\n${this.daemons.at(-1).log.slice(-6000)}`);
	}

	async sound() {
		for (const schema of Object.values(SCHEMAS)) {
			const faults = await this.sql(`SELECT * FROM ${schema}.faults`);
			if (faults !== '') throw new Error(`${schema}: ${faults}`);
		}
		const audit = await this.sql('SELECT * FROM keeper.offchain_audit()');
		if (audit !== '') throw new Error(audit);
	}
}

module.exports = { DrawWorld, DUE, LOCK, SOURCES, SCHEMAS, read };
