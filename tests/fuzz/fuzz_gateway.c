/* Any bytes as a gateway's address and as its answer. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "chain/gateway_uri.h"
#include "chain/oracle_sig.h"
#include "chain/rpc_parse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_uri(const uint8_t *data, size_t size)
{
	char *uri = malloc(size + 1);

	assert(uri);
	memcpy(uri, data, size);
	uri[size] = '\0';
	if (gateway_uri_public(uri, true)) {
		assert(strncmp(uri, "https://", 8) == 0 && !strpbrk(uri, "@?#\\ \r\n"));
		assert(strstr(uri, ".xip.switchboard-oracles.xyz/devnet"));
	}
	if (gateway_uri_extra(uri, "one.example,two.example:80"))
		assert(strncmp(strstr(uri, "://"), "://one.example", 14) == 0 ||
			strncmp(strstr(uri, "://"), "://two.example:80", 17) == 0);
	free(uri);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct pubkey randomness;
	static const struct hash slothash;
	static const uint8_t signer[64];
	struct oracle_answer answer;
	char why[200] = "";

	check_uri(data, size);
	if (rpc_parse_oracle_answer((const char *)data, size, &answer, why, sizeof why) == ERR_OK) {
		assert(answer.recovery_id <= 3);
		assert(!oracle_sig_valid(
			&randomness, &slothash, (struct slot){ 1 }, &answer, signer)); /* no such key */
	} else {
		assert(why[0] != '\0');
	}
	return 0;
}
