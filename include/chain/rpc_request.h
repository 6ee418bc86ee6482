/* The JSON body of each request: minimal, and always the same bytes for the same question. Pure. */
#ifndef CHAIN_RPC_REQUEST_H
#define CHAIN_RPC_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/key.h"
#include "base/units.h"
#include "chain/rpc.h"

/* Each resets buf and writes one whole request; the caller checks buf_ok(). A floor of 0 means no minContextSlot. */
void rpc_request_accounts(
	struct buf *buf, uint64_t id, const struct pubkey *keys, size_t n, enum commitment at, struct slot floor);
void rpc_request_statuses(struct buf *buf, uint64_t id, const struct signature *sigs, size_t n, bool search_history);
void rpc_request_epoch(struct buf *buf, uint64_t id, enum commitment at);
void rpc_request_blockhash(struct buf *buf, uint64_t id, struct slot floor);
void rpc_request_first_block(struct buf *buf, uint64_t id);
void rpc_request_genesis(struct buf *buf, uint64_t id);
void rpc_request_block(struct buf *buf, uint64_t id, struct slot slot);
void rpc_request_rent(struct buf *buf, uint64_t id, size_t space);
void rpc_request_fees(struct buf *buf, uint64_t id, const struct pubkey *writable, size_t n);
void rpc_request_simulate(struct buf *buf, uint64_t id, const uint8_t *tx, size_t len, struct slot floor);
void rpc_request_send(struct buf *buf, uint64_t id, const uint8_t *tx, size_t len, struct slot floor);
void rpc_request_transaction(struct buf *buf, uint64_t id, const struct signature *sig, enum commitment at);
/* before: NULL for none. */
void rpc_request_signatures(struct buf *buf, uint64_t id, const struct pubkey *address, const struct signature *before,
	struct slot floor, unsigned limit, enum commitment at);
void rpc_request_program(struct buf *buf, uint64_t id, const struct pubkey *program, size_t size, size_t offset,
	const struct pubkey *key);

#endif
