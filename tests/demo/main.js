#!/usr/bin/env node
// Runs the demo on what is installed and built already: main.js [--keep]; scripts/demo installs and builds before.
'use strict';

const fs = require('node:fs');
const path = require('node:path');
const { parseArgs } = require('node:util');

const ROOT = path.join(__dirname, '..', '..');
const USAGE = 'usage: scripts/demo [--keep]   (--keep leaves database and chain running until Enter)';
const WRONG_COMMAND_LINE = 64;
// What the demo runs, and which script makes it.
const NEEDED = [
	[process.env.POOLKEEPER ?? path.join(ROOT, 'build', 'poolkeeper'), 'scripts/build'],
	[path.join(ROOT, 'tests', 'chain', 'build', 'ml.so'), 'scripts/build'],
	[path.join(ROOT, 'tests', 'chain', 'build', 'switchboard.so'), 'scripts/build'],
	[path.join(ROOT, 'tests', 'chain', 'node_modules'), 'scripts/setup'],
	[path.join(ROOT, 'docs', 'verify', 'node_modules'), 'scripts/setup'],
];

function readArguments() {
	try {
		return parseArgs({ options: { keep: { type: 'boolean', default: false } } }).values;
	} catch (error) {
		console.error(`demo: ${error.message}`);
		console.error(USAGE);
		return process.exit(WRONG_COMMAND_LINE);
	}
}

function requireEverything() {
	for (const [file, script] of NEEDED) {
		if (fs.existsSync(file)) continue;
		console.error(`demo: ${path.relative(process.cwd(), file)} is missing: run ${script} first`);
		process.exit(1);
	}
}

const { keep } = readArguments();
requireEverything();
const { Session } = require('./session.js');

new Session({ keep, began: Number(process.env.POOLKEEPER_DEMO_BEGAN ?? Date.now() / 1000) }).run();
