// drand's relays, asked by the daemon's own client: who agrees, who lies, who is late, gone, a web page or endless.
'use strict';

const { describe, test, before, after, beforeEach } = require('node:test');
const assert = require('node:assert');
const { spawn } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const readline = require('node:readline');
const { chain, rounds, startDrand } = require('../lib/drand.js');

const program = path.join(__dirname, '..', '..', 'build', 'tests', 'live_drand');

// One client process; each ask() is one question and its answer.
function startClient(urls, ...args) {
	const child = spawn(program, [urls, ...args], { stdio: ['pipe', 'pipe', 'pipe'] });
	const lines = readline.createInterface({ input: child.stdout })[Symbol.asyncIterator]();
	const client = { log: '', ended: new Promise((resolve) => { child.on('close', resolve); }) };
	child.stderr.on('data', (data) => { client.log += data; });
	client.ask = async (round) => {
		child.stdin.write(`${round}\n`);
		const [err, by, signature, randomness, why] = (await lines.next()).value.split('\t');
		return { err, by, signature, randomness, why };
	};
	client.stop = async () => {
		child.stdin.end();
		return client.ended;
	};
	return client;
}

describe('drand relays', () => {
	let drand, client;
	before(async () => {
		assert.ok(fs.existsSync(program), `${program} is not built: run scripts/build`);
		drand = await startDrand(4);
		client = startClient(drand.urls);
	});
	after(async () => {
		const code = await client.stop();
		await drand.stop();
		assert.strictEqual(code, 0);
	});
	beforeEach(() => {
		drand.behave('honest', 'honest', 'honest', 'honest');
		for (const relay of drand.relays) relay.requests.length = 0;
	});

	const agreed = (answer, round = 1000) => {
		assert.strictEqual(answer.err, 'ok', answer.why);
		assert.strictEqual(answer.signature, rounds.get(String(round)).signature);
		assert.strictEqual(answer.randomness, rounds.get(String(round)).randomness);
	};
	const hosts = (...indexes) => indexes.map((i) => drand.relays[i].host).join(' ');

	test('every recorded round is got with its randomness, from all four', async () => {
		for (const round of rounds.keys()) agreed(await client.ask(round), round);
		agreed(await client.ask(1000));
		assert.strictEqual((await client.ask(1000)).by, `same from ${hosts(0, 1, 2, 3)}`);
	});

	test('v2 is asked first, v1 where v2 is missing, and neither ever for the latest', async () => {
		drand.behave('v1', 'html');
		agreed(await client.ask(1000));
		const paths = drand.relays.map((relay) => relay.requests.map((request) => request.url));
		const [v2, v1] = ['/v2/beacons/quicknet/rounds/1000', `/${chain.hash}/public/1000`];
		assert.deepStrictEqual(paths, [[v2, v1], [v2, v1], [v2], [v2]]);
	});

	test('only the number of the round leaves this host', async () => {
		agreed(await client.ask(1000));
		for (const { method, headers, body } of drand.relays.flatMap((relay) => relay.requests)) {
			assert.deepStrictEqual([method, body], ['GET', '']);
			assert.deepStrictEqual(Object.keys(headers).sort(), ['accept', 'accept-encoding', 'host', 'user-agent']);
			assert.strictEqual(headers['user-agent'], 'poolkeeper');
		}
	});

	test('one that lies is outvoted and named in the log', async () => {
		drand.behave('honest', 'lie', 'honest', 'failing');
		const answer = await client.ask(1000);
		agreed(answer);
		assert.strictEqual(answer.by, `same from ${hosts(0, 2)}`);
		assert.match(client.log, new RegExp(`event=drand.false_relay relay=${drand.relays[1].host} round=1000`));
	});

	test('one against one, and two against two, is a disagreement that names all', async () => {
		for (const behaviours of [['honest', 'lie', 'failing', 'reset'], ['lie', 'honest', 'honest', 'lie']]) {
			drand.behave(...behaviours);
			const { err, by, why } = await client.ask(1000);
			assert.deepStrictEqual([err, by], ['refused', '']);
			behaviours.forEach((behaviour, i) => {
				const spoke = behaviour === 'honest' || behaviour === 'lie';
				assert.strictEqual(why.includes(`${drand.relays[i].host} says `), spoke, why);
			});
		}
	});

	test('one answer alone is no answer', async () => {
		drand.behave('honest', 'failing', 'reset', 'notYet');
		const { err, why } = await client.ask(1000);
		assert.strictEqual(err, 'retry');
		assert.match(why, /^1 of 4 relays gave round 1000 of drand, two of different domains have to: /);
	});

	test('a round that is not there yet is asked for again, and no other is taken', async () => {
		assert.strictEqual((await client.ask(999999999)).err, 'retry');
		assert.ok(drand.relays.every((relay) => relay.requests.every((request) => request.url.endsWith('/999999999'))));
		drand.behave('otherRound', 'otherRound', 'otherRound', 'otherRound');
		const { err, why } = await client.ask(1000);
		assert.strictEqual(err, 'retry');
		assert.match(why, /is of another round/);
	});

	const useless = { html: /is not JSON/, huge: /larger than 4096/, badRandomness: /not the SHA-256/, shortSignature: /no signature/, textRound: /no round/,
		infinity: /point at infinity/, uncompressed: /no compressed point/ };
	for (const [behaviour, says] of Object.entries(useless)) {
		test(`a relay that answers "${behaviour}" does not count`, async () => {
			drand.behave(behaviour, 'honest', behaviour, 'honest');
			const answer = await client.ask(1000);
			agreed(answer);
			assert.strictEqual(answer.by, `same from ${hosts(1, 3)}`);
			drand.behave(behaviour, behaviour, behaviour, 'honest');
			const { err, why } = await client.ask(1000);
			assert.strictEqual(err, 'retry');
			assert.match(why, says);
		});
	}

	// A build with pairings knows at once what is false.
	const checks = async () => (await client.ask(1000)).by.startsWith('pairing');

	test('two false ones that are quick do not win against three that are slow, and are named', async () => {
		const five = await startDrand(5);
		const its = startClient(five.urls);
		five.behave('lie', 'lie', 'honest', 'honest', 'honest');
		for (const relay of five.relays.slice(2)) relay.late = 1500;
		agreed(await its.ask(1000));
		for (const relay of five.relays.slice(0, 2)) assert.match(its.log, new RegExp(`event=drand.false_relay relay=${relay.host} round=1000`));
		assert.strictEqual(await its.stop(), 0);
		await five.stop();
	});

	test('silent relays are not waited for once a majority agrees; for fewer the others have their time', async () => {
		const took = async (...behaviours) => {
			drand.behave(...behaviours);
			const began = performance.now();
			const answer = await client.ask(1000);
			return [answer, performance.now() - began];
		};
		const [answer, short] = await took('honest', 'honest', 'silent', 'honest');
		const [two, long] = await took('honest', 'silent', 'silent', 'honest');
		agreed(answer);
		agreed(two);
		assert.ok(await checks() || short < long / 2, `${short} ms and ${long} ms`);
	});

	test('relays that are gone, and a call that is taken back', async () => {
		const other = await startDrand(3);
		const its = startClient(other.urls, 'cancel');
		await other.relays[0].stop();
		agreed(await its.ask(1000));
		await other.stop();
		const { err, why } = await its.ask(1000);
		assert.strictEqual(err, 'retry');
		assert.match(why, /cannot connect/);
		for (const relay of other.relays) assert.ok(why.includes(relay.host), why);
		assert.strictEqual(await its.stop(), 0);
	});
});
