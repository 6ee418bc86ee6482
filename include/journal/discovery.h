/* Pools that were found on the chain: which of them are news, what was made of them, and when the app gets to see them. */
#ifndef JOURNAL_DISCOVERY_H
#define JOURNAL_DISCOVERY_H
#include "core/draw_facts.h"
#include "journal/journal.h"

enum { DISCOVERY_ASK_MAX = 1000, DISCOVERY_LIST_MAX = 100, DISCOVERY_CREATORS_MAX = 100, DISCOVERY_VERDICT = 41 };

struct discovery_key {
	struct pubkey address;
	uint64_t pool_id;
};
struct discovery_news {
	size_t n;        /* place among what was asked for */
	bool registered; /* the app has a row for it       */
};
struct discovery_note {
	struct discovery_key key;
	struct slot at;
	int64_t start_time;
	bool allow_mock;
	char verdict[DISCOVERY_VERDICT]; /* "FITS", "HISTORY", or the name of a wait reason */
};
struct discovery_listed {
	char draw[SUBJECT_TEXT];
	int64_t app_id;
	bool ours; /* false: the app had written its row meanwhile */
};

struct discovery_call {
	struct task task;
	int64_t since; /* of discovery_ask: chain time of this database's first look */
	size_t n;
	struct discovery_news news[DISCOVERY_ASK_MAX];
	struct discovery_listed listed[DISCOVERY_LIST_MAX];
	uint64_t waiting;                                   /* of discovery_list: not old enough yet              */
	struct creator_count count[DISCOVERY_CREATORS_MAX]; /* of discovery_binds, in the order of what was asked */
	struct journal_call_state *state;
};
void discovery_call_init(struct discovery_call *call);
void discovery_call_fini(struct discovery_call *call);

/* Which of these pools nobody has judged yet; now_s: by the chain's clock. n up to DISCOVERY_ASK_MAX. reply.data: the call. */
void discovery_ask(struct journal *j, struct discovery_call *call, const struct discovery_key *keys, size_t n,
	int64_t now_s, journal_done *done);
/* Remembers verdicts; the pools themselves go to keeper.draws with records_observe() before. */
void discovery_note(struct journal *j, struct discovery_call *call, const struct discovery_note *notes, size_t n,
	journal_done *done);
/* Gives those that FIT, are older than age_s and have no row in public.pools one, at most DISCOVERY_LIST_MAX. */
void discovery_list(struct journal *j, struct discovery_call *call, int64_t now_s, int64_t age_s, journal_done *done);
/* How often pools of each creator were bound, and token accounts made for them, since midnight UTC, by the database's clock. n up to DISCOVERY_CREATORS_MAX. */
void discovery_binds(
	struct journal *j, struct discovery_call *call, const struct pubkey *creators, size_t n, journal_done *done);
#endif
