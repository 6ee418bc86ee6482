-- Raises an exception unless every audited table notes its changes and the trail is append-only.
DO $$
DECLARE
    wrong text;
BEGIN
    SELECT string_agg(f.fault, '; ') INTO wrong FROM keeper.audit_faults() AS f WHERE f.n IS NULL;
    IF wrong IS NOT NULL THEN
        RAISE EXCEPTION '%', wrong;
    END IF;
    SELECT string_agg(name, ', ') INTO wrong
      FROM unnest(ARRAY['audited', 'audit_hash', 'audit_note', 'audit_waits', 'audit_seal', 'audit_faults', 'audit_refuse', 'touch']) AS name
     WHERE NOT EXISTS (SELECT FROM pg_proc p WHERE p.pronamespace = 'keeper'::regnamespace AND p.proname = name
                          AND p.proconfig @> ARRAY['search_path=pg_catalog, pg_temp']);
    IF wrong IS NOT NULL THEN
        RAISE EXCEPTION 'functions of schema keeper are missing or not pinned to a search_path: %', wrong;
    END IF;
END
$$;
