/* Reads the name of a draw of the database. */
#include "core/draw_name.h"

#include <string.h>

static const char SUBJECT[] = "offchain:", FORM[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";

static bool is_id(const char *text)
{
	for (const char *form = FORM; *form; form++, text++)
		if (*form == '-' ? *text != '-' : *text == '\0' || !strchr("0123456789abcdef", *text))
			return false;
	return *text == '\0';
}

const char *draw_name_id(const char *text)
{
	if (strncmp(text, SUBJECT, strlen(SUBJECT)) == 0)
		text += strlen(SUBJECT);
	return is_id(text) ? text : NULL;
}

bool draw_name_fits(const char *text)
{
	const char *colon = strchr(text, ':');

	if (draw_name_id(text) || !colon || colon == text)
		return draw_name_id(text) != NULL;
	for (; text < colon; text++)
		if (!strchr("abcdefghijklmnopqrstuvwxyz0123456789_", *text))
			return false;
	return colon[1] != '\0';
}
