/* Reads the files of the sources of draws. */
#include "ops/draw_sources.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ops/faults.h"
#include "ops/secret_file.h"

enum { PATH_TEXT = 512, WHY_TEXT = 320 };
static const char KEY[] = "OFFCHAIN_SOURCES";

static bool read_source(struct source_def *def, const char *path)
{
	struct secret_text file = { 0 };
	char why[WHY_TEXT], *text;
	bool exposed, ok = secret_file_read(&file, path, SOURCE_FILE_MAX, SECRET_FILE_ANY, &exposed, why, sizeof why) ==
	                   ERR_OK;

	if (ok && strlen(file.text) != file.len) {
		snprintf(why, sizeof why, "has a zero byte: it is not text");
		ok = false;
	}
	if (ok) {
		text = strdup(file.text);
		if (!text)
			abort();
		ok = source_parse(def, text, why, sizeof why);
	}
	secret_text_wipe(&file);
	if (!ok)
		fault_say(KEY, path, why);
	return ok;
}

/* Directories that are no source: hidden ones. Everything else must be one. */
static bool take(struct source_defs *out, const char *directory, const char *name)
{
	struct source_def *def = &out->at[out->n];
	char path[PATH_TEXT];

	if (!source_name_fits(name)) {
		fault_say(KEY, name, "a source is named by a-z, 0-9 and _, at most 40: rename the directory");
		return false;
	}
	if (out->n == SOURCES_MAX) {
		fault_say(KEY, directory, "holds more than 16 sources: take some out");
		return false;
	}
	if (snprintf(path, sizeof path, "%s/%s/statements.sql", directory, name) >= (int)sizeof path) {
		fault_say(KEY, directory, "is too long a path");
		return false;
	}
	out->n++;
	(void)snprintf(def->name, sizeof def->name, "%.*s", SOURCE_NAME - 1, name);
	return read_source(def, path);
}

static int is_visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

bool draw_sources_load(struct source_defs *out, const char *directory)
{
	struct dirent **entry = NULL;
	char why[WHY_TEXT];
	bool ok = true;
	int n;

	memset(out, 0, sizeof *out);
	if (!directory)
		return true;
	n = scandir(directory, &entry, is_visible, alphasort);
	if (n < 0) {
		(void)snprintf(why, sizeof why,
			"cannot be read (%s): name the directory that holds one directory per source", strerror(errno));
		fault_say(KEY, directory, why);
		return false;
	}
	if (n == 0)
		fault_say(KEY, directory, "is empty: name the directory that holds one directory per source");
	ok = n > 0;
	for (int i = 0; i < n; i++) {
		ok = take(out, directory, entry[i]->d_name) && ok;
		free(entry[i]);
	}
	free(entry);
	return ok;
}

void draw_sources_free(struct source_defs *defs)
{
	for (size_t i = 0; i < defs->n; i++)
		free(defs->at[i].text);
	defs->n = 0;
}
