/* Reads past draws page by page, however many there are. */
#include "show/fairness_rows.h"

#include <inttypes.h>
#include <string.h>

#include "base/bytes.h"
#include "base/crypto.h"
#include "core/draw.h"
#include "journal/call.h"

enum { PAGE = 5000, KEY_TEXT = 160 };

struct reading {
	struct show *s;
	char last[KEY_TEXT]; /* where the next page begins */
	uint32_t last_pick;
	int rows; /* of the page; -1: the rows are not what the migrations allow */
	struct fairness_places *places;
	struct fairness_numbers *numbers;
};

/* ---- pools ---- */

/* As the program computes it from what the oracle signed: pool.randomness is the value's first 16 bytes. */
static const char PLACES[] =
	"SELECT d.draw, d.pool_id, d.participants, div(d.randomness, 18446744073709551616), mod(d.randomness, "
	"18446744073709551616)"
	" FROM keeper.draws d WHERE d.draw > $1 AND d.paid_at IS NOT NULL ORDER BY d.draw LIMIT $2::bigint";

static void count_place(struct fairness_places *out, const struct db_result *r, int row)
{
	uint64_t pool_id, players, high, low;
	uint8_t value[32] = { 0 };
	struct drawn drawn;

	if (!call_parse_u64(db_get(r, row, 1), &pool_id) || !call_parse_u64(db_get(r, row, 2), &players) ||
		!call_parse_u64(db_get(r, row, 3), &high) || !call_parse_u64(db_get(r, row, 4), &low) ||
		players > PARTICIPANTS_MAX) {
		out->unknown++;
		return;
	}
	store_u64(value, low);
	store_u64(value + 8, high);
	if (draw_winner(&drawn, pool_id, value, (uint8_t)players) == DRAW_OK)
		out->won[players][drawn.index]++;
	else
		out->unknown++;
}

static bool remember(struct reading *r, const char *key)
{
	const size_t n = key ? strlen(key) : sizeof r->last;

	if (n >= sizeof r->last)
		return false;
	memcpy(r->last, key, n + 1);
	return true;
}

static void take_places(void *owner, const struct db_result *result)
{
	struct reading *r = owner;

	r->rows = db_rows(result);
	for (int i = 0; i < r->rows; i++)
		count_place(r->places, result, i);
	if (r->rows > 0 && !remember(r, db_get(result, r->rows - 1, 0)))
		r->rows = -1;
}

/* ---- picks ---- */

/* 128 bits: 20 times a u64, and the fraction below. */
__extension__ typedef unsigned __int128 wide;

unsigned fairness_bin(const struct draw_id *draw, uint32_t pick, uint64_t number, uint64_t total)
{
	static const uint8_t tag[] = { 'P', 'K', 'F', 'A', 'I', 'R', '0', '1' };
	uint8_t which[4];
	const struct bytes parts[] = { { tag, sizeof tag }, { draw->b, DRAW_ID_SIZE }, { which, sizeof which } };
	struct hash hash;

	store_u32_be(which, pick);
	crypto_sha256(&hash, parts, 3);
	return (unsigned)(((wide)number * FAIRNESS_BINS + ((wide)load_u64_be(hash.b) * FAIRNESS_BINS >> 64)) / total);
}

static const char NUMBERS[] =
	"SELECT p.draw, p.pick, p.number, p.total, uuid_send(p.draw) FROM keeper.offchain_picks p"
	" WHERE (p.draw, p.pick) > ($1::uuid, $2::bigint) ORDER BY p.draw, p.pick LIMIT $3::bigint";

static bool count_number(struct reading *r, const struct db_result *result, int row)
{
	uint64_t pick, number, total;
	struct draw_id draw;
	size_t n;

	if (!call_parse_u64(db_get(result, row, 1), &pick) || pick > UINT32_MAX ||
		!db_bytea(result, row, 4, draw.b, sizeof draw.b, &n) || n != sizeof draw.b)
		return false;
	r->last_pick = (uint32_t)pick;
	if (db_get(result, row, 2) == NULL) /* no weight was left */
		return true;
	if (!call_parse_u64(db_get(result, row, 2), &number) || !call_parse_u64(db_get(result, row, 3), &total) ||
		number >= total)
		return false;
	r->numbers->picks++;
	r->numbers->in[fairness_bin(&draw, (uint32_t)pick, number, total)]++;
	return true;
}

static void take_numbers(void *owner, const struct db_result *result)
{
	struct reading *r = owner;
	const int rows = db_rows(result);

	r->rows = rows;
	for (int i = 0; i < rows; i++)
		if (!count_number(r, result, i))
			r->rows = -1;
	if (r->rows > 0 && !remember(r, db_get(result, rows - 1, 0)))
		r->rows = -1;
}

/* ---- both ---- */

static bool whole(struct reading *r)
{
	if (r->rows >= 0)
		return true;
	snprintf(r->s->no_database, sizeof r->s->no_database, "its rows are not those of this schema");
	return false;
}

bool fairness_read_places(struct show *s, struct fairness_places *out)
{
	struct reading r = { .s = s, .last = "", .places = out };
	char page[16];
	const char *const params[] = { r.last, page };

	*out = (struct fairness_places){ .unknown = 0 };
	snprintf(page, sizeof page, "%d", PAGE);
	do {
		if (!ask_rows(s, PLACES, params, 2, take_places, &r) || !whole(&r))
			return false;
	} while (r.rows == PAGE);
	return true;
}

bool fairness_read_numbers(struct show *s, struct fairness_numbers *out)
{
	struct reading r = { .s = s, .last = "00000000-0000-0000-0000-000000000000", .numbers = out };
	char page[16], pick[16] = "-1";
	const char *const params[] = { r.last, pick, page };

	*out = (struct fairness_numbers){ .picks = 0 };
	snprintf(page, sizeof page, "%d", PAGE);
	do {
		if (!ask_rows(s, NUMBERS, params, 3, take_numbers, &r) || !whole(&r))
			return false;
		snprintf(pick, sizeof pick, "%" PRIu32, r.last_pick);
	} while (r.rows == PAGE);
	return true;
}
