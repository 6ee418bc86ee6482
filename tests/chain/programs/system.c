/* Calls into the system program: accounts that a program creates for itself and closes again. */
#include "system.h"

#include "known.h"

enum system_call { CREATE_ACCOUNT = 0, ASSIGN = 1, TRANSFER = 2, ALLOCATE = 8 };

#define ACCOUNT_OVERHEAD 128                /* bytes of metadata rent is charged for */
#define THRESHOLD_TWO 0x4000000000000000ULL /* the double 2.0: there are no floats here, so compare its bits */

struct call {
	const struct input *in;
	const struct new_account *what;
};

uint64_t system_rent(uint64_t space)
{
	uint64_t rent[3] = { 0 }; /* lamports per byte, exemption threshold as a double (2.0, or 1.0 since SIMD-0194) */

	if (sol_get_rent_sysvar(rent))
		abort();
	return (space + ACCOUNT_OVERHEAD) * rent[0] * (rent[1] == THRESHOLD_TWO ? 2 : 1);
}

static uint64_t invoke(const struct call *c, const struct meta *metas, uint64_t count, const void *data, uint64_t len)
{
	struct instruction ix = { &KNOWN_SYSTEM, metas, count, data, len };

	return sol_invoke_signed_c(&ix, c->in->accounts, c->in->count, c->what->signer, c->what->signer ? 1 : 0);
}

static uint64_t create(const struct call *c, uint64_t lamports)
{
	struct meta metas[2] = { { c->what->payer->key, true, true }, { c->what->account->key, true, true } };
	uint8_t data[52];

	store32(data, CREATE_ACCOUNT);
	store64(data + 4, lamports);
	store64(data + 12, c->what->space);
	pubkey_copy(data + 20, c->what->owner);
	return invoke(c, metas, 2, data, sizeof(data));
}

static uint64_t top_up(const struct call *c, uint64_t lamports)
{
	struct meta metas[2] = { { c->what->payer->key, true, true }, { c->what->account->key, true, false } };
	uint8_t data[12];

	store32(data, TRANSFER);
	store64(data + 4, lamports);
	return invoke(c, metas, 2, data, sizeof(data));
}

static uint64_t allocate_and_assign(const struct call *c)
{
	struct meta meta = { c->what->account->key, true, true };
	uint8_t allocate[12];
	uint8_t assign[36];

	store32(allocate, ALLOCATE);
	store64(allocate + 4, c->what->space);
	TRY(invoke(c, &meta, 1, allocate, sizeof(allocate)));
	store32(assign, ASSIGN);
	pubkey_copy(assign + 4, c->what->owner);
	return invoke(c, &meta, 1, assign, sizeof(assign));
}

NOINLINE uint64_t system_create(const struct input *in, const struct new_account *what)
{
	struct call c = { in, what };
	uint64_t needed = system_rent(what->space);
	uint64_t present = *what->account->lamports;

	if (present == 0)
		return create(&c, needed);
	if (present < needed)
		TRY(top_up(&c, needed - present));
	return allocate_and_assign(&c);
}

void system_close(const struct account *account, const struct account *target)
{
	*target->lamports += *account->lamports;
	*account->lamports = 0;
	pubkey_copy(account->owner, &KNOWN_SYSTEM);
	account_resize(account, 0);
}
