/* The same questions as the daemon's when it writes a file, so the same bytes. */
#include "show/issued.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "core/base58.h"
#include "core/pool_name.h"
#include "journal/certificates.h"
#include "show/ask.h"

static const char FIND[] =
	"SELECT serial FROM keeper.certificates"
	" WHERE draw = CASE WHEN $1 ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' THEN $1::uuid END";
/* The newest pool of an address, or the one with this id. */
static const char FIND_POOL[] =
	"SELECT c.serial FROM keeper.draws d JOIN keeper.certificates c ON c.pool = d.draw"
	" WHERE d.address = $1 AND ($2::numeric IS NULL OR d.pool_id = $2) ORDER BY c.serial DESC LIMIT 1";
static const char HEAD[] = "SELECT draw,n,head FROM keeper.certificate_head($1)";
static const char TICKETS[] = "SELECT keeper.certificate_tickets($1,$2,$3)";

struct issuing {
	struct show s;
	FILE *out;
	char serial[24], draw[CERTIFICATE_DRAW_TEXT];
	uint64_t tickets;
	bool given; /* by the last answer */
};

static void take_serial(void *owner, const struct db_result *r)
{
	struct issuing *x = owner;

	x->given = db_rows(r) == 1;
	if (x->given)
		snprintf(x->serial, sizeof x->serial, "%s", db_get(r, 0, 0));
}

static void put(struct issuing *x, const struct db_result *r, int col)
{
	x->given = db_rows(r) == 1 && db_get(r, 0, col);
	if (x->given)
		(void)fwrite(db_get(r, 0, col), 1, db_get_len(r, 0, col), x->out); /* ferror() is asked at the end */
}

static void take_head(void *owner, const struct db_result *r)
{
	enum { COL_DRAW, COL_N, COL_HEAD };
	struct issuing *x = owner;

	put(x, r, COL_HEAD);
	if (!x->given)
		return;
	snprintf(x->draw, sizeof x->draw, "%s", db_get(r, 0, COL_DRAW));
	x->tickets = strtoull(db_get(r, 0, COL_N), NULL, 10);
}

static void take_tickets(void *owner, const struct db_result *r)
{
	put(owner, r, 0);
}

static bool put_tickets(struct issuing *x)
{
	char from[24], max[24];
	const char *const params[] = { x->draw, from, max };

	snprintf(max, sizeof max, "%d", CERTIFICATE_TICKETS);
	for (uint64_t at = 0; at < x->tickets; at += CERTIFICATE_TICKETS) {
		snprintf(from, sizeof from, "%" PRIu64, at);
		if (at > 0)
			fputc(',', x->out);
		if (!ask_rows(&x->s, TICKETS, params, 3, take_tickets, x) || !x->given)
			return false;
	}
	fputs("]}\n", x->out);
	return true;
}

/* False: no answer. */
static bool find(struct issuing *x, const char *draw)
{
	const char *params[] = { draw, NULL };
	char address[PUBKEY_TEXT], pool_id[24];
	struct pool_name name;

	if (!pool_name_parse(&name, draw) || name.by_app_id)
		return ask_rows(&x->s, FIND, params, 1, take_serial, x);
	base58_pubkey(address, &name.address);
	snprintf(pool_id, sizeof pool_id, "%" PRIu64, name.pool_id);
	params[0] = address;
	params[1] = name.has_pool_id ? pool_id : NULL;
	return ask_rows(&x->s, FIND_POOL, params, 2, take_serial, x);
}

static int issue(struct issuing *x, const char *draw, FILE *complaints)
{
	const char *const serial[] = { x->serial };

	if (find(x, draw) && !x->given) {
		fprintf(complaints, "poolkeeper: draw %s has no certificate: it is not over, or none was made yet\n",
			draw);
		return EX_USAGE;
	}
	if (!x->given || !ask_rows(&x->s, HEAD, serial, 1, take_head, x) || !x->given || !put_tickets(x)) {
		fprintf(complaints, "poolkeeper: the database does not give the certificate of draw %s: %s\n", draw,
			x->s.no_database);
		return EX_UNAVAILABLE;
	}
	if (fflush(x->out) == 0 && ferror(x->out) == 0)
		return EX_OK;
	fprintf(complaints, "poolkeeper: the certificate of draw %s could not be written\n", draw);
	return EX_IOERR;
}

int show_issued(const struct show_config *config, const char *draw, FILE *out, FILE *complaints)
{
	struct issuing x = { .out = out };
	int code;

	ask_begin(&x.s, config);
	code = issue(&x, draw, complaints);
	ask_end(&x.s);
	return code;
}
