/* Recognizes calls of the ml program in parsed transactions. */
#include "core/ml_call.h"

#include "core/address.h"

static bool key_at(const struct tx_view *view, const struct pubkey *loaded, size_t n_loaded, struct bytes accounts,
	int position, struct pubkey *out, bool *is_signer)
{
	if (position < 0 || (size_t)position >= accounts.n)
		return false;
	*is_signer = tx_view_is_signer(view, accounts.p[position]);
	return tx_view_key(view, accounts.p[position], loaded, n_loaded, out);
}

bool ml_call_read(struct ml_call *out, const struct tx_view *view, const struct pubkey *loaded, size_t n_loaded,
	uint8_t program, struct bytes accounts, struct bytes data)
{
	struct pubkey id;
	bool pool_signed;

	if (!tx_view_key(view, program, loaded, n_loaded, &id) || !pubkey_equal(&id, &ADDRESS_ML))
		return false;
	if (!ml_parse(&out->which, &out->args, data.p, data.n) || accounts.n < ml_account_count(out->which))
		return false;
	return key_at(view, loaded, n_loaded, accounts, ml_position(out->which, ML_POOL), &out->pool, &pool_signed) &&
	       key_at(view, loaded, n_loaded, accounts, ml_position(out->which, ML_USER), &out->user,
		       &out->user_signed);
}
