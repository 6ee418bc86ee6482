-- Takes V005 back: calls stay, reading positions are lost (they are found again), gaps only while there are none.
DO $$
BEGIN
    IF to_regclass('keeper.call_gaps') IS NOT NULL AND EXISTS (SELECT FROM keeper.call_gaps) THEN
        RAISE EXCEPTION 'keeper.call_gaps holds rows: V005 is taken back only while nothing is missing';
    END IF;
    IF to_regclass('keeper.schema_migrations') IS NOT NULL THEN
        DELETE FROM keeper.schema_migrations WHERE version = '005';
    END IF;
END
$$;
DROP TRIGGER IF EXISTS draws_are_watched ON keeper.draws;
DROP FUNCTION IF EXISTS keeper.project_calls, keeper.project_donated, keeper.record_calls, keeper.end_by_calls, keeper.watched, keeper.history, keeper.watch_draw;
DROP TABLE IF EXISTS keeper.call_gaps;
UPDATE keeper.calls SET block_time = extract(epoch FROM recorded_at)::bigint WHERE block_time IS NULL;
ALTER TABLE keeper.calls ALTER COLUMN block_time SET NOT NULL;
COMMENT ON COLUMN keeper.calls.block_time IS NULL;
ALTER TABLE keeper.calls DROP COLUMN IF EXISTS mint;
TRUNCATE keeper.watermarks;
ALTER TABLE keeper.watermarks
    DROP CONSTRAINT IF EXISTS watermarks_is_whole, DROP COLUMN IF EXISTS address, DROP COLUMN IF EXISTS slot, DROP COLUMN IF EXISTS pool_id,
    DROP COLUMN IF EXISTS seen, DROP COLUMN IF EXISTS gone, DROP COLUMN IF EXISTS made_slot,
    ADD COLUMN IF NOT EXISTS draw keeper.subject CONSTRAINT watermarks_pkey PRIMARY KEY;
ALTER TABLE keeper.watermarks ALTER COLUMN signature SET NOT NULL;
COMMENT ON TABLE keeper.watermarks IS 'Newest signature of each draw''s address that is recorded in keeper.calls.';

CREATE OR REPLACE FUNCTION keeper.backfill_call(p_call keeper.calls) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_tx_hash   CONSTANT text := keeper.base58(p_call.signature);
    v_wallet    text := lower(p_call.user_wallet);
    v_when      timestamp := to_timestamp(p_call.block_time) AT TIME ZONE 'UTC';
    v_operation text := CASE p_call.instruction WHEN 'create_pool' THEN 'create_pool' WHEN 'join_pool' THEN 'join' WHEN 'donate' THEN 'donate'
                        WHEN 'cancel_pool' THEN 'cancel' WHEN 'claim_refund' THEN 'claim_refund' WHEN 'claim_rent' THEN 'claim_rent' END;
    v_type      text := CASE v_operation WHEN 'join' THEN 'JOIN' WHEN 'donate' THEN 'DONATE' WHEN 'claim_refund' THEN 'REFUND' END;
BEGIN
    -- The backend wrote what belongs to this signature, or it is no operation of the app.
    IF v_operation IS NULL OR EXISTS (SELECT FROM public.used_transactions u WHERE u.tx_hash = v_tx_hash) THEN
        RETURN;
    END IF;
    INSERT INTO public.used_transactions (tx_hash, pool_id, wallet_address, operation_type, used_at)
    VALUES (v_tx_hash, p_call.app_id, v_wallet, v_operation, v_when);
    -- In a sponsored pool the signer is a wallet of the house, not a player of the app.
    IF NOT EXISTS (SELECT FROM public.pools p WHERE p.id = p_call.app_id AND p.is_free IS DISTINCT FROM 1) THEN
        RETURN;
    END IF;
    INSERT INTO public.transactions (pool_id, wallet_address, type, amount, tx_hash, "timestamp")
    SELECT p_call.app_id, v_wallet, v_type, keeper.whole_tokens(p_call.amount, p_call.decimals), v_tx_hash, v_when
     WHERE v_type IS NOT NULL AND p_call.amount IS NOT NULL AND p_call.decimals IS NOT NULL
       AND NOT EXISTS (SELECT FROM public.transactions t WHERE t.pool_id = p_call.app_id AND t.tx_hash = v_tx_hash AND t.type = v_type);
    INSERT INTO public.participants (pool_id, wallet_address, joined_at)
    SELECT p_call.app_id, v_wallet, v_when
     WHERE v_operation = 'join' AND NOT EXISTS (
           SELECT FROM public.participants pa WHERE pa.pool_id = p_call.app_id AND pa.wallet_address IN (v_wallet, p_call.user_wallet));
    UPDATE public.participants pa SET refund_claimed = 1
     WHERE v_operation = 'claim_refund' AND pa.pool_id = p_call.app_id AND pa.wallet_address IN (v_wallet, p_call.user_wallet)
       AND pa.refund_claimed IS DISTINCT FROM 1;
    UPDATE public.pools p SET rent_claimed = 1 WHERE v_operation = 'claim_rent' AND p.id = p_call.app_id AND p.rent_claimed IS DISTINCT FROM 1;
END
$$;
COMMENT ON FUNCTION keeper.backfill_call IS 'Private to record_calls: what the web backend should have written for a user''s transaction and did not.';

CREATE FUNCTION keeper.record_calls(
    p_fence bigint, p_draw text, p_watermark bytea, p_signature bytea[], p_ix smallint[], p_inner_ix smallint[],
    p_slot bigint[], p_block_time bigint[], p_user text[], p_app_id integer[], p_instruction text[], p_amount numeric[],
    p_decimals smallint[]) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET lock_timeout = '1500ms' AS $$
DECLARE
    v_written bigint;
    v_call    keeper.calls;
BEGIN
    PERFORM keeper.hold(p_fence);
    INSERT INTO keeper.calls (signature, ix, inner_ix, slot, block_time, draw, user_wallet, app_id, instruction, amount, decimals)
    SELECT g.signature, g.ix, g.inner_ix, g.slot, g.block_time, p_draw, g.user_wallet, g.app_id, g.instruction, g.amount, g.decimals
      FROM unnest(p_signature, p_ix, p_inner_ix, p_slot, p_block_time, p_user, p_app_id, p_instruction, p_amount, p_decimals)
        AS g (signature, ix, inner_ix, slot, block_time, user_wallet, app_id, instruction, amount, decimals)
    ON CONFLICT DO NOTHING;
    GET DIAGNOSTICS v_written = ROW_COUNT;
    -- Younger than the backend's age limit of 300 s: a used_transactions row of ours would make it answer 409.
    FOR v_call IN
        SELECT * FROM keeper.calls c
         WHERE c.draw = p_draw AND c.projected_at IS NULL AND c.block_time < extract(epoch FROM clock_timestamp()) - 300
         ORDER BY c.slot, c.signature, c.ix, c.inner_ix
    LOOP
        PERFORM keeper.backfill_call(v_call);
        UPDATE keeper.calls c SET projected_at = clock_timestamp()
         WHERE c.signature = v_call.signature AND c.ix = v_call.ix AND c.inner_ix = v_call.inner_ix;
    END LOOP;
    IF p_watermark IS NOT NULL THEN
        INSERT INTO keeper.watermarks AS w (draw, signature) VALUES (p_draw, p_watermark)
        ON CONFLICT (draw) DO UPDATE SET signature = excluded.signature, updated_at = clock_timestamp()
         WHERE w.signature <> excluded.signature;
    END IF;
    RETURN v_written;
END
$$;
COMMENT ON FUNCTION keeper.record_calls IS 'Calls of one draw, each once, the app''s rows that the backend failed to write, and how far the list is read.';
