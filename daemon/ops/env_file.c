/* The .env syntax: KEY=value lines as dotenv and a shell both read them. */
#include "ops/env_file.h"

#include <stdbool.h>
#include <string.h>

struct cursor {
	char *at;
	unsigned line;
	const struct env_reader *reader;
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static bool is_name(char c, bool first)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_' || (!first && c >= '0' && c <= '9');
}

static void skip_blanks(struct cursor *c)
{
	while (is_blank(*c->at))
		c->at++;
}

static void skip_line(struct cursor *c)
{
	while (*c->at != '\0' && *c->at != '\n')
		c->at++;
	if (*c->at == '\n') {
		c->at++;
		c->line++;
	}
}

static void fault(struct cursor *c, unsigned line, const char *why)
{
	c->reader->fault(c->reader->owner, line, why);
	skip_line(c);
}

static char unescape(char c)
{
	switch (c) {
	case 'n':
		return '\n';
	case 'r':
		return '\r';
	case 't':
		return '\t';
	case '"':
	case '\\':
	case '$':
		return c;
	}
	return '\0';
}

/* The value is moved over its own quotes and escapes. NULL: the quote never ends. */
static char *quoted(struct cursor *c)
{
	char quote = *c->at++;
	char *start = c->at, *to = c->at;

	while (*c->at != quote) {
		if (*c->at == '\0')
			return NULL;
		if (*c->at == '\n')
			c->line++;
		if (quote == '"' && *c->at == '\\' && unescape(c->at[1]) != '\0') {
			*to++ = unescape(c->at[1]);
			c->at += 2;
		} else {
			*to++ = *c->at++;
		}
	}
	c->at++;
	*to = '\0';
	return start;
}

/* NULL: a # inside. */
static char *bare(struct cursor *c)
{
	char *start = c->at, *end;

	while (*c->at != '\0' && *c->at != '\n' && *c->at != '#')
		c->at++;
	if (*c->at == '#' && c->at != start && !is_blank(c->at[-1]))
		return NULL;
	end = c->at;
	while (end > start && is_blank(end[-1]))
		end--;
	skip_line(c);
	*end = '\0'; /* last: the newline may have stood here */
	return start;
}

/* KEY and = of a line; on return the cursor is at the value. NULL: this is no such line. */
static char *name(struct cursor *c)
{
	char *key, *end;

	if (strncmp(c->at, "export", 6) == 0 && is_blank(c->at[6])) {
		c->at += 6;
		skip_blanks(c);
	}
	key = c->at;
	while (is_name(*c->at, c->at == key))
		c->at++;
	end = c->at;
	skip_blanks(c);
	if (end == key || *c->at != '=')
		return NULL;
	c->at++;
	skip_blanks(c);
	*end = '\0';
	return key;
}

static void parse_line(struct cursor *c)
{
	unsigned line = c->line;
	char *key = name(c), *value;

	if (key == NULL) {
		fault(c, line, "is not KEY=value");
		return;
	}
	if (*c->at != '\'' && *c->at != '"' && *c->at != '`') {
		value = bare(c);
		if (value == NULL)
			fault(c, line, "has a # inside a bare value: put the value into quotes");
		else
			c->reader->entry(c->reader->owner, line, key, value);
		return;
	}
	value = quoted(c);
	if (value == NULL) {
		fault(c, line, "opens a quote that never closes");
		return;
	}
	skip_blanks(c);
	if (*c->at != '\0' && *c->at != '\n' && *c->at != '#') {
		fault(c, line, "has text after the closing quote");
		return;
	}
	skip_line(c);
	c->reader->entry(c->reader->owner, line, key, value);
}

void env_file_parse(char *text, size_t len, const struct env_reader *reader)
{
	struct cursor c = { .at = text, .line = 1, .reader = reader };

	if (strlen(text) != len) {
		reader->fault(reader->owner, 1, "has a NUL byte somewhere: this is not a text file");
		return;
	}
	while (*c.at != '\0') {
		skip_blanks(&c);
		if (*c.at == '\0' || *c.at == '\n' || *c.at == '#')
			skip_line(&c);
		else
			parse_line(&c);
	}
}
