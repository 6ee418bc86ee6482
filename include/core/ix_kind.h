/* The instructions that our transactions are made of, as the signer and the log know them. */
#ifndef CORE_IX_KIND_H
#define CORE_IX_KIND_H
#include <stdbool.h>

#include "base/bytes.h"

/*   kind        program  which of its instructions, in that program's own numbers   name in the log
 * PASS_ON: a sponsored win, from the wallet of the house to the person; or a claim, from the treasury to the referrer. The signer goes by this order: INIT to SELECT name a
 * randomness account, all from CREATE_ATA to CLAIM_RENT on a mint, all from FINALIZE to CLAIM_RENT on the treasury. */
#define IX_TABLE(X)                                                            \
	X(COMPUTE_LIMIT, BUDGET, COMPUTE_LIMIT, "compute_limit")               \
	X(COMPUTE_PRICE, BUDGET, COMPUTE_PRICE, "compute_price")               \
	X(UNLOCK, ML, ML_UNLOCK_POOL, "unlock_pool")                           \
	X(INIT, SB, SB_INIT, "randomness_init")                                \
	X(COMMIT, SB, SB_COMMIT, "randomness_commit")                          \
	X(REQUEST, ML, ML_REQUEST_RANDOMNESS, "request_randomness")            \
	X(REVEAL, SB, SB_REVEAL, "randomness_reveal")                          \
	X(CLOSE, SB, SB_CLOSE, "randomness_close")                             \
	X(SELECT, ML, ML_SELECT_WINNER, "select_winner")                       \
	X(CREATE_ATA, ATA, 0, "create_ata")                                    \
	X(PAYOUT, ML, ML_PAYOUT_WINNER, "payout_winner")                       \
	X(PASS_ON, TOKEN, TOKEN_TRANSFER_CHECKED, "transfer_checked")          \
	X(SWEEP, ML, ML_SWEEP_EXPIRED_POOL, "sweep_expired_pool")              \
	X(FINALIZE, ML, ML_FINALIZE_FORFEITED_POOL, "finalize_forfeited_pool") \
	X(CLAIM_RENT, ML, ML_CLAIM_RENT, "claim_rent")                         \
	X(MEMO, MEMO, 0, "memo")

#define X(kind, program, which, name) IX_##kind,
enum ix_kind { IX_TABLE(X) IX_KINDS };
#undef X

/* Numbers of different programs overlap: the caller compares the program id first. */
enum ix_program { IX_OF_BUDGET, IX_OF_ML, IX_OF_SB, IX_OF_ATA, IX_OF_TOKEN, IX_OF_MEMO };
enum ix_program ix_kind_program(enum ix_kind kind);
/* These data bytes, given to that program, are this instruction. Of the ATA program all are. */
bool ix_kind_is(enum ix_kind kind, struct bytes data);
const char *ix_kind_name(enum ix_kind kind);
#endif
