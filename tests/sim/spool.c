/* The local spool of one host: survives the daemon, as a file would. */
#include <stdlib.h>
#include <string.h>

#include "sim/fake_journal.h"

enum { ITEMS_MAX = 16, STEPS_MAX = 3 };

struct spool_item {
	bool is_step;
	char subject[SUBJECT_TEXT];
	uint64_t prev_seq;
	struct row row;
	struct commit_row commit;
};
struct sim_spool {
	struct spool_item item[ITEMS_MAX];
	size_t first, n; /* what is before `first` was imported or set aside */
	bool refused[ITEMS_MAX];
};

struct sim_spool *spool_new(void)
{
	struct sim_spool *spool = calloc(1, sizeof *spool);

	if (!spool)
		abort();
	return spool;
}

void spool_delete(struct sim_spool *spool)
{
	free(spool);
}

bool spool_has(const struct sim_spool *spool, const struct signature *sig)
{
	for (size_t i = 0; i < spool->n; i++)
		if (spool->item[i].is_step && signature_equal(&spool->item[i].row.sig, sig))
			return true;
	return false;
}

bool spool_has_answer(
	const struct sim_spool *spool, const struct pubkey *randomness, const struct oracle_answer *answer)
{
	for (size_t i = 0; i < spool->n; i++)
		if (!spool->item[i].is_step && pubkey_equal(&spool->item[i].commit.randomness, randomness) &&
			memcmp(spool->item[i].commit.answer.value, answer->value, sizeof answer->value) == 0)
			return true;
	return false;
}

static struct spool_item *push(struct sim_spool *spool, const char *subject)
{
	struct spool_item *item;

	if (spool->n == ITEMS_MAX)
		abort();
	item = &spool->item[spool->n++];
	*item = (struct spool_item){ .prev_seq = 0 };
	memcpy(item->subject, subject, strlen(subject) + 1);
	return item;
}

bool spool_add_step(struct sim_spool *spool, const char *subject, uint64_t prev_seq, const struct row *row)
{
	struct spool_item *item;
	unsigned waiting = 0;
	uint64_t last = prev_seq;

	for (size_t i = spool->first; i < spool->n; i++) {
		if (!spool->item[i].is_step || strcmp(spool->item[i].subject, subject) != 0)
			continue;
		waiting++;
		last = spool->item[i].row.seq;
	}
	if (waiting == STEPS_MAX || last != prev_seq)
		return false;
	item = push(spool, subject);
	item->is_step = true;
	item->prev_seq = prev_seq;
	item->row = *row;
	item->row.seq = prev_seq + 1;
	item->row.state = ROW_OPEN;
	item->row.spooled = true;
	return true;
}

bool spool_add_commit(struct sim_spool *spool, const char *subject, const struct commit_row *row)
{
	struct spool_item *item = push(spool, subject);

	item->commit = *row;
	item->commit.known = true;
	return true;
}

const struct row *spool_row(const struct sim_spool *spool, const char *subject, uint64_t *prev_seq)
{
	for (size_t i = spool->first; i < spool->n; i++) {
		if (!spool->item[i].is_step || strcmp(spool->item[i].subject, subject) != 0)
			continue;
		*prev_seq = spool->item[i].prev_seq;
		return &spool->item[i].row;
	}
	return NULL;
}

const struct row *spool_after(const struct sim_spool *spool, const char *subject, uint64_t prev_seq)
{
	for (size_t i = spool->first; i < spool->n; i++)
		if (spool->item[i].is_step && spool->item[i].prev_seq == prev_seq &&
			strcmp(spool->item[i].subject, subject) == 0)
			return &spool->item[i].row;
	return NULL;
}

const struct commit_row *spool_commit(const struct sim_spool *spool, const struct commit_row *like)
{
	for (size_t i = spool->first; i < spool->n; i++) {
		const struct commit_row *row = &spool->item[i].commit;

		if (!spool->item[i].is_step && pubkey_equal(&row->randomness, &like->randomness) &&
			row->seed_slot.n == like->seed_slot.n && hash_equal(&row->seed_slothash, &like->seed_slothash))
			return row;
	}
	return NULL;
}

bool spool_first(const struct sim_spool *spool, struct statement *st)
{
	const struct spool_item *item = &spool->item[spool->first];

	if (spool->first == spool->n)
		return false;
	st->verb = item->is_step ? VERB_IMPORT : VERB_COMMIT;
	memcpy(st->subject, item->subject, sizeof st->subject);
	st->prev_seq = item->prev_seq;
	st->row = item->row;
	st->row.spooled = false;
	st->commit = item->commit;
	return true;
}

void spool_drop_first(struct sim_spool *spool, bool refused)
{
	spool->refused[spool->first++] = refused;
}
