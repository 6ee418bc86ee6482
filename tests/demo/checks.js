// Counts comparisons and keeps those that failed; amounts are base units and compared as BigInt, never as floating point.
'use strict';

class Checks {
	constructor() {
		this.amounts = 0;
		this.facts = 0;
		this.wrong = [];
		this.told = 0;
	}

	// True when both are the same number of base units.
	amount(what, actual, expected) {
		if (typeof actual !== 'bigint' || typeof expected !== 'bigint') throw new TypeError(`${what}: an amount must be a BigInt`);
		this.amounts += 1;
		return this.note(what, actual, expected);
	}

	// True when both read the same: a status, an address, a signature.
	fact(what, actual, expected) {
		this.facts += 1;
		return this.note(what, String(actual), String(expected));
	}

	note(what, actual, expected) {
		if (actual === expected) return true;
		this.wrong.push(`${what} is ${actual}, must be ${expected}`);
		return false;
	}

	// The failures that nobody has shown yet.
	untold() {
		const news = this.wrong.slice(this.told);
		this.told = this.wrong.length;
		return news;
	}
}

// Base units as text in whole tokens, every digit kept.
function tokens(amount, decimals) {
	const digits = String(amount < 0n ? -amount : amount).padStart(decimals + 1, '0');
	const point = digits.length - decimals;
	return `${amount < 0n ? '-' : ''}${digits.slice(0, point)}.${digits.slice(point)}`;
}

// The reverse: what a column of whole tokens stands for; throws where it has digits below one base unit.
function baseUnits(text, decimals) {
	const match = /^(-?)(\d+)(?:\.(\d+))?$/.exec(text);
	if (!match || (match[3] ?? '').length > decimals) throw new Error(`"${text}" is no amount with at most ${decimals} decimals`);
	return BigInt(`${match[1]}${match[2]}${(match[3] ?? '').padEnd(decimals, '0')}`);
}

module.exports = { Checks, tokens, baseUnits };
