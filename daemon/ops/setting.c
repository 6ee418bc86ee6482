/* One row of the settings table, and how its text becomes a value. */
#include "ops/setting.h"

#include <assert.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/crypto.h"
#include "core/base58.h"
#include "core/drand_relay.h"

enum { TEXT_MAX = 2048, KEY_NAME_MAX = 64, NEAR = 2 };

#define X(group, key, alias, type, member, fallback, low, high, flags, example, doc)                             \
	{ SETTING_GROUP_##group, #key, alias, TYPE_##type, offsetof(struct config, member), fallback, low, high, \
		flags, example, doc },
const struct setting SETTINGS[SETTING_COUNT] = { CONFIG_TABLE(X) };
#undef X

#define X(name, title) title,
const char *const SETTING_GROUP_TITLES[SETTING_GROUPS] = { CONFIG_GROUPS(X) };
#undef X

static const char *const NETWORK_NAMES[NETWORK_COUNT] = {
	[NETWORK_DEVNET] = "devnet",
	[NETWORK_MAINNET_BETA] = "mainnet-beta",
	[NETWORK_LOCALNET] = "localnet",
};

const char *network_name(enum network network)
{
	return NETWORK_NAMES[network];
}

const char *network_genesis(enum network network)
{
	switch (network) {
	case NETWORK_DEVNET:
		return "EtWTRABZaYq6iMfeYKouRu166VU2xqa1wcaWoxPkrZBG";
	case NETWORK_MAINNET_BETA:
		return "5eykt4UsFv8P8NJdTREpY1vzqKqZKvdpKuc147dw2N9d";
	case NETWORK_LOCALNET:
		return NULL;
	}
	return NULL;
}

static bool say(char *why, size_t why_size, const char *text)
{
	snprintf(why, why_size, "%s", text);
	return false;
}

static bool is_plain(const char *text)
{
	for (; *text != '\0'; text++)
		if ((unsigned char)*text <= ' ' || (unsigned char)*text >= 0x7f ||
			strchr("\"'`<>\\{}|^", *text) != NULL)
			return false;
	return true;
}

static bool escapes_ok(const char *text)
{
	for (; (text = strchr(text, '%')) != NULL; text++)
		if (!isxdigit((unsigned char)text[1]) || !isxdigit((unsigned char)text[2]))
			return false;
	return true;
}

/* Digits only, at most 5, 1..65535. */
static bool port_ok(const char *text, size_t n)
{
	unsigned port = 0;

	if (n == 0 || n > 5)
		return false;
	for (size_t i = 0; i < n; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		port = port * 10 + (unsigned)(text[i] - '0');
	}
	return port >= 1 && port <= 65535;
}

/* host, host:port, [v6] or [v6]:port */
static bool host_ok(const char *text, size_t n)
{
	const char *end = text + n, *colon;

	if (n > 0 && text[0] == '[') {
		const char *close = memchr(text, ']', n);

		if (close == NULL || close == text + 1 ||
			strspn(text + 1, "0123456789abcdefABCDEF:.") != (size_t)(close - text - 1))
			return false;
		return close + 1 == end || (close[1] == ':' && port_ok(close + 2, (size_t)(end - close - 2)));
	}
	colon = memchr(text, ':', n);
	if (colon != NULL && !port_ok(colon + 1, (size_t)(end - colon - 1)))
		return false;
	if (colon != NULL)
		end = colon;
	for (const char *p = text; p < end; p++)
		if (!isalnum((unsigned char)*p) && *p != '.' && *p != '-' && *p != '_')
			return false;
	return end > text;
}

/* After the scheme: the part that ends at the first / ? or #, without user:password@. */
static bool authority(const char *text, const char **host, size_t *n)
{
	size_t len = strcspn(text, "/?#");
	const char *at = memrchr(text, '@', len);

	*host = at != NULL ? at + 1 : text;
	*n = len - (size_t)(*host - text);
	return at == NULL || memchr(text, '@', (size_t)(at - text)) == NULL;
}

static bool check_url(const char *text, char *why, size_t why_size)
{
	const char *rest, *host;
	size_t n;

	if (strncmp(text, "http://", 7) == 0)
		rest = text + 7;
	else if (strncmp(text, "https://", 8) == 0)
		rest = text + 8;
	else
		return say(why, why_size, "has to start with https:// or http://");
	if (strlen(text) > TEXT_MAX || !is_plain(text) || strchr(text, '#') != NULL || !escapes_ok(text))
		return say(why, why_size,
			"is not a URL: no blanks, quotes or #, and each % is followed by two hex digits");
	if (!authority(rest, &host, &n) || !host_ok(host, n))
		return say(why, why_size, "has no usable host: write https://host or https://host:port");
	return true;
}

/* libpq allows several hosts with commas, and none at all (its default socket). The rest is libpq's to judge when the
 * connection is made; this finds the slips that would otherwise show up as a strange host name. */
static bool check_postgres(const char *text, char *why, size_t why_size)
{
	const char *rest, *host;
	size_t n;

	if (strncmp(text, "postgres://", 11) == 0)
		rest = text + 11;
	else if (strncmp(text, "postgresql://", 13) == 0)
		rest = text + 13;
	else
		return say(why, why_size, "has to start with postgres:// or postgresql://");
	if (strlen(text) > TEXT_MAX || !is_plain(text) || !escapes_ok(text))
		return say(why, why_size, "is not a URL: write other characters of the password as %XX");
	if (!authority(rest, &host, &n))
		return say(why, why_size, "has two @: write the one in the password as %40");
	while (n > 0) {
		const char *comma = memchr(host, ',', n);
		size_t len = comma != NULL ? (size_t)(comma - host) : n;

		/* A socket folder is written %2Fvar%2Frun. */
		if (!host_ok(host, len) && host[0] != '%' && host[0] != ':')
			return say(
				why, why_size, "has no usable host: write postgres://user:password@host:port/database");
		if (host[0] == ':' && !port_ok(host + 1, len - 1))
			return say(why, why_size, "has no usable port");
		n -= comma != NULL ? len + 1 : len;
		host += comma != NULL ? len + 1 : len;
	}
	return true;
}

static bool check_hosts(const char *text, char *why, size_t why_size)
{
	for (;;) {
		size_t n = strcspn(text, ",");

		if (!host_ok(text, n))
			return say(why, why_size, "is not a list of host or host:port with commas and without blanks");
		if (text[n] == '\0')
			return true;
		text += n + 1;
	}
}

static bool check_relays(const char *text, char *why, size_t why_size)
{
	struct drand_relay_list list;
	const char *wrong;

	return drand_relay_list_read(&list, text, &wrong) || say(why, why_size, wrong);
}

static bool check_path(const char *text, char *why, size_t why_size)
{
	return strlen(text) < TEXT_MAX || say(why, why_size, "is too long for a path");
}

static bool parse_number(const struct setting *setting, const char *text, uint64_t *out, char *why, size_t why_size)
{
	uint64_t n = 0;
	size_t digits = strspn(text, "0123456789");

	/* 18 digits cannot overflow 64 bits. */
	if (digits >= 1 && digits <= 18 && text[digits] == '\0') {
		for (size_t i = 0; i < digits; i++)
			n = n * 10 + (uint64_t)(text[i] - '0');
		if (n >= setting->low && n <= setting->high) {
			*out = n;
			return true;
		}
	}
	snprintf(why, why_size, "has to be a whole number from %llu to %llu", (unsigned long long)setting->low,
		(unsigned long long)setting->high);
	return false;
}

static bool parse_network(const char *text, enum network *out, char *why, size_t why_size)
{
	for (unsigned i = 0; i < NETWORK_COUNT; i++) {
		if (strcmp(text, NETWORK_NAMES[i]) == 0) {
			*out = (enum network)i;
			return true;
		}
	}
	return say(why, why_size, "has to be devnet, mainnet-beta or localnet");
}

static bool parse_pubkey(const char *text, struct pubkey *out, char *why, size_t why_size)
{
	struct pubkey key;

	if (!base58_to_pubkey(&key, text, strlen(text)))
		return say(why, why_size, "has to be a Solana address: base58 of 32 bytes, 32 to 44 characters");
	if (pubkey_is_zero(&key))
		return say(why, why_size, "is the System program's address, not a wallet, program or queue");
	*out = key;
	return true;
}

static bool parse_switch(const char *text, bool *out, char *why, size_t why_size)
{
	bool on = strcmp(text, "1") == 0 || strcmp(text, "true") == 0 || strcmp(text, "on") == 0;

	if (!on && strcmp(text, "0") != 0 && strcmp(text, "false") != 0 && strcmp(text, "off") != 0)
		return say(why, why_size, "has to be 0 or 1");
	*out = on;
	return true;
}

static bool parse_text(const char *text, char **out)
{
	*out = strdup(text);
	if (*out == NULL)
		abort(); /* out of memory at the start: nothing has been touched yet */
	return true;
}

/* The key's own form is the signer's to judge. */
static bool parse_secret(const char *text, struct secret_text *out, char *why, size_t why_size)
{
	size_t len = strlen(text);

	if (len > CONFIG_KEY_FILE_MAX)
		return say(why, why_size, "is too long for a key");
	if (!secret_text_copy(out, text, len))
		return say(why, why_size, "cannot be kept: no memory for secrets");
	return true;
}

bool setting_parse(const struct setting *setting, const char *text, struct config *config, char *why, size_t why_size)
{
	void *member = (char *)config + setting->offset;

	switch (setting->type) {
	case TYPE_POSTGRES:
		return check_postgres(text, why, why_size) && parse_text(text, member);
	case TYPE_URL:
		return check_url(text, why, why_size) && parse_text(text, member);
	case TYPE_PATH:
		return check_path(text, why, why_size) && parse_text(text, member);
	case TYPE_HOSTS:
		return check_hosts(text, why, why_size) && parse_text(text, member);
	case TYPE_RELAYS:
		return check_relays(text, why, why_size) && parse_text(text, member);
	case TYPE_NETWORK:
		return parse_network(text, member, why, why_size);
	case TYPE_PUBKEY:
		return parse_pubkey(text, member, why, why_size);
	case TYPE_NUMBER:
		return parse_number(setting, text, member, why, why_size);
	case TYPE_SWITCH:
		return parse_switch(text, member, why, why_size);
	case TYPE_LEVEL:
		return log_level_parse(text, member) || say(why, why_size, "has to be error, warn, info or debug");
	case TYPE_LISTEN:
		return listen_parse(member, text, why, why_size);
	case TYPE_FORMAT:
		return log_format_parse(text, member) || say(why, why_size, "has to be logfmt or json");
	case TYPE_SECRET:
		return parse_secret(text, member, why, why_size);
	}
	return false;
}

void setting_free(const struct setting *setting, struct config *config)
{
	void *member = (char *)config + setting->offset;

	switch (setting->type) {
	case TYPE_POSTGRES:
	case TYPE_URL:
	case TYPE_PATH:
	case TYPE_HOSTS:
	case TYPE_RELAYS: {
		char **text = member;

		if (*text != NULL)
			crypto_wipe(*text, strlen(*text));
		free(*text);
		*text = NULL;
		return;
	}
	case TYPE_SECRET:
		secret_text_wipe(member);
		return;
	case TYPE_NETWORK:
	case TYPE_PUBKEY:
	case TYPE_NUMBER:
	case TYPE_SWITCH:
	case TYPE_LEVEL:
	case TYPE_LISTEN:
	case TYPE_FORMAT:
		return;
	}
}

/* Of the values that own nothing; 0: it owns something. */
static size_t plain_size(enum setting_type type)
{
	switch (type) {
	case TYPE_NETWORK:
		return sizeof(enum network);
	case TYPE_PUBKEY:
		return sizeof(struct pubkey);
	case TYPE_NUMBER:
		return sizeof(uint64_t);
	case TYPE_SWITCH:
		return sizeof(bool);
	case TYPE_LEVEL:
		return sizeof(enum log_level);
	case TYPE_FORMAT:
		return sizeof(enum log_format);
	case TYPE_LISTEN:
		return sizeof(struct listen_address);
	case TYPE_POSTGRES:
	case TYPE_URL:
	case TYPE_PATH:
	case TYPE_HOSTS:
	case TYPE_RELAYS:
	case TYPE_SECRET:
		break;
	}
	return 0;
}

bool setting_equal(const struct setting *setting, const struct config *a, const struct config *b)
{
	const char *x = (const char *)a + setting->offset, *y = (const char *)b + setting->offset;
	size_t size = plain_size(setting->type);
	char *const *text_x, *const *text_y;

	if (size > 0)
		return memcmp(x, y, size) == 0;
	if (setting->type == TYPE_SECRET)
		return true;
	text_x = (char *const *)(const void *)x;
	text_y = (char *const *)(const void *)y;
	if (*text_x == NULL || *text_y == NULL)
		return *text_x == *text_y;
	return strcmp(*text_x, *text_y) == 0;
}

void setting_copy(const struct setting *setting, struct config *to, const struct config *from)
{
	size_t size = plain_size(setting->type);

	assert(size > 0);
	memcpy((char *)to + setting->offset, (const char *)from + setting->offset, size);
}

const struct setting *setting_find(const char *key)
{
	for (size_t i = 0; i < SETTING_COUNT; i++)
		if (strcmp(key, SETTINGS[i].key) == 0 ||
			(SETTINGS[i].alias != NULL && strcmp(key, SETTINGS[i].alias) == 0))
			return &SETTINGS[i];
	return NULL;
}

/* Letters to change, add or drop to come from a to b, case aside; anything above NEAR when they are long. */
static size_t edit_distance(const char *a, const char *b)
{
	size_t n = strlen(a), m = strlen(b), row[KEY_NAME_MAX + 1];

	if (n > KEY_NAME_MAX || m > KEY_NAME_MAX)
		return KEY_NAME_MAX;
	for (size_t j = 0; j <= m; j++)
		row[j] = j;
	for (size_t i = 1; i <= n; i++) {
		size_t diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= m; j++) {
			size_t change = diagonal +
			                (toupper((unsigned char)a[i - 1]) != toupper((unsigned char)b[j - 1]));
			size_t shift = 1 + (row[j] < row[j - 1] ? row[j] : row[j - 1]);

			diagonal = row[j];
			row[j] = change < shift ? change : shift;
		}
	}
	return row[m];
}

const char *setting_near_miss(const char *key)
{
	const char *best = NULL;
	size_t least = NEAR + 1;

	for (size_t i = 0; i < SETTING_COUNT; i++) {
		const char *names[2] = { SETTINGS[i].key, SETTINGS[i].alias };

		for (size_t k = 0; k < 2 && names[k] != NULL; k++) {
			size_t distance = edit_distance(key, names[k]);

			if (distance < least) {
				least = distance;
				best = names[k];
			}
		}
	}
	return best;
}
