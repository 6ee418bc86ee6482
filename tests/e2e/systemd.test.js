// The shipped unit under a real systemd: ready, reloaded, watched, refused and stopped; and what systemd thinks of its hardening.
'use strict';

const assert = require('node:assert/strict');
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { test } = require('node:test');
const { World, ROOT } = require('./world.js');
const { Systemd, UNITS, whyNot } = require('./systemd.js');

const CONFIG = path.join(ROOT, 'config');

test('the units are understood; poolkeeper\'s exposure is at most 1.2, its signer\'s 0.2', (t) => {
	const directory = fs.mkdtempSync('/tmp/poolkeeper-unit-');
	t.after(() => fs.rmSync(directory, { recursive: true }));
	for (const name of UNITS) fs.writeFileSync(path.join(directory, name), fs.readFileSync(path.join(CONFIG, name), 'utf8').replace(/^ExecStart=poolkeeper\S*/m, 'ExecStart=/bin/true'));
	for (const [name, threshold] of [['poolkeeper.service', 12], ['poolkeeper-signer.service', 2]]) {
		const { status, stdout } = spawnSync('systemd-analyze', ['security', '--offline=true', `--threshold=${threshold}`, path.join(CONFIG, name)], { encoding: 'utf8' });
		assert.equal(status, 0, stdout.slice(-300));
	}
	const { stdout, stderr } = spawnSync('systemd-analyze', ['verify', '--man=no', ...UNITS.map((name) => path.join(directory, name))], { encoding: 'utf8' });
	assert.equal(stdout + stderr, '');
});

test('a life under systemd', { skip: whyNot() ?? false }, async (t) => {
	const world = await World.start();
	t.after(() => world.stop());
	await world.lockedPool({ players: 2, lockDuration: 3600 }); // so that there is something to look at
	const settings = world.environment();
	const text = (names) => names.map((name) => `${name}='${settings[name]}'\n`).join('');
	const conf = (more = '') => `${text(['SOLANA_NETWORK', 'ORACLE_GATEWAY_HOSTS', 'TREASURY_WALLET_PUBKEY'])}TICK_SECONDS=1\nLOG_LEVEL=debug\nKEEPER_HTTP=127.0.0.1:0\n${more}`;
	const unseen = (fault) => world.scenario.chain('faults', { http: fault });
	await unseen([{ kind: 'rpc_error', method: 'getMultipleAccounts', skip: 1, count: 'always' }]); // the first one checks the program
	const systemd = await Systemd.boot({
		'poolkeeper/dev-wallet.json': fs.readFileSync(settings.DEV_WALLET_KEY_FILE, 'utf8'), 'poolkeeper/settings.env': text(['DATABASE_URL', 'SOLANA_RPC_URL']),
		'poolkeeper/poolkeeper.conf': conf(), 'systemd/system/poolkeeper.service.d/test.conf': '[Service]\nWatchdogSec=4\nRestartSec=100ms\n',
		'sysusers.d/poolkeeper.conf': fs.readFileSync(path.join(CONFIG, 'poolkeeper.sysusers'), 'utf8'),
	});
	t.after(() => systemd.stop());

	// Ready is who has looked at everything, not who runs.
	await systemd.systemctl('start', '--no-block', 'poolkeeper');
	await systemd.wait('tick.read_failed', 2);
	assert.equal((await systemd.events('ready')).length, 1);
	assert.equal(await systemd.show('ActiveState'), 'activating');
	await unseen([]);
	await systemd.systemctl('start', 'poolkeeper');
	assert.equal(await systemd.show('ActiveState'), 'active');
	assert.ok((await systemd.events('tick')).length > 0, 'a complete tick came before READY');
	assert.match(await systemd.show('StatusText'), /^drawing, 1 pools/);
	assert.equal((await systemd.events('signer'))[0].wallet, world.devWallet.address);
	for (const complaint of ['signer.not_locked', 'start.not_hardened', 'config.key_in_environment', 'notify.failed']) assert.deepEqual(await systemd.events(complaint), [], complaint);

	await systemd.write('poolkeeper/poolkeeper.conf', conf('MAX_BOUND_POOLS=5\n'));
	await systemd.systemctl('reload', 'poolkeeper');
	assert.equal((await systemd.wait('config.changed')).to, '5');
	assert.deepEqual(await systemd.events('config.kept'), [], 'nothing else differs');
	assert.equal(await systemd.show('ActiveState'), 'active');
	assert.equal(await systemd.show('NRestarts'), '0');

	// A loop that turns but sees nothing is of no use: the watchdog is not fed.
	await unseen([{ kind: 'rpc_error', count: 'always' }]);
	await systemd.wait('tick.read_failed', 4);
	await systemd.until(async () => Number(await systemd.show('NRestarts')) > 0);
	await unseen([]);
	const active = () => systemd.until(async () => (await systemd.show('ActiveState')) === 'active');
	await active();
	await killedAndStopped(systemd, world, active);

	await systemd.systemctl('stop', 'poolkeeper');
	assert.equal(await systemd.show('Result'), 'success');
	assert.equal((await systemd.events('stop.done')).at(-1).code, '0');

	// What only a person can correct is not tried again and again.
	await systemd.write('poolkeeper/poolkeeper.conf', conf('TICK_SECONDS=0\n'));
	const starts = (await systemd.events('start')).length;
	await systemd.systemctl('start', 'poolkeeper');
	assert.equal(await systemd.show('ActiveState'), 'failed');
	assert.equal(await systemd.show('ExecMainStatus'), '78');
	assert.equal(await systemd.show('SubState'), 'failed', 'no restart waits');
	assert.equal((await systemd.events('start')).length, starts);

	await systemd.write('poolkeeper/poolkeeper.conf', conf());
	await withSigner(systemd, world);
});

// A process that stands still is replaced; one that dies again and again is started again and again: a bound pool must be finished.
async function killedAndStopped(systemd, world, active) {
	const signal = (name) => systemd.systemctl('kill', '-s', name, 'poolkeeper');
	const pid = async () => Number(await systemd.show('MainPID'));
	const next = (old) => systemd.until(async () => { const now = await pid(); return now !== 0 && now !== old; });
	let last = await pid();
	await signal('STOP');
	await next(last);
	assert.match(await systemd.inside('journalctl', '-u', 'poolkeeper', '-o', 'cat', '--no-pager'), /Watchdog timeout/);
	const began = Date.now();
	for (let n = 1; n <= 6; n++) {
		last = await pid();
		await signal('KILL');
		await next(last);
	}
	assert.ok(Date.now() - began < 10000, 'faster than what systemd puts up with where nothing is said');
	await world.forgetLease();
	await active();
	assert.equal(await systemd.show('Result'), 'success');
}

// Exit code and words of one question to the signer by somebody.
const asks = (systemd, user) => systemd.inside('setpriv', `--reuid=${user}`, `--regid=${user}`, '--clear-groups', process.execPath, '-e',
	`require('node:net').connect('/run/poolkeeper-signer/socket', function () { this.write(Buffer.from([1, 0, 75])); }).on('data', (data) => process.stdout.write(String(data.length))).on('error', (error) => process.stdout.write(error.code))`);

// The key leaves poolkeeper for the signer's own unit, as the README says.
async function withSigner(systemd, world) {
	await systemd.inside('systemd-sysusers', 'poolkeeper.conf');
	await systemd.write('systemd/system/poolkeeper.service.d/signer.conf', fs.readFileSync(path.join(CONFIG, 'poolkeeper.service.d', 'signer.conf'), 'utf8'));
	await systemd.systemctl('daemon-reload');

	// A treasury that is none: said once per question, and the socket stays.
	await systemd.write('poolkeeper/signer.conf', 'TREASURY_WALLET_PUBKEY=nobody\n');
	assert.match(await systemd.systemctl('start', 'poolkeeper-signer'), /failed/);
	assert.equal(await systemd.show('ExecMainStatus', 'poolkeeper-signer'), '64');
	assert.match(await systemd.inside('journalctl', '-u', 'poolkeeper-signer', '-o', 'cat', '--no-pager'), /what=TREASURY_ADDRESS why="\\"nobody\\" is no address/);
	assert.equal(await asks(systemd, 'poolkeeper'), 'ECONNRESET');
	assert.equal(await systemd.systemctl('is-active', 'poolkeeper-signer.socket'), 'active');

	await systemd.write('poolkeeper/signer.conf', `TREASURY_WALLET_PUBKEY=${world.treasury.address}\n`);
	assert.equal(await asks(systemd, 'poolkeeper'), '35', 'the first question starts the signer');
	assert.equal(await asks(systemd, 'daemon'), 'EACCES');
	assert.equal(await systemd.inside('stat', '-c', '%U:%G %a', '/run/poolkeeper-signer/socket'), 'root:poolkeeper 660');
	assert.equal(await systemd.show('StatusText', 'poolkeeper-signer'), `signing for ${world.devWallet.address}`);
	const signer = await systemd.show('MainPID', 'poolkeeper-signer');
	assert.notEqual(await systemd.inside('ps', '-o', 'user=', '-p', signer), 'root');
	assert.equal((await systemd.inside('cat', `/proc/${signer}/net/dev`)).split('\n').filter((line) => /:/.test(line)).length, 1, 'loopback and no other');

	const before = (await systemd.events('signer')).length;
	await systemd.systemctl('start', 'poolkeeper');
	assert.equal(await systemd.show('ActiveState'), 'active', await systemd.inside('journalctl', '-o', 'cat', '-n', '20'));
	assert.equal((await systemd.wait('signer', before + 1)).remote, '1');
	assert.equal(await systemd.inside('ls', '/run/credentials/poolkeeper.service'), 'settings', 'poolkeeper does not get the key any more');
	await systemd.systemctl('kill', '-s', 'KILL', 'poolkeeper-signer');
	await systemd.until(async () => (await systemd.show('NRestarts', 'poolkeeper-signer')) === '1' && (await systemd.show('ActiveState', 'poolkeeper-signer')) === 'active');
	assert.equal(await asks(systemd, 'poolkeeper'), '35');
}
