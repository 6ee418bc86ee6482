/* run_vectors [DIR]: holds the code against every vector file in DIR; the last line says how many cases passed. */
#include <dirent.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/crypto.h"
#include "vectors.h"

enum { EXIT_FAILED = 1, EXIT_USAGE = 2 };

/* A file belongs to the longest stem that its name starts with, so that pool_accounts_more.json is run too. */
static const struct family {
	const char *stem;
	void (*run)(const struct suite *suite, struct json_object *root);
} FAMILIES[] = {
	{ "base58", vectors_base58 },
	{ "pool_accounts", vectors_pool_accounts },
	{ "participants_accounts", vectors_participants_accounts },
	{ "pdas", vectors_pdas },
	{ "instructions", vectors_instructions },
	{ "transactions", vectors_transactions },
	{ "winners", vectors_winners },
	{ "payouts", vectors_payouts },
	{ "signature_verify", vectors_signature_verify },
	{ "events", vectors_events },
	{ "switchboard", vectors_switchboard },
	{ "switchboard_tx", vectors_switchboard_tx },
	{ "vrf", vectors_vrf },
};

static const struct family *family_of(const char *file)
{
	const struct family *best = NULL;

	for (size_t i = 0; i < sizeof FAMILIES / sizeof FAMILIES[0]; i++) {
		size_t n = strlen(FAMILIES[i].stem);

		if (strncmp(file, FAMILIES[i].stem, n) == 0 && strchr("._-", file[n]) != NULL &&
			(best == NULL || n > strlen(best->stem)))
			best = &FAMILIES[i];
	}
	return best;
}

static void fail_file(const struct suite *suite, const char *why)
{
	struct check check;

	check_begin(&check, suite, "file");
	check_fail(&check, "%s", why);
	check_end(&check);
}

static void run_file(const struct family *family, const struct suite *suite)
{
	struct tally before = *suite->tally;
	char path[4096];
	struct json_object *root;

	snprintf(path, sizeof path, "%s/%s", suite->dir, suite->file);
	root = json_object_from_file(path);
	if (!json_object_is_type(root, json_type_object))
		fail_file(suite, "cannot be read, or is no JSON object");
	else
		family->run(suite, root);
	if (suite->tally->passed == before.passed && suite->tally->failed == before.failed)
		fail_file(suite, "has no cases");
	printf("%s: %u passed, %u failed\n", suite->file, suite->tally->passed - before.passed,
		suite->tally->failed - before.failed);
	json_object_put(root);
}

static int is_json(const struct dirent *entry)
{
	size_t n = strlen(entry->d_name);

	return n > 5 && strcmp(entry->d_name + n - 5, ".json") == 0;
}

/* Returns whether a file was known. */
static bool run_entry(const char *dir, const char *file, struct tally *tally)
{
	const struct family *family = family_of(file);
	struct suite suite = { .dir = dir, .file = file, .tally = tally };

	if (family == NULL)
		printf("SKIP %s (unknown format)\n", file);
	else
		run_file(family, &suite);
	return family != NULL;
}

static bool run_rpc(const char *dir, struct tally *tally)
{
	char path[4096];
	struct stat st;
	struct tally before = *tally;

	snprintf(path, sizeof path, "%s/rpc", dir);
	if (stat(path, &st) != 0 || !S_ISDIR(st.st_mode))
		return false;
	vectors_rpc(path, tally);
	printf("rpc: %u passed, %u failed\n", tally->passed - before.passed, tally->failed - before.failed);
	return true;
}

int main(int argc, char **argv)
{
	const char *dir = argc > 1 ? argv[1] : TESTS_DIR "/vectors";
	struct tally tally = { 0, 0 };
	struct dirent **entries;
	bool known = false;
	int n;

	if (argc > 2 || !crypto_init()) {
		fprintf(stderr, "usage: run_vectors [DIR]\n");
		return EXIT_USAGE;
	}
	n = scandir(dir, &entries, is_json, alphasort);
	if (n < 0) {
		fprintf(stderr, "run_vectors: %s: cannot be read as a directory; name one that holds vector files\n",
			dir);
		return EXIT_USAGE;
	}
	for (int i = 0; i < n; i++) {
		known |= run_entry(dir, entries[i]->d_name, &tally);
		free(entries[i]);
	}
	free(entries);
	known |= run_rpc(dir, &tally);
	if (!known) {
		fprintf(stderr,
			"run_vectors: %s: no known vector file; expected names like base58.json or an rpc folder\n",
			dir);
		return EXIT_USAGE;
	}
	printf("%u passed, %u failed\n", tally.passed, tally.failed);
	return tally.failed > 0 ? EXIT_FAILED : EXIT_SUCCESS;
}
