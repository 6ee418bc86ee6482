/* randomness_close: rent of the account and its escrow back to the authority; the lookup table is deactivated. */
#include "known.h"
#include "switchboard/switchboard.h"
#include "system.h"
#include "token.h"

enum close_account {
	RANDOMNESS,
	ESCROW,
	AUTHORITY,
	PROGRAM_STATE,
	SYSTEM_PROGRAM,
	TOKEN_PROGRAM,
	WSOL_MINT,
	LUT,
	LUT_SIGNER,
	LUT_PROGRAM
};

#define LUT_DEACTIVATE 3

static uint64_t check_accounts(const struct input *in)
{
	const struct account *at = in->accounts;
	const struct randomness *randomness = (const struct randomness *)at[RANDOMNESS].data;

	TRY(check_randomness(in, &at[RANDOMNESS]));
	TRY(check_signer(&at[AUTHORITY], "authority"));
	TRY(check_has_one(&randomness->authority, &at[AUTHORITY], "randomness"));
	TRY(check_writable(&at[AUTHORITY], "authority"));
	REQUIRE_ACCOUNT(token_is_ata(at[RANDOMNESS].key, &KNOWN_WSOL, &KNOWN_TOKEN, at[ESCROW].key),
		ConstraintAssociated, "reward_escrow");
	return 0;
}

static NOINLINE uint64_t close_escrow(const struct input *in)
{
	const struct account *at = in->accounts;
	uint8_t bump = 0;
	struct bytes list[2] = { { "STATE", 5 }, { &bump, 1 } };
	struct seeds signer = { list, 2 };
	struct token_authority authority = { &at[PROGRAM_STATE], &signer };

	TRY(check_program_state(in, &at[PROGRAM_STATE], &bump));
	return token_close(in, &at[ESCROW], &at[AUTHORITY], &authority);
}

static NOINLINE uint64_t deactivate_lut(const struct input *in)
{
	const struct account *at = in->accounts;
	const struct randomness *randomness = (const struct randomness *)at[RANDOMNESS].data;
	uint64_t slot = randomness->lut_slot;
	uint32_t call = LUT_DEACTIVATE;
	uint8_t signer_bump = 0;
	uint8_t lut_bump;
	struct bytes list[3] = { { "LutSigner", 9 }, { at[RANDOMNESS].key, 32 }, { &signer_bump, 1 } };
	struct seeds signer = { list, 3 };
	struct meta metas[2] = { { at[LUT].key, true, false }, { at[LUT_SIGNER].key, false, true } };
	struct instruction ix = { &KNOWN_LOOKUP, metas, 2, &call, sizeof(call) };

	TRY(check_lut_signer(in, &at[LUT_SIGNER], at[RANDOMNESS].key, &signer_bump));
	TRY(check_lut(&at[LUT], at[LUT_SIGNER].key, &slot, &lut_bump));
	return sol_invoke_signed_c(&ix, in->accounts, in->count, &signer, 1);
}

uint64_t randomness_close(const struct input *in)
{
	TRY(check_accounts(in));
	TRY(close_escrow(in));
	TRY(deactivate_lut(in));
	system_close(&in->accounts[RANDOMNESS], &in->accounts[AUTHORITY]);
	return 0;
}
