// The lottery program against the recorded vectors: instruction bytes, ids, hashes, winners, payouts, refunds, account decoding.
'use strict';

const assert = require('node:assert');
const test = require('node:test');
const { ADDRESS, keyBytes } = require('../solana.js');
const { Lottery, person } = require('../programs/testing/lottery.js');
const { decodeEvent, decodePool, vectors } = require('../programs/testing/layout.js');

// A vector's instruction sent as it is, into a chain where none of its accounts exist.
function sendRecorded(vm, { program_id: program, metas, data }) {
	const accounts = metas.map(({ pubkey, signer, writable }) => ({ key: pubkey, signer, writable }));
	return vm.send({ program, accounts, data: Buffer.from(data, 'hex') });
}

test('every recorded instruction is known: it gets past discriminator and arguments', () => {
	const { vm } = new Lottery();
	const { cases } = vectors('instructions');
	const names = new Set();
	for (const entry of cases) {
		const outcome = sendRecorded(vm, entry);
		const logName = entry.name.replace(/(^|_)(\w)/g, (_, __, letter) => letter.toUpperCase());
		assert.ok(outcome.logs.includes(`Program log: Instruction: ${logName}`), entry.name);
		assert.strictEqual(outcome.code, 3012, `${entry.name}: its accounts are missing`);
		names.add(entry.name);
	}
	assert.strictEqual(names.size, 17);
});

test('recorded create_pool arguments are read byte for byte', () => {
	const recorded = vectors('instructions').cases.filter((entry) => entry.name === 'create_pool');
	const REFUSED = [6016, 6027, 6028, 6029, 6030, 'ProgramFailedToComplete']; // terms no program would take
	let created = 0;
	for (const { args, data } of recorded) {
		const lottery = new Lottery({ terms: { salt: Buffer.from(args.salt, 'hex') } });
		lottery.pokeToken(lottery.creator, { amount: 2n ** 64n - 1n });
		const outcome = lottery.run('create_pool', lottery.creator, Buffer.from(data, 'hex').subarray(8));
		if (!outcome.ok) {
			assert.ok(REFUSED.includes(outcome.code), `${outcome.code}`);
			continue;
		}
		created++;
		const pool = lottery.poolState();
		for (const name of ['lock_duration', 'amount', 'dev_fee_bps', 'burn_fee_bps', 'treasury_fee_bps']) {
			assert.strictEqual(pool[name], BigInt(args[name]), name);
		}
		for (const name of ['dev_wallet', 'treasury_wallet']) assert.strictEqual(pool[name], args[name], name);
		assert.strictEqual(pool.max_participants, Number(args.max_participants));
		assert.strictEqual(Boolean(pool.allow_mock), args.allow_mock);
	}
	assert.ok(created > 0);
});

test('pool ids', () => {
	const cases = vectors('winners').pool_ids;
	for (const { salt, slot, creator, pool_id: expected } of cases) {
		if (BigInt(slot) >= 2n ** 63n) continue; // beyond what a test clock takes
		const lottery = new Lottery({ terms: { salt: Buffer.from(salt, 'hex') } });
		lottery.vm.setClock({ slot: BigInt(slot) });
		lottery.creator = creator;
		lottery.vm.setAccount(creator, { lamports: 10n ** 12n });
		lottery.setToken(creator, { amount: 10n ** 12n });
		lottery.must(lottery.create());
		assert.strictEqual(lottery.poolState().pool_id, BigInt(expected));
	}
	assert.ok(cases.length > 10);
});

test('config hashes: join accepts the recorded hash and no other', () => {
	for (const entry of vectors('winners').config_hashes) {
		const lottery = new Lottery().open();
		const terms = {
			salt: Buffer.from(entry.salt, 'hex'), max_participants: entry.max_participants, lock_duration: entry.lock_duration,
			amount: entry.amount, dev_wallet: entry.dev_wallet, dev_fee_bps: entry.dev_fee_bps, burn_fee_bps: entry.burn_fee_bps,
			treasury_wallet: entry.treasury_wallet, treasury_fee_bps: entry.treasury_fee_bps, start_time: entry.start_time,
			duration: entry.duration, config_hash: Buffer.from(entry.config_hash, 'hex'),
		};
		const now = Number(BigInt(entry.start_time));
		lottery.poke(terms);
		lottery.vm.setClock({ time: now });
		const join = () => lottery.join(lottery.players[1], 1n).code;
		const hashFits = join();
		assert.notStrictEqual(hashFits, 6043);
		assert.strictEqual(hashFits, 6029);
		lottery.poke({ duration: BigInt(entry.duration) + 1n });
		assert.strictEqual(join(), 6043);
	}
});

function withPlayers(lottery, count) {
	lottery.pokeSeats(Array.from({ length: count }, (_, i) => person(`seat ${i}`)));
}

test('winners', () => {
	const lottery = new Lottery().committed();
	const restore = lottery.snapshot();
	const { cases } = vectors('winners');
	for (const entry of cases) {
		restore();
		lottery.poke({ pool_id: entry.pool_id });
		withPlayers(lottery, entry.participants);
		lottery.reveal(Buffer.from(entry.value, 'hex'));
		lottery.must(lottery.select());
		const pool = lottery.poolState();
		assert.strictEqual(pool.winner, person(`seat ${entry.index}`), entry.value);
		assert.strictEqual(pool.randomness, BigInt(entry.randomness));
	}
	assert.ok(cases.length > 100);
});

test('winners that cannot be', () => {
	for (const { value, error } of vectors('winners').errors) {
		const lottery = new Lottery().committed();
		lottery.reveal(Buffer.from(value, 'hex'));
		assert.strictEqual(lottery.select().code, error);
	}
});

test('mock winners', () => {
	const lottery = new Lottery({ terms: { allowMock: 1 } }).unlocked();
	const restore = lottery.snapshot();
	for (const entry of vectors('winners').mock) {
		restore();
		lottery.poke({ pool_id: entry.pool_id, creator: entry.creator });
		withPlayers(lottery, entry.participants);
		lottery.vm.setClock({ slot: BigInt(entry.slot) });
		lottery.must(lottery.request(lottery.dev, { randomness: ADDRESS.system }));
		lottery.must(lottery.select());
		const pool = lottery.poolState();
		assert.strictEqual(pool.randomness, BigInt(entry.randomness));
		assert.strictEqual(pool.winner, person(`seat ${entry.index}`));
	}
});

test('payouts', () => {
	const lottery = new Lottery().selected();
	const restore = lottery.snapshot();
	const { cases } = vectors('payouts');
	for (const entry of cases) {
		restore();
		const total = BigInt(entry.total);
		lottery.poke({
			total_amount: total, dev_fee_bps: entry.dev_bps, burn_fee_bps: entry.burn_bps, treasury_fee_bps: entry.treasury_bps,
		});
		lottery.setMint({ supply: 2n ** 64n - 1n });
		lottery.pokeToken(lottery.pool, { amount: total });
		const winner = lottery.poolState().winner;
		for (const owner of [winner, lottery.dev, lottery.treasury]) lottery.pokeToken(owner, { amount: 0n });
		const outcome = lottery.payout();
		if (entry.error) {
			assert.strictEqual(outcome.code, entry.error, JSON.stringify(entry));
			continue;
		}
		lottery.must(outcome);
		const event = decodeEvent(outcome.events[0]);
		const paid = [event.winner_amount, event.dev_amount, event.burn_amount, event.treasury_amount];
		const expected = [entry.winner, entry.dev, entry.burn, entry.treasury].map(BigInt);
		assert.deepStrictEqual(paid, expected, JSON.stringify(entry));
		assert.deepStrictEqual([lottery.balance(winner), lottery.balance(lottery.dev), lottery.balance(lottery.treasury)], [expected[0], expected[1], expected[3]]);
		assert.strictEqual(2n ** 64n - 1n - lottery.supply(), expected[2]);
	}
});

test('refunds', () => {
	const lottery = new Lottery().cancelled();
	const restore = lottery.snapshot();
	for (const entry of vectors('payouts').refunds) {
		restore();
		const bet = BigInt(entry.bet);
		lottery.poke({ amount: bet });
		lottery.setMint({ supply: 2n ** 64n - 1n });
		lottery.pokeToken(lottery.pool, { amount: bet });
		const user = entry.creator ? lottery.creator : lottery.players[1];
		lottery.pokeToken(user, { amount: 0n });
		const event = decodeEvent(lottery.must(lottery.refund(user)).events.at(-1));
		assert.deepStrictEqual([event.amount, event.burned], [BigInt(entry.refund), BigInt(entry.burn)]);
		assert.strictEqual(lottery.balance(user), BigInt(entry.refund));
	}
});

test('pool accounts are accepted and refused as Anchor does', () => {
	const lottery = new Lottery().open();
	const send = (data) => {
		lottery.vm.setAccount(lottery.pool, { data, owner: ADDRESS.ml });
		return lottery.pause(lottery.stranger).code;
	};
	for (const entry of vectors('pool_accounts').cases) {
		const code = send(Buffer.from(entry.data, 'base64'));
		// Decoded: what fails then is the address of the participants or the caller.
		assert.ok([6032, 6005].includes(code), `${entry.kind}: ${code}`);
	}
	for (const entry of vectors('pool_accounts').invalid) {
		assert.strictEqual(send(Buffer.from(entry.data, 'base64')), entry.anchor_error, entry.why);
	}
});

test('participants accounts are accepted and refused as Anchor does', () => {
	const lottery = new Lottery().open();
	const send = (data) => {
		lottery.vm.setAccount(lottery.participants, { data, owner: ADDRESS.ml });
		return lottery.pause().code;
	};
	for (const entry of vectors('participants_accounts').cases) assert.strictEqual(send(Buffer.from(entry.data, 'base64')), null, entry.kind);
	for (const entry of vectors('participants_accounts').invalid) {
		assert.strictEqual(send(Buffer.from(entry.data, 'base64')), entry.anchor_error, entry.why);
	}
});

test('a recorded pool is read like our own decoder reads it', () => {
	for (const { data, fields } of vectors('pool_accounts').cases) {
		const pool = decodePool(Buffer.from(data, 'base64'));
		assert.strictEqual(pool.pool_id, BigInt(fields.pool_id));
		assert.strictEqual(pool.status, Number(fields.status));
		assert.strictEqual(pool.winner, fields.winner);
		assert.deepStrictEqual(keyBytes(pool.mint), keyBytes(fields.mint));
	}
});
