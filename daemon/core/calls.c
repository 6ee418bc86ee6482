/* From a verified transaction to the calls it made of one pool, or to the pools it made. */
#include "core/calls.h"

#include <string.h>

#include "base/crypto.h"
#include "core/address.h"
#include "core/event.h"
#include "core/ml_call.h"

enum {
	LOADED_MAX = 256,
	EVENT_MAX = 512,
	TOKEN_TRANSFER_CHECKED = 12,
	TRANSFER_ACCOUNTS = 3, /* source, mint, destination; the authority follows */
	TRANSFER_SIZE = 10,    /* tag, amount u64, decimals u8 */
};

/* The transaction taken apart, while its calls are collected. */
struct reading {
	const struct calls_source *source;
	const struct pubkey *pool; /* whose calls go to `out`; NULL: those that make pools of `dev_wallet` to `made` */
	const struct pubkey *dev_wallet;
	struct tx_view view;
	struct pubkey loaded[LOADED_MAX];
	size_t n_loaded;
	struct pool_calls *out;
	struct pools_made *made;
	bool too_many;
};

static bool load_tables(struct reading *r)
{
	const struct calls_source *s = r->source;

	if (s->n_writable != r->view.n_loaded_writable || s->n_readonly != r->view.n_loaded_readonly)
		return false;
	for (size_t i = 0; i < s->n_writable; i++)
		r->loaded[r->n_loaded++] = s->writable[i];
	for (size_t i = 0; i < s->n_readonly; i++)
		r->loaded[r->n_loaded++] = s->readonly[i];
	return true;
}

static bool key_at(const struct reading *r, struct bytes accounts, int position, struct pubkey *out)
{
	return position >= 0 && (size_t)position < accounts.n &&
	       tx_view_key(&r->view, accounts.p[position], r->loaded, r->n_loaded, out);
}

/* ---- what a call moved ---- */

/* Between which of its accounts the call moves the tokens that its row is about. */
struct movement {
	enum ml_role from, to;
};

static size_t movements_of(enum ml_ix which, struct movement out[2])
{
	switch (which) {
	case ML_CREATE_POOL:
	case ML_JOIN_POOL:
	case ML_DONATE:
		out[0] = (struct movement){ ML_USER_TOKEN, ML_POOL_TOKEN };
		return 1;
	case ML_CLAIM_REFUND: /* a player's, or the whole vault to the treasury */
		out[0] = (struct movement){ ML_POOL_TOKEN, ML_USER_TOKEN };
		out[1] = (struct movement){ ML_POOL_TOKEN, ML_TREASURY_TOKEN };
		return 2;
	case ML_PAYOUT_WINNER:
		out[0] = (struct movement){ ML_POOL_TOKEN, ML_WINNER_TOKEN };
		return 1;
	case ML_FINALIZE_FORFEITED_POOL:
		out[0] = (struct movement){ ML_POOL_TOKEN, ML_TREASURY_TOKEN };
		return 1;
	case ML_SET_LOCK_DURATION:
	case ML_CANCEL_POOL:
	case ML_ADMIN_CLOSE_POOL:
	case ML_SWEEP_EXPIRED_POOL:
	case ML_UNLOCK_POOL:
	case ML_REQUEST_RANDOMNESS:
	case ML_SELECT_WINNER:
	case ML_CLAIM_RENT:
	case ML_PAUSE_POOL:
	case ML_UNPAUSE_POOL:
	case ML_FORCE_EXPIRE:
		break;
	}
	return 0;
}

static bool asks_for_amount(enum ml_ix which)
{
	return which == ML_CREATE_POOL || which == ML_JOIN_POOL || which == ML_DONATE;
}

static bool is_program(const struct reading *r, uint8_t index, const struct pubkey *program)
{
	struct pubkey id;

	return tx_view_key(&r->view, index, r->loaded, r->n_loaded, &id) && pubkey_equal(&id, program);
}

static bool same_key(const struct reading *r, struct bytes a, int at_a, struct bytes b, int at_b)
{
	struct pubkey x, y;

	return key_at(r, a, at_a, &x) && key_at(r, b, at_b, &y) && pubkey_equal(&x, &y);
}

static bool is_movement(const struct reading *r, const struct tx_inner *inner, enum ml_ix which, struct bytes accounts)
{
	const struct bytes moved = { inner->accounts, inner->n_accounts };
	struct movement of[2];
	const size_t n = movements_of(which, of);

	if (!inner->data || inner->n_data < TRANSFER_SIZE || inner->data[0] != TOKEN_TRANSFER_CHECKED ||
		moved.n < TRANSFER_ACCOUNTS)
		return false;
	if (!is_program(r, inner->program, &ADDRESS_TOKEN) && !is_program(r, inner->program, &ADDRESS_TOKEN_2022))
		return false;
	for (size_t i = 0; i < n; i++)
		if (same_key(r, moved, 0, accounts, ml_position(which, of[i].from)) &&
			same_key(r, moved, 2, accounts, ml_position(which, of[i].to)))
			return true;
	return false;
}

/* `from`: the first inner instruction after the call. What the next call of the program moves is not this one's. */
static void take_movement(
	const struct reading *r, struct pool_call *call, struct bytes accounts, unsigned outer, size_t from)
{
	for (size_t i = from; i < r->source->n_inner; i++) {
		const struct tx_inner *inner = &r->source->inner[i];

		if (inner->outer != outer)
			continue;
		if (is_program(r, inner->program, &ADDRESS_ML))
			return;
		if (!is_movement(r, inner, call->which, accounts))
			continue;
		call->decimals = inner->data[TRANSFER_SIZE - 1];
		if (!asks_for_amount(call->which))
			call->amount = load_u64(inner->data + 1);
		call->has_amount = true;
		return;
	}
}

/* ---- which pool it was ---- */

/* The program's rule: the first 8 bytes of SHA-256(salt, slot, creator). */
static uint64_t created_id(const struct reading *r, const struct ml_call *call)
{
	uint8_t slot[8];
	struct bytes parts[3] = { { call->args.salt.b, HASH_SIZE }, { slot, sizeof slot },
		{ call->user.b, PUBKEY_SIZE } };
	struct hash hash;

	store_u64(slot, r->source->slot.n);
	crypto_sha256(&hash, parts, 3);
	return load_u64(hash.b);
}

static bool event_pool_id(const struct event *event, uint64_t *out)
{
	if (event->kind == EVENT_POOL_STATE)
		*out = event->as.state.pool_id;
	else if (event->kind == EVENT_POOL_ACTIVITY)
		*out = event->as.activity.pool_id;
	else if (event->kind == EVENT_WINNER_SELECTED)
		*out = event->as.winner.pool_id;
	else
		return false;
	return true;
}

/* True when the program's own events name one pool id for this address, and only one. */
static bool told_id(const struct reading *r, uint64_t *out)
{
	uint8_t buffer[EVENT_MAX];
	struct event_log log;
	bool told = false;

	event_log_begin(&log);
	for (size_t i = 0; i < r->source->n_logs; i++) {
		const char *line = r->source->logs[i];
		struct event event;
		struct bytes data;
		uint64_t id;

		if (event_log_line(&log, &ADDRESS_ML, line, strlen(line), buffer, sizeof buffer, &data) !=
				EVENT_LINE_TRUSTED ||
			!event_decode(&event, data.p, data.n) || !pubkey_equal(&event.pool, r->pool) ||
			!event_pool_id(&event, &id))
			continue;
		if (told && id != *out)
			return false;
		told = true;
		*out = id;
	}
	return told;
}

static void tell_ids(const struct reading *r)
{
	uint64_t id = 0;

	if (!told_id(r, &id))
		return;
	for (size_t i = 0; i < r->out->n; i++) {
		r->out->call[i].has_pool_id = true;
		r->out->call[i].pool_id = id;
	}
}

bool calls_attribute(struct pool_calls *calls, bool *known, uint64_t *pool_id)
{
	bool whole = true;

	for (size_t i = 0; i < calls->n; i++) {
		struct pool_call *call = &calls->call[i];

		if (call->has_pool_id) {
			*known = true;
			*pool_id = call->pool_id;
		} else if (*known) {
			call->has_pool_id = true;
			call->pool_id = *pool_id;
		} else {
			whole = false;
		}
	}
	return whole;
}

/* ---- collecting ---- */

static void add_made(struct reading *r, const struct ml_call *call)
{
	if (call->which != ML_CREATE_POOL || !pubkey_equal(&call->args.dev_wallet, r->dev_wallet))
		return;
	if (r->made->n == CALLS_MAX)
		r->too_many = true;
	else
		r->made->pool[r->made->n++] = call->pool;
}

static void add_call(
	struct reading *r, const struct ml_call *call, struct bytes accounts, unsigned outer, int inner, size_t after)
{
	struct pool_call *out;

	if (r->made) {
		add_made(r, call);
		return;
	}
	if (!pubkey_equal(&call->pool, r->pool)) {
		r->out->makes_others |= call->which == ML_CREATE_POOL;
		return;
	}
	if (r->out->n == CALLS_MAX) {
		r->too_many = true;
		return;
	}
	out = &r->out->call[r->out->n];
	*out = (struct pool_call){ .which = call->which,
		.ix = (uint8_t)outer,
		.inner = (int16_t)inner,
		.user = call->user,
		.has_amount = asks_for_amount(call->which),
		.amount = asks_for_amount(call->which) ? call->args.bet_amount : 0,
		.decimals = CALLS_DECIMALS_UNKNOWN,
		.has_pool_id = call->which == ML_CREATE_POOL,
		.pool_id = call->which == ML_CREATE_POOL ? created_id(r, call) : 0 };
	if (call->which == ML_CREATE_POOL && !key_at(r, accounts, ml_position(call->which, ML_MINT), &out->mint))
		return;
	take_movement(r, out, accounts, outer, after);
	r->out->n++;
}

/* Inner calls of top-level instruction `outer`, numbered within it. */
static void collect_inner(struct reading *r, unsigned outer)
{
	int number = 0;

	for (size_t i = 0; i < r->source->n_inner; i++) {
		const struct tx_inner *inner = &r->source->inner[i];
		const struct bytes accounts = { inner->accounts, inner->n_accounts };
		struct ml_call call;

		if (inner->outer != outer)
			continue;
		if (inner->data && ml_call_read(&call, &r->view, r->loaded, r->n_loaded, inner->program, accounts,
					   (struct bytes){ inner->data, inner->n_data }))
			add_call(r, &call, accounts, outer, number, i + 1);
		number++;
	}
}

static void collect(struct reading *r)
{
	for (unsigned i = 0; i < r->view.n_ixs; i++) {
		const struct tx_ix *ix = &r->view.ixs[i];
		const struct bytes accounts = tx_view_ix_accounts(&r->view, ix);
		struct ml_call call;

		if (ml_call_read(&call, &r->view, r->loaded, r->n_loaded, ix->program, accounts,
			    tx_view_ix_data(&r->view, ix)))
			add_call(r, &call, accounts, i, -1, 0);
		collect_inner(r, i);
	}
}

/* A program that is not the lottery's got the pool's account, or the lottery program's: it may have called that. */
static bool may_hide_calls(const struct reading *r)
{
	const struct pubkey *needed = r->made ? &ADDRESS_ML : r->pool;

	for (unsigned i = 0; i < r->view.n_ixs; i++) {
		const struct tx_ix *ix = &r->view.ixs[i];
		const struct bytes accounts = tx_view_ix_accounts(&r->view, ix);
		struct pubkey key;

		if (is_program(r, ix->program, &ADDRESS_ML))
			continue;
		for (size_t j = 0; j < accounts.n; j++)
			if (key_at(r, accounts, (int)j, &key) && pubkey_equal(&key, needed))
				return true;
	}
	return false;
}

static enum calls_result read_verified(struct reading *r, const struct signature *expected)
{
	struct signature first;

	if (tx_parse(&r->view, r->source->tx.p, r->source->tx.n) != TX_OK)
		return CALLS_UNPARSABLE;
	first = tx_view_signature(&r->view, 0);
	if (!signature_equal(&first, expected))
		return CALLS_OTHER_TRANSACTION;
	if (!tx_view_verify(&r->view))
		return CALLS_BAD_SIGNATURE;
	if (!load_tables(r))
		return CALLS_BAD_TABLES;
	if (!r->source->has_inner && may_hide_calls(r))
		return CALLS_NO_INNER;
	collect(r);
	return r->too_many ? CALLS_TOO_MANY : CALLS_OK;
}

enum calls_result calls_read(struct pool_calls *out, const struct calls_source *source,
	const struct signature *expected, const struct pubkey *pool)
{
	struct reading r = { .source = source, .pool = pool, .out = out };
	enum calls_result result;

	out->n = 0;
	out->makes_others = false;
	result = read_verified(&r, expected);
	tell_ids(&r);
	return result;
}

enum calls_result calls_read_made(struct pools_made *out, const struct calls_source *source,
	const struct signature *expected, const struct pubkey *dev_wallet)
{
	struct reading r = { .source = source, .dev_wallet = dev_wallet, .made = out };

	out->n = 0;
	return read_verified(&r, expected);
}

const char *calls_result_name(enum calls_result result)
{
	switch (result) {
	case CALLS_OK:
		return "ok";
	case CALLS_UNPARSABLE:
		return "unparsable";
	case CALLS_OTHER_TRANSACTION:
		return "other_transaction";
	case CALLS_BAD_SIGNATURE:
		return "bad_signature";
	case CALLS_BAD_TABLES:
		return "bad_tables";
	case CALLS_NO_INNER:
		return "no_inner";
	case CALLS_TOO_MANY:
		return "too_many";
	}
	return "unknown";
}
