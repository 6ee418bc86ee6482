// Tests that an instruction makes its checks, with the right codes, and in the documented order.
'use strict';

const assert = require('node:assert');
const test = require('node:test');

// A call that checks may spoil before it is sent.
class Call {
	constructor(lottery, name, user, args) {
		this.lottery = lottery;
		this.name = name;
		this.user = user;
		this.args = args;
		this.overrides = {};
		this.edits = [];
	}

	// Keys of accounts passed without the writable or signer flag.
	readOnly(key) {
		this.edits.push((accounts) => accounts.map((account) => (account.key === key ? { ...account, writable: false } : account)));
	}

	unsigned(key) {
		this.edits.push((accounts) => accounts.map((account) => (account.key === key ? { ...account, signer: false } : account)));
	}

	withoutLast() {
		this.edits.push((accounts) => accounts.slice(0, -1));
	}

	instruction() {
		const args = typeof this.args === 'function' ? this.args() : this.args;
		const instruction = this.lottery.instruction(this.name, this.user, args, this.overrides);
		return { ...instruction, accounts: this.edits.reduce((accounts, edit) => edit(accounts), instruction.accounts) };
	}

	send() {
		return this.lottery.vm.send(this.instruction());
	}
}

function assertCode(outcome, code, context) {
	assert.strictEqual(outcome.code, code, `${context}: expected ${code}, got ${outcome.code}\n${outcome.logs.join('\n')}`);
	if (typeof code !== 'number' || code < 100) return; // only the program's own errors have a line
	const line = outcome.logs.find((text) => text.includes(`Error Number: ${code}. Error Message: `));
	assert.match(line || '', /^Program log: AnchorError .*\. Error Code: [A-Z]\w+\. Error Number: \d+\. Error Message: .+\.$/, context);
}

// ready() gives { lottery, call() } in a state where the call succeeds. checks: [{ code, why, spoil(lottery, call) }] in
// the order the program makes them. Each is tried alone, then with every later one (spoilt first): the earlier must win.
function testChecks(name, ready, checks) {
	const { lottery, call } = ready();
	const restore = lottery.snapshot();
	const spoilt = (...several) => {
		restore();
		const attempt = call();
		for (const check of several) check.spoil(lottery, attempt);
		return attempt.send();
	};
	test(`${name}: succeeds unspoilt`, () => assert.strictEqual(spoilt().code, null));
	for (const check of checks) {
		test(`${name}: ${check.code} ${check.why}`, () => assertCode(spoilt(check), check.code, check.why));
	}
	test(`${name}: the earlier of two failing checks answers`, () => {
		checks.forEach((first, i) => {
			for (const second of checks.slice(i + 1)) {
				assertCode(spoilt(second, first), first.code, `"${first.why}" before "${second.why}"`);
			}
		});
	});
}

module.exports = { Call, assertCode, testChecks };
