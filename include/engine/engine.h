/* The I/O shell: keeps the facts of every draw, asks core/decide.h what to do, and does it. It has no opinions.
 *
 * Single-threaded: everything happens in engine_turn() and in the done() callbacks of its own calls. It has no timer
 * and no clock of its own: the caller runs engine_turn() on every turn of its loop, and at the latest at
 * engine_wake_ms(). Times are monotonic milliseconds. */
#ifndef ENGINE_ENGINE_H
#define ENGINE_ENGINE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "core/claim.h"
#include "core/policy.h"
#include "core/pool.h"
#include "core/reasons.h"
#include "engine/snapshot.h"

struct engine;
struct rpc;
struct journal;
struct gateway;
struct signer;
struct certificate_key;
struct drand_relays;
struct source_defs;
struct vrf_keys;

struct engine_modules {
	struct rpc *rpc;
	struct journal *journal;
	struct gateway *gateway;
	const struct signer *signer;
	/* Of draws whose stakes are in Postgres. Without sources the other two are not looked at. */
	const struct source_defs *sources;
	struct drand_relays *relays;
	const struct vrf_keys *vrf;
	const struct certificate_key *certificate_key; /* NULL: no certificates are made */
};
struct engine_config {
	struct policy policy;
	uint64_t tick_ms;            /* between two looks at all pools: 5000                                     */
	uint64_t pulse_ms;           /* between two looks at our transactions that are out: 200                  */
	uint64_t discovery_ms;       /* between two looks for pools that nobody registered; 0: never         */
	uint64_t watch_ms;           /* between two comparisons of a pool on which nothing happens: an hour  */
	uint64_t audit_ms;           /* between two audits of our wallet; 0: never                           */
	int64_t list_after_s;        /* so old is such a pool before the app gets a row of it                */
	uint64_t offchain_ms;        /* between two questions what is due in a source of draws               */
	const char *certificate_dir; /* where their files go                                           */
	const char *network;         /* as certificates name it                                        */
	bool clear_chat;             /* a paid pool's chat is deleted                                        */
	struct pubkey
		rebuild; /* not zero: only this pool's history is read, from its creation on, and nothing else done */
	struct claim_limits claims;
	uint64_t used_keep_s; /* how long public.used_transactions keeps its rows                          */
};
/* Modules are borrowed and outlive the engine. Nothing is asked before the first turn. */
struct engine *engine_new(const struct engine_config *config, const struct engine_modules *modules);
/* Other limits, intervals and policy from the next turn on. Wallet, programs, dry run and rebuild must be as they were. */
void engine_configure(struct engine *e, const struct engine_config *config);
void engine_free(struct engine *e); /* cancels what is in flight                                 */

void engine_turn(struct engine *e, uint64_t now_ms);
uint64_t engine_wake_ms(const struct engine *e);

/* Opens nothing new from here on; what is in flight finishes. */
void engine_stop(struct engine *e);
/* After engine_stop: nothing is in flight any more. */
bool engine_stopped(const struct engine *e);
#endif
