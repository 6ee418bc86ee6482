/* The simulated worlds register every pool, and wallets have no list of signatures: audits end at once, the rest only satisfies
 * the linker. */
#include <stdlib.h>

#include "journal/audit.h"
#include "journal/census.h"
#include "journal/discovery.h"
#include "sim/fake_journal.h"

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

void census_call_init(struct census_call *call)
{
	call->state = NULL;
}

void census_call_fini(struct census_call *call)
{
	call->state = NULL;
}

void census_begin(struct journal *j, struct census_call *call, struct slot slot, journal_done *done)
{
	(void)j;
	(void)call;
	(void)slot;
	(void)done;
	abort();
}

void census_unknown(
	struct journal *j, struct census_call *call, const struct signature *sigs, size_t n, journal_done *done)
{
	(void)j;
	(void)call;
	(void)sigs;
	(void)n;
	(void)done;
	abort();
}

void census_found(struct journal *j, struct census_call *call, const struct pools_made *made, struct slot slot,
	journal_done *done)
{
	(void)j;
	(void)call;
	(void)made;
	(void)slot;
	(void)done;
	abort();
}

void census_done(struct journal *j, struct census_call *call, const struct census_position *to, journal_done *done)
{
	(void)j;
	(void)call;
	(void)to;
	(void)done;
	abort();
}

const char *audit_kind_name(enum audit_kind kind)
{
	(void)kind;
	return "";
}

void audit_call_init(struct audit_call *call)
{
	*call = (struct audit_call){ 0 };
	call->state = call_new(&call->task);
}

void audit_call_fini(struct audit_call *call)
{
	call_free(call->state);
	call->state = NULL;
}

static void take_audit(struct journal_call_state *s, const struct statement *st)
{
	struct audit_call *call = container_of(s->task, struct audit_call, task);

	(void)st;
	call->audit = (struct audit_state){ 0 };
	s->data = call;
}

void audit_begin(struct journal *j, struct audit_call *call, const struct pubkey *wallet, struct slot slot,
	struct height height, journal_done *done)
{
	(void)wallet;
	(void)slot;
	(void)height;
	call_run(call->state, call_begin(j, call->state, VERB_OTHER, NULL, take_audit, done));
}

void audit_unknown(
	struct journal *j, struct audit_call *call, const struct signature *sigs, size_t n, journal_done *done)
{
	(void)j;
	(void)call;
	(void)sigs;
	(void)n;
	(void)done;
	abort();
}

void audit_import(struct journal *j, struct audit_call *call, const struct pubkey *wallet, struct height height,
	const struct audit_item *items, size_t n, journal_done *done)
{
	(void)j;
	(void)call;
	(void)wallet;
	(void)height;
	(void)items;
	(void)n;
	(void)done;
	abort();
}

void audit_done(struct journal *j, struct audit_call *call, const struct pubkey *wallet,
	const struct signature *watermark, struct slot slot, journal_done *done)
{
	(void)j;
	(void)call;
	(void)wallet;
	(void)watermark;
	(void)slot;
	(void)done;
	abort();
}

bool journal_spool_waits(const struct journal *j)
{
	(void)j;
	return false;
}
