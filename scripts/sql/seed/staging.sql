-- As production looks, in small: forty people and sixty pools, most of them over, each third person referred by an earlier one.
INSERT INTO seed_player SELECT n, 'seed_user_' || n, CASE WHEN n % 3 = 0 THEN n / 3 END FROM generate_series(1, 40) AS n;
INSERT INTO seed_token SELECT n, 'SEED' || n, 'Seed ' || n, n * 0.75 FROM generate_series(1, 4) AS n;
INSERT INTO seed_pool (n, status, token, entry, seats, hours_ago, players)
SELECT n, CASE WHEN n % 60 = 1 THEN 'open' WHEN n % 7 = 0 THEN 'cancelled' WHEN n % 9 = 0 THEN 'closed' WHEN n <= 50 THEN 'ended'
               ELSE (ARRAY['open', 'locked', 'unlocking', 'randomness', 'winnerSelected'])[1 + n % 5] END,
       1 + n % 4, n * 0.5, 2 + n % 8, (61 - n) * 5, ARRAY(SELECT 1 + (n * 7 + seat) % 40 FROM generate_series(1, 2 + n % 8) AS seat)
  FROM generate_series(1, 60) AS n;
UPDATE seed_pool SET players = players[1:cardinality(players) - 1] WHERE status IN ('open', 'cancelled');
