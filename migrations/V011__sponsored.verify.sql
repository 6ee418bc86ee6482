-- Raises an exception unless sponsored pools can be driven: the table, the column, functions with a search path of their own.
DO $$
DECLARE
    wrong text;
BEGIN
    SELECT string_agg(name, ', ') INTO wrong
      FROM unnest(ARRAY['sponsored_now', 'sponsors_fixed', 'sponsors_look', 'sponsors_fix', 'project_payout', 'payout_record']) AS name
     WHERE NOT EXISTS (SELECT FROM pg_proc p WHERE p.pronamespace = 'keeper'::regnamespace AND p.proname = name
                          AND p.proconfig @> ARRAY['search_path=pg_catalog, pg_temp']);
    IF wrong IS NOT NULL THEN
        RAISE EXCEPTION 'functions of schema keeper are missing or not pinned to a search_path: %', wrong;
    END IF;
    IF to_regclass('keeper.sponsored') IS NULL
       OR NOT EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = 'keeper.draws'::regclass AND a.attname = 'recipient' AND NOT a.attisdropped) THEN
        RAISE EXCEPTION 'keeper.sponsored or keeper.draws.recipient is missing';
    END IF;
END
$$;
