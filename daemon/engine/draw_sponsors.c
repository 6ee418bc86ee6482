/* Whom the sponsored players of a draw play for: asked of the journal, which fixes it with the draw's first step. */
#include "base/log.h"
#include "core/base58.h"
#include "engine/draw_parts.h"
#include "engine/parts.h"

static void log_missing_key(const struct draw *d, const struct sponsored *s)
{
	char auxiliary[PUBKEY_TEXT];

	base58_pubkey(auxiliary, &s->auxiliary);
	log_debug(s->valid ? "sponsor.no_key" : "sponsor.no_mapping", "subject=%s auxiliary=%s", d->s.key.text,
		auxiliary);
}

static void on_sponsors(struct task *task, const struct reply *reply)
{
	struct draw *d = container_of(container_of(task, struct record_call, task), struct draw, record);
	struct sponsors *mine = &d->facts.sponsors;
	const struct engine *e = d->s.e;

	attempts_note(&d->facts.sponsor, e->around.now_ms, reply->err == ERR_OK);
	subject_wake(&d->s);
	if (reply->err != ERR_OK) {
		log_warn("sponsor.doubt", "subject=%s err=%s why=%s next=retry", d->s.key.text, err_name(reply->err),
			reply->why);
		return;
	}
	*mine = *(const struct sponsors *)reply->data;
	mine->read_ms = e->around.now_ms;
	for (unsigned i = 0; i < mine->n; i++) {
		mine->of[i].key = signer_has(e->m.signer, &mine->of[i].auxiliary);
		if (!mine->of[i].key || !mine->of[i].valid)
			log_missing_key(d, &mine->of[i]);
	}
}

void draw_note_sponsors(struct draw *d)
{
	const struct participants_account *players = &d->facts.accounts.participants;
	const unsigned n = d->facts.accounts.participants_presence == PRESENT ? players->count : 0;

	records_sponsors(d->s.e->m.journal, &d->record, &d->s.key, d->pool->app_id, players->list, n,
		d->s.e->policy.dry_run, on_sponsors);
}
