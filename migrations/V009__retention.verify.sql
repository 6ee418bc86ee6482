-- Raises an exception unless the function that deletes old marks is there, with a search path of its own.
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_proc p WHERE p.pronamespace = 'keeper'::regnamespace AND p.proname = 'retain'
                      AND p.proconfig @> ARRAY['search_path=pg_catalog, pg_temp']) THEN
        RAISE EXCEPTION 'function keeper.retain is missing or not pinned to a search_path';
    END IF;
END
$$;
