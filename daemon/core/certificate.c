/* The envelope: whose certificate, the how manieth, over which bytes. */
#include "core/certificate.h"

#include <string.h>

#include "base/crypto.h"

static const char FORMAT[] = "poolkeeper-certificate-1";

static void read_body(struct certificate_reader *r, struct certificate *out)
{
	const char *format;
	size_t n;

	reader_object(r, "body");
	out->is_draw = reader_next_is(r, "draw");
	if (out->is_draw)
		certificate_read_draw(r, &out->draw);
	format = reader_string(r, "format", &n);
	if (!r->failed && (n != strlen(FORMAT) || memcmp(format, FORMAT, n) != 0))
		reader_fail(r, "format", "must be poolkeeper-certificate-1");
	out->made = (int64_t)reader_number(r, "made", INT64_MAX);
	if (!out->is_draw)
		certificate_read_pool(r, &out->pool);
	reader_hex(r, "previous", out->previous.b, HASH_SIZE);
	out->serial = reader_number(r, "serial", UINT64_MAX);
	reader_object_end(r);
}

bool certificate_read(struct certificate *out, const char *text, size_t n, const char **why)
{
	static const char before[] = "{\"body\":";
	struct certificate_reader r;

	memset(out, 0, sizeof *out);
	reader_begin(&r, text, n);
	if (n > CERTIFICATE_SIZE_MAX)
		reader_fail(&r, NULL, "is larger than 1 GiB");
	reader_object(&r, NULL);
	read_body(&r, out);
	if (!r.failed)
		crypto_sha256(&out->hash,
			&(struct bytes){ (const uint8_t *)text + strlen(before), r.at - strlen(before) }, 1);
	reader_pubkey(&r, "key", &out->key);
	reader_signature(&r, "signature", &out->signature);
	reader_array(&r, "tickets");
	out->tickets = r;
	*why = out->tickets.why;
	return !r.failed;
}

static bool another_part(struct certificate_reader *r, bool due)
{
	if (reader_more(r) == due)
		return due;
	reader_fail(r, "tickets", "a ticket is a participant, a weight and a stake");
	return false;
}

/* ["<participant>","<weight>","<stake>"] */
static void read_ticket(struct certificate_reader *r, struct ticket *out, uint8_t stake[STAKE_SIZE])
{
	reader_array(r, NULL);
	if (!another_part(r, true))
		return;
	reader_hex(r, NULL, out->participant.b, HASH_SIZE);
	if (!another_part(r, true))
		return;
	out->weight = reader_number(r, NULL, UINT64_MAX);
	if (!another_part(r, true))
		return;
	store_u64_be(stake, reader_number(r, NULL, UINT64_MAX));
	(void)another_part(r, false);
}

bool certificate_read_tickets(struct certificate *certificate, struct ticket *out, uint8_t *stakes, size_t room,
	uint64_t *n, const char **why)
{
	struct certificate_reader *r = &certificate->tickets;
	const uint64_t due = certificate->is_draw ? certificate->draw.lock.n : 0;

	*n = 0;
	*why = r->why;
	while (reader_more(r)) {
		if (*n == room) {
			reader_fail(r, "tickets", "there are more than the lock says");
			continue;
		}
		read_ticket(r, &out[*n], stakes + *n * STAKE_SIZE);
		++*n;
	}
	if (!r->failed && *n != 0 && *n != due)
		reader_fail(r, "tickets", "there are fewer than the lock says");
	reader_object_end(r);
	reader_finish(r);
	return !r->failed;
}

void certificate_message(uint8_t out[CERTIFICATE_MESSAGE_SIZE], const struct hash *body)
{
	static const char mark[] = "PKCERT01";

	memcpy(out, mark, sizeof mark - 1);
	memcpy(out + sizeof mark - 1, body->b, HASH_SIZE);
}

bool certificate_signed(const struct certificate *certificate)
{
	uint8_t message[CERTIFICATE_MESSAGE_SIZE];

	certificate_message(message, &certificate->hash);
	return crypto_ed25519_verify(
		&certificate->key, (struct bytes){ message, sizeof message }, &certificate->signature);
}
