// What landed: one record per transaction, found by signature, by address and in order; forgotten again when its fork is abandoned.
'use strict';

class Ledger {
	constructor() {
		this.bySignature = new Map();
		this.byAddress = new Map();
		this.count = 0;
	}

	get(signature) {
		return this.bySignature.get(signature);
	}

	add(record) {
		this.count += 1;
		this.bySignature.set(record.signature, record);
		for (const address of new Set(record.accounts)) {
			const list = this.byAddress.get(address) || [];
			list.push(record);
			this.byAddress.set(address, list);
		}
	}

	remove(signature) {
		const record = this.bySignature.get(signature);
		this.count -= 1;
		this.bySignature.delete(signature);
		for (const address of new Set(record.accounts)) {
			this.byAddress.set(address, this.byAddress.get(address).filter((other) => other !== record));
		}
	}

	// Oldest first.
	ofAddress(address) {
		return this.byAddress.get(address) || [];
	}

	// Oldest first.
	all() {
		return [...this.bySignature.values()];
	}
}

module.exports = { Ledger };
