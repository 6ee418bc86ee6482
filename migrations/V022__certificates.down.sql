-- Takes V022 back, but only while no certificate was made: the chain of them is the operator's word.
DO $$
BEGIN
    IF to_regclass('keeper.certificates') IS NOT NULL THEN
        LOCK TABLE keeper.certificates IN ACCESS EXCLUSIVE MODE;
        IF EXISTS (SELECT FROM keeper.certificates) THEN
            RAISE EXCEPTION 'keeper holds certificates that were signed: V022 is taken back only without them';
        END IF;
    END IF;
    IF to_regclass('keeper.schema_migrations') IS NOT NULL THEN
        DELETE FROM keeper.schema_migrations WHERE version = '022';
    END IF;
END
$$;
ALTER TABLE IF EXISTS keeper.offchain_draws DROP COLUMN IF EXISTS certificate;
ALTER TABLE IF EXISTS keeper.pool_proofs DROP CONSTRAINT IF EXISTS pool_proofs_certificate_fkey;
DROP TRIGGER IF EXISTS draws_want_proof ON keeper.draws;
DROP FUNCTION IF EXISTS keeper.terms_next, keeper.certificate_next, keeper.certificate_add, keeper.lock_files, keeper.lock_head, keeper.certificate_files, keeper.certificate_head, keeper.certificate_body, keeper.certificate_name;
DROP FUNCTION IF EXISTS keeper.proof_wanted, keeper.proof_next, keeper.proof_add, keeper.proof_reads, keeper.proof_complete, keeper.proof_differs;
DROP TABLE IF EXISTS keeper.certificates;
DROP TABLE IF EXISTS keeper.pool_proofs;
DROP FUNCTION IF EXISTS keeper.certificate_new, keeper.certificate_told, keeper.certificate_draw, keeper.certificate_awards, keeper.certificate_tickets;
