-- Source coin_draws. $1 is the key (the draw's id), $2 poolkeeper's draw; due: $1 is how many at most.

-- What freeze will refuse is listed too, behind the others: so that it is said why these coins wait.
-- name: due
SELECT 'coin_draw' AS type, d.id::text AS source_key
  FROM coin_draws.draws d
 WHERE d.state = 'open' AND d.current_participants > 0
   AND (d.draw_time <= clock_timestamp() OR d.current_participants = d.max_participants)
 ORDER BY d.current_participants < d.min_participants OR d.prize_kind = 'coins' AND d.prize_amount > d.pot + d.house_coins, d.draw_time, d.id LIMIT $1::bigint;

-- name: freeze
SELECT * FROM coin_draws.freeze($1);

-- name: entries
SELECT NULL::bytea AS participant, p.user_id AS account, p.id::text AS ref, 1 AS weight, p.coins_spent AS stake FROM coin_draws.participations p WHERE p.draw_id = $1::integer;

-- name: settle
SELECT * FROM coin_draws.settle($1::integer, $2);

-- name: refund
SELECT * FROM coin_draws.refund($1::integer, $2);
