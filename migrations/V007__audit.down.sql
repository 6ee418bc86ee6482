-- Takes V007 back: the next audit reads the whole list again.
DROP FUNCTION IF EXISTS keeper.audit_done, keeper.audit_import, keeper.audit_unknown, keeper.audit_begin, keeper.database_changed, keeper.database_mark, keeper.database_identity;
DROP TABLE IF EXISTS keeper.foreign_signatures, keeper.audits;
DO $$
BEGIN
    IF to_regclass('keeper.schema_migrations') IS NOT NULL THEN
        DELETE FROM keeper.schema_migrations WHERE version = '007';
    END IF;
END
$$;
