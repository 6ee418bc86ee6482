// A small stand-in for the web backend: what it writes to schema public when a user hands in a transaction, with its habits.
'use strict';

const OPERATION = { join: 'join', donate: 'donate', cancel: 'cancel', refund: 'claim_refund', rent: 'claim_rent' };

class Conflict extends Error {
	constructor(signature) {
		super(`409: ${signature} was used already`);
		this.status = 409;
	}
}

class Backend {
	constructor(world) { this.world = world; }

	// It lower-cases the wallet, answers 409 when the transaction was used, and counts participants by itself.
	async take(action, pool, wallet, signature, amount = undefined) {
		const low = wallet.address.toLowerCase();
		const used = await this.world.sql(`INSERT INTO public.used_transactions (tx_hash, pool_id, wallet_address, operation_type)
			VALUES ('${signature}', ${pool.id}, '${low}', '${OPERATION[action]}') ON CONFLICT (tx_hash) DO NOTHING RETURNING id`);
		if (used === '') throw new Conflict(signature);
		const whole = Number(amount ?? pool.amount) / Number(pool.mint.unit);
		const statements = {
			join: `INSERT INTO public.participants (pool_id, wallet_address) VALUES (${pool.id}, '${low}');
				INSERT INTO public.transactions (pool_id, wallet_address, type, amount, tx_hash) VALUES (${pool.id}, '${low}', 'JOIN', ${whole}, '${signature}');
				UPDATE public.pools SET participants_count = participants_count + 1, total_pot = total_pot + ${whole} WHERE id = ${pool.id}`,
			cancel: `UPDATE public.pools SET status = 'cancelled' WHERE id = ${pool.id}`,
			refund: `UPDATE public.participants SET refund_claimed = 1 WHERE pool_id = ${pool.id} AND wallet_address = '${low}'`,
			rent: `UPDATE public.pools SET rent_claimed = 1 WHERE id = ${pool.id}`,
			donate: amount === undefined ? '' : `INSERT INTO public.transactions (pool_id, wallet_address, type, amount, tx_hash) VALUES (${pool.id}, '${low}', 'DONATE', ${whole}, '${signature}');
				UPDATE public.pools SET donated_amount = donated_amount + ${whole} WHERE id = ${pool.id}`,
		};
		if (statements[action]) await this.world.sql(statements[action]);
	}
}

module.exports = { Backend, Conflict };
