-- A raffle with tickets to try the source with; never in production.
INSERT INTO raffle_schema.raffles (id, name, end_date) VALUES ('00000000-0000-4000-8000-00000000000a', 'Full tank', now() + interval '1 day');
INSERT INTO raffle_schema.raffle_prizes (raffle_id, position, name, quantity)
VALUES ('00000000-0000-4000-8000-00000000000a', 1, 'A year of petrol', 1), ('00000000-0000-4000-8000-00000000000a', 2, 'Car wash', 5);
INSERT INTO raffle_schema.points_ledger (user_id, amount, reason) SELECT 'driver' || i, 100, 'earned' FROM generate_series(1, 12) AS i;
INSERT INTO raffle_schema.redemptions (id, user_id, raffle_id, tickets, points_each)
SELECT 'redemption' || i, 'driver' || i, '00000000-0000-4000-8000-00000000000a', 1 + i % 4, 10 FROM generate_series(1, 12) AS i;
UPDATE raffle_schema.redemptions SET status = 'COMPLETED';
