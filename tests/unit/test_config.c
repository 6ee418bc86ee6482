/* ops/config: what a value may be, that values fit together, and that every fault is named at once. */
#include "unit/config_fixture.h"

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

/* Two keys of one host share its load, and are no two witnesses. Neither key is told. */
static void endpoints_of_one_host_are_named(void **state)
{
	(void)state;
	setenv("SOLANA_RPC_URL_3", "https://node.example/?api-key=topsecret-one", 1);
	setenv("SOLANA_RPC_URL_4", "https://NODE.example:8443/topsecret-two", 1);
	assert_int_equal(load(NULL), 0);
	assert_int_equal(config->n_rpc_urls, 3);
	assert_non_null(strstr(log_text, "event=config.same_host key=SOLANA_RPC_URL_4 other=SOLANA_RPC_URL_3 "));
	assert_null(strstr(log_text, "topsecret"));
	assert_null(strstr(log_text, "config.one_host"));
	setenv("SOLANA_RPC_URL_4", "https://other.example/", 1);
	assert_int_equal(load(NULL), 0);
	assert_null(strstr(log_text, "config.same_host"));
	unsetenv("SOLANA_RPC_URL_3");
	unsetenv("SOLANA_RPC_URL_4");
	setenv("OFFCHAIN_SOURCES", "/nowhere", 1);
	assert_int_equal(load(NULL), 0);
	assert_non_null(strstr(log_text, "event=config.one_host key=SOLANA_RPC_URL_2 "));
	setenv("SOLANA_RPC_URL_2", "https://rpc.example/?api-key=another", 1);
	assert_int_equal(load(NULL), 0);
	assert_non_null(strstr(log_text, "event=config.one_host key=SOLANA_RPC_URL_2 "));
	setenv("SOLANA_RPC_URL_2", "https://other.example/", 1);
	assert_int_equal(load(NULL), 0);
	assert_null(strstr(log_text, "config.one_host"));
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
		TEST(endpoints_of_one_host_are_named),
		TEST(database_urls_are_checked),
		TEST(addresses_are_checked),
		TEST(fees_fit_together),
		TEST(marks_outlive_every_submission),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
