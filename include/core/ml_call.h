/* One instruction of the ml program inside somebody's transaction: what it asks for, of which pool, by whom. */
#ifndef CORE_ML_CALL_H
#define CORE_ML_CALL_H
#include "core/ml.h"
#include "core/tx.h"

struct ml_call {
	enum ml_ix which;
	struct ml_args args;
	struct pubkey pool, user;
	bool user_signed; /* the user's key signed the transaction: always so for a call that succeeded at top level */
};

/* Reads an instruction given by its program index, account indexes and data, at top level or inner. loaded: the addresses
 * of a v0 transaction's tables, writable then read-only. False: not the ml program, an unknown instruction, too few
 * accounts, or an index that names no key. */
NODISCARD bool ml_call_read(struct ml_call *out, const struct tx_view *view, const struct pubkey *loaded,
	size_t n_loaded, uint8_t program, struct bytes accounts, struct bytes data);
#endif
