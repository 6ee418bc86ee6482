/* Mints and token accounts of both token programs, with every extension that create_pool refuses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "base/bytes.h"
#include "core/address.h"
#include "core/token.h"

enum { EXTENDED = 166, ROOM = 600 };

static void make_mint(uint8_t data[ROOM])
{
	memset(data, 0, ROOM);
	store_u64(data + 36, 1234567890123456789u);
	data[44] = 9;
	data[45] = 1;
	data[165] = 1;
}

static void make_account(uint8_t data[ROOM])
{
	memset(data, 0, ROOM);
	memset(data, 0x11, 32);
	memset(data + 32, 0x22, 32);
	store_u64(data + 64, UINT64_MAX);
	data[108] = 1;
	data[165] = 2;
}

static size_t add_extension(uint8_t *data, size_t at, uint16_t type, uint16_t n)
{
	store_u16(data + at, type);
	store_u16(data + at + 2, n);
	return at + 4 + n;
}

static void test_mint(void **unused)
{
	uint8_t data[ROOM];
	struct token_mint mint;

	(void)unused;
	make_mint(data);
	assert_int_equal(token_mint_decode(&mint, &ADDRESS_TOKEN, data, 82), TOKEN_OK);
	assert_false(mint.is_2022 || mint.has_mint_authority || mint.has_freeze_authority);
	assert_int_equal(mint.decimals, 9);
	assert_true(mint.supply_amount == 1234567890123456789u);
	assert_int_equal(mint.forbidden, 0);
	data[0] = 1;
	data[46] = 1;
	memset(data + 4, 0x33, 32);
	memset(data + 50, 0x44, 32);
	assert_int_equal(token_mint_decode(&mint, &ADDRESS_TOKEN_2022, data, 82), TOKEN_OK);
	assert_true(mint.is_2022 && mint.has_mint_authority && mint.has_freeze_authority);
	assert_int_equal(mint.mint_authority.b[31], 0x33);
	assert_int_equal(mint.freeze_authority.b[31], 0x44);
}

static void test_mint_refused(void **unused)
{
	uint8_t data[ROOM];
	struct token_mint mint;

	(void)unused;
	make_mint(data);
	assert_int_equal(token_mint_decode(&mint, &ADDRESS_SYSTEM, data, 82), TOKEN_WRONG_OWNER);
	assert_int_equal(token_mint_decode(&mint, &ADDRESS_TOKEN, data, 81), TOKEN_WRONG_SIZE);
	assert_int_equal(token_mint_decode(&mint, &ADDRESS_TOKEN, data, 0), TOKEN_WRONG_SIZE);
	assert_int_equal(token_mint_decode(&mint, &ADDRESS_TOKEN, data, EXTENDED), TOKEN_WRONG_SIZE);
	assert_int_equal(token_mint_decode(&mint, &ADDRESS_TOKEN_2022, data, 165), TOKEN_WRONG_SIZE);
	assert_int_equal(token_mint_decode(&mint, &ADDRESS_TOKEN_2022, data, 355), TOKEN_WRONG_SIZE);
	assert_int_equal(token_mint_decode(&mint, &ADDRESS_TOKEN_2022, data, EXTENDED), TOKEN_OK);
	data[165] = 2;
	assert_int_equal(token_mint_decode(&mint, &ADDRESS_TOKEN_2022, data, EXTENDED), TOKEN_WRONG_KIND);
	data[45] = 0;
	assert_int_equal(token_mint_decode(&mint, &ADDRESS_TOKEN, data, 82), TOKEN_UNINITIALIZED);
	data[45] = 2;
	assert_int_equal(token_mint_decode(&mint, &ADDRESS_TOKEN, data, 82), TOKEN_MALFORMED);
	data[45] = 1;
	data[1] = 1;
	assert_int_equal(token_mint_decode(&mint, &ADDRESS_TOKEN, data, 82), TOKEN_MALFORMED);
	data[1] = 0;
	data[46] = 2;
	assert_int_equal(token_mint_decode(&mint, &ADDRESS_TOKEN, data, 82), TOKEN_MALFORMED);
}

static void test_forbidden_extensions(void **unused)
{
	static const uint16_t expected[28] = {
		[1] = 6059, [3] = 6065, [4] = 6061, [6] = 6066, [9] = 6062, [10] = 6063, [12] = 6064, [14] = 6060
	};

	(void)unused;
	for (uint16_t type = 1; type < 28; type++) {
		uint8_t data[ROOM];
		struct token_mint mint;
		size_t end;

		make_mint(data);
		end = add_extension(data, EXTENDED, 18, 64);
		end = add_extension(data, end, type, 10);
		end = add_extension(data, end, 1, 0);
		assert_int_equal(token_mint_decode(&mint, &ADDRESS_TOKEN_2022, data, end), TOKEN_OK);
		assert_int_equal(mint.forbidden, expected[type] != 0 ? expected[type] : 6059);
	}
}

static void test_broken_list(void **unused)
{
	uint8_t data[ROOM];
	struct token_mint mint;
	size_t end;

	(void)unused;
	make_mint(data);
	end = add_extension(data, EXTENDED, 18, 64);
	assert_int_equal(token_mint_decode(&mint, &ADDRESS_TOKEN_2022, data, end), TOKEN_OK);
	assert_int_equal(token_mint_decode(&mint, &ADDRESS_TOKEN_2022, data, end - 1), TOKEN_MALFORMED);
	assert_int_equal(token_mint_decode(&mint, &ADDRESS_TOKEN_2022, data, EXTENDED + 3), TOKEN_MALFORMED);
	/* Type 0 ends the list; what is behind it does not count. */
	add_extension(data, end + 4, 1, 0);
	assert_int_equal(token_mint_decode(&mint, &ADDRESS_TOKEN_2022, data, end + 8), TOKEN_OK);
	assert_int_equal(mint.forbidden, 0);
}

static void test_account(void **unused)
{
	uint8_t data[ROOM];
	struct token_account account;

	(void)unused;
	make_account(data);
	assert_int_equal(token_account_decode(&account, &ADDRESS_TOKEN, data, 165), TOKEN_OK);
	assert_int_equal(account.mint.b[0], 0x11);
	assert_int_equal(account.owner.b[0], 0x22);
	assert_true(account.amount == UINT64_MAX);
	assert_false(account.frozen || account.has_delegate || account.has_close_authority || account.is_native ||
		     account.memo_required || account.is_2022);
	data[108] = 2;
	data[72] = data[109] = data[129] = 1;
	memset(data + 76, 0x33, 32);
	store_u64(data + 121, 77);
	memset(data + 133, 0x44, 32);
	assert_int_equal(token_account_decode(&account, &ADDRESS_TOKEN, data, 165), TOKEN_OK);
	assert_true(account.frozen && account.has_delegate && account.has_close_authority && account.is_native);
	assert_int_equal(account.delegate.b[0], 0x33);
	assert_int_equal(account.delegated_amount, 77);
	assert_int_equal(account.close_authority.b[31], 0x44);
}

static void test_account_refused(void **unused)
{
	static const size_t options[] = { 72, 109, 129 };
	uint8_t data[ROOM];
	struct token_account account;

	(void)unused;
	make_account(data);
	assert_int_equal(token_account_decode(&account, &ADDRESS_ML, data, 165), TOKEN_WRONG_OWNER);
	assert_int_equal(token_account_decode(&account, &ADDRESS_TOKEN, data, 164), TOKEN_WRONG_SIZE);
	assert_int_equal(token_account_decode(&account, &ADDRESS_TOKEN, data, 170), TOKEN_WRONG_SIZE);
	assert_int_equal(token_account_decode(&account, &ADDRESS_TOKEN, data, 82), TOKEN_WRONG_SIZE);
	for (size_t i = 0; i < 3; i++) {
		data[options[i]] = 2;
		assert_int_equal(token_account_decode(&account, &ADDRESS_TOKEN, data, 165), TOKEN_MALFORMED);
		data[options[i]] = 0;
	}
	data[108] = 3;
	assert_int_equal(token_account_decode(&account, &ADDRESS_TOKEN, data, 165), TOKEN_MALFORMED);
	data[108] = 0;
	assert_int_equal(token_account_decode(&account, &ADDRESS_TOKEN, data, 165), TOKEN_UNINITIALIZED);
}

static void test_memo_required(void **unused)
{
	uint8_t data[ROOM];
	struct token_account account;
	size_t end;

	(void)unused;
	make_account(data);
	end = add_extension(data, EXTENDED, 7, 0);
	end = add_extension(data, end, 8, 1);
	assert_int_equal(token_account_decode(&account, &ADDRESS_TOKEN_2022, data, end), TOKEN_OK);
	assert_false(account.memo_required);
	data[end - 1] = 1;
	assert_int_equal(token_account_decode(&account, &ADDRESS_TOKEN_2022, data, end), TOKEN_OK);
	assert_true(account.memo_required && account.is_2022);
}

/* Layout of TransferChecked: tag 12, amount, decimals. */
static void test_transfer_checked(void **unused)
{
	static const uint8_t data[] = { 12, 8, 7, 6, 5, 4, 3, 2, 1, 9 };
	struct ix ix;

	(void)unused;
	token_transfer_checked(
		&ix, &ADDRESS_TOKEN, &ADDRESS_WSOL, &ADDRESS_ML, &ADDRESS_ATA, &ADDRESS_RENT, 0x0102030405060708, 9);
	assert_int_equal(ix.data_size, sizeof data);
	assert_memory_equal(ix.data, data, sizeof data);
	assert_int_equal(ix.n_metas, 4);
	assert_true(pubkey_equal(&ix.metas[1].key, &ADDRESS_ML) && !ix.metas[1].writable);
	assert_true(ix.metas[0].writable && ix.metas[2].writable && !ix.metas[3].writable);
	assert_true(ix.metas[3].signer && !ix.metas[0].signer && !ix.metas[2].signer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mint),
		cmocka_unit_test(test_mint_refused),
		cmocka_unit_test(test_forbidden_extensions),
		cmocka_unit_test(test_broken_list),
		cmocka_unit_test(test_account),
		cmocka_unit_test(test_account_refused),
		cmocka_unit_test(test_memo_required),
		cmocka_unit_test(test_transfer_checked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
