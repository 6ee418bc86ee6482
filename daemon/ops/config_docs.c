/* What the settings table says to people: .env.example, the README's table, and the settings as they are. */
#include <stdio.h>
#include <string.h>

#include "ops/event_keys.h"
#include "ops/setting.h"

static const char *fallback_text(const struct setting *setting)
{
	if ((setting->flags & SETTING_BY_NETWORK) != 0)
		return "by network";
	return setting->fallback;
}

static const struct {
	const char *key, *provider, *text;
} EXAMPLES[] = {
#define X(key, provider, text) { #key, provider, text },
	CONFIG_EXAMPLES(X)
#undef X
};

static void print_examples(FILE *out, const struct setting *setting)
{
	for (size_t i = 0; i < sizeof(EXAMPLES) / sizeof(EXAMPLES[0]); i++)
		if (strcmp(EXAMPLES[i].key, setting->key) == 0)
			fprintf(out, "#   %s:\n#%s=%s\n", EXAMPLES[i].provider, setting->key, EXAMPLES[i].text);
}

static void print_title(FILE *out, size_t i)
{
	if (i == 0 || SETTINGS[i].group != SETTINGS[i - 1].group)
		fprintf(out, "\n# --- %s ---\n", SETTING_GROUP_TITLES[SETTINGS[i].group]);
}

/* Bare where dotenv and a shell would read the same, else in quotes. */
static void print_value(FILE *out, const char *text)
{
	bool bare = text[strcspn(text, " \t#'\"`$\\*?&;()<>|[]{}~!")] == '\0';

	if (bare || strchr(text, '\'') != NULL)
		fputs(text, out);
	else
		fprintf(out, "'%s'", text);
}

void config_print(const struct config *config, FILE *out)
{
	fputs("# The settings as they are in force, secrets masked.\n", out);
	for (size_t i = 0; i < SETTING_COUNT; i++) {
		const struct config_shown *shown = &config->shown[i];

		print_title(out, i);
		if (shown->text == NULL) {
			fprintf(out, "#%s= # not set\n", SETTINGS[i].key);
			continue;
		}
		fprintf(out, "%s=", SETTINGS[i].key);
		print_value(out, shown->text);
		fprintf(out, shown->line > 0 ? " # %s, line %u\n" : " # %s\n", shown->where, shown->line);
	}
}

void config_print_env_example(FILE *out)
{
	fputs("# Settings of poolkeeper: copy to .env (mode 0600), fill in, and look with: poolkeeper --env-file .env "
	      "--check-config\n"
	      "# The environment wins over this file, and this file over the one named by --config. A line that starts "
	      "with # shows a default or an example.\n"
	      "# scripts/db reads DIRECT_DATABASE_URL from its environment, not from this file: the server itself, not "
	      "the "
	      "pooler, as the owner of the tables,\n"
	      "# whose password is none of the daemon's. Railway, Render and AWS RDS: as DATABASE_URL below, with the "
	      "owner's name.\n"
	      "#   own server:\n"
	      "#DIRECT_DATABASE_URL=postgres://keeper_owner:PASSWORD@127.0.0.1:5432/missout\n"
	      "#   Supabase, direct:\n"
	      "#DIRECT_DATABASE_URL=postgresql://postgres:PASSWORD@db.PROJECT.supabase.co:5432/postgres\n"
	      "#   Neon, direct, without -pooler:\n"
	      "#DIRECT_DATABASE_URL=postgresql://USER:PASSWORD@ep-NAME.REGION.aws.neon.tech/DATABASE?sslmode=require\n",
		out);
	for (size_t i = 0; i < SETTING_COUNT; i++) {
		const struct setting *s = &SETTINGS[i];
		bool required = (s->flags & SETTING_REQUIRED) != 0;

		print_title(out, i);
		fprintf(out, "# %s", s->doc);
		if (s->alias != NULL)
			fprintf(out, " Also read as %s.", s->alias);
		if (fallback_text(s) != NULL)
			fprintf(out, " Default: %s.", fallback_text(s));
		if (s->type == TYPE_NUMBER)
			fprintf(out, " From %llu to %llu.", (unsigned long long)s->low, (unsigned long long)s->high);
		fprintf(out, "\n%s%s=%s\n", required ? "" : "#", s->key,
			s->example != NULL    ? s->example
			: s->fallback != NULL ? s->fallback
					      : "");
		print_examples(out, s);
	}
}

void config_print_table(FILE *out)
{
	fputs("| Setting | Default | SIGHUP | What it is for |\n| --- | --- | --- | --- |\n", out);
	for (size_t i = 0; i < SETTING_COUNT; i++) {
		const struct setting *s = &SETTINGS[i];
		const char *fallback = fallback_text(s);

		fprintf(out, "| `%s` | ", s->key);
		if (s->flags & SETTING_REQUIRED)
			fputs("**required**", out);
		else if (fallback != NULL)
			fprintf(out, "%s", fallback);
		fprintf(out, " | %s | %s |\n", s->flags & SETTING_LIVE ? "changes it" : "", s->doc);
	}
}

void config_print_events(FILE *out)
{
	static const struct {
		const char *name, *level, *about, *meaning;
	} EVENTS[] = {
#define X(name, level, about, meaning) { name, level, about, meaning },
		EVENT_TABLE(X)
#undef X
	};

	fputs("| Event | Level | Pool in | Meaning |\n| --- | --- | --- | --- |\n", out);
	for (size_t i = 0; i < sizeof(EVENTS) / sizeof(EVENTS[0]); i++)
		fprintf(out, "| `%s` | %s | %s | %s |\n", EVENTS[i].name, EVENTS[i].level,
			strcmp(EVENTS[i].about, "account") == 0 ? "subject" : EVENTS[i].about, EVENTS[i].meaning);
}
