// What is wrong with a source is one line of --check-config, which leaves nothing behind in the database.
'use strict';

const test = require('node:test');
const assert = require('node:assert');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { execFileSync } = require('node:child_process');
const { startPostgres } = require('../lib/postgres.js');
const { startPgBouncer } = require('../lib/pgbouncer.js');
const { Keypair } = require('../chain/solana.js');
const { Daemon } = require('./daemon.js');
const { PLAIN } = require('./offchain.js');

const ROOT = path.join(__dirname, '..', '..');
const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'poolkeeper-sources-'));
const sources = path.join(directory, 'sources');
let postgres;
let pgbouncer;

test.before(async () => {
	postgres = await startPostgres();
	for (const verb of ['migrate', 'roles']) {
		execFileSync(path.join(ROOT, 'scripts', 'db'), [verb], { env: { ...process.env, DATABASE_URL: postgres.url(), DIRECT_DATABASE_URL: postgres.url() }, stdio: 'ignore' });
	}
	pgbouncer = await startPgBouncer(postgres);
	fs.cpSync(path.join(ROOT, 'config', 'sources'), sources, { recursive: true });
	for (const name of fs.readdirSync(sources)) await postgres.sql(fs.readFileSync(path.join(sources, name, 'schema.sql'), 'utf8'));
	await postgres.sql(PLAIN.schema);
});
test.after(async () => {
	await pgbouncer?.stop();
	await postgres?.stop();
	fs.rmSync(directory, { recursive: true, force: true });
});

function write(name, text) {
	fs.mkdirSync(path.join(sources, name), { recursive: true });
	fs.writeFileSync(path.join(sources, name, 'statements.sql'), text);
}

async function check(settings = {}) {
	const daemon = new Daemon({
		PATH: process.env.PATH, DATABASE_URL: pgbouncer.url('postgres', 'poolkeeper'), SOLANA_NETWORK: 'devnet', SOLANA_RPC_URL: 'http://127.0.0.1:1/', SPOOL_DIR: path.join(directory, 'spool'),
		DEV_WALLET_PRIVATE_KEY: JSON.stringify([...key.seed, ...key.publicKey]), TREASURY_WALLET_PUBKEY: new Keypair().address, OFFCHAIN_SOURCES: sources, ...settings,
	}, ['--check-config']);
	const { code } = await daemon.exit();
	return { code, faults: daemon.all('config.invalid', { key: 'OFFCHAIN_SOURCES' }).map((event) => `${event.value}: ${event.why}`), daemon };
}
const key = new Keypair();

test('the sources that are shipped fit their schemas, also through pgBouncer', async () => {
	const { code, faults, daemon } = await check();
	assert.deepEqual([code, faults], [0, []], daemon.log);
	assert.equal(await postgres.sql("SELECT count(*) FROM pg_stat_activity WHERE usename = 'poolkeeper' AND state <> 'idle'"), '0');
});

test('a wrong statement and a wrong column are named', async () => {
	const cases = [
		[(text) => text.replace('ARRAY[100] AS amounts', "'x' AS amounts"), /^plain\/freeze: its column amounts is text, but must be an array of exact numbers$/],
		[(text) => text.replace('1 AS alternates', '1.5::float8 AS alternates'), /^plain\/freeze: its column alternates is double precision, but must be an exact number/],
		[(text) => text.replace('opened_at;', 'opened_at::timestamp;'), /^plain\/freeze: its column opened_at is timestamp without time zone, but must be timestamptz$/],
		[(text) => text.replace('NULL::bytea AS participant', "'' AS participant"), /^plain\/entries: its column participant is text, but must be bytea$/],
		[(text) => text.replace('coalesce(sum(units), 0) AS paid_units', 'sum(units) AS paid'), /^plain\/settle: it lacks the column paid_units$/],
		[(text) => text.replace('FROM plain.draws', 'FROM plain.draw'), /^plain\/due: 42P01 relation .*plain\.draw.* does not exist$/],
		[(text) => text.replace('SELECT sum(units)', 'SELECT 1; SELECT sum(units)'), /^plain\/refund: .*cannot insert multiple commands/],
		[(text) => text.replace('-- name: refund', '-- name: refunds'), /^\S+statements.sql: has a statement .*refunds/],
	];
	for (const [change, why] of cases) {
		write('plain', change(PLAIN.statements));
		const { code, faults, daemon } = await check();
		assert.equal(code, 78, daemon.log);
		assert.equal(faults.length, 1, daemon.log);
		assert.match(faults[0], why);
	}
	write('plain', PLAIN.statements);
	assert.equal((await check()).code, 0);
	assert.equal(await postgres.sql("SELECT count(*) FROM plain.draws"), '0');
});

test('directories that are no sources, a directory that is none, a database that is away', async () => {
	fs.mkdirSync(path.join(sources, 'Not-one'));
	assert.match((await check()).faults.join('\n'), /^Not-one: a source is named by/);
	fs.rmdirSync(path.join(sources, 'Not-one'));
	fs.mkdirSync(path.join(sources, 'empty'));
	assert.match((await check()).faults.join('\n'), /empty\/statements.sql: .*No such file/);
	fs.rmdirSync(path.join(sources, 'empty'));
	assert.match((await check({ OFFCHAIN_SOURCES: path.join(directory, 'nowhere') })).faults.join('\n'), /nowhere: cannot be read \(No such file or directory\)/);
	const away = await check({ DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none' });
	assert.equal(away.code, 0, 'as before: a database that is away is no fault of the settings');
	assert.equal(away.daemon.all('config.sources_unchecked').length, 1);
});
