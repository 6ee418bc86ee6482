-- Raises an exception unless housekeeping's functions and triggers are there, the functions with a search path of their own.
DO $$
DECLARE
    wrong text;
BEGIN
    SELECT string_agg(name, ', ') INTO wrong
      FROM unnest(ARRAY['randomness_spent', 'close_claims', 'close_releases', 'pool_is_free', 'randomness_idle', 'leaves_over', 'leftover_note', 'house_work']) AS name
     WHERE NOT EXISTS (SELECT FROM pg_proc p WHERE p.pronamespace = 'keeper'::regnamespace AND p.proname = name
                          AND p.proconfig @> ARRAY['search_path=pg_catalog, pg_temp']);
    IF wrong IS NOT NULL THEN
        RAISE EXCEPTION 'functions of schema keeper are missing or not pinned to a search_path: %', wrong;
    END IF;
    IF (SELECT count(*) FROM pg_trigger t WHERE t.tgrelid IN ('keeper.steps'::regclass, 'keeper.draws'::regclass) AND t.tgenabled = 'O'
           AND t.tgname IN ('steps_close_claims', 'steps_close_releases', 'steps_pool_is_free', 'draws_begin_over', 'draws_become_over')) <> 5 THEN
        RAISE EXCEPTION 'triggers of V013 are missing: housekeeping would not keep away from draws';
    END IF;
END
$$;
