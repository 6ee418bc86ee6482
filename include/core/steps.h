/* The lifecycle, once: every step poolkeeper can take, as one table.
 *
 * The enum, the names in the log and in keeper.steps, the instructions that the signer lets through and the
 * diagram of `poolkeeper --print-lifecycle` all come from here. Pool states are core/pool.h's.
 *
 *   name           subject   guarded  in words
 * guarded: the program itself refuses the step a second time, so it may be opened on confirmed views, and one
 * node's word on what became of it is enough (R10). */
#ifndef CORE_STEPS_H
#define CORE_STEPS_H
#include <stdbool.h>

#include "core/ix_kind.h"

#define STEP_TABLE(X)                                                                                                 \
	X(BIND, DRAW, true, "lock time is over: unlock, commit and request randomness")                               \
	X(RECOMMIT, DRAW, false, "the oracle did not answer: commit the same account to another oracle")              \
	X(DRAW, DRAW, true, "the oracle answered: reveal, select the winner and pay")                                 \
	X(REVEAL_SELECT, DRAW, true, "payout is blocked or time presses: reveal and select the winner")               \
	X(SELECT, DRAW, true, "the randomness is revealed: select the winner")                                        \
	X(PAYOUT, DRAW, true, "the winner is selected: pay")                                                          \
	X(CREATE_ATA, ATA, true, "payout needs this token account: create it")                                        \
	X(CANARY_INIT, CANARY, true, "make the canary account and commit it to an oracle")                            \
	X(CANARY_COMMIT, CANARY, false, "commit the canary account to an oracle")                                     \
	X(CLOSE_RANDOMNESS, RANDOMNESS, true,                                                                         \
		"its draw is over and enough others are kept: close it, its rent comes back")                         \
	X(SWEEP, POOL, true,                                                                                          \
		"never filled, and a week past its end: cancel it, so that players can take their bets back")         \
	X(FINALIZE, POOL, true, "refunds nobody fetched for 30 days: they go to the treasury")                        \
	X(CLAIM_RENT, POOL, true, "over, empty and 30 days old: close its accounts, their rent goes to the treasury") \
	X(PAY_REFERRAL, REFERRAL, false, "a referrer's claim: pay it from the treasury's own wallet")                 \
	X(ANCHOR, OFFCHAIN, false, "a draw of the database is locked: put the hash of its row on the chain")

/* What a journal row is about: a draw (pool address and pool id), a token account, our canary account; and for housekeeping a
 * randomness account that no draw needs any more, or a pool that is not drawn (address and pool id); a referrer's claim; and a draw whose stakes are in the database. */
enum subject_kind {
	SUBJECT_DRAW,
	SUBJECT_ATA,
	SUBJECT_CANARY,
	SUBJECT_RANDOMNESS,
	SUBJECT_POOL,
	SUBJECT_REFERRAL,
	SUBJECT_OFFCHAIN
};

#define X(name, subject, guarded, why) STEP_##name,
enum step { STEP_TABLE(X) STEP_COUNT };
#undef X

/* The order inside a step is the order of its slots. */
struct ix_slot {
	enum ix_kind kind;
	unsigned char min, max;
};

enum { STEP_IX_SLOTS = 7 };
struct step_def {
	const char *name; /* as stored in keeper.steps.step and logged            */
	enum subject_kind subject;
	bool guarded;
	const char *why; /* the sentence for the operator                        */
	unsigned char n_slots;
	struct ix_slot slots[STEP_IX_SLOTS];
};
extern const struct step_def STEPS[STEP_COUNT];

/* Neither a program nor an account shows whether it was done before: what one node says of it decides nothing. */
static inline bool step_unseen(enum step step)
{
	return step == STEP_PAY_REFERRAL;
}

/* What stops the 3000 slots and nothing else: it may go through the local spool while Postgres is away. */
static inline bool step_spoolable(enum step step)
{
	return step == STEP_REVEAL_SELECT || step == STEP_SELECT;
}

/* Writes the step named `text` to *out; false when there is none. */
bool step_from_name(const char *text, enum step *out);
#endif
