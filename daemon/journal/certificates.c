/* The verbs of certificates. */
#include "journal/certificates.h"

#include <stdio.h>
#include <string.h>

#include "base/crypto.h"
#include "journal/call.h"

static const char NEXT[] = "SELECT draw,serial,previous,made,body FROM keeper.certificate_next()";
static const char ADD[] = "SELECT serial FROM keeper.certificate_add($1,$2,$3,$4,$5,$6,$7,$8)";
static const char FILES[] = "SELECT serial,name FROM keeper.certificate_files($1,$2)";
static const char HEAD[] = "SELECT draw,n,head FROM keeper.certificate_head($1)";
static const char LOCK_FILES[] = "SELECT serial,name FROM keeper.lock_files($1,$2)";
static const char LOCK_HEAD[] = "SELECT draw,n,head FROM keeper.lock_head($1)";
static const char TERMS[] = "SELECT name,body FROM keeper.terms_next($1)";
static const char TICKETS[] = "SELECT keeper.certificate_tickets($1,$2,$3)";

void certificate_call_init(struct certificate_call *call)
{
	*call = (struct certificate_call){ 0 };
	call->state = call_state_new(&call->task);
}

void certificate_call_fini(struct certificate_call *call)
{
	call_state_free(call->state);
	call->state = NULL;
}

static struct certificate_call *of_task(struct task *task)
{
	return container_of(task, struct certificate_call, task);
}

static bool copy_text(char *out, size_t size, const char *text)
{
	const size_t n = text ? strlen(text) : size;

	if (n < size)
		memcpy(out, text, n + 1);
	return n < size;
}

/* ---- rows ---- */

static bool parse_next(struct task *task, const struct db_result *r, const void **data)
{
	enum { COL_DRAW, COL_SERIAL, COL_PREVIOUS, COL_MADE, COL_BODY };
	struct certificate_call *call = of_task(task);
	const char *body;
	size_t n = 0;

	*data = call;
	call->found = db_rows(r) == 1;
	if (!call->found)
		return db_rows(r) == 0;
	body = db_get(r, 0, COL_BODY);
	if (!body)
		return false;
	crypto_sha256(&call->row.hash, &(struct bytes){ (const uint8_t *)body, db_get_len(r, 0, COL_BODY) }, 1);
	return copy_text(call->row.draw, sizeof call->row.draw, db_get(r, 0, COL_DRAW)) &&
	       call_parse_u64(db_get(r, 0, COL_SERIAL), &call->row.serial) &&
	       db_bytea(r, 0, COL_PREVIOUS, call->row.previous.b, HASH_SIZE, &n) && n == HASH_SIZE &&
	       call_parse_i64(db_get(r, 0, COL_MADE), &call->row.made);
}

void certificate_next(struct journal *j, struct certificate_call *call, journal_done *done)
{
	call_begin(j, call->state, NEXT, parse_next, done);
	call_send(call->state, CALL_DEADLINE_MS);
}

static bool parse_added(struct task *task, const struct db_result *r, const void **data)
{
	struct certificate_call *call = of_task(task);

	*data = call;
	call->found = db_rows(r) == 1;
	return call->found && call_parse_u64(db_get(r, 0, 0), &call->row.serial);
}

void certificate_add(struct journal *j, struct certificate_call *call, const struct pubkey *key,
	const struct signature *signature, journal_done *done)
{
	struct journal_call_state *s = call->state;

	call_begin_write(j, s, ADD, parse_added, done);
	call_text(s, call->row.draw);
	call_u64(s, call->row.serial);
	call_bytes(s, call->row.previous.b, HASH_SIZE);
	call_i64(s, call->row.made);
	call_bytes(s, call->row.hash.b, HASH_SIZE);
	call_bytes(s, key->b, PUBKEY_SIZE);
	call_bytes(s, signature->b, SIGNATURE_SIZE);
	call_send(s, CALL_DEADLINE_MS);
}

/* ---- texts ---- */

static bool parse_files(struct task *task, const struct db_result *r, const void **data)
{
	struct certificate_call *call = of_task(task);

	*data = call;
	call->n_files = (size_t)db_rows(r);
	if (call->n_files > CERTIFICATE_FILES)
		return false;
	for (int i = 0; i < db_rows(r); i++)
		if (!call_parse_u64(db_get(r, i, 0), &call->file[i].serial) ||
			!copy_text(call->file[i].name, sizeof call->file[i].name, db_get(r, i, 1)))
			return false;
	return true;
}

static void files(struct journal *j, struct certificate_call *call, const char *sql, uint64_t after, journal_done *done)
{
	call_begin(j, call->state, sql, parse_files, done);
	call_u64(call->state, after);
	call_u64(call->state, CERTIFICATE_FILES);
	call_send(call->state, CALL_DEADLINE_MS);
}

void certificate_files(struct journal *j, struct certificate_call *call, uint64_t after, journal_done *done)
{
	files(j, call, FILES, after, done);
}

void certificate_lock_files(struct journal *j, struct certificate_call *call, uint64_t after, journal_done *done)
{
	files(j, call, LOCK_FILES, after, done);
}

static bool parse_head(struct task *task, const struct db_result *r, const void **data)
{
	enum { COL_DRAW, COL_N, COL_HEAD };
	struct certificate_call *call = of_task(task);

	*data = call;
	if (db_rows(r) != 1 || !db_get(r, 0, COL_HEAD))
		return false;
	call->text = db_get(r, 0, COL_HEAD);
	call->text_n = db_get_len(r, 0, COL_HEAD);
	return copy_text(call->draw, sizeof call->draw, db_get(r, 0, COL_DRAW)) &&
	       call_parse_u64(db_get(r, 0, COL_N), &call->tickets);
}

static void head(struct journal *j, struct certificate_call *call, const char *sql, uint64_t serial, journal_done *done)
{
	call_begin(j, call->state, sql, parse_head, done);
	call_u64(call->state, serial);
	call_send(call->state, CALL_DEADLINE_MS);
}

void certificate_head(struct journal *j, struct certificate_call *call, uint64_t serial, journal_done *done)
{
	head(j, call, HEAD, serial, done);
}

void certificate_lock_head(struct journal *j, struct certificate_call *call, uint64_t seq, journal_done *done)
{
	head(j, call, LOCK_HEAD, seq, done);
}

static bool parse_tickets(struct task *task, const struct db_result *r, const void **data)
{
	struct certificate_call *call = of_task(task);

	*data = call;
	call->text = db_rows(r) == 1 ? db_get(r, 0, 0) : NULL;
	call->text_n = call->text ? db_get_len(r, 0, 0) : 0;
	return call->text != NULL; /* whoever asks knows that there are more */
}

void certificate_tickets(struct journal *j, struct certificate_call *call, uint64_t from, journal_done *done)
{
	call_begin(j, call->state, TICKETS, parse_tickets, done);
	call_text(call->state, call->draw);
	call_u64(call->state, from);
	call_u64(call->state, CERTIFICATE_TICKETS);
	call_send(call->state, CALL_BATCH_DEADLINE_MS);
}

/* ---- what binds every draw ---- */

void terms_call_init(struct terms_call *call)
{
	*call = (struct terms_call){ 0 };
	call->state = call_state_new(&call->task);
}

void terms_call_fini(struct terms_call *call)
{
	call_state_free(call->state);
	call->state = NULL;
}

static bool parse_terms(struct task *task, const struct db_result *r, const void **data)
{
	enum { COL_NAME, COL_BODY };
	struct terms_call *call = container_of(task, struct terms_call, task);

	*data = call;
	call->found = db_rows(r) == 1;
	if (!call->found)
		return db_rows(r) == 0;
	call->text = db_get(r, 0, COL_BODY);
	call->text_n = db_get_len(r, 0, COL_BODY);
	return call->text && copy_text(call->name, sizeof call->name, db_get(r, 0, COL_NAME));
}

void terms_next(struct journal *j, struct terms_call *call, const char *after, journal_done *done)
{
	call_begin(j, call->state, TERMS, parse_terms, done);
	call_text(call->state, after);
	call_send(call->state, CALL_DEADLINE_MS);
}
