/* The five statements of a source by name. */
#include "core/source.h"

#include <string.h>

#define X(name, text, columns) { text, columns },
static const struct {
	const char *name, *columns;
} STATEMENTS[SOURCE_STATEMENTS] = { SOURCE_TABLE(X) };
#undef X

const char *source_statement_name(enum source_statement which)
{
	return STATEMENTS[which].name;
}

const char *source_columns(enum source_statement which)
{
	return STATEMENTS[which].columns;
}

const struct source_def *source_find(const struct source_defs *defs, const char *name)
{
	for (size_t i = 0; i < defs->n; i++)
		if (strcmp(defs->at[i].name, name) == 0)
			return &defs->at[i];
	return NULL;
}
