/* Any bytes as a drand relay's answer and as the list of relays. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "chain/drand_relays.h"
#include "core/drand_relay.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_list(const char *text)
{
	struct drand_relay_list list;
	const char *why;

	if (!drand_relay_list_read(&list, text, &why)) {
		assert(why != NULL);
		return;
	}
	assert(list.n >= DRAND_RELAYS_MIN && list.n <= DRAND_RELAYS_MAX);
	for (size_t i = 0; i < list.n; i++) {
		assert(strstr(list.relay[i].url, list.relay[i].host) && !strpbrk(list.relay[i].url, "@?#\\ \r\n,"));
		for (size_t k = 0; k < i; k++)
			assert(strcmp(list.relay[i].host, list.relay[k].host) != 0);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct drand_signature signature;
	char *text = malloc(size + 1);
	const char *why;

	assert(text);
	memcpy(text, data, size);
	text[size] = '\0';
	check_list(text);
	if (drand_answer_parse(&signature, 1000, text, size, &why) == ERR_OK)
		assert((signature.b[0] & 0xc0) == 0x80 && memchr(text, '}', size));
	else
		assert(why != NULL);
	free(text);
	return 0;
}
