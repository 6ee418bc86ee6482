/* The lottery program: table of its instructions with their accounts, and the entry point. */
#include "discriminators.h"
#include "ml/accounts.h"

#define WRITABLE true
#define READ_ONLY false

static const struct rule create_rules[] = {
	{ MINT, KIND_MINT, WRITABLE, NONE, 0 },
	{ POOL, KIND_NEW_POOL, WRITABLE, NONE, 0 },
	{ USER_TOKEN, KIND_TOKEN_ACCOUNT, WRITABLE, ATA_OF_USER, 0 },
	{ USER, KIND_SIGNER, WRITABLE, NONE, 0 },
	{ POOL_TOKEN, KIND_NEW_ATA, WRITABLE, NONE, POOL },
	{ TOKEN_PROGRAM, KIND_TOKEN_PROGRAM, READ_ONLY, NONE, 0 },
	{ ATA_PROGRAM, KIND_ATA_PROGRAM, READ_ONLY, NONE, 0 },
	{ SYSTEM_PROGRAM, KIND_SYSTEM_PROGRAM, READ_ONLY, NONE, 0 },
	{ RENT, KIND_RENT, READ_ONLY, NONE, 0 },
	{ PARTICIPANTS, KIND_NEW_PARTICIPANTS, WRITABLE, NONE, 0 },
};

static const struct rule join_rules[] = {
	{ MINT, KIND_MINT, WRITABLE, NONE, 0 },
	{ POOL, KIND_POOL, WRITABLE, HAS_MINT, 0 },
	{ POOL_TOKEN, KIND_TOKEN_ACCOUNT, WRITABLE, VAULT, 0 },
	{ USER_TOKEN, KIND_TOKEN_ACCOUNT, WRITABLE, ATA_OF_USER, 0 },
	{ USER, KIND_SIGNER, WRITABLE, NONE, 0 },
	{ TOKEN_PROGRAM, KIND_TOKEN_PROGRAM, READ_ONLY, NONE, 0 },
	{ PARTICIPANTS, KIND_PARTICIPANTS, WRITABLE, NONE, 0 },
};

static const struct rule donate_rules[] = {
	{ MINT, KIND_MINT, WRITABLE, NONE, 0 },
	{ POOL, KIND_POOL, WRITABLE, HAS_MINT, 0 },
	{ POOL_TOKEN, KIND_TOKEN_ACCOUNT, WRITABLE, VAULT_UNNAMED, 0 },
	{ USER_TOKEN, KIND_TOKEN_ACCOUNT, WRITABLE, NONE, 0 },
	{ USER, KIND_SIGNER, WRITABLE, NONE, 0 },
	{ TOKEN_PROGRAM, KIND_TOKEN_PROGRAM, READ_ONLY, NONE, 0 },
	{ PARTICIPANTS, KIND_PARTICIPANTS, READ_ONLY, NONE, 0 },
};

/* set_lock_duration, unlock_pool, pause_pool, unpause_pool */
static const struct rule manage_rules[] = {
	{ POOL, KIND_POOL, WRITABLE, NONE, 0 },
	{ USER, KIND_SIGNER, WRITABLE, NONE, 0 },
	{ PARTICIPANTS, KIND_PARTICIPANTS, READ_ONLY, NONE, 0 },
};

static const struct rule cancel_rules[] = {
	{ MINT, KIND_MINT, WRITABLE, NONE, 0 },
	{ POOL, KIND_POOL, WRITABLE, HAS_MINT, 0 },
	{ POOL_TOKEN, KIND_TOKEN_ACCOUNT, WRITABLE, VAULT, 0 },
	{ USER, KIND_SIGNER, WRITABLE, NONE, 0 },
	{ TOKEN_PROGRAM, KIND_TOKEN_PROGRAM, READ_ONLY, NONE, 0 },
	{ SYSTEM_PROGRAM, KIND_SYSTEM_PROGRAM, READ_ONLY, NONE, 0 },
};

static const struct rule admin_close_rules[] = {
	{ MINT, KIND_MINT, WRITABLE, NONE, 0 },
	{ POOL, KIND_POOL, WRITABLE, HAS_MINT, 0 },
	{ POOL_TOKEN, KIND_TOKEN_ACCOUNT, WRITABLE, VAULT, 0 },
	{ CREATOR_WALLET, KIND_UNCHECKED, WRITABLE, NONE, 0 },
	{ USER, KIND_SIGNER, WRITABLE, NONE, 0 },
	{ TOKEN_PROGRAM, KIND_TOKEN_PROGRAM, READ_ONLY, NONE, 0 },
	{ SYSTEM_PROGRAM, KIND_SYSTEM_PROGRAM, READ_ONLY, NONE, 0 },
};

static const struct rule sweep_rules[] = {
	{ MINT, KIND_MINT, WRITABLE, NONE, 0 },
	{ POOL, KIND_POOL, WRITABLE, HAS_MINT, 0 },
	{ POOL_TOKEN, KIND_TOKEN_ACCOUNT, WRITABLE, VAULT, 0 },
	{ USER, KIND_SIGNER, WRITABLE, NONE, 0 },
	{ TOKEN_PROGRAM, KIND_TOKEN_PROGRAM, READ_ONLY, NONE, 0 },
	{ SYSTEM_PROGRAM, KIND_SYSTEM_PROGRAM, READ_ONLY, NONE, 0 },
	{ PARTICIPANTS, KIND_PARTICIPANTS, READ_ONLY, NONE, 0 },
};

static const struct rule request_rules[] = {
	{ RANDOMNESS, KIND_UNCHECKED, READ_ONLY, NONE, 0 },
	{ POOL, KIND_POOL, WRITABLE, NONE, 0 },
	{ USER, KIND_SIGNER, READ_ONLY, NONE, 0 },
	{ PARTICIPANTS, KIND_PARTICIPANTS, READ_ONLY, NONE, 0 },
};

/* The pool and the randomness account change places between request and select. */
static const struct rule select_rules[] = {
	{ POOL, KIND_POOL, WRITABLE, NONE, 0 },
	{ RANDOMNESS, KIND_UNCHECKED, READ_ONLY, NONE, 0 },
	{ USER, KIND_SIGNER, READ_ONLY, NONE, 0 },
	{ PARTICIPANTS, KIND_PARTICIPANTS, READ_ONLY, NONE, 0 },
};

static const struct rule payout_rules[] = {
	{ MINT, KIND_MINT, WRITABLE, NONE, 0 },
	{ POOL, KIND_POOL, WRITABLE, HAS_MINT_UNNAMED, 0 },
	{ POOL_TOKEN, KIND_TOKEN_ACCOUNT, WRITABLE, VAULT, 0 },
	{ WINNER_TOKEN, KIND_NEW_ATA, WRITABLE, NONE, WINNER },
	{ DEV_TOKEN, KIND_TOKEN_ACCOUNT, WRITABLE, NONE, 0 },
	{ TREASURY_TOKEN, KIND_TOKEN_ACCOUNT, WRITABLE, NONE, 0 },
	{ TOKEN_PROGRAM, KIND_TOKEN_PROGRAM, READ_ONLY, NONE, 0 },
	{ ATA_PROGRAM, KIND_ATA_PROGRAM, READ_ONLY, NONE, 0 },
	{ SYSTEM_PROGRAM, KIND_SYSTEM_PROGRAM, READ_ONLY, NONE, 0 },
	{ WINNER, KIND_UNCHECKED, READ_ONLY, NONE, 0 },
	{ USER, KIND_SIGNER, WRITABLE, NONE, 0 },
	{ PARTICIPANTS, KIND_PARTICIPANTS, WRITABLE, NONE, 0 },
};

static const struct rule refund_rules[] = {
	{ MINT, KIND_MINT, WRITABLE, NONE, 0 },
	{ POOL, KIND_POOL, WRITABLE, HAS_MINT, 0 },
	{ POOL_TOKEN, KIND_TOKEN_ACCOUNT, WRITABLE, VAULT, 0 },
	{ USER_TOKEN, KIND_TOKEN_ACCOUNT, WRITABLE, NONE, 0 },
	{ TREASURY_TOKEN, KIND_TOKEN_ACCOUNT, WRITABLE, ATA_OF_TREASURY, 0 },
	{ USER, KIND_SIGNER, WRITABLE, NONE, 0 },
	{ TOKEN_PROGRAM, KIND_TOKEN_PROGRAM, READ_ONLY, NONE, 0 },
	{ PARTICIPANTS, KIND_PARTICIPANTS, WRITABLE, NONE, 0 },
};

/* Nothing ties mint and vault to the pool's own here: any token account the pool owns will do. */
static const struct rule rent_rules[] = {
	{ POOL, KIND_POOL, WRITABLE, NONE, 0 },
	{ MINT, KIND_MINT, WRITABLE, NONE, 0 },
	{ POOL_TOKEN, KIND_TOKEN_ACCOUNT, WRITABLE, VAULT, 0 },
	{ CLOSE_TARGET, KIND_UNCHECKED, WRITABLE, NONE, 0 },
	{ USER, KIND_SIGNER, WRITABLE, NONE, 0 },
	{ TOKEN_PROGRAM, KIND_TOKEN_PROGRAM, READ_ONLY, NONE, 0 },
	{ PARTICIPANTS, KIND_PARTICIPANTS, WRITABLE, NONE, 0 },
};

static const struct rule finalize_rules[] = {
	{ MINT, KIND_MINT, WRITABLE, NONE, 0 },
	{ POOL, KIND_POOL, WRITABLE, HAS_MINT, 0 },
	{ POOL_TOKEN, KIND_TOKEN_ACCOUNT, WRITABLE, VAULT, 0 },
	{ TREASURY_TOKEN, KIND_TOKEN_ACCOUNT, WRITABLE, ATA_OF_TREASURY, 0 },
	{ USER, KIND_SIGNER, WRITABLE, NONE, 0 },
	{ TOKEN_PROGRAM, KIND_TOKEN_PROGRAM, READ_ONLY, NONE, 0 },
	{ PARTICIPANTS, KIND_PARTICIPANTS, WRITABLE, NONE, 0 },
};

static const struct rule force_expire_rules[] = {
	{ POOL, KIND_POOL, WRITABLE, NONE, 0 },
	{ USER, KIND_SIGNER, READ_ONLY, NONE, 0 },
};

struct entry {
	uint64_t discriminator;
	const char *name;
	const struct rule *rules;
	uint64_t rule_count;
	uint64_t args_len;
	uint64_t bool_at; /* offset of a bool among the arguments, 0 for none: borsh refuses other bytes than 0 and 1 */
	uint64_t (*run)(struct call *c);
};

#define RULES(list) list, sizeof(list) / sizeof(list[0])

static const struct entry entries[] = {
	{ INSTRUCTION_CREATE_POOL, "CreatePool", RULES(create_rules), 120, 119, create_pool },
	{ INSTRUCTION_JOIN_POOL, "JoinPool", RULES(join_rules), 8, 0, join_pool },
	{ INSTRUCTION_DONATE, "Donate", RULES(donate_rules), 8, 0, donate },
	{ INSTRUCTION_SET_LOCK_DURATION, "SetLockDuration", RULES(manage_rules), 8, 0, set_lock_duration },
	{ INSTRUCTION_CANCEL_POOL, "CancelPool", RULES(cancel_rules), 0, 0, cancel_pool },
	{ INSTRUCTION_ADMIN_CLOSE_POOL, "AdminClosePool", RULES(admin_close_rules), 0, 0, admin_close_pool },
	{ INSTRUCTION_SWEEP_EXPIRED_POOL, "SweepExpiredPool", RULES(sweep_rules), 0, 0, sweep_expired_pool },
	{ INSTRUCTION_UNLOCK_POOL, "UnlockPool", RULES(manage_rules), 0, 0, unlock_pool },
	{ INSTRUCTION_REQUEST_RANDOMNESS, "RequestRandomness", RULES(request_rules), 0, 0, request_randomness },
	{ INSTRUCTION_SELECT_WINNER, "SelectWinner", RULES(select_rules), 0, 0, select_winner },
	{ INSTRUCTION_PAYOUT_WINNER, "PayoutWinner", RULES(payout_rules), 0, 0, payout_winner },
	{ INSTRUCTION_CLAIM_REFUND, "ClaimRefund", RULES(refund_rules), 0, 0, claim_refund },
	{ INSTRUCTION_CLAIM_RENT, "ClaimRent", RULES(rent_rules), 0, 0, claim_rent },
	{ INSTRUCTION_FINALIZE_FORFEITED_POOL, "FinalizeForfeitedPool", RULES(finalize_rules), 0, 0,
		finalize_forfeited_pool },
	{ INSTRUCTION_PAUSE_POOL, "PausePool", RULES(manage_rules), 0, 0, pause_pool },
	{ INSTRUCTION_UNPAUSE_POOL, "UnpausePool", RULES(manage_rules), 0, 0, unpause_pool },
	{ INSTRUCTION_FORCE_EXPIRE, "ForceExpire", RULES(force_expire_rules), 0, 0, force_expire },
	{ 0, NULL, NULL, 0, 0, 0, NULL },
};

const struct anchor_error program_errors[] = {
#define X(code, name, text) { code, #name, text },
	ML_ERRORS(X)
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
	struct call *c = sbf_alloc(sizeof(*c));
	const struct entry *entry;

	c->in = sbf_input(raw);
	entry = find_entry(c->in);
	REQUIRE(entry, InstructionFallbackNotFound);
	anchor_log_instruction(entry->name);
	REQUIRE(c->in->data_len >= 8 + entry->args_len, InstructionDidNotDeserialize);
	c->args = c->in->data + 8;
	REQUIRE(entry->bool_at == 0 || c->args[entry->bool_at] <= 1, InstructionDidNotDeserialize);
	if (sol_get_clock_sysvar(&c->clock))
		abort();
	c->now = c->clock.unix_time;
	TRY(accounts_load(c, entry->rules, entry->rule_count));
	return entry->run(c);
}
