-- Takes V014 back; what was fixed stays fixed, the way back is lost with its table.
DROP FUNCTION IF EXISTS keeper.integrity(boolean);
DROP FUNCTION IF EXISTS keeper.source_faults();
DROP TABLE IF EXISTS keeper.integrity_fixes;
DO $$
BEGIN
    IF to_regclass('keeper.schema_migrations') IS NOT NULL THEN
        DELETE FROM keeper.schema_migrations WHERE version = '014';
    END IF;
END
$$;
CREATE OR REPLACE FUNCTION keeper.list_one(p_draw text) RETURNS integer
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_draw keeper.draws;
    v_found keeper.discoveries;
    v_name text;
    v_id   integer;
BEGIN
    SELECT * INTO v_draw FROM keeper.draws d WHERE d.draw = p_draw FOR UPDATE;
    SELECT * INTO v_found FROM keeper.discoveries x WHERE x.draw = p_draw;
    -- A token's own name and symbol are text that anybody may have written, to look like another token or worse: the mint is shown.
    v_name := left(v_draw.mint, 4) || '...' || right(v_draw.mint, 4);
    INSERT INTO public.pools (pool_address, token_symbol, token_name, token_mint, entry_amount, min_participants, max_participants,
                              participants_count, status, start_time, lock_duration, lock_start_time, total_pot, creator_wallet,
                              randomness_account, tx_hash, allow_mock)
    SELECT v_draw.address, v_name, v_name, v_draw.mint, keeper.whole_tokens(v_draw.bet_amount, v_draw.decimals), 2, v_draw.max_participants,
           coalesce(v_draw.participants, 0), keeper.app_status(CASE WHEN v_draw.status = 6 THEN 5::smallint ELSE v_draw.status END),
           to_timestamp(v_found.start_time) AT TIME ZONE 'UTC', v_draw.lock_duration,
           CASE WHEN v_draw.lock_start_time BETWEEN 1 AND 2147483647 THEN v_draw.lock_start_time END,
           keeper.whole_tokens(v_draw.total_amount, v_draw.decimals), lower(v_draw.creator), v_draw.randomness_account,
           -- An address may have been created more than once: this draw's creation is the one at its start time.
           (SELECT keeper.base58(c.signature) FROM keeper.calls c
             WHERE c.draw = p_draw AND c.instruction = 'create_pool' AND abs(c.block_time - v_found.start_time) <= 60
             ORDER BY c.slot DESC LIMIT 1),
           v_found.allow_mock::integer
    RETURNING id INTO v_id;
    RETURN v_id;
END
$$;
