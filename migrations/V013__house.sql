-- Housekeeping on chain, through the journal like everything else: randomness accounts that no draw needs, pools that none is about.
ALTER DOMAIN keeper.subject DROP CONSTRAINT subject_is_known;
ALTER DOMAIN keeper.subject ADD CONSTRAINT subject_is_known CHECK (
    length(VALUE) < 80 AND VALUE ~ '^(draw:[1-9A-HJ-NP-Za-km-z]{32,44}:[0-9]{1,20}|ata:[1-9A-HJ-NP-Za-km-z]{32,44}|canary:[0-9]{1,10}|randomness:[1-9A-HJ-NP-Za-km-z]{32,44}|pool:[1-9A-HJ-NP-Za-km-z]{32,44}:[0-9]{1,20})$');
COMMENT ON DOMAIN keeper.subject IS 'draw:<pool address>:<pool id>, ata:<token account>, canary:<n>, randomness:<account>, pool:<pool address>:<pool id>';

ALTER TABLE keeper.steps DROP CONSTRAINT steps_step_fits, ADD CONSTRAINT steps_step_fits CHECK (
    step IN ('BIND', 'RECOMMIT', 'DRAW', 'REVEAL_SELECT', 'SELECT', 'PAYOUT') AND starts_with(subject, 'draw:')
    OR step = 'CREATE_ATA' AND starts_with(subject, 'ata:')
    OR step IN ('CANARY_INIT', 'CANARY_COMMIT') AND starts_with(subject, 'canary:')
    OR step = 'CLOSE_RANDOMNESS' AND subject = 'randomness:' || randomness AND randomness IS NOT NULL
    OR step IN ('SWEEP', 'FINALIZE', 'CLAIM_RENT') AND starts_with(subject, 'pool:'));
ALTER TABLE keeper.bindings DROP CONSTRAINT bindings_why_known, ADD CONSTRAINT bindings_why_known CHECK (
    released_why IN ('selected', 'not_created', 'not_closed'));
CREATE INDEX bindings_idle ON keeper.bindings (randomness, released_at DESC NULLS FIRST);
COMMENT ON TABLE keeper.bindings IS 'What a randomness account of ours belongs to: one draw (or the canary) at a time, until that draw''s select is final; at last and for ever to the step that closed it.';

CREATE FUNCTION keeper.randomness_spent(p_randomness text) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT NOT EXISTS (SELECT FROM keeper.steps s WHERE s.state IN ('open', 'landed', 'stale') AND s.randomness = p_randomness
                          AND s.subject <> 'randomness:' || p_randomness)
       AND NOT EXISTS (SELECT FROM keeper.draws d WHERE NOT d.over AND d.status IN (3, 4) AND d.randomness_account = p_randomness)
$$;
COMMENT ON FUNCTION keeper.randomness_spent IS 'Private: neither a transaction that may yet land nor a bound draw names the account. Who holds it, bindings say.';

-- In the same statement as the row, whatever verb writes it.
CREATE FUNCTION keeper.close_claims() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NOT keeper.randomness_spent(NEW.randomness) THEN
        RAISE EXCEPTION USING ERRCODE = 'PK002', MESSAGE = format('randomness account %s is still in use', NEW.randomness);
    END IF;
    INSERT INTO keeper.bindings (draw, seq, randomness, creates) VALUES (NEW.subject, NEW.seq, NEW.randomness, false)
    ON CONFLICT DO NOTHING;
    IF NOT FOUND THEN
        RAISE EXCEPTION USING ERRCODE = 'PK002', MESSAGE = (
            SELECT format('randomness account %s belongs to %s', NEW.randomness, b.draw)
              FROM keeper.bindings b WHERE b.randomness = NEW.randomness AND b.released_at IS NULL);
    END IF;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION keeper.close_claims IS 'A CLOSE_RANDOMNESS holds its account against every draw: the index bindings_one_draw decides.';
CREATE TRIGGER steps_close_claims AFTER INSERT ON keeper.steps
    FOR EACH ROW WHEN (NEW.step = 'CLOSE_RANDOMNESS') EXECUTE FUNCTION keeper.close_claims();

CREATE FUNCTION keeper.close_releases() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    UPDATE keeper.bindings b SET released_at = clock_timestamp(), released_why = 'not_closed'
     WHERE b.draw = NEW.subject AND b.seq = NEW.seq AND b.released_at IS NULL;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION keeper.close_releases IS 'The closing failed or expired: draws may have the account again.';
CREATE TRIGGER steps_close_releases AFTER UPDATE OF state ON keeper.steps
    FOR EACH ROW WHEN (NEW.step = 'CLOSE_RANDOMNESS' AND NEW.state IN ('failed', 'expired')) EXECUTE FUNCTION keeper.close_releases();

CREATE FUNCTION keeper.pool_is_free() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_draw CONSTANT text := 'draw:' || substr(NEW.subject, length('pool:') + 1);
BEGIN
    IF EXISTS (SELECT FROM keeper.steps s WHERE s.subject = v_draw AND s.state IN ('open', 'landed', 'stale'))
       OR EXISTS (SELECT FROM keeper.bindings b WHERE b.draw = v_draw AND b.released_at IS NULL) THEN
        RAISE EXCEPTION USING ERRCODE = 'PK002', MESSAGE = format('%s is bound or has a transaction out: housekeeping stays away', v_draw);
    END IF;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION keeper.pool_is_free IS 'Housekeeping of a pool never meets its draw.';
CREATE TRIGGER steps_pool_is_free AFTER INSERT ON keeper.steps
    FOR EACH ROW WHEN (starts_with(NEW.subject, 'pool:')) EXECUTE FUNCTION keeper.pool_is_free();

-- Pools that are over still hold rent, and cancelled ones refunds: each is looked at again until its account is gone.
CREATE TABLE keeper.leftovers (
    draw   keeper.subject PRIMARY KEY REFERENCES keeper.draws (draw),
    due_at timestamptz    NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX leftovers_due ON keeper.leftovers (due_at);
COMMENT ON TABLE keeper.leftovers IS 'Draws that are over and whose accounts are still on chain, as far as known.';
COMMENT ON COLUMN keeper.leftovers.due_at IS 'when housekeeping looks again';
INSERT INTO keeper.leftovers (draw) SELECT d.draw FROM keeper.draws d WHERE d.status >= 6;

CREATE FUNCTION keeper.leaves_over() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO keeper.leftovers (draw) VALUES (NEW.draw) ON CONFLICT DO NOTHING;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION keeper.leaves_over IS 'A draw has come to its end: what it leaves behind is looked at.';
CREATE TRIGGER draws_begin_over AFTER INSERT ON keeper.draws
    FOR EACH ROW WHEN (NEW.status >= 6) EXECUTE FUNCTION keeper.leaves_over();
CREATE TRIGGER draws_become_over AFTER UPDATE OF status ON keeper.draws
    FOR EACH ROW WHEN (OLD.status < 6 AND NEW.status >= 6) EXECUTE FUNCTION keeper.leaves_over();

CREATE FUNCTION keeper.leftover_note(p_fence bigint, p_draw text, p_wait_s bigint) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_changed bigint;
BEGIN
    PERFORM keeper.hold(p_fence);
    IF p_wait_s = 0 THEN
        DELETE FROM keeper.leftovers l WHERE l.draw = p_draw;
    ELSE
        UPDATE keeper.leftovers l SET due_at = clock_timestamp() + p_wait_s * interval '1 s' WHERE l.draw = p_draw;
    END IF;
    GET DIAGNOSTICS v_changed = ROW_COUNT;
    RETURN v_changed;
END
$$;
COMMENT ON FUNCTION keeper.leftover_note IS 'Looked at: again in so many seconds, or (0) never, its account is gone.';

-- One index step per account instead of a look at every binding there ever was.
CREATE FUNCTION keeper.randomness_idle() RETURNS TABLE (randomness text, idle_since timestamptz)
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
COMMENT ON FUNCTION keeper.randomness_idle IS 'Private to house_work: accounts that exist and that nobody holds, with the time since when.';

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
