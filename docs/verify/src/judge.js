// Is it fair? The checks have the names that `poolkeeper verify FILE` gives them.
import { ascii, concat, same, sha512 } from './bytes.js';
import { alphaOf, isDrands, isOnCurve, isSignature, leafOf, QUICKNET, roundAfterBlock, select, stakesRoot, ticketBytes, timeOfRound, treeRoot, verifyVrf } from './draw.js';
import { FormatError, readCertificate } from './format.js';
import { outsideOf } from './outside.js';
import { judgePool } from './pool.js';

// Of what the draw tells: the refund, or the round that it used.
const lastTime = ({ refund, round }) => refund?.at ?? timeOfRound(round.number);

function judgeEnvelope(certificate, must) {
	const { draw, made, serial, previous } = certificate.body;
	must('signature', isSignature(certificate.signature, concat(ascii('PKCERT01'), certificate.hash), certificate.key), 'ed25519 by the certificate\'s key over the body');
	must('chain', serial > 0n && (serial === 1n) === previous.every((byte) => byte === 0), 'the first certificate has no previous one, every other has');
	if (draw) must('made', lastTime(draw) !== null && made >= lastTime(draw), `${made} is not before the last thing that it tells`);
}

function judgeLock({ lock, anchor }, must) {
	const due = timeOfRound(lock.round);
	must('lock_chain', lock.seq > 0n && (lock.seq === 1n) === lock.previous.every((byte) => byte === 0), `lock ${lock.seq}: the first one has no previous one, every other has`);
	must('opened', lock.opened / 1000000n <= lock.at, `entries opened ${lock.opened} us after 1970, before the lock at ${lock.at} s`);
	must('drand_chain', same(lock.drand, QUICKNET.hash), 'the lock names drand\'s quicknet');
	must('lock_round', due !== null && due - 120n >= lock.at, `round ${lock.round}, due at ${due}, is 120 s after the lock or later`);
	must('deadline', due !== null && lock.deadline > due, 'after the round that the lock names');
	if (!anchor) return;
	must('anchor', anchor.slot > 0n && anchor.slot < lock.slot, `anchored in slot ${anchor.slot}, before slot ${lock.slot}`);
	must('anchor_wallet', isOnCurve(anchor.wallet) && !(lock.vrf_key && same(anchor.wallet, lock.vrf_key)), 'a key that can sign, and not the VRF\'s');
}

function judgeTickets({ lock }, tickets, { note, must }, steps) {
	if (tickets.length === 0) {
		note('tickets', lock.tickets > 0n ? 'unknown' : 'wrong', 'the certificate comes without its tickets: nobody can compute the picks');
		return;
	}
	steps.leaves = tickets.map((ticket, i) => leafOf(ticketBytes(lock.draw, i, ticket)));
	steps.root = treeRoot(steps.leaves);
	const total = tickets.reduce((sum, { weight }) => sum + weight, 0n);
	must('tickets', same(steps.root, lock.root), 'the tree of the tickets has the root that was locked');
	must('total_weight', total > 0n && total === lock.total_weight, `the tickets weigh ${total}, locked ${lock.total_weight}`);
	const staked = tickets.reduce((sum, { stake }) => sum + stake, 0n);
	must('stakes', same(stakesRoot(lock.draw, tickets.map(({ stake }) => stake)), lock.stakes_root) && staked === lock.stakes,
		`the tickets' stakes are those that were locked, and ${staked} together, locked ${lock.stakes}`);
}

function judgeRandomness({ lock, block, round, proof, beta }, must, steps) {
	if (!block) return;
	must('block', block.slot >= lock.slot && block.parent_slot < lock.slot, 'the first block at or after the slot that was locked');
	if (!round) return;
	const used = roundAfterBlock(lock.round, block.time);
	must('round', used === round.number, `used ${round.number}, by the rule ${used}`);
	must('drand_signature', isDrands(round.number, round.signature), 'BLS over the round by drand\'s key');
	steps.alpha = alphaOf(lock, block, round);
	if (!beta) return;
	if (lock.randomness === 'beacon') {
		steps.beta = sha512(steps.alpha);
		must('beta', same(steps.beta, beta), 'SHA-512 of alpha: the lock says that there is no VRF');
		return;
	}
	steps.vrf = verifyVrf(lock.vrf_key, steps.alpha, proof);
	must('proof', !steps.vrf.refused, steps.vrf.refused ?? 'the proof is valid');
	steps.beta = steps.vrf.beta;
	must('beta', !steps.vrf.refused && same(steps.beta, beta), 'the value that follows from the proof');
}

const samePick = (told, ours, tickets) => (told === null || ours === null ? told === ours
	: told.attempt === BigInt(ours.attempt) && told.number === ours.number && told.total === ours.total && told.entry === BigInt(ours.entry) &&
		same(told.participant, tickets[ours.entry].participant));

function judgePicks({ lock, picks }, tickets, { note, must }, steps) {
	const computed = select({ beta: steps.beta, draw: lock.draw, root: lock.root, tickets, prizes: lock.amounts.length, alternates: Number(lock.alternates), mode: Number(lock.mode) });
	steps.picks = computed?.picks;
	steps.selectKey = computed?.key;
	must('picks', computed !== null && picks.length === computed.picks.length, `${picks.length} picks`);
	if (!computed) return;
	const other = picks.findIndex((pick, p) => p < computed.picks.length && !samePick(pick, computed.picks[p], tickets));
	if (other >= 0) note('pick', 'wrong', `pick ${other} is not the one that the rule gives`);
}

// The candidates of each prize: its own pick, then the alternates in their order, none of them twice.
function judgeAwards({ lock, picks, awards }, { note, must }) {
	const prizes = lock.amounts.length;
	must('prizes', awards.length === prizes, `${awards.length} awards, ${prizes} prizes were locked`);
	if (awards.length !== prizes || picks.length !== prizes + Number(lock.alternates)) return;
	let alternate = prizes;
	const nextAlternate = () => {
		while (alternate < picks.length) if (picks[alternate++] !== null) return BigInt(alternate - 1);
		return undefined;
	};
	for (const [i, award] of awards.entries()) {
		if (award.amount !== lock.amounts[i]) return note('amount', 'wrong', `prize ${i} is ${award.amount}, locked ${lock.amounts[i]}`);
		let candidate = picks[i] === null ? nextAlternate() : BigInt(i);
		let follows = true;
		for (const { pick, reason } of award.refused) {
			follows &&= candidate !== undefined && pick === candidate && reason !== '';
			candidate = nextAlternate();
		}
		if (!follows || award.pick !== candidate) return note('award', 'wrong', `prize ${i} did not go to its pick, or to the first alternate left after refusals with reasons`);
	}
	return note('awards', 'ok', 'every prize went where the picks send it, with the amount that was locked');
}

// Who knows the winners must not choose. Only the rules' own text says whether they name a reason, and nothing in the file whether it
// was true.
function judgeRefusals({ awards, lock }, { note, must }) {
	const due = timeOfRound(lock.round);
	const all = awards.flatMap(({ refused }) => refused);
	if (all.length === 0) return;
	must('refused_at', due !== null && all.every(({ at }) => at >= lock.at && at < due), `refused after the lock at ${lock.at} and before round ${lock.round} was due at ${due}`);
	note('refusals', 'unknown', `${all.length} winners were refused: the file does not hold the rules, nor whether the reasons are true`);
}

// Where nothing was drawn, or nobody was left to win it.
function judgeRefund({ awards, lock, refund, ...draw }, must) {
	const due = !awards || awards.every(({ pick }) => pick === undefined);
	if (draw.default) must('default', draw.default.at >= lock.deadline, `nothing is drawn: no ${draw.default.missing} at ${draw.default.at}, the deadline was ${lock.deadline}`);
	if (!due && !refund) return;
	must('refund', due && refund !== undefined && refund.units === lock.stakes && refund.at >= (draw.default?.at ?? 0n),
		`${refund?.units ?? 0n} units were given back, ${lock.stakes} staked by ${lock.tickets} tickets: each its own stake, where nobody can win, and only there`);
}

function judgeDraw(draw, tickets, notes, steps) {
	judgeLock(draw, notes.must);
	judgeTickets(draw, tickets, notes, steps);
	judgeRandomness(draw, notes.must, steps);
	if (!draw.default) {
		// Nothing follows from a proof or a list that is not the right one.
		if (tickets.length > 0 && !notes.checks.some(({ state }) => state === 'wrong')) judgePicks(draw, tickets, notes, steps);
		judgeAwards(draw, notes);
		judgeRefusals(draw, notes);
	}
	judgeRefund(draw, notes.must);
}

class Notes {
	checks = [];
	note = (name, state, what) => { this.checks.push({ name, state, what }); };
	must = (name, holds, what) => this.note(name, holds ? 'ok' : 'wrong', what);
}

function conclude(checks, certificate) {
	const worst = checks.find(({ state }) => state === 'wrong') ?? checks.find(({ state }) => state === 'unknown');
	if (worst) return { verdict: worst.state === 'wrong' ? 'not fair' : 'cannot be known', why: `${worst.name}: ${worst.what}` };
	const missing = certificate.body.draw?.default?.missing;
	if (missing) return { verdict: 'no draw: refunded', why: `at the deadline there was no ${missing}: nothing was drawn, and every stake went back` };
	return { verdict: 'fair', why: 'everything follows by the rules from what the certificate holds' };
}

// { verdict: 'fair' | 'not fair' | 'no draw: refunded' | 'cannot be known', limits, why, checks, outside, certificate, steps }; bytes: the
// whole file. limits: what the verdict does not say, '' where it is neither fair nor refunded; outside: the same, each with where to look.
export function judgeCertificate(bytes) {
	const notes = new Notes();
	const steps = {};
	let certificate = null;
	try {
		certificate = readCertificate(bytes);
		judgeEnvelope(certificate, notes.must);
		if (certificate.body.draw) judgeDraw(certificate.body.draw, certificate.tickets, notes, steps);
		else judgePool(certificate.body.pool, notes);
	} catch (error) {
		if (!(error instanceof FormatError)) throw error;
		notes.note('format', 'wrong', error.message);
	}
	const { verdict, why } = conclude(notes.checks, certificate);
	const outside = certificate ? outsideOf(certificate.body) : [];
	const limits = verdict === 'fair' || verdict === 'no draw: refunded' ? `as far as the file shows; not checked here: ${outside.map(({ fact }) => fact).join(', ')}` : '';
	return { verdict, limits, why, checks: notes.checks, outside, certificate, steps };
}
