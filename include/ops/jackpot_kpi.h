/* The figures that the jackpot guide holds its service to, and where they stand. Pure. */
#ifndef OPS_JACKPOT_KPI_H
#define OPS_JACKPOT_KPI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

enum {
	KPI_WINDOW = 1000, /* the last so many contributions are what percentiles and the error rate are of */
	KPI_CONTRIBUTION_TARGET_MS = 100,
	KPI_CONTRIBUTION_ALERT_MS = 500,
	KPI_FREE_TARGET_PERCENT = 80,
	KPI_FREE_ALERT_PERCENT = 20,
	KPI_ERRORS_TARGET_PER_MILLION = 1000, /* 0.1 % */
	KPI_ERRORS_ALERT_PER_MILLION = 10000, /* 1 %   */
};

/* added: done. answered: refused for what the client sent. failed: our fault, or nobody's. */
enum kpi_outcome { KPI_ADDED, KPI_ANSWERED, KPI_FAILED, KPI_OUTCOMES };

struct jackpot_kpi { /* zero to begin with */
	uint64_t count[KPI_OUTCOMES];
	uint64_t n; /* contributions so far: the window holds the last KPI_WINDOW of them */
	uint32_t us[KPI_WINDOW];
	bool failed[KPI_WINDOW];
};
/* us: from the request's headers to its answer. */
void kpi_note(struct jackpot_kpi *kpi, enum kpi_outcome outcome, uint64_t us);

struct kpi_connections {
	size_t total, up, busy, waiting; /* waiting: requests without a connection */
};
/* One JSON object; database: of totals_json(), put in as it is. A win's time is the database's to tell, so its own figures
 * are there. */
void kpi_write(struct buf *out, const struct jackpot_kpi *kpi, const struct kpi_connections *connections,
	const char *database);

#endif
