/* What a node answered: HTTP status and body to structs. Pure, and strict about types, ranges, ids and counts.
 *
 * Shapes follow the 2.x validator's JSON-RPC API. Unknown members are ignored; rentEpoch is never looked at, because
 * proxies in JavaScript answer 18446744073709552000 for it. */
#ifndef CHAIN_RPC_PARSE_H
#define CHAIN_RPC_PARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "chain/rpc.h"
#include "chain/rpc_method.h"
#include "core/oracle_answer.h"

struct rpc_body {
	int status; /* HTTP */
	const char *text;
	size_t len;
};

enum rpc_outcome {
	RPC_RESULT,       /* the method's answer                                                  */
	RPC_RATE_LIMITED, /* 429, in any of the forms in which providers say it                   */
	RPC_NOT_JSON,     /* a proxy's page, nothing, or half an answer: the node did not speak   */
	RPC_BEHIND,       /* -32016: has not reached minContextSlot, or answered with an older view */
	RPC_UNHEALTHY,    /* -32005: the node says so itself                                      */
	RPC_INTERNAL,     /* -32603: the node failed inside                                       */
	RPC_REFUSED,      /* any other JSON-RPC error                                             */
	RPC_MALFORMED,    /* JSON, but not what the method answers, or under another id           */
};

enum { RPC_ERROR_NAME = 48, RPC_LOG_LINE = 256, RPC_WHY = 240 };

/* How a transaction failed, from a node's "err" and "logs". */
struct rpc_tx_error {
	bool failed;
	struct tx_failure failure;
	char name[RPC_ERROR_NAME]; /* "BlockhashNotFound", "Custom", ...                        */
	struct pubkey program;     /* innermost program that failed; zero when no log names it  */
	char log[RPC_LOG_LINE];    /* what it logged last before it failed, or the line that says so */
};

/* Everything besides the result. */
struct rpc_answer {
	enum rpc_outcome outcome;
	int code;      /* JSON-RPC error code, else the HTTP status when not 200, else 0 */
	bool not_json; /* also for a RPC_RATE_LIMITED that came as text or a page   */
	bool has_behind;
	uint64_t behind;        /* numSlotsBehind of -32005                                  */
	struct rpc_tx_error tx; /* of a refused sendTransaction                              */
	char why[RPC_WHY];      /* one line; empty for RPC_RESULT                            */
};

/* Memory that results point into: grown once per answer, before anything points into it, and reused. */
struct rpc_memory {
	uint8_t *p;
	size_t used, size;
	size_t owner_len;
	char owner_text[PUBKEY_TEXT]; /* no NUL: the last owner of an account, since thousands have the same one */
	struct pubkey owner;
};
void rpc_memory_free(struct rpc_memory *memory);

/* What was asked; the answer must fit it. */
struct rpc_question {
	enum rpc_method method;
	uint64_t id;
	size_t n; /* keys or signatures asked for: as many values must come back; of getBlock the slot */
};

struct rpc_result {
	bool has_slot;
	struct slot slot; /* context.slot, or absoluteSlot */
	union {
		struct rpc_accounts accounts;
		struct rpc_statuses statuses;
		struct rpc_epoch epoch;
		struct rpc_blockhash blockhash;
		struct slot first_block;
		struct hash genesis;
		struct lamports rent;
		struct rpc_fees fees;
		struct rpc_simulation simulation;
		struct signature sent;
		struct rpc_transaction transaction;
		struct rpc_signatures signatures;
		struct rpc_program program;
		struct rpc_block block;
	} as;
};

/* *out is defined only for RPC_RESULT; it may point into memory. The return value is answer->outcome. */
enum rpc_outcome rpc_parse(const struct rpc_question *question, const struct rpc_body *body, struct rpc_memory *memory,
	struct rpc_result *out, struct rpc_answer *answer);

/* What the outcome means for a call that may be repeated: ERR_OK, ERR_RETRY, ERR_REFUSED or ERR_INVALID. */
enum err rpc_outcome_err(enum rpc_outcome outcome);

/* Body of a gateway's answer (HTTP 200): signature, recovery_id, value. ERR_INVALID and one line in why when it is
 * anything else; ERR_REFUSED for a value of 32 zero bytes, which the ml program does not take. */
NODISCARD enum err rpc_parse_oracle_answer(
	const char *text, size_t len, struct oracle_answer *out, char *why, size_t why_size);

#endif
