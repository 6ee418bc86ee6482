/* What the certificates of pools say: gathered once, when a draw is over. Only engine/ includes this. */
#ifndef ENGINE_PROOFS_H
#define ENGINE_PROOFS_H
#include "chain/evidence.h"
#include "chain/rpc.h"
#include "core/certificate.h"
#include "journal/proofs.h"

struct engine;

enum proofs_stage {
	PROOFS_NEXT,     /* is one missing?                       */
	PROOFS_READ,     /* it is: its transactions, one by one   */
	PROOFS_ACCOUNTS, /* and the accounts                      */
	PROOFS_ADD,
};
struct proofs {
	struct rpc_call rpc;
	struct proof_call call;
	enum proofs_stage stage;
	uint64_t due_ms;
	bool wanted;             /* something happened since it was asked last     */
	bool waits;              /* for the histories of draws                     */
	unsigned round;          /* each node but the first is asked when the one before told no certificate */
	unsigned tries, looks;   /* tries: of the call under way; looks: of waits  */
	uint64_t records;        /* of the engine's counter, when it was asked     */
	unsigned n_done, n_read; /* draws since the start; transactions of this one */
	bool failing;            /* and the log has it */
	struct evidence evidence;
	const char *why; /* with PROOFS_ADD; NULL: there is a member */
	struct certificate_pool pool;
	char member[CERTIFICATE_POOL_TEXT];
};

void proofs_init(struct engine *e);
void proofs_fini(struct engine *e);
/* certificates_turn() calls it while certificates are made. */
void proofs_turn(struct engine *e);
/* Another daemon leads, or this one begins to. */
void proofs_reset(struct engine *e);
bool proofs_busy(const struct engine *e);
/* Something is left to do that needs no waiting. */
bool proofs_pending(const struct engine *e);
/* Calls were recorded: perhaps a draw waited for them. */
void proofs_calls(struct engine *e);

/* proof_pool.c: all that was found, put together. Not NULL: a reason of keeper.pool_proofs, why it cannot be. */
const char *proof_pool(struct certificate_pool *out, const struct proof_work *work, const struct evidence *e,
	const struct evidence_accounts *a, const char *network);
#endif
