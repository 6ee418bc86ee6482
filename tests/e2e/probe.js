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

	// Resolves to {status, type, text}.
	get(path, method = 'GET') {
		return new Promise((resolve, reject) => {
			const request = http.request({ host: '127.0.0.1', port: this.port, path, method, agent: false }, (response) => {
				let text = '';
				response.setEncoding('utf8').on('data', (data) => { text += data; }).on('end', () => {
					this.bodies.push(text);
					resolve({ status: response.statusCode, type: response.headers['content-type'], text });
				}).on('error', reject);
			});
			request.setTimeout(10000, () => request.destroy(new Error(`${path}: no answer within 10 s`)));
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

	// Opens connections that never finish their request; resolves to what they are when all are connected.
	async crawl(count, text = 'GET /metrics HTTP/1.1\r\nX-Slow: ') {
		const sockets = [];
		for (let i = 0; i < count; i++) sockets.push(this.crawler(text));
		await Promise.all(sockets.map(({ connected }) => connected));
		return sockets;
	}

	crawler(text) {
		const socket = net.connect(this.port, '127.0.0.1');
		socket.on('error', () => {});
		const drip = setInterval(() => socket.write('x'), 500);
		const closed = new Promise((resolve) => { socket.once('close', () => { clearInterval(drip); resolve(); }); });
		const connected = new Promise((resolve, reject) => { socket.once('connect', () => { socket.write(text); resolve(); }).once('error', reject); });
		return { socket, closed, connected };
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
