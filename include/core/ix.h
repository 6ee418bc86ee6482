/* One instruction to be put into a transaction, built in place by its module. */
#ifndef CORE_IX_H
#define CORE_IX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/key.h"

enum {
	IX_METAS_MAX = 64,  /* a packet can name about 35 keys; the rest is for repeated ones */
	IX_DATA_MAX = 1232, /* more never fits a packet */
};

struct ix_meta {
	struct pubkey key;
	bool signer;
	bool writable;
};

struct ix {
	struct pubkey program;
	uint16_t n_metas;
	uint16_t data_size;
	struct ix_meta metas[IX_METAS_MAX];
	uint8_t data[IX_DATA_MAX];
};

/* Starts an instruction without accounts and data. */
void ix_begin(struct ix *out, const struct pubkey *program);

enum ix_flag {
	IX_READ = 0,
	IX_WRITE = 1,
	IX_SIGN = 2,
	IX_SIGN_WRITE = 3,
};

/* Appends an account. The caller keeps below IX_METAS_MAX (asserted: our builders have 13 at most). */
void ix_account(struct ix *ix, const struct pubkey *key, enum ix_flag flags);

/* Append little-endian data. The caller keeps below IX_DATA_MAX (asserted). */
void ix_bytes(struct ix *ix, const void *bytes, size_t n);
void ix_u8(struct ix *ix, uint8_t v);
void ix_u16(struct ix *ix, uint16_t v);
void ix_u32(struct ix *ix, uint32_t v);
void ix_u64(struct ix *ix, uint64_t v);

#endif
