/* verify FILE: a certificate checked without any network, database or setting. */
#ifndef SHOW_CERTIFICATE_H
#define SHOW_CERTIFICATE_H

#include <stdbool.h>
#include <stdio.h>

#include "base/err.h"
#include "show/judge_draw.h"

struct certificate_verdict {
	bool well_formed; /* else certificate is zero where it was not reached */
	struct certificate certificate;
	struct evidence evidence;    /* of a pool's      */
	struct judged_draw computed; /* of a draw's      */
	struct judged judged;
};

/* text: the whole file. v: zeroed, and large: not for the stack. */
void certificate_judge(struct certificate_verdict *v, const char *text, size_t n);

/* Prints every input, every step and the verdict to `out`. Returns the codes of verify: 0 fair, as far as a file can show;
 * 1 not fair, or no certificate; 3 no draw, and the stakes went back; 69 something could not be checked here. 64: the file cannot be read (one line on
 * `complaints`), 74: the output could not be written. */
NODISCARD int show_certificate(const char *path, bool json, bool colour, FILE *out, FILE *complaints);

#endif
