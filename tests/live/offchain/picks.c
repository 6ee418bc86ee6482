/* The winners of a draw of any size by the daemon's own code: entries come in on stdin as PostgreSQL's COPY writes them
 * (participant as \\x and 64 hex digits, tab, weight), in their order. Prints the root, a line per pick, and the most memory
 * that this process ever had. Usage: live_picks N DRAW BETA MODE PRIZES ALTERNATES, ids and bytes in hex. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "core/merkle.h"
#include "core/select.h"

enum { LINE_MAX_READ = 128, HASH_AT = 3 };

static void give_up(const char *why)
{
	fprintf(stderr, "picks: %s\n", why);
	exit(2);
}

static void read_hex(void *out, const char *text, size_t n)
{
	uint8_t *to = out;
	unsigned byte;

	for (size_t i = 0; i < n; i++) {
		if (sscanf(text + 2 * i, "%2x", &byte) != 1)
			give_up("not hex");
		to[i] = (uint8_t)byte;
	}
}

static unsigned digit(char c)
{
	return c <= '9' ? (unsigned)(c - '0') : (unsigned)(c - 'a' + 10);
}

static void read_ticket(struct ticket *ticket, const char *line)
{
	if (strncmp(line, "\\\\x", HASH_AT) != 0)
		give_up("not a line of COPY");
	for (size_t i = 0; i < HASH_SIZE; i++)
		ticket->participant.b[i] = (uint8_t)(digit(line[HASH_AT + 2 * i]) << 4 |
						     digit(line[HASH_AT + 2 * i + 1]));
	ticket->weight = strtoull(line + HASH_AT + 2 * HASH_SIZE + 1, NULL, 10);
}

static struct ticket *read_tickets(const struct draw_id *draw, uint32_t n, struct hash *root)
{
	struct ticket *tickets = calloc(n, sizeof(*tickets));
	char line[LINE_MAX_READ];
	struct merkle tree;
	struct hash leaf;

	if (tickets == NULL)
		give_up("no memory");
	merkle_begin(&tree);
	for (uint32_t i = 0; i < n; i++) {
		if (fgets(line, sizeof(line), stdin) == NULL)
			give_up("too few lines");
		read_ticket(&tickets[i], line);
		ticket_leaf(&leaf, draw, i, &tickets[i]);
		merkle_add(&tree, &leaf, NULL);
	}
	merkle_end(&tree, root, NULL);
	return tickets;
}

static void print_picks(const struct select_pick *pick, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (pick[i].empty)
			puts("empty");
		else
			printf("%" PRIu32 " %" PRIu64 " %" PRIu64 " %" PRIu32 "\n", pick[i].attempt, pick[i].number,
				pick[i].total, pick[i].entry);
	}
}

int main(int argc, char **argv)
{
	struct select_input input = { 0 };
	struct select_pick *pick;
	struct ticket *tickets;
	struct rusage used;
	struct hash key;
	void *memory;

	if (argc != 7)
		give_up("usage: live_picks N DRAW BETA MODE PRIZES ALTERNATES");
	input.n = (uint32_t)strtoul(argv[1], NULL, 10);
	read_hex(input.draw.b, argv[2], sizeof(input.draw.b));
	read_hex(input.beta.b, argv[3], sizeof(input.beta.b));
	input.mode = (enum select_mode)strtoul(argv[4], NULL, 10);
	input.prizes = (uint32_t)strtoul(argv[5], NULL, 10);
	input.alternates = (uint32_t)strtoul(argv[6], NULL, 10);
	tickets = read_tickets(&input.draw, input.n, &input.root);
	input.ticket = tickets;
	pick = calloc((size_t)input.prizes + input.alternates, sizeof(*pick));
	memory = malloc(select_memory(input.n));
	if (pick == NULL || memory == NULL || select_run(pick, &key, &input, memory) != SELECT_OK)
		give_up("no winners");
	for (size_t i = 0; i < HASH_SIZE; i++)
		printf("%02x", input.root.b[i]);
	puts("");
	print_picks(pick, (size_t)input.prizes + input.alternates);
	(void)getrusage(RUSAGE_SELF, &used);
	printf("%ld\n", used.ru_maxrss);
	free(pick);
	free(memory);
	free(tickets);
	return 0;
}
