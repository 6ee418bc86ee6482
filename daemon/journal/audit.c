/* The verbs of migrations/V007. */
#include "journal/audit.h"

#include <assert.h>
#include <string.h>

#include "core/base58.h"
#include "journal/call.h"

static const char BEGIN[] =
	"SELECT began_slot,signature,slot,hold_height,restored,restarted,untold,keeper.database_mark() "
	"FROM keeper.audit_begin($1,$2,$3,$4)";
static const char UNKNOWN[] = "SELECT n FROM keeper.audit_unknown($1)";
static const char IMPORT[] = "SELECT keeper.audit_import($1,$2,$3,$4,$5,$6,$7,$8,$9)";
static const char DONE[] = "SELECT keeper.audit_done($1,$2,$3,$4)";

const char *audit_kind_name(enum audit_kind kind)
{
	static const char *const names[AUDIT_KINDS] = { "HISTORY", "MENTION", "STEP", "OTHER", "UNSEEN", "ANCHOR" };

	return names[kind];
}

void audit_call_init(struct audit_call *call)
{
	*call = (struct audit_call){ 0 };
	call->state = call_state_new(&call->task);
}

void audit_call_fini(struct audit_call *call)
{
	call_state_free(call->state);
	call->state = NULL;
}

static bool parse_signature(const char *text, struct signature *out)
{
	*out = (struct signature){ 0 };
	return !text || base58_to_signature(out, text, strlen(text));
}

static bool parse_audit(struct task *task, const struct db_result *r, const void **data)
{
	struct audit_call *call = container_of(task, struct audit_call, task);
	struct audit_state *a = &call->audit;

	*data = call;
	*a = (struct audit_state){ 0 };
	return db_rows(r) == 1 && call_parse_u64(db_get(r, 0, 0), &a->began.n) &&
	       parse_signature(db_get(r, 0, 1), &a->watermark) &&
	       (!db_get(r, 0, 2) || call_parse_u64(db_get(r, 0, 2), &a->watermark_slot.n)) &&
	       call_parse_u64(db_get(r, 0, 3), &a->hold.n) && call_parse_bool(db_get(r, 0, 4), &a->restored) &&
	       call_parse_bool(db_get(r, 0, 5), &a->restarted) && call_parse_u64(db_get(r, 0, 6), &a->untold) &&
	       call_parse_i64(db_get(r, 0, 7), &a->database);
}

void audit_begin(struct journal *j, struct audit_call *call, const struct pubkey *wallet, struct slot slot,
	struct height height, journal_done *done)
{
	call_begin_write(j, call->state, BEGIN, parse_audit, done);
	call_pubkey(call->state, wallet);
	call_u64(call->state, slot.n);
	call_u64(call->state, height.n);
	call_send(call->state, CALL_DEADLINE_MS);
}

static void item_signature(struct journal_call_state *s, const struct signature *sig)
{
	char text[SIGNATURE_TEXT];

	base58_signature(text, sig);
	call_item_text(s, text);
}

static bool parse_unknown(struct task *task, const struct db_result *r, const void **data)
{
	struct audit_call *call = container_of(task, struct audit_call, task);

	*data = call;
	return call_parse_places(r, call->unknown, &call->n, AUDIT_PAGE_MAX);
}

void audit_unknown(
	struct journal *j, struct audit_call *call, const struct signature *sigs, size_t n, journal_done *done)
{
	struct journal_call_state *s = call->state;

	assert(n <= AUDIT_PAGE_MAX);
	call_begin(j, s, UNKNOWN, parse_unknown, done);
	call_array_open(s);
	for (size_t i = 0; i < n; i++)
		item_signature(s, &sigs[i]);
	call_array_close(s);
	call_send(s, CALL_BATCH_DEADLINE_MS);
}

static bool parse_written(struct task *task, const struct db_result *r, const void **data)
{
	struct audit_call *call = container_of(task, struct audit_call, task);

	*data = call;
	return db_rows(r) == 1 && call_parse_u64(db_get(r, 0, 0), &call->written);
}

/* As hex: it may hold what an array would need quotes for. */
static void item_memo(struct journal_call_state *s, const struct memo *memo)
{
	char text[2 * MEMO_MAX + 4] = "\\"; /* a backslash is doubled inside an array */

	db_bytea_text((const uint8_t *)memo->text, strlen(memo->text), text + 1, sizeof text - 1);
	call_item_text(s, memo->text[0] == '\0' ? NULL : text);
}

/* One line per parameter of keeper.audit_import after the height, in its order; c is the item. */
#define ITEM_COLUMNS(COLUMN)                                \
	COLUMN(item_signature(s, &c->sig))                  \
	COLUMN(call_item_u64(s, c->slot.n))                 \
	COLUMN(call_item_i64(s, c->block_time))             \
	COLUMN(call_item_text(s, c->failed ? "t" : "f"))    \
	COLUMN(call_item_text(s, audit_kind_name(c->kind))) \
	COLUMN(item_memo(s, &c->memo))

void audit_import(struct journal *j, struct audit_call *call, const struct pubkey *wallet, struct height height,
	const struct audit_item *items, size_t n, journal_done *done)
{
	struct journal_call_state *s = call->state;

	assert(n <= AUDIT_PAGE_MAX);
	call_begin_write(j, s, IMPORT, parse_written, done);
	call_pubkey(s, wallet);
	call_u64(s, height.n);
#define COLUMN(item)                                                 \
	call_array_open(s);                                          \
	for (const struct audit_item *c = items; c < items + n; c++) \
		item;                                                \
	call_array_close(s);
	ITEM_COLUMNS(COLUMN)
#undef COLUMN
	call_send(s, CALL_BATCH_DEADLINE_MS);
}

void audit_done(struct journal *j, struct audit_call *call, const struct pubkey *wallet,
	const struct signature *watermark, struct slot slot, journal_done *done)
{
	call_begin_write(j, call->state, DONE, parse_written, done);
	call_pubkey(call->state, wallet);
	call_signature(call->state, watermark);
	call_u64(call->state, slot.n);
	call_send(call->state, CALL_DEADLINE_MS);
}
