-- Raises an exception unless the database can be looked through: the function runs, the way back has its table.
DO $$
BEGIN
    PERFORM count(*) FROM keeper.integrity(false);
    PERFORM count(*) FROM keeper.integrity_fixes;
    IF pg_get_functiondef('keeper.list_one(text)'::regprocedure) !~ 'pg_attribute' THEN
        RAISE EXCEPTION 'keeper.list_one still needs public.pools.allow_mock';
    END IF;
END
$$;
