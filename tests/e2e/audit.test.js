// Every signature of our wallet on chain is in the journal, or it is imported and said: another signer, a restored database.
'use strict';

const assert = require('node:assert/strict');
const { test } = require('node:test');
const { World, sleep } = require('./world.js');
const { Keypair } = require('../chain/solana.js');
const build = require('../chain/instructions.js');
const { startTrap } = require('./trap.js');
const money = require('./money.js');

const SETTINGS = { AUDIT_SECONDS: '1' };

const kinds = (world) => world.sql('SELECT kind, count(*) FROM keeper.foreign_signatures GROUP BY kind ORDER BY kind');

// A plain payment: no program that poolkeeper's steps call.
const pay = (world, from, to, lamports) => world.scenario.send([from], [build.transfer(from, to, lamports)]);

// Until what has happened so far is final: the first audit sees all of it, and nothing else.
async function finalized(world) {
	const { slot } = await world.scenario.chain('position');
	while (await world.scenario.node.call('getSlot', { commitment: 'finalized' }) < slot) await sleep(100);
}

test('history is one line; another signer of our key is alerted and imported once, across a restart; payments to us are no alarm', async (t) => {
	const world = await World.start({ settings: SETTINGS });
	t.after(() => world.stop());
	const other = new Keypair();
	const pool = await world.lockedPool();
	await pay(world, world.devWallet, other, 5_000_000);
	await pay(world, world.devWallet, other, 6_000_000);
	await finalized(world);
	const daemon = world.startDaemon();
	const history = await daemon.wait('audit.history');
	await daemon.wait('audit.complete');
	assert.equal(await kinds(world), `HISTORY|${history.signatures}`);
	assert.equal(daemon.all('audit.foreign_signature').length, 0);

	const paused = await world.scenario.pause(pool, world.devWallet);
	await daemon.wait('audit.foreign_signature', { sig: paused, kind: 'STEP', wallet: world.devWallet.address, why: /restored.*second keeper/ });
	const paid = await pay(world, world.devWallet, other, 7_000_000);
	await daemon.wait('audit.foreign_signature', { sig: paid, kind: 'OTHER', why: /somebody else/ });
	const mentioned = await pay(world, other, world.devWallet, 1_000_000);
	await daemon.wait('audit.mention', { sig: mentioned });
	assert.equal(await kinds(world), `HISTORY|${history.signatures}\nMENTION|1\nOTHER|1\nSTEP|1`);
	assert.equal(daemon.all('audit.history').length, 1);
	await daemon.kill('SIGTERM');

	// While poolkeeper is away; and its own steps are known.
	const unpaused = await world.scenario.unpause(pool, world.devWallet);
	const was = await money.before(world, pool);
	await world.pastLock();
	const again = world.startDaemon();
	await again.wait('audit.foreign_signature', { sig: unpaused, kind: 'STEP' });
	await again.wait('draw.wait', { subject: new RegExp(pool.address), reason: 'OVER' });
	await money.assertPaid(world, pool, was);
	const last = (await world.scenario.chain('transactions', world.devWallet.address)).at(-1);
	while (await world.sql('SELECT signature FROM keeper.audits') !== last.signature) await sleep(100);
	assert.equal(again.all('audit.foreign_signature').length, 1);
	assert.equal(again.all('audit.history').length, 0);
	assert.equal(await kinds(world), `HISTORY|${history.signatures}\nMENTION|1\nOTHER|1\nSTEP|2`);
	assert.equal(await world.sql('SELECT count(*) FROM keeper.foreign_signatures WHERE NOT told'), '0');
	await again.kill('SIGTERM');

	// A quiet wallet is quiet.
	const third = world.startDaemon();
	await third.wait('audit.complete');
	assert.equal(third.all('audit.foreign_signature').length, 0);

	// A standby is promoted under a running daemon that keeps its lease: a row is not there any more, and its place in the list is known.
	await world.sql(`DELETE FROM keeper.foreign_signatures WHERE signature = '${paused}';
		CREATE OR REPLACE FUNCTION keeper.database_identity() RETURNS text LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$ SELECT '1.00000002/1.1/1' $$`);
	await third.wait('audit.database_changed');
	await third.wait('audit.foreign_signature', { sig: paused });
	assert.equal(third.all('audit.untold').length, 0);
});

// What each tick says of the database decides when an audit asks where it stands.
test('where the audit stands is asked once, and again within a tick when the database is another one, however rare the rounds', async (t) => {
	const world = await World.start({ pooled: false });
	t.after(() => world.stop());
	const other = new Keypair();
	await pay(world, world.devWallet, other, 50_000_000);
	await finalized(world);
	await world.sql("ALTER DATABASE postgres SET track_functions = 'all'");
	const begins = () => world.sql("SELECT coalesce(sum(calls), 0) FROM pg_stat_user_functions WHERE funcname = 'audit_begin'");
	const daemon = world.startDaemonWith(SETTINGS);
	await daemon.wait('audit.complete');
	for (let i = 0; i < 3; i++) await daemon.wait('audit.mention', { sig: await pay(world, other, world.devWallet, 1_000_000 + i) });
	await daemon.kill('SIGTERM');
	assert.equal(await begins(), '1');

	const rare = world.startDaemonWith({ AUDIT_SECONDS: '3600' });
	await rare.wait('audit.complete');
	await world.sql("CREATE OR REPLACE FUNCTION keeper.database_identity() RETURNS text LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$ SELECT '1.00000002/1.1/1' $$");
	await rare.wait('audit.database_changed');
	await rare.kill('SIGTERM');
	assert.equal(await begins(), '3');
});

test('the answer to an import is lost: what it wrote is told all the same', async (t) => {
	const world = await World.start({ pooled: false });
	const trap = await startTrap(world.daemonUrl);
	t.after(() => world.stop());
	t.after(() => trap.close());
	await finalized(world);
	const daemon = world.startDaemonWith({ ...SETTINGS, DATABASE_URL: trap.url });
	await daemon.wait('audit.complete');
	const lost = trap.spring({ texts: ['keeper.audit_import('], when: 'after', kill: () => {} });
	await pay(world, world.devWallet, new Keypair(), 7_000_000);
	await lost;
	await daemon.wait('audit.untold', { signatures: '1', wallet: world.devWallet.address });
	while (await world.sql('SELECT count(*) FROM keeper.foreign_signatures WHERE NOT told') !== '0') await sleep(100);
});

test('a restored database: our own steps are not in the journal any more, and the alert says so', async (t) => {
	const world = await World.start({ settings: SETTINGS });
	t.after(() => world.stop());
	const pool = await world.lockedPool();
	await finalized(world);
	const daemon = world.startDaemon();
	await daemon.wait('audit.complete');
	const backup = await world.sql("SELECT format('UPDATE keeper.audits SET signature = %L, slot = %L, checked_at = %L', signature, slot, checked_at) FROM keeper.audits");
	await world.pastLock();
	await daemon.wait('draw.wait', { subject: new RegExp(pool.address), reason: 'OVER' });
	const ours = (await world.sql('SELECT sig FROM keeper.steps')).split('\n');
	await daemon.kill('SIGTERM');
	await world.sql(`TRUNCATE keeper.steps, keeper.bindings, keeper.commits, keeper.draws, keeper.leftovers; ${backup}; UPDATE keeper.audits SET database = '1/00000001'`);
	const again = world.startDaemon();
	const { hold_until_height: hold } = await again.wait('audit.database_changed');
	assert.ok(Number(hold) > (await world.scenario.chain('position')).height);
	for (const sig of ours) await again.wait('audit.foreign_signature', { sig, kind: 'STEP', why: /backup of the database was restored/ });
	assert.equal(again.all('audit.foreign_signature').length, ours.length);
	assert.equal((await world.scenario.readPool(pool)).statusName, 'Ended');
});

test('a node whose list ends too early does not make a gap: another one is asked', async (t) => {
	const world = await World.start({ nodes: 2, settings: SETTINGS });
	t.after(() => world.stop());
	const other = new Keypair();
	await finalized(world);
	const daemon = world.startDaemon();
	await daemon.wait('audit.complete');
	await daemon.kill('SIGTERM');
	const sent = [];
	for (let i = 0; i < 30; i++) sent.push(await pay(world, world.devWallet, other, 2_000_000 + i));
	// The first node fails in the middle of its list: what it told is not the end of it.
	await world.scenario.chain('faults', { node: 0, http: [{ method: 'getSignaturesForAddress', kind: 'html', skip: 1, count: 'always' }] });
	const again = world.startDaemon();
	for (const sig of sent) await again.wait('audit.foreign_signature', { sig, kind: 'OTHER' });
	assert.equal(again.all('audit.foreign_signature').length, sent.length);
});
