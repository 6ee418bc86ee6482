// The demo from the first server to the last comparison: lottery pools go from Locked to Ended, and every amount is checked.
'use strict';

const fs = require('node:fs');
const path = require('node:path');
const { World, sleep } = require('../e2e/world.js');
const { showPool, showFeeWallet } = require('./balances.js');
const { settings, showCertificate } = require('./certificate.js');
const { Checks, tokens } = require('./checks.js');
const { readHistory } = require('./history.js');
const { showJoins } = require('./joins.js');
const { makePools, readPool } = require('./pools.js');
const { showDraws, showSteps, showApp } = require('./records.js');
const { short } = require('./screen.js');
const { recomputeWinner } = require('./winner.js');

// The players act this long ago by the chain's clock: the daemon writes a player's row only when it is older than 300 s.
const PAST_SECONDS = 900;
const MAX_WAIT_MS = 120000;
const LOOK_MS = 50;
// What a first look can do without; warnings and errors are always shown.
const TOO_CHATTY = new Set(['tx.open', 'signer', 'lease.held', 'oracle.ask', 'call.verified']);
const LOCKED_TO_ENDED = /^Locked (\w+ )*Ended$/;

const seconds = (from, to) => ((Date.parse(to) - Date.parse(from)) / 1000).toFixed(1);
const worthShowing = (event) => event.level === 'warn' || event.level === 'error'
	|| !(TOO_CHATTY.has(event.event) || (event.event === 'draw.wait' && event.reason !== 'TOO_EARLY'));

class Demo {
	// screen; slotMs: the chain's slot time; lockLeft: seconds of lock time when the daemon starts;
	// interfere(world, draws): changes things behind the daemon's back before they are checked
	constructor({ screen, slotMs = 400, lockLeft = 10, interfere = async () => {} }) {
		this.screen = screen;
		this.lockLeft = lockLeft;
		this.interfere = interfere;
		this.checks = new Checks();
		this.world = new World({ slotMs, chainTime: Math.floor(Date.now() / 1000) - PAST_SECONDS });
	}

	get logFile() { return path.join(this.world.directory, 'daemon.log'); }

	// Resolves to the comparisons made; throws where the play cannot go on.
	async run() {
		await this.startServers();
		const pools = await this.fillPools();
		const before = [];
		for (const pool of pools) before.push(await readPool(this.world, pool));
		const lamports = await this.world.scenario.lamports(this.world.devWallet);
		await this.drive(pools);
		const draws = [];
		for (const [k, pool] of pools.entries()) draws.push({ pool, was: before[k], history: await readHistory(this.world, pool.address) });
		await this.interfere(this.world, draws);
		await this.showWinners(draws);
		await this.showProof(draws);
		await this.showBalances(draws, lamports);
		await this.showRecords(draws);
		await this.showPlayers(draws);
		return { checks: this.checks, pools };
	}

	async section(title, sentences, show) {
		this.screen.heading(title);
		this.screen.say(...sentences);
		await show();
		for (const text of this.checks.untold()) this.screen.mismatch(text);
	}

	async startServers() {
		const { screen, world } = this;
		await this.section('Private servers', ['Nothing leaves this machine, and everything is removed at the end.', ''], async () => {
			await world.build();
			const { slotMs, oracles } = world.options;
			screen.table(['server', 'address', 'what it is'], [
				['PostgreSQL', `127.0.0.1:${world.postgres.port}`, 'schema brought up to date by scripts/db migrate'],
				['pgBouncer', `127.0.0.1:${world.pgbouncer.port}`, 'transaction mode; the daemon gets this address'],
				['chain', new URL(world.chain.url).host, `local Solana: the real virtual machine, slots of ${slotMs} ms`],
				['oracles', new URL(world.gateway.url).host, `gateway of ${oracles} Switchboard oracles with keys of their own`],
			]);
		});
	}

	async fillPools() {
		const { screen, world } = this;
		let pools;
		await this.section('Mints, players, pools', [
			'Each player has a key and tokens of their own and signs their own entry. A pool locks when its last player joins.',
			`The chain's clock is ${PAST_SECONDS / 60} minutes behind here, and comes to now after the last player joined.`, '',
		], async () => {
			pools = await makePools(world, PAST_SECONDS + this.lockLeft);
			const lines = [];
			for (const pool of pools) {
				const { statusName } = await world.scenario.readPool(pool);
				this.checks.fact(`${pool.symbol}: status before the daemon`, statusName, 'Locked');
				lines.push([pool.symbol, pool.program, String(pool.players.length), tokens(pool.amount, pool.decimals),
					pool.donation ? tokens(pool.donation, pool.decimals) : '-', tokens(pool.pot, pool.decimals), short(pool.address), statusName]);
			}
			screen.table(['pool', 'token program', '>players', '>entry', '>donated', '>pot', 'address', 'status'], lines);
		});
		await world.scenario.chain('setTime', Math.floor(Date.now() / 1000));
		await world.gatewayControl({ oracle: 'all', refresh: true });
		return pools;
	}

	async drive(pools) {
		const { screen, world } = this;
		await this.section('The daemon at work', [
			`Lock time ends about ${this.lockLeft} s from here. A draw is two transactions: BIND, then DRAW, which also pays.`,
			"These are the daemon's own log lines; long values are shortened.", '',
		], async () => {
			const daemon = world.startDaemonWith(settings(world));
			const following = this.follow(daemon);
			try {
				for (const pool of pools) await daemon.wait('draw.paid', { subject: new RegExp(pool.address) }, { within: MAX_WAIT_MS });
				await this.waitForRecords(pools);
				await daemon.wait('certificate.written', {}, { within: MAX_WAIT_MS });
				await daemon.kill('SIGTERM');
			} finally {
				following.stop();
			}
			this.checks.fact('exit code of the daemon after SIGTERM', daemon.code, 0);
			screen.line();
			screen.say(`${following.shown()} of ${daemon.events.length} lines shown. By these lines:`);
			screen.table(['pool', 'went through', '>lock to end'], pools.map((pool) => this.courseOf(pool, daemon)));
		});
	}

	// Shows log lines as they come and keeps all of them in a file.
	follow(daemon) {
		let seen = 0;
		let shown = 0;
		const look = () => {
			for (const event of daemon.events.slice(seen)) {
				fs.appendFileSync(this.logFile, `${event.line}\n`);
				if (!worthShowing(event)) continue;
				this.screen.log(event);
				shown += 1;
			}
			seen = daemon.events.length;
		};
		const timer = setInterval(look, LOOK_MS);
		return { shown: () => shown, stop: () => { clearInterval(timer); look(); } };
	}

	courseOf(pool, daemon) {
		const events = daemon.all('draw.state', { subject: new RegExp(pool.address) });
		const course = events.map((event) => event.to).join(' ');
		this.checks.fact(`${pool.symbol}: the log shows it go from Locked to Ended`, LOCKED_TO_ENDED.test(course), true);
		const time = events.length > 1 ? `${seconds(events[0].ts, events[events.length - 1].ts)} s` : '-';
		return [pool.symbol, course.replaceAll(' ', ' -> '), time];
	}

	// Payouts are followed by the players' transactions; a row that never comes is found by the comparison, not here.
	async waitForRecords(pools) {
		const deadline = Date.now() + MAX_WAIT_MS;
		const wanted = pools.reduce((sum, pool) => sum + pool.players.length + (pool.donation > 0n ? 1 : 0), 0);
		const settled = async () => Number(await this.world.sql('SELECT count(*) FROM public.used_transactions')) >= wanted
			&& await this.world.sql("SELECT count(*) FROM keeper.steps WHERE state IN ('open', 'landed', 'stale')") === '0';
		while (!(await settled()) && Date.now() < deadline) await sleep(LOOK_MS);
	}

	async showWinners(draws) {
		const { screen, world, checks } = this;
		await this.section('The winners, computed again from the chain', [
			"Rule: sha256(pool id, first half of the oracle's value), its first 8 bytes as a number, modulo the number of players.", '',
		], async () => {
			for (const entry of draws) {
				const { pool, was, history } = entry;
				const draw = await recomputeWinner(world, pool, was, history);
				entry.draw = draw;
				const { winner } = await world.scenario.readPool(pool);
				const recorded = await world.sql(`SELECT winner FROM keeper.draws WHERE address = '${pool.address}'`);
				const verdicts = [
					checks.fact(`${pool.symbol}: oracle's signature over the value verifies`, draw.signed, true) ? 'valid' : 'WRONG',
					checks.fact(`${pool.symbol}: value on chain is the one that was revealed`, draw.stored, true) ? 'same' : 'WRONG',
					checks.fact(`${pool.symbol}: winner on chain`, winner, draw.winner) ? 'same' : 'WRONG',
					checks.fact(`${pool.symbol}: winner in Postgres`, recorded, draw.winner) ? 'same' : 'WRONG',
				];
				screen.table([pool.symbol, '', ''], [
					["oracle's value", draw.value.toString('hex').replace(/^(.{16}).*(.{16})$/, '$1..$2'), verdicts[1]],
					["oracle's signature", `${short(draw.oracle)}, over the hash of slot ${draw.seed.slot}`, verdicts[0]],
					['pool id', String(was.state.poolId), ''],
					['number', `${draw.number} modulo ${draw.count} = ${draw.index}`, ''],
					[`player ${draw.index + 1} wins`, short(draw.winner), ''],
					['winner on chain', short(winner), verdicts[2]],
					['winner in Postgres', short(recorded), verdicts[3]],
				]);
			}
		});
	}

	async showProof(draws) {
		await this.section('A certificate', [
			'One file per draw with all that it followed from, signed and chained to the one before. Checked here without network '
			+ 'and database, by two programs that share no code.', '',
		], () => showCertificate(this, draws));
	}

	async showBalances(draws, lamports) {
		const { world } = this;
		await this.section('Balances before and after', ['Whole tokens with every digit; compared in base units, as integers.', ''], async () => {
			for (const { pool, was, draw } of draws) showPool(this, pool, was, await readPool(world, pool), draw);
			this.ours = (await readHistory(world, world.devWallet.address)).filter(({ payer }) => payer === world.devWallet.address);
			showFeeWallet(this, lamports, await world.scenario.lamports(world.devWallet), this.ours);
		});
	}

	async showRecords(draws) {
		const names = new Map(draws.map(({ pool, was }) => [`draw:${pool.address}:${was.state.poolId}`, pool.symbol]));
		await this.section('Rows in Postgres', [], async () => {
			await showDraws(this, draws);
			await showSteps(this, names, this.ours);
			await showApp(this, draws);
		});
	}

	async showPlayers(draws) {
		await this.section("The players' transactions", [
			'Fetched from the chain, signatures verified here; then looked up in public.used_transactions, public.transactions and '
			+ 'keeper.calls. The daemon adds what the web backend has not written itself, once its age limit of 300 s is over.', '',
		], () => showJoins(this, draws));
	}
}

module.exports = { Demo };
