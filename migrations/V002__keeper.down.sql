-- Takes V002 back: drops poolkeeper's tables, but only while no transaction, answer or result is in them.
DO $$
DECLARE
    name     text;
    occupied boolean;
BEGIN
    FOREACH name IN ARRAY ARRAY['bindings', 'steps', 'commits', 'draws', 'calls', 'watermarks'] LOOP
        CONTINUE WHEN to_regclass('keeper.' || name) IS NULL;
        EXECUTE format('LOCK TABLE keeper.%I IN ACCESS EXCLUSIVE MODE', name);
        EXECUTE format('SELECT EXISTS (SELECT FROM keeper.%I)', name) INTO occupied;
        IF occupied THEN
            RAISE EXCEPTION 'keeper.% holds rows: V002 is taken back only from an empty journal', name;
        END IF;
    END LOOP;
    IF to_regclass('keeper.schema_migrations') IS NOT NULL THEN
        DELETE FROM keeper.schema_migrations WHERE version = '002';
    END IF;
END
$$;
DROP TABLE IF EXISTS keeper.watermarks, keeper.calls, keeper.draws, keeper.commits, keeper.bindings, keeper.steps, keeper.lease;
DROP DOMAIN IF EXISTS keeper.subject, keeper.u64, keeper.slot, keeper.signature, keeper.address;
