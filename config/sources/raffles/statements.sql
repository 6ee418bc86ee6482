-- Source raffles. $1 is the key (the raffle's id), $2 poolkeeper's draw; due: $1 is how many at most.

-- What freeze will refuse is listed too, behind the others: so that it is said why these points wait.
-- name: due
SELECT 'raffle' AS type, r.id::text AS source_key
  FROM raffle_schema.raffles r
 WHERE r.status = 'OPEN' AND r.participant_count > 0
   AND (r.end_date <= clock_timestamp() OR r.participant_count = r.max_participants)
 ORDER BY r.participant_count < r.min_participants OR NOT EXISTS (SELECT FROM raffle_schema.raffle_prizes p WHERE p.raffle_id = r.id), r.end_date, r.id LIMIT $1::bigint;

-- name: freeze
SELECT * FROM raffle_schema.freeze($1);

-- name: entries
SELECT NULL::bytea AS participant, t.user_id AS account, t.id::text AS ref, 1 AS weight, t.points_spent AS stake FROM raffle_schema.raffle_tickets t WHERE t.raffle_id = $1::uuid;

-- name: settle
SELECT * FROM raffle_schema.settle($1::uuid, $2);

-- name: refund
SELECT * FROM raffle_schema.refund($1::uuid, $2);
