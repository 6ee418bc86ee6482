/* Addresses that never change: programs, sysvars, mints and the two Switchboard deployments. */
#ifndef CORE_ADDRESS_H
#define CORE_ADDRESS_H

#include "base/key.h"

extern const struct pubkey ADDRESS_SYSTEM;         /* 11111111111111111111111111111111 */
extern const struct pubkey ADDRESS_TOKEN;          /* TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA */
extern const struct pubkey ADDRESS_TOKEN_2022;     /* TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb */
extern const struct pubkey ADDRESS_ATA;            /* ATokenGPvbdGVxr1b2hvZbsiqW5xWH25efTNsLJA8knL */
extern const struct pubkey ADDRESS_LOOKUP_TABLE;   /* AddressLookupTab1e1111111111111111111111111 */
extern const struct pubkey ADDRESS_COMPUTE_BUDGET; /* ComputeBudget111111111111111111111111111111 */
extern const struct pubkey ADDRESS_MEMO;           /* MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr */
extern const struct pubkey ADDRESS_CLOCK;          /* SysvarC1ock11111111111111111111111111111111 */
extern const struct pubkey ADDRESS_RENT;           /* SysvarRent111111111111111111111111111111111 */
extern const struct pubkey ADDRESS_SLOT_HASHES;    /* SysvarS1otHashes111111111111111111111111111 */
extern const struct pubkey ADDRESS_WSOL;           /* So11111111111111111111111111111111111111112 */
extern const struct pubkey ADDRESS_ML;             /* 4wgBJUHydWXXJKXYsmdGoGw1ufC3dxz8q2mukFYaAhSm */

extern const struct pubkey ADDRESS_SWITCHBOARD_MAINNET;       /* SBondMDrcV3K4kxZR1HNVT7osZxAHVHgYXL5Ze1oMUv */
extern const struct pubkey ADDRESS_SWITCHBOARD_DEVNET;        /* Aio4gaXjXzJNVLtzwtNVmSqGKpANtXhybbkhtAC94ji2 */
extern const struct pubkey ADDRESS_SWITCHBOARD_QUEUE_MAINNET; /* A43DyUGA7s8eXPxqEjJY6EBu1KKbNgfxF8h17VAHn13w */
extern const struct pubkey ADDRESS_SWITCHBOARD_QUEUE_DEVNET;  /* EYiAmGSdsQTuCw413V5BzaruWuCCSDgTPtBGvLkXHbe7 */

#endif
