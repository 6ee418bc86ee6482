// The verifier of the page and poolkeeper's: the same vectors, and the same word on every certificate and every mutation of one.
'use strict';

const test = require('node:test');
const assert = require('node:assert');
const crypto = require('node:crypto');
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');

const { MUTATIONS, mutated, operator, signAgain } = require('./mutated.js');

const root = path.join(__dirname, '..', '..');
const binary = process.env.POOLKEEPER || path.join(root, 'build', 'poolkeeper');
const stored = path.join(root, 'tests', 'certificates');
const vectors = JSON.parse(fs.readFileSync(path.join(root, 'tests', 'vectors', 'vrf.json'), 'utf8'));
const page = (name) => import(path.join(root, 'docs', 'verify', 'src', `${name}.js`));
const bytes = (hex) => Uint8Array.from(Buffer.from(hex, 'hex'));
const hex = (array) => Buffer.from(array).toString('hex');

test('the page proves the vectors of the VRF: valid ones with every step, invalid ones refused', async () => {
	const { verifyVrf } = await page('draw');
	for (const v of [...vectors.ecvrf_rfc9381, ...vectors.ecvrf_valid]) {
		const got = verifyVrf(bytes(v.pk), bytes(v.alpha), bytes(v.pi));
		assert.deepEqual([got.refused, got.tries], [undefined, v.tries], v.name);
		assert.deepEqual([got.h, got.u, got.v, got.beta].map(hex), [v.H, v.U, v.V, v.beta], v.name);
	}
	for (const v of vectors.ecvrf_invalid) assert.ok(verifyVrf(bytes(v.pk), bytes(v.alpha), bytes(v.pi)).refused, v.name);
});

test('the page builds the vectors\' trees and paths, and refuses the wrong ones', async () => {
	const { includes, inclusionPath, leafOf, ticketBytes, treeRoot } = await page('draw');
	const { draw_id: draw, trees, invalid, ct_reference: reference, empty_root: empty } = vectors.merkle_rfc6962;
	assert.equal(hex(treeRoot([])), empty);
	for (const { n, root: expected, proofs, entries } of trees) {
		if (!entries) continue;
		const leaves = entries.map(({ participant, weight }, i) => leafOf(ticketBytes(bytes(draw), i, { participant: bytes(participant), weight: BigInt(weight) })));
		assert.equal(hex(treeRoot(leaves)), expected, `tree of ${n}`);
		for (const { index, leaf, path: nodes } of proofs) {
			assert.equal(hex(leaves[index]), leaf);
			assert.deepEqual(inclusionPath(leaves, index).map(hex), nodes);
			assert.ok(includes(bytes(expected), n, index, leaves[index], nodes.map(bytes)));
		}
	}
	for (const v of invalid) assert.ok(!includes(bytes(v.root), v.n, v.index, bytes(v.leaf), v.path.map(bytes)), v.name);
	reference.roots.forEach((expected, i) => assert.equal(hex(treeRoot(reference.inputs.slice(0, i + 1).map((data) => leafOf(bytes(data))))), expected));
});

test('stakes of more than one leaf have the root that poolkeeper gives them', async () => {
	const { stakesRoot } = await page('draw');
	const stakes = Array.from({ length: 65536 + 3 }, (_, i) => BigInt(i % 5));
	assert.equal(hex(stakesRoot(new Uint8Array(16).fill(0x2a), stakes)), 'c76e027ed75ca0ba6a8d5364d867b85eab614bd70f6911871c8e3883ad7d0c4f');
});

test('the page picks as the vectors of SEL-1 say', async () => {
	const { select } = await page('draw');
	for (const v of vectors.select_sel1) {
		const tickets = v.entries.map(([participant, weight]) => ({ participant: bytes(participant), weight: BigInt(weight) }));
		const got = select({ beta: bytes(v.beta), draw: bytes(v.draw_id), root: bytes(v.root), tickets, prizes: v.prizes, alternates: v.alternates, mode: v.mode });
		if (v.result) {
			assert.equal(got, null, v.name);
			continue;
		}
		assert.equal(hex(got.key), v.key, v.name);
		assert.deepEqual(got.picks.map((p) => p && { ticket: String(p.number), total: String(p.total), attempt: p.attempt, entry: p.entry }), v.picks, v.name);
	}
});

test('the page knows drand\'s rounds from made up ones', async () => {
	const { isDrands, roundAfterBlock, roundMessage, timeOfRound } = await page('draw');
	const { rounds, invalid } = vectors.drand_quicknet;
	for (const v of rounds) {
		assert.equal(timeOfRound(BigInt(v.round)), BigInt(v.time));
		assert.equal(hex(roundMessage(BigInt(v.round))), v.message);
		assert.ok(isDrands(BigInt(v.round), bytes(v.signature)), `round ${v.round}`);
	}
	for (const v of invalid) assert.ok(!isDrands(BigInt(v.round), bytes(v.signature)), v.name);
	const due = timeOfRound(1001n);
	for (const [after, round] of [[-3000n, 1001n], [-60n, 1001n], [-59n, 1021n], [0n, 1021n], [1n, 1041n]]) assert.equal(roundAfterBlock(1001n, due + after), round);
});

// ---- both verifiers on the same files ----

// R with a part of order 8: valid with the cofactor, and one of eight that the operator can make.
function withTorsion(message) {
	const { ed25519 } = require(path.join(root, 'docs', 'verify', 'node_modules', '@noble', 'curves', 'ed25519.js'));
	const { scalar, pointBytes: key } = ed25519.utils.getExtendedPublicKey(Buffer.concat([Buffer.from('op'), Buffer.alloc(30)]));
	const Point = ed25519.ExtendedPoint;
	const torsion = Point.fromHex('c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a');
	const r = Point.BASE.multiply(5n).add(torsion).toRawBytes();
	const little = (array) => BigInt(`0x${Buffer.from(array).reverse().toString('hex')}`);
	const k = little(crypto.createHash('sha512').update(Buffer.concat([r, key, message])).digest());
	const s = (5n + k * scalar) % ed25519.CURVE.n;
	const signature = Buffer.concat([r, Buffer.from(s.toString(16).padStart(64, '0'), 'hex').reverse()]);
	assert.ok(ed25519.verify(signature, message, key, { zip215: false }), 'a library that multiplies by the cofactor takes it');
	return signature;
}

function byPoolkeeper(file) {
	const { stdout } = spawnSync(binary, ['verify', file, '--json'], { env: {}, encoding: 'utf8' });
	const { verdict, not_checked } = JSON.parse(stdout);
	return { checks: new Map(verdict.checks.map(({ check, result }) => [check, result])), verdict: verdict.verdict, facts: (not_checked?.facts ?? []).map(({ fact }) => fact) };
}

// What poolkeeper cannot check without a library for pairings is left out, and what only the chain has.
function agree(name, { checks: ours, verdict, facts }, { checks: theirs, outside, limits, ...judged }) {
	const wrong = (list) => list.filter(([check, state]) => state === 'wrong' && !(check === 'drand_signature' && facts.includes(check))).map(([check]) => check).sort();
	assert.deepEqual(wrong(theirs.map((check) => [check.name, check.state])), wrong([...ours]), name);
	assert.equal(theirs.find((check) => check.name === 'refusals')?.state, ours.get('refusals'), `${name}: refusals`);
	const known = (list) => list.filter((fact) => fact !== 'drand_signature');
	if (ours.get('format') !== 'wrong') assert.deepEqual(outside.map(({ fact }) => fact), known(facts), `${name}: what is not checked`);
	if (ours.get('drand_signature') === 'unknown') return;
	assert.equal(judged.verdict, verdict.value, name);
	assert.equal(limits, (verdict.from ?? '').replace('drand_signature, ', ''), name);
}

test('poolkeeper and the page say the same of every certificate and every mutation', async () => {
	const { judgeCertificate } = await page('judge');
	const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'verifiers-'));
	const file = path.join(folder, 'certificate');
	try {
		for (const [name, verdict] of [['draw', 'cannot be known'], ['beacon', 'cannot be known'], ['refund', 'no draw: refunded'], ['pool', 'fair']]) {
			const good = fs.readFileSync(path.join(stored, `${name}.json`));
			assert.equal(judgeCertificate(good).verdict, verdict, name);
			agree(name, byPoolkeeper(path.join(stored, `${name}.json`)), judgeCertificate(good));
		}
		const draw = fs.readFileSync(path.join(stored, 'draw.json'), 'utf8');
		const plain = draw.replace('"pick":"2","refused":[{"at":"1692806200","pick":"0","reason":"rule 4: under age"}]', '"pick":"0","refused":[]');
		for (const [name, text, verdict] of [
			['nobody was refused', await signAgain(plain, (message) => crypto.sign(null, message, operator)), /^fair: /],
			['a refusal', draw, /^cannot be known: refusals: 1 winners were refused/],
			['R of mixed order', await signAgain(plain, withTorsion), /^not fair: signature/],
			['depth without end', '['.repeat(300000) + ']'.repeat(300000), /^not fair: format: a value: is nested too deep/],
		]) {
			fs.writeFileSync(file, text);
			const theirs = judgeCertificate(Buffer.from(text));
			assert.match(`${theirs.verdict}: ${theirs.why}`, verdict, name);
			agree(name, byPoolkeeper(file), theirs);
		}
		for (const mutation of MUTATIONS) {
			const text = await mutated(mutation);
			fs.writeFileSync(file, text);
			const theirs = judgeCertificate(Buffer.from(text));
			assert.equal(theirs.verdict, 'not fair', mutation.name);
			assert.ok(theirs.checks.some(({ name, state }) => name === mutation.check && state === 'wrong'), `${mutation.name}: ${theirs.why}`);
			agree(mutation.name, byPoolkeeper(file), theirs);
		}
	} finally {
		fs.rmSync(folder, { recursive: true });
	}
});
