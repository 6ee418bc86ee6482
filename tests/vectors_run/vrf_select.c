/* vrf.json, rule SEL-1: every pick with its number, and draws that cannot be made. */
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "core/select.h"
#include "vrf.h"

enum { ENTRIES_MAX = 64, PICKS_MAX = 32 };

static uint32_t read_entries(struct check *check, struct json_object *object, struct ticket *ticket)
{
	struct json_object *array = member(check, object, "entries");
	size_t n = array ? json_object_array_length(array) : 0;

	check_that(check, n <= ENTRIES_MAX, "the entries fit");
	for (size_t i = 0; i < n && i < ENTRIES_MAX; i++) {
		struct json_object *entry = json_object_array_get_idx(array, i), *holder = json_object_new_object();

		json_object_object_add(holder, "participant", json_object_get(json_object_array_get_idx(entry, 0)));
		ticket[i] = (struct ticket){ read_hash(check, holder, "participant"), element_u64(check, entry, 1) };
		json_object_put(holder);
	}
	return (uint32_t)n;
}

static uint64_t expect_picks(struct check *check, struct json_object *object, const struct select_pick *pick)
{
	struct json_object *array = member(check, object, "picks");
	uint64_t rejections = 0;

	for (size_t i = 0; array && i < json_object_array_length(array); i++) {
		struct json_object *want = json_object_array_get_idx(array, i);

		check_that(check, pick[i].empty == (want == NULL), "a pick is empty exactly where one is recorded so");
		if (want == NULL)
			continue;
		expect_u64(check, want, "ticket", pick[i].number);
		expect_u64(check, want, "total", pick[i].total);
		expect_u64(check, want, "attempt", pick[i].attempt);
		expect_u64(check, want, "entry", pick[i].entry);
		rejections += pick[i].attempt;
	}
	return rejections;
}

static void run_case(const struct suite *suite, struct json_object *object, size_t i)
{
	struct ticket ticket[ENTRIES_MAX];
	struct select_pick pick[PICKS_MAX];
	struct select_input input = { .ticket = ticket };
	struct hash key;
	struct check check;
	void *memory;

	check_begin(&check, suite, "select_sel1[%zu]", i);
	note_unknown_members(
		suite, object, "name beta draw_id root entries prizes alternates mode key picks rejections result");
	read_exact(&check, object, "beta", input.beta.b, sizeof input.beta.b);
	read_exact(&check, object, "draw_id", input.draw.b, sizeof input.draw.b);
	input.root = read_hash(&check, object, "root");
	input.n = read_entries(&check, object, ticket);
	input.prizes = (uint32_t)read_u64(&check, object, "prizes");
	input.alternates = (uint32_t)read_u64(&check, object, "alternates");
	input.mode = (enum select_mode)read_u64(&check, object, "mode");
	memory = malloc(select_memory(input.n)); /* exactly as much: the sanitizer sees one byte more */
	if (memory == NULL || input.prizes + input.alternates > PICKS_MAX)
		abort();
	if (member_exists(object, "result")) {
		check_that(&check, select_run(pick, &key, &input, memory) != SELECT_OK, "the draw is refused");
		expect_text(&check, object, "result", "invalid");
	} else {
		check_that(&check, select_run(pick, &key, &input, memory) == SELECT_OK, "the draw is made");
		expect_hex(&check, object, "key", key.b, sizeof key.b);
		expect_u64(&check, object, "rejections", expect_picks(&check, object, pick));
	}
	free(memory);
	check_end(&check);
}

void vectors_vrf_select(const struct suite *suite, struct json_object *root)
{
	for (size_t i = 0; i < section_size(suite, root, "select_sel1"); i++)
		run_case(suite, section_at(root, "select_sel1", i), i);
}
