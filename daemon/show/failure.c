/* Names a failure by the program that failed. */
#include "show/failure.h"

#include <inttypes.h>
#include <stdio.h>

#include "core/address.h"
#include "core/ml.h"
#include "core/switchboard.h"
#include "core/tx.h"

static const char *error_name(const struct tx_failure *f, struct bytes tx, const struct pubkey *switchboard)
{
	struct tx_view view;
	struct pubkey program;

	if (tx.n == 0 || tx_parse(&view, tx.p, tx.n) != TX_OK || f->ix >= view.n_ixs ||
		!tx_view_key(&view, view.ixs[f->ix].program, NULL, 0, &program))
		return NULL;
	if (pubkey_equal(&program, &ADDRESS_ML))
		return ml_error_name(f->code);
	return pubkey_equal(&program, switchboard) ? sb_error_name(f->code) : NULL;
}

void failure_text(char *out, size_t size, const struct tx_failure *f, struct bytes tx, const struct pubkey *switchboard)
{
	const char *name = f->ix >= 0 && f->custom ? error_name(f, tx, switchboard) : NULL;

	if (f->ix < 0)
		snprintf(out, size, "failed");
	else if (!f->custom)
		snprintf(out, size, "failed at instruction %d", f->ix);
	else
		snprintf(out, size, "failed at instruction %d: %" PRIu32 "%s%s", f->ix, f->code, name ? " " : "",
			name ? name : "");
}
