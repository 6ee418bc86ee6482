/* status: a table of the pools that the journal or the web app knows: all that are not over, and the newest that are; then the
 * draws of the database (status_draws.c). */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "core/address.h"
#include "core/base58.h"
#include "core/clock.h"
#include "io/loop.h"
#include "journal/call.h"
#include "show/commands.h"
#include "show/next.h"
#include "show/offchain.h"
#include "show/print.h"

enum {
	LOOKED_INTO_MAX = 24, /* each costs about ten questions; what is more is told by explain */
	CHUNK = RPC_ACCOUNTS_MAX - 1,
	OVER_SHOWN = 20,
	OVER_MAX = 1000000, /* with --all: what a table holds */
	PAGE = 1000,        /* rows that one statement looks at, however few it shows */
	NAME_TEXT = 24,
};

struct line {
	struct show_pool pool;
	bool seen; /* the journal has it */
	bool over, read;
	enum pool_status status;
	uint64_t total_amount;
	unsigned decimals;
	char name[NAME_TEXT];
	struct pool_view view; /* with .read */
	struct next next;
	bool decided;
};
struct listing {
	struct show *s;
	struct line *line;
	size_t n;
	struct keeper_record keeper;
	bool keeper_known;
	int64_t chain_s;
	unsigned looked_into;
	size_t not_looked_into;
	/* Those that are over, which are shown as they are read. */
	bool of_journal; /* what is read now is keeper.draws; else the web app's rows */
	int page_rows;
	int64_t before; /* the key of the last one */
	size_t over_shown;
	bool over_cut;
};

/* ---- the journal's list ---- */

#define LINE                                                                                                          \
	"SELECT coalesce(d.app_id, p.id, 0), coalesce(d.address, p.pool_address), d.pool_id, coalesce(d.status, 0), " \
	"coalesce(d.over, p.status IN ('ended', 'cancelled', 'closed')), coalesce(d.total_amount, 0), "               \
	"coalesce(d.decimals, 255), p.token_symbol"

/* What is not over, found by indexes: what is over grows for ever. "NOT IN" of three words as ranges, for the same reason. */
static const char NOT_OVER[] = LINE
	" FROM keeper.draws d LEFT JOIN public.pools p ON p.id = d.app_id WHERE NOT d.over"
	" UNION ALL " LINE " FROM public.pools p LEFT JOIN keeper.draws d ON d.app_id = p.id"
	" WHERE d.draw IS NULL AND p.pool_address IS NOT NULL AND (p.status < 'cancelled' OR p.status > 'ended'"
	" OR (p.status > 'cancelled' AND p.status < 'closed') OR (p.status > 'closed' AND p.status < 'ended'))"
	" ORDER BY 1, 3";
/* Pages, newest first: of the journal in the order in which it saw them, of the web app by number. */
static const char OVER_IN_JOURNAL[] = LINE
	", d.no FROM (SELECT * FROM keeper.draws WHERE no < $1::bigint ORDER BY no DESC LIMIT $2) d"
	" LEFT JOIN public.pools p ON p.id = d.app_id ORDER BY d.no DESC";
static const char OVER_IN_APP[] = LINE
	", p.id FROM (SELECT * FROM public.pools WHERE id < $1::bigint ORDER BY id DESC LIMIT $2) p"
	" LEFT JOIN keeper.draws d ON d.app_id = p.id ORDER BY p.id DESC";

static bool take_line(struct line *line, const struct db_result *r, int i)
{
	const char *address = db_get(r, i, 1), *pool_id = db_get(r, i, 2), *name = db_get(r, i, 7);
	int64_t app_id;
	uint64_t status, decimals;

	*line = (struct line){ .seen = pool_id != NULL };
	if (!address || !base58_to_pubkey(&line->pool.address, address, strlen(address)) ||
		!call_parse_i64(db_get(r, i, 0), &app_id) || !call_parse_u64(db_get(r, i, 3), &status) ||
		!call_parse_bool(db_get(r, i, 4), &line->over) ||
		!call_parse_u64(db_get(r, i, 5), &line->total_amount) || !call_parse_u64(db_get(r, i, 6), &decimals))
		return false;
	line->pool.app_id = (int32_t)app_id;
	line->pool.has_pool_id = pool_id && call_parse_u64(pool_id, &line->pool.pool_id);
	line->status = (enum pool_status)status;
	line->decimals = (unsigned)decimals;
	snprintf(line->name, sizeof line->name, "%s", name ? name : "-");
	return true;
}

static void take_lines(void *owner, const struct db_result *r)
{
	struct listing *l = owner;

	l->line = calloc((size_t)db_rows(r) + 1, sizeof *l->line);
	if (!l->line)
		abort();
	for (int i = 0; i < db_rows(r); i++)
		if (take_line(&l->line[l->n], r, i))
			l->n++;
}

/* ---- the chain's states ---- */

static void see(struct line *line, const struct rpc_account *a, struct slot at, int64_t chain_s)
{
	struct pool_view *view = &line->view;

	line->read = true;
	*view = (struct pool_view){ .at = at, .chain_s = chain_s, .read_ms = loop_mono_ms() };
	pool_view_take(view, a->exists ? &a->owner : NULL, a->data, a->len, line->seen ? &line->pool.pool_id : NULL);
	if (view->kind != VIEW_POOL)
		return;
	line->status = view->pool.status;
	if (view->pool.status < POOL_ENDED)
		line->total_amount = view->pool.total_amount;
}

/* The lines from `first` on, as many as one call takes. Returns where it stopped. */
static size_t read_chunk(struct listing *l, size_t first)
{
	const size_t n = l->n - first < CHUNK ? l->n - first : CHUNK;
	struct pubkey keys[RPC_ACCOUNTS_MAX];
	const struct rpc_accounts *got;
	struct clock_sysvar clock;

	for (size_t i = 0; i < n; i++)
		keys[i] = l->line[first + i].pool.address;
	keys[n] = ADDRESS_CLOCK;
	got = ask_accounts(l->s, keys, n + 1, CONFIRMED);
	if (!got || !clock_decode(&clock, got->account[n].data, got->account[n].len))
		return l->n;
	l->chain_s = clock.unix_time;
	for (size_t i = 0; i < n; i++)
		see(&l->line[first + i], &got->account[i], got->at, clock.unix_time);
	return first + n;
}

/* ---- what each waits for ---- */

/* Most pools are open, or locked and not near: then the pool account alone decides, and no step of ours is out. */
static bool decided_by_account(struct listing *l, struct line *line)
{
	const struct pool_view *view = &line->view;
	struct facts facts;

	if (view->kind == VIEW_POOL && (view->pool.status > POOL_LOCKED && view->pool.status < POOL_CANCELLED))
		return false;
	facts_begin(l->s, &facts);
	facts.draw.view = *view;
	facts.around.chain_s = view->chain_s;
	facts.keeper = l->keeper;
	if (view->kind == VIEW_POOL)
		facts_choose_wallets(&facts);
	facts.action = decide_draw(&facts.draw);
	line->decided = facts.action.kind == ACT_WAIT || facts.action.kind == ACT_HALT;
	if (line->decided)
		next_of(&line->next, &facts);
	return line->decided;
}

static void look_into(struct listing *l, struct line *line)
{
	struct facts facts;

	if (l->looked_into >= LOOKED_INTO_MAX) {
		l->not_looked_into++;
		return;
	}
	l->looked_into++;
	facts_read(l->s, &line->pool, &facts);
	line->decided = facts.decided;
	if (facts.draw.accounts.decimals_known)
		line->decimals = facts.draw.accounts.decimals;
	if (facts.decided)
		next_of(&line->next, &facts);
}

static void decide_line(struct listing *l, struct line *line)
{
	if (line->read && !decided_by_account(l, line))
		look_into(l, line);
}

/* ---- the table ---- */

static enum out_mood mood_of(const struct line *line)
{
	static const enum out_mood MOOD[] = { OUT_PLAIN, OUT_WARN, OUT_BAD };

	if (!line->decided)
		return OUT_PLAIN;
	if (line->next.reason == WAIT_NONE)
		return OUT_GOOD;
	return MOOD[REASONS[line->next.reason].level];
}

static void cell_of_step(struct out *out, const struct line *line)
{
	const char *colon = strchr(line->next.step, ':');

	if (!line->decided)
		out_cell(out, "-");
	else
		out_cell(out, "%.*s", colon ? (int)(colon - line->next.step) : NAME_TEXT, line->next.step);
}

static const char *wait_of(const struct line *line)
{
	if (line->over)
		return "OVER";
	if (!line->decided)
		return line->read ? "see explain" : "-";
	return line->next.reason == WAIT_NONE ? "-" : REASONS[line->next.reason].name;
}

static void show_line(struct out *out, const struct line *line)
{
	char key[PUBKEY_TEXT], amount[AMOUNT_TEXT];

	out_row_mood(out, mood_of(line));
	if (line->pool.app_id > 0)
		out_cell(out, "%" PRId32, line->pool.app_id);
	else
		out_cell(out, "-");
	out_cell(out, "%s", print_key(key, &line->pool.address));
	out_cell(out, "%s", line->name);
	out_cell(out, "%s", line->seen || line->read ? pool_status_name(line->status) : "unseen");
	out_cell(out, "%s", wait_of(line));
	cell_of_step(out, line);
	out_cell(out, "%s", line->decided && line->next.when[0] ? line->next.when : "-");
	if (line->decimals > 18)
		out_cell(out, "%" PRIu64 " base units", line->total_amount);
	else
		out_cell(out, "%s", print_amount(amount, line->total_amount, line->decimals));
}

/* ---- what is over ---- */

static void take_over(void *owner, const struct db_result *r)
{
	struct listing *l = owner;
	const size_t max = l->s->config->all ? OVER_MAX : OVER_SHOWN;
	struct line line;

	l->page_rows = db_rows(r);
	for (int i = 0; i < db_rows(r); i++) {
		if (!call_parse_i64(db_get(r, i, 8), &l->before))
			l->page_rows = 0;
		if (!take_line(&line, r, i) || !line.over || line.seen != l->of_journal)
			continue;
		if (l->over_shown == max) {
			l->over_cut = true;
			return;
		}
		l->over_shown++;
		show_line(l->s->out, &line);
	}
}

static void show_over(struct listing *l, const char *sql, bool of_journal)
{
	char before[24], page[24];
	const char *const params[] = { before, page };

	l->of_journal = of_journal;
	l->before = INT64_MAX;
	snprintf(page, sizeof page, "%d", PAGE);
	do {
		snprintf(before, sizeof before, "%" PRId64, l->before);
		l->page_rows = 0;
		(void)ask_rows(l->s, sql, params, 2, take_over, l);
	} while (l->page_rows == PAGE && !l->over_cut);
}

/* ---- together ---- */

static void show_pools(struct listing *l)
{
	static const char *const columns[] = { "id", "address", "token", "state", "waits_for", "next", "when", "pot" };
	struct out *out = l->s->out;

	out_section(out, "pools");
	out_table(out, "list", columns, 8);
	for (size_t i = 0; i < l->n; i++)
		show_line(out, &l->line[i]);
	show_over(l, OVER_IN_JOURNAL, true);
	if (!l->over_cut)
		show_over(l, OVER_IN_APP, false);
	out_table_end(out);
}

static void show_sum(const struct listing *l)
{
	struct out *out = l->s->out;
	char time[TIME_TEXT];

	out_section(out, "summary");
	out_field(out, "pools", NULL, "%zu that are not over, %zu that are", l->n, l->over_shown);
	if (l->over_cut)
		out_field(out, "left_out", NULL, "all that are over but the newest %zu: %s", l->over_shown,
			l->s->config->all ? "ask explain" : "status --all shows them, explain one of them");
	if (l->chain_s != 0)
		out_field(out, "chain_time", NULL, "%s", print_time(time, l->chain_s));
	if (l->keeper.lease_valid)
		out_field(out, "daemon", NULL, "%s holds the lease", l->keeper.owner);
	else if (l->keeper_known)
		out_mood_field(out, OUT_WARN, "daemon", NULL, "nobody holds the lease: no daemon is running");
	if (l->not_looked_into > 0)
		out_field(out, "not_looked_into", NULL, "%zu pools that are due: ask explain", l->not_looked_into);
}

int show_status(struct show *s)
{
	struct listing l = { .s = s };

	if (ask_rows(s, NOT_OVER, NULL, 0, take_lines, &l)) {
		l.keeper_known = facts_read_keeper(s, &l.keeper);
		for (size_t i = 0; i < l.n;)
			i = read_chunk(&l, i);
		for (size_t i = 0; i < l.n; i++)
			decide_line(&l, &l.line[i]);
		show_pools(&l);
		show_status_draws(s);
		show_sum(&l);
	}
	free(l.line);
	return show_missing(s, "");
}
