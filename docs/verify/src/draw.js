// The mathematics of a draw off chain: tree, alpha, VRF, drand, rule SEL-1.
import { ed25519 } from '@noble/curves/ed25519';
import { bls12_381 as bls } from '@noble/curves/bls12-381';
import { sha512 } from '@noble/hashes/sha2';
import { ascii, bigEndian, concat, fromBigEndian, fromLittleEndian, hash, hex, hmacSha256, same, unhex } from './bytes.js';

const Point = ed25519.ExtendedPoint;
const Q = ed25519.CURVE.n;

// ---- tickets ----

export const ticketBytes = (draw, index, { participant, weight }) => concat(ascii('PFE1'), draw, bigEndian(index, 8), participant, bigEndian(weight, 8));
export const leafOf = (data) => hash(Uint8Array.of(0), data);
const nodeOf = (left, right) => hash(Uint8Array.of(1), left, right);

const STAKES_PER_LEAF = 65536;
export const stakesRoot = (draw, stakes) => treeRoot(Array.from({ length: Math.ceil(stakes.length / STAKES_PER_LEAF) }, (_, i) => leafOf(concat(ascii('PFS1'), draw,
	bigEndian(i * STAKES_PER_LEAF, 8), ...stakes.slice(i * STAKES_PER_LEAF, (i + 1) * STAKES_PER_LEAF).map((stake) => bigEndian(stake, 8))))));

// One level after the other; a node without a neighbour goes up unchanged.
export function treeRoot(leaves) {
	let level = leaves;
	while (level.length > 1) {
		const above = [];
		for (let i = 0; i < level.length; i += 2) above.push(i + 1 < level.length ? nodeOf(level[i], level[i + 1]) : level[i]);
		level = above;
	}
	return level.length === 1 ? level[0] : hash();
}

// What leads from leaf `index` to the root, lowest first.
export function inclusionPath(leaves, index) {
	const path = [];
	let level = leaves;
	for (let at = index; level.length > 1; at >>= 1) {
		const neighbour = level[at ^ 1];
		if (neighbour) path.push(neighbour);
		const above = [];
		for (let i = 0; i < level.length; i += 2) above.push(i + 1 < level.length ? nodeOf(level[i], level[i + 1]) : level[i]);
		level = above;
	}
	return path;
}

// RFC 9162, 2.1.3.2.
export function includes(root, n, index, leaf, path) {
	let [at, last, node] = [BigInt(index), BigInt(n) - 1n, leaf];
	if (at > last) return false;
	for (const neighbour of path) {
		if (last === 0n) return false;
		if ((at & 1n) === 1n || at === last) {
			node = nodeOf(neighbour, node);
			for (; (at & 1n) === 0n && at !== 0n; at >>= 1n) last >>= 1n;
		} else node = nodeOf(node, neighbour);
		at >>= 1n;
		last >>= 1n;
	}
	return last === 0n && same(node, root);
}

export const participantOf = (salt, account) => hash(ascii('PFE1-user'), salt, ascii(account));

// ---- the VRF: ECVRF-EDWARDS25519-SHA512-TAI, strict ----

// Whether the bytes are a point, as the chain asks of who signs; also one in an encoding of several.
export function isOnCurve(bytes) {
	try {
		Point.fromHex(hex(bytes), true);
		return true;
	} catch {
		return false;
	}
}

// A point whose encoding is the only one it has, or null. zip215 off: y below p, no x = 0 with a sign.
function decode(bytes) {
	try {
		return Point.fromHex(hex(bytes), false);
	} catch {
		return null;
	}
}

function strictPoint(bytes) {
	const p = decode(bytes);
	return p && !p.equals(Point.ZERO) && p.isTorsionFree() ? p : null;
}

function hashToCurve(key, alpha) {
	for (let i = 0; i < 256; i++) {
		const p = decode(sha512(concat(Uint8Array.of(3, 1), key, alpha, Uint8Array.of(i, 0))).subarray(0, 32));
		const h = p && p.clearCofactor();
		if (h && !h.equals(Point.ZERO)) return { h, tries: i + 1 };
	}
	return null;
}

// { beta, h, u, v, tries }, or { refused }.
export function verifyVrf(key, alpha, proof) {
	const y = strictPoint(key);
	if (!y) return { refused: 'the public key is not the canonical encoding of a point of prime order' };
	if (proof.length !== 80) return { refused: 'the proof does not have 80 bytes' };
	const gamma = strictPoint(proof.subarray(0, 32));
	if (!gamma) return { refused: 'Gamma is not the canonical encoding of a point of prime order' };
	const c = fromLittleEndian(proof.subarray(32, 48));
	const s = fromLittleEndian(proof.subarray(48));
	if (s >= Q || s === 0n) return { refused: 's is 0 or not below the group\'s order' };
	const found = hashToCurve(key, alpha);
	if (!found) return { refused: 'no point was found for alpha' };
	if (c === 0n) return { refused: 'the challenge is 0' };
	const u = Point.BASE.multiply(s).subtract(y.multiply(c));
	const v = found.h.multiply(s).subtract(gamma.multiply(c));
	const challenge = sha512(concat(Uint8Array.of(3, 2), key, ...[found.h, gamma, u, v].map((p) => p.toRawBytes()), Uint8Array.of(0)));
	if (!same(challenge.subarray(0, 16), proof.subarray(32, 48))) return { refused: 'the challenge is not that of this key, alpha and Gamma' };
	const beta = sha512(concat(Uint8Array.of(3, 3), gamma.clearCofactor().toRawBytes(), Uint8Array.of(0)));
	return { beta, tries: found.tries, h: found.h.toRawBytes(), u: u.toRawBytes(), v: v.toRawBytes() };
}

// An operator's signature, as poolkeeper takes it: key and R canonical and of no small order, s below the group's order, and no
// cofactor, which would let him make several signatures of one body.
export function isSignature(signature, message, key) {
	const [r, y] = [decode(signature.subarray(0, 32)), decode(key)];
	const s = fromLittleEndian(signature.subarray(32));
	if (!r || !y || r.isSmallOrder() || y.isSmallOrder() || s >= Q) return false;
	const k = fromLittleEndian(sha512(concat(signature.subarray(0, 32), key, message))) % Q;
	return Point.BASE.multiplyUnsafe(s).equals(r.add(y.multiplyUnsafe(k)));
}

// ---- drand's quicknet ----

export const QUICKNET = {
	hash: unhex('52db9ba70e0cc0f6eaf7803dd07447a1f5477735fd3f661792ba94600c84e971'),
	key: '83cf0f2896adee7eb8b5f01fcad3912212c437e0073e911fb90022d3e760183c8c4b450b6a0a6c3ac6a5776a2d1064510d1fec758c921cc22b0e17e63aaf4bcb5ed66304de9cf809bd274ca73bab4af5a6e9c76a4bc09e76eae8991ef5ece45a',
	period: 3n,
	genesis: 1692803367n,
};
const SUITE = 'BLS_SIG_BLS12381G1_XMD:SHA-256_SSWU_RO_NUL_';
const I64 = 2n ** 63n - 1n;

export const roundMessage = (round) => hash(bigEndian(round, 8));

// null: there is no such round.
export function timeOfRound(round) {
	const due = QUICKNET.genesis + QUICKNET.period * (round - 1n);
	return round > 0n && due <= I64 ? due : null;
}

export function roundAfterBlock(locked, blockTime) {
	const due = timeOfRound(locked);
	if (due === null) return null;
	const missing = blockTime + 60n - due;
	return missing > 0n ? locked + (missing + 59n) / 60n * 20n : locked;
}

export function isDrands(round, signature) {
	try {
		return bls.verifyShortSignature(signature, bls.G1.hashToCurve(roundMessage(round), { DST: SUITE }), QUICKNET.key);
	} catch {
		return false;
	}
}

export const alphaOf = (lock, block, round) => concat(ascii('PFDRAW01'), lock.draw, bigEndian(lock.tickets, 8), bigEndian(lock.total_weight, 8), lock.root,
	lock.rules, bigEndian(block.slot, 8), block.hash, bigEndian(round.number, 8), round.signature);

// ---- rule SEL-1, walked as it is written ----

// { key, picks }, a pick being null where it is empty; null: the draw is invalid.
export function select({ beta, draw, root, tickets, prizes, alternates, mode }) {
	const live = tickets.map(({ weight }) => weight);
	const total = live.reduce((sum, weight) => sum + weight, 0n);
	if (total === 0n || total >= 2n ** 64n) return null;
	const key = hmacSha256(beta, ascii('PFD-SELECT-1'), draw, root, bigEndian(tickets.length, 8), bigEndian(total, 8),
		bigEndian(mode, 1), bigEndian(prizes, 4), bigEndian(alternates, 4));
	const names = tickets.map(({ participant }) => hex(participant));
	const killParticipant = (entry) => names.forEach((name, i) => { if (name === names[entry]) live[i] = 0n; });
	const picks = [];
	for (let p = 0; p < prizes + alternates; p++) {
		if (p === prizes) for (const pick of picks) if (pick) killParticipant(pick.entry);
		const pick = pickOne(key, p, live);
		picks.push(pick);
		if (pick && (p >= prizes || mode === 1)) killParticipant(pick.entry);
		else if (pick && mode === 2) live[pick.entry] = 0n;
	}
	return { key, picks };
}

function pickOne(key, p, live) {
	const total = live.reduce((sum, weight) => sum + weight, 0n);
	if (total === 0n) return null;
	for (let attempt = 0; ; attempt++) {
		const x = fromBigEndian(hmacSha256(key, bigEndian(p, 4), bigEndian(attempt, 4)).subarray(0, 8));
		if (x < 2n ** 64n % total) continue;
		const number = x % total;
		let sum = 0n;
		return { attempt, number, total, entry: live.findIndex((weight) => { sum += weight; return sum > number; }) };
	}
}
