// What a certificate says and no file can prove, with where to look it up: the same facts as poolkeeper's, under the same names.
import { hex, toBase58 } from './bytes.js';

const EXPLORER = 'https://explorer.solana.com';

function outsideOfAnchor({ anchor, lock }) {
	const wallet = toBase58(anchor.wallet);
	return [
		{ fact: 'anchor', mustBe: `that transaction, in slot ${anchor.slot}, is signed by ${wallet} and has a memo with ${hex(lock.hash)}`, checkWith: `${EXPLORER}/tx/${toBase58(anchor.signature)}` },
		{ fact: 'one_lock', mustBe: `${wallet} has no other memo with seq ${lock.seq}, nor with ${lock.source}:${lock.source_key}`, checkWith: `${EXPLORER}/address/${wallet}` },
	];
}

const outsideOfBlock = (block) => ({
	fact: 'block', mustBe: `slot ${block.slot} has the block hash ${toBase58(block.hash)}, the parent slot ${block.parent_slot} and the time ${block.time}`, checkWith: `${EXPLORER}/block/${block.slot}`,
});

// What the operator says was not there, when the deadline came. That a proof was missing is his own fault: nobody else has it.
function outsideOfMissing({ lock, default: { missing } = {} }) {
	if (missing === 'anchor') return [{ fact: 'missing', mustBe: `no memo with ${hex(lock.hash)} stands on the chain before slot ${lock.slot}`, checkWith: 'the memos of the wallet that signs this operator\'s other locks' }];
	if (missing === 'block') return [{ fact: 'missing', mustBe: `at ${lock.deadline} the chain had no block from slot ${lock.slot} on`, checkWith: `${EXPLORER}/block/${lock.slot}` }];
	if (missing === 'round') {
		return [{ fact: 'missing', mustBe: `at ${lock.deadline} drand had not signed round ${lock.round}, or the later one that the block's time asks for`,
			checkWith: `curl https://api.drand.sh/v2/beacons/quicknet/rounds/${lock.round}` }];
	}
	return [];
}

function outsideOfRules({ awards, lock }) {
	const refused = (awards ?? []).reduce((n, award) => n + award.refused.length, 0);
	return [
		lock.vrf_key ? { fact: 'vrf_key', mustBe: `the operator published ${toBase58(lock.vrf_key)} before the draw opened`, checkWith: `vrf-key-${toBase58(lock.vrf_key)}.json beside the certificate, and the locks before this one` }
			: { fact: 'randomness', mustBe: 'the published rules say that this type of draw has no VRF: the block\'s maker and drand together could choose the winner', checkWith: 'the published rules' },
		{ fact: 'rules', mustBe: `the published rules are a text with the SHA-256 ${hex(lock.rules)}`, checkWith: `sha256sum rules-${hex(lock.rules)}.json, which is beside the certificate` },
		...refused > 0 ? [{ fact: 'refusals', mustBe: `the rules name the reasons for which ${refused} picks were refused, and they are true`, checkWith: 'the published rules; who was refused' }] : [],
	];
}

// [{ fact, mustBe, checkWith }]; links are to mainnet-beta.
export function outsideOf({ draw, pool, serial }) {
	if (pool) return [{ fact: 'chain', mustBe: 'the transactions, the oracle\'s key and the accounts are as the certificate says', checkWith: `poolkeeper verify ${toBase58(pool.address)}:${pool.pool_id}` }];
	return [
		...draw.anchor ? outsideOfAnchor(draw) : [],
		...draw.block ? [outsideOfBlock(draw.block)] : [],
		...outsideOfMissing(draw),
		...outsideOfRules(draw),
		{ fact: 'certificates', mustBe: `the operator has no other certificate with serial ${serial}, nor of this draw`, checkWith: 'the certificates before and after it: their hashes make a chain' },
		...draw.default ? [] : [{ fact: 'payments', mustBe: 'who won was paid, and nobody else', checkWith: 'where each award\'s payment says' }],
		...draw.refund ? [{ fact: 'refunds', mustBe: 'each ticket\'s stake went back to who paid it', checkWith: 'your own account: the list has each ticket\'s stake' }] : [],
	];
}
