/* sim: runs the real engine against the simulated world, many times, with a kill at each boundary. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/crypto.h"
#include "base/log.h"
#include "sim/sim.h"

enum { JOBS_MAX = 64, CRASHES_PER_SEED = 30, EVERY_BOUNDARY_FROM = 20000, SCENARIOS_MAX = 32 };

struct options {
	uint64_t runs, seed, crash_at;
	unsigned jobs;
	const char *scenario;
	bool verbose, one; /* one run only, as a violation was reported */
};

/* Counted by all workers. */
struct tally {
	uint64_t runs[SCENARIOS_MAX], crashes[SCENARIOS_MAX], virtual_ms[SCENARIOS_MAX];
};

static struct tally *tally;

static void run(size_t scenario, uint64_t seed, uint64_t crash_at, bool verbose)
{
	world_run(&SCENARIOS[scenario], seed, crash_at, verbose);
	__atomic_add_fetch(&tally->runs[scenario], 1, __ATOMIC_RELAXED);
	__atomic_add_fetch(&tally->crashes[scenario], world.crashes, __ATOMIC_RELAXED);
	__atomic_add_fetch(&tally->virtual_ms[scenario], world.now_ms - world.start_ms, __ATOMIC_RELAXED);
}

/* One seed: without a kill, which counts the boundaries, then with a kill at some of them, or at each. Returns the runs. */
static uint64_t run_seed(size_t scenario, uint64_t seed, uint64_t most, bool every)
{
	/* Twenty minutes of an outage have thousands of boundaries at which nothing new happens. */
	const bool tedious = SCENARIOS[scenario].deadline_outage;
	const uint64_t kills = tedious ? CRASHES_PER_SEED / 6 : CRASHES_PER_SEED;
	uint64_t stride, boundaries, n = 1;

	run(scenario, seed, 0, false);
	boundaries = world.boundaries;
	stride = (every && !tedious) || boundaries < kills ? 1 : boundaries / kills;
	for (uint64_t at = 1 + seed % stride; at <= boundaries && n < most; at += stride, n++)
		run(scenario, seed, at, false);
	return n;
}

static bool chosen(const struct options *o, size_t scenario)
{
	return !o->scenario || strcmp(SCENARIOS[scenario].name, o->scenario) == 0;
}

/* Worker w of n takes every n-th seed. */
static void work(const struct options *o, unsigned w)
{
	const uint64_t quota = o->runs / o->jobs + (w < o->runs % o->jobs);
	uint64_t done = 0;

	for (uint64_t i = w; done < quota; i += o->jobs)
		for (size_t s = 0; s < SCENARIO_COUNT && done < quota; s++)
			if (chosen(o, s))
				done += run_seed(
					s, o->seed + i, quota - done, i == 0 && o->runs >= EVERY_BOUNDARY_FROM);
}

static bool wait_for(const pid_t *pid, unsigned n)
{
	bool ok = true;

	for (unsigned left = n; left > 0; left--) {
		int status;
		const pid_t ended = waitpid(-1, &status, 0);

		if (ended < 0)
			return false;
		if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
			continue;
		if (WIFSIGNALED(status) && ok)
			printf("worker killed by signal %d\n", WTERMSIG(status));
		/* The first violation is enough. */
		for (unsigned i = 0; ok && i < n; i++)
			if (pid[i] != ended)
				kill(pid[i], SIGTERM);
		ok = false;
	}
	return ok;
}

static bool run_all(const struct options *o)
{
	pid_t pid[JOBS_MAX];

	fflush(stdout);
	for (unsigned w = 0; w < o->jobs; w++) {
		pid[w] = fork();
		if (pid[w] < 0) {
			printf("fork: %s\n", strerror(errno));
			return false;
		}
		if (pid[w] == 0) {
			work(o, w);
			exit(0);
		}
	}
	return wait_for(pid, o->jobs);
}

static void report(const struct options *o)
{
	uint64_t runs = 0, crashes = 0;
	size_t scenarios = 0;

	for (size_t s = 0; s < SCENARIO_COUNT; s++) {
		if (!chosen(o, s))
			continue;
		printf("%-18s %8" PRIu64 " runs %8" PRIu64 " crashes %8" PRIu64 " virtual minutes\n", SCENARIOS[s].name,
			tally->runs[s], tally->crashes[s], tally->virtual_ms[s] / 60000);
		scenarios++;
		runs += tally->runs[s];
		crashes += tally->crashes[s];
	}
	printf("%zu passed, 0 failed\n", scenarios);
	printf("%" PRIu64 " runs, %" PRIu64 " crashes, 0 violations\n", runs, crashes);
}

static bool number(const char *text, uint64_t *out)
{
	char *end;

	errno = 0;
	*out = strtoull(text, &end, 10);
	return errno == 0 && end != text && *end == '\0' && text[0] != '-';
}

static bool parse(struct options *o, int argc, char **argv)
{
	static const struct option LONG[] = { { "runs", required_argument, NULL, 'r' },
		{ "seed", required_argument, NULL, 's' }, { "jobs", required_argument, NULL, 'j' },
		{ "scenario", required_argument, NULL, 'n' }, { "crash-at", required_argument, NULL, 'c' },
		{ "verbose", no_argument, NULL, 'v' }, { NULL, 0, NULL, 0 } };
	uint64_t jobs;
	int c;

	while ((c = getopt_long(argc, argv, "", LONG, NULL)) != -1) {
		if (c == 'n')
			o->scenario = optarg;
		else if (c == 'v')
			o->verbose = true;
		else if (c == 'c' && number(optarg, &o->crash_at))
			o->one = true;
		else if (c == 'j' && number(optarg, &jobs) && jobs > 0 && jobs <= JOBS_MAX)
			o->jobs = (unsigned)jobs;
		else if (!(c == 'r' && number(optarg, &o->runs)) && !(c == 's' && number(optarg, &o->seed)))
			return false;
	}
	return optind == argc && (!o->one || o->scenario);
}

static bool scenario_known(const struct options *o)
{
	for (size_t s = 0; s < SCENARIO_COUNT; s++)
		if (chosen(o, s))
			return true;
	printf("no scenario is named %s; there are:", o->scenario);
	for (size_t s = 0; s < SCENARIO_COUNT; s++)
		printf(" %s", SCENARIOS[s].name);
	printf("\n");
	return false;
}

static void quiet(bool verbose)
{
	const int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

	log_set_level(verbose ? LOG_AT_DEBUG : LOG_AT_ERROR);
	if (!verbose && null >= 0)
		log_open(null);
}

int main(int argc, char **argv)
{
	struct options o = { .runs = DEFAULT_RUNS, .seed = 1, .jobs = 2 };

	if (!parse(&o, argc, argv)) {
		printf("usage: sim [--runs N] [--seed S] [--jobs J] [--scenario NAME [--crash-at K] [--verbose]]\n");
		return 2;
	}
	/* Each run makes the same again: what it frees is kept, or a quarter of the time goes to the kernel. */
	(void)mallopt(M_MMAP_THRESHOLD, 64 << 20);
	(void)mallopt(M_TRIM_THRESHOLD, 256 << 20);
	tally = mmap(NULL, sizeof *tally, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (tally == MAP_FAILED || !crypto_init() || !scenario_known(&o))
		return 2;
	quiet(o.verbose);
	if (o.one) {
		for (size_t s = 0; s < SCENARIO_COUNT; s++)
			if (chosen(&o, s))
				run(s, o.seed, o.crash_at, o.verbose);
	} else if (!run_all(&o)) {
		printf("0 passed, 1 failed\n");
		return 1;
	}
	report(&o);
	return 0;
}
