/* What the operator allows: the part of the settings that decisions depend on. */
#ifndef CORE_POLICY_H
#define CORE_POLICY_H
#include <stdbool.h>
#include <stdint.h>
#include "base/key.h"
#include "core/switchboard.h"

struct policy {
	struct pubkey dev_wallet; /* our key: a pool is ours when its dev_wallet is this                   */
	struct pubkey treasury;   /* pools with another treasury wait                                      */
	uint16_t max_dev_bps, max_burn_bps, max_treasury_bps;
	bool allow_mock; /* accept pools that allow mock randomness; mock itself is never sent    */
	struct sb_net switchboard;
	unsigned max_bound;            /* pools between request and select at once                              */
	uint64_t creator_day_lamports; /* what the pools of one creator may cost us per day; 0: anything          */
	unsigned oracle_budget_slots;  /* how long one oracle may take before another is committed to           */
	uint64_t price_floor, price_cap, price_fallback; /* micro-lamports per compute unit                   */
	bool dry_run;
	bool finalize, claim_rent; /* housekeeping: of pools that are over; both pay to the treasury */
	bool refund_atas;          /* housekeeping: a cancelled pool's treasury account, which refunds need */
	bool sweep;                /* housekeeping: pools that were never filled */
	bool close_randomness;     /* housekeeping: spent randomness accounts of ours, beyond those kept        */
	bool recover_randomness;   /* housekeeping: those of our key that the journal does not know              */
	bool pay_referrals;        /* claims of referrers, from the treasury's own wallet                        */
	uint64_t referral_max_units, referral_max_per_day; /* of one claim, in base units; claims per day (UTC)   */
	unsigned randomness_keep;   /* for the next draws                                                          */
	uint64_t randomness_idle_s; /* a burst of draws uses them again within this time                           */
};

enum {
	POLICY_NEAR_S = 120,          /* a pool this close to its due second is prepared for                   */
	POLICY_DEADLINE_SLOTS = 3000, /* select_winner refuses after commit slot + this                        */
	POLICY_ALERT_SLOTS = 1000,
	POLICY_CANARY_MS = 60000, /* an answer older than this says nothing about the gateway              */
	POLICY_JOURNAL_MS = 5000,
	POLICY_SPOOL_AFTER_MS = 60000, /* Postgres away for so long while a pool is bound: spool                */
	POLICY_SIMULATE_SLOTS = 50,    /* no simulation for so long: reveal and select with fixed limits        */
	POLICY_RESEND_MS = 2000,
	POLICY_FORK_SLOTS = 64, /* from landing on: so long a step that seems undone is looked up first         */
	POLICY_ORACLE_MARGIN_S = 3600, /* an oracle's quote must stay valid for at least this                   */
	POLICY_FRESH_MS = 10000,       /* accounts read longer ago are read again before a step is opened       */
	POLICY_CLOCK_POLL_MS = 150,    /* how often the chain's clock is read when a pool is due by ours       */
	POLICY_BLOCKHASH_MS = 5000,    /* a blockhash older than this is fetched again before signing           */
	POLICY_CHORE_FAILURES = 3,     /* landed and failed so often: housekeeping gives up, no fee is burned for it */
};
#endif
