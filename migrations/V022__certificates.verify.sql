-- Raises an exception unless certificates have their guards, and the functions a search path of their own.
DO $$
DECLARE
    wrong text;
BEGIN
    SELECT string_agg(name, ', ') INTO wrong
      FROM unnest(ARRAY['certificate_awards', 'certificate_draw', 'certificate_body', 'certificate_name', 'certificate_tickets', 'certificate_new', 'certificate_told',
                        'terms_next', 'certificate_next', 'certificate_add', 'certificate_files', 'certificate_head', 'lock_files', 'lock_head',
                        'proof_wanted', 'proof_complete', 'proof_reads', 'proof_differs', 'proof_next', 'proof_add']) AS name
     WHERE NOT EXISTS (SELECT FROM pg_proc p WHERE p.pronamespace = 'keeper'::regnamespace AND p.proname = name
                          AND p.proconfig @> ARRAY['search_path=pg_catalog, pg_temp']);
    IF wrong IS NOT NULL THEN
        RAISE EXCEPTION 'functions of schema keeper are missing or not pinned to a search_path: %', wrong;
    END IF;
    SELECT string_agg(t, ', ') INTO wrong
      FROM (VALUES ('certificates', 'certificates_new'), ('certificates', 'certificates_told'), ('certificates', 'certificates_kept'),
                   ('pool_proofs', 'pool_proofs_told'), ('pool_proofs', 'pool_proofs_kept'), ('draws', 'draws_want_proof')) AS x (name, t)
     WHERE NOT EXISTS (SELECT FROM pg_trigger g WHERE g.tgrelid = ('keeper.' || name)::regclass AND g.tgname = t AND g.tgenabled = 'A');
    IF wrong IS NOT NULL THEN
        RAISE EXCEPTION 'triggers are missing or not always on: % - certificates would not be a chain', wrong;
    END IF;
    PERFORM count(*) FROM keeper.certificate_next();
    PERFORM count(*) FROM keeper.proof_next();
END
$$;
