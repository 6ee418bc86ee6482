// fairness: what it counts and computes, held against another computation of the same rows; fair, unfair, few and no draws.
'use strict';

const { describe, test, before, after } = require('node:test');
const assert = require('node:assert/strict');
const { spawnSync } = require('node:child_process');
const crypto = require('node:crypto');
const path = require('node:path');
const { winnerIndex } = require('../chain/ml-accounts.js');
const { newKeeper, key } = require('../db/keeper.js');
const { startPostgres, psql } = require('../lib/postgres.js');

const BINARY = process.env.POOLKEEPER ?? path.join(__dirname, '..', '..', 'build', 'poolkeeper');
// More than one page of the command's reading.
const DRAWS = 6000;
const PICKS = 100;
const NEXT_WRITE = 'SELECT pg_snapshot_xmax(pg_current_snapshot())';

// The tables take rows with no more than what is read here: what a whole draw is, tests/db knows.
const BARE = `DO $do$
	DECLARE v text;
	BEGIN
		FOR v IN SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname) FROM pg_constraint WHERE conrelid = 'keeper.offchain_draws'::regclass AND contype = 'c'
			UNION ALL SELECT format('ALTER TABLE keeper.offchain_draws ALTER %I DROP NOT NULL', attname) FROM pg_attribute
				WHERE attrelid = 'keeper.offchain_draws'::regclass AND attnum > 0 AND attnotnull AND attname <> 'draw' LOOP
			EXECUTE v;
		END LOOP;
		ALTER TABLE keeper.offchain_draws DISABLE TRIGGER ALL;
		ALTER TABLE keeper.offchain_picks DISABLE TRIGGER ALL;
	END $do$;`;

const hash = (...parts) => crypto.createHash('sha256').update(parts.join('/')).digest();
const random = (...parts) => hash(...parts).readBigUInt64BE();
const sum = (list) => list.reduce((a, b) => a + b, 0);

// P(chi-square of df >= x) in closed form: for an even df a sum, for an odd one that and erfc.
function tail(x, df) {
	const half = x / 2;
	let total = 0;
	let term = Math.exp(-half);
	if (df % 2 === 0) {
		for (let j = 0; j < df / 2; j += 1) { total += term; term *= half / (j + 1); }
		return total;
	}
	// half^(j-1/2) e^-half / Gamma(j+1/2), from j = 1
	term *= 2 * Math.sqrt(half / Math.PI);
	for (let j = 1; j <= (df - 1) / 2; j += 1) { total += term; term *= half / (j + 0.5); }
	return total + erfc(Math.sqrt(half));
}
// Simpson's rule over the density, which is all that erfc is.
function erfc(z) {
	const [steps, end] = [20000, z + 12];
	const h = (end - z) / steps;
	let total = 0;
	for (let i = 0; i <= steps; i += 1) total += (i === 0 || i === steps ? 1 : i % 2 ? 4 : 2) * Math.exp(-((z + i * h) ** 2));
	return (total * h / 3) * 2 / Math.sqrt(Math.PI);
}

function chiSquare(groups) {
	const tested = groups.filter((cells) => cells.length > 1 && sum(cells) >= 5 * cells.length);
	const value = sum(tested.map((cells) => sum(cells.map((seen) => (seen - sum(cells) / cells.length) ** 2 / (sum(cells) / cells.length)))));
	const df = sum(tested.map((cells) => cells.length - 1));
	return { used: sum(tested.map(sum)), leftOut: sum(groups.map(sum)) - sum(tested.map(sum)), df, value, p: tail(value, df) };
}

function assertTest(section, name, due) {
	assert.equal(section[name].value, `${due.used} tested, ${due.leftOut} left out`);
	assert.equal(section.degrees_of_freedom.value, String(due.df));
	assert.ok(Math.abs(Number(section.chi_square.value) - due.value) < 0.0001 * Math.max(1, due.value), `${section.chi_square.value}, not ${due.value}`);
	const p = Number(section.p_value.value);
	assert.ok(Math.abs(p - due.p) <= Math.max(0.00005001, due.p < 1e-4 ? due.p * 0.01 : 0), `${p}, not ${due.p}`);
	return p;
}

// Paid pools: players and the oracle's number; unfair: every other draw is repeated until the first place wins, three times at most.
async function addPools(keeper, seed, unfair, n = DRAWS) {
	const rows = Array.from({ length: n }, (_, i) => {
		const players = 1 + Number(random(seed, 'players', i) % 20n);
		for (let attempt = 0; ; attempt += 1) {
			const value = hash(seed, 'value', i, attempt);
			const index = winnerIndex(BigInt(i), value, players);
			if (unfair && index !== 0 && attempt < 3 && random(seed, 'luck', i) % 2n === 0n) continue;
			return { i, players, randomness: value.readBigUInt64LE(8) * 2n ** 64n + value.readBigUInt64LE(0), index, took: Number(random(seed, 'took', i) % 90n) };
		}
	});
	// Three of them as a daemon that came too late has them.
	await keeper.sql(`INSERT INTO keeper.draws (draw, address, pool_id, mint, status, status_slot, participants, randomness, total_amount, winner, decimals,
			winner_amount, dev_amount, burn_amount, treasury_amount, lock_start_time, lock_duration, end_time, payout_slot, paid_at)
		SELECT 'draw:' || a || ':' || i, a, i, '${key('M')}', 6, 5, CASE WHEN i <> 7 THEN players END, CASE i WHEN 8 THEN NULL WHEN 9 THEN 0 ELSE randomness END, 4, a, 6,
			1, 1, 1, 1, 1790000000, 60, 1790000060 + took, 5, clock_timestamp()
		  FROM unnest('{${rows.map((row) => row.i)}}'::bigint[], '{${rows.map((row) => row.players)}}'::int[], '{${rows.map((row) => row.randomness)}}'::numeric[],
			'{${rows.map((row) => row.took)}}'::int[]) AS r (i, players, randomness, took),
			LATERAL (SELECT 'So111111111111111111111111111111111' || translate(to_char(i, 'FM00000000'), '0', 'A') AS a) x;
		INSERT INTO keeper.draws (draw, address, pool_id, mint, status, status_slot, total_amount, participants, randomness)
		VALUES ('draw:${key('X')}:1', '${key('X')}', 1, '${key('M')}', 4, 5, 4, 2, 77)`);
	return rows;
}

// Settled draws without a chain program, with as many picks each; unfair: numbers of the lower half come up more often.
async function addPicks(keeper, seed, unfair, n = DRAWS / PICKS) {
	const draws = Array.from({ length: n }, (_, d) => {
		const id = hash(seed, 'draw', d).subarray(0, 16).toString('hex').replace(/^(.{8})(....)(....)(....)(.{12})$/, '$1-$2-$3-$4-$5');
		const total = [2n, 7n, 1000n, 2n ** 64n - 1n, 3n * 10n ** 18n][d % 5];
		const picks = Array.from({ length: PICKS }, (unused, pick) => {
			const number = random(seed, 'number', d, pick) % total;
			return { pick, total, number: unfair && random(seed, 'luck', d, pick) % 5n === 0n ? number / 2n : number };
		});
		return { id, picks, took: 100 + Number(random(seed, 'took', d) % 5000n) / 10, key: d % 3 };
	});
	const all = draws.flatMap((draw) => draw.picks.map((pick) => ({ ...pick, id: draw.id })));
	await keeper.sql(`SELECT count(*) FROM (SELECT (keeper.vrf_key_register(sha256(n::text::bytea))).* FROM generate_series(0, 1) n) k;
		SELECT keeper.vrf_key_retire(sha256('0'), 'rotated');
		${BARE}
		INSERT INTO keeper.offchain_draws (draw, seq, previous, hash, vrf_key, deadline, locked_at, state, proven_at, settled_at, default_why, refunded_at, refunded_units)
		SELECT id, n, sha256('p' || n::text::bytea), sha256('h' || n::text::bytea), CASE WHEN k < 2 THEN sha256(k::text::bytea) END, to_timestamp(1692806964), to_timestamp(1692806180),
			CASE n WHEN 2 THEN 'refunded' ELSE 'settled' END, CASE WHEN n <> 2 THEN to_timestamp(1692806370 + CASE n WHEN 3 THEN 6000 ELSE 0 END) END,
			CASE WHEN n <> 2 THEN to_timestamp(1692806180) + took * interval '1 s' END, CASE n WHEN 2 THEN 'no_proof' END,
			CASE n WHEN 2 THEN to_timestamp(1692806180 + 900) END, CASE WHEN n IN (2, 4) THEN 7 END
		  FROM unnest('{${draws.map((draw) => draw.id)}}'::uuid[], '{${draws.map((draw) => draw.took)}}'::numeric[], '{${draws.map((draw) => draw.key)}}'::int[]) WITH ORDINALITY AS r (id, took, k, n);
		INSERT INTO keeper.offchain_picks (draw, pick, attempt, number, total, entry)
		SELECT id, pick, 0, number, total, 0 FROM unnest('{${all.map((row) => row.id)}}'::uuid[], '{${all.map((row) => row.pick)}}'::bigint[],
			'{${all.map((row) => row.number)}}'::numeric[], '{${all.map((row) => row.total)}}'::numeric[]) AS r (id, pick, number, total);
		INSERT INTO keeper.offchain_picks (draw, pick) SELECT draw, 1000 FROM keeper.offchain_draws`);
	return { draws, all };
}

function placesOf(rows) {
	const places = Array.from({ length: 21 }, (_, players) => Array(players).fill(0));
	for (const row of rows) if (![7, 8, 9].includes(row.i)) places[row.players][row.index] += 1;
	return places;
}

function binsOf(picks) {
	const bins = Array(20).fill(0);
	for (const { id, pick, number, total } of picks) {
		const which = Buffer.alloc(4);
		which.writeUInt32BE(pick);
		const spread = crypto.createHash('sha256').update('PKFAIR01').update(Buffer.from(id.replaceAll('-', ''), 'hex')).update(which).digest().readBigUInt64BE();
		bins[Number((number * 2n ** 64n + spread) * 20n / (total * 2n ** 64n))] += 1;
	}
	return bins;
}

const percentiles = (values) => {
	const sorted = [...values].sort((a, b) => a - b);
	return [0.5, 0.9, 0.99].map((part) => sorted[Math.ceil(part * sorted.length) - 1].toFixed(1));
};

describe('fairness', () => {
	let server, fair, unfair, biased, empty, pools, picks, unfairPools, biasedPicks;
	before(async () => {
		server = await startPostgres();
		[fair, unfair, biased, empty] = await Promise.all([0, 1, 2, 3].map(() => newKeeper(server)));
		const [, schema] = /schema (\d+)/.exec(spawnSync(BINARY, ['--version'], { encoding: 'utf8' }).stdout);
		for (const keeper of [fair, unfair, biased, empty]) {
			await keeper.sql(`CREATE TABLE keeper.schema_migrations AS SELECT '${schema}'::text AS version; GRANT SELECT ON keeper.schema_migrations TO poolkeeper, poolkeeper_ro`);
		}
		[pools, picks, unfairPools, biasedPicks] = await Promise.all([addPools(fair, 'a', false), addPicks(fair, 'b', false), addPools(unfair, 'c', true, 2000), addPicks(biased, 'd', true, 20)]);
	});
	after(() => server?.stop());

	const run = (keeper, args = ['--json'], user = 'poolkeeper') => {
		const env = { PATH: process.env.PATH, ...(keeper?.away && { DB_TIMEOUT_MS: '300' }), ...(keeper && { DATABASE_URL: keeper.url.replace('//postgres@', `//${user}@`) }) };
		const { status, stdout, stderr } = spawnSync(BINARY, ['fairness', ...args], { encoding: 'utf8', env });
		return { code: status, stdout, stderr, json: args.includes('--json') && stdout ? JSON.parse(stdout) : undefined };
	};

	test('fair rows: every number is the one computed here, and the code is 0', () => {
		const { code, json, stdout } = run(fair);
		assert.equal(code, 0, stdout);
		assert.ok(assertTest(json.pools, 'draws', chiSquare(placesOf(pools))) > 0.0001);
		assert.ok(assertTest(json.offchain, 'picks', chiSquare([binsOf(picks.all)])) > 0.0001);
		assert.match(json.pools.not_known.value, /^3 paid/);
		assert.equal(json.verdict.verdict.value, 'like fair draws');
		for (const line of json.pools.by_players) {
			const due = chiSquare([placesOf(pools)[line.players]]);
			assert.deepEqual([line.draws, line.degrees_of_freedom], [String(due.used + due.leftOut), String(due.df)]);
			if (due.df > 0) assert.ok(Math.abs(Number(line.p_value) - due.p) < 0.0001, JSON.stringify(line));
		}
		assert.deepEqual(json.offchain.bins.map((bin) => Number(bin.picks)), binsOf(picks.all));
	});

	test('times from lock to payout or refund, how draws ended, and what each VRF key drew and let default', () => {
		const { json } = run(fair, ['--json'], 'poolkeeper_ro');
		const settled = picks.draws.filter((draw, d) => d !== 1);
		const times = [percentiles(pools.map((row) => row.took)), percentiles(settled.map((draw) => draw.took))];
		assert.deepEqual(json.lock_to_payout.seconds.map(({ draws_of, draws, p50, p90, p99 }) => [draws_of, draws, p50, p90, p99]),
			[['pools', String(DRAWS), ...times[0]], ['offchain', String(settled.length), ...times[1]], ['refunds', '1', '900.0', '900.0', '900.0']]);
		const hexOf = (k) => hash(k).toString('hex');
		assert.deepEqual(json.vrf_keys.list.map((row) => Object.values(row)), [
			[hexOf('0'), 'retired', '20', '20', '20', '0', '0', '0', '1', '0'],
			[hexOf('1'), 'registered', '20', '19', '19', '0', '1', '1', '1', '0'],
			['none (beacon)', '-', '20', '20', '20', '0', '0', '0', '0', '1'],
		]);
		assert.deepEqual(json.outcomes.offchain.map((row) => Object.values(row)), [['settled', '58', '0'], ['nobody_won', '1', '1'],
			['no_anchor', '0', '0'], ['no_block', '0', '0'], ['no_beacon', '0', '0'], ['no_proof', '1', '1'], ['not_over', '0', '0']]);
	});

	test('unfair winners of pools, or numbers that prefer one half, exit 1', () => {
		const places = run(unfair);
		assert.equal(places.code, 1, places.stdout);
		assert.ok(assertTest(places.json.pools, 'draws', chiSquare(placesOf(unfairPools))) < 0.0001);
		assert.equal(places.json.verdict.verdict.value, 'unlike fair draws');
		assert.equal(places.json.offchain.p_value.value, '-');
		const numbers = run(biased);
		assert.equal(numbers.code, 1, numbers.stdout);
		assert.ok(assertTest(numbers.json.offchain, 'picks', chiSquare([binsOf(biasedPicks.all)])) < 0.0001);
	});

	test('no draws, no database, and nothing is ever written', async () => {
		const none = run(empty);
		assert.deepEqual([none.code, none.json.verdict.verdict.value, none.json.pools.p_value.value], [0, 'too few draws to say', '-']);
		assert.deepEqual(none.json.lock_to_payout.seconds.map((row) => Object.values(row)), [['pools', '0', '-', '-', '-'], ['offchain', '0', '-', '-', '-'], ['refunds', '0', '-', '-', '-']]);
		const away = run({ away: true, url: 'postgres://postgres@127.0.0.1:1/d' });
		assert.deepEqual([away.code, Object.keys(away.json)], [69, ['missing']]);
		assert.deepEqual(Object.keys(away.json.missing), ['journal']);
		assert.equal(run(undefined).code, 69);
		const next = await psql(server.url(), NEXT_WRITE);
		run(fair);
		assert.equal(await psql(server.url(), NEXT_WRITE), next);
	});

	test('as text for people', () => {
		const { code, stdout } = run(fair, []);
		assert.equal(code, 0);
		assert.match(stdout, /^pools\n {2}draws +\d+ tested, \d+ left out\n {2}chi_square +\d+\.\d{4}\n/);
		assert.match(stdout, /^ {2}verdict +like fair draws$/m);
		assert.equal(run(fair, ['4wgB']).code, 64);
	});

	test('a few picks fill fewer bins', async () => {
		await empty.sql(`${BARE}
			INSERT INTO keeper.offchain_picks (draw, pick, attempt, number, total, entry) SELECT '11111111-1111-1111-1111-111111111111', n, 0, n % 2, 2, 0 FROM generate_series(0, 29) n`);
		const rows = Array.from({ length: 30 }, (_, pick) => ({ id: '11111111-1111-1111-1111-111111111111', pick, number: BigInt(pick % 2), total: 2n }));
		const five = Array(5).fill(0);
		binsOf(rows).forEach((n, i) => { five[Math.floor(i / 4)] += n; });
		const { json } = run(empty);
		assertTest(json.offchain, 'picks', chiSquare([five]));
		assert.deepEqual(json.offchain.bins.map((bin) => Object.values(bin)), five.map((n, i) => [`${i * 20} %`, `${i * 20 + 20} %`, String(n)]));
	});
});
