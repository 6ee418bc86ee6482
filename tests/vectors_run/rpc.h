/* Bodies of an RPC node against what index.json says is in them. */
#ifndef VECTORS_RPC_H
#define VECTORS_RPC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "chain/rpc_parse.h"
#include "vectors.h"

/* One entry of index.json, with its body. */
struct rpc_case {
	struct check *check;
	const char *method;
	struct json_object *params;
	struct json_object *expect;
	struct rpc_body body;
	uint64_t id;               /* of the request that it answers */
	struct rpc_memory *memory; /* one for all cases, as calls reuse theirs */
};

/* One per family of methods, in rpc_*.c; each compares every member of case->expect. */
void rpc_case_accounts(struct rpc_case *c);
void rpc_case_account_info(struct rpc_case *c);
void rpc_case_program_accounts(struct rpc_case *c);
void rpc_case_account_notification(struct rpc_case *c);
void rpc_case_program_notification(struct rpc_case *c);
void rpc_case_statuses(struct rpc_case *c);
void rpc_case_transaction(struct rpc_case *c);
/* Of rpc_case_transaction(): the same transaction as the daemon reads it for keeper.calls. */
void rpc_case_calls(struct rpc_case *c, const struct rpc_transaction *rpc);
void rpc_case_signatures(struct rpc_case *c);
void rpc_case_simulation(struct rpc_case *c);
void rpc_case_send(struct rpc_case *c);
void rpc_case_health(struct rpc_case *c);
void rpc_case_batch(struct rpc_case *c);
void rpc_case_signature_notification(struct rpc_case *c);
void rpc_case_logs_notification(struct rpc_case *c);

/* Parses the body as the answer to a method that the daemon calls. Without a result the case is compared as an error. */
bool rpc_case_parse(struct rpc_case *c, enum rpc_method method, size_t n, struct rpc_result *out);
/* The "result" of any method; *root to free. NULL after the case failed or was an expected error. */
struct json_object *rpc_case_open(struct rpc_case *c, struct json_object **root);
/* params.result of a websocket notification. */
struct json_object *rpc_case_notification(struct rpc_case *c, const char *method, struct json_object **root);
/* Compares an answer without a result with expect. */
void rpc_case_error(struct rpc_case *c, const struct rpc_answer *answer);

/* Events of log lines against expect.events, in order; every line counts, whoever wrote it. Returns how many of them
 * the ml program did not write itself. */
unsigned rpc_case_events(struct rpc_case *c, const char *const *logs, size_t n);

/* True when the member is there and neither null nor false. */
bool has_value(struct json_object *object, const char *name);

#endif
