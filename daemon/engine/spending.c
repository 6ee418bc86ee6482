/* Keeps the counts of the creators whose pools are near. */
#include "engine/spending.h"

#include "base/log.h"
#include "engine/parts.h"

enum { KEEP_MS = 30000, AGAIN_MS = 2000 };

void spending_init(struct engine *e)
{
	discovery_call_init(&e->spending.db);
}

void spending_fini(struct engine *e)
{
	discovery_call_fini(&e->spending.db);
}

void spending_doubt(struct engine *e)
{
	for (size_t i = 0; i < e->spending.n; i++)
		e->spending.spender[i].count.known = false;
}

static struct spender *find(struct spending *s, const struct pubkey *creator)
{
	for (size_t i = 0; i < s->n; i++)
		if (pubkey_equal(&s->spender[i].creator, creator))
			return &s->spender[i];
	return NULL;
}

static bool older(const struct spender *a, const struct spender *b)
{
	return !a->asked && (b->asked || a->read_ms < b->read_ms);
}

/* When there is no room: in the place of the one that was read longest ago, unless all are being asked for. */
static struct spender *add(struct spending *s, const struct pubkey *creator)
{
	struct spender *place = &s->spender[0];

	if (s->n < SPENDERS_MAX) {
		place = &s->spender[s->n++];
	} else {
		for (size_t i = 1; i < s->n; i++)
			if (older(&s->spender[i], place))
				place = &s->spender[i];
		if (place->asked)
			return NULL;
	}
	*place = (struct spender){ .creator = *creator };
	return place;
}

struct creator_count spending_want(struct engine *e, const struct pubkey *creator)
{
	struct spender *spender = find(&e->spending, creator);

	if (!spender)
		spender = add(&e->spending, creator);
	if (!spender)
		return (struct creator_count){ 0 };
	spender->wanted = true;
	return spender->count;
}

static void count(struct creator_count *count, enum step step)
{
	if (step == STEP_BIND)
		count->binds++;
	else
		count->atas++;
}

void spending_opened(struct engine *e, const struct pubkey *creator, enum step step)
{
	struct spender *spender = find(&e->spending, creator);

	if (!spender)
		return;
	count(&spender->count, step);
	count(&spender->since, step);
}

static void on_binds(struct task *task, const struct reply *reply)
{
	struct spending *s = container_of(container_of(task, struct discovery_call, task), struct spending, db);
	struct engine *e = container_of(s, struct engine, spending);
	const bool ok = reply->err == ERR_OK && s->db.n == s->n_asked;

	s->failed_ms = ok ? 0 : e->around.now_ms;
	if (!ok)
		log_warn("creators.unknown", "err=%s why=%s next=retry", err_name(reply->err), reply->why);
	for (size_t i = 0; i < s->n_asked; i++) {
		struct spender *spender = &s->spender[s->asked[i]];

		spender->asked = false;
		if (!ok)
			continue;
		/* What was opened meanwhile may be in the answer or not: rather twice than never. */
		spender->count.binds = s->db.count[i].binds + spender->since.binds;
		spender->count.atas = s->db.count[i].atas + spender->since.atas;
		spender->count.known = true;
		spender->read_ms = e->around.now_ms;
		spender->wanted = false;
	}
	for (size_t i = 0; ok && i < e->n_active; i++)
		subject_wake(&e->active[i]->s);
}

static bool needs_read(const struct engine *e, const struct spender *spender)
{
	return spender->wanted && (!spender->count.known || e->around.now_ms - spender->read_ms >= KEEP_MS);
}

void spending_turn(struct engine *e)
{
	struct spending *s = &e->spending;
	struct pubkey creators[DISCOVERY_CREATORS_MAX];

	if (s->db.task.busy || e->around.stopping || e->around.journal_down_since_ms != 0 ||
		(s->failed_ms != 0 && e->around.now_ms - s->failed_ms < AGAIN_MS))
		return;
	s->n_asked = 0;
	for (size_t i = 0; i < s->n && s->n_asked < DISCOVERY_CREATORS_MAX; i++) {
		if (!needs_read(e, &s->spender[i]))
			continue;
		creators[s->n_asked] = s->spender[i].creator;
		s->asked[s->n_asked++] = i;
		s->spender[i].asked = true;
		s->spender[i].since = (struct creator_count){ 0 };
	}
	if (s->n_asked > 0)
		discovery_binds(e->m.journal, &s->db, creators, s->n_asked, on_binds);
}
