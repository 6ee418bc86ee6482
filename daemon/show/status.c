/* status: a table of all pools that the journal or the web app knows. */
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
#include "show/print.h"

enum {
	LOOKED_INTO_MAX = 24, /* each costs about ten questions; what is more is told by explain */
	CHUNK = RPC_ACCOUNTS_MAX - 1,
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
};

/* ---- the journal's list ---- */

static const char POOLS[] = "SELECT coalesce(d.app_id, p.id, 0), coalesce(d.address, p.pool_address), d.pool_id, "
			    "coalesce(d.status, 0), coalesce(d.over, "
			    "p.status IN ('ended', 'cancelled', 'closed')), coalesce(d.total_amount, 0), "
			    "coalesce(d.decimals, 255), p.token_symbol"
			    " FROM keeper.draws d FULL JOIN public.pools p ON p.id = d.app_id"
			    " WHERE d.address IS NOT NULL OR p.pool_address IS NOT NULL"
			    " ORDER BY 5, 1, 3";

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
	view->kind = !a->exists                                                ? VIEW_MISSING
	             : !pubkey_equal(&a->owner, &ADDRESS_ML)                   ? VIEW_FOREIGN
	             : pool_decode(&view->pool, a->data, a->len) != ACCOUNT_OK ? VIEW_BAD
	             : line->seen && view->pool.pool_id != line->pool.pool_id  ? VIEW_OTHER_DRAW
	                                                                       : VIEW_POOL;
	if (view->kind != VIEW_POOL)
		return;
	line->status = view->pool.status;
	if (view->pool.status < POOL_ENDED)
		line->total_amount = view->pool.total_amount;
}

/* The lines from `first` on that are not over, as many as one call takes. Returns where it stopped. */
static size_t read_chunk(struct listing *l, size_t first)
{
	struct pubkey keys[RPC_ACCOUNTS_MAX];
	size_t at[RPC_ACCOUNTS_MAX], n = 0, i = first;
	const struct rpc_accounts *got;
	struct clock_sysvar clock;

	for (; i < l->n && n < CHUNK; i++)
		if (!l->line[i].over) {
			at[n] = i;
			keys[n++] = l->line[i].pool.address;
		}
	if (n == 0)
		return i;
	keys[n] = ADDRESS_CLOCK;
	got = ask_accounts(l->s, keys, n + 1, CONFIRMED);
	if (!got || !clock_decode(&clock, got->account[n].data, got->account[n].len))
		return l->n;
	l->chain_s = clock.unix_time;
	for (size_t k = 0; k < n; k++)
		see(&l->line[at[k]], &got->account[k], got->at, clock.unix_time);
	return i;
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

	if (line->over || !line->decided)
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

static void show_pools(const struct listing *l)
{
	static const char *const columns[] = { "id", "address", "token", "state", "waits_for", "next", "when", "pot" };
	struct out *out = l->s->out;

	out_section(out, "pools");
	out_table(out, "list", columns, 8);
	for (size_t i = 0; i < l->n; i++)
		show_line(out, &l->line[i]);
	out_table_end(out);
}

static void show_sum(const struct listing *l)
{
	struct out *out = l->s->out;
	size_t over = 0;
	char time[TIME_TEXT];

	for (size_t i = 0; i < l->n; i++)
		over += l->line[i].over ? 1 : 0;
	out_section(out, "summary");
	out_field(out, "pools", NULL, "%zu, %zu of them over", l->n, over);
	if (l->chain_s != 0)
		out_field(out, "chain_time", NULL, "%s", print_time(time, l->chain_s));
	if (l->keeper.lease_valid)
		out_field(out, "daemon", NULL, "%s holds the lease", l->keeper.owner);
	else if (l->keeper_known)
		out_mood_field(out, OUT_WARN, "daemon", NULL, "nobody holds the lease: no daemon is running");
	if (l->not_looked_into > 0)
		out_field(out, "not_looked_into", NULL, "%zu pools that are due: ask explain", l->not_looked_into);
}

static void read_keeper(struct listing *l)
{
	struct facts facts;

	facts_begin(l->s, &facts);
	facts_read_record(l->s, &(struct show_pool){ .address = ADDRESS_ML }, &facts);
	l->keeper = facts.keeper;
	l->keeper_known = facts.journal;
}

int show_status(struct show *s)
{
	struct listing l = { .s = s };

	if (ask_rows(s, POOLS, NULL, 0, take_lines, &l)) {
		read_keeper(&l);
		for (size_t i = 0; i < l.n;)
			i = read_chunk(&l, i);
		for (size_t i = 0; i < l.n; i++)
			decide_line(&l, &l.line[i]);
		show_pools(&l);
		show_sum(&l);
	}
	free(l.line);
	return show_missing(s, "");
}
