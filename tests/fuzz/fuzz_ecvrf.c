/* Proofs and inclusion paths of any bytes: refused or valid, and then only with what belongs to a valid one. */
#include <stdlib.h>
#include <string.h>

#include "core/ecvrf.h"
#include "core/merkle.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect(bool holds)
{
	if (!holds)
		abort();
}

/* key 32 | proof 80 | alpha */
static void run_proof(const uint8_t *data, size_t size)
{
	static const struct ecvrf_beta none;
	const size_t proof_n = size < PUBKEY_SIZE + ECVRF_PROOF_SIZE ? size - PUBKEY_SIZE : ECVRF_PROOF_SIZE;
	const struct bytes proof = { data + PUBKEY_SIZE, proof_n };
	const struct bytes alpha = { proof.p + proof_n, size - PUBKEY_SIZE - proof_n };
	struct ecvrf_steps steps;
	struct pubkey key;
	bool valid;

	memcpy(key.b, data, sizeof key.b);
	valid = ecvrf_verify(&steps, &key, alpha, proof) == ECVRF_OK;
	expect(valid == (memcmp(&steps.beta, &none, sizeof none) != 0));
}

/* n 8 | index 8 | leaf 32 | path */
static void run_path(const uint8_t *data, size_t size)
{
	struct hash leaf, path[MERKLE_PATH_MAX], root;
	const size_t nodes = (size - 48) / HASH_SIZE;

	if (nodes > MERKLE_PATH_MAX)
		return;
	memcpy(leaf.b, data + 16, HASH_SIZE);
	memcpy(path, data + 48, nodes * HASH_SIZE);
	root = leaf; /* which is the root of a tree of one */
	root.b[0] ^= 1;
	expect(!merkle_includes(&root, load_u64(data), load_u64(data + 8), &leaf, path, nodes));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!crypto_init())
		abort();
	if (size >= PUBKEY_SIZE)
		run_proof(data, size);
	if (size >= 48)
		run_path(data, size);
	return 0;
}
