/* ops/listen: which addresses KEEPER_HTTP takes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "ops/listen.h"

static void good_addresses_come_back_as_text(void **unused)
{
	static const struct {
		const char *text, *back;
		bool loopback;
	} cases[] = {
		{ "127.0.0.1:9472", "127.0.0.1:9472", true },
		{ "127.9.9.9:0", "127.9.9.9:0", true },
		{ "localhost:80", "127.0.0.1:80", true },
		{ "[::1]:9472", "[::1]:9472", true },
		{ "0.0.0.0:65535", "0.0.0.0:65535", false },
		{ "10.1.2.3:1", "10.1.2.3:1", false },
		{ "[::]:9472", "[::]:9472", false },
		{ "[fe80::1]:9472", "[fe80::1]:9472", false },
	};

	(void)unused;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct listen_address address;
		char why[160], back[LISTEN_TEXT];

		assert_true(listen_parse(&address, cases[i].text, why, sizeof why));
		assert_true(address.on);
		assert_int_equal(address.loopback, cases[i].loopback);
		listen_text(&address.to, back);
		assert_string_equal(back, cases[i].back);
	}
}

static void off_is_no_address(void **unused)
{
	struct listen_address address;
	char why[160];

	(void)unused;
	assert_true(listen_parse(&address, "off", why, sizeof why));
	assert_false(address.on);
}

static void bad_addresses_are_refused_with_an_example(void **unused)
{
	static const char *const cases[] = { "", ":", "9472", ":9472", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536",
		"127.0.0.1:123456", "127.0.0.1:-1", "127.0.0.1:80 ", " 127.0.0.1:80", "127.0.0.256:80", "127.1:80",
		"example.com:80", "http://127.0.0.1:80", "::1:80", "[::1]", "[::1:80", "[]:80", "::1]:80",
		"[127.0.0.1]:80", "OFF", "127.0.0.1:0x50",
		"1111111111111111111111111111111111111111111111111111111111111111111111111111:80" };

	(void)unused;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct listen_address address;
		char why[160] = "";

		assert_false(listen_parse(&address, cases[i], why, sizeof why));
		assert_false(address.on);
		assert_string_equal(why, "has to be a numeric address and a port, such as 127.0.0.1:9472 or "
					 "[::1]:9472, or off");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_addresses_come_back_as_text),
		cmocka_unit_test(off_is_no_address),
		cmocka_unit_test(bad_addresses_are_refused_with_an_example),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
