/* Before anything is signed: do the endpoints serve the network that we were told, and is the program there?
 *
 * Endpoints that are down do not hold the start up as long as one answers, but each is asked until it has said which
 * network it is: one on another network would be a false witness. */
#ifndef CHAIN_PREFLIGHT_H
#define CHAIN_PREFLIGHT_H

#include "chain/rpc.h"

enum preflight_verdict {
	PREFLIGHT_OPEN, /* no endpoint has answered everything yet                       */
	PREFLIGHT_PASSED,
	PREFLIGHT_REFUSED, /* wrong network or no program: logged as start.refused          */
};

struct preflight_question {
	struct preflight *preflight;
	struct rpc_call call;
	int index;
	bool answered;
};

struct preflight {
	struct rpc *rpc;
	const char *network, *genesis;
	struct pubkey program;
	struct preflight_question genesis_of[RPC_ENDPOINTS_MAX], program_call;
	bool refused;
	unsigned failures; /* calls that got no answer; each was logged as start.waiting */
	uint64_t again_ms;
};

/* genesis: base58, NULL for any; network: its name, for the log. Both are borrowed. Nothing is asked yet. */
void preflight_init(
	struct preflight *p, struct rpc *rpc, const char *network, const char *genesis, const struct pubkey *program);
void preflight_fini(struct preflight *p); /* cancels */

/* Asks what is not answered, again after a second. Returns when it wants the next turn, UINT64_MAX: on news only. */
uint64_t preflight_turn(struct preflight *p, uint64_t now_ms);
/* May still become REFUSED after PASSED, when a late endpoint turns out to be on another network. */
enum preflight_verdict preflight_verdict(const struct preflight *p);

#endif
