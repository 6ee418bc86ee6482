// build-programs and sbflink: what they build, when they skip, and the one clear line when they cannot.
'use strict';

const assert = require('node:assert');
const { execFileSync, spawnSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const test = require('node:test');
const base58 = require('../base58.js');
const { link, LinkError } = require('../sbflink.js');

const SCRIPT = path.join(__dirname, '..', 'build-programs');
const SOURCES = path.join(__dirname, '..', 'programs');

function inTemporaryDirectory(run) {
	const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'programs-'));
	try {
		return run(directory);
	} finally {
		fs.rmSync(directory, { recursive: true });
	}
}

function findCompiler() {
	return ['clang-19', 'clang-16', 'clang-14'].find((name) => spawnSync(name, ['--version']).status === 0);
}

// One object from C text, linked. Flags replace the careful ones of build-programs.
function linkText(directory, text, flags = ['-mcpu=v2', '-O2']) {
	const source = path.join(directory, 'program.c');
	const object = path.join(directory, 'program.o');
	fs.writeFileSync(source, text);
	execFileSync(findCompiler(), ['-target', 'bpfel', '-ffreestanding', '-fno-builtin', ...flags, '-c', source, '-o', object], { stdio: 'pipe' });
	return link([object]);
}

test('build-programs builds three programs from any directory, then has nothing to do', () => {
	inTemporaryDirectory((directory) => {
		const env = { ...process.env, BUILD_DIR: directory };
		const first = execFileSync(SCRIPT, { env, cwd: '/', encoding: 'utf8' });
		for (const name of ['ml.so', 'ml-mainnet.so', 'switchboard.so']) {
			assert.match(first, new RegExp(`^${name} built with clang-\\d+, \\d+ bytes$`, 'm'));
		}
		const before = fs.statSync(path.join(directory, 'ml.so')).mtimeMs;
		const second = execFileSync(SCRIPT, { env, cwd: '/', encoding: 'utf8' });
		assert.strictEqual(second, 'ml.so is up to date\nml-mainnet.so is up to date\nswitchboard.so is up to date\n');
		assert.strictEqual(fs.statSync(path.join(directory, 'ml.so')).mtimeMs, before);
		const built = path.join(__dirname, '..', 'build', 'ml.so');
		execFileSync(SCRIPT, { stdio: 'ignore' });
		assert.deepStrictEqual(fs.readFileSync(path.join(directory, 'ml.so')), fs.readFileSync(built), 'the same sources give the same bytes');
	});
});

test('build-programs without clang says what to install', () => {
	inTemporaryDirectory((directory) => {
		for (const tool of ['dirname', 'pwd', 'sh']) fs.symlinkSync(execFileSync('which', [tool], { encoding: 'utf8' }).trim(), path.join(directory, tool));
		const result = spawnSync('/bin/sh', [SCRIPT], { env: { PATH: directory, BUILD_DIR: directory }, encoding: 'utf8' });
		assert.strictEqual(result.status, 1);
		assert.strictEqual(result.stderr, 'build-programs: no clang found: apt-get install --no-install-recommends clang-19\n');
	});
});

test('sbflink refuses what the loader would reject or compute differently', () => {
	const program = (body) => `unsigned long long entrypoint(unsigned char *in) { ${body} }`;
	const cases = [
		['int counter; ' + program('return ++counter;'), undefined, /section \.bss is writable data/],
		['extern int nowhere(void); ' + program('return nowhere();'), undefined, /nowhere is defined nowhere and no syscall/],
		['int other(void) { return 1; }', undefined, /no object defines entrypoint/],
		[program('unsigned a = in[0], b = in[1]; return a * b + in[2] > 7u ? a : b;'), ['-mcpu=v3', '-O2'], /compile with -mcpu=v2/],
	];
	inTemporaryDirectory((directory) => {
		for (const [text, flags, message] of cases) {
			assert.throws(() => linkText(directory, text, flags), (error) => error instanceof LinkError && message.test(error.message), text);
		}
	});
});

test('sbflink names a file that is no object', () => {
	const result = spawnSync('node', [path.join(__dirname, '..', 'sbflink.js'), '-o', '/dev/null', __filename], { encoding: 'utf8' });
	assert.strictEqual(result.status, 1);
	assert.match(result.stderr, /^sbflink: .*programs-build\.test\.js is not a BPF object: .*\n$/);
});

test('the addresses in known.c are those their comments name', () => {
	const text = fs.readFileSync(path.join(SOURCES, 'known.c'), 'utf8');
	const found = [...text.matchAll(/\/\* (\w{40,44}) \*\/\nconst struct pubkey \w+ = \{ \{([^}]*)\} \};/g)];
	assert.strictEqual(found.length, 9);
	for (const [, address, list] of found) {
		const bytes = Buffer.from(list.match(/0x[0-9a-f]{2}/g).map(Number));
		assert.strictEqual(base58.encode(bytes), address);
	}
});
