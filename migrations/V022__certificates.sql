-- Certificates: for each draw that is over the one document by which anybody computes it again. A row is all that a certificate
-- has beside the draw itself: its place in the chain of certificates, and the operator's signature. The text is made of both, the
-- same bytes each time, so a file that is lost is written again. docs/certificate.md has the form.

CREATE TABLE keeper.certificates (
    serial    bigint         PRIMARY KEY,
    previous  keeper.hash32  NOT NULL CONSTRAINT certificates_previous_once UNIQUE,
    hash      keeper.hash32  NOT NULL CONSTRAINT certificates_hash_once UNIQUE,
    draw      uuid           NOT NULL CONSTRAINT certificates_draw_once UNIQUE REFERENCES keeper.offchain_draws (draw),
    made      timestamptz    NOT NULL CONSTRAINT certificates_made_is_whole CHECK (date_trunc('second', made) = made),
    key       keeper.hash32  NOT NULL,
    signature bytea          NOT NULL CONSTRAINT certificates_signature_size CHECK (length(signature) = 64)
);
COMMENT ON TABLE keeper.certificates IS 'One per settled draw, numbered without a gap; rows are only added.';
COMMENT ON COLUMN keeper.certificates.hash IS 'SHA-256 of the body: certificate_body() gives the very bytes';
COMMENT ON COLUMN keeper.certificates.signature IS 'ed25519 by key over "PKCERT01" and hash';

ALTER TABLE keeper.offchain_draws
    ADD COLUMN certificate bigint CONSTRAINT offchain_draws_certificate_fkey REFERENCES keeper.certificates (serial),
    ADD CONSTRAINT offchain_draws_certificate_is_of_settled CHECK (certificate IS NULL OR state = 'settled');
CREATE INDEX offchain_draws_no_certificate ON keeper.offchain_draws (settled_at, draw) WHERE state = 'settled' AND certificate IS NULL;
COMMENT ON COLUMN keeper.offchain_draws.certificate IS 'written by the certificate''s row itself';

-- ---- the text ----

CREATE FUNCTION keeper.certificate_awards(p_draw uuid) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    WITH pick AS (
        SELECT p.pick, p.entry, r.reason, p.pick >= d.prizes AS alternate, d.amounts[p.pick + 1] AS amount, d.payments[p.pick + 1] AS payment
          FROM keeper.offchain_draws d JOIN keeper.offchain_picks p USING (draw) LEFT JOIN keeper.offchain_refused(p_draw) r USING (pick) WHERE d.draw = p_draw
    ), alternate AS (
        -- turn: the how manieth refused prize comes to this alternate, because so many usable ones stand before it.
        SELECT a.pick, a.reason, 1 + count(*) FILTER (WHERE a.reason IS NULL) OVER (ORDER BY a.pick ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS turn
          FROM pick a WHERE a.alternate AND a.entry IS NOT NULL
    ), prize AS (
        SELECT p.*, count(p.reason) OVER (ORDER BY p.pick) AS turn FROM pick p WHERE NOT p.alternate
    ), award AS (
        SELECT p.pick AS prize, p.amount, p.payment,
               CASE WHEN p.reason IS NULL THEN CASE WHEN p.entry IS NOT NULL THEN p.pick END
                    ELSE (SELECT a.pick FROM alternate a WHERE a.reason IS NULL AND a.turn = p.turn) END AS pick,
               (SELECT string_agg(format('{"pick":"%s","reason":"%s"}', x.pick, x.reason), ',' ORDER BY x.pick)
                  FROM (SELECT p.pick, p.reason WHERE p.reason IS NOT NULL
                        UNION ALL SELECT a.pick, a.reason FROM alternate a WHERE p.reason IS NOT NULL AND a.reason IS NOT NULL AND a.turn = p.turn) AS x) AS refused
          FROM prize p
    )
    SELECT string_agg(format('{"amount":"%s","payment":"%s",%s"refused":[%s]}', a.amount, a.payment,
                             CASE WHEN a.pick IS NOT NULL THEN format('"pick":"%s",', a.pick) END, a.refused), ',' ORDER BY a.prize)
      FROM award a
$$;
COMMENT ON FUNCTION keeper.certificate_awards IS 'Who got which prize: its own pick, or after refusals the first alternate that is left; all refusals on the way.';

CREATE FUNCTION keeper.certificate_draw(d keeper.offchain_draws) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT format('{"anchor":{"signature":"%s","slot":"%s"},"awards":[%s],"beta":"%s","block":{"hash":"%s","parent_slot":"%s","slot":"%s","time":"%s"},'
            '"lock":%s,"picks":[%s],%s"round":{"checked_by":"%s","number":"%s","signature":"%s"}}',
        d.anchor_sig, d.anchor_slot, keeper.certificate_awards(d.draw), encode(d.beta, 'hex'), keeper.base58(d.blockhash), d.parent_slot, d.block_slot, d.block_time,
        keeper.offchain_lock_text(d),
        (SELECT string_agg(CASE WHEN p.entry IS NULL THEN '{}' ELSE format('{"attempt":"%s","entry":"%s","number":"%s","participant":"%s","total":"%s"}',
                               p.attempt, p.entry, p.number, encode(e.participant, 'hex'), p.total) END, ',' ORDER BY p.pick)
           FROM keeper.offchain_picks p LEFT JOIN keeper.offchain_entries e USING (draw, entry) WHERE p.draw = d.draw),
        CASE WHEN d.proof IS NOT NULL THEN format('"proof":"%s",', encode(d.proof, 'hex')) END, d.checked_by, d.round, encode(d.drand_signature, 'hex'))
$$;
COMMENT ON FUNCTION keeper.certificate_draw IS 'The member "draw" of the certificate of a settled draw, byte for byte.';

CREATE FUNCTION keeper.certificate_body(c keeper.certificates) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT format('{"draw":%s,"format":"poolkeeper-certificate-1","made":"%s","previous":"%s","serial":"%s"}',
        keeper.certificate_draw(d), extract(epoch FROM c.made)::bigint, encode(c.previous, 'hex'), c.serial)
      FROM keeper.offchain_draws d WHERE d.draw = c.draw
$$;
COMMENT ON FUNCTION keeper.certificate_body IS 'What the certificate key signs, by its SHA-256.';

CREATE FUNCTION keeper.certificate_name(c keeper.certificates) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT c.serial || '-' || c.draw || '.json'
$$;
COMMENT ON FUNCTION keeper.certificate_name IS 'The name of its file.';

CREATE FUNCTION keeper.certificate_tickets(p_draw uuid, p_from bigint, p_max bigint) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT string_agg('["' || encode(e.participant, 'hex') || '","' || e.weight || '"]', ',' ORDER BY e.entry)
      FROM keeper.offchain_entries e WHERE e.draw = p_draw AND e.entry >= p_from AND e.entry < p_from + p_max
$$;
COMMENT ON FUNCTION keeper.certificate_tickets IS 'A part of the list behind the body; null where there are no more.';

-- ---- the chain ----

CREATE FUNCTION keeper.certificate_new() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_last keeper.certificates;
BEGIN
    PERFORM pg_advisory_xact_lock(7350271159);
    SELECT * INTO v_last FROM keeper.certificates c ORDER BY c.serial DESC LIMIT 1;
    IF NEW.serial IS DISTINCT FROM coalesce(v_last.serial, 0) + 1 OR NEW.previous IS DISTINCT FROM coalesce(v_last.hash, decode(repeat('00', 32), 'hex')) THEN
        RAISE EXCEPTION USING ERRCODE = 'PK002', MESSAGE = format('certificate %s does not follow number %s', NEW.serial, coalesce(v_last.serial, 0));
    ELSIF NOT EXISTS (SELECT FROM keeper.offchain_draws d WHERE d.draw = NEW.draw AND d.state = 'settled') THEN
        RAISE EXCEPTION USING ERRCODE = 'PK002', MESSAGE = format('draw %s is not settled: there is nothing to certify', NEW.draw);
    ELSIF NEW.hash IS DISTINCT FROM sha256(convert_to(keeper.certificate_body(NEW), 'UTF8')) THEN
        RAISE EXCEPTION USING ERRCODE = 'PK002', MESSAGE = format('certificate %s has another hash than its body', NEW.serial);
    END IF;
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION keeper.certificate_new IS 'A certificate follows the one before it, is of a draw that is over, and has the hash of what it says.';

CREATE FUNCTION keeper.certificate_told() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    UPDATE keeper.offchain_draws d SET certificate = NEW.serial WHERE d.draw = NEW.draw;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION keeper.certificate_told IS 'The draw says which certificate is its.';

CREATE TRIGGER certificates_new BEFORE INSERT ON keeper.certificates FOR EACH ROW EXECUTE FUNCTION keeper.certificate_new();
CREATE TRIGGER certificates_told AFTER INSERT ON keeper.certificates FOR EACH ROW EXECUTE FUNCTION keeper.certificate_told();
CREATE TRIGGER certificates_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON keeper.certificates EXECUTE FUNCTION keeper.offchain_kept();
ALTER TABLE keeper.certificates ENABLE ALWAYS TRIGGER certificates_new, ENABLE ALWAYS TRIGGER certificates_told, ENABLE ALWAYS TRIGGER certificates_kept;

-- ---- the daemon's verbs ----

CREATE FUNCTION keeper.certificate_next() RETURNS TABLE (draw uuid, serial bigint, previous bytea, made bigint, body text)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT n.draw, n.serial, n.previous::bytea, extract(epoch FROM n.made)::bigint, keeper.certificate_body(n)
      FROM (SELECT d.draw FROM keeper.offchain_draws d WHERE d.state = 'settled' AND d.certificate IS NULL ORDER BY d.settled_at, d.draw LIMIT 1) AS d
     CROSS JOIN LATERAL (SELECT coalesce(max(l.serial), 0) AS serial FROM keeper.certificates l) AS m
      LEFT JOIN keeper.certificates l ON l.serial = m.serial
     CROSS JOIN LATERAL jsonb_populate_record(NULL::keeper.certificates, jsonb_build_object('serial', m.serial + 1,
           'previous', coalesce(l.hash, decode(repeat('00', 32), 'hex')), 'draw', d.draw, 'made', date_trunc('second', clock_timestamp()))) AS n
$$;
COMMENT ON FUNCTION keeper.certificate_next IS 'The next certificate that is missing, as it will be once its hash is signed; no row: none is.';

CREATE FUNCTION keeper.certificate_add(p_fence bigint, p_draw uuid, p_serial bigint, p_previous bytea, p_made bigint, p_hash bytea, p_key bytea, p_signature bytea)
RETURNS SETOF keeper.certificates
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM keeper.hold(p_fence);
    -- Whoever comes at the same time waits, and then reads that it is there.
    PERFORM pg_advisory_xact_lock(7350271159);
    IF NOT EXISTS (SELECT FROM keeper.certificates c WHERE c.draw = p_draw) THEN
        INSERT INTO keeper.certificates (serial, previous, hash, draw, made, key, signature)
        VALUES (p_serial, p_previous, p_hash, p_draw, to_timestamp(p_made), p_key, p_signature);
    END IF;
    RETURN QUERY SELECT * FROM keeper.certificates c WHERE c.draw = p_draw;
END
$$;
COMMENT ON FUNCTION keeper.certificate_add IS 'The signed certificate of a draw, once; then it is read back.';

CREATE FUNCTION keeper.certificate_files(p_after bigint, p_max bigint) RETURNS TABLE (serial bigint, name text)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT c.serial, keeper.certificate_name(c) FROM keeper.certificates c WHERE c.serial > p_after ORDER BY c.serial LIMIT p_max
$$;
COMMENT ON FUNCTION keeper.certificate_files IS 'The names of the files that there are, in their order.';

CREATE FUNCTION keeper.certificate_head(p_serial bigint) RETURNS TABLE (draw uuid, n bigint, head text)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    c      keeper.certificates;
    v_body text;
BEGIN
    SELECT * INTO c FROM keeper.certificates x WHERE x.serial = p_serial;
    v_body := keeper.certificate_body(c);
    IF c.hash IS DISTINCT FROM sha256(convert_to(v_body, 'UTF8')) THEN
        RAISE EXCEPTION USING ERRCODE = 'PK002', MESSAGE = CASE WHEN c.serial IS NULL THEN format('there is no certificate %s', p_serial)
            ELSE format('certificate %s: its draw was changed after it was signed', p_serial) END;
    END IF;
    RETURN QUERY SELECT d.draw, d.n, format('{"body":%s,"key":"%s","signature":"%s","tickets":[', v_body, keeper.base58(c.key), keeper.base58(c.signature))
        FROM keeper.offchain_draws d WHERE d.draw = c.draw;
END
$$;
COMMENT ON FUNCTION keeper.certificate_head IS 'The file of a certificate up to its list of tickets; then follow certificate_tickets(), brackets, and a newline.';
