-- Claims of the web backend: it inserts a row that names a transaction, poolkeeper answers in the same row.

CREATE FUNCTION keeper.unbase58(p_text text) RETURNS bytea
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_digits CONSTANT text := '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';
    v_rest   numeric := 0;
    v_chunk  bigint;
    v_scale  bigint;
    v_hex    text := '';
BEGIN
    IF p_text !~ '^[1-9A-HJ-NP-Za-km-z]{1,88}$' THEN
        RETURN NULL;
    END IF;
    -- Ten digits at a time fit a bigint, four bytes at a time come out: few steps on the long number.
    FOR i IN 0 .. (length(p_text) - 1) / 10 LOOP
        v_chunk := 0;
        v_scale := 1;
        FOR k IN i * 10 + 1 .. least(i * 10 + 10, length(p_text)) LOOP
            v_chunk := v_chunk * 58 + strpos(v_digits, substr(p_text, k, 1)) - 1;
            v_scale := v_scale * 58;
        END LOOP;
        v_rest := v_rest * v_scale + v_chunk;
    END LOOP;
    WHILE v_rest > 0 LOOP
        v_hex := lpad(to_hex(mod(v_rest, 4294967296)::bigint), 8, '0') || v_hex;
        v_rest := div(v_rest, 4294967296);
    END LOOP;
    v_hex := ltrim(v_hex, '0');
    IF length(v_hex) % 2 = 1 THEN
        v_hex := '0' || v_hex;
    END IF;
    RETURN decode(repeat('00', length(p_text) - length(ltrim(p_text, '1'))) || v_hex, 'hex');
END
$$;
COMMENT ON FUNCTION keeper.unbase58 IS 'The bytes of a base58 text of up to 88 digits; null for anything else.';

CREATE TABLE keeper.submissions (
    id           bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tx_hash      text        NOT NULL,
    pool         text        NOT NULL CONSTRAINT submissions_pool_is_an_address CHECK (coalesce(length(keeper.unbase58(pool)), 0) = 32),
    wallet       text        NOT NULL CONSTRAINT submissions_wallet_is_an_address CHECK (coalesce(length(keeper.unbase58(wallet)), 0) = 32),
    operation    text        NOT NULL CONSTRAINT submissions_operation_known CHECK (
        operation IN ('create_pool', 'join', 'donate', 'cancel', 'claim_refund', 'claim_rent')),
    amount       numeric     CONSTRAINT submissions_amount_is_base_units CHECK (
        amount BETWEEN 0 AND 18446744073709551615 AND amount = trunc(amount)),
    submitted_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    state        text        NOT NULL DEFAULT 'pending' CONSTRAINT submissions_state_known CHECK (
        state IN ('pending', 'accepted', 'rejected', 'revoked')),
    reason       text        CONSTRAINT submissions_reason_known CHECK (
        reason IN ('not_found', 'failed_on_chain', 'wrong_signer', 'wrong_program', 'wrong_instruction', 'wrong_pool', 'wrong_amount',
                   'bad_signature', 'too_old', 'already_used')),
    answered_at  timestamptz,
    final_at     timestamptz,
    slot         keeper.slot,
    block_time   bigint,
    seen_height  bigint,
    signature    bytea       GENERATED ALWAYS AS (keeper.unbase58(tx_hash)) STORED,
    settled      boolean     GENERATED ALWAYS AS (state IN ('rejected', 'revoked') OR final_at IS NOT NULL) STORED,
    CONSTRAINT submissions_tx_hash_is_a_signature CHECK (coalesce(length(signature), 0) = 64),
    CONSTRAINT submissions_amount_fits_operation CHECK (amount IS NULL OR operation IN ('create_pool', 'join', 'donate')),
    CONSTRAINT submissions_answer_is_whole CHECK ((state = 'pending') = (answered_at IS NULL)),
    CONSTRAINT submissions_reason_fits CHECK ((state IN ('rejected', 'revoked')) = (reason IS NOT NULL)),
    CONSTRAINT submissions_accepted_has_block CHECK (state <> 'accepted' OR slot IS NOT NULL),
    CONSTRAINT submissions_final_is_accepted CHECK (final_at IS NULL OR state = 'accepted')
);
CREATE UNIQUE INDEX submissions_accepted_once ON keeper.submissions (signature) WHERE state = 'accepted';
CREATE INDEX submissions_unsettled ON keeper.submissions (id) WHERE NOT settled;
COMMENT ON TABLE keeper.submissions IS 'The web backend inserts tx_hash, pool, wallet, operation and amount, and reads the answer; everything else is poolkeeper''s.';
COMMENT ON COLUMN keeper.submissions.wallet IS 'who signed the call; in its own case, as on chain';
COMMENT ON COLUMN keeper.submissions.amount IS 'base units; null: any';
COMMENT ON COLUMN keeper.submissions.state IS 'pending -> accepted (confirmed) or rejected; accepted -> revoked when a fork took the transaction back for good';
COMMENT ON COLUMN keeper.submissions.final_at IS 'the accepted transaction is finalized: it can not be taken back any more';
COMMENT ON COLUMN keeper.submissions.slot IS 'of the block that the answer is about, and its time';
COMMENT ON COLUMN keeper.submissions.seen_height IS 'block height when poolkeeper first looked: a transaction that existed then is dead 150 blocks later';
COMMENT ON COLUMN keeper.submissions.settled IS 'poolkeeper does not look at the row any more';

CREATE FUNCTION keeper.submissions_wait() RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT EXISTS (SELECT FROM keeper.submissions s WHERE NOT s.settled)
$$;
COMMENT ON FUNCTION keeper.submissions_wait IS 'Part of the tick''s one statement: is there anything to look at?';

CREATE FUNCTION keeper.submissions_page(p_fence bigint, p_after_id bigint, p_limit integer, p_height bigint, p_height_age_ms bigint)
RETURNS TABLE (id bigint, signature bytea, pool text, wallet text, operation text, amount numeric, accepted boolean, slot bigint,
               seen_height bigint, waited_ms bigint)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET lock_timeout = '1500ms' AS $$
BEGIN
    PERFORM keeper.hold(p_fence);
    -- Only for rows that were there before the height was asked for: what they name was signed by then.
    UPDATE keeper.submissions s SET seen_height = p_height
     WHERE s.id IN (SELECT o.id FROM keeper.submissions o WHERE NOT o.settled AND o.id > p_after_id ORDER BY o.id LIMIT p_limit)
       AND s.seen_height IS NULL AND s.submitted_at < clock_timestamp() - p_height_age_ms * interval '1 ms';
    RETURN QUERY
    SELECT s.id, s.signature, s.pool, s.wallet, s.operation, s.amount::numeric(20,0), s.state = 'accepted', s.slot::bigint, s.seen_height,
           greatest(extract(epoch FROM clock_timestamp() - s.submitted_at) * 1000, 0)::bigint
      FROM keeper.submissions s WHERE NOT s.settled AND s.id > p_after_id ORDER BY s.id LIMIT p_limit;
END
$$;
COMMENT ON FUNCTION keeper.submissions_page IS 'Unsettled rows by id. The first look at a row notes the height that the chain had reached.';

CREATE FUNCTION keeper.submission_use(p_row keeper.submissions, p_block_time bigint) RETURNS boolean
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_when timestamp := to_timestamp(p_block_time) AT TIME ZONE 'UTC';
BEGIN
    INSERT INTO public.used_transactions (tx_hash, pool_id, wallet_address, operation_type, used_at)
    SELECT p_row.tx_hash, (SELECT max(p.id) FROM public.pools p WHERE p.pool_address = p_row.pool), lower(p_row.wallet), p_row.operation, v_when
     WHERE NOT EXISTS (SELECT FROM public.used_transactions u WHERE u.tx_hash = p_row.tx_hash);
    -- Our own projection may have been first, after a long silence: its rows carry the block's time, those of the backend the hour of use.
    RETURN FOUND OR EXISTS (
        SELECT FROM public.used_transactions u JOIN keeper.calls c ON c.signature = p_row.signature AND c.projected_at IS NOT NULL
         WHERE u.tx_hash = p_row.tx_hash AND u.used_at = coalesce(to_timestamp(c.block_time), c.recorded_at) AT TIME ZONE 'UTC');
END
$$;
COMMENT ON FUNCTION keeper.submission_use IS 'Private to submissions_answer: marks the transaction used. False: somebody used it before.';

CREATE FUNCTION keeper.submission_accept(p_row keeper.submissions, p_slot bigint, p_block_time bigint, p_final boolean) RETURNS boolean
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    -- The unique index makes concurrent answers about one hash wait for each other here; the loser's mark is undone with its row.
    UPDATE keeper.submissions s
       SET state = 'accepted', answered_at = clock_timestamp(), slot = p_slot, block_time = p_block_time,
           final_at = CASE WHEN p_final THEN clock_timestamp() END
     WHERE s.id = p_row.id;
    IF NOT keeper.submission_use(p_row, coalesce(p_block_time, extract(epoch FROM clock_timestamp())::bigint)) THEN
        RAISE EXCEPTION USING ERRCODE = 'unique_violation', MESSAGE = 'used before';
    END IF;
    RETURN true;
EXCEPTION WHEN unique_violation THEN
    RETURN false;
END
$$;
COMMENT ON FUNCTION keeper.submission_accept IS 'Private to submissions_answer: accepted and used, both or neither. False: used before.';

CREATE FUNCTION keeper.submissions_answer(
    p_fence bigint, p_id bigint[], p_verdict text[], p_slot bigint[], p_block_time bigint[], p_final boolean[])
RETURNS TABLE (id bigint, state text, reason text, final boolean)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET lock_timeout = '1500ms' AS $$
DECLARE
    v_given record;
    v_row   keeper.submissions;
BEGIN
    PERFORM keeper.hold(p_fence);
    FOR v_given IN
        SELECT * FROM unnest(p_id, p_verdict, p_slot, p_block_time, p_final) AS g (id, verdict, slot, block_time, final) ORDER BY g.id
    LOOP
        SELECT s.* INTO v_row FROM keeper.submissions s WHERE s.id = v_given.id FOR UPDATE;
        -- Answered already: a repeat after a lost answer of this database.
        CONTINUE WHEN NOT FOUND OR v_row.settled OR v_row.state = 'accepted' AND v_given.verdict = 'accepted' AND NOT v_given.final
                      AND v_row.slot = v_given.slot;
        IF v_row.state = 'accepted' AND v_given.verdict = 'accepted' THEN
            UPDATE keeper.submissions s
               SET slot = v_given.slot, block_time = coalesce(v_given.block_time, s.block_time), final_at = CASE WHEN v_given.final THEN clock_timestamp() END
             WHERE s.id = v_row.id;
        ELSIF v_row.state = 'accepted' THEN
            UPDATE keeper.submissions s SET state = 'revoked', reason = v_given.verdict, answered_at = clock_timestamp() WHERE s.id = v_row.id;
            DELETE FROM public.used_transactions u
             WHERE u.tx_hash = v_row.tx_hash AND u.operation_type = v_row.operation AND u.wallet_address = lower(v_row.wallet)
               AND NOT EXISTS (SELECT FROM keeper.calls c WHERE c.signature = v_row.signature);
        ELSIF v_given.verdict <> 'accepted' OR NOT keeper.submission_accept(v_row, v_given.slot, v_given.block_time, v_given.final) THEN
            UPDATE keeper.submissions s
               SET state = 'rejected', reason = CASE WHEN v_given.verdict = 'accepted' THEN 'already_used' ELSE v_given.verdict END,
                   answered_at = clock_timestamp(), slot = v_given.slot, block_time = v_given.block_time
             WHERE s.id = v_row.id;
        END IF;
        RETURN QUERY SELECT s.id, s.state, s.reason, s.final_at IS NOT NULL FROM keeper.submissions s WHERE s.id = v_row.id;
    END LOOP;
END
$$;
COMMENT ON FUNCTION keeper.submissions_answer IS 'Verdicts of many rows: accepted, or a reason. Returns what the rows say now; a repeat changes nothing.';
