/* Builds the JSON-RPC requests as text; nothing in them needs escaping. */
#include "chain/rpc_request.h"

#include <assert.h>
#include <inttypes.h>

#include "chain/rpc_method.h"
#include "core/base58.h"
#include "core/base64.h"
#include "core/tx.h"

static const char *commitment_name(enum commitment at)
{
	switch (at) {
	case PROCESSED:
		return "processed";
	case CONFIRMED:
		return "confirmed";
	case FINALIZED:
		return "finalized";
	}
	return "finalized";
}

static void begin(struct buf *buf, uint64_t id, enum rpc_method method)
{
	buf_reset(buf);
	buf_fmt(buf, "{\"jsonrpc\":\"2.0\",\"id\":%" PRIu64 ",\"method\":\"%s\"", id, rpc_method_name(method));
}

static void add_floor(struct buf *buf, struct slot floor)
{
	if (floor.n > 0)
		buf_fmt(buf, ",\"minContextSlot\":%" PRIu64, floor.n);
}

static void add_keys(struct buf *buf, const struct pubkey *keys, size_t n)
{
	char text[PUBKEY_TEXT];

	buf_char(buf, '[');
	for (size_t i = 0; i < n; i++) {
		const size_t len = base58_pubkey(text, &keys[i]);

		buf_str(buf, i ? ",\"" : "\"");
		buf_add(buf, text, len);
		buf_char(buf, '"');
	}
	buf_char(buf, ']');
}

static void add_signature(struct buf *buf, const struct signature *sig)
{
	char text[SIGNATURE_TEXT];

	base58_signature(text, sig);
	buf_fmt(buf, "\"%s\"", text);
}

static void add_transaction(struct buf *buf, const uint8_t *tx, size_t len)
{
	char text[BASE64_TEXT(TX_SIZE_MAX)];

	assert(len <= TX_SIZE_MAX);
	base64_encode(text, tx, len);
	buf_fmt(buf, "\"%s\"", text);
}

void rpc_request_accounts(
	struct buf *buf, uint64_t id, const struct pubkey *keys, size_t n, enum commitment at, struct slot floor)
{
	begin(buf, id, RPC_ACCOUNTS);
	buf_str(buf, ",\"params\":[");
	add_keys(buf, keys, n);
	buf_fmt(buf, ",{\"encoding\":\"base64\",\"commitment\":\"%s\"", commitment_name(at));
	add_floor(buf, floor);
	buf_str(buf, "}]}");
}

void rpc_request_statuses(struct buf *buf, uint64_t id, const struct signature *sigs, size_t n, bool search_history)
{
	begin(buf, id, RPC_STATUSES);
	buf_str(buf, ",\"params\":[[");
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			buf_char(buf, ',');
		add_signature(buf, &sigs[i]);
	}
	buf_fmt(buf, "],{\"searchTransactionHistory\":%s}]}", search_history ? "true" : "false");
}

void rpc_request_epoch(struct buf *buf, uint64_t id, enum commitment at)
{
	begin(buf, id, RPC_EPOCH);
	buf_fmt(buf, ",\"params\":[{\"commitment\":\"%s\"}]}", commitment_name(at));
}

void rpc_request_blockhash(struct buf *buf, uint64_t id, struct slot floor)
{
	begin(buf, id, RPC_BLOCKHASH);
	buf_str(buf, ",\"params\":[{\"commitment\":\"confirmed\"");
	add_floor(buf, floor);
	buf_str(buf, "}]}");
}

void rpc_request_first_block(struct buf *buf, uint64_t id)
{
	begin(buf, id, RPC_FIRST_BLOCK);
	buf_char(buf, '}');
}

void rpc_request_genesis(struct buf *buf, uint64_t id)
{
	begin(buf, id, RPC_GENESIS);
	buf_char(buf, '}');
}

void rpc_request_block(struct buf *buf, uint64_t id, struct slot slot)
{
	begin(buf, id, RPC_BLOCK);
	buf_fmt(buf,
		",\"params\":[%" PRIu64 ",{\"transactionDetails\":\"none\",\"rewards\":false,"
		"\"maxSupportedTransactionVersion\":0,\"commitment\":\"finalized\"}]}",
		slot.n);
}

void rpc_request_rent(struct buf *buf, uint64_t id, size_t space)
{
	begin(buf, id, RPC_RENT);
	buf_fmt(buf, ",\"params\":[%zu]}", space);
}

void rpc_request_fees(struct buf *buf, uint64_t id, const struct pubkey *writable, size_t n)
{
	begin(buf, id, RPC_FEES);
	buf_str(buf, ",\"params\":[");
	add_keys(buf, writable, n);
	buf_str(buf, "]}");
}

/* At processed: a step may become right only with the newest block (its Clock), and a simulation decides nothing for good. */
void rpc_request_simulate(struct buf *buf, uint64_t id, const uint8_t *tx, size_t len, struct slot floor)
{
	begin(buf, id, RPC_SIMULATE);
	buf_str(buf, ",\"params\":[");
	add_transaction(buf, tx, len);
	buf_str(buf, ",{\"sigVerify\":false,\"replaceRecentBlockhash\":true,\"commitment\":\"processed\",\"encoding\":"
		     "\"base64\"");
	add_floor(buf, floor);
	buf_str(buf, "}]}");
}

/* skipPreflight: a step is simulated before its row is opened; from then on the same bytes must reach the leader
 * whatever this node's own view says, also when a lagging bank would fail them. maxRetries 0: we re-send ourselves. */
void rpc_request_send(struct buf *buf, uint64_t id, const uint8_t *tx, size_t len, struct slot floor)
{
	begin(buf, id, RPC_SEND);
	buf_str(buf, ",\"params\":[");
	add_transaction(buf, tx, len);
	buf_str(buf, ",{\"encoding\":\"base64\",\"skipPreflight\":true,\"maxRetries\":0,\"preflightCommitment\":"
		     "\"confirmed\"");
	add_floor(buf, floor);
	buf_str(buf, "}]}");
}

void rpc_request_transaction(struct buf *buf, uint64_t id, const struct signature *sig, enum commitment at)
{
	begin(buf, id, RPC_TRANSACTION);
	buf_str(buf, ",\"params\":[");
	add_signature(buf, sig);
	buf_fmt(buf, ",{\"encoding\":\"base64\",\"commitment\":\"%s\",\"maxSupportedTransactionVersion\":0}]}",
		commitment_name(at));
}

void rpc_request_signatures(struct buf *buf, uint64_t id, const struct pubkey *address, const struct signature *before,
	struct slot floor, unsigned limit, enum commitment at)
{
	char text[PUBKEY_TEXT];

	base58_pubkey(text, address);
	begin(buf, id, RPC_SIGNATURES);
	buf_fmt(buf, ",\"params\":[\"%s\",{\"limit\":%u,\"commitment\":\"%s\"", text, limit, commitment_name(at));
	if (before) {
		buf_str(buf, ",\"before\":");
		add_signature(buf, before);
	}
	add_floor(buf, floor);
	buf_str(buf, "}]}");
}

/* dataSlice: of thousands of pools only the first bytes travel. */
void rpc_request_program(struct buf *buf, uint64_t id, const struct pubkey *program, size_t size, size_t offset,
	const struct pubkey *key)
{
	char text[PUBKEY_TEXT];

	base58_pubkey(text, program);
	begin(buf, id, RPC_PROGRAM);
	buf_fmt(buf,
		",\"params\":[\"%s\",{\"encoding\":\"base64\",\"commitment\":\"confirmed\",\"withContext\":true,"
		"\"dataSlice\":{\"offset\":0,\"length\":%d},\"filters\":[{\"dataSize\":%zu},",
		text, RPC_PROGRAM_HEAD, size);
	base58_pubkey(text, key);
	buf_fmt(buf, "{\"memcmp\":{\"offset\":%zu,\"bytes\":\"%s\"}}]}]}", offset, text);
}
