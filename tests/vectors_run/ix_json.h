/* Instructions and transactions as the vector files write them. */
#ifndef VECTORS_IX_JSON_H
#define VECTORS_IX_JSON_H

#include "core/ix.h"
#include "core/tx.h"
#include "vectors.h"

/* The files differ in names only. */
struct ix_names {
	const char *accounts; /* "metas" or "accounts" */
	const char *data;     /* "data" or "data_hex" */
};

extern const struct ix_names IX_NAMES;             /* instructions.json, transactions.json */
extern const struct ix_names IX_NAMES_SWITCHBOARD; /* switchboard*.json */

/* False (and the case fails) when the instruction is malformed; *too_large without a failure when its data alone is
 * larger than a packet. */
bool read_ix(
	struct check *check, struct json_object *object, const struct ix_names *names, struct ix *out, bool *too_large);

void expect_ix(struct check *check, struct json_object *object, const struct ix_names *names, const struct ix *got);

/* A serialized transaction against the instructions it was made from: it parses, its signatures are right, and every
 * program, account, flag and data byte is found again. loaded: keys from lookup tables, as the transaction orders them. */
void check_view(struct check *check, const struct tx_view *view, const struct pubkey *payer, const struct ix *ixs,
	size_t n_ixs, const struct pubkey *loaded, size_t n_loaded);

/* form[name]: list of the static keys; form.header: three counts. */
void expect_keys(struct check *check, struct json_object *form, const char *name, const struct tx_view *view);
void expect_header(struct check *check, struct json_object *form, const struct tx_view *view);

#endif
