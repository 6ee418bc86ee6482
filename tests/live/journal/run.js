// Runs the journal's live programs against a PostgreSQL and a pgBouncer of their own: run.js PROGRAM...
'use strict';

const { spawn } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { startPostgres, psql } = require('../../lib/postgres');
const { startPgBouncer, leftBehind } = require('../../lib/pgbouncer');

const MIGRATIONS = path.join(__dirname, '..', '..', '..', 'migrations');

async function migrate(url) {
	const files = fs.readdirSync(MIGRATIONS).filter((name) => /^V\d+__\w+\.sql$/.test(name)).sort();
	const texts = files.map((name) => fs.readFileSync(path.join(MIGRATIONS, name), 'utf8'));
	await psql(url, `SET client_min_messages = warning; BEGIN; ${texts.join('\n')} COMMIT;`);
}

function runProgram(program, env) {
	return new Promise((resolve) => {
		const child = spawn(program, [], { env: { ...process.env, ...env }, stdio: 'inherit' });
		child.once('error', (error) => { process.stderr.write(`${program}: ${error.message}\n`); resolve(127); });
		child.once('exit', (code, signal) => resolve(code ?? `signal ${signal}`));
	});
}

async function main(programs) {
	// An unknown commit needs a real wait for its standby, a count of statements no helpers of the server.
	const postgres = await startPostgres({ settings: { synchronous_commit: 'on', autovacuum: 'off' } });
	// All pooled clients of a program share one server process: whatever one leaves there, the next one finds.
	const pgBouncer = await startPgBouncer(postgres, { default_pool_size: 1 });
	const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'poolkeeper-journal-'));
	let failed = 0;
	try {
		for (const [i, program] of programs.entries()) {
			const name = `journal_${i}`;
			const direct = await postgres.createDatabase(name);
			await migrate(direct);
			const code = await runProgram(path.resolve(program), {
				DATABASE_URL: pgBouncer.url(name), DIRECT_DATABASE_URL: direct, ADMIN_DATABASE_URL: postgres.url(),
				SPOOL_DIR: path.join(scratch, `spool-${i}`),
			});
			if (code !== 0) {
				process.stderr.write(`${program}: exit ${code}\n`);
				failed += 1;
			}
			const left = await leftBehind(pgBouncer.url(name));
			if (left) {
				process.stderr.write(`${program} leaves behind: ${left}\n`);
				failed += 1;
			}
		}
	} finally {
		await pgBouncer.stop();
		await postgres.stop();
		fs.rmSync(scratch, { recursive: true, force: true });
	}
	return failed;
}

if (process.argv.length < 3) {
	process.stderr.write('usage: run.js PROGRAM...  (build/tests/live_journal_steps and its siblings)\n');
	process.exit(64);
}
main(process.argv.slice(2)).then((failed) => process.exit(failed ? 1 : 0));
