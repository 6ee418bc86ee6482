// Stands between the daemon and the local chain, passes everything on, and keeps every request that was made.
'use strict';

const http = require('node:http');
const { post } = require('../chain/rpc-client.js');
const { keyBytes } = require('../chain/solana.js');

const CLOCK = 'SysvarC1ock11111111111111111111111111111111';
const HISTORY = new Set(['getSignaturesForAddress', 'getTransaction']);

function readAll(request) {
	return new Promise((resolve, reject) => {
		const chunks = [];
		request.on('data', (chunk) => chunks.push(chunk));
		request.on('error', reject);
		request.on('end', () => resolve(Buffer.concat(chunks).toString()));
	});
}

// Resolves to { url, requests: [{ method, params }], stop() }.
async function startCountingProxy(target) {
	const requests = [];
	const server = http.createServer(async (request, response) => {
		const body = await readAll(request);
		const { method, params } = JSON.parse(body);
		requests.push({ method, params: params ?? [] });
		try {
			const { status, text } = await post(target, body);
			response.writeHead(status, { 'content-type': 'application/json' }).end(text);
		} catch {
			response.destroy();
		}
	});
	await new Promise((resolve) => { server.listen(0, '127.0.0.1', resolve); });
	const stop = () => new Promise((resolve) => {
		server.close(resolve);
		server.closeAllConnections();
	});
	return { url: `http://127.0.0.1:${server.address().port}/`, requests, stop };
}

// The tick's own read of all pools has the Clock behind them, and after it at most the wallet; a draw's has it in second place.
function isTickRead({ method, params: [keys] }) {
	return method === 'getMultipleAccounts' && keys.includes(CLOCK) && keys.indexOf(CLOCK) >= keys.length - 2;
}

// Does this request serve this one draw? A transaction does when the pool is among its accounts.
function concerns(request, pool) {
	const [first] = request.params;
	if (isTickRead(request)) return false;
	if (/Transaction$/.test(request.method) && request.method !== 'getTransaction') return Buffer.from(first, 'base64').includes(keyBytes(pool.address));
	return [].concat(first).includes(pool.address);
}

const historyCalls = (requests) => requests.filter(({ method }) => HISTORY.has(method)).length;

function countByMethod(requests) {
	const counts = {};
	for (const { method } of requests) counts[method] = (counts[method] ?? 0) + 1;
	return counts;
}

// Calls by method: { draw: for these draws, history: to record the users' transactions of their pools, shared: everything else }.
function classify(requests, pools) {
	const history = requests.filter(({ method }) => HISTORY.has(method));
	const others = requests.filter(({ method }) => !HISTORY.has(method));
	const draw = others.filter((request) => pools.some((pool) => concerns(request, pool)));
	return { draw: countByMethod(draw), history: countByMethod(history), shared: countByMethod(others.filter((request) => !draw.includes(request))) };
}

module.exports = { startCountingProxy, classify, historyCalls };
