-- Randomness accounts of our key that nothing here has ever bound: of another keeper before this one, of a lost database.
CREATE FUNCTION keeper.randomness_known(p_randomness text) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT EXISTS (SELECT FROM keeper.bindings b WHERE b.randomness = p_randomness AND NOT starts_with(b.draw, 'randomness:'))
$$;
COMMENT ON FUNCTION keeper.randomness_known IS 'Private: a draw or the canary has had this account. Only its own closing: it was found on the chain.';

CREATE FUNCTION keeper.randomness_abandoned(p_address text[], p_failures bigint)
RETURNS TABLE (subject text, address text, pool_id numeric, abandoned boolean)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT 'randomness:' || g.address, g.address, 0::numeric, true
      FROM unnest(p_address) WITH ORDINALITY AS g (address, n)
     WHERE NOT keeper.randomness_known(g.address) AND keeper.randomness_spent(g.address)
       AND NOT EXISTS (SELECT FROM keeper.bindings b WHERE b.randomness = g.address AND b.released_at IS NULL)
       AND (SELECT count(*) FROM keeper.steps s WHERE s.subject = 'randomness:' || g.address AND s.state = 'failed') < p_failures
     ORDER BY g.n
$$;
COMMENT ON FUNCTION keeper.randomness_abandoned IS 'Which of these accounts nobody here knows, holds, or may yet name with a transaction that is out.';

-- What is found on the chain is closed by its own rules only, also when its first closing expired.
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
     WHERE l.released_at IS NOT NULL AND (l.released_why = 'selected' OR l.released_why = 'not_closed' AND keeper.randomness_known(a.randomness)) AND keeper.randomness_spent(a.randomness)
$$;

DROP FUNCTION keeper.house_work;
CREATE FUNCTION keeper.house_work(p_close boolean, p_pools boolean, p_keep bigint, p_idle_s bigint, p_failures bigint, p_max bigint)
RETURNS TABLE (subject text, address text, pool_id numeric, abandoned boolean)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    (SELECT s.subject, split_part(s.subject, ':', 2), coalesce(nullif(split_part(s.subject, ':', 3), ''), '0')::numeric,
           starts_with(s.subject, 'randomness:') AND NOT keeper.randomness_known(split_part(s.subject, ':', 2))
       FROM keeper.steps s
      WHERE s.state IN ('open', 'landed', 'stale') AND (starts_with(s.subject, 'randomness:') OR starts_with(s.subject, 'pool:'))
      ORDER BY s.subject LIMIT p_max)
    UNION ALL
    (SELECT 'randomness:' || i.randomness, i.randomness, 0, false
       FROM (SELECT *, row_number() OVER (ORDER BY x.idle_since DESC, x.randomness) AS n FROM keeper.randomness_idle() x WHERE p_close) i
      WHERE i.n > p_keep AND i.idle_since <= clock_timestamp() - p_idle_s * interval '1 s'
        AND (SELECT count(*) FROM keeper.steps s WHERE s.subject = 'randomness:' || i.randomness AND s.state = 'failed') < p_failures
      ORDER BY i.idle_since, i.randomness LIMIT p_max)
    UNION ALL
    (SELECT 'pool:' || d.address || ':' || d.pool_id, d.address, d.pool_id, false
       FROM keeper.leftovers l JOIN keeper.draws d ON d.draw = l.draw
      WHERE p_pools AND l.due_at <= clock_timestamp() AND d.over
        AND (SELECT count(*) FROM keeper.steps s WHERE s.subject = 'pool:' || d.address || ':' || d.pool_id AND s.state = 'failed') < p_failures
      ORDER BY l.due_at LIMIT p_max)
$$;
COMMENT ON FUNCTION keeper.house_work IS 'What housekeeping has to look at: its own transactions that are out, spent randomness accounts beyond those kept, pools that are over.';
