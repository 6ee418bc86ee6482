-- Takes V018 back: the functions are V003's and V015's again; no fact is lost, replaced can be told from the other columns.
DROP INDEX IF EXISTS public.idx_winners_feed_pool, keeper.bindings_newest, keeper.bindings_account, keeper.draws_no;
DROP TRIGGER IF EXISTS bindings_follow ON keeper.bindings;
DROP FUNCTION IF EXISTS keeper.binding_follows;

CREATE OR REPLACE FUNCTION keeper.randomness_claim(p_subject text, p_seq bigint, p_randomness text, p_lut_slot bigint) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_holder text;
BEGIN
    IF EXISTS (SELECT FROM keeper.bindings b WHERE b.randomness = p_randomness AND b.draw = p_subject AND b.released_at IS NULL) THEN
        RETURN;
    END IF;
    INSERT INTO keeper.bindings (draw, seq, randomness, lut_slot, creates)
    SELECT p_subject, p_seq, p_randomness, coalesce(p_lut_slot, max(b.lut_slot)), p_lut_slot IS NOT NULL
      FROM keeper.bindings b WHERE b.randomness = p_randomness
    ON CONFLICT DO NOTHING;
    IF NOT FOUND THEN
        SELECT b.draw INTO v_holder FROM keeper.bindings b WHERE b.randomness = p_randomness AND b.released_at IS NULL;
        RAISE EXCEPTION USING ERRCODE = 'PK002', MESSAGE = format('randomness account %s belongs to %s', p_randomness, v_holder);
    END IF;
END
$$;

CREATE OR REPLACE FUNCTION keeper.randomness_free(p_draw text) RETURNS TABLE (account text, lut_slot bigint)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT b.randomness, b.lut_slot
      FROM keeper.bindings b JOIN keeper.steps s ON s.subject = b.draw AND s.seq = b.seq
     WHERE b.lut_slot IS NOT NULL
       AND CASE WHEN b.released_at IS NULL
                THEN b.draw = p_draw AND (NOT b.creates OR s.state = 'final' OR s.state = 'landed' AND NOT s.failed)
                ELSE b.released_why = 'selected' AND NOT EXISTS (
                     SELECT FROM keeper.bindings o WHERE o.randomness = b.randomness AND o.released_at IS NULL) END
     ORDER BY b.released_at NULLS FIRST, b.randomness
     LIMIT 1
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
     WHERE l.released_at IS NOT NULL AND (l.released_why = 'selected' OR l.released_why = 'not_closed' AND keeper.randomness_known(a.randomness)) AND keeper.randomness_spent(a.randomness)
$$;

CREATE OR REPLACE FUNCTION keeper.randomness_known(p_randomness text) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT EXISTS (SELECT FROM keeper.bindings b WHERE b.randomness = p_randomness AND NOT starts_with(b.draw, 'randomness:'))
$$;

ALTER TABLE keeper.bindings DROP COLUMN IF EXISTS replaced;
CREATE INDEX IF NOT EXISTS mismatches_subject ON keeper.mismatches (subject, since);
CREATE INDEX IF NOT EXISTS bindings_randomness ON keeper.bindings (randomness);
CREATE INDEX IF NOT EXISTS bindings_idle ON keeper.bindings (randomness, released_at DESC NULLS FIRST);
DO $$
BEGIN
    IF to_regclass('keeper.schema_migrations') IS NOT NULL THEN
        DELETE FROM keeper.schema_migrations WHERE version = '018';
    END IF;
END
$$;
