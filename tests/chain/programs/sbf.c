/* Solana's program ABI: the parts that need code. */
#include "sbf.h"

#define HEAP_START 0x300000000ULL
#define MAX_ACCOUNTS 64
#define SPARE_BYTES 10240 /* room the loader leaves behind each account so that it can grow */
#define NOT_A_DUPLICATE 0xff

void *sbf_alloc(uint64_t len)
{
	/* Word 0 of the heap is the cursor: programs have no writable globals. */
	uint64_t *cursor = (uint64_t *)HEAP_START;
	uint64_t at = *cursor ? *cursor : HEAP_START + 8;

	*cursor = at + ((len + 7) & ~7ULL);
	return (void *)at;
}

static uint8_t *read_account(uint8_t *at, struct account *a)
{
	a->signer = at[1];
	a->writable = at[2];
	a->executable = at[3];
	a->key = (struct pubkey *)(at + 8);
	a->owner = (struct pubkey *)(at + 40);
	a->lamports = (uint64_t *)(at + 72);
	a->data_len = load64(at + 80);
	a->data = at + 88;
	at = a->data + a->data_len + SPARE_BYTES;
	at = (uint8_t *)(((uint64_t)at + 7) & ~7ULL);
	a->rent_epoch = load64(at);
	return at + 8;
}

struct input *sbf_input(uint8_t *raw)
{
	struct input *in = sbf_alloc(sizeof(*in));

	in->count = load64(raw);
	if (in->count > MAX_ACCOUNTS)
		abort();
	in->accounts = sbf_alloc(in->count * sizeof(struct account));
	raw += 8;
	for (uint64_t i = 0; i < in->count; i++) {
		if (raw[0] == NOT_A_DUPLICATE) {
			raw = read_account(raw, &in->accounts[i]);
		} else {
			in->accounts[i] = in->accounts[raw[0]];
			raw += 8;
		}
	}
	in->data_len = load64(raw);
	in->data = raw + 8;
	in->program = (const struct pubkey *)(in->data + in->data_len);
	return in;
}

bool sbf_is_pda(const struct bytes *seeds, uint64_t count, const struct pubkey *program, const struct pubkey *key,
	uint8_t *bump)
{
	struct pubkey address;

	return !sol_try_find_program_address(seeds, count, program, &address, bump) && pubkey_equal(&address, key);
}
