/* The vector runner: one function per file format, one case counted once, every field of it compared. */
#ifndef VECTORS_H
#define VECTORS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/key.h"
#include "base/units.h"

struct json_object;

struct tally {
	unsigned passed;
	unsigned failed;
};

/* One file being run. */
struct suite {
	const char *dir;
	const char *file;
	struct tally *tally;
};

void vectors_base58(const struct suite *suite, struct json_object *root);
void vectors_pool_accounts(const struct suite *suite, struct json_object *root);
void vectors_participants_accounts(const struct suite *suite, struct json_object *root);
void vectors_pdas(const struct suite *suite, struct json_object *root);
void vectors_instructions(const struct suite *suite, struct json_object *root);
void vectors_transactions(const struct suite *suite, struct json_object *root);
void vectors_winners(const struct suite *suite, struct json_object *root);
void vectors_payouts(const struct suite *suite, struct json_object *root);
void vectors_signature_verify(const struct suite *suite, struct json_object *root);
void vectors_events(const struct suite *suite, struct json_object *root);
void vectors_switchboard(const struct suite *suite, struct json_object *root);
void vectors_switchboard_tx(const struct suite *suite, struct json_object *root);
void vectors_vrf(const struct suite *suite, struct json_object *root);

/* Bodies of an RPC node: dir holds index.json and the files it lists. */
void vectors_rpc(const char *dir, struct tally *tally);

/* One case. It starts as passed; each difference prints one line and makes it a failure. */
struct check {
	const struct suite *suite;
	unsigned differences;
	char name[200];
};

void check_begin(struct check *check, const struct suite *suite, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void check_end(struct check *check);
void check_fail(struct check *check, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Fails with the claim when it is false. */
void check_that(struct check *check, bool holds, const char *claim);

/* Elements of root[section]; a missing section has none, one that is no array is a failed case. */
size_t section_size(const struct suite *suite, struct json_object *root, const char *section);
struct json_object *section_at(struct json_object *root, const char *section, size_t i);

/* Reading a member. A missing or mistyped one fails the case; the value is then zero. */
bool member_exists(struct json_object *object, const char *name);
struct json_object *member(struct check *check, struct json_object *object, const char *name);
const char *read_text(struct check *check, struct json_object *object, const char *name, size_t *n);
uint64_t read_u64(struct check *check, struct json_object *object, const char *name); /* "123" or 123 */
int64_t read_i64(struct check *check, struct json_object *object, const char *name);
struct u128 read_u128(struct check *check, struct json_object *object, const char *name);
bool read_bool(struct check *check, struct json_object *object, const char *name);
struct pubkey read_key(struct check *check, struct json_object *object, const char *name);
struct hash read_hash(struct check *check, struct json_object *object, const char *name); /* hex */

/* Bytes in a buffer that lives until the next eight reads. */
struct bytes read_hex(struct check *check, struct json_object *object, const char *name);
struct bytes read_base64(struct check *check, struct json_object *object, const char *name);

/* Values of array elements. */
struct pubkey element_key(struct check *check, struct json_object *array, size_t i);
uint64_t element_u64(struct check *check, struct json_object *array, size_t i);

/* Comparing what we got with a member. */
void expect_u64(struct check *check, struct json_object *object, const char *name, uint64_t got);
void expect_i64(struct check *check, struct json_object *object, const char *name, int64_t got);
void expect_u128(struct check *check, struct json_object *object, const char *name, struct u128 got);
void expect_bool(struct check *check, struct json_object *object, const char *name, bool got);
void expect_text(struct check *check, struct json_object *object, const char *name, const char *got);
void expect_key(struct check *check, struct json_object *object, const char *name, const struct pubkey *got);
void expect_hex(struct check *check, struct json_object *object, const char *name, const void *got, size_t n);
void expect_base64(struct check *check, struct json_object *object, const char *name, const void *got, size_t n);
void expect_element_key(
	struct check *check, struct json_object *array, size_t i, const char *what, const struct pubkey *got);

/* Says once per file and name, on a NOTE line, that a member is not in the list (blank separated): it is not checked. */
void note_unknown_members(const struct suite *suite, struct json_object *object, const char *known);

#endif
