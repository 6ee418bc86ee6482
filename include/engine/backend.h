/* What is owed to the web backend beside the draws: answers to submissions, old marks deleted, records of paid draws made
 * whole, changes of the money tables sealed. Only engine/ includes this. */
#ifndef ENGINE_BACKEND_H
#define ENGINE_BACKEND_H
#include "chain/rpc.h"
#include "core/attempts.h"
#include "journal/records.h"
#include "journal/retention.h"
#include "journal/submissions.h"
#include "journal/trail.h"

struct engine;

/* Claims of the web backend, a page after the other. */
enum { SUBMISSIONS_FETCHES = 4 };
struct submission_look {
	struct submission row;
	bool missing, found; /* by the node that was asked; found: by any                              */
	bool fetch, answered;
	unsigned witnesses; /* nodes that know nothing of it and have come past its last block        */
	unsigned refused;   /* nodes whose bytes were not what was signed, or whose body was cut      */
	bool cut;           /* a body was: the claim is not refused for what is not in it             */
	int node;           /* to be asked after such a body                                          */
	bool finalized;
	struct submission_answer answer;
};
struct submission_fetch {
	struct rpc_call rpc;
	struct engine *e;
	struct submission_look *look;
};
struct submissions {
	struct engine *e;
	struct rpc_call rpc;
	struct submissions_call call;
	struct submission_fetch fetch[SUBMISSIONS_FETCHES];
	int stage;
	bool wanted;
	struct attempts attempts;
	struct height confirmed;
	uint64_t height_ms; /* when it was asked for */
	int64_t after_id;   /* where the next page begins; 0: at the front */
	unsigned pages;     /* of this tick */
	unsigned failures;  /* bodies of this page that could not be had */
	struct submission_look look[SUBMISSIONS_PAGE];
	size_t n, next;
	size_t node;    /* that gives proof of absence now */
	unsigned hosts; /* that gave theirs, as bits       */
	struct height node_height;
	struct slot node_slot;
	struct signature asked[SUBMISSIONS_PAGE];
	struct submission_look *asked_look[SUBMISSIONS_PAGE];
	size_t n_asked;
	struct submission_answer answer[SUBMISSIONS_PAGE];
};

struct retention {
	struct retention_call call;
	uint64_t next_ms, deleted;
	int64_t after_id;
};

/* Paid draws that could not be settled whole when their payout was recorded. */
struct settling {
	struct record_call call;
	uint64_t due_ms;
	size_t waiting;          /* draws, as Postgres told last */
	uint64_t fence, records; /* as of when it told */
	uint64_t asked_fence, asked_records;
};

/* The audit trail in the database. */
struct sealing {
	struct trail_call call;
	bool wanted;
	uint64_t next_ms;
};

/* submission_body.c: whether the node's body is the signed one and whole; only then it has a verdict. */
enum submission_body { BODY_WHOLE, BODY_CUT, BODY_NOT_SIGNED };
NODISCARD enum submission_body submission_judge(const struct engine *e, const struct submission_look *look,
	const struct rpc_transaction *tx, enum claim_verdict *verdict);

/* submissions.c: answers what the web backend claims. */
void submissions_init(struct engine *e);
void submissions_fini(struct engine *e);
void submissions_turn(struct engine *e);
bool submissions_busy(const struct engine *e);
/* There are unsettled rows: they are looked at once, a number of pages at most. */
void submissions_want(struct engine *e);
/* retention.c: deletes old marks. */
void retention_init(struct engine *e);
void retention_fini(struct engine *e);
void retention_turn(struct engine *e);
bool retention_busy(const struct engine *e);
/* settling.c */
void settling_init(struct engine *e);
void settling_fini(struct engine *e);
void settling_turn(struct engine *e);
bool settling_busy(const struct engine *e);
/* sealing.c */
void sealing_init(struct engine *e);
void sealing_fini(struct engine *e);
void sealing_turn(struct engine *e);
bool sealing_busy(const struct engine *e);
void sealing_want(struct engine *e); /* the tick saw rows that are not sealed */
#endif
