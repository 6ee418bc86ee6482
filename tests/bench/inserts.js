// Records among many: how fast batches of 1,000 rows a statement go in, compared with a bare COPY, and what old marks cost to delete.
'use strict';

const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { execFileSync } = require('node:child_process');
const { startPostgres } = require('../lib/postgres.js');

const ROOT = path.join(__dirname, '..', '..');
const BATCH = 1000;
const BATCHES = 50;
const ROUNDS = 3;
const DRAW = 'draw:So1111111111111111111111111111111111111111P:7';
const WALLET = 'So1111111111111111111111111111111111111111U';
const RETENTION_BATCHES = 20;

// 64 bytes that no two numbers share, in no order: as signatures are.
const SIGNATURE = 'sha512(n::text::bytea)';

// Each table's columns, and a row of it made of the number n.
const TABLES = {
	'keeper.calls': {
		columns: 'signature, ix, inner_ix, slot, block_time, draw, user_wallet, instruction, amount, decimals, projected_at',
		row: `${SIGNATURE}, 0::smallint, (-1)::smallint, n::bigint, 1790000000::bigint, '${DRAW}'::text, '${WALLET}'::text, 'join_pool'::text, 5::numeric, 6::smallint, now()`,
	},
	'public.used_transactions': {
		columns: 'tx_hash, pool_id, wallet_address, operation_type, used_at',
		row: `encode(${SIGNATURE}, 'base64'), (n % 1000)::integer, md5((n % 5000)::text), 'join'::text, localtimestamp`,
	},
};

// One session, so that neither the connection nor its start is in the figure. Milliseconds by Postgres' own clock.
async function timed(postgres, prepare, statements) {
	const lines = [prepare, 'CREATE TEMP TABLE began AS SELECT clock_timestamp() AS at;', ...statements,
		'SELECT extract(epoch FROM clock_timestamp() - at) * 1000 FROM began;'];
	return Number((await postgres.sql(lines.join('\n'))).trim().split('\n').at(-1));
}

// The values of one batch as arrays, one per column: made before the clock runs, as the daemon has them.
function batchArrays(table, first, number) {
	const from = first + number * BATCH;
	const names = TABLES[table].columns.split(', ').map((_, i) => `c${i}`);
	return `CREATE TEMP TABLE batch_${number} AS SELECT ${names.map((name) => `array_agg(${name}) AS ${name}`).join(', ')}
		FROM (SELECT ${TABLES[table].row} FROM generate_series(${from}, ${from + BATCH - 1}) n) x (${names.join(', ')});`;
}

function batchInsert(table, number) {
	const names = TABLES[table].columns.split(', ').map((_, i) => `c${i}`);
	return `INSERT INTO ${table} (${TABLES[table].columns}) SELECT g.* FROM batch_${number} b, unnest(${names.map((name) => `b.${name}`).join(', ')}) g ON CONFLICT DO NOTHING;`;
}

// The same batch through the verb that the daemon uses, which also keeps the reading position and what is known of the draw.
function batchRecord(number) {
	const given = ['signature', 'ix', 'inner_ix', 'slot', 'block_time', null, 'user', 'instruction', 'amount', 'decimals']
		.map((name, i) => name && `p_${name} => b.c${i}`).filter(Boolean);
	return `SELECT keeper.record_calls(p_fence => 1, p_address => '${DRAW.split(':')[1]}', p_pool_id => 7, p_watermark => b.c0[1], p_watermark_slot => b.c3[1], p_seen => NULL, p_gone => false,
		p_repair => false, p_mint => '{}', p_call_pool_id => array_fill(7::numeric, ARRAY[${BATCH}]), p_read => b.c0, p_gap_signature => '{}', p_gap_slot => '{}', p_gap_reason => '{}', ${given.join(', ')}) FROM batch_${number} b;`;
}

class InsertWorld {
	async start(rows) {
		this.directory = fs.mkdtempSync(path.join(os.tmpdir(), 'poolkeeper-bench-'));
		fs.chmodSync(this.directory, 0o777);
		this.postgres = await startPostgres({ directory: path.join(this.directory, 'postgres'), settings: { max_wal_size: '8GB', checkpoint_timeout: '1h', maintenance_work_mem: '512MB' } });
		const url = this.postgres.url();
		execFileSync(path.join(ROOT, 'scripts', 'db'), ['migrate'], {
			env: { ...process.env, DATABASE_URL: url, DIRECT_DATABASE_URL: url }, stdio: ['ignore', 'ignore', 'inherit'],
		});
		await this.postgres.sql("SELECT keeper.lease_tick('bench', 0, 3600000)");
		this.next = 0;
		await this.fill(rows);
	}

	// Both tables as years of use leave them; the older half of the marks is beyond its time. What the audit trail would note of
	// that is long in an archive; what is measured later is noted. Indexes are built when the rows are there: row by row ten million of
	// them take twenty minutes.
	async fill(rows) {
		await this.postgres.sql('ALTER TABLE keeper.calls DISABLE TRIGGER audited');
		for (const [table, { columns, row }] of Object.entries(TABLES)) {
			await this.postgres.sql(`UPDATE pg_index SET indisready = false, indisvalid = false WHERE indrelid = '${table}'::regclass;
				INSERT INTO ${table} (${columns}) SELECT ${row} FROM generate_series(1, ${rows}) n; REINDEX TABLE ${table}; VACUUM ANALYZE ${table}`);
		}
		await this.postgres.sql('ALTER TABLE keeper.calls ENABLE ALWAYS TRIGGER audited');
		await this.postgres.sql(`UPDATE public.used_transactions SET used_at = used_at - interval '40 days' WHERE id <= ${RETENTION_BATCHES * BATCH}; CHECKPOINT`);
		this.next = rows + 1;
	}

	// The same rows from a file into the same table: what Postgres can do at best, its indexes included.
	async copy(table) {
		const file = path.join(this.directory, `rows-${this.next}`);
		const { columns, row } = TABLES[table];
		await this.postgres.sql(`COPY (SELECT ${row} FROM generate_series(${this.next}, ${this.next + BATCH * BATCHES - 1}) n) TO '${file}'`);
		const ms = await timed(this.postgres, '', [`COPY ${table} (${columns}) FROM '${file}';`]);
		fs.rmSync(file, { force: true });
		this.next += BATCH * BATCHES;
		return ms;
	}

	async batches(table, statement = (number) => batchInsert(table, number)) {
		const numbers = Array.from({ length: BATCHES }, (_, i) => i);
		const prepare = numbers.map((number) => batchArrays(table, this.next, number)).join('\n');
		const ms = await timed(this.postgres, prepare, numbers.map(statement));
		this.next += BATCH * BATCHES;
		return ms;
	}

	// The slowest of some batches that delete all they look at.
	async retention() {
		let slowest = 0;
		let after = 0;
		for (let i = 0; i < RETENTION_BATCHES; i++) {
			const [ms, deleted, last] = (await this.postgres.sql(`SELECT clock_timestamp() AS began \\gset
				SELECT deleted, last_id FROM keeper.retain(1, ${after}, 30 * 86400, 300, ${BATCH}) \\gset
				SELECT extract(epoch FROM clock_timestamp() - :'began') * 1000, :deleted, :last_id`)).split('|').map(Number);
			if (deleted !== BATCH) throw new Error(`a batch deleted ${deleted} of ${BATCH} old marks`);
			slowest = Math.max(slowest, ms);
			after = last;
		}
		return slowest;
	}

	async stop() {
		await this.postgres?.stop();
		fs.rmSync(this.directory, { recursive: true, force: true });
	}
}

const median = (numbers) => numbers.sort((a, b) => a - b)[Math.floor(numbers.length / 2)];

async function measure(world, rows) {
	await world.start(rows);
	const tables = {};
	const recorded = [];
	for (const table of Object.keys(TABLES)) {
		const rounds = [];
		for (let i = 0; i < ROUNDS; i++) rounds.push({ copy: await world.copy(table), batches: await world.batches(table) });
		tables[table] = {
			ratio: median(rounds.map(({ copy, batches }) => batches / copy)),
			perSecond: 1000 * BATCH * BATCHES / median(rounds.map(({ batches }) => batches)),
		};
	}
	for (let i = 0; i < ROUNDS; i++) recorded.push(await world.batches('keeper.calls', batchRecord));
	const recordedPerSecond = 1000 * BATCH * BATCHES / median(recorded);
	return { rows, tables, recordedPerSecond, retentionMs: await world.retention() };
}

// Resolves to { rows, tables: { name: { ratio (time of the batches / time of COPY), perSecond } }, recordedPerSecond
// (calls through keeper.record_calls), retentionMs (slowest batch) }.
async function insertFigures(rows) {
	const world = new InsertWorld();
	try {
		return await measure(world, rows);
	} finally {
		await world.stop();
	}
}

module.exports = { insertFigures };
