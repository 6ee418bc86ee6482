/* The .env syntax: KEY=value lines as dotenv and a shell both read them. */
#ifndef OPS_ENV_FILE_H
#define OPS_ENV_FILE_H

#include <stddef.h>

/* Called in the order of the lines; lines count from 1. Both texts are borrowed from env_file_parse's buffer and stay
 * valid as long as it does. */
struct env_reader {
	void *owner;
	void (*entry)(void *owner, unsigned line, const char *key, const char *value);
	void (*fault)(void *owner, unsigned line, const char *why);
};

/* Blank lines, # comments and a leading "export" are skipped. The value is
 *   bare      to the end of the line, without blanks at the ends; " #" starts a comment, a # elsewhere is a fault
 *             because readers of this syntax disagree about it
 *   'x' `x`   literally, also over several lines
 *   "x"       with \n \r \t \" \\ \$ , also over several lines
 * Nothing is expanded. A faulty line is reported and skipped. text[len] must be '\0'; text is changed in place. */
void env_file_parse(char *text, size_t len, const struct env_reader *reader);

#endif
