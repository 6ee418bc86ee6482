/* Recovers who signed an oracle's answer (secp256k1). An early warning: the chain's simulation is the judge.
 * digest = SHA-256(randomness || seed_slothash || seed_slot u64 LE || value). */
#ifndef CHAIN_ORACLE_SIG_H
#define CHAIN_ORACLE_SIG_H
#include <stdbool.h>
#include "core/oracle_answer.h"

/* True when `answer` was made by `signer` (X||Y big endian) for this commit. High-S is accepted, as the program does. */
bool oracle_sig_valid(const struct pubkey *randomness, const struct hash *seed_slothash, struct slot seed_slot,
	const struct oracle_answer *answer, const uint8_t signer[static 64]);
#endif
