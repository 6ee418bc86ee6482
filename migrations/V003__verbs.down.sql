-- Takes V003 back: drops the functions and their types; no data is lost.
DROP FUNCTION IF EXISTS keeper.lease_release, keeper.lease_look, keeper.lease_tick, keeper.open_pools,
    keeper.commit_record, keeper.commit_rows, keeper.randomness_free, keeper.step_reopen, keeper.step_close, keeper.step_settle,
    keeper.step_import, keeper.step_open, keeper.step_insert, keeper.randomness_claim, keeper.step_rows, keeper.hold;
DROP TYPE IF EXISTS keeper.commit_row, keeper.step_row;
DO $$
BEGIN
    IF to_regclass('keeper.schema_migrations') IS NOT NULL THEN
        DELETE FROM keeper.schema_migrations WHERE version = '003';
    END IF;
END
$$;
