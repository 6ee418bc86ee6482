/* Views of pools as array parameters: many rows, one statement. */
#include "journal/records.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/base58.h"
#include "journal/call.h"

static const char OBSERVE[] =
	"SELECT keeper.observe($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14,$15,$16,$17,$18,$19,$20,$21,$22)";
static const char SPONSORS_FIX[] = "SELECT auxiliary,recipient FROM keeper.sponsors_fix($1,$2,$3,$4)";
static const char SPONSORS_LOOK[] = "SELECT auxiliary,recipient FROM keeper.sponsors_look($1,$2,$3)";
static const char SETTLE_REST[] = "SELECT keeper.settle_rest($1,$2)";

enum { DECIMALS_UNKNOWN = 255, RECORDS_MAX = 1000, U128_TEXT = 40 };

void record_call_init(struct record_call *call)
{
	*call = (struct record_call){ 0 };
	call->state = call_state_new(&call->task);
}

void record_call_fini(struct record_call *call)
{
	call_state_free(call->state);
	call->state = NULL;
}

static bool parse_written(struct task *task, const struct db_result *r, const void **data)
{
	struct record_call *call = container_of(task, struct record_call, task);
	uint64_t written;

	if (db_rows(r) != 1 || !call_parse_u64(db_get(r, 0, 0), &written))
		return false;
	call->written = (size_t)written;
	*data = call;
	return true;
}

/* ---- items that call.h does not have ---- */

static void item_below(struct journal_call_state *s, uint64_t value, uint64_t limit)
{
	if (value < limit)
		call_item_u64(s, value);
	else
		call_item_text(s, NULL);
}

static void item_app_id(struct journal_call_state *s, int64_t app_id)
{
	if (app_id > 0)
		call_item_i64(s, app_id);
	else
		call_item_text(s, NULL);
}

/* Long division by ten over four 32-bit limbs: C11 has no 128-bit integer. */
static void item_u128(struct journal_call_state *s, struct u128 value)
{
	uint32_t limb[4] = { (uint32_t)(value.hi >> 32), (uint32_t)value.hi, (uint32_t)(value.lo >> 32),
		(uint32_t)value.lo };
	char text[U128_TEXT], *at = text + sizeof text;

	*--at = '\0';
	do {
		uint64_t rest = 0;

		for (int i = 0; i < 4; i++) {
			rest = rest << 32 | limb[i];
			limb[i] = (uint32_t)(rest / 10);
			rest %= 10;
		}
		*--at = (char)('0' + rest);
	} while (limb[0] | limb[1] | limb[2] | limb[3]);
	call_item_text(s, at);
}

/* ---- views ---- */

/* One line per parameter of keeper.observe, in its order; c is the change. */
#define VIEW_COLUMNS(COLUMN)                                         \
	COLUMN(item_app_id(s, c->app_id))                            \
	COLUMN(call_item_pubkey(s, &c->address))                     \
	COLUMN(call_item_u64(s, c->pool.pool_id))                    \
	COLUMN(call_item_u64(s, c->at.n))                            \
	COLUMN(call_item_u64(s, c->pool.status))                     \
	COLUMN(call_item_u64(s, c->pool.status_reason))              \
	COLUMN(call_item_pubkey(s, &c->pool.mint))                   \
	COLUMN(call_item_pubkey(s, &c->pool.creator))                \
	COLUMN(call_item_pubkey(s, &c->pool.dev_wallet))             \
	COLUMN(call_item_u64(s, c->pool.bet_amount))                 \
	COLUMN(call_item_u64(s, c->pool.total_amount))               \
	COLUMN(item_below(s, c->participants, PARTICIPANTS_MAX + 1)) \
	COLUMN(call_item_u64(s, c->pool.max_participants))           \
	COLUMN(item_below(s, c->decimals, DECIMALS_UNKNOWN))         \
	COLUMN(call_item_i64(s, c->pool.lock_start_time))            \
	COLUMN(call_item_i64(s, c->pool.lock_duration))              \
	COLUMN(call_item_i64(s, c->pool.unlock_time))                \
	COLUMN(call_item_pubkey(s, &c->pool.randomness_account))     \
	COLUMN(call_item_u64(s, c->pool.randomness_commit_slot.n))   \
	COLUMN(item_u128(s, c->pool.randomness))                     \
	COLUMN(call_item_pubkey(s, &c->pool.winner))

static void add_views(struct journal_call_state *s, const struct pool_change *changes, size_t n)
{
#define COLUMN(item)                                                      \
	call_array_open(s);                                               \
	for (const struct pool_change *c = changes; c < changes + n; c++) \
		item;                                                     \
	call_array_close(s);
	VIEW_COLUMNS(COLUMN)
#undef COLUMN
}

void records_observe(
	struct journal *j, struct record_call *call, const struct pool_change *changes, size_t n, journal_done *done)
{
	assert(n <= RECORDS_MAX);
	call_begin_write(j, call->state, OBSERVE, parse_written, done);
	add_views(call->state, changes, n);
	call_send(call->state, CALL_BATCH_DEADLINE_MS);
}

/* ---- sponsored players ---- */

static bool parse_sponsors(struct task *task, const struct db_result *r, const void **data)
{
	struct sponsors *out = &container_of(task, struct record_call, task)->sponsors;

	*out = (struct sponsors){ .known = true };
	*data = out;
	if (db_rows(r) > PARTICIPANTS_MAX)
		return false;
	for (int i = 0; i < db_rows(r); i++) {
		struct sponsored *s = &out->of[out->n++];
		const char *recipient = db_get(r, i, 1);

		if (!db_get(r, i, 0) || !call_parse_pubkey(db_get(r, i, 0), &s->auxiliary))
			return false;
		s->valid = recipient && base58_to_pubkey(&s->recipient, recipient, strlen(recipient)) &&
		           !pubkey_is_zero(&s->recipient) && !pubkey_equal(&s->recipient, &s->auxiliary);
	}
	return true;
}

void records_sponsors(struct journal *j, struct record_call *call, const struct subject_key *draw, int64_t app_id,
	const struct pubkey *players, size_t n, bool look, journal_done *done)
{
	struct journal_call_state *s = call->state;

	if (look)
		call_begin(j, s, SPONSORS_LOOK, parse_sponsors, done);
	else
		call_begin_write(j, s, SPONSORS_FIX, parse_sponsors, done);
	call_text(s, draw->text);
	if (app_id > 0)
		call_i64(s, app_id);
	else
		call_text(s, NULL);
	call_array_open(s);
	for (size_t i = 0; i < n; i++)
		call_item_pubkey(s, &players[i]);
	call_array_close(s);
	call_send(s, CALL_DEADLINE_MS);
}

/* ---- the rest ---- */

void records_settle_rest(struct journal *j, struct record_call *call, bool clear_chat, journal_done *done)
{
	call_begin_write(j, call->state, SETTLE_REST, parse_written, done);
	call_text(call->state, clear_chat ? "t" : "f");
	call_send(call->state, CALL_BATCH_DEADLINE_MS);
}
