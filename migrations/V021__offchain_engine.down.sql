-- Takes V021 back, but only while no draw was anchored: what was sent must stay known.
DO $$
BEGIN
    IF to_regclass('keeper.steps') IS NOT NULL THEN
        LOCK TABLE keeper.steps IN ACCESS EXCLUSIVE MODE;
        IF EXISTS (SELECT FROM keeper.steps WHERE step = 'ANCHOR') THEN
            RAISE EXCEPTION 'keeper.steps holds anchors of draws: V021 is taken back only without them';
        END IF;
    END IF;
    IF to_regclass('keeper.schema_migrations') IS NOT NULL THEN
        DELETE FROM keeper.schema_migrations WHERE version = '021';
    END IF;
END
$$;
DROP FUNCTION IF EXISTS keeper.offchain_unforgotten, keeper.offchain_answer, keeper.offchain_work, keeper.offchain_tell, keeper.offchain_clocks, keeper.offchain_witnessed, keeper.offchain_facts, keeper.offchain_told, keeper.offchain_audit, keeper.offchain_stranger, keeper.offchain_stakes_root;
DROP TABLE IF EXISTS keeper.offchain_waits;
ALTER TABLE keeper.steps DROP CONSTRAINT steps_step_fits, ADD CONSTRAINT steps_step_fits CHECK (
    step IN ('BIND', 'RECOMMIT', 'DRAW', 'REVEAL_SELECT', 'SELECT', 'PAYOUT') AND starts_with(subject, 'draw:')
    OR step = 'CREATE_ATA' AND starts_with(subject, 'ata:')
    OR step IN ('CANARY_INIT', 'CANARY_COMMIT') AND starts_with(subject, 'canary:')
    OR step = 'CLOSE_RANDOMNESS' AND subject = 'randomness:' || randomness AND randomness IS NOT NULL
    OR step IN ('SWEEP', 'FINALIZE', 'CLAIM_RENT') AND starts_with(subject, 'pool:')
    OR step = 'PAY_REFERRAL' AND starts_with(subject, 'referral:'));
ALTER DOMAIN keeper.subject DROP CONSTRAINT subject_is_known;
ALTER DOMAIN keeper.subject ADD CONSTRAINT subject_is_known CHECK (
    length(VALUE) < 80 AND VALUE ~ '^(draw:[1-9A-HJ-NP-Za-km-z]{32,44}:[0-9]{1,20}|ata:[1-9A-HJ-NP-Za-km-z]{32,44}|canary:[0-9]{1,10}|randomness:[1-9A-HJ-NP-Za-km-z]{32,44}|pool:[1-9A-HJ-NP-Za-km-z]{32,44}:[0-9]{1,20}|referral:[1-9][0-9]{0,17})$');
COMMENT ON DOMAIN keeper.subject IS 'draw:<pool address>:<pool id>, ata:<token account>, canary:<n>, randomness:<account>, pool:<pool address>:<pool id>, referral:<claim id>';
