/* What is wrong with the settings: one config.invalid line per fault, and what to exit with. */
#ifndef OPS_FAULTS_H
#define OPS_FAULTS_H

#include <stdbool.h>

#include "ops/setting.h"

struct faults {
	bool bad;     /* something to correct: EX_CONFIG                                      */
	bool exposed; /* a file that holds a key is open to others: EX_NOPERM if nothing else */
};

/* What may be shown of a setting's text: *** for secrets and for what looks like a key. */
const char *fault_shown(const struct setting *setting, const char *value);
/* The line alone; key and value are shown as they are. */
void fault_say(const char *key, const char *value, const char *why);
/* The line, and a fault. value NULL: not set. */
void fault_add(struct faults *faults, const struct setting *setting, const char *value, const char *why);
/* 0, EX_CONFIG or EX_NOPERM. */
int faults_code(const struct faults *faults);

#endif
