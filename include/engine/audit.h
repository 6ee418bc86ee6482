/* Own-wallet audit: every signature that the chain shows for our wallets must be in the journal. Only engine/ includes this. */
#ifndef ENGINE_AUDIT_H
#define ENGINE_AUDIT_H
#include "chain/rpc.h"
#include "core/attempts.h"
#include "journal/audit.h"

struct engine;

enum audit_stage {
	AUDIT_IDLE,
	AUDIT_EPOCH,
	AUDIT_BEGIN,
	AUDIT_LIST,
	AUDIT_CHECK,
	AUDIT_FETCH,
	AUDIT_IMPORT,
	AUDIT_NEXT,
	AUDIT_DONE
};
enum { AUDIT_RECENT = 64 };
/* The dev wallet; and the treasury while its key pays claims. */
enum { AUDIT_DEV, AUDIT_TREASURY, AUDITS };

struct audit {
	struct engine *e;
	struct rpc_call rpc;
	struct audit_call db;
	enum audit_stage stage;
	uint64_t due_ms, fence;
	bool done_once, failure_told, begun;
	struct rpc_epoch epoch; /* confirmed: what happened before it is history at the first audit */
	struct audit_state state;
	int endpoint;      /* of this round: "before" means something only to a node that knows that signature */
	unsigned short_of; /* rounds in a row in which the list ended before the watermark was reached */
	struct signature newest, before;
	struct slot newest_slot;
	struct audit_item page[AUDIT_PAGE_MAX]; /* what is not known to be ours */
	size_t n_page, n_found, at_found;
	struct audit_item found[AUDIT_PAGE_MAX]; /* of the page: neither in the journal nor judged */
	bool last_page, short_list, alerted;
	uint64_t n_history;
	unsigned fetches; /* of found[at_found], in vain */
	struct attempts pace;
	struct signature recent[AUDIT_RECENT]; /* judged: a quiet list asks Postgres nothing */
	size_t n_recent;
	uint64_t complete_ms, complete_fence;
	struct height complete_height; /* when that round began: its list is not older */
};

static inline bool audit_of_busy(const struct audit *a)
{
	return a->rpc.task.busy || a->db.task.busy;
}
/* audit.c: goes on with this one's round, as far as it can without waiting. */
void audit_advance(struct audit *a);
/* Its last begin was under this lease, and with the database as it is now. */
bool audit_going_on(const struct audit *a);

/* audit_judge.c */
/* Says in the item what the transaction is. False: this is not the transaction, or not one. */
bool audit_judge(const struct audit *a, const struct rpc_transaction *tx, struct audit_item *item);
/* Before the first audit others may have used the key in good faith: that is not news. */
bool audit_is_history(const struct audit *a, const struct audit_item *item);
/* What the alert says of this kind. */
const char *audit_why(enum audit_kind kind);
const struct pubkey *audit_wallet(const struct audit *a);

/* audits.c */
void audit_init(struct engine *e);
void audit_fini(struct engine *e);
void audit_turn(struct engine *e);
/* The database is another one, or was started. */
void audit_hasten(struct engine *e);
bool audit_busy(const struct engine *e);
/* Under this lease each audit was complete once: what it finds from now on is new. */
bool audit_through(const struct engine *e);
/* The first audit of this run is not over yet. */
bool audit_pending(const struct engine *e);
/* Claims may be paid and draws of the database locked: each audit is complete and fresh under this lease, which began
 * when what may have been signed before a restore of the database or by another signer was over and finalized. */
bool audit_clear(const struct engine *e);
#endif
