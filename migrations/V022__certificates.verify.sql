-- Raises an exception unless certificates have their guards, and the functions a search path of their own.
DO $$
DECLARE
    wrong text;
BEGIN
    SELECT string_agg(name, ', ') INTO wrong
      FROM unnest(ARRAY['certificate_awards', 'certificate_draw', 'certificate_body', 'certificate_name', 'certificate_tickets', 'certificate_new', 'certificate_told',
                        'certificate_next', 'certificate_add', 'certificate_files', 'certificate_head']) AS name
     WHERE NOT EXISTS (SELECT FROM pg_proc p WHERE p.pronamespace = 'keeper'::regnamespace AND p.proname = name
                          AND p.proconfig @> ARRAY['search_path=pg_catalog, pg_temp']);
    IF wrong IS NOT NULL THEN
        RAISE EXCEPTION 'functions of schema keeper are missing or not pinned to a search_path: %', wrong;
    END IF;
    SELECT string_agg(t, ', ') INTO wrong FROM unnest(ARRAY['certificates_new', 'certificates_told', 'certificates_kept']) AS t
     WHERE NOT EXISTS (SELECT FROM pg_trigger g WHERE g.tgrelid = 'keeper.certificates'::regclass AND g.tgname = t AND g.tgenabled = 'A');
    IF wrong IS NOT NULL THEN
        RAISE EXCEPTION 'triggers are missing or not always on: % - certificates would not be a chain', wrong;
    END IF;
    PERFORM count(*) FROM keeper.certificate_next();
END
$$;
