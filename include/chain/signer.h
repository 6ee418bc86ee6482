/* The keys, and the only code that can use them. A key is read once, from a file or the environment, lives in locked
 * memory (or in another process) and signs only messages whose every instruction the step allows (core/guard.h). */
#ifndef CHAIN_SIGNER_H
#define CHAIN_SIGNER_H
#include <stdbool.h>
#include <stddef.h>
#include "base/err.h"
#include "base/key.h"
#include "core/guard.h"

struct signer;

/* text: base58 of 64 bytes or a JSON array of 64 numbers (seed then public key, which must match the seed). The text
 * stays the caller's, who wipes it. On failure NULL and one line in why (never the key). */
struct signer *signer_new(const char *text, size_t len, char *why, size_t why_size);
/* The key is in another process, which is asked over a Unix socket (chain/signer_protocol.h). RETRY, and one line in why:
 * it does not answer; REFUSED: what answers is no signer. Each signature blocks for SIGNER_TIMEOUT_MS at most. */
NODISCARD enum err signer_new_remote(struct signer **signer, const char *path, char *why, size_t why_size);
void signer_free(struct signer *signer);
const struct pubkey *signer_pubkey(const struct signer *signer);
/* False when the memory could not be locked (it may be swapped). */
bool signer_locked(const struct signer *signer);

/* The wallet of the house that a sponsored player plays through: signs nothing but that its win is passed on. Text as for
 * signer_new. False and one line in why: not a key, or one that is there already. */
bool signer_add_auxiliary(
	struct signer *signer, const char *text, size_t len, struct pubkey *pubkey, char *why, size_t why_size);
/* The treasury's key: signs nothing but the payment of a referrer's claim, and then alone. Text and failure as above. */
bool signer_add_treasury(
	struct signer *signer, const char *text, size_t len, struct pubkey *pubkey, char *why, size_t why_size);
/* True when the key of this auxiliary wallet was added. */
bool signer_has(const struct signer *signer, const struct pubkey *auxiliary);

/* A fresh account key that signs only the one transaction that creates the account. */
struct account_key;
struct account_key *account_key_new(void);
void account_key_free(struct account_key *key);
const struct pubkey *account_key_pubkey(const struct account_key *key);

/* Re-parses `message`, refuses (ERR_REFUSED, why) what `allowed` does not allow (ERR_RETRY: the remote signer is away), signs, and writes the serialized
 * transaction. extra: of an account that the message creates; else NULL. The auxiliary wallet that `allowed` names signs
 * too. out has room for 1232 bytes. */
NODISCARD enum err signer_sign(const struct signer *signer, const struct account_key *extra,
	const struct guard *allowed, const uint8_t *message, size_t message_len, uint8_t *out, size_t *out_len,
	struct signature *sig, char *why, size_t why_size);

/* For a signer process: what signer_sign() would check for the payer, then its signature alone. REFUSED: why says what is
 * wrong; other programs than the ones that poolkeeper knows, another treasury than this one, and any payment of a claim, are. */
NODISCARD enum err signer_serve(const struct signer *signer, const struct pubkey *treasury, const struct guard *allowed,
	const uint8_t *message, size_t message_len, struct signature *sig, char *why, size_t why_size);
#endif
