/* Recovers the signer of an oracle's answer with libsecp256k1. */
#include "chain/oracle_sig.h"

#include <secp256k1.h>
#include <secp256k1_recovery.h>
#include <string.h>

#include "base/crypto.h"
#include "core/switchboard.h"

/* Recovery, not plain verification: a good signature with a wrong recovery id fails on chain (6016). */
bool oracle_sig_valid(const struct pubkey *randomness, const struct hash *seed_slothash, struct slot seed_slot,
	const struct oracle_answer *answer, const uint8_t signer[static 64])
{
	const secp256k1_context *context = secp256k1_context_static;
	secp256k1_ecdsa_recoverable_signature signature;
	secp256k1_pubkey key;
	uint8_t message[SB_MESSAGE_SIZE], bytes[65];
	size_t size = sizeof(bytes);
	struct hash digest;

	if (answer->recovery_id > 3)
		return false;
	sb_reveal_message(message, randomness, seed_slothash, seed_slot, answer->value);
	crypto_sha256(&digest, &(struct bytes){ message, sizeof(message) }, 1);
	if (!secp256k1_ecdsa_recoverable_signature_parse_compact(
		    context, &signature, answer->signature, answer->recovery_id))
		return false;
	if (!secp256k1_ecdsa_recover(context, &key, &signature, digest.b))
		return false;
	secp256k1_ec_pubkey_serialize(context, bytes, &size, &key, SECP256K1_EC_UNCOMPRESSED);
	return memcmp(bytes + 1, signer, 64) == 0;
}
