/* How long a certificate with many tickets takes, against the bare hashing of its tree: certificate_rate TICKETS.
 *
 * Both in turn, several times; the best round of each counts. Prints seconds of CPU: the hashes alone (one of 69 bytes per
 * leaf, one of 65 per node), and the whole of `poolkeeper verify FILE` without reading the file and printing. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "show/certificate.h"
#include "unit/certificate_fixture.h"

enum { ROUNDS = 5, TEXT_PER_TICKET = 96 };

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double bare(uint32_t n)
{
	uint8_t leaf[1 + TICKET_SIZE] = { 0 }, node[1 + 2 * HASH_SIZE] = { 1 };
	const struct bytes of_leaf = { leaf, sizeof leaf }, of_node = { node, sizeof node };
	const double began = seconds();
	struct hash hash;

	for (uint32_t i = 0; i < n; i++) {
		crypto_sha256(&hash, &of_leaf, 1);
		leaf[60] = hash.b[0];
	}
	for (uint32_t i = 1; i < n; i++) {
		crypto_sha256(&hash, &of_node, 1);
		node[60] = hash.b[0];
	}
	return seconds() - began;
}

static double whole(const char *text, size_t n)
{
	struct certificate_verdict *v = calloc(1, sizeof *v);
	const double began = seconds();
	double took;

	if (v == NULL)
		abort();
	certificate_judge(v, text, n);
	took = seconds() - began;
	if (v->judged.verdict == VERDICT_NOT_FAIR || !v->computed.picked) {
		fprintf(stderr, "certificate_rate: the certificate is refused: %s\n", v->judged.why);
		exit(1);
	}
	free(v);
	return took;
}

int main(int argc, char **argv)
{
	struct fixture_list list = { NULL, argc == 2 ? (uint32_t)strtoul(argv[1], NULL, 10) : 0 };
	const size_t size = FIXTURE_TEXT + (size_t)list.n * TEXT_PER_TICKET;
	double best_bare = 1e9, best_whole = 1e9;
	char *text = malloc(size);
	size_t n;

	list.ticket = calloc(list.n, sizeof *list.ticket);
	if (list.n == 0 || text == NULL || list.ticket == NULL || !crypto_init()) {
		fprintf(stderr, "usage: certificate_rate TICKETS\n");
		return 64;
	}
	fixture_tickets(&list);
	n = fixture_write(text, size, FIXTURE_DRAW, &list, NULL);
	for (int round = 0; round < ROUNDS; round++) {
		const double hashing = bare(list.n), all = whole(text, n);

		best_bare = hashing < best_bare ? hashing : best_bare;
		best_whole = all < best_whole ? all : best_whole;
	}
	printf("{\"bare\":%.4f,\"whole\":%.4f,\"bytes\":%zu}\n", best_bare, best_whole, n);
	free(list.ticket);
	free(text);
	return 0;
}
