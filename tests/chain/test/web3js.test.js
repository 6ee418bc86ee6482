// Unmodified @solana/web3.js and @solana/spl-token work against the chain: transfers, mints, lookup tables, subscriptions, failures.
'use strict';

const test = require('node:test');
const assert = require('node:assert');
const web3 = require('@solana/web3.js');
const token = require('@solana/spl-token');
const { startChain } = require('../server.js');

const SLOT_MS = 20;
const IDLE_SOCKET_MS = 700;

let chain;

test.before(async () => {
	chain = await startChain({ slotMs: SLOT_MS });
});

// web3.js closes an idle socket by itself after half a second; if the server went first it would reconnect for ever.
test.after(async () => {
	await new Promise((resolve) => { setTimeout(resolve, IDLE_SOCKET_MS); });
	await chain.close();
});

async function connect() {
	const connection = new web3.Connection(chain.url, { commitment: 'confirmed', wsEndpoint: chain.url.replace('http', 'ws') });
	const payer = web3.Keypair.generate();
	const signature = await connection.requestAirdrop(payer.publicKey, 100 * web3.LAMPORTS_PER_SOL);
	await connection.confirmTransaction({ signature, ...await connection.getLatestBlockhash() });
	return { connection, payer };
}

function transferTo(payer, toPubkey, lamports) {
	return new web3.Transaction().add(web3.SystemProgram.transfer({ fromPubkey: payer.publicKey, toPubkey, lamports }));
}

test('transfer, confirm over WebSocket, read, block, history', async () => {
	const { connection, payer } = await connect();
	const target = web3.Keypair.generate().publicKey;
	const signature = await web3.sendAndConfirmTransaction(connection, transferTo(payer, target, 5_000_000), [payer]);
	assert.strictEqual(await connection.getBalance(target), 5_000_000);
	const status = (await connection.getSignatureStatus(signature)).value;
	assert.ok(['confirmed', 'finalized'].includes(status.confirmationStatus));
	const landed = await connection.getTransaction(signature, { maxSupportedTransactionVersion: 0 });
	assert.strictEqual(landed.meta.fee, 5000);
	const block = await connection.getBlock(landed.slot, { maxSupportedTransactionVersion: 0 });
	assert.ok(block.transactions.some(({ transaction }) => transaction.signatures[0] === signature));
	const history = await connection.getSignaturesForAddress(target);
	assert.deepStrictEqual(history.map((entry) => entry.signature), [signature]);
	assert.strictEqual(await connection.getBlockTime(landed.slot), landed.blockTime);
	assert.strictEqual(await connection.getGenesisHash(), 'EtWTRABZaYq6iMfeYKouRu166VU2xqa1wcaWoxPkrZBG');
	assert.strictEqual((await connection.getEpochInfo()).slotsInEpoch, 432000);
	assert.strictEqual((await connection.getRecentPrioritizationFees()).length, 150);
	assert.strictEqual((await connection.getFeeForMessage((transferMessage(payer, target, await connection.getLatestBlockhash())))).value, 5000);
});

function transferMessage(payer, target, { blockhash }) {
	const instruction = web3.SystemProgram.transfer({ fromPubkey: payer.publicKey, toPubkey: target, lamports: 1 });
	return new web3.TransactionMessage({ payerKey: payer.publicKey, recentBlockhash: blockhash, instructions: [instruction] }).compileToLegacyMessage();
}

test('finalized confirmation arrives too, and slots are announced', async () => {
	const { connection, payer } = await connect();
	const slots = [];
	const id = connection.onSlotChange((slot) => slots.push(slot));
	const signature = await connection.sendTransaction(transferTo(payer, payer.publicKey, 1), [payer]);
	const { value } = await connection.confirmTransaction({ signature, ...await connection.getLatestBlockhash() }, 'finalized');
	assert.strictEqual(value.err, null);
	await connection.removeSlotChangeListener(id);
	assert.ok(slots.length > 10);
	for (const { slot, parent, root } of slots) assert.deepStrictEqual([parent, root], [slot - 1, slot - 32]);
});

for (const [name, program] of [['SPL Token', token.TOKEN_PROGRAM_ID], ['Token-2022', token.TOKEN_2022_PROGRAM_ID]]) {
	test(`${name}: create a mint, mint, transfer, read`, async () => {
		const { connection, payer } = await connect();
		const other = web3.Keypair.generate();
		const mint = await token.createMint(connection, payer, payer.publicKey, null, 6, undefined, undefined, program);
		const open = (owner) => token.getOrCreateAssociatedTokenAccount(connection, payer, mint, owner, false, undefined, undefined, program);
		const from = await open(payer.publicKey);
		const to = await open(other.publicKey);
		await token.mintTo(connection, payer, mint, from.address, payer, 5_000_000, [], undefined, program);
		await token.transferChecked(connection, payer, from.address, mint, to.address, payer, 1_250_000, 6, [], undefined, program);
		assert.strictEqual((await token.getAccount(connection, to.address, undefined, program)).amount, 1_250_000n);
		assert.strictEqual((await connection.getTokenAccountBalance(from.address)).value.uiAmountString, '3.75');
		assert.strictEqual((await connection.getTokenSupply(mint)).value.amount, '5000000');
		const owned = await connection.getTokenAccountsByOwner(other.publicKey, { mint });
		assert.deepStrictEqual(owned.value.map(({ pubkey }) => pubkey.toBase58()), [to.address.toBase58()]);
		const accounts = await connection.getMultipleAccountsInfo([mint, to.address, web3.Keypair.generate().publicKey]);
		assert.deepStrictEqual(accounts.map((account) => account && account.owner.equals(program)), [true, true, null]);
	});
}

test('failures reach web3.js as its own error types', async () => {
	const { connection, payer } = await connect();
	const poor = web3.Keypair.generate();
	const error = await connection.sendTransaction(transferTo(payer, poor.publicKey, 1e15), [payer]).then(() => null, (reason) => reason);
	assert.ok(error instanceof web3.SendTransactionError);
	assert.match(error.message, /custom program error: 0x1/);
	assert.ok(error.logs.some((line) => /insufficient lamports/.test(line)));
	const stale = transferTo(payer, poor.publicKey, 1);
	Object.assign(stale, { recentBlockhash: poor.publicKey.toBase58(), feePayer: payer.publicKey });
	stale.sign(payer);
	await assert.rejects(connection.sendRawTransaction(stale.serialize()), /Blockhash not found/);
});

test('a v0 transaction with a lookup table: simulate, send, loaded addresses', async () => {
	const { connection, payer } = await connect();
	const target = web3.Keypair.generate().publicKey;
	const [create, table] = web3.AddressLookupTableProgram.createLookupTable({
		authority: payer.publicKey, payer: payer.publicKey, recentSlot: await connection.getSlot('finalized'),
	});
	const extend = web3.AddressLookupTableProgram.extendLookupTable({
		payer: payer.publicKey, authority: payer.publicKey, lookupTable: table, addresses: [web3.SystemProgram.programId, target],
	});
	await web3.sendAndConfirmTransaction(connection, new web3.Transaction().add(create, extend), [payer]);
	const { value: account } = await connection.getAddressLookupTable(table);
	const { blockhash, lastValidBlockHeight } = await connection.getLatestBlockhash();
	const instructions = [
		web3.ComputeBudgetProgram.setComputeUnitLimit({ units: 1000 }),
		web3.ComputeBudgetProgram.setComputeUnitPrice({ microLamports: 1_000_000 }),
		web3.SystemProgram.transfer({ fromPubkey: payer.publicKey, toPubkey: target, lamports: 3_000_000 }),
	];
	const message = new web3.TransactionMessage({ payerKey: payer.publicKey, recentBlockhash: blockhash, instructions });
	const transaction = new web3.VersionedTransaction(message.compileToV0Message([account]));
	transaction.sign([payer]);
	const simulated = await connection.simulateTransaction(transaction, { replaceRecentBlockhash: true });
	assert.deepStrictEqual([simulated.value.err, simulated.value.unitsConsumed], [null, 450]);
	const signature = await connection.sendTransaction(transaction);
	await connection.confirmTransaction({ signature, blockhash, lastValidBlockHeight });
	const landed = await connection.getTransaction(signature, { maxSupportedTransactionVersion: 0 });
	assert.deepStrictEqual([landed.version, landed.meta.fee], [0, 6000]);
	assert.deepStrictEqual(landed.meta.loadedAddresses.writable.map(String), [target.toBase58()]);
	await assert.rejects(connection.getTransaction(signature, {}), /maxSupportedTransactionVersion/);
	assert.strictEqual(await connection.getBalance(target), 3_000_000);
});
