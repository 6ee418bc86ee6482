-- The journal's verbs: each is one function call, so one statement and one transaction, with no session state.
-- Refusals: PK001 the lease is lost (another fence), PK002 the world moved on since the decision was made.

CREATE TYPE keeper.step_row AS (
    seq bigint, step text, state text, sig text, tx bytea, last_valid bigint, floor_slot bigint, landed_slot bigint,
    failed boolean, failure_ix integer, failure_custom boolean, failure_code bigint, randomness text, oracle text,
    last_seq bigint, floor bigint, draw_spent boolean, failures bigint
);
COMMENT ON TYPE keeper.step_row IS 'What every step verb returns: the unsettled rows and the last one, by seq, each with the subject''s aggregates.';

CREATE TYPE keeper.commit_row AS (
    n integer, randomness text, oracle text, seed_slot bigint, seed_slothash text,
    answer_signature bytea, answer_recovery_id smallint, answer_value bytea, total bigint
);

-- FOR SHARE: a takeover waits until this write is over, so no write of an old holder can follow it.
CREATE FUNCTION keeper.hold(p_fence bigint) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_owner text;
BEGIN
    SELECT l.owner INTO v_owner FROM keeper.lease l WHERE l.name = 'keeper' AND l.fence = p_fence AND l.owner <> '' FOR SHARE;
    IF NOT FOUND THEN
        RAISE EXCEPTION USING ERRCODE = 'PK001', MESSAGE = (
            SELECT format('the lease is lost: fence %s is over, the fence is %s (%s)', p_fence, l.fence, coalesce(nullif(l.owner, ''), 'nobody'))
              FROM keeper.lease l WHERE l.name = 'keeper');
    END IF;
    RETURN v_owner;
END
$$;
COMMENT ON FUNCTION keeper.hold IS 'Every write starts with it: PK001 unless the fence is current. Returns the owner.';

CREATE FUNCTION keeper.step_rows(p_subject text) RETURNS SETOF keeper.step_row
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT s.seq, s.step, s.state, s.sig, s.tx, s.last_valid, s.floor_slot, s.landed_slot,
           s.failed, s.failure_ix, s.failure_custom, s.failure_code, s.randomness, s.oracle,
           a.last_seq, a.floor, a.draw_spent, f.failures
      FROM (SELECT max(x.seq) AS last_seq, max(x.high_slot) AS floor,
                   bool_or(x.step = 'DRAW' AND (x.state IN ('failed', 'expired') OR x.failed)) AS draw_spent,
                   coalesce(max(x.seq) FILTER (WHERE x.state = 'final' OR x.state = 'landed' AND NOT x.failed), 0) AS success
              FROM keeper.steps x WHERE x.subject = p_subject) a
      JOIN keeper.steps l ON l.subject = p_subject AND l.seq = a.last_seq
     CROSS JOIN LATERAL (SELECT count(*) AS failures FROM keeper.steps x
                          WHERE x.subject = p_subject AND x.step = l.step AND x.state = 'failed' AND x.seq > a.success) f
      JOIN keeper.steps s ON s.subject = p_subject AND (s.state IN ('open', 'landed', 'stale') OR s.seq = a.last_seq)
     ORDER BY s.seq
$$;
COMMENT ON FUNCTION keeper.step_rows IS 'The subject''s rows as the journal needs them; no row when there is none.';

CREATE FUNCTION keeper.randomness_claim(p_subject text, p_seq bigint, p_randomness text, p_lut_slot bigint) RETURNS void
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
COMMENT ON FUNCTION keeper.randomness_claim IS 'Private to step_insert. p_lut_slot: set when the step creates the account.';

CREATE FUNCTION keeper.step_insert(
    p_owner text, p_fence bigint, p_state text, p_subject text, p_prev_seq bigint, p_step text, p_sig text, p_tx bytea,
    p_last_valid bigint, p_floor bigint, p_randomness text, p_oracle text, p_lut_slot bigint, p_creator text DEFAULT NULL) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_last      bigint;
    v_unsettled bigint;
BEGIN
    SELECT coalesce(max(s.seq), 0), count(*) FILTER (WHERE s.state IN ('open', 'landed', 'stale'))
      INTO v_last, v_unsettled FROM keeper.steps s WHERE s.subject = p_subject;
    IF v_last <> p_prev_seq THEN
        RAISE EXCEPTION USING ERRCODE = 'PK002',
            MESSAGE = format('%s moved on: its last row is %s, the decision was made on %s', p_subject, v_last, p_prev_seq);
    ELSIF v_unsettled >= 6 THEN
        RAISE EXCEPTION USING ERRCODE = 'PK002', MESSAGE = format('%s has %s unsettled rows: settle them first', p_subject, v_unsettled);
    END IF;
    INSERT INTO keeper.steps (subject, seq, step, state, sig, tx, last_valid, floor_slot, high_slot, randomness, oracle, creator, owner, fence)
    VALUES (p_subject, p_prev_seq + 1, p_step, p_state, p_sig, p_tx, p_last_valid, p_floor, p_floor, p_randomness, p_oracle, p_creator, p_owner, p_fence)
    ON CONFLICT DO NOTHING;
    IF NOT FOUND THEN
        RAISE EXCEPTION USING ERRCODE = 'PK002',
            MESSAGE = format('%s moved on: row %s was opened by somebody else, or signature %s is in the journal', p_subject, p_prev_seq + 1, p_sig);
    END IF;
    IF p_step IN ('BIND', 'CANARY_INIT') THEN
        PERFORM keeper.randomness_claim(p_subject, p_prev_seq + 1, p_randomness, p_lut_slot);
    END IF;
END
$$;
COMMENT ON FUNCTION keeper.step_insert IS 'Private to step_open and step_import. A BIND claims its randomness account in the same statement.';

CREATE FUNCTION keeper.step_open(
    p_fence bigint, p_subject text, p_prev_seq bigint, p_step text, p_sig text, p_tx bytea, p_last_valid bigint, p_floor bigint,
    p_randomness text, p_oracle text, p_lut_slot bigint, p_creator text DEFAULT NULL) RETURNS SETOF keeper.step_row
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_owner   text := keeper.hold(p_fence);
    v_blocker record;
BEGIN
    SELECT s.seq, s.state INTO v_blocker FROM keeper.steps s WHERE s.subject = p_subject AND s.state IN ('open', 'stale') ORDER BY s.seq LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION USING ERRCODE = 'PK002',
            MESSAGE = format('%s moved on: row %s is %s, nothing new is signed before it is settled', p_subject, v_blocker.seq, v_blocker.state);
    END IF;
    PERFORM keeper.step_insert(v_owner, p_fence, 'open', p_subject, p_prev_seq, p_step, p_sig, p_tx, p_last_valid, p_floor,
                               p_randomness, p_oracle, p_lut_slot, p_creator);
    RETURN QUERY SELECT * FROM keeper.step_rows(p_subject);
END
$$;
COMMENT ON FUNCTION keeper.step_open IS 'Commits a signed transaction, as row prev_seq + 1, before it is sent. p_creator: whose pool a token account is made for.';

-- The bytes may be on chain already: a row that is still open here must not keep them out, hence stale.
CREATE FUNCTION keeper.step_import(
    p_fence bigint, p_subject text, p_prev_seq bigint, p_step text, p_sig text, p_tx bytea, p_last_valid bigint, p_floor bigint,
    p_randomness text, p_oracle text, p_lut_slot bigint) RETURNS SETOF keeper.step_row
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_owner text := keeper.hold(p_fence);
    v_state text;
BEGIN
    IF NOT EXISTS (SELECT FROM keeper.steps s WHERE s.sig = p_sig AND s.subject = p_subject AND s.seq = p_prev_seq + 1) THEN
        SELECT CASE WHEN count(*) = 0 THEN 'open' ELSE 'stale' END INTO v_state
          FROM keeper.steps s WHERE s.subject = p_subject AND s.state IN ('open', 'stale');
        PERFORM keeper.step_insert(v_owner, p_fence, v_state, p_subject, p_prev_seq, p_step, p_sig, p_tx, p_last_valid, p_floor,
                                   p_randomness, p_oracle, p_lut_slot);
    END IF;
    RETURN QUERY SELECT * FROM keeper.step_rows(p_subject);
END
$$;
COMMENT ON FUNCTION keeper.step_import IS 'As step_open, for a row that was sent from the local spool while the database was away. Idempotent.';

CREATE FUNCTION keeper.step_settle(
    p_subject text, p_seq bigint, p_outcome text, p_landed bigint, p_failed boolean,
    p_failure_ix integer, p_failure_custom boolean, p_failure_code bigint) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_row keeper.steps;
BEGIN
    SELECT * INTO v_row FROM keeper.steps s WHERE s.subject = p_subject AND s.seq = p_seq FOR UPDATE;
    IF NOT FOUND OR v_row.state NOT IN ('open', 'stale', 'landed') OR p_outcome NOT IN ('landed', 'final', 'failed', 'expired')
       OR v_row.state = 'landed' AND p_outcome = 'landed' THEN
        RAISE EXCEPTION USING ERRCODE = 'PK002',
            MESSAGE = format('%s moved on: row %s is %s and cannot become %s', p_subject, p_seq, coalesce(v_row.state, 'not there'), p_outcome);
    END IF;
    UPDATE keeper.steps s
       SET state = p_outcome,
           landed_slot = CASE WHEN p_outcome <> 'expired' THEN coalesce(p_landed, s.landed_slot) END,
           high_slot = greatest(s.high_slot, p_landed),
           failed = p_failed,
           failure_ix = CASE WHEN p_failed THEN p_failure_ix END,
           failure_custom = CASE WHEN p_failed THEN p_failure_custom END,
           failure_code = CASE WHEN p_failed THEN p_failure_code END,
           closed_at = CASE WHEN p_outcome <> 'landed' THEN clock_timestamp() END
     WHERE s.subject = p_subject AND s.seq = p_seq;
    IF p_outcome = 'final' AND v_row.step IN ('DRAW', 'REVEAL_SELECT', 'SELECT') THEN
        UPDATE keeper.bindings b SET released_at = clock_timestamp(), released_why = 'selected'
         WHERE b.draw = p_subject AND b.released_at IS NULL;
    ELSIF p_outcome IN ('failed', 'expired') THEN
        UPDATE keeper.bindings b SET released_at = clock_timestamp(), released_why = 'not_created'
         WHERE b.draw = p_subject AND b.seq = p_seq AND b.creates AND b.released_at IS NULL;
    END IF;
END
$$;
COMMENT ON FUNCTION keeper.step_settle IS 'Private to step_close and payout_record. Releases the randomness account where the outcome says so.';

CREATE FUNCTION keeper.step_close(
    p_fence bigint, p_subject text, p_seq bigint, p_outcome text, p_landed bigint, p_failed boolean,
    p_failure_ix integer, p_failure_custom boolean, p_failure_code bigint) RETURNS SETOF keeper.step_row
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM keeper.hold(p_fence);
    PERFORM keeper.step_settle(p_subject, p_seq, p_outcome, p_landed, p_failed, p_failure_ix, p_failure_custom, p_failure_code);
    RETURN QUERY SELECT * FROM keeper.step_rows(p_subject);
END
$$;
COMMENT ON FUNCTION keeper.step_close IS 'open or stale -> landed; open, stale or landed -> final, failed, expired.';

CREATE FUNCTION keeper.step_reopen(p_fence bigint, p_subject text, p_seq bigint) RETURNS SETOF keeper.step_row
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_blocked boolean;
BEGIN
    PERFORM keeper.hold(p_fence);
    PERFORM FROM keeper.steps s WHERE s.subject = p_subject AND s.seq = p_seq AND s.state = 'landed' FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION USING ERRCODE = 'PK002', MESSAGE = format('%s moved on: row %s is not landed', p_subject, p_seq);
    END IF;
    UPDATE keeper.steps s
       SET state = 'stale', landed_slot = NULL, failed = false, failure_ix = NULL, failure_custom = NULL, failure_code = NULL
     WHERE s.subject = p_subject AND s.seq > p_seq AND s.state IN ('open', 'landed');
    -- A fork below may have made an earlier row open already; then this one is itself a successor.
    SELECT EXISTS (SELECT FROM keeper.steps s WHERE s.subject = p_subject AND s.seq < p_seq AND s.state IN ('open', 'stale')) INTO v_blocked;
    UPDATE keeper.steps s
       SET state = CASE WHEN v_blocked THEN 'stale' ELSE 'open' END,
           landed_slot = NULL, failed = false, failure_ix = NULL, failure_custom = NULL, failure_code = NULL
     WHERE s.subject = p_subject AND s.seq = p_seq;
    RETURN QUERY SELECT * FROM keeper.step_rows(p_subject);
END
$$;
COMMENT ON FUNCTION keeper.step_reopen IS 'R9: the landed row vanished in a fork: it is open again, every later unsettled row is stale.';

CREATE FUNCTION keeper.randomness_free(p_draw text) RETURNS TABLE (account text, lut_slot bigint)
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
COMMENT ON FUNCTION keeper.randomness_free IS 'An account that exists and that this draw may bind: its own first, else the one free for longest.';

CREATE FUNCTION keeper.commit_rows(p_randomness text, p_seed_slot bigint, p_seed_slothash text) RETURNS SETOF keeper.commit_row
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT c.n, c.randomness, c.oracle, c.seed_slot, c.seed_slothash, c.answer_signature, c.answer_recovery_id, c.answer_value,
           (SELECT count(*) FROM keeper.commits x WHERE x.draw = c.draw)
      FROM keeper.commits c
     WHERE c.randomness = p_randomness AND c.seed_slot = p_seed_slot AND c.seed_slothash = p_seed_slothash
$$;
COMMENT ON FUNCTION keeper.commit_rows IS 'Private to commit_record: the commit of this seed, and how many its draw has.';

CREATE FUNCTION keeper.commit_record(
    p_fence bigint, p_draw text, p_randomness text, p_oracle text, p_seed_slot bigint, p_seed_slothash text, p_reason text,
    p_signature bytea, p_recovery_id smallint, p_value bytea) RETURNS SETOF keeper.commit_row
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    -- We committed again, to this oracle: the one before was given up.
    v_rescue CONSTANT boolean := EXISTS (SELECT FROM keeper.steps s WHERE s.subject = p_draw AND s.step = 'RECOMMIT' AND s.oracle = p_oracle);
    v_draw text;
    v_n    integer;
BEGIN
    PERFORM keeper.hold(p_fence);
    -- A daemon that was started in between takes every commit for the first one.
    INSERT INTO keeper.commits (draw, n, randomness, oracle, seed_slot, seed_slothash, reason)
    SELECT p_draw, coalesce(max(c.n), 0) + 1, p_randomness, p_oracle, p_seed_slot, p_seed_slothash,
           CASE WHEN p_reason <> 'bind' OR count(*) = 0 THEN p_reason
                WHEN v_rescue AND (array_agg(c.oracle ORDER BY c.n DESC))[1] <> p_oracle THEN 'rescue' ELSE 'seed_changed' END
      FROM keeper.commits c WHERE c.draw = p_draw
    ON CONFLICT DO NOTHING;
    SELECT c.draw, c.n INTO v_draw, v_n FROM keeper.commits c
     WHERE c.randomness = p_randomness AND c.seed_slot = p_seed_slot AND c.seed_slothash = p_seed_slothash;
    IF NOT FOUND THEN
        RAISE EXCEPTION USING ERRCODE = '40001', MESSAGE = format('%s: another commit was recorded at the same moment', p_draw);
    ELSIF v_draw <> p_draw THEN
        RAISE EXCEPTION USING ERRCODE = 'PK002',
            MESSAGE = format('the commit of %s at slot %s belongs to %s, not to %s', p_randomness, p_seed_slot, v_draw, p_draw);
    END IF;
    -- What became of the others, in the statement that knows this one: none is left without a fate by a crash. It may change
    -- to "used", because a fork can bring a commit back that was given up.
    UPDATE keeper.commits c
       SET fate = CASE WHEN c.n > v_n OR c.oracle = p_oracle OR NOT v_rescue THEN 'forked'
                       WHEN c.answer_value IS NULL THEN 'no_answer' ELSE 'refused' END
     WHERE c.draw = p_draw AND c.n <> v_n AND c.fate IS NULL;
    IF p_value IS NOT NULL THEN
        UPDATE keeper.commits c
           SET answer_signature = p_signature, answer_recovery_id = p_recovery_id, answer_value = p_value, answered_at = clock_timestamp()
         WHERE c.randomness = p_randomness AND c.seed_slot = p_seed_slot AND c.seed_slothash = p_seed_slothash AND c.answer_value IS NULL;
    END IF;
    RETURN QUERY SELECT * FROM keeper.commit_rows(p_randomness, p_seed_slot, p_seed_slothash);
END
$$;
COMMENT ON FUNCTION keeper.commit_record IS 'Insert or nothing, then read back: the first commit row and its first answer win. The draw''s other commits get their fate.';

CREATE FUNCTION keeper.open_pools(p_after_id bigint)
RETURNS TABLE (app_id integer, address text, status text, agrees boolean)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    WITH open_draws AS MATERIALIZED (
        SELECT d.app_id, d.address, d.draw FROM keeper.draws d WHERE NOT d.over
        UNION
        SELECT d.app_id, d.address, d.draw FROM keeper.steps s JOIN keeper.draws d ON d.draw = s.subject
         WHERE s.state IN ('open', 'landed', 'stale')
    )
    SELECT p.id AS app_id, p.pool_address, p.status, true
      FROM public.pools p
     WHERE p.id > p_after_id AND p.pool_address IS NOT NULL
       AND (p.status NOT IN ('ended', 'cancelled', 'closed') OR p.id IN (SELECT o.app_id FROM open_draws o))
    UNION ALL
    SELECT (-1 - abs(hashtext(o.draw)::bigint) % 2000000000)::integer, o.address, 'unknown', true
      FROM open_draws o
     WHERE p_after_id = 0
       AND NOT EXISTS (SELECT FROM public.pools p
                        WHERE p.pool_address = o.address AND (p.id = o.app_id OR p.status NOT IN ('ended', 'cancelled', 'closed')))
     ORDER BY app_id
$$;
COMMENT ON FUNCTION keeper.open_pools IS 'What the app registered and the chain has not finished. Neither a final status in the app nor a row that is gone there hides a draw that we know: without a row its app_id is negative.';

CREATE FUNCTION keeper.lease_tick(p_owner text, p_after_id bigint, p_ttl_ms bigint)
RETURNS TABLE (held boolean, fence bigint, holder text, app_id integer, address text, status text, agrees boolean)
LANGUAGE sql SET search_path = pg_catalog, pg_temp SET lock_timeout = '1500ms' AS $$
    WITH mine AS (
        UPDATE keeper.lease l
           SET owner = p_owner, fence = l.fence + CASE WHEN l.owner = p_owner THEN 0 ELSE 1 END,
               expires_at = clock_timestamp() + p_ttl_ms * interval '1 ms'
         WHERE l.name = 'keeper' AND (l.owner = p_owner OR l.expires_at < clock_timestamp())
        RETURNING l.owner, l.fence
    ), seen AS (
        SELECT true AS held, m.fence, m.owner FROM mine m
        UNION ALL
        SELECT false, l.fence, l.owner FROM keeper.lease l WHERE l.name = 'keeper' AND NOT EXISTS (SELECT FROM mine)
    )
    SELECT s.held, s.fence, s.owner, p.app_id, p.address, p.status, p.agrees
      FROM seen s LEFT JOIN keeper.open_pools(p_after_id) p ON true
$$;
COMMENT ON FUNCTION keeper.lease_tick IS 'The one statement of a quiet tick: renews or takes the lease, lists pools with id > after_id. One row at least. Gives up soon on a locked public table: the journal waits behind it.';

CREATE FUNCTION keeper.lease_look(p_after_id bigint)
RETURNS TABLE (held boolean, fence bigint, holder text, app_id integer, address text, status text, agrees boolean)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT true, 0::bigint, ''::text, p.app_id, p.address, p.status, p.agrees
      FROM (SELECT) one LEFT JOIN keeper.open_pools(p_after_id) p ON true
$$;
COMMENT ON FUNCTION keeper.lease_look IS 'As lease_tick, for a dry run: takes nothing, writes nothing.';

CREATE FUNCTION keeper.lease_release(p_owner text, p_fence bigint) RETURNS TABLE (held boolean, fence bigint, holder text)
LANGUAGE sql SET search_path = pg_catalog, pg_temp AS $$
    UPDATE keeper.lease l SET owner = '', expires_at = '-infinity'
     WHERE l.name = 'keeper' AND l.owner = p_owner AND l.fence = p_fence;
    SELECT false, l.fence, l.owner FROM keeper.lease l WHERE l.name = 'keeper'
$$;
COMMENT ON FUNCTION keeper.lease_release IS 'At a clean stop: the next daemon need not wait for expires_at.';
