/* Asks the chain and Postgres, and waits for each answer. */
#include "show/ask.h"

#include <string.h>

#include "base/version.h"
#include "core/base58.h"
#include "io/http.h"
#include "io/loop.h"

enum { TRIES = 3, PAUSE_MS = 400 };

/* ---- waiting ---- */

static void on_pause(void *owner)
{
	struct show *s = owner;

	loop_stop(s->loop);
}

static void wait_a_little(struct show *s)
{
	loop_timer_set(s->pause, PAUSE_MS);
	loop_run(s->loop);
}

void ask_note(struct show *s, const struct reply *reply)
{
	s->answered = true;
	s->err = reply->err;
	s->data = reply->data;
	snprintf(s->why, sizeof s->why, "%s", reply->why);
	loop_stop(s->loop);
}

static void on_rpc(struct task *task, const struct reply *reply)
{
	ask_note(container_of(container_of(task, struct rpc_call, task), struct show, call), reply);
}

static void on_rows(struct task *task, const struct reply *reply)
{
	struct show *s = container_of(container_of(task, struct db_call, task), struct show, row);

	if (reply->err == ERR_OK)
		s->take(s->owner, reply->data);
	ask_note(s, reply);
}

void ask_start(struct show *s)
{
	s->answered = false;
}

void ask_wait(struct show *s)
{
	while (!s->answered)
		loop_run(s->loop);
}

/* ---- the chain ---- */

/* What is asked; the same again until it is answered or was tried often enough. */
struct question {
	void (*send)(struct show *s, const struct question *q);
	const struct pubkey *keys;
	const struct signature *sigs;
	size_t n;
	enum commitment at;
};

static const void *ask_chain(struct show *s, const struct question *q)
{
	if (s->no_chain[0] != '\0') {
		s->err = ERR_RETRY;
		return NULL;
	}
	for (unsigned i = 0; i < TRIES; i++) {
		if (i > 0)
			wait_a_little(s);
		ask_start(s);
		s->call.endpoint = RPC_ANY;
		q->send(s, q);
		ask_wait(s);
		if (s->err == ERR_OK)
			return s->data;
		if (s->err != ERR_RETRY && s->err != ERR_UNKNOWN)
			return NULL;
	}
	snprintf(s->no_chain, sizeof s->no_chain, "%s", s->why);
	return NULL;
}

static void send_accounts(struct show *s, const struct question *q)
{
	rpc_get_accounts(s->rpc, &s->call, q->keys, q->n, q->at, (struct slot){ 0 }, on_rpc);
}

const struct rpc_accounts *ask_accounts(struct show *s, const struct pubkey *keys, size_t n, enum commitment at)
{
	return ask_chain(s, &(struct question){ .send = send_accounts, .keys = keys, .n = n, .at = at });
}

static void send_transaction(struct show *s, const struct question *q)
{
	rpc_get_transaction(s->rpc, &s->call, q->sigs, q->at, on_rpc);
}

const struct rpc_transaction *ask_transaction(struct show *s, const struct signature *sig, enum commitment at)
{
	return ask_chain(s, &(struct question){ .send = send_transaction, .sigs = sig, .at = at });
}

static void send_signatures(struct show *s, const struct question *q)
{
	rpc_get_signatures(s->rpc, &s->call, q->keys, q->sigs, (struct slot){ 0 }, RPC_SIGNATURES_MAX, q->at, on_rpc);
}

const struct rpc_signatures *ask_signatures(
	struct show *s, const struct pubkey *address, const struct signature *before, enum commitment at)
{
	return ask_chain(s, &(struct question){ .send = send_signatures, .keys = address, .sigs = before, .at = at });
}

static void send_statuses(struct show *s, const struct question *q)
{
	rpc_get_statuses(s->rpc, &s->call, q->sigs, q->n, true, on_rpc);
}

const struct rpc_statuses *ask_statuses(struct show *s, const struct signature *sigs, size_t n)
{
	return ask_chain(s, &(struct question){ .send = send_statuses, .sigs = sigs, .n = n });
}

static void send_epoch(struct show *s, const struct question *q)
{
	rpc_get_epoch(s->rpc, &s->call, q->at, on_rpc);
}

bool ask_epoch(struct show *s, enum commitment at, struct rpc_epoch *out)
{
	const struct rpc_epoch *epoch = ask_chain(s, &(struct question){ .send = send_epoch, .at = at });

	if (epoch)
		*out = *epoch;
	return epoch != NULL;
}

static void send_rent(struct show *s, const struct question *q)
{
	rpc_get_rent(s->rpc, &s->call, q->n, on_rpc);
}

bool ask_rent(struct show *s, size_t space, struct lamports *out)
{
	const struct lamports *rent = ask_chain(s, &(struct question){ .send = send_rent, .n = space });

	if (rent)
		*out = *rent;
	return rent != NULL;
}

/* ---- Postgres ---- */

bool ask_rows(struct show *s, const char *sql, const char *const *params, int n,
	void (*take)(void *owner, const struct db_result *result), void *owner)
{
	if (s->no_database[0] != '\0')
		return false;
	s->row = (struct db_call){ .sql = sql, .n = n, .deadline_ms = s->config->db_timeout_ms };
	for (int i = 0; i < n; i++)
		s->row.param[i] = params[i];
	s->take = take;
	s->owner = owner;
	ask_start(s);
	db_run(s->db, &s->row, on_rows);
	ask_wait(s);
	if (s->err != ERR_OK)
		snprintf(s->no_database, sizeof s->no_database, "%s", s->why);
	return s->err == ERR_OK;
}

/* ---- both, from begin to end ---- */

static void take_version(void *owner, const struct db_result *result)
{
	struct show *s = owner;
	const char *version = db_rows(result) == 1 ? db_get(result, 0, 0) : NULL;

	if (!version || strcmp(version, POOLKEEPER_SCHEMA) != 0)
		snprintf(s->no_database, sizeof s->no_database, "its schema is %s, this poolkeeper reads %s",
			version ? version : "none", POOLKEEPER_SCHEMA);
}

static void begin_database(struct show *s)
{
	const struct db_config config = { .conninfo = s->config->conninfo, .name = "journal", .read_only = true };

	if (!s->config->conninfo) {
		snprintf(s->no_database, sizeof s->no_database, "DATABASE_URL is not set");
		return;
	}
	s->db = db_new(s->loop, &config, s->no_database, sizeof s->no_database);
	if (s->db && s->config->command != SHOW_VERIFY)
		(void)ask_rows(s, "SELECT max(version) FROM keeper.schema_migrations", NULL, 0, take_version, s);
}

static void send_genesis(struct show *s, const struct question *q)
{
	(void)q;
	rpc_get_genesis(s->rpc, &s->call, on_rpc);
}

static void begin_chain(struct show *s)
{
	const struct show_config *c = s->config;
	struct rpc_config config = { .n = c->n_rpc_urls, .timeout_ms = c->rpc_timeout_ms, .dry_run = true };
	const struct hash *genesis;
	struct hash expected;

	if (c->n_rpc_urls == 0) {
		snprintf(s->no_chain, sizeof s->no_chain, "SOLANA_RPC_URL is not set");
		return;
	}
	for (size_t i = 0; i < c->n_rpc_urls; i++)
		config.endpoint[i].url = c->rpc_urls[i];
	s->rpc = rpc_new(s->loop, s->http, &config);
	genesis = ask_chain(s, &(struct question){ .send = send_genesis });
	s->other_network = genesis && c->genesis && base58_to_hash(&expected, c->genesis, strlen(c->genesis)) &&
	                   !hash_equal(&expected, genesis);
}

void ask_begin(struct show *s, const struct show_config *config)
{
	const struct http_config http = { .max_connections = 4, .accept_encoding = "gzip", .user_agent = "poolkeeper" };

	*s = (struct show){ .config = config };
	s->loop = loop_new();
	s->pause = loop_timer_new(s->loop, on_pause, s);
	rpc_call_init(&s->call);
	s->http = http_new(s->loop, &http, s->why, sizeof s->why);
	if (s->http)
		begin_chain(s);
	else
		snprintf(s->no_chain, sizeof s->no_chain, "%s", s->why);
	begin_database(s);
	s->out = out_new(config->json, config->colour);
}

void ask_end(struct show *s)
{
	out_free(s->out);
	db_free(s->db);
	rpc_call_fini(&s->call);
	if (s->rpc)
		rpc_free(s->rpc);
	http_free(s->http);
	loop_timer_free(s->pause);
	loop_free(s->loop);
}
