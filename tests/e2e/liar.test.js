// A node that lies about histories: what it cannot have signed is not recorded, what it leaves out is found, and all of it is named.
'use strict';

const assert = require('node:assert/strict');
const { test } = require('node:test');
const { World, sleep } = require('./world.js');
const { Players } = require('./players.js');
const { startRelay } = require('./relay.js');
const { ADDRESS, keyBytes, sha256 } = require('../chain/solana.js');

const SYSTEM = '11111111111111111111111111111111';

// The daemon reads through `change`, everybody else asks the chain itself.
async function stage(t, change) {
	const world = await World.start();
	t.after(() => world.stop());
	const players = new Players(world, await world.mint());
	const relay = await startRelay(`${world.chain.url.replace(/\/$/, '')}/node/0`, (method, body, params) => {
		const answer = JSON.parse(body);
		if (answer.result) change(method, answer, params);
		return JSON.stringify(answer);
	});
	t.after(() => relay.close());
	return { world, players, start: (...args) => world.startDaemonWith({ SOLANA_RPC_URL: relay.url }, ...args) };
}

async function until(what, condition, within = 40000) {
	for (const deadline = Date.now() + within; !await condition(); await sleep(100)) assert.ok(Date.now() < deadline, what);
}

const equal = async (players, pool) => (await players.recorded(pool)).join() === (await players.calls(pool)).join();

// Within one slot any order is as good as another.
const spansSlots = (list) => list.length > 1 && list[0].slot !== list.at(-1).slot;

test('pages that skip, lists that end too soon or stand on their head: asked again until nothing is missing', async (t) => {
	const lies = { about: null, skip: 2, short: 0, reverse: 1, skipped: 0, reversed: 0, shortened: 0 };
	const { players, start } = await stage(t, (method, answer, params) => {
		if (method !== 'getSignaturesForAddress' || params[0] !== lies.about) return;
		if (params[1].before !== undefined && lies.skip > 0) {
			lies.skip -= 1;
			lies.skipped += 1;
			answer.result.splice(0, 3);
		} else if (params[1].before === undefined && lies.reverse > 0 && spansSlots(answer.result)) {
			lies.reverse -= 1;
			lies.reversed += 1;
			answer.result.reverse();
		} else if (params[1].before === undefined && lies.short > 0) {
			lies.short -= 1;
			lies.shortened += 1;
			answer.result.splice(1);
		}
	});
	const creator = await players.wallet();
	const donor = await players.wallet();
	const pool = await players.create(creator);
	await players.donate(pool, donor, 20n * players.mint.unit);
	await Promise.all(Array.from({ length: 110 }, (_, i) => players.send([creator], [{
		program: SYSTEM, accounts: [{ key: creator, signer: true, writable: true }, { key: pool.address, signer: false, writable: true }], data: Buffer.from([2, 0, 0, 0, i + 1, 0, 0, 0, 0, 0, 0, 0]),
	}])));
	await players.settled();
	lies.about = pool.address;
	const daemon = start();
	await until('the calls behind the first page are not found', () => equal(players, pool));
	assert.equal(lies.skipped, 2);
	assert.equal(daemon.all('ingest.retry', { why: /does not follow/ }).length, lies.skipped + lies.reversed);
	lies.short = 1;
	await players.donate(pool, donor, 21n * players.mint.unit);
	await players.donate(pool, donor, 22n * players.mint.unit);
	await players.settled();
	await until('what a short list left out is not found', () => equal(players, pool));
	assert.equal(lies.shortened, 1);
	assert.equal(daemon.all('ingest.gap').length, 0);
});

// Some other program's log line that looks like the event of this pool with another id.
function forgedLines(pool) {
	const event = Buffer.concat([sha256(Buffer.from('event:PoolStateEvent')).subarray(0, 8), keyBytes(pool.address), Buffer.from('2a00000000000000', 'hex'), Buffer.alloc(11)]);
	return [`Program ${ADDRESS.token} invoke [1]`, `Program data: ${event.toString('base64')}`, `Program ${ADDRESS.token} success`];
}

test('forged events, cut logs, no time, no inner calls, changed bytes, another transaction: only what was signed is recorded', async (t) => {
	const lies = new Map();
	const { world, players, start } = await stage(t, (method, answer, params) => {
		if (method === 'getTransaction') lies.get(params[0])?.(answer.result);
	});
	const [creator, one, two] = [await players.wallet(), await players.wallet(), await players.wallet()];
	const pool = await players.create(creator);
	const signatures = {
		created: pool.created, timeless: await players.join(pool, one), cut: await players.join(pool, two), changed: await players.donate(pool, one, 20n * players.mint.unit),
		other: await players.donate(pool, two, 21n * players.mint.unit), bare: await players.cancel(pool),
	};
	await players.settled();
	const { transaction: otherBody } = await players.scenario.node.call('getTransaction', signatures.cut, { encoding: 'base64', commitment: 'confirmed' });
	lies.set(signatures.created, ({ meta }) => { meta.logMessages.unshift(...forgedLines(pool)); });
	lies.set(signatures.timeless, (result) => { result.blockTime = null; });
	lies.set(signatures.cut, ({ meta }) => { meta.logMessages = ['Log truncated']; });
	lies.set(signatures.changed, (result) => {
		const wire = Buffer.from(result.transaction[0], 'base64');
		wire[wire.length - 1] ^= 1;
		result.transaction[0] = wire.toString('base64');
	});
	lies.set(signatures.other, (result) => { result.transaction = otherBody; });
	lies.set(signatures.bare, ({ meta }) => { meta.innerInstructions = null; });
	const daemon = start();
	await daemon.wait('ingest.gap', { reason: 'bad_signature', sig: signatures.changed });
	await daemon.wait('ingest.gap', { reason: 'other_transaction', sig: signatures.other });
	await daemon.wait('call.verified', { instruction: 'cancel_pool' });
	await daemon.kill('SIGTERM');
	const expected = await players.calls(pool);
	const taken = (line) => ![signatures.changed, signatures.other].includes(line.split('|')[0]);
	const timeless = (line) => (line.startsWith(signatures.timeless) ? line.split('|').map((field, i) => (i === 4 ? '' : field)).join('|') : line);
	assert.deepEqual(await players.recorded(pool), expected.filter(taken).map(timeless).sort());
	assert.equal(await world.sql('SELECT count(DISTINCT draw) FROM keeper.calls'), '1', 'a forged event moves no call to another pool');
	assert.equal(await world.sql('SELECT reason FROM keeper.call_gaps WHERE filled_at IS NULL ORDER BY 1'), 'bad_signature\nother_transaction');
	await world.forgetLease();
	const honest = world.startDaemon('--rebuild', pool.address);
	assert.equal((await honest.exit()).code, 0, honest.log);
	assert.deepEqual(await players.recorded(pool), expected);
	assert.equal(await world.sql('SELECT count(*) FROM keeper.call_gaps WHERE filled_at IS NULL'), '0');
});

test('--rebuild at a node whose history begins too late: the gap is told, what is recorded stays, and the code is 75', async (t) => {
	let pruned = false;
	const { world, players, start } = await stage(t, (method, answer) => {
		if (pruned && method === 'getSignaturesForAddress') answer.result.splice(-2);
	});
	const [creator, one, two] = [await players.wallet(), await players.wallet(), await players.wallet()];
	const pool = await players.create(creator);
	for (const player of [one, two]) await players.join(pool, player);
	await players.settled();
	const daemon = start();
	await until('the calls are not recorded', () => equal(players, pool));
	await daemon.kill('SIGTERM');
	pruned = true;
	const before = await world.sql('SELECT * FROM keeper.calls ORDER BY signature');
	await world.forgetLease();
	const late = start('--rebuild', pool.address);
	assert.equal((await late.exit()).code, 75, late.log);
	await late.wait('ingest.gap', { reason: 'no_creation', pool: pool.address });
	assert.equal(await world.sql('SELECT * FROM keeper.calls ORDER BY signature'), before);
});
