/* The simulated worlds have no key for certificates, so none is ever made: this only satisfies the linker. */
#include <stdlib.h>

#include "chain/certificate_key.h"
#include "chain/evidence.h"
#include "chain/oracle_sig.h"
#include "io/publish.h"
#include "journal/certificates.h"
#include "journal/proofs.h"

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

bool publish_other(const char *dir, const char *name, size_t same, char other[PUBLISH_NAME_MAX])
{
	(void)same;
	(void)other;
	return publish_done(dir, name);
}

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

/* ---- what a pool's says ---- */

void evidence_begin(struct evidence *e, const struct pubkey *pool)
{
	(void)e;
	(void)pool;
	abort();
}

enum calls_result evidence_of_pool(struct evidence *e, const struct rpc_transaction *tx, const struct signature *sig)
{
	(void)e;
	(void)tx;
	(void)sig;
	abort();
}

enum calls_result evidence_of_randomness(struct evidence *e, const struct rpc_transaction *tx,
	const struct signature *sig, const struct pubkey *switchboard)
{
	(void)switchboard;
	return evidence_of_pool(e, tx, sig);
}

const struct evidence_commit *evidence_used(const struct evidence *e)
{
	(void)e;
	abort();
}

void evidence_account_keys(struct pubkey keys[EVIDENCE_ACCOUNTS], const struct evidence *e)
{
	(void)keys;
	(void)e;
	abort();
}

void evidence_of_accounts(struct evidence_accounts *out, const struct evidence *e, const struct rpc_accounts *got,
	const struct pubkey *switchboard)
{
	(void)out;
	(void)e;
	(void)got;
	(void)switchboard;
	abort();
}

bool oracle_sig_valid(const struct pubkey *randomness, const struct hash *seed_slothash, struct slot seed_slot,
	const struct oracle_answer *answer, const uint8_t signer[static 64])
{
	(void)randomness;
	(void)seed_slothash;
	(void)seed_slot;
	(void)answer;
	(void)signer;
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

void proof_call_init(struct proof_call *call)
{
	call->state = NULL;
}

void proof_call_fini(struct proof_call *call)
{
	(void)call;
}

void proof_next(struct journal *j, struct proof_call *call, journal_done *done)
{
	(void)j;
	(void)call;
	(void)done;
	abort();
}

void proof_add(struct journal *j, struct proof_call *call, const char *member, const char *why, journal_done *done)
{
	(void)member;
	(void)why;
	proof_next(j, call, done);
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

/* No draw of the simulator is locked off chain. */
void certificate_lock_files(struct journal *j, struct certificate_call *call, uint64_t after, journal_done *done)
{
	certificate_files(j, call, after, done);
}

void certificate_lock_head(struct journal *j, struct certificate_call *call, uint64_t seq, journal_done *done)
{
	certificate_head(j, call, seq, done);
}

void terms_call_init(struct terms_call *call)
{
	call->state = NULL;
}

void terms_call_fini(struct terms_call *call)
{
	(void)call;
}

void terms_next(struct journal *j, struct terms_call *call, const char *after, journal_done *done)
{
	(void)j;
	(void)call;
	(void)after;
	(void)done;
	abort();
}
