// The VRF's keys and the certificates': where they come from, which are refused by name, and what the database knows of them.
'use strict';

const { describe, test, before, after } = require('node:test');
const assert = require('node:assert/strict');
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { Keypair } = require('../chain/solana.js');
const base58 = require('../chain/base58.js');
const { newKeeper } = require('../db/keeper.js');
const { startPostgres } = require('../lib/postgres.js');
const { parseLine } = require('../e2e/daemon.js');

const BINARY = process.env.POOLKEEPER ?? path.join(__dirname, '..', '..', 'build', 'poolkeeper');
const [dev, treasury, auxiliary, vrf, old, certificate, stranger] = Array.from({ length: 7 }, () => new Keypair());
const text = (keypair) => JSON.stringify([...keypair.secretKey()]);
const hex = (keypair) => `\\x${Buffer.from(keypair.publicKey).toString('hex')}`;

describe('keys of draws without a chain program', () => {
	let server, keeper, scratch;
	before(async () => {
		server = await startPostgres();
		keeper = await newKeeper(server);
		scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'poolkeeper-keys-'));
	});
	after(async () => {
		fs.rmSync(scratch, { recursive: true, force: true });
		await server?.stop();
	});

	const file = (keypair, mode = 0o600, name = `${keypair.address}-${mode}`) => {
		const where = path.join(scratch, name);
		fs.writeFileSync(where, text(keypair));
		fs.chmodSync(where, mode);
		return where;
	};
	const run = (args, env = {}) => {
		const { status, stdout, stderr } = spawnSync(BINARY, args, { encoding: 'utf8', env: { PATH: process.env.PATH, ...env } });
		for (const keypair of [dev, treasury, auxiliary, vrf, old, certificate]) {
			assert.ok(!(stdout + stderr).includes(text(keypair)) && !(stdout + stderr).includes(base58.encode(keypair.secretKey())), `a key is shown by ${args}`);
		}
		return { status, stdout, stderr, events: stderr.split('\n').filter(Boolean).map(parseLine) };
	};
	const complete = (settings) => ({
		DATABASE_URL: keeper.daemonUrl, SOLANA_RPC_URL: 'http://127.0.0.1:1/', TREASURY_WALLET_PUBKEY: treasury.address, DEV_WALLET_KEY_FILE: file(dev),
		SPOOL_DIR: path.join(scratch, 'spool'), KEEPER_HTTP: 'off', ...settings,
	});
	const check = (settings) => run(['--check-config'], complete(settings));
	const states = ({ events }) => events.filter(({ event }) => event === 'config.vrf_key').map(({ key, state }) => [key.replace('\\\\', '\\'), state]);

	test('vrf-key prints what the database takes, and needs no other setting', async () => {
		const { status, stdout } = run(['vrf-key'], { VRF_KEY_FILE: file(vrf) });
		assert.deepEqual([status, stdout], [0, `${hex(vrf)}\n`]);
		const inEnvironment = run(['vrf-key'], { VRF_PRIVATE_KEY: base58.encode(vrf.secretKey()) });
		assert.deepEqual([inEnvironment.status, inEnvironment.stdout], [0, stdout]);
		fs.mkdirSync(path.join(scratch, 'credentials'));
		file(vrf, 0o440, 'credentials/vrf-key');
		assert.equal(run(['vrf-key'], { CREDENTIALS_DIRECTORY: path.join(scratch, 'credentials') }).stdout, stdout);
		await keeper.sql(`SELECT keeper.vrf_key_register('${stdout.trim()}')`);
		assert.deepEqual(states(check({ VRF_KEY_FILE: file(vrf) })), [[hex(vrf), 'registered']]);
	});

	test('vrf-key without a key, with another one or with one that others can read', () => {
		const says = ({ status, stderr }) => [status, parseLine(stderr).key, parseLine(stderr).why];
		assert.deepEqual(says(run(['vrf-key'])), [78, 'VRF_KEY_FILE', "is not set: name the file with the VRF's key"]);
		assert.deepEqual(says(run(['vrf-key'], { VRF_KEY_FILE: file(vrf, 0o644) })).slice(0, 2), [77, 'VRF_KEY_FILE']);
		const nonsense = run(['vrf-key'], { VRF_PRIVATE_KEY: 'nonsense' });
		assert.equal(nonsense.status, 78);
		assert.match(nonsense.stderr, /key=VRF_PRIVATE_KEY value=\*\*\* why="the key is neither base58/);
		assert.ok(!nonsense.stderr.includes('nonsense'));
	});

	test('--check-config tells registered, retired, superseded and unknown keys apart, one line each', async () => {
		for (const keypair of [old, vrf]) await keeper.sql(`SELECT keeper.vrf_key_register('${hex(keypair)}')`);
		await keeper.sql(`SELECT keeper.vrf_key_retire('${hex(old)}', 'rotated')`);
		const found = check({ VRF_KEY_FILE: file(vrf), VRF_KEY_FILE_OLD_1: file(old), VRF_PRIVATE_KEY_OLD_3: text(stranger) });
		assert.equal(found.status, 0, found.stderr);
		assert.deepEqual(states(found), [[hex(vrf), 'registered'], [hex(old), 'retired'], [hex(stranger), 'unknown']]);
		const lines = found.events.filter(({ event }) => event === 'config.vrf_key');
		assert.match(lines[0].why, /a newer key is registered/);
		assert.match(lines[2].line, /level=warn .*keeper.vrf_key_register\('\\\\x[0-9a-f]{64}'\)/);
		assert.deepEqual(lines.slice(0, 2).map((line) => line.open_draws), ['0', '0']);
	});

	test('a database that is away, or none of ours, leaves the settings right', async () => {
		const away = check({ VRF_KEY_FILE: file(vrf), DATABASE_URL: 'postgres://k@127.0.0.1:1/d', DB_TIMEOUT_MS: '300' });
		assert.deepEqual([away.status, states(away)], [0, [[hex(vrf), 'unread']]]);
		const empty = check({ VRF_KEY_FILE: file(vrf), DATABASE_URL: server.url('postgres') });
		assert.deepEqual([empty.status, states(empty)], [0, [[hex(vrf), 'unread']]]);
	});

	test('a key that is a wallet\'s, or does two things, is refused by name', () => {
		const settings = { AUXILIARY_WALLET_2_PRIVATE_KEY: text(auxiliary), VRF_PRIVATE_KEY: text(vrf) };
		const cases = [
			[{ VRF_KEY_FILE: file(dev) }, 'VRF_KEY_FILE', "is the dev wallet's key"],
			[{ VRF_KEY_FILE: file(treasury) }, 'VRF_KEY_FILE', "is the treasury's key"],
			[{ VRF_PRIVATE_KEY: text(auxiliary) }, 'VRF_PRIVATE_KEY', "is an auxiliary wallet's key"],
			[{ VRF_KEY_FILE_OLD_2: file(dev) }, 'VRF_KEY_FILE_OLD_2', "is the dev wallet's key"],
			[{ VRF_PRIVATE_KEY_OLD_1: text(vrf) }, 'VRF_PRIVATE_KEY_OLD_1', 'is the key of the VRF that another setting names'],
			[{ CERTIFICATE_KEY_FILE: file(dev) }, 'CERTIFICATE_KEY_FILE', "is the dev wallet's key"],
			[{ CERTIFICATE_PRIVATE_KEY: text(treasury) }, 'CERTIFICATE_PRIVATE_KEY', "is the treasury's key"],
			[{ CERTIFICATE_KEY_FILE: file(auxiliary) }, 'CERTIFICATE_KEY_FILE', "is an auxiliary wallet's key"],
			[{ CERTIFICATE_KEY_FILE: file(vrf) }, 'CERTIFICATE_KEY_FILE', 'is the key of the VRF that another setting names'],
		];
		for (const [wrong, key, why] of cases) {
			for (const mode of ['--check-config', '--once']) {
				const { status, events } = run([mode], complete({ ...settings, ...wrong }));
				const faults = events.filter(({ event }) => event === 'config.invalid');
				assert.deepEqual([status, faults.map((fault) => [fault.key, fault.value, fault.why])], [78, [[key, '***', `${why}: make one of its own`]]], mode);
			}
		}
	});

	test('wrong sources are told together with every other fault, and before any key', () => {
		fs.mkdirSync(path.join(scratch, 'sources', 'Wrong'), { recursive: true });
		const wrong = { OFFCHAIN_SOURCES: path.join(scratch, 'sources'), DRAND_RELAYS: 'https://a.example', VRF_KEY_FILE: file(dev), CERTIFICATE_PRIVATE_KEY: 'nonsense' };
		const faults = (settings, mode) => {
			const { status, events } = run([mode], settings);
			return [status, events.filter(({ event }) => event === 'config.invalid').map(({ key }) => key)];
		};
		const all = ['DRAND_RELAYS', 'OFFCHAIN_SOURCES', 'VRF_KEY_FILE', 'CERTIFICATE_PRIVATE_KEY'];
		for (const mode of ['--check-config', '--once']) assert.deepEqual(faults(complete(wrong), mode), [78, all], mode);
		// The settings themselves are right: what is behind them is wrong, the sources and then the keys.
		for (const mode of ['--check-config', '--once']) {
			assert.deepEqual(faults(complete({ ...wrong, DRAND_RELAYS: '', DEV_WALLET_KEY_FILE: '', DEV_WALLET_PRIVATE_KEY: 'nonsense' }), mode)[1].slice(0, 2), ['OFFCHAIN_SOURCES', 'DEV_WALLET_PRIVATE_KEY'], mode);
		}
		const sources = path.join(__dirname, '..', '..', 'config', 'sources');
		const warned = (settings) => check({ OFFCHAIN_SOURCES: sources, ...settings }).events.filter(({ event }) => event === 'certificate.no_key').length;
		assert.deepEqual([warned({}), warned({ CERTIFICATE_KEY_FILE: file(certificate) })], [1, 0]);
		const nowhere = run(['--check-config'], complete({ OFFCHAIN_SOURCES: path.join(scratch, 'nowhere') }));
		assert.match(nowhere.events.find(({ event }) => event === 'config.invalid').why, /^cannot be read \(No such file or directory\): name the directory that holds one directory per source$/);
	});

	test('a certificate\'s key and a VRF key of their own are taken, and their public halves are told', () => {
		const { status, events } = check({ VRF_KEY_FILE: file(vrf), CERTIFICATE_KEY_FILE: file(certificate) });
		assert.equal(status, 0);
		assert.deepEqual(events.filter(({ event }) => event === 'draw.key').map(({ setting, key }) => [setting, key]),
			[['VRF_KEY_FILE', vrf.address], ['CERTIFICATE_KEY_FILE', certificate.address]]);
	});

	test('relays that cannot agree are refused by name', () => {
		for (const [relays, why] of [['https://a.example', /two or more/], ['https://a.example,https://a.example:1', /one host twice/]]) {
			const { status, events } = check({ DRAND_RELAYS: relays });
			assert.deepEqual([status, events[0].key, events[0].value], [78, 'DRAND_RELAYS', relays]);
			assert.match(events[0].why, why);
		}
	});
});
