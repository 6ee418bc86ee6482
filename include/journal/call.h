/* How the journal's verbs run: parameters as text, one statement, one answer. Private to daemon/journal. */
#ifndef JOURNAL_CALL_H
#define JOURNAL_CALL_H
#include "base/buf.h"
#include "base/key.h"
#include "io/db.h"
#include "io/loop.h"
#include "journal/journal.h"

enum {
	JOURNAL_OWNER_TEXT = 96,
	JOURNAL_WHY_TEXT = 200,
	CALL_DEADLINE_MS = 5000,
	CALL_BATCH_DEADLINE_MS = 15000, /* an upsert of 1000 pools takes 20 ms; a busy server gets time      */
	CALL_PARAMS_TEXT_MAX = 4 << 20,
	SPOOL_AFTER_MS = 60000,
};

struct spooled;

struct journal {
	struct loop *loop;
	struct db *db;
	struct db *aside, *sources; /* of draws of the database; NULL: there are none */
	char owner[JOURNAL_OWNER_TEXT];
	bool read_only;
	uint64_t fence;  /* of the lease as we hold it; 0: we do not                                  */
	bool lease_seen; /* its holder was told to the log                                            */
	uint64_t write_ok_ms;
	bool unreadable;           /* some answer was not what the migrations allow                           */
	uint64_t failing_since_ms; /* first call without an answer since the last answer; 0: none               */
	struct spooled *spooled;
};

/* Reads the result into the owner of the task. False: Postgres sent what the migrations do not allow. */
typedef bool call_parse(struct task *task, const struct db_result *result, const void **data);

struct journal_call_state {
	struct task *task;       /* in a journal_call, commit_call, lease_call or record_call                  */
	struct journal *journal; /* of the call that is or was out; NULL before the first                      */
	struct db_call db;
	struct db *via; /* the connection that it goes through                                      */
	struct loop_defer defer;
	struct buf text;          /* every parameter, each with its NUL                                         */
	size_t at[DB_PARAMS_MAX]; /* where each begins; SIZE_MAX: SQL NULL                                      */
	int n;
	bool writes;
	bool fenced; /* the first parameter is the fence                                          */
	const char *sql;
	call_parse *parse;
	enum err err; /* of a local answer                                                          */
	const void *data;
	char why[JOURNAL_WHY_TEXT];
	struct subject_key subject; /* what the owner's rows are about, once `known`                          */
	bool known;
};

struct journal_call_state *call_state_new(struct task *task);
/* Cancels. NULL is allowed. */
void call_state_free(struct journal_call_state *s);

/* Starts the task and its parameter list. */
void call_begin(
	struct journal *j, struct journal_call_state *s, const char *sql, call_parse *parse, journal_done *done);
/* The same for a write: the first parameter is the fence. */
void call_begin_write(
	struct journal *j, struct journal_call_state *s, const char *sql, call_parse *parse, journal_done *done);

/* Of a call that was begun: it goes through this other connection of the journal and says nothing about its first one. */
void call_via(struct journal_call_state *s, struct db *db);

void call_text(struct journal_call_state *s, const char *text); /* NULL: SQL NULL; also below for 0 where said */
void call_u64(struct journal_call_state *s, uint64_t value);
void call_u64_or_null(struct journal_call_state *s, uint64_t value); /* 0: NULL                                */
void call_i64(struct journal_call_state *s, int64_t value);
void call_pubkey(struct journal_call_state *s, const struct pubkey *key);       /* zero: NULL               */
void call_signature(struct journal_call_state *s, const struct signature *sig); /* zero: NULL               */
void call_bytes(struct journal_call_state *s, const void *bytes, size_t n);     /* n 0: NULL                */

/* An array parameter: open, then one item per element, then close. Items need no quotes: digits, base58, hex, names. */
void call_array_open(struct journal_call_state *s);
void call_item_text(struct journal_call_state *s, const char *text); /* NULL: SQL NULL           */
void call_item_any(struct journal_call_state *s, const char *text);  /* quoted: of any characters */
void call_item_u64(struct journal_call_state *s, uint64_t value);
void call_item_i64(struct journal_call_state *s, int64_t value);
void call_item_pubkey(struct journal_call_state *s, const struct pubkey *key);       /* zero: NULL               */
void call_item_signature(struct journal_call_state *s, const struct signature *sig); /* as bytea                 */
void call_item_bytes(struct journal_call_state *s, const void *bytes, size_t n);     /* n at most SIGNATURE_SIZE */
void call_array_close(struct journal_call_state *s);

/* NULL for SQL NULL. */
const char *call_param(const struct journal_call_state *s, int i);

/* To Postgres; or refused here when it writes and the journal is read-only or the lease is not held. */
void call_send(struct journal_call_state *s, uint32_t deadline_ms);
/* Answers on the next turn of the loop, without Postgres. why is copied; data is borrowed until then. */
void call_answer(struct journal_call_state *s, enum err err, const void *data, const char *why);

/* Postgres has been away for longer than SPOOL_AFTER_MS. */
bool call_spool_time(const struct journal *j);

/* Strict readers of result texts; false for NULL, garbage and overflow. */
bool call_parse_u64(const char *text, uint64_t *out);
bool call_parse_i64(const char *text, int64_t *out);
bool call_parse_pubkey(const char *text, struct pubkey *out); /* NULL text: zero, true                 */
bool call_parse_bool(const char *text, bool *out);
/* The first column of all rows: places, from 1, in what was asked for, at most `max`; from 0 in `place`. */
bool call_parse_places(const struct db_result *result, size_t *place, size_t *n, size_t max);
#endif
