/* The oracle's HTTP gateway: asks for the answer to one commit, and checks it before anybody acts on it.
 * POST {gateway_uri}/gateway/api/v1/randomness_reveal; our RPC URL is never sent. */
#ifndef CHAIN_GATEWAY_H
#define CHAIN_GATEWAY_H
#include "base/err.h"
#include "base/key.h"
#include "base/task.h"
#include "base/units.h"
#include "core/oracle_answer.h"

struct gateway;
struct loop;
struct http;

struct gateway_question {
	char uri[65]; /* from the oracle's account, NUL terminated                              */
	struct pubkey randomness;
	struct hash seed_slothash;
	struct slot seed_slot;
	uint8_t signer[64]; /* secp256k1 key X||Y that must have signed                               */
};
struct gateway_call {
	struct task task;                 /* reply.data: struct oracle_answer, already checked against .signer       */
	struct gateway_question question; /* copied at the start                                                  */
	struct oracle_answer answer;
	struct gateway_call_state *state;
};
void gateway_call_init(struct gateway_call *call);
void gateway_call_fini(struct gateway_call *call); /* cancels: done is not called afterwards                      */

/* extra_hosts: comma separated host[:port] accepted besides the built-in Switchboard pattern, plain http only for those;
 * NULL for none. Refused by the caller on mainnet-beta. */
struct gateway *gateway_new(struct loop *loop, struct http *http, const char *extra_hosts, bool devnet);
void gateway_free(struct gateway *gw);
/* Pure: may this URI be asked at all? https and a host on the allow-list. The built-in pattern is
 * https://<public IPv4>.xip.switchboard-oracles.xyz/<devnet or mainnet, as configured>: that name resolves to whatever
 * address stands in it, so private and loopback addresses are refused. */
bool gateway_uri_allowed(const struct gateway *gw, const char *uri);
/* ERR_OK: a well-formed answer whose signature recovers to .signer. ERR_REFUSED: well-formed but signed by somebody else
 * or all zero. ERR_RETRY: no answer. ERR_INVALID: the URI is not allowed or the answer is malformed. */
void gateway_ask(struct gateway *gw, struct gateway_call *call, const struct gateway_question *q,
	void (*done)(struct task *, const struct reply *));
#endif
