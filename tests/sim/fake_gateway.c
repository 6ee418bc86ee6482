/* Oracles and their gateways: honest, slow, dead, with a new answer each time, or with one that the program refuses. */
#include <stdlib.h>
#include <string.h>

#include "base/crypto.h"
#include "chain/gateway.h"
#include "sim/sim.h"

enum { ANSWER_MS = 300, SLOW_MS = 9000, TIMEOUT_MS = 5000, SALT_REFUSED = 0xffff };

struct gateway {
	int daemon;
};
struct gateway_call_state {
	struct gateway_call *call;
	struct event_ref event;
	enum err err;
	unsigned salt;
};

const struct sim_oracle *oracle_find(const struct pubkey *address)
{
	for (size_t i = 0; i < ORACLES; i++)
		if (pubkey_equal(&world.oracle[i].address, address))
			return &world.oracle[i];
	return NULL;
}

static void proof_of(uint8_t out[HASH_SIZE], const struct pubkey *oracle, const struct pubkey *randomness,
	uint64_t seed_slot, const struct hash *seed_slothash, const uint8_t value[SB_VALUE_SIZE])
{
	uint8_t message[SB_MESSAGE_SIZE];
	const struct bytes parts[] = { { oracle->b, PUBKEY_SIZE }, { message, sizeof message } };
	struct hash hash;

	sb_reveal_message(message, randomness, seed_slothash, (struct slot){ seed_slot }, value);
	crypto_sha256(&hash, parts, 2);
	memcpy(out, hash.b, HASH_SIZE);
}

void oracle_sign(struct oracle_answer *answer, const struct pubkey *oracle, const struct pubkey *randomness,
	uint64_t seed_slot, const struct hash *seed_slothash, unsigned salt)
{
	uint8_t seed[4] = { (uint8_t)salt, (uint8_t)(salt >> 8), 0, 1 };

	*answer = (struct oracle_answer){ .recovery_id = 1 };
	proof_of(answer->value, oracle, randomness, seed_slot, seed_slothash, answer->value);
	memcpy(answer->value + 28, seed, sizeof seed);
	proof_of(answer->value, oracle, randomness, seed_slot, seed_slothash, answer->value);
	proof_of(answer->signature, oracle, randomness, seed_slot, seed_slothash, answer->value);
	if (salt == SALT_REFUSED)
		answer->signature[40] = 1;
}

bool oracle_accepted(const struct rand_state *r, const struct oracle_answer *answer)
{
	uint8_t proof[HASH_SIZE];

	proof_of(proof, &r->oracle, &r->address, r->seed_slot, &r->seed_slothash, answer->value);
	return memcmp(proof, answer->signature, sizeof proof) == 0 && answer->signature[40] == 0;
}

struct gateway *sim_gateway_new(int daemon)
{
	struct gateway *gateway = calloc(1, sizeof *gateway);

	if (!gateway)
		abort();
	gateway->daemon = daemon;
	return gateway;
}

void sim_gateway_free(struct gateway *gateway)
{
	free(gateway);
}

void gateway_call_init(struct gateway_call *call)
{
	*call = (struct gateway_call){ 0 };
	call->state = calloc(1, sizeof *call->state);
	if (!call->state)
		abort();
	call->state->call = call;
}

void gateway_call_fini(struct gateway_call *call)
{
	event_cancel(call->state->event);
	free(call->state);
	call->state = NULL;
}

bool gateway_uri_allowed(const struct gateway *gw, const char *uri)
{
	(void)gw;
	return strcmp(uri, "https://oracle") == 0;
}

static void answer(void *owner)
{
	struct gateway_call_state *s = owner;
	struct gateway_call *call = s->call;
	const struct gateway_question *q = &call->question;
	struct reply reply = { s->err, NULL, s->err == ERR_OK ? "" : "no answer" };
	struct pubkey oracle;

	memcpy(oracle.b, q->signer, PUBKEY_SIZE);
	if (s->err == ERR_OK) {
		oracle_sign(&call->answer, &oracle, &q->randomness, q->seed_slot.n, &q->seed_slothash, s->salt);
		reply.data = &call->answer;
	}
	task_end(&call->task, &reply);
}

static bool dead(const struct sim_oracle *o)
{
	return o->kind == ORACLE_DEAD || (o->dies_ms != 0 && world.now_ms >= o->dies_ms) ||
	       (o->kind == ORACLE_SLOW && world_fault(400));
}

/* The key that must have signed names the oracle here: each address is its own key. */
void gateway_ask(struct gateway *gw, struct gateway_call *call, const struct gateway_question *q,
	void (*done)(struct task *, const struct reply *))
{
	struct gateway_call_state *s = call->state;
	const struct sim_oracle *o;
	struct pubkey oracle;
	uint64_t delay = 50 + random_below(ANSWER_MS);

	memcpy(oracle.b, q->signer, PUBKEY_SIZE);
	o = oracle_find(&oracle);
	call->question = *q;
	task_begin(&call->task, done);
	s->err = ERR_OK;
	s->salt = 0;
	if (!o || dead(o) || world_fault(world.faults.gateway_lost)) {
		s->err = ERR_RETRY;
		delay = random_chance(500) ? TIMEOUT_MS : delay;
	} else if (o->kind == ORACLE_SLOW) {
		delay += random_below(SLOW_MS);
	} else if (o->kind == ORACLE_CHANGING) {
		s->salt = random_below(1000);
	} else if (o->kind == ORACLE_REFUSED) {
		s->salt = SALT_REFUSED;
	}
	if (!world_boundary(gw->daemon))
		s->event = event_at(world.now_ms + delay, gw->daemon, answer, s);
}
