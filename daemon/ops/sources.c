/* Where the text of each setting comes from: the environment, over --env-file, over --config, over the default. */
#include "ops/sources.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "ops/env_file.h"

enum { WHY_MAX = 320, NAME_MAX_SHOWN = 64 };

struct file {
	const char *option, *path;
	bool ours; /* nobody else reads it: every name must be a setting */
	bool port; /* PORT is in it */
	struct secret_text text;
	struct source value[SETTING_COUNT];
	struct faults *faults; /* while it is read */
};

struct sources {
	struct file config_file, env_file;
	struct source environment[SETTING_COUNT];
};

/* ---- files ---- */

static void on_fault(void *owner, unsigned line, const char *why)
{
	struct file *file = owner;
	char text[WHY_MAX];

	snprintf(text, sizeof(text), "line %u %s", line, why);
	fault_say(file->option, file->path, text);
	file->faults->bad = true;
}

/* The value is not shown: it may be the secret of the setting that was meant. */
static void refuse_name(struct file *file, unsigned line, const char *key)
{
	const char *near = setting_near_miss(key);
	char why[WHY_MAX];

	if (near != NULL)
		snprintf(why, sizeof(why), "line %u of %s: there is no such setting, write %s", line, file->path, near);
	else
		snprintf(why, sizeof(why),
			"line %u of %s: there is no such setting: take the line out, or see --print-settings", line,
			file->path);
	if (near == NULL && !file->ours)
		return;
	fault_say(key, "***", why);
	file->faults->bad = true;
}

static void on_entry(void *owner, unsigned line, const char *key, const char *value)
{
	struct file *file = owner;
	const struct setting *setting = setting_find(key);
	struct source *source;
	char why[WHY_MAX];

	if (setting == NULL) {
		if (strcmp(key, "PORT") == 0)
			file->port = true;
		refuse_name(file, line, key);
		return;
	}
	if (value[0] == '\0')
		return;
	source = &file->value[setting - SETTINGS];
	if (source->text != NULL && strcmp(source->text, value) != 0) {
		snprintf(why, sizeof(why), "is set to two values, in lines %u and %u of %s: keep one", source->line,
			line, file->path);
		fault_add(file->faults, setting, value, why);
	}
	*source = (struct source){ value, file->path, line };
}

static void read_file(struct file *file, struct faults *faults)
{
	const struct env_reader reader = { .owner = file, .entry = on_entry, .fault = on_fault };
	char why[WHY_MAX];
	bool exposed;

	if (file->path == NULL)
		return;
	file->faults = faults;
	if (secret_file_read(&file->text, file->path, CONFIG_FILE_MAX, SECRET_FILE_ANY, &exposed, why, sizeof(why)) !=
		ERR_OK) {
		fault_say(file->option, file->path, why);
		faults->bad = true;
		return;
	}
	env_file_parse(file->text.text, file->text.len, &reader);
	for (size_t i = 0; exposed && i < SETTING_COUNT; i++) {
		if (SETTINGS[i].type != TYPE_SECRET || file->value[i].text == NULL)
			continue;
		snprintf(why, sizeof(why), "holds %s and others can read it: run chmod 600 %s", SETTINGS[i].key,
			file->path);
		fault_say(file->option, file->path, why);
		faults->exposed = true;
	}
}

/* ---- the environment ---- */

static const char *environment(const char *key)
{
	const char *value = key != NULL ? getenv(key) : NULL;

	return value != NULL && value[0] != '\0' ? value : NULL;
}

/* The name over its alias. */
static void read_environment(struct sources *sources, struct faults *faults)
{
	for (size_t i = 0; i < SETTING_COUNT; i++) {
		const char *value = environment(SETTINGS[i].key), *other = environment(SETTINGS[i].alias);
		char why[WHY_MAX];

		if (value != NULL && other != NULL && strcmp(value, other) != 0) {
			snprintf(why, sizeof(why), "differs from %s: keep one", SETTINGS[i].alias);
			fault_add(faults, &SETTINGS[i], value, why);
		}
		if (value == NULL)
			value = other;
		if (value != NULL)
			sources->environment[i] = (struct source){ value, "environment", 0 };
	}
}

/* Only a warning: a service manager or a shell put names there that nobody here chose. */
static void warn_of_slips(void)
{
	for (char *const *entry = environ; *entry != NULL; entry++) {
		size_t n = strcspn(*entry, "=");
		char name[NAME_MAX_SHOWN + 1];
		const char *near;

		if (n > NAME_MAX_SHOWN)
			continue;
		snprintf(name, sizeof(name), "%.*s", (int)n, *entry);
		near = setting_find(name) == NULL ? setting_near_miss(name) : NULL;
		if (near != NULL)
			log_warn("config.unknown",
				"key=%s in=environment why=\"there is no such setting, is %s meant?\"", name, near);
	}
}

/* ---- all ---- */

struct sources *sources_read(const struct config_files *files, struct faults *faults)
{
	struct sources *sources = calloc(1, sizeof(*sources));

	if (sources == NULL)
		abort(); /* out of memory at the start: nothing has been touched yet */
	sources->config_file.option = "--config";
	sources->config_file.path = files->config_file;
	sources->config_file.ours = true;
	sources->env_file.option = "--env-file";
	sources->env_file.path = files->env_file;
	read_file(&sources->config_file, faults);
	read_file(&sources->env_file, faults);
	read_environment(sources, faults);
	warn_of_slips();
	if (sources->env_file.port || environment("PORT") != NULL)
		log_info("config.ignored",
			"key=PORT why=\"it is the web backend's; poolkeeper listens on KEEPER_HTTP\"");
	return sources;
}

void sources_free(struct sources *sources)
{
	secret_text_wipe(&sources->config_file.text);
	secret_text_wipe(&sources->env_file.text);
	free(sources);
}

struct source sources_find(const struct sources *sources, const struct setting *setting)
{
	size_t i = (size_t)(setting - SETTINGS);

	if (sources->environment[i].text != NULL)
		return sources->environment[i];
	return sources->env_file.value[i].text != NULL ? sources->env_file.value[i] : sources->config_file.value[i];
}
