-- Raises an exception unless the watch has its table and its functions, with a search path of their own.
DO $$
DECLARE
    wrong text;
BEGIN
    SELECT string_agg(name, ', ') INTO wrong FROM unnest(ARRAY['mismatches', 'mismatches_pkey', 'mismatches_standing']) AS name
     WHERE to_regclass('keeper.' || name) IS NULL;
    IF wrong IS NOT NULL THEN
        RAISE EXCEPTION 'schema keeper lacks %', wrong;
    END IF;
    SELECT string_agg(name, ', ') INTO wrong FROM unnest(ARRAY['watch', 'watch_compare']) AS name
     WHERE NOT EXISTS (SELECT FROM pg_proc p WHERE p.pronamespace = 'keeper'::regnamespace AND p.proname = name
                          AND p.proconfig @> ARRAY['search_path=pg_catalog, pg_temp']);
    IF wrong IS NOT NULL THEN
        RAISE EXCEPTION 'functions of schema keeper are missing or not pinned to a search_path: %', wrong;
    END IF;
END
$$;
