/* Solana's program ABI (SBF v0) as C: syscalls, input accounts, small byte helpers. No libc. */
#ifndef PROGRAMS_SBF_H
#define PROGRAMS_SBF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* 32 bytes; always compared and copied as four words, never by value (SBF has no struct passing). */
struct pubkey {
	uint8_t bytes[32];
};

/* The layouts below are fixed by the virtual machine: SolBytes, SolSignerSeeds, SolAccountMeta,
 * SolInstruction and SolAccountInfo of the C ABI. */
struct bytes {
	const void *data;
	uint64_t len;
};

struct seeds {
	const struct bytes *list;
	uint64_t count;
};

struct meta {
	const struct pubkey *key;
	uint8_t writable;
	uint8_t signer;
};

struct instruction {
	const struct pubkey *program;
	const struct meta *metas;
	uint64_t meta_count;
	const void *data;
	uint64_t data_len;
};

struct account {
	struct pubkey *key;
	uint64_t *lamports;
	uint64_t data_len; /* as of entry; account_len() knows the current one */
	uint8_t *data;
	struct pubkey *owner;
	uint64_t rent_epoch;
	uint8_t signer;
	uint8_t writable;
	uint8_t executable;
};

_Static_assert(sizeof(struct meta) == 16, "SolAccountMeta");
_Static_assert(sizeof(struct instruction) == 40, "SolInstruction");
_Static_assert(sizeof(struct account) == 56, "SolAccountInfo");

struct input {
	struct account *accounts;
	uint64_t count;
	const uint8_t *data;
	uint64_t data_len;
	const struct pubkey *program;
};

struct clock {
	uint64_t slot;
	int64_t epoch_start;
	uint64_t epoch;
	uint64_t leader_epoch;
	int64_t unix_time;
};

/* Syscalls. Left undefined here: sbflink.js turns each into a relocation the loader knows. */
extern void abort(void) __attribute__((noreturn));
extern void sol_log_(const char *text, uint64_t len);
extern void sol_log_data(const struct bytes *fields, uint64_t count);
extern uint64_t sol_sha256(const struct bytes *parts, uint64_t count, uint8_t *hash32);
extern uint64_t sol_secp256k1_recover(
	const uint8_t *hash32, uint64_t recovery_id, const uint8_t *signature64, uint8_t *public_key64);
extern uint64_t sol_try_find_program_address(
	const struct bytes *seeds, uint64_t count, const struct pubkey *program, struct pubkey *address, uint8_t *bump);
extern uint64_t sol_invoke_signed_c(const struct instruction *ix, const struct account *accounts, uint64_t count,
	const struct seeds *signers, uint64_t signer_count);
extern uint64_t sol_get_clock_sysvar(struct clock *clock);
extern uint64_t sol_get_rent_sysvar(void *rent24);
extern uint64_t sol_get_sysvar(const struct pubkey *sysvar, uint8_t *out, uint64_t offset, uint64_t len);
extern void sol_memcpy_(void *to, const void *from, uint64_t len);
extern void sol_memset_(void *to, uint8_t byte, uint64_t len);

#define NOINLINE __attribute__((noinline))
#define PACKED __attribute__((packed))
#define LOG(text) sol_log_(text, sizeof(text) - 1)

/* Leaves the function with r when the expression gives a non-zero error. */
#define TRY(expression)                         \
	do {                                    \
		uint64_t error_ = (expression); \
		if (error_)                     \
			return error_;          \
	} while (0)

/* What entrypoint() returns: Custom(code) is the code itself, built-in errors live in the upper half. */
#define ERROR_INVALID_ACCOUNT_DATA (4ULL << 32)
#define ERROR_UNINITIALIZED_ACCOUNT (10ULL << 32)

/* Unaligned loads and stores are legal on this machine. */
static inline uint64_t load64(const void *at)
{
	return *(const uint64_t *)at;
}

static inline uint16_t load16(const void *at)
{
	return *(const uint16_t *)at;
}

static inline void store64(void *at, uint64_t value)
{
	*(uint64_t *)at = value;
}

static inline void store32(void *at, uint32_t value)
{
	*(uint32_t *)at = value;
}

static inline bool pubkey_equal(const void *a, const void *b)
{
	const uint64_t *x = a;
	const uint64_t *y = b;

	return x[0] == y[0] && x[1] == y[1] && x[2] == y[2] && x[3] == y[3];
}

static inline bool pubkey_zero(const void *a)
{
	const uint64_t *x = a;

	return (x[0] | x[1] | x[2] | x[3]) == 0;
}

static inline void pubkey_copy(void *to, const void *from)
{
	uint64_t *x = to;
	const uint64_t *y = from;

	x[0] = y[0];
	x[1] = y[1];
	x[2] = y[2];
	x[3] = y[3];
}

static inline bool add_overflows(uint64_t a, uint64_t b, uint64_t *sum)
{
	*sum = a + b;
	return *sum < a;
}

/* The barrier matters: without it clang recognises the pattern and calls __multi3, which does not exist here. */
static inline bool mul_overflows(uint64_t a, uint64_t b, uint64_t *product)
{
	uint64_t most = a ? UINT64_MAX / a : UINT64_MAX;

	__asm__ volatile("" : "+r"(most));
	*product = a * b;
	return b > most;
}

/* Length of the account's data now: a CPI or we ourselves may have changed it since entry. */
static inline uint64_t account_len(const struct account *a)
{
	return load64(a->data - 8);
}

/* Resizes in place (at most 10240 bytes more than at entry). */
static inline void account_resize(const struct account *a, uint64_t len)
{
	store64(a->data - 8, len);
}

/* Memory from the 32 KiB heap, zeroed, never freed: a program lives for one instruction. */
void *sbf_alloc(uint64_t len);

/* Decodes the loader's input buffer. A transaction cannot name more accounts than fit. */
struct input *sbf_input(uint8_t *raw);

/* Address of seeds under program equals key? On yes *bump holds the bump seed. */
bool sbf_is_pda(const struct bytes *seeds, uint64_t count, const struct pubkey *program, const struct pubkey *key,
	uint8_t *bump);

#endif
