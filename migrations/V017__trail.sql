-- The audit trail: who changed which row of the money tables, when, and what it was before. A hash chain makes it tamper-evident.
--
-- A change is noted in its own transaction, in keeper.audit_queue: a plain insert, so writers never wait for each other. Later
-- one statement moves what is committed to the end of keeper.audit_trail, where each row's hash covers the row and the hash
-- before it. What is not sealed yet is a minute's worth while a daemon runs.

CREATE TABLE keeper.audit_queue (
    id           bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at           timestamptz NOT NULL,
    xid          bigint      NOT NULL,
    relation     text        NOT NULL,
    operation    text        NOT NULL CONSTRAINT audit_queue_operation_known CHECK (operation IN ('INSERT', 'UPDATE', 'DELETE', 'TRUNCATE')),
    key          jsonb,
    before       jsonb,
    after        jsonb,
    session_role text        NOT NULL,
    acting_role  text        NOT NULL,
    application  text        NOT NULL,
    client       inet
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);
COMMENT ON TABLE keeper.audit_queue IS 'Changes of audited tables that are not sealed yet; keeper.audit_seal() moves them to keeper.audit_trail.';

CREATE TABLE keeper.audit_trail (
    n            bigint      PRIMARY KEY CONSTRAINT audit_trail_n_counts CHECK (n >= 1),
    at           timestamptz NOT NULL,
    xid          bigint      NOT NULL,
    relation     text        NOT NULL,
    operation    text        NOT NULL CONSTRAINT audit_trail_operation_known CHECK (operation IN ('INSERT', 'UPDATE', 'DELETE', 'TRUNCATE')),
    key          jsonb,
    before       jsonb,
    after        jsonb,
    session_role text        NOT NULL,
    acting_role  text        NOT NULL,
    application  text        NOT NULL,
    client       inet,
    prev_hash    bytea       NOT NULL CONSTRAINT audit_trail_prev_hash_size CHECK (length(prev_hash) = 32),
    hash         bytea       NOT NULL CONSTRAINT audit_trail_hash_size CHECK (length(hash) = 32)
);
CREATE INDEX audit_trail_key ON keeper.audit_trail (relation, key);
CREATE INDEX audit_trail_at ON keeper.audit_trail USING brin (at);
COMMENT ON TABLE keeper.audit_trail IS 'Who changed what and when: append-only, numbered without a gap, each row hashed with the one before.';
COMMENT ON COLUMN keeper.audit_trail.n IS 'in the order of sealing: rows of one transaction are in their order';
COMMENT ON COLUMN keeper.audit_trail.at IS 'when the row was changed; the transaction was committed later';
COMMENT ON COLUMN keeper.audit_trail.xid IS 'the transaction, by the numbers of the server that it ran on';
COMMENT ON COLUMN keeper.audit_trail.key IS 'the primary key of the row, as it was before';
COMMENT ON COLUMN keeper.audit_trail.before IS 'DELETE: the row; UPDATE: its columns that changed; TRUNCATE: how many rows';
COMMENT ON COLUMN keeper.audit_trail.after IS 'INSERT: the row; UPDATE: the same columns as in before';
COMMENT ON COLUMN keeper.audit_trail.session_role IS 'who logged in; acting_role differs after SET ROLE';
COMMENT ON COLUMN keeper.audit_trail.client IS 'address of the client or its pooler; null: a socket of the same machine';
COMMENT ON COLUMN keeper.audit_trail.prev_hash IS 'hash of row n - 1; 32 zero bytes before the first one';
COMMENT ON COLUMN keeper.audit_trail.hash IS 'see keeper.audit_hash()';

CREATE TABLE keeper.audit_cuts (
    n      bigint      PRIMARY KEY,
    hash   bytea       NOT NULL CONSTRAINT audit_cuts_hash_size CHECK (length(hash) = 32),
    rows   bigint      NOT NULL,
    cut_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    cut_by text        NOT NULL DEFAULT session_user
);
COMMENT ON TABLE keeper.audit_cuts IS 'Where scripts/db archive took the older rows of keeper.audit_trail away: the chain goes on from here.';
COMMENT ON COLUMN keeper.audit_cuts.n IS 'the last row that was taken away, with its hash';

-- Whole microseconds: extract() gives a double in Postgres 13 and a numeric from 14, whose texts differ. The double is exact enough
-- to round to the same microsecond until 2106.
CREATE FUNCTION keeper.audit_hash(p_prev_hash bytea, p_row keeper.audit_trail) RETURNS bytea
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT sha256(p_prev_hash || convert_to(jsonb_build_array(p_row.n, round(extract(epoch FROM p_row.at) * 1000000)::bigint, p_row.xid, p_row.relation,
        p_row.operation, p_row.key, p_row.before, p_row.after, p_row.session_role, p_row.acting_role, p_row.application, host(p_row.client))::text, 'UTF8'))
$$;
COMMENT ON FUNCTION keeper.audit_hash IS 'SHA-256 of the hash before and the row as a JSON array, in the text form of jsonb; the time as microseconds since 1970.';

CREATE FUNCTION keeper.audited() RETURNS text[]
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT '{keeper.bindings,keeper.calls,keeper.commits,keeper.draws,keeper.integrity_fixes,keeper.referral_payouts,keeper.referral_periods,keeper.referral_shares,keeper.sponsored,keeper.steps,keeper.submissions}'::text[]
$$;
COMMENT ON FUNCTION keeper.audited IS 'The tables that say who won, who was paid what, and by which transaction. docs/database.md says why the others are not here.';

-- As its owner: who changes an audited row needs no right on the trail, and has none. The trigger's arguments are the key's columns.
CREATE FUNCTION keeper.audit_note() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_before jsonb;
    v_after  jsonb;
    v_key    jsonb;
BEGIN
    IF TG_OP = 'TRUNCATE' THEN
        EXECUTE format('SELECT jsonb_build_object(''rows'', count(*)) FROM %I.%I', TG_TABLE_SCHEMA, TG_TABLE_NAME) INTO v_before;
    ELSE
        v_before := CASE WHEN TG_OP <> 'INSERT' THEN to_jsonb(OLD) END;
        v_after := CASE WHEN TG_OP <> 'DELETE' THEN to_jsonb(NEW) END;
        SELECT jsonb_object_agg(a.name, coalesce(v_before, v_after) -> a.name) INTO v_key FROM unnest(TG_ARGV) AS a (name);
    END IF;
    IF TG_OP = 'UPDATE' THEN
        -- When it changed is in this row already; that somebody looked at a row is no change.
        SELECT jsonb_object_agg(b.key, b.value), jsonb_object_agg(b.key, v_after -> b.key) INTO v_before, v_after
          FROM jsonb_each(v_before) AS b WHERE b.value <> v_after -> b.key AND b.key NOT IN ('updated_at', 'looked_at');
        IF v_before IS NULL THEN
            RETURN NULL;
        END IF;
    END IF;
    INSERT INTO keeper.audit_queue (at, xid, relation, operation, key, before, after, session_role, acting_role, application, client)
    VALUES (clock_timestamp(), pg_current_xact_id()::text::bigint, TG_TABLE_SCHEMA || '.' || TG_TABLE_NAME, TG_OP, v_key, v_before, v_after,
            session_user, coalesce(nullif(current_setting('role'), 'none'), session_user), current_setting('application_name'), inet_client_addr());
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION keeper.audit_note IS 'Notes a change of an audited table in its own transaction.';

CREATE FUNCTION keeper.audit_waits() RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT (SELECT q.id FROM keeper.audit_queue q ORDER BY q.id LIMIT 1) IS NOT NULL
$$;
COMMENT ON FUNCTION keeper.audit_waits IS 'Part of the tick''s one statement: is there anything to seal?';

CREATE FUNCTION keeper.audit_seal(p_fence bigint, p_limit integer) RETURNS TABLE (sealed bigint, n bigint, hash bytea, more boolean)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '1500ms' AS $$
DECLARE
    v_row keeper.audit_trail;
BEGIN
    PERFORM keeper.hold(p_fence);
    -- Only sealers take it: nobody who changes a row waits for one.
    PERFORM pg_advisory_xact_lock(7350271156);
    SELECT h.n, h.hash INTO n, hash FROM (
        SELECT t.n, t.hash FROM keeper.audit_trail t UNION ALL SELECT c.n, c.hash FROM keeper.audit_cuts c) h ORDER BY h.n DESC LIMIT 1;
    n := coalesce(n, 0);
    hash := coalesce(hash, decode(repeat('00', 32), 'hex'));
    sealed := 0;
    FOR v_row IN
        WITH taken AS (
            DELETE FROM keeper.audit_queue q WHERE q.id IN (SELECT o.id FROM keeper.audit_queue o ORDER BY o.id LIMIT p_limit) RETURNING q.*)
        SELECT audit_seal.n + row_number() OVER (ORDER BY k.id), k.at, k.xid, k.relation, k.operation, k.key, k.before, k.after,
               k.session_role, k.acting_role, k.application, k.client, NULL::bytea, NULL::bytea
          FROM taken k ORDER BY k.id
    LOOP
        v_row.prev_hash := hash;
        v_row.hash := keeper.audit_hash(hash, v_row);
        INSERT INTO keeper.audit_trail SELECT v_row.*;
        n := v_row.n;
        hash := v_row.hash;
        sealed := sealed + 1;
    END LOOP;
    more := sealed = p_limit;
    RETURN NEXT;
END
$$;
COMMENT ON FUNCTION keeper.audit_seal IS 'Moves committed changes to the end of the trail. n and hash are those of its last row: who keeps them elsewhere sees a cut.';

CREATE FUNCTION keeper.audit_faults() RETURNS TABLE (n bigint, fault text)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    WITH start AS (
        SELECT coalesce(max(c.n), 0) AS n, coalesce((array_agg(c.hash ORDER BY c.n DESC))[1], decode(repeat('00', 32), 'hex')) AS hash
          FROM keeper.audit_cuts c
    ), chain AS (
        SELECT t AS r, t.n, t.hash, t.prev_hash, coalesce(lag(t.n) OVER w, s.n) AS last_n, coalesce(lag(t.hash) OVER w, s.hash) AS last_hash
          FROM keeper.audit_trail t CROSS JOIN start s WINDOW w AS (ORDER BY t.n)
    )
    SELECT c.last_n + 1, format('rows %s to %s are missing', c.last_n + 1, c.n - 1) FROM chain c WHERE c.n > c.last_n + 1
    UNION ALL
    SELECT c.n, 'was archived, and is here' FROM chain c WHERE c.n <= c.last_n
    UNION ALL
    SELECT c.n, CASE WHEN c.prev_hash <> c.last_hash THEN 'does not follow the row before' ELSE 'is not what was sealed' END
      FROM chain c WHERE c.n = c.last_n + 1 AND (c.prev_hash <> c.last_hash OR c.hash <> keeper.audit_hash(c.prev_hash, c.r))
    UNION ALL
    SELECT NULL, format('trigger %s of %s is %s', w.name, w.relation, CASE WHEN t.tgenabled IS NULL THEN 'gone' ELSE 'off' END)
      FROM (SELECT r.relation, x.name FROM unnest(keeper.audited()) AS r (relation) CROSS JOIN (VALUES ('audited'), ('audited_truncate')) AS x (name)
            UNION ALL SELECT 'keeper.audit_' || g.name, 'append_only' FROM (VALUES ('trail'), ('queue'), ('cuts')) AS g (name)) AS w (relation, name)
      LEFT JOIN pg_trigger t ON t.tgrelid = to_regclass(w.relation) AND t.tgname = w.name
     WHERE t.tgenabled IS DISTINCT FROM 'A'
     ORDER BY 1 NULLS LAST, 2
$$;
COMMENT ON FUNCTION keeper.audit_faults IS 'Every break of the chain by n, the first one first, and triggers that do not note any more. A cut of the end needs a head that was kept elsewhere.';

CREATE FUNCTION keeper.audit_refuse() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RAISE EXCEPTION USING ERRCODE = 'insufficient_privilege', MESSAGE = format('%I.%I is append-only: %s is refused', TG_TABLE_SCHEMA, TG_TABLE_NAME, TG_OP),
        HINT = 'scripts/db archive takes old rows away';
END
$$;
COMMENT ON FUNCTION keeper.audit_refuse IS 'For everybody, the owner too.';
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON keeper.audit_trail FOR EACH STATEMENT EXECUTE FUNCTION keeper.audit_refuse();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON keeper.audit_cuts FOR EACH STATEMENT EXECUTE FUNCTION keeper.audit_refuse();
CREATE TRIGGER append_only BEFORE UPDATE OR TRUNCATE ON keeper.audit_queue FOR EACH STATEMENT EXECUTE FUNCTION keeper.audit_refuse();

-- When a row was changed that a person may correct by hand. The hot tables have times of their own for each thing that happens to a row.
CREATE FUNCTION keeper.touch() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    NEW.updated_at := clock_timestamp();
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION keeper.touch IS 'Sets updated_at with every UPDATE.';
ALTER TABLE keeper.draws ADD COLUMN updated_at timestamptz;
ALTER TABLE keeper.integrity_fixes ADD COLUMN updated_at timestamptz;
ALTER TABLE keeper.sponsored ADD COLUMN updated_at timestamptz;
ALTER TABLE keeper.submissions ADD COLUMN updated_at timestamptz;

DO $$
DECLARE
    v_name text;
    v_key  text;
BEGIN
    FOREACH v_name IN ARRAY '{keeper.draws,keeper.integrity_fixes,keeper.sponsored,keeper.submissions}'::text[] LOOP
        EXECUTE format('COMMENT ON COLUMN %s.updated_at IS ''null: as it was inserted''', v_name);
        EXECUTE format('CREATE TRIGGER touched BEFORE UPDATE ON %s FOR EACH ROW EXECUTE FUNCTION keeper.touch()', v_name);
    END LOOP;
    FOREACH v_name IN ARRAY keeper.audited() LOOP
        SELECT string_agg(quote_literal(a.attname), ', ' ORDER BY array_position(i.indkey::smallint[], a.attnum)) INTO v_key
          FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey)
         WHERE i.indrelid = v_name::regclass AND i.indisprimary;
        EXECUTE format('CREATE TRIGGER audited AFTER INSERT OR UPDATE OR DELETE ON %s FOR EACH ROW EXECUTE FUNCTION keeper.audit_note(%s)', v_name, v_key);
        EXECUTE format('CREATE TRIGGER audited_truncate BEFORE TRUNCATE ON %s FOR EACH STATEMENT EXECUTE FUNCTION keeper.audit_note()', v_name);
        EXECUTE format('ALTER TABLE %s ENABLE ALWAYS TRIGGER audited, ENABLE ALWAYS TRIGGER audited_truncate', v_name);
    END LOOP;
    -- Whatever session_replication_role says.
    FOREACH v_name IN ARRAY '{keeper.audit_trail,keeper.audit_queue,keeper.audit_cuts}'::text[] LOOP
        EXECUTE format('ALTER TABLE %s ENABLE ALWAYS TRIGGER append_only', v_name);
    END LOOP;
END
$$;
