// Draws with a real beacon and a real VRF, so that a verifier has nothing to say against their certificates.
'use strict';

const crypto = require('node:crypto');
const path = require('node:path');
const { Offchain, Keeper, RULES, STATEMENTS, WALLET, hex, sha512, alpha } = require('./offchain');
const { ed25519 } = require(path.join(__dirname, '..', '..', 'docs', 'verify', 'node_modules', '@noble', 'curves', 'ed25519.js'));
const vectors = require('../vectors/vrf.json');

const SEED = Buffer.concat([Buffer.from('vrf'), Buffer.alloc(29)]);
const OPERATOR_SEED = Buffer.concat([Buffer.from('op'), Buffer.alloc(30)]);
const OPERATOR_KEY = Buffer.from(ed25519.getPublicKey(OPERATOR_SEED));
const VRF_KEY = hex(ed25519.getPublicKey(SEED));
// A recorded round; the lock names one that is due 60 s before it, and the block comes too late for that one.
const ROUND = vectors.drand_quicknet.rounds.find(({ round }) => Number(round) === 1000);
const LOCKED_ROUND = 980;
const [OPENED, LOCKED, BLOCK_TIME] = [1692800000.123456, 1692806180, 1692806300];

const ANCHOR = '5VERv8NMvzbJMEkV8xnrLkEaWRtSz9CosKDYjCJjBRnbJLgp8uirBgmQpjKhoR4tjF3ZpRzrFmBV6UjKdiSZkQUW';

const little = (bytes) => BigInt(`0x${Buffer.from(bytes).reverse().toString('hex')}`);
const littleEndian = (value, size) => Buffer.from(value.toString(16).padStart(2 * size, '0'), 'hex').reverse();

// ECVRF-EDWARDS25519-SHA512-TAI of RFC 9381, 5.1.
function prove(input) {
	const Point = ed25519.ExtendedPoint;
	const { scalar, prefix, pointBytes: key } = ed25519.utils.getExtendedPublicKey(SEED);
	let h;
	for (let i = 0; h === undefined; i += 1) {
		try {
			h = Point.fromHex(sha512(Buffer.concat([Buffer.from([3, 1]), key, input, Buffer.from([i, 0])])).subarray(0, 32).toString('hex'), false).clearCofactor();
		} catch { /* no point: the next one */ }
	}
	const k = little(sha512(Buffer.concat([prefix, h.toRawBytes()]))) % ed25519.CURVE.n;
	const gamma = h.multiply(scalar);
	const points = [h, gamma, Point.BASE.multiply(k), h.multiply(k)].map((point) => Buffer.from(point.toRawBytes()));
	const c = sha512(Buffer.concat([Buffer.from([3, 2]), key, ...points, Buffer.from([0])])).subarray(0, 16);
	const s = (k + little(c) * scalar) % ed25519.CURVE.n;
	const beta = sha512(Buffer.concat([Buffer.from([3, 3]), gamma.clearCofactor().toRawBytes(), Buffer.from([0])]));
	return { proof: Buffer.concat([points[1], c, littleEndian(s, 32)]), beta };
}

// The 64 bytes over "PKCERT01" and the hash of a body.
const sign = (hash) => crypto.sign(null, Buffer.concat([Buffer.from('PKCERT01'), hash]), crypto.createPrivateKey({
	key: Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), OPERATOR_SEED]), format: 'der', type: 'pkcs8',
}));

const bare = (mode) => ({ ...RULES, type: `bare${mode}`, randomness: 'beacon', mode });
const GUARDED = `DO $$ DECLARE t record; BEGIN FOR t IN SELECT tgname FROM pg_trigger WHERE tgrelid = 'keeper.offchain_draws'::regclass AND NOT tgisinternal LOOP
	EXECUTE format('ALTER TABLE keeper.offchain_draws ENABLE ALWAYS TRIGGER %I', t.tgname); END LOOP; END $$;`;

class Certified extends Offchain {
	static async make(newKeeper, server, rules = RULES) {
		const made = new Certified(await newKeeper(server));
		await made.keeper.call('vrf_key_register', { key: hex(Buffer.alloc(32, 7)) });
		await made.prepare(rules);
		await made.keeper.call('vrf_key_register', { key: VRF_KEY });
		for (const mode of [0, 1, 2]) await made.keeper.call('offchain_publish', { type: bare(mode).type, rules: JSON.stringify(bare(mode)) });
		made.hasVrf = rules.randomness === 'vrf';
		return made;
	}

	// As if it had been locked shortly before the recorded round; only the tables' owner can do that.
	static then(where) {
		return `BEGIN; ALTER TABLE keeper.offchain_draws DISABLE TRIGGER USER;
			UPDATE keeper.offchain_draws SET opened_at = to_timestamp(${OPENED}), locked_at = to_timestamp(${LOCKED}), locked_round = ${LOCKED_ROUND},
				deadline = to_timestamp(keeper.drand_time(${LOCKED_ROUND}) + 600) WHERE ${where};
			UPDATE keeper.offchain_draws d SET hash = keeper.offchain_hash(d) WHERE ${where}; ${GUARDED} COMMIT`;
	}

	async lockThen(key, overrides = {}) {
		const { draw } = await this.lock(key, { vrf_key: this.hasVrf ? VRF_KEY : null, ...overrides });
		await this.keeper.sql(Certified.then(`draw = '${draw}'`));
		return this.row(draw);
	}

	// From open to settled without a VRF, in one go and with the database's own picks. entries: SQL that gives account, weight, ref;
	// refuse: the participants of which picks, written by the tables' owner, because the round of the draw was long ago.
	async settledAtOnce(key, entries, { mode = 1, prizes = 1, alternates = 0, refuse = [], settle = STATEMENTS.settle } = {}) {
		const where = `source_key = '${key}'`;
		const verb = (name, args, from = '') => `SELECT count(*) FROM keeper.offchain_draws d ${from} CROSS JOIN LATERAL keeper.offchain_${name}(1, d.draw${args}) AS x WHERE d.${where};`;
		await this.keeper.sql(`SET statement_timeout = 0;
			INSERT INTO plain.draws (key, prizes, alternates) VALUES ('${key}', ${prizes}, ${alternates}); INSERT INTO plain.entries (key, account, weight, ref) SELECT '${key}', e.* FROM (${entries}) AS e;
			SELECT count(*) FROM (${Keeper.call('offchain_lock', Offchain.locking(key, { type: bare(mode).type, vrf_key: null }))}) AS x; ${Certified.then(where)};
			${verb('anchor', `, '${ANCHOR}', d.slot - 10, '${WALLET}'`)} ${verb('block', `, d.slot + 1, d.slot - 1, sha256('b'), ${BLOCK_TIME}`)}
			${verb('beacon', `, 1000, '\\x${ROUND.signature}', 'two relays'`)} ${verb('prove', ', keeper.offchain_alpha(d), NULL, sha512(keeper.offchain_alpha(d))')}
			${verb('draw', ', s.a, s.b, s.c, s.d', `CROSS JOIN LATERAL (SELECT array_agg(attempt ORDER BY pick) a, array_agg(number ORDER BY pick) b, array_agg(total ORDER BY pick) c,
				array_agg(entry ORDER BY pick) d FROM keeper.sel1(d.draw, d.root, d.beta, d.select_mode, d.prizes, d.alternates)) AS s`)}
			ALTER TABLE keeper.offchain_refusals DISABLE TRIGGER USER;
			INSERT INTO keeper.offchain_refusals (draw, participant, reason, refused_at) SELECT DISTINCT d.draw, e.participant::bytea, 'account_closed', d.locked_at + interval '5 s' FROM keeper.offchain_draws d
				JOIN keeper.offchain_picks p USING (draw) JOIN keeper.offchain_entries e USING (draw, entry) WHERE d.${where} AND p.pick = ANY ('{${refuse}}');
			${verb('settle', `, $q$${settle}$q$`)}`);
		return this.keeper.sql(`SELECT draw FROM keeper.offchain_draws WHERE ${where}`);
	}

	async row(draw) { return (await this.keeper.rows(`SELECT * FROM keeper.offchain_draws WHERE draw = '${draw}'`))[0]; }

	// As far as proven; resolves to beta.
	async proven(draw) {
		await this.verb('anchor', draw, { sig: ANCHOR, slot: draw.slot - 10, wallet: WALLET });
		const { round } = await this.verb('block', draw, Offchain.block(draw, { block_time: BLOCK_TIME }));
		const row = await this.verb('beacon', draw, { round, signature: `\\x${ROUND.signature}`, checked_by: 'two "relays"\n' });
		// A weight does not fit a number of JSON.
		row.total_weight = await this.keeper.sql(`SELECT total_weight FROM keeper.offchain_draws WHERE draw = '${draw.draw}'`);
		const proven = this.hasVrf ? prove(alpha(row)) : { proof: null, beta: sha512(alpha(row)) };
		await this.verb('prove', draw, { alpha: hex(alpha(row)), proof: proven.proof && hex(proven.proof), beta: hex(proven.beta) });
		return proven.beta;
	}

	// Over without a draw: the deadline was long ago, and so much of it was there.
	async refunded(key, parts) {
		await this.open(key, [['anna', 1, 't1'], ['bob', 2, 't2'], ['anna', 3, 't3']]);
		const draw = await this.lockThen(key);
		if (parts > 0) await this.verb('anchor', draw, { sig: ANCHOR, slot: draw.slot - 10, wallet: WALLET });
		if (parts > 1) await this.verb('block', draw, Offchain.block(draw, { block_time: BLOCK_TIME }));
		if (parts > 2) await this.verb('beacon', draw, { round: 1000, signature: `\\x${ROUND.signature}`, checked_by: 'two relays' });
		await this.verb('default', draw);
		return this.verb('refund', draw, { refund: STATEMENTS.refund });
	}

	settle(draw) { return this.verb('settle', draw, { settle: STATEMENTS.settle }); }

	// As far as settled.
	async settled(draw) {
		await this.verb('draw', draw, await this.picks(draw, await this.proven(draw)));
		return this.settle(draw);
	}

	async next() { return (await this.keeper.call('certificate_next', {}))[0]; }

	static adding(next, overrides = {}) {
		const hash = crypto.createHash('sha256').update(next.body).digest();
		const { draw, serial, previous, made } = next;
		return { fence: 1, draw, serial, previous, made, hash: hex(hash), key: hex(OPERATOR_KEY), signature: hex(sign(hash)), ...overrides };
	}

	async add(next, overrides) { return (await this.keeper.call('certificate_add', Certified.adding(next, overrides)))[0]; }

	// The whole file.
	async text({ serial, draw }) {
		const [{ head }] = await this.keeper.call('certificate_head', { serial });
		const tickets = draw === null ? '' : await this.keeper.sql(`SELECT keeper.certificate_tickets('${draw}', 0, 1000000)`);
		return `${head}${tickets}]}\n`;
	}
}

// As the settings take it.
const OPERATOR_SECRET = JSON.stringify([...OPERATOR_SEED, ...OPERATOR_KEY]);

module.exports = { Certified, OPERATOR_SECRET, GUARDED };
