/* What Anchor puts around every program: framework error codes and the log line that names an error. */
#ifndef PROGRAMS_ANCHOR_H
#define PROGRAMS_ANCHOR_H

#include "sbf.h"

/* Framework errors: code, name, text as Anchor 0.31 logs them. */
#define ANCHOR_ERRORS(X)                                                                                       \
	X(101, InstructionFallbackNotFound, "Fallback functions are not supported")                            \
	X(102, InstructionDidNotDeserialize, "The program could not deserialize the given instruction")        \
	X(2000, ConstraintMut, "A mut constraint was violated")                                                \
	X(2001, ConstraintHasOne, "A has one constraint was violated")                                         \
	X(2003, ConstraintRaw, "A raw constraint was violated")                                                \
	X(2006, ConstraintSeeds, "A seeds constraint was violated")                                            \
	X(2009, ConstraintAssociated, "An associated constraint was violated")                                 \
	X(2014, ConstraintTokenMint, "A token mint constraint was violated")                                   \
	X(2015, ConstraintTokenOwner, "A token owner constraint was violated")                                 \
	X(3001, AccountDiscriminatorNotFound, "No discriminator was found on the account")                     \
	X(3002, AccountDiscriminatorMismatch, "Account discriminator did not match what was expected")         \
	X(3003, AccountDidNotDeserialize, "Failed to deserialize the account")                                 \
	X(3005, AccountNotEnoughKeys, "Not enough account keys given to the instruction")                      \
	X(3007, AccountOwnedByWrongProgram, "The given account is owned by a different program than expected") \
	X(3008, InvalidProgramId, "Program ID was not as expected")                                            \
	X(3010, AccountNotSigner, "The given account did not sign")                                            \
	X(3011, AccountNotSystemOwned, "The given account is not owned by the system program")                 \
	X(3012, AccountNotInitialized, "The program expected this account to be already initialized")          \
	X(3015, AccountSysvarMismatch, "The given public key does not match the required sysvar")

enum anchor_code {
#define X(code, name, text) name = code,
	ANCHOR_ERRORS(X)
#undef X
};

struct anchor_error {
	uint32_t code;
	const char *name;
	const char *text;
};

/* Each program defines this list of its own errors, closed by a zero code. */
extern const struct anchor_error program_errors[];

/* Log the error the way Anchor does and return the code for entrypoint(). */
uint64_t anchor_fail(uint32_t code, const char *file, uint32_t line);
uint64_t anchor_fail_account(uint32_t code, const char *account);

#define FAIL(code) anchor_fail(code, __FILE_NAME__, __LINE__)

#define REQUIRE(condition, code)           \
	do {                               \
		if (!(condition))          \
			return FAIL(code); \
	} while (0)

#define REQUIRE_ACCOUNT(condition, code, account)                  \
	do {                                                       \
		if (!(condition))                                  \
			return anchor_fail_account(code, account); \
	} while (0)

/* "Instruction: JoinPool" */
void anchor_log_instruction(const char *name);

/* One "Program data:" line. */
void anchor_emit(const void *event, uint64_t len);

/* The account holds this kind of data of this program: 3012, 3007, 3001, 3002 otherwise. */
uint64_t anchor_check_owned(
	const struct account *a, const struct pubkey *program, uint64_t discriminator, const char *name);

#endif
