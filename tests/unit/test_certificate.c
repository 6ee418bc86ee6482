/* Certificates: the good ones, the mutations of tests/certificates/mutations.json, and lies with a valid signature. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <json-c/json.h>

#include "base/buf.h"
#include "certificate_fixture.h"
#include "chain/drand_sig.h"
#include "show/certificate.h"

enum { MUTATIONS_LEAST = 40 };

static struct certificate_verdict *v;
static char text[8 * FIXTURE_TEXT];

static void judge_text(const char *bytes, size_t n)
{
	free(v);
	v = calloc(1, sizeof *v);
	assert_non_null(v);
	certificate_judge(v, bytes, n);
}

/* The draw has a winner who was refused, for a reason that the file cannot prove. */
static enum verdict best(enum fixture_kind kind)
{
	return kind == FIXTURE_POOL ? VERDICT_FAIR : kind == FIXTURE_REFUND ? VERDICT_REFUNDED : VERDICT_UNKNOWN;
}

static bool knows_drand(void)
{
	static const struct drand_signature none;

	return drand_sig_check(&DRAND_QUICKNET, 1, &none) != DRAND_SIG_UNCHECKED;
}

static void expect(enum verdict verdict, const char *what)
{
	if (v->judged.verdict != verdict)
		fail_msg("%s: verdict is %s (%s), expected %s", what, verdict_name(v->judged.verdict), v->judged.why,
			verdict_name(verdict));
}

static void expect_file(const char *name, const char *bytes, size_t n)
{
	char path[512], stored[FIXTURE_TEXT];
	FILE *f;
	size_t stored_n;

	snprintf(path, sizeof path, TESTS_DIR "/certificates/%s.json", name);
	f = fopen(path, "rb");
	if (f == NULL)
		fail_msg("%s is missing", path);
	else {
		stored_n = fread(stored, 1, sizeof stored, f);
		fclose(f);
		assert_int_equal(stored_n, n);
		assert_memory_equal(stored, bytes, n);
	}
}

/* The files that other tests and docs/certificate.md use are these. */
static void test_good_ones(void **unused)
{
	size_t n;

	(void)unused;
	for (enum fixture_kind kind = 0; kind < FIXTURE_KINDS; kind++) {
		n = fixture_certificate(text, kind, NULL);
		expect_file(FIXTURE_NAME[kind], text, n);
		judge_text(text, n);
		expect(best(kind), "a good certificate");
		assert_null(judged_first(&v->judged, CHECK_WRONG));
		judge_text(text, n - 1); /* without the newline at the end */
		expect(best(kind), "a good certificate");
	}
}

/* ---- mutations ---- */

static const char *member_text(struct json_object *mutation, const char *name)
{
	struct json_object *value = json_object_object_get(mutation, name);

	return value ? json_object_get_string(value) : "";
}

static size_t length_of(struct json_object *array)
{
	return array ? json_object_array_length(array) : 0;
}

/* mutation.also[i][k] */
static const char *element_text(struct json_object *mutation, size_t i, size_t k)
{
	struct json_object *pair = json_object_array_get_idx(json_object_object_get(mutation, "also"), i);

	return json_object_get_string(json_object_array_get_idx(pair, k));
}

/* from -> to, where it stands first. */
static size_t replace(const char *what, size_t n, const char *from, const char *to)
{
	char *at = strstr(text, from);
	const size_t from_n = strlen(from), to_n = strlen(to);

	if (at == NULL)
		fail_msg("%s: the certificate has no %s", what, from);
	memmove(at + to_n, at + from_n, n - (size_t)(at - text) - from_n + 1);
	memcpy(at, to, to_n);
	return n - from_n + to_n;
}

static size_t insert_after(size_t n, const char *from, const char *more)
{
	char *at = strstr(text, from) + strlen(from);
	const size_t more_n = strlen(more);

	assert_true(n + more_n < sizeof text);
	memmove(at + more_n, at, n - (size_t)(at - text) + 1);
	memcpy(at, more, more_n);
	return n + more_n;
}

static size_t sign_again(void)
{
	static char rest[FIXTURE_TEXT];
	char *end = strstr(text, ",\"key\":\"");
	const char *tickets = strstr(text, ",\"tickets\":[");
	char *after;

	assert_non_null(end);
	assert_non_null(tickets);
	snprintf(rest, sizeof rest, "%s", tickets);
	(void)fixture_sign(text, sizeof text, (size_t)(end - text), NULL);
	after = strstr(text, ",\"tickets\":[");
	assert_non_null(after);
	memcpy(after, rest, strlen(rest) + 1);
	return strlen(text);
}

static void expect_wrong(const char *what, const char *check, const char *says)
{
	for (unsigned i = 0; i < v->judged.n; i++)
		if (v->judged.check[i].state == CHECK_WRONG && strcmp(v->judged.check[i].name, check) == 0 &&
			strstr(v->judged.check[i].text, says) != NULL)
			return;
	fail_msg("%s: no check %s is wrong and says \"%s\"; it was refused for %s", what, check, says, v->judged.why);
}

static enum fixture_kind kind_named(const char *name)
{
	enum fixture_kind kind = 0;

	while (kind < FIXTURE_POOL && strcmp(FIXTURE_NAME[kind], name) != 0)
		kind++;
	assert_string_equal(FIXTURE_NAME[kind], name);
	return kind;
}

static void run_mutation(struct json_object *mutation)
{
	const char *name = member_text(mutation, "name");
	const enum fixture_kind kind = kind_named(member_text(mutation, "of"));
	const size_t also = length_of(json_object_object_get(mutation, "also"));
	size_t n = fixture_certificate(text, kind, NULL);

	n = replace(name, n, member_text(mutation, "from"), member_text(mutation, "to"));
	for (size_t i = 0; i < also; i++)
		n = replace(name, n, element_text(mutation, i, 0), element_text(mutation, i, 1));
	for (long i = strtol(member_text(mutation, "times"), NULL, 10); i > 0; i--)
		n = insert_after(n, member_text(mutation, "from"), member_text(mutation, "insert"));
	if (strcmp(member_text(mutation, "signed"), "again") == 0)
		n = sign_again();
	judge_text(text, n);
	expect(VERDICT_NOT_FAIR, name);
	expect_wrong(name, member_text(mutation, "check"), member_text(mutation, "says"));
}

static void test_mutations(void **unused)
{
	struct json_object *all = json_object_from_file(TESTS_DIR "/certificates/mutations.json");
	size_t n = all ? json_object_array_length(all) : 0;

	(void)unused;
	assert_true(n >= MUTATIONS_LEAST);
	for (size_t i = 0; i < n; i++)
		run_mutation(json_object_array_get_idx(all, i));
	json_object_put(all);
}

/* Every single byte that is another one is refused; the operator's signature alone sees to that in the body. */
static void test_every_byte(void **unused)
{
	static char good[FIXTURE_TEXT];

	(void)unused;
	for (enum fixture_kind kind = 0; kind < FIXTURE_KINDS; kind++) {
		const size_t n = fixture_certificate(good, kind, NULL);

		for (size_t i = 0; i + 1 < n; i += 3) {
			memcpy(text, good, n);
			text[i] = (char)(text[i] ^ 1);
			judge_text(text, n);
			if (v->judged.verdict != VERDICT_NOT_FAIR)
				fail_msg("byte %zu: %s", i, v->judged.why);
		}
	}
}

/* The operator made up drand's signature, and proved and signed everything else anew. */
static void test_made_up_round(void **unused)
{
	struct drand_signature made_up;
	size_t n;

	(void)unused;
	fixture_hex(made_up.b, sizeof made_up.b, FIXTURE_ROUND_1000);
	made_up.b[40] ^= 1;
	n = fixture_certificate(text, FIXTURE_DRAW, &made_up);
	judge_text(text, n);
	if (knows_drand()) {
		expect(VERDICT_NOT_FAIR, "a made up round");
		expect_wrong("a made up round", "drand_signature", "not drand's");
	} else {
		expect(VERDICT_UNKNOWN, "a made up round");
	}
}

/* Without the list nobody can say who should have won. */
static void test_without_tickets(void **unused)
{
	size_t n = fixture_certificate(text, FIXTURE_DRAW, NULL);
	char *list = strstr(text, ",\"tickets\":[");

	(void)unused;
	n = (size_t)(list - text) + (size_t)snprintf(list, 32, ",\"tickets\":[]}");
	judge_text(text, n);
	expect(VERDICT_UNKNOWN, "a certificate without tickets");
	assert_string_equal(judged_first(&v->judged, CHECK_UNKNOWN)->name, "tickets");
}

/* The same value as the page's: tests/live/verifiers.test.js. */
static void test_stakes_of_two_leaves(void **unused)
{
	enum { N = STAKES_PER_LEAF + 3 };
	uint8_t *stakes = calloc(N, STAKE_SIZE), expected[HASH_SIZE];
	struct draw_id draw;
	struct hash root;

	(void)unused;
	assert_non_null(stakes);
	memset(draw.b, 0x2a, sizeof draw.b);
	for (uint64_t i = 0; i < N; i++)
		store_u64_be(stakes + i * STAKE_SIZE, i % 5);
	stakes_root(&root, &draw, stakes, N);
	fixture_hex(expected, HASH_SIZE, "c76e027ed75ca0ba6a8d5364d867b85eab614bd70f6911871c8e3883ad7d0c4f");
	assert_memory_equal(root.b, expected, HASH_SIZE);
	free(stakes);
}

/* What is written of a pool is what is read of it, byte for byte, and no pool is too long. */
static void test_pool_written(void **unused)
{
	static char written[CERTIFICATE_POOL_TEXT];
	struct certificate *c = calloc(1, sizeof *c);
	const size_t n = fixture_certificate(text, FIXTURE_POOL, NULL);
	const char *why, *from = strstr(text, "\"pool\":") + 7, *to = strstr(text, ",\"previous\"");
	struct buf out;

	(void)unused;
	assert_non_null(c);
	assert_true(certificate_read(c, text, n, &why));
	buf_on(&out, written, sizeof written);
	certificate_write_pool(&out, &c->pool);
	assert_int_equal(out.len, to - from);
	assert_memory_equal(written, from, out.len);

	memset(&c->pool, 0xff, sizeof c->pool);
	c->pool.n_players = PARTICIPANTS_MAX;
	c->pool.n_commits = CERTIFICATE_COMMITS_MAX;
	memset(c->pool.network, 'n', sizeof c->pool.network - 1);
	c->pool.network[CERTIFICATE_TEXT - 1] = '\0';
	for (unsigned i = 0; i < CERTIFICATE_COMMITS_MAX; i++) {
		memset(c->pool.commit[i].reason, 'r', CERTIFICATE_TEXT - 1);
		memset(c->pool.commit[i].fate, 'f', CERTIFICATE_TEXT - 1);
		c->pool.commit[i].reason[CERTIFICATE_TEXT - 1] = c->pool.commit[i].fate[CERTIFICATE_TEXT - 1] = '\0';
	}
	c->pool.terms.allow_mock = true;
	buf_reset(&out);
	certificate_write_pool(&out, &c->pool);
	assert_true(buf_ok(&out));
	free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good_ones),
		cmocka_unit_test(test_stakes_of_two_leaves),
		cmocka_unit_test(test_pool_written),
		cmocka_unit_test(test_mutations),
		cmocka_unit_test(test_every_byte),
		cmocka_unit_test(test_made_up_round),
		cmocka_unit_test(test_without_tickets),
	};
	int failed = crypto_init() ? cmocka_run_group_tests(tests, NULL, NULL) : 1;

	free(v);
	return failed;
}
