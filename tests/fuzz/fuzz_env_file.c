/* ops/env_file on any bytes: keys are names, lines are within the text, nothing is read outside of it. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ops/env_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct seen {
	unsigned last, lines;
};

static void note_line(struct seen *seen, unsigned line)
{
	assert(line >= 1 && line >= seen->last && line <= seen->lines);
	seen->last = line;
}

static void entry(void *owner, unsigned line, const char *key, const char *value)
{
	note_line(owner, line);
	assert(key[0] != '\0' && strpbrk(key, " \t\r\n='\"#") == NULL);
	assert(strlen(value) < 1 << 20);
}

static void fault(void *owner, unsigned line, const char *why)
{
	note_line(owner, line);
	assert(why[0] != '\0');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct seen seen = { .lines = 1 };
	const struct env_reader reader = { &seen, entry, fault };
	char *text = malloc(size + 1);

	if (text == NULL)
		abort();
	if (size > 0)
		memcpy(text, data, size);
	text[size] = '\0';
	for (size_t i = 0; i < size; i++)
		seen.lines += text[i] == '\n';
	env_file_parse(text, size, &reader);
	free(text);
	return 0;
}
