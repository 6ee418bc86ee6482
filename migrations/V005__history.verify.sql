-- Raises an exception unless the positions, the gaps and the functions that read and fill them are there.
DO $$
DECLARE
    wrong text;
BEGIN
    SELECT string_agg(name, ', ') INTO wrong
      FROM unnest(ARRAY['watermarks_pkey', 'watermarks_watched', 'call_gaps', 'call_gaps_pkey', 'call_gaps_open']) AS name
     WHERE to_regclass('keeper.' || name) IS NULL;
    IF wrong IS NOT NULL THEN
        RAISE EXCEPTION 'schema keeper lacks %', wrong USING HINT = 'run the migrations again from a backup, or restore the schema';
    END IF;
    SELECT string_agg(name, ', ') INTO wrong
      FROM unnest(ARRAY['watch_draw', 'history', 'watched', 'end_by_calls', 'record_calls', 'backfill_call', 'project_donated', 'project_calls']) AS name
     WHERE NOT EXISTS (SELECT FROM pg_proc p WHERE p.pronamespace = 'keeper'::regnamespace AND p.proname = name
                          AND p.proconfig @> ARRAY['search_path=pg_catalog, pg_temp']);
    IF wrong IS NOT NULL THEN
        RAISE EXCEPTION 'functions of schema keeper are missing or not pinned to a search_path: %', wrong;
    END IF;
    IF NOT EXISTS (SELECT FROM pg_trigger t WHERE t.tgrelid = 'keeper.draws'::regclass AND t.tgname = 'draws_are_watched' AND t.tgenabled = 'O') THEN
        RAISE EXCEPTION 'trigger draws_are_watched of keeper.draws is missing or disabled';
    END IF;
END
$$;
