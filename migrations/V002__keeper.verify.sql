-- Raises an exception unless the tables and the indexes that the journal's rules rest on are there.
DO $$
DECLARE
    missing text;
BEGIN
    SELECT string_agg(name, ', ') INTO missing
      FROM unnest(ARRAY['lease', 'steps', 'steps_pkey', 'steps_sig_once', 'steps_one_open', 'steps_unsettled', 'bindings', 'bindings_one_draw',
                        'commits', 'commits_pkey', 'commits_seed_once', 'draws', 'draws_pkey', 'draws_address_once', 'draws_app_id',
                        'calls', 'calls_pkey', 'watermarks', 'watermarks_pkey']) AS name
     WHERE to_regclass('keeper.' || name) IS NULL;
    IF missing IS NOT NULL THEN
        RAISE EXCEPTION 'schema keeper lacks %', missing USING HINT = 'run the migrations again from a backup, or restore the schema';
    END IF;
    SELECT string_agg(c.relname, ', ') INTO missing
      FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
     WHERE c.relnamespace = 'keeper'::regnamespace AND NOT (i.indisvalid AND i.indisready);
    IF missing IS NOT NULL THEN
        RAISE EXCEPTION 'indexes of schema keeper are not valid: %', missing USING HINT = 'REINDEX them';
    END IF;
    IF (SELECT count(*) FROM keeper.lease WHERE name = 'keeper') <> 1 THEN
        RAISE EXCEPTION 'keeper.lease has lost its row' USING HINT = 'insert (keeper, '''', 0, -infinity)';
    END IF;
END
$$;
