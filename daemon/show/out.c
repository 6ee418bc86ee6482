/* Sections, fields and tables as aligned text or as JSON. */
#include "show/out.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/buf.h"

enum { TEXT_MAX = 512 << 20, VALUE_MAX = 2048, NAME_WIDTH = 20 };

struct out {
	bool json, colour;
	bool in_section, has_member; /* JSON: is a brace open, and does a comma come first */
	struct buf text;
	/* The table that is being filled: cells, each with its NUL, and the moods of its rows. */
	bool in_table;
	const char *const *columns;
	size_t n_columns, n_cells;
	struct buf cells, moods;
};

static const char *const COLOUR[] = { "", "\033[32m", "\033[33m", "\033[31m" };

struct out *out_new(bool json, bool colour)
{
	struct out *out = calloc(1, sizeof *out);

	if (!out)
		abort();
	out->json = json;
	out->colour = colour && !json;
	buf_heap(&out->text, TEXT_MAX);
	buf_heap(&out->cells, TEXT_MAX);
	buf_heap(&out->moods, TEXT_MAX);
	if (json)
		buf_char(&out->text, '{');
	return out;
}

void out_free(struct out *out)
{
	if (!out)
		return;
	buf_free(&out->text);
	buf_free(&out->cells);
	buf_free(&out->moods);
	free(out);
}

/* ---- values ---- */

static void add_json_string(struct buf *text, const char *value)
{
	buf_char(text, '"');
	for (const char *p = value; *p; p++) {
		const unsigned char c = (unsigned char)*p;

		if (c == '"' || c == '\\')
			buf_fmt(text, "\\%c", c);
		else if (c < 0x20 || c == 0x7f)
			buf_fmt(text, "\\u%04x", c);
		else
			buf_char(text, *p);
	}
	buf_char(text, '"');
}

/* One column per byte, and nothing that a terminal obeys. */
static void make_printable(char *value)
{
	for (char *p = value; *p; p++)
		if (*p == '\n' || *p == '\t')
			*p = ' ';
		else if ((unsigned char)*p < 0x20 || (unsigned char)*p >= 0x7f)
			*p = '?';
}

static void add_coloured(struct out *out, enum out_mood mood, const char *value)
{
	const bool dress = out->colour && mood != OUT_PLAIN;

	buf_fmt(&out->text, "%s%s%s", dress ? COLOUR[mood] : "", value, dress ? "\033[0m" : "");
}

/* ---- sections and fields ---- */

static void begin_member(struct out *out, const char *name)
{
	if (out->has_member)
		buf_char(&out->text, ',');
	out->has_member = true;
	add_json_string(&out->text, name);
	buf_char(&out->text, ':');
}

static void end_section(struct out *out)
{
	if (out->json && out->in_section) {
		buf_char(&out->text, '}');
		out->has_member = true;
	}
	out->in_section = false;
}

void out_section(struct out *out, const char *name)
{
	end_section(out);
	if (out->json) {
		begin_member(out, name);
		buf_char(&out->text, '{');
		out->has_member = false;
	} else {
		buf_fmt(&out->text, "%s%s\n", out->text.len > 0 ? "\n" : "", name);
	}
	out->in_section = true;
}

static void add_field(struct out *out, enum out_mood mood, const char *name, const char *from, char *value)
{
	if (out->json) {
		begin_member(out, name);
		buf_str(&out->text, "{\"value\":");
		add_json_string(&out->text, value);
		if (from) {
			buf_str(&out->text, ",\"from\":");
			add_json_string(&out->text, from);
		}
		buf_char(&out->text, '}');
		return;
	}
	make_printable(value);
	buf_fmt(&out->text, "  %-*s ", NAME_WIDTH, name);
	add_coloured(out, mood, value);
	if (from)
		buf_fmt(&out->text, "   [%s]", from);
	buf_char(&out->text, '\n');
}

void out_field(struct out *out, const char *name, const char *from, const char *format, ...)
{
	char value[VALUE_MAX];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(value, sizeof value, format, args);
	va_end(args);
	add_field(out, OUT_PLAIN, name, from, value);
}

void out_mood_field(struct out *out, enum out_mood mood, const char *name, const char *from, const char *format, ...)
{
	char value[VALUE_MAX];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(value, sizeof value, format, args);
	va_end(args);
	add_field(out, mood, name, from, value);
}

/* ---- tables ---- */

void out_table(struct out *out, const char *name, const char *const *columns, size_t n)
{
	out->in_table = true;
	out->columns = columns;
	out->n_columns = n;
	out->n_cells = 0;
	buf_reset(&out->cells);
	buf_reset(&out->moods);
	if (out->json)
		begin_member(out, name);
}

void out_row_mood(struct out *out, enum out_mood mood)
{
	const size_t row = out->n_cells / out->n_columns;

	while (out->moods.len <= row)
		buf_char(&out->moods, OUT_PLAIN);
	out->moods.data[row] = (char)mood;
}

void out_cell(struct out *out, const char *format, ...)
{
	char value[VALUE_MAX];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(value, sizeof value, format, args);
	va_end(args);
	if (!out->json)
		make_printable(value);
	buf_add(&out->cells, value, strlen(value) + 1);
	out->n_cells++;
}

static void measure(const struct out *out, size_t width[OUT_COLUMNS_MAX])
{
	const char *cell = out->cells.data;

	for (size_t i = 0; i < out->n_columns; i++)
		width[i] = strlen(out->columns[i]);
	for (size_t i = 0; i < out->n_cells; i++, cell += strlen(cell) + 1)
		if (strlen(cell) > width[i % out->n_columns])
			width[i % out->n_columns] = strlen(cell);
}

/* The last column is not padded: no blanks at the end of a line. */
static void text_line(struct out *out, const size_t *width, const char *const *cells)
{
	buf_str(&out->text, " ");
	for (size_t i = 0; i < out->n_columns; i++)
		buf_fmt(&out->text, " %-*s", i + 1 < out->n_columns ? (int)width[i] : 0, cells[i]);
}

static enum out_mood mood_of(const struct out *out, size_t row)
{
	return row < out->moods.len ? (enum out_mood)out->moods.data[row] : OUT_PLAIN;
}

static void text_table(struct out *out)
{
	size_t width[OUT_COLUMNS_MAX] = { 0 };
	const char *cell = out->cells.data, *row[OUT_COLUMNS_MAX];

	measure(out, width);
	text_line(out, width, out->columns);
	buf_char(&out->text, '\n');
	for (size_t r = 0; r < out->n_cells / out->n_columns; r++) {
		const enum out_mood mood = mood_of(out, r);

		for (size_t i = 0; i < out->n_columns; i++, cell += strlen(cell) + 1)
			row[i] = cell;
		if (out->colour && mood != OUT_PLAIN)
			buf_str(&out->text, COLOUR[mood]);
		text_line(out, width, row);
		buf_str(&out->text, out->colour && mood != OUT_PLAIN ? "\033[0m\n" : "\n");
	}
}

static void json_table(struct out *out)
{
	const char *cell = out->cells.data;

	buf_char(&out->text, '[');
	for (size_t i = 0; i < out->n_cells; i++, cell += strlen(cell) + 1) {
		const size_t column = i % out->n_columns;

		buf_str(&out->text, column > 0 ? "," : i > 0 ? ",{" : "{");
		add_json_string(&out->text, out->columns[column]);
		buf_char(&out->text, ':');
		add_json_string(&out->text, cell);
		if (column + 1 == out->n_columns)
			buf_char(&out->text, '}');
	}
	buf_char(&out->text, ']');
}

void out_table_end(struct out *out)
{
	if (out->json)
		json_table(out);
	else
		text_table(out);
	out->in_table = false;
}

int out_print(struct out *out, FILE *file)
{
	end_section(out);
	if (out->json)
		buf_str(&out->text, "}\n");
	if (!buf_ok(&out->text) || fwrite(out->text.data, 1, out->text.len, file) != out->text.len)
		return EX_IOERR;
	return fflush(file) == 0 && !ferror(file) ? EX_OK : EX_IOERR;
}
