// Referral payouts in the database: which claims are paid at all, to whom, how much, and that each is opened once.
'use strict';

const test = require('node:test');
const assert = require('node:assert');
const { startPostgres } = require('../lib/postgres');
const { newKeeper, Keeper, key, signature, step, close } = require('./keeper');

let server;
test.before(async () => { server = await startPostgres(); });
test.after(() => server.stop());

const low = (letter) => key(letter).toLowerCase();
let used = 0;
const fresh = () => signature('A').slice(4) + String(used += 1).padStart(4, 'z').replaceAll('0', 'x');

const terms = (overrides = {}) => ({ fence: 1, on: true, treasury: key('T'), max_amount: '1000', max_per_day: 20, max: 32, ...overrides });
const work = (keeper, overrides) => keeper.call('referral_work', terms(overrides));
// The audit of the treasury's wallet is what a payment waits for.
const audit = (keeper, letter = 'T', height = 40) => keeper.call('audit_begin', { fence: 1, wallet: key(letter), slot: 50, height });
// "claim reason" of what is to be done; the reason is missing where nothing stands against it.
const listed = async (keeper, overrides) => (await work(keeper, overrides)).filter((row) => row.work).map((row) => [row.subject.split(':')[1], row.waits_for].filter(Boolean).join(' '));

// A referrer who joined himself once, with shares of draws of this mint.
async function earned(keeper, letter, amount, mint = 'M') {
	used += 1;
	const draw = `draw:${key('P')}:${used}`;
	await keeper.sql(`INSERT INTO keeper.draws (draw, address, pool_id, mint, status, status_slot, total_amount) VALUES ('${draw}', '${key('P')}', ${used}, '${key(mint)}', 6, 5, 0);
		INSERT INTO keeper.referral_shares (draw, referrer, amount) VALUES ('${draw}', '${low(letter)}', ${amount})`);
	await joined(keeper, key(letter), draw);
}

function joined(keeper, wallet, draw = `draw:${key('P')}:1`) {
	used += 1;
	return keeper.sql(`INSERT INTO keeper.calls (signature, ix, inner_ix, slot, block_time, draw, user_wallet, instruction)
		VALUES (decode(lpad('${used}', 128, '0'), 'hex'), 0, -1, 5, 5, '${draw}', '${wallet}', 'join_pool')`);
}

const claim = async (keeper, letter, amount, overrides = {}) => {
	const row = { referrer_wallet: low(letter), token_mint: key('M'), amount: String(amount), ...overrides };
	return keeper.sql(`INSERT INTO public.referral_claims (${Object.keys(row).join(', ')}) VALUES (${Object.values(row).map((value) => (value === null ? 'NULL' : `'${value}'`)).join(', ')}) RETURNING id`);
};

const opening = (id, overrides = {}) => step({ subject: `referral:${id}`, step: 'PAY_REFERRAL', sig: fresh(), randomness: null, lut_slot: null, ...overrides });
const closing = (id, overrides = {}) => close({ subject: `referral:${id}`, ...overrides });
const state = (keeper, id) => keeper.sql(`SELECT state FROM keeper.referral_payouts WHERE claim_id = ${id}`);
const appRow = (keeper, id) => keeper.sql(`SELECT status, tx_signature FROM public.referral_claims WHERE id = ${id}`);

// Payouts on, and a referrer U with 500.
async function ready() {
	const keeper = await newKeeper(server);
	await audit(keeper);
	await work(keeper);
	await earned(keeper, 'U', 500);
	return keeper;
}

test('only claims that are made while payouts are on are taken in', async () => {
	const keeper = await newKeeper(server);
	await audit(keeper);
	await earned(keeper, 'U', 500);
	await claim(keeper, 'U', 1);
	await claim(keeper, 'U', 1, { claimed_at: '2099-01-01' });
	assert.deepEqual(await listed(keeper), [], 'they were there');
	await claim(keeper, 'U', 1, { claimed_at: '2020-01-01' });
	await claim(keeper, 'U', 1, { claimed_at: null });
	await claim(keeper, 'U', 1, { status: 'completed' });
	await claim(keeper, 'U', 1, { status: null });
	await claim(keeper, 'U', 1, { tx_signature: 'x' });
	const good = await claim(keeper, 'U', 1);
	assert.deepEqual(await listed(keeper), [good]);
	assert.equal(await keeper.sql('SELECT count(*) FROM keeper.referral_payouts'), '1');
	assert.match(await keeper.refusal('step_open', opening(1)), /^PK002 .*REFERRAL_OFF/);
});

test('switching off ends it for what is not opened yet, and what was claimed while off is never paid', async () => {
	const keeper = await ready();
	const [out, waits] = [await claim(keeper, 'U', 1), await claim(keeper, 'U', 2)];
	await work(keeper);
	await keeper.call('step_open', opening(out));
	assert.deepEqual(await listed(keeper, { on: false }), [out], 'what is signed is settled');
	assert.match(await keeper.refusal('step_open', opening(waits)), /^PK002 .*REFERRAL_OFF/);
	await claim(keeper, 'U', 3);
	assert.deepEqual(await listed(keeper), [out]);
	assert.match(await keeper.refusal('step_open', opening(waits)), /^PK002 .*REFERRAL_OFF/, 'of the period before');
	await keeper.call('step_close', closing(out, { outcome: 'expired', landed: null }));
	assert.deepEqual(await listed(keeper), []);
	const again = await claim(keeper, 'U', 4);
	assert.deepEqual(await listed(keeper), [again]);
	assert.equal(await keeper.sql('SELECT count(*), count(ended_at) FROM keeper.referral_periods'), '2|1');
	// Null leaves it as it is, and takes nothing in.
	await claim(keeper, 'U', 5);
	assert.deepEqual(await listed(keeper, { on: null }), []);
	assert.equal(await keeper.sql('SELECT count(*), count(ended_at) FROM keeper.referral_periods'), '2|1');
	// Another treasury begins anew.
	assert.deepEqual(await listed(keeper, { treasury: key('S') }), []);
	assert.equal(await keeper.sql('SELECT string_agg(treasury, \' \' ORDER BY period) FROM keeper.referral_periods WHERE ended_at IS NULL'), key('S'));
	assert.match(await keeper.refusal('referral_work', terms({ fence: 2 })), /^PK001/);
});

test('the wallet comes from the chain in its own case, and only when it is the only one', async () => {
	const keeper = await ready();
	const id = await claim(keeper, 'U', 7);
	const [row] = await work(keeper);
	assert.deepEqual([row.wallet, row.mint, row.units, row.waits_for], [key('U'), key('M'), 7, null]);
	const nobody = await claim(keeper, 'V', 1);
	await keeper.sql(`INSERT INTO keeper.referral_shares (draw, referrer, amount) SELECT draw, '${low('V')}', 5 FROM keeper.draws`);
	assert.deepEqual(await listed(keeper), [id, `${nobody} REFERRAL_WALLET`]);
	assert.match(await keeper.refusal('step_open', opening(nobody)), /^PK002 .*REFERRAL_WALLET/);
	await joined(keeper, key('V'));
	assert.deepEqual(await listed(keeper), [id, nobody]);
	// Then somebody appears whose wallet differs only in case: also for the one that was clear before.
	await joined(keeper, `s${key('U').slice(1)}`);
	assert.deepEqual(await listed(keeper), [`${id} REFERRAL_WALLET`, nobody]);
	assert.match(await keeper.refusal('step_open', opening(id)), /^PK002 .*REFERRAL_WALLET/);
	// What was said once is not paid to somebody else, whatever the records say later.
	await keeper.sql(`UPDATE keeper.calls SET user_wallet = 's${key('V').slice(1)}' WHERE user_wallet = '${key('V')}'`);
	assert.match(await keeper.refusal('step_open', opening(nobody)), /^PK002 .*REFERRAL_WALLET/);
});

test('an amount or a mint that cannot be waits, and the others go on', async () => {
	const keeper = await ready();
	await earned(keeper, 'U', '18446744073709551615', 'N');
	const bad = [];
	for (const amount of ['1.5', '-1', '0', '007', '', ' 5', '1e3', '18446744073709551616', 'abc', '99999999999999999999']) bad.push(`${await claim(keeper, 'W', amount)} REFERRAL_AMOUNT`);
	bad.push(`${await claim(keeper, 'W', 5, { token_mint: low('L') })} REFERRAL_MINT`);
	bad.push(`${await claim(keeper, 'W', 5, { token_mint: 'USDC' })} REFERRAL_MINT`);
	bad.push(`${await claim(keeper, 'U', 5, { token_mint: key('Z') })} REFERRAL_NOT_COVERED`);
	const good = await claim(keeper, 'U', '18446744073709551615', { token_mint: key('N') });
	assert.deepEqual(await listed(keeper, { max_amount: '18446744073709551615' }), [...bad, good]);
	for (const line of bad) assert.match(await keeper.refusal('step_open', opening(line.split(' ')[0])), /^PK002/);
});

test('a claim of absurd length is nobody\'s: it keeps no other one from being paid', async () => {
	const keeper = await ready();
	await keeper.sql('DROP INDEX public.idx_referral_claims_wallet_lower'); // the backend's schema push may
	const long = (n) => `(SELECT string_agg(md5((${n} + x)::text), '') FROM generate_series(1, 60) x)`;
	await keeper.sql(`INSERT INTO public.referral_claims (referrer_wallet, token_mint, amount) VALUES (${long(0)}, ${long(100)}, '5'), ('${low('U')}', '${key('M')}', repeat('9', 1000000))`);
	const good = await claim(keeper, 'U', 5);
	assert.deepEqual(await listed(keeper), [good]);
});

test('a referrer never gets more than his exact shares, whoever paid the rest', async () => {
	const keeper = await ready();
	await earned(keeper, 'U', 100);
	await earned(keeper, 'U', 1000, 'N');
	await earned(keeper, 'V', 1000);
	const first = await claim(keeper, 'U', 400);
	const second = await claim(keeper, 'U', 201);
	const third = await claim(keeper, 'U', 200);
	assert.deepEqual(await listed(keeper), [first, second, third], 'whoever is opened first');
	await keeper.call('step_open', opening(first));
	assert.deepEqual(await listed(keeper), [first, `${second} REFERRAL_NOT_COVERED`, third]);
	assert.match(await keeper.refusal('step_open', opening(second)), /^PK002 .*REFERRAL_NOT_COVERED/);
	// By hand, or from before payouts were on: all that is not refused counts, fractions as whole units.
	await keeper.sql(`INSERT INTO public.referral_claims (referrer_wallet, token_mint, amount, status) VALUES ('${key('U')}', '${key('M')}', '0.5', 'completed')`);
	assert.deepEqual(await listed(keeper), [first, `${second} REFERRAL_NOT_COVERED`, `${third} REFERRAL_NOT_COVERED`]);
	await keeper.sql("UPDATE public.referral_claims SET status = 'rejected' WHERE amount = '0.5'");
	await keeper.call('step_open', opening(third));
	await keeper.call('step_close', closing(first, { outcome: 'final' }));
	assert.deepEqual(await listed(keeper), [third, `${second} REFERRAL_NOT_COVERED`].sort((a, b) => parseInt(b, 10) - parseInt(a, 10)));
	// What provably did nothing gives its part back.
	await keeper.call('step_close', closing(third, { outcome: 'expired', landed: null }));
	await keeper.sql(`UPDATE public.referral_claims SET status = 'failed' WHERE id = ${third}`);
	assert.deepEqual(await listed(keeper), [`${third} REFERRAL_CHANGED`, `${second} REFERRAL_NOT_COVERED`], '400 of 600 are gone, 201 are too many');
});

test('two claims that are covered only one by one are not opened both, also at the same moment', async () => {
	const keeper = await ready();
	const ids = [await claim(keeper, 'U', 300), await claim(keeper, 'U', 300)];
	await work(keeper);
	const slow = keeper.outcome(`${Keeper.call('step_open', opening(ids[0]))}; SELECT pg_sleep(1)`, keeper.daemonUrl);
	for (const end = Date.now() + 10000; await keeper.sql("SELECT count(*) FROM pg_locks l JOIN pg_class c ON c.oid = l.relation WHERE c.relname = 'referral_payouts' AND l.mode = 'RowExclusiveLock'") === '0';) {
		assert.ok(Date.now() < end, 'the first one never got that far');
	}
	const outcomes = [await keeper.refusal('step_open', opening(ids[1])), await slow].sort();
	assert.match(outcomes[0], /^PK002 .*REFERRAL_NOT_COVERED/);
	assert.equal(outcomes[1], 'ok');
});

test('caps per claim and per day', async () => {
	const keeper = await ready();
	const ids = [await claim(keeper, 'U', 10), await claim(keeper, 'U', 11), await claim(keeper, 'U', 5)];
	const small = { max_amount: '10', max_per_day: 1 };
	assert.deepEqual(await listed(keeper, small), [ids[0], `${ids[1]} REFERRAL_CAP`, ids[2]]);
	await keeper.call('step_open', opening(ids[0]));
	assert.deepEqual(await listed(keeper, small), [ids[0], `${ids[1]} REFERRAL_CAP`, `${ids[2]} REFERRAL_DAY_CAP`]);
	await keeper.call('step_close', closing(ids[0], { outcome: 'expired', landed: null }));
	assert.deepEqual(await listed(keeper, small), [ids[0], `${ids[1]} REFERRAL_CAP`, `${ids[2]} REFERRAL_DAY_CAP`], 'the same claim may be opened again');
	assert.match(await keeper.refusal('step_open', opening(ids[2])), /^PK002 .*REFERRAL_DAY_CAP/);
	await keeper.sql("UPDATE keeper.referral_payouts SET opened_at = opened_at - interval '1 day'");
	assert.deepEqual(await listed(keeper, small), [ids[0], `${ids[1]} REFERRAL_CAP`, ids[2]]);
});

test('a claim is opened once; only what provably did nothing is opened again', async () => {
	const keeper = await ready();
	const id = await claim(keeper, 'U', 5);
	assert.match(await keeper.refusal('step_open', opening(id)), /^PK002 .*REFERRAL_OFF/, 'it was not taken in yet');
	await work(keeper);
	await keeper.call('step_open', opening(id));
	assert.equal(await state(keeper, id), 'out');
	assert.match(await keeper.refusal('step_open', opening(id, { prev_seq: 1 })), /^PK002 .*row 1 is open/);
	await keeper.call('step_close', closing(id));
	// R10: guarded steps may follow a landed one, this one may not.
	assert.match(await keeper.refusal('step_open', opening(id, { prev_seq: 1 })), /^PK002 .*took effect or may/);
	await keeper.call('step_reopen', { fence: 1, subject: `referral:${id}`, seq: 1 });
	await keeper.call('step_close', closing(id, { outcome: 'expired', landed: null }));
	assert.equal(await state(keeper, id), 'waiting');
	await keeper.call('step_open', opening(id, { prev_seq: 1 }));
	const failed = { failed: true, failure_ix: 3, failure_custom: true, failure_code: 1, outcome: 'failed' };
	await keeper.call('step_close', closing(id, { seq: 2, ...failed }));
	assert.equal(await state(keeper, id), 'waiting');
	const sig = fresh();
	await keeper.call('step_open', opening(id, { prev_seq: 2, sig }));
	await keeper.call('step_close', closing(id, { seq: 3 }));
	assert.equal(await appRow(keeper, id), 'pending|', 'landed is not final');
	await keeper.call('step_close', closing(id, { seq: 3, outcome: 'final' }));
	assert.equal(await state(keeper, id), 'paid');
	assert.equal(await appRow(keeper, id), `completed|${sig}`);
	assert.match(await keeper.refusal('step_open', opening(id, { prev_seq: 3 })), /^PK002/);
	assert.deepEqual(await listed(keeper), []);
	// Not even by a row that says that it waits.
	assert.match(await keeper.outcome(`UPDATE keeper.referral_payouts SET state = 'waiting', paid_at = NULL, projected_at = NULL WHERE claim_id = ${id}`), /^PK002 .*never changes/);
	assert.equal(await keeper.sql('SELECT count(*) FROM public.referral_rewards'), '0', 'the backend\'s own');
});

test('the copy rules: what the app changes or deletes stops what is not opened, and is told once', async () => {
	const keeper = await ready();
	const ids = [];
	for (let i = 0; i < 6; i += 1) ids.push(await claim(keeper, 'U', 5));
	const [paid, out, gone, other, fixed, quiet] = ids;
	await work(keeper);
	await keeper.call('step_open', opening(paid));
	await keeper.call('step_close', closing(paid, { outcome: 'final' }));
	await keeper.call('step_open', opening(out));
	await keeper.sql(`UPDATE public.referral_claims SET amount = '6' WHERE id IN (${out}, ${other}); DELETE FROM public.referral_claims WHERE id IN (${paid}, ${gone});
		UPDATE public.referral_claims SET status = 'completed' WHERE id = ${fixed}`);
	for (const id of [gone, other, fixed]) assert.match(await keeper.refusal('step_open', opening(id)), /^PK002 .*REFERRAL_CHANGED/);
	const rows = await work(keeper);
	assert.deepEqual(rows.filter((row) => row.news).map((row) => row.subject).sort(), [paid, out, gone, other, fixed].map((id) => `referral:${id}`).sort());
	assert.equal(rows.find((row) => row.subject === `referral:${out}`).units, 5);
	assert.deepEqual((await work(keeper)).filter((row) => row.news), []);
	// Put right again: it stays with a human.
	await keeper.sql(`UPDATE public.referral_claims SET status = 'pending' WHERE id = ${fixed}`);
	assert.match(await keeper.refusal('step_open', opening(fixed)), /^PK002 .*REFERRAL_CHANGED/);
	assert.match(await keeper.outcome(`UPDATE keeper.referral_payouts SET differs_at = NULL WHERE claim_id = ${fixed}`), /^PK002/);
	for (const change of ["amount = '6'", 'units = 6', `wallet = '${key('V')}'`, `mint = '${key('N')}'`, 'claim_id = 99', "referrer = 'v'"]) {
		assert.match(await keeper.outcome(`UPDATE keeper.referral_payouts SET ${change} WHERE claim_id = ${quiet}`), /^PK002 .*never changes/, change);
	}
	// The payment that is out is what was copied; the changed row is left as it is.
	await keeper.call('step_close', closing(out, { outcome: 'final' }));
	assert.equal(await state(keeper, out), 'paid');
	assert.equal(await appRow(keeper, out), 'pending|');
});

test('when the treasury\'s key signed what the journal does not hold, nothing is paid until a human has looked', async () => {
	const keeper = await ready();
	const id = await claim(keeper, 'U', 5);
	const foreign = (kind, wallet, when) => keeper.sql(`INSERT INTO keeper.foreign_signatures (signature, wallet, slot, failed, kind, told, first_seen) VALUES ('${fresh()}', '${key(wallet)}', 5, false, '${kind}', true, ${when})`);
	await foreign('MENTION', 'T', 'now()');
	await foreign('HISTORY', 'T', 'now()');
	await foreign('OTHER', 'D', 'now()');
	await foreign('OTHER', 'T', "now() - interval '1 h'");
	assert.deepEqual(await listed(keeper), [id]);
	await foreign('STEP', 'T', 'now()');
	assert.deepEqual(await listed(keeper), [`${id} REFERRAL_FOREIGN`]);
	assert.match(await keeper.refusal('step_open', opening(id)), /^PK002 .*REFERRAL_FOREIGN/);
	await listed(keeper, { on: false });
	await work(keeper);
	const later = await claim(keeper, 'U', 5);
	assert.deepEqual(await listed(keeper), [later]);
});

test('nothing is paid before the treasury was audited on this server and timeline', async () => {
	const keeper = await ready();
	const [first, second] = [await claim(keeper, 'U', 5), await claim(keeper, 'U', 6)];
	assert.deepEqual(await listed(keeper), [first, second]);
	// A standby was promoted, and some rows of the old server are not here.
	await keeper.sql("UPDATE keeper.audits SET database = '1/00000001'");
	assert.match(await keeper.refusal('step_open', opening(first)), /^PK002 .*REFERRAL_AUDIT/, 'decided before anybody knew');
	assert.deepEqual(await listed(keeper), [`${first} REFERRAL_AUDIT`, `${second} REFERRAL_AUDIT`]);
	assert.equal((await audit(keeper, 'D', 1000))[0].restored, false, 'another wallet does not count');
	assert.match(await keeper.refusal('step_open', opening(first)), /^PK002 .*REFERRAL_AUDIT/);
	const [{ restored, hold_height: hold }] = await audit(keeper, 'T', 1000);
	assert.deepEqual([restored, hold], [true, 1150]);
	// What was signed then, with a block of then, and comes only now.
	assert.match(await keeper.refusal('step_open', opening(first, { last_valid: hold + 20 })), /^PK002 .*REFERRAL_AUDIT/);
	await keeper.call('step_open', opening(first, { last_valid: hold + 150 }));
	await keeper.sql('DELETE FROM keeper.audits');
	assert.match(await keeper.refusal('step_open', opening(second, { last_valid: hold + 150 })), /^PK002 .*REFERRAL_AUDIT/, 'never audited here');
});

test('of many that wait each gets its turn', async () => {
	const keeper = await ready();
	const ids = [];
	for (let i = 0; i < 5; i += 1) ids.push(await claim(keeper, 'V', 5));
	const seen = new Set();
	for (let i = 0; i < 3; i += 1) for (const line of await listed(keeper, { max: 2 })) seen.add(line.split(' ')[0]);
	assert.deepEqual([...seen].sort(), ids);
});

test('of more that wait than are looked at each is listed once, the first ones always, and what may be paid with its turn', async () => {
	const keeper = await ready();
	await keeper.sql(`INSERT INTO public.referral_claims (referrer_wallet, token_mint, amount) SELECT '${low('V')}', '${key('M')}', '5' FROM generate_series(1, 40)`);
	const good = await claim(keeper, 'U', 5);
	const always = Array.from({ length: 16 }, (_, i) => `${i + 1} REFERRAL_WALLET`);
	const others = Array.from({ length: 24 }, (_, i) => `${i + 17} REFERRAL_WALLET`);
	assert.deepEqual(await listed(keeper), [...always, ...others.slice(0, 16)]);
	assert.deepEqual(await listed(keeper), [...always, ...others.slice(16), good], 'and those whose first turn it is');
	for (let i = 0; i < 5; i += 1) assert.deepEqual((await listed(keeper)).filter((line) => line !== good), always);
	// Something else than before: once.
	await earned(keeper, 'V', 1);
	const seen = [];
	for (let i = 0; i < 5; i += 1) seen.push(...(await listed(keeper)).filter((line) => /NOT_COVERED/.test(line)).map((line) => line.split(' ')[0]).filter((id) => id > 16));
	assert.deepEqual(seen.sort(), others.map((line) => line.split(' ')[0]));
});

test('a claim with no answer to a question is listed as it is, and news come first', async () => {
	const keeper = await ready();
	const [gone, out] = [await claim(keeper, 'U', 5), await claim(keeper, 'U', 6)];
	await work(keeper);
	await keeper.call('step_open', opening(out));
	// Switched off and on is another period: what is out stays, and what was never looked at has no time for it.
	await keeper.sql(`UPDATE keeper.referral_payouts SET looked_at = NULL; DELETE FROM public.referral_claims WHERE id = ${gone}`);
	const rows = await work(keeper);
	assert.deepEqual(rows.map((row) => [row.subject, row.work, row.news]), [[`referral:${gone}`, true, true], [`referral:${out}`, true, false]]);
	for (const on of [null, false]) assert.deepEqual((await work(keeper, { on })).map((row) => [row.subject, row.work, row.news]), [[`referral:${out}`, true, false]]);
	await keeper.sql(`UPDATE keeper.referral_payouts SET looked_at = NULL; DELETE FROM public.referral_claims WHERE id = ${out}`);
	assert.deepEqual((await work(keeper, { on: null })).map((row) => [row.subject, row.work, row.news]), [[`referral:${out}`, true, true]]);
	await keeper.call('step_close', closing(out, { outcome: 'final' }));
});
