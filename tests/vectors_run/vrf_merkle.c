/* vrf.json, trees: roots, leaves, proofs made and checked, proofs that must be refused. */
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/crypto.h"
#include "core/merkle.h"
#include "core/ticket.h"
#include "vrf.h"

static size_t read_path(struct check *check, struct json_object *object, struct hash path[MERKLE_PATH_MAX])
{
	struct json_object *array = member(check, object, "path");
	size_t n = array ? json_object_array_length(array) : 0;

	check_that(check, n <= MERKLE_PATH_MAX, "the path fits");
	for (size_t i = 0; i < n && i < MERKLE_PATH_MAX; i++) {
		struct json_object *holder = json_object_new_object();

		json_object_object_add(holder, "node", json_object_get(json_object_array_get_idx(array, i)));
		path[i] = read_hash(check, holder, "node");
		json_object_put(holder);
	}
	return n;
}

static void hash_text(struct hash *out, const char *text)
{
	const struct bytes part = { (const uint8_t *)text, strlen(text) };

	crypto_sha256(out, &part, 1);
}

/* The tree of 1000 has a rule instead of its entries: 321 players, weights from the index. */
static struct ticket ticket_by_rule(size_t n, size_t i)
{
	struct ticket ticket;
	struct hash weight;
	char text[64];

	snprintf(text, sizeof text, "pfd|p|%zu", i % 321);
	hash_text(&ticket.participant, text);
	snprintf(text, sizeof text, "pfd|w|%zu|%zu", n, i);
	hash_text(&weight, text);
	ticket.weight = 1 + ((uint64_t)weight.b[0] << 16 | (uint64_t)weight.b[1] << 8 | weight.b[2]);
	return ticket;
}

/* The tickets' leaves; the caller frees them. */
static struct hash *leaves_of(struct check *check, struct json_object *tree, const struct draw_id *draw, size_t n)
{
	struct hash *leaf = calloc(n > 0 ? n : 1, sizeof *leaf);
	struct json_object *entries = member_exists(tree, "entries_rule") ? NULL : member(check, tree, "entries");

	if (leaf == NULL)
		abort();
	for (size_t i = 0; i < n; i++) {
		struct json_object *entry = entries ? json_object_array_get_idx(entries, i) : NULL;
		struct ticket ticket = ticket_by_rule(n, i);

		if (entries)
			ticket = (struct ticket){ read_hash(check, entry, "participant"),
				read_u64(check, entry, "weight") };
		ticket_leaf(&leaf[i], draw, i, &ticket);
	}
	return leaf;
}

static void root_of(struct hash *root, const struct hash *leaf, size_t n, struct merkle_path *path)
{
	struct merkle tree;

	merkle_begin(&tree);
	for (size_t i = 0; i < n; i++)
		merkle_add(&tree, &leaf[i], path);
	merkle_end(&tree, root, path);
}

static void run_proof(const struct suite *suite, struct json_object *object, const struct hash *leaf, size_t n,
	const struct hash *root)
{
	struct hash path[MERKLE_PATH_MAX];
	struct merkle_path made;
	struct check check;
	struct hash again, of_data;
	uint64_t index;
	size_t path_n;

	check_begin(&check, suite, "trees[n=%zu] proof", n);
	note_unknown_members(suite, object, "index leaf leaf_data path");
	index = read_u64(&check, object, "index");
	path_n = read_path(&check, object, path);
	if (json_object_object_get(object, "leaf_data") != NULL) { /* null where the recorder left it out */
		merkle_leaf(&of_data, read_hex(&check, object, "leaf_data"));
		expect_hex(&check, object, "leaf", of_data.b, sizeof of_data.b);
	}
	expect_hex(&check, object, "leaf", leaf[index].b, sizeof leaf[index].b);
	merkle_watch(&made, index);
	root_of(&again, leaf, n, &made);
	check_that(&check, hash_equal(&again, root), "watching a leaf does not change the root");
	check_that(&check, made.n == path_n && memcmp(made.node, path, path_n * sizeof *path) == 0,
		"the path that is made is the recorded one");
	check_that(&check, merkle_includes(root, n, index, &leaf[index], path, path_n), "the proof is valid");
	check_end(&check);
}

static void run_tree(const struct suite *suite, struct json_object *tree, const struct draw_id *draw)
{
	struct json_object *proofs;
	struct check check;
	struct hash *leaf;
	struct hash root;
	size_t n;

	check_begin(&check, suite, "trees");
	note_unknown_members(suite, tree, "n root entries entries_rule proofs");
	n = read_u64(&check, tree, "n");
	leaf = leaves_of(&check, tree, draw, n);
	root_of(&root, leaf, n, NULL);
	expect_hex(&check, tree, "root", root.b, sizeof root.b);
	proofs = member(&check, tree, "proofs");
	check_end(&check);
	for (size_t i = 0; proofs && i < json_object_array_length(proofs); i++)
		run_proof(suite, json_object_array_get_idx(proofs, i), leaf, n, &root);
	free(leaf);
}

static void run_invalid(const struct suite *suite, struct json_object *object, size_t i)
{
	struct hash path[MERKLE_PATH_MAX], root, leaf;
	struct check check;
	size_t path_n;

	check_begin(&check, suite, "merkle invalid[%zu]", i);
	note_unknown_members(suite, object, "name n index leaf path root");
	root = read_hash(&check, object, "root");
	leaf = read_hash(&check, object, "leaf");
	path_n = read_path(&check, object, path);
	check_that(&check,
		!merkle_includes(
			&root, read_u64(&check, object, "n"), read_u64(&check, object, "index"), &leaf, path, path_n),
		"the proof is refused");
	check_end(&check);
}

/* The first k inputs of the Certificate Transparency test set. */
static void run_reference(const struct suite *suite, struct json_object *reference)
{
	struct json_object *inputs = json_object_object_get(reference, "inputs");
	struct json_object *roots = json_object_object_get(reference, "roots");
	struct hash leaf[64], root;

	for (size_t i = 0; i < json_object_array_length(inputs) && i < 64; i++) {
		struct json_object *holder = json_object_new_object();
		struct check check;

		check_begin(&check, suite, "ct_reference[%zu]", i);
		json_object_object_add(holder, "input", json_object_get(json_object_array_get_idx(inputs, i)));
		json_object_object_add(holder, "root", json_object_get(json_object_array_get_idx(roots, i)));
		merkle_leaf(&leaf[i], read_hex(&check, holder, "input"));
		root_of(&root, leaf, i + 1, NULL);
		expect_hex(&check, holder, "root", root.b, sizeof root.b);
		json_object_put(holder);
		check_end(&check);
	}
}

void vectors_vrf_merkle(const struct suite *suite, struct json_object *root)
{
	struct draw_id draw;
	struct check check;
	struct hash empty;

	check_begin(&check, suite, "empty_root");
	read_exact(&check, root, "draw_id", draw.b, sizeof draw.b);
	root_of(&empty, NULL, 0, NULL);
	expect_hex(&check, root, "empty_root", empty.b, sizeof empty.b);
	check_end(&check);
	for (size_t i = 0; i < section_size(suite, root, "trees"); i++)
		run_tree(suite, section_at(root, "trees", i), &draw);
	for (size_t i = 0; i < section_size(suite, root, "invalid"); i++)
		run_invalid(suite, section_at(root, "invalid", i), i);
	run_reference(suite, json_object_object_get(root, "ct_reference"));
	note_unknown_members(suite, root, "leaf_encoding trees draw_id empty_root ct_reference invalid");
}
