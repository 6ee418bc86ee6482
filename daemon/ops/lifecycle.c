/* The steps of core/steps.h as text for people. */
#include "ops/lifecycle.h"

#include "core/steps.h"

static const char *subject_name(enum subject_kind kind)
{
	switch (kind) {
	case SUBJECT_DRAW:
		return "draw";
	case SUBJECT_ATA:
		return "token account";
	case SUBJECT_CANARY:
		return "canary";
	case SUBJECT_RANDOMNESS:
		return "randomness account";
	case SUBJECT_POOL:
		return "pool";
	case SUBJECT_REFERRAL:
		return "referral claim";
	case SUBJECT_OFFCHAIN:
		return "draw of the database";
	}
	return "unknown";
}

static void print_instructions(FILE *out, const struct step_def *step)
{
	for (unsigned i = 0; i < step->n_slots; i++) {
		const struct ix_slot *slot = &step->slots[i];

		if (slot->kind == IX_COMPUTE_LIMIT || slot->kind == IX_COMPUTE_PRICE)
			continue;
		if (slot->min == 1 && slot->max == 1)
			fprintf(out, " > %s", ix_kind_name(slot->kind));
		else if (slot->max == 1)
			fprintf(out, " > [%s]", ix_kind_name(slot->kind));
		else
			fprintf(out, " > [%s x %u..%u]", ix_kind_name(slot->kind), slot->min, slot->max);
	}
}

void lifecycle_print(FILE *out)
{
	for (unsigned i = 0; i < STEP_COUNT; i++) {
		fprintf(out, "%-13s  %s: %s\n", STEPS[i].name, subject_name(STEPS[i].subject), STEPS[i].why);
		fprintf(out, "%-13s  compute budget", "");
		print_instructions(out, &STEPS[i]);
		fputs(STEPS[i].guarded ? "\n" : "  (not guarded by the program)\n", out);
	}
}
