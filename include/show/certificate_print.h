/* What verify FILE shows. Private to show. */
#ifndef SHOW_CERTIFICATE_PRINT_H
#define SHOW_CERTIFICATE_PRINT_H

#include "show/certificate.h"
#include "show/out.h"

void certificate_print(struct out *out, const char *path, const struct certificate_verdict *v);

#endif
