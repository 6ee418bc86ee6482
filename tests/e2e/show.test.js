// explain, status and verify: what they say about pools that wait, are paid or were tampered with, also while a part of the world is away.
'use strict';

const assert = require('node:assert/strict');
const { spawnSync } = require('node:child_process');
const path = require('node:path');
const { after, before, describe, test } = require('node:test');
const { transfer } = require('../chain/instructions.js');
const { keyBytes, signTransaction } = require('../chain/solana.js');
const { World, sleep } = require('./world.js');

const BINARY = process.env.POOLKEEPER ?? path.join(__dirname, '..', '..', 'build', 'poolkeeper');
const NOWHERE = 'http://127.0.0.1:1/';

// No key, no treasury: only what the commands need.
function run(world, args, settings = {}) {
	const { PATH, DATABASE_URL, SOLANA_NETWORK, SOLANA_RPC_URL, ORACLE_GATEWAY_HOSTS } = world.environment();
	const env = { PATH, DATABASE_URL, SOLANA_NETWORK, SOLANA_RPC_URL, ORACLE_GATEWAY_HOSTS, ...settings };
	const { status, stdout, stderr } = spawnSync(BINARY, args, { encoding: 'utf8', env });
	return { code: status, stdout, stderr, json: args.includes('--json') && stdout ? JSON.parse(stdout) : undefined };
}

// The next transaction id: whoever writes anything takes one; so does autovacuum, rarely.
const NEXT_WRITE = 'SELECT pg_snapshot_xmax(pg_current_snapshot())';

const checksOf = (json) => Object.fromEntries(json.verdict.checks.map(({ check, result }) => [check, result]));

// What explain prints for a time of the chain.
const told = (seconds) => new Date(Number(seconds) * 1000).toISOString().replace('T', ' ').replace('.000Z', 'Z');

// Without the node's own simulation, which would keep what fails to itself. Resolves to its signature.
async function sendFailing(world, keypairs, instructions) {
	const { node } = world.scenario;
	const { value } = await node.call('getLatestBlockhash', { commitment: 'processed' });
	const signature = await node.call('sendTransaction', signTransaction(keypairs, instructions, value.blockhash).toString('base64'), { encoding: 'base64', skipPreflight: true });
	await assert.rejects(world.scenario.landed(signature), new RegExp(signature));
	return signature;
}

// So many blocks at once that everything before them is finalized.
const finalize = (world) => world.scenario.chain('tick', 40);

function assertNotFair(world, pool, wrong) {
	const { code, json, stdout } = run(world, ['verify', pool.address, '--json']);
	assert.equal(code, 1, stdout);
	const checks = checksOf(json);
	for (const name of wrong) assert.equal(checks[name], 'wrong', `${name} of ${stdout}`);
}

// Writes bytes into accounts behind the programs' back. Resolves to what undoes it.
async function forge(world, changes) {
	const originals = new Map();
	for (const [key, at, bytes] of changes) {
		const account = await world.scenario.chain('getAccount', key);
		if (!originals.has(key)) originals.set(key, account);
		const data = Buffer.from(account.data, 'base64');
		Buffer.from(bytes).copy(data, at);
		await world.scenario.chain('setAccount', key, { ...account, data: data.toString('base64') });
	}
	await finalize(world);
	return async () => {
		for (const [key, account] of originals) await world.scenario.chain('setAccount', key, account);
		await finalize(world);
	};
}

// Until the daemon has written so many of the pool's transactions to keeper.calls.
async function historyRecorded(world, pool, transactions) {
	for (const deadline = Date.now() + 60000; Date.now() < deadline; await sleep(100)) {
		const n = await world.sql(`SELECT count(DISTINCT signature) FROM keeper.calls WHERE draw LIKE 'draw:${pool.address}:%'`);
		if (Number(n) === transactions) return;
	}
	throw new Error(`the history of ${pool.address} is not recorded: ${world.daemons.at(-1).log.slice(-3000)}`);
}

describe('a paid pool and a waiting one', () => {
	let world;
	let paid;
	let robbed;
	let waiting;
	let log;

	before(async () => {
		world = await World.start();
		paid = await world.lockedPool({ players: 4 });
		robbed = await world.lockedPool({ mint: paid.mint });
		// Somebody puts himself on every place of the list, which the program believes.
		await forge(world, [0, 1, 2].map((place) => [robbed.participants, 8 + 32 * place, keyBytes(world.treasury.address)]));
		await world.pastLock();
		const daemon = world.startDaemon();
		for (const pool of [paid, robbed]) await daemon.wait('tx.final', { subject: new RegExp(pool.address), step: 'DRAW' });
		waiting = await world.lockedPool({ mint: paid.mint, lockDuration: 3600 });
		await historyRecorded(world, paid, 6);
		for (const [signal, level] of [['SIGUSR2', 'warn'], ['SIGUSR1', 'info'], ['SIGUSR1', 'debug']]) {
			daemon.child.kill(signal);
			await daemon.wait('log.level', { to: level }, { from: daemon.events.length });
		}
		await daemon.wait('tick', {}, { from: daemon.events.length });
		log = daemon.log;
		await daemon.kill('SIGTERM');
		await finalize(world);
	});
	after(() => world?.stop());

	test('verify says fair, from the chain alone, with every input', async () => {
		const { code, json, stderr } = run(world, ['verify', paid.address, '--json'], { DATABASE_URL: '' });
		assert.equal(code, 0, stderr + JSON.stringify(json, null, 1));
		assert.equal(json.verdict.verdict.value, 'fair');
		assert.deepEqual([...new Set(Object.values(checksOf(json)))], ['ok']);
		const state = await world.scenario.readPool(paid);
		assert.equal(json.computed.winner.value, state.winner);
		assert.equal(json.computed.randomness.value, String(state.randomness));
		assert.equal(json.pool.config_hash.value, state.configHash.toString('hex'));
		assert.equal(json.players.total.value, String(4n * paid.amount));
		assert.deepEqual(json.players.list.map(({ wallet }) => wallet), paid.players.map(({ address }) => address));
	});

	test('verify of a draw on a forged list exits 1, although the program was content', async () => {
		const { code, json, stdout } = run(world, ['verify', robbed.address, '--json']);
		assert.equal(code, 1, stdout);
		assert.equal(json.verdict.verdict.value, 'not fair');
		const checks = checksOf(json);
		for (const name of ['participants', 'winner', 'paid_winner']) assert.equal(checks[name], 'wrong', name);
		for (const name of ['oracle_signature', 'randomness', 'split', 'commit']) assert.equal(checks[name], 'ok', name);
		assert.equal((await world.scenario.readPool(robbed)).winner, world.treasury.address);
	});

	test('one grep for the address follows the draw', () => {
		const lines = log.split('\n').filter((line) => line.includes(paid.address)).map((line) => line.match(/ event=(\S+)/)[1]);
		for (const event of ['draw.state', 'tx.open', 'tx.send', 'tx.landed', 'oracle.ask', 'oracle.answered', 'draw.paid', 'tx.final', 'call.verified']) {
			assert.ok(lines.includes(event), `${event} in ${lines}`);
		}
	});

	test('verify of a pool that waits exits 75, of one that is not there 69, of a bad argument 64', () => {
		const open = run(world, ['verify', waiting.address, '--json']);
		assert.equal(open.code, 75, open.stdout);
		assert.equal(open.json.verdict.why.value, 'the winner is not selected');
		const other = run(world, ['verify', `${paid.address}:17`, '--json']);
		assert.equal(other.code, 69, other.stdout);
		assert.match(other.json.verdict.why.value, /no pool with the id 17 was created/);
		assert.equal(run(world, ['verify', world.treasury.address]).code, 69);
		const bad = run(world, ['verify', 'nonsense!']);
		assert.equal(bad.code, 64);
		assert.equal(bad.stderr, 'poolkeeper: nonsense! is no pool: give its address, or its number in the web app; a certificate\'s file is named with its path, ./FILE\n');
		assert.equal(run(world, ['verify']).code, 64);
	});

	test('verify takes the app\'s number, and says so when the database is away', () => {
		assert.equal(run(world, ['verify', String(paid.id)]).code, 0);
		const { code, stderr } = run(world, ['verify', String(paid.id)], { DATABASE_URL: '' });
		assert.equal(code, 64);
		assert.match(stderr, /^poolkeeper: \d+ is a number of the web app and the database does not tell its pool \(DATABASE_URL is not set\): give the pool's address\n$/);
		assert.equal(run(world, ['verify', '999999']).code, 64);
	});

	test('an endpoint of another network is refused with 78', () => {
		const { code, stdout, stderr } = run(world, ['verify', paid.address], { SOLANA_NETWORK: 'mainnet-beta', ORACLE_GATEWAY_HOSTS: '' });
		assert.equal(code, 78, stdout);
		assert.equal(stderr, 'poolkeeper: the endpoint does not serve mainnet-beta: set SOLANA_NETWORK or the endpoint\n');
	});

	test('verify without a node exits 69 and shows no URL', () => {
		const { code, json, stdout, stderr } = run(world, ['verify', paid.address, '--json'], { SOLANA_RPC_URL: `${NOWHERE}?key=topsecretkey0001` });
		assert.equal(code, 69);
		assert.equal(json.verdict.verdict.value, 'cannot be known');
		assert.ok(!`${stdout}${stderr}`.includes('topsecretkey0001'));
	});

	test('verify sees a forged winner, list, randomness, configuration and answer', async () => {
		const other = keyBytes(world.treasury.address);
		const { randomnessAccount } = await world.scenario.readPool(paid);
		const undo = await forge(world, [
			[paid.address, 455, other], [paid.address, 311, Buffer.alloc(16, 7)],
			[paid.address, 372, Buffer.alloc(32, 7)], [paid.participants, 8 + 32, other],
			[randomnessAccount, 408, Buffer.alloc(64, 7)], [randomnessAccount, 40, other],
		]);
		assertNotFair(world, paid, ['winner', 'randomness', 'config_hash', 'participants', 'oracle_signature', 'queue']);
		await undo();
		assert.equal(run(world, ['verify', paid.address]).code, 0, 'nothing is left changed');
	});

	test('explain of a paid pool: state, money and the whole timeline, each with its source', async () => {
		const { code, json, stderr } = run(world, ['explain', paid.address, '--json']);
		assert.equal(code, 0, stderr);
		assert.deepEqual(json.state.state, { value: 'Ended', from: 'chain, confirmed' });
		const { endTime } = await world.scenario.readPool(paid);
		assert.match(json.state.since.value, new RegExp(`^${told(endTime)}, (\\d+ min )?\\d+ s ago$`));
		assert.equal(json.last_error.what.value, 'no transaction of this pool failed or expired');
		assert.match(json.next.waits_for.value, /^OVER: /);
		assert.equal(json.money.total.value, '400000000 (400.000000 tokens)');
		assert.equal(json.money.paid.from, 'journal');
		assert.match(json.state.daemon.value, /no daemon is running/);
		const { transactions } = json.timeline;
		assert.deepEqual(transactions.map(({ what }) => what.split(' ')[0]), ['create_pool', 'join_pool', 'join_pool', 'join_pool', 'BIND', 'DRAW']);
		for (const each of transactions) {
			assert.equal(each.source, 'both');
			assert.equal(each.state, 'final');
			assert.match(`${each.slot} ${each.fee}`, /^\d+ \d+$/);
		}
		const fees = transactions.filter(({ by }) => by === 'poolkeeper').reduce((sum, { fee }) => sum + Number(fee), 0);
		assert.equal(json.money.fees_paid.value, `${fees} lamports by the daemon`);
		assert.equal(json.oracle.commits[0].fate, 'used');
		assert.equal(json.missing, undefined);
	});

	test('explain of a waiting pool: the reason, the next step and when; by the app\'s number as well', async () => {
		const { code, json } = run(world, ['explain', String(waiting.id), '--json']);
		assert.equal(code, 0);
		assert.equal(json.pool.address.value, waiting.address);
		assert.equal(json.next.waits_for.value, 'TOO_EARLY: the lock time is not over');
		const { lockStartTime } = await world.scenario.readPool(waiting);
		assert.ok(json.state.since.value.startsWith(`${told(lockStartTime)}, `), `${json.state.since.value} ${told(lockStartTime)}`);
		assert.match(json.next.next_step.value, /^BIND: /);
		assert.match(json.next.when.value, /, in (1 h 0 min|59 min \d+ s), by the chain's clock$/);
		assert.match(run(world, ['explain', waiting.address]).stdout, /^ {2}waits_for +TOO_EARLY: .* {3}\[decided now, as the daemon does\]$/m);
		assert.equal(run(world, ['explain', world.treasury.address]).code, 64, 'nobody knows such a pool');
	});

	test('explain tells the newest transaction that failed, by the program\'s own word', async () => {
		const [player] = waiting.players;
		await sendFailing(world, [player], [world.scenario.instruction('cancel_pool', waiting, player)]);
		const newest = await sendFailing(world, [player], [world.scenario.instruction('join_pool', waiting, player, {}, Buffer.alloc(8, 1))]);
		await world.scenario.send([player], [transfer(player.address, waiting.address, 1_000_000)]); // succeeds, and so is no error
		await finalize(world);
		const { json } = run(world, ['explain', waiting.address, '--json']);
		assert.match(json.last_error.what.value, /^join_pool \d+ failed at instruction 0: \d+ [A-Z]\w+$/);
		assert.match(json.last_error.when.value, new RegExp(`^\\d{4}-\\d\\d-\\d\\d [\\d:]{8}Z, signature ${newest}$`));
		assert.equal(json.last_error.what.from, 'chain, confirmed');
	});

	test('status lists every pool, the ones that are not over first', () => {
		const { code, json } = run(world, ['status', '--json']);
		assert.equal(code, 0);
		const [first, ...over] = json.pools.list.map(({ address, state, waits_for: reason, next }) => [address, state, reason, next]);
		assert.deepEqual(first, [waiting.address, 'Locked', 'TOO_EARLY', 'BIND']);
		// Both were met in the same look: neither is newer.
		assert.deepEqual(over.sort(), [[paid.address, 'Ended', 'OVER', '-'], [robbed.address, 'Ended', 'OVER', '-']].sort());
		assert.match(run(world, ['status']).stdout, /no daemon is running/);
	});

	test('the wait reason is that of the gates: a treasury of ours that is not the pool\'s, a paused pool', async () => {
		const other = run(world, ['explain', waiting.address, '--json'], { TREASURY_WALLET_PUBKEY: world.devWallet.address });
		assert.match(other.json.next.waits_for.value, /^POLICY_TREASURY: /);
		const undo = await forge(world, [[waiting.address, 369, [1]]]);
		assert.match(run(world, ['explain', waiting.address, '--json']).json.next.waits_for.value, /^PAUSED: /);
		assert.equal(run(world, ['status', '--json']).json.pools.list[0].waits_for, 'PAUSED');
		await undo();
	});

	test('without Postgres explain shows the chain, without a node the journal, and says what is missing', () => {
		const noDatabase = run(world, ['explain', paid.address, '--json'], { DATABASE_URL: 'postgres://u:topsecretpw1@127.0.0.1:1/x', DB_TIMEOUT_MS: '300' });
		assert.equal(noDatabase.code, 69);
		assert.equal(noDatabase.json.state.state.value, 'Ended');
		assert.equal(noDatabase.json.timeline.transactions.length, 6);
		assert.equal(noDatabase.json.timeline.transactions[0].source, 'chain');
		assert.match(noDatabase.json.missing.journal.value, /^the database does not answer: /);
		const noChain = run(world, ['explain', paid.address, '--json'], { SOLANA_RPC_URL: `${NOWHERE}?key=topsecretkey0001` });
		assert.equal(noChain.code, 69);
		assert.match(noChain.json.state.state.value, /^Ended, as of slot /);
		assert.equal(noChain.json.timeline.transactions[5].source, 'journal');
		assert.match(noChain.json.missing.chain.value, /^no endpoint answers: /);
		assert.equal(noChain.json.next.waits_for.value, 'cannot be told without the chain');
		const all = [noDatabase, noChain, run(world, ['status'], { DATABASE_URL: 'postgres://u:topsecretpw1@127.0.0.1:1/x', DB_TIMEOUT_MS: '300' })];
		assert.equal(all[2].code, 69);
		assert.ok(!all.some(({ stdout, stderr }) => /topsecret/.test(stdout + stderr)));
	});

	test('explain and status of a bound pool: the deadline, the oracle that is asked, and the transaction that is out', async () => {
		const daemon = world.startDaemon();
		const pool = await world.lockedPool({ mint: paid.mint });
		await daemon.wait('ready');
		await world.pastLock();
		await world.caughtBound(daemon, pool);
		await daemon.kill('SIGKILL');
		// Anybody can name a pool in a transaction of his own; that is not since when it is bound.
		await world.scenario.chain('advanceTime', 5);
		await world.scenario.send([world.devWallet], [transfer(world.devWallet.address, pool.address, 1_000_000)]);
		await world.scenario.chain('tick', 3); // what is seen now is confirmed
		const { code, json, stdout } = run(world, ['explain', pool.address, '--json']);
		assert.equal(code, 0, stdout);
		const bound = json.timeline.transactions.findIndex(({ what }) => what === 'BIND');
		assert.equal(json.timeline.transactions[bound + 1].what, 'names the pool');
		assert.ok(json.state.since.value.startsWith(`${json.timeline.transactions[bound].time}, `), stdout);
		assert.equal(json.state.state.value, 'RandomnessCommitted');
		assert.match(json.state.deadline.value, /^slot \d+, (29\d\d|3000) slots from now: then the pot is lost$/);
		assert.match(json.next.next_step.value, /^DRAW: /);
		assert.deepEqual(json.timeline.transactions.filter(({ by }) => by === 'poolkeeper').map(({ what }) => what), ['BIND']);
		const [first] = run(world, ['status', '--json']).json.pools.list.filter(({ address }) => address === pool.address);
		assert.equal(first.state, 'RandomnessCommitted');
		await finalize(world);
		assert.equal(run(world, ['verify', pool.address]).code, 75);
		await world.gatewayControl({ oracle: 'all', mode: 'ok' });
		await world.forgetLease();
		const next = world.startDaemon();
		await next.wait('tx.final', { subject: new RegExp(pool.address) });
		await next.kill('SIGTERM');
	});

	test('nothing was written', async () => {
		let wrote = true;
		for (let tries = 0; wrote && tries < 3; tries++) {
			const before = await world.sql(NEXT_WRITE);
			for (const args of [['explain', paid.address], ['status'], ['verify', String(paid.id)]]) assert.equal(run(world, args).code, 0);
			wrote = await world.sql(NEXT_WRITE) !== before;
		}
		assert.ok(!wrote);
	});

	test('a role that may only read is enough', async () => {
		await world.sql(`CREATE ROLE onlooker LOGIN; GRANT USAGE ON SCHEMA keeper TO onlooker;
			GRANT SELECT ON ALL TABLES IN SCHEMA keeper, public TO onlooker`);
		const url = new URL(world.postgres.url());
		url.username = 'onlooker';
		for (const args of [['explain', waiting.address], ['explain', paid.address], ['status']]) {
			const { code, stdout, stderr } = run(world, args, { DATABASE_URL: url.href });
			assert.equal(code, 0, stdout + stderr);
		}
	});

	test('verify and explain still tell when the rent is claimed and the address is used again', async () => {
		const { poolId } = await world.scenario.readPool(paid);
		const [creator] = paid.players;
		await world.scenario.send([creator], [world.scenario.instruction('claim_rent', paid, creator, { closeTarget: creator.address })]);
		await finalize(world);
		const gone = run(world, ['verify', paid.address, '--json']);
		assert.equal(gone.code, 0, gone.stdout);
		assert.equal(checksOf(gone.json).config_hash, 'gone');
		assert.match(run(world, ['explain', paid.address]).stdout, /^ {2}account +deleted: the rent was claimed/m);
		const again = await world.scenario.fillPool({
			mint: paid.mint, salt: paid.salt, players: 2, lockDuration: 60, devWallet: world.devWallet, treasury: world.treasury,
		});
		assert.equal(again.address, paid.address);
		await finalize(world);
		assert.equal(run(world, ['verify', paid.address]).code, 75, 'the newer pool waits');
		const old = run(world, ['verify', `draw:${paid.address}:${poolId}`, '--json']);
		assert.equal(old.code, 0, old.stdout);
		assert.equal(old.json.players.list.length, 4);
	});
});
