/* Account data of every kind we read, from any program: the first byte picks the kind. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/address.h"
#include "core/clock.h"
#include "core/pool.h"
#include "core/switchboard.h"
#include "core/token.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect(bool holds)
{
	if (!holds)
		abort();
}

/* The discriminator is put in for the fuzzer, which would spend its time on guessing it. */
static void run_anchor(unsigned kind, uint8_t *copy, size_t size)
{
	const uint8_t *discriminators[] = { POOL_DISCRIMINATOR, PARTICIPANTS_DISCRIMINATOR, SB_RANDOMNESS_DISCRIMINATOR,
		SB_QUEUE_DISCRIMINATOR, SB_ORACLE_DISCRIMINATOR };
	struct participants_account participants;
	struct sb_randomness randomness;
	struct pool_account pool;
	struct sb_oracle oracle;
	struct sb_queue queue;

	if (size >= 8)
		memcpy(copy, discriminators[kind], 8);
	if (kind == 0 && pool_decode(&pool, copy, size) == ACCOUNT_OK)
		expect(size >= POOL_ACCOUNT_SIZE && pool_status_name(pool.status)[0] != '?');
	if (kind == 1 && participants_decode(&participants, copy, size) == ACCOUNT_OK)
		expect(participants.count <= PARTICIPANTS_MAX);
	if (kind == 2 && sb_randomness_decode(&randomness, copy, size) == ACCOUNT_OK)
		expect(randomness.has_signer == (size >= SB_RANDOMNESS_SIZE));
	if (kind == 3 && sb_queue_decode(&queue, copy, size) == ACCOUNT_OK)
		expect(queue.n_oracles <= SB_QUEUE_ORACLES_MAX);
	if (kind == 4 && sb_oracle_decode(&oracle, copy, size) == ACCOUNT_OK)
		expect(strlen(oracle.gateway_uri) < SB_GATEWAY_URI_TEXT);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sb_commit_event event;
	struct token_account account;
	struct clock_sysvar clock;
	struct token_mint mint;
	uint8_t *copy;
	unsigned kind;

	if (size == 0)
		return 0;
	kind = data[0] % 10;
	size--;
	copy = malloc(size > 0 ? size : 1);
	if (copy == NULL)
		abort();
	memcpy(copy, data + 1, size);
	if (kind < 5)
		run_anchor(kind, copy, size);
	else if (kind == 5 && token_mint_decode(&mint, &ADDRESS_TOKEN_2022, copy, size) == TOKEN_OK)
		expect(mint.forbidden == 0 || (mint.forbidden >= 6059 && mint.forbidden <= 6066));
	else if (kind == 6 && token_account_decode(&account, &ADDRESS_TOKEN_2022, copy, size) == TOKEN_OK)
		expect(size >= TOKEN_ACCOUNT_SIZE);
	else if (kind == 7 && token_mint_decode(&mint, &ADDRESS_TOKEN, copy, size) == TOKEN_OK)
		expect(size == TOKEN_MINT_SIZE && !mint.is_2022);
	else if (kind == 8 && clock_decode(&clock, copy, size))
		expect(size == CLOCK_ACCOUNT_SIZE);
	else if (kind == 9 && sb_commit_event_decode(&event, copy, size))
		expect(size >= 112);
	free(copy);
	return 0;
}
