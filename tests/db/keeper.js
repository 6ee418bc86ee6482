// A database with poolkeeper's schema for the tests of its SQL functions, and the calls that they share.
'use strict';

const fs = require('node:fs');
const path = require('node:path');
const { psql } = require('../lib/postgres');

const MIGRATIONS = path.join(__dirname, '..', '..', 'migrations');

// Valid base58 of the right length is all that the schema can check.
const key = (letter) => `So1111111111111111111111111111111111111111${letter}`;
const signature = (letter) => letter.repeat(88);
const POOL = key('P');
const DRAW = `draw:${POOL}:7`;

// Runs one statement and says how it ended: "ok", or the SQLSTATE with the constraint or the message.
const OUTCOME = `CREATE FUNCTION public.outcome(statement text) RETURNS text LANGUAGE plpgsql AS $f$
DECLARE state text; name text; message text;
BEGIN
  EXECUTE statement;
  RETURN 'ok';
EXCEPTION WHEN OTHERS THEN
  GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, name = CONSTRAINT_NAME, message = MESSAGE_TEXT;
  RETURN state || ' ' || coalesce(nullif(name, ''), message);
END $f$;`;

function migrationFiles() {
	return fs.readdirSync(MIGRATIONS).filter((name) => /^V\d+__\w+\.sql$/.test(name)).sort();
}

function literal(value) {
	if (value === null || value === undefined) return 'NULL';
	if (Array.isArray(value)) return `'{${value.map((item) => item ?? 'NULL').join(',')}}'`;
	// Quoted, numbers too: then the function's signature decides the type, as with the daemon's text parameters.
	return `'${String(value).replaceAll("'", "''")}'`;
}

class Keeper {
	constructor(url) { this.url = url; }

	// The daemon's verbs run as its role, so that every test of one tests its rights as well.
	get daemonUrl() { return this.url.replace('//postgres@', '//poolkeeper@'); }

	sql(text) { return psql(this.url, text); }

	outcome(statement, url = this.url) { return psql(url, `SELECT public.outcome($q$${statement}$q$)`); }

	// The text of a call with named arguments, and its result as an array of objects.
	static call(name, args) {
		const list = Object.entries(args).map(([parameter, value]) => `p_${parameter} => ${literal(value)}`);
		return `SELECT * FROM keeper.${name}(${list.join(', ')})`;
	}

	async rows(statement, url = this.url) { return JSON.parse(await psql(url, `SELECT coalesce(json_agg(x), '[]') FROM (${statement}) x`)); }

	call(name, args) { return this.rows(Keeper.call(name, args), this.daemonUrl); }

	refusal(name, args) { return this.outcome(Keeper.call(name, args), this.daemonUrl); }

	tick(owner = 'one', after_id = 0) { return this.call('lease_tick', { owner, after_id, ttl_ms: 15000 }); }
}

const ROLES = `CREATE ROLE poolkeeper LOGIN; CREATE ROLE poolkeeper_ro LOGIN;
	${fs.readFileSync(path.join(__dirname, '..', '..', 'scripts', 'sql', 'roles.sql'), 'utf8')}`;

const TEMPLATE = 'keeper_template';
const templates = new WeakMap();

async function makeTemplate(server) {
	const keeper = new Keeper(await server.createDatabase(TEMPLATE));
	const files = migrationFiles().map((name) => fs.readFileSync(path.join(MIGRATIONS, name), 'utf8'));
	await keeper.sql(`SET client_min_messages = warning; BEGIN; ${files.join('\n')} ${OUTCOME} ${ROLES} COMMIT;`);
	await keeper.tick();
}

// A new database of the server, migrated, with the lease taken by "one": fence 1.
let counter = 0;
async function newKeeper(server) {
	if (!templates.has(server)) templates.set(server, makeTemplate(server));
	await templates.get(server);
	const name = `keeper_${counter += 1}`;
	await server.sql(`CREATE DATABASE ${name} TEMPLATE ${TEMPLATE}`);
	return new Keeper(server.url(name));
}

function step(overrides = {}) {
	return {
		fence: 1, subject: DRAW, prev_seq: 0, step: 'BIND', sig: signature('A'), tx: '\\x01', last_valid: 200, floor: 100,
		randomness: key('R'), oracle: null, lut_slot: 90, ...overrides,
	};
}

function close(overrides = {}) {
	return {
		fence: 1, subject: DRAW, seq: 1, outcome: 'landed', landed: 110, failed: false,
		failure_ix: null, failure_custom: null, failure_code: null, ...overrides,
	};
}

function commit(overrides = {}) {
	return {
		fence: 1, draw: DRAW, randomness: key('R'), oracle: key('Q'), seed_slot: 111, seed_slothash: key('H'), reason: 'first',
		signature: null, recovery_id: null, value: null, ...overrides,
	};
}

const answer = (byte) => ({ signature: `\\x${byte.repeat(64)}`, recovery_id: 1, value: `\\x${byte.repeat(32)}` });

function payout(overrides = {}) {
	return {
		fence: 1, subject: DRAW, seq: 0, pool: POOL, pool_id: 7, winner: key('W'), mint: key('M'), total_amount: '18446744073709551615',
		winner_amount: '18446744073709551012', dev_amount: 500, burn_amount: 2, treasury_amount: 101, decimals: 9, end_time: 1790000000,
		sig: signature('Z'), slot: 150, recipient: null, clear_chat: true, ...overrides,
	};
}

// One view of the pool; the function takes arrays.
function view(overrides = {}) {
	const one = {
		app_id: 1, address: POOL, pool_id: 7, slot: 100, status: 1, status_reason: 4, mint: key('M'), creator: key('C'), dev_wallet: key('D'),
		bet_amount: 1000, total_amount: 2000, participants: 2, max_participants: 2, decimals: 3, lock_start_time: 1789999000, lock_duration: 60,
		unlock_time: 0, randomness_account: null, commit_slot: 0, randomness: 0, winner: null, ...overrides,
	};
	return { fence: 1, ...Object.fromEntries(Object.entries(one).map(([name, value]) => [name, [value]])) };
}

function addAppPool(keeper, values = {}) {
	const row = {
		pool_address: POOL, token_symbol: 'TOK', token_name: 'Token', token_mint: key('M'), entry_amount: 1, min_participants: 2,
		max_participants: 2, status: 'open', lock_duration: 1, creator_wallet: key('C').toLowerCase(), current_price_usd: 2,
		tx_hash: 'creation', ...values,
	};
	const names = Object.keys(row);
	return keeper.sql(`INSERT INTO public.pools (${names.join(', ')}) VALUES (${names.map((name) => literal(row[name])).join(', ')}) RETURNING id`);
}

module.exports = { newKeeper, Keeper, key, signature, POOL, DRAW, step, close, commit, answer, payout, view, addAppPool };
