/* The one thing to do next for one subject, as decided from its facts. */
#ifndef CORE_ACTION_H
#define CORE_ACTION_H
#include "core/journal_rows.h"
#include "core/reasons.h"
#include "core/steps.h"

enum act {
	ACT_NONE,          /* settle() only: no opinion                                                       */
	ACT_WAIT,          /* nothing now; .reason says why, .until_ms (monotonic) when to look again, 0: on news */
	ACT_HALT,          /* as WAIT, and a human must act                                                   */
	ACT_READ,          /* read all accounts of the draw at one slot                                       */
	ACT_NOTE_COMMIT,   /* write the commit that the chain shows into keeper.commits, read back            */
	ACT_ASK_ORACLE,    /* ask the committed oracle's gateway                                              */
	ACT_NOTE_SPONSORS, /* read, and before BIND fix, whom sponsored players play for               */
	ACT_PICK_ACCOUNT,  /* find a randomness account of ours that no draw holds                            */
	ACT_ASK_FEES,      /* what recent blocks paid for this draw's writable accounts                       */
	ACT_SIMULATE,      /* compose .step and let a node execute it without sending                         */
	ACT_OPEN,          /* sign .step and commit its row; nothing is sent yet                              */
	ACT_SPOOL,         /* as OPEN, into the local spool: reveal and select only                           */
	ACT_SEND,          /* send row .seq's bytes again                                                     */
	ACT_PROVE,         /* collect proof that row .seq never landed                                        */
	ACT_CLOSE,         /* row .seq becomes .outcome                                                       */
	ACT_REOPEN,        /* fork: landed row .seq becomes open again, what follows it stale                 */
	ACT_RECORD,        /* fetch the finalized payout, write the money facts and close the row             */
	ACT_KINDS
};

struct action {
	enum act kind;
	enum step step;
	uint64_t seq;
	enum row_state outcome;
	struct slot landed;
	bool failed;
	struct tx_failure failure; /* with CLOSE                          */
	struct slot floor;         /* with OPEN: slot of the view         */
	enum reason reason;
	uint64_t until_ms;
};
/* A reason at ALERT level is a halt: the same, and a human must look. */
static inline struct action action_wait(enum reason reason)
{
	return (struct action){ .kind = REASONS[reason].level == REASON_ALERT ? ACT_HALT : ACT_WAIT, .reason = reason };
}

static inline struct action action_wait_until(enum reason reason, uint64_t until_ms)
{
	struct action a = action_wait(reason);

	a.until_ms = until_ms;
	return a;
}

static inline struct action action_of(enum act kind)
{
	return (struct action){ .kind = kind };
}

#endif
