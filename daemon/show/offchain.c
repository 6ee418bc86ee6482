/* The daemon's decision about a draw of the database, made again here and put into words. */
#include "show/offchain.h"

#include <inttypes.h>

#include "core/address.h"
#include "core/clock.h"
#include "journal/call.h"
#include "show/print.h"

bool shown_draw_read(const struct db_result *r, int i, struct shown_draw *out)
{
	*out = (struct shown_draw){ .since_s = 0 };
	return offchain_read_row(r, i, &out->row) && call_parse_i64(db_get(r, i, OFFCHAIN_COLUMNS_N), &out->since_s);
}

bool ask_chain_now(struct show *s, struct shown_chain *out)
{
	struct rpc_epoch finalized, confirmed;
	const struct rpc_accounts *got;
	struct clock_sysvar clock;

	if (!ask_epoch(s, FINALIZED, &finalized) || !ask_epoch(s, CONFIRMED, &confirmed))
		return false;
	got = ask_accounts(s, &ADDRESS_CLOCK, 1, CONFIRMED);
	if (!got || !clock_decode(&clock, got->account[0].data, got->account[0].len))
		return false;
	*out = (struct shown_chain){ { finalized.slot, finalized.height, confirmed.slot, confirmed.height },
		clock.unix_time };
	return true;
}

static bool deadline_passed(const struct offchain_row *row)
{
	return row->now_ms >= row->deadline_s * 1000;
}

bool shown_draw_needs_chain(const struct shown_draw *d)
{
	return d->row.state == OFFCHAIN_LOCKED && !d->row.beta_known &&
	       (d->row.block_slot.n == 0 || deadline_passed(&d->row));
}

/* ---- the next step ---- */

static const char *step_of(const struct offchain_row *row, const struct offchain_action *a)
{
	if (row->state == OFFCHAIN_SETTLED || row->state == OFFCHAIN_REFUNDED)
		return "none";
	if (row->state == OFFCHAIN_DRAWN)
		return "settle: the source pays the winners, and the draw is closed";
	if (row->state == OFFCHAIN_DEFAULTED)
		return "refund: the source gives every stake back, and the draw is closed";
	if (a->act == OFFCHAIN_DEFAULT || a->reason == WAIT_OFFCHAIN_ANCHOR_LATE || a->reason == WAIT_OFFCHAIN_CLOCKS)
		return "default: at its deadline the draw is given up in public, then its stakes go back";
	if (row->beta_known)
		return "draw: daemon and database compute the winners";
	if (!row->anchored)
		return "anchor: a memo with the row's hash, in a slot before S";
	if (row->block_slot.n == 0)
		return "block: the first finalized one from slot S on";
	if (!row->beacon_known)
		return "beacon: drand's signature of its round";
	return row->beacon ? "prove: SHA-512 of what is known now" : "prove: the VRF's proof over what is known now";
}

static void when_at(struct next *out, const struct offchain_row *row, int64_t at_s, const char *what)
{
	char time[TIME_TEXT], span[SPAN_TEXT];

	snprintf(out->when, sizeof out->when, "%s%s, %s, by the database's clock", what, print_time(time, at_s),
		print_span(span, row->now_ms / 1000, at_s));
}

static void when_in_slots(struct next *out, const struct offchain_row *row, struct slot now, const char *what)
{
	const uint64_t left = row->slot.n > now.n ? row->slot.n - now.n : 0;

	snprintf(out->when, sizeof out->when, "%s slot %" PRIu64 ", %" PRIu64 " slots from now", what, row->slot.n,
		left);
}

static void when_of(struct next *out, const struct offchain_facts *f, const struct offchain_action *a)
{
	if (out->reason == WAIT_OFFCHAIN_CLOCKS)
		snprintf(out->when, sizeof out->when, "as soon as the two clocks agree within a minute");
	else if (out->reason == WAIT_NONE)
		snprintf(out->when, sizeof out->when, "now; a running daemon does it within a tick");
	else if (out->reason == WAIT_OVER)
		snprintf(out->when, sizeof out->when, "never: the draw is over");
	else if (out->reason == WAIT_OFFCHAIN_ANCHOR)
		when_in_slots(out, &f->row, f->tip.confirmed_slot, "before");
	else if (out->reason == WAIT_OFFCHAIN_SLOT)
		when_in_slots(out, &f->row, f->tip.finalized_slot, "when it is finalized:");
	else if (out->reason == WAIT_OFFCHAIN_ROUND)
		when_at(out, &f->row, f->row.due_s, "");
	else if (a->act == OFFCHAIN_WAIT || f->row.state == OFFCHAIN_LOCKED)
		when_at(out, &f->row, f->row.deadline_s,
			a->act == OFFCHAIN_WAIT ? "" : "when that has changed, at most until ");
	else
		snprintf(out->when, sizeof out->when, "a minute after it was halted, then twice as late each time");
}

/* ---- the decision ---- */

static void assume(struct shown_draw *d, const char *what)
{
	if (d->n_assumed < SHOWN_ASSUMED)
		d->assumed[d->n_assumed++] = what;
}

static void assume_for(struct shown_draw *d, enum offchain_act act)
{
	if (act == OFFCHAIN_READ_BLOCK)
		assume(d, "two nodes show the same block: only the daemon asks for it");
	if (act == OFFCHAIN_ASK_BEACON)
		assume(d, "two relays give its round: only the daemon asks them");
	if (act == OFFCHAIN_PROVE && !d->row.beacon)
		assume(d, "the daemon has the private half of its VRF key");
	if (act == OFFCHAIN_READ_ENTRIES && d->row.n >= OFFCHAIN_LARGE)
		assume(d, "no pool is between request and select: such a large draw waits for them");
	if (act == OFFCHAIN_SETTLE || act == OFFCHAIN_REFUND)
		assume(d, "OFFCHAIN_SOURCES of the daemon has the statements of its source");
}

void shown_draw_decide(struct shown_draw *d, const struct shown_chain *chain)
{
	const struct surroundings around = { .leader = true };
	struct offchain_facts facts = {
		.around = &around, .row = d->row, .source_known = true, .has_key = true, .witnesses = 2
	};
	struct offchain_action a;

	d->decided = chain || !shown_draw_needs_chain(d);
	if (!d->decided)
		return;
	if (chain) {
		facts.tip = chain->tip;
		facts.chain_ms = chain->clock_s * 1000;
	}
	a = decide_offchain(&facts);
	d->next.reason = a.act == OFFCHAIN_WAIT     ? a.reason
	                 : d->row.halted[0] != '\0' ? WAIT_OFFCHAIN_HALTED
	                                            : WAIT_NONE;
	snprintf(d->next.step, sizeof d->next.step, "%s", step_of(&d->row, &a));
	when_of(&d->next, &facts, &a);
	assume_for(d, a.act);
}

enum out_mood shown_draw_mood(const struct shown_draw *d)
{
	static const enum out_mood MOOD[] = {
		[REASON_INFO] = OUT_PLAIN, [REASON_WARN] = OUT_WARN, [REASON_ALERT] = OUT_BAD
	};

	if (d->row.halted[0] != '\0')
		return OUT_BAD;
	if (!d->decided)
		return OUT_PLAIN;
	return d->next.reason == WAIT_NONE ? OUT_GOOD : MOOD[REASONS[d->next.reason].level];
}
