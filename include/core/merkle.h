/* The Merkle tree of RFC 9162, 2.1 (as in RFC 6962): root, inclusion proof and its check, leaf by leaf in constant memory.
 *
 * leaf = SHA-256(00 | data), node = SHA-256(01 | left | right). A tree is split at the largest power of two below its size;
 * a node without a right neighbour goes up unchanged and is never doubled. */
#ifndef CORE_MERKLE_H
#define CORE_MERKLE_H

#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/key.h"

/* One per bit of a u64: no path is longer, and no more roots are open at a time. */
enum { MERKLE_PATH_MAX = 64 };

/* What leads from a leaf to the root: the neighbours, lowest first. */
struct merkle_path {
	uint64_t index;
	unsigned n;
	struct hash node[MERKLE_PATH_MAX];
	int at; /* private: which open root stands above the leaf; -1: none yet */
};

/* Complete subtrees of the leaves so far, largest first. */
struct merkle {
	uint64_t n; /* leaves */
	unsigned open;
	struct hash root[MERKLE_PATH_MAX];
};

void merkle_leaf(struct hash *out, struct bytes data);

void merkle_begin(struct merkle *tree);
/* path: filled on the way for the leaf that merkle_watch() named; NULL: none is wanted. The same one in every call. */
void merkle_add(struct merkle *tree, const struct hash *leaf, struct merkle_path *path);
/* The tree is over. Of an empty one the root is SHA-256 of nothing. */
void merkle_end(struct merkle *tree, struct hash *root, struct merkle_path *path);
void merkle_watch(struct merkle_path *path, uint64_t index);

/* True when the leaf stands at index in a tree of n leaves with this root. The path has exactly the length that (index, n)
 * asks for. */
NODISCARD bool merkle_includes(const struct hash *root, uint64_t n, uint64_t index, const struct hash *leaf,
	const struct hash *path, size_t path_n);

#endif
