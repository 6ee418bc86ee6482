/* What decoding the data of an Anchor account can say. */
#ifndef CORE_ACCOUNT_H
#define CORE_ACCOUNT_H

/* The numbers are Anchor's error codes, so that a refusal reads like the chain's. */
enum account_result {
	ACCOUNT_OK = 0,
	ACCOUNT_NO_DISCRIMINATOR = 3001,    /* shorter than 8 bytes */
	ACCOUNT_WRONG_DISCRIMINATOR = 3002, /* another type */
	ACCOUNT_CANNOT_DECODE = 3003,       /* too short, or a byte that the type does not allow */
};

#endif
