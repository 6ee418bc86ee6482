// A draw of ten million entries (--full; a small one else): locked, drawn by C and by SQL, paid, within the memory that is stated.
'use strict';

const assert = require('node:assert/strict');
const crypto = require('node:crypto');
const path = require('node:path');
const { execFileSync, spawn } = require('node:child_process');
const { test } = require('node:test');
const { startPostgres } = require('../lib/postgres.js');
const { newKeeper, Keeper } = require('../db/keeper.js');
const { Offchain, RULES, STATEMENTS, newOffchain, roundAt, now } = require('../db/offchain.js');

const FULL = process.env.POOLKEEPER_TEST_FULL === '1';
const ENTRIES = FULL ? 10_000_000 : 70_000; // more than one piece of the tree
const PICKS = path.join(__dirname, '..', '..', 'build', 'tests', 'live_picks');
const SHARED_MB = 64;
// Of docs/offchain.md: a lock on the server besides the shared buffers, and the daemon beside its own 8 MB.
const serverMb = (n) => SHARED_MB + 60 + n * 35 / 1e6;
const daemonMb = (n) => 8 + n * (40 + 20) / 1e6;

// The statement's rows, and the most memory (in MB) that its server process had.
async function measured(keeper, statement) {
	const psql = spawn('psql', ['-X', '-q', '-A', '-t', '-v', 'ON_ERROR_STOP=1', keeper.daemonUrl], { stdio: ['pipe', 'pipe', 'inherit'] });
	psql.stdin.end(`SELECT pg_backend_pid() AS pid \\gset\n\\setenv PID :pid\nSELECT row_to_json(x) FROM (${statement}) x;\n\\! grep VmHWM /proc/$PID/status\n`);
	let text = '';
	for await (const part of psql.stdout) text += part;
	const [row, memory] = text.trim().split('\n');
	return { row: JSON.parse(row), mb: Number(/(\d+) kB/.exec(memory)[1]) / 1000 };
}

// As the daemon does it, from the entries in their order.
function picksOf(keeper, draw, beta) {
	const copy = `COPY (SELECT participant, weight FROM keeper.offchain_entries WHERE draw = '${draw.draw}' ORDER BY entry) TO STDOUT`;
	const terms = [draw.n, draw.draw.replaceAll('-', ''), beta.toString('hex'), draw.select_mode, draw.prizes, draw.alternates].map(String);
	const text = execFileSync('bash', ['-o', 'pipefail', '-c', 'psql -X -q -c "$0" "$1" | "${@:2}"', copy, keeper.url, PICKS, ...terms], { encoding: 'utf8' });
	const lines = text.trim().split('\n');
	const rows = lines.slice(1, -1).map((line) => line.split(' '));
	const column = (i) => rows.map((row) => row[i]);
	return { root: `\\x${lines[0]}`, mb: Number(lines.at(-1)) / 1000, picks: { attempt: column(0), number: column(1), total: column(2), entry: column(3) } };
}

test(`${ENTRIES.toLocaleString('en')} entries: locked and drawn, C and SQL agree, memory as stated`, { timeout: 3600000 }, async (t) => {
	const postgres = await startPostgres({ settings: { shared_buffers: `${SHARED_MB}MB`, ...(FULL ? { max_wal_size: '8GB', checkpoint_timeout: '1h' } : {}) } });
	t.after(() => postgres.stop());
	const { keeper } = await newOffchain(newKeeper, postgres, RULES);
	const offchain = new Offchain(keeper);
	await keeper.sql(`INSERT INTO plain.draws (key, prizes, alternates) VALUES ('big', 3, 5); INSERT INTO plain.entries (key, account, weight, ref)
		SELECT 'big', 'account' || n % ${ENTRIES / 5 * 4}, 1 + n % 1000, 'ref' || n FROM generate_series(1, ${ENTRIES}) n; ANALYZE plain.entries; ALTER ROLE poolkeeper SET statement_timeout = '1h'`);
	const began = Date.now();
	const locked = await measured(keeper, Keeper.call('offchain_lock', Offchain.locking('big', { round: roundAt(now() + (FULL ? 3600 : 300)) })));
	const lockSeconds = (Date.now() - began) / 1000;
	const draw = locked.row;
	assert.equal(draw.n, ENTRIES);
	const revealed = await offchain.reveal(draw);
	const beta = crypto.randomBytes(64);
	await offchain.verb('prove', draw, Offchain.proof(revealed, beta));
	const c = picksOf(keeper, draw, beta);
	assert.equal(c.root, draw.root, 'one tree');
	const drawing = Date.now();
	const drawn = await measured(keeper, Keeper.call('offchain_draw', { fence: 1, draw: draw.draw, ...c.picks }));
	t.diagnostic(`lock ${lockSeconds.toFixed(1)} s, ${locked.mb.toFixed(0)} MB; draw ${((Date.now() - drawing) / 1000).toFixed(1)} s, ${drawn.mb.toFixed(0)} MB; C selection ${c.mb.toFixed(0)} MB`);
	assert.deepEqual([drawn.row.state, drawn.row.halted_why], ['drawn', null]);
	assert.equal((await offchain.verb('settle', draw, { settle: STATEMENTS.settle })).state, 'settled');
	for (const { mb } of [locked, drawn]) assert.ok(mb <= serverMb(ENTRIES), `${mb} MB on the server`);
	assert.ok(c.mb <= daemonMb(ENTRIES), `${c.mb} MB`);
});
