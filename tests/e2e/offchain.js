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
// A source as small as one can be, without a VRF: three players, one prize of 100. Whom the settlement cheats is told by its key.
const PLAIN = {
	rules: { type: 'plain', source: 'plain', randomness: 'beacon', mode: 1, deadline_s: 600 },
	schema: `CREATE SCHEMA plain; CREATE TABLE plain.draws (key text PRIMARY KEY, state text NOT NULL DEFAULT 'open', due boolean NOT NULL DEFAULT false, opened_at timestamptz NOT NULL DEFAULT clock_timestamp());
		CREATE TABLE plain.paid (key text NOT NULL, account text NOT NULL, units numeric NOT NULL);
		GRANT USAGE ON SCHEMA plain TO poolkeeper; GRANT ALL ON ALL TABLES IN SCHEMA plain TO poolkeeper`,
	statements: `-- name: due
SELECT 'plain' AS type, key AS source_key FROM plain.draws WHERE state = 'open' AND due ORDER BY key LIMIT $1::bigint;
-- name: freeze
UPDATE plain.draws SET state = 'locked' WHERE key = $1 AND state = 'open'
RETURNING ARRAY[100] AS amounts, 'points' AS currency, 1 AS alternates, 30 AS stake_units, opened_at;
-- name: entries
SELECT NULL::bytea AS participant, 'player' || i AS account, i::text AS ref, i AS weight, 10 AS stake FROM generate_series(1, 3) AS i WHERE $1 <> '';
-- name: settle
WITH paid AS (INSERT INTO plain.paid SELECT $1, account, CASE WHEN $1 = 'cheat' THEN 99 ELSE 100 END FROM keeper.offchain_winners($2) RETURNING units)
SELECT count(*) AS winners, coalesce(sum(units), 0) AS paid_units, CASE WHEN count(*) = 0 THEN 30 END AS refunded_units FROM paid;
-- name: refund
WITH paid AS (INSERT INTO plain.paid SELECT $1, account, 10 FROM keeper.offchain_entries WHERE draw = $2 RETURNING units)
SELECT sum(units) AS refunded_units FROM paid;
`,
};
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
		await this.sql('UPDATE jackpot.jackpots SET min_contributions = 0');
		await this.sql(`SELECT keeper.offchain_publish('plain', $rules$${JSON.stringify(PLAIN.rules)}$rules$); ${PLAIN.schema}`);
		this.writePlain(PLAIN.statements);
	}

	writePlain(text) { this.writeSource('plain', text); }

	writeSource(name, text) {
		fs.mkdirSync(path.join(this.sources, name), { recursive: true });
		fs.writeFileSync(path.join(this.sources, name, 'statements.sql'), text);
	}

	// A source like "plain" whose statement that is named in slow.hangs hangs. Its draws have the nearest deadline, so they are first.
	async addSlow() {
		const text = (plain) => plain.replaceAll('plain', 'slow');
		const hang = (statement) => `(SELECT pg_sleep(CASE WHEN EXISTS (SELECT FROM slow.hangs WHERE name = '${statement}') THEN 600 ELSE 0 END)) IS NOT NULL`;
		const rules = JSON.stringify({ ...PLAIN.rules, type: 'slow', source: 'slow', deadline_s: 300 });
		await this.sql(`SELECT keeper.offchain_publish('slow', $rules$${rules}$rules$); ${text(PLAIN.schema).replace('GRANT', 'CREATE TABLE slow.hangs (name text); GRANT')}`);
		this.writeSource('slow', text(PLAIN.statements).replace('AND due', `AND due AND ${hang('due')}`).replace("AND state = 'open'\n", `AND state = 'open' AND ${hang('freeze')}\n`)
			.replace('keeper.offchain_winners($2)', `keeper.offchain_winners($2) WHERE ${hang('settle')}`));
	}

	async slow(key) {
		await this.sql(`INSERT INTO slow.draws (key) VALUES ('${key}')`);
		return { source: 'slow', key, due: `UPDATE slow.draws SET due = true WHERE key = '${key}'` };
	}

	hang(statement) { return this.sql(`INSERT INTO slow.hangs VALUES ('${statement}')`); }

	async untilHanging(n = 1, what = 'count(*)') {
		for (const deadline = Date.now() + 60000; Date.now() < deadline; await sleep(100)) {
			if (await this.sql(`SELECT ${what} FROM pg_stat_activity WHERE wait_event = 'PgSleep'`) === String(n)) return;
		}
		throw new Error(`no ${n} statements hang:\n${this.daemons.at(-1).log.slice(-6000)}`);
	}

	// As statement_timeout does it, after 65 s.
	cancelHanging() { return this.untilHanging(1, 'count(pg_cancel_backend(pid))'); }

	async noneHangs() {
		await this.sql('TRUNCATE slow.hangs');
		await this.untilHanging(0, 'count(pg_cancel_backend(pid))');
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
	lockTime() { return this.setTime(LOCK); }

	// Round 1000 is there.
	roundTime() { return this.setTime(DUE + 1); }

	// All deadlines are over.
	pastDeadlines() { return this.setTime(DUE + 3600); }

	// By the database's clock and by the chain's.
	setTime(unix) {
		this.postgres.setTime(unix);
		return this.scenario.chain('setTime', unix);
	}

	async coins(users = 4, { prize = 10, kind = 'money', fee = 5 } = {}) {
		const id = await this.sql(`INSERT INTO coin_draws.draws (title, prize_amount, prize_kind, entry_fee, draw_time) VALUES ('test', ${prize}, '${kind}', ${fee}, clock_timestamp() + interval '1 hour') RETURNING id`);
		await this.sql(`INSERT INTO coin_draws.users (id, email) SELECT 'user' || i, 'mail' || i FROM generate_series(1, ${users}) AS i ON CONFLICT DO NOTHING;
			INSERT INTO coin_draws.participations (user_id, draw_id, coins_spent) SELECT 'user' || i, ${id}, 0 FROM generate_series(1, ${users}) AS i`);
		return { source: 'coin_draws', key: id, due: `UPDATE coin_draws.draws SET draw_time = clock_timestamp() WHERE id = ${id}` };
	}

	async plain(key) {
		await this.sql(`INSERT INTO plain.draws (key) VALUES ('${key}')`);
		return { source: 'plain', key, due: `UPDATE plain.draws SET due = true WHERE key = '${key}'` };
	}

	// The open round of this group: anna has put in some cents, the wager that makes it due fills it.
	async jackpot(group = 'minor') {
		const round = await this.sql(`SELECT round FROM jackpot.pools WHERE jackpot_group = '${group}'`);
		await this.sql(`SELECT count(*) FROM generate_series(1, 20) AS i, LATERAL jackpot.contribute('${group}-${round}-' || i, 'user' || i % 5, 'slots', 5000) AS c`);
		return {
			source: 'jackpots', key: `${group}:${round}`,
			due: `UPDATE jackpot.rounds r SET due_at = clock_timestamp() FROM jackpot.jackpots j WHERE j.id = r.jackpot_id AND j."group" = '${group}' AND r.round = ${round}`,
		};
	}

	async raffle(drivers = 6) {
		const id = await this.sql("INSERT INTO raffle_schema.raffles (name, end_date) VALUES ('test', clock_timestamp() + interval '1 hour') RETURNING id");
		await this.sql(`INSERT INTO raffle_schema.raffle_prizes (raffle_id, position, name, quantity) VALUES ('${id}', 1, 'petrol', 1), ('${id}', 2, 'wash', 2);
			INSERT INTO raffle_schema.points_ledger (user_id, amount, reason) SELECT 'driver' || i, 100, 'earned' FROM generate_series(1, ${drivers}) AS i;
			INSERT INTO raffle_schema.redemptions (id, user_id, raffle_id, tickets, points_each) SELECT '${id}-' || i, 'driver' || i, '${id}', 1 + i % 3, 10 FROM generate_series(1, ${drivers}) AS i;
			UPDATE raffle_schema.redemptions SET status = 'COMPLETED' WHERE raffle_id = '${id}'`);
		return { source: 'raffles', key: id, due: `UPDATE raffle_schema.raffles SET end_date = clock_timestamp() WHERE id = '${id}'` };
	}

	// Slot after slot at once, so that nobody waits for S.
	pastSlots(count = 250) { return this.scenario.chain('tick', count); }

	// Until every one of these is so; what: a condition on keeper.offchain_draws.
	async all(draws, what, within = 60000) {
		const keys = draws.map((draw) => `('${draw.source}', '${draw.key}')`).join(', ');
		for (const deadline = Date.now() + within; Date.now() < deadline; await sleep(100)) {
			if (await this.sql(`SELECT count(*) FROM keeper.offchain_draws d WHERE (source, source_key) IN (${keys}) AND ${what}`) === String(draws.length)) return;
		}
		throw new Error(`not ${what} within ${within} ms: ${await this.sql('SELECT source, source_key, state, halted_why, round, slot FROM keeper.offchain_draws')}\n${this.daemons.at(-1).log.slice(-6000)}`);
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

module.exports = { DrawWorld, PLAIN, LOCK, DUE };
