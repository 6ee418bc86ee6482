/* Trees of every size against the recursive definition, and every proof against every other place. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "base/crypto.h"
#include "core/merkle.h"
#include "core/ticket.h"

enum { SIZE_MAX_TESTED = 70 };

/* RFC 9162, 2.1.1, as it is written. */
static struct hash naive_root(const struct hash *leaf, size_t n)
{
	uint8_t one = 1;
	struct hash left, right, root;
	size_t k = 1;

	if (n == 1)
		return leaf[0];
	while (2 * k < n)
		k *= 2;
	left = naive_root(leaf, k);
	right = naive_root(leaf + k, n - k);
	crypto_sha256(&root, (const struct bytes[]){ { &one, 1 }, { left.b, 32 }, { right.b, 32 } }, 3);
	return root;
}

static void make_leaves(struct hash *leaf, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		uint8_t data = (uint8_t)i;

		merkle_leaf(&leaf[i], (struct bytes){ &data, 1 });
	}
}

static void build(struct hash *root, const struct hash *leaf, size_t n, struct merkle_path *path)
{
	struct merkle tree;

	merkle_begin(&tree);
	for (size_t i = 0; i < n; i++)
		merkle_add(&tree, &leaf[i], path);
	merkle_end(&tree, root, path);
}

static void check_proof(const struct hash *root, const struct hash *leaf, size_t n, size_t index)
{
	struct merkle_path path;
	struct hash again;

	merkle_watch(&path, index);
	build(&again, leaf, n, &path);
	assert_true(hash_equal(root, &again));
	for (size_t i = 0; i < n; i++)
		assert_true(merkle_includes(root, n, i, &leaf[index], path.node, path.n) == (i == index));
	assert_false(merkle_includes(root, n, n, &leaf[index], path.node, path.n));
	if (path.n > 0)
		assert_false(merkle_includes(root, n, index, &leaf[index], path.node, path.n - 1));
	assert_false(merkle_includes(root, n, index, &leaf[index], path.node, path.n + 1));
}

static void test_every_size(void **unused)
{
	struct hash leaf[SIZE_MAX_TESTED], root, naive;

	(void)unused;
	make_leaves(leaf, SIZE_MAX_TESTED);
	for (size_t n = 1; n <= SIZE_MAX_TESTED; n++) {
		build(&root, leaf, n, NULL);
		naive = naive_root(leaf, n);
		assert_true(hash_equal(&root, &naive));
		for (size_t i = 0; i < n; i++)
			check_proof(&root, leaf, n, i);
	}
}

/* Where the last node is doubled, a list and the same list with its end twice have one root. */
static void test_nothing_is_doubled(void **unused)
{
	struct hash leaf[4], three, four;

	(void)unused;
	make_leaves(leaf, 3);
	leaf[3] = leaf[2];
	build(&three, leaf, 3, NULL);
	build(&four, leaf, 4, NULL);
	assert_false(hash_equal(&three, &four));
}

/* A path longer than (index, n) asks for is refused even where its hashes lead to the root. */
static void test_path_beyond_the_tree(void **unused)
{
	struct hash leaf[2], root;

	(void)unused;
	make_leaves(leaf, 2);
	build(&root, leaf, 2, NULL);
	assert_true(merkle_includes(&root, 2, 1, &leaf[1], leaf, 1));
	assert_false(merkle_includes(&root, 1, 0, &leaf[1], leaf, 1));
}

static void test_empty(void **unused)
{
	struct hash root, nothing;

	(void)unused;
	build(&root, NULL, 0, NULL);
	crypto_sha256(&nothing, NULL, 0);
	assert_true(hash_equal(&root, &nothing));
	assert_false(merkle_includes(&root, 0, 0, &nothing, NULL, 0));
}

static void test_ticket_of_an_account(void **unused)
{
	const uint8_t salt[TICKET_SALT_SIZE] = { 1, 2, 3 };
	const struct bytes account = { (const uint8_t *)"user-17", 7 };
	uint8_t whole[9 + TICKET_SALT_SIZE + 7] = "PFE1-user";
	struct hash participant, by_hand;

	(void)unused;
	memcpy(whole + 9, salt, sizeof salt);
	memcpy(whole + 9 + sizeof salt, "user-17", 7);
	crypto_sha256(&by_hand, &(struct bytes){ whole, sizeof whole }, 1);
	ticket_participant(&participant, salt, account);
	assert_true(hash_equal(&participant, &by_hand));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_size),
		cmocka_unit_test(test_nothing_is_doubled),
		cmocka_unit_test(test_path_beyond_the_tree),
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_ticket_of_an_account),
	};

	return crypto_init() ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
