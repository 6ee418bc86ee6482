/* The verbs of migrations/V006: pools as array parameters, judged and listed in one statement each. */
#include "journal/discovery.h"

#include <assert.h>
#include <stdio.h>

#include "journal/call.h"

static const char ASK[] = "SELECT since,n,registered FROM keeper.undiscovered($1,$2,$3,$4)";
static const char NOTE[] = "SELECT keeper.discover($1,$2,$3,$4,$5,$6,$7)";
static const char LIST[] = "SELECT waiting,draw,app_id,ours FROM keeper.list_discovered($1,$2,$3)";
static const char BINDS[] = "SELECT n,binds,atas FROM keeper.creator_binds($1)";

void discovery_call_init(struct discovery_call *call)
{
	*call = (struct discovery_call){ 0 };
	call->state = call_state_new(&call->task);
}

void discovery_call_fini(struct discovery_call *call)
{
	call_state_free(call->state);
	call->state = NULL;
}

static bool parse_news(struct task *task, const struct db_result *r, const void **data)
{
	struct discovery_call *call = container_of(task, struct discovery_call, task);

	call->n = 0;
	for (int i = 0; i < db_rows(r); i++) {
		struct discovery_news *news = &call->news[call->n];
		uint64_t n;

		if (!call_parse_i64(db_get(r, i, 0), &call->since))
			return false;
		if (!db_get(r, i, 1))
			continue;
		if (call->n == DISCOVERY_ASK_MAX || !call_parse_u64(db_get(r, i, 1), &n) || n == 0 ||
			n > DISCOVERY_ASK_MAX || !call_parse_bool(db_get(r, i, 2), &news->registered))
			return false;
		news->n = (size_t)n - 1;
		call->n++;
	}
	*data = call;
	return db_rows(r) > 0;
}

void discovery_ask(struct journal *j, struct discovery_call *call, const struct discovery_key *keys, size_t n,
	int64_t now_s, journal_done *done)
{
	struct journal_call_state *s = call->state;

	assert(n <= DISCOVERY_ASK_MAX);
	call_begin_write(j, s, ASK, parse_news, done);
	call_i64(s, now_s);
	call_array_open(s);
	for (size_t i = 0; i < n; i++)
		call_item_pubkey(s, &keys[i].address);
	call_array_close(s);
	call_array_open(s);
	for (size_t i = 0; i < n; i++)
		call_item_u64(s, keys[i].pool_id);
	call_array_close(s);
	call_send(s, CALL_BATCH_DEADLINE_MS);
}

static bool parse_written(struct task *task, const struct db_result *r, const void **data)
{
	uint64_t written;

	*data = container_of(task, struct discovery_call, task);
	return db_rows(r) == 1 && call_parse_u64(db_get(r, 0, 0), &written);
}

/* One line per parameter of keeper.discover after the fence, in its order; c is the note. */
#define NOTE_COLUMNS(COLUMN)                                 \
	COLUMN(call_item_pubkey(s, &c->key.address))         \
	COLUMN(call_item_u64(s, c->key.pool_id))             \
	COLUMN(call_item_u64(s, c->at.n))                    \
	COLUMN(call_item_i64(s, c->start_time))              \
	COLUMN(call_item_text(s, c->allow_mock ? "t" : "f")) \
	COLUMN(call_item_text(s, c->verdict))

void discovery_note(struct journal *j, struct discovery_call *call, const struct discovery_note *notes, size_t n,
	journal_done *done)
{
	struct journal_call_state *s = call->state;

	call_begin_write(j, s, NOTE, parse_written, done);
#define COLUMN(item)                                                     \
	call_array_open(s);                                              \
	for (const struct discovery_note *c = notes; c < notes + n; c++) \
		item;                                                    \
	call_array_close(s);
	NOTE_COLUMNS(COLUMN)
#undef COLUMN
	call_send(s, CALL_BATCH_DEADLINE_MS);
}

static bool parse_listed(struct task *task, const struct db_result *r, const void **data)
{
	struct discovery_call *call = container_of(task, struct discovery_call, task);

	call->n = 0;
	for (int i = 0; i < db_rows(r); i++) {
		struct discovery_listed *listed = &call->listed[call->n];
		const char *draw = db_get(r, i, 1);

		if (!call_parse_u64(db_get(r, i, 0), &call->waiting))
			return false;
		if (!draw)
			continue;
		if (call->n == DISCOVERY_LIST_MAX || !call_parse_i64(db_get(r, i, 2), &listed->app_id) ||
			!call_parse_bool(db_get(r, i, 3), &listed->ours))
			return false;
		(void)snprintf(listed->draw, sizeof listed->draw, "%s", draw);
		call->n++;
	}
	*data = call;
	return db_rows(r) > 0;
}

void discovery_list(struct journal *j, struct discovery_call *call, int64_t now_s, int64_t age_s, journal_done *done)
{
	call_begin_write(j, call->state, LIST, parse_listed, done);
	call_i64(call->state, now_s);
	call_i64(call->state, age_s);
	call_send(call->state, CALL_BATCH_DEADLINE_MS);
}

static bool parse_binds(struct task *task, const struct db_result *r, const void **data)
{
	struct discovery_call *call = container_of(task, struct discovery_call, task);

	call->n = (size_t)db_rows(r);
	if (call->n > DISCOVERY_CREATORS_MAX)
		return false;
	for (int i = 0; i < db_rows(r); i++)
		if (!call_parse_u64(db_get(r, i, 1), &call->count[i].binds) ||
			!call_parse_u64(db_get(r, i, 2), &call->count[i].atas))
			return false;
	*data = call;
	return true;
}

void discovery_binds(
	struct journal *j, struct discovery_call *call, const struct pubkey *creators, size_t n, journal_done *done)
{
	struct journal_call_state *s = call->state;

	assert(n <= DISCOVERY_CREATORS_MAX);
	call_begin(j, s, BINDS, parse_binds, done);
	call_array_open(s);
	for (size_t i = 0; i < n; i++)
		call_item_pubkey(s, &creators[i]);
	call_array_close(s);
	call_send(s, CALL_DEADLINE_MS);
}
