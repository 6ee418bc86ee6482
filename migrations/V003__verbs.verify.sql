-- Raises an exception unless the journal's verbs are there, with a search path of their own.
DO $$
DECLARE
    wrong text;
BEGIN
    SELECT string_agg(name, ', ') INTO wrong
      FROM unnest(ARRAY['hold', 'step_rows', 'step_insert', 'randomness_claim', 'step_open', 'step_import', 'step_settle', 'step_close', 'step_reopen',
                        'randomness_free', 'commit_rows', 'commit_record', 'open_pools', 'lease_tick', 'lease_look',
                        'lease_release']) AS name
     WHERE NOT EXISTS (SELECT FROM pg_proc p WHERE p.pronamespace = 'keeper'::regnamespace AND p.proname = name
                          AND p.proconfig @> ARRAY['search_path=pg_catalog, pg_temp']);
    IF wrong IS NOT NULL THEN
        RAISE EXCEPTION 'functions of schema keeper are missing or not pinned to a search_path: %', wrong;
    END IF;
END
$$;
