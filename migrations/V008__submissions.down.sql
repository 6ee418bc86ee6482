-- Takes V008 back: drops the submissions, but only while none is there.
DO $$
BEGIN
    IF to_regclass('keeper.submissions') IS NOT NULL THEN
        LOCK TABLE keeper.submissions IN ACCESS EXCLUSIVE MODE;
        IF EXISTS (SELECT FROM keeper.submissions) THEN
            RAISE EXCEPTION 'keeper.submissions holds rows: V008 is taken back only while it is empty';
        END IF;
    END IF;
END
$$;
DROP FUNCTION IF EXISTS keeper.submissions_answer, keeper.submission_accept, keeper.submission_use, keeper.submissions_page,
    keeper.submissions_wait;
DROP TABLE IF EXISTS keeper.submissions;
DROP FUNCTION IF EXISTS keeper.unbase58;
DO $$
BEGIN
    IF to_regclass('keeper.schema_migrations') IS NOT NULL THEN
        DELETE FROM keeper.schema_migrations WHERE version = '008';
    END IF;
END
$$;
