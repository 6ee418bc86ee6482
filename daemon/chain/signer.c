/* Keys in locked memory; a message is signed only after the guard has taken it apart. */
#include "chain/signer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/crypto.h"
#include "chain/held_key.h"
#include "chain/signer_protocol.h"
#include "core/address.h"
#include "core/tx.h"

enum { AUXILIARIES_MAX = 9, MESSAGE_KEYS_AT = 4 /* header and key count */ };

struct signer {
	struct held_key dev;
	struct held_key treasury; /* secret NULL: claims are not paid */
	struct held_key auxiliary[AUXILIARIES_MAX];
	unsigned n_auxiliaries;
	bool locked;
	char *remote; /* the socket of the process that has the dev wallet's key; NULL: it is here */
};

struct account_key {
	struct held_key key; /* it can only make an account that the payer pays for: unlocked is not worth a warning */
};

struct signer *signer_new(const char *text, size_t len, char *why, size_t why_size)
{
	struct signer *signer = calloc(1, sizeof(*signer));

	if (!signer)
		abort();
	const char *wrong = held_key_read(&signer->dev, text, len);
	signer->locked = signer->dev.locked;
	if (!wrong)
		return signer;
	snprintf(why, why_size, "%s", wrong);
	signer_free(signer);
	return NULL;
}

enum err signer_new_remote(struct signer **signer, const char *path, char *why, size_t why_size)
{
	static const uint8_t ask[] = { 'K' };
	uint8_t answer[SIGNER_PACKET_MAX];
	size_t n;
	enum err err = signer_ask(path, ask, sizeof ask, answer, &n, why, why_size);

	*signer = NULL;
	if (err != ERR_OK)
		return err;
	if (n != 1 + PUBKEY_SIZE || answer[0] != 'K') {
		snprintf(why, why_size, "what answers at %s is no signer of this version", path);
		return ERR_REFUSED;
	}
	*signer = calloc(1, sizeof(**signer));
	if (!*signer || !((*signer)->remote = strdup(path)))
		abort();
	memcpy((*signer)->dev.pubkey.b, answer + 1, PUBKEY_SIZE);
	(*signer)->locked = true; /* nothing is held here */
	return ERR_OK;
}

void signer_free(struct signer *signer)
{
	if (!signer)
		return;
	free(signer->remote);
	held_key_free(&signer->dev);
	held_key_free(&signer->treasury);
	for (unsigned i = 0; i < signer->n_auxiliaries; i++)
		held_key_free(&signer->auxiliary[i]);
	free(signer);
}

const struct pubkey *signer_pubkey(const struct signer *signer)
{
	return &signer->dev.pubkey;
}

bool signer_locked(const struct signer *signer)
{
	return signer->locked;
}

static const struct held_key *find_auxiliary(const struct signer *signer, const struct pubkey *pubkey)
{
	for (unsigned i = 0; i < signer->n_auxiliaries; i++)
		if (pubkey_equal(&signer->auxiliary[i].pubkey, pubkey))
			return &signer->auxiliary[i];
	return NULL;
}

/* key: empty, and empty again after a failure. */
static bool add_key(
	struct signer *signer, struct held_key *key, const char *text, size_t len, char *why, size_t why_size)
{
	const char *wrong = held_key_read(key, text, len);

	if (!wrong && (pubkey_equal(&key->pubkey, &signer->dev.pubkey) || find_auxiliary(signer, &key->pubkey) ||
			      (key != &signer->treasury && pubkey_equal(&key->pubkey, &signer->treasury.pubkey))))
		wrong = "this key is another wallet's already: the dev wallet, the treasury and each auxiliary wallet "
			"need keys of their own";
	if (wrong) {
		snprintf(why, why_size, "%s", wrong);
		held_key_free(key);
		return false;
	}
	signer->locked = signer->locked && key->locked;
	return true;
}

bool signer_add_auxiliary(
	struct signer *signer, const char *text, size_t len, struct pubkey *pubkey, char *why, size_t why_size)
{
	if (signer->n_auxiliaries == AUXILIARIES_MAX) {
		snprintf(why, why_size, "there are %d auxiliary wallets already", AUXILIARIES_MAX);
		return false;
	}
	if (!add_key(signer, &signer->auxiliary[signer->n_auxiliaries], text, len, why, why_size))
		return false;
	*pubkey = signer->auxiliary[signer->n_auxiliaries++].pubkey;
	return true;
}

bool signer_add_treasury(
	struct signer *signer, const char *text, size_t len, struct pubkey *pubkey, char *why, size_t why_size)
{
	if (!add_key(signer, &signer->treasury, text, len, why, why_size))
		return false;
	*pubkey = signer->treasury.pubkey;
	return true;
}

bool signer_has(const struct signer *signer, const struct pubkey *auxiliary)
{
	return find_auxiliary(signer, auxiliary) != NULL;
}

struct account_key *account_key_new(void)
{
	struct account_key *key = calloc(1, sizeof(*key));

	if (!key)
		abort();
	held_key_make(&key->key);
	return key;
}

void account_key_free(struct account_key *key)
{
	if (!key)
		return;
	held_key_free(&key->key);
	free(key);
}

const struct pubkey *account_key_pubkey(const struct account_key *key)
{
	return &key->key.pubkey;
}

static enum err refuse(char *why, size_t why_size, const char *what)
{
	snprintf(why, why_size, "%s", what);
	return ERR_REFUSED;
}

/* Who signs besides the payer, at most one: *second, or NULL. Returns NULL, or why this cannot be signed. */
static const char *find_second(const struct held_key **second, const struct signer *signer,
	const struct account_key *extra, const struct guard *allowed)
{
	*second = NULL;
	if (pubkey_is_zero(&allowed->auxiliary)) {
		if (!extra)
			return NULL;
		*second = &extra->key;
		return pubkey_equal(&extra->key.pubkey, &allowed->randomness)
		               ? NULL
		               : "the account key is not the randomness account's";
	}
	*second = find_auxiliary(signer, &allowed->auxiliary);
	if (!*second)
		return "the auxiliary wallet's key is not here";
	return extra ? "an account key has no place where a win is passed on" : NULL;
}

/* What comes back is checked: a signature by another key would only be found out by the chain. */
static enum err sign_remotely(const struct signer *signer, const struct guard *allowed, struct bytes message,
	struct signature *sig, char *why, size_t why_size)
{
	uint8_t ask[SIGNER_PACKET_MAX], answer[SIGNER_PACKET_MAX];
	const size_t ask_len = signer_ask_encode(ask, allowed, message.p, message.n);
	size_t n;
	enum err err;

	if (ask_len == 0)
		return refuse(why, why_size, "the transaction is larger than 1232 bytes");
	err = signer_ask(signer->remote, ask, ask_len, answer, &n, why, why_size);
	if (err != ERR_OK)
		return err;
	if (answer[0] == 'R') {
		snprintf(why, why_size, "the remote signer: %.*s", (int)(n - 1), (const char *)answer + 1);
		return ERR_REFUSED;
	}
	if (answer[0] != 'S' || n != 1 + SIGNATURE_SIZE)
		return refuse(why, why_size, "what answers is no signer of this version");
	memcpy(sig->b, answer + 1, SIGNATURE_SIZE);
	if (!crypto_ed25519_verify(&signer->dev.pubkey, message, sig))
		return refuse(why, why_size, "the remote signer's signature is not one of the dev wallet's key");
	return ERR_OK;
}

/* Each key has its own steps: neither pays with the other one's money. A key that is not there has address zero, and the guard
 * lets nobody of that address pay. */
static const struct held_key *payer_of(const struct signer *signer, const struct guard *allowed)
{
	return allowed->step == STEP_PAY_REFERRAL ? &signer->treasury : &signer->dev;
}

static enum err sign_as_payer(const struct signer *signer, const struct guard *allowed, struct bytes message,
	struct signature *sig, char *why, size_t why_size)
{
	if (signer->remote && allowed->step != STEP_PAY_REFERRAL)
		return sign_remotely(signer, allowed, message, sig, why, why_size);
	held_key_sign(sig, payer_of(signer, allowed), message);
	return ERR_OK;
}

static bool programs_are_known(const struct guard *allowed)
{
	return pubkey_equal(&allowed->ml_program, &ADDRESS_ML) &&
	       (pubkey_equal(&allowed->switchboard_program, &ADDRESS_SWITCHBOARD_DEVNET) ||
		       pubkey_equal(&allowed->switchboard_program, &ADDRESS_SWITCHBOARD_MAINNET));
}

/* Who asks is not believed: with a program of its own choice, a guard would allow anything, and rents would go anywhere. */
enum err signer_serve(const struct signer *signer, const struct pubkey *treasury, const struct guard *allowed,
	const uint8_t *message, size_t message_len, struct signature *sig, char *why, size_t why_size)
{
	if (allowed->step == STEP_PAY_REFERRAL)
		return refuse(why, why_size, "claims are paid with the treasury's key, which is not here");
	if (!pubkey_equal(&allowed->payer, &signer->dev.pubkey))
		return refuse(why, why_size, "the payer is not this signer's key");
	if (!programs_are_known(allowed))
		return refuse(why, why_size, "the lottery's or Switchboard's program is none that is known here");
	if (!pubkey_is_zero(&allowed->treasury) && !pubkey_equal(&allowed->treasury, treasury))
		return refuse(why, why_size, "the treasury is not the one that this signer was started with");
	if (!guard_allows(allowed, message, message_len, why, why_size))
		return ERR_REFUSED;
	held_key_sign(sig, &signer->dev, (struct bytes){ message, message_len });
	return ERR_OK;
}

enum err signer_sign(const struct signer *signer, const struct account_key *extra, const struct guard *allowed,
	const uint8_t *message, size_t message_len, uint8_t *out, size_t *out_len, struct signature *sig, char *why,
	size_t why_size)
{
	struct bytes bytes = { message, message_len };
	struct signature signature;
	const struct held_key *second;
	const char *wrong;
	size_t n, head;
	enum err err;

	if (!pubkey_equal(&allowed->payer, &payer_of(signer, allowed)->pubkey))
		return refuse(why, why_size, "the payer is not this signer's key");
	if (!guard_allows(allowed, message, message_len, why, why_size))
		return ERR_REFUSED;
	wrong = find_second(&second, signer, extra, allowed);
	if (wrong)
		return refuse(why, why_size, wrong);
	n = second ? 2 : 1;
	head = 1 + n * SIGNATURE_SIZE;
	/* The guard lets through one other signer; message[0] is the number of signers, and the second one's key comes second. */
	if (message[0] != n ||
		(n == 2 && memcmp(message + MESSAGE_KEYS_AT + PUBKEY_SIZE, second->pubkey.b, PUBKEY_SIZE) != 0))
		return refuse(why, why_size, "the message does not need exactly the signatures of the keys given");
	if (head + message_len > TX_SIZE_MAX)
		return refuse(why, why_size, "the transaction is larger than 1232 bytes");
	err = sign_as_payer(signer, allowed, bytes, sig, why, why_size);
	if (err != ERR_OK)
		return err;
	out[0] = (uint8_t)n;
	memcpy(out + 1, sig->b, SIGNATURE_SIZE);
	if (second) {
		held_key_sign(&signature, second, bytes);
		memcpy(out + 1 + SIGNATURE_SIZE, signature.b, SIGNATURE_SIZE);
	}
	memcpy(out + head, message, message_len);
	*out_len = head + message_len;
	return ERR_OK;
}
