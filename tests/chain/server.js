// The HTTP server of the local chain: five virtual nodes at /, /node/1 .. /node/4 on one bank, keep-alive, plus the WebSocket upgrade.
// The port is open at 127.0.0.1 to 127.0.0.5: two nodes of one host would be one witness for the daemon.
'use strict';

const http = require('node:http');
const net = require('node:net');
const json = require('./json.js');
const { Bank } = require('./bank.js');
const { Node } = require('./node.js');
const { RpcError, PARSE_ERROR } = require('./rpc-error.js');
const { answerRequest, methodsOf } = require('./rpc.js');
const { isControl } = require('./controls.js');
const { applyHttpFault, sendText } = require('./http-faults.js');
const { acceptWebSocket } = require('./websocket.js');

const NODES = 5;
const MAX_BODY_BYTES = 8 * 1024 * 1024;
const KEEP_ALIVE_MS = 120000;

function findNode(nodes, url) {
	const path = new URL(url, 'http://chain').pathname.replace(/\/+$/, '');
	if (path === '' || path === '/health') return nodes[0];
	const match = /^\/node\/(\d)(\/health)?$/.exec(path);
	return match ? nodes[Number(match[1])] : undefined;
}

function readBody(request, response, done) {
	const chunks = [];
	let size = 0;
	request.on('data', (chunk) => {
		size += chunk.length;
		if (size <= MAX_BODY_BYTES) chunks.push(chunk);
	});
	request.on('end', () => {
		if (size > MAX_BODY_BYTES) sendText(response, 413, 'text/plain', `body of ${size} bytes, the limit is ${MAX_BODY_BYTES}\n`);
		else done(Buffer.concat(chunks).toString());
	});
}

function parseBody(body) {
	try {
		return JSON.parse(body);
	} catch {
		return undefined;
	}
}

function answerHttp(context, node, request, response) {
	const methods = methodsOf(request);
	const answer = () => answerRequest(context, node, request);
	const send = () => sendText(response, 200, 'application/json', json.write(answer()));
	if (methods.every(isControl)) {
		send();
		return;
	}
	for (const method of methods) if (!isControl(method)) node.count(method);
	const wait = node.faults.hang;
	if (wait === 'forever') return;
	const fault = node.faults.takeHttp(methods);
	const act = fault ? () => applyHttpFault(fault, { response, request, answer }) : send;
	if (wait === 0) act();
	else setTimeout(() => response.destroyed || act(), wait);
}

function onRequest(context, request, response) {
	const node = findNode(context.nodes, request.url);
	if (!node) {
		sendText(response, 404, 'text/plain', `no node at ${request.url}: use / or /node/0 .. /node/${NODES - 1}\n`);
		return;
	}
	if (request.method === 'GET') {
		sendText(response, 200, 'text/plain', node.faults.unhealthy === false ? 'ok' : 'behind');
		return;
	}
	readBody(request, response, (body) => {
		const call = parseBody(body);
		if (call !== undefined) answerHttp(context, node, call, response);
		else sendText(response, 200, 'application/json', json.write(new RpcError(PARSE_ERROR, 'Parse error').toResponse(null)));
	});
}

function listen(server, port, host) {
	return new Promise((resolve, reject) => {
		server.once('error', reject);
		server.listen(port, host, () => resolve(server.address().port));
	});
}

// options: those of Bank, and port, slotMs, confirmLag, finalLag, programs: [{ address, elf }].
// Resolves to { url, bank, nodes, close() }.
async function startChain({ port = 0, slotMs = 400, confirmLag = 1, finalLag = 32, programs = [], ...bankOptions } = {}) {
	const bank = new Bank(bankOptions);
	for (const { address, elf } of programs) bank.addProgram(address, elf);
	const nodes = Array.from({ length: NODES }, (_, index) => new Node(index, bank, { confirmLag, finalLag }));
	const context = { bank, nodes };
	const server = http.createServer({ keepAliveTimeout: KEEP_ALIVE_MS }, (request, response) => onRequest(context, request, response));
	const sockets = new Set();
	server.on('connection', (socket) => {
		sockets.add(socket);
		socket.on('close', () => sockets.delete(socket));
	});
	server.on('upgrade', (request, socket) => {
		const node = findNode(nodes, request.url);
		if (node) acceptWebSocket(node, request, socket);
		else socket.destroy();
	});
	const boundPort = await listen(server, port, '127.0.0.1');
	const doors = Array.from({ length: NODES - 1 }, () => net.createServer((socket) => server.emit('connection', socket)));
	for (const [i, door] of doors.entries()) await listen(door, boundPort, `127.0.0.${i + 2}`);
	bank.setSlotMs(slotMs);
	const close = () => {
		bank.stop();
		for (const socket of sockets) socket.destroy();
		for (const door of doors) door.close();
		return new Promise((resolve) => server.close(resolve));
	};
	return { url: `http://127.0.0.1:${boundPort}`, bank, nodes, close };
}

module.exports = { startChain };
