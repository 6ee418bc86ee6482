/* keeper.steps: every signed transaction, committed before its first byte is sent. Every verb is one SQL statement
 * (a function of migrations/V003 or V004), so one transaction, so safe behind pgBouncer in transaction mode.
 *
 * ERR_OK: reply.data is a const struct rows *, the subject's rows as committed, valid during done().
 * ERR_REFUSED: the world is not what we decided on (somebody else moved this subject, or the lease is lost): load again.
 * ERR_UNKNOWN: it may have been committed: load again. ERR_RETRY: it was not, or a step of this subject waits in the
 * local spool: until it is imported every write about the subject is answered so, here. */
#ifndef JOURNAL_JOURNAL_H
#define JOURNAL_JOURNAL_H
#include "base/task.h"
#include "core/journal_rows.h"
#include "core/oracle_answer.h"

struct journal;
struct db;
struct loop;

enum { SUBJECT_TEXT = 80 };
/* "draw:<address>:<pool_id>", "ata:<address>", "canary:<n>", "referral:<claim id>", "offchain:<draw>" and so on: the text in keeper.steps.subject. */
struct subject_key {
	char text[SUBJECT_TEXT];
};

struct journal_call {
	struct task task;
	struct rows rows; /* result                                                                  */
	struct journal_call_state *state;
};
void journal_call_init(struct journal_call *call);
void journal_call_fini(struct journal_call *call); /* cancels                                          */

/* owner: who the lease holder is, unique per run: host, pid and start time. spool_dir NULL: no spool. read_only refuses every write locally (dry run). */
struct journal *journal_new(struct loop *loop, struct db *db, const char *spool_dir, const char *owner, bool read_only);
void journal_free(struct journal *journal);
/* Two more connections, for draws of the database (journal/offchain.h): their verbs, and what runs a source's own statements, which
 * may take a minute. Borrowed. */
void journal_aside(struct journal *journal, struct db *verbs, struct db *sources);

typedef void journal_done(struct task *task, const struct reply *reply);

struct journal_new_row {
	enum step step;
	struct signature sig;
	struct height last_valid;
	struct slot floor;
	struct pubkey randomness, oracle; /* zero: none. A BIND claims randomness for its draw in the same statement  */
	struct pubkey creator;            /* zero: none. Whose pool a token account is made for                      */
	struct slot lut_slot;             /* of a randomness account that this row creates; 0: it exists already      */
	const uint8_t *tx;
	uint16_t tx_len;
};
/* While Postgres has been away for over 60 s: the rows that this call was last given for the subject, so that reveal and
 * select can be decided on. */
void journal_load(struct journal *j, struct journal_call *call, const struct subject_key *subject, journal_done *done);
/* prev_seq: the last row that the decision was based on (R7). Refused while a row is open or stale (R8, R9). */
void journal_open(struct journal *j, struct journal_call *call, const struct subject_key *subject, uint64_t prev_seq,
	const struct journal_new_row *row, journal_done *done);
/* outcome LANDED (from open or stale), FINAL, FAILED, EXPIRED (from open, landed or stale). */
struct journal_outcome {
	enum row_state outcome;
	struct slot landed;
	bool failed;
	struct tx_failure failure;
};
void journal_close(struct journal *j, struct journal_call *call, const struct subject_key *subject, uint64_t seq,
	const struct journal_outcome *outcome, journal_done *done);
void journal_reopen(struct journal *j, struct journal_call *call, const struct subject_key *subject, uint64_t seq,
	journal_done *done);

/* The money facts of a finished draw: chain, journal row and app tables in one statement, once. sig zero: paid by
 * somebody else's transaction that is not known. seq 0: no row of ours. */
struct journal_payout {
	struct pubkey pool, winner, mint;
	struct pubkey recipient; /* who got a sponsored win in the same transaction; zero: the winner keeps it */
	uint64_t pool_id;
	uint64_t total_amount, winner_amount, dev_amount, burn_amount, treasury_amount;
	unsigned decimals;
	int64_t end_time;
	struct signature sig;
	struct slot slot;
	uint64_t seq;
	bool clear_chat; /* the pool's chat goes with it                                           */
};
void journal_record_payout(struct journal *j, struct journal_call *call, const struct subject_key *subject,
	const struct journal_payout *payout, journal_done *done);

/* Local spool (DESIGN 4): a REVEAL_SELECT or SELECT row, and the answer, fsynced, while Postgres has been away for over 60 s.
 * Imported by itself, in order, when Postgres is back and the lease is held; until then rows of that subject come from
 * memory. OK: it is on the disk and may be sent. REFUSED: another step, Postgres is not away for that long, the lease was
 * not held, or a step of this subject waits already. What the journal refuses at the import is set aside as
 * <spool_dir>/refused, with event=spool.refused. */
void journal_spool(struct journal *j, struct journal_call *call, const struct subject_key *subject, uint64_t prev_seq,
	const struct journal_new_row *row, journal_done *done);

/* Something waits in the local spool: the chain may know what Postgres does not know yet. */
bool journal_spool_waits(const struct journal *j);

/* Monotonic ms of the last write that Postgres confirmed, and since when it is unreachable (0: it is not): a pooler that
 * accepts us while the server behind it is away counts as unreachable. */
uint64_t journal_write_ok_ms(const struct journal *j);
uint64_t journal_down_since_ms(const struct journal *j);

/* Since the start Postgres has answered something that the migrations do not allow: event=journal.unreadable says what.
 * Whatever needed it cannot go on before a human was there. */
bool journal_unreadable(const struct journal *j);
#endif
