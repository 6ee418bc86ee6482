/* randomness_init: the randomness account, its escrow and its lookup table. */
#include "discriminators.h"
#include "known.h"
#include "switchboard/switchboard.h"
#include "system.h"
#include "token.h"

enum init_account {
	RANDOMNESS,
	ESCROW,
	AUTHORITY,
	QUEUE,
	PAYER,
	SYSTEM_PROGRAM,
	TOKEN_PROGRAM,
	ATA_PROGRAM,
	WSOL_MINT,
	PROGRAM_STATE,
	LUT_SIGNER,
	LUT,
	LUT_PROGRAM
};

enum lut_call { LUT_CREATE = 0, LUT_EXTEND = 2 };

#define LUT_KEYS 3

static uint64_t create_randomness(const struct input *in, uint64_t lut_slot)
{
	const struct account *at = in->accounts;
	struct new_account what = { &at[PAYER], &at[RANDOMNESS], in->program, sizeof(struct randomness), NULL };
	struct randomness *randomness = (struct randomness *)at[RANDOMNESS].data;

	TRY(system_create(in, &what));
	randomness->discriminator = ACCOUNT_RANDOMNESS_ACCOUNT_DATA;
	pubkey_copy(&randomness->authority, at[AUTHORITY].key);
	pubkey_copy(&randomness->queue, at[QUEUE].key);
	randomness->lut_slot = lut_slot;
	return 0;
}

/* At the address of the associated account of the randomness key, but owned by the program's state. */
static uint64_t create_escrow(const struct input *in)
{
	const struct account *at = in->accounts;
	struct token_ata what = { &at[PAYER], &at[ESCROW], &at[RANDOMNESS], &at[WSOL_MINT], &at[TOKEN_PROGRAM] };

	TRY(token_create_ata(in, &what));
	return token_give_away(in, &at[ESCROW], &at[RANDOMNESS], at[PROGRAM_STATE].key);
}

static uint64_t invoke_lut(const struct input *in, const void *data, uint64_t len, uint8_t signer_bump)
{
	const struct account *at = in->accounts;
	struct meta metas[4] = {
		{ at[LUT].key, true, false },
		{ at[LUT_SIGNER].key, false, true },
		{ at[PAYER].key, true, true },
		{ at[SYSTEM_PROGRAM].key, false, false },
	};
	struct instruction ix = { &KNOWN_LOOKUP, metas, 4, data, len };
	struct bytes list[3] = { { "LutSigner", 9 }, { at[RANDOMNESS].key, 32 }, { &signer_bump, 1 } };
	struct seeds signer = { list, 3 };

	return sol_invoke_signed_c(&ix, in->accounts, in->count, &signer, 1);
}

static NOINLINE uint64_t create_lut(const struct input *in, uint64_t slot, uint8_t bump, uint8_t signer_bump)
{
	uint8_t data[13];

	store32(data, LUT_CREATE);
	store64(data + 4, slot);
	data[12] = bump;
	return invoke_lut(in, data, sizeof(data), signer_bump);
}

static NOINLINE uint64_t extend_lut(const struct input *in, uint8_t signer_bump)
{
	uint8_t data[12 + 32 * LUT_KEYS];

	store32(data, LUT_EXTEND);
	store64(data + 4, LUT_KEYS);
	pubkey_copy(data + 12, in->accounts[RANDOMNESS].key);
	pubkey_copy(data + 44, in->accounts[ESCROW].key);
	pubkey_copy(data + 76, &KNOWN_SYSTEM);
	return invoke_lut(in, data, sizeof(data), signer_bump);
}

static uint64_t check(const struct input *in)
{
	const struct account *at = in->accounts;

	TRY(check_signer(&at[RANDOMNESS], "randomness"));
	TRY(check_signer(&at[AUTHORITY], "authority"));
	TRY(check_queue(in, &at[QUEUE]));
	TRY(check_signer(&at[PAYER], "payer"));
	REQUIRE_ACCOUNT(pubkey_equal(at[SYSTEM_PROGRAM].key, &KNOWN_SYSTEM), InvalidProgramId, "system_program");
	REQUIRE_ACCOUNT(pubkey_equal(at[TOKEN_PROGRAM].key, &KNOWN_TOKEN), InvalidProgramId, "token_program");
	REQUIRE_ACCOUNT(pubkey_equal(at[ATA_PROGRAM].key, &KNOWN_ATA), InvalidProgramId, "associated_token_program");
	REQUIRE_ACCOUNT(
		pubkey_equal(at[LUT_PROGRAM].key, &KNOWN_LOOKUP), InvalidProgramId, "address_lookup_table_program");
	TRY(check_writable(&at[QUEUE], "queue"));
	return check_writable(&at[PAYER], "payer");
}

uint64_t randomness_init(const struct input *in)
{
	const struct account *at = in->accounts;
	uint64_t slot = load64(in->data + 8);
	uint8_t state_bump;
	uint8_t signer_bump;
	uint8_t lut_bump;

	TRY(check(in));
	TRY(check_program_state(in, &at[PROGRAM_STATE], &state_bump));
	TRY(check_lut_signer(in, &at[LUT_SIGNER], at[RANDOMNESS].key, &signer_bump));
	TRY(check_lut(&at[LUT], at[LUT_SIGNER].key, &slot, &lut_bump));
	TRY(create_randomness(in, slot));
	TRY(create_escrow(in));
	TRY(create_lut(in, slot, lut_bump, signer_bump));
	return extend_lut(in, signer_bump);
}
