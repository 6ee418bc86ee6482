-- Raises an exception unless of each randomness account one row is the newest, and found by an index.
DO $$
DECLARE
    wrong text;
BEGIN
    SELECT string_agg(name, ', ') INTO wrong FROM unnest(ARRAY['bindings_newest', 'bindings_account', 'draws_no']) AS name WHERE to_regclass('keeper.' || name) IS NULL;
    IF wrong IS NOT NULL THEN
        RAISE EXCEPTION 'schema keeper lacks %', wrong;
    END IF;
    IF NOT EXISTS (SELECT FROM pg_trigger WHERE tgrelid = 'keeper.bindings'::regclass AND tgname = 'bindings_follow' AND tgenabled IN ('O', 'A')) THEN
        RAISE EXCEPTION 'keeper.bindings lacks its trigger bindings_follow';
    END IF;
END
$$;
