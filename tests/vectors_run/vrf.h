/* The parts of vrf.json. */
#ifndef VECTORS_RUN_VRF_H
#define VECTORS_RUN_VRF_H

#include "vectors.h"

void vectors_vrf_merkle(const struct suite *suite, struct json_object *root);
void vectors_vrf_select(const struct suite *suite, struct json_object *root);
void vectors_vrf_drand(const struct suite *suite, struct json_object *root);

/* Hex of exactly size bytes into out; anything else fails the case. */
void read_exact(struct check *check, struct json_object *object, const char *name, void *out, size_t size);

#endif
