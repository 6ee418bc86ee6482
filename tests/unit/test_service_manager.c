/* ops/service_manager: the socket that systemd hands over. What it is told is tested through ops/notify. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "ops/service_manager.h"

enum { GIVEN_FD = 3 };

static char why[256];

static void hand_over(int fd, const char *pid, const char *fds)
{
	assert_int_equal(dup2(fd, GIVEN_FD), GIVEN_FD);
	if (fd != GIVEN_FD)
		close(fd);
	setenv("LISTEN_PID", pid, 1);
	setenv("LISTEN_FDS", fds, 1);
	setenv("LISTEN_FDNAMES", "x", 1);
	why[0] = '\0';
}

/* At an abstract name that the kernel chooses. */
static int unix_socket(int type, bool listening)
{
	const struct sockaddr_un any = { .sun_family = AF_UNIX };
	const int fd = socket(AF_UNIX, type, 0);

	assert_int_equal(bind(fd, (const struct sockaddr *)&any, sizeof(any.sun_family)), 0);
	assert_true(!listening || listen(fd, 1) == 0);
	return fd;
}

static const char *own_pid(void)
{
	static char text[24];

	snprintf(text, sizeof text, "%ld", (long)getpid());
	return text;
}

static void a_listening_socket_is_taken_once(void **state)
{
	(void)state;
	hand_over(unix_socket(SOCK_STREAM, true), own_pid(), "1");
	assert_int_equal(service_manager_listener(why, sizeof why), GIVEN_FD);
	assert_true(fcntl(GIVEN_FD, F_GETFD) & FD_CLOEXEC);
	assert_null(getenv("LISTEN_PID"));
	assert_null(getenv("LISTEN_FDS"));
	assert_null(getenv("LISTEN_FDNAMES"));
	assert_int_equal(service_manager_listener(why, sizeof why), -1);
}

static void what_is_not_for_us_is_not_taken(void **state)
{
	static const struct {
		const char *pid, *fds;
	} wrong[] = { { "1", "1" }, { "", "1" }, { NULL, "0" }, { NULL, "2" }, { NULL, "" } };

	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		hand_over(
			unix_socket(SOCK_STREAM, true), wrong[i].pid != NULL ? wrong[i].pid : own_pid(), wrong[i].fds);
		assert_int_equal(service_manager_listener(why, sizeof why), -1);
		assert_non_null(strstr(why, "did not hand over"));
	}
}

static void another_kind_of_descriptor_is_refused(void **state)
{
	const int wrong[] = { unix_socket(SOCK_STREAM, false), unix_socket(SOCK_DGRAM, false),
		socket(AF_INET, SOCK_STREAM, 0), open("/dev/null", O_RDONLY) };

	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		hand_over(wrong[i], own_pid(), "1");
		assert_int_equal(service_manager_listener(why, sizeof why), -1);
		assert_non_null(strstr(why, "ListenStream="));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_listening_socket_is_taken_once),
		cmocka_unit_test(what_is_not_for_us_is_not_taken),
		cmocka_unit_test(another_kind_of_descriptor_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
