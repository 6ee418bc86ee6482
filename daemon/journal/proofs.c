/* The verbs of what a pool's certificate says. */
#include "journal/proofs.h"

#include <stdio.h>
#include <string.h>

#include "core/base58.h"
#include "core/pool_name.h"
#include "journal/call.h"

static const char NEXT[] =
	"SELECT draw,what,sig,slot,at,account,amount,seed_slothash,reason,fate FROM keeper.proof_next()";
enum {
	COL_DRAW,
	COL_WHAT,
	COL_SIG,
	COL_SLOT,
	COL_AT,
	COL_ACCOUNT,
	COL_AMOUNT,
	COL_SEED_SLOTHASH,
	COL_REASON,
	COL_FATE
};
static const char ADD[] = "SELECT why,added FROM keeper.proof_add($1,$2,$3,$4)";

void proof_call_init(struct proof_call *call)
{
	*call = (struct proof_call){ 0 };
	call->state = call_state_new(&call->task);
}

void proof_call_fini(struct proof_call *call)
{
	call_state_free(call->state);
	call->state = NULL;
}

static void copy_word(char *out, size_t size, const char *text)
{
	snprintf(out, size, "%s", text ? text : "");
}

static bool read_signature(struct signature *out, const struct db_result *r, int i)
{
	const char *text = db_get(r, i, COL_SIG);

	return text && base58_to_signature(out, text, strlen(text));
}

/* ---- the rows of a draw ---- */

static bool read_draw(struct proof_work *w, const struct db_result *r, int i)
{
	struct pool_name name;

	copy_word(w->draw, sizeof w->draw, db_get(r, i, COL_DRAW));
	copy_word(w->why, sizeof w->why, db_get(r, i, COL_REASON));
	if (!pool_name_parse(&name, w->draw) || !name.has_pool_id)
		return false;
	w->address = name.address;
	w->pool_id = name.pool_id;
	return call_parse_u64(db_get(r, i, COL_AMOUNT), &w->total);
}

static bool read_player(struct proof_work *w, const struct db_result *r, int i)
{
	struct proof_player *player = &w->player[w->n_players++];

	return read_signature(&player->sig, r, i) && call_parse_u64(db_get(r, i, COL_SLOT), &player->slot.n) &&
	       call_parse_i64(db_get(r, i, COL_AT), &player->time) &&
	       call_parse_pubkey(db_get(r, i, COL_ACCOUNT), &player->wallet);
}

static bool read_commit(struct proof_work *w, const struct db_result *r, int i)
{
	struct proof_commit *commit = &w->commit[w->n_commits++];
	const char *hash = db_get(r, i, COL_SEED_SLOTHASH);

	copy_word(commit->reason, sizeof commit->reason, db_get(r, i, COL_REASON));
	copy_word(commit->fate, sizeof commit->fate, db_get(r, i, COL_FATE));
	return call_parse_u64(db_get(r, i, COL_SLOT), &commit->seed_slot.n) && hash &&
	       base58_to_hash(&commit->seed_slothash, hash, strlen(hash)) &&
	       call_parse_pubkey(db_get(r, i, COL_ACCOUNT), &commit->oracle);
}

/* What does not fit a certificate is no error: the draw has none. */
static bool has_room(struct proof_work *w, unsigned n, unsigned max)
{
	if (n == max)
		copy_word(w->why, sizeof w->why, "too_many");
	return n < max;
}

static bool read_row(struct proof_work *w, const struct db_result *r, int i)
{
	const char *what = db_get(r, i, COL_WHAT);

	if (!what)
		return false;
	if (strcmp(what, "total") == 0)
		return read_draw(w, r, i);
	if (strcmp(what, "donations") == 0)
		return call_parse_u64(db_get(r, i, COL_AMOUNT), &w->donations);
	if (strcmp(what, "player") == 0)
		return has_room(w, w->n_players, PARTICIPANTS_MAX) ? read_player(w, r, i) : true;
	if (strcmp(what, "commit") == 0)
		return has_room(w, w->n_commits, PROOF_COMMITS) ? read_commit(w, r, i) : true;
	if (strcmp(what, "read") != 0)
		return false;
	return has_room(w, w->n_reads, PROOF_READS) ? read_signature(&w->read[w->n_reads++], r, i) : true;
}

static bool parse_next(struct task *task, const struct db_result *r, const void **data)
{
	struct proof_call *call = container_of(task, struct proof_call, task);
	const int n = db_rows(r);

	*data = call;
	call->work = (struct proof_work){ 0 };
	call->waits = n == 1 && !db_get(r, 0, COL_DRAW);
	call->found = n > 0 && !call->waits;
	for (int i = 0; call->found && i < n; i++)
		if (!read_row(&call->work, r, i))
			return false;
	return !call->found || call->work.draw[0] != '\0';
}

void proof_next(struct journal *j, struct proof_call *call, journal_done *done)
{
	call_begin(j, call->state, NEXT, parse_next, done);
	call_send(call->state, CALL_DEADLINE_MS);
}

/* ---- what was found ---- */

static bool parse_added(struct task *task, const struct db_result *r, const void **data)
{
	struct proof_call *call = container_of(task, struct proof_call, task);

	*data = call;
	if (db_rows(r) != 1)
		return false;
	copy_word(call->why, sizeof call->why, db_get(r, 0, 0));
	return call_parse_bool(db_get(r, 0, 1), &call->added);
}

void proof_add(struct journal *j, struct proof_call *call, const char *member, const char *why, journal_done *done)
{
	struct journal_call_state *s = call->state;

	call_begin_write(j, s, ADD, parse_added, done);
	call_text(s, call->work.draw);
	call_text(s, member);
	call_text(s, why);
	call_send(s, CALL_DEADLINE_MS);
}
