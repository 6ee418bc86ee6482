/* The invariant watch. Only engine/ includes this. */
#ifndef ENGINE_WATCH_H
#define ENGINE_WATCH_H
#include "chain/rpc.h"
#include "core/attempts.h"
#include "journal/watches.h"

struct draw;
struct engine;
struct pool_entry;

/* The comparison of pools with their accounts and our records. One request per tick at most. */
enum { SWEEP_MAX = (RPC_ACCOUNTS_MAX - 1) / 3 };
struct sweep_item {
	int64_t app_id;
	struct pubkey address, vault, participants;
};
struct watch {
	struct engine *e;
	struct rpc_call rpc;
	struct watch_call call;
	struct attempts attempts;
	struct watched view[WATCHED_MAX]; /* to be compared; the first n_asked of them are under way          */
	int64_t app_id[WATCHED_MAX];
	size_t n, n_asked;
	uint64_t view_ms; /* when the oldest of them was read */
	struct sweep_item item[SWEEP_MAX];
	size_t n_items;
	bool may_read;    /* a tick is over since the last request */
	size_t cursor;    /* where the sweep goes on               */
	uint64_t next_ms; /* no pool is to be read before          */
	size_t standing;
};

/* watch.c: the pools' invariants, after a change and in a slow sweep. */
void watch_init(struct engine *e);
void watch_fini(struct engine *e);
void watch_turn(struct engine *e);
bool watch_busy(const struct engine *e);
/* A tick is over: the sweep may ask once. */
void watch_ticked(struct engine *e);
/* The pool's account is new. */
void watch_changed(struct engine *e, struct pool_entry *p);
/* The pool is not known any more. */
void watch_forget(struct engine *e, const struct pool_entry *p);
/* The accounts of a draw, read for other reasons, are compared with our records when it is time for that. */
void watch_draw(struct draw *d);
#endif
