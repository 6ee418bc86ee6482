/* keeper.mismatches: pools as array parameters, and what stands of them as rows. */
#include "journal/watches.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "journal/call.h"

enum { COL_DRAW, COL_KIND, COL_EXPECTED, COL_FOUND, HEX_TEXT = 24 };

static const char WATCH[] = "SELECT draw,kind,expected,found"
			    " FROM keeper.watch($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14,$15,$16,$17)";
static const char LOOK[] =
	"SELECT w.draw,w.kind,w.expected,w.found FROM keeper.watch_compare($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11) w"
	" WHERE NOT w.ok UNION ALL SELECT c.draw,c.kind,c.expected,c.found"
	" FROM unnest($12::text[],$13::text[],$14::boolean[],$15::text[],$16::text[])"
	" AS c (draw,kind,ok,expected,found) WHERE NOT c.ok";

void watch_call_init(struct watch_call *call)
{
	*call = (struct watch_call){ 0 };
	call->state = call_state_new(&call->task);
}

void watch_call_fini(struct watch_call *call)
{
	call_state_free(call->state);
	free(call->list);
	*call = (struct watch_call){ 0 };
}

static bool parse_mismatch(const struct db_result *r, int i, struct mismatch *out)
{
	const char *draw = db_get(r, i, COL_DRAW), *kind = db_get(r, i, COL_KIND);
	const char *expected = db_get(r, i, COL_EXPECTED), *found = db_get(r, i, COL_FOUND);

	if (!draw || !kind || !mismatch_from_name(kind, &out->kind))
		return false;
	(void)snprintf(out->draw.text, sizeof out->draw.text, "%s", draw);
	(void)snprintf(out->expected, sizeof out->expected, "%s", expected ? expected : "null");
	(void)snprintf(out->found, sizeof out->found, "%s", found ? found : "null");
	return true;
}

static bool parse_standing(struct task *task, const struct db_result *r, const void **data)
{
	struct watch_call *call = container_of(task, struct watch_call, task);
	const size_t n = (size_t)db_rows(r);

	if (n > call->room) {
		call->list = realloc(call->list, n * sizeof *call->list);
		if (!call->list)
			abort();
		call->room = n;
	}
	for (size_t i = 0; i < n; i++)
		if (!parse_mismatch(r, (int)i, &call->list[i]))
			return false;
	call->mismatches = call->list;
	call->n = n;
	*data = call;
	return true;
}

static void item_bool(struct journal_call_state *s, bool value)
{
	call_item_text(s, value ? "t" : "f");
}

static void item_participants(struct journal_call_state *s, const struct watched *w)
{
	if (w->participants_known)
		call_item_u64(s, w->participants);
	else
		call_item_text(s, NULL);
}

/* One line per parameter of keeper.watch_compare, in its order; w is the pool. */
#define POOL_COLUMNS(COLUMN)                             \
	COLUMN(call_item_text(s, w->draw.text))          \
	COLUMN(call_item_u64(s, w->at.n))                \
	COLUMN(call_item_u64(s, w->pool.status))         \
	COLUMN(call_item_u64(s, w->pool.total_amount))   \
	COLUMN(call_item_u64(s, w->pool.bet_amount))     \
	COLUMN(call_item_pubkey(s, &w->pool.mint))       \
	COLUMN(call_item_pubkey(s, &w->pool.creator))    \
	COLUMN(call_item_pubkey(s, &w->pool.dev_wallet)) \
	COLUMN(item_participants(s, w))                  \
	COLUMN(item_bool(s, w->observed))                \
	COLUMN(call_item_u64(s, w->quiet))

static void add_pools(struct journal_call_state *s, const struct watched *pools, size_t n)
{
#define COLUMN(item)                                              \
	call_array_open(s);                                       \
	for (const struct watched *w = pools; w < pools + n; w++) \
		item;                                             \
	call_array_close(s);
	POOL_COLUMNS(COLUMN)
#undef COLUMN
}

static void item_value(struct journal_call_state *s, enum mismatch_kind kind, uint64_t value)
{
	char text[HEX_TEXT];

	(void)snprintf(text, sizeof text, kind == MISMATCH_CONFIG_HASH ? "%016" PRIx64 : "%" PRIu64, value);
	call_item_text(s, text);
}

/* The same for what core judged; i is the invariant of w. */
#define INVARIANT_COLUMNS(COLUMN)                           \
	COLUMN(call_item_text(s, w->draw.text))             \
	COLUMN(call_item_text(s, MISMATCHES[i->kind].name)) \
	COLUMN(item_bool(s, i->ok))                         \
	COLUMN(item_value(s, i->kind, i->expected))         \
	COLUMN(item_value(s, i->kind, i->found))

static void add_invariants(struct journal_call_state *s, const struct watched *pools, size_t n)
{
#define COLUMN(item)                                                                                    \
	call_array_open(s);                                                                             \
	for (const struct watched *w = pools; w < pools + n; w++)                                       \
		for (const struct invariant *i = w->invariant; i < w->invariant + w->n_invariants; i++) \
			item;                                                                           \
	call_array_close(s);
	INVARIANT_COLUMNS(COLUMN)
#undef COLUMN
}

void watches_compare(
	struct journal *j, struct watch_call *call, const struct watched *pools, size_t n, journal_done *done)
{
	assert(n <= WATCHED_MAX);
	if (j->read_only)
		call_begin(j, call->state, LOOK, parse_standing, done);
	else
		call_begin_write(j, call->state, WATCH, parse_standing, done);
	add_pools(call->state, pools, n);
	add_invariants(call->state, pools, n);
	call_send(call->state, CALL_BATCH_DEADLINE_MS);
}
