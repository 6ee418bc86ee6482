/* .env.example and the README's table of settings, written from the settings table. */
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

void config_print_env_example(FILE *out)
{
	fputs("# Settings of poolkeeper: copy to .env (mode 0600), fill in, and look with: poolkeeper --env-file .env "
	      "--check-config\n"
	      "# The environment wins over this file. A line that starts with # shows a default or an example.\n"
	      "# scripts/db also reads DIRECT_DATABASE_URL from the environment: the server itself, not the pooler.\n",
		out);
	for (size_t i = 0; i < SETTING_COUNT; i++) {
		const struct setting *s = &SETTINGS[i];
		bool required = (s->flags & SETTING_REQUIRED) != 0;

		if (i == 0 || s->group != SETTINGS[i - 1].group)
			fprintf(out, "\n# --- %s ---\n", SETTING_GROUP_TITLES[s->group]);
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
	}
}

void config_print_table(FILE *out)
{
	fputs("| Setting | Default | What it is for |\n| --- | --- | --- |\n", out);
	for (size_t i = 0; i < SETTING_COUNT; i++) {
		const struct setting *s = &SETTINGS[i];
		const char *fallback = fallback_text(s);

		fprintf(out, "| `%s` | ", s->key);
		if (s->flags & SETTING_REQUIRED)
			fputs("**required**", out);
		else if (fallback != NULL)
			fprintf(out, "%s", fallback);
		fprintf(out, " | %s |\n", s->doc);
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
