/* A key's text taken apart by hand, and the memory that it is kept in. */
#include "chain/held_key.h"

#include <stdlib.h>
#include <string.h>

#include "base/crypto.h"
#include "core/base58.h"

enum { SECRET_SIZE = CRYPTO_SEED_SIZE + PUBKEY_SIZE }; /* seed, then public key, as Solana's tools store it */

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

static void reserve(struct held_key *key)
{
	*key = (struct held_key){ 0 };
	key->secret = crypto_secret_alloc(SECRET_SIZE, &key->locked);
	if (!key->secret)
		abort();
}

const char *held_key_read(struct held_key *key, const char *text, size_t len)
{
	const char *wrong = NULL;

	reserve(key);
	if (!parse_secret(text, len, key->secret)) {
		wrong = "the key is neither base58 of 64 bytes nor a JSON array of 64 numbers 0..255";
	} else {
		crypto_ed25519_public_key(&key->pubkey, key->secret);
		if (memcmp(key->pubkey.b, key->secret + CRYPTO_SEED_SIZE, PUBKEY_SIZE) != 0)
			wrong = "the key's public half does not belong to its secret half: it is damaged or put "
				"together wrongly";
	}
	if (wrong)
		held_key_free(key);
	else
		crypto_secret_hide(key->secret);
	return wrong;
}

void held_key_make(struct held_key *key)
{
	reserve(key);
	crypto_random(key->secret, CRYPTO_SEED_SIZE);
	crypto_ed25519_public_key(&key->pubkey, key->secret);
	memcpy(key->secret + CRYPTO_SEED_SIZE, key->pubkey.b, PUBKEY_SIZE);
	crypto_secret_hide(key->secret);
}

void held_key_free(struct held_key *key)
{
	crypto_secret_free(key->secret);
	*key = (struct held_key){ 0 };
}

const uint8_t *held_key_show(const struct held_key *key)
{
	crypto_secret_show(key->secret);
	return key->secret;
}

void held_key_hide(const struct held_key *key)
{
	crypto_secret_hide(key->secret);
}

void held_key_sign(struct signature *out, const struct held_key *key, struct bytes message)
{
	crypto_ed25519_sign(out, message, held_key_show(key));
	held_key_hide(key);
}
