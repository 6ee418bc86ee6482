// explain DRAW and status: what they say about draws of the database in each of their states, with a node that tells slots and nothing else.
'use strict';

const { describe, test, before, after } = require('node:test');
const assert = require('node:assert/strict');
const http = require('node:http');
const path = require('node:path');
const { spawn } = require('node:child_process');
const { newKeeper, signature } = require('../db/keeper.js');
const { newOffchain, Offchain, STATEMENTS, VRF_KEY, WALLET } = require('../db/offchain.js');
const { startPostgres, psql } = require('../lib/postgres.js');

const BINARY = process.env.POOLKEEPER ?? path.join(__dirname, '..', '..', 'build', 'poolkeeper');
const NEXT_WRITE = 'SELECT pg_snapshot_xmax(pg_current_snapshot())';
const THREE = [['anna', 1, 'a'], ['bert', 2, 'b'], ['cleo', 3, 'c']];
const SLOT = 1000; // S of every lock here

// A node of some network: the newest slot is what a test says.
async function startNode() {
	const node = { slot: SLOT - 100, ahead: 0 };
	const clock = () => {
		const data = Buffer.alloc(40);
		data.writeBigInt64LE(BigInt(Math.floor(Date.now() / 1000) + node.ahead), 32);
		return { context: { slot: node.slot }, value: [{ data: [data.toString('base64'), 'base64'], executable: false, lamports: 1, owner: 'Sysvar1111111111111111111111111111111111111', rentEpoch: 0, space: 40 }] };
	};
	const results = { getMultipleAccounts: clock, getGenesisHash: () => '11111111111111111111111111111111', getEpochInfo: () => ({ absoluteSlot: node.slot, blockHeight: node.slot, epoch: 0, slotIndex: 0, slotsInEpoch: 432000 }) };
	const server = http.createServer((request, response) => {
		let body = '';
		request.on('data', (chunk) => { body += chunk; });
		request.on('end', () => {
			const { id, method } = JSON.parse(body);
			response.end(JSON.stringify({ jsonrpc: '2.0', id, result: results[method]() }));
		});
	});
	await new Promise((resolve) => { server.listen(0, '127.0.0.1', resolve); });
	node.url = `http://127.0.0.1:${server.address().port}/`;
	node.close = () => { server.closeAllConnections(); server.close(); };
	return node;
}

describe('draws of the database', () => {
	let server, off, node;
	before(async () => {
		server = await startPostgres();
		[off, node] = await Promise.all([newOffchain(newKeeper, server), startNode()]);
		const [, schema] = /schema (\d+)/.exec((await run(['--version'])).stdout);
		await off.keeper.sql(`CREATE TABLE keeper.schema_migrations AS SELECT '${schema}'::text AS version; GRANT SELECT ON keeper.schema_migrations TO poolkeeper_ro`);
	});
	after(async () => {
		node?.close();
		await server?.stop();
	});

	// As who only looks, and without a key.
	const run = (args, settings = {}) => new Promise((resolve) => {
		const env = { PATH: process.env.PATH, SOLANA_NETWORK: 'localnet', ...(node && { SOLANA_RPC_URL: node.url }), ...(off && { DATABASE_URL: off.keeper.url.replace('//postgres@', '//poolkeeper_ro@') }), ...settings };
		const child = spawn(BINARY, args, { env });
		let [stdout, stderr] = ['', ''];
		child.stdout.on('data', (chunk) => { stdout += chunk; });
		child.stderr.on('data', (chunk) => { stderr += chunk; });
		child.on('close', (code) => resolve({ code, stdout, stderr, json: args.includes('--json') && stdout ? JSON.parse(stdout) : undefined }));
	});
	const explain = async (draw, settings) => {
		const { code, json, stdout, stderr } = await run(['explain', draw.draw ?? draw, '--json'], settings);
		assert.equal(code, 0, stdout + stderr);
		return json;
	};
	const next = ({ next: { waits_for: reason, next_step: step, when } }) => [reason.value.split(':')[0], step.value.split(':')[0], when.value];
	const events = (json) => json.timeline.events.map(({ what }) => what);
	const locked = async (key, entries = THREE, terms = {}) => {
		await off.open(key, entries, terms);
		return off.lock(key);
	};
	const halt = (draw, why) => off.verb('halt', draw, { why });

	test('locked: the memo, then the slot, then the round, each with when; by id, as in the log and by the source\'s key', async () => {
		const draw = await locked('steps');
		const json = await explain(draw);
		assert.equal(json.draw.draw.value, draw.draw);
		assert.equal(json.draw.vrf_key.value, VRF_KEY.slice(2));
		assert.equal(json.draw.entries.value, '3, total weight 6');
		assert.equal(json.state.state.value, 'locked');
		assert.match(json.state.since.value, /^\d{4}-\d\d-\d\d [\d:]{8}Z, (in 0 s|\d+ s ago)$/);
		assert.match(json.state.deadline.value, /Z, in 1[0-4] min \d+ s$/);
		assert.match(json.state.daemon.value, /^one holds the lease$/);
		assert.deepEqual(next(json), ['OFFCHAIN_ANCHOR', 'anchor', `before slot ${SLOT}, 100 slots from now`]);
		assert.equal(json.last_error.what.value, 'nothing failed, as far as the database tells');
		assert.deepEqual(events(json), ['opened', 'locked']);
		for (const name of [`offchain:${draw.draw}`, 'plain:steps']) assert.equal((await explain(name)).draw.draw.value, draw.draw);
		assert.match((await run(['explain', draw.draw])).stdout, /^ {2}waits_for +OFFCHAIN_ANCHOR: .* {3}\[decided now, as the daemon does\]$/m);

		node.slot = SLOT + 64;
		const late = await explain(draw);
		assert.deepEqual(next(late).slice(0, 2), ['OFFCHAIN_ANCHOR_LATE', 'default']);
		assert.ok(late.state.deadline.value.startsWith(late.next.when.value.slice(0, 20)), late.next.when.value);
		node.slot = SLOT - 3;
		await off.verb('anchor', draw, { sig: signature('A'), slot: SLOT - 10, wallet: WALLET });
		const anchored = await explain(draw);
		assert.deepEqual(next(anchored), ['OFFCHAIN_SLOT', 'block', `when it is finalized: slot ${SLOT}, 3 slots from now`]);
		assert.deepEqual(anchored.timeline.events.at(-1), { time: '-', slot: String(SLOT - 10), what: 'anchor', detail: 'final', signature: signature('A') });
		node.slot = SLOT - 100;
		await off.verb('block', draw, Offchain.block(draw));
		assert.deepEqual(next(await explain(draw)).slice(0, 2), ['OFFCHAIN_ROUND', 'beacon']);
	});

	test('what a node would tell is missing without one, where slots decide; elsewhere none is asked', async () => {
		const early = await locked('silent');
		const nowhere = { SOLANA_RPC_URL: 'http://127.0.0.1:1/?key=topsecretkey0001' };
		const { code, json, stdout, stderr } = await run(['explain', early.draw, '--json'], nowhere);
		assert.equal(code, 69);
		assert.equal(json.next.waits_for.value, 'cannot be told without the chain');
		assert.match(json.missing.chain.value, /^no endpoint answers: /);
		assert.ok(!(stdout + stderr).includes('topsecret'));
		const revealed = await off.reveal(await locked('told'));
		const proving = await explain(revealed, nowhere);
		assert.deepEqual(next(proving).slice(0, 2), ['NONE', 'prove']);
		assert.equal(proving.missing, undefined);
		assert.match(JSON.stringify(proving.next.taken_for_granted), /private half of its VRF key/);
	});

	test('drawn, halted and settled: winners, the error, the payment and the whole timeline', async () => {
		const draw = await off.draw(await locked('won', THREE, { alternates: 1 }));
		const due = await explain(draw);
		assert.deepEqual(next(due), ['NONE', 'settle', 'now; a running daemon does it within a tick']);
		assert.equal(due.money.winners.length, 1);
		await halt(draw, 'source plain, key won: settle paid nobody');
		const halted = await explain(draw);
		assert.deepEqual(next(halted), ['OFFCHAIN_HALTED', 'settle', 'a minute after it was halted, then twice as late each time']);
		assert.equal(halted.last_error.what.value, 'halted: source plain, key won: settle paid nobody');
		await off.verb('settle', draw, { settle: STATEMENTS.settle });
		const paid = await explain(draw);
		assert.deepEqual([paid.state.state.value, ...next(paid)], ['settled', 'OVER', 'none', 'never: the draw is over']);
		assert.equal(paid.last_error.what.value, 'nothing failed, as far as the database tells');
		assert.deepEqual(events(paid), ['opened', 'locked', 'anchor', 'block', 'beacon', 'proof', 'winners', 'settled']);
		const [winner] = paid.money.winners;
		assert.equal(await off.keeper.sql("SELECT account || ' ' || units FROM plain.paid WHERE key = 'won'"), `${winner.account} ${winner.units}`);
		assert.deepEqual([paid.money.paid.value, paid.money.staked.value, paid.money.currency.value], ['100', '30', 'points']);
	});

	test('past its deadline: the default is next, then the refund', async () => {
		const draw = await locked('lost');
		await off.age(draw);
		node.ahead = -70;
		assert.deepEqual(next(await explain(draw)), ['OFFCHAIN_CLOCKS', 'default', 'as soon as the two clocks agree within a minute']);
		node.ahead = 0;
		const late = await explain(draw);
		assert.deepEqual(next(late).slice(0, 2), ['NONE', 'default']);
		await off.verb('default', draw);
		const defaulted = await explain(draw);
		assert.deepEqual([defaulted.state.state.value, ...next(defaulted).slice(0, 2)], ['defaulted', 'NONE', 'refund']);
		assert.equal(defaulted.last_error.what.value, 'defaulted: no_anchor');
		await off.verb('refund', draw, { refund: STATEMENTS.refund });
		const refunded = await explain(draw);
		assert.deepEqual(events(refunded), ['opened', 'locked', 'defaulted', 'refunded']);
		assert.equal(refunded.money.refunded.value, '30');
	});

	test('a memo that failed is the last error, and part of the timeline', async () => {
		const draw = await locked('memo');
		await off.keeper.sql(`INSERT INTO keeper.steps (subject, seq, step, state, sig, tx, last_valid, floor_slot, high_slot, closed_at, owner, fence)
			VALUES ('offchain:${draw.draw}', 1, 'ANCHOR', 'expired', '${signature('E')}', '\\x01', 1, 1, 1, clock_timestamp(), 'one', 1)`);
		const json = await explain(draw);
		assert.equal(json.last_error.what.value, `the memo ${signature('E')}: expired`);
		assert.deepEqual(json.timeline.events.at(-1).detail, 'expired');
	});

	test('status: the ones that are not over first, nearest deadline first, then the newest that are', async () => {
		const { code, json, stdout } = await run(['status', '--json']);
		assert.equal(code, 0, stdout);
		const { list } = json.draws_of_the_database;
		assert.deepEqual(Object.fromEntries(list.map(({ key, state, waits_for: reason, next: step }) => [key, [state, reason, step]])), {
			steps: ['locked', 'OFFCHAIN_ROUND', 'beacon'], silent: ['locked', 'OFFCHAIN_ANCHOR', 'anchor'], told: ['locked', '-', 'prove'], memo: ['locked', 'OFFCHAIN_ANCHOR', 'anchor'],
			lost: ['refunded', 'OVER', 'none'], won: ['settled', 'OVER', 'none'],
		});
		const order = await off.keeper.sql("SELECT string_agg(source_key, ' ' ORDER BY deadline, draw) FROM keeper.offchain_draws WHERE state = 'locked'");
		assert.deepEqual(list.map(({ key }) => key), [...order.split(' '), 'lost', 'won']);
		await halt((await off.keeper.rows("SELECT * FROM keeper.offchain_draws WHERE source_key = 'told'"))[0], 'no key');
		const line = (await run(['status', '--json'])).json.draws_of_the_database.list.find(({ key }) => key === 'told');
		assert.deepEqual([line.waits_for, line.next, line.why], ['OFFCHAIN_HALTED', 'prove', 'no key']);
		assert.match((await run(['status'])).stdout, /^draws_of_the_database\n {2}draw .* why\n/m);
	});

	test('only the newest 20 that are over, all with --all; no table where there are none', async () => {
		await off.keeper.sql(`BEGIN; ALTER TABLE keeper.offchain_draws DISABLE TRIGGER USER;
			INSERT INTO keeper.offchain_draws SELECT (jsonb_populate_record(d, jsonb_build_object('draw', gen_random_uuid(), 'seq', 100 + i, 'source_key', 'old' || i,
				'hash', '\\x' || encode(sha256(convert_to('h' || i, 'UTF8')), 'hex'), 'previous', '\\x' || encode(sha256(convert_to('p' || i, 'UTF8')), 'hex')))).*
			FROM keeper.offchain_draws d, generate_series(1, 1100) AS i WHERE d.source_key = 'lost'; COMMIT`);
		const few = (await run(['status', '--json'])).json.draws_of_the_database;
		assert.deepEqual(few.list.slice(4).map(({ key }) => key), Array.from({ length: 20 }, (_, i) => `old${1100 - i}`));
		assert.match(few.left_out.value, /the newest 20: status --all shows them/);
		const all = (await run(['status', '--all', '--json'])).json.draws_of_the_database;
		assert.deepEqual([all.list.length, all.left_out, new Set(all.list.map(({ draw }) => draw)).size], [1106, undefined, 1106]);
		const none = await newKeeper(server);
		await none.sql('CREATE TABLE keeper.schema_migrations AS SELECT version FROM (SELECT 1) AS x, (SELECT \'\' AS version) AS v; GRANT SELECT ON keeper.schema_migrations TO poolkeeper_ro');
		await none.sql(`UPDATE keeper.schema_migrations SET version = '${await off.keeper.sql('SELECT version FROM keeper.schema_migrations')}'`);
		const empty = await run(['status', '--json'], { DATABASE_URL: none.url.replace('//postgres@', '//poolkeeper_ro@') });
		assert.deepEqual([empty.code, empty.json.draws_of_the_database], [0, undefined]);
	});

	test('due and not locked: what it waits for and why, as the daemon told it; it goes when it is told no more', async () => {
		const tell = (list) => off.keeper.call('offchain_tell', { fence: 1, ...Object.fromEntries(['source', 'source_key', 'reason', 'why'].map((name, i) => [name, list.map((one) => `"${one[i]}"`)])) });
		await tell([['plain', 'due', 'OFFCHAIN_NODES', 'rpc2 shows none: away'], ['plain', 'sad', 'OFFCHAIN_NOT_LOCKED', 'there are no entries'], ['plain', 'next', 'NONE', '']]);
		const { draw, state, next: step } = await explain('plain:due');
		assert.deepEqual([draw.key.value, state.state.value, step.waits_for.value.split(':')[0], step.why.value, step.next_step.value.split(':')[0]],
			['due', 'due, and not locked', 'OFFCHAIN_NODES', 'rpc2 shows none: away', 'lock']);
		assert.equal((await explain('plain:next')).next.waits_for.value, 'NONE: nothing: it is locked next');
		const since = await off.keeper.sql("SELECT since FROM keeper.offchain_waits WHERE source_key = 'due'");
		await tell([['plain', 'due', 'OFFCHAIN_NODES', 'rpc1 shows none: away'], ['plain', 'sad', 'OFFCHAIN_ROOM', '']]);
		assert.equal(await off.keeper.sql("SELECT since FROM keeper.offchain_waits WHERE source_key = 'due'"), since, 'as long as the reason is the same');
		const { list } = (await run(['status', '--json'])).json.due_and_not_locked;
		assert.deepEqual(list.map(({ source, key, waits_for: reason, why }) => [source, key, reason, why]), [['plain', 'due', 'OFFCHAIN_NODES', 'rpc1 shows none: away'], ['plain', 'sad', 'OFFCHAIN_ROOM', '-']]);
		await tell([]);
		assert.equal((await run(['explain', 'plain:due'])).code, 64);
		assert.equal((await run(['status', '--json'])).json.due_and_not_locked, undefined);
	});

	test('a draw that nobody knows is 64, a database that is away 69, and nothing is ever written', async () => {
		const before = await psql(server.url(), NEXT_WRITE);
		for (const name of ['plain:nobody', '00000000-0000-4000-8000-000000000000']) {
			const { code, stdout, stderr } = await run(['explain', name]);
			assert.deepEqual([code, stdout, stderr], [64, '', `poolkeeper: no draw ${name} is locked or due: give its id, or SOURCE:KEY as the source writes them\n`]);
		}
		const away = await run(['explain', 'plain:won', '--json'], { DATABASE_URL: 'postgres://u:topsecretpw1@127.0.0.1:1/x', DB_TIMEOUT_MS: '300' });
		assert.deepEqual([away.code, Object.keys(away.json), Object.keys(away.json.missing)], [69, ['missing'], ['journal']]);
		assert.ok(!(away.stdout + away.stderr).includes('topsecret'));
		await explain('plain:won');
		await run(['status', '--all']);
		assert.equal(await psql(server.url(), NEXT_WRITE), before);
	});
});
