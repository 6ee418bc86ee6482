/* Which gateway addresses may be asked: they come from on-chain data that strangers write. Pure. */
#ifndef CHAIN_GATEWAY_URI_H
#define CHAIN_GATEWAY_URI_H

#include <stdbool.h>

/* https://<IPv4>.xip.switchboard-oracles.xyz/<devnet or mainnet>, one '/' more at the end allowed. The IPv4 is in
 * plain dotted decimal and public: such a name resolves to the address in it. */
bool gateway_uri_public(const char *uri, bool devnet);

/* http:// or https://, then exactly one host[:port] of the comma separated list, then a plain path ([A-Za-z0-9._/-],
 * without ".."). hosts NULL or "": none. */
bool gateway_uri_extra(const char *uri, const char *hosts);

#endif
