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
	assert.match(verify(path.join(stored, 'draw.json')).stdout, /pick 0 at 1692806200: rule 4: under age/);
});

test('the verdict names what a file cannot prove, and where each of it is to be looked up', () => {
	const { not_checked, verdict } = JSON.parse(verify(path.join(stored, 'pool.json'), '--json').stdout);
	assert.equal(verdict.verdict.from, 'as far as the file shows; not checked here: chain');
	assert.match(not_checked.facts[0].check_with, /^poolkeeper verify \w+:8104286885209630689$/);
	assert.match(verify(path.join(stored, 'pool.json')).stdout, /^ {2}verdict +fair +\[as far as the file shows; not checked here: chain\]$/m);
	const draw = new Map(JSON.parse(verify(path.join(stored, 'draw.json'), '--json').stdout).not_checked.facts.map(({ fact, ...rest }) => [fact, rest]));
	for (const fact of ['anchor', 'one_lock', 'block', 'vrf_key', 'rules', 'refusals', 'certificates', 'payments']) assert.ok(draw.get(fact)?.check_with, fact);
	assert.match(draw.get('anchor').must_be, /in slot 212999950, is signed by AcMCfGH7ZPCtjJfVuH8UwSo12SoaCzEKc6k5ofeQ1gQD and has a memo with [0-9a-f]{64}$/);
	assert.match(draw.get('block').check_with, /\/block\/213000002$/);
});

test('a draw that defaulted is neither fair nor unfair: its stakes went back, and the exit code is its own', () => {
	const { code, stdout } = verify(path.join(stored, 'refund.json'), '--json');
	const { verdict, refund } = JSON.parse(stdout);
	assert.equal(code, 3, stdout);
	assert.equal(verdict.verdict.value, 'no draw: refunded');
	assert.match(verdict.why.value, /^at the deadline there was no proof: nothing was drawn, and every stake went back$/);
	assert.deepEqual([refund.missing.value, refund.units.value], ['proof', '280']);
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
