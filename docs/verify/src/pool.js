// A pool's draw: the rules of the program, each against what the certificate says.
import { secp256k1 } from '@noble/curves/secp256k1';
import { ascii, concat, fromBase58, fromLittleEndian, hash, littleEndian, same } from './bytes.js';
import { isOnCurve } from './draw.js';

const ML = fromBase58('4wgBJUHydWXXJKXYsmdGoGw1ufC3dxz8q2mukFYaAhSm', 32);
const ATA = fromBase58('ATokenGPvbdGVxr1b2hvZbsiqW5xWH25efTNsLJA8knL', 32);
const DEVNET_QUEUE = fromBase58('EYiAmGSdsQTuCw413V5BzaruWuCCSDgTPtBGvLkXHbe7', 32);
// The only queues whose oracles count. A local chain has a copy of devnet's.
const QUEUES = { 'mainnet-beta': fromBase58('A43DyUGA7s8eXPxqEjJY6EBu1KKbNgfxF8h17VAHn13w', 32), devnet: DEVNET_QUEUE, localnet: DEVNET_QUEUE };
const POOL_DURATION_S = 604800n;
const U64 = 2n ** 64n;

function programAddress(seeds, program) {
	for (let bump = 255; bump >= 0; bump--) {
		const address = hash(...seeds, Uint8Array.of(bump), program, ascii('ProgramDerivedAddress'));
		if (!isOnCurve(address)) return address;
	}
	return new Uint8Array(32);
}

const tokenAccount = (owner, mint, tokenProgram) => programAddress([owner, tokenProgram, mint], ATA);

function configHash({ salt, terms, start_time: start }) {
	return hash(salt, Uint8Array.of(Number(terms.places)), littleEndian(terms.lock_duration, 8), littleEndian(terms.bet, 8), terms.dev_wallet,
		littleEndian(terms.dev_bps, 2), littleEndian(terms.burn_bps, 2), terms.treasury, littleEndian(terms.treasury_bps, 2), littleEndian(start, 8),
		littleEndian(POOL_DURATION_S, 8));
}

function isOracles(account, commit, signer) {
	const { seed_slothash: slothash, seed_slot: slot, reveal: { recovery_id: id, signature, value } } = commit;
	const message = hash(concat(account, slothash, littleEndian(slot, 8), value));
	try {
		const recovered = secp256k1.Signature.fromCompact(signature).addRecoveryBit(Number(id)).recoverPublicKey(message);
		return same(recovered.toRawBytes(false).subarray(1), signer);
	} catch {
		return false;
	}
}

// null: it cannot be paid.
function splitOf(total, { dev_bps: dev, burn_bps: burn, treasury_bps: treasury }) {
	if ([dev, burn, treasury].some((bps) => total * bps >= U64)) return null;
	const [d, b, t] = [dev, burn, treasury].map((bps) => total * bps / 10000n);
	return d + b + t > total ? null : { winner_amount: total - d - b - t, dev_amount: d, burn_amount: b, treasury_amount: t };
}

const revealedAt = (commit) => (commit.reveal ? commit.reveal.at.slot : 0n);
const usedCommit = ({ commits, selected }) => commits.filter((c) => revealedAt(c) !== 0n && (selected.slot === 0n || revealedAt(c) <= selected.slot)).at(-1);

// Whoever may commit again after an answer came can draw until he likes the winner.
function judgeCommits(pool, used, note) {
	const counted = pool.commits.map((c, i) => ({ c, i })).filter(({ c }) => pool.selected.slot === 0n || c.at.slot <= pool.selected.slot);
	const bound = counted.filter(({ c }) => c.at.slot <= pool.requested.slot).at(-1)?.c;
	const after = counted.filter(({ c }) => c.at.slot > pool.requested.slot);
	const answered = after.filter(({ i }) => i > 0 && revealedAt(pool.commits[i - 1]) !== 0n && revealedAt(pool.commits[i - 1]) > pool.requested.slot);
	if (!bound) note('commit', 'unknown', 'the commit before the request is not listed');
	else if (revealedAt(bound) !== 0n && revealedAt(bound) < pool.requested.slot) note('commit', 'wrong', 'the pool was bound to an answer that was public already');
	else if (!same(bound.at.signature, pool.requested.signature)) note('commit', 'unknown', 'committed in another transaction than the request');
	else note('commit', 'ok', 'in the same transaction as the request: nobody could know the answer');
	if (answered.length > 0) note('one_answer', 'wrong', 'public answers were thrown away after the request');
	else if (after.length > 0) note('one_answer', 'unknown', 'there were commits after the request');
	else if (used) note('one_answer', 'ok', 'the pool was bound to one commit, and its answer was used');
}

function judgeAnswer(pool, used, must) {
	must('answered_by', same(used.oracle, used.reveal.oracle), 'the oracle that was committed to');
	must('oracle_signature', isOracles(pool.randomness_account, used, pool.oracle_signer), 'secp256k1 over account, slot hash, slot and value');
}

function judgeWinner(pool, used, { note, must }) {
	const value = used?.reveal.value;
	if (!used || pool.players.length === 0 || value.every((byte) => byte === 0)) {
		note('winner', used ? 'wrong' : 'unknown', 'no oracle\'s answer gives a winner');
		return;
	}
	const number = fromLittleEndian(hash(littleEndian(pool.pool_id, 8), value.subarray(0, 16)).subarray(0, 8));
	const index = Number(number % BigInt(pool.players.length));
	must('randomness', same(pool.drawn.randomness, value.subarray(0, 16)), 'the first half of the oracle\'s value');
	must('winner', same(pool.payout.winner, pool.players[index].wallet), `player ${index} by the rule`);
	if (pool.paid.slot !== 0n) must('paid_winner', same(pool.payout.winner, pool.players[index].wallet), 'who was paid');
	must('drawn', pool.drawn.index === BigInt(index) && pool.drawn.number === number, 'the number, and the place among the players');
}

function judgeMoney(pool, must) {
	const { payout, terms, mint, token_program: token } = pool;
	const split = splitOf(pool.total, terms);
	if (pool.paid.slot === 0n) return;
	if (!split) {
		must('split', false, 'the total times the fees overflows: nothing could be paid');
		return;
	}
	must('moved', Object.keys(split).every((name) => split[name] === payout[name]), `winner ${split.winner_amount} dev ${split.dev_amount} burn ${split.burn_amount} treasury ${split.treasury_amount}`);
	must('receivers', same(payout.winner_token, tokenAccount(payout.winner, mint, token)) && same(payout.dev_token, tokenAccount(terms.dev_wallet, mint, token)) &&
		same(payout.treasury_token, tokenAccount(terms.treasury, mint, token)), 'the token accounts are those of winner, dev wallet and treasury');
}

function isInOrder({ created, requested, selected, paid, players }) {
	return created.slot !== 0n && created.slot <= requested.slot && requested.slot <= selected.slot && selected.slot <= paid.slot &&
		players.every(({ joined }) => joined.slot >= created.slot && joined.slot <= requested.slot);
}

export function judgePool(pool, { note, must }) {
	const used = usedCommit(pool);
	const queue = QUEUES[pool.network] ?? DEVNET_QUEUE;
	const bets = BigInt(pool.players.length) * pool.terms.bet;
	if (pool.created.slot !== 0n) {
		const poolId = fromLittleEndian(hash(pool.salt, littleEndian(pool.created.slot, 8), pool.creator).subarray(0, 8));
		must('address', same(pool.address, programAddress([ascii('pool'), pool.mint, pool.salt], ML)), 'derived from the mint and the salt');
		must('pool_id', pool.pool_id === poolId, 'from salt, creation slot and creator');
		must('config_hash', same(pool.config_hash, configHash(pool)), 'from the terms');
		if (pool.requested.slot !== 0n) {
			must('players', BigInt(pool.players.length) === pool.terms.places, 'as many as the pool has places');
			judgeCommits(pool, used, note);
		}
		if (pool.selected.slot !== 0n) {
			must('oracle', same(pool.queue, queue), 'belongs to the network\'s Switchboard queue');
			must('queue', same(pool.queue, queue), 'belongs to the network\'s Switchboard queue');
			if (used) judgeAnswer(pool, used, must);
			judgeWinner(pool, used, { note, must });
			judgeMoney(pool, must);
		}
	}
	must('network', Object.hasOwn(QUEUES, pool.network), pool.network);
	must('total', bets < U64 && (pool.donations === 0n ? pool.total === bets : pool.total > bets), 'the bets of all players, and what was donated');
	must('order', isInOrder(pool), 'created, joined, requested, selected and paid in slots that follow each other');
}
