/* Any bytes as a message to sign: what the guard lets through names only the accounts of its draw. */
#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/bytes.h"
#include "core/address.h"
#include "core/guard.h"
#include "core/pda.h"
#include "core/tx.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The last instruction moves exactly the amount to the token account of the player, or of the referrer. */
static bool pays_the_player(const struct guard *guard, const struct tx_view *view)
{
	const struct tx_ix *last = &view->ixs[view->n_ixs - 1];
	const struct bytes data = tx_view_ix_data(view, last);
	const uint8_t *accounts = view->bytes + last->accounts_at;
	struct pubkey to, key;

	pda_ata(&to, &guard->recipient, &guard->mint, &guard->token_program);
	return data.n == 10 && data.p[0] == 12 && load_u64(data.p + 1) == guard->pass_on_amount &&
	       tx_view_key(view, accounts[2], NULL, 0, &key) && pubkey_equal(&key, &to);
}

static void check_allowed(const struct guard *guard, const uint8_t *message, size_t n)
{
	uint8_t bytes[TX_SIZE_MAX] = { 0 };
	size_t head = 1 + (size_t)message[0] * SIGNATURE_SIZE;
	const bool passes_on = !pubkey_is_zero(&guard->recipient);
	const struct pubkey *second = !pubkey_is_zero(&guard->auxiliary) ? &guard->auxiliary : &guard->randomness;
	struct tx_view view;
	struct pubkey key;

	bytes[0] = message[0];
	assert(message[0] >= 1 && message[0] <= 2 && head + n <= sizeof bytes);
	memcpy(bytes + head, message, n);
	assert(tx_parse(&view, bytes, head + n) == TX_OK && !view.is_v0);
	assert(tx_view_key(&view, 0, NULL, 0, &key) && pubkey_equal(&key, &guard->payer));
	assert(message[0] == 1 || guard->step != STEP_PAY_REFERRAL);
	assert(message[0] == 1 || (tx_view_key(&view, 1, NULL, 0, &key) && pubkey_equal(&key, second)));
	for (unsigned i = 0; i < view.n_ixs; i++) {
		assert(tx_view_key(&view, view.ixs[i].program, NULL, 0, &key));
		assert(pubkey_equal(&key, &ADDRESS_COMPUTE_BUDGET) || pubkey_equal(&key, &guard->ml_program) ||
			pubkey_equal(&key, &guard->switchboard_program) || pubkey_equal(&key, &ADDRESS_ATA) ||
			(passes_on && i + 1 == view.n_ixs && pubkey_equal(&key, &guard->token_program)));
	}
	assert(!passes_on || pays_the_player(guard, &view));
	struct bytes limit = tx_view_ix_data(&view, &view.ixs[0]);
	assert(load_u32(limit.p + 1) <= 1400000);
}

/* First byte: the step, and its highest bit whether the win is a sponsored one. The guard is that of tests/unit/test_guard.c, whose messages are the corpus. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct guard guard = { .ml_program = ADDRESS_ML,
		.switchboard_program = ADDRESS_SWITCHBOARD_DEVNET,
		.queue = ADDRESS_SWITCHBOARD_QUEUE_DEVNET,
		.token_program = ADDRESS_TOKEN,
		.max_fee_lamports = 20000 };
	char why[300] = "";

	if (size == 0)
		return 0;
	guard.step = (enum step)((data[0] & 0x7f) % STEP_COUNT);
	memset(guard.payer.b, 0x11, PUBKEY_SIZE);
	memset(guard.pool.b, 0x22, PUBKEY_SIZE);
	memset(guard.randomness.b, 0x33, PUBKEY_SIZE);
	memset(guard.mint.b, 0x44, PUBKEY_SIZE);
	memset(guard.treasury.b, 0x77, PUBKEY_SIZE);
	guard.lut_slot = 88;
	if ((data[0] & 0x80) != 0 || guard.step == STEP_PAY_REFERRAL) {
		if (guard.step != STEP_PAY_REFERRAL)
			memset(guard.auxiliary.b, 0x55, PUBKEY_SIZE);
		memset(guard.recipient.b, 0x66, PUBKEY_SIZE);
		guard.pass_on_amount = 123456789;
		guard.pass_on_decimals = 9;
	}
	if (guard_allows(&guard, data + 1, size - 1, why, sizeof why))
		check_allowed(&guard, data + 1, size - 1);
	else
		assert(why[0] != '\0');
	return 0;
}
