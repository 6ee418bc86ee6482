/* Stand-in for Switchboard On-Demand: account checks that several instructions share. */
#include "discriminators.h"
#include "known.h"
#include "switchboard/switchboard.h"

static uint64_t check_len(const struct account *a, uint64_t len, const char *name)
{
	REQUIRE_ACCOUNT(account_len(a) >= len, AccountDidNotDeserialize, name);
	return 0;
}

uint64_t check_randomness(const struct input *in, const struct account *a)
{
	TRY(anchor_check_owned(a, in->program, ACCOUNT_RANDOMNESS_ACCOUNT_DATA, "randomness"));
	TRY(check_len(a, sizeof(struct randomness), "randomness"));
	return check_writable(a, "randomness");
}

uint64_t check_queue(const struct input *in, const struct account *a)
{
	TRY(anchor_check_owned(a, in->program, ACCOUNT_QUEUE_ACCOUNT_DATA, "queue"));
	return check_len(a, sizeof(struct queue), "queue");
}

uint64_t check_oracle(const struct input *in, const struct account *a)
{
	TRY(anchor_check_owned(a, in->program, ACCOUNT_ORACLE_ACCOUNT_DATA, "oracle"));
	return check_len(a, sizeof(struct oracle), "oracle");
}

uint64_t check_writable(const struct account *a, const char *name)
{
	REQUIRE_ACCOUNT(a->writable, ConstraintMut, name);
	return 0;
}

uint64_t check_signer(const struct account *a, const char *name)
{
	REQUIRE_ACCOUNT(a->signer, AccountNotSigner, name);
	return 0;
}

uint64_t check_has_one(const struct pubkey *field, const struct account *a, const char *name)
{
	REQUIRE_ACCOUNT(pubkey_equal(field, a->key), ConstraintHasOne, name);
	return 0;
}

uint64_t check_program_state(const struct input *in, const struct account *a, uint8_t *bump)
{
	struct bytes seeds[1] = { { "STATE", 5 } };

	REQUIRE_ACCOUNT(sbf_is_pda(seeds, 1, in->program, a->key, bump), ConstraintSeeds, "program_state");
	return 0;
}

uint64_t check_lut_signer(
	const struct input *in, const struct account *a, const struct pubkey *randomness, uint8_t *bump)
{
	struct bytes seeds[2] = { { "LutSigner", 9 }, { randomness, 32 } };

	REQUIRE_ACCOUNT(sbf_is_pda(seeds, 2, in->program, a->key, bump), ConstraintSeeds, "lut_signer");
	return 0;
}

uint64_t check_lut(const struct account *lut, const struct pubkey *lut_signer, const uint64_t *slot, uint8_t *bump)
{
	struct bytes seeds[2] = { { lut_signer, 32 }, { slot, 8 } };

	REQUIRE_ACCOUNT(sbf_is_pda(seeds, 2, &KNOWN_LOOKUP, lut->key, bump), ConstraintSeeds, "lut");
	return 0;
}
