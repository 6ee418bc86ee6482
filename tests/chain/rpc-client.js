// A small JSON-RPC client for tests: one keep-alive connection pool, errors as exceptions with code and data.
'use strict';

const http = require('node:http');

const agent = new http.Agent({ keepAlive: true, maxSockets: 32 });
const TIMEOUT_MS = 30000;

class RpcCallError extends Error {
	constructor(method, { code, message, data }) {
		super(`${method}: ${message}`);
		this.code = code;
		this.rpcMessage = message;
		this.data = data;
		this.logs = data && data.logs ? data.logs : [];
	}
}

// Resolves to { status, headers, text }.
function post(url, body, headers = { 'content-type': 'application/json' }) {
	return new Promise((resolve, reject) => {
		const request = http.request(url, { method: 'POST', agent, headers, timeout: TIMEOUT_MS }, (response) => {
			const chunks = [];
			response.on('data', (chunk) => chunks.push(chunk));
			response.on('error', reject);
			response.on('end', () => {
				resolve({ status: response.statusCode, headers: response.headers, text: Buffer.concat(chunks).toString() });
			});
		});
		request.on('timeout', () => request.destroy(new Error(`no answer from ${url} within ${TIMEOUT_MS} ms`)));
		request.on('error', reject);
		request.end(body);
	});
}

class RpcClient {
	constructor(url) {
		this.url = url;
		this.nextId = 1;
	}

	async call(method, ...params) {
		const { status, text } = await post(this.url, JSON.stringify({ jsonrpc: '2.0', id: this.nextId++, method, params }));
		let answer;
		try {
			answer = JSON.parse(text);
		} catch {
			throw new Error(`${method}: HTTP ${status} with a body that is not JSON: ${text.slice(0, 80)}`);
		}
		if (answer.error) throw new RpcCallError(method, answer.error);
		return answer.result;
	}
}

module.exports = { RpcClient, RpcCallError, post };
