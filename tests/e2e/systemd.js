// A real systemd in namespaces of its own, with the unit as it is shipped and the daemon in it.
'use strict';

const { execFile, execFileSync, spawn } = require('node:child_process');
const { promisify } = require('node:util');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { ROOT, sleep } = require('./world.js');
const { parseLine } = require('./daemon.js');

const run = promisify(execFile);
const BINARY = process.env.POOLKEEPER ?? path.join(ROOT, 'build', 'poolkeeper');
const NAMESPACES = ['--mount', '--pid', '--fork', '--kill-child', '--cgroup', '--uts', '--ipc'];

// NULL, or why no systemd can be booted here.
function whyNot() {
	if (process.getuid() !== 0) return 'needs root for namespaces';
	try {
		execFileSync('unshare', [...NAMESPACES, 'true'], { stdio: 'pipe' });
	} catch (error) {
		return `no namespaces here: ${String(error.stderr).trim()}`;
	}
	return null;
}

const UNITS = ['poolkeeper.service', 'poolkeeper-signer.service', 'poolkeeper-signer.socket'];

class Systemd {
	// files: path below /etc -> text; all of mode 0600. deb: a package to be there as /usr/local/bin/poolkeeper.deb, with
	// neither program nor unit; false: nothing of ours at all.
	static async boot(files, deb) {
		const systemd = new Systemd();
		try {
			await systemd.start(files, deb);
		} catch (error) {
			await systemd.stop();
			throw error;
		}
		return systemd;
	}

	constructor() { this.directory = fs.mkdtempSync(path.join(os.tmpdir(), 'poolkeeper-systemd-')); }

	async start(files, deb) {
		for (const name of ['etc/systemd/system', 'etc/poolkeeper', 'bin', 'over']) fs.mkdirSync(path.join(this.directory, name), { recursive: true });
		fs.chmodSync(this.directory, 0o755);
		if (deb) {
			fs.copyFileSync(deb, path.join(this.directory, 'bin', 'poolkeeper.deb'));
		} else if (deb !== false) {
			for (const name of ['poolkeeper', 'poolkeeper-signer']) fs.copyFileSync(path.join(path.dirname(BINARY), name), path.join(this.directory, 'bin', name));
			for (const name of UNITS) fs.copyFileSync(path.join(ROOT, 'config', name), path.join(this.directory, 'etc/systemd/system', name));
		}
		for (const [name, text] of Object.entries(files)) {
			const file = path.join(this.directory, 'etc', name);
			fs.mkdirSync(path.dirname(file), { recursive: true });
			fs.writeFileSync(file, text, { mode: name.startsWith('systemd/') || name.endsWith('.conf') ? 0o644 : 0o600 });
		}
		this.log = '';
		this.child = spawn('unshare', [...NAMESPACES, path.join(ROOT, 'tests', 'lib', 'systemd-boot'), this.directory], { stdio: ['ignore', 'pipe', 'pipe'] });
		for (const stream of [this.child.stdout, this.child.stderr]) stream.on('data', (data) => { this.log += data; });
		this.exited = new Promise((resolve) => { this.child.once('close', resolve); });
		this.exited.then(() => { this.ended = true; });
		await this.until(async () => {
			const [pid] = fs.readFileSync(`/proc/${this.child.pid}/task/${this.child.pid}/children`, 'utf8').split(' ');
			this.pid = pid;
			return (await this.systemctl('is-active', 'test.target')) === 'active';
		});
	}

	async until(condition, within = 30000) {
		for (const deadline = Date.now() + within; Date.now() < deadline; await sleep(50)) {
			if (this.ended) throw new Error(`systemd ended: ${this.log}`);
			if (await condition()) return;
		}
		throw new Error(`not within ${within} ms: ${condition}\n${this.log}\n${await this.inside('journalctl', '--no-pager', '-n', '60')}`);
	}

	// The answer of a program that runs inside; of one that fails, too.
	async inside(program, ...args) {
		try {
			const { stdout } = await run('nsenter', ['-t', this.pid, '-m', '-p', program, ...args], { maxBuffer: 64 << 20, timeout: 60000 });
			return stdout.trim();
		} catch (error) {
			this.code = error.code;
			return error.stdout === undefined ? '' : `${error.stdout}${error.stderr}`.trim();
		}
	}

	systemctl(...args) { return this.inside('systemctl', ...args); }

	async show(property, unit = 'poolkeeper') { return (await this.systemctl('show', '-P', property, unit)); }

	write(name, text) { return this.inside('sh', '-c', 'printf %s "$1" >"/etc/$0"', name, text); }

	async events(name) {
		const text = await this.inside('journalctl', '-u', 'poolkeeper', '-o', 'cat', '--no-pager');
		return text.split('\n').filter((line) => line.startsWith('level=')).map(parseLine).filter((event) => event.event === name);
	}

	async wait(name, count = 1, within = 30000) {
		await this.until(async () => (await this.events(name)).length >= count, within);
		return (await this.events(name)).at(-1);
	}

	async stop() {
		if (this.child && !this.ended) {
			this.child.kill('SIGKILL'); // and with it, by --kill-child, everything inside
			await this.exited;
		}
		fs.rmSync(this.directory, { recursive: true, force: true });
	}
}

module.exports = { Systemd, UNITS, whyNot };
