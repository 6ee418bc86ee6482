/* The command line. */
#include "ops/options.h"

#include <string.h>
#include <sysexits.h>

#include "base/version.h"
#include "core/base58.h"
#include "core/draw_name.h"
#include "ops/config.h"
#include "ops/lifecycle.h"
#include "ops/metrics.h"

struct mode_option {
	const char *name;
	enum options_mode mode;
	const char *help;
};

static const struct mode_option MODES[] = {
	{ "--once", MODE_ONCE, "draw and record what is due now, then exit: 0 nothing due is left, 75 something is" },
	{ "--rebuild", MODE_REBUILD, "POOL: read the history of one pool again, then exit: 0 all of it, 75 not all" },
	{ "--check-config", MODE_CHECK_CONFIG, "name every fault of the settings, then exit: 0, 77 or 78" },
	{ "--print-config", MODE_PRINT_CONFIG, "print all settings as they are in force, secrets masked: 0, 77 or 78" },
	{ "explain", MODE_EXPLAIN,
		"POOL|DRAW: what state it is in, what it waits for, its money and its whole history" },
	{ "status", MODE_STATUS,
		"a table of all pools and draws of the database that are not over, and of the newest that are" },
	{ "verify", MODE_VERIFY,
		"POOL: compute its draw again from the chain alone; FILE: from a certificate alone: 0 fair, 1 not "
		"fair, 75 not "
		"decided, 69 unknown" },
	{ "fairness", MODE_FAIRNESS,
		"past draws together: chi-square of winners, times, defaults by VRF key: 0, or 1 unlike fair draws" },
	{ "vrf-key", MODE_VRF_KEY, "print the public half of the VRF's key, as keeper.vrf_key_register takes it" },
	{ "certificate", MODE_CERTIFICATE,
		"DRAW: write its certificate to the standard output, byte for byte as in its file; a pool: ADDRESS or "
		"ADDRESS:POOL_ID" },
	{ "--print-lifecycle", MODE_PRINT_LIFECYCLE, "print the steps of a draw and their instructions" },
	{ "--print-env-example", MODE_PRINT_ENV_EXAMPLE, "print .env.example" },
	{ "--print-settings", MODE_PRINT_SETTINGS, "print the settings as a table" },
	{ "--print-metrics", MODE_PRINT_METRICS, "print the metrics as a table" },
	{ "--print-events", MODE_PRINT_EVENTS, "print every event of the log as a table" },
	{ "--version", MODE_VERSION, "print the version" },
	{ "--help", MODE_HELP, "print this" },
};
enum { N_MODES = sizeof(MODES) / sizeof(MODES[0]) };

static const struct mode_option *find_mode(const char *name)
{
	for (size_t i = 0; i < N_MODES; i++)
		if (strcmp(MODES[i].name, name) == 0)
			return &MODES[i];
	return NULL;
}

static bool set_mode(struct options *out, const struct mode_option *option, const struct mode_option **chosen,
	char *why, size_t why_size)
{
	/* Who asks for help behind a command gets it. */
	if (*chosen != NULL && (*chosen)->mode == MODE_HELP)
		return true;
	if (*chosen != NULL && *chosen != option && option->mode != MODE_HELP) {
		snprintf(
			why, why_size, "%s and %s do not go together: give one of them", (*chosen)->name, option->name);
		return false;
	}
	*chosen = option;
	out->mode = option->mode;
	return true;
}

/* The value of `--name FILE` or `--name=FILE`. */
static bool set_file(const char **file, const char *name, const char *path, char *why, size_t why_size)
{
	if (path == NULL || path[0] == '\0') {
		snprintf(why, why_size, "%s needs a file: %s %s", name, name,
			strcmp(name, "--config") == 0 ? "config/devnet.conf" : ".env");
		return false;
	}
	if (*file != NULL) {
		snprintf(why, why_size, "%s is given twice: keep one", name);
		return false;
	}
	*file = path;
	return true;
}

struct file_option {
	const char *name;
	const char **file;
};

/* NULL: argument is none of them. *value: what stands behind its =, or NULL. */
static const struct file_option *find_file(const struct file_option known[2], const char *argument, const char **value)
{
	size_t n = strcspn(argument, "=");

	*value = argument[n] == '=' ? argument + n + 1 : NULL;
	for (size_t i = 0; i < 2; i++)
		if (strlen(known[i].name) == n && strncmp(known[i].name, argument, n) == 0)
			return &known[i];
	return NULL;
}

static bool set_rebuild(struct options *out, const char *pool, char *why, size_t why_size)
{
	if (pool != NULL && base58_to_pubkey(&out->rebuild, pool, strlen(pool)))
		return true;
	snprintf(why, why_size, "--rebuild needs the address of a pool: --rebuild 4wgB...");
	return false;
}

static bool shows_one(enum options_mode mode)
{
	return mode == MODE_EXPLAIN || mode == MODE_VERIFY;
}

/* No name of a pool has a dot or a slash, so a file is told by them and not by what lies on this disk. */
static bool is_file(const struct mode_option *chosen, const char *text)
{
	return chosen->mode == MODE_VERIFY && strpbrk(text, "./") != NULL;
}

/* What stands alone can only be the pool of explain or verify, before or behind their options. */
static bool set_pool(
	struct options *out, const struct mode_option *chosen, const char *text, char *why, size_t why_size)
{
	if (chosen != NULL && chosen->mode == MODE_CERTIFICATE && out->draw == NULL) {
		out->draw = text;
		return true;
	}
	if (chosen == NULL || !shows_one(chosen->mode))
		snprintf(why, why_size, "there is no option %s: see poolkeeper --help", text);
	else if (out->has_pool)
		snprintf(why, why_size, "%s takes one pool: leave %s out", chosen->name, text);
	else if (is_file(chosen, text))
		out->certificate = text;
	else if (!pool_name_parse(&out->pool, text) && chosen->mode == MODE_EXPLAIN && draw_name_fits(text))
		out->draw = text;
	else if (!pool_name_parse(&out->pool, text))
		snprintf(why, why_size, "%s is no pool: give its address, or its number in the web app%s", text,
			chosen->mode == MODE_VERIFY ? "; a certificate's file is named with its path, ./FILE"
						    : "; a draw of the database: its id, or SOURCE:KEY");
	if (why[0] == '\0')
		out->has_pool = true;
	return out->has_pool && why[0] == '\0';
}

/* What does not fit the mode that was chosen. */
static bool fits(const struct options *out, const struct mode_option *chosen, char *why, size_t why_size)
{
	if (shows_one(out->mode) && !out->has_pool) {
		snprintf(why, why_size, "%s needs a pool: its address, or its number in the web app%s", chosen->name,
			out->mode == MODE_VERIFY ? "; or a certificate: ./FILE"
						 : "; or a draw of the database: its id, or SOURCE:KEY");
		return false;
	}
	if (out->dry_run && out->mode != MODE_RUN && out->mode != MODE_ONCE) {
		snprintf(why, why_size, "--dry-run does not go together with %s", chosen->name);
		return false;
	}
	if (out->mode == MODE_CERTIFICATE && out->draw == NULL) {
		snprintf(why, why_size, "certificate needs a draw: its UUID, or a pool's ADDRESS or ADDRESS:POOL_ID");
		return false;
	}
	if (out->json && (!options_shows(out->mode) || out->mode == MODE_CERTIFICATE)) {
		snprintf(why, why_size, "--json goes with explain, status, verify and fairness only");
		return false;
	}
	if (out->all && out->mode != MODE_STATUS) {
		snprintf(why, why_size, "--all goes with status only");
		return false;
	}
	return true;
}

bool options_parse(struct options *out, int argc, char *const *argv, char *why, size_t why_size)
{
	const struct file_option files[2] = { { "--env-file", &out->files.env_file },
		{ "--config", &out->files.config_file } };
	const struct mode_option *chosen = NULL;

	*out = (struct options){ .mode = MODE_RUN };
	why[0] = '\0';
	for (int i = 1; i < argc; i++) {
		const struct mode_option *option = find_mode(argv[i]);
		const char *value;
		const struct file_option *file = find_file(files, argv[i], &value);
		bool ok = true;

		if (option != NULL) {
			ok = set_mode(out, option, &chosen, why, why_size);
			if (ok && option->mode == MODE_REBUILD)
				ok = set_rebuild(out, i + 1 < argc ? argv[++i] : NULL, why, why_size);
		} else if (strcmp(argv[i], "--dry-run") == 0) {
			out->dry_run = true;
		} else if (file != NULL) {
			if (value == NULL && i + 1 < argc)
				value = argv[++i];
			ok = set_file(file->file, file->name, value, why, why_size);
		} else if (strcmp(argv[i], "--json") == 0) {
			out->json = true;
		} else if (strcmp(argv[i], "--all") == 0) {
			out->all = true;
		} else if (argv[i][0] != '-') {
			ok = set_pool(out, chosen, argv[i], why, why_size);
		} else {
			snprintf(why, why_size, "there is no option %s: see poolkeeper --help", argv[i]);
			ok = false;
		}
		if (!ok)
			return false;
	}
	return fits(out, chosen, why, why_size);
}

static void print_help(FILE *out)
{
	fputs("poolkeeper: drives lottery pools from lock to draw to payout. Runs in the foreground until SIGTERM or "
	      "SIGINT.\n\n"
	      "usage: poolkeeper [--once | --rebuild POOL] [--dry-run] [--env-file FILE] [--config FILE]\n"
	      "       poolkeeper explain POOL|DRAW | status [--all] | verify POOL|FILE | fairness [--json] [--env-file "
	      "FILE] "
	      "[--config "
	      "FILE]\n"
	      "       poolkeeper certificate DRAW [--env-file FILE] [--config FILE]\n"
	      "       poolkeeper vrf-key [--env-file FILE] [--config FILE]\n\n",
		out);
	fprintf(out, "  %-20s %s\n", "--env-file FILE", "read KEY=value lines; the environment wins over them");
	fprintf(out, "  %-20s %s\n", "--config FILE", "the same, of poolkeeper alone: --env-file wins over it");
	fprintf(out, "  %-20s %s\n", "--dry-run", "read, decide and log, but send and write nothing");
	fprintf(out, "  %-20s %s\n", "--json",
		"explain, status, verify, fairness: one JSON object instead of text; all values are strings");
	fprintf(out, "  %-20s %s\n", "--all", "status: every pool that is over, and not only the newest of them");
	for (size_t i = 0; i < N_MODES; i++)
		fprintf(out, "  %-20s %s\n", MODES[i].name, MODES[i].help);
	fputs("\nPOOL is the pool's address (ADDRESS:POOL_ID for an earlier pool at it) or its number in the web app. "
	      "DRAW is the UUID of a draw off chain; explain takes SOURCE:KEY as well. FILE is a certificate,\n"
	      "named with a dot or a slash; it is checked without network and settings. explain, status,\n"
	      "verify and fairness write nothing, need no key, and work while the daemon is down. verify needs "
	      "SOLANA_RPC_URL "
	      "and "
	      "SOLANA_NETWORK\n"
	      "only, fairness DATABASE_URL only; explain and status need both, and show what they have when one of the "
	      "two is "
	      "away.\n"
	      "Colours go to a terminal only, and not when NO_COLOR is set.\n",
		out);
	fputs("\nsignals: SIGTERM, SIGINT stop (a second one at once); SIGUSR1 logs one level more, SIGUSR2 one less.\n"
	      "\nexit codes: 0 done, 1 verify: not fair (fairness: unlike fair draws), 3 verify: no draw, stakes "
	      "refunded,\n"
	      "64 command line, 69 RPC or database unreachable (verify: it cannot be known),\n"
	      "70 internal, 74 output that cannot be written, 75 something due is unfinished (verify: not decided "
	      "yet), 77 permissions of a key file, 78 "
	      "settings.\n"
	      "64, 77 and 78 stay until somebody changes something.\n",
		out);
}

bool options_shows(enum options_mode mode)
{
	return mode == MODE_EXPLAIN || mode == MODE_STATUS || mode == MODE_VERIFY || mode == MODE_FAIRNESS ||
	       mode == MODE_CERTIFICATE;
}

bool options_drives(enum options_mode mode)
{
	return mode == MODE_RUN || mode == MODE_ONCE || mode == MODE_REBUILD;
}

bool options_runs(enum options_mode mode)
{
	return options_shows(mode) || options_drives(mode) || mode == MODE_CHECK_CONFIG || mode == MODE_PRINT_CONFIG ||
	       mode == MODE_VRF_KEY;
}

int options_print(enum options_mode mode, FILE *out)
{
	switch (mode) {
	case MODE_VERSION:
		fprintf(out, "poolkeeper %s (commit %s, schema %s)\n", POOLKEEPER_VERSION, POOLKEEPER_COMMIT,
			POOLKEEPER_SCHEMA);
		break;
	case MODE_HELP:
		print_help(out);
		break;
	case MODE_PRINT_LIFECYCLE:
		lifecycle_print(out);
		break;
	case MODE_PRINT_ENV_EXAMPLE:
		config_print_env_example(out);
		break;
	case MODE_PRINT_SETTINGS:
		config_print_table(out);
		break;
	case MODE_PRINT_METRICS:
		metrics_print_table(out);
		break;
	case MODE_PRINT_EVENTS:
		config_print_events(out);
		break;
	case MODE_RUN:
	case MODE_ONCE:
	case MODE_REBUILD:
	case MODE_CHECK_CONFIG:
	case MODE_PRINT_CONFIG:
	case MODE_EXPLAIN:
	case MODE_STATUS:
	case MODE_VERIFY:
	case MODE_CERTIFICATE:
	case MODE_FAIRNESS:
	case MODE_VRF_KEY:
		break;
	}
	return fflush(out) == 0 && !ferror(out) ? EX_OK : EX_IOERR;
}
