/* Switchboard On-Demand: account layouts, instructions and the commit event. Offsets and flags were read from the
 * program's published IDL and checked by executing the program. */
#ifndef CORE_SWITCHBOARD_H
#define CORE_SWITCHBOARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/key.h"
#include "base/units.h"
#include "core/account.h"
#include "core/ix.h"
#include "core/oracle_answer.h"

enum {
	SB_RANDOMNESS_SIZE = 480,
	SB_RANDOMNESS_SIZE_MIN = 408,       /* what the ml program asks for; without the signer key */
	SB_RANDOMNESS_AUTHORITY_OFFSET = 8, /* for getProgramAccounts filters */
	SB_QUEUE_SIZE = 6280,
	SB_ORACLE_SIZE = 4816,
	SB_QUEUE_ORACLES_MAX = 78,
	SB_ORACLE_VERIFIED = 4, /* verification_status that commit accepts */
	SB_GATEWAY_URI_TEXT = 65,
	SB_SECP_KEY_SIZE = 64,
	SB_VALUE_SIZE = 32,
};

extern const uint8_t SB_RANDOMNESS_DISCRIMINATOR[8];
extern const uint8_t SB_QUEUE_DISCRIMINATOR[8];
extern const uint8_t SB_ORACLE_DISCRIMINATOR[8];

/* One deployment: which program, and the addresses that hang from it. */
struct sb_net {
	struct pubkey program;
	struct pubkey queue;
	struct pubkey state; /* PDA "STATE" */
};

/* Derives state. */
void sb_net_init(struct sb_net *out, const struct pubkey *program, const struct pubkey *queue);

struct sb_randomness {
	struct pubkey authority;
	struct pubkey queue;
	struct hash seed_slothash;
	struct slot seed_slot;   /* 0 = never committed */
	struct pubkey oracle;    /* zeroed again by reveal */
	struct slot reveal_slot; /* 0 = not revealed */
	uint8_t value[SB_VALUE_SIZE];
	uint64_t lut_slot;                /* recent_slot of init: close needs it */
	bool has_signer;                  /* size >= 480: the two below are there */
	uint8_t signer[SB_SECP_KEY_SIZE]; /* secp256k1 X || Y of the oracle, copied at commit */
	int64_t signer_expiration;        /* unix s */
};

struct sb_queue {
	struct pubkey authority;
	int64_t max_quote_verification_age; /* s */
	int64_t last_heartbeat;
	int64_t node_timeout; /* s */
	uint64_t oracle_min_stake;
	int64_t allow_authority_override_after;
	uint32_t mr_enclaves_len;
	uint32_t oracle_keys_len; /* as stored */
	uint32_t reward;
	uint32_t curr_idx;
	struct pubkey mint;
	uint8_t n_oracles; /* oracle_keys_len clamped to 78; zero keys are still in the list */
	struct pubkey oracles[SB_QUEUE_ORACLES_MAX];
};

struct sb_oracle {
	struct pubkey enclave_signer;
	struct hash mr_enclave;
	uint8_t verification_status;
	int64_t verification_time;
	int64_t valid_until; /* unix s */
	uint8_t signer[SB_SECP_KEY_SIZE];
	struct pubkey authority;
	struct pubkey queue;
	int64_t created_at;
	int64_t last_heartbeat;
	char gateway_uri[SB_GATEWAY_URI_TEXT]; /* up to the first NUL; untrusted text */
	uint64_t permissions;
	bool is_on_queue;
	uint64_t lut_slot;
	struct pubkey operator;
};

/* Longer data is accepted, shorter refused. Randomness: >= 408 bytes, as the ml program reads it. */
NODISCARD enum account_result sb_randomness_decode(struct sb_randomness *out, const uint8_t *data, size_t size);
NODISCARD enum account_result sb_queue_decode(struct sb_queue *out, const uint8_t *data, size_t size);
NODISCARD enum account_result sb_oracle_decode(struct sb_oracle *out, const uint8_t *data, size_t size);

/* The randomness account must also sign init. recent_slot: a finalized slot from getSlot; it fixes the address of the
 * lookup table. */
void sb_init(struct ix *out, const struct sb_net *net, const struct pubkey *randomness, const struct pubkey *authority,
	const struct pubkey *payer, uint64_t recent_slot);
void sb_commit(struct ix *out, const struct sb_net *net, const struct pubkey *randomness, const struct pubkey *oracle,
	const struct pubkey *authority);
void sb_reveal(struct ix *out, const struct sb_net *net, const struct pubkey *randomness, const struct pubkey *oracle,
	const struct pubkey *authority, const struct pubkey *payer, const struct oracle_answer *answer);
void sb_close(struct ix *out, const struct sb_net *net, const struct pubkey *randomness, const struct pubkey *authority,
	uint64_t lut_slot);
/* Returns the rent of the lookup table after its cooldown; the randomness account signs. Never executed by us:
 * flags are derived from the SDK. */
void sb_close_lut(struct ix *out, const struct sb_net *net, const struct pubkey *randomness,
	const struct pubkey *recipient, uint64_t lut_slot);

/* What an instruction of the Switchboard program is. */
enum sb_ix {
	SB_INIT,
	SB_COMMIT,
	SB_REVEAL,
	SB_CLOSE,
	SB_CLOSE_LUT,
};

/* False: none of the five. The program id is the caller's to check. */
NODISCARD bool sb_identify(enum sb_ix *out, const uint8_t *data, size_t size);

/* Event of randomness_commit, from a "Program data:" line: all that a gateway request needs. */
struct sb_commit_event {
	struct pubkey randomness;
	struct pubkey oracle;
	struct slot slot;
	struct hash slothash;
};

NODISCARD bool sb_commit_event_decode(struct sb_commit_event *out, const uint8_t *data, size_t size);

enum { SB_MESSAGE_SIZE = 104 };

/* The 104 bytes whose SHA-256 the oracle signs: randomness, seed_slothash, seed_slot, value. */
void sb_reveal_message(uint8_t out[SB_MESSAGE_SIZE], const struct pubkey *randomness, const struct hash *seed_slothash,
	struct slot seed_slot, const uint8_t value[SB_VALUE_SIZE]);

/* Name of a custom error of the Switchboard program, or NULL. Numbers overlap with ml's: look at the program first. */
const char *sb_error_name(uint32_t code);

#endif
