#!/usr/bin/env node
// Starts the local chain with the lottery and oracle programs and prints the line "listening URL".
'use strict';

const fs = require('node:fs');
const path = require('node:path');
const { parseArgs } = require('node:util');
const { ADDRESS } = require('./solana.js');
const { startChain } = require('./server.js');

const USAGE = `usage: main.js [--port 0] [--slot-ms 400|0] [--time UNIX] [--seed TEXT] [--genesis HASH]
               [--ml FILE.so] [--switchboard FILE.so] [--confirm-lag 1] [--final-lag 32]`;

const OPTIONS = {
	port: { type: 'string', default: '0' },
	'slot-ms': { type: 'string', default: '400' },
	time: { type: 'string' },
	seed: { type: 'string' },
	genesis: { type: 'string' },
	ml: { type: 'string', default: path.join(__dirname, 'build', 'ml.so') },
	switchboard: { type: 'string', default: path.join(__dirname, 'build', 'switchboard.so') },
	'confirm-lag': { type: 'string', default: '1' },
	'final-lag': { type: 'string', default: '32' },
};

function wholeNumber(options, name) {
	if (options[name] === undefined) return undefined;
	if (!/^\d{1,15}$/.test(options[name])) throw new Error(`--${name} is "${options[name]}": give a whole number`);
	return Number(options[name]);
}

function readProgram(options, name) {
	try {
		return { address: ADDRESS[name], elf: fs.readFileSync(options[name]) };
	} catch (error) {
		throw new Error(`--${name} ${options[name]} cannot be read (${error.code}): build the programs first or name another file`);
	}
}

async function main() {
	const options = parseArgs({ options: OPTIONS }).values;
	const chain = await startChain({
		port: wholeNumber(options, 'port'),
		slotMs: wholeNumber(options, 'slot-ms'),
		time: wholeNumber(options, 'time'),
		seed: options.seed,
		genesisHash: options.genesis,
		confirmLag: wholeNumber(options, 'confirm-lag'),
		finalLag: wholeNumber(options, 'final-lag'),
		programs: [readProgram(options, 'ml'), readProgram(options, 'switchboard')],
	});
	console.log(`listening ${chain.url}`);
	process.on('SIGTERM', () => process.exit(0));
	process.on('SIGINT', () => process.exit(0));
}

main().catch((error) => {
	console.error(`main.js: ${error.message}`);
	console.error(USAGE);
	process.exit(2);
});
