/* Keeps, answers from, and imports what was written to the local spool while Postgres was away. */
#include "journal/spooled.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "core/base58.h"
#include "io/spool.h"

/* A record is its kind, then every parameter of its statement after the fence, each ended by a NUL. No such
 * parameter is an empty text, so an empty one stands for SQL NULL. */
enum { STEP_FIELDS = 10, COMMIT_FIELDS = 9, FIELDS_MAX = 10, RECORD_MAX = 4096 };

static const char STEP_IMPORT[] = "SELECT * FROM keeper.step_import($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11)";
static const char COMMIT_IMPORT[] = "SELECT * FROM keeper.commit_record($1,$2,$3,$4,$5,$6,$7,$8,$9,$10)";

struct item {
	struct item *next;
	enum spooled_kind kind;
	size_t len;
	char record[RECORD_MAX];
	const char *field[FIELDS_MAX];
	struct subject_key subject;
	uint64_t prev_seq;
	struct row row;           /* SPOOLED_STEP                                                              */
	struct commit_row commit; /* SPOOLED_COMMIT                                                            */
};

struct spooled {
	struct journal *journal;
	char *dir;
	struct spool *file;
	struct item *first, **last;
	bool keep_file;   /* it holds a record that could not be set aside                             */
	struct task task; /* the import of `first`                                                     */
	struct journal_call_state *call;
};

/* ---- records ---- */

static int fields_of(enum spooled_kind kind)
{
	return kind == SPOOLED_STEP ? STEP_FIELDS : COMMIT_FIELDS;
}

static const char *or_null(const char *field)
{
	return *field ? field : NULL;
}

static int hex_digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* As db_bytea_text() wrote it. Returns the number of bytes, 0 when it is not that. */
static size_t read_bytea(const char *text, uint8_t *out, size_t size)
{
	const size_t n = strlen(text) / 2 - 1;

	if (strncmp(text, "\\x", 2) != 0 || strlen(text) % 2 || n > size)
		return 0;
	for (size_t i = 0; i < n; i++) {
		const int high = hex_digit(text[2 + 2 * i]), low = hex_digit(text[3 + 2 * i]);

		if (high < 0 || low < 0)
			return 0;
		out[i] = (uint8_t)(high << 4 | low);
	}
	return n;
}

static bool read_step(struct item *item)
{
	const char *const *f = item->field;
	struct row *row = &item->row;

	*row = (struct row){ .state = ROW_OPEN, .spooled = true };
	row->tx_len = (uint16_t)read_bytea(f[4], row->tx, sizeof row->tx);
	if (!call_parse_u64(f[1], &item->prev_seq) || !step_from_name(f[2], &row->step) ||
		!base58_to_signature(&row->sig, f[3], strlen(f[3])) || row->tx_len == 0 ||
		!call_parse_u64(f[5], &row->last_valid.n) || !call_parse_u64(f[6], &row->floor.n) ||
		!call_parse_pubkey(or_null(f[7]), &row->randomness) || !call_parse_pubkey(or_null(f[8]), &row->oracle))
		return false;
	row->seq = item->prev_seq + 1;
	return true;
}

bool commit_row_read(struct commit_row *row, const char *randomness, const char *oracle, const char *seed_slot,
	const char *seed_slothash)
{
	row->known = true;
	return randomness && oracle && seed_slothash && call_parse_pubkey(randomness, &row->randomness) &&
	       call_parse_pubkey(oracle, &row->oracle) && call_parse_u64(seed_slot, &row->seed_slot.n) &&
	       base58_to_hash(&row->seed_slothash, seed_slothash, strlen(seed_slothash));
}

static bool read_commit(struct item *item)
{
	const char *const *f = item->field;
	struct oracle_answer *answer = &item->commit.answer;
	uint64_t recovery_id;

	item->commit = (struct commit_row){ .answered = true };
	if (!commit_row_read(&item->commit, f[1], f[2], f[3], f[4]) ||
		read_bytea(f[6], answer->signature, sizeof answer->signature) != sizeof answer->signature ||
		!call_parse_u64(f[7], &recovery_id) || recovery_id > 3 ||
		read_bytea(f[8], answer->value, sizeof answer->value) != sizeof answer->value)
		return false;
	answer->recovery_id = (uint8_t)recovery_id;
	return true;
}

/* NULL: it is no record of ours. */
static struct item *item_read(const void *record, size_t len)
{
	struct item *item = calloc(1, sizeof *item);
	const char *at, *end;
	int n = 0;

	if (!item)
		abort();
	if (len < 2 || len > sizeof item->record)
		goto bad;
	memcpy(item->record, record, len);
	item->len = len;
	item->kind = item->record[0] == SPOOLED_STEP ? SPOOLED_STEP : SPOOLED_COMMIT;
	end = item->record + len;
	if (item->record[0] != (char)item->kind || end[-1] != '\0')
		goto bad;
	for (at = item->record + 1; at < end && n < FIELDS_MAX; at += strlen(at) + 1)
		item->field[n++] = at;
	if (at != end || n != fields_of(item->kind) || strlen(item->field[0]) >= sizeof item->subject.text)
		goto bad;
	memcpy(item->subject.text, item->field[0], strlen(item->field[0]) + 1);
	if (item->kind == SPOOLED_STEP ? read_step(item) : read_commit(item))
		return item;
bad:
	free(item);
	return NULL;
}

static void item_push(struct spooled *sp, struct item *item)
{
	*sp->last = item;
	sp->last = &item->next;
}

static void item_drop_first(struct spooled *sp)
{
	struct item *item = sp->first;

	sp->first = item->next;
	if (!sp->first)
		sp->last = &sp->first;
	free(item);
}

/* ---- the file ---- */

/* What cannot be imported is kept for a human, in a spool of its own. */
static bool set_aside(const struct spooled *sp, const void *record, size_t len)
{
	struct spool *aside;
	char dir[512], why[JOURNAL_WHY_TEXT];
	bool kept = false;

	if (snprintf(dir, sizeof dir, "%s/refused", sp->dir) >= (int)sizeof dir)
		return false;
	if (spool_open(&aside, dir, why, sizeof why) == ERR_OK) {
		kept = spool_append(aside, record, len, why, sizeof why) == ERR_OK;
		spool_close(aside);
	}
	if (!kept)
		log_error("spool.aside_failed", "dir=%s why=%s next=retry", dir, why);
	return kept;
}

static bool load_record(void *owner, const void *record, size_t len)
{
	struct spooled *sp = owner;
	struct item *item = item_read(record, len);

	if (item) {
		item_push(sp, item);
		return true;
	}
	log_error("spool.unreadable", "dir=%s bytes=%zu next=human", sp->dir, len);
	if (!set_aside(sp, record, len))
		sp->keep_file = true;
	return true;
}

static enum err open_file(struct spooled *sp, char *why, size_t why_size)
{
	enum err err = spool_open(&sp->file, sp->dir, why, why_size);

	if (err != ERR_OK) {
		sp->file = NULL;
		return err;
	}
	if (spool_damaged(sp->file))
		log_error("spool.damaged", "dir=%s bytes=%" PRIu64 " next=human", sp->dir, spool_damaged(sp->file));
	err = spool_read_all(sp->file, load_record, sp, why, why_size);
	if (sp->first)
		log_warn("spool.left", "dir=%s records=%u next=import", sp->dir, spool_records(sp->file));
	return err;
}

struct spooled *spooled_new(struct journal *j, const char *dir)
{
	struct spooled *sp = calloc(1, sizeof *sp);
	char why[JOURNAL_WHY_TEXT];

	if (!sp)
		abort();
	sp->journal = j;
	sp->last = &sp->first;
	sp->call = call_state_new(&sp->task);
	if (!dir)
		return sp;
	sp->dir = strdup(dir);
	if (!sp->dir)
		abort();
	if (open_file(sp, why, sizeof why) != ERR_OK)
		log_error("spool.unusable", "dir=%s why=%s next=human", dir, why);
	return sp;
}

void spooled_free(struct spooled *sp)
{
	if (!sp)
		return;
	call_state_free(sp->call);
	while (sp->first)
		item_drop_first(sp);
	spool_close(sp->file);
	free(sp->dir);
	free(sp);
}

/* What is in memory is on the disk already, or was reported: a file that is opened again is only appended to. */
static enum err usable(struct spooled *sp, char *why, size_t why_size)
{
	enum err err = ERR_OK;

	if (sp->file)
		return ERR_OK;
	if (!sp->dir) {
		(void)snprintf(why, why_size, "there is no local spool: set SPOOL_DIR");
		return ERR_REFUSED;
	}
	if (sp->first) {
		err = spool_open(&sp->file, sp->dir, why, why_size);
		if (err != ERR_OK)
			sp->file = NULL;
		return err;
	}
	return open_file(sp, why, why_size);
}

static size_t write_record(char record[RECORD_MAX], enum spooled_kind kind, const struct journal_call_state *s)
{
	struct buf buf;

	buf_on(&buf, record, RECORD_MAX);
	buf_char(&buf, (char)kind);
	for (int i = 1; i < s->n; i++) {
		const char *text = call_param(s, i);

		buf_add(&buf, text ? text : "", (text ? strlen(text) : 0) + 1);
	}
	return buf_ok(&buf) ? buf.len : 0;
}

/* Steps of one subject follow each other here as they would in Postgres. */
static enum err may_follow(const struct spooled *sp, const struct item *item, char *why, size_t why_size)
{
	const struct row *last = NULL;
	unsigned n = 0;

	for (const struct item *at = sp->first; at; at = at->next) {
		if (at->kind != SPOOLED_STEP || strcmp(at->subject.text, item->subject.text) != 0)
			continue;
		last = &at->row;
		n++;
	}
	if (n < SPOOLED_STEPS_MAX && (!last || last->seq == item->prev_seq))
		return ERR_OK;
	(void)snprintf(why, why_size, "%s has %u steps in the spool already", item->subject.text, n);
	return ERR_REFUSED;
}

enum err spooled_append(
	struct spooled *sp, enum spooled_kind kind, const struct journal_call_state *s, char *why, size_t why_size)
{
	char record[RECORD_MAX];
	const size_t len = write_record(record, kind, s);
	struct item *item = len ? item_read(record, len) : NULL;
	enum err err;

	if (!item) {
		(void)snprintf(
			why, why_size, "the record for %s cannot be spooled: it does not read back", call_param(s, 1));
		return ERR_INVALID;
	}
	err = kind == SPOOLED_STEP ? may_follow(sp, item, why, why_size) : ERR_OK;
	if (err == ERR_OK)
		err = usable(sp, why, why_size);
	if (err == ERR_OK)
		err = spool_append(sp->file, record, len, why, why_size);
	if (err == ERR_UNKNOWN) {
		spool_close(sp->file);
		sp->file = NULL;
	}
	if (err != ERR_OK) {
		free(item);
		return err;
	}
	log_warn("spool.appended", "subject=%s kind=%s records=%u why=\"Postgres is away\"", item->subject.text,
		kind == SPOOLED_STEP ? "step" : "answer", spool_records(sp->file));
	item_push(sp, item);
	return ERR_OK;
}

/* ---- memory ---- */

const struct row *spooled_row(const struct spooled *sp, const struct subject_key *subject, uint64_t *prev_seq)
{
	for (const struct item *item = sp->first; item; item = item->next) {
		if (item->kind != SPOOLED_STEP || strcmp(item->subject.text, subject->text) != 0)
			continue;
		*prev_seq = item->prev_seq;
		return &item->row;
	}
	return NULL;
}

const struct row *spooled_after(const struct spooled *sp, const struct subject_key *subject, uint64_t prev_seq)
{
	for (const struct item *item = sp->first; item; item = item->next)
		if (item->kind == SPOOLED_STEP && item->prev_seq == prev_seq &&
			strcmp(item->subject.text, subject->text) == 0)
			return &item->row;
	return NULL;
}

const struct commit_row *spooled_commit(const struct spooled *sp, const struct pubkey *randomness,
	struct slot seed_slot, const struct hash *seed_slothash)
{
	for (const struct item *item = sp->first; item; item = item->next)
		if (item->kind == SPOOLED_COMMIT && pubkey_equal(&item->commit.randomness, randomness) &&
			item->commit.seed_slot.n == seed_slot.n &&
			hash_equal(&item->commit.seed_slothash, seed_slothash))
			return &item->commit;
	return NULL;
}

/* ---- import ---- */

static void empty_file(struct spooled *sp)
{
	char why[JOURNAL_WHY_TEXT];

	/* Not emptied: the next run imports the same records again, which changes nothing. */
	if (sp->file && !sp->keep_file && spool_reset(sp->file, why, sizeof why) != ERR_OK)
		log_error("spool.not_emptied", "dir=%s why=%s next=human", sp->dir, why);
}

static bool settle_import(struct spooled *sp, const struct reply *reply)
{
	const struct item *item = sp->first;

	switch (reply->err) {
	case ERR_OK:
		log_info("spool.imported", "subject=%s kind=%s", item->subject.text,
			item->kind == SPOOLED_STEP ? "step" : "answer");
		return true;
	case ERR_REFUSED:
	case ERR_INVALID:
		if (sp->journal->fence == 0)
			return false;
		log_error("spool.refused", "subject=%s kind=%s why=%s next=human", item->subject.text,
			item->kind == SPOOLED_STEP ? "step" : "answer", reply->why);
		return set_aside(sp, item->record, item->len);
	case ERR_RETRY:
	case ERR_UNKNOWN:
		return false;
	}
	return false;
}

static void on_imported(struct task *task, const struct reply *reply)
{
	struct spooled *sp = container_of(task, struct spooled, task);

	if (!settle_import(sp, reply))
		return;
	item_drop_first(sp);
	if (sp->first)
		spooled_import(sp);
	else
		empty_file(sp);
}

static bool any_rows(struct task *task, const struct db_result *result, const void **data)
{
	(void)task;
	(void)data;
	return db_rows(result) > 0;
}

void spooled_import(struct spooled *sp)
{
	const struct item *item = sp->first;

	if (!item || sp->task.busy)
		return;
	call_begin_write(
		sp->journal, sp->call, item->kind == SPOOLED_STEP ? STEP_IMPORT : COMMIT_IMPORT, any_rows, on_imported);
	for (int i = 0; i < fields_of(item->kind); i++)
		call_text(sp->call, or_null(item->field[i]));
	call_send(sp->call, CALL_DEADLINE_MS);
}

bool journal_spool_waits(const struct journal *j)
{
	return j->spooled->first != NULL;
}
