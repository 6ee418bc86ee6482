/* One active draw: a pool that is near its due second or past it. */
#ifndef ENGINE_DRAW_H
#define ENGINE_DRAW_H
#include "chain/gateway.h"
#include "core/decide.h"
#include "engine/subject.h"
#include "journal/commits.h"
#include "journal/records.h"

struct pool_entry;

enum { DRAW_TRIED_MAX = 16, DRAW_RECORD_SIGS = 16 };
struct draw {
	struct subject s;
	struct draw_facts facts;
	struct pool_entry *pool; /* owned by the engine's table, which outlives the draw              */
	struct pubkey address;
	uint64_t pool_id;
	struct pubkey dev_ata, treasury_ata, token_program;
	bool addresses_known;
	struct pubkey randomness;        /* the account this draw uses or would use; zero: not picked         */
	struct account_key *new_account; /* of a randomness account that does not exist yet                   */
	struct pubkey oracle;            /* to commit to, as picked                                            */
	struct pubkey tried[DRAW_TRIED_MAX];
	unsigned n_tried; /* oracles of earlier commits                */
	struct gateway_call gateway;
	struct commit_call commit;
	struct record_call record;
	struct oracle_answer answer; /* as the gateway gave it, before the ledger has it                  */
	bool answer_pending, late;
	char contradiction[SUBJECT_VALUES_TEXT]; /* what of our records the chain contradicts, for the log */
	struct rpc_call record_rpc;
	struct signature record_sig;
	uint64_t record_seq;
	struct signature record_sigs[DRAW_RECORD_SIGS];
	unsigned n_record_sigs, record_at;
	struct signature record_before; /* the oldest of that page; with record_older the next page begins behind it */
	bool record_next, record_older;
	struct journal_payout paid[2];
	unsigned n_paid;
	int paid_endpoint; /* payouts as nodes told them     */
};
struct draw *draw_new(struct engine *e, struct pool_entry *pool, uint64_t pool_id);
void draw_free(struct draw *d);
bool draw_busy(const struct draw *d);
/* News from the shared tick. */
void draw_observe(struct draw *d, const struct pool_view *view);
/* The ledger's row of the commit is read again as well. */
void draw_doubt(struct draw *d);
/* Decides once and does it. */
void draw_advance(struct draw *d);
/* Between request and select, as the chain shows it. */
bool draw_status_is_bound(const struct draw *d);
/* Between request and select, or about to be: counts against max_bound and the fee wallet. */
bool draw_is_bound(const struct draw *d);
/* Nothing is left to do and nothing is in flight: the draw may be forgotten. */
bool draw_idle(const struct draw *d);
#endif
