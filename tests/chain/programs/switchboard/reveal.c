/* randomness_reveal: checks the oracle's signature over the value and stores the value. */
#include "discriminators.h"
#include "known.h"
#include "switchboard/switchboard.h"
#include "system.h"

enum reveal_account {
	RANDOMNESS,
	ORACLE,
	QUEUE,
	STATS,
	AUTHORITY,
	PAYER,
	SLOT_HASHES,
	SYSTEM_PROGRAM,
	ESCROW,
	TOKEN_PROGRAM,
	WSOL_MINT,
	PROGRAM_STATE
};

#define STATS_LEN 1240

struct PACKED reveal_args {
	uint8_t signature[64];
	uint8_t recovery_id;
	uint8_t value[32];
};

static uint64_t check_accounts(const struct input *in)
{
	const struct account *at = in->accounts;
	const struct randomness *randomness = (const struct randomness *)at[RANDOMNESS].data;
	uint8_t bump;

	TRY(check_randomness(in, &at[RANDOMNESS]));
	TRY(check_oracle(in, &at[ORACLE]));
	TRY(check_queue(in, &at[QUEUE]));
	TRY(check_signer(&at[AUTHORITY], "authority"));
	TRY(check_signer(&at[PAYER], "payer"));
	TRY(check_has_one(&randomness->oracle, &at[ORACLE], "randomness"));
	TRY(check_has_one(&randomness->queue, &at[QUEUE], "randomness"));
	TRY(check_has_one(&randomness->authority, &at[AUTHORITY], "randomness"));
	return check_program_state(in, &at[PROGRAM_STATE], &bump);
}

/* Once per oracle, by whoever reveals first; stays almost empty here. */
static NOINLINE uint64_t open_stats(const struct input *in)
{
	const struct account *stats = &in->accounts[STATS];
	uint8_t bump = 0;
	struct bytes list[3] = { { "OracleRandomnessStats", 21 }, { in->accounts[ORACLE].key, 32 }, { &bump, 1 } };
	struct seeds signer = { list, 3 };
	struct new_account what = { &in->accounts[PAYER], stats, in->program, STATS_LEN, &signer };

	REQUIRE_ACCOUNT(sbf_is_pda(list, 2, in->program, stats->key, &bump), ConstraintSeeds, "stats");
	if (!pubkey_equal(stats->owner, &KNOWN_SYSTEM))
		return anchor_check_owned(stats, in->program, ACCOUNT_ORACLE_RANDOMNESS_STATS, "stats");
	TRY(system_create(in, &what));
	store64(stats->data, ACCOUNT_ORACLE_RANDOMNESS_STATS);
	return 0;
}

static bool same_key(const uint8_t *a, const uint8_t *b)
{
	return pubkey_equal(a, b) && pubkey_equal(a + 32, b + 32);
}

/* Valid is the signer stored at commit or the oracle's current one. */
static NOINLINE uint64_t check_signature(const struct input *in)
{
	const struct randomness *randomness = (const struct randomness *)in->accounts[RANDOMNESS].data;
	const struct oracle *oracle = (const struct oracle *)in->accounts[ORACLE].data;
	const struct reveal_args *args = (const struct reveal_args *)(in->data + 8);
	struct bytes parts[4] = {
		{ in->accounts[RANDOMNESS].key, 32 },
		{ randomness->seed_slothash, 32 },
		{ &randomness->seed_slot, 8 },
		{ args->value, 32 },
	};
	uint8_t hash[32];
	uint8_t key[64];

	sol_sha256(parts, 4, hash);
	REQUIRE(!sol_secp256k1_recover(hash, args->recovery_id, args->signature, key), SecpRecoverFailure);
	REQUIRE(same_key(key, randomness->signer) || same_key(key, oracle->secp256k1_signer), InvalidSecpSignature);
	return 0;
}

uint64_t randomness_reveal(const struct input *in)
{
	struct randomness *randomness = (struct randomness *)in->accounts[RANDOMNESS].data;
	const struct reveal_args *args = (const struct reveal_args *)(in->data + 8);
	struct clock clock;

	TRY(check_accounts(in));
	TRY(open_stats(in));
	TRY(check_signature(in));
	if (sol_get_clock_sysvar(&clock))
		abort();
	pubkey_copy(randomness->value, args->value);
	randomness->reveal_slot = clock.slot;
	pubkey_copy(&randomness->oracle, &KNOWN_SYSTEM); /* a second reveal matches no oracle */
	return 0;
}
