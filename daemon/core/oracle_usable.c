/* Which oracles a draw may be committed to. */
#include "core/oracle_usable.h"

enum { HEARTBEAT_MIN_S = 300 };

static bool listed(const struct sb_queue *queue, const struct pubkey *address)
{
	for (unsigned i = 0; i < queue->n_oracles; i++)
		if (pubkey_equal(&queue->oracles[i], address))
			return true;
	return false;
}

bool oracle_usable(const struct sb_queue *queue, const struct pubkey *queue_address, const struct pubkey *address,
	const struct sb_oracle *oracle, int64_t chain_s)
{
	const int64_t timeout = queue->node_timeout > HEARTBEAT_MIN_S ? queue->node_timeout : HEARTBEAT_MIN_S;

	return listed(queue, address) && oracle->verification_status == SB_ORACLE_VERIFIED &&
	       pubkey_equal(&oracle->queue, queue_address) && oracle->valid_until > chain_s + POLICY_ORACLE_MARGIN_S &&
	       oracle->last_heartbeat >= chain_s - timeout;
}
