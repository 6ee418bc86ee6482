/* Any bytes as a message to sign: what the guard lets through names only the accounts of its draw. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/bytes.h"
#include "core/address.h"
#include "core/guard.h"
#include "core/tx.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_allowed(const struct guard *guard, const uint8_t *message, size_t n)
{
	uint8_t bytes[TX_SIZE_MAX] = { 0 };
	size_t head = 1 + (size_t)message[0] * SIGNATURE_SIZE;
	struct tx_view view;
	struct pubkey key;

	bytes[0] = message[0];
	assert(message[0] >= 1 && message[0] <= 2 && head + n <= sizeof bytes);
	memcpy(bytes + head, message, n);
	assert(tx_parse(&view, bytes, head + n) == TX_OK && !view.is_v0);
	assert(tx_view_key(&view, 0, NULL, 0, &key) && pubkey_equal(&key, &guard->payer));
	assert(message[0] == 1 || (tx_view_key(&view, 1, NULL, 0, &key) && pubkey_equal(&key, &guard->randomness)));
	for (unsigned i = 0; i < view.n_ixs; i++) {
		assert(tx_view_key(&view, view.ixs[i].program, NULL, 0, &key));
		assert(pubkey_equal(&key, &ADDRESS_COMPUTE_BUDGET) || pubkey_equal(&key, &guard->ml_program) ||
			pubkey_equal(&key, &guard->switchboard_program) || pubkey_equal(&key, &ADDRESS_ATA));
	}
	struct bytes limit = tx_view_ix_data(&view, &view.ixs[0]);
	assert(load_u32(limit.p + 1) <= 1400000);
}

/* First byte: the step. The guard is that of tests/unit/test_guard.c, whose messages are the corpus. */
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
	guard.step = (enum step)(data[0] % STEP_COUNT);
	memset(guard.payer.b, 0x11, PUBKEY_SIZE);
	memset(guard.pool.b, 0x22, PUBKEY_SIZE);
	memset(guard.randomness.b, 0x33, PUBKEY_SIZE);
	memset(guard.mint.b, 0x44, PUBKEY_SIZE);
	if (guard_allows(&guard, data + 1, size - 1, why, sizeof why))
		check_allowed(&guard, data + 1, size - 1);
	else
		assert(why[0] != '\0');
	return 0;
}
