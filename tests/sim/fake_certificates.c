/* The simulated worlds have no key for certificates, so none is ever made: this only satisfies the linker. */
#include <stdlib.h>

#include "chain/certificate_key.h"
#include "io/publish.h"
#include "journal/certificates.h"

void certificate_key_public(const struct certificate_key *key, struct pubkey *out)
{
	(void)key;
	(void)out;
	abort();
}

void certificate_key_sign(struct signature *out, const struct certificate_key *key, const struct hash *body)
{
	(void)out;
	(void)key;
	(void)body;
	abort();
}

/* ---- files ---- */

bool publish_done(const char *dir, const char *name)
{
	(void)dir;
	(void)name;
	abort();
}

enum err publish_begin(struct publish **out, const char *dir, const char *name, char *why, size_t why_size)
{
	(void)out;
	(void)dir;
	(void)name;
	(void)why;
	(void)why_size;
	abort();
}

enum err publish_add(struct publish *publish, const char *bytes, size_t n, char *why, size_t why_size)
{
	(void)publish;
	(void)bytes;
	(void)n;
	(void)why;
	(void)why_size;
	abort();
}

enum err publish_end(struct publish *publish, char *why, size_t why_size)
{
	return publish_add(publish, NULL, 0, why, why_size);
}

void publish_drop(struct publish *publish)
{
	if (publish)
		abort();
}

/* ---- rows ---- */

void certificate_call_init(struct certificate_call *call)
{
	call->state = NULL;
}

void certificate_call_fini(struct certificate_call *call)
{
	(void)call;
}

void certificate_next(struct journal *j, struct certificate_call *call, journal_done *done)
{
	(void)j;
	(void)call;
	(void)done;
	abort();
}

void certificate_add(struct journal *j, struct certificate_call *call, const struct pubkey *key,
	const struct signature *signature, journal_done *done)
{
	(void)key;
	(void)signature;
	certificate_next(j, call, done);
}

void certificate_files(struct journal *j, struct certificate_call *call, uint64_t after, journal_done *done)
{
	(void)after;
	certificate_next(j, call, done);
}

void certificate_head(struct journal *j, struct certificate_call *call, uint64_t serial, journal_done *done)
{
	certificate_files(j, call, serial, done);
}

void certificate_tickets(struct journal *j, struct certificate_call *call, uint64_t from, journal_done *done)
{
	certificate_files(j, call, from, done);
}
