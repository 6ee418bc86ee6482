/* The journal's side of the facts of a draw. */
#include <inttypes.h>
#include <string.h>

#include "core/base58.h"
#include "journal/call.h"
#include "journal/records.h"
#include "show/facts.h"

static uint64_t u64_at(const struct db_result *r, int row, int col)
{
	const char *text = db_get(r, row, col);
	uint64_t value = 0;

	return text && call_parse_u64(text, &value) ? value : 0;
}

static int64_t i64_at(const struct db_result *r, int row, int col)
{
	const char *text = db_get(r, row, col);
	int64_t value = 0;

	return text && call_parse_i64(text, &value) ? value : 0;
}

/* ---- keeper.draws ---- */

static const char DRAW_BY_ADDRESS[] = "SELECT "
				      "address,pool_id,coalesce(app_id,0),status,status_slot,coalesce(decimals,255),"
				      "total_amount,winner,winner_amount,"
				      "dev_amount,burn_amount,treasury_amount,payout_sig,payout_slot,lock_start_time,"
				      "lock_duration,unlock_time,end_time,"
				      "extract(epoch FROM paid_at)::bigint,projected_at IS NOT NULL FROM keeper.draws"
				      " WHERE address = $1 AND ($2::numeric IS NULL OR pool_id = $2::numeric) AND "
				      "($3::integer = 0 OR app_id = $3::integer)"
				      " ORDER BY no DESC LIMIT 1";

static void take_draw(void *owner, const struct db_result *r)
{
	struct draw_record *d = &((struct facts *)owner)->record;
	const char *winner, *sig;

	d->known = db_rows(r) == 1;
	if (!d->known)
		return;
	d->pool_id = u64_at(r, 0, 1);
	d->app_id = (int32_t)i64_at(r, 0, 2);
	d->status = (enum pool_status)u64_at(r, 0, 3);
	d->status_slot.n = u64_at(r, 0, 4);
	d->decimals = (unsigned)u64_at(r, 0, 5);
	d->total_amount = u64_at(r, 0, 6);
	winner = db_get(r, 0, 7);
	if (!call_parse_pubkey(winner, &d->winner))
		d->winner = (struct pubkey){ 0 };
	d->winner_amount = u64_at(r, 0, 8);
	d->dev_amount = u64_at(r, 0, 9);
	d->burn_amount = u64_at(r, 0, 10);
	d->treasury_amount = u64_at(r, 0, 11);
	sig = db_get(r, 0, 12);
	if (!sig || !base58_to_signature(&d->payout_sig, sig, strlen(sig)))
		d->payout_sig = (struct signature){ 0 };
	d->payout_slot.n = u64_at(r, 0, 13);
	d->lock_start_time = i64_at(r, 0, 14);
	d->lock_duration = i64_at(r, 0, 15);
	d->unlock_time = i64_at(r, 0, 16);
	d->end_time = i64_at(r, 0, 17);
	d->paid_at = i64_at(r, 0, 18);
	if (!call_parse_bool(db_get(r, 0, 19), &d->projected))
		d->projected = false;
}

static void take_keeper(void *owner, const struct db_result *r)
{
	struct keeper_record *k = owner;

	if (db_rows(r) != 1)
		return;
	snprintf(k->owner, sizeof k->owner, "%s", db_get(r, 0, 0) ? db_get(r, 0, 0) : "");
	if (!call_parse_bool(db_get(r, 0, 1), &k->lease_valid) || !call_parse_pubkey(db_get(r, 0, 2), &k->wallet))
		*k = (struct keeper_record){ 0 };
}

bool facts_read_keeper(struct show *s, struct keeper_record *out)
{
	return ask_rows(s,
		"SELECT l.owner, l.expires_at > clock_timestamp() AND l.owner <> '', (SELECT a.wallet FROM "
		"keeper.audits a WHERE NOT EXISTS (SELECT FROM keeper.referral_periods q WHERE q.treasury = a.wallet) "
		"ORDER BY a.checked_at DESC NULLS LAST LIMIT 1) FROM keeper.lease l",
		NULL, 0, take_keeper, out);
}

void facts_read_record(struct show *s, const struct show_pool *pool, struct facts *out)
{
	char address[PUBKEY_TEXT], pool_id[24], app_id[16];
	const char *const params[] = { address, pool->has_pool_id ? pool_id : NULL, app_id };

	base58_pubkey(address, &pool->address);
	snprintf(pool_id, sizeof pool_id, "%" PRIu64, pool->pool_id);
	snprintf(app_id, sizeof app_id, "%" PRId32, pool->app_id);
	out->record.address = pool->address;
	out->journal = ask_rows(s, DRAW_BY_ADDRESS, params, 3, take_draw, out) && facts_read_keeper(s, &out->keeper);
}

/* ---- what the decision needs ---- */

struct loading {
	struct show *s;
	struct journal_call rows;
	struct record_call sponsors;
};

static void on_rows_loaded(struct task *task, const struct reply *reply)
{
	ask_note(container_of(container_of(task, struct journal_call, task), struct loading, rows)->s, reply);
}

static void on_sponsors(struct task *task, const struct reply *reply)
{
	ask_note(container_of(container_of(task, struct record_call, task), struct loading, sponsors)->s, reply);
}

static bool load(struct loading *l, struct journal *journal, const struct subject_key *key, struct facts *out)
{
	const struct participants_account *players = &out->draw.accounts.participants;
	const bool listed = out->draw.accounts.participants_presence == PRESENT;

	ask_start(l->s);
	journal_load(journal, &l->rows, key, on_rows_loaded);
	ask_wait(l->s);
	if (l->s->err != ERR_OK)
		return false;
	out->draw.own.settle.rows = l->rows.rows;
	ask_start(l->s);
	records_sponsors(journal, &l->sponsors, key, out->record.app_id, players->list, listed ? players->count : 0,
		true, on_sponsors);
	ask_wait(l->s);
	if (l->s->err != ERR_OK)
		return false;
	out->draw.sponsors = l->sponsors.sponsors;
	out->draw.sponsors.read_ms = out->around.now_ms;
	for (unsigned i = 0; i < out->draw.sponsors.n; i++)
		out->draw.sponsors.of[i].key = true;
	if (out->draw.sponsors.n > 0)
		facts_assume(out, "the daemon holds the keys of the auxiliary wallets");
	return true;
}

static void take_commit(void *owner, const struct db_result *r)
{
	struct facts *out = owner;
	struct commit_fact *c = &out->draw.commit;
	const char *hash = db_rows(r) == 1 ? db_get(r, 0, 3) : NULL;
	size_t n;

	c->known = hash && base58_to_hash(&c->seed_slothash, hash, strlen(hash)) &&
	           call_parse_pubkey(db_get(r, 0, 1), &c->oracle);
	if (!c->known)
		return;
	c->n = (unsigned)u64_at(r, 0, 0);
	c->seed_slot.n = u64_at(r, 0, 2);
	c->answered = db_bytea(r, 0, 4, c->answer.value, sizeof c->answer.value, &n) &&
	              db_bytea(r, 0, 5, c->answer.signature, sizeof c->answer.signature, &n);
	c->answer.recovery_id = (uint8_t)u64_at(r, 0, 6);
}

static void take_counts(void *owner, const struct db_result *r)
{
	struct facts *out = owner;

	out->draw.creator.known = db_rows(r) == 1;
	if (!out->draw.creator.known)
		return;
	out->draw.creator.binds = u64_at(r, 0, 0);
	out->draw.creator.atas = u64_at(r, 0, 1);
	out->around.bound = (unsigned)u64_at(r, 0, 2);
}

static void take_mismatches(void *owner, const struct db_result *r)
{
	struct facts *out = owner;
	const char *text = db_rows(r) == 1 ? db_get(r, 0, 0) : NULL;

	out->draw.watch.known = db_rows(r) == 1;
	out->draw.watch.blocked = out->draw.watch.known && u64_at(r, 0, 1) > 0;
	snprintf(out->mismatches, sizeof out->mismatches, "%s", text ? text : "");
}

void facts_read_journal(struct show *s, struct facts *out)
{
	struct journal *journal = s->no_database[0] == '\0' ? journal_new(s->loop, s->db, NULL, "show", true) : NULL;
	struct loading l = { .s = s };
	struct subject_key key;
	char address[PUBKEY_TEXT], creator[PUBKEY_TEXT];
	const char *const draw[] = { key.text }, *const counts[] = { creator, key.text };

	if (!journal)
		return;
	base58_pubkey(address, &out->record.address);
	base58_pubkey(creator, &out->draw.view.pool.creator);
	snprintf(key.text, sizeof key.text, "draw:%s:%" PRIu64, address, out->record.pool_id);
	journal_call_init(&l.rows);
	record_call_init(&l.sponsors);
	out->journal =
		load(&l, journal, &key, out) &&
		ask_rows(s,
			"SELECT n,oracle,seed_slot,seed_slothash,answer_value,answer_signature,answer_recovery_id FROM "
			"keeper.commits WHERE draw = $1 ORDER BY n DESC LIMIT 1",
			draw, 1, take_commit, out) &&
		ask_rows(s,
			"SELECT b.binds, b.atas, (SELECT count(*) FROM keeper.draws d WHERE NOT d.over AND d.status "
			"IN (3,4) AND d.draw <> $2) FROM keeper.creator_binds(ARRAY[$1]) b",
			counts, 2, take_counts, out) &&
		ask_rows(s,
			"SELECT string_agg(m.scope || ' ' || m.kind || ': expected ' || m.expected || ', found ' || "
			"m.found, '; ' "
			"ORDER BY m.id), count(*) FILTER (WHERE m.scope = 'keeper') FROM keeper.mismatches m "
			"WHERE m.gone_at IS NULL AND m.subject = $1",
			draw, 1, take_mismatches, out);
	if (!out->journal && s->no_database[0] == '\0')
		snprintf(s->no_database, sizeof s->no_database, "%s", s->why);
	record_call_fini(&l.sponsors);
	journal_call_fini(&l.rows);
	journal_free(journal);
}
