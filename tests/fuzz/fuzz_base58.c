/* Base58: whatever decodes encodes back to the same text, and the fixed paths agree with the general one. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/base58.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect(bool holds)
{
	if (!holds)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t bytes[BASE58_BYTES_MAX];
	static char again[BASE58_TEXT_MAX + 1];
	const char *text = (const char *)data;
	struct signature signature;
	struct pubkey key;
	size_t n = 0, again_n;
	bool general = base58_decode(bytes, sizeof bytes, &n, text, size);
	bool is_key = base58_to_pubkey(&key, text, size);
	bool is_signature = base58_to_signature(&signature, text, size);

	expect(is_key == (general && n == PUBKEY_SIZE));
	expect(is_signature == (general && n == SIGNATURE_SIZE));
	if (is_key)
		expect(memcmp(key.b, bytes, n) == 0);
	if (is_signature)
		expect(memcmp(signature.b, bytes, n) == 0);
	if (general) {
		expect(base58_encode(again, sizeof again, &again_n, bytes, n));
		expect(again_n == size && memcmp(again, data, size) == 0);
	}
	if (size >= SIGNATURE_SIZE) {
		char text64[SIGNATURE_TEXT];

		memcpy(signature.b, data, SIGNATURE_SIZE);
		n = base58_signature(text64, &signature);
		expect(base58_encode(again, sizeof again, &again_n, data, SIGNATURE_SIZE));
		expect(again_n == n && memcmp(again, text64, n) == 0);
	}
	return 0;
}
