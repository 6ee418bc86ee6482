/* Keys in locked memory; a message is signed only after the guard has taken it apart. */
#include "chain/signer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/crypto.h"
#include "core/base58.h"
#include "core/tx.h"

enum { SECRET_SIZE = CRYPTO_SEED_SIZE + PUBKEY_SIZE }; /* seed, then public key, as Solana's tools store it */

struct signer {
	struct pubkey pubkey;
	bool locked;
	uint8_t *secret; /* crypto_secret_alloc; only the seed stays after signer_new */
};

struct account_key {
	struct pubkey pubkey;
	uint8_t *seed;
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static size_t skip_blank(const char *text, size_t len, size_t at)
{
	while (at < len && is_blank(text[at]))
		at++;
	return at;
}

/* By hand, because a JSON library would leave copies of the key on the heap. */
static bool parse_array(const char *text, size_t len, uint8_t secret[SECRET_SIZE])
{
	size_t at = 1; /* behind '[' */

	for (size_t i = 0; i < SECRET_SIZE; i++) {
		unsigned value = 0, digits = 0;
		at = skip_blank(text, len, at);
		while (at < len && text[at] >= '0' && text[at] <= '9' && digits < 3) {
			value = value * 10 + (unsigned)(text[at++] - '0');
			digits++;
		}
		if (digits == 0 || value > 255)
			return false;
		secret[i] = (uint8_t)value;
		at = skip_blank(text, len, at);
		if (at == len || text[at++] != (i + 1 < SECRET_SIZE ? ',' : ']'))
			return false;
	}
	return at == len;
}

static bool parse_secret(const char *text, size_t len, uint8_t secret[SECRET_SIZE])
{
	size_t n;

	while (len > 0 && is_blank(text[len - 1]))
		len--;
	while (len > 0 && is_blank(text[0])) {
		text++;
		len--;
	}
	if (len > 0 && text[0] == '[')
		return parse_array(text, len, secret);
	return len > 0 && len < SIGNATURE_TEXT && base58_decode(secret, SECRET_SIZE, &n, text, len) && n == SECRET_SIZE;
}

static const char *load(struct signer *signer, const char *text, size_t len)
{
	if (!parse_secret(text, len, signer->secret))
		return "the key is neither base58 of 64 bytes nor a JSON array of 64 numbers 0..255";
	crypto_ed25519_public_key(&signer->pubkey, signer->secret);
	if (memcmp(signer->pubkey.b, signer->secret + CRYPTO_SEED_SIZE, PUBKEY_SIZE) != 0)
		return "the key's public half does not belong to its secret half: it is damaged or put together "
		       "wrongly";
	return NULL;
}

struct signer *signer_new(const char *text, size_t len, char *why, size_t why_size)
{
	struct signer *signer = calloc(1, sizeof(*signer));

	if (!signer)
		abort();
	signer->secret = crypto_secret_alloc(SECRET_SIZE, &signer->locked);
	if (!signer->secret)
		abort();
	const char *wrong = load(signer, text, len);
	if (!wrong)
		return signer;
	snprintf(why, why_size, "%s", wrong);
	signer_free(signer);
	return NULL;
}

void signer_free(struct signer *signer)
{
	if (!signer)
		return;
	crypto_secret_free(signer->secret);
	free(signer);
}

const struct pubkey *signer_pubkey(const struct signer *signer)
{
	return &signer->pubkey;
}

bool signer_locked(const struct signer *signer)
{
	return signer->locked;
}

struct account_key *account_key_new(void)
{
	struct account_key *key = calloc(1, sizeof(*key));
	bool locked; /* it can only make an account that the payer pays for: not worth a warning */

	if (!key)
		abort();
	key->seed = crypto_secret_alloc(CRYPTO_SEED_SIZE, &locked);
	if (!key->seed)
		abort();
	crypto_random(key->seed, CRYPTO_SEED_SIZE);
	crypto_ed25519_public_key(&key->pubkey, key->seed);
	return key;
}

void account_key_free(struct account_key *key)
{
	if (!key)
		return;
	crypto_secret_free(key->seed);
	free(key);
}

const struct pubkey *account_key_pubkey(const struct account_key *key)
{
	return &key->pubkey;
}

static enum err refuse(char *why, size_t why_size, const char *what)
{
	snprintf(why, why_size, "%s", what);
	return ERR_REFUSED;
}

enum err signer_sign(const struct signer *signer, const struct account_key *extra, const struct guard *allowed,
	const uint8_t *message, size_t message_len, uint8_t *out, size_t *out_len, struct signature *sig, char *why,
	size_t why_size)
{
	struct bytes bytes = { message, message_len };
	size_t n = extra ? 2 : 1, head = 1 + n * SIGNATURE_SIZE;
	struct signature second;

	if (!pubkey_equal(&allowed->payer, &signer->pubkey))
		return refuse(why, why_size, "the payer is not this signer's key");
	if (!guard_allows(allowed, message, message_len, why, why_size))
		return ERR_REFUSED;
	/* The guard lets through one other signer, the new randomness account; message[0] is the number of signers. */
	if (message[0] != n)
		return refuse(why, why_size, "the message does not need exactly the signatures of the keys given");
	if (extra && !pubkey_equal(&extra->pubkey, &allowed->randomness))
		return refuse(why, why_size, "the account key is not the randomness account's");
	if (head + message_len > TX_SIZE_MAX)
		return refuse(why, why_size, "the transaction is larger than 1232 bytes");
	crypto_ed25519_sign(sig, bytes, signer->secret);
	out[0] = (uint8_t)n;
	memcpy(out + 1, sig->b, SIGNATURE_SIZE);
	if (extra) {
		crypto_ed25519_sign(&second, bytes, extra->seed);
		memcpy(out + 1 + SIGNATURE_SIZE, second.b, SIGNATURE_SIZE);
	}
	memcpy(out + head, message, message_len);
	*out_len = head + message_len;
	return ERR_OK;
}
