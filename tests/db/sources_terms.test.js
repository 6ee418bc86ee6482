// What the shipped sources promise: who may win the house's seed, what comes back when nobody wins, what players are told, and numbers that are large.
'use strict';

const test = require('node:test');
const assert = require('node:assert');
const { startPostgres } = require('../lib/postgres');
const { sha256 } = require('./offchain');
const { Source } = require('./source');

let server;
test.before(async () => { server = await startPostgres(); });
test.after(() => server.stop());

test('jackpots: the seed is not for one who plays alone, nor for a few cents', async () => {
	const jackpots = await Source.make(server, 'jackpots', false);
	const { keeper } = jackpots;
	const wager = (key, user, cents) => keeper.sql(`SELECT count(*) FROM jackpot.contribute('${key}', '${user}', 'slots', ${cents})`);
	const why = (key) => keeper.refusal('offchain_lock', jackpots.locking(key));
	await wager('one', 'lonely', 200);
	assert.deepEqual(await jackpots.due(), []);
	assert.match(await why('minor:1'), /^PK003 .* round minor:1 is not due before it is full and not full/);
	await keeper.sql("UPDATE jackpot.jackpots SET draw_every = '1 day'; UPDATE jackpot.rounds SET due_at = clock_timestamp()");
	assert.deepEqual((await jackpots.due()).sort(), ['major:1', 'mega:1', 'minor:1'], 'their wagers wait, and it is told why');
	for (const group of ['minor', 'major', 'mega']) assert.match(await why(`${group}:1`), new RegExp(`^PK003 .* round ${group}:1 has 1 of at least 2 players`));
	await wager('two', 'friend', 200);
	assert.match(await why('minor:1'), /^PK003 .* round minor:1 has 8 of at least 100000 cents from wagers, and is not full/);
	await keeper.sql("UPDATE jackpot.jackpots SET min_contributions = 9 WHERE \"group\" = 'minor'");
	assert.match(await why('minor:1'), /^PK003 .* has 8 of at least 9 cents/);
	await wager('three', 'lonely', 50);
	assert.equal((await jackpots.lockIt('minor:1')).stake_units, 9);
	assert.equal(await keeper.sql("SELECT round, due_at > clock_timestamp() + interval '23 h' FROM jackpot.pools WHERE jackpot_group = 'minor'"), '2|t');
	// Full, and of one player.
	await wager('whale', 'whale', 100000000);
	assert.match(await why('minor:2'), /^PK003 .* round minor:2 has 1 of at least 2 players/);
	await keeper.sql("UPDATE jackpot.jackpots SET max_amount = max_amount + 100, min_contributions = NULL WHERE \"group\" = 'minor'");
	await wager('second', 'minnow', 5000);
	assert.equal((await jackpots.lockIt('minor:2')).stake_units, 900100);
	await jackpots.refuses(["UPDATE jackpot.jackpots SET max_amount = NULL, draw_every = NULL", /^23514 jackpots_come_to_an_end/], ["UPDATE jackpot.jackpots SET draw_every = '0'", /^23514 jackpots_interval_is_positive/]);
	await jackpots.sound();
});

test('a raffle whose entries are all refused gives every point back', async () => {
	const raffles = await Source.make(server, 'raffles');
	const { keeper } = raffles;
	const id = '00000000-0000-4000-8000-00000000000a';
	await keeper.sql('UPDATE raffle_schema.raffles SET end_date = clock_timestamp()');
	const draw = await raffles.lockIt(id);
	for (let i = 1; i <= 12; i += 1) await raffles.verb('refuse', draw, { account: `driver${i}`, reason: 'not_eligible' });
	await raffles.draw(draw);
	await raffles.settle(draw);
	assert.equal(await keeper.sql("SELECT status, (SELECT sum(points) FROM raffle_schema.points_balances), (SELECT count(*) FROM raffle_schema.outbox WHERE kind = 'refunded' AND payload ? 'salt') FROM raffle_schema.raffles"), 'REFUNDED|1200|12');
	await raffles.sound();
});

test('a player is told his entries and the salt, and finds them among the published leaves; nobody else\'s', async () => {
	for (const [source, account, key] of [['coin_draws', 'user1', '2'], ['jackpots', 'user1', 'minor:1'], ['raffles', 'driver3', '00000000-0000-4000-8000-00000000000a']]) {
		const one = await Source.make(server, source);
		await one.keeper.sql({
			coin_draws: 'UPDATE coin_draws.draws SET draw_time = now()', raffles: 'UPDATE raffle_schema.raffles SET end_date = clock_timestamp()',
			jackpots: 'UPDATE jackpot.jackpots SET min_contributions = 0; UPDATE jackpot.rounds SET due_at = now()',
		}[source]);
		// The role of the operator's own site has nothing but this.
		await one.keeper.sql(`DO $$ BEGIN CREATE ROLE site LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$; GRANT USAGE ON SCHEMA ${one.schema} TO site`);
		const told = (user) => one.keeper.rows(`SELECT * FROM ${one.schema}.told('${key}', '${user}')`, one.keeper.url.replace('//postgres@', '//site@'));
		await assert.rejects(told(account), /permission denied for function told/);
		await one.keeper.sql(`GRANT EXECUTE ON FUNCTION ${one.schema}.told TO site`);
		assert.deepEqual(await told(account), [], 'not locked yet');
		const draw = await one.lockIt(key);
		const mine = await told(account);
		const published = await one.entries(draw);
		assert.deepEqual(mine.map(({ entry }) => entry), published.filter((entry) => entry.account === account).map(({ entry }) => entry));
		assert.ok(mine.length > 0);
		const { salt } = mine[0];
		const participant = sha256('PFE1-user', Buffer.from(salt, 'hex'), account).toString('hex');
		mine.forEach((row) => assert.deepEqual([row.draw, row.participant, `\\x${row.participant}`, String(row.weight)], [draw.draw, participant, published[row.entry].participant, String(published[row.entry].weight)]));
		assert.deepEqual(await told('stranger'), []);
		await one.draw(draw);
		await one.settle(draw);
		const kept = { coin_draws: 'SELECT salt FROM coin_draws.winners', jackpots: 'SELECT salt FROM jackpot.credits', raffles: "SELECT DISTINCT payload ->> 'salt' FROM raffle_schema.outbox" }[source];
		assert.equal(await one.keeper.sql(kept), salt, 'and the notification has it');
	}
});

test('no number is too small for what is won: balances, earnings, what the house keeps', async () => {
	const coins = await Source.make(server, 'coin_draws', false);
	const { keeper } = coins;
	const most = 99999999.99;
	await coins.refuses([`INSERT INTO coin_draws.users (id, email) VALUES (repeat('x', 201), 'long')`, /^23514 users_id_is_short/], ["INSERT INTO coin_draws.users (id, email) VALUES ('', 'none')", /^23514 users_id_is_short/]);
	await keeper.sql("INSERT INTO coin_draws.users (id, email, coin_balance) VALUES ('rich', 'r', 2147483647)");
	const play = async (columns, values) => {
		const id = await keeper.sql(`INSERT INTO coin_draws.draws (title, draw_time, ${columns}) VALUES ('t', clock_timestamp() + interval '1 h', ${values}) RETURNING id`);
		await keeper.sql(`INSERT INTO coin_draws.participations (user_id, draw_id, coins_spent) VALUES ('rich', ${id}, 0); UPDATE coin_draws.draws SET draw_time = clock_timestamp() WHERE id = ${id}`);
		const draw = await coins.lockIt(id);
		await coins.draw(draw);
		assert.equal((await coins.settle(draw)).state, 'settled');
	};
	await play('prize_amount, entry_fee', `${most}, 0`);
	await play('prize_amount, entry_fee', `${most}, 0`);
	await play('prize_amount, prize_kind, entry_fee, house_coins', "99999999, 'coins', 0, 2147483647");
	await play('prize_amount, prize_kind, entry_fee, house_coins', "1, 'coins', 2147483647, 2147483647");
	assert.equal(await keeper.sql('SELECT total_earnings, coin_balance, total_wins FROM coin_draws.users'), '199999999.98|100000000|4');
	assert.equal(await keeper.sql('SELECT max(kept) FROM coin_draws.draws'), '4294967293');
	await coins.sound();
});
