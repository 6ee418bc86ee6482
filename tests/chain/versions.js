// Every account's history as (slot, value) pairs, so that reads at older slots and fork rollbacks work on top of litesvm's newest state.
'use strict';

const litesvm = require('litesvm-linux-x64-gnu');
const base58 = require('./base58.js');
const { ADDRESS } = require('./solana.js');

const BEFORE_START = -1;
const KEPT_SLOTS = 2000;

// An account value: { lamports: BigInt, data: Buffer, owner: base58, executable }, or null when the account does not exist.
class AccountVersions {
	constructor(svm) {
		this.svm = svm;
		this.history = new Map();
		this.keysByOwner = new Map();
		this.seenOwners = new Set();
	}

	// The newest value, straight from litesvm.
	newest(key) {
		const account = this.svm.getAccount(base58.decode(key));
		if (!account) return null;
		return {
			lamports: account.lamports(),
			data: Buffer.from(account.data()),
			owner: base58.encodeKey(account.owner()),
			executable: account.executable(),
		};
	}

	// Must run before the first change of an account, so that its earlier value is known.
	track(key) {
		let versions = this.history.get(key);
		if (!versions) {
			versions = [];
			this.history.set(key, versions);
			this.append(key, versions, BEFORE_START, this.newest(key));
		}
		return versions;
	}

	read(key, slot) {
		const versions = this.track(key);
		for (let i = versions.length - 1; i >= 0; i--) {
			if (versions[i].slot <= slot) return versions[i].account;
		}
		return null;
	}

	append(key, versions, slot, account) {
		const last = versions[versions.length - 1];
		if (last && last.slot === slot) versions.pop();
		versions.push({ slot, account });
		if (!account) return;
		const keys = this.keysByOwner.get(account.owner) || new Set();
		keys.add(key);
		this.keysByOwner.set(account.owner, keys);
	}

	record(key, slot, account) {
		const versions = this.track(key);
		this.append(key, versions, slot, account);
		let unreachable = 0;
		while (unreachable + 1 < versions.length && versions[unreachable + 1].slot <= slot - KEPT_SLOTS) unreachable++;
		if (unreachable > 0) versions.splice(0, unreachable);
	}

	// A value forced from outside any transaction. It survives rollbacks: no fork contains it.
	set(key, slot, account) {
		this.track(key);
		this.store(key, account);
		this.record(key, slot, account);
		const versions = this.history.get(key);
		versions[versions.length - 1].forced = true;
	}

	// litesvm removes an account that is set to 0 lamports.
	store(key, account) {
		const value = account || { lamports: 0n, data: Buffer.alloc(0), owner: ADDRESS.system, executable: false };
		const native = new litesvm.Account(value.lamports, value.data, base58.decode(value.owner), value.executable, 0n);
		this.svm.setAccount(base58.decode(key), native);
	}

	rollback(slot) {
		for (const [key, versions] of this.history) {
			const abandoned = [];
			while (versions.length > 1 && versions[versions.length - 1].slot > slot) abandoned.push(versions.pop());
			if (abandoned.length === 0) continue;
			const forced = abandoned.find((version) => version.forced);
			if (forced) versions.push({ slot, account: forced.account, forced: true });
			this.store(key, versions[versions.length - 1].account);
		}
	}

	trackOwner(owner) {
		if (this.seenOwners.has(owner)) return;
		this.seenOwners.add(owner);
		for (const found of this.svm.getProgramAccounts(base58.decode(owner))) this.track(base58.encodeKey(found.address));
	}

	// [key, account] of every account the owner had at that slot, those of litesvm's start included.
	ownedBy(owner, slot) {
		this.trackOwner(owner);
		const accounts = [];
		for (const key of this.keysByOwner.get(owner) || []) {
			const account = this.read(key, slot);
			if (account && account.owner === owner) accounts.push([key, account]);
		}
		return accounts;
	}
}

module.exports = { AccountVersions };
