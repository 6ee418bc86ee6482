/* Without sources none of it is there. */
#include "app/draws.h"

#include "app/database.h"
#include "chain/drand_relays.h"
#include "journal/journal.h"
#include "ops/draw_sources.h"

bool draws_open(struct draws *out, struct loop *loop, struct http *http, struct journal *journal,
	const struct config *config, bool dry_run)
{
	if (!draw_sources_load(&out->sources, config->offchain_sources))
		return false;
	if (out->sources.n == 0)
		return true;
	out->relays = drand_relays_new(loop, http, config->drand_relays);
	out->verbs = database_open(loop, config, "draws", dry_run);
	if (out->verbs == NULL)
		return false;
	out->statements = database_open(loop, config, "sources", dry_run);
	journal_aside(journal, out->verbs, out->statements);
	return out->statements != NULL && out->relays != NULL;
}

void draws_close(struct draws *draws)
{
	drand_relays_free(draws->relays);
	db_free(draws->statements);
	db_free(draws->verbs);
	draw_sources_free(&draws->sources);
	*draws = (struct draws){ 0 };
}
