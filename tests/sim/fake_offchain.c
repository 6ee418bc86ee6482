/* Draws of the database are not simulated: there are no sources, and what would drive them is never called. */
#include <stdlib.h>

#include "chain/drand_relays.h"
#include "chain/rpc.h"
#include "chain/vrf_key.h"
#include "journal/offchain.h"
#include "sim/sim.h"

#pragma GCC diagnostic ignored "-Wunused-parameter"

void offchain_call_init(struct offchain_call *call)
{
	abort();
}

void offchain_call_fini(struct offchain_call *call)
{
	abort();
}

void offchain_work(struct journal *j, struct offchain_call *call, journal_done *done)
{
	abort();
}

void offchain_ask_due(
	struct journal *j, struct offchain_call *call, const char *due, uint64_t after, journal_done *done)
{
	abort();
}

void offchain_tell_init(struct offchain_tell_call *call)
{
	abort();
}

void offchain_tell_fini(struct offchain_tell_call *call)
{
	abort();
}

void offchain_tell(struct journal *j, struct offchain_tell_call *call, const struct offchain_waiting *list, size_t n,
	journal_done *done)
{
	abort();
}

void offchain_lock(
	struct journal *j, struct offchain_call *call, const struct offchain_locking *locking, journal_done *done)
{
	abort();
}

void offchain_anchor(struct journal *j, struct offchain_call *call, const struct offchain_row *draw, journal_done *done)
{
	abort();
}

void offchain_block(struct journal *j, struct offchain_call *call, const struct offchain_row *draw,
	const struct offchain_block *block, journal_done *done)
{
	abort();
}

void offchain_beacon(struct journal *j, struct offchain_call *call, const struct offchain_row *draw,
	const struct drand_signature *signature, const char *checked_by, journal_done *done)
{
	abort();
}

void offchain_prove(struct journal *j, struct offchain_call *call, const struct offchain_row *draw,
	const uint8_t alpha[ALPHA_SIZE], const struct ecvrf_proof *proof, const struct ecvrf_beta *beta,
	journal_done *done)
{
	abort();
}

void offchain_draw(struct journal *j, struct offchain_call *call, const struct offchain_row *draw,
	const struct select_pick *pick, journal_done *done)
{
	abort();
}

void offchain_settle(struct journal *j, struct offchain_call *call, const struct offchain_row *draw,
	const char *statement, journal_done *done)
{
	abort();
}

void offchain_default(struct journal *j, struct offchain_call *call, const struct offchain_row *draw, int64_t chain_s,
	journal_done *done)
{
	abort();
}

void offchain_refund(struct journal *j, struct offchain_call *call, const struct offchain_row *draw,
	const char *statement, journal_done *done)
{
	abort();
}

void offchain_halt(struct journal *j, struct offchain_call *call, const struct offchain_row *draw, const char *why,
	journal_done *done)
{
	abort();
}

void offchain_entries(struct journal *j, struct offchain_call *call, const struct offchain_row *draw, uint64_t first,
	journal_done *done)
{
	abort();
}

void drand_call_init(struct drand_call *call)
{
	abort();
}

void drand_call_fini(struct drand_call *call)
{
	abort();
}

void drand_ask(struct drand_relays *relays, struct drand_call *call, uint64_t round,
	void (*done)(struct task *, const struct reply *))
{
	abort();
}

void vrf_key_public(const struct vrf_key *key, struct pubkey *out)
{
	abort();
}

enum ecvrf_result vrf_key_prove(struct vrf_key *key, struct ecvrf_proof *out, struct bytes alpha)
{
	abort();
}

struct vrf_key *vrf_keys_find(const struct vrf_keys *keys, const struct pubkey *pubkey)
{
	abort();
}

void rpc_get_block(struct rpc *rpc, struct rpc_call *call, struct slot slot, rpc_done *done)
{
	abort();
}

/* Each node of the simulation has a host of its own. */
int rpc_host_of(const struct rpc *rpc, int endpoint)
{
	return endpoint;
}

size_t rpc_witnesses(const struct rpc *rpc)
{
	return world.n_nodes > 1 ? 2 : 1;
}
