/* Instruction data of strangers: whatever is recognised is built back to the same bytes. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/ml.h"
#include "core/switchboard.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct ml_accounts accounts;
	struct ml_args args;
	struct ix built;
	enum ml_ix which;
	enum sb_ix sb;

	if (size > 0 && size < 200) {
		/* Half of the inputs start with a real discriminator. */
		uint8_t known[208];

		memset(&args, 0, sizeof args);
		ml_build(&built, (enum ml_ix)(data[0] % ML_IX_COUNT), &accounts, &args);
		memcpy(known, built.data, 8);
		memcpy(known + 8, data + 1, size - 1);
		if (ml_parse(&which, &args, known, size + 7)) {
			ml_build(&built, which, &accounts, &args);
			if (built.data_size > size + 7 || memcmp(built.data, known, built.data_size) != 0)
				abort();
		}
	}
	if (ml_parse(&which, &args, data, size)) {
		ml_build(&built, which, &accounts, &args);
		if (built.data_size > size || memcmp(built.data, data, built.data_size) != 0)
			abort();
	}
	if (sb_identify(&sb, data, size) && size < 8)
		abort();
	return 0;
}
