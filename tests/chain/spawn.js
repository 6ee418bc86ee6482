// Starts the local chain and the oracle gateway as processes of their own and waits for their "listening" line.
'use strict';

const path = require('node:path');
const readline = require('node:readline');
const { spawn } = require('node:child_process');

// Resolves to { url, process, stop() }.
function startProcess(script, args) {
	const child = spawn(process.execPath, [path.join(__dirname, script), ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
	const stop = () => new Promise((resolve) => {
		if (child.exitCode !== null || child.signalCode !== null) {
			resolve();
			return;
		}
		child.once('exit', resolve);
		child.kill('SIGTERM');
	});
	return new Promise((resolve, reject) => {
		child.once('error', reject);
		child.once('exit', (code) => reject(new Error(`${script} ended with code ${code} before it listened`)));
		readline.createInterface({ input: child.stdout }).on('line', (line) => {
			const match = /^listening (http:\S+)$/.exec(line);
			if (match) resolve({ url: match[1], process: child, stop });
		});
	});
}

const startChainProcess = (...args) => startProcess('main.js', args);
const startGatewayProcess = (...args) => startProcess('gateway.js', args);

module.exports = { startChainProcess, startGatewayProcess };
