/* Positions, calls and gaps of pool histories as parameters and rows. */
#include "journal/histories.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/base58.h"
#include "journal/call.h"

static const char LOAD[] = "SELECT signature, slot, pool_id, seen, gap, gap_slot, gone FROM keeper.history($1)";
static const char RECORD[] =
	"SELECT "
	"keeper.record_calls($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14,$15,$16,$17,$18,$19,$20,$21,$22,$23)";
static const char PROJECT[] = "SELECT keeper.project_calls($1,$2)";
static const char WATCHED[] = "SELECT address, seen FROM keeper.watched($1)";

enum { DECIMALS_UNKNOWN = 255 };

void history_call_init(struct history_call *call)
{
	*call = (struct history_call){ 0 };
	call->state = call_state_new(&call->task);
}

void history_call_fini(struct history_call *call)
{
	call_state_free(call->state);
	call->state = NULL;
}

static struct history_call *of_task(struct task *task)
{
	return container_of(task, struct history_call, task);
}

/* ---- load ---- */

static bool read_bytes(const struct db_result *r, int row, int col, void *out, size_t size, bool *given)
{
	size_t len = 0;

	*given = db_get(r, row, col) != NULL;
	return !*given || (db_bytea(r, row, col, out, size, &len) && len == size);
}

static bool read_u64(const struct db_result *r, int row, int col, uint64_t *out, bool *given)
{
	const char *text = db_get(r, row, col);

	*given = text != NULL;
	return !text || call_parse_u64(text, out);
}

static bool parse_history(struct task *task, const struct db_result *r, const void **data)
{
	struct history_call *call = of_task(task);
	struct history *h = &call->history;
	bool given;

	*h = (struct history){ 0 };
	*data = call;
	for (int row = 0; row < db_rows(r); row++) {
		if (row == 0 && (!read_bytes(r, row, 0, h->sig.b, SIGNATURE_SIZE, &h->has_sig) ||
					!read_u64(r, row, 1, &h->slot.n, &given) ||
					!read_u64(r, row, 2, &h->pool_id, &h->has_pool_id) ||
					!read_bytes(r, row, 3, h->seen.b, HASH_SIZE, &h->has_seen) ||
					!call_parse_bool(db_get(r, row, 6), &h->gone)))
			return false;
		if (h->n_gaps == HISTORY_GAPS || !read_bytes(r, row, 4, h->gap[h->n_gaps].b, SIGNATURE_SIZE, &given))
			return false;
		if (!given)
			return true;
		if (!read_u64(r, row, 5, &h->gap_slot[h->n_gaps].n, &given))
			return false;
		h->n_gaps++;
	}
	return true;
}

void histories_load(struct journal *j, struct history_call *call, const struct pubkey *address, journal_done *done)
{
	call_begin(j, call->state, LOAD, parse_history, done);
	call_pubkey(call->state, address);
	call_send(call->state, CALL_DEADLINE_MS);
}

/* ---- record ---- */

static bool parse_written(struct task *task, const struct db_result *r, const void **data)
{
	struct history_call *call = of_task(task);
	uint64_t written;

	*data = call;
	if (db_rows(r) != 1 || !call_parse_u64(db_get(r, 0, 0), &written))
		return false;
	call->written = (size_t)written;
	return true;
}

static void item_or_null(struct journal_call_state *s, bool given, uint64_t value)
{
	if (given)
		call_item_u64(s, value);
	else
		call_item_text(s, NULL);
}

/* A gap of the list itself has an empty signature: inside an array "" must be quoted. */
static void item_gap(struct journal_call_state *s, const struct signature *sig)
{
	if (signature_is_zero(sig))
		call_item_text(s, "\"\"");
	else
		call_item_signature(s, sig);
}

/* One line per array of keeper.record_calls about calls, in its order; c is the call. */
#define CALL_COLUMNS(COLUMN)                                                 \
	COLUMN(call_item_signature(s, &c->sig))                              \
	COLUMN(call_item_u64(s, c->ix))                                      \
	COLUMN(call_item_i64(s, c->inner))                                   \
	COLUMN(call_item_u64(s, c->slot.n))                                  \
	COLUMN(item_or_null(s, c->block_time > 0, (uint64_t)c->block_time))  \
	COLUMN(call_item_u64(s, c->pool_id))                                 \
	COLUMN(call_item_pubkey(s, &c->user))                                \
	COLUMN(call_item_text(s, c->instruction))                            \
	COLUMN(item_or_null(s, c->has_amount, c->amount))                    \
	COLUMN(item_or_null(s, c->decimals < DECIMALS_UNKNOWN, c->decimals)) \
	COLUMN(call_item_pubkey(s, &c->mint))

static void add_calls(struct journal_call_state *s, const struct history_step *step)
{
#define COLUMN(item)                                                                      \
	call_array_open(s);                                                               \
	for (const struct user_call *c = step->call; c < step->call + step->n_calls; c++) \
		item;                                                                     \
	call_array_close(s);
	CALL_COLUMNS(COLUMN)
#undef COLUMN
}

static void add_gaps(struct journal_call_state *s, const struct history_step *step)
{
	call_array_open(s);
	for (size_t i = 0; i < step->n_gaps; i++)
		item_gap(s, &step->gap[i].sig);
	call_array_close(s);
	call_array_open(s);
	for (size_t i = 0; i < step->n_gaps; i++)
		call_item_u64(s, step->gap[i].slot.n);
	call_array_close(s);
	call_array_open(s);
	for (size_t i = 0; i < step->n_gaps; i++)
		call_item_text(s, step->gap[i].reason);
	call_array_close(s);
}

static void add_position(struct journal_call_state *s, const struct history *to)
{
	char digits[24] = "";

	(void)snprintf(digits, sizeof digits, "%" PRIu64, to->pool_id);
	call_text(s, to->has_pool_id ? digits : NULL);
	call_bytes(s, to->sig.b, to->has_sig ? SIGNATURE_SIZE : 0);
	(void)snprintf(digits, sizeof digits, "%" PRIu64, to->slot.n);
	call_text(s, to->has_sig ? digits : NULL);
	call_bytes(s, to->seen.b, to->has_seen ? HASH_SIZE : 0);
}

void histories_record(struct journal *j, struct history_call *call, const struct history_step *step, journal_done *done)
{
	struct journal_call_state *s = call->state;

	assert(step->n_calls <= HISTORY_CALLS && step->n_gaps <= HISTORY_READS && step->n_reads <= HISTORY_READS);
	call_begin_write(j, s, RECORD, parse_written, done);
	call_pubkey(s, &step->address);
	add_position(s, &step->to);
	call_text(s, step->gone ? "t" : "f");
	call_text(s, step->repair ? "t" : "f");
	add_calls(s, step);
	call_array_open(s);
	for (size_t i = 0; i < step->n_reads; i++)
		call_item_signature(s, &step->read[i]);
	call_array_close(s);
	add_gaps(s, step);
	call_send(s, CALL_BATCH_DEADLINE_MS);
}

/* ---- project ---- */

static bool parse_projected(struct task *task, const struct db_result *r, const void **data)
{
	struct history_call *call = of_task(task);

	*data = call;
	return db_rows(r) == 1 && read_u64(r, 0, 0, &call->wait_s, &call->more);
}

void histories_project(struct journal *j, struct history_call *call, unsigned limit, journal_done *done)
{
	call_begin_write(j, call->state, PROJECT, parse_projected, done);
	call_u64(call->state, limit);
	call_send(call->state, CALL_BATCH_DEADLINE_MS);
}

/* ---- watched ---- */

static bool parse_watched(struct task *task, const struct db_result *r, const void **data)
{
	struct history_call *call = of_task(task);

	*data = call;
	if (db_rows(r) > HISTORIES_PAGE)
		return false;
	call->n_watched = (size_t)db_rows(r);
	for (int row = 0; row < db_rows(r); row++) {
		struct watched_pool *w = &call->watched[row];

		if (!db_get(r, row, 0) || !call_parse_pubkey(db_get(r, row, 0), &w->address) ||
			!read_bytes(r, row, 1, w->seen.b, HASH_SIZE, &w->has_seen))
			return false;
	}
	return true;
}

void histories_watched(struct journal *j, struct history_call *call, const struct pubkey *after, journal_done *done)
{
	char text[PUBKEY_TEXT] = "";

	if (!pubkey_is_zero(after))
		base58_pubkey(text, after);
	call_begin(j, call->state, WATCHED, parse_watched, done);
	call_text(call->state, text);
	call_send(call->state, CALL_DEADLINE_MS);
}
