-- The least that a test of the app needs: a user with somebody to play with, a pool to join and one that was won.
INSERT INTO seed_player VALUES (1, 'seed_admin', NULL), (2, 'seed_user', 1);
INSERT INTO seed_token VALUES (1, 'SEEDT', 'Seed Test', 1);
INSERT INTO seed_pool (n, status, token, entry, seats, hours_ago, players) VALUES (1, 'open', 1, 1, 3, 1, '{1}'), (2, 'ended', 1, 2, 2, 24, '{2,1}');
