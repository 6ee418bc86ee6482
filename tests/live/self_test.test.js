// A daemon whose library computes something else than published does not start.
'use strict';

const { test } = require('node:test');
const assert = require('node:assert/strict');
const { execFileSync, spawnSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { Keypair } = require('../chain/solana.js');

const BINARY = process.env.POOLKEEPER ?? path.join(__dirname, '..', '..', 'build', 'poolkeeper');

// Each stands before libsodium's own function and gives a wrong byte.
const BROKEN = {
	crypto_hash_sha256_final: ['the tickets\' tree has another root', `
		int crypto_hash_sha256_final(void *state, unsigned char *out) {
			int (*real)(void *, unsigned char *) = dlsym(RTLD_NEXT, "crypto_hash_sha256_final");
			int code = real(state, out); out[31] ^= 1; return code; }`],
	crypto_auth_hmacsha256_final: ['SEL-1 makes another key', `
		int crypto_auth_hmacsha256_final(void *state, unsigned char *out) {
			int (*real)(void *, unsigned char *) = dlsym(RTLD_NEXT, "crypto_auth_hmacsha256_final");
			int code = real(state, out); out[0] ^= 1; return code; }`],
	crypto_core_ed25519_scalar_add: ['ECVRF gives another proof', `
		void crypto_core_ed25519_scalar_add(unsigned char *z, const unsigned char *x, const unsigned char *y) { (void)x; (void)y; z[0] = 7; }`],
};

test('a broken library is named and ends the start with 70', (t) => {
	const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'poolkeeper-self-test-'));
	t.after(() => fs.rmSync(scratch, { recursive: true, force: true }));
	const env = {
		PATH: process.env.PATH, DATABASE_URL: 'postgres://k@127.0.0.1:1/d', SOLANA_RPC_URL: 'http://127.0.0.1:1/', TREASURY_WALLET_PUBKEY: new Keypair().address,
		DEV_WALLET_PRIVATE_KEY: JSON.stringify([...new Keypair().secretKey()]), SPOOL_DIR: path.join(scratch, 'spool'), KEEPER_HTTP: 'off', DB_TIMEOUT_MS: '200',
	};
	for (const [name, [says, source]] of Object.entries(BROKEN)) {
		const library = path.join(scratch, `${name}.so`);
		execFileSync('cc', ['-shared', '-fPIC', '-D_GNU_SOURCE', '-x', 'c', '-', '-o', library], { input: `#include <dlfcn.h>\n${source}\n`, stdio: ['pipe', 'ignore', 'inherit'] });
		const { status, stderr } = spawnSync(BINARY, ['--once'], { encoding: 'utf8', env: { ...env, LD_PRELOAD: library } });
		assert.equal(status, 70, stderr);
		const errors = stderr.split('\n').filter((line) => line.includes('level=error'));
		assert.equal(errors.length, 1, stderr);
		assert.match(errors[0], new RegExp(`event=start.failed what=self_test why="${says} .*no draw can be trusted`));
	}
	const sound = spawnSync(BINARY, ['--once'], { encoding: 'utf8', env });
	assert.equal(sound.status, 69, sound.stderr);
	assert.doesNotMatch(sound.stderr, /self_test/);
});
