// pm2/ecosystem.config.cjs with the real pm2: start, logs, restart, crash, refusal, a second instance, and the death of pm2 itself.
'use strict';

const assert = require('node:assert/strict');
const { execFile } = require('node:child_process');
const { promisify } = require('node:util');
const fs = require('node:fs');
const path = require('node:path');
const { test } = require('node:test');
const { World, ROOT, sleep } = require('./world.js');
const { parseLine } = require('./daemon.js');

const run = promisify(execFile);
const PM2 = path.join(ROOT, 'tests', 'pm2', 'node_modules', 'pm2', 'bin', 'pm2');
const BINARY = process.env.POOLKEEPER ?? path.join(ROOT, 'build', 'poolkeeper');

// A pm2 of its own, and the shipped file in a folder that looks like this one.
class Pm2 {
	constructor(world) {
		this.root = path.join(world.directory, 'root');
		this.ecosystem = path.join(this.root, 'pm2', 'ecosystem.config.cjs');
		this.env = { PATH: process.env.PATH, HOME: world.directory, PM2_HOME: path.join(world.directory, 'pm2-home'), PM2_WORKER_INTERVAL: '500' };
		fs.mkdirSync(path.join(this.root, 'pm2'), { recursive: true });
		fs.mkdirSync(path.join(this.root, 'build'));
		fs.copyFileSync(path.join(ROOT, 'pm2', 'ecosystem.config.cjs'), this.ecosystem);
		fs.symlinkSync(BINARY, path.join(this.root, 'build', 'poolkeeper'));
	}

	async call(...args) {
		const { stdout } = await run(process.execPath, [PM2, '--no-color', ...args], { env: this.env, cwd: this.root, maxBuffer: 64 << 20 });
		return stdout;
	}

	writeEnv(settings) {
		const lines = Object.entries(settings).filter(([name]) => name !== 'PATH').map(([name, value]) => `${name}='${value}'\n`);
		fs.writeFileSync(path.join(this.root, '.env'), lines.join(''), { mode: 0o600 });
	}

	async app(name = 'poolkeeper') {
		const list = JSON.parse(await this.call('jlist'));
		const found = list.find((entry) => entry.name === name);
		return { pid: found.pid, status: found.pm2_env.status, restarts: found.pm2_env.restart_time, delay: found.pm2_env.prev_restart_delay };
	}

	// From the start of this process on.
	events(name, pid) {
		const file = path.join(this.root, 'logs', 'poolkeeper.log');
		const text = fs.existsSync(file) ? fs.readFileSync(file, 'utf8') : '';
		const lines = text.split('\n').map(parseLine);
		const from = pid === undefined ? 0 : lines.findIndex((event) => event.event === 'start' && event.pid === String(pid));
		return from < 0 ? [] : lines.slice(from).filter((event) => event.event === name);
	}

	async until(condition, within = 30000) {
		for (const deadline = Date.now() + within; Date.now() < deadline; await sleep(50)) if (await condition()) return;
		const log = fs.readFileSync(path.join(this.root, 'logs', 'poolkeeper.log'), 'utf8').split('\n').filter((line) => !line.includes('level=debug'));
		throw new Error(`not within ${within} ms: ${condition}\n${JSON.stringify(await this.app())}\n${log.slice(-20).join('\n')}`);
	}

	get daemonPid() { return Number(fs.readFileSync(path.join(this.env.PM2_HOME, 'pm2.pid'), 'utf8')); }

	async stop() {
		if (fs.existsSync(path.join(this.env.PM2_HOME, 'pm2.pid'))) await this.call('kill');
	}
}

const isGone = (pid) => { try { process.kill(pid, 0); return false; } catch { return true; } };

test('a life under pm2', async (t) => {
	const world = await World.start();
	const pm2 = new Pm2(world);
	t.after(async () => {
		await pm2.stop();
		await world.stop();
	});
	const settings = world.environment({ LOG_LEVEL: 'debug', DB_TIMEOUT_MS: '4000' });
	pm2.writeEnv(settings);

	await pm2.call('start', pm2.ecosystem);
	const first = await pm2.app();
	assert.equal(first.status, 'online');
	assert.ok(pm2.events('tick').length > 0, 'it was waited for');
	const holds = (app) => pm2.until(() => pm2.events('lease.held', app.pid).length > 0);
	await holds(first);
	assert.match(await pm2.call('logs', 'poolkeeper', '--nostream', '--lines', '50'), /event=ready endpoints=1/);

	pm2.writeEnv({ ...settings, MAX_BOUND_POOLS: '5' });
	await pm2.call('sendSignal', 'SIGHUP', 'poolkeeper');
	await pm2.until(() => pm2.events('config.changed').length === 1);

	await pm2.call('restart', 'poolkeeper');
	const second = await pm2.app();
	assert.notEqual(second.pid, first.pid);
	await holds(second);
	// The first one finished. Had it been killed, its lease would have to run out; its own last lines pm2 may lose.
	assert.equal(pm2.events('lease.standby', second.pid).length, 0);

	await pm2.call('reload', 'poolkeeper');
	const third = await pm2.app();
	assert.notEqual(third.pid, second.pid);
	assert.equal(third.status, 'online');
	assert.ok(pm2.events('tick', third.pid).length > 0, 'it was waited for again');
	await holds(third);
	assert.equal(pm2.events('lease.standby', third.pid).length, 0, 'one finished, then the other began');

	// A second one by mistake, in the same folder with the same settings.
	await pm2.call('start', path.join(pm2.root, 'build', 'poolkeeper'), '--name', 'twin', '--interpreter', 'none', '--cwd', pm2.root,
		'--output', path.join(pm2.root, 'logs', 'twin.log'), '--error', path.join(pm2.root, 'logs', 'twin.log'), '--', '--env-file', '.env');
	const twin = () => fs.readFileSync(path.join(pm2.root, 'logs', 'twin.log'), 'utf8');
	await pm2.until(() => /event=lease.standby/.test(twin()));
	assert.equal((await pm2.app('twin')).status, 'online');
	await pm2.call('delete', 'twin');
	assert.doesNotMatch(twin(), /event=lease.(held|taken)/);

	// Crashes: started again each time, and later each time.
	const delays = [];
	for (let n = 1; n <= 3; n++) {
		const { pid, restarts } = await pm2.app();
		process.kill(pid, 'SIGKILL');
		await pm2.until(async () => { const app = await pm2.app(); return app.status === 'online' && app.pid !== pid && app.restarts > restarts; });
		delays.push((await pm2.app()).delay);
	}
	assert.ok(delays[0] >= 100 && delays[1] > delays[0] && delays[2] > delays[1], String(delays));

	// What pm2 saves is for everybody on the machine to read.
	await pm2.call('save');
	const dump = fs.readFileSync(path.join(pm2.env.PM2_HOME, 'dump.pm2'), 'utf8');
	assert.match(dump, /"name": "poolkeeper"/);
	for (const secret of ['DATABASE_URL', JSON.stringify([...world.devWallet.seed]).slice(1, -1)]) assert.ok(!dump.includes(secret), 'a secret is in dump.pm2');

	// pm2 itself dies and is brought back: nobody is left that it would know nothing of.
	const orphan = (await pm2.app()).pid;
	await pm2.until(() => pm2.events('tick', orphan).length > 0);
	process.kill(pm2.daemonPid, 'SIGKILL');
	await pm2.call('resurrect');
	await pm2.until(() => isGone(orphan));
	const revived = await pm2.app();
	assert.equal(revived.status, 'online');
	await holds(revived);

	// It ends as slowly as it may, because nobody answers it: pm2's own patience is 1.6 s.
	const began = Date.now();
	world.postgres.freeze();
	try {
		await pm2.call('stop', 'poolkeeper');
	} finally {
		world.postgres.thaw();
	}
	t.diagnostic(`stopped in ${Date.now() - began} ms`);
	assert.equal((await pm2.app()).status, 'stopped');
	await pm2.until(() => pm2.events('stop.done', revived.pid).at(-1)?.code === '0');
	const [from, to] = [pm2.events('stop', revived.pid), pm2.events('stop.done', revived.pid)].map(([event]) => Date.parse(event.ts));
	assert.ok(to - from > 1600, `${to - from} ms: no test of patience`);

	// Who takes more memory than he may is started again.
	const shipped = fs.readFileSync(pm2.ecosystem, 'utf8');
	fs.writeFileSync(pm2.ecosystem, shipped.replace(/^(\t*max_memory_restart: )'512M'/m, "$1'1M'"));
	await pm2.call('delete', 'poolkeeper');
	await pm2.call('start', pm2.ecosystem);
	await pm2.until(async () => (await pm2.app()).restarts > 0);
	await pm2.call('kill'); // deleted while it is just started again, it would come back

	// What a person has to correct is tried once.
	fs.writeFileSync(pm2.ecosystem, shipped);
	pm2.writeEnv({ ...settings, TICK_SECONDS: '0' });
	const starts = pm2.events('start').length;
	await pm2.call('start', pm2.ecosystem);
	await pm2.until(async () => (await pm2.app()).pid === 0);
	assert.equal((await pm2.app()).restarts, 0); // asking takes longer than the first delay
	assert.equal((await pm2.app()).pid, 0);
	assert.equal(pm2.events('config.invalid').length, 1);
	assert.equal(pm2.events('start').length, starts);
});
