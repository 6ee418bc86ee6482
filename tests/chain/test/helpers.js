// What the tests of the local chain share: a chain on manual slots inside the test process, and signed transfers.
'use strict';

const { startChain } = require('../server.js');
const { RpcClient, post } = require('../rpc-client.js');
const { Keypair, signTransaction } = require('../solana.js');
const { transfer } = require('../instructions.js');

const START_TIME = 1760000000;

// A chain that ends with the test. call() goes to node 0; node(k).call() to another virtual node.
async function openChain(t, options = {}) {
	const chain = await startChain({ slotMs: 0, time: START_TIME, ...options });
	t.after(() => chain.close());
	const main = new RpcClient(chain.url);
	return {
		...chain,
		call: (method, ...params) => main.call(method, ...params),
		node: (index) => new RpcClient(`${chain.url}/node/${index}`),
		post: (body, path = '/') => post(chain.url + path, typeof body === 'string' ? body : JSON.stringify(body)),
	};
}

async function fundedKeypair(chain, lamports = 10_000_000_000) {
	const keypair = new Keypair();
	await chain.call('requestAirdrop', keypair.address, lamports);
	return keypair;
}

async function signedTransfer(chain, from, to, lamports) {
	const { value } = await chain.call('getLatestBlockhash', { commitment: 'processed' });
	return signTransaction([from], [transfer(from, to, lamports)], value.blockhash);
}

function submit(chain, wire, options = {}) {
	return chain.call('sendTransaction', wire.toString('base64'), { encoding: 'base64', preflightCommitment: 'processed', ...options });
}

async function status(chain, signature, options) {
	const { value: [answer] } = await chain.call('getSignatureStatuses', [signature], options);
	return answer;
}

async function errorOf(promise) {
	try {
		await promise;
	} catch (error) {
		return error;
	}
	throw new Error('expected a failure');
}

module.exports = { START_TIME, openChain, fundedKeypair, signedTransfer, submit, status, errorOf };
