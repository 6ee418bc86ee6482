/* The whole brain: facts in, one action out. No I/O, no clock, no allocation, no globals. */
#ifndef CORE_DECIDE_H
#define CORE_DECIDE_H
#include "core/action.h"
#include "core/draw_facts.h"

struct action decide_draw(const struct draw_facts *f);

/* Why a BIND may not be opened or sent now (DESIGN: do not bind what cannot be drawn); WAIT_NONE when it may. */
enum reason gate_bind(const struct draw_facts *f);
/* Why `next` more lamports may not be spent for pools of this creator today. Anybody can name our key as dev_wallet. */
enum reason gate_creator(const struct policy *policy, const struct surroundings *around,
	const struct creator_count *creator, uint64_t next);
/* The same for all that this draw may still cost before its payout. */
enum reason gate_draw_cost(const struct draw_facts *f);
/* The part of the gate that the pool account alone answers. */
enum reason gate_pool(const struct draw_facts *f);
/* Treasury, fees and mock: pools that differ cost us nothing at all. */
enum reason gate_policy(const struct policy *policy, const struct pool_account *pool);

/* Why a pool that the app never registered may not enter its tables; WAIT_NONE when it may. A pause is no reason. */
enum reason gate_listing(const struct policy *policy, const struct pubkey *address, const struct pool_account *pool);
/* Why the win of some sponsored player could not be passed on, or that of the one who wins; WAIT_NONE: it can. */
enum reason gate_sponsors(const struct draw_facts *f);
enum reason gate_pass_on(const struct draw_facts *f);
/* False: not known yet. */
bool expected_winner(const struct draw_facts *f, struct pubkey *out);
/* The sponsored player who wins; NULL: the winner plays for himself, or is not known yet. */
const struct sponsored *sponsored_win(const struct draw_facts *f);
/* Why a PAYOUT of a selected winner may not be opened now. Dust in the vault is not among it: the program itself says no to
 * that, and is asked again. */
enum reason gate_payout(const struct draw_facts *f);
/* Between request and select: pay in the same transaction as the selection, as far as we know. */
bool gate_pays_at_once(const struct draw_facts *f);

/* Unix second of the chain's clock from which unlock is allowed. */
int64_t draw_due_s(const struct pool_account *pool);

/* A token account that must exist before a draw is bound: made for many draws at once, so it has its own subject. */
struct ata_facts {
	const struct policy *policy;
	const struct surroundings *around;
	struct subject_facts own;
	struct slot at;
	enum presence presence;
	uint64_t read_ms;
	struct lamports wallet;       /* of the same answer as the account                         */
	struct creator_count creator; /* of the pool that it is made for                           */
	bool wanted;
};
struct action decide_ata(const struct ata_facts *f);

/* Our canary account: proves that an oracle's gateway answers before any pool is bound to that oracle. */
struct canary_facts {
	const struct policy *policy;
	const struct surroundings *around;
	struct subject_facts own;
	struct slot at;
	uint64_t read_ms;
	enum presence presence;
	struct sb_randomness account;
	bool wanted;              /* some pool is due within two minutes                                   */
	bool oracle_listed;       /* the oracle it is committed to is viable                               */
	bool candidate_known;     /* some oracle is viable and not known to be silent                      */
	struct attempts recommit; /* silent commits in a row: each costs a fee */
	uint64_t answered_ms;     /* when its gateway last answered; 0: never                              */
};
struct action decide_canary(const struct canary_facts *f);
#endif
