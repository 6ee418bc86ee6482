/* Housekeeping: what is known about one thing that no draw needs any more, and what to do about it. Pure. */
#ifndef CORE_CHORE_H
#define CORE_CHORE_H
#include "core/action.h"
#include "core/draw_facts.h"

/* A randomness account of ours whose draw is over. */
struct chore_facts {
	const struct policy *policy;
	const struct surroundings *around;
	struct subject_facts own;
	struct slot at; /* of account; 0: not read yet                                                 */
	uint64_t read_ms;
	enum presence presence;
	struct sb_randomness account;
	bool needed;      /* a draw or the canary uses it, or is about to                                 */
	bool draws_first; /* a bound draw runs late, or enough other chores are under way                */
};
struct action decide_chore(const struct chore_facts *f);
#endif
