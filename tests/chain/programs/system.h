/* Calls into the system program: accounts that a program creates for itself and closes again. */
#ifndef PROGRAMS_SYSTEM_H
#define PROGRAMS_SYSTEM_H

#include "sbf.h"

struct new_account {
	const struct account *payer;
	const struct account *account;
	const struct pubkey *owner;
	uint64_t space;
	const struct seeds *signer; /* NULL when the new account signed the transaction itself */
};

/* Rent-exempt minimum for that many bytes, from the rent sysvar. */
uint64_t system_rent(uint64_t space);

/* Creates the account. An address somebody already sent lamports to is topped up, allocated and assigned instead,
 * as Anchor's init does; an account that already exists fails with the system program's Custom(0). */
uint64_t system_create(const struct input *in, const struct new_account *what);

/* Moves all lamports to the target, hands the account back to the system program and empties it. */
void system_close(const struct account *account, const struct account *target);

#endif
