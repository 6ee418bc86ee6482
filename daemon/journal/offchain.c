/* The verbs of migrations/V020, and what they answer (V021). */
#include "journal/offchain.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base58.h"
#include "journal/call.h"

/* A verb's limit is the role's own statement_timeout: 65 s, or what the operator gave it for large draws. This one is for a server
 * that is gone. */
enum { LOOK_DEADLINE_MS = 20000, VERB_DEADLINE_MS = 610000 };

/* OFFCHAIN_COLUMNS, in their order. */
enum {
	COL_DRAW,
	COL_SEQ,
	COL_SOURCE,
	COL_SOURCE_KEY,
	COL_TYPE,
	COL_STATE,
	COL_RANDOMNESS,
	COL_SELECT_MODE,
	COL_N,
	COL_TOTAL_WEIGHT,
	COL_ROOT,
	COL_RULES_HASH,
	COL_HASH,
	COL_VRF_KEY,
	COL_SLOT,
	COL_DEADLINE_S,
	COL_NOW_MS,
	COL_PRIZES,
	COL_ALTERNATES,
	COL_HALTED_WHY,
	COL_ANCHORED,
	COL_MEMO_SIG,
	COL_MEMO_SLOT,
	COL_MEMO_WALLET,
	COL_BLOCK_SLOT,
	COL_BLOCKHASH,
	COL_ROUND,
	COL_DUE_S,
	COL_DRAND_SIGNATURE,
	COL_BETA,
	COL_DEFAULT_WHY,
	COL_KIND = OFFCHAIN_COLUMNS_N,
	COL_DUE_TYPE,
	COL_DUE_KEY,
	COL_WHY,
	COL_NOW
};
_Static_assert(COL_DEFAULT_WHY + 1 == OFFCHAIN_COLUMNS_N, "each column has its place");
#define FACTS "SELECT " OFFCHAIN_COLUMNS " FROM "
#define OF " AS d CROSS JOIN LATERAL keeper.offchain_facts(d) AS f"
static const char WORK[] =
	"SELECT " OFFCHAIN_COLUMNS
	",w.kind,w.type,w.source_key,w.why,floor(extract(epoch FROM clock_timestamp())*1000)::bigint"
	" FROM keeper.offchain_work($1,$2,$3,$4) AS w LEFT JOIN keeper.offchain_draws d ON d.draw=w.draw"
	" LEFT JOIN LATERAL keeper.offchain_facts(d) AS f ON d.draw IS NOT NULL";

static const char LOCK[] = FACTS "keeper.offchain_lock($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11)" OF;
static const char ANCHOR[] = FACTS "keeper.offchain_anchor($1,$2,$3,$4,$5)" OF;
static const char BLOCK[] = FACTS "keeper.offchain_block($1,$2,$3,$4,$5,$6)" OF;
static const char BEACON[] = FACTS "keeper.offchain_beacon($1,$2,$3,$4,$5)" OF;
static const char PROVE[] = FACTS "keeper.offchain_prove($1,$2,$3,$4,$5)" OF;
static const char DRAW[] = FACTS "keeper.offchain_draw($1,$2,$3,$4,$5,$6)" OF;
static const char SETTLE[] = FACTS "keeper.offchain_settle($1,$2,$3)" OF;
static const char DEFAULT[] = FACTS "keeper.offchain_default($1,$2,$3)" OF;
static const char REFUND[] = FACTS "keeper.offchain_refund($1,$2,$3)" OF;
static const char HALT[] = FACTS "keeper.offchain_halt($1,$2,$3)" OF;
static const char ENTRIES[] =
	"SELECT string_agg(e.participant || int8send((CASE WHEN e.weight >= 9223372036854775808"
	" THEN e.weight - 18446744073709551616 ELSE e.weight END)::bigint), ''::bytea ORDER BY e.entry)"
	" FROM keeper.offchain_entries e WHERE e.draw = $1 AND e.entry >= $2::bigint AND e.entry < $2::bigint + "
	"$3::bigint";

void offchain_call_init(struct offchain_call *call)
{
	memset(call, 0, sizeof *call);
	call->state = call_state_new(&call->task);
}

void offchain_call_fini(struct offchain_call *call)
{
	call_state_free(call->state);
	call->state = NULL;
	free(call->piece);
	call->piece = NULL;
}

/* ---- answers ---- */

/* One row being read: false stays false. */
struct reader {
	const struct db_result *r;
	int row;
	bool ok;
};

static const char *field(const struct reader *in, int col)
{
	return db_get(in->r, in->row, col);
}

static void read_text(struct reader *in, int col, char *out, size_t size)
{
	const char *text = field(in, col);

	(void)snprintf(out, size, "%s", text ? text : "");
}

static void read_u64(struct reader *in, int col, uint64_t *out)
{
	const char *text = field(in, col);

	*out = 0;
	in->ok = in->ok && (!text || call_parse_u64(text, out));
}

static void read_i64(struct reader *in, int col, int64_t *out)
{
	const char *text = field(in, col);

	*out = 0;
	in->ok = in->ok && (!text || call_parse_i64(text, out));
}

/* True: there is a value. */
static bool read_bytes(struct reader *in, int col, void *out, size_t size)
{
	size_t len = 0;

	memset(out, 0, size);
	if (!field(in, col))
		return false;
	in->ok = in->ok && db_bytea(in->r, in->row, col, out, size, &len) && len == size;
	return in->ok;
}

static int hex_digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool read_id(const char *text, struct offchain_row *row)
{
	size_t n = 0;

	if (!text || strlen(text) != OFFCHAIN_ID_TEXT - 1)
		return false;
	memcpy(row->id, text, OFFCHAIN_ID_TEXT);
	for (const char *at = text; *at; at++) {
		const int digit = hex_digit(*at);

		if (*at == '-')
			continue;
		if (digit < 0 || n == 2 * DRAW_ID_SIZE)
			return false;
		row->draw.b[n / 2] = (uint8_t)(row->draw.b[n / 2] << 4 | digit);
		n++;
	}
	return n == 2 * DRAW_ID_SIZE;
}

static bool read_state(const char *text, enum offchain_state *out)
{
	for (unsigned i = 0; text && i < OFFCHAIN_STATES; i++) {
		*out = (enum offchain_state)i;
		if (strcmp(text, offchain_state_name(*out)) == 0)
			return true;
	}
	return false;
}

/* What was fixed at lock. */
static void read_lock(struct reader *in, struct offchain_row *row)
{
	uint64_t mode, prizes, alternates;
	const char *randomness = field(in, COL_RANDOMNESS);

	in->ok = read_id(field(in, COL_DRAW), row) && randomness;
	row->beacon = in->ok && strcmp(randomness, "beacon") == 0;
	read_u64(in, COL_SEQ, &row->seq);
	read_text(in, COL_SOURCE, row->source, sizeof row->source);
	read_text(in, COL_SOURCE_KEY, row->key, sizeof row->key);
	read_text(in, COL_TYPE, row->type, sizeof row->type);
	read_u64(in, COL_SELECT_MODE, &mode);
	read_u64(in, COL_N, &row->n);
	read_u64(in, COL_TOTAL_WEIGHT, &row->total_weight);
	(void)read_bytes(in, COL_ROOT, row->root.b, HASH_SIZE);
	(void)read_bytes(in, COL_RULES_HASH, row->rules.b, HASH_SIZE);
	(void)read_bytes(in, COL_HASH, row->hash.b, HASH_SIZE);
	(void)read_bytes(in, COL_VRF_KEY, row->vrf_key.b, PUBKEY_SIZE);
	read_u64(in, COL_SLOT, &row->slot.n);
	read_i64(in, COL_DEADLINE_S, &row->deadline_s);
	read_u64(in, COL_PRIZES, &prizes);
	read_u64(in, COL_ALTERNATES, &alternates);
	in->ok = in->ok && mode <= SELECT_ONE_PER_ENTRY && prizes + alternates <= OFFCHAIN_PICKS_MAX &&
	         row->n <= OFFCHAIN_ENTRIES_MAX;
	row->mode = (enum select_mode)mode;
	row->prizes = (uint32_t)prizes;
	row->alternates = (uint32_t)alternates;
}

/* What came later. */
bool offchain_read_row(const struct db_result *r, int i, struct offchain_row *row)
{
	struct reader in = { r, i, true };
	const char *memo;

	memset(row, 0, sizeof *row);
	read_lock(&in, row);
	memo = field(&in, COL_MEMO_SIG);
	in.ok = in.ok && read_state(field(&in, COL_STATE), &row->state) &&
	        call_parse_bool(field(&in, COL_ANCHORED), &row->anchored) &&
	        (!memo || base58_to_signature(&row->memo, memo, strlen(memo)));
	read_i64(&in, COL_NOW_MS, &row->now_ms);
	read_text(&in, COL_HALTED_WHY, row->halted, sizeof row->halted);
	read_text(&in, COL_DEFAULT_WHY, row->default_why, sizeof row->default_why);
	read_u64(&in, COL_MEMO_SLOT, &row->memo_slot.n);
	(void)read_bytes(&in, COL_MEMO_WALLET, row->memo_wallet.b, PUBKEY_SIZE);
	read_u64(&in, COL_BLOCK_SLOT, &row->block_slot.n);
	(void)read_bytes(&in, COL_BLOCKHASH, row->blockhash.b, HASH_SIZE);
	read_u64(&in, COL_ROUND, &row->round);
	read_i64(&in, COL_DUE_S, &row->due_s);
	row->beacon_known = read_bytes(&in, COL_DRAND_SIGNATURE, row->signature.b, DRAND_SIGNATURE_SIZE);
	row->beta_known = read_bytes(&in, COL_BETA, row->beta.b, ECVRF_BETA_SIZE);
	return in.ok;
}

static bool parse_draw(struct task *task, const struct db_result *r, const void **data)
{
	struct offchain_call *call = container_of(task, struct offchain_call, task);

	call->n = 1;
	*data = call;
	return db_rows(r) == 1 && offchain_read_row(r, 0, &call->row[0]);
}

static bool take_due(struct offchain_call *call, const struct db_result *r, int i)
{
	struct offchain_due *due = &call->due[call->n_due++];

	(void)snprintf(due->type, sizeof due->type, "%s", db_get(r, i, COL_DUE_TYPE));
	(void)snprintf(due->key, sizeof due->key, "%s", db_get(r, i, COL_DUE_KEY));
	return call_parse_i64(db_get(r, i, COL_NOW), &call->now_ms);
}

static bool parse_work(struct task *task, const struct db_result *r, const void **data)
{
	struct offchain_call *call = container_of(task, struct offchain_call, task);

	call->n = call->n_due = 0;
	call->fault[0] = '\0';
	for (int i = 0; i < db_rows(r); i++) {
		const char *kind = db_get(r, i, COL_KIND), *why = db_get(r, i, COL_WHY);

		if (!kind)
			return false;
		if (strcmp(kind, "draw") == 0 && call->n < OFFCHAIN_DRAWS_MAX &&
			!offchain_read_row(r, i, &call->row[call->n++]))
			return false;
		if (strcmp(kind, "due") == 0 && call->n_due < OFFCHAIN_DUE_MAX && !take_due(call, r, i))
			return false;
		if (strcmp(kind, "fault") == 0)
			(void)snprintf(call->fault, sizeof call->fault, "%s", why ? why : "it failed");
	}
	*data = call;
	return true;
}

static bool parse_entries(struct task *task, const struct db_result *r, const void **data)
{
	enum { SIZE = OFFCHAIN_PIECE * OFFCHAIN_ENTRY_SIZE };
	struct offchain_call *call = container_of(task, struct offchain_call, task);
	size_t len = 0;

	if (!call->piece)
		call->piece = malloc(SIZE);
	if (!call->piece)
		abort();
	call->piece_n = 0;
	*data = call;
	if (db_rows(r) != 1 || (db_get(r, 0, 0) && !db_bytea(r, 0, 0, call->piece, SIZE, &len)) ||
		len % OFFCHAIN_ENTRY_SIZE != 0)
		return false;
	call->piece_n = len / OFFCHAIN_ENTRY_SIZE;
	return true;
}

/* ---- statements ---- */

static void look(struct journal_call_state *s, unsigned max, const char *due, uint64_t after)
{
	call_u64(s, max);
	call_text(s, due);
	call_u64(s, OFFCHAIN_DUE_MAX);
	call_u64(s, after);
	call_send(s, LOOK_DEADLINE_MS);
}

void offchain_work(struct journal *j, struct offchain_call *call, journal_done *done)
{
	call_begin(j, call->state, WORK, parse_work, done);
	call_via(call->state, j->aside);
	look(call->state, OFFCHAIN_DRAWS_MAX, NULL, 0);
}

void offchain_ask_due(
	struct journal *j, struct offchain_call *call, const char *due, uint64_t after, journal_done *done)
{
	call_begin(j, call->state, WORK, parse_work, done);
	call_via(call->state, j->sources);
	look(call->state, 0, due, after);
}

static struct journal_call_state *begin_via(struct journal *j, struct db *db, struct offchain_call *call,
	const char *sql, const struct offchain_row *draw, journal_done *done)
{
	struct journal_call_state *s = call->state;

	call_begin_write(j, s, sql, parse_draw, done);
	call_via(s, db);
	if (draw)
		call_text(s, draw->id);
	return s;
}

static struct journal_call_state *begin(struct journal *j, struct offchain_call *call, const char *sql,
	const struct offchain_row *draw, journal_done *done)
{
	return begin_via(j, j->aside, call, sql, draw, done);
}

void offchain_lock(
	struct journal *j, struct offchain_call *call, const struct offchain_locking *locking, journal_done *done)
{
	struct journal_call_state *s = begin_via(j, j->sources, call, LOCK, NULL, done);

	call_text(s, locking->source);
	call_text(s, locking->key);
	call_text(s, locking->type);
	call_array_open(s);
	for (size_t i = 0; i < locking->n_vrf_keys; i++)
		call_item_bytes(s, locking->vrf_key[i].b, PUBKEY_SIZE);
	call_array_close(s);
	call_u64(s, locking->terms.slot.n);
	call_u64(s, locking->terms.round);
	call_text(s, locking->freeze);
	call_text(s, locking->entries);
	call_i64(s, locking->chain_s);
	call_u64(s, locking->witnesses);
	call_send(s, VERB_DEADLINE_MS);
}

void offchain_anchor(struct journal *j, struct offchain_call *call, const struct offchain_row *draw, journal_done *done)
{
	struct journal_call_state *s = begin(j, call, ANCHOR, draw, done);

	call_signature(s, &draw->memo);
	call_u64(s, draw->memo_slot.n);
	call_bytes(s, draw->memo_wallet.b, PUBKEY_SIZE);
	call_send(s, VERB_DEADLINE_MS);
}

void offchain_block(struct journal *j, struct offchain_call *call, const struct offchain_row *draw,
	const struct offchain_block *block, journal_done *done)
{
	struct journal_call_state *s = begin(j, call, BLOCK, draw, done);

	call_u64(s, block->slot.n);
	call_u64(s, block->parent.n);
	call_bytes(s, block->hash.b, HASH_SIZE);
	call_i64(s, block->time);
	call_send(s, VERB_DEADLINE_MS);
}

void offchain_beacon(struct journal *j, struct offchain_call *call, const struct offchain_row *draw,
	const struct drand_signature *signature, const char *checked_by, journal_done *done)
{
	struct journal_call_state *s = begin(j, call, BEACON, draw, done);

	call_u64(s, draw->round);
	call_bytes(s, signature->b, DRAND_SIGNATURE_SIZE);
	call_text(s, checked_by);
	call_send(s, VERB_DEADLINE_MS);
}

void offchain_prove(struct journal *j, struct offchain_call *call, const struct offchain_row *draw,
	const uint8_t alpha[ALPHA_SIZE], const struct ecvrf_proof *proof, const struct ecvrf_beta *beta,
	journal_done *done)
{
	struct journal_call_state *s = begin(j, call, PROVE, draw, done);

	call_bytes(s, alpha, ALPHA_SIZE);
	call_bytes(s, proof ? proof->b : NULL, proof ? ECVRF_PROOF_SIZE : 0);
	call_bytes(s, beta->b, ECVRF_BETA_SIZE);
	call_send(s, VERB_DEADLINE_MS);
}

enum pick_column { PICK_ATTEMPT, PICK_NUMBER, PICK_TOTAL, PICK_ENTRY, PICK_COLUMNS };

static uint64_t pick_value(const struct select_pick *pick, enum pick_column column)
{
	const uint64_t values[PICK_COLUMNS] = { pick->attempt, pick->number, pick->total, pick->entry };

	return values[column];
}

void offchain_draw(struct journal *j, struct offchain_call *call, const struct offchain_row *draw,
	const struct select_pick *pick, journal_done *done)
{
	struct journal_call_state *s = begin(j, call, DRAW, draw, done);

	for (unsigned column = 0; column < PICK_COLUMNS; column++) {
		call_array_open(s);
		for (uint32_t i = 0; i < draw->prizes + draw->alternates; i++) {
			if (pick[i].empty)
				call_item_text(s, NULL);
			else
				call_item_u64(s, pick_value(&pick[i], (enum pick_column)column));
		}
		call_array_close(s);
	}
	call_send(s, VERB_DEADLINE_MS);
}

static void run_source(struct journal *j, struct offchain_call *call, const char *sql, const struct offchain_row *draw,
	const char *statement, journal_done *done)
{
	struct journal_call_state *s = begin_via(j, j->sources, call, sql, draw, done);

	call_text(s, statement);
	call_send(s, VERB_DEADLINE_MS);
}

void offchain_settle(struct journal *j, struct offchain_call *call, const struct offchain_row *draw,
	const char *statement, journal_done *done)
{
	run_source(j, call, SETTLE, draw, statement, done);
}

void offchain_refund(struct journal *j, struct offchain_call *call, const struct offchain_row *draw,
	const char *statement, journal_done *done)
{
	run_source(j, call, REFUND, draw, statement, done);
}

void offchain_default(struct journal *j, struct offchain_call *call, const struct offchain_row *draw, int64_t chain_s,
	journal_done *done)
{
	struct journal_call_state *s = begin(j, call, DEFAULT, draw, done);

	call_i64(s, chain_s);
	call_send(s, VERB_DEADLINE_MS);
}

void offchain_halt(struct journal *j, struct offchain_call *call, const struct offchain_row *draw, const char *why,
	journal_done *done)
{
	struct journal_call_state *s = begin(j, call, HALT, draw, done);

	call_text(s, why);
	call_send(s, VERB_DEADLINE_MS);
}

void offchain_entries(struct journal *j, struct offchain_call *call, const struct offchain_row *draw, uint64_t first,
	journal_done *done)
{
	struct journal_call_state *s = call->state;

	call_begin(j, s, ENTRIES, parse_entries, done);
	call_via(s, j->aside);
	call_text(s, draw->id);
	call_u64(s, first);
	call_u64(s, OFFCHAIN_PIECE);
	call_send(s, VERB_DEADLINE_MS);
}
