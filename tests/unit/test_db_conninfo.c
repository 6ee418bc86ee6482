/* io/db_conninfo: what is taken out of a URL, and which target each attempt gets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/redact.h"
#include "io/db_conninfo.h"

static char out[400], dropped[200], why[300];

static void cleaning(void **state)
{
	static const struct {
		const char *in, *out, *dropped;
	} cases[] = {
		{ "postgresql://u:p@h:6543/d", "postgresql://u:p@h:6543/d", "" },
		{ "postgres://u:p@h/d?pgbouncer=true", "postgres://u:p@h/d", "pgbouncer" },
		{ "postgres://h/d?schema=x&sslmode=require&connection_limit=5", "postgres://h/d?sslmode=require",
			"schema,connection_limit" },
		{ "postgres://h/d?sslmode=no-verify&a=1", "postgres://h/d?sslmode=require", "sslmode=no-verify,a" },
		{ "postgres://h/d?options=-c%20x&application_name=y&&", "postgres://h/d?application_name=y",
			"options" },
		{ "postgres://h/d?ssl=true", "postgres://h/d?ssl=true", "" },
		{ "postgres://h/d?ssl=1", "postgres://h/d", "ssl" },
		{ "postgres://u:p?q@h/d?bare&host=/run", "postgres://u:p?q@h/d?host=/run", "bare" },
		{ "postgres://h/d?", "postgres://h/d", "" },
		{ "host=a password='x?y=z' dbname=d", "host=a password='x?y=z' dbname=d", "" },
	};
	(void)state;

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		assert_true(db_conninfo_clean(cases[i].in, out, sizeof out, dropped, sizeof dropped));
		assert_string_equal(out, cases[i].out);
		assert_string_equal(dropped, cases[i].dropped);
	}
	assert_false(db_conninfo_clean("postgres://host/d", out, 10, dropped, sizeof dropped));
	assert_false(db_conninfo_clean("postgres://h/d?abcdef=1", out, sizeof out, dropped, 5));
}

static const char *keyword(const struct db_keywords *words, const char *name)
{
	const char *value = NULL;

	for (int i = 0; i < words->n; i++)
		if (strcmp(words->name[i], name) == 0) {
			assert_null(value); /* each once */
			value = words->value[i];
		}
	assert_null(words->name[words->n]);
	return value;
}

static void a_port_may_be_left_out(void **state)
{
	struct db_conninfo *info = db_conninfo_parse("postgresql://a,b:5/d", why, sizeof why);
	struct db_keywords words;
	(void)state;

	assert_non_null(info);
	db_conninfo_keywords(info, 0, NULL, &words);
	assert_string_equal(keyword(&words, "port"), ""); /* the default one, for libpq */
	db_conninfo_keywords(info, 1, NULL, &words);
	assert_string_equal(keyword(&words, "port"), "5");
	db_conninfo_free(info);
}

static void hosts_and_ports(void **state)
{
	struct db_conninfo *info = db_conninfo_parse(
		"postgresql://u:secret-word@a:1,10.0.0.2:2,[::1]:3/d?connect_timeout=7", why, sizeof why);
	struct db_keywords words;
	(void)state;

	assert_non_null(info);
	assert_int_equal(db_conninfo_hosts(info), 3);
	assert_int_equal(db_conninfo_timeout_ms(info), 7000);
	assert_string_equal(db_conninfo_lookup(info, 0), "a");
	assert_null(db_conninfo_lookup(info, 1));
	assert_null(db_conninfo_lookup(info, 2));
	db_conninfo_keywords(info, 0, "192.0.2.1", &words);
	assert_string_equal(keyword(&words, "host"), "a"); /* TLS checks the name */
	assert_string_equal(keyword(&words, "hostaddr"), "192.0.2.1");
	assert_string_equal(keyword(&words, "port"), "1");
	assert_string_equal(keyword(&words, "password"), "secret-word");
	assert_string_equal(keyword(&words, "tcp_user_timeout"), "5000");
	assert_string_equal(keyword(&words, "client_encoding"), "UTF8");
	db_conninfo_keywords(info, 2, NULL, &words);
	assert_string_equal(keyword(&words, "host"), "::1");
	assert_null(keyword(&words, "hostaddr"));
	assert_string_equal(keyword(&words, "port"), "3");
	db_conninfo_free(info);
}

static void what_the_text_sets_stays(void **state)
{
	struct db_conninfo *info = db_conninfo_parse(
		"host=a,b port=7 keepalives_idle=3 tcp_user_timeout=9 hostaddr=10.0.0.1,10.0.0.2", why, sizeof why);
	struct db_keywords words;
	(void)state;

	assert_non_null(info);
	assert_null(db_conninfo_lookup(info, 0));
	db_conninfo_keywords(info, 1, NULL, &words);
	assert_string_equal(keyword(&words, "host"), "b");
	assert_string_equal(keyword(&words, "hostaddr"), "10.0.0.2");
	assert_string_equal(keyword(&words, "port"), "7");
	assert_string_equal(keyword(&words, "keepalives_idle"), "3");
	assert_string_equal(keyword(&words, "tcp_user_timeout"), "9");
	assert_int_equal(db_conninfo_timeout_ms(info), 3000);
	db_conninfo_free(info);
}

static void sockets_need_no_lookup(void **state)
{
	static const char *const texts[] = { "", "dbname=d", "host=/run/postgresql", "postgresql:///d?host=%2Frun",
		"host=@abstract" };
	struct db_conninfo *info;
	(void)state;

	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		info = db_conninfo_parse(texts[i], why, sizeof why);
		assert_non_null(info);
		assert_int_equal(db_conninfo_hosts(info), 1);
		assert_null(db_conninfo_lookup(info, 0));
		db_conninfo_free(info);
	}
}

static void refusals_repeat_nothing(void **state)
{
	static const char *const texts[] = {
		"postgresql://u:hunter2-long@h:x/d",
		"postgresql://u:hunter2-long%zz@h/d",
		"postgresql://u:hunter2-long@[::1/d",
		"postgresql://u:hun\"ter2-long@h/d?x=hunter2-long",
		"password=hunter2-long host",
		"hunter2-long",
		"host=a,b,c port=1,2 password=hunter2-long",
		"host=h port=99999 password=hunter2-long",
		"host=a,b,c,d,e,f,g,h,i password=hunter2-long",
	};
	(void)state;

	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		assert_null(db_conninfo_parse(texts[i], why, sizeof why));
		assert_memory_equal(why, "the database connection ", 24);
		assert_null(strstr(why, "hunter2"));
		assert_null(strstr(why, "ter2"));
		assert_null(strchr(why, '\n'));
	}
}

static void passwords_become_secrets(void **state)
{
	struct db_conninfo *info = db_conninfo_parse("postgresql://u:top%20secret@h/d", why, sizeof why);
	char text[] = "decoded top secret, encoded top%20secret.";
	(void)state;

	assert_non_null(info);
	text[redact(text, strlen(text))] = '\0';
	assert_string_equal(text, "decoded ***, encoded ***.");
	db_conninfo_free(info);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cleaning),
		cmocka_unit_test(a_port_may_be_left_out),
		cmocka_unit_test(hosts_and_ports),
		cmocka_unit_test(what_the_text_sets_stays),
		cmocka_unit_test(sockets_need_no_lookup),
		cmocka_unit_test(refusals_repeat_nothing),
		cmocka_unit_test(passwords_become_secrets),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
