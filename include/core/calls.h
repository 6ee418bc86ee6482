/* What somebody's transaction asked the ml program to do with one pool: verified by its signatures, exact, and the same
 * whenever and by whomever it is read. Pure. */
#ifndef CORE_CALLS_H
#define CORE_CALLS_H
#include "base/units.h"
#include "core/ml.h"
#include "core/tx.h"

/* A transaction that succeeded, as a node gives it; everything is borrowed. Signed are only the bytes; what programs
 * called, the loaded addresses and the log are the node's word. */
struct calls_source {
	struct bytes tx;
	struct slot slot;
	const struct pubkey *writable, *readonly; /* loaded addresses of a v0 transaction */
	size_t n_writable, n_readonly;
	bool has_inner; /* false: the node did not record what programs called */
	const struct tx_inner *inner;
	size_t n_inner;
	const char *const *logs;
	size_t n_logs;
};

enum calls_result {
	CALLS_OK,
	CALLS_UNPARSABLE,        /* the bytes are no transaction */
	CALLS_OTHER_TRANSACTION, /* the first signature is not the one that was asked for */
	CALLS_BAD_SIGNATURE,     /* an ed25519 signature does not verify */
	CALLS_BAD_TABLES,        /* the loaded addresses are not as many as the message asks for */
	CALLS_NO_INNER,          /* another program got the pool, or ml, and what it called is not known */
	CALLS_TOO_MANY,          /* more calls than the runtime allows */
};

enum { CALLS_MAX = 64, CALLS_DECIMALS_UNKNOWN = 255 };

struct pool_call {
	enum ml_ix which;
	uint8_t ix;
	int16_t inner; /* number among the instruction's inner ones; -1: top level */
	struct pubkey user;
	struct pubkey mint; /* of create_pool; else zero */
	bool has_amount;    /* base units: what was asked for, or what a refund or payout really moved */
	uint64_t amount;
	uint8_t decimals; /* of the mint, as the token program was told them */
	bool has_pool_id;
	uint64_t pool_id; /* from the program's own events, or as create_pool makes it; see calls_attribute() */
};
struct pool_calls {
	bool makes_others; /* pools at other addresses: calls_read_made() tells them */
	size_t n;
	struct pool_call call[CALLS_MAX];
};

/* Calls of the ml program about this pool, in the order in which they ran. */
NODISCARD enum calls_result calls_read(struct pool_calls *out, const struct calls_source *source,
	const struct signature *expected, const struct pubkey *pool);

/* Pools that a transaction makes for one dev wallet. */
struct pools_made {
	size_t n;
	struct pubkey pool[CALLS_MAX];
};
/* Every create_pool in it that names this dev wallet, in the order in which they ran; read as calls_read() reads. */
NODISCARD enum calls_result calls_read_made(struct pools_made *out, const struct calls_source *source,
	const struct signature *expected, const struct pubkey *dev_wallet);

/* An address is used again after claim_rent: calls that do not say which pool they meant belong to the one before them.
 * *known and *pool_id are that of the transaction before, then of this one. False: some call has none; it keeps
 * has_pool_id false. */
NODISCARD bool calls_attribute(struct pool_calls *calls, bool *known, uint64_t *pool_id);

/* The word for keeper.call_gaps.reason. */
const char *calls_result_name(enum calls_result result);
#endif
