/* What the process gives up before it reads a key. */
#ifndef OPS_HARDEN_H
#define OPS_HARDEN_H

#include <stdbool.h>

#include "base/err.h"

/* No other process of this user may look into our memory or environment, no core file is written, new files are ours
 * alone, and a closed pipe is an error instead of a death. False: the kernel refused one of them. */
NODISCARD bool harden(void);

#endif
