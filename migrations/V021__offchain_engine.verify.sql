-- Raises an exception unless the daemon's view of off-chain draws is there and can be planned.
DO $$
DECLARE
    wrong text;
BEGIN
    SELECT string_agg(name, ', ') INTO wrong
      FROM unnest(ARRAY['offchain_facts', 'offchain_work', 'offchain_tell', 'offchain_clocks', 'offchain_witnessed', 'offchain_unforgotten', 'offchain_answer', 'offchain_told', 'offchain_audit', 'offchain_stranger', 'offchain_stakes_root']) AS name
     WHERE NOT EXISTS (SELECT FROM pg_proc p WHERE p.pronamespace = 'keeper'::regnamespace AND p.proname = name
                          AND p.proconfig @> ARRAY['search_path=pg_catalog, pg_temp']);
    IF wrong IS NOT NULL THEN
        RAISE EXCEPTION 'functions of schema keeper are missing or not pinned to a search_path: %', wrong;
    END IF;
    PERFORM count(*) FROM keeper.offchain_work(1, NULL, 1, 0);
    PERFORM source, source_key, reason, why, since FROM keeper.offchain_waits LIMIT 0;
    PERFORM 'offchain:00000000-0000-4000-8000-000000000000'::keeper.subject;
END
$$;
