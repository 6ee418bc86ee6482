// One lottery pool with its mint and people on a Vm: every instruction as a method, every account open to sabotage.
'use strict';

const { ADDRESS, Keypair, sha256, keyBytes, findProgramAddress, associatedTokenAddress } = require('../../solana.js');
const { u16, u64, i64 } = require('../../instructions.js');
const { mlInstruction } = require('../../ml-instructions.js');
const { configHash, decodePool } = require('../../ml-accounts.js');
const layout = require('./layout.js');
const tokens = require('./tokens.js');
const { Vm } = require('./vm.js');

const WEALTH = 10n ** 15n;
const SALT = sha256(Buffer.from('program tests/salt'));
const DEFAULT_TERMS = {
	salt: SALT, maxParticipants: 3, lockDuration: 60, amount: 100_000_000n, devFeeBps: 500, burnFeeBps: 350,
	treasuryFeeBps: 150, allowMock: 0,
};

const addressCache = new Map();

// Searching a bump costs milliseconds and tests repeat the same addresses.
function remembered(name, compute) {
	if (!addressCache.has(name)) addressCache.set(name, compute());
	return addressCache.get(name);
}

function person(name) {
	return remembered(name, () => Keypair.fromText(`program tests/${name}`).address);
}

function pda(program, ...seeds) {
	const name = [program, ...seeds.map((seed) => Buffer.from(seed).toString('hex'))].join('/');
	return remembered(name, () => findProgramAddress(seeds, program).address);
}

function ata(owner, mint, tokenProgram) {
	return remembered(`ata/${owner}/${mint}/${tokenProgram}`, () => associatedTokenAddress(owner, mint, tokenProgram));
}

function packTerms(terms) {
	return Buffer.concat([
		terms.salt, Buffer.from([terms.maxParticipants]), i64(terms.lockDuration), u64(terms.amount), keyBytes(terms.devWallet),
		u16(terms.devFeeBps), u16(terms.burnFeeBps), keyBytes(terms.treasuryWallet), u16(terms.treasuryFeeBps), Buffer.from([terms.allowMock]),
	]);
}

class Lottery {
	constructor({ tokenProgram = ADDRESS.token, decimals = 6, players = 5, ml = 'ml', terms = {}, vm = new Vm({ ml }) } = {}) {
		this.vm = vm;
		this.tokenProgram = tokenProgram;
		this.dev = person('dev');
		this.treasury = person('treasury');
		this.creator = person('player 0');
		this.players = Array.from({ length: players }, (_, i) => person(`player ${i}`));
		this.stranger = person('stranger');
		this.mint = person(`mint ${tokenProgram} ${decimals}`);
		this.terms = { ...DEFAULT_TERMS, devWallet: this.dev, treasuryWallet: this.treasury, ...terms };
		this.randomness = person('randomness');
		const owners = [...this.players, this.dev, this.treasury, this.stranger];
		for (const owner of owners) this.vm.setAccount(owner, { lamports: 10n ** 12n });
		this.setMint({ supply: WEALTH * BigInt(owners.length), decimals });
		for (const owner of owners) this.setToken(owner, { amount: WEALTH });
		this.locatePool();
	}

	locatePool() {
		this.pool = pda(ADDRESS.ml, Buffer.from('pool'), keyBytes(this.mint), this.terms.salt);
		this.participants = pda(ADDRESS.ml, Buffer.from('participants'), keyBytes(this.pool));
		this.vault = this.ata(this.pool);
	}

	ata(owner) {
		return ata(owner, this.mint, this.tokenProgram);
	}

	setMint(fields) {
		this.mintFields = { ...this.mintFields, ...fields };
		this.vm.setAccount(this.mint, { data: tokens.encodeMint(this.mintFields), owner: this.tokenProgram });
	}

	// Makes or replaces the owner's associated account; fields may lie about its mint or owner.
	setToken(owner, fields = {}) {
		const data = tokens.encodeAssociated(this.tokenProgram, { mint: this.mint, owner, ...fields });
		this.vm.setAccount(this.ata(owner), { data, owner: this.tokenProgram });
	}

	pokeToken(owner, changes) {
		this.pokeTokenAt(this.ata(owner), changes);
	}

	pokeTokenAt(address, changes) {
		const account = this.vm.account(address);
		this.vm.setAccount(address, { ...account, data: tokens.changeTokenAccount(account.data, changes) });
	}

	balance(owner) {
		return tokens.tokenAmount(this.vm.account(this.ata(owner)));
	}

	vaultBalance() {
		return this.balance(this.pool);
	}

	supply() {
		return tokens.mintSupply(this.vm.account(this.mint));
	}

	poolState() {
		return layout.decodePool(this.vm.account(this.pool).data);
	}

	seats() {
		const { count, list } = layout.decodeParticipants(this.vm.account(this.participants).data);
		return list.slice(0, count);
	}

	// Changes stored fields behind the program's back.
	poke(changes) {
		const account = this.vm.account(this.pool);
		this.vm.setAccount(this.pool, { ...account, data: layout.changePool(account.data, changes) });
	}

	// Changes terms and makes the stored hash fit, as if the pool had been created so.
	pokeTerms(changes) {
		this.poke(changes);
		this.poke({ config_hash: configHash(decodePool(this.vm.account(this.pool).data)) });
	}

	pokeSeats(list, count = list.length) {
		const account = this.vm.account(this.participants);
		this.vm.setAccount(this.participants, { ...account, data: layout.encodeParticipants({ count, list }) });
	}

	keys(user) {
		return {
			mint: this.mint, pool: this.pool, vault: this.vault, participants: this.participants, tokenProgram: this.tokenProgram,
			user, userToken: this.ata(user), devToken: this.ata(this.dev), treasuryToken: this.ata(this.treasury),
			creator: this.creator, randomness: this.randomness, closeTarget: user,
		};
	}

	instruction(name, user, args, overrides = {}) {
		return mlInstruction(name, { ...this.keys(user), ...overrides }, args);
	}

	run(name, user, args, overrides) {
		return this.vm.send(this.instruction(name, user, args, overrides));
	}

	create(changes = {}, overrides = {}) {
		return this.run('create_pool', this.creator, packTerms({ ...this.terms, ...changes }), overrides);
	}

	join(player, amount = this.terms.amount, overrides = {}) {
		return this.run('join_pool', player, u64(amount), overrides);
	}

	donate(from, amount, overrides = {}) {
		return this.run('donate', from, u64(amount), overrides);
	}

	setLockDuration(user, seconds) {
		return this.run('set_lock_duration', user, i64(seconds));
	}

	cancel(user = this.creator) {
		return this.run('cancel_pool', user);
	}

	adminClose(user = this.dev, overrides = {}) {
		return this.run('admin_close_pool', user, undefined, overrides);
	}

	sweep(user = this.dev) {
		return this.run('sweep_expired_pool', user);
	}

	unlock(user = this.dev) {
		return this.run('unlock_pool', user);
	}

	request(user = this.dev, overrides = {}) {
		return this.run('request_randomness', user, undefined, overrides);
	}

	select(user = this.dev, overrides = {}) {
		return this.run('select_winner', user, undefined, overrides);
	}

	payout(user = this.dev, overrides = {}) {
		const { winner } = this.poolState();
		return this.run('payout_winner', user, undefined, { winner, winnerToken: this.ata(winner), ...overrides });
	}

	refund(user, overrides = {}) {
		return this.run('claim_refund', user, undefined, overrides);
	}

	claimRent(user, overrides = {}) {
		return this.run('claim_rent', user, undefined, overrides);
	}

	finalize(user = this.dev, overrides = {}) {
		return this.run('finalize_forfeited_pool', user, undefined, overrides);
	}

	pause(user = this.dev) {
		return this.run('pause_pool', user);
	}

	unpause(user = this.dev) {
		return this.run('unpause_pool', user);
	}

	forceExpire(user = this.dev) {
		return this.run('force_expire', user);
	}

	// A randomness account as the lottery program sees it, without asking the oracle program.
	setRandomness({ seedSlot = this.vm.slot, revealSlot = 0, value = Buffer.alloc(32), owner = ADDRESS.switchboard, bytes = 480, key = this.randomness } = {}) {
		const data = Buffer.alloc(bytes);
		Buffer.from('0a42e587dcefd972', 'hex').copy(data);
		if (bytes >= 184) {
			data.writeBigUInt64LE(BigInt(seedSlot), 104);
			data.writeBigUInt64LE(BigInt(revealSlot), 144);
			value.copy(data, 152);
		}
		this.vm.setAccount(key, { data, owner });
	}

	reveal(value = sha256(Buffer.from('value'))) {
		this.setRandomness({ revealSlot: this.vm.slot, value });
		return value;
	}

	// Remembers every account a test may touch and the clock; the returned function puts them back.
	snapshot() {
		const owners = [...this.players, this.dev, this.treasury, this.stranger, this.pool];
		const keys = [this.mint, this.pool, this.participants, this.randomness, ...owners, ...owners.map((owner) => this.ata(owner))];
		const saved = new Map(keys.map((key) => [key, this.vm.account(key)]));
		const clock = { slot: this.vm.slot, time: this.vm.time };
		const { mintFields } = this;
		return () => {
			for (const [key, account] of saved) {
				if (account) this.vm.setAccount(key, account);
				else this.vm.removeAccount(key);
			}
			this.vm.setClock(clock);
			this.mintFields = mintFields;
		};
	}

	// ---- shortcuts to a state; each step must succeed

	must(outcome) {
		if (!outcome.ok) throw new Error(`failed with ${outcome.code}:\n${outcome.logs.join('\n')}`);
		return outcome;
	}

	open() {
		this.must(this.create());
		return this;
	}

	full() {
		this.open();
		for (const player of this.players.slice(1, this.terms.maxParticipants)) this.must(this.join(player));
		return this;
	}

	unlocked() {
		this.full();
		this.vm.wait({ seconds: this.terms.lockDuration });
		this.must(this.unlock());
		return this;
	}

	committed() {
		this.unlocked();
		this.setRandomness();
		this.must(this.request());
		return this;
	}

	selected() {
		this.committed();
		this.reveal();
		this.must(this.select());
		return this;
	}

	ended() {
		this.selected();
		this.must(this.payout());
		return this;
	}

	cancelled() {
		this.open();
		this.must(this.join(this.players[1]));
		this.must(this.cancel());
		return this;
	}
}

module.exports = { Lottery, person, pda, packTerms, WEALTH };
