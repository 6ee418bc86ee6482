// From the bytes of a certificate to its values, in one form only; docs/certificate.md has the meaning.
import { ascii, fromBase58, hash, unhex } from './bytes.js';

const U64 = 2n ** 64n - 1n;
const I64 = 2n ** 63n - 1n;
const U32 = 2n ** 32n - 1n;
const U16 = 65535n;
const PICKS = 1000;
const SIZE = 2 ** 30;
const DEPTH = 16;

export class FormatError extends Error {}

const refuse = (where, why) => { throw new FormatError(`${where}: ${why}`); };

// The one spelling of these values. JSON.parse has dropped what is twice, blank, escaped or out of order: it shows as a difference.
function canonical(value, depth = 0) {
	if (depth > DEPTH) refuse('a value', 'is nested too deep');
	if (typeof value === 'string') return JSON.stringify(value);
	if (Array.isArray(value)) return `[${value.map((element) => canonical(element, depth + 1)).join(',')}]`;
	if (value !== null && typeof value === 'object') {
		return `{${Object.keys(value).sort().map((key) => `${JSON.stringify(key)}:${canonical(value[key], depth + 1)}`).join(',')}}`;
	}
	return refuse('a value', 'must be a string, an array or an object');
}

// ---- shapes: each takes a value and where it stands ----

const string = (value, where) => (typeof value === 'string' ? value : refuse(where, 'must be a string, also where it is a number'));
const text = (value, where) => (string(value, where).length < 128 ? value : refuse(where, 'is too long'));
const number = (most) => (value, where) => {
	if (!/^(0|[1-9][0-9]*)$/.test(string(value, where))) refuse(where, 'must be a decimal number without leading zeros');
	return value.length < 30 && BigInt(value) <= most ? BigInt(value) : refuse(where, 'is too large');
};
const hexOf = (size) => (value, where) => {
	if (string(value, where).length !== 2 * size) refuse(where, 'has the wrong length');
	return /^[0-9a-f]*$/.test(value) ? unhex(value) : refuse(where, 'must be lower-case hex');
};
const base58Of = (size) => (value, where) => (string(value, where).length < 90 && fromBase58(value, size)) || refuse(where, `must be base58 of ${size} bytes`);
const filled = (value, where) => (text(value, where) === '' ? refuse(where, 'is empty') : value);
const kind = (value, where) => (value === 'vrf' || value === 'beacon' ? value : refuse(where, 'must be vrf or beacon'));
const MISSING = ['anchor', 'block', 'round', 'proof'];
const missing = (value, where) => (MISSING.includes(value) ? value : refuse(where, 'must be anchor, block, round or proof'));
const yes = (value, where) => (value === 'yes' || value === 'no' ? value === 'yes' : refuse(where, 'must be yes or no'));
const list = (item, most) => (value, where) => {
	if (!Array.isArray(value)) refuse(where, 'must be an array');
	if (value.length > most) refuse(where, `there are more than ${most}`);
	return value.map((element, i) => item(element, `${where}[${i}]`));
};
// keys that end with ? may be left out.
const object = (shape) => (value, where) => {
	if (value === null || typeof value !== 'object' || Array.isArray(value)) refuse(where, 'must be an object');
	const known = Object.keys(shape).map((key) => key.replace('?', ''));
	for (const key of Object.keys(value)) if (!known.includes(key)) refuse(where, `key ${key} is not known here`);
	const out = {};
	for (const key of Object.keys(shape)) {
		const name = key.replace('?', '');
		if (Object.hasOwn(value, name)) out[name] = shape[key](value[name], `${where}.${name}`);
		else if (name === key) refuse(`${where}.${name}`, 'is missing');
	}
	return out;
};
const emptyOr = (shape) => (value, where) => (value !== null && typeof value === 'object' && !Array.isArray(value) && Object.keys(value).length === 0 ? null : shape(value, where));

const u64 = number(U64);
const time = number(I64);
const hash32 = hexOf(32);
const key = base58Of(32);
const signature = base58Of(64);
const seen = object({ signature, slot: u64, time });

const lock = object({
	alternates: number(BigInt(PICKS)), amounts: list(u64, PICKS), at: time, currency: filled, deadline: time, drand: hash32, draw: hexOf(16),
	mode: number(2n), opened: time, previous: hash32, randomness: kind, root: hash32, round: u64, rules: hash32, seq: u64, slot: u64, source: filled, source_key: filled,
	stakes: u64, stakes_root: hash32, tickets: number(U32 - 1n), total_weight: u64, 'vrf_key?': key,
});
const pick = object({ attempt: number(U32), entry: number(U32 - 1n), number: u64, participant: hash32, total: u64 });
const refusal = object({ at: time, pick: number(BigInt(PICKS)), reason: text });
const award = object({ amount: u64, payment: text, 'pick?': number(BigInt(PICKS)), refused: list(refusal, PICKS) });
const draw = object({
	'anchor?': object({ signature, slot: u64, wallet: key }), 'awards?': list(award, PICKS), 'beta?': hexOf(64),
	'block?': object({ hash: key, parent_slot: u64, slot: u64, time }), 'default?': object({ at: time, missing }), lock, 'picks?': list(emptyOr(pick), PICKS),
	'proof?': hexOf(80), 'refund?': object({ at: time, units: u64 }), 'round?': object({ checked_by: text, number: u64, signature: hexOf(48) }),
});
const reveal = object({ at: seen, oracle: key, recovery_id: number(3n), signature: hexOf(64), value: hash32 });
const commit = object({ at: seen, fate: text, oracle: key, reason: text, reveal: emptyOr(reveal), seed_slot: u64, seed_slothash: hash32 });
const pool = object({
	address: key, commits: list(commit, 16), config_hash: hash32, created: seen, creator: key, donations: number(U32),
	drawn: object({ index: number(255n), number: u64, randomness: hexOf(16) }), mint: key, network: text, oracle_signer: hexOf(64), paid: seen,
	payout: object({ burn_amount: u64, dev_amount: u64, dev_token: key, treasury_amount: u64, treasury_token: key, winner: key, winner_amount: u64, winner_token: key }),
	players: list(object({ joined: seen, wallet: key }), 20), pool_id: u64, queue: key, randomness_account: key, requested: seen, salt: hash32,
	selected: seen, start_time: time,
	terms: object({ allow_mock: yes, bet: u64, burn_bps: number(U16), dev_bps: number(U16), dev_wallet: key, lock_duration: time, places: number(255n), treasury: key, treasury_bps: number(U16) }),
	token_program: key, total: u64,
});
const body = object({
	'draw?': draw, format: (value, where) => (value === 'poolkeeper-certificate-1' ? value : refuse(where, 'must be poolkeeper-certificate-1')),
	made: time, 'pool?': pool, previous: hash32, serial: u64,
});
const ticket = (value, where) => {
	if (!Array.isArray(value) || value.length !== 3) refuse(where, 'a ticket is a participant, a weight and a stake');
	return { participant: hash32(value[0], where), weight: u64(value[1], where), stake: u64(value[2], where) };
};
const certificate = object({ body, key, signature, tickets: list(ticket, Number(U32)) });

// What there is of a draw: all of it; or, where nothing was drawn, what came before the first thing that was missing, and the refund.
function checkParts(d) {
	const hasVrf = d.lock.randomness === 'vrf';
	const got = d.default ? MISSING.indexOf(d.default.missing) : MISSING.length;
	const drawn = !d.default;
	const due = { anchor: got > 0, awards: drawn, beta: drawn, block: got > 1, picks: drawn, proof: drawn && hasVrf, refund: drawn ? d.refund !== undefined : true, round: got > 2 };
	for (const [name, is] of Object.entries(due)) if ((d[name] !== undefined) !== is) refuse(name, is ? 'is missing' : 'is not known here: the lock or the default says that there is none');
	if (got === 3 && !hasVrf) refuse('missing', 'there is no proof to wait for: the lock says beacon');
}

function checkCounts({ body: { draw: d, pool: p }, tickets }) {
	if ((d === undefined) === (p === undefined)) refuse('body', 'has a draw or a pool');
	const due = d ? Number(d.lock.tickets) : 0;
	if (tickets.length !== 0 && tickets.length !== due) refuse('tickets', 'there are more or fewer than the lock says');
	if (!d) return;
	const hasVrf = d.lock.randomness === 'vrf';
	if ((d.lock.vrf_key === undefined) === hasVrf) refuse('vrf_key', hasVrf ? 'is missing' : 'is not known here: the lock says beacon');
	checkParts(d);
	if (d.lock.amounts.length === 0) refuse('amounts', 'there is no prize');
	if (d.lock.amounts.length + Number(d.lock.alternates) > PICKS) refuse('lock', 'there are more than 1000 prizes and alternates');
	if ((d.awards ?? []).reduce((n, { refused }) => n + refused.length, 0) > PICKS) refuse('refused', 'there are more than 1000');
}

// bytes: the whole file. Throws a FormatError.
export function readCertificate(bytes) {
	if (bytes.length > SIZE) refuse('file', 'is larger than 1 GiB');
	const end = bytes.length > 0 && bytes[bytes.length - 1] === 10 ? bytes.length - 1 : bytes.length;
	for (let i = 0; i < end; i++) if (bytes[i] < 0x20 || bytes[i] > 0x7e || bytes[i] === 0x5c) refuse(`byte ${i}`, 'only printable ASCII is allowed, no escapes and no line breaks');
	const whole = new TextDecoder().decode(bytes.subarray(0, end));
	let value;
	try {
		value = JSON.parse(whole);
	} catch {
		refuse('file', 'is no JSON');
	}
	const spelled = canonical(value);
	if (spelled !== whole) refuse('file', 'is not in the form that is signed: jq -cS . writes it');
	const read = certificate(value, 'file');
	checkCounts(read);
	read.hash = hash(ascii(canonical(value.body)));
	if (read.body.draw) read.body.draw.lock.hash = hash(ascii(canonical(value.body.draw.lock)));
	return read;
}
