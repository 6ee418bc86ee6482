/* The ledger of commits and oracle answers, and the randomness accounts that are free. */
#include "journal/commits.h"

#include <string.h>

#include "core/base58.h"
#include "journal/call.h"
#include "journal/spooled.h"

#define COLUMNS "n,randomness,oracle,seed_slot,seed_slothash,answer_signature,answer_recovery_id,answer_value,total"
enum {
	COL_N,
	COL_RANDOMNESS,
	COL_ORACLE,
	COL_SEED_SLOT,
	COL_SEED_SLOTHASH,
	COL_SIGNATURE,
	COL_RECOVERY_ID,
	COL_VALUE,
	COL_TOTAL
};

static const char RECORD[] = "SELECT " COLUMNS " FROM keeper.commit_record($1,$2,$3,$4,$5,$6,$7,$8,$9,$10)";
static const char FREE[] = "SELECT account,lut_slot FROM keeper.randomness_free($1)";

void commit_call_init(struct commit_call *call)
{
	*call = (struct commit_call){ 0 };
	call->state = call_state_new(&call->task);
}

void commit_call_fini(struct commit_call *call)
{
	call_state_free(call->state);
	call->state = NULL;
}

static bool parse_answer(const struct db_result *r, struct commit_row *row)
{
	struct oracle_answer *answer = &row->answer;
	uint64_t recovery_id;
	size_t signature_len, value_len;

	row->answered = db_get(r, 0, COL_VALUE) != NULL;
	if (!row->answered)
		return true;
	if (!db_bytea(r, 0, COL_SIGNATURE, answer->signature, sizeof answer->signature, &signature_len) ||
		!db_bytea(r, 0, COL_VALUE, answer->value, sizeof answer->value, &value_len) ||
		!call_parse_u64(db_get(r, 0, COL_RECOVERY_ID), &recovery_id) || recovery_id > 3)
		return false;
	answer->recovery_id = (uint8_t)recovery_id;
	return signature_len == sizeof answer->signature && value_len == sizeof answer->value;
}

static bool parse_commit(struct task *task, const struct db_result *r, const void **data)
{
	struct commit_call *call = container_of(task, struct commit_call, task);
	struct commit_row *row = &call->row;
	uint64_t n, total;

	*row = (struct commit_row){ 0 };
	if (db_rows(r) != 1 || !call_parse_u64(db_get(r, 0, COL_N), &n) ||
		!call_parse_u64(db_get(r, 0, COL_TOTAL), &total) ||
		!commit_row_read(row, db_get(r, 0, COL_RANDOMNESS), db_get(r, 0, COL_ORACLE),
			db_get(r, 0, COL_SEED_SLOT), db_get(r, 0, COL_SEED_SLOTHASH)) ||
		!parse_answer(r, row))
		return false;
	row->n = (unsigned)n;
	row->total = (unsigned)total;
	*data = row;
	return true;
}

static bool parse_account(struct task *task, const struct db_result *r, const void **data)
{
	struct commit_call *call = container_of(task, struct commit_call, task);

	call->row = (struct commit_row){ .known = db_rows(r) > 0 };
	*data = &call->row;
	return !call->row.known || (db_get(r, 0, 0) && call_parse_pubkey(db_get(r, 0, 0), &call->row.randomness) &&
					   call_parse_u64(db_get(r, 0, 1), &call->row.seed_slot.n));
}

/* Its number is the one it had in the answer before, when that was about the same commit; else it is not known yet. */
static void answer_from_spool(struct commit_call *call, const struct commit_row *spooled)
{
	const struct commit_row before = call->row;

	call->row = *spooled;
	if (before.known && before.seed_slot.n == spooled->seed_slot.n &&
		pubkey_equal(&before.randomness, &spooled->randomness) &&
		hash_equal(&before.seed_slothash, &spooled->seed_slothash)) {
		call->row.n = before.n;
		call->row.total = before.total;
	}
	call_answer(call->state, ERR_OK, &call->row, "");
}

static bool may_spool(const struct journal *j)
{
	return !j->read_only && j->fence != 0 && call_spool_time(j);
}

void commits_record(struct journal *j, struct commit_call *call, const struct subject_key *draw,
	const struct pubkey *randomness, const struct pubkey *oracle, struct slot seed_slot,
	const struct hash *seed_slothash, const char *reason, const struct oracle_answer *answer, journal_done *done)
{
	struct journal_call_state *s = call->state;
	const struct commit_row *spooled = spooled_commit(j->spooled, randomness, seed_slot, seed_slothash);
	char text[PUBKEY_TEXT], why[JOURNAL_WHY_TEXT];
	enum err err;

	(void)base58_hash(text, seed_slothash);
	call_begin_write(j, s, RECORD, parse_commit, done);
	call_text(s, draw->text);
	call_pubkey(s, randomness);
	call_pubkey(s, oracle);
	call_u64(s, seed_slot.n);
	call_text(s, text);
	call_text(s, reason);
	call_bytes(s, answer ? answer->signature : NULL, answer ? sizeof answer->signature : 0);
	if (answer)
		call_u64(s, answer->recovery_id);
	else
		call_text(s, NULL);
	call_bytes(s, answer ? answer->value : NULL, answer ? sizeof answer->value : 0);
	if (!spooled && !(answer && may_spool(j))) {
		call_send(s, CALL_DEADLINE_MS);
		return;
	}
	if (!spooled) {
		err = spooled_append(j->spooled, SPOOLED_COMMIT, s, why, sizeof why);
		if (err != ERR_OK) {
			call_answer(s, err, NULL, why);
			return;
		}
		spooled = spooled_commit(j->spooled, randomness, seed_slot, seed_slothash);
	}
	answer_from_spool(call, spooled);
}

void commits_free_account(
	struct journal *j, struct commit_call *call, const struct subject_key *draw, journal_done *done)
{
	call_begin(j, call->state, FREE, parse_account, done);
	call_text(call->state, draw->text);
	call_send(call->state, CALL_DEADLINE_MS);
}
