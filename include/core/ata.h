/* Creating an associated token account. */
#ifndef CORE_ATA_H
#define CORE_ATA_H

#include "core/ix.h"

/* CreateIdempotent: succeeds also when the account exists. ata = pda_ata(owner, mint, token_program). */
void ata_create_idempotent(struct ix *out, const struct pubkey *payer, const struct pubkey *ata,
	const struct pubkey *owner, const struct pubkey *mint, const struct pubkey *token_program);

#endif
