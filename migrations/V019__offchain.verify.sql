-- Raises an exception unless the tables of off-chain draws have their guards, and the functions a search path of their own.
DO $$
DECLARE
    wrong text;
BEGIN
    SELECT string_agg(name, ', ') INTO wrong
      FROM unnest(ARRAY['be64', 'drand_time', 'merkle_fold', 'offchain_root', 'offchain_lock_text', 'offchain_hash', 'offchain_alpha', 'hmac_pads', 'hmac',
                        'offchain_kept', 'offchain_rules_new', 'vrf_key_new', 'offchain_written_once', 'offchain_moves', 'offchain_seal', 'offchain_freeze',
                        'offchain_pick_fits', 'offchain_refusal_fits', 'offchain_beta_fits']) AS name
     WHERE NOT EXISTS (SELECT FROM pg_proc p WHERE p.pronamespace = 'keeper'::regnamespace AND p.proname = name
                          AND p.proconfig @> ARRAY['search_path=pg_catalog, pg_temp']);
    IF wrong IS NOT NULL THEN
        RAISE EXCEPTION 'functions of schema keeper are missing or not pinned to a search_path: %', wrong;
    END IF;
    SELECT string_agg(t, ', ') INTO wrong
      FROM unnest(ARRAY['offchain_rules_new', 'offchain_rules_kept', 'vrf_keys_new', 'vrf_keys_kept', 'vrf_keys_written_once', 'offchain_draws_seal',
                        'offchain_draws_kept', 'offchain_draws_written_once', 'offchain_draws_moves', 'offchain_draws_beta_fits', 'offchain_entries_freeze', 'offchain_entries_kept',
                        'offchain_picks_fit', 'offchain_picks_kept', 'offchain_refusals_fit', 'offchain_refusals_still_fit', 'offchain_refusals_kept']) AS t
     WHERE NOT EXISTS (SELECT FROM pg_trigger g JOIN pg_class c ON c.oid = g.tgrelid
                        WHERE c.relnamespace = 'keeper'::regnamespace AND g.tgname = t AND g.tgenabled = 'A');
    IF wrong IS NOT NULL THEN
        RAISE EXCEPTION 'triggers are missing or not always on: % - entries and draws would not be frozen', wrong;
    END IF;
    IF encode(keeper.hmac(keeper.hmac_pads('Jefe'::bytea), 'what do ya want for nothing?'::bytea), 'hex')
       <> '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843' THEN
        RAISE EXCEPTION 'keeper.hmac is not HMAC-SHA256 (RFC 4231, case 2)';
    END IF;
END
$$;
