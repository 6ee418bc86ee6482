/* A ring of the last contributions. */
#include "ops/jackpot_kpi.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { US_PER_MS = 1000, PER_MILLION = 1000000 };

void kpi_note(struct jackpot_kpi *kpi, enum kpi_outcome outcome, uint64_t us)
{
	const size_t at = kpi->n++ % KPI_WINDOW;

	kpi->count[outcome]++;
	kpi->us[at] = us < UINT32_MAX ? (uint32_t)us : UINT32_MAX;
	kpi->failed[at] = outcome == KPI_FAILED;
}

static int by_size(const void *a, const void *b)
{
	const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

static const char *state(bool met, bool alert)
{
	return alert ? "alert" : met ? "ok" : "missed";
}

/* Nearest rank. sorted has n > 0. */
static uint32_t percentile(const uint32_t *sorted, size_t n, unsigned percent)
{
	const size_t rank = (n * percent + 99) / 100;

	return sorted[rank > 0 ? rank - 1 : 0];
}

static void write_ms(struct buf *out, const char *name, uint64_t us)
{
	buf_fmt(out, "\"%s\":%" PRIu64 ".%03" PRIu64 ",", name, us / US_PER_MS, us % US_PER_MS);
}

static void write_contribution(struct buf *out, const struct jackpot_kpi *kpi, size_t n)
{
	uint32_t sorted[KPI_WINDOW] = { 0 };
	uint64_t sum = 0, p95;

	memcpy(sorted, kpi->us, n * sizeof(sorted[0]));
	qsort(sorted, n, sizeof(sorted[0]), by_size);
	for (size_t i = 0; i < n; i++)
		sum += sorted[i];
	p95 = percentile(sorted, n > 0 ? n : 1, 95);
	buf_fmt(out, "\"contribution\":{\"window\":%zu,", n);
	write_ms(out, "averageMs", n > 0 ? sum / n : 0);
	write_ms(out, "p50Ms", percentile(sorted, n > 0 ? n : 1, 50));
	write_ms(out, "p95Ms", p95);
	write_ms(out, "maxMs", n > 0 ? sorted[n - 1] : 0);
	buf_fmt(out, "\"targetMs\":%d,\"alertMs\":%d,\"state\":\"%s\"}", KPI_CONTRIBUTION_TARGET_MS,
		KPI_CONTRIBUTION_ALERT_MS,
		state(p95<(uint64_t)KPI_CONTRIBUTION_TARGET_MS * US_PER_MS, p95>(uint64_t) KPI_CONTRIBUTION_ALERT_MS *
			US_PER_MS));
}

static void write_errors(struct buf *out, const struct jackpot_kpi *kpi, size_t n)
{
	uint64_t failed = 0, rate;

	for (size_t i = 0; i < n; i++)
		failed += kpi->failed[i];
	rate = n > 0 ? failed * PER_MILLION / n : 0;
	buf_fmt(out,
		"\"requests\":{\"added\":%" PRIu64 ",\"refused\":%" PRIu64 ",\"failed\":%" PRIu64
		",\"errorPercent\":%" PRIu64 ".%04" PRIu64
		",\"targetPercent\":0.1,\"alertPercent\":1,\"state\":\"%s\"}",
		kpi->count[KPI_ADDED], kpi->count[KPI_ANSWERED], kpi->count[KPI_FAILED], rate / 10000, rate % 10000,
		state(rate<KPI_ERRORS_TARGET_PER_MILLION, rate> KPI_ERRORS_ALERT_PER_MILLION));
}

static void write_connections(struct buf *out, const struct kpi_connections *c)
{
	const size_t free = c->up > c->busy ? c->up - c->busy : 0, percent = 100 * free / c->total;

	buf_fmt(out,
		"\"connectionPool\":{\"total\":%zu,\"up\":%zu,\"busy\":%zu,\"waiting\":%zu,\"freePercent\":%zu,"
		"\"targetPercent\":%d,\"alertPercent\":%d,\"state\":\"%s\"}",
		c->total, c->up, c->busy, c->waiting, percent, KPI_FREE_TARGET_PERCENT, KPI_FREE_ALERT_PERCENT,
		state(percent >= KPI_FREE_TARGET_PERCENT, percent < KPI_FREE_ALERT_PERCENT));
}

void kpi_write(
	struct buf *out, const struct jackpot_kpi *kpi, const struct kpi_connections *connections, const char *database)
{
	const size_t n = kpi->n < KPI_WINDOW ? (size_t)kpi->n : KPI_WINDOW;

	buf_str(out, "{");
	write_contribution(out, kpi, n);
	buf_str(out, ",");
	write_errors(out, kpi, n);
	buf_str(out, ",");
	write_connections(out, connections);
	buf_fmt(out, ",\"database\":%s}\n", database);
}
