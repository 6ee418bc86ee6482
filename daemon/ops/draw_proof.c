/* What one of the last draws paid, as the transaction itself said it, for whoever wants to check it. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/base58.h"
#include "ops/status_page.h"

static void write_address(struct buf *out, const char *name, const struct pubkey *address)
{
	char text[PUBKEY_TEXT];

	base58_pubkey(text, address);
	buf_fmt(out, ",\"%s\":\"%s\"", name, text);
}

static void write_number(struct buf *out, const char *name, uint64_t n)
{
	buf_fmt(out, ",\"%s\":\"%" PRIu64 "\"", name, n);
}

static void write_proof(struct buf *out, const struct paid_draw *d, const char *network, const char *pool)
{
	char sig[SIGNATURE_TEXT];

	base58_signature(sig, &d->sig);
	buf_fmt(out, "{\"network\":\"%s\",\"pool\":\"%s\"", network, pool);
	write_number(out, "pool_id", d->pool_id);
	write_address(out, "winner", &d->winner);
	if (!pubkey_is_zero(&d->recipient))
		write_address(out, "passed_on_to", &d->recipient);
	write_address(out, "mint", &d->mint);
	write_number(out, "decimals", d->decimals);
	write_number(out, "total", d->total);
	write_number(out, "won", d->won);
	write_number(out, "dev_fee", d->dev);
	write_number(out, "burned", d->burned);
	write_number(out, "treasury_fee", d->treasury);
	buf_fmt(out, ",\"paid_at\":\"%" PRId64 "\"", d->end_s);
	write_number(out, "slot", d->slot.n);
	buf_fmt(out, ",\"signature\":\"%s\"", sig);
	write_address(out, "randomness_account", &d->randomness);
	buf_fmt(out, ",\"verify\":\"poolkeeper verify %s:%" PRIu64 "\"}\n", pool, d->pool_id);
}

bool draw_proof_write(struct buf *out, const struct health_facts *facts, const char *path)
{
	char pool[PUBKEY_TEXT], own[sizeof(DRAW_PROOF_PREFIX) + PUBKEY_TEXT + 24];

	for (size_t i = 0; i < facts->paid.n; i++) {
		const struct paid_draw *d = &facts->paid.draw[i];

		base58_pubkey(pool, &d->pool);
		snprintf(own, sizeof(own), DRAW_PROOF_PREFIX "%s/%" PRIu64, pool, d->pool_id);
		if (strcmp(path, own) != 0)
			continue;
		write_proof(out, d, facts->network, pool);
		return true;
	}
	return false;
}
