// Every transaction of users is verified and recorded once, whatever happened to the daemon, the nodes and the app meanwhile.
'use strict';

const assert = require('node:assert/strict');
const fs = require('node:fs');
const { test } = require('node:test');
const web3 = require('../chain/node_modules/@solana/web3.js');
const { ADDRESS, Keypair } = require('../chain/solana.js');
const { Backend, Conflict } = require('./backend.js');
const { startRelay } = require('./relay.js');
const { World, sleep } = require('./world.js');
const { Players } = require('./players.js');

// Until keeper.calls holds what the chain says, for every one of these pools.
async function recordedAll(players, pools, within = 60000) {
	await players.settled();
	for (const deadline = Date.now() + within; ; await sleep(200)) {
		const differences = [];
		for (const pool of pools) {
			const [expected, recorded] = [await players.calls(pool), await players.recorded(pool)];
			if (expected.join() !== recorded.join()) differences.push([expected, recorded]);
		}
		if (differences.length === 0) return;
		if (Date.now() > deadline) assert.deepEqual(differences[0][1], differences[0][0]);
	}
}

async function stage(t, options) {
	const world = await World.start(options);
	t.after(() => world.stop());
	return { world, players: new Players(world, await world.mint()) };
}

// The daemon sees a join that a fork takes away before it is final: it knows the view, and never records the call.
async function seenAndRolledBack(world, players, daemon, pool, player) {
	await world.scenario.chain('tick', 1); // the join gets a block of its own
	const signature = await players.join(pool, player);
	await world.scenario.chain('slotMs', 0);
	await world.scenario.chain('tick', 3);
	const { slot } = await players.connection.getTransaction(signature, { maxSupportedTransactionVersion: 0, commitment: 'confirmed' });
	const total = () => world.sql('SELECT total_amount FROM keeper.draws');
	while (await total() !== String(2n * pool.amount)) await sleep(50);
	for (let i = 0; i < 3; i++) await daemon.wait('tick', {}, { from: daemon.events.length });
	await world.scenario.chain('rollbackFrom', slot);
	await world.scenario.chain('tick', 40);
	await world.scenario.chain('slotMs', 100);
	while (await total() !== String(pool.amount)) await sleep(50);
	assert.equal(await world.sql('SELECT string_agg(instruction, $$,$$) FROM keeper.calls'), 'create_pool');
}

test('a cancelled pool: everything up to the last refund and the rent is recorded, and then it is looked at no more', async (t) => {
	const { world, players } = await stage(t, { settings: { LOG_LEVEL: 'debug' } });
	const [creator, second, third] = [await players.wallet(), await players.wallet(), await players.wallet()];
	const pool = await players.create(creator);
	const daemon = world.startDaemon();
	await daemon.wait('call.verified', { instruction: 'create_pool' });
	await seenAndRolledBack(world, players, daemon, pool, third);
	await players.join(pool, second);
	await players.donate(pool, third, 25n * players.mint.unit, 30n * players.mint.unit);
	await players.join(pool, third);
	await recordedAll(players, [pool]);
	await players.cancel(pool);
	for (const player of [third, creator, second]) await players.refund(pool, player);
	await recordedAll(players, [pool]);
	await players.rent(pool);
	await recordedAll(players, [pool]);
	const calls = await players.recorded(pool);
	assert.equal(calls.length, 10);
	for (const deadline = Date.now() + 20000; await world.sql('SELECT gone FROM keeper.watermarks') !== 't';) {
		assert.ok(Date.now() < deadline, 'the address is watched for ever');
		await sleep(100);
	}
	assert.equal(await world.sql('SELECT count(*) FROM keeper.call_gaps'), '0');
	assert.equal(await world.sql(`SELECT status FROM public.pools WHERE id = ${pool.id}`), 'cancelled');
});

const CALLS = `SELECT to_jsonb(c) - 'recorded_at' - 'projected_at' FROM keeper.calls c ORDER BY signature, ix, inner_ix`;

// Runs --rebuild of this pool to its end; nobody else may hold the lease.
async function rebuild(world, pool) {
	await world.forgetLease();
	const daemon = world.startDaemon('--rebuild', pool.address);
	await daemon.exit();
	return daemon;
}

// A cancelled pool with two refunds, recorded, and the daemon stopped.
async function refunded(t, options) {
	const { world, players } = await stage(t, options);
	const [creator, second] = [await players.wallet(), await players.wallet()];
	const pool = await players.create(creator);
	await players.join(pool, second);
	await players.donate(pool, second, 21n * players.mint.unit, 22n * players.mint.unit);
	await players.cancel(pool);
	await players.refund(pool, second);
	await players.refund(pool, creator);
	return { world, players, pool, creator, second };
}

test('--rebuild: rows that were lost or changed are what they were, nothing else is touched', async (t) => {
	const { world, players, pool } = await refunded(t);
	const daemon = world.startDaemon();
	await recordedAll(players, [pool]);
	await daemon.kill('SIGTERM');
	const before = await world.sql(CALLS);
	const position = await world.sql('SELECT signature, slot, pool_id FROM keeper.watermarks');
	await world.sql("DELETE FROM keeper.calls WHERE instruction IN ('donate', 'claim_refund'); UPDATE keeper.calls SET amount = amount + 1, user_wallet = 'So11111111111111111111111111111111111111111P' WHERE instruction = 'join_pool'");
	const first = await rebuild(world, pool);
	assert.equal(first.code, 0, first.log);
	const [done] = first.all('rebuild.done');
	assert.deepEqual([done.transactions, done.calls, done.changed, done.gaps], ['6', '7', '5', '0']);
	assert.equal(await world.sql(CALLS), before);
	assert.equal(await world.sql('SELECT signature, slot, pool_id FROM keeper.watermarks'), position);
	const second = await rebuild(world, pool);
	assert.equal(second.all('rebuild.done')[0].changed, '0');
	const nothing = await rebuild(world, { address: world.treasury.address });
	assert.equal(nothing.code, 75, 'an address without a history is no success');
	assert.equal(await world.sql(CALLS), before);
});

// How often the process went to sleep, by the kernel's count: a loop that turns without a reason does so a thousand times a second.
const sleeps = (daemon) => Number(/^voluntary_ctxt_switches:\s+(\d+)$/m.exec(fs.readFileSync(`/proc/${daemon.child.pid}/status`, 'utf8'))[1]);

test('a node that lists transactions and does not have them: gaps with a reason, later filled by --rebuild', async (t) => {
	const { world, players, pool } = await refunded(t);
	await players.settled();
	const gone = { kind: 'rpc_error', method: 'getTransaction', code: -32011, message: 'Transaction history is not available from this node', count: 'always' };
	await world.scenario.chain('faults', { http: [gone] });
	const daemon = world.startDaemon();
	await daemon.wait('ingest.retry', { doing: 'fetch' });
	assert.equal(await world.sql('SELECT count(*) FROM keeper.calls'), '0');
	assert.equal(await world.sql('SELECT count(*) FROM keeper.watermarks WHERE signature IS NOT NULL'), '0', 'a young one may still come: nothing is passed');
	const before = sleeps(daemon);
	await sleep(3000);
	assert.ok(sleeps(daemon) - before < 600, `it rests between two tries: ${sleeps(daemon) - before} turns in 3 s`);
	await world.scenario.chain('tick', 1600);
	const gap = await daemon.wait('ingest.gap', { reason: 'not_available' });
	assert.match(gap.line, new RegExp(`pool=${pool.address} sig=\\w{80,90} slot=\\d+`));
	while (await world.sql('SELECT count(*) FROM keeper.call_gaps WHERE filled_at IS NULL') === '0') await sleep(50);
	await daemon.kill('SIGTERM');
	await world.scenario.chain('faults', { clear: true });
	const repaired = await rebuild(world, pool);
	assert.equal(repaired.code, 0, repaired.log);
	assert.deepEqual(await players.recorded(pool), await players.calls(pool));
	assert.equal(await world.sql('SELECT count(*) FROM keeper.call_gaps WHERE filled_at IS NULL'), '0');
});

test('listed and not yet fetchable, limits, cut and mixed-up answers: nothing is lost and nothing is a gap', async (t) => {
	const { world, players, pool } = await refunded(t);
	const fault = (method, kind, skip, more = {}) => ({ kind, method, count: 1, skip, ...more });
	await world.scenario.chain('faults', { http: [
		fault('getTransaction', 'rpc_error', 0, { code: -32004, message: 'Block not available' }), fault('getTransaction', 'html', 1), fault('getTransaction', 'truncated', 2),
		fault('getTransaction', 'rpc_error', 3, { code: -32011, message: 'gone' }), fault('getSignaturesForAddress', 'truncated', 0), fault('getSignaturesForAddress', 'wrong_id', 1),
		fault('getSignaturesForAddress', 'wrong_types', 1),
	] });
	const daemon = world.startDaemon();
	await recordedAll(players, [pool]);
	assert.ok(daemon.all('ingest.retry').length >= 3, 'the faults were met');
	assert.equal(await world.sql('SELECT count(*) FROM keeper.call_gaps'), '0');
});

test('more transactions than a page and than the first page: pages overlap by one, the position is reached again', async (t) => {
	const { world, players } = await stage(t);
	const creator = await players.wallet();
	const pool = await players.create(creator);
	const mention = async () => players.send([creator], [{ program: ADDRESS.system, accounts: [{ key: creator, signer: true, writable: true }, { key: pool.address, signer: false, writable: true }],
		data: Buffer.concat([Buffer.from([2, 0, 0, 0]), Buffer.from(BigInt.asUintN(64, BigInt(mentions += 1)).toString(16).padStart(16, '0'), 'hex').reverse()]) }]);
	let mentions = 0;
	// With --full more than are held at once: the list is read from the oldest in several goes.
	for (let i = 0; i < (process.env.POOLKEEPER_TEST_FULL ? 210 : 6); i++) await Promise.all(Array.from({ length: 20 }, mention));
	const donor = await players.wallet();
	await players.donate(pool, donor, 20n * players.mint.unit);
	const daemon = world.startDaemon();
	await recordedAll(players, [pool]);
	const { nodes: [{ methods: { getSignaturesForAddress: listed } }] } = await world.scenario.chain('stats', {});
	assert.ok(listed >= 2, `${listed} pages`);
	for (let i = 0; i < 6; i++) await Promise.all(Array.from({ length: 20 }, mention));
	await players.donate(pool, donor, 23n * players.mint.unit);
	await recordedAll(players, [pool]);
	assert.equal((await players.recorded(pool)).length, 3);
	assert.deepEqual(daemon.all('ingest.gap'), []);
});

test('a lookup table, somebody else who pays, and a pool whose address is used again', async (t) => {
	const { world, players } = await stage(t);
	const [creator, sponsor] = [await players.wallet(), await players.wallet()];
	const salt = Buffer.alloc(32, 7);
	const first = await players.create(creator, { salt });
	const daemon = world.startDaemon();
	const payer = web3.Keypair.fromSeed(sponsor.seed);
	const [create, table] = web3.AddressLookupTableProgram.createLookupTable({ authority: payer.publicKey, payer: payer.publicKey, recentSlot: await players.connection.getSlot('finalized') });
	const extend = web3.AddressLookupTableProgram.extendLookupTable({
		payer: payer.publicKey, authority: payer.publicKey, lookupTable: table, addresses: [first.address, first.vault, first.participants, first.mint.address].map((key) => new web3.PublicKey(key)),
	});
	await players.send([sponsor], [create, extend]);
	await players.settled();
	const { value } = await players.connection.getAddressLookupTable(table);
	await players.send([sponsor, creator], [players.instruction('donate', first, creator, 20n * players.mint.unit)], [value]);
	await players.cancel(first);
	await players.refund(first, creator);
	await players.rent(first);
	await players.settled();
	const second = await players.create(creator, { salt, registered: false });
	assert.equal(second.address, first.address);
	await players.join(second, sponsor);
	second.id = await world.register({ ...second, players: Array(20) }, { status: 'open' });
	await recordedAll(players, [first]);
	await daemon.wait('call.verified', { instruction: 'join_pool' });
	assert.equal(await world.sql('SELECT count(DISTINCT draw) FROM keeper.calls'), '2', 'each of the two pools has its own calls');
	assert.equal((await world.sql('SELECT count(*) FROM keeper.call_gaps')), '0');
});

// From the first join to the rent.
async function wholeLife(players, pool, joiners) {
	await Promise.all(joiners.map((player) => players.join(pool, player)));
	await players.donate(pool, joiners[0], 21n * players.mint.unit);
	await players.cancel(pool);
	await Promise.all([...joiners, pool.creator].map((player) => players.refund(pool, player)));
	return players.rent(pool);
}

async function until(what, check, within = 60000) {
	for (const deadline = Date.now() + within; !await check(); await sleep(50)) assert.ok(Date.now() < deadline, what);
}

// The first look of this database at the program's transactions is over, and no daemon runs any more.
async function censusBegun(world) {
	const daemon = world.startDaemon();
	await until('the census stands', async () => await world.sql('SELECT count(*) FROM keeper.census') === '1');
	await daemon.kill('SIGTERM');
}

test('whole lives while no daemon looked: what the app registered comes to its true end, what nobody ever named is found and keeps its calls', async (t) => {
	// By the clock of Postgres everything is older than the backend's age limit.
	const { world, players } = await stage(t, { chainTime: Math.floor(Date.now() / 1000) - 3600, settings: { DISCOVERY_SECONDS: '1' } });
	await censusBegun(world);
	const [creator, second, third] = [await players.wallet(), await players.wallet(), await players.wallet()];
	const named = async (options) => {
		const pool = await players.create(creator, options);
		await world.sql(`UPDATE public.pools SET tx_hash = '${pool.created}' WHERE id = ${pool.id}`);
		return pool;
	};
	const salt = Buffer.alloc(32, 9);
	const [registered, first, silent] = [await players.create(creator), await named({ salt }), await players.create(creator, { registered: false })];
	await Promise.all([
		wholeLife(players, silent, [second]), wholeLife(players, registered, [second, third]), wholeLife(players, first, [third]),
	]);
	const again = await named({ salt });
	await wholeLife(players, again, [second, third]);
	await world.scenario.chain('slotMs', 25); // nothing is sent any more: only finality is waited for
	await players.settled(); // no view shows the last pool alive
	const daemon = world.startDaemon();
	await recordedAll(players, [registered, first]);
	const rows = () => world.sql(`SELECT p.id, p.status, p.participants_count, p.total_pot, p.rent_claimed, d.status, d.participants FROM public.pools p
		LEFT JOIN keeper.draws d ON d.app_id = p.id ORDER BY p.id`);
	const expected = [`${registered.id}|cancelled|3|321|1|7|3`, `${first.id}|cancelled|2|221|1|7|2`, `${again.id}|cancelled|3|321|1|7|3`].join('\n');
	for (const deadline = Date.now() + 60000; await rows() !== expected && Date.now() < deadline;) await sleep(50);
	assert.equal(await rows(), expected);
	await until('every call is looked after', async () => await world.sql('SELECT count(*) FROM keeper.calls WHERE projected_at IS NULL') === '0');
	await appEquals(world, players, [{ ...registered, state: 'gone' }]);
	assert.equal(await world.sql(`SELECT mint = '${players.mint.address}' AND creator = '${creator.address}' FROM keeper.draws WHERE app_id = ${registered.id}`), 't');
	await daemon.wait('census.found', { pool: silent.address, sig: silent.created });
	await recordedAll(players, [silent]);
	assert.equal(await world.sql(`SELECT (SELECT count(*) FROM public.pools), (SELECT count(*) FROM keeper.draws WHERE address = '${silent.address}')`), '3|0', 'what is over needs no row');
	// The app hears of it at last.
	silent.id = await world.register({ ...silent, players: Array(20) }, { status: 'open' });
	await until('a row that comes late ends as well', async () => await world.sql(`SELECT status, rent_claimed FROM public.pools WHERE id = ${silent.id}`) === 'cancelled|1');
	assert.equal(await world.sql('SELECT count(*) FROM keeper.call_gaps'), '0');
	assert.deepEqual(daemon.all('journal.unreadable'), []);
	await daemon.kill('SIGTERM');
	assert.equal(daemon.code, 0);
});

test('lives that one node hides and another lists, at an address that was used before, begun beside a donation to another pool, and of somebody else: ours are found, once', async (t) => {
	const { world, players } = await stage(t, { nodes: 2, settings: { DISCOVERY_SECONDS: '1' } });
	const salt = Buffer.alloc(32, 9);
	const [creator, second] = [await players.wallet(), await players.wallet()];
	const [earlier, alive] = [await players.create(creator, { salt }), await players.create(creator)];
	const before = world.startDaemon();
	await wholeLife(players, earlier, [second]);
	await world.scenario.chain('tick', 40);
	await until('the earlier pool is read to its end', async () => await world.sql(`SELECT gone FROM keeper.watermarks WHERE address = '${earlier.address}'`) === 't');
	await until('the census stands', async () => await world.sql('SELECT count(*) FROM keeper.census') === '1');
	await before.kill('SIGTERM');

	const [hidden, again] = [await players.create(creator, { registered: false }), await players.create(creator, { registered: false, salt })];
	const foreign = await players.create(creator, { registered: false, devWallet: new Keypair() });
	const beside = await players.create(creator, { registered: false, beside: [players.instruction('donate', alive, creator, 20n * players.mint.unit)] });
	assert.equal(again.address, earlier.address);
	await Promise.all([hidden, again, foreign, beside].map((pool) => wholeLife(players, pool, [second])));
	await world.scenario.chain('tick', 240); // old enough to be judged by the very first round, which asks the node that hides one
	let hides = 0;
	const hide = (body) => {
		const answer = JSON.parse(body);
		const left = answer.result.filter(({ signature }) => signature !== hidden.created);
		hides += answer.result.length - left.length;
		return JSON.stringify({ ...answer, result: left });
	};
	// And at first no node hands it out.
	let refusals = 0;
	const late = (method, body, params) => (method === 'getTransaction' && params[0] === hidden.created && refusals++ < 6 ? JSON.stringify({ ...JSON.parse(body), result: null }) : body);
	const liar = await startRelay(world.nodeUrl(0), (method, body, params) => (method === 'getSignaturesForAddress' && params[0] !== hidden.address ? hide(body) : late(method, body, params)));
	const honest = await startRelay(world.nodeUrl(1), late);
	for (const one of [liar, honest]) t.after(() => one.close());
	const daemon = world.startDaemonWith({ SOLANA_RPC_URL: liar.url, SOLANA_RPC_URL_2: honest.url });
	await recordedAll(players, [hidden, again, beside, alive]);
	assert.ok(hides > 0 && refusals > 6);
	assert.deepEqual(await players.recorded(foreign), []);
	await until('it is read no more', async () => await world.sql('SELECT count(*) FROM keeper.watermarks WHERE NOT gone') === '1');
	assert.deepEqual(daemon.all('census.found').map(({ pool }) => pool).sort(), [hidden.address, again.address, beside.address].sort());
	assert.deepEqual([daemon.all('census.unread'), new Set(daemon.all('census.failed').map(({ doing }) => doing))], [[], new Set(['fetch'])]);
});

// What the program permits now, by kind: each entry is [the pool, who].
function permitted(pools, people) {
	const of = (state) => pools.filter((pool) => pool.state === state);
	const each = (list, who) => list.flatMap((pool) => who(pool).map((person) => [pool, person]));
	return {
		create: of('open').length < 3 ? people.map((person) => [null, person]) : [],
		join: each(of('open'), (pool) => people.filter((person) => !pool.members.has(person))),
		donate: each(of('open'), () => people),
		cancel: each(of('open').filter((pool) => pool.members.size > 1), (pool) => [pool.creator]),
		refund: each(of('cancelled'), (pool) => [...pool.members]),
		rent: each(of('cancelled').filter((pool) => pool.members.size === 0), (pool) => [pool.creator]),
	};
}

async function act(players, pools, kind, [pool, who], amount) {
	if (kind === 'create') {
		const made = await players.create(who);
		pools.push(Object.assign(made, { state: 'open', members: new Set([who]) }));
		return made.created;
	}
	const signature = kind === 'donate' ? await players.donate(pool, who, amount) : await players[kind](pool, who);
	if (kind === 'join') pool.members.add(who);
	if (kind === 'refund') pool.members.delete(who);
	if (kind === 'cancel') pool.state = 'cancelled';
	if (kind === 'rent') pool.state = 'gone';
	return signature;
}

const WEIGHTS = { create: 1, join: 5, donate: 3, cancel: 2, refund: 5, rent: 4 };
const OPERATION = { create: 'create_pool', join: 'join', donate: 'donate', cancel: 'cancel', refund: 'claim_refund', rent: 'claim_rent' };

// Random actions of many wallets on many pools while the daemon is killed and started again; many are handed in, each twice.
async function storm(t, withBackend) {
	const full = Boolean(process.env.POOLKEEPER_TEST_FULL);
	const [wallets, rounds] = full ? [20, 400] : [6, 60];
	const { world, players } = await stage(t);
	const backend = withBackend ? new Backend(world) : null;
	const people = [];
	for (let i = 0; i < wallets; i++) people.push(await players.wallet());
	const pools = [];
	const done = {};
	let handedIn = 0;
	let seed = 20261121;
	const random = (n) => { seed = (seed * 1103515245 + 12345) % 2147483648; return Math.floor(seed / 65536) % n; };
	let daemon = world.startDaemon();
	for (let round = 0; round < rounds; round++) {
		const can = permitted(pools, people);
		const kinds = Object.keys(WEIGHTS).filter((kind) => can[kind].length > 0).flatMap((kind) => Array(WEIGHTS[kind]).fill(kind));
		const kind = kinds[random(kinds.length)];
		const [pool, who] = can[kind][random(can[kind].length)];
		const amount = kind === 'donate' ? BigInt(20 + random(50)) * players.mint.unit : undefined;
		const signature = await act(players, pools, kind, [pool, who], amount);
		done[kind] = (done[kind] ?? 0) + 1;
		if (kind !== 'create' && random(2) === 0) {
			handedIn += 1;
			if (backend) {
				await backend.take(kind, pool, who, signature, amount);
				await assert.rejects(backend.take(kind, pool, who, signature, amount), Conflict);
			} else {
				await world.sql(`INSERT INTO keeper.submissions (tx_hash, pool, wallet, operation)
					SELECT '${signature}', '${pool.address}', '${who.address}', '${OPERATION[kind]}' FROM generate_series(1, 2)`);
			}
		}
		if (random(12) === 0) {
			await daemon.kill(random(2) === 0 ? 'SIGKILL' : 'SIGTERM');
			await world.forgetLease();
			daemon = world.startDaemon();
		}
	}
	for (const [kind, least] of Object.entries({ create: 3, join: 8, donate: 5, cancel: 3, refund: 8, rent: 2 })) {
		assert.ok(done[kind] >= least, `${kind}: ${done[kind]} of ${rounds}`);
	}
	await recordedAll(players, pools);
	assert.equal(await world.sql('SELECT count(*) FROM keeper.call_gaps WHERE filled_at IS NULL'), '0');
	if (!backend) await answeredOnce(world, handedIn);
	// The age limit passes for all of them at once; then the app's tables hold each action once.
	await daemon.kill();
	await world.sql('UPDATE keeper.calls SET block_time = block_time - 1000');
	await world.forgetLease();
	daemon = world.startDaemon();
	for (const deadline = Date.now() + 30000; await world.sql('SELECT count(*) FROM keeper.calls WHERE projected_at IS NULL') !== '0'; await sleep(100)) {
		assert.ok(Date.now() < deadline, 'calls that are old enough reach the app, also after a restart');
	}
	await appEquals(world, players, pools);
}

// Of two claims with one hash one is accepted, whatever the daemon went through.
async function answeredOnce(world, hashes) {
	for (const deadline = Date.now() + 30000; await world.sql("SELECT count(*) FROM keeper.submissions WHERE state = 'pending'") !== '0'; await sleep(100)) {
		assert.ok(Date.now() < deadline, 'every claim is answered');
	}
	assert.equal(await world.sql(`SELECT count(*) FROM (SELECT FROM keeper.submissions GROUP BY tx_hash
		HAVING array_agg(coalesce(reason, state) ORDER BY state) = '{accepted,already_used}') x`), String(hashes));
}

// The app's count and pot of an open pool are set again from the chain: until a refund the chain counts on, and the app's row
// stays as it was when the pool was cancelled.
async function countEquals(world, players, pool) {
	const account = pool.state === 'gone' ? null : await world.scenario.readPool(pool);
	if (account?.statusName !== 'Open') return;
	const { count } = await world.scenario.readParticipants(pool);
	const expected = `${count}|${Number(account.totalAmount) / Number(pool.mint.unit)}`;
	for (const deadline = Date.now() + 30000; ; await sleep(100)) {
		const found = await world.sql(`SELECT participants_count, total_pot FROM public.pools WHERE id = ${pool.id}`);
		if (found === expected) return;
		if (Date.now() > deadline) assert.equal(found, expected);
	}
}

// public.* against the chain alone.
async function appEquals(world, players, pools) {
	for (const pool of pools) {
		const calls = (await players.calls(pool)).map((line) => line.split('|'));
		const of = (name) => calls.filter((call) => call[7] === name);
		const low = (list) => list.map((call) => call[6].toLowerCase()).sort().join();
		const whole = (call) => String(Number(call[8]) / Number(pool.mint.unit));
		const rows = async (sql) => (await world.sql(sql)).split('\n').filter(Boolean).sort();
		assert.equal((await rows(`SELECT DISTINCT wallet_address FROM public.participants WHERE pool_id = ${pool.id}`)).join(), low(of('join_pool')));
		for (const [type, name] of [['JOIN', 'join_pool'], ['DONATE', 'donate'], ['REFUND', 'claim_refund']]) {
			assert.deepEqual(await rows(`SELECT tx_hash || '|' || wallet_address || '|' || amount FROM public.transactions WHERE pool_id = ${pool.id} AND type = '${type}'`),
				of(name).map((call) => `${call[0]}|${call[6].toLowerCase()}|${whole(call)}`).sort(), `${type} of ${pool.address}`);
		}
		const joined = new Set(of('join_pool').map((call) => call[6]));
		const refunded = [...new Set(of('claim_refund').map((call) => call[6]))].filter((wallet) => joined.has(wallet)).map((wallet) => wallet.toLowerCase()).sort();
		assert.deepEqual(await rows(`SELECT wallet_address FROM public.participants WHERE pool_id = ${pool.id} AND refund_claimed = 1`), refunded);
		const donated = of('donate').reduce((sum, call) => sum + BigInt(call[8]), 0n);
		assert.equal(await world.sql(`SELECT donated_amount, rent_claimed FROM public.pools WHERE id = ${pool.id}`), `${Number(donated) / Number(pool.mint.unit)}|${of('claim_rent').length}`);
		await countEquals(world, players, pool);
		const operations = ['create_pool', 'join_pool', 'donate', 'cancel_pool', 'claim_refund', 'claim_rent'].flatMap(of).map((call) => call[0]);
		assert.deepEqual(await rows(`SELECT tx_hash FROM public.used_transactions WHERE pool_id = ${pool.id}`), operations.sort());
	}
}

for (const withBackend of [false, true]) {
	test(`many wallets, a daemon that is killed again and again, ${withBackend ? 'and a backend that writes too' : 'no backend'}: every table is what the chain says`, (t) => storm(t, withBackend));
}
