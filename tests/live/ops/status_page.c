/* Prints the status page of a made-up daemon: its policy as the first line, then the page. */
#include <stdio.h>
#include <string.h>

#include "base/crypto.h"
#include "ops/status_page.h"

enum { NOW_MS = 500000000, NOW_S = 1795266002 };

static struct pubkey key(unsigned n)
{
	const uint8_t bytes[] = { 'k', (uint8_t)n, (uint8_t)(n >> 8) };
	const struct bytes part = { bytes, sizeof bytes };
	struct hash hash;
	struct pubkey out;

	crypto_sha256(&hash, &part, 1);
	memcpy(out.b, hash.b, sizeof out.b);
	return out;
}

static void well(struct health_facts *f)
{
	*f = (struct health_facts){ .phase = HEALTH_PHASE_RUNNING,
		.now_ms = NOW_MS,
		.started_ms = NOW_MS - 442800000,
		.wall_ms = (int64_t)NOW_S * 1000 + 7,
		.tick_ms = 5000,
		.network = "mainnet-beta",
		.engine_known = true,
		.engine = { .ticks = 88560,
			.last_tick_ms = NOW_MS - 2100,
			.pools = 1240,
			.active = 5,
			.leader = true,
			.records = 4117,
			.wallet = { 3918244120 },
			.wallet_known = true },
		.survey = { .pools = { [POOL_OPEN] = 1187, [POOL_LOCKED] = 48, [POOL_ENDED] = 3, [POOLS_MISSING] = 2 },
			.draws = { [WAIT_TOO_EARLY] = 3, [WAIT_IN_FLIGHT] = 2 },
			.offchain = { [OFFCHAIN_LOCKED] = 7, [OFFCHAIN_DRAWN] = 1 },
			.offchain_waits = { [WAIT_OFFCHAIN_ROUND] = 7, [WAIT_OFFCHAIN_HALTED] = 1 },
			.bound = 1,
			.oracles = 12,
			.oracles_viable = 9,
			.canary_ms = NOW_MS - 14000,
			.runway_known = true,
			.runway = 1306,
			.confirmed = { 447552312 },
			.slot_ms = NOW_MS - 300,
			.chain_s = NOW_S },
		.outside = { .n_nodes = 2, .db_up = true, .db_last_us = 1042 } };
	f->outside.node[0] = (struct node_snapshot){ .label = "rpc1", .well = true, .latency_us = 41900 };
	f->outside.node[1] = (struct node_snapshot){ .label = "rpc2", .well = true, .lag = 2, .latency_us = 87000 };
	for (unsigned i = 0; i < 6; i++) {
		struct paid_draw *d = &f->paid.draw[f->paid.n++];

		*d = (struct paid_draw){ .pool = key(i), .mint = key(100 + i % 2), .winner = key(200 + i) };
		d->pool_id = 1729000000000000000u + i;
		d->won = 1364000000000u / (i * i * 7 + 1);
		d->decimals = i % 2 == 0 ? 6 : 9;
		d->end_s = NOW_S - 240 - 1900 * (int64_t)i;
	}
}

static void add_late(struct health_facts *f, const char *text, int64_t seconds, enum reason reason)
{
	struct late_draw *late = &f->survey.late[f->survey.n_late++];

	*late = (struct late_draw){ .seconds = seconds, .reason = reason };
	snprintf(late->text, sizeof late->text, "%s", text);
}

static void trouble(struct health_facts *f)
{
	well(f);
	add_late(f, "draw:4wgBJUHydWXXJKXYsmdGoGw1ufC3dxz8q2mukFYaAhSm:1795265000", 754, WAIT_CANARY_SILENT);
	add_late(f, "draw:Aio4gaXjXzJNVLtzwtNVmSqGKpANtXhybbkhtAC94ji2:1795265900", 61, WAIT_IN_FLIGHT);
	f->survey.draws[WAIT_CANARY_SILENT] = 1;
	f->survey.draws[WAIT_VAULT_MISMATCH] = 1;
	f->survey.runway = 0;
	f->engine.wallet.n = 120400;
	f->outside.db_up = false;
	f->survey.journal_down_since_ms = NOW_MS - 31000;
	f->outside.node[1] = (struct node_snapshot){
		.label = "rpc2", .down = true, .lag = 3104, .latency_us = 4999000
	};
}

static void starting(struct health_facts *f)
{
	well(f);
	f->engine_known = false;
	f->engine = (struct engine_snapshot){ 0 };
	f->survey = (struct engine_survey){ 0 };
	f->paid.n = 0;
}

/* Whatever comes from outside, as somebody who means harm would write it. */
static void hostile(struct health_facts *f)
{
	well(f);
	f->network = "<script>alert(1)</script>\"'&\xe2\x80\xae";
	f->outside.node[0].label = "<img src=x onerror=alert(1)>";
	add_late(
		f, "draw:<b onmouseover='x'>\"&amp;\xd7\xa9\xd7\x9c\xe2\x80\xae\xff\x01:</table>", 754, WAIT_NO_ORACLE);
	f->paid.certificates.n = 1;
	snprintf(f->paid.certificates.name[0], sizeof f->paid.certificates.name[0], "1-<script>\"'&.json");
	f->certificate_url = "https://certificates.example/\"><script>";
}

/* The most that can be there, numbers as long as they get. */
static void full(struct health_facts *f)
{
	trouble(f);
	memset(f->survey.pools, 0xff, sizeof f->survey.pools);
	memset(f->survey.draws, 0xff, sizeof f->survey.draws);
	f->engine.wallet.n = f->engine.records = f->survey.runway = f->survey.confirmed.n = UINT64_MAX;
	f->outside.n_nodes = SNAPSHOT_NODES;
	for (size_t i = 1; i < SNAPSHOT_NODES; i++)
		f->outside.node[i] = (struct node_snapshot){
			.label = "rpc5", .lag = UINT64_MAX, .latency_us = UINT64_MAX
		};
	while (f->survey.n_late < SURVEY_LATE)
		add_late(f, "draw:4wgBJUHydWXXJKXYsmdGoGw1ufC3dxz8q2mukFYaAhSm:18446744073709551615", INT64_MAX,
			WAIT_IN_FLIGHT);
	f->survey.n_late = SIZE_MAX;
	while (f->paid.n < PAID_KEPT)
		f->paid.draw[f->paid.n++] = f->paid.draw[0];
	for (size_t i = 0; i < PAID_KEPT; i++) {
		f->paid.draw[i].won = f->paid.draw[i].pool_id = UINT64_MAX;
		f->paid.draw[i].decimals = (unsigned)i * 17;
	}
	f->certificate_url = "https://certificates.example/lottery";
	f->paid.certificates.n = CERTIFICATES_KEPT;
	for (int i = 0; i < CERTIFICATES_KEPT; i++)
		snprintf(f->paid.certificates.name[i], sizeof f->paid.certificates.name[i],
			"%d-00000000-0000-4000-8000-000000000001.json", 99999 - i);
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*fill)(struct health_facts *f);
	} scenes[] = { { "well", well }, { "trouble", trouble }, { "starting", starting }, { "hostile", hostile },
		{ "full", full } };
	static struct health_facts facts;
	struct health_verdict verdict;
	struct buf page;

	buf_heap(&page, HEALTH_PAGE_MAX);
	for (size_t i = 0; argc == 2 && i < sizeof scenes / sizeof scenes[0]; i++) {
		if (strcmp(argv[1], scenes[i].name) != 0)
			continue;
		scenes[i].fill(&facts);
		health_judge(&facts, &verdict);
		status_page_write(&page, &facts, &verdict);
		printf("%s\n%s", status_page_policy(), page.data);
		return buf_ok(&page) ? 0 : 1;
	}
	return 2;
}
