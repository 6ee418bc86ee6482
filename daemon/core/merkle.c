/* Builds trees as a counter counts: every carry is a node. */
#include "core/merkle.h"

#include "base/crypto.h"

void merkle_leaf(struct hash *out, struct bytes data)
{
	static const uint8_t zero[] = { 0 };
	const struct bytes parts[] = { { zero, 1 }, data };

	crypto_sha256(out, parts, 2);
}

static void join(struct hash *out, const struct hash *left, const struct hash *right)
{
	static const uint8_t one[] = { 1 };
	const struct bytes parts[] = { { one, 1 }, { left->b, HASH_SIZE }, { right->b, HASH_SIZE } };

	crypto_sha256(out, parts, 3);
}

void merkle_begin(struct merkle *tree)
{
	tree->n = 0;
	tree->open = 0;
}

void merkle_watch(struct merkle_path *path, uint64_t index)
{
	path->index = index;
	path->n = 0;
	path->at = -1;
}

/* The last two open roots become one. */
static void merge(struct merkle *tree, struct merkle_path *path)
{
	const unsigned right = tree->open - 1, left = tree->open - 2;

	if (path && path->at == (int)left)
		path->node[path->n++] = tree->root[right];
	if (path && path->at == (int)right) {
		path->node[path->n++] = tree->root[left];
		path->at = (int)left;
	}
	join(&tree->root[left], &tree->root[left], &tree->root[right]);
	tree->open--;
}

void merkle_add(struct merkle *tree, const struct hash *leaf, struct merkle_path *path)
{
	if (path && path->index == tree->n)
		path->at = (int)tree->open;
	tree->root[tree->open++] = *leaf;
	for (uint64_t bits = tree->n++; (bits & 1) != 0; bits >>= 1)
		merge(tree, path);
}

void merkle_end(struct merkle *tree, struct hash *root, struct merkle_path *path)
{
	while (tree->open > 1)
		merge(tree, path);
	if (tree->open == 1)
		*root = tree->root[0];
	else
		crypto_sha256(root, NULL, 0);
}

/* RFC 9162, 2.1.3.2. */
bool merkle_includes(const struct hash *root, uint64_t n, uint64_t index, const struct hash *leaf,
	const struct hash *path, size_t path_n)
{
	struct hash node = *leaf;
	uint64_t last = n - 1;

	if (index >= n)
		return false;
	for (size_t i = 0; i < path_n; i++) {
		if (last == 0)
			return false;
		if ((index & 1) == 0 && index != last) {
			join(&node, &node, &path[i]);
		} else {
			join(&node, &path[i], &node);
			/* A last node that had no neighbour went up unchanged. */
			for (; (index & 1) == 0 && index != 0; index >>= 1)
				last >>= 1;
		}
		index >>= 1;
		last >>= 1;
	}
	return last == 0 && hash_equal(&node, root);
}
