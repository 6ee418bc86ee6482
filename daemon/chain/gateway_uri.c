/* The allow-list for gateway addresses. */
#include "chain/gateway_uri.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

static bool skip(const char **text, const char *prefix)
{
	size_t len = strlen(prefix);

	if (strncmp(*text, prefix, len) != 0)
		return false;
	*text += len;
	return true;
}

/* One to three digits up to 255; no leading zero, which some resolvers read as octal. */
static bool skip_octet(const char **text, uint8_t *out)
{
	unsigned value = 0, digits = 0;
	const char *p = *text;

	while (digits < 4 && p[digits] >= '0' && p[digits] <= '9')
		value = value * 10 + (unsigned)(p[digits++] - '0');
	if (digits == 0 || digits > 3 || value > 255 || (digits > 1 && p[0] == '0'))
		return false;
	*out = (uint8_t)value;
	*text = p + digits;
	return true;
}

/* Nothing that reaches this host, its network or a cloud's metadata service (RFC 6890). */
static bool is_public(const uint8_t ip[4])
{
	return !(ip[0] == 0 || ip[0] == 10 || ip[0] == 127 || ip[0] >= 224 || (ip[0] == 100 && (ip[1] & 0xc0) == 64) ||
		 (ip[0] == 169 && ip[1] == 254) || (ip[0] == 172 && (ip[1] & 0xf0) == 16) ||
		 (ip[0] == 192 && ip[1] == 168) || (ip[0] == 192 && ip[1] == 0 && (ip[2] == 0 || ip[2] == 2)) ||
		 (ip[0] == 198 && (ip[1] & 0xfe) == 18) || (ip[0] == 198 && ip[1] == 51 && ip[2] == 100) ||
		 (ip[0] == 203 && ip[1] == 0 && ip[2] == 113));
}

bool gateway_uri_public(const char *uri, bool devnet)
{
	uint8_t ip[4];

	if (!skip(&uri, "https://"))
		return false;
	for (int i = 0; i < 4; i++) {
		if ((i > 0 && !skip(&uri, ".")) || !skip_octet(&uri, &ip[i]))
			return false;
	}
	if (!is_public(ip) || !skip(&uri, ".xip.switchboard-oracles.xyz/") ||
		!skip(&uri, devnet ? "devnet" : "mainnet"))
		return false;
	return strcmp(uri, "") == 0 || strcmp(uri, "/") == 0;
}

static bool is_listed(const char *host, size_t len, const char *hosts)
{
	while (*hosts != '\0') {
		size_t size = strcspn(hosts, ",");
		const char *entry = hosts + strspn(hosts, " ");
		size_t entry_len = entry < hosts + size ? (size_t)(hosts + size - entry) : 0;
		while (entry_len > 0 && entry[entry_len - 1] == ' ')
			entry_len--;
		if (entry_len == len && memcmp(entry, host, len) == 0)
			return true;
		hosts += size + (hosts[size] == ',');
	}
	return false;
}

bool gateway_uri_extra(const char *uri, const char *hosts)
{
	static const char path[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._/-";

	if (!hosts || (!skip(&uri, "http://") && !skip(&uri, "https://")))
		return false;
	size_t len = strcspn(uri, "/?#@\\");
	if (len == 0 || !is_listed(uri, len, hosts))
		return false;
	uri += len;
	return (*uri == '\0' || *uri == '/') && uri[strspn(uri, path)] == '\0' && !strstr(uri, "..");
}
