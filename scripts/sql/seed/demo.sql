-- One person to show: has won twice, waits for two draws, and has friends who came by the link.
INSERT INTO seed_player VALUES (1, 'seed_showcase', NULL), (2, 'seed_friend', 1), (3, 'seed_guest', 1), (4, 'seed_rival', NULL);
INSERT INTO seed_token VALUES (1, 'SHOW', 'Showcase', 2), (2, 'DEMO', 'Demonstration', 0.1);
INSERT INTO seed_pool (n, status, token, entry, seats, hours_ago, players) VALUES
    (1, 'open', 1, 5, 4, 1, '{1,2,3}'),
    (2, 'ended', 1, 25, 4, 5, '{1,2,3,4}'),
    (3, 'locked', 2, 100, 3, 2, '{2,1,4}'),
    (4, 'ended', 2, 500, 3, 28, '{1,3,4}'),
    (5, 'ended', 1, 10, 2, 52, '{4,1}');
