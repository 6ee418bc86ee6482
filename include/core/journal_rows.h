/* Rows of keeper.steps and what the chain says about their signatures: the facts behind R1-R10. */
#ifndef CORE_JOURNAL_ROWS_H
#define CORE_JOURNAL_ROWS_H
#include <stdbool.h>
#include <stdint.h>
#include "base/key.h"
#include "base/units.h"
#include "core/steps.h"

/* open -> landed (confirmed) -> final, or failed / expired. A fork sets landed back to open and its open
 * successor to stale: a stale row may still land, and is never sent again. */
enum row_state { ROW_OPEN, ROW_LANDED, ROW_STALE, ROW_FINAL, ROW_FAILED, ROW_EXPIRED, ROW_STATES };
const char *row_state_name(enum row_state state);
bool row_state_from_name(const char *text, enum row_state *out);

enum { ROW_TX_MAX = 1232, ROWS_MAX = 8 };

/* How a transaction failed. ix < 0: not inside an instruction (no funds, blockhash, ...). */
struct tx_failure {
	int ix;
	bool custom;
	uint32_t code;
};

struct row {
	uint64_t seq; /* 1, 2, 3 ... per subject                                            */
	enum step step;
	enum row_state state;
	struct signature sig;
	struct height last_valid; /* block height after which these bytes can no longer land            */
	struct slot floor;        /* slot of the view that the step was decided on                      */
	struct slot landed;       /* 0 until seen at confirmed                                          */
	bool landed_failed;       /* landed, but the transaction failed                                 */
	struct tx_failure failure;
	struct pubkey randomness, oracle; /* zero where the step has none                              */
	bool spooled;                     /* in the local spool, not yet in Postgres                            */
	uint16_t tx_len;
	uint8_t tx[ROW_TX_MAX]; /* the exact signed bytes; sent verbatim, never rebuilt               */
};

/* A subject's rows as Postgres last returned them: all unsettled ones and the last one, by seq. */
struct rows {
	unsigned n;
	struct row row[ROWS_MAX];
	uint64_t last_seq; /* 0: none yet                                                        */
	struct slot floor; /* highest floor or landed slot of ANY row, expired ones too (R5)     */
	bool draw_spent;   /* a DRAW row of this subject failed or expired                       */
	uint32_t failures; /* failed rows of the last row's step since the last success          */
};

static inline bool row_unsettled(const struct row *r)
{
	return r->state == ROW_OPEN || r->state == ROW_LANDED || r->state == ROW_STALE;
}

/* What the nodes said about one signature. */
struct sight {
	struct signature of; /* R6: an answer about another signature is no answer                 */
	bool asked, found, confirmed, finalized, failed;
	struct tx_failure failure;
	struct slot landed;   /* slot of the block it is in                                         */
	struct slot at;       /* context slot of the answer                                         */
	unsigned absent_by;   /* nodes that proved absence: their own finalized height is past
	                                  last_valid, their history reaches back to the row's floor, and then
	                                  they said "not found" at or after that finalized slot (R3)         */
	bool pruned;          /* some node's history does not reach back that far                   */
	unsigned final_by[2]; /* nodes that told, one after the other, that it is final: [0] done, [1] failed */
	unsigned gone_by;     /* for a landed row: nodes at or past its slot that do not know it    */
};

struct tip {
	struct slot finalized_slot;
	struct height finalized_height; /* of one getEpochInfo answer        */
	struct slot confirmed_slot;
	struct height confirmed_height;
};
#endif
