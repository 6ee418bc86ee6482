/* Keys that tests can tell apart. */
#ifndef UNIT_KEY_FIXTURE_H
#define UNIT_KEY_FIXTURE_H

#include <string.h>

#include "base/key.h"

/* An address: 32 times n. */
static inline struct pubkey key_of(uint8_t n)
{
	struct pubkey key;

	memset(key.b, n, sizeof key.b);
	return key;
}

#endif
