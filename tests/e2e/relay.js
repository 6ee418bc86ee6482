// An HTTP relay in front of one RPC node that may change its answers: the lies that a node's own faults cannot tell.
'use strict';

const http = require('node:http');
const { post } = require('../chain/rpc-client.js');

// change(method, body, params) returns the body to answer with. Resolves to { url, close() }.
async function startRelay(target, change) {
	const server = http.createServer((request, response) => {
		let body = '';
		request.on('data', (data) => { body += data; });
		request.on('end', async () => {
			try {
				const answer = await post(target, body);
				response.writeHead(answer.status, { 'content-type': 'application/json' });
				const { method, params } = JSON.parse(body);
				response.end(change(method, answer.text, params));
			} catch {
				response.destroy();
			}
		});
	});
	await new Promise((resolve) => { server.listen(0, '127.0.0.1', resolve); });
	return { url: `http://127.0.0.1:${server.address().port}/`, close: () => { server.closeAllConnections(); server.close(); } };
}

module.exports = { startRelay };
