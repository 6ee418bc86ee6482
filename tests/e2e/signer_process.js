// poolkeeper-signer as a child process, and one question to it.
'use strict';

const net = require('node:net');
const path = require('node:path');
const readline = require('node:readline');
const { spawn } = require('node:child_process');

const ROOT = path.join(__dirname, '..', '..');
const BINARY = path.join(path.dirname(process.env.POOLKEEPER ?? path.join(ROOT, 'build', 'poolkeeper')), 'poolkeeper-signer');

// options: of child_process.spawn: uid, gid, cwd; through: a program that becomes the signer, and its arguments
async function startSigner(socket, keyFile, treasury, options = {}) {
	const [program, ...args] = [...(options.through ?? []), BINARY, socket, keyFile, treasury];
	const child = spawn(program, args, { ...options, stdio: ['ignore', 'ignore', 'pipe'] });
	const lines = [];
	const exited = new Promise((resolve) => { child.once('close', (code) => resolve(code)); });
	const ready = new Promise((resolve) => {
		readline.createInterface({ input: child.stderr }).on('line', (line) => {
			lines.push(line);
			if (/event=ready/.test(line)) resolve();
		});
	});
	await Promise.race([ready, exited.then((code) => { throw new Error(`poolkeeper-signer exited with ${code}: ${lines.join('\n')}`); })]);
	const kill = (signal) => { child.kill(signal); return exited; };
	return { child, lines, kill, stop: () => kill('SIGKILL') };
}

// One packet there, one back; undefined when the signer hangs up instead.
function ask(socket, bytes, { raw = false } = {}) {
	return new Promise((resolve, reject) => {
		const chunks = [];
		const connection = net.connect(socket, () => {
			const length = Buffer.alloc(2);
			length.writeUInt16LE(bytes.length);
			connection.write(raw ? bytes : Buffer.concat([length, bytes]));
		});
		connection.on('data', (data) => chunks.push(data));
		connection.on('error', (error) => (error.code === 'ECONNRESET' ? resolve(undefined) : reject(error)));
		connection.on('close', () => {
			const all = Buffer.concat(chunks);
			resolve(all.length < 2 ? undefined : all.subarray(2, 2 + all.readUInt16LE(0)));
		});
	});
}

module.exports = { startSigner, ask };
