/* Decides what to do next about a draw whose stakes are in Postgres. Every doubt waits, and at D the wait is over: a default. */
#include "core/offchain.h"

#include "base/crypto.h"

enum { STATEMENT_BASE_MS = 1000, STATEMENT_MAX_MS = 60000, REFUSED_BASE_MS = 60000, REFUSED_MAX_MS = 3600000 };
enum { LOOK_MS = 1000, LOOK_MAX_MS = 15000 };

const char *offchain_state_name(enum offchain_state state)
{
	static const char *const names[OFFCHAIN_STATES] = { "locked", "drawn", "settled", "defaulted", "refunded" };

	return names[state];
}

void offchain_alpha(uint8_t out[ALPHA_SIZE], const struct offchain_row *row)
{
	const struct alpha alpha = { .draw = row->draw,
		.n = row->n,
		.total_weight = row->total_weight,
		.root = row->root,
		.rules = row->rules,
		.slot = row->block_slot,
		.blockhash = row->blockhash,
		.round = row->round,
		.signature = row->signature };

	alpha_bytes(out, &alpha);
}

void offchain_beacon_beta(struct ecvrf_beta *out, const uint8_t alpha[ALPHA_SIZE])
{
	const struct bytes part = { alpha, ALPHA_SIZE };

	crypto_sha512(out->b, &part, 1);
}

int64_t offchain_now_ms(const struct offchain_facts *f)
{
	return f->row.now_ms + (int64_t)(f->around->now_ms - f->row_ms);
}

static struct offchain_action wait_until(enum reason reason, uint64_t until_ms)
{
	return (struct offchain_action){ .act = OFFCHAIN_WAIT, .reason = reason, .until_ms = until_ms };
}

static struct offchain_action act(enum offchain_act kind)
{
	return (struct offchain_action){ .act = kind };
}

/* A statement that was not answered is tried again soon; one that was refused after a minute, then twice as late each time. */
static struct offchain_action state_it(const struct offchain_facts *f, enum offchain_act kind)
{
	const uint64_t base = f->refused ? REFUSED_BASE_MS : STATEMENT_BASE_MS;
	const uint64_t max = f->refused ? REFUSED_MAX_MS : STATEMENT_MAX_MS;

	if (attempts_ready(&f->statement, f->around->now_ms, base, max))
		return act(kind);
	return wait_until(
		f->refused ? WAIT_OFFCHAIN_HALTED : WAIT_OFFCHAIN_RETRY, attempts_next_ms(&f->statement, base, max));
}

/* What runs a statement of its source. One that is slow does not hold up the other sources. */
static struct offchain_action run_source(const struct offchain_facts *f, enum offchain_act kind)
{
	const struct offchain_action a = state_it(f, kind);

	if (a.act == OFFCHAIN_WAIT ||
		attempts_ready(&f->source, f->around->now_ms, OFFCHAIN_SOURCE_BASE_MS, OFFCHAIN_SOURCE_MAX_MS))
		return a;
	return wait_until(
		WAIT_OFFCHAIN_SOURCE, attempts_next_ms(&f->source, OFFCHAIN_SOURCE_BASE_MS, OFFCHAIN_SOURCE_MAX_MS));
}

static struct offchain_action ask(
	const struct offchain_facts *f, const struct attempts *asked, enum offchain_act kind, enum reason reason)
{
	if (attempts_ready(asked, f->around->now_ms, LOOK_MS, LOOK_MAX_MS))
		return act(kind);
	return wait_until(reason, attempts_next_ms(asked, LOOK_MS, LOOK_MAX_MS));
}

bool offchain_clocks_agree(int64_t database_ms, int64_t chain_ms)
{
	const int64_t apart_ms = database_ms < chain_ms ? chain_ms - database_ms : database_ms - chain_ms;

	return database_ms != 0 && chain_ms != 0 && apart_ms <= OFFCHAIN_CLOCKS_S * 1000;
}

static bool deadline_passed(const struct offchain_facts *f)
{
	return offchain_now_ms(f) >= f->row.deadline_s * 1000 && !(f->row.beacon && f->row.beacon_known);
}

static bool may_default(const struct offchain_facts *f)
{
	return deadline_passed(f) && offchain_clocks_agree(offchain_now_ms(f), f->chain_ms);
}

/* A memo that is out may yet turn out to have been in time. */
bool offchain_wants_anchor(const struct offchain_facts *f)
{
	const struct offchain_row *row = &f->row;

	return row->state == OFFCHAIN_LOCKED && !row->anchored && signature_is_zero(&row->memo) &&
	       f->tip.confirmed_slot.n < row->slot.n + OFFCHAIN_ANCHOR_SETTLED && !may_default(f);
}

static struct offchain_action anchor(const struct offchain_facts *f)
{
	const struct offchain_row *row = &f->row;

	if (!signature_is_zero(&row->memo) && row->memo_slot.n < row->slot.n)
		return state_it(f, OFFCHAIN_NOTE_ANCHOR);
	return wait_until(offchain_wants_anchor(f) ? WAIT_OFFCHAIN_ANCHOR : WAIT_OFFCHAIN_ANCHOR_LATE,
		f->around->now_ms + LOOK_MS);
}

static struct offchain_action block(const struct offchain_facts *f)
{
	static const enum reason reasons[] = { [BLOCK_UNSEEN] = WAIT_OFFCHAIN_SLOT,
		[BLOCK_BY_ONE_NODE] = WAIT_OFFCHAIN_ONE_NODE,
		[BLOCK_NODES_DIFFER] = WAIT_OFFCHAIN_NODES_DIFFER };

	/* Without a VRF who waits for the round and then names the block names the winner. */
	if (f->row.beacon && f->witnesses < 2)
		return wait_until(WAIT_OFFCHAIN_WITNESS, f->around->now_ms + LOOK_MS);
	if (f->block_found)
		return state_it(f, OFFCHAIN_NOTE_BLOCK);
	if (f->tip.finalized_slot.n < f->row.slot.n)
		return wait_until(WAIT_OFFCHAIN_SLOT, f->around->now_ms + LOOK_MS);
	return ask(f, &f->block, OFFCHAIN_READ_BLOCK, reasons[f->block_sight]);
}

static struct offchain_action beacon(const struct offchain_facts *f)
{
	const int64_t left_ms = f->row.due_s * 1000 - offchain_now_ms(f);

	if (f->beacon_found)
		return state_it(f, OFFCHAIN_NOTE_BEACON);
	if (left_ms > 0)
		return wait_until(WAIT_OFFCHAIN_ROUND, f->around->now_ms + (uint64_t)left_ms);
	return ask(f, &f->beacon, OFFCHAIN_ASK_BEACON, WAIT_OFFCHAIN_RELAYS);
}

static struct offchain_action draw(const struct offchain_facts *f)
{
	if (f->row.n >= OFFCHAIN_LARGE && f->bound)
		return wait_until(WAIT_DRAWS_FIRST, f->around->now_ms + LOOK_MS);
	return state_it(f, f->picked ? OFFCHAIN_DRAW : OFFCHAIN_READ_ENTRIES);
}

static struct offchain_action toward_beta(const struct offchain_facts *f)
{
	if (!f->row.anchored)
		return anchor(f);
	if (f->row.block_slot.n == 0)
		return block(f);
	if (!f->row.beacon_known)
		return beacon(f);
	if (!f->row.beacon && !f->has_key)
		return wait_until(WAIT_OFFCHAIN_KEY, f->around->now_ms + LOOK_MS);
	return state_it(f, OFFCHAIN_PROVE);
}

/* While the clocks differ nobody knows whether D is past, and the proof may still come. */
static struct offchain_action locked(const struct offchain_facts *f)
{
	struct offchain_action a;

	if (f->row.beta_known)
		return draw(f);
	if (may_default(f))
		return state_it(f, OFFCHAIN_DEFAULT);
	a = toward_beta(f);
	if (a.act == OFFCHAIN_WAIT && deadline_passed(f))
		return wait_until(WAIT_OFFCHAIN_CLOCKS, f->around->now_ms + LOOK_MS);
	return a;
}

struct offchain_action decide_offchain(const struct offchain_facts *f)
{
	const enum offchain_state state = f->row.state;

	if (state == OFFCHAIN_SETTLED || state == OFFCHAIN_REFUNDED)
		return wait_until(WAIT_OVER, 0);
	if (!f->around->leader)
		return wait_until(WAIT_NOT_THE_LEADER, 0);
	if (f->around->stopping)
		return wait_until(WAIT_STOPPING, 0);
	if (f->to_tell)
		return act(OFFCHAIN_TELL_HALT);
	if (state == OFFCHAIN_LOCKED)
		return locked(f);
	if (!f->source_known)
		return wait_until(WAIT_OFFCHAIN_NO_SOURCE, f->around->now_ms + LOOK_MS);
	return run_source(f, state == OFFCHAIN_DRAWN ? OFFCHAIN_SETTLE : OFFCHAIN_REFUND);
}

int offchain_order(const struct offchain_facts *a, const struct offchain_facts *b)
{
	const bool slow_a = a->source.failures > 0, slow_b = b->source.failures > 0;

	if (slow_a != slow_b)
		return slow_a ? 1 : -1;
	return a->row.deadline_s < b->row.deadline_s ? -1 : a->row.deadline_s > b->row.deadline_s;
}

/* ---- lock ---- */

struct offchain_terms offchain_terms_of(struct slot confirmed, int64_t now_ms, unsigned allowance_s)
{
	const uint64_t ahead = OFFCHAIN_ANCHOR_SLOTS + (uint64_t)allowance_s * OFFCHAIN_SLOTS_PER_S;
	const int64_t slot_s = (int64_t)(ahead * 2 + 4) / 5; /* 0.4 s each */
	const int64_t slow_s = slot_s + DRAND_AFTER_BLOCK_S, plain_s = (int64_t)allowance_s + OFFCHAIN_BEACON_S;
	const int64_t earliest_s = (now_ms + 999) / 1000 + (slow_s > plain_s ? slow_s : plain_s);
	const uint64_t since = (uint64_t)(earliest_s - DRAND_QUICKNET.genesis);
	const uint64_t first = (since + DRAND_QUICKNET.period_s - 1) / DRAND_QUICKNET.period_s + 1;

	return (struct offchain_terms){ .slot = { confirmed.n + ahead },
		.round = (first + OFFCHAIN_ROUND_GRID - 1) / OFFCHAIN_ROUND_GRID * OFFCHAIN_ROUND_GRID };
}

/* Last the nodes: they are asked only for what could be locked at once. */
enum reason offchain_may_lock(const struct offchain_lock_facts *f)
{
	if (!f->tip_fresh)
		return WAIT_NODES_SILENT;
	/* Until the wallet's list is read, a lock may be on the chain that a restored database has forgotten. */
	if (!f->around->audit_clear)
		return WAIT_OFFCHAIN_AUDIT;
	if (!f->can_anchor)
		return WAIT_WALLET_LOW;
	if (!offchain_clocks_agree(f->database_ms, f->chain_ms))
		return WAIT_OFFCHAIN_CLOCKS;
	if (!f->has_room)
		return WAIT_OFFCHAIN_ROOM;
	if (!attempts_ready(&f->source, f->around->now_ms, OFFCHAIN_SOURCE_BASE_MS, OFFCHAIN_SOURCE_MAX_MS))
		return WAIT_OFFCHAIN_SOURCE;
	if (!attempts_ready(&f->tried, f->around->now_ms, OFFCHAIN_SOURCE_BASE_MS, OFFCHAIN_SOURCE_MAX_MS))
		return WAIT_OFFCHAIN_NOT_LOCKED;
	return f->nodes_show ? WAIT_NONE : WAIT_OFFCHAIN_NODES;
}

bool offchain_waits_for_all(enum reason reason)
{
	return reason == WAIT_NODES_SILENT || reason == WAIT_OFFCHAIN_AUDIT || reason == WAIT_WALLET_LOW ||
	       reason == WAIT_OFFCHAIN_CLOCKS || reason == WAIT_OFFCHAIN_NODES;
}

/* ---- anchor ---- */

static bool is_final(const struct rows *rows)
{
	return rows->n > 0 && rows->row[rows->n - 1].state == ROW_FINAL;
}

struct action decide_anchor(const struct anchor_facts *f)
{
	struct action a = chore_settle(&f->chore);

	if (a.kind != ACT_NONE)
		return a;
	if (is_final(&f->chore.own.settle.rows))
		return action_wait(WAIT_OVER);
	if (f->confirmed.n + OFFCHAIN_ANCHOR_LEAD >= f->before.n)
		return action_wait(WAIT_OFFCHAIN_ANCHOR_LATE);
	a = chore_look(&f->chore);
	return a.kind != ACT_NONE ? a : chore_step(&f->chore, STEP_ANCHOR);
}
