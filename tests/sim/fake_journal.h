/* What the two halves of the simulated journal client share: one statement on its way, and one call that waits for it. */
#ifndef SIM_FAKE_JOURNAL_H
#define SIM_FAKE_JOURNAL_H

#include "sim/sim.h"

enum verb {
	VERB_LOAD,
	VERB_OPEN,
	VERB_IMPORT,
	VERB_CLOSE,
	VERB_REOPEN,
	VERB_PAYOUT,
	VERB_COMMIT,
	VERB_FREE_ACCOUNT,
	VERB_LEASE,
	VERB_READ,  /* changes nothing */
	VERB_OTHER, /* statements whose effect no invariant looks at */
};

/* A copy of everything, since the server may run it when its client is long dead. */
struct statement {
	enum verb verb;
	uint64_t fence;
	char subject[SUBJECT_TEXT], owner[32];
	uint64_t prev_seq, seq;
	struct row row;
	struct slot lut_slot;
	struct journal_outcome outcome;
	struct journal_payout payout;
	struct commit_row commit;
	struct journal_call_state *client; /* NULL: nobody waits any more */
	enum err err;                      /* from here on the answer     */
	bool lease_lost, held;
	struct rows rows;
	struct statement *next, **link; /* all that are on their way */
};

struct journal {
	int daemon;
	struct sim_spool *spool;
	char owner[32];
	uint64_t fence, write_ok_ms, failing_since_ms;
	struct task importing;
	struct journal_call_state *import;
};

struct journal_call_state {
	struct task *task;
	struct journal *journal;
	struct event_ref event;
	struct statement *statement; /* on its way */
	void (*take)(
		struct journal_call_state *s, const struct statement *st); /* the answer into the call; NULL: no data */
	bool writes, fenced;
	enum err err;
	const void *data;
	struct subject_key subject; /* of the rows that the call holds, once `known` */
	bool known;
};

void statement_free(struct statement *st);
struct journal_call_state *call_new(struct task *task);
void call_free(struct journal_call_state *s);
/* Starts the task; the caller fills the statement and runs it. */
struct statement *call_begin(struct journal *j, struct journal_call_state *s, enum verb verb, const char *subject,
	void (*take)(struct journal_call_state *s, const struct statement *st), journal_done *done);
void call_run(struct journal_call_state *s, struct statement *st);
/* Answers without the database. */
void call_local(struct journal_call_state *s, struct statement *st, enum err err, const void *data);
bool call_spool_time(const struct journal *j);

/* spool.c */
NODISCARD bool spool_add_step(struct sim_spool *spool, const char *subject, uint64_t prev_seq, const struct row *row);
NODISCARD bool spool_add_commit(struct sim_spool *spool, const char *subject, const struct commit_row *row);
const struct row *spool_row(const struct sim_spool *spool, const char *subject, uint64_t *prev_seq);
const struct row *spool_after(const struct sim_spool *spool, const char *subject, uint64_t prev_seq);
const struct commit_row *spool_commit(const struct sim_spool *spool, const struct commit_row *like);
/* Fills the statement that imports the oldest record. False: there is none. */
bool spool_first(const struct sim_spool *spool, struct statement *st);
/* Imported, or refused and set aside. */
void spool_drop_first(struct sim_spool *spool, bool refused);

#endif
