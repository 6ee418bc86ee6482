/* Runs a fuzz target without a fuzzer: over the files and folders of files given as arguments, then over short inputs
 * from a fixed seed. */
#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { INPUT_MAX = 1 << 20, MADE_UP_INPUTS = 2000, MADE_UP_MAX = 96 };

/* An exact copy on the heap, so that one byte read past the end is seen. */
static void run(const uint8_t *bytes, size_t n)
{
	uint8_t *copy = malloc(n > 0 ? n : 1);

	if (copy == NULL)
		abort();
	if (n > 0)
		memcpy(copy, bytes, n);
	LLVMFuzzerTestOneInput(copy, n);
	free(copy);
}

static unsigned run_file(const char *path)
{
	static uint8_t bytes[INPUT_MAX];
	FILE *file = fopen(path, "rb");
	size_t n;

	if (file == NULL) {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		exit(1);
	}
	n = fread(bytes, 1, sizeof(bytes), file);
	fclose(file);
	run(bytes, n);
	return 1;
}

static unsigned run_path(const char *path)
{
	struct stat st;
	struct dirent *entry;
	unsigned n = 0;
	DIR *dir;

	if (stat(path, &st) != 0)
		return 0; /* a parser need not have a corpus */
	if (!S_ISDIR(st.st_mode))
		return run_file(path);
	dir = opendir(path);
	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		char inner[4096];

		if (entry->d_name[0] == '.')
			continue;
		snprintf(inner, sizeof(inner), "%s/%s", path, entry->d_name);
		n += run_file(inner);
	}
	if (dir != NULL)
		closedir(dir);
	return n;
}

/* xorshift64: the same inputs on every machine. */
static uint64_t next(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

int main(int argc, char **argv)
{
	uint64_t state = 0x706f6f6c6b656570;
	unsigned files = 0;

	for (int i = 1; i < argc; i++)
		files += run_path(argv[i]);
	for (int i = 0; i < MADE_UP_INPUTS; i++) {
		uint8_t bytes[MADE_UP_MAX];
		size_t n = (size_t)(next(&state) % (MADE_UP_MAX + 1));

		for (size_t k = 0; k < n; k++)
			bytes[k] = (uint8_t)next(&state);
		run(bytes, n);
	}
	printf("replayed %u files and %d made-up inputs\n", files, MADE_UP_INPUTS);
	return 0;
}
