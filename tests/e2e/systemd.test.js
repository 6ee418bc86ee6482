// The shipped unit under a real systemd: ready, reloaded, watched, refused and stopped; and what systemd thinks of its hardening.
'use strict';

const assert = require('node:assert/strict');
const { execFileSync, spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { test } = require('node:test');
const { World, ROOT } = require('./world.js');
const { Systemd, whyNot } = require('./systemd.js');

const UNIT = path.join(ROOT, 'config', 'poolkeeper.service');

test('the unit is understood, and its exposure is at most 1.2', (t) => {
	const { status, stdout } = spawnSync('systemd-analyze', ['security', '--offline=true', '--threshold=12', UNIT], { encoding: 'utf8' });
	assert.equal(status, 0, stdout.slice(-300));
	const directory = fs.mkdtempSync('/tmp/poolkeeper-unit-');
	t.after(() => fs.rmSync(directory, { recursive: true }));
	const copy = path.join(directory, 'poolkeeper.service');
	fs.writeFileSync(copy, fs.readFileSync(UNIT, 'utf8').replace('ExecStart=poolkeeper', 'ExecStart=/bin/true'));
	assert.equal(execFileSync('systemd-analyze', ['verify', '--man=no', copy], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }), '');
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
	await systemd.until(async () => (await systemd.show('ActiveState')) === 'active');

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
});
