/* Switchboard On-Demand instructions and the message its oracles sign. */
#include "core/switchboard.h"

#include <string.h>

#include "base/bytes.h"
#include "core/address.h"
#include "core/pda.h"

static const uint8_t IX_DISCRIMINATOR[][8] = {
	[SB_INIT] = { 0x09, 0x09, 0xcc, 0x21, 0x32, 0x74, 0x71, 0x0f },
	[SB_COMMIT] = { 0x34, 0xaa, 0x98, 0xc9, 0xb3, 0x85, 0xf2, 0x8d },
	[SB_REVEAL] = { 0xc5, 0xb5, 0xbb, 0x0a, 0x1e, 0x3a, 0x14, 0x49 },
	[SB_CLOSE] = { 0x92, 0x65, 0x0e, 0x4a, 0xe1, 0xf6, 0x00, 0x9c },
	[SB_CLOSE_LUT] = { 0xea, 0x05, 0x85, 0xcc, 0x37, 0x25, 0x55, 0xde },
};

void sb_net_init(struct sb_net *out, const struct pubkey *program, const struct pubkey *queue)
{
	out->program = *program;
	out->queue = *queue;
	pda_sb_state(&out->state, program);
}

static void begin(struct ix *out, const struct sb_net *net, enum sb_ix which)
{
	ix_begin(out, &net->program);
	ix_bytes(out, IX_DISCRIMINATOR[which], 8);
}

void sb_init(struct ix *out, const struct sb_net *net, const struct pubkey *randomness, const struct pubkey *authority,
	const struct pubkey *payer, uint64_t recent_slot)
{
	struct pubkey escrow, lut_signer, lut;

	pda_sb_escrow(&escrow, randomness);
	pda_sb_lut_signer(&lut_signer, &net->program, randomness);
	pda_sb_lut(&lut, &lut_signer, recent_slot);
	begin(out, net, SB_INIT);
	ix_u64(out, recent_slot);
	ix_account(out, randomness, IX_SIGN_WRITE);
	ix_account(out, &escrow, IX_WRITE);
	ix_account(out, authority, IX_SIGN);
	ix_account(out, &net->queue, IX_WRITE);
	ix_account(out, payer, IX_SIGN_WRITE);
	ix_account(out, &ADDRESS_SYSTEM, IX_READ);
	ix_account(out, &ADDRESS_TOKEN, IX_READ);
	ix_account(out, &ADDRESS_ATA, IX_READ);
	ix_account(out, &ADDRESS_WSOL, IX_READ);
	ix_account(out, &net->state, IX_READ);
	ix_account(out, &lut_signer, IX_READ);
	ix_account(out, &lut, IX_WRITE);
	ix_account(out, &ADDRESS_LOOKUP_TABLE, IX_READ);
}

void sb_commit(struct ix *out, const struct sb_net *net, const struct pubkey *randomness, const struct pubkey *oracle,
	const struct pubkey *authority)
{
	begin(out, net, SB_COMMIT);
	ix_account(out, randomness, IX_WRITE);
	ix_account(out, &net->queue, IX_READ);
	ix_account(out, oracle, IX_WRITE);
	ix_account(out, &ADDRESS_SLOT_HASHES, IX_READ);
	ix_account(out, authority, IX_SIGN);
}

void sb_reveal(struct ix *out, const struct sb_net *net, const struct pubkey *randomness, const struct pubkey *oracle,
	const struct pubkey *authority, const struct pubkey *payer, const struct oracle_answer *answer)
{
	struct pubkey escrow, stats;

	pda_sb_escrow(&escrow, randomness);
	pda_sb_stats(&stats, &net->program, oracle);
	begin(out, net, SB_REVEAL);
	ix_bytes(out, answer->signature, sizeof answer->signature);
	ix_u8(out, answer->recovery_id);
	ix_bytes(out, answer->value, sizeof answer->value);
	ix_account(out, randomness, IX_WRITE);
	ix_account(out, oracle, IX_READ);
	ix_account(out, &net->queue, IX_READ);
	ix_account(out, &stats, IX_WRITE);
	ix_account(out, authority, IX_SIGN);
	ix_account(out, payer, IX_SIGN_WRITE);
	ix_account(out, &ADDRESS_SLOT_HASHES, IX_READ);
	ix_account(out, &ADDRESS_SYSTEM, IX_READ);
	ix_account(out, &escrow, IX_WRITE);
	ix_account(out, &ADDRESS_TOKEN, IX_READ);
	ix_account(out, &ADDRESS_WSOL, IX_READ);
	ix_account(out, &net->state, IX_READ);
}

void sb_close(struct ix *out, const struct sb_net *net, const struct pubkey *randomness, const struct pubkey *authority,
	uint64_t lut_slot)
{
	struct pubkey escrow, lut_signer, lut;

	pda_sb_escrow(&escrow, randomness);
	pda_sb_lut_signer(&lut_signer, &net->program, randomness);
	pda_sb_lut(&lut, &lut_signer, lut_slot);
	begin(out, net, SB_CLOSE);
	ix_account(out, randomness, IX_WRITE);
	ix_account(out, &escrow, IX_WRITE);
	ix_account(out, authority, IX_SIGN_WRITE);
	ix_account(out, &net->state, IX_READ);
	ix_account(out, &ADDRESS_SYSTEM, IX_READ);
	ix_account(out, &ADDRESS_TOKEN, IX_READ);
	ix_account(out, &ADDRESS_WSOL, IX_READ);
	ix_account(out, &lut, IX_WRITE);
	ix_account(out, &lut_signer, IX_READ);
	ix_account(out, &ADDRESS_LOOKUP_TABLE, IX_READ);
}

void sb_close_lut(struct ix *out, const struct sb_net *net, const struct pubkey *randomness,
	const struct pubkey *recipient, uint64_t lut_slot)
{
	struct pubkey lut_signer, lut;

	pda_sb_lut_signer(&lut_signer, &net->program, randomness);
	pda_sb_lut(&lut, &lut_signer, lut_slot);
	begin(out, net, SB_CLOSE_LUT);
	ix_u64(out, lut_slot);
	ix_account(out, randomness, IX_SIGN);
	ix_account(out, &lut, IX_WRITE);
	ix_account(out, &lut_signer, IX_READ);
	ix_account(out, recipient, IX_WRITE);
	ix_account(out, &ADDRESS_LOOKUP_TABLE, IX_READ);
}

bool sb_identify(enum sb_ix *out, const uint8_t *data, size_t size)
{
	if (size < 8)
		return false;
	for (size_t i = 0; i < sizeof IX_DISCRIMINATOR / sizeof IX_DISCRIMINATOR[0]; i++) {
		if (memcmp(data, IX_DISCRIMINATOR[i], 8) == 0) {
			*out = (enum sb_ix)i;
			return true;
		}
	}
	return false;
}

void sb_reveal_message(uint8_t out[SB_MESSAGE_SIZE], const struct pubkey *randomness, const struct hash *seed_slothash,
	struct slot seed_slot, const uint8_t value[SB_VALUE_SIZE])
{
	memcpy(out, randomness->b, PUBKEY_SIZE);
	memcpy(out + 32, seed_slothash->b, HASH_SIZE);
	store_u64(out + 64, seed_slot.n);
	memcpy(out + 72, value, SB_VALUE_SIZE);
}

const char *sb_error_name(uint32_t code)
{
	switch (code) {
	case 6001:
		return "InvalidQuote";
	case 6016:
		return "InvalidSecpSignature";
	case 6033:
		return "SecpRecoverFailure";
	case 6035:
		return "SwitchboardRandomnessTooOld";
	case 6038:
		return "RandomnessNotRequested";
	case 6039:
		return "InvalidSlotNumber";
	case 6040:
		return "RandomnessOracleKeyExpired";
	case 6047:
		return "InvalidInstruction";
	case 6052:
		return "OracleKeyNotFound";
	default:
		return NULL;
	}
}
