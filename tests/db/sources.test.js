// The sources that are shipped: each from its schema and seed to a settled and to a refunded draw, with money that is never lost or made.
'use strict';

const test = require('node:test');
const assert = require('node:assert');
const crypto = require('node:crypto');
const { spawn } = require('node:child_process');
const { once } = require('node:events');
const { startPostgres, psql } = require('../lib/postgres');
const { VRF_KEY } = require('./offchain');
const { Source } = require('./source');

const FULL = process.env.POOLKEEPER_TEST_FULL === '1';

let server;
test.before(async () => { server = await startPostgres(); });
test.after(() => server.stop());

test('coin draws: the ledger is the balance, the entry commits with its debit, the winner with its prize', async () => {
	const coins = await Source.make(server, 'coin_draws');
	const { keeper } = coins;
	assert.equal(await keeper.sql("SELECT string_agg(tablename, ' ' ORDER BY tablename) FROM pg_tables WHERE schemaname = 'coin_draws'"), 'draws participations sessions transactions users winners');
	assert.equal(await keeper.sql("INSERT INTO coin_draws.users (id, email) VALUES ('new', 'n'); SELECT coin_balance, (SELECT sum(amount) FROM coin_draws.transactions WHERE user_id = 'new') FROM coin_draws.users WHERE id = 'new'"), '100|100', 'the bonus has its row');
	await coins.refuses(
		["UPDATE coin_draws.users SET coin_balance = 999 WHERE id = 'new'", /insert a row into transactions/],
		["INSERT INTO coin_draws.transactions (user_id, type, amount) VALUES ('new', 'signup_bonus', 5)", /gets it by itself/],
		["INSERT INTO coin_draws.transactions (user_id, type, amount) VALUES ('new', 'purchase', -101)", /^23514 users_balance_is_not_negative/],
		['DELETE FROM coin_draws.transactions', /only added to/], ['DELETE FROM coin_draws.participations', /ends with its draw/],
		["INSERT INTO coin_draws.participations (user_id, draw_id, coins_spent) VALUES ('user1', 2, 0)", /^23505 participations_once/],
		["INSERT INTO coin_draws.draws (title, prize_amount, entry_fee, draw_time, winner_id) VALUES ('x', 1, 1, now(), 'user1')", /^23514 draws_winner_is_drawn/],
	);
	assert.deepEqual(await coins.due(), []);
	assert.match(await keeper.refusal('offchain_lock', coins.locking('2')), /^PK003 .* is not due before/);
	// What was promised to who has paid, and what the house adds, stays; until then it is the operator's.
	const terms = ['prize_amount = 1', "prize_kind = 'money'", 'entry_fee = 1', 'house_coins = 1'];
	await coins.refuses(...terms.flatMap((change) => ['', 'SET LOCAL session_replication_role = replica; '].map((before) => [`${before}UPDATE coin_draws.draws SET ${change} WHERE id = 2`, /draw 2: somebody has entered, or it is over/])),
		["UPDATE coin_draws.draws SET title = 'Every coin', draw_time = now() WHERE id = 2", /^ok$/]);
	const dear = await keeper.sql(`INSERT INTO coin_draws.draws (title, prize_amount, prize_kind, entry_fee, draw_time) VALUES ('dear', 9, 'coins', 30, clock_timestamp() + interval '1 h') RETURNING id`);
	await keeper.sql(`UPDATE coin_draws.draws SET prize_amount = 61, entry_fee = 10, house_coins = 50 WHERE id = ${dear}; INSERT INTO coin_draws.participations (user_id, draw_id, coins_spent) VALUES ('user1', ${dear}, 0);
		UPDATE coin_draws.draws SET draw_time = clock_timestamp() - interval '1 h' WHERE id = ${dear}`);
	await keeper.sql('UPDATE coin_draws.draws SET draw_time = now() WHERE id = 2');
	assert.deepEqual(await coins.due(), ['2', dear], 'a prize larger than the pot is told, behind what can be drawn');
	assert.match(await keeper.refusal('offchain_lock', coins.locking(dear)), new RegExp(`^PK003 .* draw ${dear} promises 61.00 coins, but its pot has 10 and the house adds 50`));
	assert.equal(await keeper.sql(`SELECT coin_draws.cancel(${dear})`), '10');
	await keeper.sql("INSERT INTO coin_draws.draws (title, prize_amount, entry_fee, draw_time) VALUES ('nobody came', 1, 1, now())");
	assert.deepEqual(await coins.due(), ['2']);
	const draw = await coins.lockIt('2');
	await coins.refuses(['UPDATE coin_draws.draws SET house_coins = 7 WHERE id = 2', /somebody has entered, or it is over/]);
	assert.deepEqual([draw.n, draw.amounts, draw.currency, draw.stake_units], [6, [40], 'coins', 60]);
	await coins.refuses(["INSERT INTO coin_draws.participations (user_id, draw_id, coins_spent) VALUES ('user20', 2, 0)", /takes no entries any more/], ["DELETE FROM coin_draws.users WHERE id = 'user1'", /^23503/]);
	await coins.draw(draw);
	const [{ account }] = await keeper.call('offchain_winners', { draw: draw.draw });
	const before = Number(await keeper.sql(`SELECT coin_balance FROM coin_draws.users WHERE id = '${account}'`));
	await Promise.all(Array.from({ length: 4 }, () => coins.settle(draw)));
	assert.equal(await keeper.sql(`SELECT coin_balance, total_wins FROM coin_draws.users WHERE id = '${account}'`), `${before + 40}|1`);
	assert.equal(await keeper.sql('SELECT state, pot, kept, winner_id FROM coin_draws.draws WHERE id = 2'), `drawn|0|20|${account}`);
	await coins.refuses(["INSERT INTO coin_draws.winners (draw_id, user_id, amount, keeper_draw, salt) VALUES (2, 'user1', 1, gen_random_uuid(), '')", /^23505 winners_one_prize/],
		["UPDATE coin_draws.winners SET user_id = 'user1'", /who won what stays/]);
	await coins.sound();
	const tampered = await keeper.sql('BEGIN; UPDATE coin_draws.draws SET kept = kept + 1 WHERE id = 2; SELECT fault FROM coin_draws.faults; ROLLBACK');
	assert.equal(tampered, 'drawn: kept 21 coins of 60 paid and 0 of the house, for a prize of 40.00 (coins)');

	await keeper.sql('UPDATE coin_draws.draws SET draw_time = now() WHERE id = 1');
	const money = await coins.lockIt('1');
	await coins.defaulted(money);
	await coins.refund(money);
	await coins.refund(money);
	assert.equal(await keeper.sql("SELECT count(*), sum(amount) FROM coin_draws.transactions WHERE type = 'draw_refund' AND metadata ->> 'draw' = '1'"), '6|30');
	await coins.sound();
	await coins.refusesRedraw('UPDATE coin_draws.draws SET state', { drawn: 2, refunded: 1 }, 'id', 'created_at', ['1', '2'], ['01', '+1', ' 1']);

	const few = await keeper.sql(`INSERT INTO coin_draws.draws (title, prize_amount, entry_fee, min_participants, draw_time, created_at) VALUES ('few', 1, 7, 3, clock_timestamp() + interval '1 h', '2020-01-01') RETURNING id`);
	assert.equal(await keeper.sql(`SELECT created_at > now() - interval '1 h' FROM coin_draws.draws WHERE id = ${few}`), 't', 'nobody says when its entries opened');
	await keeper.sql(`INSERT INTO coin_draws.participations (user_id, draw_id, coins_spent) VALUES ('user1', ${few}, 0); UPDATE coin_draws.draws SET draw_time = clock_timestamp() WHERE id = ${few}`);
	assert.deepEqual(await coins.due(), [few]);
	assert.match(await keeper.refusal('offchain_lock', coins.locking(few)), /^PK003 .* has 1 of at least 3 participants/);
	await coins.refuses([`SELECT coin_draws.cancel(2)`, /draw 2 is not open/], [`SELECT coin_draws.cancel(${few}), coin_draws.cancel(${few})`, /is not open/]);
	assert.equal(await keeper.sql(`SELECT coin_draws.cancel(${few}); SELECT state, pot, (SELECT sum(amount) FROM coin_draws.transactions WHERE metadata ->> 'draw' = '${few}') FROM coin_draws.draws WHERE id = ${few}`), '7\ncancelled|0|0');
	await coins.sound();
});

test('a connection killed inside a settlement leaves nothing of it; a winner who is gone is nobody else', async () => {
	const coins = await Source.make(server, 'coin_draws');
	const { keeper } = coins;
	await keeper.sql('UPDATE coin_draws.draws SET draw_time = now() WHERE id = 2');
	const draw = await coins.lockIt('2');
	await coins.draw(draw);
	// The settlement stops inside: its last statement waits for the winners' table.
	const run = (text, url, name) => once(spawn('psql', ['-X', '-q', '-c', text, `${url}?application_name=${name}`], { stdio: 'ignore' }), 'exit');
	const held = run('BEGIN; LOCK TABLE coin_draws.winners; SELECT pg_sleep(60)', keeper.url, 'holder');
	const seen = async (where) => { let pid = ''; while (pid === '') pid = await keeper.sql(`SELECT pid FROM pg_stat_activity WHERE ${where}`); return pid; };
	const holding = await seen("application_name = 'holder' AND wait_event = 'PgSleep'");
	const killed = run(coins.settling(draw), keeper.daemonUrl, 'victim');
	await keeper.sql(`SELECT pg_terminate_backend(${await seen("application_name = 'victim' AND wait_event_type = 'Lock'")})`);
	assert.notEqual((await killed)[0], 0);
	await keeper.sql(`SELECT pg_terminate_backend(${holding})`);
	await held;
	assert.equal(await keeper.sql("SELECT state, pot, (SELECT count(*) FROM coin_draws.winners), (SELECT count(*) FROM coin_draws.transactions WHERE type = 'draw_prize') FROM coin_draws.draws WHERE id = 2"), 'locked|60|0|0');
	// Somebody takes the constraints away and the winner with them.
	const [{ account }] = await keeper.call('offchain_winners', { draw: draw.draw });
	await keeper.sql(`SET session_replication_role = replica; CREATE TABLE public.gone AS SELECT * FROM coin_draws.users WHERE id = '${account}'; DELETE FROM coin_draws.users WHERE id = '${account}'`);
	assert.match(await coins.refused('settle', draw, { settle: coins.statements.settle }), /^PK003 source coin_draws, key 2: its statement "settle" failed: .*violates foreign key/);
	assert.equal(await keeper.sql('SELECT state, pot FROM coin_draws.draws WHERE id = 2'), 'locked|60');
	assert.match(await coins.refused('refuse', draw, { account, reason: 'account_closed' }), /^PK002 nobody of draw .* is refused any more/);
	await keeper.sql('SET session_replication_role = replica; INSERT INTO coin_draws.users SELECT * FROM public.gone');
	assert.equal((await coins.settle(draw)).state, 'settled');
	assert.equal(await keeper.sql('SELECT winner_id FROM coin_draws.draws WHERE id = 2'), account);
});

test('jackpots: every cent has its row, a wager counts once, the winner takes the round', async () => {
	const jackpots = await Source.make(server, 'jackpots', false);
	const { keeper } = jackpots;
	assert.equal(await keeper.sql('SELECT jackpot_group, current_amount, max_amount, contribution_rate FROM jackpot.pools ORDER BY 1'),
		'minor|100000|1000000|0.020000\nmajor|1000000|10000000|0.010000\nmega|10000000|100000000|0.005000');
	assert.equal(await keeper.sql('SELECT count(*) FROM jackpot.rounds WHERE due_at IS NOT NULL'), '0', 'drawn when they are full');
	await keeper.sql('UPDATE jackpot.jackpots SET min_contributions = 0');
	const wager = (key, user, cents) => `SELECT * FROM jackpot.contribute('${key}', '${user}', 'slots', ${cents})`;
	for (const why of ['floor, per group', 'the same key adds nothing']) assert.equal(await keeper.sql(wager('a', 'anna', 150)), 'minor|1|3\nmajor|1|1', why);
	await jackpots.refuses([wager('a', 'anna', 151), /key a was used for another wager/], ...[0, -5].map((cents) => [wager('b', 'anna', cents), /^23514 contributions_wager_is_positive/]));
	await Promise.all(Array.from({ length: 8 }, (_, i) => keeper.sql(Array.from({ length: 20 }, (__, k) => `${wager(`${i}-${k}`, `user${i}`, 1000)};`).join(' '))));
	assert.equal(await keeper.sql("SELECT current_amount, total_contributions, total_wagers FROM jackpot.pools WHERE jackpot_group = 'minor'"), '103203|3203|161', '160 wagers, none lost');
	await jackpots.refuses(
		...['UPDATE jackpot.jackpots SET current_amount = 1', 'UPDATE jackpot.stripes SET amount = amount + 1, wagers = 1', 'UPDATE jackpot.stripes SET wagers = 5'].map((one) => [one, /insert a row into ledger|stripes_amount_has_wagers/]),
		['DELETE FROM jackpot.stripes', /it does not go/], ['UPDATE jackpot.stripes SET quota = 0', /stripes_stay_below_the_maximum/], ['DELETE FROM jackpot.ledger', /only added to/], ['UPDATE jackpot.ledger SET amount = 1', /only added to/],
		["UPDATE jackpot.jackpots SET contribution_rate = 1.1", /jackpots_rate_is_a_part/], ['UPDATE jackpot.jackpots SET max_amount = 1', /jackpots_max_is_above_seed/],
	);
	assert.equal(await keeper.sql("UPDATE jackpot.jackpots SET min_bet = 0 WHERE version = 0 AND \"group\" = 'minor' RETURNING 1"), '', 'a version that is over changes nothing');
	assert.deepEqual(await jackpots.due(), []);
	assert.match(await keeper.refusal('offchain_lock', jackpots.locking('minor:1')), /^PK003 .* round minor:1 is not due/);
	await keeper.sql(wager('whale', 'whale', 100000000));
	assert.equal(await keeper.sql("SELECT current_amount FROM jackpot.pools WHERE jackpot_group = 'minor'"), '1000000', 'never above the maximum');
	assert.deepEqual(await jackpots.due(), ['minor:1'], 'and full is due');
	const draw = await jackpots.lockIt('minor:1');
	assert.deepEqual([draw.n, draw.total_weight, draw.amounts, draw.currency, draw.stake_units], [10, 900000, [1000000], 'money, 2 decimals', 900000]);
	await keeper.sql(`${wager('next', 'anna', 900)}; ${wager('next2', 'bob', 100)}`);
	assert.equal(await keeper.sql("SELECT current_amount, round FROM jackpot.pools WHERE jackpot_group = 'minor'"), '100020|2', 'the next round is open, with its seed');
	await jackpots.draw(draw);
	await Promise.all(Array.from({ length: 3 }, () => jackpots.settle(draw)));
	assert.equal(await keeper.sql("SELECT kind, amount, count(*) OVER () FROM jackpot.credits"), 'win|1000000|1');
	await jackpots.refuses(['UPDATE jackpot.credits SET amount = 1', /what is owed stays/], ['UPDATE jackpot.contributions SET wager = 1', /a wager was made/], ['UPDATE jackpot.credits SET notified_at = now()', /^ok$/]);
	assert.equal(await keeper.sql("SELECT last_won_amount, total_wins, jsonb_array_length(jackpot_wins), last_won_by_user_id = (SELECT user_id FROM jackpot.credits) FROM jackpot.jackpots WHERE \"group\" = 'minor'"), '1000000|1|1|t');
	await jackpots.sound();
	await keeper.sql("UPDATE jackpot.rounds SET due_at = now() WHERE state = 'open'");
	const back = await jackpots.lockIt('minor:2');
	await jackpots.defaulted(back);
	await jackpots.refund(back);
	assert.equal(await keeper.sql("SELECT user_id, amount FROM jackpot.credits WHERE kind = 'refund' ORDER BY 1"), 'anna|18\nbob|2');
	assert.equal(await keeper.sql("SELECT state, amount, seed_back FROM jackpot.rounds WHERE round = 2"), 'refunded|100020|100000');
	assert.equal(await keeper.sql(wager('tiny', 'anna', 1)), '', 'less than a cent is nothing');
	const late = (kind, amount, round) => `INSERT INTO jackpot.ledger (jackpot_id, round, kind, amount, user_id, key) SELECT id, ${round}, '${kind}', ${amount}${kind === 'contribution' ? ", 'anna', 'next'" : ', NULL, NULL'} FROM jackpot.jackpots WHERE "group" = 'minor'`;
	await jackpots.refuses([late('contribution', 5, 2).replace("'next'", "'tiny'"), /round 2 of jackpot .* is not open: it takes no contribution/], [late('seed', 5, 2), /takes no seed/], [late('locked', -5, 3), /is not locked/],
		["UPDATE jackpot.jackpots SET \"group\" = 'mega' WHERE \"group\" = 'minor'", /id and group stay/]);
	assert.match(await keeper.refusal('offchain_lock', jackpots.locking('minor:3')), /^PK003 .* is not due/);
	await keeper.sql("UPDATE jackpot.rounds SET due_at = now() WHERE state = 'open'");
	assert.match(await keeper.refusal('offchain_lock', jackpots.locking('minor:3')), /^PK003 .* round minor:3 has 0 of at least 2 players/);
	assert.equal(await keeper.sql("SELECT current_amount FROM jackpot.pools WHERE jackpot_group = 'minor'"), '100000');
	await jackpots.sound();
	await jackpots.refusesRedraw('UPDATE jackpot.rounds SET state', { won: 1, refunded: 2 }, 'round', 'opened_at', ['minor:1', 'minor:2'], ['minor:01', 'minor:+2', 'minor:1:', 'minor:1:2']);

	// Nobody is left to win a full round: what players put in goes back to them, and not to who plays the next one.
	await keeper.sql(`${wager('full', 'anna', 40000000)}; ${wager('full2', 'bob', 60000000)}`);
	const lost = await jackpots.lockIt('minor:3');
	for (const account of ['anna', 'bob']) await jackpots.verb('refuse', lost, { account, reason: 'account_closed' });
	await jackpots.draw(lost);
	await Promise.all(Array.from({ length: 3 }, () => jackpots.settle(lost)));
	assert.equal(await keeper.sql("SELECT state, amount, seed_back FROM jackpot.rounds WHERE round = 3"), 'refunded|1000000|100000');
	assert.equal(await keeper.sql("SELECT user_id, amount, kind FROM jackpot.credits WHERE round = 3 ORDER BY 1"), 'anna|800000|refund\nbob|100000|refund');
	assert.equal(await keeper.sql("SELECT current_amount, round FROM jackpot.pools WHERE jackpot_group = 'minor'"), '100000|4');
	assert.equal((await jackpots.verb('settle', lost, { settle: 'SELECT 1' })).paid_units, 0);
	await jackpots.sound();
});

// Sessions of psql that send wagers, so many each, while `meanwhile` runs.
async function wagering(keeper, sessions, wagers, cents, meanwhile) {
	let going = true;
	const one = (i) => psql(keeper.daemonUrl, Array.from({ length: wagers }, (_, k) => `SELECT FROM jackpot.contribute('${i}-${k}', 'user${i}', 'slots', ${cents});`).join('\n'));
	const all = Promise.all(Array.from({ length: sessions }, (_, i) => one(i))).finally(() => { going = false; });
	while (meanwhile && going) await meanwhile();
	await all;
}

test('jackpots: rounds that lock among wagers take each cent once, and a maximum is met to the cent by many sessions', async () => {
	const jackpots = await Source.make(server, 'jackpots', false);
	const { keeper } = jackpots;
	const draws = [];
	const n = FULL ? 2000 : 150;
	await keeper.sql('UPDATE jackpot.jackpots SET min_contributions = 0, min_players = 1');
	await wagering(keeper, 6, n, 1000, async () => {
		await keeper.sql("UPDATE jackpot.rounds SET due_at = now() WHERE state = 'open'");
		for (const key of await jackpots.due()) draws.push(await jackpots.lockIt(key));
	});
	assert.ok(draws.length >= 3);
	assert.equal(await keeper.sql('SELECT jackpot_group, total_contributions, total_wagers FROM jackpot.pools ORDER BY 1'), `minor|${120 * n}|${6 * n}\nmajor|${60 * n}|${6 * n}\nmega|${30 * n}|${6 * n}`);
	for (const draw of draws) {
		const [group, round] = draw.source_key.split(':');
		assert.equal(await keeper.sql(`SELECT sum(l.amount) FROM jackpot.ledger l JOIN jackpot.jackpots j ON j.id = l.jackpot_id WHERE j."group" = '${group}' AND l.round = ${round} AND l.kind = 'contribution'`), String(draw.stake_units), draw.source_key);
		assert.equal(draw.stake_units, draw.total_weight, 'the stakes are the weights');
	}
	await jackpots.sound();

	const full = await Source.make(server, 'jackpots', false);
	await full.keeper.sql("UPDATE jackpot.jackpots SET max_amount = seed_amount + 1234567 WHERE \"group\" = 'minor'; UPDATE jackpot.jackpots SET max_amount = NULL, draw_every = '1 day', min_bet = 999999 WHERE \"group\" = 'mega'");
	await wagering(full.keeper, 6, 150, 99950);
	assert.equal(await full.keeper.sql("SELECT jackpot_group, total_contributions, current_amount = max_amount FROM jackpot.pools ORDER BY 1"), 'minor|1234567|t\nmajor|899100|f\nmega|0|');
	assert.equal(await full.keeper.sql("SELECT count(*) FILTER (WHERE l.amount = 1999), count(*) FILTER (WHERE l.amount < 1999) FROM jackpot.ledger l JOIN jackpot.jackpots j ON j.id = l.jackpot_id WHERE j.\"group\" = 'minor' AND l.kind = 'contribution'"), `${Math.floor(1234567 / 1999)}|1`, 'each is whole but the last');
	assert.deepEqual(await full.due(), ['minor:1']);
	const add = (key) => full.keeper.sql(`SELECT * FROM jackpot.contribute('${key}', 'u', 'g', 1000000)`);
	assert.equal(await add('on'), 'major|1|10000\nmega|1|5000', 'a full one is passed by');
	await full.keeper.sql("UPDATE jackpot.jackpots SET max_amount = max_amount + 5 WHERE \"group\" = 'minor'");
	assert.equal(await add('more'), 'minor|1|5\nmajor|1|10000\nmega|1|5000', 'another maximum is another room');
	await full.keeper.sql("UPDATE jackpot.jackpots SET max_amount = seed_amount WHERE \"group\" = 'minor'");
	assert.equal(await add('less'), 'major|1|10000\nmega|1|5000');
	assert.equal(await full.keeper.sql("SELECT string_agg(DISTINCT coalesce(quota, -1)::text, ' ') FROM jackpot.stripes s JOIN jackpot.jackpots j ON j.id = s.jackpot_id WHERE j.\"group\" IN ('minor', 'mega')"), '-1 0');
	await full.sound();
});

test('raffles: tickets come from redemptions, prizes from stock, and a prize goes forward to its winner', async () => {
	const raffles = await Source.make(server, 'raffles');
	const { keeper } = raffles;
	const id = '00000000-0000-4000-8000-00000000000a';
	assert.equal(await keeper.sql('SELECT name, status, total_tickets, participant_count, prizes FROM raffle_schema.raffle_summary'), 'Full tank|OPEN|30|12|6');
	await raffles.refuses(
		[`INSERT INTO raffle_schema.raffle_tickets (raffle_id, redemption_id, ticket_no, user_id, points_spent) VALUES ('${id}', 'redemption1', 99, 'driver1', 10)`, /complete a redemption/],
		["UPDATE raffle_schema.redemptions SET status = 'PENDING'", /that is over stays/],
		["INSERT INTO raffle_schema.redemptions (id, user_id, raffle_id, status) VALUES ('x', 'u', '" + id + "', 'COMPLETED')", /begins as PENDING/],
		['UPDATE raffle_schema.points_balances SET points = 9', /moves the balance/], ['DELETE FROM raffle_schema.raffle_tickets', /ends with its raffle/],
		['UPDATE raffle_schema.raffle_prizes SET awarded = 9', /^23514 prizes_stock_is_enough/], ['DELETE FROM raffle_schema.audit_log', /only added to/],
		[`INSERT INTO raffle_schema.redemptions (id, user_id, raffle_id, points_each) VALUES ('poor', 'driver1', '${id}', 500); UPDATE raffle_schema.redemptions SET status = 'COMPLETED' WHERE id = 'poor'`, /^23514 balances_are_not_negative/],
	);
	// Players have tickets: what they can win only becomes more.
	await raffles.refuses(['DELETE FROM raffle_schema.raffle_prizes WHERE position = 2', /has tickets: prizes are only added/], ['UPDATE raffle_schema.raffle_prizes SET quantity = 4 WHERE position = 2', /prizes are only added/],
		["UPDATE raffle_schema.raffle_prizes SET name = 'Sponge' WHERE position = 1", /prizes are only added/]);
	await keeper.sql(`BEGIN; UPDATE raffle_schema.raffle_prizes SET quantity = 6 WHERE position = 2; INSERT INTO raffle_schema.raffle_prizes (raffle_id, position, name) VALUES ('${id}', 3, 'Sponge'); ROLLBACK`);
	await keeper.sql('UPDATE raffle_schema.raffles SET end_date = clock_timestamp()');
	assert.deepEqual(await raffles.due(), [id]);
	const draw = await raffles.lockIt(id);
	assert.deepEqual([draw.n, draw.prizes, draw.alternates, draw.stake_units], [30, 6, 5, 300]);
	const list = crypto.createHash('sha256').update('1\tA year of petrol\n5\tCar wash\n').digest('hex');
	assert.deepEqual([draw.amounts, draw.currency], [[1, 1, 1, 1, 1, 1], `things; SHA-256 of the list: ${list}`]);
	await raffles.refuses(['UPDATE raffle_schema.raffle_prizes SET quantity = 7 WHERE position = 2', /its prizes are fixed/]);
	const beta = crypto.randomBytes(64);
	const first = (await raffles.entries(draw))[Number((await raffles.picks(draw, beta)).entry[0])].account;
	await raffles.verb('refuse', draw, { account: first, reason: 'not_eligible' });
	await raffles.draw(draw, beta);
	await Promise.all(Array.from({ length: 3 }, () => raffles.settle(draw)));
	assert.equal(await keeper.sql(`SELECT count(*) FROM raffle_schema.raffle_winners WHERE participant_id = '${first}'`), '0');
	assert.equal(await keeper.sql('SELECT count(*), count(DISTINCT participant_id), count(DISTINCT prize_id) FROM raffle_schema.raffle_winners'), '6|6|2');
	const payments = "SELECT array_agg('raffle_winners ' || id ORDER BY selection_index) FROM raffle_schema.raffle_winners";
	assert.equal(await keeper.sql(`SELECT payments::text[] = (${payments}) FROM keeper.offchain_draws WHERE draw = '${draw.draw}'`), 't');
	assert.equal(await keeper.sql('SELECT position, awarded, quantity FROM raffle_schema.raffle_prizes ORDER BY 1'), '1|1|1\n2|5|5');
	assert.equal(await keeper.sql("SELECT count(*) FROM raffle_schema.outbox WHERE kind = 'won' AND sent_at IS NULL"), '6');
	assert.equal(await keeper.sql("SELECT count(DISTINCT correlation), count(*) FROM raffle_schema.audit_log WHERE table_name = 'raffle_winners'"), '1|6');
	assert.equal(await keeper.sql(`SELECT count(*) FROM raffle_schema.outbox WHERE kind = 'won' AND payload ->> 'salt' = '${draw.salt.slice(2)}'`), '6');
	await keeper.sql("UPDATE raffle_schema.raffle_winners SET fulfilment = 'CLAIMED' WHERE selection_index = 0");
	assert.equal(await keeper.sql('SELECT prize_claimed, claim_date IS NOT NULL FROM raffle_schema.raffle_winners WHERE selection_index = 0'), 't|t');
	await raffles.refuses(["UPDATE raffle_schema.raffle_winners SET fulfilment = 'WON' WHERE selection_index = 0", /only goes forward/], ["UPDATE raffle_schema.raffle_winners SET participant_id = 'me'", /who won what stays/]);
	await raffles.sound();

	const second = await keeper.sql(`INSERT INTO raffle_schema.raffles (name, end_date) VALUES ('Again', now() + interval '1 h') RETURNING id`);
	await keeper.sql(`INSERT INTO raffle_schema.raffle_prizes (raffle_id, position, name) VALUES ('${second}', 1, 'p');
		INSERT INTO raffle_schema.redemptions (id, user_id, raffle_id, tickets, points_each) VALUES ('r2', 'driver1', '${second}', 3, 7); UPDATE raffle_schema.redemptions SET status = 'COMPLETED' WHERE id = 'r2';
		UPDATE raffle_schema.raffles SET end_date = clock_timestamp() WHERE id = '${second}'`);
	const points = "SELECT points FROM raffle_schema.points_balances WHERE user_id = 'driver1'";
	assert.equal(await keeper.sql(points), '59');
	const back = await raffles.lockIt(second);
	await raffles.defaulted(back);
	await raffles.refund(back);
	assert.equal(await keeper.sql(points), '80');
	await raffles.sound();
	await raffles.refusesRedraw('UPDATE raffle_schema.raffles SET status', { DRAWN: id, REFUNDED: second }, 'id', 'created_at', [id, second], [id.toUpperCase(), `{${id}}`, id.replaceAll('-', '')]);

	const third = await keeper.sql(`INSERT INTO raffle_schema.raffles (name, end_date) VALUES ('Few', now() + interval '1 h') RETURNING id`);
	const prize = (raffle, quantity) => `INSERT INTO raffle_schema.raffle_prizes (raffle_id, position, name, quantity) VALUES ('${raffle}', 1, 'p', ${quantity})`;
	await raffles.refuses([`${prize(third, 1)}; UPDATE raffle_schema.raffle_prizes SET raffle_id = '${third}', position = 9 WHERE raffle_id = '${second}'`, /prize .* stays in raffle/]);
	await keeper.sql(`${prize(third, 996)}; INSERT INTO raffle_schema.redemptions (id, user_id, raffle_id, tickets, points_each) VALUES ('r3', 'driver1', '${third}', 2, 9);
		UPDATE raffle_schema.redemptions SET status = 'COMPLETED' WHERE id = 'r3'; UPDATE raffle_schema.raffles SET end_date = clock_timestamp() WHERE id = '${third}'`);
	assert.deepEqual(await raffles.due(), [third]);
	assert.match(await keeper.refusal('offchain_lock', raffles.locking(third)), /^PK003 .* has 996 prizes and 5 alternates: a draw has 1000 at most/);
	await raffles.refuses([`SELECT raffle_schema.cancel('${second}')`, /is not OPEN/]);
	assert.equal(await keeper.sql(`SELECT raffle_schema.cancel('${third}'); ${points}`), '18\n80');
	assert.match(await keeper.refusal('offchain_lock', raffles.locking(third)), /^PK003 .* is CANCELLED/);
	await raffles.sound();
});

test('a prize that comes while a raffle is locked is in the lock', async () => {
	const raffles = await Source.make(server, 'raffles');
	const { keeper } = raffles;
	const id = '00000000-0000-4000-8000-00000000000a';
	await keeper.sql('UPDATE raffle_schema.raffles SET end_date = clock_timestamp()');
	const run = (text, url, name) => once(spawn('psql', ['-X', '-q', '-c', text, `${url}?application_name=${name}`], { stdio: 'ignore' }), 'exit');
	const seen = async (where) => { let pid = ''; while (pid === '') pid = await keeper.sql(`SELECT pid FROM pg_stat_activity WHERE ${where}`); return pid; };
	const gate = run('SELECT pg_advisory_lock(77); SELECT pg_sleep(60)', keeper.url, 'gate');
	await seen("application_name = 'gate' AND wait_event = 'PgSleep'");
	const adder = run(`BEGIN; INSERT INTO raffle_schema.raffle_prizes (raffle_id, position, name) VALUES ('${id}', 9, 'late'); SELECT pg_advisory_xact_lock(77); COMMIT`, keeper.url, 'adder');
	await seen("application_name = 'adder' AND wait_event = 'advisory'");
	const locker = raffles.lockIt(id);
	await seen("usename = 'poolkeeper' AND wait_event_type = 'Lock'");
	await keeper.sql(`SELECT pg_terminate_backend(${await seen("application_name = 'gate'")})`);
	assert.equal((await locker).prizes, 7);
	await Promise.all([gate, adder]);
});

// Random small draws in one go, each settled, refunded or left with a refused winner: what went in is what is there.
test('no coin is lost or made over many random draws', async () => {
	const coins = await Source.make(server, 'coin_draws', false);
	const { keeper } = coins;
	const n = FULL ? 5000 : 150;
	await keeper.sql(`INSERT INTO coin_draws.users (id, email, coin_balance) SELECT 'u' || i, 'e' || i, 1000000 FROM generate_series(1, 30) i`);
	const quoted = (text) => `$s$${text}$s$`;
	await keeper.sql(`SET client_min_messages = warning; DO $do$
	DECLARE d int; k keeper.offchain_draws; fee int; players int; b bytea;
	BEGIN
		ALTER TABLE keeper.offchain_draws DISABLE TRIGGER offchain_draws_written_once;
		FOR i IN 1..${n} LOOP
			fee := floor(random() * 4); players := 1 + floor(random() * 6);
			INSERT INTO coin_draws.draws (title, prize_amount, prize_kind, entry_fee, house_coins, draw_time)
			VALUES ('x', 1 + floor(random() * greatest(1, fee * players)), CASE WHEN random() < 0.7 THEN 'coins' ELSE 'money' END, fee, 1, clock_timestamp() + interval '1 day') RETURNING id INTO d;
			INSERT INTO coin_draws.participations (user_id, draw_id, coins_spent) SELECT u.id, d, 0 FROM (SELECT id FROM coin_draws.users ORDER BY random() LIMIT players) u;
			UPDATE coin_draws.draws SET draw_time = clock_timestamp() WHERE id = d;
			SELECT * INTO k FROM keeper.offchain_lock(1, 'coin_draws', d::text, 'coin_draw', ARRAY['${VRF_KEY}'::bytea], 1000, 100000000, ${quoted(coins.statements.freeze)}, ${quoted(coins.statements.entries)}, extract(epoch FROM clock_timestamp())::bigint, 2);
			IF random() < 0.25 THEN
				UPDATE keeper.offchain_draws SET locked_at = locked_at - interval '30 years', opened_at = opened_at - interval '40 years', locked_round = 1, deadline = now() - interval '1 s' WHERE draw = k.draw;
				PERFORM keeper.offchain_default(1, k.draw, extract(epoch FROM clock_timestamp())::bigint);
				PERFORM keeper.offchain_refund(1, k.draw, ${quoted(coins.statements.refund)});
			ELSE
				b := sha512(uuid_send(gen_random_uuid()));
				IF random() < 0.3 THEN
					PERFORM keeper.offchain_refuse(1, k.draw, (SELECT e.account FROM keeper.sel1(k.draw, k.root, b, k.select_mode, k.prizes, k.alternates) s
						JOIN keeper.offchain_entries e ON (e.draw, e.entry) = (k.draw, s.entry) WHERE s.pick = 0), 'account_closed');
					SET CONSTRAINTS keeper.offchain_refusals_still_fit IMMEDIATE;
					SET CONSTRAINTS keeper.offchain_refusals_still_fit DEFERRED;
				END IF;
				PERFORM keeper.offchain_anchor(1, k.draw, repeat('A', 88), 1, sha256('w'));
				PERFORM keeper.offchain_block(1, k.draw, 1000, 999, decode(repeat('09', 32), 'hex'), 1790000000);
				PERFORM keeper.offchain_beacon(1, k.draw, 100000000, decode(repeat('05', 48), 'hex'));
				PERFORM keeper.offchain_prove(1, k.draw, (SELECT keeper.offchain_alpha(x) FROM keeper.offchain_draws x WHERE x.draw = k.draw), decode(repeat('04', 80), 'hex'), b);
				PERFORM keeper.offchain_draw(1, k.draw, array_agg(s.attempt ORDER BY s.pick), array_agg(s.number ORDER BY s.pick), array_agg(s.total ORDER BY s.pick), array_agg(s.entry ORDER BY s.pick))
				   FROM keeper.sel1(k.draw, k.root, b, k.select_mode, k.prizes, k.alternates) s;
				PERFORM keeper.offchain_settle(1, k.draw, ${quoted(coins.statements.settle)});
			END IF;
		END LOOP;
		ALTER TABLE keeper.offchain_draws ENABLE ALWAYS TRIGGER offchain_draws_written_once;
	END $do$`);
	await coins.sound();
	assert.equal(await keeper.sql("SELECT count(*), sum(pot) FROM coin_draws.draws"), `${n}|0`);
	assert.equal(await keeper.sql("SELECT count(*) FROM keeper.offchain_draws WHERE state NOT IN ('settled', 'refunded')"), '0');
	const total = await keeper.sql(`SELECT (SELECT sum(coin_balance) FROM coin_draws.users) + (SELECT sum(kept) FROM coin_draws.draws)
		- (SELECT sum(house_coins) FROM coin_draws.draws WHERE state = 'drawn' AND prize_kind = 'coins')`);
	assert.equal(total, '30000000');
	assert.equal(await keeper.sql("SELECT coalesce(sum(total_earnings), 0) = (SELECT coalesce(sum(w.amount), 0) FROM coin_draws.winners w JOIN coin_draws.draws d ON d.id = w.draw_id WHERE d.prize_kind = 'money') FROM coin_draws.users"), 't');
	assert.equal(await keeper.sql("SELECT count(*) > 0 FROM coin_draws.draws d JOIN keeper.offchain_draws k ON k.source_key = d.id::text WHERE d.state = 'refunded' AND k.state = 'settled'"), 't', 'some had nobody left to win');
});
