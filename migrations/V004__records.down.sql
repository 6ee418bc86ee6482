-- Takes V004 back: drops the functions; no data is lost.
DROP FUNCTION IF EXISTS keeper.record_calls, keeper.backfill_call, keeper.base58, keeper.payout_record, keeper.project_payout,
    keeper.announce_win, keeper.share_referral, keeper.observe, keeper.whole_tokens, keeper.app_status;
DO $$
BEGIN
    IF to_regclass('keeper.schema_migrations') IS NOT NULL THEN
        DELETE FROM keeper.schema_migrations WHERE version = '004';
    END IF;
END
$$;
