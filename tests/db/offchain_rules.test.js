// Merkle root, HMAC, alpha and SEL-1 as the database computes them: against the published vectors and a naive walk with BigInt.
'use strict';

const test = require('node:test');
const assert = require('node:assert');
const crypto = require('node:crypto');
const { startPostgres } = require('../lib/postgres');
const { newKeeper } = require('./keeper');
const { merkleRoot, leaf, select, hex, sha256, be64, uuidBytes } = require('./offchain');
const vectors = require('../vectors/vrf.json');

const FULL = process.env.POOLKEEPER_TEST_FULL === '1';

let server;
let keeper;
test.before(async () => {
	server = await startPostgres();
	keeper = await newKeeper(server);
});
test.after(() => server.stop());

const uuid = (text) => text.replace(/(.{8})(.{4})(.{4})(.{4})(.{12})/, '$1-$2-$3-$4-$5');

// Entries without a draw are refused at the end of a transaction: each question takes its entries back.
async function ask(questions) {
	const text = questions.map(({ draw, entries, question }) => {
		let below = 0n;
		const rows = entries.map(({ participant, weight }, i) => {
			const row = `('${draw}', ${i}, '${participant}', ${weight}, 0, ${below}, 'a', 'r')`;
			below += weight;
			return row;
		});
		return `BEGIN; ${rows.length > 0 ? `INSERT INTO keeper.offchain_entries VALUES ${rows.join(', ')};` : ''} ${question}; ROLLBACK;`;
	});
	return (await keeper.sql(text.join('\n'))).split('\n');
}

const sel1 = ({ draw, root, beta, mode, prizes, alternates }) => `SELECT json_agg(json_build_object('attempt', attempt, 'ticket', number::text, 'total', total::text, 'entry', entry) ORDER BY pick)
	FROM keeper.sel1('${draw}', '${root}', '${beta}', ${mode}, ${prizes}, ${alternates})`;
const filled = (picks) => picks.map(({ attempt = null, ticket = null, total = null, entry = null }) => ({
	attempt, ticket: ticket === null ? null : String(ticket), total: total === null ? null : String(total), entry,
}));

test('the winners are those of the published vectors', async () => {
	const cases = vectors.select_sel1.filter((one) => one.picks).map((one) => ({
		...one, draw: uuid(one.draw_id), root: `\\x${one.root}`, beta: `\\x${one.beta}`,
		entries: one.entries.map(([participant, weight]) => ({ participant: `\\x${participant}`, weight: BigInt(weight) })),
	}));
	assert.ok(cases.length >= 85);
	const answers = await ask(cases.map((one) => ({ ...one, question: sel1(one) })));
	cases.forEach((one, i) => assert.deepEqual(JSON.parse(answers[i]), filled(one.picks.map((pick) => pick ?? {})), one.name));
	const keys = await keeper.sql(cases.map((one) => `SELECT encode(keeper.sel1_key('${one.draw}', '${one.root}', '${one.beta}', ${one.entries.length},
		${one.entries.reduce((sum, { weight }) => sum + weight, 0n)}, ${one.mode}, ${one.prizes}, ${one.alternates}), 'hex');`).join('\n'));
	assert.deepEqual(keys.split('\n'), cases.map((one) => one.key));
});

const random = (below) => crypto.randomInt(below);
const WEIGHTS = [() => 0n, () => 1n, () => BigInt(random(9)), () => crypto.randomBytes(8).readBigUInt64BE() >> 5n, () => BigInt(random(2 ** 40))];

function randomDraw() {
	const people = Array.from({ length: 1 + random(6) }, () => hex(crypto.randomBytes(32)));
	const weight = WEIGHTS[random(WEIGHTS.length)];
	const entries = Array.from({ length: 1 + random(14) }, () => ({ participant: people[random(people.length)], weight: weight() }));
	if (entries.every((entry) => entry.weight === 0n)) entries[random(entries.length)].weight = 1n;
	return {
		draw: crypto.randomUUID(), root: hex(crypto.randomBytes(32)), beta: hex(crypto.randomBytes(64)), entries,
		mode: random(3), prizes: 1 + random(5), alternates: random(4),
	};
}

test('the winners of random draws are those of the naive walk', async () => {
	const draws = Array.from({ length: FULL ? 20000 : 600 }, randomDraw);
	const answers = await ask(draws.map((one) => ({ ...one, question: sel1(one) })));
	draws.forEach((one, i) => {
		const raw = (text) => Buffer.from(text.slice(2), 'hex');
		const { picks } = select({ ...one, draw: uuidBytes(one.draw), root: raw(one.root), beta: raw(one.beta) });
		assert.deepEqual(JSON.parse(answers[i]), filled(picks), JSON.stringify(one, (_, value) => (typeof value === 'bigint' ? String(value) : value)));
	});
});

test('the roots are those of the published trees', async () => {
	const { trees, draw_id: id, empty_root: empty } = vectors.merkle_rfc6962;
	const draw = uuid(id);
	const listed = trees.filter((tree) => tree.entries);
	assert.ok(listed.length >= 20);
	const questions = listed.map((tree) => ({
		draw, entries: tree.entries.map(({ participant, weight }) => ({ participant: `\\x${participant}`, weight: BigInt(weight) })),
		question: `SELECT encode(keeper.offchain_root('${draw}'), 'hex')`,
	}));
	assert.deepEqual(await ask([...questions, { ...questions[0], entries: [] }]), [...listed.map((tree) => tree.root), empty]);
});

test('a tree of more than one piece has the root of the recursive definition', async () => {
	const draw = crypto.randomUUID();
	const n = 65536 + 3;
	const participant = `\\x${'ab'.repeat(32)}`;
	const [root, stakes] = (await keeper.sql(`BEGIN; INSERT INTO keeper.offchain_entries SELECT '${draw}', i, '${participant}', i % 7, i % 5, 0, 'a', 'r' FROM generate_series(0, ${n - 1}) i;
		SELECT encode(keeper.offchain_root('${draw}'), 'hex'); SELECT encode(keeper.offchain_stakes_root('${draw}'), 'hex'); ROLLBACK`)).split('\n');
	const leaves = Array.from({ length: n }, (_, entry) => leaf(draw, { entry, participant, weight: entry % 7 }));
	assert.equal(root, merkleRoot(leaves).toString('hex'));
	const pieceOf = (from, to) => sha256([0], 'PFS1', uuidBytes(draw), be64(from), ...Array.from({ length: to - from }, (_, i) => be64((from + i) % 5)));
	assert.equal(stakes, merkleRoot([pieceOf(0, 65536), pieceOf(65536, n)]).toString('hex'));
});
