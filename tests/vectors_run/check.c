/* Counting cases, reading JSON members and comparing them. */
#include <errno.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base58.h"
#include "core/base64.h"
#include "vectors.h"

enum { LINES_PER_CASE = 6, BUFFERS = 8, BUFFER_SIZE = 16384 };

void check_begin(struct check *check, const struct suite *suite, const char *format, ...)
{
	va_list args;

	check->suite = suite;
	check->differences = 0;
	va_start(args, format);
	vsnprintf(check->name, sizeof check->name, format, args);
	va_end(args);
}

void check_end(struct check *check)
{
	if (check->differences == 0)
		check->suite->tally->passed++;
	else
		check->suite->tally->failed++;
}

void check_fail(struct check *check, const char *format, ...)
{
	va_list args;

	if (check->differences++ >= LINES_PER_CASE)
		return;
	printf("FAIL %s %s: ", check->suite->file, check->name);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
}

void check_that(struct check *check, bool holds, const char *claim)
{
	if (!holds)
		check_fail(check, "not so: %s", claim);
}

size_t section_size(const struct suite *suite, struct json_object *root, const char *section)
{
	struct json_object *array;
	struct check check;

	if (!json_object_object_get_ex(root, section, &array))
		return 0;
	if (json_object_is_type(array, json_type_array))
		return json_object_array_length(array);
	check_begin(&check, suite, "%s", section);
	check_fail(&check, "is no array");
	check_end(&check);
	return 0;
}

struct json_object *section_at(struct json_object *root, const char *section, size_t i)
{
	return json_object_array_get_idx(json_object_object_get(root, section), i);
}

bool member_exists(struct json_object *object, const char *name)
{
	struct json_object *value;

	return json_object_object_get_ex(object, name, &value);
}

struct json_object *member(struct check *check, struct json_object *object, const char *name)
{
	struct json_object *value = NULL;

	if (!json_object_is_type(object, json_type_object) || !json_object_object_get_ex(object, name, &value) ||
		value == NULL)
		check_fail(check, "%s: missing or null", name);
	return value;
}

static const char *text_of(struct check *check, struct json_object *value, const char *name, size_t *n)
{
	*n = 0;
	if (value == NULL)
		return "";
	if (!json_object_is_type(value, json_type_string)) {
		check_fail(check, "%s: no string", name);
		return "";
	}
	*n = (size_t)json_object_get_string_len(value);
	return json_object_get_string(value);
}

const char *read_text(struct check *check, struct json_object *object, const char *name, size_t *n)
{
	return text_of(check, member(check, object, name), name, n);
}

/* Decimal digits as a shortest number; a JSON integer is read from its own text, so nothing is clamped. */
static const char *decimal_of(struct check *check, struct json_object *value, const char *name)
{
	const char *text;
	const char *digits;

	if (value == NULL)
		return "0";
	if (!json_object_is_type(value, json_type_string) && !json_object_is_type(value, json_type_int)) {
		check_fail(check, "%s: no integer", name);
		return "0";
	}
	text = json_object_get_string(value);
	digits = text[0] == '-' ? text + 1 : text;
	if (digits[0] == '\0' || digits[strspn(digits, "0123456789")] != '\0' ||
		(digits[0] == '0' && digits[1] != '\0')) {
		check_fail(check, "%s: %s is no decimal integer", name, text);
		return "0";
	}
	return text;
}

static uint64_t u64_of(struct check *check, struct json_object *value, const char *name)
{
	const char *text = decimal_of(check, value, name);
	uint64_t v;

	errno = 0;
	v = strtoull(text, NULL, 10);
	if (errno != 0 || text[0] == '-')
		check_fail(check, "%s: %s is no 64-bit unsigned integer", name, text);
	return v;
}

uint64_t read_u64(struct check *check, struct json_object *object, const char *name)
{
	return u64_of(check, member(check, object, name), name);
}

int64_t read_i64(struct check *check, struct json_object *object, const char *name)
{
	const char *text = decimal_of(check, member(check, object, name), name);
	int64_t v;

	errno = 0;
	v = strtoll(text, NULL, 10);
	if (errno != 0)
		check_fail(check, "%s: %s is no 64-bit integer", name, text);
	return v;
}

struct u128 read_u128(struct check *check, struct json_object *object, const char *name)
{
	const char *text = decimal_of(check, member(check, object, name), name);
	struct u128 v = { 0, 0 };

	for (; *text != '\0'; text++) {
		uint64_t part[4] = { v.lo & UINT32_MAX, v.lo >> 32, v.hi & UINT32_MAX, v.hi >> 32 };
		uint64_t carry = (uint64_t)(*text - '0');

		for (size_t i = 0; i < 4; i++) {
			carry += part[i] * 10;
			part[i] = carry & UINT32_MAX;
			carry >>= 32;
		}
		if (carry != 0 || *text == '-')
			check_fail(check, "%s: no 128-bit unsigned integer", name);
		v.lo = part[0] | part[1] << 32;
		v.hi = part[2] | part[3] << 32;
	}
	return v;
}

bool read_bool(struct check *check, struct json_object *object, const char *name)
{
	struct json_object *value = member(check, object, name);

	if (value != NULL && !json_object_is_type(value, json_type_boolean))
		check_fail(check, "%s: no boolean", name);
	return json_object_get_boolean(value) != 0;
}

static struct pubkey key_of(struct check *check, struct json_object *value, const char *name)
{
	struct pubkey key = { { 0 } };
	size_t n;
	const char *text = text_of(check, value, name, &n);

	if (!base58_to_pubkey(&key, text, n))
		check_fail(check, "%s: %s is no public key", name, text);
	return key;
}

struct pubkey read_key(struct check *check, struct json_object *object, const char *name)
{
	return key_of(check, member(check, object, name), name);
}

struct pubkey element_key(struct check *check, struct json_object *array, size_t i)
{
	return key_of(check, json_object_array_get_idx(array, i), "element");
}

uint64_t element_u64(struct check *check, struct json_object *array, size_t i)
{
	return u64_of(check, json_object_array_get_idx(array, i), "element");
}

static uint8_t *next_buffer(void)
{
	static uint8_t buffers[BUFFERS][BUFFER_SIZE];
	static unsigned next;

	return buffers[next++ % BUFFERS];
}

static int nibble(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

struct bytes read_hex(struct check *check, struct json_object *object, const char *name)
{
	uint8_t *buffer = next_buffer();
	size_t n;
	const char *text = read_text(check, object, name, &n);

	if (n % 2 != 0 || n / 2 > BUFFER_SIZE) {
		check_fail(check, "%s: odd or too long", name);
		return (struct bytes){ buffer, 0 };
	}
	for (size_t i = 0; i < n; i += 2) {
		int high = nibble(text[i]);
		int low = nibble(text[i + 1]);

		if (high < 0 || low < 0) {
			check_fail(check, "%s: not lower-case hex", name);
			return (struct bytes){ buffer, 0 };
		}
		buffer[i / 2] = (uint8_t)(high * 16 + low);
	}
	return (struct bytes){ buffer, n / 2 };
}

struct bytes read_base64(struct check *check, struct json_object *object, const char *name)
{
	uint8_t *buffer = next_buffer();
	size_t n;
	size_t size = 0;
	const char *text = read_text(check, object, name, &n);

	if (!base64_decode(buffer, BUFFER_SIZE, &size, text, n)) {
		check_fail(check, "%s: no base64", name);
		size = 0;
	}
	return (struct bytes){ buffer, size };
}

struct hash read_hash(struct check *check, struct json_object *object, const char *name)
{
	struct bytes bytes = read_hex(check, object, name);
	struct hash hash = { { 0 } };

	if (bytes.n != HASH_SIZE)
		check_fail(check, "%s: %zu bytes, not 32", name, bytes.n);
	else
		memcpy(hash.b, bytes.p, HASH_SIZE);
	return hash;
}

void expect_u64(struct check *check, struct json_object *object, const char *name, uint64_t got)
{
	uint64_t expected = read_u64(check, object, name);

	if (got != expected)
		check_fail(check, "%s: got %" PRIu64 ", expected %" PRIu64, name, got, expected);
}

void expect_i64(struct check *check, struct json_object *object, const char *name, int64_t got)
{
	int64_t expected = read_i64(check, object, name);

	if (got != expected)
		check_fail(check, "%s: got %" PRId64 ", expected %" PRId64, name, got, expected);
}

void expect_u128(struct check *check, struct json_object *object, const char *name, struct u128 got)
{
	struct u128 expected = read_u128(check, object, name);

	if (!u128_equal(got, expected))
		check_fail(check, "%s: got 0x%016" PRIx64 "%016" PRIx64 ", expected 0x%016" PRIx64 "%016" PRIx64, name,
			got.hi, got.lo, expected.hi, expected.lo);
}

void expect_bool(struct check *check, struct json_object *object, const char *name, bool got)
{
	bool expected = read_bool(check, object, name);

	if (got != expected)
		check_fail(check, "%s: got %d, expected %d", name, got, expected);
}

void expect_text(struct check *check, struct json_object *object, const char *name, const char *got)
{
	size_t n;
	const char *expected = read_text(check, object, name, &n);

	if (n != strlen(got) || memcmp(got, expected, n) != 0)
		check_fail(check, "%s: got %s, expected %s", name, got, expected);
}

static void compare_key(struct check *check, const char *name, const struct pubkey *got, const struct pubkey *expected)
{
	char a[PUBKEY_TEXT];
	char b[PUBKEY_TEXT];

	if (pubkey_equal(got, expected))
		return;
	base58_pubkey(a, got);
	base58_pubkey(b, expected);
	check_fail(check, "%s: got %s, expected %s", name, a, b);
}

void expect_key(struct check *check, struct json_object *object, const char *name, const struct pubkey *got)
{
	struct pubkey expected = read_key(check, object, name);

	compare_key(check, name, got, &expected);
}

void expect_element_key(
	struct check *check, struct json_object *array, size_t i, const char *what, const struct pubkey *got)
{
	struct pubkey expected = element_key(check, array, i);

	compare_key(check, what, got, &expected);
}

static void compare_bytes(struct check *check, const char *name, const uint8_t *got, size_t n, struct bytes expected)
{
	if (n != expected.n)
		check_fail(check, "%s: got %zu bytes, expected %zu", name, n, expected.n);
	else
		for (size_t i = 0; i < n; i++)
			if (got[i] != expected.p[i]) {
				check_fail(
					check, "%s: byte %zu is %02x, expected %02x", name, i, got[i], expected.p[i]);
				return;
			}
}

void expect_hex(struct check *check, struct json_object *object, const char *name, const void *got, size_t n)
{
	compare_bytes(check, name, got, n, read_hex(check, object, name));
}

void expect_base64(struct check *check, struct json_object *object, const char *name, const void *got, size_t n)
{
	compare_bytes(check, name, got, n, read_base64(check, object, name));
}

static bool word_in(const char *list, const char *word)
{
	size_t n = strlen(word);

	for (const char *p = list; (p = strstr(p, word)) != NULL; p += n)
		if ((p == list || p[-1] == ' ') && (p[n] == ' ' || p[n] == '\0'))
			return true;
	return false;
}

void note_unknown_members(const struct suite *suite, struct json_object *object, const char *known)
{
	static char told[4096]; /* " file/name file/name ..." */

	struct json_object_iter at;

	json_object_object_foreachC(object, at)
	{
		const char *name = at.key;
		char entry[200];

		if (word_in(known, name))
			continue;
		snprintf(entry, sizeof entry, "%s/%s", suite->file, name);
		if (word_in(told, entry) || strlen(told) + strlen(entry) + 2 > sizeof told)
			continue;
		snprintf(told + strlen(told), sizeof told - strlen(told), " %s", entry);
		printf("NOTE %s: member \"%s\" is unknown and not checked\n", suite->file, name);
	}
}
