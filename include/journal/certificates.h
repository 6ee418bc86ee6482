/* Certificates of draws: the rows that make their chain, and the texts that follow from the rows (migrations/V022). */
#ifndef JOURNAL_CERTIFICATES_H
#define JOURNAL_CERTIFICATES_H
#include "journal/journal.h"

enum {
	CERTIFICATE_DRAW_TEXT = SUBJECT_TEXT, /* a UUID, or the subject of a pool's draw */
	CERTIFICATE_NAME_TEXT = 128,
	CERTIFICATE_FILES = 500, /* of one answer */
	CERTIFICATE_TICKETS = 10000,
};

struct certificate_row {
	char draw[CERTIFICATE_DRAW_TEXT];
	uint64_t serial;
	struct hash previous, hash; /* hash: SHA-256 of the body */
	int64_t made;
};

struct certificate_file {
	uint64_t serial;
	char name[CERTIFICATE_NAME_TEXT];
};

struct certificate_call {
	struct task task;
	bool found;                                      /* of next and add                                   */
	struct certificate_row row;                      /* of next                                           */
	size_t n_files;                                  /* of files                                          */
	struct certificate_file file[CERTIFICATE_FILES]; /* likewise                                          */
	char draw[CERTIFICATE_DRAW_TEXT];                /* of head                                           */
	uint64_t tickets;                                /* of head: how many follow it                       */
	const char *text;                                /* of head and tickets; borrowed until done() returns */
	size_t text_n;
	struct journal_call_state *state;
};
void certificate_call_init(struct certificate_call *call);
void certificate_call_fini(struct certificate_call *call);

struct terms_call {
	struct task task;
	bool found;
	char name[CERTIFICATE_NAME_TEXT];
	const char *text; /* borrowed until done() returns */
	size_t text_n;
	struct journal_call_state *state;
};
void terms_call_init(struct terms_call *call);
void terms_call_fini(struct terms_call *call);

/* The next one that is missing; found false: none is. */
void certificate_next(struct journal *j, struct certificate_call *call, journal_done *done);
/* call->row as certificate_next() gave it, with the signature of its hash. REFUSED: another one came between. */
void certificate_add(struct journal *j, struct certificate_call *call, const struct pubkey *key,
	const struct signature *signature, journal_done *done);
/* Names of the files that must be there, from the first serial after this one on. */
void certificate_files(struct journal *j, struct certificate_call *call, uint64_t after, journal_done *done);
/* A file up to its tickets. REFUSED: what it says is no longer what was signed. */
void certificate_head(struct journal *j, struct certificate_call *call, uint64_t serial, journal_done *done);
/* The same of locks that are on the chain, by their seq. */
void certificate_lock_files(struct journal *j, struct certificate_call *call, uint64_t after, journal_done *done);
void certificate_lock_head(struct journal *j, struct certificate_call *call, uint64_t seq, journal_done *done);
/* CERTIFICATE_TICKETS of the draw that call->draw names, from this one on, with commas between them. */
void certificate_tickets(struct journal *j, struct certificate_call *call, uint64_t from, journal_done *done);
/* The file that comes after this name ("": the first) of those with published rules and keys; found false: none does. */
void terms_next(struct journal *j, struct terms_call *call, const char *after, journal_done *done);
#endif
