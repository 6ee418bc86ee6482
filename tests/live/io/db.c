/* A remote control for io/db: commands on stdin, answers on stdout, so that db.test.js can break the server meanwhile.
 * live_db <conninfo> [read-only]
 *   run <id> <deadline ms> <r|w> TAB sql TAB param...   ->  done id err rows sqlstate value ms why  (TAB between)
 *   many <n> TAB sql     run the statement n times, $1 = 0..n-1; one done per statement, ids 0..n-1
 *   cancel <id>          ->  cancelled id
 *   status               ->  status up|down pending backend_pid longest_stall_ms last_error
 *   quit                 (also the end of stdin) */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "io/db.h"

enum { CALLS = 256, LINE = 9000000 };

struct slot {
	struct db_call call;
	char *text; /* holds sql and parameters */
	uint64_t started;
	int id;
};

static struct loop *loop;
static struct db *db;
static struct slot slots[CALLS];
static struct loop_timer *ticker;
static uint64_t last_tick, longest_stall;
static bool in_call;

static void on_tick(void *owner)
{
	uint64_t now = loop_mono_ms();
	(void)owner;

	if (last_tick && now - last_tick > longest_stall)
		longest_stall = now - last_tick;
	last_tick = now;
	loop_timer_set(ticker, 5);
}

static void on_done(struct task *task, const struct reply *r)
{
	struct slot *slot = container_of(container_of(task, struct db_call, task), struct slot, call);
	const struct db_result *result = r->data;
	const char *value = db_rows(result) ? db_get(result, 0, 0) : "";

	if (in_call)
		abort();
	printf("done\t%d\t%s\t%d\t%s\t%s\t%d\t%s\n", slot->id, err_name(r->err), db_rows(result), db_sqlstate(result),
		value ? value : "NULL", (int)(loop_mono_ms() - slot->started), r->why);
	fflush(stdout);
	free(slot->text);
	slot->text = NULL;
}

static struct slot *free_slot(void)
{
	for (int i = 0; i < CALLS; i++)
		if (!slots[i].text)
			return &slots[i];
	abort();
}

static void start(int id, unsigned deadline, bool writes, const char *fields)
{
	struct slot *slot = free_slot();
	char *at, *end;

	slot->id = id;
	slot->text = strdup(fields);
	slot->started = loop_mono_ms();
	slot->call = (struct db_call){ .sql = slot->text, .deadline_ms = deadline, .writes = writes };
	for (at = slot->text; (end = strchr(at, '\t')) != NULL;) {
		*end = '\0';
		at = end + 1;
		slot->call.param[slot->call.n++] = at;
	}
	for (int i = 0; i < slot->call.n; i++)
		if (strcmp(slot->call.param[i], "NULL") == 0)
			slot->call.param[i] = NULL;
	in_call = true;
	db_run(db, &slot->call, on_done);
	in_call = false;
}

static void cancel(int id)
{
	for (int i = 0; i < CALLS; i++)
		if (slots[i].text && slots[i].id == id) {
			db_cancel(db, &slots[i].call);
			db_cancel(db, &slots[i].call); /* twice is allowed */
			free(slots[i].text);
			slots[i].text = NULL;
		}
	printf("cancelled\t%d\n", id);
}

static void obey(char *line)
{
	int id, n;
	unsigned deadline;
	char kind, fields[64];
	const char *rest = strchr(line, '\t');

	if (sscanf(line, "run %d %u %c", &id, &deadline, &kind) == 3 && rest) {
		start(id, deadline, kind == 'w', rest + 1);
	} else if (sscanf(line, "many %d", &n) == 1 && rest) {
		for (int i = 0; i < n; i++) {
			char *sql = NULL;
			(void)snprintf(fields, sizeof fields, "\t%d", i);
			if (asprintf(&sql, "%s%s", rest + 1, fields) < 0)
				abort();
			start(i, 20000, false, sql);
			free(sql);
		}
	} else if (sscanf(line, "cancel %d", &id) == 1) {
		cancel(id);
	} else if (strcmp(line, "status") == 0) {
		printf("status\t%s\t%u\t%d\t%d\t%s\n", db_up(db) ? "up" : "down", db_pending(db), db_backend_pid(db),
			(int)longest_stall, db_last_error(db));
	} else {
		loop_stop(loop);
	}
	fflush(stdout);
}

static void on_stdin(void *owner, int fd, int events)
{
	static char line[LINE];
	static size_t len;
	char *end;
	ssize_t n = read(fd, line + len, sizeof line - 1 - len);
	(void)owner;
	(void)events;

	if (n <= 0) {
		loop_stop(loop);
		return;
	}
	len += (size_t)n;
	line[len] = '\0';
	while ((end = strchr(line, '\n')) != NULL) {
		*end = '\0';
		obey(line);
		len -= (size_t)(end + 1 - line);
		memmove(line, end + 1, len + 1);
	}
}

int main(int argc, char **argv)
{
	char why[400], clean[1000], dropped[200];
	struct db_config config = { .name = "live", .read_only = argc > 2 };
	struct loop_io *input;

	if (argc < 2 || !db_conninfo_clean(argv[1], clean, sizeof clean, dropped, sizeof dropped))
		return 2;
	config.conninfo = clean;
	loop = loop_new();
	db = db_new(loop, &config, why, sizeof why);
	if (!db) {
		printf("refused\t%s\n", why);
		loop_free(loop);
		return 3;
	}
	printf("started\t%s\n", dropped);
	fflush(stdout);
	input = loop_io_new(loop, on_stdin, NULL);
	loop_io_set(input, STDIN_FILENO, LOOP_READ);
	ticker = loop_timer_new(loop, on_tick, NULL);
	on_tick(NULL);
	loop_run(loop);
	db_free(db); /* with whatever is still out: nothing may be called after this */
	for (int i = 0; i < CALLS; i++)
		free(slots[i].text);
	loop_io_free(input);
	loop_timer_free(ticker);
	loop_free(loop);
	log_flush(100);
	return 0;
}
