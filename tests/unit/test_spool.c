/* io/spool: a record that was acknowledged survives; a torn one goes; damage is seen and kept. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "io/spool.h"

static int syncs;
static bool sync_fails;

/* In the place of libc's: a power cut cannot be had here, but a missing sync can be seen. */
int fdatasync(int fd)
{
	(void)fd;
	syncs++;
	if (!sync_fails)
		return 0;
	errno = EIO;
	return -1;
}

static char dir[64], file[80], why[256];
static char records[64][64];
static unsigned n_records;

static int make_dir(void **state)
{
	(void)state;
	(void)snprintf(dir, sizeof dir, "/tmp/spool-test-XXXXXX");
	if (!mkdtemp(dir))
		return -1;
	(void)snprintf(file, sizeof file, "%s/spool", dir);
	return 0;
}

static int remove_dir(void **state)
{
	char path[96];
	(void)state;

	(void)unlink(file);
	for (int i = 1; i < 4; i++) {
		(void)snprintf(path, sizeof path, "%s/spool.damaged-%d", dir, i);
		(void)unlink(path);
	}
	return rmdir(dir);
}

static bool keep(void *owner, const void *record, size_t len)
{
	(void)owner;
	assert_true(n_records < 64 && len < sizeof records[0]);
	memcpy(records[n_records], record, len);
	records[n_records++][len] = '\0';
	return true;
}

static struct spool *reopen(struct spool *s)
{
	spool_close(s);
	assert_int_equal(spool_open(&s, dir, why, sizeof why), ERR_OK);
	return s;
}

static void append(struct spool *s, const char *text)
{
	assert_int_equal(spool_append(s, text, strlen(text), why, sizeof why), ERR_OK);
}

static void read_records(struct spool *s)
{
	n_records = 0;
	assert_int_equal(spool_read_all(s, keep, NULL, why, sizeof why), ERR_OK);
}

static off_t file_size(void)
{
	struct stat st;

	assert_int_equal(stat(file, &st), 0);
	return st.st_size;
}

static void poke(off_t at, char c)
{
	int fd = open(file, O_WRONLY);

	assert_int_equal(pwrite(fd, &c, 1, at), 1);
	close(fd);
}

static void append_read_reset(void **state)
{
	struct spool *s = reopen(NULL);
	struct stat st;
	(void)state;

	append(s, "one");
	append(s, "two");
	assert_int_equal(spool_records(s), 2);
	read_records(s);
	assert_int_equal(n_records, 2);
	s = reopen(s);
	append(s, "three");
	s = reopen(s);
	assert_int_equal(spool_records(s), 3);
	read_records(s);
	assert_string_equal(records[0], "one");
	assert_string_equal(records[2], "three");
	assert_int_equal(stat(file, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(spool_reset(s, why, sizeof why), ERR_OK);
	assert_int_equal(spool_records(s), 0);
	assert_int_equal(file_size(), 0);
	append(s, "four");
	s = reopen(s);
	read_records(s);
	assert_int_equal(n_records, 1);
	assert_string_equal(records[0], "four");
	spool_close(s);
}

static void largest_and_refused_records(void **state)
{
	static char big[SPOOL_RECORD_MAX + 1];
	struct spool *s = reopen(NULL);
	(void)state;

	memset(big, 'b', sizeof big);
	assert_int_equal(spool_append(s, big, SPOOL_RECORD_MAX, why, sizeof why), ERR_OK);
	assert_int_equal(spool_append(s, big, SPOOL_RECORD_MAX + 1, why, sizeof why), ERR_INVALID);
	assert_int_equal(spool_append(s, big, 0, why, sizeof why), ERR_INVALID);
	s = reopen(s);
	assert_int_equal(spool_records(s), 1);
	spool_close(s);
}

/* Whatever the length at which a crash cut the file, whole records stay and the rest goes. */
static void torn_tail_at_every_length(void **state)
{
	struct spool *s = reopen(NULL);
	off_t first, all;
	(void)state;

	append(s, "first record");
	first = file_size();
	append(s, "second record");
	all = file_size();
	for (off_t len = all - 1; len >= first; len--) {
		spool_close(s);
		assert_int_equal(truncate(file, len), 0);
		s = reopen(NULL);
		assert_int_equal(spool_records(s), 1);
		assert_int_equal(spool_cut(s), len - first);
		assert_int_equal(spool_damaged(s), 0);
		assert_int_equal(file_size(), first);
		append(s, "second record");
		assert_int_equal(file_size(), all);
		read_records(s);
		assert_string_equal(records[1], "second record");
	}
	spool_close(s);
}

static void zeros_behind_the_end_are_cut(void **state)
{
	struct spool *s = reopen(NULL);
	(void)state;

	append(s, "one");
	spool_close(s);
	assert_int_equal(truncate(file, file_size() + 5000), 0);
	s = reopen(NULL);
	assert_int_equal(spool_cut(s), 5000);
	assert_int_equal(spool_records(s), 1);
	spool_close(s);
}

/* One wrong byte anywhere in the middle record: its neighbours survive, and it is reported. */
static void damage_at_every_byte(void **state)
{
	struct spool *s;
	char path[96];
	off_t first, second, all;
	(void)state;

	s = reopen(NULL);
	append(s, "first");
	first = file_size();
	append(s, "second");
	second = file_size();
	append(s, "third");
	all = file_size();
	spool_close(s);
	for (off_t at = first; at < second; at++) {
		char was;
		int fd = open(file, O_RDONLY);

		assert_int_equal(pread(fd, &was, 1, at), 1);
		close(fd);
		poke(at, (char)(was ^ 0x41));
		s = reopen(NULL);
		assert_int_equal(spool_damaged(s), second - first);
		assert_int_equal(spool_records(s), 2);
		read_records(s);
		assert_string_equal(records[0], "first");
		assert_string_equal(records[1], "third");
		assert_int_equal(file_size(), all);
		spool_close(s);
		poke(at, was);
	}
	poke(first, 'x');
	s = reopen(NULL);
	append(s, "fourth");
	assert_int_equal(spool_reset(s, why, sizeof why), ERR_OK);
	assert_int_equal(spool_damaged(s), 0);
	assert_int_equal(file_size(), 0);
	(void)snprintf(path, sizeof path, "%s/spool.damaged-1", dir);
	assert_int_equal(access(path, F_OK), 0);
	append(s, "fifth");
	s = reopen(s);
	assert_int_equal(spool_records(s), 1);
	spool_close(s);
}

static void one_process_per_directory(void **state)
{
	struct spool *s = reopen(NULL), *second;
	(void)state;

	assert_int_equal(spool_open(&second, dir, why, sizeof why), ERR_REFUSED);
	assert_non_null(strstr(why, "in use by another process"));
	assert_null(second);
	spool_close(s);
}

static void open_to_others_is_refused(void **state)
{
	struct spool *s;
	(void)state;

	assert_int_equal(chmod(dir, 0750), 0);
	assert_int_equal(spool_open(&s, dir, why, sizeof why), ERR_REFUSED);
	assert_non_null(strstr(why, "mode 750"));
	assert_int_equal(chmod(dir, 0700), 0);
	s = reopen(NULL);
	spool_close(s);
	assert_int_equal(chmod(file, 0640), 0);
	assert_int_equal(spool_open(&s, dir, why, sizeof why), ERR_REFUSED);
}

static void symlink_is_refused(void **state)
{
	struct spool *s;
	(void)state;

	assert_int_equal(symlink("/etc/passwd", file), 0);
	assert_int_not_equal(spool_open(&s, dir, why, sizeof why), ERR_OK);
	assert_null(s);
}

static void missing_parent(void **state)
{
	struct spool *s;
	(void)state;

	assert_int_equal(spool_open(&s, "/nonexistent/spool", why, sizeof why), ERR_RETRY);
	assert_non_null(strstr(why, "/nonexistent/spool"));
}

/* A disk that fills up in the middle of a record: nothing of it stays, and later records follow whole ones. */
static void full_disk(void **state)
{
	struct rlimit old, limit;
	struct spool *s = reopen(NULL);
	off_t before;
	(void)state;

	append(s, "one");
	before = file_size();
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	limit = old;
	limit.rlim_cur = (rlim_t)before + 10;
	(void)signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	assert_int_equal(spool_append(s, "a longer record", 15, why, sizeof why), ERR_RETRY);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
	assert_int_equal(file_size(), before);
	append(s, "two");
	s = reopen(s);
	assert_int_equal(spool_records(s), 2);
	assert_int_equal(spool_cut(s), 0);
	spool_close(s);
}

static void every_record_is_synced(void **state)
{
	struct spool *s = reopen(NULL);
	(void)state;

	syncs = 0;
	append(s, "one");
	append(s, "two");
	assert_int_equal(syncs, 2);
	sync_fails = true;
	assert_int_equal(spool_append(s, "three", 5, why, sizeof why), ERR_UNKNOWN);
	assert_non_null(strstr(why, "cannot sync"));
	sync_fails = false;
	assert_int_equal(spool_append(s, "four", 4, why, sizeof why), ERR_UNKNOWN); /* until it is opened again */
	assert_int_equal(syncs, 3);
	s = reopen(s);
	assert_int_equal(spool_records(s), 3);
	append(s, "five");
	spool_close(s);
}

static int stop_after;
static bool stop(void *owner, const void *record, size_t len)
{
	(void)owner;
	(void)record;
	(void)len;
	return --stop_after > 0;
}

static void reading_can_stop(void **state)
{
	struct spool *s = reopen(NULL);
	(void)state;

	append(s, "one");
	append(s, "two");
	append(s, "three");
	stop_after = 2;
	assert_int_equal(spool_read_all(s, stop, NULL, why, sizeof why), ERR_OK);
	assert_int_equal(stop_after, 0);
	spool_close(s);
}

/* The writer dies by SIGKILL at a random moment; what it acknowledged over the pipe is there. */
static void killed_writer(void **state)
{
	(void)state;
	for (int round = 0; round < 10; round++) {
		int ack[2], status;
		char last = 0, text[2] = "A";
		struct spool *s;
		pid_t pid;

		(void)unlink(file);
		assert_int_equal(pipe(ack), 0);
		pid = fork();
		if (pid == 0) {
			if (spool_open(&s, dir, why, sizeof why) != ERR_OK)
				_exit(1);
			for (; text[0] <= 'Z'; text[0]++)
				if (spool_append(s, text, 1, why, sizeof why) != ERR_OK || write(ack[1], text, 1) != 1)
					_exit(1);
			_exit(0);
		}
		close(ack[1]);
		for (int i = 0; i <= round && read(ack[0], &last, 1) == 1; i++)
			;
		kill(pid, SIGKILL);
		while (read(ack[0], &last, 1) == 1)
			;
		assert_int_equal(waitpid(pid, &status, 0), pid);
		close(ack[0]);
		s = reopen(NULL);
		assert_true(spool_records(s) >= (unsigned)(last - 'A' + 1));
		assert_int_equal(spool_damaged(s), 0);
		read_records(s);
		for (unsigned i = 0; i < n_records; i++)
			assert_int_equal(records[i][0], 'A' + (int)i);
		spool_close(s);
	}
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, make_dir, remove_dir)
int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(append_read_reset),
		TEST(largest_and_refused_records),
		TEST(torn_tail_at_every_length),
		TEST(damage_at_every_byte),
		TEST(zeros_behind_the_end_are_cut),
		TEST(one_process_per_directory),
		TEST(symlink_is_refused),
		TEST(open_to_others_is_refused),
		TEST(missing_parent),
		TEST(full_disk),
		TEST(every_record_is_synced),
		TEST(reading_can_stop),
		TEST(killed_writer),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
