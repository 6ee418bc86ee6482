// Quiet ticks: N open pools on which nothing happens, a replay server as the node, a private Postgres; counted over whole ticks.
'use strict';

const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { execFileSync } = require('node:child_process');
const { Keypair } = require('../chain/solana.js');
const { Daemon } = require('../e2e/daemon.js');
const { startPostgres, psql } = require('../lib/postgres.js');
const { cpuMicroseconds, residentBytes } = require('./process.js');
const { startReplay, bareCost, ADDRESS_SQL } = require('./replay.js');

const ROOT = path.join(__dirname, '..', '..');
// Postgres publishes the counters of a session at most once a second: with 2 s every tick is in them when it is over.
const TICK_SECONDS = 2;
// The whole list of pools is read again with every twelfth tick: measuring twelve has it in exactly once.
const TICKS = 12;
// What the daemon writes when it meets a pool for the first time goes 1000 pools a tick.
const NEW_POOLS_PER_TICK = 1000;
// And reads the history of each once: two statements and one request.
const HISTORY_MS = 5;
// What comes once a minute beside the ticks has then come twice, and opened the connection that it needs.
const SETTLED_MS = 65000;

// A session may hold its counts of rows back until its next statement: they are compared with one another only.
const COUNTERS = `SELECT json_build_object(
	'statements', (SELECT coalesce(sum(calls), 0) FROM pg_stat_statements WHERE userid = 'postgres'::regrole),
	'leases', (SELECT coalesce(sum(calls), 0) FROM pg_stat_statements WHERE userid = 'postgres'::regrole AND query LIKE '%keeper.lease_tick(%'),
	'rows', (SELECT sum(n_tup_ins + n_tup_upd + n_tup_del) FROM pg_stat_user_tables),
	'leaseRows', (SELECT n_tup_upd FROM pg_stat_user_tables WHERE relid = 'keeper.lease'::regclass),
	'wal', pg_current_wal_lsn() - '0/0')`;

class QuietWorld {
	constructor(pools) {
		this.pools = pools;
		this.directory = fs.mkdtempSync(path.join(os.tmpdir(), 'poolkeeper-bench-'));
		this.stops = [() => fs.rmSync(this.directory, { recursive: true, force: true })];
	}

	async start() {
		this.postgres = await startPostgres({
			settings: { shared_preload_libraries: 'pg_stat_statements', autovacuum: 'off', checkpoint_timeout: '1h', max_wal_size: '4GB' },
		});
		this.stops.push(() => this.postgres.stop());
		const url = this.postgres.url();
		execFileSync(path.join(ROOT, 'scripts', 'db'), ['migrate'], {
			env: { ...process.env, DATABASE_URL: url, DIRECT_DATABASE_URL: url }, stdio: ['ignore', 'ignore', 'inherit'],
		});
		await this.postgres.sql(`CREATE EXTENSION pg_stat_statements; CREATE ROLE bench SUPERUSER LOGIN;
			INSERT INTO public.pools (pool_address, token_symbol, token_name, token_mint, entry_amount, min_participants, max_participants,
				participants_count, status, lock_duration, creator_wallet)
			SELECT ${ADDRESS_SQL}, 'BENCH', 'bench token', 'bench', 1, 2, 20, 3, 'open', 60, 'bench' FROM generate_series(1, ${this.pools}) AS n;
			ANALYZE`);
		this.replay = await startReplay();
		this.stops.push(() => this.replay.stop());
		this.startDaemon();
	}

	startDaemon() {
		this.startedMs = Date.now();
		const key = new Keypair();
		const file = path.join(this.directory, 'key.json');
		fs.writeFileSync(file, JSON.stringify([...key.seed, ...key.publicKey]), { mode: 0o600 });
		this.daemon = new Daemon({
			PATH: process.env.PATH, DATABASE_URL: this.postgres.url(), SOLANA_NETWORK: 'devnet', SOLANA_RPC_URL: this.replay.url,
			DEV_WALLET_KEY_FILE: file, TREASURY_WALLET_PUBKEY: new Keypair().address, SPOOL_DIR: path.join(this.directory, 'spool'),
			TICK_SECONDS: String(TICK_SECONDS), LOG_LEVEL: 'debug',
		});
		this.stops.push(() => this.daemon.kill('SIGTERM'));
	}

	// The next tick that is over, or the first later one that fits.
	nextTick(pattern = {}, within = 10000) {
		return this.daemon.wait('tick', pattern, { from: this.daemon.events.length, within });
	}

	// The trail of what meeting the pools wrote is sealed some hundred rows at a time, behind the ticks.
	async hasUnsealed() {
		return await psql(this.postgres.url('postgres', 'bench'), 'SELECT EXISTS (SELECT FROM keeper.audit_queue)') === 't';
	}

	async counters() {
		const { pid } = this.daemon.child;
		const cpu = cpuMicroseconds(pid);
		const serverCpu = cpuMicroseconds(this.replay.pid);
		return {
			cpu, serverCpu, ...(await this.replay.stats()), ...JSON.parse(await psql(this.postgres.url('postgres', 'bench'), COUNTERS)),
		};
	}

	async stop() {
		for (const stop of this.stops.reverse()) await stop();
	}
}

async function measure(world) {
	await world.start();
	const warmUpMs = (world.pools / NEW_POOLS_PER_TICK + 20) * TICK_SECONDS * 1000 + world.pools * HISTORY_MS;
	await world.nextTick({ changed: '0', failed: '0', unread: '0', pools: String(world.pools) }, warmUpMs);
	while (Date.now() - world.startedMs < SETTLED_MS || await world.hasUnsealed()) await world.nextTick();
	await world.nextTick();
	const from = world.daemon.events.length;
	const before = await world.counters();
	const ticks = [];
	for (let i = 0; i < TICKS; i++) ticks.push(await world.nextTick());
	const after = await world.counters();
	const seen = world.daemon.events.slice(from).filter(({ event }) => event === 'tick');
	if (seen.length !== TICKS || seen.some(({ changed, failed }) => changed !== '0' || failed !== '0')) {
		throw new Error(`the ticks were not quiet and whole: ${seen.map(({ line }) => line).join('\n')}`);
	}
	const memory = residentBytes(world.daemon.child.pid);
	// Not for a handful: the fixed part of a request would be taken for that of a pool.
	const bare = world.pools < 100 ? null : await bareCost(world.replay.url, world.pools);
	const perTick = {};
	for (const name of Object.keys(before)) perTick[name] = (after[name] - before[name]) / TICKS;
	return {
		pools: world.pools, ...perTick, memory, bare,
		wallMs: ticks.map(({ ms }) => Number(ms)).sort((a, b) => a - b)[Math.floor(TICKS / 2)],
	};
}

// Resolves to averages per tick: requests, statements, leases, rows, leaseRows, wal, in, out, connections, cpu and serverCpu (us);
// and memory, wallMs, bare (us per pool of a client that does the least possible).
async function quietTicks(pools) {
	const world = new QuietWorld(pools);
	try {
		return await measure(world);
	} finally {
		await world.stop();
	}
}

module.exports = { quietTicks, TICKS, TICK_SECONDS };
