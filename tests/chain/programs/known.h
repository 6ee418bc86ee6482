/* Addresses of the programs, sysvars and mints that the test programs talk to. */
#ifndef PROGRAMS_KNOWN_H
#define PROGRAMS_KNOWN_H

#include "sbf.h"

extern const struct pubkey KNOWN_SYSTEM;      /* 11111111111111111111111111111111, also the zero key */
extern const struct pubkey KNOWN_TOKEN;       /* TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA */
extern const struct pubkey KNOWN_TOKEN_2022;  /* TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb */
extern const struct pubkey KNOWN_ATA;         /* ATokenGPvbdGVxr1b2hvZbsiqW5xWH25efTNsLJA8knL */
extern const struct pubkey KNOWN_LOOKUP;      /* AddressLookupTab1e1111111111111111111111111 */
extern const struct pubkey KNOWN_RENT;        /* SysvarRent111111111111111111111111111111111 */
extern const struct pubkey KNOWN_SLOT_HASHES; /* SysvarS1otHashes111111111111111111111111111 */
extern const struct pubkey KNOWN_WSOL;        /* So11111111111111111111111111111111111111112 */
extern const struct pubkey KNOWN_SWITCHBOARD; /* devnet Aio4ga..., or with -DMAINNET SBondM... */

#endif
