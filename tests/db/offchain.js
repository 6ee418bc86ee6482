// A draw of the tests' own little source, from published rules to its end, through the daemon's verbs.
'use strict';

const crypto = require('node:crypto');
const { Keeper, signature } = require('./keeper');

const sha256 = (...parts) => crypto.createHash('sha256').update(Buffer.concat(parts.map((part) => Buffer.from(part)))).digest();
const sha512 = (bytes) => crypto.createHash('sha512').update(bytes).digest();
const hex = (bytes) => `\\x${Buffer.from(bytes).toString('hex')}`;
const bytes = (text) => Buffer.from(text.slice(2), 'hex');
const uuidBytes = (uuid) => Buffer.from(uuid.replaceAll('-', ''), 'hex');
function be64(value) { const out = Buffer.alloc(8); out.writeBigUInt64BE(BigInt(value)); return out; }
function be32(value) { const out = Buffer.alloc(4); out.writeUInt32BE(Number(value)); return out; }

// A key that can sign.
const WALLET = '\\x3b6a27bcceb6a42d62a3a8d02a6f0d73653215771de243a63ac048a18b59da29';
const VRF_KEY = hex(Buffer.alloc(32, 7));
const GENESIS = 1692803367;
const roundAt = (seconds) => Math.ceil((seconds - GENESIS) / 3) + 1;
const now = () => Math.floor(Date.now() / 1000);

const RULES = { type: 'plain', source: 'plain', randomness: 'vrf', mode: 1, deadline_s: 600, refusals: ['account_closed'] };

// A source as small as one can be: whoever is in plain.entries plays, the payment is one row.
const SOURCE = `CREATE SCHEMA plain;
	CREATE TABLE plain.draws (key text PRIMARY KEY, state text NOT NULL DEFAULT 'open', prizes int NOT NULL DEFAULT 1, alternates int NOT NULL DEFAULT 0,
		prize numeric NOT NULL DEFAULT 100, stake numeric, opened_at timestamptz NOT NULL DEFAULT clock_timestamp());
	CREATE TABLE plain.entries (key text NOT NULL, account text, ref text, weight numeric, participant bytea);
	CREATE TABLE plain.paid (key text NOT NULL, account text NOT NULL, units numeric NOT NULL);
	GRANT USAGE ON SCHEMA plain TO poolkeeper; GRANT ALL ON ALL TABLES IN SCHEMA plain TO poolkeeper;`;
const STATEMENTS = {
	freeze: `UPDATE plain.draws SET state = 'locked' WHERE key = $1 AND state = 'open'
		RETURNING array_fill(trunc(prize / greatest(prizes, 1)), ARRAY[prizes]) AS amounts, 'points' AS currency, alternates,
		coalesce(stake, 10 * (SELECT count(*) FROM plain.entries e WHERE e.key = $1)) AS stake_units, opened_at;`,
	entries: 'SELECT participant, account, ref, weight, 10 AS stake FROM plain.entries WHERE key = $1; ',
	settle: `WITH paid AS (INSERT INTO plain.paid SELECT $1, account, 100 / (SELECT prizes FROM plain.draws WHERE key = $1)
		FROM keeper.offchain_winners($2) RETURNING units) SELECT count(*) AS winners, coalesce(sum(units), 0) AS paid_units, CASE WHEN count(*) = 0 THEN 10 * (SELECT count(*) FROM plain.entries WHERE key = $1) END AS refunded_units FROM paid`,
	refund: `WITH paid AS (INSERT INTO plain.paid SELECT $1, e.account, 10 FROM keeper.offchain_entries e WHERE e.draw = $2 RETURNING units)
		SELECT sum(units) AS refunded_units FROM paid`,
};

// Nothing is locked before an audit of the wallet has begun on this server.
const AUDITED = "INSERT INTO keeper.audits (wallet, began_slot, database) VALUES ('So11111111111111111111111111111111111111112', 1, keeper.database_identity())";

// Who plays where a test does not say.
const THREE = [['anna', 1, 't1'], ['bob', 2, 't2'], ['carl', 3, 't3']];

class Offchain {
	constructor(keeper) {
		this.keeper = keeper;
		this.counter = 0;
	}

	// Rules and key first: the draws of the tests open later.
	async prepare(rules = RULES) {
		await this.keeper.sql(`${SOURCE}; ${AUDITED}`);
		await this.keeper.call('vrf_key_register', { key: VRF_KEY });
		await this.keeper.call('offchain_publish', { type: rules.type, rules: JSON.stringify(rules) });
		return this;
	}

	// entries: [[account, weight, ref]]; terms: columns of plain.draws.
	async open(key, entries, terms = {}) {
		const names = ['key', ...Object.keys(terms)];
		const quote = (value) => (value === null ? 'NULL' : `'${value}'`);
		await this.keeper.sql(`INSERT INTO plain.draws (${names.join(', ')}) VALUES (${[key, ...Object.values(terms)].map(quote).join(', ')});
			INSERT INTO plain.entries (key, account, weight, ref) VALUES ${entries.map((entry) => `('${key}', ${entry.map(quote).join(', ')})`).join(', ') || "('', '', 0, '')"}`);
	}

	// A draw of its own key, which is resolved to.
	async opened(entries = THREE, terms = {}) {
		const key = `k${this.counter += 1}`;
		await this.open(key, entries, terms);
		return key;
	}

	async locked(entries, terms, overrides) { return this.lock(await this.opened(entries, terms), overrides); }

	paid(draw) { return this.keeper.sql(`SELECT coalesce(string_agg(account || ' ' || units::int, ', ' ORDER BY account), 'nobody') FROM plain.paid WHERE key = '${draw.source_key}'`); }

	state(draw) { return this.keeper.sql(`SELECT state FROM keeper.offchain_draws WHERE draw = '${draw.draw}'`); }

	// vrf_key: the one that the caller has, several, or null.
	static locking(key, { vrf_key: keys = VRF_KEY, ...overrides } = {}) {
		return {
			fence: 1, source: 'plain', source_key: key, type: 'plain', vrf_keys: [keys ?? []].flat().map((one) => `"\\${one}"`), slot: 1000, round: roundAt(now() + 200),
			freeze: STATEMENTS.freeze, entries: STATEMENTS.entries, chain_s: now(), witnesses: 2, ...overrides,
		};
	}

	async lock(key, overrides) { return (await this.keeper.call('offchain_lock', Offchain.locking(key, overrides)))[0]; }

	// What a verb is given besides fence and draw, when a test says nothing.
	static given(name) { return name === 'default' ? { chain_s: now() } : {}; }

	async verb(name, draw, args = {}) { return (await this.keeper.call(`offchain_${name}`, { fence: 1, draw: draw.draw, ...Offchain.given(name), ...args }))[0]; }

	// One outcome per statement, in one go.
	async outcomes(statements) { return (await this.keeper.sql(statements.map((one) => `SELECT public.outcome($q$${one}$q$);`).join('\n'))).split('\n'); }

	refused(name, draw, args = {}) { return this.keeper.refusal(`offchain_${name}`, { fence: 1, draw: draw.draw, ...Offchain.given(name), ...args }); }

	static block(draw, overrides = {}) {
		return { slot: draw.slot + 1, parent_slot: draw.slot - 1, blockhash: hex(Buffer.alloc(32, 9)), block_time: now(), ...overrides };
	}

	// Everything before the proof.
	async reveal(draw, signatureOfRound = hex(Buffer.alloc(48, 5))) {
		await this.verb('anchor', draw, { sig: signature('A'), slot: draw.slot - 10, wallet: WALLET });
		const { round } = await this.verb('block', draw, Offchain.block(draw));
		return this.verb('beacon', draw, { round, signature: signatureOfRound });
	}

	static proof(row, beta = Buffer.alloc(64, 3), proof = Buffer.alloc(80, 4)) { return { alpha: hex(alpha(row)), proof: hex(proof), beta: hex(beta) }; }

	async entries(draw) {
		const rows = await this.keeper.rows(`SELECT entry, participant, weight::text AS weight, account, ref FROM keeper.offchain_entries WHERE draw = '${draw.draw}' ORDER BY entry`);
		return rows.map((row) => ({ ...row, weight: BigInt(row.weight) }));
	}

	// What the daemon will hand in: the naive walk's picks.
	async picks(draw, beta) {
		const input = { draw: uuidBytes(draw.draw), root: bytes(draw.root), beta, entries: await this.entries(draw), mode: draw.select_mode, prizes: draw.prizes, alternates: draw.alternates };
		const picks = select(input).picks;
		const column = (name) => picks.map((pick) => (pick[name] === undefined ? null : String(pick[name])));
		return { attempt: column('attempt'), number: column('ticket'), total: column('total'), entry: column('entry') };
	}

	// As far as drawn.
	async draw(draw, beta = crypto.randomBytes(64)) {
		const row = await this.reveal(draw);
		// A weight does not fit a number of JSON.
		row.total_weight = (await this.entries(draw)).reduce((sum, entry) => sum + entry.weight, 0n);
		await this.verb('prove', draw, Offchain.proof(row, beta));
		return this.verb('draw', draw, await this.picks(draw, beta));
	}

	// The deadline is over: the row's own guards are taken off for the moment, as only its owner can.
	age(draw) {
		return this.keeper.sql(`BEGIN; ALTER TABLE keeper.offchain_draws DISABLE TRIGGER USER;
			UPDATE keeper.offchain_draws SET opened_at = opened_at - interval '1 hour', locked_at = locked_at - interval '1 hour', locked_round = locked_round - 1200, round = round - 1200,
				block_time = block_time - 3600, deadline = deadline - interval '1 hour' WHERE draw = '${draw.draw}';
			ALTER TABLE keeper.offchain_draws ENABLE ALWAYS TRIGGER offchain_draws_seal; ALTER TABLE keeper.offchain_draws ENABLE ALWAYS TRIGGER offchain_draws_kept;
			ALTER TABLE keeper.offchain_draws ENABLE ALWAYS TRIGGER offchain_draws_written_once; ALTER TABLE keeper.offchain_draws ENABLE ALWAYS TRIGGER offchain_draws_moves;
			ALTER TABLE keeper.offchain_draws ENABLE ALWAYS TRIGGER offchain_draws_beta_fits; COMMIT`);
	}

	async defaulted(draw) {
		await this.age(draw);
		return this.verb('default', draw);
	}
}

function alpha(row) {
	return Buffer.concat([Buffer.from('PFDRAW01'), uuidBytes(row.draw), be64(row.n), be64(row.total_weight), bytes(row.root), bytes(row.rules_hash),
		be64(row.block_slot), bytes(row.blockhash), be64(row.round), bytes(row.drand_signature)]);
}

// RFC 9162, 2.1, by its recursive definition.
function merkleRoot(leaves) {
	if (leaves.length === 0) return sha256();
	if (leaves.length === 1) return leaves[0];
	let split = 1;
	while (split * 2 < leaves.length) split *= 2;
	return sha256([1], merkleRoot(leaves.slice(0, split)), merkleRoot(leaves.slice(split)));
}
const leaf = (draw, { entry, participant, weight }) => sha256([0], 'PFE1', uuidBytes(draw), be64(entry), bytes(participant), be64(weight));

// SEL-1 word for word, walking the list.
function select({ draw, root, beta, entries, mode, prizes, alternates }) {
	const hmac = (key, ...parts) => crypto.createHmac('sha256', key).update(Buffer.concat(parts.map((part) => Buffer.from(part)))).digest();
	const all = entries.reduce((sum, entry) => sum + entry.weight, 0n);
	const key = hmac(beta, 'PFD-SELECT-1', draw, root, be64(entries.length), be64(all), [mode], be32(prizes), be32(alternates));
	const dead = new Set();
	const won = new Set();
	const kill = (participant) => entries.forEach((entry, i) => { if (entry.participant === participant) dead.add(i); });
	const picks = [];
	for (let p = 0; p < prizes + alternates; p += 1) {
		if (p === prizes) won.forEach(kill);
		const total = entries.reduce((sum, entry, i) => (dead.has(i) ? sum : sum + entry.weight), 0n);
		const pick = {};
		picks.push(pick);
		if (total === 0n) continue;
		let x;
		for (pick.attempt = 0; ; pick.attempt += 1) {
			x = hmac(key, be32(p), be32(pick.attempt)).readBigUInt64BE();
			if (x >= 2n ** 64n % total) break;
		}
		pick.ticket = x % total;
		pick.total = total;
		let sum = 0n;
		pick.entry = entries.findIndex((entry, i) => { if (!dead.has(i)) sum += entry.weight; return !dead.has(i) && sum > pick.ticket; });
		const { participant } = entries[pick.entry];
		won.add(participant);
		if (p >= prizes || mode === 1) kill(participant);
		else if (mode === 2) dead.add(pick.entry);
	}
	return { key, picks };
}

async function newOffchain(newKeeper, server, rules) { return new Offchain(await newKeeper(server)).prepare(rules); }

module.exports = { AUDITED, THREE, Offchain, Keeper, newOffchain, RULES, STATEMENTS, VRF_KEY, WALLET, sha256, sha512, hex, bytes, be64, uuidBytes, alpha, merkleRoot, leaf, select, roundAt, now };
