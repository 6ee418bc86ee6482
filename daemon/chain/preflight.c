/* Before anything is signed: do the endpoints serve the network that we were told, and is the program there? */
#include "chain/preflight.h"

#include <string.h>

#include "base/log.h"
#include "core/base58.h"
#include "io/loop.h"

enum { AGAIN_MS = 1000 };

static void question_init(struct preflight_question *q, struct preflight *p, int index)
{
	*q = (struct preflight_question){ .preflight = p, .index = index };
	rpc_call_init(&q->call);
}

void preflight_init(
	struct preflight *p, struct rpc *rpc, const char *network, const char *genesis, const struct pubkey *program)
{
	*p = (struct preflight){ .rpc = rpc, .network = network, .genesis = genesis, .program = *program };
	for (int i = 0; i < RPC_ENDPOINTS_MAX; i++)
		question_init(&p->genesis_of[i], p, i);
	question_init(&p->program_call, p, RPC_ANY);
}

void preflight_fini(struct preflight *p)
{
	for (int i = 0; i < RPC_ENDPOINTS_MAX; i++)
		rpc_call_fini(&p->genesis_of[i].call);
	rpc_call_fini(&p->program_call.call);
}

static void no_answer(struct preflight *p, const char *of, const char *why)
{
	p->failures++;
	p->again_ms = loop_mono_ms() + AGAIN_MS;
	log_warn("start.waiting", "for=%s why=%s", of, why);
}

static struct preflight_question *question_of(struct task *task)
{
	return container_of(container_of(task, struct rpc_call, task), struct preflight_question, call);
}

static void on_genesis(struct task *task, const struct reply *reply)
{
	struct preflight_question *q = question_of(task);
	struct preflight *p = q->preflight;
	const char *label = rpc_endpoint_label(p->rpc, q->index);
	char genesis[PUBKEY_TEXT];

	if (reply->err != ERR_OK) {
		no_answer(p, label, reply->why);
		return;
	}
	q->answered = true;
	base58_hash(genesis, reply->data);
	if (p->genesis == NULL || strcmp(genesis, p->genesis) == 0)
		return;
	p->refused = true;
	log_error("start.refused", "endpoint=%s genesis=%s why=\"this is not %s: change its URL or SOLANA_NETWORK\"",
		label, genesis, p->network);
}

/* Programs belong to a loader; rpc_account does not carry the executable flag. */
static bool is_program(const struct rpc_account *account)
{
	static const char *const loaders[] = { "BPFLoaderUpgradeab1e11111111111111111111111",
		"BPFLoader2111111111111111111111111111111111", "LoaderV411111111111111111111111111111111111" };
	char owner[PUBKEY_TEXT];

	base58_pubkey(owner, &account->owner);
	for (size_t i = 0; i < sizeof(loaders) / sizeof(loaders[0]); i++)
		if (account->exists && strcmp(owner, loaders[i]) == 0)
			return true;
	return false;
}

static void on_program(struct task *task, const struct reply *reply)
{
	struct preflight_question *q = question_of(task);
	struct preflight *p = q->preflight;
	const struct rpc_accounts *accounts = reply->data;
	char program[PUBKEY_TEXT];

	if (reply->err != ERR_OK) {
		no_answer(p, "ml_program", reply->why);
		return;
	}
	q->answered = true;
	if (is_program(&accounts->account[0]))
		return;
	p->refused = true;
	base58_pubkey(program, &p->program);
	log_error("start.refused", "program=%s why=\"it %s on %s: change SOLANA_NETWORK\"", program,
		accounts->account[0].exists ? "is not an executable program" : "does not exist", p->network);
}

static bool any_genesis(const struct preflight *p)
{
	for (size_t i = 0; i < rpc_endpoint_count(p->rpc); i++)
		if (p->genesis_of[i].answered)
			return true;
	return false;
}

uint64_t preflight_turn(struct preflight *p, uint64_t now_ms)
{
	if (now_ms < p->again_ms)
		return p->again_ms;
	for (size_t i = 0; i < rpc_endpoint_count(p->rpc); i++) {
		struct preflight_question *q = &p->genesis_of[i];

		if (q->answered || q->call.task.busy)
			continue;
		q->call.endpoint = q->index;
		rpc_get_genesis(p->rpc, &q->call, on_genesis);
	}
	if (any_genesis(p) && !p->program_call.answered && !p->program_call.call.task.busy) {
		p->program_call.call.endpoint = RPC_ANY;
		rpc_get_accounts(
			p->rpc, &p->program_call.call, &p->program, 1, CONFIRMED, (struct slot){ 0 }, on_program);
	}
	return UINT64_MAX;
}

enum preflight_verdict preflight_verdict(const struct preflight *p)
{
	if (p->refused)
		return PREFLIGHT_REFUSED;
	return any_genesis(p) && p->program_call.answered ? PREFLIGHT_PASSED : PREFLIGHT_OPEN;
}
