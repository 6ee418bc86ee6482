// JSON-RPC 2.0 requests and batches: finds the method, calls it on the chosen node, turns errors into answers.
'use strict';

const { RpcError, INVALID_REQUEST, METHOD_NOT_FOUND, INTERNAL_ERROR } = require('./rpc-error.js');
const { isControl, callControl } = require('./controls.js');
const accounts = require('./rpc-accounts.js');
const blocks = require('./rpc-blocks.js');
const { getTransaction, getSignatureStatuses, getSignaturesForAddress } = require('./rpc-history.js');
const send = require('./rpc-send.js');

const METHODS = new Map(Object.entries({
	...accounts, ...blocks, ...send, getTransaction, getSignatureStatuses, getSignaturesForAddress,
}));

function callMethod(context, node, method, params) {
	if (isControl(method)) return callControl(context, method, params);
	const implementation = METHODS.get(method);
	if (!implementation) throw new RpcError(METHOD_NOT_FOUND, 'Method not found');
	return implementation(node, ...params);
}

// context: { bank, nodes }. Answers the response object of one call.
function answerCall(context, node, call) {
	const id = call && call.id !== undefined ? call.id : null;
	try {
		if (!call || call.jsonrpc !== '2.0' || typeof call.method !== 'string') throw new RpcError(INVALID_REQUEST, 'Invalid request');
		const params = call.params === undefined || call.params === null ? [] : call.params;
		if (!Array.isArray(params)) throw new RpcError(INVALID_REQUEST, 'Invalid request');
		return { jsonrpc: '2.0', result: callMethod(context, node, call.method, params), id };
	} catch (error) {
		if (error instanceof RpcError) return error.toResponse(id);
		console.error(error);
		return new RpcError(INTERNAL_ERROR, `Internal error: ${error.message}`).toResponse(id);
	}
}

function answerRequest(context, node, request) {
	if (!Array.isArray(request)) return answerCall(context, node, request);
	if (request.length === 0) return new RpcError(INVALID_REQUEST, 'Invalid request').toResponse(null);
	return request.map((call) => answerCall(context, node, call));
}

function methodsOf(request) {
	return [].concat(request).map((call) => (call && typeof call.method === 'string' ? call.method : ''));
}

module.exports = { answerRequest, methodsOf };
