// kill -9 at the statements that no draw is about: what was found, audited, watched, claimed, kept, sealed, noted and said is there once.
'use strict';

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { after, before, test } = require('node:test');
const { World, sleep } = require('./world.js');
const { PLAIN } = require('./offchain.js');
const { startTrap } = require('./trap.js');
const { addToVault } = require('./falsified.js');
const { Keeper } = require('../db/keeper.js');
const { RULES } = require('../db/offchain.js');
const { Certified, OPERATOR_SECRET } = require('../db/certified.js');
const build = require('../chain/instructions.js');
const { Keypair } = require('../chain/solana.js');

// The plain run cuts only where the server has done it and the daemon never hears of it.
const MOMENTS = process.env.POOLKEEPER_TEST_FULL === '1' ? ['before', 'after'] : ['after'];
const WITHIN_MS = 60000;
let world;
let trap;
let scene;
before(async () => {
	world = await World.start({ pooled: false, oracles: 1, slotMs: 50 });
	trap = await startTrap(world.daemonUrl);
	scene = await setTheScene();
});
after(async () => {
	await trap?.close();
	await world?.stop();
});

// The daemon has the statements of another source than the one that the draw is of.
function sources() {
	const directory = path.join(world.directory, 'sources', 'other');
	fs.mkdirSync(directory, { recursive: true });
	fs.writeFileSync(path.join(directory, 'statements.sql'), PLAIN.statements.replaceAll('plain', 'other'));
	return path.dirname(directory);
}

function settings() {
	return {
		DATABASE_URL: trap.url, DISCOVERY_SECONDS: '1', DISCOVERY_LIST_AFTER_SECONDS: '1', AUDIT_SECONDS: '1', OFFCHAIN_SECONDS: '1', CLAIM_POOL_RENT: '1',
		OFFCHAIN_SOURCES: path.join(world.directory, 'sources'), CERTIFICATE_DIR: path.join(world.directory, 'certificates'), CERTIFICATE_PRIVATE_KEY: OPERATOR_SECRET,
	};
}

// A draw of a source that the daemon does not know, as far as drawn.
async function drawnElsewhere() {
	const keeper = new Keeper(world.postgres.url());
	await keeper.tick();
	const draws = await Certified.make(() => keeper, null, RULES);
	await draws.open('k1', [['anna', 1, 't1'], ['bob', 2, 't2']]);
	const draw = await draws.lockThen('k1');
	await draws.verb('draw', draw, await draws.picks(draw, await draws.proven(draw)));
	await world.sql(PLAIN.schema.replaceAll('plain', 'other'));
	sources();
	return draw.draw;
}

// One pool for each thing that is to be done about a pool without drawing it, and a draw of the database.
async function setTheScene() {
	const mint = await world.mint();
	const { devWallet, treasury } = world;
	const [creator, player] = [new Keypair(), new Keypair()];
	for (const keypair of [creator, player]) await world.scenario.fundPlayer(keypair, mint, 1000n * mint.unit);
	const open = () => world.scenario.createPool({ mint, creator, maxParticipants: 3, devWallet, treasury });
	const [silent, dusty, cancelled] = [await open(), await open(), await open()];
	const joined = await world.scenario.join(dusty, player);
	await world.scenario.cancel(cancelled);
	dusty.id = await world.register({ ...dusty, players: [creator, player] }, { status: 'open' });
	cancelled.id = await world.register({ ...cancelled, players: [creator] }, { status: 'open' });
	return { mint, creator, player, silent, dusty, cancelled, joined, gone: new Keypair().address, draw: await drawnElsewhere() };
}

// What is put in the way of the next daemon right before its start.
const WORK = {
	// Made and gone before the next start, and old enough to be judged.
	async census_found() {
		const { mint } = scene;
		scene.brief = await world.scenario.createPool({ mint, creator: scene.creator, maxParticipants: 3, devWallet: world.devWallet, treasury: world.treasury });
		await world.scenario.cancel(scene.brief);
		for (const [name, accounts] of [['claim_refund', {}], ['claim_rent', { closeTarget: scene.creator.address }]]) {
			await world.scenario.send([scene.creator], [world.scenario.instruction(name, scene.brief, scene.creator, accounts)]);
		}
		await world.scenario.chain('tick', 240);
	},
	// Somebody else uses the key, after the first audit has begun, and it is final.
	async audit_import() {
		scene.foreign = await world.scenario.send([world.devWallet], [build.transfer(world.devWallet, new Keypair(), 5_000_000n)]);
		await world.scenario.chain('tick', 40);
	},
	submissions_page: () => world.sql(`INSERT INTO keeper.submissions (tx_hash, pool, wallet, operation, amount)
		VALUES ('${scene.joined}', '${scene.dusty.address}', '${scene.player.address}', 'join', ${scene.dusty.amount})`),
	watch: () => addToVault(world, scene.dusty, 1n),
	retain: () => world.sql("INSERT INTO public.used_transactions (tx_hash, wallet_address, operation_type, used_at) VALUES ('old', 'anna', 'join', now() - interval '10 years')"),
	audit_seal: () => world.sql(`UPDATE public.pools SET total_pot = 7 WHERE id = ${scene.dusty.id}`),
	leftover_note: () => world.sql('UPDATE keeper.leftovers SET due_at = now()'),
	offchain_halt: () => world.sql('UPDATE keeper.offchain_draws SET halted_why = NULL'),
	// A paid draw that is not this chain's: two hours later nobody has given its history, and its account is gone.
	proof_add: () => world.sql(`INSERT INTO keeper.draws (draw, address, pool_id, mint, status, status_slot, winner, decimals, total_amount, winner_amount, dev_amount, burn_amount, treasury_amount, end_time, payout_slot, paid_at)
			VALUES ('draw:${scene.gone}:7', '${scene.gone}', 7, '${scene.mint.address}', 6, 1, '${scene.player.address}', 6, 4, 1, 1, 1, 1, 1, 1, now());
		UPDATE keeper.pool_proofs SET since = now() - interval '2 hours'`),
};

async function inTime(promise, what) {
	let timer;
	const late = new Promise((_, reject) => { timer = setTimeout(() => reject(new Error(`${what}: not within ${WITHIN_MS} ms; last lines:\n${world.daemons.at(-1).log.slice(-6000)}`)), WITHIN_MS); });
	return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

// One daemon, killed at this statement.
async function cutAt(statement, when) {
	const sprung = trap.spring({ texts: [`keeper.${statement}(`], when, kill: () => daemon.kill() });
	const daemon = world.startDaemonWith(settings());
	if (statement === 'lease_release') await daemon.wait('lease.taken').then(() => daemon.kill('SIGTERM'));
	await inTime(sprung, `keeper.${statement}`);
	assert.equal(daemon.signal, 'SIGKILL', 'it did not end by itself before');
	return daemon;
}

// Each line is a fact that must be so in the end, whatever was cut.
const facts = () => {
	const { silent, brief, dusty, cancelled, joined, gone, draw } = scene;
	return {
		'the pool that nobody registered is judged once': [`SELECT string_agg(verdict || ' ' || (listed_at IS NOT NULL), ',') FROM keeper.discoveries WHERE draw LIKE 'draw:${silent.address}:%'`, 'FITS true'],
		'the app has one row of it': [`SELECT count(*) || ' ' || (SELECT count(*) FROM public.pools) FROM public.pools p JOIN keeper.draws d ON d.app_id = p.id WHERE p.pool_address = '${silent.address}'`, '1 3'],
		'the pool that came and went has its calls': [`SELECT string_agg(instruction, ' ' ORDER BY instruction) FROM keeper.calls WHERE draw LIKE 'draw:${brief.address}:%'`, 'cancel_pool claim_refund claim_rent create_pool'],
		'the foreign signature is imported once, and told': ["SELECT string_agg(kind || ' ' || told, ',') FROM keeper.foreign_signatures WHERE kind <> 'HISTORY'", 'OTHER true'],
		'the list is read to its end': ['SELECT count(*) FROM keeper.audits WHERE signature IS NOT NULL', '1'],
		'the dust stands once': [`SELECT string_agg(kind, ',') FROM keeper.mismatches WHERE scope = 'chain' AND gone_at IS NULL AND subject LIKE 'draw:${dusty.address}:%'`, 'vault_dust'],
		'the claim is answered once': [`SELECT state || ' ' || (final_at IS NOT NULL) || ' ' || (SELECT count(*) FROM public.used_transactions WHERE tx_hash = '${joined}') FROM keeper.submissions`, 'accepted true 1'],
		'the old mark is gone': ["SELECT count(*) FROM public.used_transactions WHERE tx_hash = 'old'", '0'],
		'the trail is sound': ['SELECT (SELECT count(*) FROM keeper.audit_faults()) || \' \' || (max(n) = count(*)) FROM keeper.audit_trail', '0 true'],
		'what is left of the cancelled pool is looked at later': [`SELECT string_agg((due_at > now())::text, ',') FROM keeper.leftovers l WHERE draw LIKE 'draw:${cancelled.address}:%'`, 'true'],
		'of the pool that is gone nothing is left': [`SELECT count(*) FROM keeper.leftovers WHERE draw LIKE 'draw:${gone}:%'`, '0'],
		'the draw says why it waits, and nobody is paid': [`SELECT state || ' ' || halted_why || ' ' || (SELECT count(*) FROM plain.paid) FROM keeper.offchain_draws WHERE draw = '${draw}'`,
			'drawn OFFCHAIN_SOURCES has no statements of its source plain 0'],
		'the pool that was drawn elsewhere has no certificate, and it says why': ["SELECT string_agg(coalesce(why, 'none') || ' ' || (certificate IS NULL), ',') FROM keeper.pool_proofs", 'history_incomplete true'],
	};
};

async function untilAllIsSo() {
	const all = Object.entries(facts());
	const expected = Object.fromEntries(all.map(([fact, [, value]]) => [fact, value]));
	const query = `SELECT json_build_array(${all.map(([, [one]]) => `(${one})::text`).join(', ')})`;
	for (const deadline = Date.now() + WITHIN_MS; ; await sleep(50)) {
		const values = JSON.parse(await world.sql(query));
		const found = Object.fromEntries(all.map(([fact], i) => [fact, values[i]]));
		if (JSON.stringify(found) === JSON.stringify(expected)) return;
		if (Date.now() > deadline) assert.deepEqual(found, expected, world.daemons.at(-1).log.slice(-6000));
	}
}

// In this order each is reached by a start: the ones before have done their work.
const CUTS = [
	'undiscovered', 'discover', 'list_discovered', 'census_begin', 'census_found', 'census_done', 'audit_begin', 'audit_import', 'audit_done', 'submissions_page', 'watch', 'retain', 'audit_seal', 'leftover_note',
	'offchain_halt', 'proof_add', 'lease_release',
];

test('kill -9 at each statement about no draw: the next start goes on from there, and everything happens once', async () => {
	for (const statement of CUTS) {
		await WORK[statement]?.();
		for (const when of MOMENTS) {
			await world.forgetLease();
			await cutAt(statement, when);
		}
	}
	assert.equal(await world.sql('SELECT owner FROM keeper.lease'), '', 'given back before it died');
	const last = world.startDaemonWith(settings());
	await untilAllIsSo();
	const told = (event, fields) => world.daemons.filter((daemon) => daemon.all(event, fields).length > 0).length;
	assert.ok(told('audit.foreign_signature', { sig: scene.foreign }) + told('audit.untold') > 0, 'a foreign signature is never kept silent');
	await last.wait('watch.mismatch', { kind: 'vault_dust' });
	await last.kill('SIGTERM');
	assert.equal(last.code, 0);
	await untilAllIsSo();
});
