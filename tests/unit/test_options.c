/* ops/options: every mode, and one clear line for everything else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/address.h"
#include "core/steps.h"
#include "ops/options.h"
#include "ops/setting.h"

enum { ARGS_MAX = 8, WHY_MAX = 200 };

static struct options options;
static char why[WHY_MAX];

/* The arguments are separated by one blank. */
static bool parse(const char *line)
{
	static char text[WHY_MAX];
	char *argv[ARGS_MAX] = { text }, *at = text;
	int argc = 1;

	snprintf(text, sizeof(text), "poolkeeper%s%s", line[0] != '\0' ? " " : "", line);
	why[0] = '\0';
	while ((at = strchr(at, ' ')) != NULL && argc < ARGS_MAX) {
		*at++ = '\0';
		argv[argc++] = at;
	}
	return options_parse(&options, argc, argv, why, sizeof(why));
}

static void expect_mode(const char *line, enum options_mode mode)
{
	assert_true(parse(line));
	assert_int_equal(options.mode, mode);
	assert_string_equal(why, "");
}

static void expect_refused(const char *line, const char *expected)
{
	assert_false(parse(line));
	assert_string_equal(why, expected);
}

static void draws_of_the_database_by_name(void **state)
{
	static const char *const names[] = { "raffles:17", "jackpots:minor:7", "00000000-0000-4000-8000-00000000000a",
		"offchain:00000000-0000-4000-8000-00000000000a" };
	static const char *const others[] = { "raffles:", ":17", "Raffles:17", "raf.fles:17",
		"00000000-0000-4000-8000-00000000000", "00000000-0000-4000-8000-00000000000ag", "00000000" };
	char line[WHY_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(line, sizeof(line), "explain --json %s", names[i]);
		expect_mode(line, MODE_EXPLAIN);
		assert_string_equal(options.draw, names[i]);
	}
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		snprintf(line, sizeof(line), "explain %s", others[i]);
		assert_false(parse(line) && options.draw);
	}
	expect_refused("verify raffles:17", "raffles:17 is no pool: give its address, or its number in the web app; a "
					    "certificate's file is named with its path, ./FILE");
	expect_mode("explain draw:4wgBJUHydWXXJKXYsmdGoGw1ufC3dxz8q2mukFYaAhSm:5", MODE_EXPLAIN);
	assert_null(options.draw);
}

static void commands_that_show(void **state)
{
	(void)state;
	expect_mode("status --json", MODE_STATUS);
	assert_true(options.json);
	expect_mode("explain 17 --env-file .env", MODE_EXPLAIN);
	assert_true(options.pool.by_app_id && options.pool.app_id == 17);
	expect_mode("--json verify --env-file=.env draw:4wgBJUHydWXXJKXYsmdGoGw1ufC3dxz8q2mukFYaAhSm:5", MODE_VERIFY);
	assert_true(options.json && options.pool.has_pool_id && options.pool.pool_id == 5);
	assert_true(pubkey_equal(&options.pool.address, &ADDRESS_ML));
	expect_mode("verify --help", MODE_HELP);
	expect_mode("--help explain", MODE_HELP);
	expect_refused("explain", "explain needs a pool: its address, or its number in the web app; or a draw of the "
				  "database: its id, or SOURCE:KEY");
	expect_refused("verify --json",
		"verify needs a pool: its address, or its number in the web app; or a certificate: ./FILE");
	expect_mode("verify ./draw --json", MODE_VERIFY);
	assert_string_equal(options.certificate, "./draw");
	expect_mode("certificate 00000000-0000-4000-8000-000000000001", MODE_CERTIFICATE);
	assert_string_equal(options.draw, "00000000-0000-4000-8000-000000000001");
	expect_refused("certificate", "certificate needs a draw: its UUID, or a pool's ADDRESS or ADDRESS:POOL_ID");
	expect_mode("verify draw.json", MODE_VERIFY);
	assert_string_equal(options.certificate, "draw.json");
	expect_mode("verify draw.json --help", MODE_HELP);
	expect_refused("verify draw", "draw is no pool: give its address, or its number in the web app; a "
				      "certificate's file is named with its path, "
				      "./FILE");
	expect_refused("verify draw.json 17", "verify takes one pool: leave 17 out");
	expect_refused("explain draw.json", "draw.json is no pool: give its address, or its number in the web app; a "
					    "draw of the database: its id, or SOURCE:KEY");
	expect_refused("explain 0", "0 is no pool: give its address, or its number in the web app; a draw of the "
				    "database: its id, or SOURCE:KEY");
	expect_refused("explain 1 2", "explain takes one pool: leave 2 out");
	expect_refused("status 1", "there is no option 1: see poolkeeper --help");
	expect_refused("explain 1 --once", "explain and --once do not go together: give one of them");
	expect_mode("fairness --json", MODE_FAIRNESS);
	expect_refused("fairness 17", "there is no option 17: see poolkeeper --help");
	expect_mode("vrf-key", MODE_VRF_KEY);
	expect_refused("vrf-key --json", "--json goes with explain, status, verify and fairness only");
	expect_refused("--once --json", "--json goes with explain, status, verify and fairness only");
	expect_mode("status --all", MODE_STATUS);
	assert_true(options.all);
	expect_refused("explain 17 --all", "--all goes with status only");
	expect_refused("explain 1 --dry-run", "--dry-run does not go together with explain");
}

static void knows_the_modes(void **state)
{
	(void)state;
	expect_mode("", MODE_RUN);
	assert_false(options.dry_run);
	assert_null(options.files.env_file);
	expect_mode("--once", MODE_ONCE);
	expect_mode("--once --once", MODE_ONCE);
	expect_mode("--rebuild 4wgBJUHydWXXJKXYsmdGoGw1ufC3dxz8q2mukFYaAhSm", MODE_REBUILD);
	assert_true(pubkey_equal(&options.rebuild, &ADDRESS_ML));
	expect_mode("--check-config", MODE_CHECK_CONFIG);
	expect_mode("--print-config", MODE_PRINT_CONFIG);
	expect_mode("--print-lifecycle", MODE_PRINT_LIFECYCLE);
	expect_mode("--print-env-example", MODE_PRINT_ENV_EXAMPLE);
	expect_mode("--print-settings", MODE_PRINT_SETTINGS);
	expect_mode("--version", MODE_VERSION);
	expect_mode("--help", MODE_HELP);
}

static void takes_the_others_in_any_order(void **state)
{
	(void)state;
	expect_mode("--env-file a.env --dry-run --once", MODE_ONCE);
	assert_true(options.dry_run);
	assert_string_equal(options.files.env_file, "a.env");
	expect_mode("--dry-run --env-file=b=c", MODE_RUN);
	assert_string_equal(options.files.env_file, "b=c");
	assert_null(options.files.config_file);
	expect_mode("--print-config --config c.conf --env-file d.env", MODE_PRINT_CONFIG);
	assert_string_equal(options.files.config_file, "c.conf");
	assert_string_equal(options.files.env_file, "d.env");
	expect_mode("--config=e.conf", MODE_RUN);
	assert_string_equal(options.files.config_file, "e.conf");
	expect_mode("--check-config --env-file --once", MODE_CHECK_CONFIG);
	assert_string_equal(options.files.env_file, "--once");
}

static void refuses_everything_else(void **state)
{
	(void)state;
	expect_refused("--onec", "there is no option --onec: see poolkeeper --help");
	expect_refused("--on", "there is no option --on: see poolkeeper --help");
	expect_refused("--once=1", "there is no option --once=1: see poolkeeper --help");
	expect_refused("once", "there is no option once: see poolkeeper --help");
	expect_refused("-h", "there is no option -h: see poolkeeper --help");
	expect_refused("--env-file", "--env-file needs a file: --env-file .env");
	expect_refused("--env-file=", "--env-file needs a file: --env-file .env");
	expect_refused("--env-file a --env-file b", "--env-file is given twice: keep one");
	expect_refused("--config", "--config needs a file: --config config/devnet.conf");
	expect_refused("--config a --config=b", "--config is given twice: keep one");
	expect_refused("--conf a", "there is no option --conf: see poolkeeper --help");
	expect_refused("--rebuild", "--rebuild needs the address of a pool: --rebuild 4wgB...");
	expect_refused("--rebuild --once", "--rebuild needs the address of a pool: --rebuild 4wgB...");
	expect_refused("--once --check-config", "--once and --check-config do not go together: give one of them");
	expect_refused("--dry-run --check-config", "--dry-run does not go together with --check-config");
}

static char *printed(enum options_mode mode)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	assert_int_equal(options_print(mode, out), 0);
	fclose(out);
	return text;
}

static void prints_each_table_whole(void **state)
{
	char *lifecycle = printed(MODE_PRINT_LIFECYCLE), *example = printed(MODE_PRINT_ENV_EXAMPLE);
	char *table = printed(MODE_PRINT_SETTINGS), *help = printed(MODE_HELP), *version = printed(MODE_VERSION);

	(void)state;
	for (size_t i = 0; i < STEP_COUNT; i++) {
		assert_non_null(strstr(lifecycle, STEPS[i].name));
		assert_non_null(strstr(lifecycle, STEPS[i].why));
	}
	assert_non_null(
		strstr(lifecycle, "> [unlock_pool] > [randomness_init] > randomness_commit > request_randomness\n"));
	for (size_t i = 0; i < SETTING_COUNT; i++) {
		assert_non_null(strstr(example, SETTINGS[i].key));
		assert_non_null(strstr(table, SETTINGS[i].doc));
	}
	assert_non_null(strstr(help, "--check-config"));
	assert_non_null(strstr(version, "poolkeeper "));
	free(lifecycle), free(example), free(table), free(help), free(version);
}

static void says_when_it_could_not_print(void **state)
{
	FILE *full = fopen("/dev/full", "w");

	(void)state;
	assert_non_null(full);
	assert_int_equal(options_print(MODE_HELP, full), 74);
	fclose(full);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(knows_the_modes),
		cmocka_unit_test(commands_that_show),
		cmocka_unit_test(draws_of_the_database_by_name),
		cmocka_unit_test(takes_the_others_in_any_order),
		cmocka_unit_test(refuses_everything_else),
		cmocka_unit_test(prints_each_table_whole),
		cmocka_unit_test(says_when_it_could_not_print),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
