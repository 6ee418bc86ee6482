/* The certificate of a draw, on chain or off: what anybody needs to compute it again. Format: docs/certificate.md.
 *
 * {"body":{...},"key":K,"signature":S,"tickets":[...]}: the signature covers the bytes of the body as they stand, and the
 * body commits to the tickets by their tree. */
#ifndef CORE_CERTIFICATE_H
#define CORE_CERTIFICATE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/alpha.h"
#include "core/certificate_reader.h"
#include "core/draw.h"
#include "core/ecvrf.h"
#include "core/ml.h"
#include "core/oracle_answer.h"
#include "core/select.h"

enum {
	CERTIFICATE_SIZE_MAX = 1 << 30, /* bytes: ten million tickets take about 930 MB */
	CERTIFICATE_PICKS_MAX = 1000,   /* prizes and alternates  */
	CERTIFICATE_TEXT = 128,
	CERTIFICATE_COMMITS_MAX = 16, /* of an on-chain draw */
};

/* ---- a draw off chain ---- */

/* Fixed and anchored before anybody could know the result. */
struct certificate_lock {
	struct draw_id draw;
	uint64_t seq;         /* from 1; the operator's locks in their order */
	struct hash previous; /* hash of the lock before; zero for the first */
	char source[CERTIFICATE_TEXT], source_key[CERTIFICATE_TEXT];
	uint64_t opened_us;   /* when entries opened, unix us */
	int64_t at, deadline; /* unix s */
	uint64_t n;           /* tickets */
	uint64_t total_weight;
	struct hash root, rules, drand; /* drand: the hash of the chain */
	uint64_t round;
	struct slot slot;
	bool has_vrf; /* else beta is SHA-512 of alpha, and there is no key and no proof */
	struct pubkey vrf_key;
	enum select_mode mode;
	uint32_t prizes, alternates;
	uint64_t amount[CERTIFICATE_PICKS_MAX]; /* of each prize, in base units */
	char currency[CERTIFICATE_TEXT];
	uint64_t stakes;         /* what a refund gives back */
	struct hash stakes_root; /* of each ticket's part of it */
	struct hash hash;        /* SHA-256 of the lock's own bytes: what the anchor holds */
};

struct certificate_pick {
	struct select_pick pick;
	struct hash participant; /* zero where the pick is empty */
};

#define CERTIFICATE_NO_PICK UINT32_MAX

/* Who gets a prize. refused: the candidates before, from certificate_draw.refused. */
struct certificate_award {
	uint64_t amount;
	uint32_t pick; /* CERTIFICATE_NO_PICK: nobody */
	uint32_t refused_from, refused_n;
	char payment[CERTIFICATE_TEXT]; /* where the payment can be seen */
};

struct certificate_refusal {
	int64_t at; /* unix s */
	uint32_t pick;
	char reason[CERTIFICATE_TEXT];
};

/* Where nothing was drawn: the first thing that was not there at the deadline. What comes before it is in the certificate. */
enum certificate_missing { MISSING_NOTHING, MISSING_ANCHOR, MISSING_BLOCK, MISSING_ROUND, MISSING_PROOF };
const char *certificate_missing_name(enum certificate_missing missing);

struct certificate_draw {
	struct certificate_lock lock;
	struct signature anchor; /* the transaction whose memo holds the lock's hash */
	struct slot anchor_slot;
	struct pubkey anchor_wallet;      /* who signed it */
	enum certificate_missing missing; /* not MISSING_NOTHING: no beta, no proof, no picks, no awards */
	int64_t defaulted_at;             /* with missing */
	bool has_refund;                  /* always with missing */
	int64_t refunded_at;
	uint64_t refunded;
	struct slot block_slot, block_parent;
	struct hash blockhash;
	int64_t block_time;
	uint64_t round;
	struct drand_signature signature;
	char checked_by[CERTIFICATE_TEXT]; /* who checked drand's signature, as the operator says */
	struct ecvrf_proof proof;          /* zero without a VRF */
	struct ecvrf_beta beta;
	uint32_t n_picks, n_awards, n_refused;
	struct certificate_pick pick[CERTIFICATE_PICKS_MAX];
	struct certificate_award award[CERTIFICATE_PICKS_MAX];
	struct certificate_refusal refused[CERTIFICATE_PICKS_MAX];
};

/* ---- a draw of a pool ---- */

struct certificate_seen {
	struct signature sig;
	struct slot slot;
	int64_t time;
};

struct certificate_commit {
	struct certificate_seen at, revealed; /* revealed.slot 0: never answered on chain */
	struct pubkey oracle, reveal_oracle;
	struct slot seed_slot;
	struct hash seed_slothash;
	struct oracle_answer answer;
	char reason[CERTIFICATE_TEXT], fate[CERTIFICATE_TEXT];
};

struct certificate_pool {
	char network[CERTIFICATE_TEXT];
	struct pubkey address, creator, mint, token_program, queue, randomness_account;
	uint64_t pool_id;
	struct ml_args terms;
	int64_t start_time;
	struct hash config_hash;
	struct certificate_seen created, requested, selected, paid;
	unsigned n_players, n_commits, n_donations;
	struct {
		struct pubkey wallet;
		struct certificate_seen joined;
	} player[PARTICIPANTS_MAX];
	uint64_t total_amount;
	struct certificate_commit commit[CERTIFICATE_COMMITS_MAX];
	uint8_t oracle_signer[64]; /* secp256k1 X | Y */
	struct drawn drawn;
	struct pubkey winner, winner_token, dev_token, treasury_token;
	struct draw_payout payout;
};

/* ---- both ---- */

struct certificate {
	bool is_draw;         /* else a pool's */
	uint64_t serial;      /* from 1; the operator's certificates in their order */
	struct hash previous; /* certificate_hash of the one before; zero for the first */
	int64_t made;         /* unix s */
	struct pubkey key;    /* the operator's certificate key */
	struct signature signature;
	struct hash hash; /* SHA-256 of the body's bytes */
	struct certificate_draw draw;
	struct certificate_pool pool;
	struct certificate_reader tickets; /* private: where they begin */
};

/* False: *why is one line, READER_WHY bytes at most, borrowed from out. The text must stay until the tickets are read. */
NODISCARD bool certificate_read(struct certificate *out, const char *text, size_t n, const char **why);
/* out, stakes (STAKE_SIZE bytes each): room for as many tickets as the lock says, or as a text of that size can hold. *n: how many there were: 0, where the
 * certificate does not carry them, or all. */
NODISCARD bool certificate_read_tickets(struct certificate *certificate, struct ticket *out, uint8_t *stakes,
	size_t room, uint64_t *n, const char **why);

struct buf;
/* The member "pool" of the body, from { to }: what certificate_read() reads back as the same. buf_ok() says whether there was
 * room; CERTIFICATE_POOL_TEXT always is. */
enum { CERTIFICATE_POOL_TEXT = 1 << 15 };
void certificate_write_pool(struct buf *out, const struct certificate_pool *pool);

/* What the certificate key signs: "PKCERT01" and the hash of the body. */
enum { CERTIFICATE_MESSAGE_SIZE = 8 + HASH_SIZE };
void certificate_message(uint8_t out[CERTIFICATE_MESSAGE_SIZE], const struct hash *body);
NODISCARD bool certificate_signed(const struct certificate *certificate);

/* Private to core: the two kinds of body. */
void certificate_read_draw(struct certificate_reader *r, struct certificate_draw *out);
void certificate_read_pool(struct certificate_reader *r, struct certificate_pool *out);

#endif
