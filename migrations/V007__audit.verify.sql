-- Raises an exception unless the tables and functions of the audit are there, the functions with a search path of their own.
DO $$
DECLARE
    wrong text;
BEGIN
    SELECT string_agg(name, ', ') INTO wrong
      FROM unnest(ARRAY['database_identity', 'database_mark', 'database_changed', 'audit_begin', 'audit_unknown', 'audit_import', 'audit_done']) AS name
     WHERE NOT EXISTS (SELECT FROM pg_proc p WHERE p.pronamespace = 'keeper'::regnamespace AND p.proname = name
                          AND p.proconfig @> ARRAY['search_path=pg_catalog, pg_temp']);
    IF wrong IS NOT NULL THEN
        RAISE EXCEPTION 'functions of schema keeper are missing or not pinned to a search_path: %', wrong;
    END IF;
    IF to_regclass('keeper.audits') IS NULL OR to_regclass('keeper.foreign_signatures') IS NULL THEN
        RAISE EXCEPTION 'keeper.audits or keeper.foreign_signatures is missing';
    END IF;
END
$$;
