/* Words for what decide_draw() says. */
#include "show/next.h"

#include <string.h>

#include "show/print.h"

/* What the pool's status leads to, once nothing stands in the way. */
static const char *step_after(enum pool_status status)
{
	static const enum step STEP[] = {
		[POOL_OPEN] = STEP_BIND,
		[POOL_LOCKED] = STEP_BIND,
		[POOL_UNLOCKED] = STEP_BIND,
		[POOL_RANDOMNESS_COMMITTED] = STEP_DRAW,
		[POOL_RANDOMNESS_REVEALED] = STEP_SELECT,
		[POOL_WINNER_SELECTED] = STEP_PAYOUT,
	};

	return status <= POOL_WINNER_SELECTED ? STEPS[STEP[status]].name : "none";
}

static void of_status(struct next *out, enum pool_status status)
{
	const char *name = step_after(status);
	enum step step;

	if (step_from_name(name, &step))
		snprintf(out->step, sizeof out->step, "%s: %s", name, STEPS[step].why);
	else
		snprintf(out->step, sizeof out->step, "none");
}

/* What the daemon would do this moment. */
static const char *deed(enum act kind)
{
	switch (kind) {
	case ACT_NOTE_COMMIT:
		return "write the commit into the journal";
	case ACT_ASK_ORACLE:
		return "ask the oracle's gateway";
	case ACT_NOTE_SPONSORS:
		return "fix whom sponsored players play for";
	case ACT_SEND:
		return "send the same bytes again";
	case ACT_PROVE:
		return "prove that the last transaction never landed";
	case ACT_CLOSE:
		return "close the journal's row";
	case ACT_REOPEN:
		return "take back a step that a fork undid";
	case ACT_RECORD:
		return "record the payout";
	case ACT_READ:
		return "read the accounts again";
	case ACT_NONE:
	case ACT_WAIT:
	case ACT_HALT:
	case ACT_PICK_ACCOUNT:
	case ACT_ASK_FEES:
	case ACT_SIMULATE:
	case ACT_OPEN:
	case ACT_SPOOL:
	case ACT_KINDS:
		break;
	}
	return NULL;
}

static bool is_step(enum act kind)
{
	return kind == ACT_SIMULATE || kind == ACT_OPEN || kind == ACT_SPOOL;
}

static void when_due(struct next *out, const struct facts *f)
{
	const int64_t due = draw_due_s(&f->draw.view.pool);
	char time[TIME_TEXT], span[SPAN_TEXT];

	snprintf(out->when, sizeof out->when, "%s, %s, by the chain's clock", print_time(time, due),
		print_span(span, f->around.chain_s, due));
}

static void when_waiting(struct next *out, const struct facts *f)
{
	if (out->reason == WAIT_TOO_EARLY)
		when_due(out, f);
	else if (out->reason == WAIT_OPEN_POOL)
		snprintf(out->when, sizeof out->when, "when it is full and its lock time is over");
	else if (out->reason == WAIT_OVER)
		snprintf(out->when, sizeof out->when, "never: the draw is over");
	else
		snprintf(out->when, sizeof out->when, "when that has changed");
}

void next_of(struct next *out, const struct facts *f)
{
	const struct action *a = &f->action;
	const char *now = deed(a->kind);

	*out = (struct next){ .reason = a->kind == ACT_WAIT || a->kind == ACT_HALT ? a->reason : WAIT_NONE };
	if (f->draw.view.kind == VIEW_POOL)
		of_status(out, f->draw.view.pool.status);
	else
		snprintf(out->step, sizeof out->step, "none");
	if (is_step(a->kind) || a->kind == ACT_SEND)
		snprintf(out->step, sizeof out->step, "%s: %s", STEPS[a->step].name, STEPS[a->step].why);
	if (out->reason != WAIT_NONE)
		when_waiting(out, f);
	else
		snprintf(out->when, sizeof out->when, "now%s%s; a running daemon does it within a tick",
			now ? ": " : "", now ? now : "");
}
