/* What every subject of the journal has, whatever it is about: its rows, the next step's preparation, its pacing. */
#ifndef CORE_SUBJECT_FACTS_H
#define CORE_SUBJECT_FACTS_H
#include "core/attempts.h"
#include "core/policy.h"
#include "core/settle.h"

/* The last simulation: valid for `step` composed from the accounts read at `basis`. */
struct simulation_fact {
	bool done;
	enum step step;
	struct slot basis;
	bool ok;
	uint64_t units;
	enum ix_kind failed_at;
	struct tx_failure failure; /* with ok false; failed_at IX_KINDS: outside any   */
	struct slot wanted_since;  /* when a simulation of a reveal was first wanted; 0: not               */
};

/* What all subjects share. */
struct surroundings {
	int64_t chain_s; /* newest Clock sysvar that any node told: time only goes on                              */
	uint64_t now_ms; /* monotonic                                                             */
	bool leader, stopping;
	bool audit_clear; /* what the program does not guard may be opened: every signature of our wallet is accounted for */
	bool oracle_viable, canary_fresh;
	struct pubkey oracle; /* to commit to next                             */
	unsigned bound;       /* other pools between request and select                                */
	struct lamports bind_cost, draw_cost, ata_cost; /* of one each at most, rents included               */
	uint64_t journal_ok_ms, journal_down_since_ms;
	uint64_t blockhash_ms;
	bool blockhash_known;
	bool heights_agree; /* two nodes, where there are two, tell about the same height */
};

struct subject_facts {
	struct settle_facts settle;
	struct height
		unsure_until; /* a row that the program does not guard may yet appear, and land until then; 0: none */
	bool price_known;
	struct simulation_fact simulation;
	struct attempts read, ask, open, simulate; /* of accounts, a gateway, a row, a simulation           */
};

/* The last two moves before anything is signed, the same for every subject. Pure.
 * step_simulate: fees first, then the simulation, paced by own->simulate (base and max ms).
 * step_open: the row, unless something about this very moment forbids any. */
struct action step_simulate(const struct subject_facts *own, const struct surroundings *around, enum step step,
	uint64_t base_ms, uint64_t max_ms);
struct action step_open(const struct subject_facts *own, const struct surroundings *around, const struct policy *policy,
	enum step step, struct slot floor);
/* True when `step` was simulated on the accounts read at `basis`. */
bool step_simulated(const struct subject_facts *own, enum step step, struct slot basis);
#endif
