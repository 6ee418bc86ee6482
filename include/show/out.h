/* What explain, status, verify and fairness print: sections of fields, tables and notes, as text for people or as one JSON object.
 * Both say the same. Every JSON value is a string: a u64 does not fit a JSON number that a browser reads. */
#ifndef SHOW_OUT_H
#define SHOW_OUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/err.h"

struct out;

enum out_mood { OUT_PLAIN, OUT_GOOD, OUT_WARN, OUT_BAD };

/* colour: escape sequences in text; never in JSON. */
struct out *out_new(bool json, bool colour);
void out_free(struct out *out); /* NULL is allowed */

/* Fields and tables belong to the section begun last. Names are constants in lower case. */
void out_section(struct out *out, const char *name);
/* from: where the value comes from ("chain", "journal", "decided now"), shown behind it; NULL: nothing to say.
 * Values may hold what strangers wrote: control characters never reach the terminal. */
void out_field(struct out *out, const char *name, const char *from, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
/* The same, coloured. */
void out_mood_field(struct out *out, enum out_mood mood, const char *name, const char *from, const char *format, ...)
	__attribute__((format(printf, 5, 6)));

enum { OUT_COLUMNS_MAX = 12 };
/* A list of rows, in JSON an array of objects. columns is borrowed until out_table_end(). */
void out_table(struct out *out, const char *name, const char *const *columns, size_t n);
/* Cells from left to right; after the last one the row is complete. */
void out_cell(struct out *out, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Colours the row whose cells come next. */
void out_row_mood(struct out *out, enum out_mood mood);
void out_table_end(struct out *out);

/* Writes everything. Returns 0, or EX_IOERR (74) when it could not be written. */
NODISCARD int out_print(struct out *out, FILE *file);

#endif
