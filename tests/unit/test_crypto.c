/* Hash parts, RFC 8032 signatures, the curve test, and memory for secrets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <string.h>

#include "base/crypto.h"

static const uint8_t SEED[32] = { 0x4c, 0xcd, 0x08, 0x9b, 0x28, 0xff, 0x96, 0xda, 0x9d, 0xb6, 0xc3, 0x46, 0xec, 0x11,
	0x4e, 0x0f, 0x5b, 0x8a, 0x31, 0x9f, 0x35, 0xab, 0xa6, 0x24, 0xda, 0x8c, 0xf6, 0xed, 0x4f, 0xb8, 0xa6, 0xfb };
static const uint8_t PUBLIC[32] = { 0x3d, 0x40, 0x17, 0xc3, 0xe8, 0x43, 0x89, 0x5a, 0x92, 0xb7, 0x0a, 0xa7, 0x4d, 0x1b,
	0x7e, 0xbc, 0x9c, 0x98, 0x2c, 0xcf, 0x2e, 0xc4, 0x96, 0x8c, 0xc0, 0xcd, 0x55, 0xf1, 0x2a, 0xf4, 0x66, 0x0c };
/* RFC 8032, 7.1, test 2: message 0x72. */
static const uint8_t SIGNATURE_START[4] = { 0x92, 0xa0, 0x09, 0xa9 };

static void test_hash_parts(void **unused)
{
	static const uint8_t abc[32] = { 0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea, 0x41, 0x41, 0x40, 0xde, 0x5d,
		0xae, 0x22, 0x23, 0xb0, 0x03, 0x61, 0xa3, 0x96, 0x17, 0x7a, 0x9c, 0xb4, 0x10, 0xff, 0x61, 0xf2, 0x00,
		0x15, 0xad };
	const uint8_t text[] = "abc";
	const struct bytes whole = { text, 3 };
	const struct bytes parts[] = { { text, 1 }, { NULL, 0 }, { text + 1, 2 } };
	struct hash hash;

	(void)unused;
	crypto_sha256(&hash, &whole, 1);
	assert_memory_equal(hash.b, abc, sizeof abc);
	crypto_sha256(&hash, parts, 3);
	assert_memory_equal(hash.b, abc, sizeof abc);
}

static void test_sign_and_verify(void **unused)
{
	const uint8_t message[] = { 0x72 };
	struct bytes bytes = { message, 1 };
	struct signature signature;
	struct pubkey key;

	(void)unused;
	crypto_ed25519_public_key(&key, SEED);
	assert_memory_equal(key.b, PUBLIC, sizeof PUBLIC);
	crypto_ed25519_sign(&signature, bytes, SEED);
	assert_memory_equal(signature.b, SIGNATURE_START, sizeof SIGNATURE_START);
	assert_true(crypto_ed25519_verify(&key, bytes, &signature));
	for (size_t i = 0; i < sizeof signature.b; i++) {
		signature.b[i] ^= 1;
		assert_false(crypto_ed25519_verify(&key, bytes, &signature));
		signature.b[i] ^= 1;
	}
	bytes.n = 0;
	assert_false(crypto_ed25519_verify(&key, bytes, &signature));
}

/* Points of small order are on the curve, though not in the prime-order group: the validator says so. */
static void test_curve(void **unused)
{
	uint8_t point[32] = { 1 };

	(void)unused;
	assert_true(crypto_on_curve(point));
	memset(point, 0, sizeof point);
	assert_true(crypto_on_curve(point));
	assert_true(crypto_on_curve(PUBLIC));
	point[0] = 2;
	assert_false(crypto_on_curve(point));
}

static void test_secrets(void **unused)
{
	static const uint8_t zero[64];
	bool locked;
	uint8_t *secret = crypto_secret_alloc(64, &locked);

	(void)unused;
	assert_non_null(secret);
	assert_memory_equal(secret, zero, sizeof zero);
	crypto_random(secret, 64);
	assert_false(crypto_secret_equal(secret, zero, 64));
	crypto_wipe(secret, 64);
	assert_true(crypto_secret_equal(secret, zero, 64));
	crypto_secret_free(secret);
	crypto_secret_free(NULL);
}

/* How a child that reads the secret ends: 0 when it could. */
static int child_reading(const uint8_t *secret)
{
	int status = 0;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		(void)signal(SIGSEGV, SIG_DFL);
		_exit(*(volatile const uint8_t *)secret == 7 ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static void test_hidden_secrets(void **unused)
{
	bool locked;
	uint8_t *secret = crypto_secret_alloc(1, &locked);

	(void)unused;
	*secret = 7;
	crypto_secret_hide(secret);
	assert_true(WIFSIGNALED(child_reading(secret)));
	crypto_secret_show(secret);
	assert_int_equal(child_reading(secret), 0);
	crypto_secret_hide(secret);
	crypto_secret_free(secret);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hash_parts),
		cmocka_unit_test(test_sign_and_verify),
		cmocka_unit_test(test_curve),
		cmocka_unit_test(test_secrets),
		cmocka_unit_test(test_hidden_secrets),
	};

	if (!crypto_init())
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
