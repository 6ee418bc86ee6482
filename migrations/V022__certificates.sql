-- Certificates: for each draw that is over the one document by which anybody computes it again. A row is all that a certificate
-- has beside the draw itself: its place in the chain of certificates, and the operator's signature. The text is made of both, the
-- same bytes each time, so a file that is lost is written again. docs/certificate.md has the form.

-- What a pool's certificate says is partly on chain only, where accounts are closed and histories end: it is read once, when the
-- draw is over, and kept.
CREATE TABLE keeper.pool_proofs (
    draw        keeper.subject PRIMARY KEY,
    since       timestamptz    NOT NULL DEFAULT clock_timestamp(),
    member      text           CONSTRAINT pool_proofs_member_is_plain CHECK (member ~ '^[{][ -~]*[}]$' AND length(member) < 32768),
    why         text           CONSTRAINT pool_proofs_why_known CHECK (
        why IN ('history_incomplete', 'not_drawn_here', 'too_many', 'not_available', 'bad_transaction', 'terms_changed', 'account_gone',
                'order_unknown', 'no_commit_row', 'no_oracle_key', 'records_differ')),
    proved_at   timestamptz,
    certificate bigint         CONSTRAINT pool_proofs_certificate_has_member CHECK (certificate IS NULL OR member IS NOT NULL),
    CONSTRAINT pool_proofs_one_answer CHECK (num_nonnulls(member, why) = CASE WHEN proved_at IS NULL THEN 0 ELSE 1 END)
);
CREATE INDEX pool_proofs_open ON keeper.pool_proofs (since, draw) WHERE proved_at IS NULL;
CREATE INDEX pool_proofs_no_certificate ON keeper.pool_proofs (proved_at, draw) WHERE member IS NOT NULL AND certificate IS NULL;
COMMENT ON TABLE keeper.pool_proofs IS 'One per paid draw of a pool: what its certificate says, or why there is none.';
COMMENT ON COLUMN keeper.pool_proofs.member IS 'the member "pool" of the certificate, byte for byte';
COMMENT ON COLUMN keeper.pool_proofs.why IS 'what could not be known; set it to null, with proved_at, to have it tried again';
COMMENT ON COLUMN keeper.pool_proofs.certificate IS 'written by the certificate''s row itself';

CREATE TABLE keeper.certificates (
    serial    bigint         PRIMARY KEY,
    previous  keeper.hash32  NOT NULL CONSTRAINT certificates_previous_once UNIQUE,
    hash      keeper.hash32  NOT NULL CONSTRAINT certificates_hash_once UNIQUE,
    draw      uuid           CONSTRAINT certificates_draw_once UNIQUE REFERENCES keeper.offchain_draws (draw),
    pool      keeper.subject CONSTRAINT certificates_pool_once UNIQUE REFERENCES keeper.pool_proofs (draw),
    made      timestamptz    NOT NULL CONSTRAINT certificates_made_is_whole CHECK (date_trunc('second', made) = made),
    key       keeper.hash32  NOT NULL,
    signature bytea          NOT NULL CONSTRAINT certificates_signature_size CHECK (length(signature) = 64),
    CONSTRAINT certificates_of_one CHECK (num_nonnulls(draw, pool) = 1)
);
COMMENT ON TABLE keeper.certificates IS 'One per draw that is over, numbered without a gap; rows are only added.';
COMMENT ON COLUMN keeper.certificates.draw IS 'of a draw off chain';
COMMENT ON COLUMN keeper.certificates.pool IS 'of a pool''s draw';
ALTER TABLE keeper.pool_proofs ADD CONSTRAINT pool_proofs_certificate_fkey FOREIGN KEY (certificate) REFERENCES keeper.certificates (serial);
COMMENT ON COLUMN keeper.certificates.hash IS 'SHA-256 of the body: certificate_body() gives the very bytes';
COMMENT ON COLUMN keeper.certificates.signature IS 'ed25519 by key over "PKCERT01" and hash';

ALTER TABLE keeper.offchain_draws
    ADD COLUMN certificate bigint CONSTRAINT offchain_draws_certificate_fkey REFERENCES keeper.certificates (serial),
    ADD CONSTRAINT offchain_draws_certificate_is_of_over CHECK (certificate IS NULL OR state IN ('settled', 'refunded'));
CREATE INDEX offchain_draws_no_certificate ON keeper.offchain_draws (coalesce(settled_at, refunded_at), draw) WHERE state IN ('settled', 'refunded') AND certificate IS NULL;
COMMENT ON COLUMN keeper.offchain_draws.certificate IS 'written by the certificate''s row itself';

-- ---- the text ----

CREATE FUNCTION keeper.certificate_awards(p_draw uuid) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    WITH pick AS (
        SELECT p.pick, p.entry, r.reason, floor(extract(epoch FROM r.at)) AS at, p.pick >= d.prizes AS alternate, d.amounts[p.pick + 1] AS amount, d.payments[p.pick + 1] AS payment
          FROM keeper.offchain_draws d JOIN keeper.offchain_picks p USING (draw) LEFT JOIN keeper.offchain_refused(p_draw) r USING (pick) WHERE d.draw = p_draw
    ), alternate AS (
        -- turn: the how manieth refused prize comes to this alternate, because so many usable ones stand before it.
        SELECT a.pick, a.reason, a.at, 1 + count(*) FILTER (WHERE a.reason IS NULL) OVER (ORDER BY a.pick ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS turn
          FROM pick a WHERE a.alternate AND a.entry IS NOT NULL
    ), prize AS (
        SELECT p.*, count(p.reason) OVER (ORDER BY p.pick) AS turn FROM pick p WHERE NOT p.alternate
    ), award AS (
        SELECT p.pick AS prize, p.amount, p.payment,
               CASE WHEN p.reason IS NULL THEN CASE WHEN p.entry IS NOT NULL THEN p.pick END
                    ELSE (SELECT a.pick FROM alternate a WHERE a.reason IS NULL AND a.turn = p.turn) END AS pick,
               (SELECT string_agg(format('{"at":"%s","pick":"%s","reason":"%s"}', x.at, x.pick, x.reason), ',' ORDER BY x.pick)
                  FROM (SELECT p.pick, p.reason, p.at WHERE p.reason IS NOT NULL
                        UNION ALL SELECT a.pick, a.reason, a.at FROM alternate a WHERE p.reason IS NOT NULL AND a.reason IS NOT NULL AND a.turn = p.turn) AS x) AS refused
          FROM prize p
    )
    SELECT string_agg(format('{"amount":"%s","payment":"%s",%s"refused":[%s]}', a.amount, a.payment,
                             CASE WHEN a.pick IS NOT NULL THEN format('"pick":"%s",', a.pick) END, a.refused), ',' ORDER BY a.prize)
      FROM award a
$$;
COMMENT ON FUNCTION keeper.certificate_awards IS 'Who got which prize: its own pick, or after refusals the first alternate that is left; all refusals on the way.';

CREATE FUNCTION keeper.certificate_draw(d keeper.offchain_draws) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT '{' || concat_ws(',',
        CASE WHEN d.anchor_sig IS NOT NULL THEN format('"anchor":{"signature":"%s","slot":"%s","wallet":"%s"}', d.anchor_sig, d.anchor_slot, keeper.base58(d.anchor_wallet)) END,
        CASE WHEN d.beta IS NOT NULL THEN format('"awards":[%s],"beta":"%s"', keeper.certificate_awards(d.draw), encode(d.beta, 'hex')) END,
        CASE WHEN d.block_slot IS NOT NULL THEN format('"block":{"hash":"%s","parent_slot":"%s","slot":"%s","time":"%s"}', keeper.base58(d.blockhash), d.parent_slot, d.block_slot, d.block_time) END,
        CASE WHEN d.defaulted_at IS NOT NULL THEN format('"default":{"at":"%s","missing":"%s"}', floor(extract(epoch FROM d.defaulted_at)),
            CASE d.default_why WHEN 'no_anchor' THEN 'anchor' WHEN 'no_block' THEN 'block' WHEN 'no_beacon' THEN 'round' ELSE 'proof' END) END,
        format('"lock":%s', keeper.offchain_lock_text(d)),
        CASE WHEN d.beta IS NOT NULL THEN format('"picks":[%s]',
            (SELECT string_agg(CASE WHEN p.entry IS NULL THEN '{}' ELSE format('{"attempt":"%s","entry":"%s","number":"%s","participant":"%s","total":"%s"}',
                                   p.attempt, p.entry, p.number, encode(e.participant, 'hex'), p.total) END, ',' ORDER BY p.pick)
               FROM keeper.offchain_picks p LEFT JOIN keeper.offchain_entries e USING (draw, entry) WHERE p.draw = d.draw)) END,
        CASE WHEN d.proof IS NOT NULL THEN format('"proof":"%s"', encode(d.proof, 'hex')) END,
        CASE WHEN d.refunded_units IS NOT NULL THEN format('"refund":{"at":"%s","units":"%s"}', floor(extract(epoch FROM coalesce(d.refunded_at, d.settled_at))), d.refunded_units) END,
        CASE WHEN d.drand_signature IS NOT NULL THEN format('"round":{"checked_by":"%s","number":"%s","signature":"%s"}', d.checked_by, d.round, encode(d.drand_signature, 'hex')) END) || '}'
$$;
COMMENT ON FUNCTION keeper.certificate_draw IS 'The member "draw" of the certificate of a draw that is over, byte for byte: what there is of it, up to the payment or to the refund.';

CREATE FUNCTION keeper.certificate_body(c keeper.certificates) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT format('{%s"format":"poolkeeper-certificate-1","made":"%s",%s"previous":"%s","serial":"%s"}',
        (SELECT format('"draw":%s,', keeper.certificate_draw(d)) FROM keeper.offchain_draws d WHERE d.draw = c.draw), extract(epoch FROM c.made)::bigint,
        (SELECT format('"pool":%s,', p.member) FROM keeper.pool_proofs p WHERE p.draw = c.pool), encode(c.previous, 'hex'), c.serial)
$$;
COMMENT ON FUNCTION keeper.certificate_body IS 'What the certificate key signs, by its SHA-256.';

CREATE FUNCTION keeper.certificate_name(c keeper.certificates) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT c.serial || '-' || coalesce(c.draw::text, replace(substr(c.pool, 6), ':', '-')) || '.json'
$$;
COMMENT ON FUNCTION keeper.certificate_name IS 'The name of its file.';

CREATE FUNCTION keeper.certificate_tickets(p_draw uuid, p_from bigint, p_max bigint) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT string_agg('["' || encode(e.participant, 'hex') || '","' || e.weight || '","' || e.stake || '"]', ',' ORDER BY e.entry)
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
    ELSIF NOT EXISTS (SELECT FROM keeper.offchain_draws d WHERE d.draw = NEW.draw AND d.state IN ('settled', 'refunded'))
      AND NOT EXISTS (SELECT FROM keeper.pool_proofs p WHERE p.draw = NEW.pool AND p.member IS NOT NULL) THEN
        RAISE EXCEPTION USING ERRCODE = 'PK002', MESSAGE = format('draw %s is not over: there is nothing to certify', coalesce(NEW.draw::text, NEW.pool));
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
    UPDATE keeper.pool_proofs p SET certificate = NEW.serial WHERE p.draw = NEW.pool;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION keeper.certificate_told IS 'The draw says which certificate is its.';

CREATE FUNCTION keeper.proof_wanted() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO keeper.pool_proofs (draw) VALUES (NEW.draw) ON CONFLICT DO NOTHING;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION keeper.proof_wanted IS 'A draw that is paid wants a certificate.';

CREATE TRIGGER draws_want_proof AFTER INSERT OR UPDATE OF paid_at ON keeper.draws FOR EACH ROW WHEN (NEW.paid_at IS NOT NULL) EXECUTE FUNCTION keeper.proof_wanted();
INSERT INTO keeper.pool_proofs (draw, since) SELECT d.draw, d.paid_at FROM keeper.draws d WHERE d.paid_at IS NOT NULL;
-- What was told once stays; only the reason why there is nothing to tell may be taken back.
CREATE TRIGGER pool_proofs_told BEFORE UPDATE ON keeper.pool_proofs FOR EACH ROW
    WHEN (OLD.member IS NOT NULL AND (OLD.draw, OLD.member, OLD.proved_at, coalesce(OLD.certificate, NEW.certificate)) IS DISTINCT FROM
                                     (NEW.draw, NEW.member, NEW.proved_at, NEW.certificate)) EXECUTE FUNCTION keeper.offchain_kept();
CREATE TRIGGER pool_proofs_kept BEFORE DELETE OR TRUNCATE ON keeper.pool_proofs EXECUTE FUNCTION keeper.offchain_kept();
CREATE TRIGGER certificates_new BEFORE INSERT ON keeper.certificates FOR EACH ROW EXECUTE FUNCTION keeper.certificate_new();
CREATE TRIGGER certificates_told AFTER INSERT ON keeper.certificates FOR EACH ROW EXECUTE FUNCTION keeper.certificate_told();
CREATE TRIGGER certificates_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON keeper.certificates EXECUTE FUNCTION keeper.offchain_kept();
ALTER TABLE keeper.draws ENABLE ALWAYS TRIGGER draws_want_proof;
ALTER TABLE keeper.pool_proofs ENABLE ALWAYS TRIGGER pool_proofs_told, ENABLE ALWAYS TRIGGER pool_proofs_kept;
ALTER TABLE keeper.certificates ENABLE ALWAYS TRIGGER certificates_new, ENABLE ALWAYS TRIGGER certificates_told, ENABLE ALWAYS TRIGGER certificates_kept;

-- ---- what a pool's certificate says ----

CREATE FUNCTION keeper.proof_complete(d keeper.draws) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT coalesce(sum(c.amount) FILTER (WHERE c.instruction IN ('create_pool', 'join_pool', 'donate')) = d.total_amount AND bool_and(c.block_time IS NOT NULL)
               AND array_agg(c.instruction) @> '{create_pool,request_randomness,select_winner,payout_winner}', false)
       AND NOT EXISTS (SELECT FROM keeper.steps s WHERE s.subject = d.draw AND s.state IN ('open', 'landed', 'stale'))
      FROM keeper.calls c WHERE c.draw = d.draw
$$;
COMMENT ON FUNCTION keeper.proof_complete IS 'All that was paid into the pool is known by its transaction, and how it was drawn.';

CREATE FUNCTION keeper.proof_reads(p_draw text) RETURNS TABLE (sig text, slot bigint)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT x.sig, min(x.slot)
      FROM (SELECT keeper.base58(c.signature) AS sig, c.slot::bigint AS slot, 0::bigint AS seq FROM keeper.calls c
             WHERE c.draw = p_draw AND c.instruction IN ('create_pool', 'set_lock_duration', 'force_expire', 'request_randomness', 'select_winner', 'payout_winner')
            UNION ALL
            SELECT s.sig, s.landed_slot, s.seq FROM keeper.steps s WHERE s.subject = p_draw AND s.state = 'final') AS x
     GROUP BY x.sig ORDER BY min(x.slot), max(x.seq)
$$;
COMMENT ON FUNCTION keeper.proof_reads IS 'The transactions that say how the pool was made and drawn, oldest first; the others are told by keeper.calls.';

CREATE FUNCTION keeper.proof_differs(d keeper.draws, p_member jsonb) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT (d.address, d.pool_id, d.mint, d.winner, d.total_amount, d.winner_amount, d.dev_amount, d.burn_amount, d.treasury_amount) IS DISTINCT FROM
           (p_member ->> 'address', (p_member ->> 'pool_id')::numeric, p_member ->> 'mint', m ->> 'winner', (p_member ->> 'total')::numeric,
            (m ->> 'winner_amount')::numeric, (m ->> 'dev_amount')::numeric, (m ->> 'burn_amount')::numeric, (m ->> 'treasury_amount')::numeric)
        OR (SELECT array_agg(keeper.base58(c.signature) || c.user_wallet ORDER BY keeper.base58(c.signature) || c.user_wallet COLLATE "C")
              FROM keeper.calls c WHERE c.draw = d.draw AND c.instruction IN ('create_pool', 'join_pool')) IS DISTINCT FROM
           (SELECT array_agg(w ORDER BY w COLLATE "C") FROM (SELECT (p #>> '{joined,signature}') || (p ->> 'wallet') AS w FROM jsonb_array_elements(p_member -> 'players') p) x)
        OR NOT EXISTS (SELECT FROM keeper.calls c WHERE c.draw = d.draw AND c.instruction = 'payout_winner'
                          AND keeper.base58(c.signature) = p_member #>> '{paid,signature}' AND c.slot = (p_member #>> '{paid,slot}')::bigint)
        OR EXISTS (SELECT FROM jsonb_array_elements(p_member -> 'commits') c WHERE NOT EXISTS (
               SELECT FROM keeper.commits k WHERE k.draw = d.draw AND k.randomness = p_member ->> 'randomness_account' AND k.oracle = c ->> 'oracle'
                  AND k.seed_slot = (c ->> 'seed_slot')::bigint AND keeper.unbase58(k.seed_slothash) = decode(c ->> 'seed_slothash', 'hex')
                  AND (c -> 'reveal' = '{}' OR k.answer_value IS NULL OR k.answer_value = decode(c #>> '{reveal,value}', 'hex'))))
      FROM (SELECT p_member -> 'payout' AS m) AS payout
$$;
COMMENT ON FUNCTION keeper.proof_differs IS 'What was read for the certificate is not what the journal recorded when it happened.';

CREATE FUNCTION keeper.proof_next()
RETURNS TABLE (draw text, what text, sig text, slot bigint, at bigint, account text, amount numeric, seed_slothash text, reason text, fate text)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    d        keeper.draws;
    v_whole  boolean;
    v_why    text;
BEGIN
    -- The history of a pool is read by itself, soon after its draw; one that nobody gives does not hold up the others for ever.
    SELECT x.* INTO d FROM (SELECT p.draw, p.since FROM keeper.pool_proofs p WHERE p.proved_at IS NULL ORDER BY p.since, p.draw LIMIT 20) AS o
      JOIN keeper.draws x ON x.draw = o.draw WHERE keeper.proof_complete(x) OR o.since < clock_timestamp() - interval '1 hour'
     ORDER BY o.since, o.draw LIMIT 1;
    IF d.draw IS NULL THEN
        RETURN QUERY SELECT NULL::text, 'waits', NULL::text, NULL::bigint, NULL::bigint, NULL::text, NULL::numeric, NULL::text, NULL::text, NULL::text
                      WHERE EXISTS (SELECT FROM keeper.pool_proofs p WHERE p.proved_at IS NULL);
        RETURN;
    END IF;
    v_why := CASE WHEN NOT keeper.proof_complete(d) THEN 'history_incomplete'
                  WHEN NOT EXISTS (SELECT FROM keeper.calls c JOIN keeper.steps s ON s.sig = keeper.base58(c.signature)
                                    WHERE c.draw = d.draw AND c.instruction = 'request_randomness' AND s.subject = d.draw) THEN 'not_drawn_here' END;
    RETURN QUERY
        SELECT d.draw::text, x.* FROM (
            SELECT 'total' AS what, NULL AS sig, NULL::bigint AS slot, NULL::bigint AS at, NULL AS account, d.total_amount::numeric AS amount, NULL AS seed_slothash, v_why AS reason, NULL AS fate
            UNION ALL
            SELECT 'donations', NULL, NULL, NULL, NULL, count(*), NULL, NULL, NULL FROM keeper.calls c WHERE c.draw = d.draw AND c.instruction = 'donate' HAVING v_why IS NULL
            UNION ALL
            SELECT 'player', keeper.base58(c.signature), c.slot, c.block_time, c.user_wallet, NULL, NULL, NULL, NULL
              FROM keeper.calls c WHERE c.draw = d.draw AND c.instruction IN ('create_pool', 'join_pool') AND v_why IS NULL
            UNION ALL
            SELECT 'commit', NULL, c.seed_slot, NULL, c.oracle, NULL, c.seed_slothash, left(regexp_replace(c.reason, '[^ !#-\[\]-~]', '?', 'g'), 127), coalesce(c.fate, 'none') FROM keeper.commits c WHERE c.draw = d.draw AND v_why IS NULL
            UNION ALL
            SELECT * FROM (SELECT 'read', r.sig, r.slot, NULL::bigint, NULL, NULL::numeric, NULL, NULL, NULL FROM keeper.proof_reads(d.draw) r WHERE v_why IS NULL) AS reads) AS x;
END
$$;
COMMENT ON FUNCTION keeper.proof_next IS 'The next pool whose certificate is to be made, and what of it is known: the rows of one draw, reads oldest first; no row: none.';

CREATE FUNCTION keeper.proof_add(p_fence bigint, p_draw text, p_member text, p_why text) RETURNS TABLE (why text, added boolean)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_differs boolean := false;
    v_added   boolean;
BEGIN
    PERFORM keeper.hold(p_fence);
    IF p_member IS NOT NULL THEN
        SELECT keeper.proof_differs(d, p_member::jsonb) INTO v_differs FROM keeper.draws d WHERE d.draw = p_draw;
    END IF;
    UPDATE keeper.pool_proofs p SET member = CASE WHEN NOT v_differs THEN p_member END, why = CASE WHEN v_differs OR p_member IS NULL THEN p_why END, proved_at = clock_timestamp()
     WHERE p.draw = p_draw AND p.proved_at IS NULL AND (p_why IS NOT NULL OR NOT v_differs);
    v_added := FOUND;
    RETURN QUERY SELECT coalesce(p.why, CASE WHEN p.proved_at IS NULL THEN 'records_differ' END), v_added FROM keeper.pool_proofs p WHERE p.draw = p_draw;
END
$$;
COMMENT ON FUNCTION keeper.proof_add IS 'What the certificate of a pool says, or why it cannot be known, once; then it is read back. A member that is not what was recorded is not kept, but the reason where one is given.';

-- ---- the daemon's verbs ----

CREATE FUNCTION keeper.certificate_next() RETURNS TABLE (draw text, serial bigint, previous bytea, made bigint, body text)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT coalesce(n.draw::text, n.pool), n.serial, n.previous::bytea, extract(epoch FROM n.made)::bigint, keeper.certificate_body(n)
      FROM (SELECT o.draw, o.pool FROM (
               (SELECT d.draw, NULL AS pool, coalesce(d.settled_at, d.refunded_at) AS over FROM keeper.offchain_draws d WHERE d.state IN ('settled', 'refunded') AND d.certificate IS NULL
                 ORDER BY coalesce(d.settled_at, d.refunded_at), d.draw LIMIT 1)
               UNION ALL
               (SELECT NULL, p.draw, p.proved_at FROM keeper.pool_proofs p WHERE p.member IS NOT NULL AND p.certificate IS NULL
                 ORDER BY p.proved_at, p.draw LIMIT 1)) AS o ORDER BY o.over LIMIT 1) AS d
     CROSS JOIN LATERAL (SELECT coalesce(max(l.serial), 0) AS serial FROM keeper.certificates l) AS m
      LEFT JOIN keeper.certificates l ON l.serial = m.serial
     CROSS JOIN LATERAL jsonb_populate_record(NULL::keeper.certificates, jsonb_build_object('serial', m.serial + 1,
           'previous', coalesce(l.hash, decode(repeat('00', 32), 'hex')), 'draw', d.draw, 'pool', d.pool, 'made', date_trunc('second', clock_timestamp()))) AS n
$$;
COMMENT ON FUNCTION keeper.certificate_next IS 'The next certificate that is missing, as it will be once its hash is signed; no row: none is.';

CREATE FUNCTION keeper.certificate_add(p_fence bigint, p_draw text, p_serial bigint, p_previous bytea, p_made bigint, p_hash bytea, p_key bytea, p_signature bytea)
RETURNS SETOF keeper.certificates
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_pool text := CASE WHEN starts_with(p_draw, 'draw:') THEN p_draw END;
    v_draw uuid := CASE WHEN v_pool IS NULL THEN p_draw::uuid END;
BEGIN
    PERFORM keeper.hold(p_fence);
    -- Whoever comes at the same time waits, and then reads that it is there.
    PERFORM pg_advisory_xact_lock(7350271159);
    IF NOT EXISTS (SELECT FROM keeper.certificates c WHERE c.draw = v_draw) AND NOT EXISTS (SELECT FROM keeper.certificates c WHERE c.pool = v_pool) THEN
        INSERT INTO keeper.certificates (serial, previous, hash, draw, pool, made, key, signature)
        VALUES (p_serial, p_previous, p_hash, v_draw, v_pool, to_timestamp(p_made), p_key, p_signature);
    END IF;
    RETURN QUERY SELECT * FROM keeper.certificates c WHERE c.draw = v_draw UNION ALL SELECT * FROM keeper.certificates c WHERE c.pool = v_pool;
END
$$;
COMMENT ON FUNCTION keeper.certificate_add IS 'The signed certificate of a draw, once; then it is read back.';

CREATE FUNCTION keeper.certificate_files(p_after bigint, p_max bigint) RETURNS TABLE (serial bigint, name text)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT c.serial, keeper.certificate_name(c) FROM keeper.certificates c WHERE c.serial > p_after ORDER BY c.serial LIMIT p_max
$$;
COMMENT ON FUNCTION keeper.certificate_files IS 'The names of the files that there are, in their order.';

CREATE FUNCTION keeper.certificate_head(p_serial bigint) RETURNS TABLE (draw text, n bigint, head text)
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
    RETURN QUERY SELECT coalesce(c.draw::text, c.pool), coalesce((SELECT d.n FROM keeper.offchain_draws d WHERE d.draw = c.draw), 0),
        format('{"body":%s,"key":"%s","signature":"%s","tickets":[', v_body, keeper.base58(c.key), keeper.base58(c.signature));
END
$$;
COMMENT ON FUNCTION keeper.certificate_head IS 'The file of a certificate up to its list of tickets; then follow certificate_tickets(), brackets, and a newline.';

-- What is published of a draw once its lock is on the chain, before anybody can know the result.
CREATE FUNCTION keeper.lock_files(p_after bigint, p_max bigint) RETURNS TABLE (serial bigint, name text)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT d.seq, format('lock-%s-%s.json', d.seq, d.draw) FROM keeper.offchain_draws d
     WHERE d.seq > p_after AND d.anchor_sig IS NOT NULL ORDER BY d.seq LIMIT p_max
$$;
COMMENT ON FUNCTION keeper.lock_files IS 'The names of the locks'' files, in their order.';

CREATE FUNCTION keeper.lock_head(p_seq bigint) RETURNS TABLE (draw text, n bigint, head text)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT d.draw::text, d.n, format('{"anchor":{"signature":"%s","slot":"%s","wallet":"%s"},"lock":%s,"tickets":[', d.anchor_sig, d.anchor_slot,
           keeper.base58(d.anchor_wallet), keeper.offchain_lock_text(d))
      FROM keeper.offchain_draws d WHERE d.seq = p_seq AND d.anchor_sig IS NOT NULL
$$;
COMMENT ON FUNCTION keeper.lock_head IS 'The file of a lock up to its list of tickets, as certificate_head.';

-- ---- what binds every draw ----

CREATE FUNCTION keeper.terms_next(p_after text) RETURNS TABLE (name text, body text)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT t.name, t.body
      FROM (SELECT format('rules-%s.json', encode(r.rules_hash, 'hex')) AS name, r.rules AS body FROM keeper.offchain_rules r
            UNION ALL
            SELECT format('vrf-key-%s.json', keeper.base58(k.key)),
                   format(E'{"key":"%s","registered":"%s"}\n', keeper.base58(k.key), floor(extract(epoch FROM k.registered_at))) FROM keeper.vrf_keys k
            UNION ALL
            SELECT format('vrf-key-%s-retired.json', keeper.base58(k.key)),
                   format(E'{"key":"%s","retired":"%s","why":%s}\n', keeper.base58(k.key), floor(extract(epoch FROM k.retired_at)), to_json(k.retired_why))
              FROM keeper.vrf_keys k WHERE k.retired_at IS NOT NULL) AS t
     WHERE t.name COLLATE "C" > p_after ORDER BY t.name COLLATE "C" LIMIT 1
$$;
COMMENT ON FUNCTION keeper.terms_next IS 'The next file, by its name, of those that hold the published rules (the very bytes that are hashed), the VRF keys, and why one was retired; no row: none.';
