/* keeper.audits and keeper.foreign_signatures: what the chain shows for our wallet and the journal does not hold. */
#ifndef JOURNAL_AUDIT_H
#define JOURNAL_AUDIT_H
#include "core/memo.h"
#include "journal/journal.h"

enum { AUDIT_PAGE_MAX = 1000 };

enum audit_kind { AUDIT_HISTORY, AUDIT_MENTION, AUDIT_STEP, AUDIT_OTHER, AUDIT_UNSEEN, AUDIT_ANCHOR, AUDIT_KINDS };
const char *audit_kind_name(enum audit_kind kind);

struct audit_state {
	struct slot began;
	struct signature watermark; /* zero: no audit was complete yet */
	struct slot watermark_slot;
	struct height hold; /* claims and locks off chain wait until this */
	bool restored;      /* the database is another one than last time: until a round is complete */
	bool restarted;     /* its server was started since last time             */
	uint64_t untold;    /* written by a run that ended before it said so */
	int64_t database;   /* keeper.database_mark(): another one after a restore, a failover, a start of the server */
};
struct audit_item {
	struct signature sig;
	struct slot slot;
	int64_t block_time;   /* 0: unknown */
	bool failed, anchors; /* anchors: as struct rpc_signature_info has it */
	enum audit_kind kind;
	struct memo memo; /* of AUDIT_ANCHOR */
};
struct audit_call {
	struct task task;
	struct audit_state audit;       /* of audit_begin                                   */
	size_t n;                       /* of audit_unknown                                 */
	size_t unknown[AUDIT_PAGE_MAX]; /* places among what was asked for, in their order  */
	uint64_t written;               /* of audit_import                                  */
	struct journal_call_state *state;
};
void audit_call_init(struct audit_call *call);
void audit_call_fini(struct audit_call *call);

/* slot and height: of one getEpochInfo. At the first call for a wallet they are where its audit begins. */
void audit_begin(struct journal *j, struct audit_call *call, const struct pubkey *wallet, struct slot slot,
	struct height height, journal_done *done);
/* Which of these neither the journal holds nor an audit has judged. n up to AUDIT_PAGE_MAX, here and below. */
void audit_unknown(
	struct journal *j, struct audit_call *call, const struct signature *sigs, size_t n, journal_done *done);
/* Each once, for ever. */
void audit_import(struct journal *j, struct audit_call *call, const struct pubkey *wallet, struct height height,
	const struct audit_item *items, size_t n, journal_done *done);
/* Moves the watermark, never back; zero: it stays. What was imported is told. */
void audit_done(struct journal *j, struct audit_call *call, const struct pubkey *wallet,
	const struct signature *watermark, struct slot slot, journal_done *done);
#endif
