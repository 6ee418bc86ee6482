-- Raises an exception unless what follows a draw is there: tables, triggers, functions with a search path of their own.
DO $$
DECLARE
    wrong text;
BEGIN
    SELECT string_agg(name, ', ') INTO wrong
      FROM unnest(ARRAY['people', 'tell', 'tell_status', 'tell_late', 'status_seen', 'share_referral', 'announce_win', 'project_payout', 'payout_record',
                        'settle_rest']) AS name
     WHERE NOT EXISTS (SELECT FROM pg_proc p WHERE p.pronamespace = 'keeper'::regnamespace AND p.proname = name
                          AND p.proconfig @> ARRAY['search_path=pg_catalog, pg_temp']);
    IF wrong IS NOT NULL THEN
        RAISE EXCEPTION 'functions of schema keeper are missing or not pinned to a search_path: %', wrong;
    END IF;
    IF to_regclass('keeper.notices') IS NULL OR to_regclass('keeper.referral_shares') IS NULL
       OR (SELECT count(*) FROM pg_trigger t WHERE t.tgrelid = 'keeper.draws'::regclass AND t.tgname IN ('draws_first_seen', 'draws_status_seen')) <> 2 THEN
        RAISE EXCEPTION 'keeper.notices, keeper.referral_shares or the triggers of keeper.draws are missing';
    END IF;
END
$$;
