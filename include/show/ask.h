/* One question after the other, to the chain and to Postgres: what a command that ends by itself needs. Private to show.
 *
 * An answer is borrowed until the next question of its kind. When nobody answers, the chain (or the database) counts as
 * away, later questions are not asked, and `no_chain` (`no_database`) says why. */
#ifndef SHOW_ASK_H
#define SHOW_ASK_H

#include "chain/rpc.h"
#include "io/db.h"
#include "show/out.h"
#include "show/show.h"

enum { SHOW_WHY = 320 };

struct http;

struct show {
	const struct show_config *config;
	FILE *complaints;
	struct out *out;
	struct loop *loop;
	struct loop_timer *pause;
	struct http *http;
	struct rpc *rpc;
	struct db *db;
	struct rpc_call call;
	struct db_call row;
	bool answered; /* of the question that is out */
	enum err err;
	const void *data;
	char why[SHOW_WHY];
	char no_chain[SHOW_WHY], no_database[SHOW_WHY]; /* empty: it answers */
	void (*take)(void *owner, const struct db_result *result);
	void *owner;
	bool other_network;
};

void ask_begin(struct show *s, const struct show_config *config);
void ask_end(struct show *s);

/* NULL: no answer; s->why and s->err say why. */
const struct rpc_accounts *ask_accounts(struct show *s, const struct pubkey *keys, size_t n, enum commitment at);
const struct rpc_transaction *ask_transaction(struct show *s, const struct signature *sig, enum commitment at);
const struct rpc_signatures *ask_signatures(
	struct show *s, const struct pubkey *address, const struct signature *before, enum commitment at);
const struct rpc_statuses *ask_statuses(struct show *s, const struct signature *sigs, size_t n);
bool ask_epoch(struct show *s, enum commitment at, struct rpc_epoch *out);
bool ask_rent(struct show *s, size_t space, struct lamports *out);

/* Runs one statement that reads; take() gets its rows, also when there are none. False: no answer. */
bool ask_rows(struct show *s, const char *sql, const char *const *params, int n,
	void (*take)(void *owner, const struct db_result *result), void *owner);

/* For calls of other modules: their done() stores with ask_note(), ask_wait() returns when it did. */
void ask_start(struct show *s);
void ask_note(struct show *s, const struct reply *reply);
void ask_wait(struct show *s);

#endif
