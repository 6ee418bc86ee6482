/* What the process gives up before it reads a key. */
#include "ops/harden.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

bool harden(void)
{
	const struct rlimit no_core = { 0, 0 };

	umask(077);
	/* The limit does not bind a core_pattern that is a pipe: PR_SET_DUMPABLE is the one that counts. */
	return signal(SIGPIPE, SIG_IGN) != SIG_ERR && setrlimit(RLIMIT_CORE, &no_core) == 0 &&
	       prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0;
}
