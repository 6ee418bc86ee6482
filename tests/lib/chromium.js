// Headless Chromium over its debugging pipe: no port, and no library besides Node's own.
'use strict';

const { spawn, spawnSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');

// NULL, or why there is none here. Debian's package chromium; scripts/test --full installs it.
function whyNoChromium() {
	if (!process.env.POOLKEEPER_TEST_FULL) return 'needs Chromium, scripts/test --full runs it';
	return spawnSync('chromium', ['--version']).status === 0 ? null : 'chromium is not installed';
}

class Chromium {
	static async start() {
		const browser = new Chromium();
		const { targetId } = await browser.call('Target.createTarget', { url: 'about:blank' });
		({ sessionId: browser.sessionId } = await browser.call('Target.attachToTarget', { targetId, flatten: true }));
		for (const domain of ['Page', 'Runtime', 'Log', 'Network']) await browser.call(`${domain}.enable`);
		return browser;
	}

	constructor() {
		this.directory = fs.mkdtempSync(path.join(os.tmpdir(), 'poolkeeper-chromium-'));
		this.waiting = new Map();
		this.events = [];
		this.listeners = new Set();
		this.child = spawn('chromium', ['--headless=new', '--no-sandbox', '--disable-gpu', '--hide-scrollbars', '--no-first-run', '--remote-debugging-pipe', `--user-data-dir=${this.directory}`], { stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'] });
		this.ended = new Promise((resolve) => { this.child.once('close', resolve); });
		let rest = '';
		this.child.stdio[4].setEncoding('utf8').on('data', (data) => {
			const messages = (rest + data).split('\0');
			rest = messages.pop();
			for (const message of messages) this.take(JSON.parse(message));
		});
		this.ended.then(() => { for (const { reject } of this.waiting.values()) reject(new Error('chromium ended')); });
	}

	take(message) {
		if (message.id === undefined) {
			this.events.push(message);
			for (const listener of this.listeners) listener(message);
			return;
		}
		const { resolve, reject } = this.waiting.get(message.id);
		this.waiting.delete(message.id);
		if (message.error) reject(new Error(message.error.message));
		else resolve(message.result);
	}

	call(method, params = {}) {
		const id = (this.id = (this.id ?? 0) + 1);
		return new Promise((resolve, reject) => {
			this.waiting.set(id, { resolve, reject });
			this.child.stdio[3].write(`${JSON.stringify({ id, method, params, sessionId: this.sessionId })}\0`);
		});
	}

	event(method) {
		return new Promise((resolve) => {
			const listener = (event) => {
				if (event.method !== method) return;
				this.listeners.delete(listener);
				resolve(event.params);
			};
			this.listeners.add(listener);
		});
	}

	// scheme: light or dark. Resolves when it is loaded and painted.
	async open(url, { width, height, scheme = 'light' }) {
		this.events.length = 0;
		await this.call('Emulation.setDeviceMetricsOverride', { width, height, deviceScaleFactor: 1, mobile: width < 600 });
		await this.call('Emulation.setEmulatedMedia', { features: [{ name: 'prefers-color-scheme', value: scheme }] });
		const loaded = this.event('Page.loadEventFired');
		await this.call('Page.navigate', { url });
		await loaded;
	}

	// What a function returns in the page, as JSON.
	async run(script, ...args) {
		const { result, exceptionDetails } = await this.call('Runtime.evaluate', { expression: `(${script})(...${JSON.stringify(args)})`, returnByValue: true, awaitPromise: true });
		if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
		return result.value;
	}

	async screenshot() { return Buffer.from((await this.call('Page.captureScreenshot', { captureBeyondViewport: true })).data, 'base64'); }

	// What the browser complained of since open().
	complaints() {
		const said = ({ method, params }) => {
			if (method === 'Log.entryAdded') return params.entry.text;
			if (method === 'Runtime.exceptionThrown') return params.exceptionDetails.text;
			if (method === 'Runtime.consoleAPICalled' && ['error', 'warning'].includes(params.type)) return params.args.map(({ value }) => value).join(' ');
			return undefined;
		};
		return this.events.map(said).filter((text) => text !== undefined);
	}

	// Every address that was asked for since open().
	requests() { return this.events.filter(({ method }) => method === 'Network.requestWillBeSent').map(({ params }) => params.request.url); }

	async stop() {
		this.child.kill('SIGKILL');
		await this.ended;
		fs.rmSync(this.directory, { recursive: true, force: true, maxRetries: 10 });
	}
}

module.exports = { Chromium, whyNoChromium };
