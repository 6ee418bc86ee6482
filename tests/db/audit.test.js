// The audit's memory: what is unknown, what was imported once, how far the list is read, and which database this is.
'use strict';

const test = require('node:test');
const assert = require('node:assert');
const { startPostgres } = require('../lib/postgres');
const { newKeeper, key, signature, step } = require('./keeper');

const WALLET = key('W');

let server;
test.before(async () => { server = await startPostgres(); });
test.after(() => server.stop());

const begin = async (keeper, slot = 50, height = 40) => (await keeper.call('audit_begin', { fence: 1, wallet: WALLET, slot, height }))[0];
const item = (letter, kind, overrides = {}) => {
	const one = { signature: signature(letter), slot: 60, block_time: 5, failed: 'f', kind, memo: null, ...overrides };
	return { fence: 1, wallet: WALLET, height: 1000, ...Object.fromEntries(Object.entries(one).map(([name, value]) => [name, [value]])) };
};
const unknown = async (keeper, letters) => (await keeper.call('audit_unknown', { signature: letters.map(signature) })).map((row) => letters[row.n - 1]).join('');

test('it begins once, and its watermark never goes back', async () => {
	const keeper = await newKeeper(server);
	assert.deepEqual(await begin(keeper), { began_slot: 50, signature: null, slot: null, hold_height: 0, restored: false, restarted: false, untold: 0 });
	assert.equal((await begin(keeper, 70)).began_slot, 50);
	const done = async (letter, slot) => (await keeper.call('audit_done', { fence: 1, wallet: WALLET, signature: signature(letter), slot }))[0].audit_done;
	assert.equal(await done('B', 80), 1);
	assert.equal(await done('A', 79), 0);
	const state = await begin(keeper);
	assert.deepEqual([state.signature, state.slot], [signature('B'), 80]);
});

test('a round that began in another database ends nothing in this one', async () => {
	const keeper = await newKeeper(server);
	await begin(keeper);
	await keeper.call('audit_import', item('D', 'STEP'));
	await keeper.sql("UPDATE keeper.audits SET database = database || '9'");
	assert.deepEqual(await keeper.call('audit_done', { fence: 1, wallet: WALLET, signature: signature('D'), slot: 60 }), [{ audit_done: 0 }]);
	const state = await begin(keeper);
	assert.deepEqual([state.signature, state.untold], [null, 1]);
});

test('unknown is what neither the journal nor an audit has; each is imported once', async () => {
	const keeper = await newKeeper(server);
	await begin(keeper);
	await keeper.call('step_open', step());
	assert.equal(await unknown(keeper, ['A', 'B', 'C']), 'BC');
	assert.deepEqual(await keeper.call('audit_import', item('B', 'HISTORY')), [{ audit_import: 1 }]);
	assert.equal(await unknown(keeper, ['A', 'B', 'C']), 'C');
	assert.deepEqual(await keeper.call('audit_import', item('B', 'OTHER')), [{ audit_import: 0 }]);
	assert.equal(await keeper.sql('SELECT kind, told FROM keeper.foreign_signatures'), 'HISTORY|t');
});

test('a signature of our key holds unguarded steps back, and stays untold until it was told', async () => {
	const keeper = await newKeeper(server);
	await begin(keeper);
	for (const [letter, kind] of [['B', 'HISTORY'], ['C', 'MENTION']]) await keeper.call('audit_import', item(letter, kind));
	assert.deepEqual([(await begin(keeper)).hold_height, (await begin(keeper)).untold], [0, 0]);
	for (const [letter, kind] of [['D', 'STEP'], ['E', 'OTHER'], ['F', 'UNSEEN']]) await keeper.call('audit_import', item(letter, kind));
	assert.deepEqual([(await begin(keeper)).hold_height, (await begin(keeper)).untold], [1150, 3]);
	await keeper.call('audit_import', { ...item('G', 'OTHER'), height: 900 });
	assert.equal((await begin(keeper)).hold_height, 1150, 'never shortened');
	await keeper.call('audit_done', { fence: 1, wallet: WALLET, signature: null, slot: 0 });
	const state = await begin(keeper);
	assert.deepEqual([state.untold, state.signature], [0, null]);
});

test('another server or timeline than last time is a restore, said once', async () => {
	const keeper = await newKeeper(server);
	await begin(keeper);
	const [, here, table, start] = /^(\d+\.[0-9A-F]{8})\/(\d+\.\d+)\/(\d+\.\d+)$/.exec(await keeper.sql('SELECT database FROM keeper.audits'));
	await keeper.sql("UPDATE keeper.audits SET database = '1/00000001'");
	const restored = await begin(keeper, 60, 500);
	assert.deepEqual([restored.restored, restored.hold_height], [true, 650]);
	assert.deepEqual([(await begin(keeper)).restored, (await begin(keeper)).hold_height], [false, 650]);
	for (const [was, changed] of [[`-/${table}/${start}`, false], [`1.00000001/${table}/${start}`, true], [`${here}/1/${start}`, true], ['-/1', true], ['-', true]]) {
		await keeper.sql(`UPDATE keeper.audits SET database = '${was}'`);
		assert.equal((await begin(keeper)).restored, changed, was);
	}
});

test('the same server, started again since: no restore, but what it had acknowledged may be gone', async () => {
	const keeper = await newKeeper(server);
	await begin(keeper);
	const [here] = (await keeper.sql('SELECT database FROM keeper.audits')).split(/\/[^/]*$/);
	for (const [was, restarted, hold] of [[`${here}/1.5`, true, 650], [null, false, 650], [here, true, 750]]) {
		if (was) await keeper.sql(`UPDATE keeper.audits SET database = '${was}'`);
		const state = await begin(keeper, 60, hold - 150);
		assert.deepEqual([state.restored, state.restarted, state.hold_height], [false, restarted, hold], was);
	}
});
