/* The JSON-RPC methods that are called, once: enum, names on the wire, and whether a call may be repeated elsewhere. */
#ifndef CHAIN_RPC_METHOD_H
#define CHAIN_RPC_METHOD_H

#define RPC_METHOD_TABLE(X)                          \
	X(ACCOUNTS, "getMultipleAccounts")           \
	X(STATUSES, "getSignatureStatuses")          \
	X(EPOCH, "getEpochInfo")                     \
	X(BLOCKHASH, "getLatestBlockhash")           \
	X(FIRST_BLOCK, "getFirstAvailableBlock")     \
	X(GENESIS, "getGenesisHash")                 \
	X(RENT, "getMinimumBalanceForRentExemption") \
	X(FEES, "getRecentPrioritizationFees")       \
	X(SIMULATE, "simulateTransaction")           \
	X(SEND, "sendTransaction")                   \
	X(TRANSACTION, "getTransaction")             \
	X(SIGNATURES, "getSignaturesForAddress")     \
	X(PROGRAM, "getProgramAccounts")             \
	X(BLOCK, "getBlock")

#define X(name, text) RPC_##name,
enum rpc_method { RPC_METHOD_TABLE(X) RPC_METHODS };
#undef X

/* The name on the wire. */
const char *rpc_method_name(enum rpc_method method);

#endif
