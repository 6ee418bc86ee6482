-- Raises an exception unless the verbs of off-chain draws are there, with a search path of their own, and can be planned.
DO $$
DECLARE
    wrong text;
BEGIN
    SELECT string_agg(name, ', ') INTO wrong
      FROM unnest(ARRAY['offchain_publish', 'vrf_key_register', 'vrf_key_retire', 'offchain_owner', 'offchain_held', 'source_run', 'source_entries', 'source_amounts', 'source_payments', 'offchain_lock',
                        'offchain_anchor', 'offchain_block', 'offchain_beacon', 'offchain_prove', 'offchain_draw', 'sel1_key', 'sel1', 'offchain_unlike', 'offchain_refused', 'offchain_winners', 'offchain_owed', 'offchain_refuse',
                        'offchain_settle', 'offchain_default', 'offchain_refund', 'offchain_halt', 'offchain_due']) AS name
     WHERE NOT EXISTS (SELECT FROM pg_proc p WHERE p.pronamespace = 'keeper'::regnamespace AND p.proname = name
                          AND p.proconfig @> ARRAY['search_path=pg_catalog, pg_temp']);
    IF wrong IS NOT NULL THEN
        RAISE EXCEPTION 'functions of schema keeper are missing or not pinned to a search_path: %', wrong;
    END IF;
    PERFORM count(*) FROM keeper.offchain_due(1);
END
$$;
