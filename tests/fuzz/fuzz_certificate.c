/* Certificates of any bytes: read to the end or refused with one line; without the operator's signature never fair. */
#include <stdlib.h>
#include <string.h>

#include "show/certificate.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct certificate_verdict *v = calloc(1, sizeof *v);
	bool is_signed;

	if (v == NULL || !crypto_init())
		abort();
	certificate_judge(v, (const char *)data, size);
	is_signed = v->well_formed && certificate_signed(&v->certificate);
	if ((v->judged.verdict == VERDICT_FAIR || v->judged.verdict == VERDICT_REFUNDED) && !is_signed)
		abort();
	if (!v->well_formed && (v->judged.verdict != VERDICT_NOT_FAIR || strchr(v->judged.why, '\n') != NULL))
		abort();
	free(v);
	return 0;
}
