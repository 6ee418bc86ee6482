/* keeper.bindings, keeper.commits and keeper.lease: whose randomness account, which answer counts, who writes. */
#include <stdlib.h>
#include <string.h>

#include "sim/sim.h"

enum { BINDINGS_MAX = 192, COMMITS_MAX = 128, LEASE_MS = 15000 };

struct binding {
	char draw[SUBJECT_TEXT];
	uint64_t seq, lut_slot, released_order;
	struct pubkey randomness;
	bool creates, closes, released, selected;
	uint64_t released_ms;
};
struct commit {
	char draw[SUBJECT_TEXT];
	struct commit_row row;
};

static struct binding bindings[BINDINGS_MAX];
static struct commit commits[COMMITS_MAX];
static size_t n_bindings, n_commits;
static uint64_t releases, fence, lease_until_ms;
static char lease_owner[32];

void ledger_begin(void)
{
	n_bindings = n_commits = 0;
	releases = fence = lease_until_ms = 0;
	lease_owner[0] = '\0';
}

/* ---- randomness accounts ---- */

static const struct binding *holder_of(const struct pubkey *randomness)
{
	for (size_t i = 0; i < n_bindings; i++)
		if (!bindings[i].released && pubkey_equal(&bindings[i].randomness, randomness))
			return &bindings[i];
	return NULL;
}

static uint64_t known_lut_slot(const struct pubkey *randomness)
{
	uint64_t known = 0;

	for (size_t i = 0; i < n_bindings; i++)
		if (pubkey_equal(&bindings[i].randomness, randomness) && bindings[i].lut_slot > known)
			known = bindings[i].lut_slot;
	return known;
}

bool ledger_claim(const char *draw, uint64_t seq, const struct pubkey *randomness, struct slot lut_slot)
{
	const struct binding *holder = holder_of(randomness);
	struct binding *b;

	if (holder)
		return strcmp(holder->draw, draw) == 0;
	if (n_bindings == BINDINGS_MAX)
		abort();
	b = &bindings[n_bindings++];
	*b = (struct binding){ .seq = seq, .randomness = *randomness, .creates = lut_slot.n != 0 };
	b->closes = strncmp(draw, "randomness:", 11) == 0;
	b->lut_slot = lut_slot.n != 0 ? lut_slot.n : known_lut_slot(randomness);
	memcpy(b->draw, draw, strlen(draw) + 1);
	return true;
}

void ledger_release(const char *draw, uint64_t seq, bool selected)
{
	for (size_t i = 0; i < n_bindings; i++) {
		struct binding *b = &bindings[i];

		if (b->released || strcmp(b->draw, draw) != 0)
			continue;
		if (!selected && (b->seq != seq || (!b->creates && !b->closes)))
			continue;
		b->released = true;
		b->selected = selected;
		b->released_order = ++releases;
		b->released_ms = world.now_ms;
	}
}

static bool usable(const struct binding *b, const char *draw)
{
	const struct db_subject *s = db_subject(b->draw);
	const struct row *row = &s->step[b->seq - 1].row;

	if (b->lut_slot == 0)
		return false;
	if (b->released)
		return b->selected && !holder_of(&b->randomness);
	return strcmp(b->draw, draw) == 0 &&
	       (!b->creates || row->state == ROW_FINAL || (row->state == ROW_LANDED && !row->landed_failed));
}

void ledger_free_account(const char *draw, struct commit_row *out)
{
	const struct binding *best = NULL;

	for (size_t i = 0; i < n_bindings; i++)
		if (usable(&bindings[i], draw) && (!best || bindings[i].released_order < best->released_order))
			best = &bindings[i];
	*out = (struct commit_row){ .known = best != NULL };
	if (best) {
		out->randomness = best->randomness;
		out->seed_slot.n = best->lut_slot;
	}
}

static bool used_since(const struct binding *b)
{
	for (const struct binding *o = b + 1; o < bindings + n_bindings; o++)
		if (pubkey_equal(&o->randomness, &b->randomness))
			return true;
	return false;
}

static bool still_named(const struct pubkey *randomness)
{
	for (size_t i = 0; i < db_subject_count(); i++)
		for (size_t k = 0; k < db_subject_at(i)->n; k++) {
			const struct row *row = &db_subject_at(i)->step[k].row;

			if (row_unsettled(row) && pubkey_equal(&row->randomness, randomness))
				return true;
		}
	return false;
}

size_t ledger_idle(struct pubkey *out, size_t max, size_t keep, uint64_t idle_ms)
{
	size_t n = 0;

	for (size_t i = n_bindings; i-- > 0 && n < max;) {
		const struct binding *b = &bindings[i];

		if (!b->released || (!b->selected && !b->closes) || used_since(b) || still_named(&b->randomness))
			continue;
		if (keep > 0)
			keep--;
		else if (b->released_ms + idle_ms <= world.now_ms)
			out[n++] = b->randomness;
	}
	return n;
}

/* ---- commits ---- */

static struct commit *find(const struct pubkey *randomness, uint64_t seed_slot, const struct hash *seed_slothash)
{
	for (size_t i = 0; i < n_commits; i++)
		if (pubkey_equal(&commits[i].row.randomness, randomness) && commits[i].row.seed_slot.n == seed_slot &&
			hash_equal(&commits[i].row.seed_slothash, seed_slothash))
			return &commits[i];
	return NULL;
}

const struct commit_row *ledger_find(
	const struct pubkey *randomness, uint64_t seed_slot, const struct hash *seed_slothash)
{
	const struct commit *c = find(randomness, seed_slot, seed_slothash);

	return c ? &c->row : NULL;
}

bool ledger_has_answer(const struct pubkey *randomness, const struct oracle_answer *answer)
{
	for (size_t i = 0; i < n_commits; i++)
		if (commits[i].row.answered && pubkey_equal(&commits[i].row.randomness, randomness) &&
			memcmp(commits[i].row.answer.value, answer->value, sizeof answer->value) == 0)
			return true;
	return false;
}

static unsigned count_of(const char *draw)
{
	unsigned n = 0;

	for (size_t i = 0; i < n_commits; i++)
		n += strcmp(commits[i].draw, draw) == 0;
	return n;
}

enum err ledger_record(uint64_t held, const char *draw, const struct commit_row *given, struct commit_row *out)
{
	struct commit *c = find(&given->randomness, given->seed_slot.n, &given->seed_slothash);

	if (!db_held(held))
		return ERR_REFUSED;
	if (!c) {
		if (n_commits == COMMITS_MAX)
			abort();
		c = &commits[n_commits];
		c->row = *given;
		c->row.known = true;
		c->row.answered = false;
		c->row.n = count_of(draw) + 1;
		memcpy(c->draw, draw, strlen(draw) + 1);
		n_commits++;
	}
	if (strcmp(c->draw, draw) != 0)
		return ERR_REFUSED;
	if (given->answered && !c->row.answered) {
		c->row.answer = given->answer;
		c->row.answered = true;
	}
	*out = c->row;
	out->total = count_of(draw);
	return ERR_OK;
}

/* ---- lease ---- */

uint64_t ledger_fence(void)
{
	return fence;
}

bool ledger_lease(const char *owner, uint64_t *held_fence)
{
	const bool mine = strcmp(lease_owner, owner) == 0;

	if (!mine && lease_until_ms > world.now_ms) {
		*held_fence = fence;
		return world.scenario->split_brain;
	}
	if (!mine)
		fence++;
	memcpy(lease_owner, owner, strlen(owner) + 1);
	lease_until_ms = world.now_ms + LEASE_MS;
	*held_fence = fence;
	return true;
}
