/* The status page: large numbers first, then what is wrong, what is waited for, and what was paid. */
#include "ops/status_page.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/crypto.h"
#include "base/version.h"
#include "core/base58.h"
#include "core/base64.h"
#include "ops/html.h"
#include "ops/metrics.h"

enum { REFRESH_S = 10, SOL_DECIMALS = 9 };

static const char STYLE[] =
	":root{color-scheme:light dark;--paper:#faf9f6;--card:#fff;--ink:#1b1d1f;--dim:#575c62;--line:#e3e0d9;"
	"--good:#146c37;--bad:#a8201a;--tint:#fbeceb}"
	"@media(prefers-color-scheme:dark){:root{--paper:#121315;--card:#1a1c1f;--ink:#e9e7e3;--dim:#a3a8ae;"
	"--line:#2d3035;--good:#74d394;--bad:#ff938a;--tint:#2c1a19}}"
	"*{box-sizing:border-box}"
	"body{margin:0 auto;max-width:64rem;padding:1.5rem 1rem 3rem;background:var(--paper);color:var(--ink);"
	"font:1rem/1.5 system-ui,-apple-system,\"Segoe UI\",Roboto,\"DejaVu Sans\",sans-serif;"
	"font-variant-numeric:tabular-nums}"
	"header p{margin:0;color:var(--dim)}"
	"h1{margin:.1em 0 "
	".15em;font-size:clamp(2.5rem,10vw,4rem);line-height:1.1;letter-spacing:-.02em;font-weight:650}"
	".good{color:var(--good)}.bad{color:var(--bad)}"
	"h2{margin:0 0 .5rem;font-size:1rem;font-weight:650}"
	"section{background:var(--card);border:1px solid var(--line);border-radius:.75rem;padding:1rem;margin-top:1rem;"
	"min-width:0}"
	".faults{background:var(--tint);border-color:var(--bad)}"
	"bdi,li,header p{overflow-wrap:anywhere}"
	".faults ul{margin:0;padding-left:1.2rem}"
	".figures{display:grid;grid-template-columns:repeat(3,1fr);gap:1rem .75rem;margin:0}"
	".figures dt{color:var(--dim);font-size:.875rem;line-height:1.3}"
	".figures dd{margin:0;font-size:clamp(1.5rem,6.5vw,2.25rem);font-weight:650;line-height:1.2;"
	"letter-spacing:-.01em}"
	".figures div{display:flex;flex-direction:column-reverse;justify-content:flex-end}"
	"table{width:100%;border-collapse:collapse}"
	"th,td{padding:.4rem .6rem .4rem 0;text-align:left;vertical-align:baseline;border-top:1px solid var(--line)}"
	"thead th{border-top:0;color:var(--dim);font-size:.875rem;font-weight:400;padding-top:0}"
	"tbody th{font-weight:400}"
	"tr>:last-child{padding-right:0}"
	"th.n+th,th.n+td,td.n+th,td.n+td{padding-left:1rem}.lead{width:1%}"
	".n{text-align:right}"
	"time{white-space:nowrap}.dim,small{color:var(--dim)}small{display:block;font-size:.875rem}sup{font-size:."
	"875em;line-height:1}"
	"code{font:.9375em ui-monospace,\"SF Mono\",Menlo,\"DejaVu Sans Mono\",monospace;white-space:nowrap}"
	"p{margin:0}a{color:inherit;text-underline-offset:.2em}"
	"a:focus-visible{outline:2px solid;outline-offset:2px}"
	"footer{margin-top:1.5rem;color:var(--dim);font-size:.875rem}"
	"@media(max-width:23rem){body{font-size:.875rem;padding:1rem .5rem}section{padding:.75rem}"
	"th,td{padding-right:.4rem}code{font-size:.875em}}"
	"@media(min-width:44rem){.figures{grid-template-columns:repeat(6,1fr)}"
	".pair{display:grid;grid-template-columns:1fr 1fr;gap:0 1rem;align-items:start}body{padding-top:3rem}}";

const char *status_page_policy(void)
{
	static char policy[256];
	const struct bytes style = { (const uint8_t *)STYLE, sizeof(STYLE) - 1 };
	char text[BASE64_TEXT(sizeof(struct hash))];
	struct hash hash;

	if (policy[0] != '\0')
		return policy;
	crypto_sha256(&hash, &style, 1);
	base64_encode(text, hash.b, sizeof(hash.b));
	snprintf(policy, sizeof(policy),
		"default-src 'none'; style-src 'sha256-%s'; img-src data:; base-uri 'none'; form-action 'none'; "
		"frame-ancestors 'none'",
		text);
	return policy;
}

static uint64_t since_s(const struct health_facts *f, uint64_t then_ms)
{
	return f->now_ms > then_ms ? (f->now_ms - then_ms) / 1000 : 0;
}

/* ---- pieces ---- */

static void begin_section(struct buf *out, const char *title)
{
	buf_fmt(out, "<section><h2>%s</h2>", title);
}

static void begin_table(struct buf *out, const char *title, const char *columns)
{
	begin_section(out, title);
	buf_fmt(out, "<table><thead><tr>%s</tr></thead><tbody>", columns);
}

static void end_table(struct buf *out)
{
	buf_str(out, "</tbody></table></section>\n");
}

/* draw:ADDRESS:POOL_ID, the address as short as all others here. */
static void write_subject(struct buf *out, const char *subject)
{
	const char *address = strchr(subject, ':'), *id = address != NULL ? strchr(address + 1, ':') : NULL;
	struct pubkey pool;

	if (id != NULL && base58_to_pubkey(&pool, address + 1, (size_t)(id - address - 1))) {
		html_address(out, &pool);
		buf_str(out, " <span class=\"dim\">");
		html_text(out, id + 1);
		buf_str(out, "</span>");
	} else {
		buf_str(out, "<bdi>");
		html_text(out, subject);
		buf_str(out, "</bdi>");
	}
}

/* ---- the head ---- */

static void write_headline(struct buf *out, const struct health_facts *f, const struct health_verdict *v)
{
	buf_str(out, "<header><p>poolkeeper on ");
	html_text(out, f->network);
	buf_fmt(out, "</p><h1 class=\"%s\"><span aria-hidden=\"true\">%s</span> %s</h1><p>%s, as of ",
		v->ready ? "good" : "bad", v->ready ? "✓" : "✗", v->ready ? "Ready" : "Not ready", health_role(f));
	html_time(out, f->wall_ms / 1000, true);
	buf_str(out, " UTC, running for ");
	html_duration(out, since_s(f, f->started_ms));
	buf_str(out, "</p></header>\n<main>\n");
}

static void write_faults(struct buf *out, const struct health_verdict *v)
{
	if (v->ready)
		return;
	buf_str(out, "<section class=\"faults\"><h2>What is wrong</h2><ul>");
	for (int i = 0; i < HEALTH_CHECKS; i++) {
		if (v->ok[i])
			continue;
		buf_fmt(out, "<li><strong>%s</strong>: ", HEALTH_CHECK_NAMES[i]);
		html_text(out, v->why[i]);
		buf_str(out, "</li>");
	}
	buf_str(out, "</ul></section>\n");
}

static void write_figure(struct buf *out, const char *name, uint64_t n)
{
	buf_fmt(out, "<div><dt>%s</dt><dd>", name);
	html_count(out, n);
	buf_str(out, "</dd></div>");
}

static void write_figures(struct buf *out, const struct health_facts *f)
{
	buf_str(out, "<section aria-label=\"Figures\"><dl class=\"figures\">");
	write_figure(out, "pools", f->engine.pools);
	write_figure(out, "draws near or under way", f->engine.active);
	write_figure(out, "of them bound", f->survey.bound);
	write_figure(out, "due, not paid", f->survey.n_late);
	write_figure(out, "paid since the start", f->engine.records);
	if (f->survey.runway_known)
		write_figure(out, "draws the wallet pays for", f->survey.runway);
	buf_str(out, "</dl></section>\n");
}

/* ---- draws ---- */

static void write_late(struct buf *out, const struct health_facts *f)
{
	const struct engine_survey *s = &f->survey;

	if (s->n_late == 0)
		return;
	begin_table(out, "Due draws",
		"<th scope=\"col\">Draw, and what it waits for</th><th scope=\"col\" class=\"n\">Due for</th>");
	for (size_t i = 0; i < s->n_late && i < SURVEY_LATE; i++) {
		const struct late_draw *late = &s->late[i];

		buf_str(out, "<tr><th scope=\"row\">");
		write_subject(out, late->text);
		buf_fmt(out, "<br>%s</th><td class=\"n\">%s", REASONS[late->reason].text,
			late->seconds > HEALTH_OVERDUE_S ? "<strong class=\"bad\">overdue</strong> " : "");
		html_duration(out, (uint64_t)late->seconds);
		buf_str(out, "<small>since ");
		html_time(out, s->chain_s - late->seconds, true);
		buf_str(out, "</small></td></tr>");
	}
	if (s->n_late > SURVEY_LATE)
		buf_fmt(out, "<tr><td colspan=\"2\">and %zu more</td></tr>", s->n_late - SURVEY_LATE);
	end_table(out);
}

static const char *const LEVELS[] = {
	[REASON_INFO] = "", [REASON_WARN] = "something outside must change", [REASON_ALERT] = "a human must look"
};

static void write_draws(struct buf *out, size_t n, const char *what, const char *level)
{
	buf_str(out, "<tr><td class=\"n\">");
	html_count(out, n);
	buf_fmt(out, "</td><th scope=\"row\">%s%s%s%s</th></tr>", what,
		level[0] != '\0' ? ": <strong class=\"bad\">" : "", level, level[0] != '\0' ? "</strong>" : "");
}

static void write_waiting(struct buf *out, const struct health_facts *f)
{
	if (f->engine.active == 0)
		return;
	begin_table(out, "What draws wait for",
		"<th scope=\"col\" class=\"n lead\">Draws</th><th scope=\"col\">Reason</th>");
	for (int i = 0; i < REASON_COUNT; i++)
		if (f->survey.draws[i] > 0)
			write_draws(out, f->survey.draws[i], REASONS[i].text, LEVELS[REASONS[i].level]);
	end_table(out);
}

/* Those that are not over, by state, and by what they wait for. */
static void write_offchain(struct buf *out, const struct health_facts *f)
{
	size_t n = 0;

	for (int i = 0; i < OFFCHAIN_STATES; i++)
		n += f->survey.offchain[i];
	if (n == 0)
		return;
	begin_table(out, "Draws of the database",
		"<th scope=\"col\" class=\"n lead\">Draws</th><th scope=\"col\">State, or what they wait for</th>");
	for (int i = 0; i < OFFCHAIN_STATES; i++)
		if (f->survey.offchain[i] > 0)
			write_draws(out, f->survey.offchain[i], offchain_state_name((enum offchain_state)i), "");
	for (int i = 0; i < REASON_COUNT; i++)
		if (f->survey.offchain_waits[i] > 0 && i != WAIT_NONE)
			write_draws(out, f->survey.offchain_waits[i], REASONS[i].text, LEVELS[REASONS[i].level]);
	end_table(out);
}

static void write_paid_row(struct buf *out, const struct paid_draw *d)
{
	char pool[PUBKEY_TEXT];

	base58_pubkey(pool, &d->pool);
	buf_fmt(out, "<tr><th scope=\"row\"><a href=\"" DRAW_PROOF_PREFIX "%s/%" PRIu64 "\">", pool, d->pool_id);
	html_address(out, &d->pool);
	buf_str(out, "</a><small>");
	html_time(out, d->end_s, false);
	buf_str(out, "</small></th><td>");
	html_address(out, pubkey_is_zero(&d->recipient) ? &d->winner : &d->recipient);
	buf_str(out, "</td><td class=\"n\">");
	html_amount(out, d->won, d->decimals);
	buf_str(out, "<small>of ");
	html_address(out, &d->mint);
	buf_str(out, "</small></td></tr>");
}

static void write_paid(struct buf *out, const struct health_facts *f)
{
	begin_table(out, "Last draws",
		"<th scope=\"col\">Pool, proof</th><th scope=\"col\">Winner</th>"
		"<th scope=\"col\" class=\"n\">Won</th>");
	for (size_t i = 0; i < f->paid.n; i++)
		write_paid_row(out, &f->paid.draw[i]);
	if (f->paid.n == 0)
		buf_str(out, "<tr><td colspan=\"3\" class=\"dim\">none since the start</td></tr>");
	end_table(out);
}

/* Of draws off chain: their files, where somebody who looks can fetch them. */
static void write_certificates(struct buf *out, const struct health_facts *f)
{
	const char *url = f->certificate_url;

	if (f->paid.certificates.n == 0)
		return;
	begin_table(out, "Last certificates", "<th scope=\"col\">Serial number and draw</th>");
	for (size_t i = 0; i < f->paid.certificates.n; i++) {
		const char *name = f->paid.certificates.name[i];

		buf_str(out, "<tr><th scope=\"row\">");
		if (url != NULL) {
			buf_str(out, "<a href=\"");
			html_text(out, url);
			buf_str(out, url[strlen(url) - 1] == '/' ? "" : "/");
			html_text(out, name);
			buf_str(out, "\">");
		}
		buf_str(out, "<bdi>");
		html_text(out, name);
		buf_str(out, url != NULL ? "</bdi></a></th></tr>" : "</bdi></th></tr>");
	}
	end_table(out);
}

static void write_pools(struct buf *out, const struct health_facts *f)
{
	begin_table(out, "Pools", "<th scope=\"col\">State on chain</th><th scope=\"col\" class=\"n\">Pools</th>");
	for (int i = 0; i < POOLS_STATES; i++) {
		if (f->survey.pools[i] == 0)
			continue;
		buf_fmt(out, "<tr><th scope=\"row\">%s</th><td class=\"n\">", metrics_pool_state(i));
		html_count(out, f->survey.pools[i]);
		buf_str(out, "</td></tr>");
	}
	if (f->engine.pools == 0)
		buf_str(out, "<tr><td colspan=\"2\" class=\"dim\">none are known</td></tr>");
	end_table(out);
}

/* ---- the world outside ---- */

static void write_checks(struct buf *out, const struct health_verdict *v)
{
	begin_table(out, "Checks", "<th scope=\"col\">Check</th><th scope=\"col\">Result</th>");
	for (int i = 0; i < HEALTH_CHECKS; i++)
		buf_fmt(out,
			"<tr><th scope=\"row\">%s</th><td class=\"%s\"><span aria-hidden=\"true\">%s</span> "
			"%s</td></tr>",
			HEALTH_CHECK_NAMES[i], v->ok[i] ? "good" : "bad", v->ok[i] ? "✓" : "✗",
			v->ok[i] ? "ok" : "fails");
	end_table(out);
}

static void write_nodes(struct buf *out, const struct health_facts *f)
{
	begin_table(out, "RPC endpoints",
		"<th scope=\"col\">Name</th><th scope=\"col\">State</th><th scope=\"col\" class=\"n\">Slots behind</th>"
		"<th scope=\"col\" class=\"n\">Answers in</th>");
	for (size_t i = 0; i < f->outside.n_nodes; i++) {
		const struct node_snapshot *n = &f->outside.node[i];

		buf_str(out, "<tr><th scope=\"row\"><bdi>");
		html_text(out, n->label);
		buf_fmt(out, "</bdi></th><td class=\"%s\">%s</td><td class=\"n\">", n->well ? "good" : "bad",
			n->well      ? "well"
			: n->down    ? "down"
			: n->lagging ? "behind"
				     : "unhealthy");
		html_count(out, n->lag);
		buf_str(out, "</td><td class=\"n\">");
		html_count(out, n->latency_us / 1000);
		buf_str(out, "\xc2\xa0ms</td></tr>");
	}
	end_table(out);
}

static void row(struct buf *out, const char *name)
{
	buf_fmt(out, "</td></tr><tr><th scope=\"row\">%s</th><td class=\"n\">", name);
}

/* Numbers that have no table of their own. */
static void write_rest(struct buf *out, const struct health_facts *f)
{
	const struct engine_survey *s = &f->survey;

	begin_section(out, "Oracles, wallet, database");
	buf_str(out, "<table><tbody><tr><th scope=\"row\">oracles that may be used</th><td class=\"n\">");
	buf_fmt(out, "%zu of %zu", s->oracles_viable, s->oracles);
	row(out, "an oracle last answered our test question");
	if (s->canary_ms != 0) {
		html_duration(out, since_s(f, s->canary_ms));
		buf_str(out, " ago");
	} else {
		buf_str(out, "not asked yet");
	}
	row(out, "dev wallet, SOL");
	if (f->engine.wallet_known)
		html_amount(out, f->engine.wallet.n, SOL_DECIMALS);
	else
		buf_str(out, "not read yet");
	row(out, "newest slot");
	html_count(out, s->confirmed.n);
	row(out, "Postgres");
	buf_str(out, f->outside.db_up ? "connected" : "<strong class=\"bad\">away</strong>");
	row(out, "its last answer took");
	html_amount(out, f->outside.db_last_us / 100, 1);
	buf_str(out, "\xc2\xa0ms");
	row(out, "last complete look at the pools");
	if (f->engine.ticks > 0) {
		html_duration(out, since_s(f, f->engine.last_tick_ms));
		buf_str(out, " ago");
	} else {
		buf_str(out, "none yet");
	}
	row(out, "pools whose history is still to be read");
	html_count(out, s->histories_unread);
	buf_str(out, "</td></tr></tbody></table></section>\n");
}

void status_page_write(struct buf *out, const struct health_facts *f, const struct health_verdict *v)
{
	buf_str(out, "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">");
	buf_fmt(out, "<title>%s: poolkeeper</title>", v->ready ? "Ready" : "Not ready");
	buf_fmt(out,
		"<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">"
		"<meta http-equiv=\"refresh\" content=\"%d\"><meta name=\"robots\" content=\"noindex\">"
		"<link rel=\"icon\" href=\"data:,\"><style>%s</style></head>\n<body>",
		REFRESH_S, STYLE);
	write_headline(out, f, v);
	write_faults(out, v);
	if (f->engine_known) {
		write_figures(out, f);
		write_late(out, f);
		write_waiting(out, f);
		write_offchain(out, f);
		write_paid(out, f);
		write_certificates(out, f);
	}
	buf_str(out, "<div class=\"pair\"><div>");
	write_checks(out, v);
	if (f->engine_known)
		write_pools(out, f);
	buf_str(out, "</div><div>");
	write_nodes(out, f);
	write_rest(out, f);
	buf_fmt(out,
		"</div></div></main>\n<footer>poolkeeper %s. Times are UTC. This page is made anew every %d s. For "
		"programs: "
		"<a href=\"/readyz\">/readyz</a>, <a href=\"/api/monitor/status\">/api/monitor/status</a>, "
		"<a href=\"/metrics\">/metrics</a>.</footer></body></html>\n",
		POOLKEEPER_VERSION, REFRESH_S);
}
