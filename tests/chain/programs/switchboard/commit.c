/* randomness_commit: fixes the slot hash and the oracle; may be repeated at any time, before or after a reveal. */
#include "discriminators.h"
#include "known.h"
#include "switchboard/switchboard.h"

enum commit_account { RANDOMNESS, QUEUE, ORACLE, SLOT_HASHES, AUTHORITY };

/* Head of the SlotHashes sysvar: how many entries, then the newest one. */
struct PACKED newest_slot {
	uint64_t count;
	uint64_t slot;
	uint8_t hash[32];
};

struct PACKED commit_event {
	uint64_t discriminator;
	struct pubkey randomness;
	struct pubkey oracle;
	uint64_t slot;
	uint8_t slothash[32];
};

static uint64_t check_accounts(const struct input *in)
{
	const struct account *at = in->accounts;
	const struct randomness *randomness = (const struct randomness *)at[RANDOMNESS].data;
	const struct oracle *oracle = (const struct oracle *)at[ORACLE].data;

	TRY(check_randomness(in, &at[RANDOMNESS]));
	TRY(check_queue(in, &at[QUEUE]));
	TRY(check_oracle(in, &at[ORACLE]));
	REQUIRE_ACCOUNT(
		pubkey_equal(at[SLOT_HASHES].key, &KNOWN_SLOT_HASHES), AccountSysvarMismatch, "recent_slothashes");
	TRY(check_signer(&at[AUTHORITY], "authority"));
	TRY(check_has_one(&randomness->authority, &at[AUTHORITY], "randomness"));
	TRY(check_has_one(&randomness->queue, &at[QUEUE], "randomness"));
	TRY(check_writable(&at[ORACLE], "oracle"));
	return check_has_one(&oracle->queue, &at[QUEUE], "oracle");
}

static bool is_listed(const struct queue *queue, const struct pubkey *oracle)
{
	for (uint32_t i = 0; i < queue->oracle_count && i < QUEUE_ORACLES; i++) {
		if (pubkey_equal(&queue->oracles[i], oracle))
			return true;
	}
	return false;
}

/* Neither the heartbeat nor is_on_queue are looked at. */
static uint64_t check_usable(const struct input *in)
{
	const struct oracle *oracle = (const struct oracle *)in->accounts[ORACLE].data;
	const struct queue *queue = (const struct queue *)in->accounts[QUEUE].data;
	struct clock clock;

	if (sol_get_clock_sysvar(&clock))
		abort();
	REQUIRE(oracle->verification_status == VERIFIED, InvalidQuote);
	REQUIRE(oracle->valid_until > clock.unix_time, RandomnessOracleKeyExpired);
	REQUIRE(is_listed(queue, in->accounts[ORACLE].key), OracleKeyNotFound);
	return 0;
}

static void log_commit(const struct input *in)
{
	const struct randomness *randomness = (const struct randomness *)in->accounts[RANDOMNESS].data;
	struct commit_event event;

	event.discriminator = EVENT_RANDOMNESS_COMMIT_EVENT;
	pubkey_copy(&event.randomness, in->accounts[RANDOMNESS].key);
	pubkey_copy(&event.oracle, &randomness->oracle);
	event.slot = randomness->seed_slot;
	pubkey_copy(event.slothash, randomness->seed_slothash);
	anchor_emit(&event, sizeof(event));
}

uint64_t randomness_commit(const struct input *in)
{
	struct randomness *randomness = (struct randomness *)in->accounts[RANDOMNESS].data;
	const struct oracle *oracle = (const struct oracle *)in->accounts[ORACLE].data;
	struct newest_slot newest;

	TRY(check_accounts(in));
	TRY(check_usable(in));
	if (sol_get_sysvar(&KNOWN_SLOT_HASHES, (uint8_t *)&newest, 0, sizeof(newest)))
		abort();
	pubkey_copy(randomness->seed_slothash, newest.hash);
	randomness->seed_slot = newest.slot;
	pubkey_copy(&randomness->oracle, in->accounts[ORACLE].key);
	randomness->reveal_slot = 0;
	sol_memset_(randomness->value, 0, sizeof(randomness->value));
	sol_memcpy_(randomness->signer, oracle->secp256k1_signer, sizeof(randomness->signer));
	randomness->signer_expiration = oracle->valid_until;
	log_commit(in);
	return 0;
}
