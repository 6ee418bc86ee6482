// Who the entries and the winners of a locked draw are, against who has more rights than the daemon: refusals, swapped entries, other accounts.
'use strict';

const test = require('node:test');
const assert = require('node:assert');
const crypto = require('node:crypto');
const { startPostgres } = require('../lib/postgres');
const { newKeeper } = require('./keeper');
const { THREE, Offchain, newOffchain, RULES, STATEMENTS, sha256, hex } = require('./offchain');

let server;
let off;
test.before(async () => {
	server = await startPostgres();
	off = await newOffchain(newKeeper, server);
});
test.after(() => server.stop());


test('a refused account makes place for the first unused alternate: for published reasons only, and before anybody can know the winners', async () => {
	const five = ['anna', 'bob', 'carl', 'dora', 'emil'].map((name, i) => [name, 1, `t${i}`]);
	const draw = await off.locked(five, { prizes: 2, alternates: 2 });
	const beta = crypto.randomBytes(64);
	const picks = await off.picks(draw, beta);
	const entries = await off.entries(draw);
	const [first, second, alternate, last] = picks.entry.map((entry) => entries[Number(entry)].account);
	const other = entries.map(({ account }) => account).find((account) => ![first, second, alternate, last].includes(account));
	assert.match(await off.refused('refuse', draw, { account: first, reason: 'unlucky' }), /^PK002 .* for unlucky: its rules do not name the reason/);
	assert.match(await off.refused('refuse', draw, { account: 'nobody', reason: 'account_closed' }), /^PK002 draw .* has no entry of account nobody/);
	assert.match(await off.keeper.outcome(`INSERT INTO keeper.offchain_refusals (draw, participant, reason) VALUES ('${draw.draw}', sha256('x'), 'account_closed')`), /^PK002 .* who is not in it/);
	// In one transaction that is not kept: how the prizes go with these refusals.
	const winners = async (...refused) => off.keeper.sql(`BEGIN; ALTER TABLE keeper.offchain_refusals DISABLE TRIGGER USER;
		INSERT INTO keeper.offchain_refusals (draw, participant, reason) SELECT draw, participant, 'account_closed' FROM keeper.offchain_entries WHERE draw = '${draw.draw}' AND account = ANY ('{${refused}}');
		SELECT prize, account FROM keeper.offchain_winners('${draw.draw}'); ROLLBACK`);
	const refusal = await off.verb('refuse', draw, { account: first, reason: 'account_closed' });
	assert.equal((await off.verb('refuse', draw, { account: first, reason: 'account_closed' })).refused_at, refusal.refused_at, 'once');
	await off.draw(draw, beta);
	assert.equal(await winners(), `0|${alternate}\n1|${second}`);
	assert.equal(await winners(other), `0|${alternate}\n1|${second}`);
	assert.equal(await winners(alternate), `0|${last}\n1|${second}`);
	assert.equal(await winners(alternate, second), `0|${last}`, 'no alternate is left: the prize stays');
	assert.match(await off.refused('refuse', draw, { account: second, reason: 'account_closed' }), /^PK002 nobody of draw .* is refused any more/, 'too late: the winners are known');
	await off.verb('settle', draw, { settle: STATEMENTS.settle });
	assert.deepEqual((await off.paid(draw)).split(', ').sort(), [`${alternate} 50`, `${second} 50`].sort());
});

test('from the time of the round on nobody is refused, by hand, nor by a transaction that was begun before', async () => {
	const [draw, open] = [await off.locked(), await off.locked()];
	const refuse = (one) => `INSERT INTO keeper.offchain_refusals (draw, participant, reason) SELECT draw, participant, 'account_closed' FROM keeper.offchain_entries WHERE draw = '${one.draw}'`;
	await off.age(draw);
	assert.match(await off.refused('refuse', draw, { account: 'anna', reason: 'account_closed' }), /^PK002 nobody of draw .* is refused any more: its round was due at/);
	assert.match(await off.keeper.outcome(`SET LOCAL session_replication_role = replica; ${refuse(draw)}`), /^PK002 nobody of draw .* is refused any more/);
	// Its round comes while the transaction is open: the commit refuses it.
	const later = `UPDATE keeper.offchain_draws SET opened_at = opened_at - interval '1 h', locked_at = locked_at - interval '1 h', locked_round = locked_round - 1200 WHERE draw = '${open.draw}'`;
	const begun = `BEGIN; ALTER TABLE keeper.offchain_draws DISABLE TRIGGER USER; ${refuse(open)}; ${later}`;
	await assert.rejects(off.keeper.sql(`${begun}; COMMIT`), /is refused any more: its round was due at/);
	assert.equal(await off.keeper.sql(`SELECT count(*) FROM keeper.offchain_refusals WHERE draw IN ('${draw.draw}', '${open.draw}')`), '0');
});

test('entries that the owner changed behind the guards are not drawn, not paid and not given back', async () => {
	const guarded = (change) => off.keeper.sql(`BEGIN; ALTER TABLE keeper.offchain_entries DISABLE TRIGGER USER; UPDATE keeper.offchain_entries e SET ${change};
		ALTER TABLE keeper.offchain_entries ENABLE ALWAYS TRIGGER offchain_entries_freeze; ALTER TABLE keeper.offchain_entries ENABLE ALWAYS TRIGGER offchain_entries_kept; COMMIT`);
	// Whose entry is whose: as many as before, with the same weights.
	const swap = (draw) => guarded(`participant = x.participant, account = x.account FROM keeper.offchain_entries x WHERE e.draw = '${draw.draw}' AND x.draw = e.draw AND x.entry = 2 - e.entry`);
	const account = (draw, name) => guarded(`account = '${name}' WHERE draw = '${draw.draw}' AND ref = 't1'`);
	const thief = (salt) => `participant = sha256('PFE1-user'::bytea || '${salt}'::bytea || 'thief'::bytea), account = 'thief'`;
	const root = (to) => new RegExp(`^PK002 draw .* does not become ${to}: its entries are not those of its root`);
	const other = (to) => new RegExp(`^PK002 draw .* does not become ${to}: the account of its entry t1 is not the one that was locked`);

	const draw = await off.locked();
	const beta = crypto.randomBytes(64);
	const row = await off.reveal(draw);
	row.total_weight = 6;
	await off.verb('prove', draw, Offchain.proof(row, beta));
	await swap(draw);
	const swapped = await off.picks(draw, beta);
	assert.match(await off.refused('draw', draw, swapped), root('drawn'));
	await swap(draw);
	await account(draw, 'thief');
	assert.match(await off.refused('draw', draw, await off.picks(draw, beta)), other('drawn'));
	await account(draw, 'anna');
	assert.equal((await off.verb('draw', draw, await off.picks(draw, beta))).state, 'drawn');
	await account(draw, 'thief');
	assert.match(await off.refused('settle', draw, { settle: STATEMENTS.settle }), other('settled'));
	await guarded(`${thief(draw.salt)} WHERE draw = '${draw.draw}' AND ref = 't1'`);
	assert.match(await off.refused('settle', draw, { settle: STATEMENTS.settle }), root('settled'));
	assert.equal(`${await off.paid(draw)} ${await off.state(draw)}`, 'nobody drawn');

	const back = await off.locked();
	await account(back, 'thief');
	await off.defaulted(back);
	assert.match(await off.refused('refund', back, { refund: STATEMENTS.refund }), other('refunded'));
	assert.equal(`${await off.paid(back)} ${await off.state(back)}`, 'nobody defaulted');
	await account(back, 'anna');
	// As much as before, to others.
	const move = (units) => guarded(`stake = e.stake + CASE e.entry WHEN 0 THEN ${units} WHEN 1 THEN -(${units}) ELSE 0 END WHERE e.draw = '${back.draw}'`);
	await move(5);
	assert.match(await off.refused('refund', back, { refund: STATEMENTS.refund }), root('refunded'));
	await move(-5);
	assert.equal((await off.verb('refund', back, { refund: STATEMENTS.refund })).state, 'refunded');
});

test('a source makes participants only where the rules say so', async (t) => {
	const given = "SELECT sha256(ref::bytea) AS participant, account, ref, weight, 10 AS stake FROM plain.entries WHERE key = $1";
	const key = await off.opened();
	assert.match(await off.keeper.refusal('offchain_lock', Offchain.locking(key, { entries: given })), /^PK003 source plain, key k\d+: the participant of its entry t\d is not made of its account/);
	assert.equal((await off.lock(key)).state, 'locked');
	const plain = off;
	off = await newOffchain(newKeeper, server, { ...RULES, participants: 'source' });
	t.after(() => { off = plain; });
	const draw = await off.locked(THREE, {}, { entries: given });
	assert.deepEqual((await off.entries(draw)).map(({ participant }) => participant).sort(), ['t1', 't2', 't3'].map((ref) => hex(sha256(ref))).sort());
	await off.draw(draw);
	assert.equal((await off.verb('settle', draw, { settle: STATEMENTS.settle })).state, 'settled');
	assert.deepEqual(await off.keeper.call('offchain_audit', {}), []);
});

test('what the owner changes behind the guards is named', async () => {
	const draw = await off.locked();
	await off.draw(draw);
	const changes = [
		['offchain_entries', 'weight = 5 WHERE entry = 0', 'the entries are not those of the root'],
		['offchain_entries', 'stake = 5 WHERE entry = 0', 'the stakes are not those that were locked'],
		['offchain_entries', "account = 'thief' WHERE entry = 0", 'the accounts are not those of the participants'],
		['offchain_draws', 'stake_units = 7', 'the row does not have the hash that was anchored'],
		['offchain_draws', "amounts = '{7}'", 'the row does not have the hash that was anchored'],
		['offchain_draws', "previous = decode(repeat('ee', 32), 'hex')", 'the row before is not the one it was chained to'],
		['offchain_picks', 'attempt = attempt + 1', 'the picks are not those of beta'],
	];
	for (const [table, change, fault] of changes) {
		const where = `${change.includes('WHERE') ? 'AND' : 'WHERE'} draw = '${draw.draw}'`;
		const said = await off.keeper.sql(`BEGIN; ALTER TABLE keeper.${table} DISABLE TRIGGER USER; UPDATE keeper.${table} SET ${change} ${where};
			SELECT fault FROM keeper.offchain_audit() WHERE draw = '${draw.draw}'; ROLLBACK`);
		assert.ok(said.split('\n').includes(fault), said);
	}
});
