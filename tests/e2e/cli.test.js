// The command line: what it prints, what it refuses and with which code, and what stops a start.
'use strict';

// Ten seconds as the README says, and what a busy machine adds.
const STOP_LIMIT_MS = 13000;
const assert = require('node:assert/strict');
const { execFileSync, spawnSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { after, before, describe, test } = require('node:test');
const { startChainProcess } = require('../chain/spawn.js');
const { RpcClient } = require('../chain/rpc-client.js');
const { Keypair } = require('../chain/solana.js');
const { startPostgres, psql } = require('../lib/postgres.js');
const { Daemon } = require('./daemon.js');

const ROOT = path.join(__dirname, '..', '..');
const BINARY = process.env.POOLKEEPER ?? path.join(ROOT, 'build', 'poolkeeper');
const ML_PROGRAM = '4wgBJUHydWXXJKXYsmdGoGw1ufC3dxz8q2mukFYaAhSm';
const MAINNET_GENESIS = '5eykt4UsFv8P8NJdTREpY1vzqKqZKvdpKuc147dw2N9d';
const SYSTEM_PROGRAM = '11111111111111111111111111111111';

const wallet = new Keypair();
const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'poolkeeper-cli-'));
after(() => fs.rmSync(scratch, { recursive: true, force: true }));

const run = (args, env = {}) => spawnSync(BINARY, args, { encoding: 'utf8', env: { PATH: process.env.PATH, ...env } });

function keyFile(mode = 0o600) {
	const file = path.join(scratch, `key-${mode.toString(8)}`);
	fs.writeFileSync(file, JSON.stringify([...wallet.seed, ...wallet.publicKey]));
	fs.chmodSync(file, mode);
	return file;
}

function complete(settings = {}) {
	return {
		DATABASE_URL: 'postgres://keeper:hunter2secret@127.0.0.1:1/missout?pgbouncer=true', SOLANA_RPC_URL: 'http://127.0.0.1:1/?key=topsecretkey0001',
		TREASURY_WALLET_PUBKEY: new Keypair().address, DEV_WALLET_KEY_FILE: keyFile(), SPOOL_DIR: path.join(scratch, 'spool'), KEEPER_HTTP: '127.0.0.1:0', ...settings,
	};
}

describe('printing', () => {
	test('--version and --help exit 0', () => {
		assert.match(run(['--version']).stdout, /^poolkeeper \d+\.\d+\.\d+ \(commit \w+(-dirty)?, schema \d{3}\)\n$/);
		const help = run(['--help']);
		assert.equal(help.status, 0);
		for (const option of ['--once', '--dry-run', '--check-config', '--env-file', '--print-lifecycle']) assert.ok(help.stdout.includes(option));
	});

	test('.env.example and the generated parts of the README are what the binary says', () => {
		execFileSync(path.join(ROOT, 'scripts', 'docs'), ['--check'], { env: { ...process.env, POOLKEEPER: BINARY }, stdio: ['ignore', 'ignore', 'inherit'] });
	});

	test('a pipe that nobody reads is an error, not a crash', () => {
		assert.equal(spawnSync('sh', ['-c', `"${BINARY}" --help >/dev/full`]).status, 74);
	});
});

describe('refusing', () => {
	test('an unknown option exits 64 with one line', () => {
		const { status, stderr } = run(['--onec']);
		assert.equal(status, 64);
		assert.equal(stderr, 'poolkeeper: there is no option --onec: see poolkeeper --help\n');
	});

	test('--check-config names every fault at once and exits 78', () => {
		const { status, stderr } = run(['--check-config'], { TICK_SECONDS: '0', DATABASE_URL: 'mysql://keeper:hunter2secret@h/d' });
		assert.equal(status, 78);
		for (const key of ['TICK_SECONDS', 'DATABASE_URL', 'SOLANA_RPC_URL', 'TREASURY_WALLET_PUBKEY', 'DEV_WALLET_KEY_FILE']) {
			assert.match(stderr, new RegExp(`^.*event=config.invalid key=${key} .*why=.+$`, 'm'));
		}
		assert.equal(stderr.trimEnd().split('\n').length, 5);
		assert.ok(!stderr.includes('hunter2secret'));
	});

	test('payouts need the treasury\'s own key, and only then is it read', () => {
		const key = (keypair) => JSON.stringify([...keypair.seed, ...keypair.publicKey]);
		const treasury = new Keypair();
		const check = (settings) => run(['--check-config'], complete({ TREASURY_WALLET_PUBKEY: treasury.address, ...settings }));
		const on = { REFERRAL_PAYOUTS: 'on' };
		for (const [settings, name, why] of [
			[on, 'TREASURY_WALLET_KEY_FILE', 'REFERRAL_PAYOUTS=on needs the treasury\'s key'],
			[{ ...on, TREASURY_WALLET_PRIVATE_KEY: key(new Keypair()) }, 'TREASURY_WALLET_PRIVATE_KEY', 'is not the key of TREASURY_WALLET_PUBKEY'],
			[{ ...on, TREASURY_WALLET_PRIVATE_KEY: '[1,2,3]' }, 'TREASURY_WALLET_PRIVATE_KEY', 'neither base58 of 64 bytes nor'],
			[{ ...on, TREASURY_WALLET_PRIVATE_KEY: key(wallet), TREASURY_WALLET_PUBKEY: wallet.address }, 'TREASURY_WALLET_PRIVATE_KEY', 'need keys of their own'],
			[{ ...on, TREASURY_WALLET_KEY_FILE: path.join(scratch, 'nowhere') }, 'TREASURY_WALLET_KEY_FILE', 'No such file'],
			[{ REFERRAL_PAYOUTS: 'maybe' }, 'REFERRAL_PAYOUTS', 'has to be 0 or 1'],
		]) {
			const { status, stderr } = check(settings);
			assert.equal(status, 78, stderr);
			assert.match(stderr, new RegExp(`event=config.invalid key=${name} .*${why}`));
			if (settings.TREASURY_WALLET_PRIVATE_KEY) assert.ok(!stderr.includes(settings.TREASURY_WALLET_PRIVATE_KEY.slice(1)));
		}
		assert.equal(check({ ...on, TREASURY_WALLET_PRIVATE_KEY: key(treasury) }).status, 0);
		assert.equal(check({ TREASURY_WALLET_PRIVATE_KEY: '[1,2,3]', TREASURY_WALLET_KEY_FILE: path.join(scratch, 'nowhere') }).status, 0, 'off: nobody looks');
	});

	test('--check-config of .env.example as it stands refuses the placeholders', () => {
		const { status, stderr } = run(['--env-file', path.join(ROOT, '.env.example'), '--check-config']);
		assert.equal(status, 78);
		assert.match(stderr, /key=TREASURY_WALLET_PUBKEY/);
		assert.doesNotMatch(stderr, /--env-file/); // its syntax and every name in it are fine
	});

	test('--check-config names a bad key beside a bad setting', () => {
		const file = path.join(scratch, 'cut-key');
		fs.writeFileSync(file, '[1,2,3]', { mode: 0o600 });
		const { status, stderr } = run(['--check-config'], complete({ DEV_WALLET_KEY_FILE: file, TICK_SECONDS: '0', DATABASE_URL: 'postgres://h/db?sslmode' }));
		assert.equal(status, 78);
		for (const key of ['TICK_SECONDS', 'DATABASE_URL', 'DEV_WALLET_KEY_FILE']) assert.match(stderr, new RegExp(`event=config.invalid key=${key} `));
		assert.equal(stderr.trimEnd().split('\n').length, 3, stderr);
	});

	test('each file under config/ is complete but for the secrets', () => {
		const folder = path.join(ROOT, 'config');
		const files = fs.readdirSync(folder).filter((name) => name.endsWith('.conf'));
		assert.ok(files.length >= 2);
		for (const name of files) {
			const { status, stderr } = run(['--config', path.join(folder, name), '--check-config'], complete());
			assert.equal(status, 0, `${name}: ${stderr}`);
			assert.match(stderr, new RegExp(`event=config.ok network=${name.replace('.conf', '')} endpoints=2`));
		}
	});

	test('--print-config shows what is in force, where from, and no secret; it is a settings file itself', () => {
		const conf = path.join(scratch, 'own.conf');
		fs.writeFileSync(conf, '\nTICK_SECONDS=2\n');
		const { status, stdout } = run(['--config', conf, '--print-config'], complete({ MAX_BOUND_POOLS: '7' }));
		assert.equal(status, 0);
		for (const line of [`TICK_SECONDS=2 # ${conf}, line 2`, 'MAX_BOUND_POOLS=7 # environment', 'LOG_LEVEL=info # default']) assert.ok(stdout.includes(`\n${line}\n`), stdout);
		for (const secret of ['hunter2secret', 'topsecretkey0001']) assert.ok(!stdout.includes(secret), stdout);
		const printed = path.join(scratch, 'printed.conf');
		fs.writeFileSync(printed, stdout);
		assert.equal(run(['--config', printed, '--check-config']).status, 0, 'the masks are the only difference');
		assert.equal(spawnSync('sh', ['-c', `"${BINARY}" --print-config >/dev/full`], { env: complete() }).status, 74);
	});

	test('--check-config accepts a complete set and prints the wallet only', () => {
		const { status, stderr } = run(['--check-config'], complete());
		assert.equal(status, 0, stderr);
		assert.match(stderr, new RegExp(`event=signer wallet=${wallet.address}`));
		assert.match(stderr, /event=config.ok network=devnet endpoints=1/);
	});

	// A key is usable without the lock, and sodium says nothing of it: we do, of each.
	test('each key that may not be locked into memory is named', () => {
		const key = (keypair) => JSON.stringify([...keypair.seed, ...keypair.publicKey]);
		const vrf = new Keypair();
		const settings = { DEV_WALLET_KEY_FILE: '', DEV_WALLET_PRIVATE_KEY: key(wallet), VRF_PRIVATE_KEY: key(vrf) };
		const unlocked = (limit) => {
			const who = process.getuid() === 0 ? ['setpriv', '--reuid=65534', '--clear-groups', '--bounding-set=-all'] : ['env'];
			const { status, stderr } = spawnSync('prlimit', [`--memlock=${limit}`, ...who, BINARY, '--check-config'], { encoding: 'utf8', env: { PATH: process.env.PATH, ...complete(settings) } });
			assert.equal(status, 0, stderr);
			return [...stderr.matchAll(/event=signer.not_locked wallet=(\w+) why="the key may be swapped to disk/g)].map(([, address]) => address);
		};
		assert.deepEqual(unlocked(0), [wallet.address, vrf.address]);
		assert.deepEqual(unlocked(1 << 20), []);
	});

	test('an HTTP address that is none exits 78; off is one, and PORT of the web backend is only mentioned', () => {
		for (const value of ['example.com:80', '127.0.0.1', '9472']) {
			const { status, stderr } = run(['--check-config'], complete({ KEEPER_HTTP: value }));
			assert.equal(status, 78, stderr);
			assert.match(stderr, new RegExp(`event=config.invalid key=KEEPER_HTTP value=${value} why="has to be a numeric address and a port, such as 127.0.0.1:9472`));
		}
		const file = path.join(scratch, 'port.env');
		fs.writeFileSync(file, 'PORT=5000\nKEEPER_HTTP=off\n', { mode: 0o600 });
		const { status, stderr } = run(['--check-config', '--env-file', file], complete({ KEEPER_HTTP: '' }));
		assert.equal(status, 0, stderr);
		assert.match(stderr, /event=config.ignored key=PORT why="it is the web backend's; poolkeeper listens on KEEPER_HTTP"/);
		assert.doesNotMatch(run(['--check-config'], complete()).stderr, /key=PORT/);
	});

	test('LOG_FORMAT=json prints the same fields as JSON; another one is refused', () => {
		const { status, stderr } = run(['--check-config'], complete({ LOG_FORMAT: 'json' }));
		assert.equal(status, 0, stderr);
		const events = stderr.trimEnd().split('\n').map((line) => JSON.parse(line));
		assert.deepEqual(events.map(({ event }) => event), ['signer', 'config.ok']);
		assert.equal(events[0].wallet, wallet.address);
		assert.match(run(['--check-config'], complete({ LOG_FORMAT: 'xml' })).stderr, /key=LOG_FORMAT value=xml why="has to be logfmt or json"/);
	});

	test('verify, explain and status without settings say what is not set', () => {
		const verify = run(['verify', ML_PROGRAM]);
		assert.equal(verify.status, 78);
		assert.equal(verify.stderr, 'poolkeeper: SOLANA_RPC_URL is not set: verify reads the chain and nothing else\n');
		for (const args of [['status'], ['explain', ML_PROGRAM]]) {
			const { status, stdout } = run(args);
			assert.equal(status, 69);
			assert.match(stdout, /SOLANA_RPC_URL is not set[^]*DATABASE_URL is not set/);
		}
	});

	test('colours go to a terminal, and not when NO_COLOR is set', () => {
		const shown = (env) => spawnSync('script', ['-qec', `"${BINARY}" status`, '/dev/null'], { encoding: 'utf8', env: { PATH: process.env.PATH, ...env } }).stdout;
		assert.match(shown({}), /\x1b\[33mno endpoint answers: SOLANA_RPC_URL is not set\x1b\[0m/);
		for (const text of [shown({ NO_COLOR: '1' }), run(['status']).stdout]) assert.match(text, /^ {2}chain +no endpoint answers: SOLANA_RPC_URL is not set\r?$/m);
	});

	test('a key file that others can read exits 77', () => {
		const { status, stderr } = run(['--check-config'], complete({ DEV_WALLET_KEY_FILE: keyFile(0o640) }));
		assert.equal(status, 77);
		assert.match(stderr, /mode 0640 lets others read it: run chmod 600 /);
	});

	test('a key that is none exits 78 without showing it', () => {
		const file = path.join(scratch, 'bad-key');
		fs.writeFileSync(file, 'this-is-not-a-key-but-secret', { mode: 0o600 });
		const { status, stderr } = run(['--check-config'], complete({ DEV_WALLET_KEY_FILE: file }));
		assert.equal(status, 78);
		assert.match(stderr, /key=DEV_WALLET_KEY_FILE value=\*\*\* why=/);
		assert.ok(!stderr.includes('this-is-not'));
	});

	test('--once with nobody there exits 69 and shows no secret', () => {
		const { status, stderr } = run(['--once'], complete());
		assert.equal(status, 69, stderr);
		assert.match(stderr, /event=start.waiting for=rpc1/);
		assert.ok(!stderr.includes('hunter2secret') && !stderr.includes('topsecretkey0001'));
	});
});

describe('starting', () => {
	let chain;
	let postgres;
	const migrate = (url) => execFileSync(path.join(ROOT, 'scripts', 'db'), ['migrate'], {
		env: { PATH: process.env.PATH, DIRECT_DATABASE_URL: url }, stdio: ['ignore', 'ignore', 'inherit'],
	});
	const settings = (more = {}) => complete({ DATABASE_URL: postgres.url(), SOLANA_RPC_URL: chain.url, TICK_SECONDS: '1', LOG_LEVEL: 'debug', ...more });
	const start = (more = {}, args = []) => new Daemon({ PATH: process.env.PATH, ...settings(more) }, args);

	before(async () => {
		postgres = await startPostgres();
		migrate(postgres.url());
		chain = await startChainProcess('--slot-ms', '100');
	});
	after(async () => {
		await chain?.stop();
		await postgres?.stop();
	});

	test('--once with nothing due exits 0', async () => {
		const daemon = start({}, ['--once']);
		assert.equal((await daemon.exit()).code, 0, daemon.log);
		assert.equal(daemon.all('db.checked', { pooled: 0 }).length, 1);
	});

	test('--once that cannot read a single pool exits 69 at its deadline', async () => {
		const faults = (http) => new RpcClient(chain.url).call('chain_faults', { http });
		await faults([{ method: 'getMultipleAccounts', kind: 'rpc_error', count: 'always', skip: 1 }]); // the start looks at the program
		try {
			const once = start({ ONCE_DEADLINE_SECONDS: '3' }, ['--once']);
			assert.equal((await once.exit()).code, 69, once.log);
			assert.equal(once.all('ready').length, 1, once.log);
		} finally {
			await faults([]);
		}
	});

	test('--once whose list of pools Postgres answers wrongly exits 70 and names the statement', async () => {
		const swap = (from, to) => psql(postgres.url(), `DO $$ BEGIN EXECUTE replace(pg_get_functiondef('keeper.lease_tick(text,bigint,bigint)'::regprocedure), '${from}', '${to}'); END $$`);
		await swap('SELECT s.held, s.fence,', 'SELECT NULL::boolean, s.fence,');
		try {
			const once = start({}, ['--once']);
			assert.equal((await once.exit()).code, 70, once.log);
			assert.match(once.all('journal.unreadable')[0]?.line, /statement="SELECT [^"]*keeper\.lease_tick\([^"]*" why="Postgres answered rows that this version cannot read[^"]*" next=human/);
		} finally {
			await swap('SELECT NULL::boolean, s.fence,', 'SELECT s.held, s.fence,');
			await psql(postgres.url(), "UPDATE keeper.lease SET expires_at = '-infinity'"); // taken, and never heard of
		}
		const mended = start({}, ['--once']);
		assert.equal((await mended.exit()).code, 0, mended.log);
	});

	test('--once that does not get the list of pools has not looked: it does not say that nothing is due', async () => {
		await psql(postgres.url(), 'ALTER FUNCTION keeper.lease_tick RENAME TO lease_tock');
		try {
			const once = start({}, ['--once']);
			const first = await once.wait('lease.unknown');
			await once.wait('lease.unknown', {}, { from: once.events.indexOf(first) + 1 });
			await once.kill('SIGTERM');
			assert.equal(once.code, 75, once.log);
		} finally {
			await psql(postgres.url(), 'ALTER FUNCTION keeper.lease_tock RENAME TO lease_tick');
		}
	});

	test('SIGTERM ends an idle daemon with 0, its lease given up', async () => {
		const daemon = start();
		await daemon.wait('ready');
		await daemon.wait('tick');
		await daemon.kill('SIGTERM');
		assert.equal(daemon.code, 0, daemon.log);
		assert.equal(daemon.all('lease.released').length, 1, daemon.log);
	});

	test('SIGHUP changes what may change, keeps the rest, and takes nothing from a faulty file', async (t) => {
		const conf = path.join(scratch, 'live.conf');
		fs.writeFileSync(conf, 'MAX_BOUND_POOLS=3\nSOLANA_NETWORK=devnet\nAUDIT_SECONDS=3600\n');
		const environment = settings();
		delete environment.TICK_SECONDS;
		const daemon = new Daemon({ PATH: process.env.PATH, ...environment }, ['--config', conf]);
		t.after(() => daemon.kill());
		await daemon.wait('audit.complete');
		const chainFaults = (http) => new RpcClient(chain.url).call('chain_faults', { http });
		await chainFaults([{ method: 'getSignaturesForAddress', kind: 'rpc_error', count: 'always' }]);
		fs.writeFileSync(conf, 'MAX_BOUND_POOLS=0\nTICK_SECONDS=1\nPORT=1\n');
		daemon.child.kill('SIGHUP');
		await daemon.wait('config.reload_refused');
		assert.equal(daemon.all('config.invalid').length, 2, daemon.log);
		assert.equal(daemon.all('config.changed').length, 0, daemon.log);
		fs.writeFileSync(conf, 'MAX_BOUND_POOLS=4\nTICK_SECONDS=1\nSOLANA_NETWORK=localnet\nLOG_LEVEL=error\nAUDIT_SECONDS=1\n');
		const from = daemon.events.length;
		daemon.child.kill('SIGHUP');
		await daemon.wait('config.reloaded', {}, { from });
		assert.deepEqual(daemon.all('config.changed').map((event) => [event.key, event.from, event.to]), [['TICK_SECONDS', '5', '1'], ['MAX_BOUND_POOLS', '3', '4'], ['AUDIT_SECONDS', '3600', '1']]);
		assert.deepEqual(daemon.all('config.kept').map((event) => [event.key, event.value, event.asked]), [['SOLANA_NETWORK', 'devnet', 'localnet']]);
		await daemon.wait('audit.failed', {}, { from, within: 20000 }); // an hour was not waited for
		await chainFaults([]);
		const ticks = daemon.events.length; // the environment's LOG_LEVEL=debug wins over the file's
		const first = await daemon.wait('tick', {}, { from: ticks });
		const second = await daemon.wait('tick', { tick: Number(first.tick) + 1 }, { from: ticks });
		assert.ok(Date.parse(second.ts) - Date.parse(first.ts) < 4000, 'the new interval is in force');
		await daemon.kill('SIGTERM');
		assert.equal(daemon.code, 0, daemon.log);
	});

	test('SIGINT while the database is away ends within the limit, a second one at once', async () => {
		postgres.freeze();
		try {
			const daemon = start();
			await daemon.wait('start'); // from its first line on, a signal is a wish and not a death
			const began = Date.now();
			await daemon.kill('SIGINT');
			assert.ok(Date.now() - began < STOP_LIMIT_MS, `it took ${Date.now() - began} ms to end`);
			assert.equal(daemon.code, 0, daemon.log);
		} finally {
			postgres.thaw();
		}
		const daemon = start();
		await daemon.wait('tick');
		postgres.freeze();
		try {
			daemon.child.kill('SIGTERM');
			await daemon.wait('stop');
			await daemon.kill('SIGTERM');
			assert.equal(daemon.code, 128 + 15, daemon.log);
		} finally {
			postgres.thaw();
		}
	});

	test('an endpoint on another network exits 78', async () => {
		const other = await startChainProcess('--slot-ms', '100', '--genesis', MAINNET_GENESIS);
		try {
			const daemon = start({ SOLANA_RPC_URL_2: other.url });
			assert.equal((await daemon.exit()).code, 78, daemon.log);
			assert.equal(daemon.all('start.refused', { endpoint: 'rpc2', genesis: MAINNET_GENESIS }).length, 1, daemon.log);
			const local = start({ SOLANA_RPC_URL_2: other.url, SOLANA_NETWORK: 'localnet' }, ['--once']);
			assert.equal((await local.exit()).code, 0, local.log);
		} finally {
			await other.stop();
		}
	});

	test('an endpoint that is down holds nothing up, and stops the daemon when it turns out to be on another network', async () => {
		const spare = await startChainProcess('--slot-ms', '100', '--genesis', MAINNET_GENESIS);
		const port = new URL(spare.url).port;
		await spare.stop();
		const daemon = start({ SOLANA_RPC_URL_2: spare.url });
		await daemon.wait('ready');
		const other = await startChainProcess('--slot-ms', '100', '--genesis', MAINNET_GENESIS, '--port', port);
		try {
			assert.equal((await daemon.exit()).code, 78, daemon.log);
		} finally {
			await other.stop();
		}
	});

	test('a database that was never migrated, or to another version, exits 78', async () => {
		await psql(postgres.url(), 'CREATE DATABASE fresh');
		const fresh = start({ DATABASE_URL: postgres.url('fresh') });
		assert.equal((await fresh.exit()).code, 78, fresh.log);
		assert.equal(fresh.all('start.refused', { schema: 'none' }).length, 1, fresh.log);
		migrate(postgres.url('fresh'));
		await psql(postgres.url('fresh'), "INSERT INTO keeper.schema_migrations (version, name, sha256, ms) VALUES ('999', 'later', 'x', 1)");
		const newer = start({ DATABASE_URL: postgres.url('fresh') });
		assert.equal((await newer.exit()).code, 78, newer.log);
		assert.equal(newer.all('start.refused', { schema: '999' }).length, 1, newer.log);
	});

	test('a program that is missing or no program exits 78', async () => {
		for (const account of [{ lamports: 1_000_000, owner: SYSTEM_PROGRAM }, null]) {
			await new RpcClient(chain.url).call('chain_setAccount', ML_PROGRAM, account);
			await new Promise((resolve) => { setTimeout(resolve, 1000); }); // until it is confirmed
			const daemon = start();
			assert.equal((await daemon.exit()).code, 78, daemon.log);
			assert.equal(daemon.all('start.refused', { program: ML_PROGRAM }).length, 1, daemon.log);
		}
	});
});
