// A database as years of use leave it: every table that grows has as many rows as asked for, a handful of which is not over yet.
'use strict';

// Base58 text of 32 and 64 bytes that ends in a number's digits; 0 is no digit of base58.
const tail = (n) => `translate(to_char(${n}, 'FM00000000'), '0', 'A')`;
const address = (n) => `('So111111111111111111111111111111111' || ${tail(n)})`;
const signature = (n) => `(repeat('3', 80) || ${tail(n)})`;
const draw = (n) => `('draw:' || ${address(n)} || ':7')`;
const offchain = (n) => `('00000000-0000-4000-8000-' || to_char(${n}, 'FM000000000000'))::uuid`;
// What is not over: the first OPEN of each.
const OPEN = 5;
// One entry of weight 1 and account a: the participant that is made of it, and the root of its tree.
const SALT = "'\\x00112233445566778899aabbccddeeff'::bytea";
const PARTICIPANT = `sha256('PFE1-user'::bytea || ${SALT} || 'a'::bytea)`;
const root = (draw_) => `sha256('\\x0050464531'::bytea || uuid_send(${draw_}) || int8send(0) || ${PARTICIPANT} || int8send(1))`;
const stakesRoot = (draw_) => `sha256('\\x0050465331'::bytea || uuid_send(${draw_}) || int8send(0) || int8send(5))`;
const late = (n) => `now() - (${n}) * interval '1 s'`;

const claimed = "CASE WHEN n = 2 THEN '1.5' ELSE '1' END";
const spent = `CASE WHEN n > ${OPEN} THEN ${late('n * 600')} END`;

// [table, columns, values made of n]
const ROWS = [
	['public.pools', 'pool_address, token_symbol, token_name, token_mint, entry_amount, min_participants, max_participants, status, lock_duration, creator_wallet, tx_hash',
		`${address('n')}, 'T', 'T', ${address(1)}, 1, 2, 2, CASE WHEN n <= ${OPEN} THEN 'locked' ELSE 'ended' END, 1, lower(${address('n')}), n::text`],
	['public.participants', 'pool_id, wallet_address', `n, lower(${address('n')})`],
	['public.transactions', 'pool_id, wallet_address, type, amount, tx_hash', `n, lower(${address('n')}), 'JOIN', 1, ${signature('n')}`],
	['public.used_transactions', 'tx_hash, pool_id, wallet_address, operation_type, used_at', `${signature('n')}, n, lower(${address('n')}), 'join', localtimestamp`],
	['public.notifications', 'wallet_address, type, title, message, pool_id', `lower(${address('n')}), 'win', 't', 'm', n`],
	['public.winners_feed', 'pool_id, winner_wallet, display_name, token_symbol, bet_usd, win_usd, roi_percent', `n, lower(${address('n')}), 'd', 'T', 1, 1, 1`],
	['public.referral_relations', 'referred_wallet, referrer_wallet', `lower(${address('n')}), lower(${address('n % 1000')})`],
	['public.referral_rewards', 'referrer_wallet, token_mint, amount_pending', `lower(${address('n')}), ${address(1)}, '5'`],
	['public.referral_reward_events', 'pool_id, token_mint, referrer_wallet, amount', `n, ${address(1)}, lower(${address('n')}), '5'`],
	['public.sponsored_participants', 'pool_id, auxiliary_index, auxiliary_wallet, real_wallet', `n, 0, ${address('n')}, ${address('n')}`],
	['public.pool_chat_messages', 'pool_id, wallet_address, message', `n, lower(${address('n')}), 'm'`],
	['public.profiles', 'wallet_address', `lower(${address('n')})`],
	['keeper.draws', 'draw, address, pool_id, app_id, mint, creator, status, status_slot, total_amount, max_participants, winner, decimals, winner_amount, dev_amount, burn_amount, treasury_amount, end_time, payout_slot, paid_at, projected_at, shared_at',
		`${draw('n')}, ${address('n')}, 7, n, ${address(1)}, ${address('n')}, x.status, 5, 4, 2, x.winner, 6, x.one, x.one, x.one, x.one, x.five, x.five, x.paid, x.paid, x.paid`],
	['keeper.steps', 'subject, seq, step, state, sig, tx, last_valid, floor_slot, landed_slot, high_slot, randomness, closed_at, opened_at, owner, fence',
		`${draw('n')}, 1, 'BIND', x.state, ${signature('n')}, '\\x01', 5, 5, 5, 5, ${address('n')}, x.paid, ${late('n')}, 'o', 1`],
	// Twenty accounts, used again and again.
	['keeper.bindings', 'draw, seq, randomness, lut_slot, creates, bound_at, released_at, released_why, replaced',
		`${draw('n')}, 1, ${address('1 + n % 20')}, 5, false, ${late('n')}, ${late('n')}, 'selected', n > 20`],
	['keeper.commits', 'draw, n, randomness, oracle, seed_slot, seed_slothash, reason', `${draw('n')}, 1, ${address('n')}, ${address(1)}, n, ${address('n')}, 'first'`],
	['keeper.calls', 'signature, ix, inner_ix, slot, block_time, draw, app_id, user_wallet, instruction, amount, decimals, projected_at',
		`sha512(n::text::bytea), 0, -1, n, 1790000000, ${draw('n')}, n, ${address('n')}, 'join_pool', 5, 6, x.paid`],
	['keeper.watermarks', 'address, signature, slot, gone', `${address('n')}, sha512(n::text::bytea), n, n > ${OPEN}`],
	['keeper.call_gaps', 'address, signature, slot, reason, filled_at', `${address('n')}, sha512(n::text::bytea), n, 'not_available', x.paid`],
	['keeper.discoveries', 'draw, found_slot, start_time, allow_mock, verdict, listed_at, app_id', `${draw('n')}, n, n, false, 'FITS', x.paid, n`],
	['keeper.foreign_signatures', 'signature, wallet, slot, failed, kind, told', `${signature('n')}, ${address(1)}, n, false, 'OTHER', n > ${OPEN}`],
	['keeper.submissions', 'tx_hash, pool, wallet, operation, state, answered_at, slot, final_at', `${signature('n')}, ${address('n')}, ${address('n')}, 'join', x.answer, x.paid, 5, x.paid`],
	['keeper.notices', 'draw, type, wallet', `${draw('n')}, 'win', lower(${address('n')})`],
	['public.referral_claims', 'id, referrer_wallet, token_mint, amount, status, tx_signature',
		`n, lower(${address('n % 1000')}), ${address(1)}, ${claimed}, CASE WHEN n > ${OPEN} THEN 'completed' ELSE 'pending' END, CASE WHEN n > ${OPEN} THEN ${signature('n')} END`],
	// Of claims that wait the second one can never be paid.
	['keeper.referral_payouts', 'claim_id, period, referrer, mint, amount, wallet, units, state, opened_at, sig, paid_at, projected_at',
		`n, 1, lower(${address('n % 1000')}), ${address(1)}, ${claimed}, x.winner, x.one, CASE WHEN n > ${OPEN} THEN 'paid' ELSE 'waiting' END, ${spent}, CASE WHEN n > ${OPEN} THEN ${signature('n')} END, ${spent}, ${spent}`],
	['keeper.referral_shares', 'draw, referrer, amount', `${draw('n')}, lower(${address('n % 1000')}), 5`],
	['keeper.sponsored', 'draw, auxiliary, recipient', `${draw('n')}, ${address('n')}, ${address('n')}`],
	// The first ones: just locked, anchored, with its block, with its beacon, defaulted, with its beta, drawn.
	['keeper.offchain_draws', `draw, seq, previous, hash, source, source_key, type, version, rules_hash, randomness, select_mode, n, total_weight, root, stakes_root, salt, slot, locked_round, deadline, prizes,
		amounts, currency, alternates, stake_units, opened_at, locked_at, owner, state, anchor_sig, anchor_slot, anchor_wallet, parent_slot, block_slot, blockhash, block_time, round, drand_signature, beta, proven_at, drawn_at,
		settled_at, paid_units, payments, certificate, defaulted_at, default_why`,
		`${offchain('n')}, n, sha256(n::text::bytea), sha256((n + 1)::text::bytea), 's', n::text, 'plain', 1, sha256('r'), 'beacon', 1, 1, 1, ${root(offchain('n'))}, ${stakesRoot(offchain('n'))}, ${SALT}, 100,
		1000, to_timestamp(1692806964), 1, '{1}', 'points', 0, 5, to_timestamp(1692806000), to_timestamp(1692806100), 'o', CASE WHEN n > 7 THEN 'settled' WHEN n = 7 THEN 'drawn' WHEN n = 5 THEN 'defaulted' ELSE 'locked' END,
		CASE WHEN n NOT IN (1, 5) THEN ${signature('n')} END, CASE WHEN n NOT IN (1, 5) THEN 90 END, CASE WHEN n NOT IN (1, 5) THEN sha256('w') END, CASE WHEN n NOT IN (1, 2, 5) THEN 99 END, CASE WHEN n NOT IN (1, 2, 5) THEN 100 END, CASE WHEN n NOT IN (1, 2, 5) THEN sha256('b') END,
		CASE WHEN n NOT IN (1, 2, 5) THEN 1692806200 END, CASE WHEN n NOT IN (1, 2, 5) THEN 1000 END, CASE WHEN n NOT IN (1, 2, 3, 5) THEN substr(sha512('s'), 1, 48) END,
		CASE WHEN n > 5 THEN sha512('b') END, CASE WHEN n > 5 THEN now() END, CASE WHEN n > 6 THEN now() END, CASE WHEN n > 7 THEN now() END, CASE WHEN n > 7 THEN 1 END, CASE WHEN n > 7 THEN '{""}'::keeper.plain_text[] END,
		CASE WHEN n > 12 THEN n - 12 END, CASE WHEN n = 5 THEN now() END, CASE WHEN n = 5 THEN 'no_anchor' END`],
	['keeper.offchain_entries', 'draw, entry, participant, weight, stake, below, account, ref', `${offchain('n')}, 0, ${PARTICIPANT}, 1, 5, 0, 'a', 'r'`],
	['keeper.offchain_picks', 'draw, pick, attempt, number, total, entry', `${offchain('n + 7')}, 0, 0, 0, 1, 0`],
	['keeper.mismatches', 'subject, scope, kind, expected, found, gone_at', `${draw('n')}, 'chain', 'vault_short', '1', '2', x.paid`],
	['keeper.audit_trail', 'n, at, xid, relation, operation, key, after, session_role, acting_role, application, prev_hash, hash',
		`n, ${late('n')}, n, 'keeper.draws', 'UPDATE', jsonb_build_object('draw', ${draw('n')}), '{}', 'a', 'a', 'a', sha256('a'), sha256('b')`],
	// Draw 8 is paid, and its certificate is still to be made.
	['keeper.pool_proofs', 'draw, since, member, proved_at, certificate',
		`${draw('n')}, ${late('n')}, CASE WHEN n > ${OPEN} AND n <> 8 THEN '{}' END, CASE WHEN n <> 8 THEN x.paid END, CASE WHEN n <> 8 THEN x.one END`],
	// Of the draws behind the first twelve.
	['keeper.certificates', 'serial, previous, hash, draw, made, key, signature',
		`n, sha256((n - 1)::text::bytea), sha256(n::text::bytea), ${offchain('n + 12')}, to_timestamp(1790000000), sha256('k'), decode(repeat('00', 64), 'hex')`],
];
// Work lists, which stay short whatever happened before.
const SHORT = `INSERT INTO keeper.leftovers (draw) SELECT ${draw('n')} FROM generate_series(${OPEN + 1}, ${2 * OPEN}) n ON CONFLICT DO NOTHING;
	INSERT INTO keeper.audits (wallet, began_slot, database) VALUES (${address(1)}, 5, '-'), (${address(2)}, 5, keeper.database_identity());
	INSERT INTO keeper.referral_periods (period, treasury, after_claim, max_amount, max_per_day, began_at) VALUES (1, ${address(2)}, 0, 5, 1000, '2020-01-01');
	ALTER TABLE keeper.certificates DISABLE TRIGGER USER; UPDATE keeper.certificates c SET hash = sha256(convert_to(keeper.certificate_body(c), 'UTF8')) WHERE serial = 5;
	UPDATE keeper.calls SET amount = 4 WHERE draw = ${draw(8)};
	INSERT INTO keeper.calls (signature, ix, inner_ix, slot, block_time, draw, user_wallet, instruction) SELECT keeper.unbase58(${signature(8)}), i, -1, 5, 5, ${draw(8)}, ${address(8)},
		('{create_pool,request_randomness,select_winner,payout_winner}'::text[])[i] FROM generate_series(1, 4) i;
	INSERT INTO public.referral_claims (id, referrer_wallet, token_mint, amount) VALUES (99999999, lower(${address(3)}), ${address(1)}, '1'); INSERT INTO keeper.discovery (since) VALUES (5); INSERT INTO keeper.census (slot, database) VALUES (5, '-')`;

const tables = ROWS.map(([table]) => table);

// rows: what is there; as: what the planner is told, by statistics that say the same of more rows; whole: tables that do hold so many.
function fill(rows, as, whole = []) {
	const inserts = ROWS.map(([table, columns, values]) => `ALTER TABLE ${table} DISABLE TRIGGER ALL;
		INSERT INTO ${table} (${columns}) SELECT ${values} FROM (SELECT n FROM generate_series(1, ${whole.includes(table) ? as : rows}) n) g
		CROSS JOIN LATERAL (SELECT CASE WHEN n > ${OPEN} THEN now() END AS paid, CASE WHEN n > ${OPEN} THEN 6 ELSE n % 6 END AS status, CASE WHEN n > ${OPEN} THEN 1 END AS one,
			CASE WHEN n > ${OPEN} THEN 5 END AS five, CASE WHEN n > ${OPEN} THEN ${address('n')} END AS winner,
			CASE WHEN n > ${OPEN} THEN 'final' ELSE 'landed' END AS state, CASE WHEN n > ${OPEN} THEN 'accepted' ELSE 'pending' END AS answer) x;
		ALTER TABLE ${table} ENABLE TRIGGER ALL;`);
	return `${inserts.join('\n')} ${SHORT}; ANALYZE;
		UPDATE pg_class SET reltuples = reltuples * ${as / rows} WHERE reltuples BETWEEN ${0.9 * rows} AND ${1.1 * rows} AND relnamespace IN ('public'::regnamespace, 'keeper'::regnamespace)`;
}

// The same texts here.
const digits = (n) => String(n).padStart(8, '0').replaceAll('0', 'A');
const made = { address: (n) => `So111111111111111111111111111111111${digits(n)}`, signature: (n) => `${'3'.repeat(80)}${digits(n)}` };
made.offchain = (n) => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;
made.draw = (n) => `draw:${made.address(n)}:7`;

module.exports = { fill, tables, made };
