/* keeper.calls: what users did, from each pool's list of transactions; how far that list is read, and what is missing. */
#ifndef JOURNAL_HISTORIES_H
#define JOURNAL_HISTORIES_H
#include "base/units.h"
#include "journal/journal.h"

enum { HISTORY_GAPS = 16, HISTORY_CALLS = 256, HISTORY_READS = 64, HISTORIES_PAGE = 49 };

/* Where reading a pool address goes on. Up to and with the whole slot of `sig` everything is recorded. */
struct history {
	bool has_sig;
	struct signature sig;
	struct slot slot;
	bool has_pool_id; /* of the pool that the next call belongs to */
	uint64_t pool_id;
	bool has_seen;
	struct hash seen; /* of the accounts whose history was read to its end */
	bool gone;        /* that end was its rent; of histories_load() only */
	size_t n_gaps;    /* transactions that no node could give the last time */
	struct signature gap[HISTORY_GAPS];
	struct slot gap_slot[HISTORY_GAPS];
};

/* One verified instruction of the ml program in a finalized transaction. */
struct user_call {
	struct signature sig;
	unsigned ix;
	int inner; /* -1: top level */
	struct slot slot;
	int64_t block_time; /* 0: not known */
	uint64_t pool_id;
	struct pubkey user, mint; /* mint: of create_pool, else zero */
	const char *instruction;  /* as in the IDL: "join_pool" */
	bool has_amount;
	uint64_t amount;
	unsigned decimals; /* 255: not known */
};
struct history_gap {
	struct signature sig; /* zero: the list itself begins too late */
	struct slot slot;
	const char *reason; /* as keeper.call_gaps has them */
};
struct history_step {
	struct pubkey address;
	struct history to; /* has_sig, has_pool_id and has_seen false: that stays as it is; gaps are not looked at */
	bool gone, repair; /* repair: rows that differ become what the chain says */
	size_t n_calls, n_gaps, n_reads;
	struct user_call call[HISTORY_CALLS];
	struct history_gap gap[HISTORY_READS];
	struct signature read[HISTORY_READS]; /* transactions that were read: no gaps any more */
};

struct watched_pool {
	struct pubkey address;
	bool has_seen;
	struct hash seen;
};
struct history_call {
	struct task task;
	struct history history;
	size_t written; /* rows of keeper.calls that the statement changed */
	bool more;      /* of histories_project(): some call waits for its age, for `wait_s` seconds */
	uint64_t wait_s;
	size_t n_watched;
	struct watched_pool watched[HISTORIES_PAGE];
	struct journal_call_state *state;
};
void history_call_init(struct history_call *call);
void history_call_fini(struct history_call *call);

/* reply.data of all: the call. An address of which nothing is known has all of its history false and 0. */
void histories_load(struct journal *j, struct history_call *call, const struct pubkey *address, journal_done *done);
/* Calls (each once), gaps and the position in one statement; step is borrowed until this returns. */
void histories_record(
	struct journal *j, struct history_call *call, const struct history_step *step, journal_done *done);
/* What the web backend failed to write of calls older than its age limit of 300 s goes to schema public, up to `limit`. */
void histories_project(struct journal *j, struct history_call *call, unsigned limit, journal_done *done);
/* The next page, by address, of pools that are over but whose refunds or rent may still come. after zero: the first. */
void histories_watched(struct journal *j, struct history_call *call, const struct pubkey *after, journal_done *done);
#endif
