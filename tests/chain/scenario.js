// Lottery scenarios on the local chain over JSON-RPC with real signed transactions: mints, players, pools, readings and expected draws.
'use strict';

const crypto = require('node:crypto');
const build = require('./instructions.js');
const { mlInstruction } = require('./ml-instructions.js');
const { decodePool, decodeParticipants, winnerIndex, payout } = require('./ml-accounts.js');
const { RpcClient } = require('./rpc-client.js');
const { ADDRESS, Keypair, address, keyBytes, findProgramAddress, associatedTokenAddress, signTransaction } = require('./solana.js');
const { decodeRandomness } = require('./switchboard-accounts.js');

// A virtual node of its own, so that faults meant for the client under test do not hit the scenario.
const NODE_PATH = '/node/3';
const LANDING_TIMEOUT_MS = 15000;
const POLL_MS = 20;
const WALLET_LAMPORTS = 10_000_000_000;
const TOKEN_PROGRAM = { spl: ADDRESS.token, 'token-2022': ADDRESS.token2022 };
const LOCKED = 1;

class TransactionFailed extends Error {
	constructor(signature, error, logs) {
		super(`transaction ${signature} failed: ${JSON.stringify(error)}\n${logs.join('\n')}`);
		this.error = error;
		this.logs = logs;
	}
}

function sleep(milliseconds) {
	return new Promise((resolve) => { setTimeout(resolve, milliseconds); });
}

// A pool's addresses follow from mint and salt.
function poolAddresses(mint, salt) {
	const pool = findProgramAddress([Buffer.from('pool'), keyBytes(mint.address), salt], ADDRESS.ml).address;
	const participants = findProgramAddress([Buffer.from('participants'), keyBytes(pool)], ADDRESS.ml).address;
	return { address: pool, participants, vault: associatedTokenAddress(pool, mint.address, mint.program) };
}

class Scenario {
	constructor(url) {
		this.controls = new RpcClient(url);
		this.node = new RpcClient(url.replace(/\/$/, '') + NODE_PATH);
	}

	// A chain_* control.
	chain(method, ...params) {
		return this.controls.call(`chain_${method}`, ...params);
	}

	// The first keypair pays. Resolves to the signature once the transaction landed; throws when it failed.
	async send(keypairs, instructions) {
		const { value } = await this.node.call('getLatestBlockhash', { commitment: 'processed' });
		const wire = signTransaction(keypairs, instructions, value.blockhash);
		const options = { encoding: 'base64', preflightCommitment: 'processed' };
		const signature = await this.node.call('sendTransaction', wire.toString('base64'), options);
		await this.landed(signature);
		return signature;
	}

	async landed(signature) {
		const deadline = Date.now() + LANDING_TIMEOUT_MS;
		for (;;) {
			const { value: [status] } = await this.node.call('getSignatureStatuses', [signature]);
			if (status !== null && status.err === null) return;
			if (status !== null) throw new TransactionFailed(signature, status.err, []);
			if (Date.now() > deadline) throw new Error(`transaction ${signature} did not land within ${LANDING_TIMEOUT_MS} ms`);
			await sleep(POLL_MS);
		}
	}

	async account(key) {
		const { value } = await this.node.call('getAccountInfo', address(key), { encoding: 'base64', commitment: 'processed' });
		return value === null ? null : { ...value, data: Buffer.from(value.data[0], 'base64') };
	}

	async lamports(key) {
		return BigInt((await this.node.call('getBalance', address(key), { commitment: 'processed' })).value);
	}

	// Base units held by the owner's associated token account; 0 when it does not exist.
	async tokenBalance(owner, mint) {
		const account = await this.account(associatedTokenAddress(owner, mint.address, mint.program));
		return account === null ? 0n : account.data.readBigUInt64LE(64);
	}

	async mintSupply(mint) {
		return (await this.account(mint.address)).data.readBigUInt64LE(36);
	}

	async fundWallet(key, lamports = WALLET_LAMPORTS) {
		await this.landed(await this.node.call('requestAirdrop', address(key), lamports));
	}

	// The whole supply goes to `holder`; then the mint authority is removed, as the lottery program demands.
	async createMint({ program = 'spl', decimals = 6, supply = 10n ** 15n } = {}) {
		const tokenProgram = TOKEN_PROGRAM[program];
		if (tokenProgram === undefined) throw new Error(`mint program is "${program}": use ${Object.keys(TOKEN_PROGRAM).join(' or ')}`);
		const keypair = new Keypair();
		const holder = new Keypair();
		await this.fundWallet(holder, 1000 * WALLET_LAMPORTS);
		const rent = await this.node.call('getMinimumBalanceForRentExemption', build.MINT_BYTES);
		const holderToken = associatedTokenAddress(holder, keypair, tokenProgram);
		await this.send([holder, keypair], [
			build.createAccount(holder, keypair, rent, build.MINT_BYTES, tokenProgram),
			build.initializeMint(keypair, decimals, holder, tokenProgram),
			build.createAssociatedToken(holder, holder, keypair, tokenProgram),
			build.mintTo(keypair, holderToken, holder, supply, tokenProgram),
			build.removeMintAuthority(keypair, holder, tokenProgram),
		]);
		return { address: keypair.address, program: tokenProgram, decimals, holder, unit: 10n ** BigInt(decimals) };
	}

	async createTokenAccount(owner, mint) {
		await this.send([mint.holder], [build.createAssociatedToken(mint.holder, owner, mint.address, mint.program)]);
	}

	// Tokens from the mint's holder to the owner's associated token account, which is created when missing.
	async giveTokens(owner, mint, amount) {
		const from = associatedTokenAddress(mint.holder, mint.address, mint.program);
		const to = associatedTokenAddress(owner, mint.address, mint.program);
		await this.send([mint.holder], [
			build.createAssociatedToken(mint.holder, owner, mint.address, mint.program),
			build.transferTokens(mint.address, from, to, mint.holder, amount, mint.decimals, mint.program),
		]);
	}

	async fundPlayer(player, mint, amount) {
		await this.fundWallet(player);
		await this.giveTokens(player, mint, amount);
	}

	// devWallet and treasury may be keypairs or addresses. Resolves to the pool handle that the other calls take.
	async createPool({
		mint, creator, maxParticipants, amount = 100n * mint.unit, lockDuration = 60, devWallet, devBps = 500, burnBps = 350,
		treasury, treasuryBps = 150, allowMock = false, salt = crypto.randomBytes(32),
	}) {
		const pool = { ...poolAddresses(mint, salt), mint, salt, creator, amount, devWallet: address(devWallet), treasury: address(treasury) };
		const args = Buffer.concat([
			salt, Buffer.from([maxParticipants]), build.i64(lockDuration), build.u64(amount), keyBytes(devWallet), build.u16(devBps),
			build.u16(burnBps), keyBytes(treasury), build.u16(treasuryBps), Buffer.from([allowMock ? 1 : 0]),
		]);
		await this.send([creator], [build.setComputeUnitLimit(400000), this.instruction('create_pool', pool, creator, {}, args)]);
		return pool;
	}

	// An instruction of the lottery program on this pool; `extra` adds or replaces accounts by name.
	instruction(name, pool, user, extra = {}, args = undefined) {
		const { mint } = pool;
		const tokenOf = (owner) => associatedTokenAddress(owner, mint.address, mint.program);
		const keys = {
			mint: mint.address, pool: pool.address, vault: pool.vault, participants: pool.participants, tokenProgram: mint.program,
			creator: pool.creator, user, userToken: tokenOf(user), devToken: tokenOf(pool.devWallet), treasuryToken: tokenOf(pool.treasury),
			...extra,
		};
		return mlInstruction(name, keys, args);
	}

	join(pool, player, amount = pool.amount) {
		return this.send([player], [this.instruction('join_pool', pool, player, {}, build.u64(amount))]);
	}

	donate(pool, player, amount) {
		return this.send([player], [this.instruction('donate', pool, player, {}, build.u64(amount))]);
	}

	pause(pool, devWallet) {
		return this.send([devWallet], [this.instruction('pause_pool', pool, devWallet)]);
	}

	unpause(pool, devWallet) {
		return this.send([devWallet], [this.instruction('unpause_pool', pool, devWallet)]);
	}

	cancel(pool) {
		return this.send([pool.creator], [this.instruction('cancel_pool', pool, pool.creator)]);
	}

	// A pool with `players` real players, each signing its own entry (the first creates it): Locked at the end.
	async fillPool({ mint, players = 3, amount = 100n * mint.unit, ...poolOptions }) {
		const keypairs = Array.from({ length: players }, () => new Keypair());
		for (const keypair of keypairs) await this.fundPlayer(keypair, mint, 2n * amount);
		const pool = await this.createPool({ ...poolOptions, mint, amount, creator: keypairs[0], maxParticipants: players });
		for (const keypair of keypairs.slice(1)) await this.join(pool, keypair);
		const state = await this.readPool(pool);
		if (state.status !== LOCKED) throw new Error(`pool ${pool.address} is ${state.statusName} after all ${players} players joined, expected Locked`);
		return { ...pool, players: keypairs };
	}

	async readPool(pool) {
		return decodePool((await this.account(pool.address)).data);
	}

	async readParticipants(pool) {
		return decodeParticipants((await this.account(pool.participants)).data);
	}

	// What the revealed value means for a pool not yet paid: computed here, from chain data, not by the program.
	async expectedDraw(pool) {
		const state = await this.readPool(pool);
		const { count, list } = await this.readParticipants(pool);
		const randomness = decodeRandomness((await this.account(state.randomnessAccount)).data);
		const index = winnerIndex(state.poolId, randomness.value, count);
		return { index, winner: list[index], value: randomness.value, shares: payout(state) };
	}
}

module.exports = { Scenario, TransactionFailed, poolAddresses };
