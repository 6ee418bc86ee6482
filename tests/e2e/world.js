// Everything around the daemon for end-to-end tests and the demo: Postgres, pgBouncer, local chain, gateways, and the daemon itself.
'use strict';

const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { startChainProcess, startGatewayProcess } = require('../chain/spawn.js');
const { Scenario } = require('../chain/scenario.js');
const { Keypair } = require('../chain/solana.js');
const { post } = require('../chain/rpc-client.js');
const { startPostgres, psql } = require('../lib/postgres.js');
const { startPgBouncer } = require('../lib/pgbouncer.js');
const { Daemon } = require('./daemon.js');

const ROOT = path.join(__dirname, '..', '..');
const WALLET_LAMPORTS = 20_000_000_000;
// Test slots are shorter than the chain's, so that finality and expiry take seconds instead of minutes.
const SLOT_MS = 100;

const sleep = (milliseconds) => new Promise((resolve) => { setTimeout(resolve, milliseconds); });

class World {
	// options: slotMs, chainTime (unix time at which the chain starts), oracles, nodes (RPC endpoints given to the daemon),
	// pooled (through pgBouncer), settings (of the daemon), postgresTime (unix time in the database)
	static async start(options = {}) {
		const world = new World(options);
		try {
			await world.build();
		} catch (error) {
			await world.stop();
			throw error;
		}
		return world;
	}

	constructor(options) {
		this.options = { slotMs: SLOT_MS, oracles: 2, nodes: 1, pooled: true, settings: {}, ...options };
		this.directory = fs.mkdtempSync(path.join(os.tmpdir(), 'poolkeeper-e2e-'));
		this.devWallet = new Keypair();
		this.treasury = new Keypair();
		this.daemons = [];
		this.stops = [];
	}

	async build() {
		const { slotMs, oracles, pooled } = this.options;
		this.postgres = await startPostgres({ migrated: true, settings: this.options.postgresSettings, time: this.options.postgresTime });
		this.stops.push(() => this.postgres.stop());
		if (pooled) {
			this.pgbouncer = await startPgBouncer(this.postgres);
			this.stops.push(() => this.pgbouncer.stop());
		}
		const chainTime = this.options.chainTime ?? Math.floor(Date.now() / 1000);
		this.chain = await startChainProcess('--slot-ms', String(slotMs), '--time', String(chainTime));
		this.stops.push(() => this.chain.stop());
		this.gateway = await startGatewayProcess('--rpc', this.chain.url, '--oracles', String(oracles));
		this.stops.push(() => this.gateway.stop());
		this.scenario = new Scenario(this.chain.url);
		await this.scenario.fundWallet(this.devWallet, WALLET_LAMPORTS);
	}

	// The daemon's: its role may do what its statements need, and no more.
	get daemonUrl() { return (this.pgbouncer ?? this.postgres).url('postgres', 'poolkeeper'); }

	get databaseUrl() { return this.pgbouncer ? this.pgbouncer.url() : this.postgres.url(); }

	// SQL straight to Postgres, not through the pooler: what is really there.
	sql(text) { return psql(this.postgres.url(), text); }

	// Resolves to what every oracle does now.
	async gatewayControl(body) { return JSON.parse((await post(`${this.gateway.url}/control`, JSON.stringify(body))).text); }

	oracles() { return this.gatewayControl({ oracle: 'all' }); }

	// Holds the pool between request and select: its BIND is out, and no gateway answers until the test says so.
	async caughtBound(daemon, pool) {
		await daemon.wait('tx.send', { subject: new RegExp(pool.address), step: 'BIND' });
		await this.gatewayControl({ oracle: 'all', mode: 'http500' });
		for (;;) {
			const state = await this.scenario.readPool(pool);
			if (state.statusName === 'RandomnessCommitted') return state;
			if (state.status > 3) throw new Error(`the draw was faster than the test: ${state.statusName}`);
			await sleep(10);
		}
	}

	keyFile() {
		const file = path.join(this.directory, 'dev-wallet.json');
		if (!fs.existsSync(file)) {
			const secret = Buffer.concat([this.devWallet.seed, this.devWallet.publicKey]);
			fs.writeFileSync(file, JSON.stringify([...secret]), { mode: 0o600 });
		}
		return file;
	}

	// Each node has a host of its own.
	nodeUrl(k) { return `http://127.0.0.${k + 1}:${new URL(this.chain.url).port}/node/${k}`; }

	environment(settings = {}) {
		const nodes = {};
		for (let k = 0; k < this.options.nodes; k++) {
			const name = k === 0 ? 'SOLANA_RPC_URL' : `SOLANA_RPC_URL_${k + 1}`;
			nodes[name] = this.nodeUrl(k);
		}
		return {
			PATH: process.env.PATH, DATABASE_URL: this.daemonUrl, SOLANA_NETWORK: 'devnet', ...nodes,
			DEV_WALLET_KEY_FILE: this.keyFile(), TREASURY_WALLET_PUBKEY: this.treasury.address,
			ORACLE_GATEWAY_HOSTS: new URL(this.gateway.url).host, SPOOL_DIR: path.join(this.directory, 'spool'), CERTIFICATE_DIR: path.join(this.directory, 'certificates'),
			TICK_SECONDS: '1', KEEPER_HTTP: '127.0.0.1:0', ...this.options.settings, ...settings,
		};
	}

	startDaemon(...args) { return this.startDaemonWith({}, ...args); }

	startDaemonWith(settings, ...args) {
		const daemon = new Daemon(this.environment(settings), args);
		this.daemons.push(daemon);
		return daemon;
	}

	// What the web backend does when a pool is created: a row in public.pools. Resolves to its id.
	async register(pool, { symbol = 'TEST', status = 'locked' } = {}) {
		const players = pool.players ? pool.players.length : 1;
		const amount = Number(pool.amount) / Number(pool.mint.unit);
		const id = await this.sql(`INSERT INTO public.pools (pool_address, token_symbol, token_name, token_mint, entry_amount, min_participants,
			max_participants, participants_count, status, lock_duration, creator_wallet)
			VALUES ('${pool.address}', '${symbol}', '${symbol} token', '${pool.mint.address}', ${amount}, 2, ${players}, ${players}, '${status}', 60,
			'${pool.creator.address.toLowerCase()}') RETURNING id`);
		return Number(id);
	}

	// A killed daemon's lease runs out by itself; the tests that are not about that do not wait for it.
	forgetLease() { return this.sql("UPDATE keeper.lease SET expires_at = '-infinity'"); }

	// Until the draw is paid, recorded, and nothing of it is left open.
	async recorded(pool, within = 60000) {
		for (const deadline = Date.now() + within; Date.now() < deadline; await sleep(100)) {
			const left = await this.sql(`SELECT count(*) FILTER (WHERE state IN ('open', 'landed', 'stale')) FROM keeper.steps WHERE subject LIKE 'draw:${pool.address}:%'`);
			const status = await this.sql(`SELECT status FROM public.pools WHERE id = ${pool.id}`);
			if (status === 'ended' && left === '0') return;
		}
		throw new Error(`pool ${pool.address} is not recorded within ${within} ms; last lines:\n${this.daemons.at(-1).log.slice(-6000)}`);
	}

	async lockedPool(options = {}) {
		const mint = options.mint ?? await this.mint(options);
		const pool = await this.scenario.fillPool({
			devWallet: this.devWallet, treasury: this.treasury, players: 3, lockDuration: 60, ...options, mint,
		});
		pool.id = await this.register(pool);
		return pool;
	}

	// A mint with the token accounts that payouts need, unless bare.
	async mint({ program = 'spl', decimals = 6, bare = false } = {}) {
		const mint = await this.scenario.createMint({ program, decimals });
		if (!bare) {
			await this.scenario.createTokenAccount(this.devWallet, mint);
			await this.scenario.createTokenAccount(this.treasury, mint);
		}
		return mint;
	}

	// Lets the lock time of all pools pass at once, also for who reads at confirmed.
	async pastLock(seconds = 61) {
		await this.scenario.chain('advanceTime', seconds);
		await sleep(3 * this.options.slotMs);
	}

	async stop() {
		for (const daemon of this.daemons) await daemon.kill();
		for (const stop of this.stops.reverse()) await stop();
		fs.rmSync(this.directory, { recursive: true, force: true });
	}
}

module.exports = { World, ROOT, sleep };
