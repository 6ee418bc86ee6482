/* verify FILE, from the bytes to the verdict. */
#include "show/certificate.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>

#include "show/certificate_print.h"
#include "show/show.h"

/* ---- the file ---- */

struct file_text {
	char *text;
	size_t n;
};

static bool read_all(FILE *file, struct file_text *out)
{
	struct stat st;

	if (fstat(fileno(file), &st) != 0)
		return false;
	if (!S_ISREG(st.st_mode) || st.st_size > CERTIFICATE_SIZE_MAX) {
		errno = S_ISREG(st.st_mode) ? EFBIG : EINVAL;
		return false;
	}
	out->text = malloc((size_t)st.st_size + 1);
	if (!out->text)
		abort();
	out->n = fread(out->text, 1, (size_t)st.st_size, file);
	return out->n == (size_t)st.st_size && ferror(file) == 0;
}

static bool load(const char *path, struct file_text *out, FILE *complaints)
{
	FILE *file;
	bool ok;

	errno = 0; /* what is left to say when nothing failed but the file is shorter than it was */
	file = fopen(path, "rb");
	ok = file && read_all(file, out);
	if (!ok)
		fprintf(complaints, "poolkeeper: %s cannot be read as a certificate: %s\n", path,
			errno != 0 ? strerror(errno) : "it is cut off");
	if (file)
		fclose(file);
	return ok;
}

/* ---- the checks ---- */

/* Of what the draw tells: the refund, or the round that it used. */
static int64_t last_time(const struct certificate_draw *d)
{
	int64_t due = 0;

	if (d->has_refund)
		return d->refunded_at;
	return drand_time_of(&due, &DRAND_QUICKNET, d->round) ? due : INT64_MAX;
}

static void check_envelope(struct judged *out, const struct certificate *c)
{
	static const struct hash zero;
	const bool first = c->serial == 1;

	judged_note(out, "signature", certificate_signed(c) ? CHECK_OK : CHECK_WRONG,
		"ed25519 by the certificate's key over the body as it stands");
	judged_note(out, "chain", c->serial > 0 && first == hash_equal(&c->previous, &zero) ? CHECK_OK : CHECK_WRONG,
		"the first certificate has no previous one, every other has");
	if (c->is_draw)
		judged_note(out, "made", c->made >= last_time(&c->draw) ? CHECK_OK : CHECK_WRONG,
			"%" PRId64 " is not before the last thing that it tells", c->made);
}

static void conclude(struct judged *out, const struct certificate *c)
{
	const struct check *wrong = judged_first(out, CHECK_WRONG), *unknown = judged_first(out, CHECK_UNKNOWN);
	const struct check *worst = wrong ? wrong : unknown;
	char why[sizeof out->why];

	if (worst) {
		snprintf(why, sizeof why, "%s: %.150s", worst->name, worst->text);
		judged_conclude(out, wrong ? VERDICT_NOT_FAIR : VERDICT_UNKNOWN, why);
	} else if (c->is_draw && c->draw.missing != MISSING_NOTHING) {
		snprintf(why, sizeof why,
			"at the deadline there was no %s: nothing was drawn, and every stake went back",
			certificate_missing_name(c->draw.missing));
		judged_conclude(out, VERDICT_REFUNDED, why);
	} else {
		judged_conclude(out, VERDICT_FAIR, "everything follows by the rules from what the certificate holds");
	}
}

static void *room(size_t n, size_t size)
{
	void *memory = calloc(n > 0 ? n : 1, size);

	if (!memory)
		abort();
	return memory;
}

/* As many as the lock says, but no more than a text of so many bytes can hold. */
static size_t room_for_tickets(const struct certificate *c, size_t text_n)
{
	static const char shortest[] = "[\"\",\"0\",\"0\"]";
	const size_t most = text_n / (2 * HASH_SIZE + sizeof shortest - 1);

	if (!c->is_draw)
		return 0;
	return c->draw.lock.n < most ? (size_t)c->draw.lock.n : most;
}

static void judge_well_formed(struct certificate_verdict *v, size_t text_n)
{
	struct certificate *c = &v->certificate;
	struct judged *out = &v->judged;
	const size_t due = room_for_tickets(c, text_n);
	struct ticket *ticket = room(due, sizeof *ticket);
	uint8_t *stakes = room(due, STAKE_SIZE);
	const char *why = "";
	uint64_t n = 0;
	void *memory;

	v->well_formed = certificate_read_tickets(c, ticket, stakes, due, &n, &why);
	if (!v->well_formed) {
		judged_note(out, "format", CHECK_WRONG, "%s", why);
	} else if (!c->is_draw) {
		judge_pool(out, &v->evidence, &c->pool);
		check_envelope(out, c);
	} else {
		memory = room(select_memory((uint32_t)n), 1);
		check_envelope(out, c);
		judge_draw(out, &v->computed, &c->draw, n > 0 ? ticket : NULL, stakes, memory);
		free(memory);
	}
	free(stakes);
	free(ticket);
}

void certificate_judge(struct certificate_verdict *v, const char *text, size_t n)
{
	const char *why;

	if (certificate_read(&v->certificate, text, n, &why))
		judge_well_formed(v, n);
	else
		judged_note(&v->judged, "format", CHECK_WRONG, "%s", why);
	conclude(&v->judged, &v->certificate);
}

int show_certificate(const char *path, bool json, bool colour, FILE *out, FILE *complaints)
{
	static const int CODE[] = { EX_OK, SHOW_NOT_FAIR, EX_TEMPFAIL, EX_UNAVAILABLE, SHOW_REFUNDED };
	struct file_text file = { NULL, 0 };
	struct certificate_verdict *v;
	struct out *o;
	int code, printed;

	if (!load(path, &file, complaints)) {
		free(file.text);
		return EX_USAGE;
	}
	v = room(1, sizeof *v);
	certificate_judge(v, file.text, file.n);
	o = out_new(json, colour);
	certificate_print(o, path, v);
	printed = out_print(o, out);
	code = CODE[v->judged.verdict];
	out_free(o);
	free(v);
	free(file.text);
	return printed == EX_OK ? code : printed;
}
