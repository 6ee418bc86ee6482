/* A complete set of settings in a folder of its own, and the log as text: for the tests of ops/config. */
#ifndef UNIT_CONFIG_FIXTURE_H
#define UNIT_CONFIG_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/crypto.h"
#include "core/address.h"
#include "ops/config.h"

#define TREASURY "DcNqMvCy5vZBzVizjochDkRNZ8kpB5ECw7nkJRg92oxf"
#define DATABASE "postgres://keeper:hunter2secret@db.example:6543/missout?pgbouncer=true"
#define ENDPOINT "https://rpc.example/?api-key=0123456789abcdef0123"
#define KEY_TEXT "2ufQ6rXQtVyWYh5kSnnPHGHGQ6qQHqQ3oYtyYwSxkkc3Y1bUAvF9K3sM4pDmC5pGtWj8n7yRZ5qvC9uQ2z1XwVbN"
/* Like a key, and never loaded as one: the log does not know it. */
#define STRAY_KEY "3xQpW8nZrT5vYbK2mHd7LsGfJ4cRuE9aXwN6tPqVzB1yCkMoDhS8jFiUgTn5e2rL7pQvWxZ3bYdKmHs9GfJ4cRuE"

enum { LOG_MAX = 65536 };

static char folder[] = "/tmp/poolkeeper-test-config-XXXXXX";
static char key_path[64], env_path[64], own_path[64];
static char log_text[LOG_MAX];
static struct config *config;

static void write_file(const char *path, const char *text, mode_t mode)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(path, mode), 0);
}

/* A complete set of settings in the environment; each test changes what it is about. */
static int set_up(void **state)
{
	(void)state;
	clearenv();
	setenv("DATABASE_URL", DATABASE, 1);
	setenv("SOLANA_RPC_URL", ENDPOINT, 1);
	setenv("TREASURY_WALLET_PUBKEY", TREASURY, 1);
	setenv("DEV_WALLET_KEY_FILE", key_path, 1);
	write_file(key_path, " " KEY_TEXT "\n", 0600);
	config = NULL;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	config_free(config);
	unlink(key_path);
	unlink(env_path);
	unlink(own_path);
	return 0;
}

static FILE *capture(void)
{
	FILE *sink = tmpfile();

	assert_non_null(sink);
	log_open(fileno(sink));
	return sink;
}

static void captured(FILE *sink)
{
	size_t n;

	log_open(2);
	rewind(sink);
	n = fread(log_text, 1, sizeof(log_text) - 1, sink);
	log_text[n] = '\0';
	fclose(sink);
}

/* Loads with the log going to log_text. */
static int load_files(const char *env_file, const char *config_file)
{
	const struct config_files files = { env_file, config_file };
	FILE *sink = capture();
	int code;

	config_free(config);
	code = config_load(&config, &files);
	captured(sink);
	assert_non_null(config);
	return code;
}

static int load(const char *env_file)
{
	return load_files(env_file, NULL);
}

static unsigned faults(void)
{
	unsigned n = 0;

	for (const char *at = log_text; (at = strstr(at, "event=config.invalid")) != NULL; at++)
		n++;
	return n;
}

static void expect_fault(int code, const char *key, const char *fragment)
{
	char field[80];

	snprintf(field, sizeof(field), "key=%s ", key);
	assert_int_equal(load(NULL), code);
	if (faults() != 1 || strstr(log_text, field) == NULL || strstr(log_text, fragment) == NULL)
		fail_msg("wanted one fault about %s with \"%s\", got:\n%s", key, fragment, log_text);
}

static int make_folder(void **state)
{
	(void)state;
	if (!crypto_init() || mkdtemp(folder) == NULL)
		return -1;
	snprintf(key_path, sizeof(key_path), "%s/key", folder);
	snprintf(env_path, sizeof(env_path), "%s/env", folder);
	snprintf(own_path, sizeof(own_path), "%s/own", folder);
	return 0;
}

static int remove_folder(void **state)
{
	(void)state;
	return rmdir(folder);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

#endif
