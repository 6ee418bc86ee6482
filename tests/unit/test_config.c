/* ops/config: where values come from, that every fault is named at once, and that no secret is shown. */
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
static char key_path[64], env_path[64];
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
	return 0;
}

/* Loads with the log going to log_text. */
static int load(const char *env_file)
{
	FILE *sink = tmpfile();
	size_t n;
	int code;

	assert_non_null(sink);
	log_open(fileno(sink));
	config_free(config);
	code = config_load(&config, env_file);
	log_open(2);
	rewind(sink);
	n = fread(log_text, 1, sizeof(log_text) - 1, sink);
	log_text[n] = '\0';
	fclose(sink);
	assert_true((code == 0) == (config != NULL));
	return code;
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

/* Each bad value of a key is one fault with this fragment. */
static void expect_each_refused(const char *key, const char *fragment, const char *const *values)
{
	for (; *values != NULL; values++) {
		setenv(key, *values, 1);
		expect_fault(78, key, fragment);
	}
}

static void expect_each_taken(const char *key, const char *const *values)
{
	for (; *values != NULL; values++) {
		setenv(key, *values, 1);
		if (load(NULL) != 0)
			fail_msg("%s=%s was refused:\n%s", key, *values, log_text);
	}
}

static void defaults_are_as_documented(void **state)
{
	(void)state;
	assert_int_equal(load(NULL), 0);
	assert_int_equal(config->network, NETWORK_DEVNET);
	assert_string_equal(config->database_url, DATABASE);
	assert_int_equal(config->n_rpc_urls, 1);
	assert_string_equal(config->rpc_urls[0], ENDPOINT);
	assert_int_equal(config->tick_seconds, 5);
	assert_int_equal(config->max_bound_pools, 16);
	assert_int_equal(config->oracle_budget_slots, 280);
	assert_int_equal(config->rpc_timeout_ms, 5000);
	assert_int_equal(config->db_timeout_ms, 5000);
	assert_int_equal(config->once_deadline_seconds, 120);
	assert_int_equal(config->max_dev_fee_bps, 500);
	assert_int_equal(config->max_burn_fee_bps, 350);
	assert_int_equal(config->max_treasury_fee_bps, 150);
	assert_false(config->allow_mock);
	assert_null(config->gateway_hosts);
	assert_int_equal(config->log_level, LOG_AT_INFO);
	assert_string_equal(config->spool_dir, "spool");
	assert_true(pubkey_equal(&config->ml_program, &ADDRESS_ML));
	assert_true(pubkey_equal(&config->switchboard_program, &ADDRESS_SWITCHBOARD_DEVNET));
	assert_true(pubkey_equal(&config->switchboard_queue, &ADDRESS_SWITCHBOARD_QUEUE_DEVNET));
}

static void programs_follow_the_network(void **state)
{
	(void)state;
	setenv("SOLANA_NETWORK", "mainnet-beta", 1);
	assert_int_equal(load(NULL), 0);
	assert_true(pubkey_equal(&config->switchboard_program, &ADDRESS_SWITCHBOARD_MAINNET));
	assert_true(pubkey_equal(&config->switchboard_queue, &ADDRESS_SWITCHBOARD_QUEUE_MAINNET));
	assert_string_equal(network_genesis(config->network), "5eykt4UsFv8P8NJdTREpY1vzqKqZKvdpKuc147dw2N9d");
	setenv("SOLANA_NETWORK", "localnet", 1);
	assert_int_equal(load(NULL), 0);
	assert_null(network_genesis(config->network));
}

static void another_networks_programs_are_refused(void **state)
{
	(void)state;
	setenv("SWITCHBOARD_PROGRAM_ID", "SBondMDrcV3K4kxZR1HNVT7osZxAHVHgYXL5Ze1oMUv", 1);
	expect_fault(78, "SWITCHBOARD_PROGRAM_ID", "another network");
	setenv("SOLANA_NETWORK", "mainnet-beta", 1);
	assert_int_equal(load(NULL), 0);
	setenv("SWITCHBOARD_QUEUE", "EYiAmGSdsQTuCw413V5BzaruWuCCSDgTPtBGvLkXHbe7", 1);
	expect_fault(78, "SWITCHBOARD_QUEUE", "another network");
	unsetenv("SWITCHBOARD_QUEUE");
	setenv("ML_PROGRAM_ID", TREASURY, 1);
	expect_fault(78, "ML_PROGRAM_ID", "another program");
}

static void test_aids_are_refused_on_mainnet(void **state)
{
	(void)state;
	setenv("ORACLE_GATEWAY_HOSTS", "127.0.0.1:8090,oracle.test", 1);
	setenv("allowMock", "1", 1);
	assert_int_equal(load(NULL), 0);
	assert_true(config->allow_mock);
	assert_string_equal(config->gateway_hosts, "127.0.0.1:8090,oracle.test");
	setenv("SOLANA_NETWORK", "mainnet-beta", 1);
	assert_int_equal(load(NULL), 78);
	assert_int_equal(faults(), 2);
	assert_non_null(strstr(log_text, "key=ORACLE_GATEWAY_HOSTS"));
	assert_non_null(strstr(log_text, "key=allowMock"));
}

static void all_faults_come_at_once(void **state)
{
	(void)state;
	clearenv();
	setenv("SOLANA_NETWORK", "mainnet", 1);
	setenv("TICK_SECONDS", "0", 1);
	setenv("LOG_LEVEL", "loud", 1);
	assert_int_equal(load(NULL), 78);
	assert_int_equal(faults(), 7); /* and the four required ones */
	assert_non_null(strstr(log_text, "key=DATABASE_URL value=- why=\"is not set"));
	assert_non_null(strstr(
		log_text, "key=SOLANA_NETWORK value=mainnet why=\"has to be devnet, mainnet-beta or localnet\""));
	assert_non_null(strstr(log_text, "key=TICK_SECONDS value=0 why=\"has to be a whole number from 1 to 5\""));
}

static void numbers_are_exact(void **state)
{
	(void)state;
	expect_each_refused("MAX_BOUND_POOLS", "whole number from 1 to 256",
		(const char *const[]){
			"0", "257", "-1", "+1", "1.5", "1 ", " 1", "0x10", "1e2", "99999999999999999999", NULL });
	expect_each_taken("MAX_BOUND_POOLS", (const char *const[]){ "1", "256", "007", "", NULL });
	assert_int_equal(config->max_bound_pools, 16); /* empty is not set */
}

static void urls_are_checked(void **state)
{
	(void)state;
	expect_each_refused("SOLANA_RPC_URL_2", "",
		(const char *const[]){ "rpc.example", "ws://rpc.example", "https://", "https://:80", "https://a b",
			"https://a:0", "https://a:65536", "https://a:8x", "https://u@v@a", "https://a/#x",
			"https://a/%zz", "https://a\"b", "https://[::1", "https://a_b!c", NULL });
	expect_each_taken(
		"SOLANA_RPC_URL_2", (const char *const[]){ "http://127.0.0.1:8899", "https://a-b.c/v2/KEY?x=1&y=%20",
					    "http://[::1]:8899", "https://user:pw@rpc.example", NULL });
	assert_int_equal(config->n_rpc_urls, 2);
	setenv("SOLANA_RPC_URL_2", ENDPOINT, 1);
	expect_fault(78, "SOLANA_RPC_URL_2", "same as SOLANA_RPC_URL");
	unsetenv("SOLANA_RPC_URL_2");
	setenv("SOLANA_RPC_URL_5", "http://other.example", 1);
	assert_int_equal(load(NULL), 0);
	assert_int_equal(config->n_rpc_urls, 2); /* without the gap */
}

static void database_urls_are_checked(void **state)
{
	(void)state;
	expect_each_refused("DATABASE_URL", "value=***",
		(const char *const[]){ "mysql://a/b", "a/b", "postgres://u:p@ss@host/db", "postgres://u:p w@host/db",
			"postgres://u:p%4@host/db", "postgres://h:99999/db", "postgres://h:/db", "host=a dbname=b",
			NULL });
	expect_each_taken("DATABASE_URL",
		(const char *const[]){ "postgres://h/db", "postgresql://u:p%40@h:5432/db?sslmode=require",
			"postgres:///db", "postgres://u@%2Fvar%2Frun%2Fpostgresql/db", "postgres://a:1,b:2/db",
			"postgres://[::1]:5432/db", NULL });
}

static void addresses_are_checked(void **state)
{
	(void)state;
	expect_each_refused("TREASURY_WALLET_PUBKEY", "base58 of 32 bytes",
		(const char *const[]){ "x", "DcNqMvCy5vZBzVizjochDkRNZ8kpB5E",
			"DcNqMvCy5vZBzVizjochDkRNZ8kpB5ECw7nkJRg92ox0", KEY_TEXT, NULL });
	setenv("TREASURY_WALLET_PUBKEY", STRAY_KEY, 1);
	expect_fault(78, "TREASURY_WALLET_PUBKEY", "value=***");
	setenv("TREASURY_WALLET_PUBKEY", "[1,2,3]", 1);
	expect_fault(78, "TREASURY_WALLET_PUBKEY", "value=***");
	setenv("TREASURY_WALLET_PUBKEY", "11111111111111111111111111111111", 1);
	expect_fault(78, "TREASURY_WALLET_PUBKEY", "System program");
}

static void fees_fit_together(void **state)
{
	(void)state;
	setenv("PRIORITY_FEE_FLOOR_MICROLAMPORTS", "30000", 1);
	expect_fault(78, "PRIORITY_FEE_FALLBACK_MICROLAMPORTS", "between the floor 30000 and the cap 1000000");
	setenv("PRIORITY_FEE_CAP_MICROLAMPORTS", "29999", 1);
	expect_fault(78, "PRIORITY_FEE_FLOOR_MICROLAMPORTS", "is above PRIORITY_FEE_CAP_MICROLAMPORTS=29999");
}

static void marks_outlive_every_submission(void **state)
{
	(void)state;
	setenv("USED_TX_RETENTION_DAYS", "1", 1);
	expect_fault(78, "USED_TX_RETENTION_DAYS", "2");
	setenv("USED_TX_RETENTION_DAYS", "7", 1);
	setenv("SUBMISSION_MAX_AGE_JOIN_SECONDS", "604800", 1);
	expect_fault(78, "USED_TX_RETENTION_DAYS", "a day more than");
	unsetenv("SUBMISSION_MAX_AGE_JOIN_SECONDS");
	setenv("SUBMISSION_MAX_AGE_SECONDS", "604800", 1);
	expect_fault(78, "USED_TX_RETENTION_DAYS", "a day more than");
	setenv("USED_TX_RETENTION_DAYS", "8", 1);
	assert_int_equal(load(NULL), 0);
}

static void the_environment_wins_over_the_file(void **state)
{
	(void)state;
	write_file(env_path, "TICK_SECONDS=3\nMAX_BOUND_POOLS=3\nLOG_LEVEL=debug\nPORT=5000\n", 0644);
	setenv("TICK_SECONDS", "4", 1);
	setenv("LOG_LEVEL", "", 1);
	assert_int_equal(load(env_path), 0);
	assert_int_equal(config->tick_seconds, 4);
	assert_int_equal(config->max_bound_pools, 3);
	assert_int_equal(config->log_level, LOG_AT_DEBUG);
}

static void aliases_work_and_may_not_contradict(void **state)
{
	(void)state;
	unsetenv("TREASURY_WALLET_PUBKEY");
	setenv("TREASURY_WALLET_PUBLIC_KEY", TREASURY, 1);
	assert_int_equal(load(NULL), 0);
	setenv("TREASURY_WALLET_PUBKEY", "4wgBJUHydWXXJKXYsmdGoGw1ufC3dxz8q2mukFYaAhSm", 1);
	expect_fault(78, "TREASURY_WALLET_PUBKEY", "differs from TREASURY_WALLET_PUBLIC_KEY");
}

static void slips_in_the_file_are_named(void **state)
{
	static const char *const slips[][2] = {
		{ "ALLOW_MOCK", "allowMock" },
		{ "SOLANA_RPC_URLS", "SOLANA_RPC_URL" },
		{ "TICK_SECOND", "TICK_SECONDS" },
		{ "DATABSE_URL", "DATABASE_URL" },
		{ "log_level", "LOG_LEVEL" },
		{ "SOLANA_RPC_URL_6", "SOLANA_RPC_URL_" },
		{ "TREASURY_WALLET_PUBLICKEY", "TREASURY_WALLET_PUBLIC_KEY" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(slips) / sizeof(slips[0]); i++) {
		char text[128], expected[128];

		snprintf(text, sizeof(text), "A=1\n%s=topsecret\n", slips[i][0]);
		snprintf(expected, sizeof(expected), "line 2 of %s: there is no such setting, write %s", env_path,
			slips[i][1]);
		write_file(env_path, text, 0600);
		assert_int_equal(load(env_path), 78);
		assert_int_equal(faults(), 1);
		if (strstr(log_text, expected) == NULL || strstr(log_text, "topsecret") != NULL)
			fail_msg("%s: %s", slips[i][0], log_text);
	}
	write_file(env_path,
		"PORT=1\nSENTRY_DSN=x\nDIRECT_DATABASE_URL=x\nTREASURY_WALLET_PRIVATE_KEY=x\nHELIUS_API_KEY=x\n"
		"AUXILIARY_WALLET_1_PRIVATE_KEY=x\nNODE_ENV=x\nREDIS_URL=x\nSOLANA_WS_URL=x\nDEV_WALLET_PUBLIC_KEY=x\n",
		0600);
	assert_int_equal(load(env_path), 0);
}

static void faults_of_the_file_are_named(void **state)
{
	(void)state;
	assert_int_equal(load("/nonexistent/.env"), 78);
	assert_non_null(strstr(log_text, "key=--env-file value=/nonexistent/.env"));
	write_file(env_path, "TICK_SECONDS=1\nnonsense\nTICK_SECONDS=2\n", 0600);
	assert_int_equal(load(env_path), 78);
	assert_int_equal(faults(), 2);
	assert_non_null(strstr(log_text, "line 2 is not KEY=value"));
	assert_non_null(strstr(log_text, "two values, in lines 1 and 3"));
}

static void expect_key(const char *expected)
{
	struct secret_text key = config_take_key(config);

	assert_non_null(key.text);
	assert_string_equal(key.text, expected);
	assert_int_equal(key.len, strlen(expected));
	config_wipe_key(&key);
	assert_null(key.text);
	assert_null(config_take_key(config).text);
}

static void the_key_comes_from_its_file(void **state)
{
	(void)state;
	assert_int_equal(load(NULL), 0);
	expect_key(KEY_TEXT);
	assert_null(strstr(log_text, KEY_TEXT));
	write_file(key_path, " \n", 0600);
	expect_fault(78, "DEV_WALLET_KEY_FILE", "is empty");
	unlink(key_path);
	expect_fault(78, "DEV_WALLET_KEY_FILE", "No such file");
	unsetenv("DEV_WALLET_KEY_FILE");
	expect_fault(78, "DEV_WALLET_KEY_FILE", "is not set");
	setenv("DEV_WALLET_KEY_FILE", STRAY_KEY, 1); /* the key itself where its file's name belongs */
	expect_fault(78, "DEV_WALLET_KEY_FILE", "value=***");
	assert_null(strstr(log_text, STRAY_KEY));
}

static void a_key_file_that_others_can_read_is_refused(void **state)
{
	(void)state;
	assert_int_equal(chmod(key_path, 0640), 0);
	expect_fault(77, "DEV_WALLET_KEY_FILE", "run chmod 600 ");
	setenv("TICK_SECONDS", "0", 1); /* with a fault of the settings beside it, 78 */
	assert_int_equal(load(NULL), 78);
	assert_int_equal(faults(), 2);
}

static void a_key_in_the_environment_is_wiped(void **state)
{
	char *place;

	(void)state;
	unsetenv("DEV_WALLET_KEY_FILE");
	setenv("DEV_WALLET_PRIVATE_KEY", KEY_TEXT, 1);
	place = getenv("DEV_WALLET_PRIVATE_KEY");
	assert_int_equal(load(NULL), 0);
	assert_null(getenv("DEV_WALLET_PRIVATE_KEY"));
	for (size_t i = 0; i < strlen(KEY_TEXT); i++)
		assert_int_equal(place[i], 0);
	assert_non_null(strstr(log_text, "event=config.key_in_environment"));
	assert_null(strstr(log_text, KEY_TEXT));
	expect_key(KEY_TEXT);
}

static void the_key_file_wins_over_the_environment(void **state)
{
	(void)state;
	setenv("DEV_WALLET_PRIVATE_KEY", "throwaway", 1);
	assert_int_equal(load(NULL), 0);
	assert_null(getenv("DEV_WALLET_PRIVATE_KEY"));
	expect_key(KEY_TEXT);
}

static void a_key_in_the_env_file_needs_a_private_file(void **state)
{
	(void)state;
	unsetenv("DEV_WALLET_KEY_FILE");
	write_file(env_path, "DEV_WALLET_PRIVATE_KEY=" KEY_TEXT "\n", 0644);
	assert_int_equal(load(env_path), 77);
	assert_non_null(strstr(log_text, "run chmod 600"));
	assert_int_equal(chmod(env_path, 0600), 0);
	assert_int_equal(load(env_path), 0);
	expect_key(KEY_TEXT);
}

/* The last defence: whatever some other module logs later, the log knows what to hide. */
static void secrets_are_known_to_the_log(void **state)
{
	static const char *const secrets[] = { "hunter2secret", "0123456789abcdef0123", KEY_TEXT, DATABASE, ENDPOINT };
	FILE *sink = tmpfile();
	size_t n;

	(void)state;
	assert_int_equal(load(NULL), 0);
	assert_non_null(sink);
	log_open(fileno(sink));
	for (size_t i = 0; i < sizeof(secrets) / sizeof(secrets[0]); i++)
		log_error("test", "text=%s", secrets[i]);
	log_open(2);
	rewind(sink);
	n = fread(log_text, 1, sizeof(log_text) - 1, sink);
	log_text[n] = '\0';
	fclose(sink);
	assert_non_null(strstr(log_text, "***"));
	for (size_t i = 0; i < sizeof(secrets) / sizeof(secrets[0]); i++)
		assert_null(strstr(log_text, secrets[i]));
}

static int make_folder(void **state)
{
	(void)state;
	if (!crypto_init() || mkdtemp(folder) == NULL)
		return -1;
	snprintf(key_path, sizeof(key_path), "%s/key", folder);
	snprintf(env_path, sizeof(env_path), "%s/env", folder);
	return 0;
}

static int remove_folder(void **state)
{
	(void)state;
	return rmdir(folder);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(defaults_are_as_documented),
		TEST(programs_follow_the_network),
		TEST(another_networks_programs_are_refused),
		TEST(test_aids_are_refused_on_mainnet),
		TEST(all_faults_come_at_once),
		TEST(numbers_are_exact),
		TEST(urls_are_checked),
		TEST(database_urls_are_checked),
		TEST(addresses_are_checked),
		TEST(fees_fit_together),
		TEST(marks_outlive_every_submission),
		TEST(the_environment_wins_over_the_file),
		TEST(aliases_work_and_may_not_contradict),
		TEST(slips_in_the_file_are_named),
		TEST(faults_of_the_file_are_named),
		TEST(the_key_comes_from_its_file),
		TEST(a_key_file_that_others_can_read_is_refused),
		TEST(a_key_in_the_environment_is_wiped),
		TEST(the_key_file_wins_over_the_environment),
		TEST(a_key_in_the_env_file_needs_a_private_file),
		TEST(secrets_are_known_to_the_log),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
