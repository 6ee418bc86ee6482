/* What the parts of the switchboard.json runner share. */
#ifndef VECTORS_SWITCHBOARD_H
#define VECTORS_SWITCHBOARD_H

#include "core/switchboard.h"
#include "ix_json.h"

/* One vector: { name, source, inputs, expected }. */
struct sb_vector {
	const char *name; /* whole */
	const char *kind; /* without "mainnet/" or "devnet/" */
	bool is_mainnet;
	struct json_object *root; /* the whole file, for inputs that live in other vectors */
	struct json_object *inputs;
	struct json_object *expected;
};

/* The vector of that name in a switchboard.json, or NULL. */
struct json_object *find_vector(struct json_object *root, const char *name);

/* Members of "inputs/common" and of ml's addresses, for vectors whose own inputs leave them out. */
struct json_object *common_inputs(struct check *check, struct json_object *root);
struct json_object *ml_inputs(struct check *check, struct json_object *root);
struct pubkey common_key(struct check *check, struct json_object *root, const char *who); /* payer, rng */

void net_of(const struct sb_vector *v, struct sb_net *out);

/* Each handles the vectors it knows and says whether it did. */
bool run_sb_address(struct check *check, const struct sb_vector *v);
bool run_sb_ix(struct check *check, const struct sb_vector *v);
bool run_sb_account(struct check *check, const struct sb_vector *v);
bool run_sb_oracle(struct check *check, const struct sb_vector *v);
bool run_sb_tx(struct check *check, const struct sb_vector *v);
bool run_sb_gateway(struct check *check, const struct sb_vector *v);

/* An instruction by the short name that tx and size vectors use. extra: "ixs" of switchboard_tx.json or NULL. False (and
 * the case fails) when nothing defines it. */
bool named_ix(
	struct check *check, struct json_object *root, struct json_object *extra, const char *name, struct ix *out);

/* A transaction vector: its inputs, and the object with first_appearance_order and web3js_sorted_order. */
void check_sb_tx(struct check *check, struct json_object *root, struct json_object *extra, struct json_object *inputs,
	struct json_object *forms);

#endif
