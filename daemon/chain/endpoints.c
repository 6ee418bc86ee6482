/* Health of the nodes: circuit breaker, slot lag, rate limit pauses, latency; and the choice among them. */
#include "chain/endpoints.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/url_host.h"

enum { LAG_STEP = 8, SECRET_MIN = 8 };

void endpoints_init(struct endpoints *endpoints, const struct rpc_endpoint_config *config, size_t n)
{
	memset(endpoints, 0, sizeof(*endpoints));
	endpoints->n = n;
	for (size_t i = 0; i < n; i++) {
		struct endpoint *endpoint = &endpoints->at[i];
		size_t len;
		const char *host = url_host(config[i].url, &len);
		endpoint->url = config[i].url;
		snprintf(endpoint->label, sizeof(endpoint->label), "rpc%u", (unsigned)(i + 1) % 10);
		snprintf(endpoint->name, sizeof(endpoint->name), "%s (%.*s)", endpoint->label, len > 80 ? 80 : (int)len,
			host);
		endpoint->backoff_ms = ENDPOINT_BACKOFF_MIN_MS;
		endpoint->pause_ms = ENDPOINT_PAUSE_MIN_MS;
	}
}

bool endpoint_open(const struct endpoint *endpoint, uint64_t now_ms)
{
	return !endpoint->down && now_ms >= endpoint->quiet_until;
}

bool endpoint_well(const struct endpoint *endpoint)
{
	return !endpoint->down && !endpoint->sick && !endpoint->lagging;
}

static bool better(const struct endpoint *a, const struct endpoint *b)
{
	if (endpoint_well(a) != endpoint_well(b))
		return endpoint_well(a);
	if (a->lag / LAG_STEP != b->lag / LAG_STEP)
		return a->lag < b->lag;
	return a->latency_us < b->latency_us;
}

int endpoints_choose(const struct endpoints *endpoints, unsigned tried, uint64_t now_ms)
{
	int best = -1;

	for (int i = 0; i < (int)endpoints->n; i++) {
		const struct endpoint *endpoint = &endpoints->at[i];
		if ((tried >> i & 1) || !endpoint_open(endpoint, now_ms))
			continue;
		if (best < 0 || better(endpoint, &endpoints->at[best]))
			best = i;
	}
	return best;
}

void endpoint_answered(struct endpoint *endpoint, uint64_t latency_us)
{
	endpoint->errors = 0;
	if (endpoint->down)
		endpoint->backoff_ms = ENDPOINT_BACKOFF_MIN_MS;
	endpoint->down = false;
	if (endpoint->latency_us == 0)
		endpoint->latency_us = latency_us;
	else
		endpoint->latency_us = (7 * endpoint->latency_us + latency_us) / 8;
}

static void start_probing(struct endpoint *endpoint, uint64_t now_ms)
{
	endpoint->backoff_ms = ENDPOINT_BACKOFF_MIN_MS;
	endpoint->probe_at = now_ms + endpoint->backoff_ms;
}

void endpoint_probe_failed(struct endpoint *endpoint, uint64_t now_ms)
{
	endpoint->backoff_ms *= 2;
	if (endpoint->backoff_ms > ENDPOINT_BACKOFF_MAX_MS)
		endpoint->backoff_ms = ENDPOINT_BACKOFF_MAX_MS;
	endpoint->probe_at = now_ms + endpoint->backoff_ms;
}

void endpoints_told_slot(struct endpoints *endpoints, int i, enum commitment at, struct slot slot, uint64_t now_ms)
{
	struct endpoint *endpoint = &endpoints->at[i];
	struct slot *highest = &endpoints->highest[at];
	bool was_well = endpoint_well(endpoint);

	if (slot.n > highest->n)
		*highest = slot;
	endpoint->lag = highest->n - slot.n;
	endpoint->lag_at = at;
	endpoint->lagging = endpoint->lag > ENDPOINT_LAG_MAX;
	if (was_well && endpoint->lagging)
		start_probing(endpoint, now_ms);
}

void endpoint_failed(struct endpoint *endpoint, uint64_t now_ms)
{
	endpoint->errors++;
	if (endpoint->down || endpoint->errors < ENDPOINT_ERRORS_MAX)
		return;
	endpoint->down = true;
	start_probing(endpoint, now_ms);
}

void endpoint_unhealthy(struct endpoint *endpoint, uint64_t now_ms)
{
	if (endpoint_well(endpoint))
		start_probing(endpoint, now_ms);
	endpoint->sick = true;
}

void endpoint_healthy(struct endpoint *endpoint)
{
	endpoint->sick = false;
	endpoint->pause_ms = ENDPOINT_PAUSE_MIN_MS;
}

void endpoint_rate_limited(struct endpoint *endpoint, uint32_t retry_after_s, uint64_t now_ms)
{
	/* Several calls may be out when the limit is hit; their answers are one event. */
	if (now_ms < endpoint->quiet_until)
		return;
	uint64_t pause = endpoint->pause_ms;
	if (retry_after_s > 0)
		pause = 1000 * (uint64_t)(retry_after_s < ENDPOINT_RETRY_AFTER_MAX_S ? retry_after_s
										     : ENDPOINT_RETRY_AFTER_MAX_S);
	endpoint->quiet_until = now_ms + pause;
	endpoint->pause_ms *= 2;
	if (endpoint->pause_ms > ENDPOINT_PAUSE_MAX_MS)
		endpoint->pause_ms = ENDPOINT_PAUSE_MAX_MS;
}

void endpoints_explain(const struct endpoints *endpoints, uint64_t now_ms, char *out, size_t size)
{
	struct buf text;

	buf_on(&text, out, size);
	buf_str(&text, "no endpoint can be asked:");
	for (size_t i = 0; i < endpoints->n; i++) {
		const struct endpoint *endpoint = &endpoints->at[i];
		const char *comma = i + 1 < endpoints->n ? "," : "";
		if (endpoint->down)
			buf_fmt(&text, " %s down%s", endpoint->label, comma);
		else if (now_ms < endpoint->quiet_until)
			buf_fmt(&text, " %s rate limited for %" PRIu64 " ms%s", endpoint->label,
				endpoint->quiet_until - now_ms, comma);
		else
			buf_fmt(&text, " %s asked already%s", endpoint->label, comma);
	}
}

void endpoint_hide_key(const struct endpoint *endpoint, char *text)
{
	size_t host_len, len;
	const char *path = url_host(endpoint->url, &host_len) + host_len;

	path += strspn(path, "/?#");
	len = strlen(path);
	if (len < SECRET_MIN) /* "v1" or "devnet" is no key, and would blot out ordinary words */
		return;
	for (char *found = strstr(text, path); found; found = strstr(found + len, path))
		memset(found, '*', len);
}
