// Stand-ins for drand's relays: they serve the recorded rounds of tests/vectors/vrf.json, and misbehave on demand.
'use strict';

const http = require('node:http');
const path = require('node:path');

const { chain, rounds } = require(path.join(__dirname, '..', 'vectors', 'vrf.json')).drand_quicknet;

const ROUNDS = new Map(rounds.map((round) => [String(round.round), round]));
const V1 = new RegExp(`^/${chain.hash}/public/(\\d+)$`);
const V2 = /^\/v2\/beacons\/quicknet\/rounds\/(\d+)$/;
const HTML = '<html><head><title>200 OK</title></head><body>Please enable cookies</body></html>';
const HUGE = Buffer.alloc(1 << 20, ' ');

function send(response, status, text, type = 'application/json') {
	response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(text) });
	response.end(text);
}

function answer(response, version, round, changed = {}) {
	const all = { round: round.round, randomness: round.randomness, signature: round.signature, ...changed };
	if (version === 2) delete all.randomness;
	send(response, 200, JSON.stringify(all));
}

// Another recorded round's signature, under this one's number: no relay can be told from it without a pairing.
function falseRound(round) {
	const other = round.round === 42 ? 123 : 42;
	return { ...ROUNDS.get(String(other)), round: round.round };
}

const BEHAVIOURS = {
	honest: (response, version, round) => answer(response, version, round),
	v1: (response, version, round) => (version === 1 ? answer(response, version, round) : send(response, 404, 'not found\n', 'text/plain')),
	notYet: (response, version) => send(response, version === 1 ? 425 : 404, '{"error":"too early"}'),
	lie: (response, version, round) => answer(response, version, falseRound(round)),
	otherRound: (response, version, round) => answer(response, version, ROUNDS.get(round.round === 42 ? '123' : '42')),
	badRandomness: (response, version, round) => (version === 1 ? answer(response, version, round, { randomness: '00'.repeat(32) }) : send(response, 404, '')),
	shortSignature: (response, version, round) => answer(response, version, round, { signature: round.signature.slice(2) }),
	infinity: (response, version, round) => answer(response, version, round, { signature: `c0${'00'.repeat(47)}` }),
	uncompressed: (response, version, round) => answer(response, version, round, { signature: '00'.repeat(48) }),
	textRound: (response, version, round) => answer(response, version, round, { round: String(round.round) }),
	html: (response) => send(response, 200, HTML, 'text/html'),
	huge: (response) => send(response, 200, HUGE, 'application/json'),
	failing: (response) => send(response, 502, HTML, 'text/html'),
	reset: (response) => response.socket.resetAndDestroy(),
	silent: () => {},
};

class Relay {
	constructor() {
		this.behaviour = 'honest';
		this.requests = []; // { method, url, headers, body }
		this.server = http.createServer((request, response) => this.serve(request, response));
	}

	async start() {
		await new Promise((resolve, reject) => this.server.once('error', reject).listen(0, '127.0.0.1', resolve));
		this.host = `127.0.0.1:${this.server.address().port}`;
		this.url = `http://${this.host}`;
		return this;
	}

	serve(request, response) {
		let body = '';
		request.on('data', (data) => { body += data; });
		request.on('end', async () => {
			if (this.late > 0) await new Promise((resolve) => { setTimeout(resolve, this.late); });
			this.requests.push({ method: request.method, url: request.url, headers: request.headers, body });
			const [version, match] = V1.test(request.url) ? [1, V1.exec(request.url)] : [2, V2.exec(request.url)];
			const round = match && ROUNDS.get(match[1]);
			if (!round) BEHAVIOURS.notYet(response, version);
			else BEHAVIOURS[this.behaviour](response, version, round);
		});
	}

	behave(name) {
		if (!(name in BEHAVIOURS)) throw new Error(`a relay can behave as: ${Object.keys(BEHAVIOURS).join(' ')}`);
		this.behaviour = name;
	}

	async stop() {
		this.server.closeAllConnections();
		await new Promise((resolve) => { this.server.close(resolve); });
	}
}

// n relays on free ports. urls is what DRAND_RELAYS takes.
async function startDrand(n = 3) {
	const relays = await Promise.all(Array.from({ length: n }, () => new Relay().start()));
	return {
		relays,
		urls: relays.map((relay) => relay.url).join(','),
		behave: (...names) => names.forEach((name, i) => relays[i].behave(name)),
		stop: () => Promise.all(relays.map((relay) => relay.stop())),
	};
}

module.exports = { chain, rounds: ROUNDS, startDrand };
