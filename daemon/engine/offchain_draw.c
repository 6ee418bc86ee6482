/* One draw's next step: performs what core/decide_offchain.c says, and tells the log what came of it. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "engine/parts.h"

enum { CODE_TEXT = 6 }; /* "PK003 " */

void offchain_why(char out[OFFCHAIN_WHY], const char *why)
{
	size_t n, last;

	if (strncmp(why, "PK00", 4) == 0 && strlen(why) > CODE_TEXT)
		why += CODE_TEXT;
	n = strnlen(why, OFFCHAIN_WHY - 1);
	memcpy(out, why, n);
	/* It may have been cut before it came here as well. */
	for (last = n; last > 0 && ((unsigned char)out[last - 1] & 0xC0) == 0x80;)
		last--;
	if (last > 0 && (unsigned char)out[last - 1] >= 0xC0) {
		const unsigned char first = (unsigned char)out[last - 1];
		const size_t size = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;

		if (n - (last - 1) < size)
			n = last - 1;
	}
	out[n] = '\0';
}

static void tell(struct offchain_draw *d, const char *why)
{
	offchain_why(d->told, why);
	d->facts.to_tell = d->told[0] != '\0' && strcmp(d->told, d->facts.row.halted) != 0;
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
	log_draw(row, row->state == OFFCHAIN_SETTLED ? "offchain.settled" : "offchain.refunded");
	certificates_soon(e);
}

/* What a verb did, once: rows that were so before it say nothing new. */
static void log_change(struct engine *e, const struct offchain_row *was, const struct offchain_row *row)
{
	if (row->halted[0] != '\0' && strcmp(was->halted, row->halted) != 0)
		log_halt(row);
	if (!was->anchored && row->anchored) {
		log_draw(row, "offchain.anchored");
		certificates_locked(e, row->seq);
	}
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
		over(e, row);
}

static bool runs_source(enum offchain_act act)
{
	return act == OFFCHAIN_SETTLE || act == OFFCHAIN_REFUND;
}

static const char *statement_of(enum offchain_act act)
{
	return source_statement_name(act == OFFCHAIN_SETTLE ? SOURCE_SETTLE : SOURCE_REFUND);
}

/* The database took it back: refused, or cancelled because it took too long. */
static void on_refused(struct offchain_draw *d, enum offchain_act act, const struct reply *reply)
{
	if (strncmp(reply->why, "PK001", 5) == 0)
		return;
	d->facts.refused = true;
	if (act == OFFCHAIN_TELL_HALT)
		d->facts.to_tell = false;
	else
		tell(d, reply->why);
	log_warn("offchain.refused", "id=%s source=%s key=%s why=%s next=wait", d->facts.row.id, d->facts.row.source,
		d->facts.row.key, reply->why);
}

/* A statement of a source that the server cancelled: nothing of it was kept, so the row can say why. */
static bool was_cancelled(const struct offchain_lane *lane, const struct reply *reply)
{
	return lane->source && reply->err == ERR_RETRY && strncmp(reply->why, "57014", 5) == 0;
}

static void on_cancelled(struct offchain_draw *d, const struct offchain_lane *lane, const char *by)
{
	char why[OFFCHAIN_WHY];
	const struct reply told = { ERR_REFUSED, NULL, why };

	(void)snprintf(why, sizeof why, "its source's statement \"%s\" took too long, nothing of it was kept: %.100s",
		statement_of(lane->act), by);
	on_refused(d, lane->act, &told);
}

static void on_done(struct engine *e, struct offchain_draw *d, const struct offchain_lane *lane)
{
	const struct offchain_row was = d->facts.row, *row = &lane->call.row[0];
	const bool halted = row->halted[0] != '\0' && row->state == was.state;

	d->facts.to_tell = false;
	d->facts.refused = d->facts.refused && lane->act == OFFCHAIN_TELL_HALT;
	offchain_take_row(e, row);
	log_change(e, &was, &d->facts.row);
	/* Two computations differ, or the reason was only told: not again at once. */
	if (lane->act == OFFCHAIN_DRAW && halted)
		d->facts.refused = true;
	if (lane->act != OFFCHAIN_TELL_HALT)
		attempts_note(&d->facts.statement, e->around.now_ms, !d->facts.refused);
}

static void on_verb(struct task *task, const struct reply *reply)
{
	struct offchain_lane *lane = container_of(
		container_of(task, struct offchain_call, task), struct offchain_lane, call);
	struct engine *e = lane->o->e;
	struct offchain_draw *d = offchain_find(e, &lane->of);

	if (lane->source)
		offchain_note_run(e, lane->source, statement_of(lane->act), reply);
	if (!d)
		return;
	d->wake_ms = 0;
	if (reply->err == ERR_OK) {
		on_done(e, d, lane);
		return;
	}
	if (reply->err == ERR_REFUSED)
		on_refused(d, lane->act, reply);
	else if (was_cancelled(lane, reply))
		on_cancelled(d, lane, reply->why);
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
	offchain_prove(
		e->m.journal, &e->offchain->own.call, row, alpha, row->beacon ? NULL : &proof, &steps.beta, on_verb);
}

static void run_statement(struct engine *e, const struct offchain_row *row, enum offchain_act act)
{
	struct offchain_lane *lane = &e->offchain->run;

	lane->of = row->draw;
	lane->act = act;
	lane->source = source_find(e->m.sources, row->source);
	if (act == OFFCHAIN_SETTLE)
		offchain_settle(e->m.journal, &lane->call, row, lane->source->sql[SOURCE_SETTLE], on_verb);
	else
		offchain_refund(e->m.journal, &lane->call, row, lane->source->sql[SOURCE_REFUND], on_verb);
}

static void say(struct engine *e, struct offchain_draw *d, enum offchain_act act)
{
	struct offchain *o = e->offchain;
	struct journal *j = e->m.journal;
	struct offchain_call *call = &o->own.call;
	const struct offchain_row *row = &d->facts.row;

	o->own.of = row->draw;
	o->own.act = act;
	if (act == OFFCHAIN_NOTE_ANCHOR)
		offchain_anchor(j, call, row, on_verb);
	else if (act == OFFCHAIN_NOTE_BLOCK)
		offchain_block(j, call, row, &d->block, on_verb);
	else if (act == OFFCHAIN_NOTE_BEACON)
		offchain_beacon(j, call, row, &d->signature, d->checked_by, on_verb);
	else if (act == OFFCHAIN_PROVE)
		prove(e, d);
	else if (act == OFFCHAIN_DRAW)
		offchain_draw(j, call, row, o->pick.pick, on_verb);
	else if (act == OFFCHAIN_DEFAULT)
		offchain_default(j, call, row, offchain_chain_ms(e) / 1000, on_verb);
	else if (act == OFFCHAIN_TELL_HALT)
		offchain_halt(j, call, row, d->told, on_verb);
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

/* What only people can bring about stands in the row as well: it is asked while no daemon runs. */
static void tell_what_is_missing(struct offchain_draw *d)
{
	char why[OFFCHAIN_WHY], key[2 * PUBKEY_SIZE + 1];

	if (d->reason == WAIT_OFFCHAIN_KEY) {
		for (size_t i = 0; i < PUBKEY_SIZE; i++)
			(void)snprintf(key + 2 * i, 3, "%02x", d->facts.row.vrf_key.b[i]);
		(void)snprintf(why, sizeof why,
			"the private half of its VRF key %s is not here: name its file, "
			"VRF_KEY_FILE_OLD_1, or it defaults at its deadline",
			key);
		tell(d, why);
	} else if (d->reason == WAIT_OFFCHAIN_NO_SOURCE) {
		(void)snprintf(
			why, sizeof why, "OFFCHAIN_SOURCES has no statements of its source %s", d->facts.row.source);
		tell(d, why);
	}
}

static void note_wait(struct offchain_draw *d, const struct offchain_action *a)
{
	const struct reason_def *reason = &REASONS[a->reason];
	const struct offchain_row *row = &d->facts.row;

	d->wake_ms = a->until_ms;
	if (a->reason == d->reason)
		return;
	d->reason = a->reason;
	tell_what_is_missing(d);
	log_event(reason->level == REASON_ALERT  ? LOG_AT_ERROR
		  : reason->level == REASON_WARN ? LOG_AT_WARN
						 : LOG_AT_INFO,
		"offchain.wait", "id=%s source=%s key=%s reason=%s why=\"%s\" next=%s", row->id, row->source, row->key,
		reason->name, reason->text, reason->level == REASON_ALERT ? "human" : "wait");
}

static bool is_verb(enum offchain_act act)
{
	return act != OFFCHAIN_WAIT && act != OFFCHAIN_READ_BLOCK && act != OFFCHAIN_ASK_BEACON &&
	       act != OFFCHAIN_READ_ENTRIES && !runs_source(act);
}

void offchain_refresh(struct engine *e, struct offchain_draw *d)
{
	struct offchain *o = e->offchain;
	const bool mine = memcmp(o->pick.of.b, d->facts.row.draw.b, DRAW_ID_SIZE) == 0;

	d->facts.tip = e->tip;
	d->facts.chain_ms = offchain_chain_ms(e);
	d->facts.witnesses = rpc_witnesses(e->m.rpc);
	d->facts.bound = engine_any_bound(e);
	d->facts.picked = mine && o->pick.done;
}

void offchain_advance(struct engine *e, struct offchain_draw *d)
{
	struct offchain *o = e->offchain;
	struct offchain_action a;

	if (d->wake_ms > e->around.now_ms)
		return;
	offchain_refresh(e, d);
	a = decide_offchain(&d->facts);
	if (a.act == OFFCHAIN_WAIT)
		note_wait(d, &a);
	else if (a.act == OFFCHAIN_READ_BLOCK && !o->search.running)
		offchain_search_begin(e, d->facts.row.slot);
	else if (a.act == OFFCHAIN_ASK_BEACON && !o->beacon.task.busy)
		drand_ask(e->m.relays, &o->beacon, d->facts.row.round, on_beacon);
	else if (a.act == OFFCHAIN_READ_ENTRIES)
		offchain_pick_begin(e, d);
	else if (runs_source(a.act) && !o->run.call.task.busy && !o->due.task.busy)
		run_statement(e, &d->facts.row, a.act);
	else if (is_verb(a.act) && !o->own.call.task.busy)
		say(e, d, a.act);
}
