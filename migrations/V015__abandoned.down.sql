-- Takes V015 back, but only while nothing of it is in the journal: V013 would close such an account by the rules of its own.
DO $$
BEGIN
    IF to_regclass('keeper.bindings') IS NOT NULL THEN
        LOCK TABLE keeper.steps, keeper.bindings IN ACCESS EXCLUSIVE MODE;
        IF EXISTS (SELECT FROM keeper.steps s WHERE s.step = 'CLOSE_RANDOMNESS' AND NOT EXISTS (
                SELECT FROM keeper.bindings b WHERE b.randomness = s.randomness AND NOT starts_with(b.draw, 'randomness:'))) THEN
            RAISE EXCEPTION 'keeper.steps holds closings of abandoned accounts: V015 is taken back only without them';
        END IF;
    END IF;
    IF to_regclass('keeper.schema_migrations') IS NOT NULL THEN
        DELETE FROM keeper.schema_migrations WHERE version = '015';
    END IF;
END
$$;
CREATE OR REPLACE FUNCTION keeper.randomness_idle() RETURNS TABLE (randomness text, idle_since timestamptz)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    WITH RECURSIVE account AS (
        (SELECT b.randomness FROM keeper.bindings b ORDER BY b.randomness LIMIT 1)
        UNION ALL
        SELECT (SELECT b.randomness FROM keeper.bindings b WHERE b.randomness > a.randomness ORDER BY b.randomness LIMIT 1)
          FROM account a WHERE a.randomness IS NOT NULL
    )
    SELECT a.randomness, l.released_at
      FROM account a
     CROSS JOIN LATERAL (SELECT b.released_at, b.released_why FROM keeper.bindings b WHERE b.randomness = a.randomness
                          ORDER BY b.released_at DESC NULLS FIRST LIMIT 1) l
     WHERE l.released_at IS NOT NULL AND l.released_why IN ('selected', 'not_closed') AND keeper.randomness_spent(a.randomness)
$$;
DROP FUNCTION IF EXISTS keeper.house_work, keeper.randomness_abandoned, keeper.randomness_known;
CREATE FUNCTION keeper.house_work(p_close boolean, p_pools boolean, p_keep bigint, p_idle_s bigint, p_failures bigint, p_max bigint)
RETURNS TABLE (subject text, address text, pool_id numeric)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    (SELECT s.subject, split_part(s.subject, ':', 2), coalesce(nullif(split_part(s.subject, ':', 3), ''), '0')::numeric
       FROM keeper.steps s
      WHERE s.state IN ('open', 'landed', 'stale') AND (starts_with(s.subject, 'randomness:') OR starts_with(s.subject, 'pool:'))
      ORDER BY s.subject LIMIT p_max)
    UNION ALL
    (SELECT 'randomness:' || i.randomness, i.randomness, 0
       FROM (SELECT *, row_number() OVER (ORDER BY x.idle_since DESC, x.randomness) AS n FROM keeper.randomness_idle() x WHERE p_close) i
      WHERE i.n > p_keep AND i.idle_since <= clock_timestamp() - p_idle_s * interval '1 s'
        AND (SELECT count(*) FROM keeper.steps s WHERE s.subject = 'randomness:' || i.randomness AND s.state = 'failed') < p_failures
      ORDER BY i.idle_since, i.randomness LIMIT p_max)
    UNION ALL
    (SELECT 'pool:' || d.address || ':' || d.pool_id, d.address, d.pool_id
       FROM keeper.leftovers l JOIN keeper.draws d ON d.draw = l.draw
      WHERE p_pools AND l.due_at <= clock_timestamp() AND d.over
        AND (SELECT count(*) FROM keeper.steps s WHERE s.subject = 'pool:' || d.address || ':' || d.pool_id AND s.state = 'failed') < p_failures
      ORDER BY l.due_at LIMIT p_max)
$$;
COMMENT ON FUNCTION keeper.house_work IS 'What housekeeping has to look at: its own transactions that are out, spent randomness accounts beyond those kept, pools that are over.';
