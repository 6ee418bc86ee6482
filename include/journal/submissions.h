/* keeper.submissions: what the web backend claims, and our answers in the same rows. */
#ifndef JOURNAL_SUBMISSIONS_H
#define JOURNAL_SUBMISSIONS_H
#include "core/claim.h"
#include "journal/journal.h"

enum { SUBMISSIONS_PAGE = 128 };

/* A row that is not settled: without an answer, or accepted and not final. */
struct submission {
	int64_t id;
	struct claim claim;
	bool accepted;
	struct slot slot;   /* of the block that it was accepted for                             */
	struct height seen; /* of the chain when the row was first looked at; 0: with a later look */
	uint64_t waited_ms; /* since it was handed in                                            */
};
struct submission_answer {
	int64_t id;
	enum claim_verdict verdict;
	struct slot slot;   /* 0: none         */
	int64_t block_time; /* 0: not known    */
	bool final;
};
/* What the row says after the answer. */
struct submission_result {
	int64_t id;
	char state[12], reason[20];
	bool final;
};
struct submissions_call {
	struct task task;
	size_t n;
	union {
		struct submission row[SUBMISSIONS_PAGE];           /* of submissions_page() */
		struct submission_result result[SUBMISSIONS_PAGE]; /* of submissions_answer() */
	} as;
	struct journal_call_state *state;
};
void submissions_call_init(struct submissions_call *call);
void submissions_call_fini(struct submissions_call *call);
/* Up to SUBMISSIONS_PAGE unsettled rows with higher ids. height: the chain's, asked for height_age_ms ago. reply.data: the call. */
void submissions_page(struct journal *j, struct submissions_call *call, int64_t after_id, struct height height,
	uint64_t height_age_ms, journal_done *done);
/* One statement; an accepted hash is marked used in it, and one that was used before becomes a rejection. Rows that are
 * settled already are left alone and not among the results. n up to SUBMISSIONS_PAGE. reply.data: the call. */
void submissions_answer(struct journal *j, struct submissions_call *call, const struct submission_answer *answers,
	size_t n, journal_done *done);
#endif
