-- Raises an exception unless the submissions are there, with what makes a hash count once, and functions of a pinned search path.
DO $$
DECLARE
    wrong text;
BEGIN
    SELECT string_agg(name, ', ') INTO wrong
      FROM unnest(ARRAY['unbase58', 'submissions_wait', 'submissions_page', 'submission_use', 'submission_accept', 'submissions_answer']) AS name
     WHERE NOT EXISTS (SELECT FROM pg_proc p WHERE p.pronamespace = 'keeper'::regnamespace AND p.proname = name
                          AND p.proconfig @> ARRAY['search_path=pg_catalog, pg_temp']);
    IF wrong IS NOT NULL THEN
        RAISE EXCEPTION 'functions of schema keeper are missing or not pinned to a search_path: %', wrong;
    END IF;
    IF NOT EXISTS (SELECT FROM pg_index i WHERE i.indexrelid = to_regclass('keeper.submissions_accepted_once') AND i.indisunique AND i.indisvalid) THEN
        RAISE EXCEPTION 'index keeper.submissions_accepted_once is missing: a hash could be accepted twice';
    END IF;
END
$$;
