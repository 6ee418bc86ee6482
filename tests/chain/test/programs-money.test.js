// Whatever is called in whatever order: no token appears, disappears or leaves the vault except as the rules say.
'use strict';

const assert = require('node:assert');
const test = require('node:test');
const { ADDRESS, sha256 } = require('../solana.js');
const { Lottery } = require('../programs/testing/lottery.js');
const { decodeEvent } = require('../programs/testing/layout.js');

const SEED = process.env.SEED || '20261121';
const RUNS = 40;
const STEPS = 40;

// Numbers from a seed, so that a failure can be repeated with SEED=...
class Random {
	constructor(seed) {
		this.state = sha256(Buffer.from(seed));
	}

	below(limit) {
		this.state = sha256(this.state);
		return this.state.readUInt32LE(0) % limit;
	}

	of(list) {
		return list[this.below(list.length)];
	}
}

function ownersOf(lottery) {
	return [...lottery.players, lottery.dev, lottery.treasury, lottery.stranger];
}

function holdings(lottery) {
	return ownersOf(lottery).reduce((sum, owner) => sum + lottery.balance(owner), 0n);
}

// What the events of a successful call say left the vault or was burned.
function burnedBy(events) {
	return events.reduce((sum, event) => {
		if (event.name === 'RefundBurned') return sum + event.amount;
		if (event.name === 'WinnerSelectedEvent') return sum + event.burn_amount;
		return sum;
	}, 0n);
}

function anybody(lottery, random) {
	return random.of([...ownersOf(lottery), lottery.creator, lottery.dev]);
}

const WAITS = [{ seconds: 1 }, { seconds: 300 }, { seconds: 604801 }, { seconds: 1209601 }, { seconds: 2592001 }, { slots: 10 }, { slots: 3001 }];
const ACTIONS = {
	join: (lottery, random) => lottery.join(random.of(lottery.players)),
	donate: (lottery, random) => lottery.donate(anybody(lottery, random), 20_000_000n + BigInt(random.below(1000))),
	setLockDuration: (lottery, random) => lottery.setLockDuration(anybody(lottery, random), 60 + random.below(3)),
	cancel: (lottery, random) => (random.below(4) ? null : lottery.cancel(anybody(lottery, random))),
	adminClose: (lottery, random) => (random.below(4) ? null : lottery.adminClose(anybody(lottery, random))),
	sweep: (lottery, random) => lottery.sweep(anybody(lottery, random)),
	pause: (lottery, random) => (random.below(3) ? null : lottery.pause(anybody(lottery, random))),
	unpause: (lottery, random) => lottery.unpause(random.of([lottery.dev, lottery.stranger])),
	forceExpire: (lottery, random) => (random.below(3) ? null : lottery.forceExpire(lottery.dev)),
	unlock: (lottery) => lottery.unlock(),
	request(lottery, random) {
		lottery.setRandomness();
		return lottery.request(anybody(lottery, random));
	},
	requestMock: (lottery) => lottery.request(lottery.dev, { randomness: ADDRESS.system }),
	select(lottery, random) {
		lottery.reveal(sha256(Buffer.from(`${random.below(1000)}`)));
		return lottery.select(random.of([lottery.dev, lottery.stranger]));
	},
	payout: (lottery, random) => lottery.payout(random.of([lottery.dev, lottery.stranger])),
	refund: (lottery, random) => lottery.refund(random.of([...lottery.players, lottery.dev])),
	finalize: (lottery, random) => lottery.finalize(random.of([lottery.dev, lottery.treasury, lottery.stranger])),
	claimRent: (lottery, random) => lottery.claimRent(lottery.creator, { closeTarget: random.of([lottery.creator, lottery.treasury]) }),
	claimRentByDev: (lottery) => lottery.claimRent(lottery.dev, { closeTarget: lottery.treasury }),
	create: (lottery) => lottery.create(),
	wait(lottery, random) {
		lottery.vm.wait(random.of(WAITS));
		return null;
	},
};

// What would come next by status: without a push few random games would ever end.
const NEXT = ['join', 'unlock', 'request', 'select', 'select', 'payout', 'claimRent', 'refund', 'claimRent'];

function pick(lottery, random) {
	if (!exists(lottery)) return 'create';
	if (random.below(3)) return random.of(Object.keys(ACTIONS));
	const { status } = lottery.poolState();
	if (status === 1) lottery.vm.wait({ seconds: 62 });
	return NEXT[status];
}

function exists(lottery) {
	return lottery.vm.account(lottery.pool) !== null;
}

const taken = new Map(); // how often each action succeeded

function step(lottery, random) {
	const name = pick(lottery, random);
	const before = { held: holdings(lottery), vault: lottery.vaultBalance(), supply: lottery.supply(), wasCancelled: exists(lottery) && lottery.poolState().status === 7 };
	const outcome = ACTIONS[name](lottery, random);
	if (!outcome) return;
	const after = { held: holdings(lottery), vault: lottery.vaultBalance(), supply: lottery.supply() };
	const burned = before.supply - after.supply;
	assert.strictEqual(before.held + before.vault - burned, after.held + after.vault, `${name}: tokens are conserved`);
	if (!outcome.ok) {
		assert.deepStrictEqual([after.held, after.vault, burned], [before.held, before.vault, 0n], `${name}: a refusal moves nothing`);
		return;
	}
	taken.set(name, (taken.get(name) || 0) + 1);
	const closedCancelled = name.startsWith('claimRent') && before.wasCancelled;
	const expectedBurn = closedCancelled ? before.vault : burnedBy(outcome.events.map(decodeEvent));
	assert.strictEqual(burned, expectedBurn, `${name}: only what the rules burn`);
	if (!exists(lottery)) assert.strictEqual(after.vault, 0n, `${name}: nothing is left behind`);
	else checkPool(lottery, name);
}

function checkPool(lottery, name) {
	const pool = lottery.poolState();
	if (pool.status <= 6) assert.strictEqual(lottery.vaultBalance(), pool.total_amount, `${name}: the vault holds what is booked`);
	if (pool.status === 7) assert.ok(lottery.vaultBalance() <= pool.total_amount, `${name}: refunds never exceed the pot`);
	if (pool.status === 6 || pool.status === 8) assert.strictEqual(lottery.vaultBalance(), 0n, `${name}: an ended pool is empty`);
	if (pool.status >= 1 && pool.status <= 5) assert.strictEqual(lottery.seats().length, pool.max_participants, `${name}: the list stays`);
	assert.strictEqual(new Set(lottery.seats()).size, lottery.seats().length, `${name}: nobody sits twice`);
}

for (const [label, tokenProgram] of [['SPL Token', ADDRESS.token], ['Token-2022', ADDRESS.token2022]]) {
	test(`money is conserved in random games, seed ${SEED} (${label})`, () => {
		for (let run = 0; run < RUNS; run++) {
			const random = new Random(`${SEED}/${tokenProgram}/${run}`);
			const terms = {
				maxParticipants: 2 + random.below(3), allowMock: random.below(2), devFeeBps: random.below(3000), burnFeeBps: random.below(3000),
				treasuryFeeBps: random.below(3000), amount: 20_000_000n + BigInt(random.below(10 ** 6)),
			};
			const lottery = new Lottery({ tokenProgram, terms });
			lottery.must(lottery.create());
			for (let i = 0; i < STEPS; i++) step(lottery, random);
		}
	});
}

test('every action succeeded in some of those games', () => {
	const never = Object.keys(ACTIONS).filter((name) => name !== 'wait' && !taken.has(name));
	assert.deepStrictEqual(never, []);
});
