// The HTTP faults of a node: each kind ruins one answer in its own way.
'use strict';

const json = require('./json.js');

const DEFAULT_HUGE_BYTES = 50 * 1024 * 1024;
const HUGE_CHUNK = Buffer.alloc(64 * 1024, 'A');
const HTML = '<html><head><title>502 Bad Gateway</title></head><body><center><h1>502 Bad Gateway</h1></center></body></html>';

function sendText(response, status, contentType, text, headers = {}) {
	response.writeHead(status, { 'content-type': contentType, 'content-length': Buffer.byteLength(text), ...headers });
	response.end(text);
}

function sendStatus(fault, { response, request }) {
	const status = fault.status || 429;
	const message = status === 429 ? 'Too many requests for a specific RPC call' : 'Service unavailable';
	const id = Array.isArray(request) ? null : request.id;
	const body = fault.body === undefined ? json.write({ jsonrpc: '2.0', error: { code: status, message }, id }) : fault.body;
	const headers = fault.retryAfter === undefined ? {} : { 'retry-after': String(fault.retryAfter) };
	sendText(response, status, fault.contentType || 'application/json', body, headers);
}

function sendHtml(fault, { response }) {
	sendText(response, fault.status || 502, 'text/html', fault.body === undefined ? HTML : fault.body);
}

// Announces the whole answer, sends a part, then closes.
function sendTruncated(fault, { response, answer }) {
	const text = Buffer.from(json.write(answer()));
	const sent = fault.bytes === undefined ? text.length >> 1 : fault.bytes;
	response.writeHead(200, { 'content-type': 'application/json', 'content-length': text.length });
	response.write(text.subarray(0, sent), () => response.socket.end());
}

// One JSON string that goes on and on, without a length up front.
function sendHuge(fault, { response }) {
	let left = fault.bytes === undefined ? DEFAULT_HUGE_BYTES : fault.bytes;
	response.writeHead(200, { 'content-type': 'application/json' });
	response.write('{"jsonrpc":"2.0","result":"');
	const more = () => {
		while (left > 0 && !response.destroyed) {
			left -= HUGE_CHUNK.length;
			if (!response.write(HUGE_CHUNK)) {
				response.once('drain', more);
				return;
			}
		}
		if (!response.destroyed) response.end('","id":1}');
	};
	more();
}

function reset({ response }) {
	response.socket.resetAndDestroy();
}

// The work is done, the answer is lost.
function loseReply(fault, exchange) {
	exchange.answer();
	reset(exchange);
}

// Without ms the request is never answered and never executed.
function hang(fault, { response, answer }) {
	if (fault.ms === undefined) return;
	setTimeout(() => {
		if (!response.destroyed) sendText(response, 200, 'application/json', json.write(answer()));
	}, fault.ms).unref();
}

// The same structure with every leaf of another type.
function confuseTypes(value) {
	if (Array.isArray(value)) return value.map(confuseTypes);
	if (value === null) return {};
	switch (typeof value) {
	case 'string': return value.length;
	case 'number':
	case 'bigint': return String(value);
	case 'boolean': return value ? 'yes' : 'no';
	}
	return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, confuseTypes(member)]));
}

function changeAnswers(answer, change) {
	return Array.isArray(answer) ? answer.map(change) : change(answer);
}

function sendWrongTypes(fault, { response, answer }) {
	const text = json.write(changeAnswers(answer(), (one) => ({ ...one, result: confuseTypes(one.result === undefined ? null : one.result) })));
	sendText(response, 200, 'application/json', text);
}

function sendWrongId(fault, { response, answer }) {
	const text = json.write(changeAnswers(answer(), (one) => ({ ...one, id: typeof one.id === 'number' ? one.id + 1000 : 'another' })));
	sendText(response, 200, 'application/json', text);
}

function sendRpcError(fault, { response, request }) {
	const error = { code: fault.code === undefined ? -32603 : fault.code, message: fault.message || 'Internal error' };
	if (fault.data !== undefined) error.data = fault.data;
	const text = json.write(changeAnswers(request, ({ id }) => ({ jsonrpc: '2.0', error, id })));
	sendText(response, fault.status || 200, 'application/json', text);
}

const KINDS = {
	status: sendStatus,
	html: sendHtml,
	truncated: sendTruncated,
	huge: sendHuge,
	reset: (fault, exchange) => reset(exchange),
	reply_lost: loseReply,
	hang,
	wrong_types: sendWrongTypes,
	wrong_id: sendWrongId,
	rpc_error: sendRpcError,
};

// exchange: { response, request, answer } where answer() executes the request and returns the response object.
function applyHttpFault(fault, exchange) {
	KINDS[fault.kind](fault, exchange);
}

module.exports = { applyHttpFault, sendText };
