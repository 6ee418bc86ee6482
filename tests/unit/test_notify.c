/* ops/notify: what systemd and pm2 are told, and when. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "ops/notify.h"

static int manager, pm2[2];
static struct notify *notify;
static char got[1024];

/* A manager that listens at an abstract name of this process, and the socket that pm2 leaves open. */
static int set_up(void **state)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	char name[64], fd[16];
	const int n = snprintf(name, sizeof name, "@poolkeeper-test-notify-%ld", (long)getpid());

	(void)state;
	manager = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	memcpy(at.sun_path + 1, name + 1, (size_t)n - 1);
	if (manager < 0 ||
		bind(manager, (const struct sockaddr *)&at,
			(socklen_t)(offsetof(struct sockaddr_un, sun_path) + (size_t)n)) != 0 ||
		socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pm2) != 0)
		return -1;
	snprintf(fd, sizeof fd, "%d", pm2[1]);
	setenv("NOTIFY_SOCKET", name, 1);
	setenv("NODE_CHANNEL_FD", fd, 1);
	setenv("pm_id", "0", 1);
	notify = notify_new();
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	notify_free(notify);
	close(manager), close(pm2[0]), close(pm2[1]);
	unsetenv("pm_id");
	return 0;
}

static const char *heard_from(int fd)
{
	const ssize_t n = recv(fd, got, sizeof got - 1, 0);

	got[n > 0 ? n : 0] = '\0';
	return got;
}

static void nothing_before_the_first_tick(void **state)
{
	(void)state;
	notify_ticks(notify, 0, "x");
	notify_reloading(notify);
	notify_reloaded(notify);
	assert_string_equal(heard_from(manager), "");
	assert_string_equal(heard_from(pm2[0]), "");
	assert_null(getenv("NOTIFY_SOCKET"));
	assert_null(getenv("NODE_CHANNEL_FD"));
}

static void ready_once_and_fed_by_ticks(void **state)
{
	(void)state;
	notify_ticks(notify, 1, "drawing");
	assert_string_equal(heard_from(manager), "READY=1\nWATCHDOG=1\nSTATUS=drawing\n");
	assert_string_equal(heard_from(pm2[0]), "\"ready\"\n");
	notify_ticks(notify, 1, "drawing");
	assert_string_equal(heard_from(manager), "");
	notify_ticks(notify, 2, "standby");
	assert_string_equal(heard_from(manager), "WATCHDOG=1\nSTATUS=standby\n");
	assert_string_equal(heard_from(pm2[0]), "");
}

static void reloading_and_stopping(void **state)
{
	(void)state;
	notify_ticks(notify, 1, "x");
	(void)heard_from(manager);
	notify_reloading(notify);
	assert_ptr_equal(strstr(heard_from(manager), "RELOADING=1\nMONOTONIC_USEC="), got);
	notify_reloaded(notify);
	assert_string_equal(heard_from(manager), "READY=1\n");
	notify_stopping(notify);
	assert_ptr_equal(strstr(heard_from(manager), "STOPPING=1\n"), got);
}

/* Nobody reads: nothing waits, nothing ends. */
static void a_manager_that_left_is_no_harm(void **state)
{
	(void)state;
	close(manager);
	close(pm2[0]);
	for (uint64_t tick = 1; tick < 300; tick++)
		notify_ticks(notify, tick, "x");
	notify_stopping(notify);
	manager = pm2[0] = -1;
}

static void names_that_are_none(void **state)
{
	static const char *const names[] = { "", "@", "relative",
		"/a-name-that-is-longer-than-a-unix-socket-may-be-"
		"because-there-is-room-for-one-hundred-and-eight-"
		"bytes-and-not-for-more" };

	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		setenv("NOTIFY_SOCKET", names[i], 1);
		setenv("NODE_CHANNEL_FD", i % 2 ? "x" : "1", 1); /* not a number, or our own output */
		notify_free(notify);
		notify = notify_new();
		notify_ticks(notify, 1, "x");
	}
	assert_string_equal(heard_from(manager), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(nothing_before_the_first_tick, set_up, tear_down),
		cmocka_unit_test_setup_teardown(ready_once_and_fed_by_ticks, set_up, tear_down),
		cmocka_unit_test_setup_teardown(reloading_and_stopping, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_manager_that_left_is_no_harm, set_up, tear_down),
		cmocka_unit_test_setup_teardown(names_that_are_none, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
