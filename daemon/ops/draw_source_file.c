/* A source's file, cut into its statements. */
#include <stdio.h>
#include <string.h>

#include "ops/draw_sources.h"

static const char MARK[] = "-- name:";
enum { MARK_SIZE = sizeof MARK - 1 };

bool source_name_fits(const char *name)
{
	const size_t n = strlen(name);

	return n > 0 && n < SOURCE_NAME && name[0] >= 'a' && name[0] <= 'z' &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_") == n;
}

/* Nothing but comments and blanks. */
static bool is_empty(const char *text)
{
	for (const char *line = text; *line;) {
		const size_t blank = strspn(line, " \t\r;"), n = strcspn(line, "\n");

		if (blank < n && strncmp(line + blank, "--", 2) != 0)
			return false;
		line += n + (line[n] != '\0');
	}
	return true;
}

static bool which_is(const char *name, enum source_statement *out)
{
	for (unsigned i = 0; i < SOURCE_STATEMENTS; i++) {
		if (strcmp(name, source_statement_name((enum source_statement)i)) != 0)
			continue;
		*out = (enum source_statement)i;
		return true;
	}
	return false;
}

/* line begins with MARK: its name, trimmed, and the end of the line. */
static char *take_name(char *line, char **name)
{
	const size_t n = strcspn(line, "\n");
	char *after = line + n + (line[n] != '\0'), *end = line + n;

	*name = line + MARK_SIZE + strspn(line + MARK_SIZE, " \t");
	while (end > *name && strchr(" \t\r\n", end[-1]))
		end--;
	*end = '\0';
	return after;
}

static bool begin(struct source_def *def, const char *name, const char *sql, char *why, size_t why_size)
{
	enum source_statement which;

	if (!which_is(name, &which)) {
		snprintf(why, why_size, "has a statement \"%.40s\": the five are due, freeze, entries, settle, refund",
			name);
		return false;
	}
	if (def->sql[which]) {
		snprintf(why, why_size, "has the statement \"%s\" twice: keep one", name);
		return false;
	}
	def->sql[which] = sql;
	return true;
}

static bool all_there(const struct source_def *def, char *why, size_t why_size)
{
	for (unsigned i = 0; i < SOURCE_STATEMENTS; i++) {
		if (def->sql[i] && !is_empty(def->sql[i]))
			continue;
		snprintf(why, why_size, "%s the statement \"%s\": write it below a line \"-- name: %s\"",
			def->sql[i] ? "has nothing in" : "lacks", source_statement_name((enum source_statement)i),
			source_statement_name((enum source_statement)i));
		return false;
	}
	return true;
}

bool source_parse(struct source_def *def, char *text, char *why, size_t why_size)
{
	bool begun = false;
	char *after, *name;

	def->text = text;
	memset(def->sql, 0, sizeof def->sql);
	for (char *line = text; *line; line = after) {
		const size_t n = strcspn(line, "\n");

		after = line + n + (line[n] != '\0');
		if (strncmp(line, MARK, MARK_SIZE) != 0)
			continue;
		after = take_name(line, &name);
		line[0] = '\0'; /* what came before ends here */
		if (!begun && !is_empty(text)) {
			snprintf(why, why_size, "has text before its first line \"-- name:\"");
			return false;
		}
		begun = true;
		if (!begin(def, name, after, why, why_size))
			return false;
	}
	return all_there(def, why, why_size);
}
