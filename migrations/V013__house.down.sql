-- Takes V013 back, but only while nothing of it is in the journal.
DO $$
BEGIN
    IF to_regclass('keeper.steps') IS NOT NULL THEN
        LOCK TABLE keeper.steps IN ACCESS EXCLUSIVE MODE;
        IF EXISTS (SELECT FROM keeper.steps WHERE step IN ('CLOSE_RANDOMNESS', 'SWEEP', 'FINALIZE', 'CLAIM_RENT')) THEN
            RAISE EXCEPTION 'keeper.steps holds rows of housekeeping: V013 is taken back only without them';
        END IF;
    END IF;
    IF to_regclass('keeper.schema_migrations') IS NOT NULL THEN
        DELETE FROM keeper.schema_migrations WHERE version = '013';
    END IF;
END
$$;
DROP FUNCTION IF EXISTS keeper.house_work, keeper.randomness_idle, keeper.leftover_note;
DROP TRIGGER IF EXISTS draws_begin_over ON keeper.draws;
DROP TRIGGER IF EXISTS draws_become_over ON keeper.draws;
DROP FUNCTION IF EXISTS keeper.leaves_over;
DROP TABLE IF EXISTS keeper.leftovers;
DROP TRIGGER IF EXISTS steps_close_claims ON keeper.steps;
DROP TRIGGER IF EXISTS steps_close_releases ON keeper.steps;
DROP TRIGGER IF EXISTS steps_pool_is_free ON keeper.steps;
DROP FUNCTION IF EXISTS keeper.close_claims, keeper.close_releases, keeper.pool_is_free, keeper.randomness_spent;
DROP INDEX IF EXISTS keeper.bindings_idle;
COMMENT ON TABLE keeper.bindings IS 'Which draw (or canary) a randomness account of ours belongs to: one at a time, until that draw''s select is final.';
ALTER TABLE keeper.bindings DROP CONSTRAINT bindings_why_known, ADD CONSTRAINT bindings_why_known CHECK (released_why IN ('selected', 'not_created'));
ALTER TABLE keeper.steps DROP CONSTRAINT steps_step_fits, ADD CONSTRAINT steps_step_fits CHECK (
    step IN ('BIND', 'RECOMMIT', 'DRAW', 'REVEAL_SELECT', 'SELECT', 'PAYOUT') AND starts_with(subject, 'draw:')
    OR step = 'CREATE_ATA' AND starts_with(subject, 'ata:')
    OR step IN ('CANARY_INIT', 'CANARY_COMMIT') AND starts_with(subject, 'canary:'));
ALTER DOMAIN keeper.subject DROP CONSTRAINT subject_is_known;
ALTER DOMAIN keeper.subject ADD CONSTRAINT subject_is_known CHECK (
    length(VALUE) < 80 AND VALUE ~ '^(draw:[1-9A-HJ-NP-Za-km-z]{32,44}:[0-9]{1,20}|ata:[1-9A-HJ-NP-Za-km-z]{32,44}|canary:[0-9]{1,10})$');
COMMENT ON DOMAIN keeper.subject IS 'draw:<pool address>:<pool id>, ata:<token account>, canary:<n>';
