/* One draw's next step: performs what core/decide_offchain.c says, and tells the log what came of it. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "engine/parts.h"

enum { CODE_TEXT = 6 }; /* "PK003 " */

/* Cut between two characters: Postgres takes no half of one. */
static void tell(struct offchain_draw *d, const char *why)
{
	size_t n;

	if (strncmp(why, "PK00", 4) == 0 && strlen(why) > CODE_TEXT)
		why += CODE_TEXT;
	n = strlen(why);
	if (n > OFFCHAIN_WHY - 1)
		for (n = OFFCHAIN_WHY - 1; n > 0 && ((unsigned char)why[n] & 0xC0) == 0x80;)
			n--;
	memcpy(d->told, why, n);
	d->told[n] = '\0';
	d->facts.to_tell = n > 0 && strcmp(d->told, d->facts.row.halted) != 0;
}

static void log_draw(const struct offchain_row *row, const char *event)
{
	log_info(event, "id=%s source=%s key=%s state=%s n=%" PRIu64 " slot=%" PRIu64 " round=%" PRIu64, row->id,
		row->source, row->key, offchain_state_name(row->state), row->n, row->slot.n, row->round);
}

static void log_halt(const struct offchain_row *row)
{
	log_error("offchain.halted", "id=%s source=%s key=%s state=%s why=%s next=human", row->id, row->source,
		row->key, offchain_state_name(row->state), row->halted);
}

static void log_default(const struct offchain_row *row)
{
	log_error("offchain.defaulted", "id=%s source=%s key=%s why=%s next=refund", row->id, row->source, row->key,
		row->default_why);
}

static void over(struct engine *e, const struct offchain_row *row)
{
	log_draw(row, "offchain.settled");
	certificates_soon(e);
}

/* What a verb did, once: rows that were so before it say nothing new. */
static void log_change(struct engine *e, const struct offchain_row *was, const struct offchain_row *row)
{
	if (row->halted[0] != '\0' && strcmp(was->halted, row->halted) != 0)
		log_halt(row);
	if (!was->anchored && row->anchored)
		log_draw(row, "offchain.anchored");
	if (was->block_slot.n == 0 && row->block_slot.n != 0)
		log_draw(row, "offchain.block");
	if (!was->beacon_known && row->beacon_known)
		log_draw(row, "offchain.beacon");
	if (!was->beta_known && row->beta_known)
		log_draw(row, "offchain.proven");
	if (was->state == row->state)
		return;
	e->counters.offchain[row->state]++;
	if (row->state == OFFCHAIN_DRAWN)
		log_draw(row, "offchain.drawn");
	else if (row->state == OFFCHAIN_SETTLED)
		over(e, row);
	else if (row->state == OFFCHAIN_DEFAULTED)
		log_default(row);
	else if (row->state == OFFCHAIN_REFUNDED)
		log_draw(row, "offchain.refunded");
}

static void on_refused(struct engine *e, struct offchain_draw *d, const struct reply *reply)
{
	const bool halting = e->offchain->verb_act == OFFCHAIN_TELL_HALT;

	if (strncmp(reply->why, "PK001", 5) == 0)
		return;
	d->facts.refused = true;
	if (halting)
		d->facts.to_tell = false;
	else
		tell(d, reply->why);
	log_warn("offchain.refused", "id=%s source=%s key=%s why=%s next=wait", d->facts.row.id, d->facts.row.source,
		d->facts.row.key, reply->why);
}

static void on_verb(struct task *task, const struct reply *reply)
{
	struct offchain *o = container_of(container_of(task, struct offchain_call, task), struct offchain, verb);
	struct engine *e = o->e;
	struct offchain_draw *d = offchain_find(e, &o->verb_of);

	if (!d)
		return;
	d->wake_ms = 0;
	if (reply->err == ERR_OK) {
		const struct offchain_row was = d->facts.row;
		const bool halted = o->verb.row[0].halted[0] != '\0' && o->verb.row[0].state == was.state;

		d->facts.to_tell = false;
		d->facts.refused = d->facts.refused && o->verb_act == OFFCHAIN_TELL_HALT;
		offchain_take_row(e, &o->verb.row[0]);
		log_change(e, &was, &d->facts.row);
		/* Two computations differ, or the reason was only told: not again at once. */
		if (o->verb_act == OFFCHAIN_DRAW && halted)
			d->facts.refused = true;
		if (o->verb_act != OFFCHAIN_TELL_HALT)
			attempts_note(&d->facts.statement, e->around.now_ms, !d->facts.refused);
		return;
	}
	if (reply->err == ERR_REFUSED)
		on_refused(e, d, reply);
	else
		log_warn("offchain.doubt", "id=%s err=%s why=%s next=look", d->facts.row.id, err_name(reply->err),
			reply->why);
	attempts_note(&d->facts.statement, e->around.now_ms, false);
	offchain_soon(e); /* what became of it, or of the draw, is in the row */
}

/* ---- what statements are given ---- */

static void prove(struct engine *e, struct offchain_draw *d)
{
	const struct offchain_row *row = &d->facts.row;
	uint8_t alpha[ALPHA_SIZE];
	const struct bytes what = { alpha, ALPHA_SIZE };
	struct ecvrf_proof proof;
	struct ecvrf_steps steps;
	struct vrf_key *key = row->beacon ? NULL : vrf_keys_find(e->m.vrf, &row->vrf_key);

	offchain_alpha(alpha, row);
	if (row->beacon)
		offchain_beacon_beta(&steps.beta, alpha);
	else if (!key || vrf_key_prove(key, &proof, what) != ECVRF_OK ||
		 ecvrf_verify(&steps, &row->vrf_key, what, (struct bytes){ proof.b, ECVRF_PROOF_SIZE }) != ECVRF_OK) {
		d->facts.refused = true;
		tell(d, "the VRF's key gives no proof that it verifies itself");
		attempts_note(&d->facts.statement, e->around.now_ms, false);
		return;
	}
	offchain_prove(e->m.journal, &e->offchain->verb, row, alpha, row->beacon ? NULL : &proof, &steps.beta, on_verb);
}

static void say(struct engine *e, struct offchain_draw *d, enum offchain_act act)
{
	struct offchain *o = e->offchain;
	struct journal *j = e->m.journal;
	const struct offchain_row *row = &d->facts.row;
	const struct source_def *source = source_find(e->m.sources, row->source);

	o->verb_of = row->draw;
	o->verb_act = act;
	if (act == OFFCHAIN_NOTE_ANCHOR)
		offchain_anchor(j, &o->verb, row, on_verb);
	else if (act == OFFCHAIN_NOTE_BLOCK)
		offchain_block(j, &o->verb, row, &d->block, on_verb);
	else if (act == OFFCHAIN_NOTE_BEACON)
		offchain_beacon(j, &o->verb, row, &d->signature, d->checked_by, on_verb);
	else if (act == OFFCHAIN_PROVE)
		prove(e, d);
	else if (act == OFFCHAIN_DRAW)
		offchain_draw(j, &o->verb, row, o->pick.pick, on_verb);
	else if (act == OFFCHAIN_SETTLE)
		offchain_settle(j, &o->verb, row, source->sql[SOURCE_SETTLE], on_verb);
	else if (act == OFFCHAIN_DEFAULT)
		offchain_default(j, &o->verb, row, on_verb);
	else if (act == OFFCHAIN_REFUND)
		offchain_refund(j, &o->verb, row, source->sql[SOURCE_REFUND], on_verb);
	else if (act == OFFCHAIN_TELL_HALT)
		offchain_halt(j, &o->verb, row, d->told, on_verb);
}

/* ---- the beacon ---- */

/* All draws of that round hear of it. */
static void on_beacon(struct task *task, const struct reply *reply)
{
	struct offchain *o = container_of(container_of(task, struct drand_call, task), struct offchain, beacon);
	struct engine *e = o->e;

	if (reply->err != ERR_OK)
		log_warn("offchain.no_beacon", "round=%" PRIu64 " err=%s why=%s next=retry", o->beacon.round,
			err_name(reply->err), reply->why);
	for (size_t i = 0; i < o->n; i++) {
		struct offchain_draw *d = o->draw[i];

		if (d->facts.row.round != o->beacon.round || d->facts.row.beacon_known)
			continue;
		d->facts.beacon_found = reply->err == ERR_OK;
		d->signature = o->beacon.signature;
		memcpy(d->checked_by, o->beacon.checked_by, sizeof d->checked_by);
		d->wake_ms = 0;
		attempts_note(&d->facts.beacon, e->around.now_ms, d->facts.beacon_found);
	}
}

/* ---- the step ---- */

static void note_wait(struct offchain_draw *d, const struct offchain_action *a)
{
	const struct reason_def *reason = &REASONS[a->reason];
	const struct offchain_row *row = &d->facts.row;

	d->wake_ms = a->until_ms;
	if (a->reason == d->reason)
		return;
	d->reason = a->reason;
	log_event(reason->level == REASON_ALERT  ? LOG_AT_ERROR
		  : reason->level == REASON_WARN ? LOG_AT_WARN
						 : LOG_AT_INFO,
		"offchain.wait", "id=%s source=%s key=%s reason=%s why=\"%s\" next=%s", row->id, row->source, row->key,
		reason->name, reason->text, reason->level == REASON_ALERT ? "human" : "wait");
}

static bool is_statement(enum offchain_act act)
{
	return act != OFFCHAIN_WAIT && act != OFFCHAIN_READ_BLOCK && act != OFFCHAIN_ASK_BEACON &&
	       act != OFFCHAIN_READ_ENTRIES;
}

static void refresh(struct engine *e, struct offchain_draw *d)
{
	struct offchain *o = e->offchain;
	const bool mine = memcmp(o->pick.of.b, d->facts.row.draw.b, DRAW_ID_SIZE) == 0;

	d->facts.tip = e->tip;
	d->facts.bound = engine_any_bound(e);
	d->facts.picked = mine && o->pick.done;
}

void offchain_advance(struct engine *e, struct offchain_draw *d)
{
	struct offchain *o = e->offchain;
	struct offchain_action a;

	if (d->wake_ms > e->around.now_ms)
		return;
	refresh(e, d);
	a = decide_offchain(&d->facts);
	if (a.act == OFFCHAIN_WAIT)
		note_wait(d, &a);
	else if (a.act == OFFCHAIN_READ_BLOCK && !o->search.running)
		offchain_search_begin(e, d->facts.row.slot);
	else if (a.act == OFFCHAIN_ASK_BEACON && !o->beacon.task.busy)
		drand_ask(e->m.relays, &o->beacon, d->facts.row.round, on_beacon);
	else if (a.act == OFFCHAIN_READ_ENTRIES)
		offchain_pick_begin(e, d);
	else if (is_statement(a.act) && !o->verb.task.busy)
		say(e, d, a.act);
}
