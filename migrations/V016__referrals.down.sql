-- Takes V016 back, but only while no claim was ever taken in: what was paid must stay known.
DO $$
BEGIN
    IF to_regclass('keeper.referral_payouts') IS NOT NULL THEN
        LOCK TABLE keeper.steps, keeper.referral_payouts IN ACCESS EXCLUSIVE MODE;
        IF EXISTS (SELECT FROM keeper.steps WHERE step = 'PAY_REFERRAL') OR EXISTS (SELECT FROM keeper.referral_payouts) THEN
            RAISE EXCEPTION 'keeper.referral_payouts holds claims: V016 is taken back only without them';
        END IF;
    END IF;
    IF to_regclass('keeper.schema_migrations') IS NOT NULL THEN
        DELETE FROM keeper.schema_migrations WHERE version = '016';
    END IF;
END
$$;
DROP TRIGGER IF EXISTS steps_referral_opens ON keeper.steps;
DROP TRIGGER IF EXISTS steps_referral_closes ON keeper.steps;
DROP FUNCTION IF EXISTS keeper.referral_work, keeper.referral_look, keeper.referral_switch, keeper.referral_closes, keeper.referral_project,
    keeper.referral_opens, keeper.referral_obstacle, keeper.referral_differs, keeper.referral_spent, keeper.referral_awarded, keeper.referral_wallet;
DROP TABLE IF EXISTS keeper.referral_payouts, keeper.referral_periods;
DROP FUNCTION IF EXISTS keeper.referral_is_kept;
DROP INDEX IF EXISTS keeper.calls_wallet_lower, keeper.referral_shares_referrer, keeper.foreign_signatures_signed,
    public.idx_referral_claims_wallet_lower;
ALTER TABLE keeper.steps DROP CONSTRAINT steps_step_fits, ADD CONSTRAINT steps_step_fits CHECK (
    step IN ('BIND', 'RECOMMIT', 'DRAW', 'REVEAL_SELECT', 'SELECT', 'PAYOUT') AND starts_with(subject, 'draw:')
    OR step = 'CREATE_ATA' AND starts_with(subject, 'ata:')
    OR step IN ('CANARY_INIT', 'CANARY_COMMIT') AND starts_with(subject, 'canary:')
    OR step = 'CLOSE_RANDOMNESS' AND subject = 'randomness:' || randomness AND randomness IS NOT NULL
    OR step IN ('SWEEP', 'FINALIZE', 'CLAIM_RENT') AND starts_with(subject, 'pool:'));
ALTER DOMAIN keeper.subject DROP CONSTRAINT subject_is_known;
ALTER DOMAIN keeper.subject ADD CONSTRAINT subject_is_known CHECK (
    length(VALUE) < 80 AND VALUE ~ '^(draw:[1-9A-HJ-NP-Za-km-z]{32,44}:[0-9]{1,20}|ata:[1-9A-HJ-NP-Za-km-z]{32,44}|canary:[0-9]{1,10}|randomness:[1-9A-HJ-NP-Za-km-z]{32,44}|pool:[1-9A-HJ-NP-Za-km-z]{32,44}:[0-9]{1,20})$');
COMMENT ON DOMAIN keeper.subject IS 'draw:<pool address>:<pool id>, ata:<token account>, canary:<n>, randomness:<account>, pool:<pool address>:<pool id>';
