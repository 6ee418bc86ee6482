/* What an oracle answers to one commit, and the message that it signs for it. */
#ifndef CORE_ORACLE_ANSWER_H
#define CORE_ORACLE_ANSWER_H
#include <stdint.h>
#include "base/key.h"
#include "base/units.h"

struct oracle_answer {
	uint8_t signature[64]; /* r || s, big endian                                                     */
	uint8_t recovery_id;   /* 0..3                                                                   */
	uint8_t value[32];
};
#endif
