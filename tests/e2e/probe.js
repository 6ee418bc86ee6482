// A client of the daemon's HTTP pages, and the ill-behaved ones.
'use strict';

const http = require('node:http');
const net = require('node:net');
const { parseMetrics } = require('./prometheus.js');

const pause = (milliseconds) => new Promise((resolve) => { setTimeout(resolve, milliseconds); });

class Probe {
	// Resolves once the daemon listens.
	static async of(daemon) {
		const { address } = await daemon.wait('http.listening');
		return new Probe(Number(address.split(':').at(-1)));
	}

	constructor(port) {
		this.port = port;
		this.bodies = [];
	}

	// Resolves to {status, type, headers, text}.
	get(path, method = 'GET', within = 10000) {
		return new Promise((resolve, reject) => {
			const request = http.request({ host: '127.0.0.1', port: this.port, path, method, agent: false }, (response) => {
				let text = '';
				response.setEncoding('utf8').on('data', (data) => { text += data; }).on('end', () => {
					this.bodies.push(text);
					resolve({ status: response.statusCode, type: response.headers['content-type'], headers: response.headers, text });
				}).on('error', reject);
			});
			request.setTimeout(within, () => request.destroy(new Error(`${path}: no answer within ${within} ms`)));
			request.on('error', reject).end();
		});
	}

	async json(path) { return JSON.parse((await this.get(path)).text); }

	async metrics() { return parseMetrics((await this.get('/metrics')).text); }

	// The first answer of this page for which `fits` holds.
	async until(path, fits, what, within = 60000) {
		let last;
		for (const deadline = Date.now() + within; Date.now() < deadline; await pause(50)) {
			last = await this.get(path);
			if (fits(last)) return last;
		}
		throw new Error(`${path} never showed ${what}; last answer ${last.status}:\n${last.text.slice(0, 4000)}`);
	}

	ready(within) { return this.until('/readyz', ({ status }) => status === 200, '200', within); }

	unready(pattern, within) { return this.until('/readyz', ({ status, text }) => status === 503 && pattern.test(text), String(pattern), within); }

	// So many clients that never finish their request and come again when they are shown out, until stop() is called; stop()
	// resolves when the last one is gone. Resolves once all are connected.
	async crawl(count) {
		const crawlers = Array.from({ length: count }, () => this.crawler());
		await Promise.all(crawlers.map(({ connected }) => connected));
		return { stop: () => Promise.all(crawlers.map((crawler) => crawler.stop())) };
	}

	crawler() {
		let going = true;
		let gone;
		const come = () => new Promise((resolve) => {
			const socket = net.connect(this.port, '127.0.0.1', () => { socket.write('GET /metrics HTTP/1.1\r\nX-Slow: '); resolve(); });
			const drip = setInterval(() => socket.write('x'), 500);
			socket.on('error', () => {});
			gone = new Promise((left) => { socket.once('close', () => { clearInterval(drip); resolve(); left(); }); });
			gone.then(() => pause(500)).then(() => going && come());
		});
		return { connected: come(), stop: () => { going = false; return gone; } };
	}

	// Resolves to {status, headers, text}.
	post(path, body, headers = {}, method = 'POST') {
		return new Promise((resolve, reject) => {
			const text = typeof body === 'string' ? body : JSON.stringify(body);
			const request = http.request({ host: '127.0.0.1', port: this.port, path, method, agent: false, headers: { 'Content-Length': Buffer.byteLength(text), ...headers } }, (response) => {
				let all = '';
				response.setEncoding('utf8').on('data', (data) => { all += data; }).on('end', () => {
					this.bodies.push(all);
					resolve({ status: response.statusCode, headers: response.headers, text: all });
				}).on('error', reject);
			});
			request.on('error', reject).end(text);
		});
	}

	// Sends wagers as fast as it goes, over so many connections at once, until stop() is called, which resolves to how many were added.
	floodWagers(width, token) {
		let going = true;
		let added = 0;
		const one = async (_, lane) => {
			for (let i = 0; going; i++) {
				const answer = await this.post('/api/jackpot/contribute', { gameId: 'flood', wagerAmount: 1000, userId: `user${lane}` }, { Authorization: `Bearer ${token}`, 'Idempotency-Key': `${lane}-${i}` }).catch(() => null);
				this.bodies.length = 0;
				added += answer?.status === 200;
			}
		};
		const all = Promise.all(Array.from({ length: width }, one));
		return { stop: async () => { going = false; await all; return added; } };
	}

	// Asks for /metrics as fast as it goes, over so many connections at once, until stop() is called, which resolves to how many
	// were answered, in how many milliseconds, and how many different answers there were.
	flood(width) {
		const began = Date.now();
		const different = new Set();
		let going = true;
		let answered = 0;
		const one = async () => {
			while (going) {
				const page = await this.get('/metrics').catch(() => null);
				this.bodies.length = 0;
				if (!page) continue; // displaced by newer connections
				answered += 1;
				different.add(/^poolkeeper_uptime_seconds (.+)$/m.exec(page.text)[1]);
			}
		};
		const all = Promise.all(Array.from({ length: width }, one));
		return {
			stop: async () => {
				going = false;
				await all;
				return { answered, different: different.size, milliseconds: Date.now() - began };
			},
		};
	}
}

module.exports = { Probe };
