/* The pairing, where the build found a library for it: Debian 12 has none. */
#include "chain/drand_sig.h"

#ifdef PK_BLST

#include <blst.h>
#include <string.h>

enum drand_sig drand_sig_check(const struct drand_chain *chain, uint64_t round, const struct drand_signature *signature)
{
	static const char suite[] = "BLS_SIG_BLS12381G1_XMD:SHA-256_SSWU_RO_NUL_";
	blst_p1_affine point;
	blst_p2_affine key;
	struct hash message;

	drand_message(&message, round);
	if (blst_p2_uncompress(&key, chain->key) != BLST_SUCCESS || !blst_p2_affine_in_g2(&key) ||
		blst_p1_uncompress(&point, signature->b) != BLST_SUCCESS || blst_p1_affine_is_inf(&point) ||
		!blst_p1_affine_in_g1(&point))
		return DRAND_SIG_FORGED;
	return blst_core_verify_pk_in_g2(&key, &point, true, message.b, sizeof message.b, (const byte *)suite,
		       strlen(suite), NULL, 0) == BLST_SUCCESS
	               ? DRAND_SIG_VALID
	               : DRAND_SIG_FORGED;
}

#else

enum drand_sig drand_sig_check(const struct drand_chain *chain, uint64_t round, const struct drand_signature *signature)
{
	(void)chain;
	(void)round;
	(void)signature;
	return DRAND_SIG_UNCHECKED;
}

#endif
