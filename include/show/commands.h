/* The commands. Private to show: each fills s->out and returns the exit code. */
#ifndef SHOW_COMMANDS_H
#define SHOW_COMMANDS_H

#include "show/ask.h"

/* The pool that is meant. Asks Postgres for an app id. False: *code and one line on s->complaints. */
struct show_pool {
	struct pubkey address;
	bool has_pool_id;
	uint64_t pool_id;
	int32_t app_id; /* 0: not known */
};
NODISCARD bool show_find_pool(struct show *s, struct show_pool *out, int *code);

int show_verify(struct show *s);
int show_explain(struct show *s);
int show_status(struct show *s);
int show_fairness(struct show *s);
/* The section about what did not answer, if anything. Returns 69 then, else 0. */
int show_missing(struct show *s, const char *gap);

#endif
