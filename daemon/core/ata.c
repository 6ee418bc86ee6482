/* The instruction that creates an associated token account. */
#include "core/ata.h"

#include "core/address.h"

void ata_create_idempotent(struct ix *out, const struct pubkey *payer, const struct pubkey *ata,
	const struct pubkey *owner, const struct pubkey *mint, const struct pubkey *token_program)
{
	ix_begin(out, &ADDRESS_ATA);
	ix_account(out, payer, IX_SIGN_WRITE);
	ix_account(out, ata, IX_WRITE);
	ix_account(out, owner, IX_READ);
	ix_account(out, mint, IX_READ);
	ix_account(out, &ADDRESS_SYSTEM, IX_READ);
	ix_account(out, token_program, IX_READ);
	ix_u8(out, 1);
}
