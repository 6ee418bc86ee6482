-- The rows of the app that a set describes. keeper.seeded remembers each, so that all of them can be taken away again.
--
-- The daemon never sees these pools: their ids are negative, and it lists pools from 1 on. An address is the base58 of a text:
-- no key is known for it and no program can derive it, so that it holds no pool on any chain. Nothing goes into the tables of
-- keeper, where each row would claim a transaction.
CREATE FUNCTION pg_temp.key(name text) RETURNS text LANGUAGE sql AS $$ SELECT keeper.base58(convert_to(rpad('poolkeeper seed ' || name, 32, '.'), 'UTF8')) $$;
CREATE FUNCTION pg_temp.signature(name text) RETURNS text LANGUAGE sql AS $$ SELECT keeper.base58(convert_to(rpad('poolkeeper seed ' || name, 64, '.'), 'UTF8')) $$;
CREATE FUNCTION pg_temp.wallet(n integer) RETURNS text LANGUAGE sql AS $$ SELECT pg_temp.key('wallet ' || n) $$;

CREATE TEMPORARY VIEW seed_seat AS
SELECT p.*, s.player, s.seat, t.symbol, t.name AS token_name, t.price, pg_temp.key('mint ' || p.token) AS mint, lower(pg_temp.wallet(s.player)) AS wallet,
       localtimestamp - p.hours_ago * interval '1 hour' AS began, cardinality(p.players) AS taken
  FROM seed_pool AS p CROSS JOIN unnest(p.players) WITH ORDINALITY AS s (player, seat) JOIN seed_token AS t ON t.n = p.token;

WITH made AS (
    INSERT INTO public.profiles (id, wallet_address, nickname) SELECT -n, lower(pg_temp.wallet(n)), nickname FROM seed_player RETURNING id
) INSERT INTO keeper.seeded SELECT 'profiles', id FROM made;

WITH made AS (
    INSERT INTO public.referral_relations (id, referred_wallet, referrer_wallet)
    SELECT -n, lower(pg_temp.wallet(n)), lower(pg_temp.wallet(referrer)) FROM seed_player WHERE referrer IS NOT NULL RETURNING id
) INSERT INTO keeper.seeded SELECT 'referral_relations', id FROM made;

WITH made AS (
    INSERT INTO public.pools (id, pool_address, token_symbol, token_name, token_mint, entry_amount, min_participants, max_participants, participants_count,
                              status, start_time, lock_duration, lock_start_time, end_time, winner_wallet, total_pot, creator_wallet, initial_price_usd,
                              current_price_usd, tx_hash, is_free)
    SELECT -n, pg_temp.key('pool ' || n), symbol, token_name, mint, entry, 2, seats, taken, status, began, 60,
           CASE WHEN status NOT IN ('open', 'cancelled') THEN extract(epoch FROM began + interval '10 minutes')::integer END,
           CASE WHEN status IN ('ended', 'closed', 'cancelled') THEN began + interval '20 minutes' END,
           CASE WHEN status IN ('winnerSelected', 'ended', 'closed') THEN pg_temp.wallet(player) END,
           entry * taken, wallet, price, price, pg_temp.signature('create ' || n), sponsored::integer
      FROM seed_seat WHERE seat = 1 RETURNING id
) INSERT INTO keeper.seeded SELECT 'pools', id FROM made;

WITH made AS (
    INSERT INTO public.participants (id, pool_id, wallet_address, joined_at, refund_claimed, bet_usd, price_at_join_usd)
    SELECT -(n * 100 + seat), -n, wallet, began + seat * interval '1 minute', (status = 'cancelled')::integer, entry * price, price FROM seed_seat RETURNING id
) INSERT INTO keeper.seeded SELECT 'participants', id FROM made;

WITH made AS (
    INSERT INTO public.transactions (id, pool_id, wallet_address, type, amount, tx_hash, "timestamp")
    SELECT -(n * 100 + seat), -n, wallet, 'JOIN', entry, pg_temp.signature(format('join %s %s', n, seat)), began + seat * interval '1 minute' FROM seed_seat
    UNION ALL
    SELECT -(n * 100 + 50 + seat), -n, wallet, 'REFUND', entry, pg_temp.signature(format('refund %s %s', n, seat)), began + interval '30 minutes'
      FROM seed_seat WHERE status = 'cancelled'
    UNION ALL
    SELECT -(n * 100 + 99), -n, wallet, 'PAYOUT', entry * taken * 0.97, pg_temp.signature('payout ' || n), began + interval '20 minutes'
      FROM seed_seat WHERE status IN ('ended', 'closed') AND seat = 1 RETURNING id
) INSERT INTO keeper.seeded SELECT 'transactions', id FROM made;

-- The daemon forgets used hashes after 30 days, these like all others.
WITH made AS (
    INSERT INTO public.used_transactions (id, tx_hash, pool_id, wallet_address, operation_type, used_at)
    SELECT -(n * 100 + seat), pg_temp.signature(format('join %s %s', n, seat)), -n, wallet, 'join', began + seat * interval '1 minute' FROM seed_seat
    UNION ALL
    SELECT -(n * 100), pg_temp.signature('create ' || n), -n, wallet, 'create_pool', began FROM seed_seat WHERE seat = 1 RETURNING id
) INSERT INTO keeper.seeded SELECT 'used_transactions', id FROM made;

WITH made AS (
    INSERT INTO public.notifications (id, wallet_address, type, title, message, pool_id, pool_name, created_at)
    SELECT -(n * 100 + seat), wallet, 'unlocked', 'Pool unlocked', format('The lock of %s is over.', token_name), -n, token_name, began + interval '15 minutes'
      FROM seed_seat WHERE status NOT IN ('open', 'locked', 'cancelled')
    UNION ALL
    SELECT -(n * 100 + seat), wallet, 'cancel', 'Pool cancelled', format('%s was cancelled.', token_name), -n, token_name, began + interval '20 minutes'
      FROM seed_seat WHERE status = 'cancelled'
    UNION ALL
    SELECT -(n * 100), wallet, 'win', 'You won!', format('You won %s %s.', entry * taken * 0.97, symbol), -n, token_name, began + interval '20 minutes'
      FROM seed_seat WHERE status IN ('ended', 'closed') AND seat = 1 RETURNING id
) INSERT INTO keeper.seeded SELECT 'notifications', id FROM made;

WITH made AS (
    INSERT INTO public.winners_feed (id, pool_id, winner_wallet, display_name, token_symbol, bet_usd, win_usd, roi_percent, created_at)
    SELECT -s.n, -s.n, s.wallet, p.nickname, s.symbol, s.entry * s.price, s.entry * s.taken * 0.97 * s.price, (s.taken * 0.97 - 1) * 100, s.began + interval '20 minutes'
      FROM seed_seat AS s JOIN seed_player AS p ON p.n = s.player WHERE s.status IN ('ended', 'closed') AND s.seat = 1 RETURNING id
) INSERT INTO keeper.seeded SELECT 'winners_feed', id FROM made;

WITH made AS (
    INSERT INTO public.pool_chat_messages (id, pool_id, wallet_address, message, created_at)
    SELECT -n, -n, wallet, 'Who else is in?', began + interval '2 minutes' FROM seed_seat WHERE status = 'open' AND seat = 1 RETURNING id
) INSERT INTO keeper.seeded SELECT 'pool_chat_messages', id FROM made;

WITH made AS (
    INSERT INTO public.sponsored_participants (id, pool_id, real_wallet, auxiliary_wallet, auxiliary_index, joined_at)
    SELECT -(n * 100 + seat), -n, pg_temp.key(format('person %s %s', n, seat)), pg_temp.wallet(player), seat - 2, began + seat * interval '1 minute'
      FROM seed_seat WHERE sponsored AND seat > 1 RETURNING id
) INSERT INTO keeper.seeded SELECT 'sponsored_participants', id FROM made;

-- One percent of a pot that was paid, in base units of six decimals, in equal shares.
CREATE TEMPORARY VIEW seed_share AS
SELECT r.n, r.token, r.mint, r.referrer, trunc(r.fee / count(*) OVER (PARTITION BY r.n)) AS amount
  FROM (SELECT DISTINCT s.n, s.token, s.mint, p.referrer, s.entry * s.taken * 10000 AS fee
          FROM seed_seat AS s JOIN seed_player AS p ON p.n = s.player WHERE s.status IN ('ended', 'closed') AND p.referrer IS NOT NULL) AS r;

WITH made AS (
    INSERT INTO public.referral_reward_events (id, pool_id, token_mint, referrer_wallet, amount)
    SELECT -(n * 100 + referrer), -n, mint, lower(pg_temp.wallet(referrer)), amount::text FROM seed_share RETURNING id
) INSERT INTO keeper.seeded SELECT 'referral_reward_events', id FROM made;

WITH made AS (
    INSERT INTO public.referral_rewards (id, referrer_wallet, token_mint, amount_pending)
    SELECT -(referrer * 100 + token), lower(pg_temp.wallet(referrer)), mint, sum(amount)::text FROM seed_share GROUP BY referrer, token, mint RETURNING id
) INSERT INTO keeper.seeded SELECT 'referral_rewards', id FROM made;
DROP VIEW seed_share, seed_seat;
