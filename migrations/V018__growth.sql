-- What was read from end to end, or account by account, among millions of rows: the free randomness accounts, the winner's row.

-- The newest row of an account says whether it is free. What an account was bound to before is history that nobody reads.
ALTER TABLE keeper.bindings ADD COLUMN replaced boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN keeper.bindings.replaced IS 'the account has a newer row here; of each account one row is not replaced';
ALTER TABLE keeper.bindings DISABLE TRIGGER audited;
UPDATE keeper.bindings b SET replaced = true
  FROM (SELECT x.draw, x.seq, row_number() OVER (PARTITION BY x.randomness ORDER BY x.released_at DESC NULLS FIRST, x.bound_at DESC) AS age
          FROM keeper.bindings x) o
 WHERE o.draw = b.draw AND o.seq = b.seq AND o.age > 1;
UPDATE keeper.bindings b SET lut_slot = (SELECT max(o.lut_slot) FROM keeper.bindings o WHERE o.randomness = b.randomness AND o.released_why = 'selected')
 WHERE NOT b.replaced AND b.released_why = 'not_closed' AND b.lut_slot IS NULL;
ALTER TABLE keeper.bindings ENABLE ALWAYS TRIGGER audited;
CREATE UNIQUE INDEX bindings_newest ON keeper.bindings (randomness) WHERE NOT replaced;
CREATE INDEX bindings_account ON keeper.bindings (randomness, draw);
DROP INDEX keeper.bindings_idle, keeper.bindings_randomness;

-- bindings_one_draw refuses a second holder after this: who waits for the first one's transaction here sees how it ended.
CREATE FUNCTION keeper.binding_follows() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_last keeper.bindings;
BEGIN
    UPDATE keeper.bindings b SET replaced = true WHERE b.randomness = NEW.randomness AND NOT b.replaced AND b.released_at IS NOT NULL RETURNING b.* INTO v_last;
    IF FOUND AND v_last.released_why <> 'not_created' THEN
        NEW.lut_slot := coalesce(NEW.lut_slot, v_last.lut_slot);
    END IF;
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION keeper.binding_follows IS 'The row before of the same account is replaced; its lookup table is still the account''s.';
CREATE TRIGGER bindings_follow BEFORE INSERT ON keeper.bindings FOR EACH ROW EXECUTE FUNCTION keeper.binding_follows();

CREATE OR REPLACE FUNCTION keeper.randomness_claim(p_subject text, p_seq bigint, p_randomness text, p_lut_slot bigint) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_holder text;
BEGIN
    SELECT b.draw INTO v_holder FROM keeper.bindings b WHERE b.randomness = p_randomness AND b.released_at IS NULL;
    IF v_holder = p_subject THEN
        RETURN;
    END IF;
    -- Nobody has it, and it was not free: its release was committed between the two statements, so once more.
    FOR i IN 1..2 LOOP
        EXIT WHEN v_holder IS NOT NULL;
        INSERT INTO keeper.bindings (draw, seq, randomness, lut_slot, creates)
        VALUES (p_subject, p_seq, p_randomness, p_lut_slot, p_lut_slot IS NOT NULL) ON CONFLICT DO NOTHING;
        IF FOUND THEN
            RETURN;
        END IF;
        SELECT b.draw INTO v_holder FROM keeper.bindings b WHERE b.randomness = p_randomness AND b.released_at IS NULL;
    END LOOP;
    RAISE EXCEPTION USING ERRCODE = 'PK002', MESSAGE = format('randomness account %s belongs to %s', p_randomness, v_holder);
END
$$;

CREATE OR REPLACE FUNCTION keeper.randomness_free(p_draw text) RETURNS TABLE (account text, lut_slot bigint)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT f.randomness, f.lut_slot FROM (
        (SELECT 1 AS place, b.randomness, b.lut_slot
           FROM keeper.bindings b JOIN keeper.steps s ON s.subject = b.draw AND s.seq = b.seq
          WHERE b.draw = p_draw AND b.released_at IS NULL AND b.lut_slot IS NOT NULL
            AND (NOT b.creates OR s.state = 'final' OR s.state = 'landed' AND NOT s.failed)
          ORDER BY b.randomness LIMIT 1)
        UNION ALL
        (SELECT 2, b.randomness, b.lut_slot FROM keeper.bindings b
          WHERE NOT b.replaced AND b.released_why IN ('selected', 'not_closed') AND b.lut_slot IS NOT NULL
          ORDER BY b.released_at, b.randomness LIMIT 1)) f
     ORDER BY f.place LIMIT 1
$$;

CREATE OR REPLACE FUNCTION keeper.randomness_idle() RETURNS TABLE (randomness text, idle_since timestamptz)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT b.randomness, b.released_at FROM keeper.bindings b
     WHERE NOT b.replaced AND b.released_why IN ('selected', 'not_closed') AND (b.released_why = 'selected' OR keeper.randomness_known(b.randomness))
       AND keeper.randomness_spent(b.randomness)
$$;

-- EXISTS was read from end to end for an account that is not there: with few accounts in many rows the next row is likely to fit.
CREATE OR REPLACE FUNCTION keeper.randomness_known(p_randomness text) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT coalesce((SELECT min(b.draw::text) FROM keeper.bindings b WHERE b.randomness = p_randomness) < 'randomness:', false)
$$;

-- Nothing asks by it: mismatches_standing has what stands.
DROP INDEX keeper.mismatches_subject;

-- The newest draws first, as people are shown them.
CREATE UNIQUE INDEX draws_no ON keeper.draws (no);

-- For speed only, as everything of ours in public.
CREATE INDEX IF NOT EXISTS idx_winners_feed_pool ON public.winners_feed (pool_id);
