-- Wagers to try the source with; never in production.
SELECT count(*) FROM generate_series(1, 50) AS i, LATERAL jackpot.contribute('seed-' || i, 'user' || i % 7, 'slots', 1000 + 100 * i);
