/* Histories: which are to be read, how far the one under way is, and --rebuild. Only engine/ includes this. */
#ifndef ENGINE_INGEST_H
#define ENGINE_INGEST_H
#include "chain/rpc.h"
#include "core/attempts.h"
#include "core/calls.h"
#include "journal/census.h"
#include "journal/histories.h"

struct engine;
struct pool_entry;

/* A pool address whose transactions are to be read. Made when its account changed, gone when they are recorded. */
struct ingest_job {
	struct ingest_job *next;
	struct pool_entry *pool; /* NULL: not, or no longer, on the tick's list */
	struct pubkey address;
	struct slot floor; /* of the view that asked for it: a list of before is not new enough */
	struct hash seen;  /* of the accounts in that view */
	bool exists;       /* false: there is no account in it */
	bool watched;      /* asked for by ingest_watch.c, at finalized */
	bool blind;        /* a submission named the address: nobody looked at the account */
	bool whole;        /* from the creation on, whatever was read before */
	bool at_start;     /* wanted before the first complete look at the pools */
	bool has_pool_id;
	uint64_t pool_id; /* of the account, for a history that does not tell */
	struct attempts attempts;
	struct signature stuck; /* the transaction that no node gave, so often */
	unsigned stuck_tries, short_lists;
};
struct ingest_sig {
	struct signature sig;
	struct slot slot;
};
enum { INGEST_SIGS = 4096, INGEST_READS = 16 };
/* What the one job under way has listed: a ring, of which the newest fall out when there are too many. */
struct ingest_list {
	struct ingest_sig ring[INGEST_SIGS];
	size_t head, n; /* newest first */
	size_t cut;     /* so many newer ones fell out: list again afterwards */
	bool one_slot;  /* all that is left is of one slot: if cut, only a part of it can be passed */
	bool more;      /* the next page follows `before` and begins with `last` */
	struct signature before;
	struct ingest_sig last;
	unsigned asked;
	int endpoint; /* all pages come from one node */
};
/* When long work last said how far it is. */
struct progress {
	uint64_t since_ms; /* 0: it has not begun */
	bool told;
};
/* Pools that are over: no tick reads them, but refunds and rent may still be claimed. */
struct ingest_watch {
	struct rpc_call rpc;
	struct history_call page;
	struct pubkey after;
	bool loaded, whole_round; /* whole_round: every such pool was looked at since the start */
	bool found;               /* some in this round */
	bool again;               /* after this round at once: its list is longer now */
	uint64_t next_ms;
	size_t n_jobs; /* of this page, not done yet */
};
struct ingest {
	struct engine *e;
	struct rpc_call rpc;
	struct history_call record;
	struct ingest_job *first, *last, *job; /* waiting, in order; under way */
	size_t n_jobs;                         /* all of them */
	size_t n_start, n_start_done;          /* those at_start, since the start */
	struct progress progress;
	int stage;
	struct slot finalized;
	uint64_t epoch_ms;
	struct history at; /* how far the job under way has read */
	struct ingest_list list;
	struct ingest_sig now; /* being fetched */
	bool now_is_gap, now_ends_slot;
	size_t n_gaps; /* of `at`, still to be tried again */
	struct history_step step;
	bool last_step, give_way, saw_rent;
	struct census_call census;
	struct pools_made
		made;        /* by the last transaction of the step, at other addresses: written before its calls are */
	uint64_t project_ms; /* UINT64_MAX: nothing waits for its age */
	bool projected;      /* once since the start */
	struct ingest_watch watch;
};

struct rebuild {
	bool asked, job_done, told;
	size_t transactions, calls, gaps, changed;
};

/* ingest.c: reads what is new in the histories of pools, verifies and records it. */
void ingest_init(struct engine *e);
void ingest_fini(struct engine *e);
void ingest_turn(struct engine *e);
bool ingest_busy(const struct engine *e);
/* Histories that are not read to their end yet, and what else must be looked at once. */
size_t ingest_left(const struct engine *e);
uint64_t ingest_wake_ms(const struct engine *e);
/* The pool's account is not what it was, or is seen for the first time. */
void ingest_want(struct engine *e, struct pool_entry *p);
/* The tick does not read it any more. */
void ingest_forget(struct engine *e, struct pool_entry *p);
struct ingest_job *ingest_add(struct engine *e, const struct pubkey *address, struct slot floor);
/* A final transaction of a user is about this address. What the tick reads is known anyway. */
void ingest_named(struct engine *e, const struct pubkey *address, struct slot at);
/* New calls, or an app row for old ones. */
void ingest_project_soon(struct engine *e);
/* ingest_read.c: the job under way, one call at a time. */
void ingest_read_begin(struct ingest *in);
void ingest_read_step(struct ingest *in);
void ingest_put_back(struct ingest *in);
void ingest_done(struct ingest *in);
/* progress.c: how far --rebuild is, or the reading of the histories that the start found. Once per turn. */
void progress_turn(struct engine *e);
/* ingest_watch.c */
/* When its next look is due; while what the last one found is being read, none is. */
uint64_t ingest_watch_due_ms(const struct ingest *in);
void ingest_watch_turn(struct engine *e);
/* Addresses are on that list now. */
void ingest_watch_soon(struct engine *e);
/* rebuild.c: --rebuild, in place of everything else. */
bool rebuild_asked(const struct engine *e);
void rebuild_turn(struct engine *e);
size_t rebuild_left(const struct engine *e);
#endif
