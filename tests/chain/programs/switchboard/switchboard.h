/* Stand-in for Switchboard On-Demand: the account layouts and the four randomness instructions a keeper uses. */
#ifndef SWITCHBOARD_SWITCHBOARD_H
#define SWITCHBOARD_SWITCHBOARD_H

#include "anchor.h"
#include "sbf.h"

#define SWITCHBOARD_ERRORS(X)                                                       \
	X(6001, InvalidQuote, "Quote is invalid")                                   \
	X(6016, InvalidSecpSignature, "Invalid secp256k1 signature")                \
	X(6033, SecpRecoverFailure, "Could not recover the secp256k1 key")          \
	X(6040, RandomnessOracleKeyExpired, "Oracle key of the randomness expired") \
	X(6052, OracleKeyNotFound, "Oracle is not on the queue")

enum switchboard_code {
#define X(code, name, text) name = code,
	SWITCHBOARD_ERRORS(X)
#undef X
};

#define VERIFIED 4
#define QUEUE_ORACLES 78

struct PACKED randomness {
	uint64_t discriminator;
	struct pubkey authority;
	struct pubkey queue;
	uint8_t seed_slothash[32];
	uint64_t seed_slot;
	struct pubkey oracle;
	uint64_t reveal_slot;
	uint8_t value[32];
	uint64_t lut_slot;
	uint8_t padding[216];
	uint8_t signer[64];
	int64_t signer_expiration;
};

struct PACKED queue {
	uint64_t discriminator;
	struct pubkey authority;
	uint8_t enclaves[1024];
	struct pubkey oracles[QUEUE_ORACLES];
	uint8_t unused[1644];
	uint32_t oracle_count;
	uint8_t rest[1072];
};

struct PACKED oracle {
	uint64_t discriminator;
	struct pubkey enclave_signer;
	struct pubkey enclave;
	uint8_t verification_status;
	uint8_t padding[7];
	int64_t verified_at;
	int64_t valid_until;
	uint8_t unused1[96];
	uint8_t secp256k1_signer[64];
	uint8_t unused2[3216];
	struct pubkey queue;
	uint8_t rest[1312];
};

_Static_assert(sizeof(struct randomness) == 480, "RandomnessAccountData");
_Static_assert(offsetof(struct randomness, signer) == 408, "active_secp256k1_signer");
_Static_assert(sizeof(struct queue) == 6280, "QueueAccountData");
_Static_assert(offsetof(struct queue, oracles) == 1064, "oracle_keys");
_Static_assert(offsetof(struct queue, oracle_count) == 5204, "oracle_keys_len");
_Static_assert(sizeof(struct oracle) == 4816, "OracleAccountData");
_Static_assert(offsetof(struct oracle, secp256k1_signer) == 192, "secp256k1_signer");
_Static_assert(offsetof(struct oracle, queue) == 3472, "queue");

/* Account checks: owner and discriminator (3007, 3012, 3001, 3002), length (3003), writable (2000), signer (3010),
 * a PDA of this program (2006). */
uint64_t check_randomness(const struct input *in, const struct account *a);
uint64_t check_queue(const struct input *in, const struct account *a);
uint64_t check_oracle(const struct input *in, const struct account *a);
uint64_t check_writable(const struct account *a, const char *name);
uint64_t check_signer(const struct account *a, const char *name);
uint64_t check_program_state(const struct input *in, const struct account *a, uint8_t *bump);
uint64_t check_lut_signer(
	const struct input *in, const struct account *a, const struct pubkey *randomness, uint8_t *bump);
uint64_t check_lut(const struct account *lut, const struct pubkey *lut_signer, const uint64_t *slot, uint8_t *bump);

/* The field of the randomness account names this account, else 2001. */
uint64_t check_has_one(const struct pubkey *field, const struct account *a, const char *name);

uint64_t randomness_init(const struct input *in);
uint64_t randomness_commit(const struct input *in);
uint64_t randomness_reveal(const struct input *in);
uint64_t randomness_close(const struct input *in);

#endif
