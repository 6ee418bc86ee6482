/* The body of a contribution, as anybody who has the token may send it. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/wager.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_text(const char *text)
{
	const size_t n = strnlen(text, WAGER_TEXT_MAX + 1);

	if (n == 0 || n > WAGER_TEXT_MAX)
		abort();
	for (size_t i = 0; i < n; i++)
		if (text[i] < ' ' || text[i] > '~' || text[i] == '"' || text[i] == '\\')
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const headers[] = { NULL, "", "key", "\x80" };
	struct wager wager;

	for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++) {
		const char *why = wager_parse(&wager, (const char *)data, size, headers[i]);

		if (why != NULL && why[0] == '\0')
			abort();
		if (why != NULL)
			continue;
		check_text(wager.key);
		check_text(wager.user);
		check_text(wager.game);
		if (wager.cents == 0 || wager.cents > WAGER_CENTS_MAX)
			abort();
	}
	return 0;
}
