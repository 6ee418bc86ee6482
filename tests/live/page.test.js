// The page in a real browser: a certificate is chosen, judged and searched, and nothing is asked of the network. --full only.
'use strict';

const test = require('node:test');
const assert = require('node:assert');
const { execFileSync, spawn } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');

const { MUTATIONS, mutated } = require('./mutated.js');

const root = path.join(__dirname, '..', '..');
const stored = (name) => path.join(root, 'tests', 'certificates', name);

// Chromium's own protocol over two pipes: one JSON object per message, a zero byte behind it.
class Browser {
	constructor(profile) {
		this.process = spawn('chromium', ['--headless', '--no-sandbox', '--disable-gpu', '--remote-debugging-pipe', `--user-data-dir=${profile}`],
			{ stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'] });
		Object.assign(this, { next: 1, waiting: new Map(), events: [], rest: '' });
		this.process.stdio[4].on('data', (data) => this.take(data));
		this.ended = new Promise((resolve) => { this.process.on('exit', resolve); });
	}

	take(data) {
		const messages = (this.rest + data).split('\0');
		this.rest = messages.pop();
		for (const message of messages.map((text) => JSON.parse(text))) {
			if (message.id) this.waiting.get(message.id)(message);
			else this.events.push(message);
			this.waiting.get(message.method)?.();
		}
	}

	async call(method, params = {}) {
		const id = this.next++;
		this.process.stdio[3].write(`${JSON.stringify({ id, method, params, sessionId: this.session })}\0`);
		const answer = await new Promise((resolve) => { this.waiting.set(id, resolve); });
		assert.ok(!answer.error, `${method}: ${JSON.stringify(answer.error)}`);
		return answer.result;
	}

	async open(url) {
		const { targetId } = await this.call('Target.createTarget', { url: 'about:blank' });
		const { sessionId } = await this.call('Target.attachToTarget', { targetId, flatten: true });
		this.session = sessionId;
		await this.call('Network.enable');
		await this.call('Page.enable');
		const loaded = new Promise((resolve) => { this.waiting.set('Page.loadEventFired', resolve); });
		await this.call('Page.navigate', { url });
		await loaded;
	}

	async evaluate(expression) {
		const { result } = await this.call('Runtime.evaluate', { expression, awaitPromise: true });
		return result.value;
	}

	// Until the page says so itself.
	until(condition) {
		return this.evaluate(`new Promise((resolve) => { const look = () => (${condition}) ? resolve(true) : requestAnimationFrame(look); look(); })`);
	}

	async choose(file) {
		await this.evaluate('document.getElementById("verdict").textContent = ""');
		const { root: document } = await this.call('DOM.getDocument');
		const { nodeId } = await this.call('DOM.querySelector', { nodeId: document.nodeId, selector: '#file' });
		await this.call('DOM.setFileInputFiles', { nodeId, files: [file] });
		await this.until('document.getElementById("verdict").textContent.includes(":")');
		return this.evaluate('document.getElementById("verdict").textContent');
	}
}

async function inTheBrowser() {
	const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'page-'));
	execFileSync('npm', ['run', 'build', '--silent', '--', `--outfile=${path.join(folder, 'verify.js')}`], { cwd: path.join(root, 'docs', 'verify'), stdio: 'pipe' });
	for (const name of ['index.html', 'style.css']) fs.copyFileSync(path.join(root, 'docs', 'verify', name), path.join(folder, name));
	const browser = new Browser(path.join(folder, 'profile'));
	try {
		await browser.open(`file://${path.join(folder, 'index.html')}`);
		assert.match(await browser.choose(stored('draw.json')), /^cannot be known: refusals:/);
		await browser.evaluate('document.getElementById("who").value = "0102030000000000000000000000000000000000000000000000000000000001"; document.getElementById("find").click()');
		const found = await browser.evaluate('[...document.querySelectorAll("#found tr.ok")].map((row) => row.cells[0].textContent + " " + row.cells[3].textContent).join()');
		assert.equal(found, '1 yes,6 yes');
		assert.match(await browser.choose(stored('pool.json')), /^fair, as far as the file shows; not checked here: chain$/);
		assert.match(await browser.choose(stored('refund.json')), /^no draw: refunded, as far as the file shows; not checked here: anchor, one_lock, block, /);
		assert.equal(await browser.evaluate('document.getElementById("verdict").className'), 'no-draw-refunded');
		const changed = path.join(folder, 'changed.json');
		const large = path.join(folder, 'large.json');
		fs.writeFileSync(large, '');
		fs.truncateSync(large, 200 * 2 ** 20 + 1);
		assert.match(await browser.choose(large), /^cannot be known: the file has 209715201 bytes and this page takes 209715200/);
		assert.equal(await browser.evaluate('document.getElementById("results").childElementCount'), 0, 'nothing of the file before is left');
		fs.writeFileSync(changed, fs.readFileSync(stored('draw.json'), 'utf8').replace('ledger 71', '<img src=x onerror=alert(1)>'.replaceAll('"', '')));
		assert.match(await browser.choose(changed), /^not fair: signature/);
		assert.equal(await browser.evaluate('document.querySelectorAll("img").length'), 0);
		for (const [i, mutation] of MUTATIONS.entries()) {
			const forged = path.join(folder, `forged-${i}.json`);
			fs.writeFileSync(forged, await mutated(mutation));
			assert.match(await browser.choose(forged), /^not fair: /, mutation.name);
			assert.ok(await browser.evaluate(`[...document.querySelectorAll('#results tr.wrong')].some((row) => row.cells[0].textContent === '${mutation.check}')`), `${mutation.name}: ${mutation.check}`);
		}
		const asked = browser.events.filter(({ method }) => method === 'Network.requestWillBeSent').map(({ params }) => params.request.url);
		assert.deepEqual(asked.filter((url) => !url.startsWith(`file://${folder}`)), []);
		const refused = await browser.evaluate(`new Promise((resolve) => {
			document.addEventListener('securitypolicyviolation', ({ effectiveDirective }) => resolve(effectiveDirective));
			const after = () => requestAnimationFrame(() => requestAnimationFrame(() => resolve('not refused by the policy')));
			fetch('https://example.org/').then(after, after);
		})`);
		assert.equal(refused, 'connect-src');
	} finally {
		browser.process.kill();
		await browser.ended;
		fs.rmSync(folder, { recursive: true, force: true });
	}
}

if (process.env.POOLKEEPER_TEST_FULL) test('the page judges certificates and finds tickets in a browser, and asks nobody', { timeout: 120000 }, inTheBrowser);
