#!/usr/bin/env node
// One draw of each source, from what is due to a certificate that is verified: every amount compared. scripts/demo --offchain.
'use strict';

const fs = require('node:fs');
const path = require('node:path');
const { spawnSync } = require('node:child_process');
const { DrawWorld } = require('../e2e/offchain.js');
const { Keypair } = require('../chain/solana.js');
const { sleep } = require('../e2e/world.js');

const ROOT = path.join(__dirname, '..', '..');
const BINARY = process.env.POOLKEEPER ?? path.join(ROOT, 'build', 'poolkeeper');
const BEGAN = Number(process.env.POOLKEEPER_DEMO_BEGAN ?? Date.now() / 1000);
const WITHIN_MS = 60000;

const say = (text = '') => process.stdout.write(`${text === '' ? '' : `  ${text}`}\n`);
let compared = 0;
const wrong = [];
function same(what, found, expected) {
	compared += 1;
	const ok = String(found) === String(expected);
	if (!ok) wrong.push(`${what}: ${found} instead of ${expected}`);
	say(`${ok ? 'exact' : 'WRONG'}  ${what}: ${found}${ok ? '' : `, must be ${expected}`}`);
}

async function open(world) {
	return {
		'coin draw': await world.coins(6, { prize: 24, kind: 'coins', fee: 5 }),
		jackpot: await world.jackpot(),
		raffle: await world.raffle(9),
		'draw of a table of your own': await world.plain('own'),
	};
}

// What must be so afterwards, out of what was fixed at lock and nothing else.
async function compareAmounts(world, draws, before) {
	const rows = {};
	for (const [name, draw] of Object.entries(draws)) rows[name] = await world.row(draw);
	for (const [name, row] of Object.entries(rows)) same(`${name}, paid`, row.paid_units, row.amounts.reduce((sum, amount) => sum + amount, 0));
	same('coins of all users, after', await world.sql('SELECT sum(coin_balance) FROM coin_draws.users'), Number(before.coins) + 24);
	same('coins kept by the house', await world.sql(`SELECT kept FROM coin_draws.draws WHERE id = ${draws['coin draw'].key}`), 6 * 5 - 24);
	same('jackpot, owed to its winner in cents', await world.sql("SELECT sum(amount) FROM jackpot.credits WHERE kind = 'win'"), before.jackpot);
	same('jackpot, next round begins with cents', await world.sql("SELECT current_amount FROM jackpot.pools WHERE jackpot_group = 'minor'"), 100000);
	same('raffle, prizes handed out', await world.sql('SELECT sum(awarded) FROM raffle_schema.raffle_prizes'), 3);
	same('raffle, winners, each once', await world.sql('SELECT count(DISTINCT participant_id) FROM raffle_schema.raffle_winners'), 3);
	same('own table, paid', await world.sql("SELECT sum(units) FROM plain.paid"), 100);
	same('memos on chain, one per draw', await world.sql("SELECT count(*) FROM keeper.steps WHERE step = 'ANCHOR' AND state = 'final'"), Object.keys(draws).length);
	await world.sound(); // or it ends here: the sources' own faults, and every row computed again
}

function filesOf(folder) { return fs.existsSync(folder) ? fs.readdirSync(folder).filter((name) => /^\d.*\.json$/.test(name)).map((name) => path.join(folder, name)) : []; }

async function verifyCertificates(folder, n) {
	for (const deadline = Date.now() + WITHIN_MS; filesOf(folder).length < n && Date.now() < deadline;) await sleep(100);
	const files = filesOf(folder);
	same('certificates, one per draw', files.length, n);
	const { judgeCertificate } = await import(path.join(ROOT, 'docs', 'verify', 'src', 'judge.js'));
	for (const file of files) {
		// Two verifiers that share no code. Whether drand signed is the page's to say where this build has no pairings.
		const { checks } = JSON.parse(spawnSync(BINARY, ['verify', file, '--json'], { env: {}, encoding: 'utf8' }).stdout).verdict;
		const bad = checks.filter(({ check, result }) => result !== 'ok' && !(check === 'drand_signature' && result === 'unknown')).map(({ check }) => check);
		same(`${path.basename(file)}, poolkeeper verify`, bad.join(' ') || 'nothing wrong', 'nothing wrong');
		same(`${path.basename(file)}, the page`, judgeCertificate(fs.readFileSync(file)).verdict, 'fair');
	}
}

async function show() {
	say('Postgres, a local chain, three stand-ins for drand that serve recorded rounds');
	const world = await DrawWorld.start({ nodes: 2 });
	try {
		const draws = await open(world);
		const folder = path.join(world.directory, 'certificates');
		const before = {
			coins: await world.sql('SELECT sum(coin_balance) FROM coin_draws.users'),
			jackpot: await world.sql("SELECT current_amount FROM jackpot.pools WHERE jackpot_group = 'minor'"),
		};
		await world.lockTime();
		for (const draw of Object.values(draws)) await world.sql(draw.due);
		const daemon = world.startDaemonWith({ CERTIFICATE_DIR: folder, CERTIFICATE_PRIVATE_KEY: JSON.stringify([...operator.seed, ...operator.publicKey]) });
		await world.all(Object.values(draws), 'anchor_sig IS NOT NULL', WITHIN_MS);
		await world.pastSlots();
		await world.all(Object.values(draws), 'block_slot IS NOT NULL', WITHIN_MS);
		await world.roundTime();
		await world.all(Object.values(draws), "state = 'settled'", WITHIN_MS);
		say();
		for (const event of daemon.events.filter((one) => /^offchain\.(locked|anchored|block|beacon|proven|drawn|settled)$/.test(one.event))) {
			say(`${event.event.padEnd(18)} ${event.source.padEnd(11)} ${event.key}`);
		}
		say();
		await compareAmounts(world, draws, before);
		await verifyCertificates(folder, Object.keys(draws).length);
		return Object.keys(draws).length;
	} finally {
		await world.stop();
	}
}

const operator = new Keypair();
show().then((n) => {
	const took = `${Math.round(Date.now() / 1000 - BEGAN)} s`;
	say();
	process.stdout.write(wrong.length === 0
		? `demo: ${n} draws went from due to settled; ${compared} amounts and other facts compared, all exact (${took})\n`
		: `demo: FAILED: ${compared} amounts and other facts compared, ${wrong.length} not as they must be (${took})\n`);
	process.exit(wrong.length === 0 ? 0 : 1);
}, (error) => {
	process.stdout.write(`demo: FAILED: ${error.message}\n`);
	process.exit(1);
});
