-- Source coin_draws. $1 is the key (the draw's id), $2 poolkeeper's draw; due: $1 is how many at most.

-- name: due
SELECT 'coin_draw' AS type, d.id::text AS source_key
  FROM coin_draws.draws d
 WHERE d.state = 'open' AND d.current_participants >= d.min_participants
   AND (d.draw_time <= clock_timestamp() OR d.current_participants = d.max_participants)
   AND (d.prize_kind = 'money' OR d.prize_amount <= d.pot + d.house_coins)
 ORDER BY d.draw_time, d.id LIMIT $1::bigint;

-- name: freeze
SELECT * FROM coin_draws.freeze($1);

-- name: entries
SELECT NULL::bytea AS participant, p.user_id AS account, p.id::text AS ref, 1 AS weight FROM coin_draws.participations p WHERE p.draw_id = $1::integer;

-- name: settle
SELECT * FROM coin_draws.settle($1::integer, $2);

-- name: refund
SELECT * FROM coin_draws.refund($1::integer, $2);
