// Players as the web app has them: wallets that use @solana/web3.js, and what their transactions did by the chain's own word.
'use strict';

const crypto = require('node:crypto');
const web3 = require('../chain/node_modules/@solana/web3.js');
const base58 = require('../chain/base58.js');
const { i64, u16, u64 } = require('../chain/instructions.js');
const { ADDRESS, Keypair, address, keyBytes } = require('../chain/solana.js');
const { mlInstruction } = require('../chain/ml-instructions.js');
const { poolAddresses } = require('../chain/scenario.js');

const NAMES = ['create_pool', 'join_pool', 'donate', 'set_lock_duration', 'cancel_pool', 'admin_close_pool', 'sweep_expired_pool', 'unlock_pool',
	'request_randomness', 'select_winner', 'payout_winner', 'claim_refund', 'claim_rent', 'finalize_forfeited_pool', 'pause_pool', 'unpause_pool',
	'force_expire'];
const DISCRIMINATOR_BYTES = 8;
const BY_DISCRIMINATOR = new Map(NAMES.map((name) => [crypto.createHash('sha256').update(`global:${name}`).digest().subarray(0, DISCRIMINATOR_BYTES).toString('hex'), name]));
// Positions in the instruction's accounts.
const POOL_AT = { create_pool: 1, join_pool: 1, donate: 1, cancel_pool: 1, admin_close_pool: 1, sweep_expired_pool: 1, payout_winner: 1, claim_refund: 1, finalize_forfeited_pool: 1,
	request_randomness: 1 };
const USER_AT = { create_pool: 3, join_pool: 4, donate: 4, set_lock_duration: 1, cancel_pool: 3, admin_close_pool: 4, sweep_expired_pool: 3, unlock_pool: 1, request_randomness: 2,
	select_winner: 2, payout_winner: 10, claim_refund: 5, claim_rent: 4, finalize_forfeited_pool: 4, pause_pool: 1, unpause_pool: 1, force_expire: 1 };
const AMOUNT_AT = { create_pool: 49, join_pool: 8, donate: 8 };

// Instructions of web3.js itself stay as they are.
const asWeb3 = (given) => (given instanceof web3.TransactionInstruction ? given : fromOurs(given));
const fromOurs = ({ program, accounts, data }) => new web3.TransactionInstruction({
	programId: new web3.PublicKey(address(program)),
	keys: accounts.map(({ key, signer, writable }) => ({ pubkey: new web3.PublicKey(address(key)), isSigner: signer, isWritable: writable })), data,
});
const asKeypair = (keypair) => web3.Keypair.fromSeed(keypair.seed);

class Players {
	constructor(world, mint) {
		Object.assign(this, { world, mint, scenario: world.scenario });
		this.connection = new web3.Connection(`${world.chain.url.replace(/\/$/, '')}/node/3`, { commitment: 'confirmed', disableRetryOnRateLimit: true });
	}

	async wallet() {
		const keypair = new Keypair();
		await this.scenario.fundPlayer(keypair, this.mint, 10000n * this.mint.unit);
		return keypair;
	}

	// One transaction of web3.js; the first signer pays. Resolves to its signature once it landed.
	async send(signers, instructions, tables = undefined) {
		const keypairs = signers.map(asKeypair);
		const { blockhash } = await this.connection.getLatestBlockhash('processed');
		const message = new web3.TransactionMessage({ payerKey: keypairs[0].publicKey, recentBlockhash: blockhash, instructions: instructions.map(asWeb3) });
		const transaction = new web3.VersionedTransaction(tables ? message.compileToV0Message(tables) : message.compileToLegacyMessage());
		transaction.sign(keypairs);
		const signature = await this.connection.sendRawTransaction(transaction.serialize(), { preflightCommitment: 'processed' });
		await this.scenario.landed(signature);
		return signature;
	}

	// A pool that does not fill by itself; its row in the app is made unless told otherwise.
	async create(creator, { seats = 20, salt = crypto.randomBytes(32), registered = true, devWallet = this.world.devWallet, beside = [] } = {}) {
		const { mint, world } = this;
		const pool = { ...poolAddresses(mint, salt), mint, salt, creator, amount: 100n * mint.unit, devWallet: devWallet.address, treasury: world.treasury.address };
		const args = Buffer.concat([salt, Buffer.from([seats]), i64(60), u64(pool.amount), keyBytes(devWallet), u16(500), u16(350), keyBytes(world.treasury), u16(150), Buffer.from([0])]);
		pool.created = await this.send([creator], [...beside, this.scenario.instruction('create_pool', pool, creator, {}, args)]);
		if (registered) pool.id = await world.register({ ...pool, players: Array(seats) }, { status: 'open' });
		return pool;
	}

	instruction(name, pool, user, amount = undefined) {
		if (name === 'claim_rent') {
			return mlInstruction(name, { pool: pool.address, mint: pool.mint.address, vault: pool.vault, closeTarget: pool.creator.address, user, tokenProgram: pool.mint.program, participants: pool.participants });
		}
		return this.scenario.instruction(name, pool, user, {}, amount === undefined ? undefined : u64(amount));
	}

	join(pool, player) { return this.send([player], [this.instruction('join_pool', pool, player, pool.amount)]); }

	donate(pool, player, ...amounts) { return this.send([player], amounts.map((amount) => this.instruction('donate', pool, player, amount))); }

	cancel(pool) { return this.send([pool.creator], [this.instruction('cancel_pool', pool, pool.creator)]); }

	refund(pool, player) { return this.send([player], [this.instruction('claim_refund', pool, player)]); }

	rent(pool) { return this.send([pool.creator], [this.instruction('claim_rent', pool, pool.creator)]); }

	// Until everything that landed so far is final.
	async settled() {
		const { slot } = await this.scenario.chain('position');
		while (await this.connection.getSlot('finalized') < slot) await new Promise((resolve) => { setTimeout(resolve, 50); });
	}

	// What the finalized chain says happened to this address: one line per call, as keeper.calls must have it. Amounts that
	// no argument tells are what the vault lost to the caller's or the winner's account, by the balances of the transaction.
	async calls(pool) {
		const key = new web3.PublicKey(pool.address);
		const listed = [];
		for (let before; ;) {
			const page = await this.connection.getSignaturesForAddress(key, { before }, 'finalized');
			listed.push(...page);
			if (page.length < 1000) break;
			before = page.at(-1).signature;
		}
		const lines = [];
		let poolId = null;
		for (const { signature } of listed.filter(({ err }) => err === null).reverse()) {
			const got = await this.connection.getTransaction(signature, { maxSupportedTransactionVersion: 0, commitment: 'finalized' });
			for (const call of callsOf(got)) {
				if (call.pool !== pool.address) continue;
				if (call.name === 'create_pool') poolId = createdId(call, got.slot);
				const amount = AMOUNT_AT[call.name] === undefined ? movedOut(got, call) : call.data.readBigUInt64LE(AMOUNT_AT[call.name]);
				lines.push([signature, call.ix, call.inner, got.slot, got.blockTime ?? '', `draw:${pool.address}:${poolId}`, call.user, call.name, amount ?? '', amount === undefined ? '' : pool.mint.decimals].join('|'));
			}
		}
		return lines.sort();
	}

	// The same from Postgres.
	async recorded(pool) {
		const text = await this.world.sql(`SELECT keeper.base58(signature), ix, inner_ix, slot, coalesce(block_time::text, ''), draw, user_wallet, instruction, coalesce(amount::text, ''),
			CASE WHEN amount IS NULL THEN '' ELSE decimals::text END FROM keeper.calls WHERE draw LIKE 'draw:${pool.address}:%'`);
		return text.split('\n').filter(Boolean).sort();
	}
}

const createdId = ({ data, user }, slot) => {
	const at = Buffer.alloc(8);
	at.writeBigUInt64LE(BigInt(slot));
	return crypto.createHash('sha256').update(data.subarray(DISCRIMINATOR_BYTES, 40)).update(at).update(keyBytes(user)).digest().readBigUInt64LE(0);
};

function callsOf({ transaction: { message }, meta }) {
	const keys = message.getAccountKeys({ accountKeysFromLookups: meta.loadedAddresses });
	const keyOf = (index) => keys.get(index).toBase58();
	const calls = [];
	const take = (ix, inner, program, accounts, data) => {
		const name = BY_DISCRIMINATOR.get(data.subarray(0, DISCRIMINATOR_BYTES).toString('hex'));
		if (keyOf(program) !== ADDRESS.ml || name === undefined) return;
		const given = [...accounts].map(keyOf);
		calls.push({ ix, inner, name, data, pool: given[POOL_AT[name] ?? 0], user: given[USER_AT[name]], accounts: given });
	};
	for (const [ix, instruction] of message.compiledInstructions.entries()) {
		take(ix, -1, instruction.programIdIndex, instruction.accountKeyIndexes, Buffer.from(instruction.data));
		const group = (meta.innerInstructions ?? []).filter(({ index }) => index === ix).flatMap(({ instructions }) => instructions);
		for (const [inner, { programIdIndex, accounts, data }] of group.entries()) take(ix, inner, programIdIndex, accounts, Buffer.from(base58.decode(data)));
	}
	return calls;
}

function movedOut({ transaction: { message }, meta }, call) {
	const to = { claim_refund: 3, payout_winner: 3, finalize_forfeited_pool: 3 }[call.name];
	if (to === undefined) return undefined;
	const keys = message.getAccountKeys({ accountKeysFromLookups: meta.loadedAddresses });
	const balance = (list) => BigInt(list.find(({ accountIndex }) => keys.get(accountIndex).toBase58() === call.accounts[to])?.uiTokenAmount.amount ?? 0);
	return balance(meta.postTokenBalances) - balance(meta.preTokenBalances);
}

module.exports = { Players };
