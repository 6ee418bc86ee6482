/* The winners of one draw at a time: its frozen entries are read piece by piece, their tree is built on the way and must have the
 * root that was locked, then SEL-1 picks. Ten million entries take 587 MB, and only until the picks are written down. A large draw
 * goes on only while no pool's 3000 slots run: each piece takes some milliseconds, the selection itself is one piece of work: 2 s for ten million. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "engine/parts.h"

static struct offchain_draw *drawn(const struct engine *e)
{
	return offchain_find(e, &e->offchain->pick.of);
}

void offchain_pick_drop(struct engine *e)
{
	struct offchain_pick *p = &e->offchain->pick;

	free(p->ticket);
	p->ticket = NULL;
	p->reading = p->done = false;
	p->of = (struct draw_id){ 0 };
}

/* Not the entries that were locked: nothing is drawn from them, and a human must look. */
static void refuse(struct engine *e, struct offchain_draw *d, const char *why)
{
	d->facts.refused = true;
	(void)snprintf(d->told, sizeof d->told, "%s", why);
	d->facts.to_tell = strcmp(d->told, d->facts.row.halted) != 0;
	attempts_note(&d->facts.statement, e->around.now_ms, false);
	offchain_pick_drop(e);
}

static void add_piece(struct offchain_pick *p, const struct draw_id *draw)
{
	for (size_t i = 0; i < p->call.piece_n; i++) {
		const uint8_t *at = p->call.piece + i * OFFCHAIN_ENTRY_SIZE;
		struct ticket *ticket = &p->ticket[p->n];
		struct hash leaf;

		memcpy(ticket->participant.b, at, HASH_SIZE);
		ticket->weight = load_u64_be(at + HASH_SIZE);
		ticket_leaf(&leaf, draw, p->n++, ticket);
		merkle_add(&p->tree, &leaf, NULL);
	}
}

static void on_piece(struct task *task, const struct reply *reply)
{
	struct offchain_pick *p = container_of(
		container_of(task, struct offchain_call, task), struct offchain_pick, call);
	struct offchain *o = container_of(p, struct offchain, pick);
	struct offchain_draw *d = drawn(o->e);

	if (!d || !p->reading) {
		offchain_pick_drop(o->e);
		return;
	}
	if (reply->err != ERR_OK) {
		log_warn("offchain.doubt", "id=%s err=%s why=%s next=look", d->facts.row.id, err_name(reply->err),
			reply->why);
		attempts_note(&d->facts.statement, o->e->around.now_ms, false);
		offchain_pick_drop(o->e);
		return;
	}
	if (p->call.piece_n == 0 || p->n + p->call.piece_n > d->facts.row.n)
		refuse(o->e, d, "its frozen entries are not as many as were locked");
	else
		add_piece(p, &d->facts.row.draw);
}

static void pick(struct engine *e, struct offchain_draw *d)
{
	struct offchain_pick *p = &e->offchain->pick;
	const struct offchain_row *row = &d->facts.row;
	const struct select_input input = { .beta = row->beta,
		.draw = row->draw,
		.root = row->root,
		.ticket = p->ticket,
		.n = (uint32_t)row->n,
		.prizes = row->prizes,
		.alternates = row->alternates,
		.mode = row->mode };
	void *memory = malloc(select_memory(input.n));
	struct hash root, key;
	enum select_result result;

	if (!memory)
		abort();
	merkle_end(&p->tree, &root, NULL);
	if (!hash_equal(&root, &row->root)) {
		refuse(e, d, "the frozen entries do not have the root that was locked");
	} else {
		result = select_run(p->pick, &key, &input, memory);
		if (result != SELECT_OK)
			refuse(e, d, select_result_text(result));
		p->done = result == SELECT_OK;
	}
	free(memory);
	free(p->ticket);
	p->ticket = NULL;
	p->reading = false;
	d->wake_ms = 0;
}

void offchain_pick_begin(struct engine *e, const struct offchain_draw *d)
{
	struct offchain_pick *p = &e->offchain->pick;

	if (p->reading || p->done || p->call.task.busy)
		return;
	p->ticket = malloc(d->facts.row.n * sizeof *p->ticket);
	if (!p->ticket)
		abort();
	p->of = d->facts.row.draw;
	p->n = 0;
	merkle_begin(&p->tree);
	p->reading = true;
}

void offchain_pick_turn(struct engine *e)
{
	struct offchain_pick *p = &e->offchain->pick;
	struct offchain_draw *d;

	if ((!p->reading && !p->done) || p->call.task.busy)
		return;
	d = drawn(e);
	if (!d || d->facts.row.state != OFFCHAIN_LOCKED || (p->done && d->facts.refused))
		offchain_pick_drop(e);
	else if (p->done || (d->facts.row.n >= OFFCHAIN_LARGE && engine_any_bound(e)))
		return;
	else if (p->n == d->facts.row.n)
		pick(e, d);
	else
		offchain_entries(e->m.journal, &p->call, &d->facts.row, p->n, on_piece);
}
