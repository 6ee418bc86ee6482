/* A transaction in the json encoding, put into the bytes that were signed. */
#ifndef VECTORS_RPC_WIRE_H
#define VECTORS_RPC_WIRE_H

#include <stdbool.h>

struct json_object;

/* Replaces result.transaction = {signatures, message} by ["<base64>", "base64"]. False: not understood. */
bool rpc_wire_encode(struct json_object *result);

#endif
