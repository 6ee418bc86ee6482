/* The Solana RPC methods that poolkeeper uses, over up to five endpoints. Every call is asynchronous (base/task.h).
 *
 * Endpoint choice: RPC_ANY takes the healthiest (own slot lag, circuit breaker, 429 budget); calls with a floor carry
 * minContextSlot and an answer with an older context is ERR_RETRY. rpc_endpoint_count() and a plain index let the
 * engine ask a particular node, for proofs that need two to agree.
 *
 * A call is embedded in its owner. Results live in the call until the owner starts it again or frees it
 * (rpc_call_fini); reply.data points to the same result. Errors: ERR_RETRY not done, ask again; ERR_UNKNOWN it may
 * have been done (only rpc_send cares); ERR_REFUSED the node understood and said no (call->rpc_code, ->failure);
 * ERR_INVALID the answer is not what the method answers. reply.why is one line without secrets. */
#ifndef CHAIN_RPC_H
#define CHAIN_RPC_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/err.h"
#include "base/key.h"
#include "base/task.h"
#include "base/units.h"
#include "core/calls.h"
#include "core/journal_rows.h"
#include "core/tx.h"

struct rpc;
struct loop;
struct http;

enum commitment { PROCESSED, CONFIRMED, FINALIZED };
enum {
	RPC_ANY = -1,
	RPC_ENDPOINTS_MAX = 5,
	RPC_ACCOUNTS_MAX = 100,
	RPC_STATUSES_MAX = 256,
	RPC_FEE_KEYS_MAX = 32,
	RPC_SIGNATURES_MAX = 1000
};

/* data is borrowed from the call. A missing account has exists false and everything else zero. */
struct rpc_account {
	bool exists;
	struct pubkey owner;
	uint64_t lamports;
	const uint8_t *data;
	size_t len;
};
struct rpc_accounts {
	struct slot at;
	size_t n;
	struct rpc_account account[RPC_ACCOUNTS_MAX];
};

struct rpc_status {
	bool found, confirmed, finalized, failed;
	struct tx_failure failure;
	struct slot landed;
};
struct rpc_statuses {
	struct slot at;
	size_t n;
	struct rpc_status status[RPC_STATUSES_MAX];
};

struct rpc_epoch {
	struct slot slot;
	struct height height;
}; /* getEpochInfo        */
struct rpc_blockhash {
	struct hash hash;
	struct height last_valid;
	struct slot at;
}; /* getLatestBlockhash  */

/* ok false: failure (and, when the node gave logs, the innermost program that failed). */
struct rpc_simulation {
	bool ok, blockhash_not_found, account_not_found;
	struct tx_failure failure;
	uint64_t units;
	struct slot at;
	struct pubkey failed_program;
	char log[256];
};

/* Micro-lamports per compute unit of recent blocks, for these writable accounts: sorted ascending. */
struct rpc_fees {
	size_t n;
	uint64_t price[256];
};

/* One transaction of getTransaction (base64). Everything pointed to is borrowed from the call. */
struct rpc_transaction {
	bool found, failed, has_logs, logs_truncated;
	struct tx_failure failure;
	struct slot slot;
	int64_t block_time; /* 0 when null                                         */
	const uint8_t *tx;
	size_t tx_len;                 /* whole serialized transaction                        */
	size_t n_writable, n_readonly; /* loaded addresses of a v0 transaction, in order      */
	const struct pubkey *loaded_writable, *loaded_readonly;
	size_t n_logs;
	const char *const *logs;
	bool has_inner; /* false: the node did not record what programs called      */
	size_t n_inner;
	const struct tx_inner *inner; /* in the order in which they ran                       */
	uint64_t fee;
};
/* As calls_read() takes it; borrows from tx. */
static inline struct calls_source rpc_calls_source(const struct rpc_transaction *tx)
{
	return (struct calls_source){ .tx = { tx->tx, tx->tx_len },
		.slot = tx->slot,
		.writable = tx->loaded_writable,
		.readonly = tx->loaded_readonly,
		.n_writable = tx->n_writable,
		.n_readonly = tx->n_readonly,
		.has_inner = tx->has_inner,
		.inner = tx->inner,
		.n_inner = tx->n_inner,
		.logs = tx->logs,
		.n_logs = tx->n_logs };
}

/* One account of getProgramAccounts: its address and first bytes. A list of what to look at, never facts. */
enum { RPC_PROGRAM_HEAD = 16 };
struct rpc_program_account {
	struct pubkey address, owner;
	uint8_t head[RPC_PROGRAM_HEAD];
};
struct rpc_program {
	struct slot at;
	size_t n;
	struct rpc_program_account *account;
};

struct rpc_signature_info {
	struct signature sig;
	struct slot slot;
	bool failed, anchors; /* anchors: by the node's word its memo may be a lock's */
	int64_t block_time;
};
struct rpc_signatures {
	size_t n;
	struct rpc_signature_info *info;
}; /* newest first        */

/* One block of getBlock, without its transactions. */
struct rpc_block {
	struct slot slot, parent;
	struct hash hash;
	int64_t time;
};
/* How a node says that a slot has no block, or has none yet: rpc_call.rpc_code of an ERR_REFUSED. */
enum { RPC_BLOCK_NOT_YET = -32004, RPC_SLOT_SKIPPED = -32007, RPC_SLOT_SKIPPED_OR_LOST = -32009 };

struct rpc_call {
	struct task task;             /* done() and busy                                                        */
	int endpoint;                 /* in: RPC_ANY or an index; out: the one that answered, RPC_ANY when none
	                                  was asked. To be set again before the next call                       */
	int rpc_code;                 /* out: JSON-RPC error code, HTTP status for HTTP errors, else 0          */
	struct tx_failure failure;    /* out, ERR_REFUSED of rpc_send: preflight's verdict                      */
	struct rpc_call_state *state; /* request and result buffers; owned                                      */
};
void rpc_call_init(struct rpc_call *call);
void rpc_call_fini(struct rpc_call *call); /* cancels: done is not called afterwards               */
void rpc_cancel(struct rpc_call *call);

typedef void rpc_done(struct task *task, const struct reply *reply);

struct rpc_endpoint_config {
	const char *url;
}; /* with its API key; never logged, never sent elsewhere  */
struct rpc_config {
	size_t n;
	struct rpc_endpoint_config endpoint[RPC_ENDPOINTS_MAX];
	unsigned timeout_ms; /* per call, default 5000                                                 */
	unsigned max_body;   /* bytes, default 16 MiB                                                  */
	bool dry_run;        /* rpc_send answers ERR_REFUSED without sending: the one choke point      */
};
/* config is copied. The loop is for answers that need no request and for probes of endpoints that are down. */
struct rpc *rpc_new(struct loop *loop, struct http *http, const struct rpc_config *config);
/* After rpc_call_fini of every call. NULL is allowed. */
void rpc_free(struct rpc *rpc);
size_t rpc_endpoint_count(const struct rpc *rpc);
/* Endpoints of one host, with one key or several, are one witness: who runs it answers for all of them. rpc_host_of: the first endpoint
 * with this one's host. rpc_witnesses: 2, or 1 where there is but one host: so many must say the same before it is believed. */
int rpc_host_of(const struct rpc *rpc, int endpoint);
size_t rpc_witnesses(const struct rpc *rpc);
/* "rpc1".."rpc5": how an endpoint is named in log and metrics. */
const char *rpc_endpoint_label(const struct rpc *rpc, int endpoint);

/* floor.n 0: no minContextSlot. */
void rpc_get_accounts(struct rpc *rpc, struct rpc_call *call, const struct pubkey *keys, size_t n, enum commitment at,
	struct slot floor, rpc_done *done);
void rpc_get_statuses(struct rpc *rpc, struct rpc_call *call, const struct signature *sigs, size_t n,
	bool search_history, rpc_done *done);
void rpc_get_epoch(struct rpc *rpc, struct rpc_call *call, enum commitment at, rpc_done *done);
void rpc_get_blockhash(struct rpc *rpc, struct rpc_call *call, struct slot floor, rpc_done *done); /* confirmed */
void rpc_get_first_block(struct rpc *rpc, struct rpc_call *call, rpc_done *done); /* data: struct slot               */
void rpc_get_genesis(struct rpc *rpc, struct rpc_call *call, rpc_done *done);     /* data: struct hash               */
void rpc_get_rent(
	struct rpc *rpc, struct rpc_call *call, size_t space, rpc_done *done); /* data: struct lamports       */
void rpc_get_fees(struct rpc *rpc, struct rpc_call *call, const struct pubkey *writable, size_t n, rpc_done *done);
void rpc_simulate(struct rpc *rpc, struct rpc_call *call, const uint8_t *tx, size_t len, struct slot floor,
	rpc_done *done); /* replaces the blockhash, no signature check */
void rpc_send(struct rpc *rpc, struct rpc_call *call, const uint8_t *tx, size_t len, struct slot floor,
	rpc_done *done); /* data: struct signature; maxRetries 0 */
void rpc_get_transaction(
	struct rpc *rpc, struct rpc_call *call, const struct signature *sig, enum commitment at, rpc_done *done);
/* Newest first, older than `before` (NULL: from the newest). A node that is not at `floor` refuses. */
void rpc_get_signatures(struct rpc *rpc, struct rpc_call *call, const struct pubkey *address,
	const struct signature *before, struct slot floor, unsigned limit, enum commitment at, rpc_done *done);
/* Accounts of this size that the program owns and that hold `key` at `offset`; of each the first RPC_PROGRAM_HEAD bytes.
 * Many providers refuse this method. data: struct rpc_program; at confirmed. */
void rpc_get_program(struct rpc *rpc, struct rpc_call *call, const struct pubkey *program, size_t size, size_t offset,
	const struct pubkey *key, rpc_done *done);
/* Finalized, with its time. data: struct rpc_block. A node that has lost a block says that the slot was skipped: the next block's
 * parent tells the truth. */
void rpc_get_block(struct rpc *rpc, struct rpc_call *call, struct slot slot, rpc_done *done);

/* Read-only counters per endpoint and method, for metrics and the benchmark. */
struct rpc_counter {
	const char *endpoint, *method;
	uint64_t ok, retry, unknown, refused, invalid, rate_limited;
};
size_t rpc_counters(const struct rpc *rpc, struct rpc_counter *out, size_t max);
/* How an endpoint is now; see chain/endpoints.h. */
struct rpc_node {
	const char *label;
	bool well, down, sick, lagging;
	uint64_t lag, latency_us;
};
struct rpc_node rpc_node(const struct rpc *rpc, size_t endpoint);
#endif
