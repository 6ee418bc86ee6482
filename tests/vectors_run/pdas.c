/* pdas.json: derived addresses with their bumps, the general rule, and the curve test behind it. */
#include <json-c/json.h>
#include <string.h>

#include "base/crypto.h"
#include "core/address.h"
#include "core/pda.h"
#include "vectors.h"

static void expect_pda(struct check *check, struct json_object *object, const char *name, const char *bump_name,
	const struct pubkey *got, uint8_t bump)
{
	expect_key(check, object, name, got);
	expect_u64(check, object, bump_name, bump);
}

static void run_pool(const struct suite *suite, struct json_object *object, size_t i)
{
	struct check check;
	struct pubkey mint;
	struct pubkey pool;
	struct pubkey other;
	struct hash salt;
	uint8_t bump;

	check_begin(&check, suite, "pools[%zu]", i);
	note_unknown_members(suite, object,
		"mint salt pool pool_bump participants participants_bump pool_token_spl pool_token_spl_bump "
		"pool_token_2022 pool_token_2022_bump");
	mint = read_key(&check, object, "mint");
	salt = read_hash(&check, object, "salt");
	bump = pda_pool(&pool, &mint, &salt);
	expect_pda(&check, object, "pool", "pool_bump", &pool, bump);
	bump = pda_participants(&other, &pool);
	expect_pda(&check, object, "participants", "participants_bump", &other, bump);
	bump = pda_ata(&other, &pool, &mint, &ADDRESS_TOKEN);
	expect_pda(&check, object, "pool_token_spl", "pool_token_spl_bump", &other, bump);
	bump = pda_ata(&other, &pool, &mint, &ADDRESS_TOKEN_2022);
	expect_pda(&check, object, "pool_token_2022", "pool_token_2022_bump", &other, bump);
	check_end(&check);
}

static void run_ata(const struct suite *suite, struct json_object *object, size_t i)
{
	struct check check;
	struct pubkey owner;
	struct pubkey mint;
	struct pubkey token_program;
	struct pubkey ata;
	uint8_t bump;

	check_begin(&check, suite, "atas[%zu]", i);
	note_unknown_members(suite, object, "owner owner_on_curve mint token_program ata bump");
	owner = read_key(&check, object, "owner");
	mint = read_key(&check, object, "mint");
	token_program = read_key(&check, object, "token_program");
	expect_bool(&check, object, "owner_on_curve", crypto_on_curve(owner.b));
	bump = pda_ata(&ata, &owner, &mint, &token_program);
	expect_pda(&check, object, "ata", "bump", &ata, bump);
	check_end(&check);
}

enum { SEEDS_READ_MAX = 24 };

/* Hex strings into seed memory of our own; more than SEEDS_READ_MAX cannot be told apart from 24. */
static size_t read_seeds(struct check *check, struct json_object *object, struct bytes seeds[SEEDS_READ_MAX])
{
	static uint8_t memory[SEEDS_READ_MAX][128];
	struct json_object *array = member(check, object, "seeds");
	struct json_object *one = json_object_new_object();
	size_t n = json_object_is_type(array, json_type_array) ? json_object_array_length(array) : 0;

	for (size_t i = 0; i < n && i < SEEDS_READ_MAX; i++) {
		struct bytes bytes;

		json_object_object_add(one, "seed", json_object_get(json_object_array_get_idx(array, i)));
		bytes = read_hex(check, one, "seed");
		if (bytes.n > sizeof memory[i])
			bytes.n = sizeof memory[i];
		memcpy(memory[i], bytes.p, bytes.n);
		seeds[i] = (struct bytes){ memory[i], bytes.n };
	}
	json_object_put(one);
	return n < SEEDS_READ_MAX ? n : SEEDS_READ_MAX;
}

static const char *error_text(enum pda_result result)
{
	switch (result) {
	case PDA_OK:
	case PDA_NO_BUMP:
		return "";
	case PDA_ON_CURVE:
		return "on curve";
	case PDA_TOO_MANY_SEEDS:
		return "more than 16 seeds";
	case PDA_SEED_TOO_LONG:
		return "seed longer than 32 bytes";
	}
	return "";
}

static void run_create(const struct suite *suite, struct json_object *object, size_t i)
{
	struct check check;
	struct bytes seeds[SEEDS_READ_MAX];
	struct pubkey program;
	struct pubkey got;
	enum pda_result result;
	size_t n;

	check_begin(&check, suite, "create_program_address[%zu]", i);
	note_unknown_members(suite, object, "program seeds address error");
	program = read_key(&check, object, "program");
	n = read_seeds(&check, object, seeds);
	result = pda_create(&got, seeds, n, &program);
	if (json_object_object_get(object, "address") != NULL) {
		check_that(&check, result == PDA_OK, "there is an address");
		check_that(
			&check, json_object_object_get(object, "error") == NULL, "an address comes without an error");
		if (result == PDA_OK)
			expect_key(&check, object, "address", &got);
	} else {
		expect_text(&check, object, "error", error_text(result));
	}
	check_end(&check);
}

static void run_on_curve(const struct suite *suite, struct json_object *object, size_t i)
{
	struct check check;
	struct hash bytes;

	check_begin(&check, suite, "on_curve[%zu]", i);
	note_unknown_members(suite, object, "bytes on_curve web3js_differs note");
	bytes = read_hash(&check, object, "bytes");
	expect_bool(&check, object, "on_curve", crypto_on_curve(bytes.b));
	check_end(&check);
}

static void run_meta(const struct suite *suite, struct json_object *meta)
{
	struct check check;

	check_begin(&check, suite, "meta");
	expect_key(&check, meta, "program_id", &ADDRESS_ML);
	expect_key(&check, meta, "token_program", &ADDRESS_TOKEN);
	expect_key(&check, meta, "token_2022_program", &ADDRESS_TOKEN_2022);
	expect_key(&check, meta, "associated_token_program", &ADDRESS_ATA);
	check_end(&check);
}

void vectors_pdas(const struct suite *suite, struct json_object *root)
{
	if (member_exists(root, "meta"))
		run_meta(suite, json_object_object_get(root, "meta"));
	for (size_t i = 0; i < section_size(suite, root, "pools"); i++)
		run_pool(suite, section_at(root, "pools", i), i);
	for (size_t i = 0; i < section_size(suite, root, "atas"); i++)
		run_ata(suite, section_at(root, "atas", i), i);
	for (size_t i = 0; i < section_size(suite, root, "create_program_address"); i++)
		run_create(suite, section_at(root, "create_program_address", i), i);
	for (size_t i = 0; i < section_size(suite, root, "on_curve"); i++)
		run_on_curve(suite, section_at(root, "on_curve", i), i);
	note_unknown_members(suite, root, "meta pools atas create_program_address on_curve");
}
