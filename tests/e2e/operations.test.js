// docs/operations.md as a new operator reads it: every command of it, in its order, on a machine that has a systemd, the build tree
// and the database, and nothing of ours yet. The document is what is run.
'use strict';

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { test } = require('node:test');
const { World, ROOT } = require('./world.js');
const { Systemd, whyNot } = require('./systemd.js');
const { runDb } = require('../db/migrator.js');

// The indented blocks of a text, line by line.
const commands = (text) => text.replace(/^```[^]*?^```/gm, '').split('\n').filter((line) => /^ {4}\S/.test(line)).map((line) => line.trim());
const readme = fs.readFileSync(path.join(ROOT, 'README.md'), 'utf8').split('### Under systemd\n')[1].split('### ')[0];
const guide = fs.readFileSync(path.join(ROOT, 'docs', 'operations.md'), 'utf8');

// Code 1 without a word is a search that found nothing. A log that is followed never ends: 124 is timeout's.
const isFine = (line, code, errors) => code === 0 || (code === 1 && errors === '' && /grep| -g /.test(line)) || (code === 124 && / -f /.test(line));

async function walk(systemd, lines, words, environment) {
	const failed = [];
	for (const line of lines) {
		// Of a package that a server need not have.
		if (line.startsWith('coredumpctl')) continue;
		let told = line.replace(/\bPOOL(_ADDRESS)?\b/g, words.pool).replaceAll(':9472/', `:${words.port ?? 9472}/`);
		if (/ -f /.test(told)) told = `timeout 2 ${told}`;
		const said = await systemd.inside('env', ...Object.entries(environment).map(([name, value]) => `${name}=${value}`), 'sh', '-c',
			`cd '${ROOT}' && { eval "$0" 2>/tmp/errors; code=$?; echo; echo "code=$code errors=$(tr '\\n' ' ' </tmp/errors)"; }`, told);
		const [, code, errors] = /code=(\d+) errors=(.*)$/.exec(said) ?? [null, 'none', said];
		if (!isFine(line, Number(code), errors.trim())) failed.push(`${told}\n  exit ${code}: ${errors}\n  ${said.slice(-400)}`);
	}
	assert.deepEqual(failed, []);
}

async function asAnOperator(t) {
	const world = await World.start();
	t.after(() => world.stop());
	const pool = await world.lockedPool({ players: 2, lockDuration: 3600 });
	const owner = world.postgres.url();
	assert.equal((await runDb(['roles'], { url: owner })).code, 0);
	const database = new URL(owner);
	const as = (role) => { const url = new URL(owner); url.username = role; return url.href; };
	const settings = world.environment();
	const text = (values) => Object.entries(values).map(([name, value]) => `${name}='${value}'\n`).join('');
	const { SOLANA_NETWORK, ORACLE_GATEWAY_HOSTS, TREASURY_WALLET_PUBKEY, SOLANA_RPC_URL } = settings;
	const prometheus = guide.split('```yaml\n')[1].split('```')[0];
	const systemd = await Systemd.boot({ 'prometheus/prometheus.yml': prometheus, 'prometheus/alerts.yml': fs.readFileSync(path.join(ROOT, 'config', 'alerts.yml'), 'utf8') }, false);
	t.after(() => systemd.stop());

	// What the operator has at hand; the tree is this machine's, seen through a layer that ends with the test.
	const files = {
		'dev-wallet.json': fs.readFileSync(settings.DEV_WALLET_KEY_FILE, 'utf8'),
		'secrets.env': text({ DATABASE_URL: as('poolkeeper'), SOLANA_RPC_URL, TREASURY_WALLET_PUBKEY }),
		'ops.env': text({ DATABASE_URL: as('poolkeeper_ro'), SOLANA_RPC_URL, SOLANA_NETWORK, TREASURY_WALLET_PUBKEY }),
		'config/devnet.conf': `${text({ SOLANA_NETWORK, ORACLE_GATEWAY_HOSTS })}TICK_SECONDS=1\nKEEPER_HTTP=127.0.0.1:0\n`,
	};
	for (const [name, content] of Object.entries(files)) await systemd.inside('sh', '-c', 'umask 077; printf %s "$1" >"$0"', path.join(ROOT, name), content);
	const promtool = path.join(ROOT, '.toolchain/prometheus/usr/bin');
	const environment = {
		HOME: '/root', PATH: `/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:${promtool}`, SYSTEMD_PAGER: '', DATABASE_URL: as('poolkeeper_ro'), DIRECT_DATABASE_URL: owner,
		PGHOST: database.hostname, PGPORT: database.port, PGDATABASE: database.pathname.slice(1), PGUSER: 'poolkeeper_ro', DEV_WALLET_KEY_FILE: '/etc/poolkeeper/dev-wallet.json',
	};
	await walk(systemd, commands(readme).filter((line) => !line.startsWith('systemctl')), { pool: pool.address }, environment);
	const [deploy, rest] = [guide.split('### A new version')[0], guide.slice(guide.indexOf('### A new version'))];
	await walk(systemd, commands(deploy).filter((line) => !line.startsWith('curl')), { pool: pool.address }, environment);
	assert.equal(await systemd.show('ActiveState'), 'active');
	const port = async () => (await systemd.events('http.listening')).at(-1).address.split(':').at(-1);
	await walk(systemd, commands(deploy).filter((line) => line.startsWith('curl')), { pool: pool.address, port: await port() }, environment);
	const upgrade = commands(rest.split('### Settings and keys')[0]);
	await walk(systemd, upgrade.filter((line) => !line.startsWith('curl')), { pool: pool.address }, environment);
	await walk(systemd, commands(rest).filter((line) => !upgrade.includes(line) || line.startsWith('curl')), { pool: pool.address, port: await port() }, environment);
	assert.match(await systemd.inside('curl', '-s', `http://127.0.0.1:${await port()}/readyz`), /^ready$/m, 'and it is as well as before');
}

// What is booted has a /tmp of its own.
const hidden = ROOT.startsWith('/tmp/') ? 'not in a clone below /tmp' : whyNot();

test('docs/operations.md works line by line', { skip: process.env.POOLKEEPER_TEST_FULL ? hidden ?? false : 'scripts/test --full runs it', timeout: 300000 }, asAnOperator);
