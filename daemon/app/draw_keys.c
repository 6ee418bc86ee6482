/* The keys of draws without a chain program. A key does one thing: one that also signs transactions, or proves and signs
 * certificates, could be made to do the one by being asked for the other. */
#include "app/draw_keys.h"

#include "base/log.h"
#include "core/base58.h"

enum { WHY_MAX = 320 };

static bool refuse(const char *name, const char *why)
{
	log_error("config.invalid", "key=%s value=*** why=%s", name, why);
	return false;
}

/* NULL: this key is nobody's yet. */
static const char *whose(const struct draw_keys *keys, const struct config *config, const struct signer *signer,
	const struct pubkey *pubkey)
{
	if (signer != NULL && pubkey_equal(pubkey, signer_pubkey(signer)))
		return "is the dev wallet's key: make one of its own";
	if (pubkey_equal(pubkey, &config->treasury))
		return "is the treasury's key: make one of its own";
	if (signer != NULL && signer_has(signer, pubkey))
		return "is an auxiliary wallet's key: make one of its own";
	if (vrf_keys_find(&keys->vrf, pubkey) != NULL)
		return "is the key of the VRF that another setting names: make one of its own";
	return NULL;
}

static void tell(const char *name, const struct pubkey *pubkey, bool locked)
{
	char address[PUBKEY_TEXT];

	base58_pubkey(address, pubkey);
	if (!locked)
		log_warn("signer.not_locked", "wallet=%s why=%s", address,
			"the key may be swapped to disk: raise the limit of locked memory (ulimit -l, LimitMEMLOCK=)");
	log_info("draw.key", "setting=%s key=%s", name, address);
}

static bool add_vrf(struct draw_keys *keys, struct config *config, unsigned n, const struct signer *signer)
{
	const char *name, *wrong;
	struct secret_text text = config_take_vrf(config, n, &name);
	char why[WHY_MAX];
	struct pubkey pubkey;
	struct vrf_key *key;

	if (text.text == NULL || text.len == 0)
		return true;
	key = vrf_key_new(text.text, text.len, why, sizeof(why));
	config_wipe_key(&text);
	if (key == NULL)
		return refuse(name, why);
	vrf_key_public(key, &pubkey);
	wrong = whose(keys, config, signer, &pubkey);
	if (wrong != NULL) {
		vrf_key_free(key);
		return refuse(name, wrong);
	}
	keys->vrf.key[keys->vrf.n++] = key;
	tell(name, &pubkey, vrf_key_locked(key));
	return true;
}

static bool add_certificate(struct draw_keys *keys, struct config *config, const struct signer *signer)
{
	const char *name, *wrong;
	struct secret_text text = config_take_certificate(config, &name);
	char why[WHY_MAX];
	struct pubkey pubkey;

	if (text.text == NULL || text.len == 0)
		return true;
	keys->certificate = certificate_key_new(text.text, text.len, why, sizeof(why));
	config_wipe_key(&text);
	if (keys->certificate == NULL)
		return refuse(name, why);
	certificate_key_public(keys->certificate, &pubkey);
	wrong = whose(keys, config, signer, &pubkey);
	if (wrong != NULL)
		return refuse(name, wrong);
	tell(name, &pubkey, certificate_key_locked(keys->certificate));
	return true;
}

bool draw_keys_load(struct draw_keys *out, struct config *config, const struct signer *signer)
{
	bool ok = true;

	_Static_assert((int)CONFIG_VRF_KEYS_MAX == (int)VRF_KEYS_MAX, "each setting has its place");
	*out = (struct draw_keys){ 0 };
	for (unsigned n = 0; n < CONFIG_VRF_KEYS_MAX; n++)
		ok = add_vrf(out, config, n, signer) && ok;
	ok = add_certificate(out, config, signer) && ok;
	if (!ok)
		draw_keys_free(out);
	else if (config->offchain_sources != NULL && out->certificate == NULL)
		log_warn("certificate.no_key", "name=CERTIFICATE_KEY_FILE why=\"is not set: draws of the database are "
					       "made, but nothing of them is published\" "
					       "next=human");
	return ok;
}

void draw_keys_free(struct draw_keys *keys)
{
	for (size_t i = 0; i < keys->vrf.n; i++)
		vrf_key_free(keys->vrf.key[i]);
	certificate_key_free(keys->certificate);
	*keys = (struct draw_keys){ 0 };
}
