/* ops/config: where values and keys come from, what SIGHUP changes, and that no secret is shown. */
#include "unit/config_fixture.h"

static bool reload(const char *env_file, const char *config_file)
{
	const struct config_files files = { env_file, config_file };
	FILE *sink = capture();
	bool ok = config_reload(config, &files);

	captured(sink);
	return ok;
}

static char *print(void)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	config_print(config, out);
	fclose(out);
	return text;
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

/* systemd's LoadCredential=, also where it gives the file to the user by an ACL, whose mask shows as the group's bits. */
static void the_key_comes_from_a_credential(void **state)
{
	char credential[80];

	(void)state;
	snprintf(credential, sizeof(credential), "%s/dev-wallet", folder);
	write_file(credential, KEY_TEXT "\n", 0440);
	setenv("CREDENTIALS_DIRECTORY", folder, 1);
	assert_int_equal(load(NULL), 0); /* the file's name wins */
	assert_string_equal(config->key_file, key_path);
	unsetenv("DEV_WALLET_KEY_FILE");
	setenv("DEV_WALLET_PRIVATE_KEY", "throwaway", 1);
	assert_int_equal(load(NULL), 0);
	assert_string_equal(config->key_file, credential);
	expect_key(KEY_TEXT);
	assert_int_equal(chmod(credential, 0444), 0);
	expect_fault(77, "DEV_WALLET_KEY_FILE", "lets others read it");
	assert_int_equal(chmod(credential, 0460), 0);
	expect_fault(77, "DEV_WALLET_KEY_FILE", "lets others read it");
	unlink(credential);
	expect_fault(78, "DEV_WALLET_KEY_FILE", "is not set");
}

static void our_own_file_is_below_the_others(void **state)
{
	(void)state;
	write_file(own_path, "TICK_SECONDS=1\nMAX_BOUND_POOLS=1\nORACLE_BUDGET_SLOTS=11\n", 0644);
	write_file(env_path, "TICK_SECONDS=2\nMAX_BOUND_POOLS=2\n", 0644);
	setenv("TICK_SECONDS", "3", 1);
	assert_int_equal(load_files(env_path, own_path), 0);
	assert_int_equal(config->tick_seconds, 3);
	assert_int_equal(config->max_bound_pools, 2);
	assert_int_equal(config->oracle_budget_slots, 11);
}

static void our_own_file_has_only_our_names(void **state)
{
	(void)state;
	write_file(own_path, "PORT=5000\nTICK_SECOND=1\nTICK_SECONDS=0\n", 0644);
	assert_int_equal(load_files(NULL, own_path), 78);
	assert_int_equal(faults(), 3);
	assert_non_null(strstr(log_text, "key=PORT value=*** why=\"line 1 of "));
	assert_non_null(strstr(log_text, "take the line out"));
	assert_non_null(strstr(log_text, "write TICK_SECONDS"));
	assert_int_equal(load_files(NULL, "/nonexistent.conf"), 78);
	assert_non_null(strstr(log_text, "key=--config value=/nonexistent.conf"));
	write_file(own_path, "DEV_WALLET_PRIVATE_KEY=" KEY_TEXT "\n", 0644);
	assert_int_equal(load_files(NULL, own_path), 77);
}

static void slips_in_the_environment_are_warned_about(void **state)
{
	(void)state;
	setenv("TICK_SECOND", "2", 1);
	assert_int_equal(load(NULL), 0);
	assert_non_null(strstr(log_text, "event=config.unknown key=TICK_SECOND in=environment"));
	assert_non_null(strstr(log_text, "is TICK_SECONDS meant?"));
}

static void what_is_in_force_can_be_printed(void **state)
{
	char *text;

	(void)state;
	write_file(env_path, "\nTICK_SECONDS=2\n", 0644);
	setenv("SOLANA_RPC_URL_2", "https://user:word@b.example:8899", 1);
	setenv("SPOOL_DIR", "/a spool", 1);
	assert_int_equal(load(env_path), 0);
	text = print();
	assert_non_null(
		strstr(text, "\nDATABASE_URL='postgres://keeper:***@db.example:6543/missout?***' # environment\n"));
	assert_non_null(strstr(text, "\nSOLANA_RPC_URL='https://rpc.example/***' # environment\n"));
	assert_non_null(strstr(text, "\nSOLANA_RPC_URL_2='https://***@b.example:8899' # environment\n"));
	assert_non_null(strstr(text, "\n#SOLANA_RPC_URL_3= # not set\n"));
	assert_non_null(strstr(text, "\nLOG_LEVEL=info # default\n"));
	assert_non_null(strstr(text, "\nSPOOL_DIR='/a spool' # environment\n"));
	assert_non_null(strstr(text, "/env, line 2\n"));
	assert_null(strstr(text, "hunter2secret"));
	assert_null(strstr(text, "0123456789abcdef"));
	assert_null(strstr(text, "user:word"));
	assert_null(strstr(text, KEY_TEXT));
	free(text);
}

static void what_may_change_live_does(void **state)
{
	(void)state;
	write_file(own_path, "TICK_SECONDS=2\nLOG_LEVEL=info\nSOLANA_NETWORK=devnet\n", 0644);
	assert_int_equal(load_files(NULL, own_path), 0);
	expect_key(KEY_TEXT);
	unlink(key_path); /* a key is read once: without its file, everything else still changes */
	write_file(own_path, "TICK_SECONDS=3\nLOG_LEVEL=debug\nSOLANA_NETWORK=localnet\n", 0644);
	assert_true(reload(NULL, own_path));
	assert_int_equal(config->tick_seconds, 3);
	assert_int_equal(config->log_level, LOG_AT_DEBUG);
	assert_int_equal(config->network, NETWORK_DEVNET);
	assert_non_null(strstr(log_text, "event=config.changed key=TICK_SECONDS from=2 to=3"));
	assert_non_null(strstr(log_text, "event=config.kept key=SOLANA_NETWORK value=devnet asked=localnet"));
	assert_null(strstr(log_text, "key=MAX_BOUND_POOLS"));
	assert_true(reload(NULL, own_path));
	assert_null(strstr(log_text, "event=config.changed"));
}

static void a_faulty_file_changes_nothing_live(void **state)
{
	(void)state;
	write_file(own_path, "TICK_SECONDS=2\n", 0644);
	assert_int_equal(load_files(NULL, own_path), 0);
	write_file(own_path, "TICK_SECONDS=3\nMAX_BOUND_POOLS=0\nPORT=1\n", 0644);
	assert_false(reload(NULL, own_path));
	assert_int_equal(faults(), 2);
	assert_int_equal(config->tick_seconds, 2);
	unlink(own_path);
	assert_false(reload(NULL, own_path));
	assert_int_equal(config->tick_seconds, 2);
}

/* A secret that was changed shows as such, and not what it is. */
static void a_kept_secret_is_not_shown(void **state)
{
	(void)state;
	assert_int_equal(load(NULL), 0);
	setenv("SOLANA_RPC_URL", "https://rpc.example/?api-key=another-key-0123456789", 1);
	setenv("DATABASE_URL", "postgres://keeper:otherword@db.example/missout", 1);
	assert_true(reload(NULL, NULL));
	assert_string_equal(config->rpc_urls[0], ENDPOINT);
	assert_non_null(strstr(log_text, "event=config.kept key=SOLANA_RPC_URL value=https://rpc.example/***"));
	assert_non_null(strstr(log_text, "event=config.kept key=DATABASE_URL"));
	assert_null(strstr(log_text, "another-key"));
	assert_null(strstr(log_text, "otherword"));
}

/* The last defence: whatever some other module logs later, the log knows what to hide. */
static void secrets_are_known_to_the_log(void **state)
{
	static const char *const secrets[] = { "hunter2secret", "0123456789abcdef0123", KEY_TEXT, DATABASE, ENDPOINT,
		"rpcpassword", "PathKeyPathKey0123" };
	FILE *sink;

	(void)state;
	setenv("SOLANA_RPC_URL_3", "https://user:rpcpassword@c.example/v2/PathKeyPathKey0123/", 1);
	assert_int_equal(load(NULL), 0);
	sink = capture();
	for (size_t i = 0; i < sizeof(secrets) / sizeof(secrets[0]); i++)
		log_error("test", "text=%s", secrets[i]);
	captured(sink);
	assert_non_null(strstr(log_text, "***"));
	for (size_t i = 0; i < sizeof(secrets) / sizeof(secrets[0]); i++)
		assert_null(strstr(log_text, secrets[i]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_environment_wins_over_the_file),
		TEST(aliases_work_and_may_not_contradict),
		TEST(slips_in_the_file_are_named),
		TEST(faults_of_the_file_are_named),
		TEST(the_key_comes_from_its_file),
		TEST(a_key_file_that_others_can_read_is_refused),
		TEST(a_key_in_the_environment_is_wiped),
		TEST(the_key_file_wins_over_the_environment),
		TEST(a_key_in_the_env_file_needs_a_private_file),
		TEST(the_key_comes_from_a_credential),
		TEST(our_own_file_is_below_the_others),
		TEST(our_own_file_has_only_our_names),
		TEST(slips_in_the_environment_are_warned_about),
		TEST(what_is_in_force_can_be_printed),
		TEST(what_may_change_live_does),
		TEST(a_faulty_file_changes_nothing_live),
		TEST(a_kept_secret_is_not_shown),
		TEST(secrets_are_known_to_the_log),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
