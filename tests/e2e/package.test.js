// The Debian package: what is in it, its manual pages and completion, and a whole life under a real systemd.
'use strict';

const assert = require('node:assert/strict');
const { execFileSync, spawnSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { after, before, test } = require('node:test');
const { Keypair } = require('../chain/solana.js');
const { World, ROOT } = require('./world.js');
const { Systemd, whyNot } = require('./systemd.js');

const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'poolkeeper-package-'));
const root = path.join(scratch, 'root');
const output = (program, ...args) => execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
const pack = () => output(path.join(ROOT, 'scripts', 'package')).trim().split('\n').at(-1);
let deb;

before(() => {
	deb = pack();
	output('dpkg-deb', '-x', deb, root);
});
after(() => fs.rmSync(scratch, { recursive: true, force: true }));

// [mode, owner, path] of everything in it
const entries = () => output('dpkg-deb', '-c', deb).trim().split('\n').map((line) => {
	const [mode, owner, , , , name] = line.split(/ +/);
	return [mode, owner, name.replace(/^\./, '')];
});

test('the package holds what it should, of root, and nothing that others may write', () => {
	const expected = new RegExp(`^/(${[
		'usr/bin/poolkeeper(-signer)?', 'usr/lib/systemd/system/poolkeeper(\\.service|-signer\\.(service|socket))', 'usr/lib/sysusers\\.d/poolkeeper\\.conf',
		'usr/share/man/man8/poolkeeper(-signer)?\\.8\\.gz', 'usr/share/bash-completion/completions/poolkeeper',
		`usr/share/doc/poolkeeper/(${['README\\.Debian', 'copyright', 'README\\.md', '(database|operations|offchain|certificate)\\.md', 'certificate\\.schema\\.json', 'alerts\\.yml',
			'grafana-dashboard\\.json', 'env\\.example', '(devnet|mainnet-beta|poolkeeper-signer)\\.conf', 'pgbouncer\\.ini'].join('|')})`,
		'usr/share/poolkeeper/scripts/(db|db\\.d/\\w+\\.sh|sql/(seed/)?\\w+\\.sql)', 'usr/share/poolkeeper/migrations/V\\d+__\\w+(\\.\\w+)?\\.sql',
		'usr/share/poolkeeper/config/sources/\\w+/(rules\\.json|(schema|seed|statements)\\.sql)', 'etc/poolkeeper/poolkeeper\\.conf'].join('|')})$`);
	const files = [];
	for (const [mode, owner, name] of entries()) {
		assert.equal(owner, 'root/root', name);
		if (mode.startsWith('d')) {
			assert.equal(mode, 'drwxr-xr-x', name);
			continue;
		}
		assert.match(name, expected);
		assert.equal(mode, /^\/usr\/(bin\/|share\/poolkeeper\/scripts\/db$)/.test(name) ? '-rwxr-xr-x' : '-rw-r--r--', name);
		files.push(name);
	}
	const migrations = fs.readdirSync(path.join(ROOT, 'migrations')).filter((name) => name.endsWith('.sql'));
	assert.equal(files.filter((name) => name.includes('/migrations/')).length, migrations.length);
	for (const name of ['/usr/bin/poolkeeper', '/usr/bin/poolkeeper-signer', '/usr/lib/systemd/system/poolkeeper.service', '/usr/lib/systemd/system/poolkeeper-signer.service', '/usr/lib/systemd/system/poolkeeper-signer.socket', '/usr/share/doc/poolkeeper/poolkeeper-signer.conf', '/usr/share/man/man8/poolkeeper.8.gz', '/usr/share/man/man8/poolkeeper-signer.8.gz', '/usr/share/bash-completion/completions/poolkeeper', '/usr/lib/sysusers.d/poolkeeper.conf', '/usr/share/poolkeeper/scripts/db']) assert.ok(files.includes(name), name);
});

test('it depends on the libraries that it is linked to, and its version is the program\'s', () => {
	const depends = output('dpkg-deb', '-f', deb, 'Depends');
	for (const name of ['libc6', 'libcurl4', 'libpq5', 'libev4', 'libjson-c5', 'libsodium23', 'libsecp256k1-1', 'libmicrohttpd12', 'systemd']) assert.match(depends, new RegExp(`(^|, )${name.replaceAll('.', '\\.')}( |,|\n)`));
	assert.equal(output(path.join(root, 'usr/bin/poolkeeper'), '--version').split(' ')[1], output('dpkg-deb', '-f', deb, 'Version').trim().split('-')[0]);
	const program = fs.readFileSync(path.join(root, 'usr/bin/poolkeeper'));
	for (const trace of [ROOT, '.debug_info']) assert.ok(!program.includes(trace), trace);
});

test('its one conffile has no secret, and the daemon takes it', () => {
	const control = path.join(scratch, 'control');
	output('dpkg-deb', '-e', deb, control);
	assert.equal(fs.readFileSync(path.join(control, 'conffiles'), 'utf8'), '/etc/poolkeeper/poolkeeper.conf\n');
	for (const name of ['postinst', 'prerm', 'postrm']) assert.equal(fs.statSync(path.join(control, name)).mode & 0o777, 0o755);
	const conf = path.join(root, 'etc/poolkeeper/poolkeeper.conf');
	assert.doesNotMatch(fs.readFileSync(conf, 'utf8'), /^(DATABASE_URL|.*(PRIVATE_KEY|KEY_FILE))=|@|api-?key/m);
	const { stderr } = spawnSync(path.join(root, 'usr/bin/poolkeeper'), ['--check-config', '--config', conf], { encoding: 'utf8', env: {} });
	const faults = [...stderr.matchAll(/event=config\.invalid key=(\S+)/g)].map((match) => match[1]).sort();
	assert.deepEqual(faults, ['DATABASE_URL', 'DEV_WALLET_KEY_FILE', 'SOLANA_RPC_URL', 'TREASURY_WALLET_PUBKEY'], 'what settings.env and the key have to bring, and nothing else');
});

test('the manual pages render without a warning and say what the programs say', () => {
	const pages = path.join(root, 'usr/share/man/man8');
	const page = (name) => {
		const { status, stdout, stderr } = spawnSync('man', ['--warnings', '-E', 'UTF-8', '-l', path.join(pages, name)], { encoding: 'utf8', env: { ...process.env, MANWIDTH: '100', LC_ALL: 'C.UTF-8' } });
		assert.equal(status, 0, stderr);
		assert.equal(stderr, '');
		return stdout;
	};
	const daemon = page('poolkeeper.8.gz');
	const help = output(path.join(root, 'usr/bin/poolkeeper'), '--help');
	for (const [, option] of help.matchAll(/^ {2}(\S+)/gm)) assert.ok(new RegExp(`^ +${option}( |$)`, 'm').test(daemon), option);
	const codes = help.slice(help.indexOf('exit codes:')).match(/\b\d+(?= [a-z]|  RPC| RPC)/g);
	const listed = [...daemon.slice(daemon.indexOf('EXIT STATUS'), daemon.indexOf('ENVIRONMENT')).matchAll(/^ +(\d+)( |$)/gm)].map((match) => match[1]);
	assert.deepEqual(listed, [...new Set(codes)].sort((a, b) => a - b));
	const signer = page('poolkeeper-signer.8.gz').replace(/\s+/g, ' ');
	const { stderr: usage } = spawnSync(path.join(root, 'usr/bin/poolkeeper-signer'), [], { encoding: 'utf8' });
	assert.ok(signer.includes(`SYNOPSIS ${usage.trim().replace('usage: ', '')} DESCRIPTION`), usage);
});

test('bash completes every option and command, files behind theirs, and nothing where a pool belongs', () => {
	const file = path.join(root, 'usr/share/bash-completion/completions/poolkeeper');
	const program = path.join(root, 'usr/bin/poolkeeper');
	const complete = (...words) => output('bash', '--norc', '-c', `compopt() { :; }; . "$0"; program=$1; shift; COMP_WORDS=(poolkeeper "$@"); COMP_CWORD=$#; _poolkeeper "$program"; printf '%s\\n' "\${COMPREPLY[@]}"`, file, program, ...words).trim().split('\n');
	const known = [...output(program, '--help').matchAll(/^ {2}(\S+)/gm)].map((match) => match[1]);
	assert.ok(known.length > 15);
	assert.deepEqual(complete('').sort(), known.sort());
	assert.deepEqual(complete('--check'), ['--check-config']);
	assert.deepEqual(complete('--config', `${root}/etc/poolkeeper/pool`), [`${root}/etc/poolkeeper/poolkeeper.conf`]);
	assert.deepEqual(complete('--config', '=', `${root}/etc/poolkeeper/pool`), [`${root}/etc/poolkeeper/poolkeeper.conf`]);
	assert.deepEqual(complete('explain', ''), ['']);
});

// Runs dpkg inside; fails with what it said.
async function dpkg(systemd, ...args) {
	const said = await systemd.inside('sh', '-c', 'dpkg --force-unsafe-io "$@" 2>&1; echo "code=$?"', 'sh', ...args);
	assert.match(said, /code=0$/);
	return said;
}

const install = (systemd) => dpkg(systemd, '--force-confold', '-i', '/usr/local/bin/poolkeeper.deb');
const traces = async (systemd) => (await systemd.inside('find', '/etc', '/usr', '/var', '-name', '*poolkeeper*', '-not', '-path', '/usr/local/bin/*')).split('\n').filter((name) => name !== '').sort();

test('installed, refused without settings, running, removed, purged', { skip: whyNot() ?? false }, async (t) => {
	const wallet = new Keypair();
	const systemd = await Systemd.boot({}, deb);
	t.after(() => systemd.stop());
	// The test's own empty directory goes with the package.
	const before = (await traces(systemd)).filter((name) => name !== '/etc/poolkeeper');

	assert.match(await install(systemd), /does not run yet/);
	const [name, , uid] = (await systemd.inside('getent', 'passwd', 'poolkeeper')).split(':');
	assert.equal(name, 'poolkeeper');
	assert.equal(await systemd.systemctl('is-enabled', 'poolkeeper'), 'disabled');
	assert.match(await systemd.systemctl('start', 'poolkeeper'), /Assertion failed/);
	assert.match(await systemd.systemctl('status', 'poolkeeper'), /asserts failed/);
	assert.equal(await systemd.show('ActiveState'), 'inactive');
	assert.equal(await systemd.show('NRestarts'), '0');

	await systemd.write('poolkeeper/poolkeeper.conf', 'SOLANA_NETWORK=devnet\nKEEPER_HTTP=127.0.0.1:0\n');
	await systemd.write('poolkeeper/dev-wallet.json', JSON.stringify([...wallet.seed, ...wallet.publicKey]));
	await systemd.write('poolkeeper/settings.env', `DATABASE_URL=postgres://keeper:x@127.0.0.1:1/missout\nSOLANA_RPC_URL=http://127.0.0.1:1/\nTREASURY_WALLET_PUBKEY=${wallet.address}\n`);
	await systemd.systemctl('enable', 'poolkeeper');
	await systemd.systemctl('start', '--no-block', 'poolkeeper');
	await systemd.wait('start.waiting');
	const first = await systemd.show('MainPID');
	assert.equal(await systemd.inside('ps', '-o', 'uid=', '-p', first), uid, 'as the user that the package made');
	await install(systemd); // the same again: an upgrade
	await systemd.wait('start.waiting', 2);
	assert.notEqual(await systemd.show('MainPID'), first, 'an upgrade runs the new program');

	assert.match(await systemd.systemctl('is-active', 'poolkeeper-signer.socket'), /inactive/, 'nobody asked for a signer');
	await systemd.write('poolkeeper/signer.conf', `TREASURY_WALLET_PUBKEY=${wallet.address}\n`);
	await systemd.systemctl('enable', 'poolkeeper-signer.socket');
	await systemd.systemctl('start', 'poolkeeper-signer');
	assert.equal(await systemd.show('StatusText', 'poolkeeper-signer'), `signing for ${wallet.address}`);

	await dpkg(systemd, '-r', 'poolkeeper');
	assert.deepEqual((await systemd.events('stop.done')).length, 2);
	assert.equal(await systemd.inside('sh', '-c', 'pgrep poolkeeper | wc -l'), '0');
	assert.equal(await systemd.inside('ls', '/run/poolkeeper-signer'), '', 'no socket that nobody listens at');
	assert.match(await systemd.systemctl('status', 'poolkeeper'), /could not be found|not-found/);
	assert.equal(await systemd.inside('find', '/etc/systemd', '-name', 'poolkeeper*'), '');
	assert.equal(await systemd.inside('ls', '/etc/poolkeeper'), 'dev-wallet.json\npoolkeeper.conf\nsettings.env\nsigner.conf');

	const state = await systemd.inside('readlink', '-f', '/var/lib/poolkeeper');
	await systemd.inside('sh', '-c', `mkdir -p ${state}/spool && echo record >${state}/spool/spool`);
	assert.match(await dpkg(systemd, '-P', 'poolkeeper'), /holds records that Postgres does not have/);
	assert.equal(await systemd.inside('cat', '/var/lib/poolkeeper/spool/spool'), 'record');
	assert.equal(await systemd.inside('ls', '/etc/poolkeeper'), 'dev-wallet.json\nsettings.env\nsigner.conf', 'the key is not the package\'s');

	await install(systemd);
	await systemd.inside('sh', '-c', `: >${state}/spool/spool; rm -r /etc/poolkeeper/*.json /etc/poolkeeper/settings.env /etc/poolkeeper/signer.conf`);
	await dpkg(systemd, '-P', 'poolkeeper');
	assert.deepEqual(await traces(systemd), before, 'nothing is left');
});

async function drawsUnderSystemd(t) {
	const bytes = fs.readFileSync(deb);
	assert.ok(bytes.equals(fs.readFileSync(pack())), 'built twice, the same bytes');
	const world = await World.start();
	t.after(() => world.stop());
	await world.lockedPool({ players: 2, lockDuration: 3600 });
	const settings = world.environment();
	const text = (names) => names.map((name) => `${name}='${settings[name]}'\n`).join('');
	const systemd = await Systemd.boot({
		'poolkeeper/dev-wallet.json': fs.readFileSync(settings.DEV_WALLET_KEY_FILE, 'utf8'),
		'poolkeeper/settings.env': text(['DATABASE_URL', 'SOLANA_RPC_URL', 'TREASURY_WALLET_PUBKEY']),
		'poolkeeper/poolkeeper.conf': `${text(['SOLANA_NETWORK', 'ORACLE_GATEWAY_HOSTS'])}TICK_SECONDS=1\nKEEPER_HTTP=127.0.0.1:0\n`,
	}, deb);
	t.after(() => systemd.stop());
	await install(systemd);
	await systemd.systemctl('start', 'poolkeeper');
	assert.equal(await systemd.show('ActiveState'), 'active');
	assert.match(await systemd.show('StatusText'), /^drawing, 1 pools/);
	for (const complaint of ['signer.not_locked', 'start.not_hardened', 'spool.unusable', 'notify.failed']) assert.deepEqual(await systemd.events(complaint), [], complaint);
	await dpkg(systemd, '-r', 'poolkeeper');
	assert.equal((await systemd.events('stop.done')).at(-1).code, '0');
}

if (process.env.POOLKEEPER_TEST_FULL) test('the same commit gives the same package, and it draws under systemd', { skip: whyNot() ?? false }, drawsUnderSystemd);
