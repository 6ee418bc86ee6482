/* Account-level checks of the lottery program: one rule per account of an instruction, as Anchor derives them. */
#ifndef ML_ACCOUNTS_H
#define ML_ACCOUNTS_H

#include "ml/ml.h"

enum account_kind {
	KIND_UNCHECKED,
	KIND_MINT,
	KIND_POOL,
	KIND_TOKEN_ACCOUNT,
	KIND_PARTICIPANTS,
	KIND_SIGNER,
	KIND_TOKEN_PROGRAM,
	KIND_ATA_PROGRAM,
	KIND_SYSTEM_PROGRAM,
	KIND_RENT,
	KIND_NEW_POOL,         /* created unless present; PDA of mint and the salt in the arguments */
	KIND_NEW_ATA,          /* created unless present; its owner account is rule.owner */
	KIND_NEW_PARTICIPANTS, /* must not exist yet */
};

enum account_constraint {
	NONE,
	HAS_MINT,         /* pool.mint is the mint account, else 6012 */
	HAS_MINT_UNNAMED, /* the same without an own error, else 2001 */
	VAULT,            /* token account of this mint (6012) owned by the pool (6011) */
	VAULT_UNNAMED,    /* the same without an own error, else 2003 */
	ATA_OF_USER,      /* 6011 */
	ATA_OF_TREASURY,  /* 6011 */
};

struct rule {
	enum role role;
	enum account_kind kind;
	bool writable;
	enum account_constraint constraint;
	enum role owner;
};

/* Assigns the accounts to their roles and checks them in Anchor's order: every account is decoded first, then missing
 * ones are created, then constraints are checked. Fills c->at, c->pool and c->participants. */
uint64_t accounts_load(struct call *c, const struct rule *rules, uint64_t count);

#endif
