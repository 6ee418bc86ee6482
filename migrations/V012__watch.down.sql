-- Takes V012 back: drops the functions, and the table only while nothing is noted in it.
DO $$
DECLARE
    occupied boolean := false;
BEGIN
    IF to_regclass('keeper.mismatches') IS NOT NULL THEN
        LOCK TABLE keeper.mismatches IN ACCESS EXCLUSIVE MODE;
        SELECT EXISTS (SELECT FROM keeper.mismatches) INTO occupied;
    END IF;
    IF occupied THEN
        RAISE EXCEPTION 'keeper.mismatches holds rows: V012 is taken back only from an empty one';
    END IF;
    IF to_regclass('keeper.schema_migrations') IS NOT NULL THEN
        DELETE FROM keeper.schema_migrations WHERE version = '012';
    END IF;
END
$$;
DROP FUNCTION IF EXISTS keeper.watch, keeper.watch_compare;
DROP TABLE IF EXISTS keeper.mismatches;
