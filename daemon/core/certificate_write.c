/* The body of a pool's draw as text, each key in its place. */
#include "base/buf.h"
#include "base/bytes.h"
#include "core/base58.h"
#include "core/certificate.h"

static void key(struct buf *out, const char *name)
{
	const char last = out->len > 0 ? out->data[out->len - 1] : '\0';

	if (last != '{' && last != '[' && last != ':' && last != '\0')
		buf_char(out, ',');
	if (name)
		buf_fmt(out, "\"%s\":", name);
}

static void text(struct buf *out, const char *name, const char *value)
{
	key(out, name);
	buf_fmt(out, "\"%s\"", value);
}

static void number(struct buf *out, const char *name, uint64_t value)
{
	key(out, name);
	buf_fmt(out, "\"%llu\"", (unsigned long long)value);
}

static void pubkey(struct buf *out, const char *name, const struct pubkey *value)
{
	char base58[PUBKEY_TEXT];

	base58_pubkey(base58, value);
	text(out, name, base58);
}

static void hex(struct buf *out, const char *name, const uint8_t *bytes, size_t n)
{
	key(out, name);
	buf_char(out, '"');
	for (size_t i = 0; i < n; i++)
		buf_fmt(out, "%02x", (unsigned)bytes[i]);
	buf_char(out, '"');
}

static void open_object(struct buf *out, const char *name)
{
	key(out, name);
	buf_char(out, '{');
}

static void seen(struct buf *out, const char *name, const struct certificate_seen *at)
{
	char base58[SIGNATURE_TEXT];

	base58_signature(base58, &at->sig);
	open_object(out, name);
	text(out, "signature", base58);
	number(out, "slot", at->slot.n);
	number(out, "time", (uint64_t)at->time);
	buf_char(out, '}');
}

static void write_reveal(struct buf *out, const struct certificate_commit *commit)
{
	open_object(out, "reveal");
	if (commit->revealed.slot.n != 0) {
		seen(out, "at", &commit->revealed);
		pubkey(out, "oracle", &commit->reveal_oracle);
		number(out, "recovery_id", commit->answer.recovery_id);
		hex(out, "signature", commit->answer.signature, sizeof commit->answer.signature);
		hex(out, "value", commit->answer.value, sizeof commit->answer.value);
	}
	buf_char(out, '}');
}

static void write_commits(struct buf *out, const struct certificate_pool *pool)
{
	key(out, "commits");
	buf_char(out, '[');
	for (unsigned i = 0; i < pool->n_commits; i++) {
		const struct certificate_commit *commit = &pool->commit[i];

		open_object(out, NULL);
		seen(out, "at", &commit->at);
		text(out, "fate", commit->fate);
		pubkey(out, "oracle", &commit->oracle);
		text(out, "reason", commit->reason);
		write_reveal(out, commit);
		number(out, "seed_slot", commit->seed_slot.n);
		hex(out, "seed_slothash", commit->seed_slothash.b, HASH_SIZE);
		buf_char(out, '}');
	}
	buf_char(out, ']');
}

static void write_drawn(struct buf *out, const struct drawn *drawn)
{
	uint8_t bytes[16];

	store_u64(bytes, drawn->randomness.lo);
	store_u64(bytes + 8, drawn->randomness.hi);
	open_object(out, "drawn");
	number(out, "index", drawn->index);
	number(out, "number", drawn->normalized);
	hex(out, "randomness", bytes, sizeof bytes);
	buf_char(out, '}');
}

static void write_payout(struct buf *out, const struct certificate_pool *pool)
{
	open_object(out, "payout");
	number(out, "burn_amount", pool->payout.burn_amount);
	number(out, "dev_amount", pool->payout.dev_amount);
	pubkey(out, "dev_token", &pool->dev_token);
	number(out, "treasury_amount", pool->payout.treasury_amount);
	pubkey(out, "treasury_token", &pool->treasury_token);
	pubkey(out, "winner", &pool->winner);
	number(out, "winner_amount", pool->payout.winner_amount);
	pubkey(out, "winner_token", &pool->winner_token);
	buf_char(out, '}');
}

static void write_players(struct buf *out, const struct certificate_pool *pool)
{
	key(out, "players");
	buf_char(out, '[');
	for (unsigned i = 0; i < pool->n_players; i++) {
		open_object(out, NULL);
		seen(out, "joined", &pool->player[i].joined);
		pubkey(out, "wallet", &pool->player[i].wallet);
		buf_char(out, '}');
	}
	buf_char(out, ']');
}

static void write_terms(struct buf *out, const struct ml_args *terms)
{
	open_object(out, "terms");
	text(out, "allow_mock", terms->allow_mock ? "yes" : "no");
	number(out, "bet", terms->bet_amount);
	number(out, "burn_bps", terms->burn_fee_bps);
	number(out, "dev_bps", terms->dev_fee_bps);
	pubkey(out, "dev_wallet", &terms->dev_wallet);
	number(out, "lock_duration", (uint64_t)terms->lock_duration);
	number(out, "places", terms->max_participants);
	pubkey(out, "treasury", &terms->treasury_wallet);
	number(out, "treasury_bps", terms->treasury_fee_bps);
	buf_char(out, '}');
}

void certificate_write_pool(struct buf *out, const struct certificate_pool *pool)
{
	open_object(out, NULL);
	pubkey(out, "address", &pool->address);
	write_commits(out, pool);
	hex(out, "config_hash", pool->config_hash.b, HASH_SIZE);
	seen(out, "created", &pool->created);
	pubkey(out, "creator", &pool->creator);
	number(out, "donations", pool->n_donations);
	write_drawn(out, &pool->drawn);
	pubkey(out, "mint", &pool->mint);
	text(out, "network", pool->network);
	hex(out, "oracle_signer", pool->oracle_signer, sizeof pool->oracle_signer);
	seen(out, "paid", &pool->paid);
	write_payout(out, pool);
	write_players(out, pool);
	number(out, "pool_id", pool->pool_id);
	pubkey(out, "queue", &pool->queue);
	pubkey(out, "randomness_account", &pool->randomness_account);
	seen(out, "requested", &pool->requested);
	hex(out, "salt", pool->terms.salt.b, HASH_SIZE);
	seen(out, "selected", &pool->selected);
	number(out, "start_time", (uint64_t)pool->start_time);
	write_terms(out, &pool->terms);
	pubkey(out, "token_program", &pool->token_program);
	number(out, "total", pool->total_amount);
	buf_char(out, '}');
}
