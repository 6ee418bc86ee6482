/* The simulated worlds register every pool, so nothing is looked for on the chain: these only satisfy the linker. */
#include <stdlib.h>

#include "journal/discovery.h"
#include "sim/sim.h"

void rpc_get_program(struct rpc *rpc, struct rpc_call *call, const struct pubkey *program, size_t size, size_t offset,
	const struct pubkey *key, rpc_done *done)
{
	(void)rpc;
	(void)call;
	(void)program;
	(void)size;
	(void)offset;
	(void)key;
	(void)done;
	abort();
}

void discovery_call_init(struct discovery_call *call)
{
	call->state = NULL;
}

void discovery_call_fini(struct discovery_call *call)
{
	call->state = NULL;
}

void discovery_ask(struct journal *j, struct discovery_call *call, const struct discovery_key *keys, size_t n,
	int64_t now_s, journal_done *done)
{
	(void)j;
	(void)call;
	(void)keys;
	(void)n;
	(void)now_s;
	(void)done;
	abort();
}

void discovery_note(struct journal *j, struct discovery_call *call, const struct discovery_note *notes, size_t n,
	journal_done *done)
{
	(void)j;
	(void)call;
	(void)notes;
	(void)n;
	(void)done;
	abort();
}

void discovery_list(struct journal *j, struct discovery_call *call, int64_t now_s, int64_t age_s, journal_done *done)
{
	(void)j;
	(void)call;
	(void)now_s;
	(void)age_s;
	(void)done;
	abort();
}

void discovery_binds(
	struct journal *j, struct discovery_call *call, const struct pubkey *creators, size_t n, journal_done *done)
{
	(void)j;
	(void)call;
	(void)creators;
	(void)n;
	(void)done;
	abort();
}
