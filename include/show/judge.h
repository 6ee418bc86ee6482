/* Was the draw fair? Everything is computed again from the evidence and compared with what the chain did. Pure. */
#ifndef SHOW_JUDGE_H
#define SHOW_JUDGE_H

#include <stdbool.h>

#include "chain/evidence.h"
#include "core/draw.h"
#include "core/switchboard.h"

enum check_state {
	CHECK_OK,
	CHECK_WRONG,   /* the chain did something else than the rules say                       */
	CHECK_UNKNOWN, /* public data does not tell                                             */
	CHECK_GONE,    /* the account that could confirm it is deleted; what counts was checked */
};
struct check {
	const char *name;
	enum check_state state;
	char text[400];
};

enum verdict {
	VERDICT_FAIR,
	VERDICT_NOT_FAIR,
	VERDICT_NOT_DECIDED,
	VERDICT_UNKNOWN,
	VERDICT_REFUNDED /* nothing was drawn, and all stakes went back */
};
enum { CHECKS_MAX = 32 };
struct judged {
	enum verdict verdict;
	char why[200];
	unsigned n;
	struct check check[CHECKS_MAX];
	struct hash config_hash; /* from the signed arguments of create_pool */
	bool drawn_known, split_known;
	struct drawn drawn;
	struct pubkey winner; /* with drawn_known */
	struct draw_payout split;
};

/* gap: why the evidence is not complete, or NULL. */
void judge(struct judged *out, const struct evidence *e, const struct evidence_accounts *accounts,
	const struct sb_net *net, const char *gap);

/* For the judges of other kinds of draws: one check more. */
void judged_note(struct judged *out, const char *name, enum check_state state, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
void judged_conclude(struct judged *out, enum verdict verdict, const char *why);
/* The first check in this state, or NULL. */
const struct check *judged_first(const struct judged *out, enum check_state state);

const char *check_state_name(enum check_state state);
const char *verdict_name(enum verdict verdict);

#endif
