/* Asked before anything is connected. */
#include "app/self_check.h"

#include "base/log.h"
#include "core/self_test.h"

bool computes_as_published(void)
{
	const char *wrong = self_test(&SELF_TEST_VECTORS);

	if (wrong != NULL)
		log_error("start.failed",
			"what=self_test why=\"%s: no draw can be trusted to this build or its libraries\"", wrong);
	return wrong == NULL;
}
