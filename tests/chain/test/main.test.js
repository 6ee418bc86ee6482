// main.js as a process: its listening line, its options, one clear line for bad input.
'use strict';

const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const test = require('node:test');
const assert = require('node:assert');
const { spawnSync } = require('node:child_process');
const { RpcClient } = require('../rpc-client.js');
const { startChainProcess } = require('../spawn.js');
const { ADDRESS } = require('../solana.js');

test('starts with both programs at their addresses and the given time, and ends on SIGTERM', async (t) => {
	const chain = await startChainProcess('--slot-ms', '0', '--time', '1760000000', '--seed', 'fixed', '--genesis', ADDRESS.ml);
	t.after(() => chain.stop());
	const rpc = new RpcClient(chain.url);
	for (const program of [ADDRESS.ml, ADDRESS.switchboard]) {
		const { value } = await rpc.call('getAccountInfo', program, { encoding: 'base64', commitment: 'processed' });
		assert.strictEqual(value.executable, true, program);
	}
	assert.strictEqual((await rpc.call('chain_position')).unixTime, 1760000000);
	assert.strictEqual(await rpc.call('getGenesisHash'), ADDRESS.ml);
	await chain.stop();
	assert.strictEqual(chain.process.exitCode, 0);
});

test('the same seed gives the same blockhashes', async (t) => {
	const hashes = [];
	for (const seed of ['same', 'same', 'other']) {
		const chain = await startChainProcess('--slot-ms', '0', '--time', '1760000000', '--seed', seed);
		t.after(() => chain.stop());
		hashes.push((await new RpcClient(chain.url).call('getLatestBlockhash')).value.blockhash);
	}
	assert.strictEqual(hashes[0], hashes[1]);
	assert.notStrictEqual(hashes[0], hashes[2]);
});

test('bad arguments give one clear line and exit code 2', () => {
	const script = path.join(__dirname, '..', 'main.js');
	const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'chain-'));
	const missing = path.join(directory, 'none.so');
	const cases = [
		[['--slot-ms', 'fast'], /--slot-ms is "fast": give a whole number/],
		[['--ml', missing], /--ml .*none\.so cannot be read \(ENOENT\): build the programs first/],
		[['--speed', '1'], /Unknown option '--speed'/],
	];
	for (const [args, pattern] of cases) {
		const { status, stderr } = spawnSync(process.execPath, [script, ...args], { encoding: 'utf8' });
		assert.strictEqual(status, 2);
		assert.match(stderr.split('\n')[0], pattern);
	}
	fs.rmSync(directory, { recursive: true });
});
