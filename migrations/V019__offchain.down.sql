-- Takes V019 back, but only while no draw was locked and nothing was published.
DO $$
BEGIN
    IF to_regclass('keeper.offchain_draws') IS NOT NULL THEN
        LOCK TABLE keeper.offchain_draws, keeper.offchain_rules, keeper.vrf_keys IN ACCESS EXCLUSIVE MODE;
        IF EXISTS (SELECT FROM keeper.offchain_draws) OR EXISTS (SELECT FROM keeper.offchain_rules) OR EXISTS (SELECT FROM keeper.vrf_keys) THEN
            RAISE EXCEPTION 'keeper holds draws, rules or keys that were published: V019 is taken back only without them';
        END IF;
    END IF;
    IF to_regclass('keeper.schema_migrations') IS NOT NULL THEN
        DELETE FROM keeper.schema_migrations WHERE version = '019';
    END IF;
END
$$;
DROP TABLE IF EXISTS keeper.offchain_refusals, keeper.offchain_picks;
DROP FUNCTION IF EXISTS keeper.offchain_lock_text, keeper.offchain_hash, keeper.offchain_alpha;
DROP TABLE IF EXISTS keeper.offchain_entries;
DROP TABLE IF EXISTS keeper.offchain_draws;
DROP TABLE IF EXISTS keeper.offchain_rules, keeper.vrf_keys;
DROP FUNCTION IF EXISTS keeper.hmac, keeper.hmac_pads, keeper.offchain_root, keeper.merkle_fold, keeper.drand_time, keeper.be64,
    keeper.offchain_kept, keeper.offchain_rules_new, keeper.vrf_key_new, keeper.offchain_written_once, keeper.offchain_moves, keeper.offchain_seal, keeper.offchain_freeze,
    keeper.offchain_pick_fits, keeper.offchain_refusal_fits, keeper.offchain_beta_fits;
DROP DOMAIN IF EXISTS keeper.hash32, keeper.plain_text;
