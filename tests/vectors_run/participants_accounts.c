/* participants_accounts.json: the list, its count, and counts that no program can have written. */
#include <json-c/json.h>

#include "core/pool.h"
#include "vectors.h"

static void expect_fields(struct check *check, struct json_object *fields, const struct participants_account *got)
{
	struct json_object *list = member(check, fields, "list");

	expect_u64(check, fields, "count", got->raw_count);
	if (list == NULL || json_object_array_length(list) != PARTICIPANTS_MAX) {
		check_fail(check, "list: not %d keys", PARTICIPANTS_MAX);
		return;
	}
	for (size_t i = 0; i < PARTICIPANTS_MAX; i++)
		expect_element_key(check, list, i, "list", &got->list[i]);
}

static void run_case(const struct suite *suite, struct json_object *object, size_t i)
{
	struct check check;
	struct participants_account got;
	struct json_object *fields;
	struct bytes data;
	enum account_result result;

	check_begin(&check, suite, "cases[%zu]", i);
	note_unknown_members(suite, object, "kind in_range data fields");
	data = read_base64(&check, object, "data");
	fields = member(&check, object, "fields");
	result = participants_decode(&got, data.p, data.n);
	if (result != ACCOUNT_OK) {
		check_fail(&check, "data: refused with %d", (int)result);
	} else {
		expect_bool(&check, object, "in_range", got.in_range);
		check_that(&check, got.count == (got.in_range ? got.raw_count : PARTICIPANTS_MAX), "count is clamped");
		if (json_object_is_type(fields, json_type_object)) {
			note_unknown_members(suite, fields, "count list");
			expect_fields(&check, fields, &got);
		}
	}
	check_end(&check);
}

static void run_invalid(const struct suite *suite, struct json_object *object, size_t i)
{
	struct check check;
	struct participants_account got;
	struct bytes data;

	check_begin(&check, suite, "invalid[%zu]", i);
	note_unknown_members(suite, object, "why anchor_error data");
	data = read_base64(&check, object, "data");
	expect_u64(&check, object, "anchor_error", (uint64_t)participants_decode(&got, data.p, data.n));
	check_end(&check);
}

static void run_meta(const struct suite *suite, struct json_object *meta)
{
	struct check check;

	check_begin(&check, suite, "meta");
	expect_u64(&check, meta, "account_size", PARTICIPANTS_ACCOUNT_SIZE);
	expect_hex(&check, meta, "discriminator", PARTICIPANTS_DISCRIMINATOR, 8);
	check_end(&check);
}

void vectors_participants_accounts(const struct suite *suite, struct json_object *root)
{
	if (member_exists(root, "meta"))
		run_meta(suite, json_object_object_get(root, "meta"));
	for (size_t i = 0; i < section_size(suite, root, "cases"); i++)
		run_case(suite, section_at(root, "cases", i), i);
	for (size_t i = 0; i < section_size(suite, root, "invalid"); i++)
		run_invalid(suite, section_at(root, "invalid", i), i);
	note_unknown_members(suite, root, "meta cases invalid");
}
