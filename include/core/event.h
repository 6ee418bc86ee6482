/* Events of the ml program and the log lines they come in. */
#ifndef CORE_EVENT_H
#define CORE_EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/key.h"
#include "base/units.h"
#include "core/pool.h"

enum event_kind {
	EVENT_POOL_STATE,
	EVENT_POOL_ACTIVITY,
	EVENT_UI_HINT,
	EVENT_REFUND_BURNED,
	EVENT_REFUND_CLAIMED,
	EVENT_RENT_CLAIMED,
	EVENT_WINNER_SELECTED, /* emitted by payout only */
	EVENT_FORFEITED_TO_TREASURY,
};
enum { EVENT_KIND_COUNT = 8 };

/* Wire bytes: ordinals, not the numbers written in the program's source. */
enum event_action {
	ACTION_CREATED = 0,
	ACTION_JOINED = 1,
	ACTION_DONATED = 2,
	ACTION_CLOSED = 3,
	ACTION_ENDED = 4,
	ACTION_CANCELLED = 5,
	ACTION_RANDOMNESS_COMMITTED = 6,
	ACTION_RANDOMNESS_MOCK_COMMITTED = 7,
	ACTION_REACHED_MAX = 8,
	ACTION_UNLOCKED = 9,
	ACTION_ADMIN_CLOSED = 10,
	ACTION_EMERGENCY_REVEAL = 11,
	ACTION_EXPIRED = 12,
};

enum event_hint {
	HINT_REACHED_MAX = 0,
	HINT_NEAR_EXPIRE = 1,
	HINT_UNLOCKED = 2,
};

struct event {
	enum event_kind kind;
	struct pubkey pool; /* zero for EVENT_REFUND_BURNED, which has none */
	union {
		struct {
			uint64_t pool_id;
			enum pool_status status;
			uint8_t participant_count;
			uint64_t total_amount;
			uint8_t status_reason;
		} state;
		struct {
			uint64_t pool_id;
			enum event_action action;
			uint64_t amount;
			uint8_t participant_rank;
			uint16_t dev_fee_bps; /* named "percent" on chain */
			uint16_t burn_fee_bps;
			uint16_t treasury_fee_bps;
		} activity;
		struct {
			enum event_hint hint;
		} hint;
		struct {
			struct pubkey user;
			uint64_t amount;
			uint8_t reason;
		} refund_burned;
		struct {
			struct pubkey user;
			uint64_t amount;
			uint64_t burn_amount;
			uint8_t reason;
		} refund_claimed;
		struct {
			struct pubkey caller;
			struct pubkey sent_to;
			int64_t time;
		} rent_claimed;
		struct {
			uint64_t pool_id;
			struct pubkey winner;
			uint64_t winner_amount;
			uint64_t dev_amount;
			uint64_t burn_amount;
			uint64_t treasury_amount;
			struct u128 randomness;
		} winner;
		struct {
			uint64_t amount;
		} forfeited;
	} as;
};

/* Bytes of one event. False: unknown discriminator, too short, or an enum byte out of range. Extra bytes are ignored. */
NODISCARD bool event_decode(struct event *out, const uint8_t *data, size_t size);

const char *event_name(enum event_kind kind);
const char *event_action_name(enum event_action action);
const char *event_hint_name(enum event_hint hint);

enum { EVENT_STACK_MAX = 16 }; /* the runtime allows 5, later 9 */

/* Follows "Program X invoke [n]" / success / failed over the log of one transaction, in order. */
struct event_log {
	uint8_t depth;
	bool truncated; /* "Log truncated" was seen: later lines are missing */
	bool broken;    /* the stack did not add up: nothing after it is trusted */
	struct pubkey stack[EVENT_STACK_MAX];
};

enum event_line {
	EVENT_LINE_OTHER,   /* not the data of an event */
	EVENT_LINE_TRUSTED, /* *data holds what the ml program itself wrote */
	EVENT_LINE_FOREIGN, /* *data holds what some other program wrote: may be forged */
};

void event_log_begin(struct event_log *log);

/* One log message (one element of meta.logMessages). Data of "Program data:" lines goes into buffer; *data borrows from
 * it. program = whose data is trusted. Decode *data with event_decode (or sb_commit_event_decode). */
NODISCARD enum event_line event_log_line(struct event_log *log, const struct pubkey *program, const char *line,
	size_t n, uint8_t *buffer, size_t cap, struct bytes *data);

/* The innermost running program, or NULL. */
const struct pubkey *event_log_program(const struct event_log *log);

#endif
