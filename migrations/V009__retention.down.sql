-- Takes V009 back: drops the function; no data is lost.
DROP FUNCTION IF EXISTS keeper.retain;
DO $$
BEGIN
    IF to_regclass('keeper.schema_migrations') IS NOT NULL THEN
        DELETE FROM keeper.schema_migrations WHERE version = '009';
    END IF;
END
$$;
