/* SEL-1 over a tree of sums. */
#include "core/select.h"

#include <string.h>

#include "base/crypto.h"

#define NONE UINT32_MAX /* no ticket */

enum { TAG_SIZE = 12 };

struct selecting {
	const struct select_input *in;
	struct hash key;
	uint64_t total;   /* live weight */
	uint64_t *sum;    /* [1..n]: sum[i] covers the (i & -i) tickets that end with ticket i - 1, live ones only */
	uint32_t *next;   /* [n]: the next ticket of the same bucket      */
	uint32_t *head;   /* [buckets]: tickets whose participants hash alike */
	uint64_t buckets; /* a power of two                             */
	uint64_t mix[2];
};

/* ---- the numbers ---- */

static void make_key(struct hash *out, const struct select_input *in, uint64_t total)
{
	static const uint8_t tag[TAG_SIZE] = "PFD-SELECT-1";
	uint8_t numbers[25];
	const struct bytes beta = { in->beta.b, sizeof in->beta.b };
	const struct bytes parts[] = { { tag, sizeof tag }, { in->draw.b, DRAW_ID_SIZE }, { in->root.b, HASH_SIZE },
		{ numbers, sizeof numbers } };

	store_u64_be(numbers, in->n);
	store_u64_be(numbers + 8, total);
	numbers[16] = (uint8_t)in->mode;
	store_u32_be(numbers + 17, in->prizes);
	store_u32_be(numbers + 21, in->alternates);
	crypto_hmac_sha256(out, beta, parts, 4);
}

/* A number below the live total, every one as likely as the others: the lowest 2^64 mod total are rejected. */
static void draw_number(const struct selecting *s, uint32_t p, struct select_pick *pick)
{
	const uint64_t rejected = (0 - s->total) % s->total;
	uint8_t numbers[8];
	const struct bytes key = { s->key.b, HASH_SIZE }, part = { numbers, sizeof numbers };
	struct hash hash;
	uint64_t x;

	pick->attempt = 0;
	for (;; pick->attempt++) {
		store_u32_be(numbers, p);
		store_u32_be(numbers + 4, pick->attempt);
		crypto_hmac_sha256(&hash, key, &part, 1);
		x = load_u64_be(hash.b);
		if (x >= rejected)
			break;
	}
	pick->total = s->total;
	pick->number = x % s->total;
}

/* ---- the tree of sums ---- */

static void build_sums(struct selecting *s)
{
	const uint64_t n = s->in->n;

	for (uint64_t i = 1; i <= n; i++)
		s->sum[i] = s->in->ticket[i - 1].weight;
	for (uint64_t i = 1; i <= n; i++) {
		const uint64_t above = i + (i & (0 - i));

		if (above <= n)
			s->sum[above] += s->sum[i];
	}
}

/* The first ticket whose running sum exceeds the number. Tickets without live weight add nothing and are passed over. */
static uint32_t find(const struct selecting *s, uint64_t number)
{
	uint64_t at = 0;

	for (uint64_t step = UINT64_C(1) << 31; step > 0; step >>= 1) {
		if (at + step > s->in->n || s->sum[at + step] > number)
			continue;
		at += step;
		number -= s->sum[at];
	}
	return (uint32_t)at;
}

static uint64_t live_weight(const struct selecting *s, uint32_t entry)
{
	const uint64_t i = (uint64_t)entry + 1, below = i - (i & (0 - i));
	uint64_t weight = s->sum[i];

	for (uint64_t k = i - 1; k > below; k -= k & (0 - k))
		weight -= s->sum[k];
	return weight;
}

static void kill_entry(struct selecting *s, uint32_t entry)
{
	const uint64_t weight = live_weight(s, entry);

	for (uint64_t i = (uint64_t)entry + 1; i <= s->in->n; i += i & (0 - i))
		s->sum[i] -= weight;
	s->total -= weight;
}

/* ---- the tickets of one participant ---- */

/* Mixed with the draw's own key, which nobody knew when he chose what he plays with: nobody fills one bucket. */
static uint64_t bucket_of(const struct selecting *s, const struct hash *participant)
{
	uint64_t h = s->mix[0];

	for (size_t i = 0; i < HASH_SIZE; i += 8) {
		h = (h ^ load_u64(participant->b + i)) * (s->mix[1] | 1);
		h ^= h >> 29;
	}
	return h & (s->buckets - 1);
}

static void build_table(struct selecting *s)
{
	memset(s->head, 0xff, s->buckets * sizeof *s->head);
	s->mix[0] = load_u64(s->key.b);
	s->mix[1] = load_u64(s->key.b + 8);
	for (uint32_t i = 0; i < s->in->n; i++) {
		const uint64_t bucket = bucket_of(s, &s->in->ticket[i].participant);

		s->next[i] = s->head[bucket];
		s->head[bucket] = i;
	}
}

/* What is dead leaves the table, so that many picks do not pass it again and again. */
static void kill_participant(struct selecting *s, const struct hash *participant)
{
	uint32_t *link = &s->head[bucket_of(s, participant)];

	while (*link != NONE) {
		const uint32_t entry = *link;

		if (hash_equal(&s->in->ticket[entry].participant, participant)) {
			kill_entry(s, entry);
			*link = s->next[entry];
		} else {
			link = &s->next[entry];
		}
	}
}

/* ---- the rule ---- */

static uint64_t buckets_for(uint32_t n)
{
	uint64_t buckets = 1;

	while (buckets < n)
		buckets <<= 1;
	return buckets;
}

size_t select_memory(uint32_t n)
{
	return ((size_t)n + 1) * sizeof(uint64_t) + ((size_t)n + buckets_for(n)) * sizeof(uint32_t);
}

static void begin(struct selecting *s, void *memory)
{
	s->buckets = buckets_for(s->in->n);
	s->sum = memory;
	s->next = (uint32_t *)(void *)(s->sum + s->in->n + 1);
	s->head = s->next + s->in->n;
	build_sums(s);
	build_table(s);
}

static const struct hash *participant_of(const struct selecting *s, const struct select_pick *pick)
{
	return &s->in->ticket[pick->entry].participant;
}

static void take(struct selecting *s, const struct select_pick *pick, bool is_prize)
{
	if (!is_prize || s->in->mode == SELECT_ONE_PER_PARTICIPANT)
		kill_participant(s, participant_of(s, pick));
	else if (s->in->mode == SELECT_ONE_PER_ENTRY)
		kill_entry(s, pick->entry);
}

/* Whoever has won a prize is no alternate. */
static void kill_winners(struct selecting *s, const struct select_pick *pick)
{
	for (uint32_t i = 0; i < s->in->prizes; i++)
		if (!pick[i].empty)
			kill_participant(s, participant_of(s, &pick[i]));
}

enum select_result select_total(uint64_t *out, const struct ticket *ticket, uint32_t n)
{
	*out = 0;
	if (n == 0)
		return SELECT_NO_TICKETS;
	for (uint32_t i = 0; i < n; i++)
		if (__builtin_add_overflow(*out, ticket[i].weight, out))
			return SELECT_OVERFLOW;
	return *out == 0 ? SELECT_NO_WEIGHT : SELECT_OK;
}

enum select_result select_run(
	struct select_pick *pick, struct hash *key, const struct select_input *input, void *memory)
{
	struct selecting s = { .in = input };
	const enum select_result result = select_total(&s.total, input->ticket, input->n);
	uint32_t picks;

	if (result != SELECT_OK)
		return result;
	if (__builtin_add_overflow(input->prizes, input->alternates, &picks))
		return SELECT_TOO_MANY;
	make_key(&s.key, input, s.total);
	*key = s.key;
	begin(&s, memory);
	for (uint32_t p = 0; p < picks; p++) {
		if (p == input->prizes)
			kill_winners(&s, pick);
		pick[p] = (struct select_pick){ .empty = s.total == 0 };
		if (pick[p].empty)
			continue;
		draw_number(&s, p, &pick[p]);
		pick[p].entry = find(&s, pick[p].number);
		take(&s, &pick[p], p < input->prizes);
	}
	return SELECT_OK;
}

const char *select_result_text(enum select_result result)
{
	static const char *const TEXT[] = { "the draw can be computed", "there are no tickets", "no ticket has weight",
		"the weights add up to 2^64 or more", "prizes and alternates do not fit 32 bits" };

	return TEXT[result];
}
