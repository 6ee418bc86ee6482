-- Source jackpots. $1 is the key (group:round), $2 poolkeeper's draw; due: $1 is how many at most.

-- name: due
SELECT 'jackpot' AS type, format('%s:%s', j."group", r.round) AS source_key
  FROM jackpot.rounds r JOIN jackpot.jackpots j ON j.id = r.jackpot_id
 WHERE r.state = 'open' AND (r.due_at <= clock_timestamp() OR jackpot.room(j) <= 0)
   AND EXISTS (SELECT FROM jackpot.ledger l WHERE l.jackpot_id = r.jackpot_id AND l.round = r.round AND l.kind = 'contribution')
 ORDER BY r.due_at, j."group", r.round LIMIT $1::bigint;

-- name: freeze
SELECT * FROM jackpot.freeze($1);

-- name: entries
SELECT NULL::bytea AS participant, l.user_id AS account, l.user_id AS ref, sum(l.amount) AS weight, sum(l.amount) AS stake
  FROM jackpot.ledger l JOIN jackpot.jackpots j ON j.id = l.jackpot_id
 WHERE j."group"::text = split_part($1, ':', 1) AND l.round = split_part($1, ':', 2)::integer AND l.kind = 'contribution'
 GROUP BY l.user_id;

-- name: settle
SELECT * FROM jackpot.settle($1, $2);

-- name: refund
SELECT * FROM jackpot.refund($1, $2);
