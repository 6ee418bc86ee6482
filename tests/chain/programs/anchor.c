/* What Anchor puts around every program: framework error codes and the log line that names an error. */
#include "anchor.h"

#include "known.h"

#define LINE_MAX 400
#define STRING(x) #x

static const struct anchor_error framework_errors[] = {
#define X(code, name, text) { code, STRING(name), text },
	ANCHOR_ERRORS(X)
#undef X
		{ 0, "Unknown", "Unknown error" },
};

struct line {
	char *text;
	uint64_t len;
};

static void start(struct line *line)
{
	line->text = sbf_alloc(LINE_MAX);
	line->len = 0;
}

static void add(struct line *line, const char *text)
{
	while (*text && line->len < LINE_MAX)
		line->text[line->len++] = *text++;
}

static void add_number(struct line *line, uint64_t number)
{
	char digits[21];
	uint64_t at = sizeof(digits) - 1;

	digits[at] = 0;
	do {
		digits[--at] = (char)('0' + number % 10);
		number /= 10;
	} while (number);
	add(line, digits + at);
}

static const struct anchor_error *find_error(uint32_t code)
{
	const struct anchor_error *error = code < 6000 ? framework_errors : program_errors;

	while (error->code && error->code != code)
		error++;
	return error;
}

static uint64_t log_error(struct line *line, uint32_t code)
{
	const struct anchor_error *error = find_error(code);

	add(line, " Error Code: ");
	add(line, error->name);
	add(line, ". Error Number: ");
	add_number(line, code);
	add(line, ". Error Message: ");
	add(line, error->text);
	add(line, ".");
	sol_log_(line->text, line->len);
	return code;
}

NOINLINE uint64_t anchor_fail(uint32_t code, const char *file, uint32_t at)
{
	struct line line;

	start(&line);
	add(&line, "AnchorError thrown in ");
	add(&line, file);
	add(&line, ":");
	add_number(&line, at);
	add(&line, ".");
	return log_error(&line, code);
}

NOINLINE uint64_t anchor_fail_account(uint32_t code, const char *account)
{
	struct line line;

	start(&line);
	add(&line, "AnchorError caused by account: ");
	add(&line, account);
	add(&line, ".");
	return log_error(&line, code);
}

void anchor_log_instruction(const char *name)
{
	struct line line;

	start(&line);
	add(&line, "Instruction: ");
	add(&line, name);
	sol_log_(line.text, line.len);
}

void anchor_emit(const void *event, uint64_t len)
{
	struct bytes field = { event, len };

	sol_log_data(&field, 1);
}

NOINLINE uint64_t anchor_check_owned(
	const struct account *a, const struct pubkey *program, uint64_t discriminator, const char *name)
{
	bool absent = pubkey_equal(a->owner, &KNOWN_SYSTEM) && *a->lamports == 0;

	REQUIRE_ACCOUNT(!absent, AccountNotInitialized, name);
	REQUIRE_ACCOUNT(pubkey_equal(a->owner, program), AccountOwnedByWrongProgram, name);
	REQUIRE_ACCOUNT(account_len(a) >= 8, AccountDiscriminatorNotFound, name);
	REQUIRE_ACCOUNT(load64(a->data) == discriminator, AccountDiscriminatorMismatch, name);
	return 0;
}
