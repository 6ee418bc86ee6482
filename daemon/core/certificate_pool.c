/* The body of a pool's draw on chain. */
#include "core/certificate.h"

static struct slot read_slot(struct certificate_reader *r, const char *key)
{
	return (struct slot){ reader_number(r, key, UINT64_MAX) };
}

static void read_seen(struct certificate_reader *r, const char *key, struct certificate_seen *out)
{
	reader_object(r, key);
	reader_signature(r, "signature", &out->sig);
	out->slot = read_slot(r, "slot");
	out->time = (int64_t)reader_number(r, "time", INT64_MAX);
	reader_object_end(r);
}

static void read_reveal(struct certificate_reader *r, struct certificate_commit *out)
{
	reader_object(r, "reveal");
	if (!reader_at_end(r)) { /* empty: no answer came on chain */
		read_seen(r, "at", &out->revealed);
		reader_pubkey(r, "oracle", &out->reveal_oracle);
		out->answer.recovery_id = (uint8_t)reader_number(r, "recovery_id", 3);
		reader_hex(r, "signature", out->answer.signature, sizeof out->answer.signature);
		reader_hex(r, "value", out->answer.value, sizeof out->answer.value);
	}
	reader_object_end(r);
}

static void read_commit(struct certificate_reader *r, struct certificate_commit *out)
{
	reader_object(r, NULL);
	read_seen(r, "at", &out->at);
	reader_text(r, "fate", out->fate, sizeof out->fate);
	reader_pubkey(r, "oracle", &out->oracle);
	reader_text(r, "reason", out->reason, sizeof out->reason);
	read_reveal(r, out);
	out->seed_slot = read_slot(r, "seed_slot");
	reader_hex(r, "seed_slothash", out->seed_slothash.b, HASH_SIZE);
	reader_object_end(r);
}

static void read_commits(struct certificate_reader *r, struct certificate_pool *out)
{
	reader_array(r, "commits");
	while (reader_more(r))
		if (out->n_commits == CERTIFICATE_COMMITS_MAX)
			reader_fail(r, "commits", "there are more than 16");
		else
			read_commit(r, &out->commit[out->n_commits++]);
}

static void read_players(struct certificate_reader *r, struct certificate_pool *out)
{
	reader_array(r, "players");
	while (reader_more(r)) {
		if (out->n_players == PARTICIPANTS_MAX) {
			reader_fail(r, "players", "there are more than a pool can have");
			return;
		}
		reader_object(r, NULL);
		read_seen(r, "joined", &out->player[out->n_players].joined);
		reader_pubkey(r, "wallet", &out->player[out->n_players].wallet);
		reader_object_end(r);
		out->n_players++;
	}
}

static void read_terms(struct certificate_reader *r, struct ml_args *out)
{
	reader_object(r, "terms");
	out->allow_mock = reader_yes(r, "allow_mock");
	out->bet_amount = reader_number(r, "bet", UINT64_MAX);
	out->burn_fee_bps = (uint16_t)reader_number(r, "burn_bps", UINT16_MAX);
	out->dev_fee_bps = (uint16_t)reader_number(r, "dev_bps", UINT16_MAX);
	reader_pubkey(r, "dev_wallet", &out->dev_wallet);
	out->lock_duration = (int64_t)reader_number(r, "lock_duration", INT64_MAX);
	out->max_participants = (uint8_t)reader_number(r, "places", UINT8_MAX);
	reader_pubkey(r, "treasury", &out->treasury_wallet);
	out->treasury_fee_bps = (uint16_t)reader_number(r, "treasury_bps", UINT16_MAX);
	reader_object_end(r);
}

static void read_drawn(struct certificate_reader *r, struct drawn *out)
{
	uint8_t bytes[16];

	reader_object(r, "drawn");
	out->index = (uint8_t)reader_number(r, "index", UINT8_MAX);
	out->normalized = reader_number(r, "number", UINT64_MAX);
	reader_hex(r, "randomness", bytes, sizeof bytes); /* the first half of the value, as it stands there */
	out->randomness = load_u128(bytes);
	reader_object_end(r);
}

static void read_payout(struct certificate_reader *r, struct certificate_pool *out)
{
	reader_object(r, "payout");
	out->payout.burn_amount = reader_number(r, "burn_amount", UINT64_MAX);
	out->payout.dev_amount = reader_number(r, "dev_amount", UINT64_MAX);
	reader_pubkey(r, "dev_token", &out->dev_token);
	out->payout.treasury_amount = reader_number(r, "treasury_amount", UINT64_MAX);
	reader_pubkey(r, "treasury_token", &out->treasury_token);
	reader_pubkey(r, "winner", &out->winner);
	out->payout.winner_amount = reader_number(r, "winner_amount", UINT64_MAX);
	reader_pubkey(r, "winner_token", &out->winner_token);
	reader_object_end(r);
}

void certificate_read_pool(struct certificate_reader *r, struct certificate_pool *out)
{
	reader_object(r, "pool");
	reader_pubkey(r, "address", &out->address);
	read_commits(r, out);
	reader_hex(r, "config_hash", out->config_hash.b, HASH_SIZE);
	read_seen(r, "created", &out->created);
	reader_pubkey(r, "creator", &out->creator);
	out->n_donations = (unsigned)reader_number(r, "donations", UINT32_MAX);
	read_drawn(r, &out->drawn);
	reader_pubkey(r, "mint", &out->mint);
	reader_text(r, "network", out->network, sizeof out->network);
	reader_hex(r, "oracle_signer", out->oracle_signer, sizeof out->oracle_signer);
	read_seen(r, "paid", &out->paid);
	read_payout(r, out);
	read_players(r, out);
	out->pool_id = reader_number(r, "pool_id", UINT64_MAX);
	reader_pubkey(r, "queue", &out->queue);
	reader_pubkey(r, "randomness_account", &out->randomness_account);
	read_seen(r, "requested", &out->requested);
	reader_hex(r, "salt", out->terms.salt.b, HASH_SIZE);
	read_seen(r, "selected", &out->selected);
	out->start_time = (int64_t)reader_number(r, "start_time", INT64_MAX);
	read_terms(r, &out->terms);
	reader_pubkey(r, "token_program", &out->token_program);
	out->total_amount = reader_number(r, "total", UINT64_MAX);
	reader_object_end(r);
}
