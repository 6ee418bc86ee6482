/* logfmt to JSON, byte by byte. */
#include "base/log_json.h"

#include <string.h>

#include "base/buf.h"

struct scan {
	const char *at, *end;
};

/* logfmt's \xHH is JSON's \u00HH; its other escapes are JSON's as well. */
static void add_quoted(struct buf *out, struct scan *s)
{
	while (s->at < s->end && *s->at != '"') {
		if (*s->at == '\\' && s->at + 1 < s->end && s->at[1] == 'x') {
			buf_str(out, "\\u00");
			s->at += 2;
			continue;
		}
		if (*s->at == '\\' && s->at + 1 < s->end)
			buf_char(out, *s->at++);
		buf_char(out, *s->at++);
	}
	if (s->at < s->end)
		s->at++;
}

static void add_field(struct buf *out, struct scan *s)
{
	buf_char(out, '"');
	while (s->at < s->end && *s->at != '=' && *s->at != ' ')
		buf_char(out, *s->at++);
	buf_str(out, "\":\"");
	if (s->at < s->end && *s->at == '=')
		s->at++;
	if (s->at < s->end && *s->at == '"') {
		s->at++;
		add_quoted(out, s);
	} else {
		while (s->at < s->end && *s->at != ' ')
			buf_char(out, *s->at++);
	}
	buf_char(out, '"');
}

size_t log_json(char out[LOG_JSON_MAX], const char *line, size_t len)
{
	struct scan s = { line, line + len };
	struct buf json;

	buf_on(&json, out, LOG_JSON_MAX);
	if (s.end > s.at && s.end[-1] == '\n')
		s.end--;
	if (s.end - s.at >= 3 && *s.at == '<') { /* journald takes the prefix off */
		buf_add(&json, s.at, 3);
		s.at += 3;
	}
	for (const char *between = "{"; s.at < s.end; between = ",") {
		buf_str(&json, between);
		add_field(&json, &s);
		while (s.at < s.end && *s.at == ' ')
			s.at++;
	}
	buf_str(&json, "}\n");
	return json.len;
}

bool log_format_parse(const char *name, enum log_format *format)
{
	*format = strcmp(name, "json") == 0 ? LOG_JSON : LOG_LOGFMT;
	return *format == LOG_JSON || strcmp(name, "logfmt") == 0;
}
