/* Strict reading of JSON values, for the parsers of the chain layer (daemon/chain/rpc_parse*.c) and their tests. */
#ifndef CHAIN_RPC_PARSE_JSON_H
#define CHAIN_RPC_PARSE_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/key.h"
#include "chain/rpc_parse.h"

struct json_object;

enum { RPC_JSON_DEPTH = 32 }; /* the deepest answer we know has 11 levels */

/* The whole text as one JSON value, or NULL: not JSON, deeper than RPC_JSON_DEPTH, something behind the value, or an
 * integer outside of -2^63 .. 2^64-1 (json-c would clamp it) as anything but a rentEpoch. *out_of_range tells the last
 * case. The caller frees it with rpc_json_free. */
struct json_object *rpc_json_parse(const char *text, size_t len, bool *out_of_range);
void rpc_json_free(struct json_object *value);

/* text[at] is a quote. Returns the index of the closing one, or len. */
size_t rpc_json_string_end(const char *text, size_t len, size_t at);

/* Opens a JSON-RPC answer: *root to free afterwards (may be NULL), returns its "result" (*has_result; the value itself
 * may be null = NULL). Without a result *answer says why. */
struct json_object *rpc_json_open(const struct rpc_body *body, uint64_t id, struct json_object **root, bool *has_result,
	struct rpc_answer *answer);

/* Sets outcome RPC_MALFORMED with "<what>" and returns false. */
bool rpc_json_bad(struct rpc_answer *answer, const char *what);

/* Member of an object; NULL when it is missing, null, or object is not an object. */
struct json_object *rpc_json_get(struct json_object *object, const char *key);
/* True when the member exists, even as null. */
bool rpc_json_has(struct json_object *object, const char *key);

/* Each is false when the value is missing or of another type or range. */
bool rpc_json_u64(struct json_object *value, uint64_t *out);
bool rpc_json_i64(struct json_object *value, int64_t *out);
bool rpc_json_bool(struct json_object *value, bool *out);
bool rpc_json_text(struct json_object *value, const char **text, size_t *len);
bool rpc_json_pubkey(struct json_object *value, struct pubkey *out);
bool rpc_json_signature(struct json_object *value, struct signature *out);
bool rpc_json_hash(struct json_object *value, struct hash *out);
bool rpc_json_array(struct json_object *value, size_t *n);

/* {context: {slot}, value}: the slot into *out and the value, which may be null = NULL. */
bool rpc_json_context(struct json_object *result, struct rpc_result *out, struct json_object **value);

/* ["<base64>", "base64"] into memory, which has room (see rpc_memory_reserve). */
bool rpc_json_base64(struct json_object *value, struct rpc_memory *memory, const uint8_t **data, size_t *len);
/* The owner of an account from its base58; the one before is remembered in memory. */
bool rpc_owner(struct rpc_memory *memory, const char *text, size_t len, struct pubkey *out);
/* One account object; null is an account that does not exist. */
bool rpc_json_account(struct json_object *value, struct rpc_memory *memory, struct rpc_account *out);
/* err: NULL is success. logs may be NULL. False: err has a shape that no transaction error has. */
bool rpc_json_tx_error(struct json_object *err, struct json_object *logs, struct rpc_tx_error *out);

/* Room for size bytes in all; what was handed out before is gone. */
void rpc_memory_reserve(struct rpc_memory *memory, size_t size);
/* The caller has reserved them; align is a power of two. */
void *rpc_memory_take(struct rpc_memory *memory, size_t size, size_t align);

/* getMultipleAccounts without a tree of JSON values. False: this is for json-c to judge, and *out is undefined. */
bool rpc_scan_accounts(const struct rpc_question *question, const struct rpc_body *body, struct rpc_memory *memory,
	struct rpc_result *out);

/* Results of more than a few lines, in rpc_parse_*.c. */
bool rpc_parse_statuses(struct json_object *result, const struct rpc_question *question, struct rpc_result *out);
bool rpc_parse_simulation(struct json_object *result, struct rpc_result *out);
bool rpc_parse_transaction(
	struct json_object *result, struct rpc_memory *memory, size_t body_len, struct rpc_result *out);
bool rpc_parse_signatures(struct json_object *result, const struct rpc_question *question, struct rpc_memory *memory,
	struct rpc_result *out);
/* Takes the whole answer: its list may be too long for one tree of JSON values. */
enum rpc_outcome rpc_parse_program(const struct rpc_question *question, const struct rpc_body *body,
	struct rpc_memory *memory, struct rpc_result *out, struct rpc_answer *answer);

#endif
