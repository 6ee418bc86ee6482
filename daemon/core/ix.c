/* Appending to an instruction. */
#include "core/ix.h"

#include <assert.h>
#include <string.h>

#include "base/bytes.h"

void ix_begin(struct ix *out, const struct pubkey *program)
{
	out->program = *program;
	out->n_metas = 0;
	out->data_size = 0;
}

void ix_account(struct ix *ix, const struct pubkey *key, enum ix_flag flags)
{
	struct ix_meta *meta = &ix->metas[ix->n_metas];

	assert(ix->n_metas < IX_METAS_MAX);
	meta->key = *key;
	meta->signer = (flags & IX_SIGN) != 0;
	meta->writable = (flags & IX_WRITE) != 0;
	ix->n_metas++;
}

void ix_bytes(struct ix *ix, const void *bytes, size_t n)
{
	assert(n <= (size_t)(IX_DATA_MAX - ix->data_size));
	if (n > 0)
		memcpy(ix->data + ix->data_size, bytes, n);
	ix->data_size = (uint16_t)(ix->data_size + n);
}

void ix_u8(struct ix *ix, uint8_t v)
{
	ix_bytes(ix, &v, sizeof v);
}

void ix_u16(struct ix *ix, uint16_t v)
{
	uint8_t le[2];

	store_u16(le, v);
	ix_bytes(ix, le, sizeof le);
}

void ix_u32(struct ix *ix, uint32_t v)
{
	uint8_t le[4];

	store_u32(le, v);
	ix_bytes(ix, le, sizeof le);
}

void ix_u64(struct ix *ix, uint64_t v)
{
	uint8_t le[8];

	store_u64(le, v);
	ix_bytes(ix, le, sizeof le);
}
