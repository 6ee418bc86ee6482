// docs/database.md as a new operator reads it. "First time": every command of that section, in its order, at a terminal, against a server
// that has nothing yet; the document is what is run, and passwords are typed where they are asked for. Then what is looked at after an update.
'use strict';

const assert = require('node:assert/strict');
const { spawn, spawnSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { test } = require('node:test');
const { startPostgres, psql } = require('../lib/postgres');

const ROOT = path.join(__dirname, '..', '..');
const PASSWORDS = { keeper_owner: 'owner word/1', poolkeeper: 'keeper word/2' };

const read = (name) => fs.readFileSync(path.join(ROOT, 'docs', name), 'utf8');
const guide = read('database.md');
const section = guide.split('\n## First time\n')[1].split('\n## ')[0];
const block = /^```sh\n([^]*?)^```$/m.exec(section)[1];
// What the text names besides, for a machine where nobody types.
const named = [...section.replace(block, '').matchAll(/`(scripts\/db [^`]+)`/g)].map((match) => match[1]);

const update = guide.split('\n### Is all well after an update?\n')[1].split('\n### ')[0];
const seen = [...update.matchAll(/`(scripts\/db [^`]+)`/g)].map((match) => match[1]);

// What a person answers; psql throws away what was typed before it asked.
function answerTo(prompt) {
	if (/\[y\/N\] $/.test(prompt)) return 'y';
	const [, user] = /user "?(\w+)"?: $/.exec(prompt) ?? [];
	return PASSWORDS[user];
}

function typed(script, env) {
	return new Promise((resolve) => {
		const terminal = spawn('script', ['-qec', `sh -e '${script}'`, '/dev/null'], { cwd: ROOT, env, stdio: ['pipe', 'pipe', 'inherit'] });
		let screen = '';
		let read = 0;
		let last;
		terminal.stdout.setEncoding('utf8').on('data', (text) => {
			screen += text;
			const line = screen.slice(read).split('\n').at(-1);
			const answer = /again: $/.test(line) ? last : answerTo(line);
			if (answer === undefined) return;
			read = screen.length;
			last = answer;
			terminal.stdin.write(`${answer}\n`);
		});
		terminal.once('close', (code) => resolve({ code, screen }));
	});
}

test('the first time works line by line', { timeout: 120000 }, async (t) => {
	const server = await startPostgres({ settings: { password_encryption: 'scram-sha-256' } });
	t.after(() => server.stop());
	const rules = path.join(server.directory, 'data', 'pg_hba.conf');
	fs.writeFileSync(rules, `host all postgres 127.0.0.1/32 trust\nhost all all 127.0.0.1/32 scram-sha-256\n`);
	await server.sql('SELECT pg_reload_conf()');
	const home = fs.mkdtempSync(path.join(os.tmpdir(), 'poolkeeper-first-'));
	t.after(() => fs.rmSync(home, { recursive: true, force: true }));
	const here = (text) => text.replaceAll('db.example:5432', `127.0.0.1:${server.port}`).replaceAll('db.example', '127.0.0.1').replaceAll('PASSWORD', encodeURIComponent(PASSWORDS.keeper_owner));
	const script = path.join(home, 'first.sh');
	// As the administrator has it: psql alone is the server's superuser.
	const env = { PATH: process.env.PATH, HOME: home, TERM: 'dumb', PGHOST: '127.0.0.1', PGPORT: String(server.port), PGUSER: 'postgres', BACKUP_DIR: path.join(home, 'backups') };
	for (const command of ['psql', 'export', 'scripts/db migrate', 'scripts/db roles']) assert.ok(block.split('\n').some((line) => line.startsWith(command)), `${command} is gone from the section`);
	fs.writeFileSync(script, here(block));
	const first = await typed(script, env);
	assert.equal(first.code, 0, first.screen);

	const url = (role) => server.url('missout', `${role}:${encodeURIComponent(PASSWORDS[role])}`);
	assert.equal(await psql(url('poolkeeper'), 'SELECT current_user, (SELECT count(*) FROM keeper.lease_look(0)) >= 0'), 'poolkeeper|t', 'the password that was typed is the daemon\'s');
	await assert.rejects(psql(server.url('missout', 'poolkeeper:another'), 'SELECT 1'), /authentication failed/);
	await assert.rejects(psql(url('poolkeeper'), 'CREATE TABLE public.mine ()'), /permission denied/);

	const sources = path.join(ROOT, 'config', 'sources', 'jackpots');
	await psql(url('keeper_owner'), `BEGIN; ${['schema.sql', 'seed.sql'].map((name) => fs.readFileSync(path.join(sources, name), 'utf8')).join('\n')} COMMIT`);
	const [, look] = /^```sql\n([^]*?)^```$/m.exec(update);
	assert.match(await psql(url('keeper_owner'), look), /^minor\|\d+\|.*\nmajor\|.*\nmega\|.*\|\d+$/);
	assert.ok(named.length > 0 && seen.length > 4, 'the text names no other commands');
	for (const command of [...named, 'scripts/db backup --quick', ...seen]) {
		const run = spawnSync('sh', ['-c', `${/^export .*$/m.exec(here(block))[0]}\n${command}`], { cwd: ROOT, env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
		assert.equal(run.status, 0, `${command}: ${run.stdout}${run.stderr}`);
	}
});

test('every link of the guide leads to a heading that is there', () => {
	const headings = (text) => [...text.matchAll(/^##+ (.*)$/gm)].map(([, title]) => title.toLowerCase().replace(/[^a-z0-9 -]/g, '').replaceAll(' ', '-'));
	const links = [...guide.matchAll(/\]\(([a-z]*\.?m?d?)#([a-z0-9-]+)\)/g)];
	assert.ok(links.length > 10);
	for (const [link, file, heading] of links) assert.ok(headings(file ? read(file) : guide).includes(heading), link);
});
