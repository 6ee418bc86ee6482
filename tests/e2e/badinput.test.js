// Garbage from the app's table, the chain, the nodes and the settings: one clear line each, no crash, and good pools are paid.
'use strict';

// With POOLKEEPER_ASAN set, the binary built with AddressSanitizer and UndefinedBehaviorSanitizer takes all of this.
if (process.env.POOLKEEPER_ASAN) process.env.POOLKEEPER = process.env.POOLKEEPER_ASAN;

const assert = require('node:assert/strict');
const crypto = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');
const { describe, test } = require('node:test');
const { World } = require('./world.js');
const base58 = require('../chain/base58.js');
const { ADDRESS, Keypair, keyBytes } = require('../chain/solana.js');
const money = require('./money.js');

const SYSTEM = '11111111111111111111111111111111';
// Offsets in the pool account.
const AT = { poolId: 8, mint: 48, lockDuration: 193, lockStartTime: 201, totalAmount: 217, devWallet: 241, status: 368, paused: 369, version: 370, statusReason: 422, participants: 423 };
const PARTICIPANTS_COUNT_AT = 648;
const I64_MIN = -(2n ** 63n);
const I64_MAX = 2n ** 63n - 1n;
const U64_MAX = 2n ** 64n - 1n;

const of = (pool) => new RegExp(pool.address);

// A finding of a sanitizer ends the process with an exit code of its own; here a daemon ends only when it is told to.
async function endsClean(daemon) {
	await daemon.kill('SIGTERM');
	assert.equal(daemon.code, 0, `code ${daemon.code}, signal ${daemon.signal}; last lines:\n${daemon.log.slice(-4000)}`);
	assert.doesNotMatch(daemon.log, /AddressSanitizer|runtime error|LeakSanitizer/);
}

const over = (daemon, pool) => daemon.wait('draw.wait', { subject: of(pool), reason: 'OVER' });

async function change(world, key, edit) {
	const account = await world.scenario.chain('getAccount', key);
	const data = Buffer.from(account.data, 'base64');
	edit(data);
	await world.scenario.chain('setAccount', key, { ...account, data: data.toString('base64') });
}

// A new address that holds a copy of the pool's account, changed by `edit`, which may answer another buffer; registered like any pool.
async function forged(world, pool, edit, account = {}) {
	const copy = await world.scenario.chain('getAccount', pool.address);
	const data = Buffer.from(copy.data, 'base64');
	const key = new Keypair().address;
	const made = { ...copy, data: (edit(data) ?? data).toString('base64'), ...account };
	await world.scenario.chain('setAccount', key, made);
	const row = { ...pool, address: key };
	row.id = await world.register(row);
	return row;
}

const rowWith = (world, pool, address) => world.register({ ...pool, address });
const reasonOf = (daemon, pool, reason) => Promise.any(['draw.wait', 'draw.halt'].map((name) => daemon.wait(name, { subject: of(pool), reason })));

describe('rows and accounts', () => {
	test('addresses that are none: a line with id and value each, and the good pool is paid', async (t) => {
		const world = await World.start();
		t.after(() => world.stop());
		const good = await world.lockedPool({ players: 2 });
		const was = await money.before(world, good);
		const values = ['', ' ', 'not-base58-0OIl', '0x52908400098527886E0F7030069857D2E4169EE7', base58.encode(crypto.randomBytes(31)), base58.encode(crypto.randomBytes(33)),
			`${good.address}xx`, ` ${good.address}`, 'é'.repeat(22), '1'.repeat(10000), `${good.address}${' '.repeat(30)}`, 'a b=c level=error\tevent=forged'];
		const bad = [];
		for (const value of values) bad.push([await rowWith(world, good, value), value]);
		// In lower case it is no address, or one where nothing is.
		const lowered = await rowWith(world, good, good.address.toLowerCase());
		await world.sql(`INSERT INTO public.pools (pool_address, token_symbol, token_name, entry_amount, min_participants, max_participants, status, lock_duration, creator_wallet)
			VALUES (NULL, 'X', 'X', 'NaN', -1, -1, '', -1, ''), ('${'z'.repeat(44)}', 'X', 'X', 'Infinity', 0, 0, '${'s'.repeat(300)}', 0, '')`);
		await world.pastLock();
		const daemon = world.startDaemon();
		await over(daemon, good);
		for (const [id, value] of bad) {
			const lines = daemon.all('pool.bad_address', { pools_id: id });
			assert.equal(lines.length, 1, `${JSON.stringify(value.slice(0, 60))}: ${daemon.log.slice(0, 3000)}`);
			assert.match(lines[0].line, /not base58 of 32 bytes/);
		}
		assert.equal(['pool.bad_address', 'pool.unusable'].flatMap((name) => daemon.all(name, { pools_id: lowered })).length, 1);
		assert.equal(daemon.all('forged').length, 0, 'a value cannot pass for a field');
		await money.assertPaid(world, good, was);
		await endsClean(daemon);
	});

	test('accounts that are no pools, and fields that cannot be: each has its reason, nothing is bound, the good pool is paid', async (t) => {
		const world = await World.start();
		t.after(() => world.stop());
		const mint = await world.mint();
		const good = await world.lockedPool({ mint, players: 2 });
		const crowded = await world.lockedPool({ mint, players: 2 });
		await change(world, crowded.participants, (data) => { data[PARTICIPANTS_COUNT_AT] = 255; });
		const borrowing = await world.lockedPool({ mint, players: 2 });
		await change(world, borrowing.address, (data) => { keyBytes(good.participants).copy(data, AT.participants); });
		const i64 = (at, value) => (data) => { data.writeBigInt64LE(value, at); };
		const byte = (at, value) => (data) => { data[at] = value; };

		const missing = { ...good, address: new Keypair().address };
		missing.id = await world.register(missing);
		const mintRow = { ...good, address: mint.address };
		mintRow.id = await world.register(mintRow);
		const unusable = [
			[missing, /owner=- .*why="no such account on chain"/],
			[mintRow, new RegExp(`owner=${mint.program} .*not the ml program's`)],
			[await forged(world, good, () => {}, { owner: SYSTEM }), new RegExp(`owner=${SYSTEM} .*not the ml program's`)],
			[await forged(world, good, (data) => data.subarray(0, 487)), /bytes=487 .*not a pool/],
			[await forged(world, good, () => Buffer.alloc(0)), /bytes=0 .*not a pool/],
			[await forged(world, good, (data) => { data.fill(0xff, 0, 8); }), /bytes=488 .*not a pool/],
			[await forged(world, good, byte(AT.status, 9)), /status=9 .*not a pool/],
			[await forged(world, good, byte(AT.paused, 7)), /bytes=488 .*not a pool/],
		];
		const waiting = [
			[crowded, 'PARTICIPANTS_BAD'],
			[borrowing, 'PARTICIPANTS_BAD'],
			[await forged(world, good, i64(AT.lockDuration, -60n)), 'CONFIG_HASH'],
			[await forged(world, good, i64(AT.lockStartTime, I64_MIN)), 'PARTICIPANTS_BAD'],
			[await forged(world, good, (data) => { data.writeBigUInt64LE(U64_MAX, AT.totalAmount); }), 'OVERFLOW'],
			[await forged(world, good, (data) => { keyBytes(new Keypair()).copy(data, AT.mint); }), 'PARTICIPANTS_BAD'],
			[await forged(world, good, (data) => { data.fill(0, AT.devWallet, AT.devWallet + 32); }), 'FOREIGN_DEV'],
		];
		const never = [await forged(world, good, i64(AT.lockStartTime, I64_MAX)), await forged(world, good, (data) => { i64(AT.lockStartTime, I64_MIN)(data); i64(AT.lockDuration, I64_MIN)(data); })];
		const was = await money.before(world, good);
		await world.pastLock();
		const daemon = world.startDaemon();
		await over(daemon, good);
		for (const [pool, line] of unusable) {
			const event = await daemon.wait('pool.unusable', { pools_id: pool.id, pool: pool.address });
			assert.match(event.line, line);
		}
		for (const [pool, reason] of waiting) await reasonOf(daemon, pool, reason);
		for (const pool of [...waiting.map(([one]) => one), ...never]) {
			assert.equal((await world.scenario.readPool(pool)).statusName, 'Locked', `${pool.address} is bound to nothing`);
		}
		await money.assertPaid(world, good, was);
		const steps = await world.sql("SELECT DISTINCT split_part(subject, ':', 2) FROM keeper.steps WHERE subject LIKE 'draw:%'");
		assert.equal(steps, good.address, 'nothing was signed for any other pool');
		await endsClean(daemon);
	});

	test('a pool whose numbers are as large or as early as they can be is a good pool', async (t) => {
		const world = await World.start();
		t.after(() => world.stop());
		const pool = await world.lockedPool({ players: 2 });
		await change(world, pool.address, (data) => {
			data.writeBigUInt64LE(U64_MAX, AT.poolId);
			data.writeBigInt64LE(-1n, AT.lockStartTime);
			data[AT.version] = 255;
			data[AT.statusReason] = 255;
		});
		const was = await money.before(world, pool);
		assert.equal(was.state.poolId, U64_MAX);
		await world.pastLock();
		const daemon = world.startDaemon();
		await over(daemon, pool);
		await money.assertPaid(world, pool, was);
		await endsClean(daemon);
	});

	test('a pool that the app registered twice is drawn once and recorded once', async (t) => {
		const world = await World.start();
		t.after(() => world.stop());
		const pool = await world.lockedPool({ players: 2 });
		const twin = await world.register(pool);
		const was = await money.before(world, pool);
		await world.pastLock();
		const daemon = world.startDaemon();
		await over(daemon, pool);
		const recorded = Number(await world.sql('SELECT app_id FROM keeper.draws'));
		assert.ok([pool.id, twin].includes(recorded), 'one of the two rows has the draw');
		await money.assertPaid(world, { ...pool, id: recorded }, was);
		await money.assertNothingUnknown(world);
		assert.equal(await world.sql(`SELECT count(*) FROM public.transactions WHERE type = 'PAYOUT'`), '1');
		assert.equal(await world.sql(`SELECT count(*) FROM keeper.steps WHERE subject LIKE 'draw:%'`), '2', 'the other row made no transaction of its own');
		await endsClean(daemon);
	});
});

// What a node may answer instead of a result, and what the daemon says about it.
const TOO_LARGE = '{"jsonrpc":"2.0","id":1,"result":{"context":{"slot":18446744073709551616},"value":[]}}';
const body = (text) => ({ kind: 'status', status: 200, body: text });
const ANSWERS = [
	[{ kind: 'html' }, /HTTP 502/], [{ kind: 'html', status: 200 }, /not JSON|JSON/], [{ kind: 'truncated' }, /./], [{ kind: 'truncated', bytes: 0 }, /./],
	[{ kind: 'huge' }, /large|long|big|bytes|MB|MiB/], [{ kind: 'wrong_types' }, /./], [{ kind: 'wrong_id' }, /id/],
	[body(TOO_LARGE), /range|number|64/], [body(''), /./], [body('null'), /./], [body('[]'), /./], [body('{}'), /./], [body('{"jsonrpc":"2.0","id":1}'), /./],
	[body('['.repeat(100000)), /./], [body(`{"jsonrpc":"2.0","id":1,"result":${'9'.repeat(400)}}`), /./], [body('\u0000\u0001\ufffd'), /./], [body('{"a":"\\ud800"}'), /./],
];
const METHODS = ['getMultipleAccounts', 'getLatestBlockhash', 'getEpochInfo', 'getSignatureStatuses', 'getRecentPrioritizationFees', 'simulateTransaction',
	'sendTransaction', 'getTransaction', 'getSignaturesForAddress', 'getMinimumBalanceForRentExemption'];

describe('the only node', () => {
	test('answers garbage: the line names the node and what was wrong with the answer', async (t) => {
		const world = await World.start();
		t.after(() => world.stop());
		const pool = await world.lockedPool({ players: 2, lockDuration: 3600 });
		const was = await money.before(world, pool);
		const daemon = world.startDaemon();
		await daemon.wait('ready');
		for (const [fault, why] of ANSWERS) {
			const from = daemon.events.length;
			await world.scenario.chain('faults', { http: [{ ...fault, method: 'getMultipleAccounts', count: 1 }] });
			const event = await daemon.wait('tick.read_failed', {}, { from });
			assert.match(event.line, /rpc1/, JSON.stringify(fault).slice(0, 100));
			assert.match(event.why, why, JSON.stringify(fault).slice(0, 100));
			assert.ok(event.line.length < 600, 'one line of a bearable length');
		}
		await world.pastLock(3601);
		await over(daemon, pool);
		await money.assertPaid(world, pool, was);
		await endsClean(daemon);
	});

	test('answers every method of a draw with garbage of every kind: the draw is paid all the same', async (t) => {
		const world = await World.start();
		t.after(() => world.stop());
		const pool = await world.lockedPool({ players: 2 });
		const was = await money.before(world, pool);
		await world.pastLock();
		const daemon = world.startDaemon();
		await daemon.wait('ready');
		const rounds = ['wrong_types', 'truncated', 'wrong_id', TOO_LARGE].map((kind) => (kind === TOO_LARGE ? body(kind) : { kind }));
		await world.scenario.chain('faults', { http: METHODS.flatMap((method) => rounds.map((fault, i) => ({ ...fault, method, count: 1, skip: i }))) });
		await over(daemon, pool);
		await money.assertPaid(world, pool, was);
		await money.assertNothingUnknown(world);
		await endsClean(daemon);
	});
});

describe('settings', () => {
	test('a key that is the dev wallet of no pool: FOREIGN_DEV for the pool, and nothing is sent', async (t) => {
		const world = await World.start();
		t.after(() => world.stop());
		const pool = await world.lockedPool({ players: 2 });
		await world.pastLock();
		const stranger = new Keypair();
		const file = path.join(world.directory, 'stranger.json');
		fs.writeFileSync(file, JSON.stringify([...stranger.seed, ...stranger.publicKey]), { mode: 0o600 });
		const daemon = world.startDaemonWith({ DEV_WALLET_KEY_FILE: file });
		assert.equal((await daemon.wait('signer')).wallet, stranger.address);
		const event = await daemon.wait('draw.wait', { subject: of(pool), reason: 'FOREIGN_DEV' });
		assert.match(event.line, /dev_wallet of this pool is not our key/);
		assert.equal((await world.scenario.readPool(pool)).statusName, 'Locked');
		assert.deepEqual(await world.scenario.chain('transactions', stranger.address), []);
		await endsClean(daemon);
	});

	// Everything that belongs to another network is refused before anything is asked of anybody.
	const MAINNET = { SWITCHBOARD_PROGRAM_ID: 'SBondMDrcV3K4kxZR1HNVT7osZxAHVHgYXL5Ze1oMUv', SWITCHBOARD_QUEUE: 'A43DyUGA7s8eXPxqEjJY6EBu1KKbNgfxF8h17VAHn13w', ML_PROGRAM_ID: ADDRESS.token };
	for (const [key, value] of Object.entries(MAINNET)) {
		test(`${key} of another network or program: 78 and one line`, async (t) => {
			const world = new World({});
			t.after(() => world.stop());
			world.chain = world.gateway = { url: 'http://127.0.0.1:1/' };
			world.postgres = { url: () => 'postgres://nobody@127.0.0.1:1/nothing' };
			const daemon = world.startDaemonWith({ [key]: value });
			assert.equal((await daemon.exit()).code, 78, daemon.log);
			const faults = daemon.events.filter((event) => event.level === 'error');
			assert.equal(faults.length, 1, daemon.log);
			assert.match(faults[0].line, new RegExp(`event=config.invalid key=${key} value=${value} why=`));
		});
	}

	test('an endpoint of another network: 78 and one line with its genesis hash', async (t) => {
		const world = await World.start();
		t.after(() => world.stop());
		const daemon = world.startDaemonWith({ SOLANA_NETWORK: 'mainnet-beta', ORACLE_GATEWAY_HOSTS: '' });
		assert.equal((await daemon.exit()).code, 78, daemon.log);
		const faults = daemon.events.filter((event) => event.level === 'error');
		assert.equal(faults.length, 1, daemon.log);
		assert.match(faults[0].line, /event=start.refused endpoint=rpc1 genesis=\w{43,44} why="this is not mainnet-beta: change its URL or SOLANA_NETWORK"/);
	});
});
