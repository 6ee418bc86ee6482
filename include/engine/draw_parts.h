/* What one draw does for each action; only engine/draw*.c use it. */
#ifndef ENGINE_DRAW_PARTS_H
#define ENGINE_DRAW_PARTS_H
#include "engine/draw.h"

/* draw_accounts.c: all accounts of the draw in one answer. */
void draw_read_accounts(struct draw *d);
void draw_want_atas(struct draw *d);
/* draw_oracle.c: the ledger of commits, the gateway, the account to use. */
void draw_note_commit(struct draw *d);
void draw_ask_oracle(struct draw *d);
void draw_pick_account(struct draw *d);
/* An account that the draw makes itself. */
void draw_pick_new(struct draw *d);
/* Whom to commit to next. False: there is nobody. */
bool draw_choose_oracle(const struct draw *d, struct pubkey *out);
/* draw_sponsors.c */
void draw_note_sponsors(struct draw *d);
/* draw_step.c: fees, simulation and opening of a step. */
void draw_ask_fees(struct draw *d);
void draw_simulate(struct draw *d, const struct action *a);
void draw_simulated(struct subject *s, int endpoint);
void draw_open(struct draw *d, const struct action *a);
/* draw_record.c: the money facts of a finalized payout. */
void draw_record(struct draw *d, const struct action *a);
#endif
