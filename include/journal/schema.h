/* Before the first row is written: is this the schema that poolkeeper was built for? */
#ifndef JOURNAL_SCHEMA_H
#define JOURNAL_SCHEMA_H

#include "io/db.h"

enum schema_verdict {
	SCHEMA_OPEN,    /* the database has not answered yet                              */
	SCHEMA_PASSED,  /* logged as db.checked, with whether a pooler is in between      */
	SCHEMA_REFUSED, /* another version, or never migrated: logged as start.refused    */
};

struct schema {
	struct db *db;
	struct db_call call;
	enum schema_verdict verdict;
	unsigned failures; /* statements that got no answer; each was logged as start.waiting */
	uint64_t again_ms;
};

/* Nothing is asked yet. */
void schema_init(struct schema *s, struct db *db, uint32_t deadline_ms);
void schema_fini(struct schema *s); /* cancels */

/* Asks until it is answered, again after a second. Returns when it wants the next turn, UINT64_MAX: on news only. */
uint64_t schema_turn(struct schema *s, uint64_t now_ms);

#endif
