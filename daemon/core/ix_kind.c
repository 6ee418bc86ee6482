/* Which instruction of which program each kind is. */
#include "core/ix_kind.h"

#include "core/compute.h"
#include "core/memo.h"
#include "core/ml.h"
#include "core/switchboard.h"
#include "core/token.h"

struct ix_def {
	enum ix_program program;
	int which;
	const char *name;
};
#define X(kind, program, which, name) { IX_OF_##program, which, name },
static const struct ix_def KINDS[IX_KINDS] = { IX_TABLE(X) };
#undef X

static bool is_budget(int tag, struct bytes data)
{
	const size_t size = tag == COMPUTE_LIMIT ? COMPUTE_LIMIT_SIZE : COMPUTE_PRICE_SIZE;

	return data.n == size && data.p[0] == tag;
}

static bool is_ml(int want, struct bytes data)
{
	struct ml_args args;
	enum ml_ix which;

	return ml_parse(&which, &args, data.p, data.n) && (int)which == want;
}

static bool is_sb(int want, struct bytes data)
{
	enum sb_ix which;

	return sb_identify(&which, data.p, data.n) && (int)which == want;
}

bool ix_kind_is(enum ix_kind kind, struct bytes data)
{
	const int which = KINDS[kind].which;

	switch (KINDS[kind].program) {
	case IX_OF_BUDGET:
		return is_budget(which, data);
	case IX_OF_ML:
		return is_ml(which, data);
	case IX_OF_SB:
		return is_sb(which, data);
	case IX_OF_ATA:
		return true;
	case IX_OF_TOKEN:
		return data.n == TOKEN_TRANSFER_CHECKED_SIZE && data.p[0] == which;
	case IX_OF_MEMO:
		return memo_is_anchor(data);
	}
	return false;
}

enum ix_program ix_kind_program(enum ix_kind kind)
{
	return KINDS[kind].program;
}

const char *ix_kind_name(enum ix_kind kind)
{
	return kind < IX_KINDS ? KINDS[kind].name : "unknown";
}
