// Wagers on hot rows: jackpot.contribute of many writers at once, compared with plain pgbench that does the bare UPDATE and INSERT of
// the same rows. Both in one run, in turns, on one server that waits for its disk as in production.
'use strict';

const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { execFile, execFileSync } = require('node:child_process');
const { promisify } = require('node:util');
const { startPostgres, psql, programDirectory } = require('../lib/postgres.js');

const run = promisify(execFile);
const ROOT = path.join(__dirname, '..', '..');
const SCHEMA = path.join(ROOT, 'config', 'sources', 'jackpots', 'schema.sql');
const SECONDS = 5;
const ROUNDS = 5;

const VARIABLES = '\\set user random(1, 1000)\n\\set key random(1, 9000000000000000000)\n';
const KEY = "'k' || :client_id || '-' || :key";

// The same columns and indexes, no triggers, no foreign keys, no idempotency; all statements of a transaction sent at once.
const BARE_TABLES = ['jackpots', 'contributions', 'ledger'].map((table) => `CREATE TABLE bare.${table} (LIKE jackpot.${table} INCLUDING ALL);`).join('\n');
function bare(ids) {
	const update = ([group, , cents]) => `UPDATE bare.jackpots SET current_amount = current_amount + ${cents}, total_contributions = total_contributions + ${cents},
		version = version + 1, last_modified_at = clock_timestamp() WHERE "group" = '${group}';`.replaceAll(/\s+/g, ' ');
	const rows = ids.map(([, id, cents]) => `('${id}', 1, 'contribution', ${cents}, 'u' || :user, ${KEY})`);
	return ['\\startpipeline', 'BEGIN;', `INSERT INTO bare.contributions (key, user_id, game_id, wager) VALUES (${KEY}, 'u' || :user, 'slots', 1000);`, ...ids.map(update),
		`INSERT INTO bare.ledger (jackpot_id, round, kind, amount, user_id, key) VALUES ${rows.join(', ')};`, 'COMMIT;', '\\endpipeline'].join('\n');
}

class ContributionWorld {
	constructor(writers) { this.writers = writers; }

	async start() {
		this.directory = fs.mkdtempSync(path.join(os.tmpdir(), 'poolkeeper-bench-'));
		fs.chmodSync(this.directory, 0o777);
		this.postgres = await startPostgres({ durable: true, settings: { max_wal_size: '8GB', checkpoint_timeout: '1h', shared_buffers: '128MB' } });
		this.url = this.postgres.url();
		execFileSync(path.join(ROOT, 'scripts', 'db'), ['migrate'], { env: { ...process.env, DATABASE_URL: this.url, DIRECT_DATABASE_URL: this.url }, stdio: ['ignore', 'ignore', 'inherit'] });
		await psql(this.url, `BEGIN; ${fs.readFileSync(SCHEMA, 'utf8')} COMMIT; CREATE SCHEMA bare; ${BARE_TABLES} INSERT INTO bare.jackpots SELECT * FROM jackpot.jackpots;
			UPDATE jackpot.jackpots SET max_amount = 1000000000000`); // what is full would cost nothing
		const ids = (await psql(this.url, 'SELECT "group", id, floor(1000 * contribution_rate) FROM jackpot.jackpots ORDER BY 1')).split('\n').map((line) => line.split('|'));
		fs.writeFileSync(path.join(this.directory, 'bare'), `${VARIABLES}${bare(ids)}\n`);
		fs.writeFileSync(path.join(this.directory, 'ours'), `${VARIABLES}SELECT * FROM jackpot.contribute(${KEY}, 'u' || :user, 'slots', 1000);\n`);
	}

	// Transactions per second; any error ends the bench.
	async perSecond(script) {
		const { stdout } = await run(path.join(programDirectory(), 'pgbench'),
			['-n', '-M', 'prepared', '-c', String(this.writers), '-j', '2', '-T', String(SECONDS), '-f', path.join(this.directory, script), this.url]);
		if (!/number of failed transactions: 0 /.test(stdout)) throw new Error(`pgbench failed:\n${stdout}`);
		return Number(/^tps = ([\d.]+)/m.exec(stdout)[1]);
	}

	async stop() {
		await this.postgres?.stop();
		fs.rmSync(this.directory, { recursive: true, force: true });
	}
}

const median = (numbers) => [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)];

// Resolves to { writers, ratio (median of the rounds), perSecond, bare }.
async function contributionFigures(writers) {
	const world = new ContributionWorld(writers);
	try {
		await world.start();
		const rounds = [];
		for (let i = 0; i < ROUNDS; i++) rounds.push({ bare: await world.perSecond('bare'), ours: await world.perSecond('ours') });
		const faults = await psql(world.url, 'SELECT * FROM jackpot.faults');
		if (faults !== '') throw new Error(`the jackpots do not add up: ${faults}`);
		return { writers, ratio: median(rounds.map(({ bare: base, ours }) => ours / base)), perSecond: median(rounds.map(({ ours }) => ours)), bare: median(rounds.map(({ bare: base }) => base)) };
	} finally {
		await world.stop();
	}
}

module.exports = { contributionFigures };
