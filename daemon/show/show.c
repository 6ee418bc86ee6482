/* Runs one command from its first question to its exit code. */
#include "show/show.h"

#include <inttypes.h>
#include <string.h>
#include <sysexits.h>

#include "core/base58.h"
#include "show/commands.h"
#include "show/offchain.h"

struct found {
	struct show_pool *pool;
	bool found;
};

static void take_app_row(void *owner, const struct db_result *result)
{
	struct found *f = owner;
	const char *address = db_rows(result) > 0 ? db_get(result, 0, 0) : NULL;

	f->found = address && base58_to_pubkey(&f->pool->address, address, strlen(address));
}

static bool find_by_app_id(struct show *s, struct show_pool *out, int *code)
{
	char id[16];
	const char *const params[] = { id };
	struct found found = { .pool = out };

	out->app_id = s->config->pool.app_id;
	snprintf(id, sizeof id, "%" PRId32, out->app_id);
	if (!ask_rows(s, "SELECT pool_address FROM public.pools WHERE id = $1", params, 1, take_app_row, &found)) {
		fprintf(s->complaints,
			"poolkeeper: %s is a number of the web app and the database does not tell its pool "
			"(%s): give the pool's address\n",
			id, s->no_database);
		*code = s->config->conninfo ? EX_UNAVAILABLE : EX_USAGE;
		return false;
	}
	if (!found.found) {
		fprintf(s->complaints,
			"poolkeeper: the web app has no pool %s with an address: give its number or address\n", id);
		*code = EX_USAGE;
	}
	return found.found;
}

bool show_find_pool(struct show *s, struct show_pool *out, int *code)
{
	const struct pool_name *name = &s->config->pool;

	*out = (struct show_pool){
		.address = name->address, .has_pool_id = name->has_pool_id, .pool_id = name->pool_id
	};
	return !name->by_app_id || find_by_app_id(s, out, code);
}

int show_missing(struct show *s, const char *gap)
{
	if (s->no_chain[0] == '\0' && s->no_database[0] == '\0' && gap[0] == '\0')
		return EX_OK;
	out_section(s->out, "missing");
	if (s->no_chain[0] != '\0')
		out_mood_field(s->out, OUT_WARN, "chain", NULL, "no endpoint answers: %s", s->no_chain);
	if (s->no_database[0] != '\0')
		out_mood_field(s->out, OUT_WARN, "journal", NULL, "the database does not answer: %s", s->no_database);
	if (gap[0] != '\0' && s->no_chain[0] == '\0')
		out_mood_field(s->out, OUT_WARN, "timeline", NULL, "%s", gap);
	return EX_UNAVAILABLE;
}

static int run(struct show *s)
{
	switch (s->config->command) {
	case SHOW_VERIFY:
		return show_verify(s);
	case SHOW_EXPLAIN:
		return s->config->draw ? show_explain_draw(s) : show_explain(s);
	case SHOW_STATUS:
		return show_status(s);
	case SHOW_FAIRNESS:
		return show_fairness(s);
	case SHOW_ISSUED: /* show_issued() */
		break;
	}
	return EX_SOFTWARE;
}

int show_run(const struct show_config *config, FILE *out, FILE *complaints)
{
	struct show s;
	int code, printed = EX_OK;

	ask_begin(&s, config);
	s.complaints = complaints;
	if (s.other_network) {
		fprintf(complaints, "poolkeeper: the endpoint does not serve %s: set SOLANA_NETWORK or the endpoint\n",
			config->network);
		code = EX_CONFIG;
	} else if (config->command == SHOW_VERIFY && config->n_rpc_urls == 0) {
		fprintf(complaints, "poolkeeper: SOLANA_RPC_URL is not set: verify reads the chain and nothing else\n");
		code = EX_CONFIG;
	} else {
		code = run(&s);
		if (code != EX_USAGE)
			printed = out_print(s.out, out);
	}
	ask_end(&s);
	return printed == EX_OK ? code : printed;
}
