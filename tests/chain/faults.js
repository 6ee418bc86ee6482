// What a virtual node does wrong: its settings, their checks, and the choice of the HTTP fault for a request.
'use strict';

const { invalidParams } = require('./rpc-error.js');

const HTTP_KINDS = new Set(['status', 'html', 'truncated', 'huge', 'reset', 'reply_lost', 'hang', 'wrong_types', 'wrong_id', 'rpc_error']);
const HTTP_KEYS = new Set(['method', 'kind', 'count', 'skip', 'status', 'retryAfter', 'body', 'contentType', 'bytes', 'ms', 'code', 'message', 'data']);
const STATUS_LIES = new Set([null, 'null', 'invented']);
const ALWAYS = 'always';

function requireCount(name, value) {
	if (!Number.isSafeInteger(value) || value < 0) throw invalidParams(`chain_faults: ${name} is ${JSON.stringify(value)}: give a whole number >= 0`);
	return value;
}

function checkHttpFault(fault) {
	for (const key of Object.keys(fault)) {
		if (!HTTP_KEYS.has(key)) throw invalidParams(`chain_faults: http fault has unknown key "${key}": use ${[...HTTP_KEYS].join(' ')}`);
	}
	if (!HTTP_KINDS.has(fault.kind)) throw invalidParams(`chain_faults: http kind is "${fault.kind}": use ${[...HTTP_KINDS].join(' ')}`);
	const count = fault.count === undefined ? 1 : fault.count;
	if (count !== ALWAYS) requireCount('http count', count);
	return { ...fault, count, skip: requireCount('http skip', fault.skip || 0) };
}

// One entry per setting: the value of a well-behaved node, and the check of a new value.
const SETTINGS = {
	// Node is this many slots late with everything it answers.
	lag: { initial: 0, check: requireCount },
	// false, true (nothing known) or the number of slots it says it is behind.
	unhealthy: { initial: false, check: (name, value) => (typeof value === 'boolean' ? value : requireCount(name, value)) },
	// Every answer waits this long; "forever" = no answer at all.
	hang: { initial: 0, check: (name, value) => (value === 'forever' ? value : requireCount(name, value)) },
	// This many of the next transactions are accepted and never land.
	drop: { initial: 0, check: requireCount },
	// Each of the next transactions lands so many slots later.
	delay: { initial: () => [], check: (name, value) => [].concat(value).map((slots) => requireCount(name, slots)) },
	// Faults of single requests, first match wins.
	http: { initial: () => [], check: (name, value) => [].concat(value).map(checkHttpFault) },
	// null = honest; "null" = getSignatureStatuses knows nothing; "invented" = every unknown signature is finalized.
	statuses: {
		initial: null,
		check(name, value) {
			if (!STATUS_LIES.has(value)) throw invalidParams(`chain_faults: ${name} is ${JSON.stringify(value)}: use null, "null" or "invented"`);
			return value;
		},
	},
	// Account data is this many slots older than the context slot says.
	oldAccounts: { initial: 0, check: requireCount },
};

function initialValue(setting) {
	return typeof setting.initial === 'function' ? setting.initial() : setting.initial;
}

class Faults {
	constructor() {
		this.clear();
	}

	clear() {
		for (const [name, setting] of Object.entries(SETTINGS)) this[name] = initialValue(setting);
	}

	// Lists replace what is still queued.
	set(changes) {
		for (const name of Object.keys(changes)) {
			if (!SETTINGS[name]) throw invalidParams(`chain_faults: unknown key "${name}": use node clear ${Object.keys(SETTINGS).join(' ')}`);
		}
		for (const [name, value] of Object.entries(changes)) this[name] = SETTINGS[name].check(name, value);
	}

	// The fault for a request that calls these methods, counted down; null = answer normally.
	takeHttp(methods) {
		const fault = this.http.find((candidate) => candidate.method === undefined || methods.includes(candidate.method));
		if (!fault) return null;
		if (fault.skip > 0) {
			fault.skip -= 1;
			return null;
		}
		if (fault.count !== ALWAYS) fault.count -= 1;
		if (fault.count === 0) this.http.splice(this.http.indexOf(fault), 1);
		return fault;
	}

	takeDrop() {
		if (this.drop === 0) return false;
		this.drop -= 1;
		return true;
	}

	takeDelay() {
		return this.delay.length > 0 ? this.delay.shift() : 0;
	}
}

module.exports = { Faults };
