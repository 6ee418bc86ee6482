-- Raises an exception unless abandoned accounts are told from known ones, by functions with a search path of their own.
DO $$
DECLARE
    wrong text;
BEGIN
    SELECT string_agg(name, ', ') INTO wrong
      FROM unnest(ARRAY['randomness_known', 'randomness_abandoned', 'randomness_idle', 'house_work']) AS name
     WHERE NOT EXISTS (SELECT FROM pg_proc p WHERE p.pronamespace = 'keeper'::regnamespace AND p.proname = name
                          AND p.proconfig @> ARRAY['search_path=pg_catalog, pg_temp']);
    IF wrong IS NOT NULL THEN
        RAISE EXCEPTION 'functions of schema keeper are missing or not pinned to a search_path: %', wrong;
    END IF;
    IF NOT EXISTS (SELECT FROM pg_proc p WHERE p.pronamespace = 'keeper'::regnamespace AND p.proname = 'house_work' AND 'abandoned' = ANY (p.proargnames)) THEN
        RAISE EXCEPTION 'keeper.house_work does not tell abandoned accounts: V015 is not there';
    END IF;
END
$$;
