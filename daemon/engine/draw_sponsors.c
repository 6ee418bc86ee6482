/* Whom the sponsored players of a draw play for: asked of the journal, which fixes it with the draw's first step. */
#include <string.h>

#include "base/log.h"
#include "core/base58.h"
#include "engine/draw_parts.h"
#include "engine/parts.h"

/* Which wallets it is that keep the pool from being bound; told again only when something changed. */
static void log_faults(const struct draw *d, const struct sponsors *before)
{
	const struct sponsors *now = &d->facts.sponsors;
	char auxiliary[PUBKEY_TEXT];

	if (before->known && before->n == now->n && memcmp(before->of, now->of, now->n * sizeof now->of[0]) == 0)
		return;
	for (unsigned i = 0; i < now->n; i++) {
		const struct sponsored *s = &now->of[i];

		if (s->valid && s->key)
			continue;
		base58_pubkey(auxiliary, &s->auxiliary);
		log_warn("sponsor.unusable", "subject=%s auxiliary=%s why=%s next=wait", d->s.key.text, auxiliary,
			s->valid ? "its key is not here"
				 : "sponsored_participants does not name one valid wallet for it");
	}
}

static void on_sponsors(struct task *task, const struct reply *reply)
{
	struct draw *d = container_of(container_of(task, struct record_call, task), struct draw, record);
	struct sponsors *mine = &d->facts.sponsors;
	const struct sponsors before = *mine;
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
	for (unsigned i = 0; i < mine->n; i++)
		mine->of[i].key = signer_has(e->m.signer, &mine->of[i].auxiliary);
	log_faults(d, &before);
}

void draw_note_sponsors(struct draw *d)
{
	const struct participants_account *players = &d->facts.accounts.participants;
	const unsigned n = d->facts.accounts.participants_presence == PRESENT ? players->count : 0;

	records_sponsors(d->s.e->m.journal, &d->record, &d->s.key, d->pool->app_id, players->list, n,
		d->s.e->policy.dry_run, on_sponsors);
}
