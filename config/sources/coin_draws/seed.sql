-- Users and draws to try the source with; never in production.
INSERT INTO coin_draws.users (id, email, username, coin_balance, is_vip)
SELECT 'user' || i, format('user%s@example.org', i), 'user' || i, 100 + 25 * i, i % 5 = 0 FROM generate_series(1, 20) AS i;
INSERT INTO coin_draws.draws (title, prize_amount, prize_kind, entry_fee, min_participants, max_participants, draw_time)
VALUES ('Daily ten', 10, 'money', 5, 2, 100, now() + interval '1 hour'),
       ('All the coins', 40, 'coins', 10, 4, 10, now() + interval '1 day');
INSERT INTO coin_draws.participations (user_id, draw_id, coins_spent) SELECT 'user' || i, 1 + i % 2, 0 FROM generate_series(1, 12) AS i;
