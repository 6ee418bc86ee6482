/* The bytes of one question to an oracle's gateway. Pure. Key order and spacing are the SDK's; our RPC URL is left out. */
#ifndef CHAIN_GATEWAY_REQUEST_H
#define CHAIN_GATEWAY_REQUEST_H

#include "base/buf.h"
#include "chain/gateway.h"

/* {gateway_uri}/gateway/api/v1/randomness_reveal; a trailing slash of the URI is taken off. */
void gateway_request_url(struct buf *out, const struct gateway_question *question);
/* {"slothash":[32 numbers],"randomness_key":"hex","slot":n} */
void gateway_request_body(struct buf *out, const struct gateway_question *question);

extern const char GATEWAY_REQUEST_CONTENT_TYPE[];

#endif
