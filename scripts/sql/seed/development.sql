-- Five people, and a pool in every state that the app shows.
INSERT INTO seed_player VALUES (1, 'seed_ada', NULL), (2, 'seed_bo', 1), (3, 'seed_cleo', 1), (4, 'seed_dan', 2), (5, 'seed_eve', NULL);
INSERT INTO seed_token VALUES (1, 'SEEDA', 'Seed Apple', 0.25), (2, 'SEEDB', 'Seed Banana', 12);
INSERT INTO seed_pool (n, status, token, entry, seats, hours_ago, players) VALUES
    (1, 'open', 1, 10, 5, 1, '{1,2}'),
    (2, 'ended', 1, 20, 3, 30, '{2,3,4}'),
    (3, 'locked', 2, 1.5, 2, 2, '{3,5}'),
    (4, 'unlocking', 1, 5, 3, 3, '{4,1,2}'),
    (5, 'randomness', 2, 0.5, 2, 3, '{5,4}'),
    (6, 'winnerSelected', 1, 7, 4, 4, '{1,3,4,5}'),
    (7, 'cancelled', 1, 3, 9, 50, '{2,5}'),
    (8, 'closed', 2, 2, 2, 70, '{3,1}'),
    (9, 'ended', 2, 4, 5, 90, '{5,1,2,3,4}'),
    (10, 'open', 1, 1, 2, 0, '{4}');
INSERT INTO seed_pool VALUES (11, 'open', 1, 2, 6, 1, '{1,2,3}', true);
