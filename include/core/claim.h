/* What the web backend claims about one transaction ("this wallet joined this pool"), held against the signed bytes. */
#ifndef CORE_CLAIM_H
#define CORE_CLAIM_H
#include "core/ml.h"
#include "core/tx.h"

/* The verdicts, as they stand in keeper.submissions. From WRONG_PROGRAM on, each is nearer to the claim than the one before. */
#define CLAIM_TABLE(X)                            \
	X(NOT_FOUND, "not_found")                 \
	X(FAILED_ON_CHAIN, "failed_on_chain")     \
	X(BAD_SIGNATURE, "bad_signature")         \
	X(TOO_OLD, "too_old")                     \
	X(WRONG_PROGRAM, "wrong_program")         \
	X(WRONG_INSTRUCTION, "wrong_instruction") \
	X(WRONG_POOL, "wrong_pool")               \
	X(WRONG_SIGNER, "wrong_signer")           \
	X(WRONG_AMOUNT, "wrong_amount")           \
	X(ACCEPTED, "accepted")

#define X(name, text) CLAIM_##name,
enum claim_verdict { CLAIM_TABLE(X) CLAIM_VERDICTS };
#undef X

struct claim {
	struct signature sig;
	struct pubkey pool, wallet;
	enum ml_ix operation;
	bool has_amount;
	uint64_t amount;
};

/* Highest age, in seconds of the chain's clock, that the transaction may have had when the claim was handed in. */
struct claim_limits {
	int64_t max_age_s, join_max_age_s;
};

/* One judgement: begin with the bytes that a node gave, then every inner instruction, then the verdict. */
struct claim_judge {
	const struct claim *claim;
	struct tx_view view;
	const struct pubkey *loaded;
	size_t n_loaded;
	enum claim_verdict nearest;
};

/* loaded: the addresses of a v0 transaction's tables, writable then read-only. tx and loaded are borrowed until the end.
 * False: these bytes are not the transaction of that hash, or not signed as they say: CLAIM_BAD_SIGNATURE. */
NODISCARD bool claim_begin(struct claim_judge *judge, const struct claim *claim, struct bytes tx,
	const struct pubkey *loaded, size_t n_loaded);
/* After the inner instructions. True: the node left out addresses of the tables, or what another program that got the claim's
 * pool has called: another node is asked, for nothing follows from what is not seen. */
NODISCARD bool claim_is_cut(const struct claim_judge *judge, size_t n_writable, size_t n_readonly, bool has_inner);
void claim_inner(struct claim_judge *judge, uint8_t program, struct bytes accounts, struct bytes data);
/* happened_s: of the block; handed_in_s: of the claim; both by the chain's clock. */
enum claim_verdict claim_end(const struct claim_judge *judge, bool failed, int64_t happened_s, int64_t handed_in_s,
	const struct claim_limits *limits);

/* "join", "create_pool" and so on, as the web backend names them. */
NODISCARD bool claim_operation(enum ml_ix *out, const char *name);
const char *claim_verdict_text(enum claim_verdict verdict);
#endif
