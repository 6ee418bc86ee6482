// The JSON-RPC errors of a Solana node: codes as in the validator, message, optional data.
'use strict';

class RpcError extends Error {
	constructor(code, message, data) {
		super(message);
		this.code = code;
		this.data = data;
	}

	toResponse(id) {
		const error = { code: this.code, message: this.message };
		if (this.data !== undefined) error.data = this.data;
		return { jsonrpc: '2.0', error, id };
	}
}

const invalidParams = (message) => new RpcError(INVALID_PARAMS, message);

const PARSE_ERROR = -32700;
const INVALID_REQUEST = -32600;
const METHOD_NOT_FOUND = -32601;
const INVALID_PARAMS = -32602;
const INTERNAL_ERROR = -32603;
const BLOCK_CLEANED_UP = -32001;
const PREFLIGHT_FAILURE = -32002;
const SIGNATURE_VERIFICATION_FAILURE = -32003;
const BLOCK_NOT_AVAILABLE = -32004;
const NODE_UNHEALTHY = -32005;
const SLOT_SKIPPED = -32007;
const UNSUPPORTED_VERSION = -32015;
const MIN_CONTEXT_SLOT_NOT_REACHED = -32016;

module.exports = {
	RpcError, invalidParams, PARSE_ERROR, INVALID_REQUEST, METHOD_NOT_FOUND, INVALID_PARAMS, INTERNAL_ERROR,
	BLOCK_CLEANED_UP, PREFLIGHT_FAILURE, SIGNATURE_VERIFICATION_FAILURE, BLOCK_NOT_AVAILABLE, NODE_UNHEALTHY,
	SLOT_SKIPPED, UNSUPPORTED_VERSION, MIN_CONTEXT_SLOT_NOT_REACHED,
};
