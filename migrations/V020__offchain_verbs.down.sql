-- Takes V020 back: the verbs go, what they recorded stays.
DO $$
BEGIN
    IF to_regclass('keeper.schema_migrations') IS NOT NULL THEN
        DELETE FROM keeper.schema_migrations WHERE version = '020';
    END IF;
END
$$;
DROP FUNCTION IF EXISTS keeper.offchain_publish, keeper.vrf_key_register, keeper.vrf_key_retire, keeper.offchain_owner, keeper.offchain_held, keeper.source_run, keeper.source_entries, keeper.source_amounts, keeper.source_payments,
    keeper.offchain_lock, keeper.offchain_anchor, keeper.offchain_block, keeper.offchain_beacon, keeper.offchain_prove, keeper.offchain_draw, keeper.sel1_key, keeper.sel1, keeper.offchain_unlike,
    keeper.offchain_refused, keeper.offchain_winners, keeper.offchain_owed, keeper.offchain_refuse, keeper.offchain_settle, keeper.offchain_default, keeper.offchain_refund,
    keeper.offchain_halt, keeper.offchain_due;
