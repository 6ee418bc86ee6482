/* Mints, token accounts and the checked transfer. */
#include "core/token.h"

#include <string.h>

#include "base/bytes.h"
#include "core/address.h"

/* Token-2022: behind the base account comes padding to 165, a byte that says what it is, then a list of
 * { u16 type, u16 length, bytes }. */
enum {
	KIND_OFFSET = 165,
	KIND_MINT = 1,
	KIND_ACCOUNT = 2,
	LIST_OFFSET = 166,
	MULTISIG_SIZE = 355, /* the one size that can be neither */
	ENTRY_HEAD = 4,
	TYPE_END = 0,
	TYPE_MEMO_TRANSFER = 8,
};

static bool option_tag(const uint8_t *p, bool *present)
{
	uint32_t tag = load_u32(p);

	*present = tag == 1;
	return tag <= 1;
}

static struct pubkey load_key(const uint8_t *p)
{
	struct pubkey key;

	memcpy(key.b, p, PUBKEY_SIZE);
	return key;
}

/* Whose account, and is its size and kind possible? base = size without extensions. */
static enum token_result check_shape(
	bool *is_2022, const struct pubkey *owner_program, const uint8_t *data, size_t size, size_t base, uint8_t kind)
{
	*is_2022 = pubkey_equal(owner_program, &ADDRESS_TOKEN_2022);
	if (!*is_2022 && !pubkey_equal(owner_program, &ADDRESS_TOKEN))
		return TOKEN_WRONG_OWNER;
	if (size == base)
		return TOKEN_OK;
	if (!*is_2022 || size < LIST_OFFSET || size == MULTISIG_SIZE)
		return TOKEN_WRONG_SIZE;
	return data[KIND_OFFSET] == kind ? TOKEN_OK : TOKEN_WRONG_KIND;
}

/* One extension of the list. */
struct entry {
	uint16_t type;
	struct bytes value;
};

/* Moves *at to the next entry. False at the end of the list; *broken when it ends in the middle of an entry. */
static bool next_entry(struct entry *out, const uint8_t *data, size_t size, size_t *at, bool *broken)
{
	size_t left = size > *at ? size - *at : 0;

	if (left < 2 || load_u16(data + *at) == TYPE_END)
		return false;
	*broken = left < ENTRY_HEAD || load_u16(data + *at + 2) > left - ENTRY_HEAD;
	if (*broken)
		return false;
	out->type = load_u16(data + *at);
	out->value = (struct bytes){ data + *at + ENTRY_HEAD, load_u16(data + *at + 2) };
	*at += ENTRY_HEAD + out->value.n;
	return true;
}

/* The ml error with which create_pool refuses a mint with this extension, or 0. */
static uint16_t forbidden_error(uint16_t type)
{
	switch (type) {
	case 1:
		return 6059; /* TransferFeeConfig */
	case 3:
		return 6065; /* MintCloseAuthority */
	case 4:
		return 6061; /* ConfidentialTransferMint */
	case 6:
		return 6066; /* DefaultAccountState */
	case 9:
		return 6062; /* NonTransferable */
	case 10:
		return 6063; /* InterestBearingConfig */
	case 12:
		return 6064; /* PermanentDelegate */
	case 14:
		return 6060; /* TransferHook */
	default:
		return 0;
	}
}

enum token_result token_mint_decode(
	struct token_mint *out, const struct pubkey *owner_program, const uint8_t *data, size_t size)
{
	enum token_result result = check_shape(&out->is_2022, owner_program, data, size, TOKEN_MINT_SIZE, KIND_MINT);
	struct entry entry;
	size_t at = LIST_OFFSET;
	bool broken = false;

	if (result != TOKEN_OK)
		return result;
	if (!option_tag(data, &out->has_mint_authority) || !option_tag(data + 46, &out->has_freeze_authority) ||
		data[45] > 1)
		return TOKEN_MALFORMED;
	if (data[45] == 0)
		return TOKEN_UNINITIALIZED;
	out->mint_authority = load_key(data + 4);
	out->supply_amount = load_u64(data + 36);
	out->decimals = data[44];
	out->freeze_authority = load_key(data + 50);
	out->forbidden = 0;
	while (next_entry(&entry, data, size, &at, &broken))
		if (out->forbidden == 0)
			out->forbidden = forbidden_error(entry.type);
	return broken ? TOKEN_MALFORMED : TOKEN_OK;
}

enum token_result token_account_decode(
	struct token_account *out, const struct pubkey *owner_program, const uint8_t *data, size_t size)
{
	enum token_result result = check_shape(
		&out->is_2022, owner_program, data, size, TOKEN_ACCOUNT_SIZE, KIND_ACCOUNT);
	struct entry entry;
	size_t at = LIST_OFFSET;
	bool broken = false;

	if (result != TOKEN_OK)
		return result;
	if (!option_tag(data + 72, &out->has_delegate) || !option_tag(data + 109, &out->is_native) ||
		!option_tag(data + 129, &out->has_close_authority) || data[108] > 2)
		return TOKEN_MALFORMED;
	if (data[108] == 0)
		return TOKEN_UNINITIALIZED;
	out->mint = load_key(data);
	out->owner = load_key(data + 32);
	out->amount = load_u64(data + 64);
	out->delegate = load_key(data + 76);
	out->frozen = data[108] == 2;
	out->delegated_amount = load_u64(data + 121);
	out->close_authority = load_key(data + 133);
	out->memo_required = false;
	while (next_entry(&entry, data, size, &at, &broken))
		if (entry.type == TYPE_MEMO_TRANSFER && entry.value.n > 0 && entry.value.p[0] != 0)
			out->memo_required = true;
	return broken ? TOKEN_MALFORMED : TOKEN_OK;
}

void token_transfer_checked(struct ix *out, const struct pubkey *token_program, const struct pubkey *source,
	const struct pubkey *mint, const struct pubkey *destination, const struct pubkey *authority, uint64_t amount,
	uint8_t decimals)
{
	ix_begin(out, token_program);
	ix_account(out, source, IX_WRITE);
	ix_account(out, mint, IX_READ);
	ix_account(out, destination, IX_WRITE);
	ix_account(out, authority, IX_SIGN);
	ix_u8(out, TOKEN_TRANSFER_CHECKED);
	ix_u64(out, amount);
	ix_u8(out, decimals);
}
