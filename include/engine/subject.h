/* One subject of the journal being driven: its rows, its single call in flight, and the actions that all kinds share. */
#ifndef ENGINE_SUBJECT_H
#define ENGINE_SUBJECT_H
#include "chain/rpc.h"
#include "chain/signer.h"
#include "core/action.h"
#include "core/compose.h"
#include "core/guard.h"
#include "core/subject_facts.h"
#include "journal/journal.h"

struct engine;

enum { SUBJECT_VALUES_TEXT = 400 };
struct subject {
	struct engine *e;
	struct subject_key key;
	struct subject_facts *own; /* inside the kind's facts                                           */
	struct journal_call journal;
	struct rpc_call rpc;
	struct attempts load;
	bool loaded; /* rows are what Postgres last said; false: doubt, load first        */
	bool awake;
	uint64_t wake_ms;                 /* look again then; 0: only on news                                  */
	enum reason reason;               /* as last logged                                                    */
	char values[SUBJECT_VALUES_TEXT]; /* what the next reason is about, for its log line; empty: nothing */
	uint64_t price;                   /* micro-lamports per unit, with own->price_known                    */
	uint64_t price_ms;
	enum step in_step; /* of the simulation or opening in flight                            */
	struct slot in_basis;
	struct slot sent;              /* newest confirmed slot when the open row was first sent          */
	struct action closing;         /* the CLOSE under way; seq 0: none */
	struct pubkey creator;         /* of the pool that an account is made for; zero: none               */
	bool opening;                  /* a row is being committed                                          */
	struct height opening_valid;   /* last_valid of that row                                             */
	struct tx composed;            /* the transaction being simulated or signed                         */
	uint8_t signed_tx[ROW_TX_MAX]; /* borrowed by the journal while it commits the row                  */
	int simulate_at;               /* node to simulate at: RPC_ANY, or one whose opinion is still missing */
	void (*simulated)(struct subject *s, int endpoint); /* the kind's own look at a simulation; may be NULL */
};
void subject_init(struct subject *s, struct engine *e, struct subject_facts *own);
void subject_fini(struct subject *s);
bool subject_busy(const struct subject *s);
void subject_wake(struct subject *s);

/* The rows may have changed behind our back: what is in flight is dropped, and they are loaded again. */
void subject_doubt(struct subject *s);
/* Loads the rows when they are in doubt. True: loaded, go on and decide. */
bool subject_ready(struct subject *s);

/* SEND, CLOSE, REOPEN, PROVE, WAIT and HALT. False: the action is the kind's own. */
bool subject_perform(struct subject *s, const struct action *a);
/* Logs the reason once when it changes, and remembers when to look again. */
void subject_wait(struct subject *s, const struct action *a);
/* In a dry run, and for an action that would send or write: waits with DRY_RUN instead and returns true. */
bool subject_only_looks(struct subject *s, const struct action *a);

/* ASK_FEES for these writable accounts; then own->price_known. */
void subject_ask_fees(struct subject *s, const struct pubkey *writable, size_t n);
/* SIMULATE: composes with the fixed limit and asks a node; then own->simulation. */
void subject_simulate(struct subject *s, const struct action *a, struct compose *c, struct slot basis);
/* OPEN or SPOOL: composes, signs what `guard` allows, commits the row. lut_slot: of the account the row creates, else 0. */
void subject_open(struct subject *s, const struct action *a, struct compose *c, struct guard *guard,
	const struct account_key *extra, struct slot lut_slot);

/* What a node said about one signature of ours; ignored when it is about none of the rows (R6). */
void subject_observe(struct subject *s, const struct signature *sig, const struct rpc_status *status, struct slot at);
/* What the nodes said about it is not so: they are asked anew. */
void subject_forget(struct subject *s, const struct signature *sig);
/* In a round of all nodes, besides: this one found it. first_witness: the round's first answer. */
void subject_observe_fate(
	struct subject *s, const struct signature *sig, const struct rpc_status *status, bool first_witness);
/* A node's proof that a signature is not there: absence for good (R3), or only gone from where it had landed (R9). */
struct absence {
	struct height finalized_height;
	struct slot finalized_slot, first_block, at;
};
void subject_observe_absence(
	struct subject *s, const struct signature *sig, const struct absence *proof, bool first_witness);
bool subject_unsettled(const struct subject *s);
/* The shared part of the facts, anew before each decision. */
void subject_refresh(struct subject *s);
/* done() of every journal verb that answers with rows. */
void subject_rows_done(struct task *task, const struct reply *reply);
#endif
