/* Base64: whatever decodes encodes back to the same text, and never into more than the given room. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/base64.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t cap = size / 4 * 3;
	uint8_t *bytes = malloc(cap + 1);
	char *again = malloc(BASE64_TEXT(cap));
	size_t n;

	if (bytes == NULL || again == NULL)
		abort();
	if (base64_decode(bytes, cap, &n, (const char *)data, size)) {
		if (n > cap || base64_encode(again, bytes, n) != size || memcmp(again, data, size) != 0)
			abort();
		if (n > 0 && base64_decode(bytes, n - 1, &n, (const char *)data, size))
			abort();
	}
	free(again);
	free(bytes);
	return 0;
}
