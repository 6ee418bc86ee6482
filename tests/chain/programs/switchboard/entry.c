/* Stand-in for Switchboard On-Demand: entry point. */
#include "discriminators.h"
#include "switchboard/switchboard.h"

struct entry {
	uint64_t discriminator;
	const char *name;
	uint64_t account_count;
	uint64_t args_len;
	uint64_t (*run)(const struct input *in);
};

static const struct entry entries[] = {
	{ INSTRUCTION_RANDOMNESS_INIT, "RandomnessInit", 13, 8, randomness_init },
	{ INSTRUCTION_RANDOMNESS_COMMIT, "RandomnessCommit", 5, 0, randomness_commit },
	{ INSTRUCTION_RANDOMNESS_REVEAL, "RandomnessReveal", 12, 97, randomness_reveal },
	{ INSTRUCTION_RANDOMNESS_CLOSE, "RandomnessClose", 10, 0, randomness_close },
	{ 0, NULL, 0, 0, NULL },
};

const struct anchor_error program_errors[] = {
#define X(code, name, text) { code, #name, text },
	SWITCHBOARD_ERRORS(X)
#undef X
		{ 0, "Unknown", "Unknown error" },
};

static const struct entry *find_entry(const struct input *in)
{
	const struct entry *entry = entries;

	if (in->data_len < 8)
		return NULL;
	while (entry->name && entry->discriminator != load64(in->data))
		entry++;
	return entry->name ? entry : NULL;
}

uint64_t entrypoint(uint8_t *raw); /* called by the loader only */

uint64_t entrypoint(uint8_t *raw)
{
	const struct input *in = sbf_input(raw);
	const struct entry *entry = find_entry(in);

	REQUIRE(entry, InstructionFallbackNotFound);
	anchor_log_instruction(entry->name);
	REQUIRE(in->data_len >= 8 + entry->args_len, InstructionDidNotDeserialize);
	REQUIRE(in->count >= entry->account_count, AccountNotEnoughKeys);
	return entry->run(in);
}
