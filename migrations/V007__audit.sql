-- Own-wallet audit: every signature that the chain shows for our fee payers is one that the journal holds, or one that somebody
-- else made with our key.

CREATE TABLE keeper.audits (
    wallet         keeper.address PRIMARY KEY,
    began_at       timestamptz    NOT NULL DEFAULT clock_timestamp(),
    began_slot     keeper.slot    NOT NULL,
    signature      keeper.signature,
    slot           keeper.slot,
    checked_at     timestamptz,
    hold_height    keeper.slot    NOT NULL DEFAULT 0,
    database       text           NOT NULL,
    CONSTRAINT audits_watermark_is_whole CHECK (num_nulls(signature, slot, checked_at) IN (0, 3))
);
COMMENT ON TABLE keeper.audits IS 'How far each fee payer''s list of signatures is read without a gap.';
COMMENT ON COLUMN keeper.audits.began_slot IS 'slot of the first audit: what is unknown and not younger is history';
COMMENT ON COLUMN keeper.audits.signature IS 'newest signature that was judged, with its slot; null before the first audit was complete';
COMMENT ON COLUMN keeper.audits.hold_height IS 'until this block height steps that the program does not guard wait: a restore, a start of the server or another signer was seen';
COMMENT ON COLUMN keeper.audits.database IS 'keeper.database_identity() when its last round began: another one means a restore, a failover or a start of the server';

CREATE TABLE keeper.foreign_signatures (
    signature  keeper.signature PRIMARY KEY,
    wallet     keeper.address   NOT NULL,
    slot       keeper.slot      NOT NULL,
    block_time bigint,
    failed     boolean          NOT NULL,
    kind       text             NOT NULL CONSTRAINT foreign_signatures_kind_known CHECK (
        kind IN ('HISTORY', 'MENTION', 'STEP', 'OTHER', 'UNSEEN', 'ANCHOR')),
    first_seen timestamptz      NOT NULL DEFAULT clock_timestamp(),
    told       boolean          NOT NULL,
    memo       text             CONSTRAINT foreign_signatures_memo_fits CHECK (
        CASE kind WHEN 'ANCHOR' THEN coalesce(memo ~ '^poolkeeper [0-9]+ .+ [0-9a-f]{64}$', false) ELSE memo IS NULL END),
    answer     text             CONSTRAINT foreign_signatures_answer_fits CHECK (answer IS NULL OR kind = 'ANCHOR' AND length(answer) BETWEEN 1 AND 500)
);
CREATE INDEX foreign_signatures_anchors ON keeper.foreign_signatures (slot) WHERE kind = 'ANCHOR';
CREATE INDEX foreign_signatures_untold ON keeper.foreign_signatures (wallet) WHERE NOT told;
COMMENT ON TABLE keeper.foreign_signatures IS 'Transactions with one of our wallets that are not in keeper.steps.';
COMMENT ON COLUMN keeper.foreign_signatures.kind IS 'HISTORY: from before the first audit. MENTION: names our wallet, others signed. With our key''s signature: STEP only programs that steps use, OTHER anything else. UNSEEN: no node hands the transaction out. ANCHOR: the lock of a draw.';
COMMENT ON COLUMN keeper.foreign_signatures.memo IS 'of an ANCHOR: poolkeeper, seq, source:key, hash';
COMMENT ON COLUMN keeper.foreign_signatures.answer IS 'what a human says became of this lock; until then nothing is locked';
COMMENT ON COLUMN keeper.foreign_signatures.told IS 'its line is in the log, or it needs none';

CREATE FUNCTION keeper.database_identity() RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_server text;
BEGIN
    BEGIN
        v_server := (SELECT c.system_identifier FROM pg_control_system() c)::text || '.' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8);
    EXCEPTION WHEN insufficient_privilege OR object_not_in_prerequisite_state OR feature_not_supported OR undefined_function THEN
        v_server := '-';
    END;
    -- A dump that is restored makes the table anew, on whatever server, and a copy by CREATE DATABASE is another database.
    -- A volume that is put back to an older state is the same database; but its server was started for it.
    RETURN v_server || '/' || (SELECT d.oid FROM pg_database d WHERE d.datname = current_database()) || '.' || 'keeper.audits'::regclass::oid
        || '/' || extract(epoch FROM pg_postmaster_start_time());
END
$$;
COMMENT ON FUNCTION keeper.database_identity IS 'Which server and which of its timelines this is, "-" where the provider does not say; then, each after a slash, which database and table of it, and when it was started.';

CREATE FUNCTION keeper.database_mark() RETURNS bigint
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT hashtextextended(keeper.database_identity(), 0)
$$;
COMMENT ON FUNCTION keeper.database_mark IS 'Part of the tick''s one statement: another value than at the last audit_begin means that it is due.';

CREATE FUNCTION keeper.database_changed(p_then text, p_now text) RETURNS boolean
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
    -- When it was started says nothing: a server is started again for many reasons.
    SELECT split_part(p_then, '/', 2) <> split_part(p_now, '/', 2)
        OR split_part(p_then, '/', 1) <> split_part(p_now, '/', 1) AND '-' NOT IN (split_part(p_then, '/', 1), split_part(p_now, '/', 1))
$$;
COMMENT ON FUNCTION keeper.database_changed IS 'Private to audit_begin: another server, timeline, database or table. A provider that begins or ceases to say which server it is has changed nothing.';

CREATE FUNCTION keeper.audit_begin(p_fence bigint, p_wallet text, p_slot bigint, p_height bigint)
RETURNS TABLE (began_slot bigint, signature text, slot bigint, hold_height bigint, restored boolean, restarted boolean, untold bigint)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
    v_identity text := keeper.database_identity();
    v_restored boolean;
    v_restarted boolean;
BEGIN
    PERFORM keeper.hold(p_fence);
    INSERT INTO keeper.audits (wallet, began_slot, database) VALUES (p_wallet, p_slot, v_identity) ON CONFLICT DO NOTHING;
    SELECT keeper.database_changed(a.database, v_identity), split_part(a.database, '/', 3) <> split_part(v_identity, '/', 3)
      INTO v_restored, v_restarted FROM keeper.audits a WHERE a.wallet = p_wallet;
    UPDATE keeper.audits a
       SET database = v_identity, hold_height = CASE WHEN v_restored OR v_restarted THEN greatest(a.hold_height, p_height + 150) ELSE a.hold_height END
     WHERE a.wallet = p_wallet AND a.database <> v_identity;
    RETURN QUERY
        SELECT a.began_slot::bigint, a.signature::text, a.slot::bigint, a.hold_height::bigint, v_restored, v_restarted,
               (SELECT count(*) FROM keeper.foreign_signatures f WHERE f.wallet = p_wallet AND NOT f.told)
          FROM keeper.audits a WHERE a.wallet = p_wallet;
END
$$;
COMMENT ON FUNCTION keeper.audit_begin IS 'Where the audit of this wallet stands. Says whether the database is another one than last time, or was started since: what was acknowledged to us may be gone.';

CREATE FUNCTION keeper.audit_unknown(p_signature text[]) RETURNS TABLE (n bigint)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT g.n FROM unnest(p_signature) WITH ORDINALITY AS g (signature, n)
     WHERE NOT EXISTS (SELECT FROM keeper.steps s WHERE s.sig = g.signature)
       AND NOT EXISTS (SELECT FROM keeper.foreign_signatures f WHERE f.signature = g.signature)
     ORDER BY g.n
$$;
COMMENT ON FUNCTION keeper.audit_unknown IS 'Which of these (by place) neither the journal holds nor an audit has judged.';

CREATE FUNCTION keeper.audit_import(
    p_fence bigint, p_wallet text, p_height bigint, p_signature text[], p_slot bigint[], p_block_time bigint[], p_failed boolean[], p_kind text[], p_memo bytea[])
RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_written bigint;
    v_alerts  bigint;
BEGIN
    PERFORM keeper.hold(p_fence);
    WITH written AS (
        INSERT INTO keeper.foreign_signatures (signature, wallet, slot, block_time, failed, kind, told, memo)
        SELECT g.signature, p_wallet, g.slot, nullif(g.block_time, 0), g.failed, g.kind, g.kind IN ('HISTORY', 'MENTION'), convert_from(g.memo, 'UTF8')
          FROM unnest(p_signature, p_slot, p_block_time, p_failed, p_kind, p_memo) AS g (signature, slot, block_time, failed, kind, memo)
        ON CONFLICT DO NOTHING
        RETURNING told
    )
    SELECT count(*), count(*) FILTER (WHERE NOT w.told) INTO v_written, v_alerts FROM written w;
    UPDATE keeper.audits a SET hold_height = p_height + 150 WHERE v_alerts > 0 AND a.wallet = p_wallet AND a.hold_height < p_height + 150;
    RETURN v_written;
END
$$;
COMMENT ON FUNCTION keeper.audit_import IS 'Signatures that are not ours, each once. Those that our key made hold unguarded steps back for 150 blocks.';

CREATE FUNCTION keeper.audit_done(p_fence bigint, p_wallet text, p_signature text, p_slot bigint) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_written bigint;
BEGIN
    PERFORM keeper.hold(p_fence);
    IF NOT EXISTS (SELECT FROM keeper.audits a WHERE a.wallet = p_wallet AND a.database = keeper.database_identity()) THEN
        RETURN 0;
    END IF;
    UPDATE keeper.foreign_signatures f SET told = true WHERE f.wallet = p_wallet AND NOT f.told;
    UPDATE keeper.audits a SET signature = p_signature, slot = p_slot, checked_at = clock_timestamp()
     WHERE a.wallet = p_wallet AND p_signature IS NOT NULL AND coalesce(a.slot, 0) <= p_slot;
    GET DIAGNOSTICS v_written = ROW_COUNT;
    RETURN v_written;
END
$$;
COMMENT ON FUNCTION keeper.audit_done IS 'Everything up to this signature is judged, and what is not ours was told. In another database than the one that was asked nothing is.';
