/* The certificates of draws that are over: their rows, then their files. Only engine/ includes this. */
#ifndef ENGINE_CERTIFICATES_H
#define ENGINE_CERTIFICATES_H
#include "engine/proofs.h"
#include "engine/snapshot.h"
#include "engine/terms.h"
#include "journal/certificates.h"

struct engine;
struct publish;

enum certificates_stage {
	CERTIFICATES_NEXT, /* is one missing?                                */
	CERTIFICATES_ADD,  /* it is: sign it, and write its row              */
	CERTIFICATES_FILES,
	CERTIFICATES_HEAD, /* a row has no file                              */
	CERTIFICATES_TICKETS,
};
/* Which files are looked at: of draws that were locked, then of draws that are over. */
enum certificates_of { FILES_OF_LOCKS, FILES_OF_DRAWS, FILES_OF };
struct certificates {
	struct certificate_call call;
	enum certificates_stage stage;
	uint64_t due_ms, look_ms;
	enum certificates_of of;
	uint64_t written
		[FILES_OF]; /* every serial (or seq) up to this one has its file, as far as this process looked */
	struct certificate_file file; /* that is being written        */
	struct certificates_snapshot last;
	struct publish *publish; /* NULL: not begun              */
	uint64_t tickets;        /* that are in it               */
	bool wanted;             /* a draw is over since it was asked last */
	bool looked;             /* there was a time with nothing left to do */
	bool failing;            /* and the log has it           */
	struct proofs proofs;
	struct terms terms;
};

void certificates_init(struct engine *e);
void certificates_fini(struct engine *e);
void certificates_turn(struct engine *e);
bool certificates_busy(const struct engine *e);
/* A draw is over, or what its certificate says is known. */
void certificates_soon(struct engine *e);
/* The lock of this seq is on the chain: it is to be published before its result can be known. */
void certificates_locked(struct engine *e, uint64_t seq);
/* Something is left to do, or nobody looked yet. */
bool certificates_pending(const struct engine *e);
#endif
