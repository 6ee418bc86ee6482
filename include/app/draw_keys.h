/* The keys of draws without a chain program, from the settings into their owners. */
#ifndef APP_DRAW_KEYS_H
#define APP_DRAW_KEYS_H

#include "chain/certificate_key.h"
#include "chain/signer.h"
#include "chain/vrf_key.h"
#include "ops/config.h"

struct draw_keys {
	struct vrf_keys vrf;                 /* n 0: none is set  */
	struct certificate_key *certificate; /* NULL: none is set */
};

/* Takes the keys out of config; logs each one's public half. signer: whose keys none of these may be; NULL: not known.
 * False, and one config.invalid line each: a text is no key, or the key is another one's already. *out is then empty. */
NODISCARD bool draw_keys_load(struct draw_keys *out, struct config *config, const struct signer *signer);
void draw_keys_free(struct draw_keys *keys);

#endif
