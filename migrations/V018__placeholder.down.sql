-- Keeps the number until its file is there.
DO $$
BEGIN
    IF to_regclass('keeper.schema_migrations') IS NOT NULL THEN
        DELETE FROM keeper.schema_migrations WHERE version = '018';
    END IF;
END
$$;
