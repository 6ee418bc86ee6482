// verify FILE as a process: exit codes, no settings needed, both outputs; what is wrong in a file is tests/unit/test_certificate.c's.
'use strict';

const test = require('node:test');
const assert = require('node:assert');
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');

const binary = process.env.POOLKEEPER || path.join(__dirname, '..', '..', 'build', 'poolkeeper');
const stored = path.join(__dirname, '..', 'certificates');

function verify(...args) {
	const { status, stdout, stderr } = spawnSync(binary, ['verify', ...args], { env: {}, encoding: 'utf8' });
	return { code: status, stdout, stderr };
}

const checks = (stdout) => new Map(JSON.parse(stdout).verdict.checks.map(({ check, result }) => [check, result]));

test('a good certificate of a pool is fair, without any setting', () => {
	const { code, stdout, stderr } = verify(path.join(stored, 'pool.json'), '--json');
	assert.equal(code, 0, stdout);
	assert.equal(stderr, '');
	assert.equal(JSON.parse(stdout).verdict.verdict.value, 'fair');
	assert.equal(checks(stdout).get('oracle_signature'), 'ok');
});

test('a good certificate of a draw off chain whose winner was refused: only the refusal cannot be known, and drand without a library', () => {
	const { code, stdout } = verify(path.join(stored, 'draw.json'), '--json');
	assert.equal(code, 69, stdout);
	for (const [check, result] of checks(stdout)) if (check !== 'drand_signature') assert.equal(result, check === 'refusals' ? 'unknown' : 'ok', check);
	assert.match(verify(path.join(stored, 'draw.json')).stdout, /why pick 0 was refused, and it is true: rule 4: under age/);
	assert.match(verify(path.join(stored, 'draw.json')).stdout, /^outside$/m);
});

test('a changed certificate exits 1, one that is none too, and a file that is not there 64', () => {
	const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'certificate-'));
	try {
		const changed = path.join(folder, 'changed');
		fs.writeFileSync(changed, fs.readFileSync(path.join(stored, 'pool.json'), 'utf8').replace('"bet":"1000003"', '"bet":"1000004"'));
		const { code, stdout } = verify(changed, '--json');
		assert.equal(code, 1);
		assert.equal(checks(stdout).get('signature'), 'wrong');
		fs.writeFileSync(changed, 'no certificate');
		assert.equal(verify(changed).code, 1);
		fs.writeFileSync(changed, '');
		assert.equal(verify(changed).code, 1);
		const missing = verify(path.join(folder, 'missing'));
		assert.equal(missing.code, 64);
		assert.match(missing.stderr, /missing cannot be read as a certificate: No such file/);
		assert.equal(verify(folder).code, 64);
	} finally {
		fs.rmSync(folder, { recursive: true });
	}
});
