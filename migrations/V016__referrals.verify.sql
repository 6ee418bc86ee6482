-- Raises an exception unless the functions and triggers of referral payouts are there, the functions with a search path of their own.
DO $$
DECLARE
    wrong text;
BEGIN
    SELECT string_agg(name, ', ') INTO wrong
      FROM unnest(ARRAY['referral_is_kept', 'referral_wallet', 'referral_awarded', 'referral_spent', 'referral_differs', 'referral_obstacle',
                        'referral_opens', 'referral_project', 'referral_closes', 'referral_switch', 'referral_look', 'referral_work']) AS name
     WHERE NOT EXISTS (SELECT FROM pg_proc p WHERE p.pronamespace = 'keeper'::regnamespace AND p.proname = name
                          AND p.proconfig @> ARRAY['search_path=pg_catalog, pg_temp']);
    IF wrong IS NOT NULL THEN
        RAISE EXCEPTION 'functions of schema keeper are missing or not pinned to a search_path: %', wrong;
    END IF;
    IF (SELECT count(*) FROM pg_trigger t WHERE t.tgrelid IN ('keeper.steps'::regclass, 'keeper.referral_payouts'::regclass) AND t.tgenabled = 'O'
           AND t.tgname IN ('steps_referral_opens', 'steps_referral_closes', 'referral_payouts_kept')) <> 3 THEN
        RAISE EXCEPTION 'triggers of V016 are missing: a claim could be paid twice';
    END IF;
END
$$;
