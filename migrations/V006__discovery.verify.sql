-- Raises an exception unless the tables and functions of discovery are there, the functions with a search path of their own.
DO $$
DECLARE
    wrong text;
BEGIN
    SELECT string_agg(name, ', ') INTO wrong
      FROM unnest(ARRAY['open_pools', 'app_row', 'undiscovered', 'discover', 'list_one', 'list_discovered', 'creator_binds',
                        'census_begin', 'census_unknown', 'census_found', 'census_done']) AS name
     WHERE NOT EXISTS (SELECT FROM pg_proc p WHERE p.pronamespace = 'keeper'::regnamespace AND p.proname = name
                          AND p.proconfig @> ARRAY['search_path=pg_catalog, pg_temp']);
    IF wrong IS NOT NULL THEN
        RAISE EXCEPTION 'functions of schema keeper are missing or not pinned to a search_path: %', wrong;
    END IF;
    IF to_regclass('keeper.discoveries') IS NULL OR to_regclass('keeper.discovery') IS NULL OR to_regclass('keeper.census') IS NULL THEN
        RAISE EXCEPTION 'keeper.discoveries, keeper.discovery or keeper.census is missing';
    END IF;
END
$$;
