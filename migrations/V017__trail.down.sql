-- Takes V017 back, but only while nothing is in the trail: what was recorded is nowhere else.
DO $$
DECLARE
    v_name   text;
    occupied boolean := false;
BEGIN
    IF to_regclass('keeper.audit_trail') IS NOT NULL THEN
        LOCK TABLE keeper.audit_trail, keeper.audit_queue, keeper.audit_cuts IN ACCESS EXCLUSIVE MODE;
        SELECT EXISTS (SELECT FROM keeper.audit_trail) OR EXISTS (SELECT FROM keeper.audit_queue) OR EXISTS (SELECT FROM keeper.audit_cuts) INTO occupied;
    END IF;
    IF occupied THEN
        RAISE EXCEPTION 'keeper.audit_trail or keeper.audit_queue holds rows: V017 is taken back only from empty ones';
    END IF;
    IF to_regprocedure('keeper.audited()') IS NOT NULL THEN
        FOREACH v_name IN ARRAY keeper.audited() LOOP
            EXECUTE format('DROP TRIGGER IF EXISTS audited ON %s', v_name);
            EXECUTE format('DROP TRIGGER IF EXISTS audited_truncate ON %s', v_name);
        END LOOP;
    END IF;
    FOREACH v_name IN ARRAY '{keeper.draws,keeper.integrity_fixes,keeper.sponsored,keeper.submissions}'::text[] LOOP
        IF to_regclass(v_name) IS NOT NULL THEN
            EXECUTE format('DROP TRIGGER IF EXISTS touched ON %s', v_name);
            EXECUTE format('ALTER TABLE %s DROP COLUMN IF EXISTS updated_at', v_name);
        END IF;
    END LOOP;
    IF to_regclass('keeper.schema_migrations') IS NOT NULL THEN
        DELETE FROM keeper.schema_migrations WHERE version = '017';
    END IF;
END
$$;
DROP FUNCTION IF EXISTS keeper.audit_faults, keeper.audit_seal, keeper.audit_waits, keeper.audit_hash;
DROP TABLE IF EXISTS keeper.audit_cuts, keeper.audit_trail, keeper.audit_queue;
DROP FUNCTION IF EXISTS keeper.audit_note, keeper.audit_refuse, keeper.touch, keeper.audited;
