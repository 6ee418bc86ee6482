/* What legacy and v0 transaction cases share: inputs, and the signed form. */
#ifndef VECTORS_TRANSACTIONS_H
#define VECTORS_TRANSACTIONS_H

#include "core/tx.h"
#include "ix_json.h"

enum { INPUT_IXS_MAX = 16 };

struct tx_inputs {
	struct pubkey payer;
	struct hash blockhash;
	size_t n_ixs;
	bool too_large; /* an instruction's data alone is larger than a packet */
	struct ix ixs[INPUT_IXS_MAX];
};

/* False when the case cannot be run (it has failed then). */
bool read_inputs(struct check *check, struct json_object *object, struct tx_inputs *out);

/* Signs with the case's secrets: signature i belongs to the i-th signer key of the message. */
bool sign_with(struct check *check, struct json_object *object, const struct pubkey *key, struct bytes message,
	struct signature *out);

/* form.signatures (list) and form.signature (the first) against our own signing of message. */
void expect_signatures(
	struct check *check, struct json_object *object, struct json_object *form, const struct tx_view *view);

/* One case of the "v0" section. */
void run_v0(const struct suite *suite, struct json_object *object, size_t i);

#endif
