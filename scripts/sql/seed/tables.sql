-- What a set of seed rows is described by: who plays, for which tokens, in which pools. Each set fills these three tables,
-- rows.sql makes the rows of the app from them.
CREATE TEMPORARY TABLE seed_player (n integer PRIMARY KEY, nickname text NOT NULL, referrer integer) ON COMMIT DROP;
CREATE TEMPORARY TABLE seed_token (n integer PRIMARY KEY, symbol text NOT NULL, name text NOT NULL, price double precision NOT NULL) ON COMMIT DROP;
-- The first of the players has created the pool, and has won it if it is over.
CREATE TEMPORARY TABLE seed_pool (
    n integer PRIMARY KEY, status text NOT NULL, token integer NOT NULL, entry numeric NOT NULL, seats integer NOT NULL, hours_ago integer NOT NULL,
    players integer[] NOT NULL, sponsored boolean NOT NULL DEFAULT false
) ON COMMIT DROP;
