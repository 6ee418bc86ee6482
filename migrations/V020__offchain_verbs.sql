-- The verbs of off-chain draws: each is one function call, so one statement and one transaction, with no session state.
-- Refusals: PK001 the lease is lost, PK002 the draw moved on or says no, PK003 the source's statement or data is at fault and
-- nothing of it was kept. A source's statements come from its file and run with the daemon's own rights.

CREATE FUNCTION keeper.vrf_key_at(p_opened timestamptz) RETURNS SETOF keeper.vrf_keys
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT k.* FROM keeper.vrf_keys k WHERE k.registered_at < p_opened ORDER BY k.registered_at DESC LIMIT 1
$$;
COMMENT ON FUNCTION keeper.vrf_key_at IS 'The VRF key of a draw whose entries opened then; no row: none was registered yet.';

CREATE FUNCTION keeper.offchain_publish(p_type text, p_rules text) RETURNS integer
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_version integer;
BEGIN
    INSERT INTO keeper.offchain_rules (type, rules, rules_hash) VALUES (p_type, p_rules, sha256(convert_to(p_rules, 'UTF8')))
    ON CONFLICT (rules_hash) DO NOTHING;
    SELECT r.version INTO v_version FROM keeper.offchain_rules r WHERE r.rules_hash = sha256(convert_to(p_rules, 'UTF8'));
    RETURN v_version;
END
$$;
COMMENT ON FUNCTION keeper.offchain_publish IS 'For an operator: the next version of a type''s rules, once. Draws whose entries are open already keep the old one.';

CREATE FUNCTION keeper.vrf_key_register(p_key bytea) RETURNS SETOF keeper.vrf_keys
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO keeper.vrf_keys (key) VALUES (p_key) ON CONFLICT DO NOTHING;
    RETURN QUERY SELECT * FROM keeper.vrf_keys k WHERE k.key = p_key;
END
$$;
COMMENT ON FUNCTION keeper.vrf_key_register IS 'For an operator: the key of all draws whose entries open from now on.';

CREATE FUNCTION keeper.vrf_key_retire(p_key bytea, p_why text) RETURNS SETOF keeper.vrf_keys
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    UPDATE keeper.vrf_keys k SET retired_at = clock_timestamp(), retired_why = p_why WHERE k.key = p_key AND k.retired_at IS NULL;
    RETURN QUERY SELECT * FROM keeper.vrf_keys k WHERE k.key = p_key;
END
$$;
COMMENT ON FUNCTION keeper.vrf_key_retire IS 'For an operator: nothing is locked with this key any more. Draws that are locked keep it.';

-- Unlike hold() it locks nothing: a lock or a settlement may take a minute, and the lease is renewed every few seconds. What keeps
-- these verbs apart is the draw's own row.
CREATE FUNCTION keeper.offchain_owner(p_fence bigint) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_owner text := (SELECT l.owner FROM keeper.lease l WHERE l.name = 'keeper' AND l.fence = p_fence AND l.owner <> '');
BEGIN
    RETURN coalesce(v_owner, keeper.hold(p_fence));
END
$$;
COMMENT ON FUNCTION keeper.offchain_owner IS 'The fence is current, or PK001. Returns the owner.';

CREATE FUNCTION keeper.offchain_held(p_fence bigint, p_draw uuid) RETURNS keeper.offchain_draws
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_draw keeper.offchain_draws;
BEGIN
    PERFORM keeper.offchain_owner(p_fence);
    SELECT * INTO v_draw FROM keeper.offchain_draws d WHERE d.draw = p_draw FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION USING ERRCODE = 'PK002', MESSAGE = format('there is no draw %s', p_draw);
    END IF;
    RETURN v_draw;
END
$$;
COMMENT ON FUNCTION keeper.offchain_held IS 'Private to the verbs: the fence is current, and the draw is ours until this statement ends.';

CREATE FUNCTION keeper.source_run(p_name text, p_statement text, p_source text, p_key text, p_draw uuid) RETURNS jsonb
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_row record;
BEGIN
    EXECUTE btrim(p_statement, E' \t\r\n;') INTO STRICT v_row USING p_key, p_draw;
    RETURN to_jsonb(v_row);
EXCEPTION WHEN no_data_found OR too_many_rows OR raise_exception OR data_exception OR integrity_constraint_violation OR cardinality_violation
            OR syntax_error_or_access_rule_violation OR feature_not_supported THEN
    RAISE EXCEPTION USING ERRCODE = 'PK003', MESSAGE = format('source %s, key %s: its statement "%s" failed: %s', p_source, p_key, p_name, SQLERRM);
END
$$;
COMMENT ON FUNCTION keeper.source_run IS 'Private: a statement of a source ($1 its key, $2 the draw) that must give one row. Its own faults become PK003.';

CREATE FUNCTION keeper.source_entries(p_statement text, p_source text, p_key text, p_draw uuid, p_salt bytea) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    EXECUTE format($q$
        INSERT INTO keeper.offchain_entries (draw, entry, participant, weight, stake, below, account, ref)
        SELECT $2, row_number() OVER w - 1, x.participant, CASE WHEN x.weight <> trunc(x.weight) THEN -1 ELSE x.weight END, CASE WHEN x.stake <> trunc(x.stake) THEN -1 ELSE x.stake END,
               coalesce(sum(x.weight) OVER (w ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0), x.account, x.ref
          FROM (SELECT coalesce(e.participant::bytea, sha256('\x504645312d75736572'::bytea || $3 || convert_to(e.account::text, 'UTF8'))) AS participant,
                       e.weight::numeric AS weight, e.stake::numeric AS stake, e.account::text AS account, e.ref::text AS ref
                  FROM (%s
                       ) AS e) AS x
        WINDOW w AS (ORDER BY x.participant, x.weight, x.ref COLLATE "C")$q$, btrim(p_statement, E' \t\r\n;')) USING p_key, p_draw, p_salt;
EXCEPTION WHEN raise_exception OR data_exception OR integrity_constraint_violation OR cardinality_violation
            OR syntax_error_or_access_rule_violation OR feature_not_supported THEN
    RAISE EXCEPTION USING ERRCODE = 'PK003', MESSAGE = format('source %s, key %s: its statement "entries" failed: %s', p_source, p_key, SQLERRM),
        HINT = 'columns participant (32 bytes, or null: made from account), account, ref (text, 1 to 200 characters), weight and stake (whole numbers from 0 to 2^64-1)';
END
$$;
COMMENT ON FUNCTION keeper.source_entries IS 'Private to offchain_lock: entries in their one order, by participant, weight and ref, so that who looks can check it.';

CREATE FUNCTION keeper.source_amounts(p_terms jsonb, p_source text, p_key text) RETURNS numeric[]
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_wrong text := CASE WHEN jsonb_typeof(p_terms -> 'amounts') IS DISTINCT FROM 'array' THEN coalesce((p_terms -> 'amounts')::text, 'nothing') END;
BEGIN
    IF v_wrong IS NULL THEN
        SELECT a.value::text INTO v_wrong FROM jsonb_array_elements(p_terms -> 'amounts') AS a
         WHERE CASE jsonb_typeof(a.value) WHEN 'number' THEN NOT (a.value::numeric BETWEEN 0 AND 18446744073709551615 AND a.value::numeric = trunc(a.value::numeric)) ELSE true END LIMIT 1;
    END IF;
    IF v_wrong IS NOT NULL THEN
        RAISE EXCEPTION USING ERRCODE = 'PK003', MESSAGE = format('source %s, key %s: its statement "freeze" gives %s for the amounts', p_source, p_key, left(v_wrong, 100)),
            HINT = 'amounts is an array: of each prize, a whole number of base units from 0 to 2^64-1';
    ELSIF NOT coalesce(p_terms ->> 'currency' ~ '^[ !#-\[\]-~]{1,127}$', false) OR p_key !~ '^[ !#-\[\]-~]{1,127}$' THEN
        RAISE EXCEPTION USING ERRCODE = 'PK003', MESSAGE = format('source %s, key %s: its key or its currency (%s) cannot stand in a certificate', p_source, p_key, coalesce(left(p_terms ->> 'currency', 100), 'none')),
            HINT = '1 to 127 characters of printable ASCII, without quotes and backslashes';
    END IF;
    RETURN ARRAY(SELECT trunc(a.value::numeric) FROM jsonb_array_elements(p_terms -> 'amounts') WITH ORDINALITY AS a (value, n) ORDER BY a.n);
END
$$;
COMMENT ON FUNCTION keeper.source_amounts IS 'Private to offchain_lock: the prizes of a source''s terms, which must fit a certificate.';

CREATE FUNCTION keeper.offchain_lock(
    p_fence bigint, p_source text, p_source_key text, p_type text, p_vrf_keys bytea[], p_slot bigint, p_round numeric, p_freeze text, p_entries text, p_chain_s bigint, p_witnesses bigint)
RETURNS SETOF keeper.offchain_draws
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_owner text := keeper.offchain_owner(p_fence);
    v_draw  uuid := gen_random_uuid();
    v_salt  bytea := uuid_send(gen_random_uuid());
    v_terms jsonb;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended(p_source || ':' || p_source_key, 7350271157));
    IF NOT EXISTS (SELECT FROM keeper.offchain_draws d WHERE d.source = p_source AND d.source_key = p_source_key) THEN
        PERFORM keeper.offchain_clocks(p_chain_s), keeper.offchain_unforgotten(p_source, p_source_key);
        v_terms := keeper.source_run('freeze', p_freeze, p_source, p_source_key, v_draw);
        PERFORM keeper.offchain_witnessed(p_type, (v_terms ->> 'opened_at')::timestamptz, p_witnesses);
        PERFORM keeper.source_entries(p_entries, p_source, p_source_key, v_draw, v_salt);
        INSERT INTO keeper.offchain_draws (draw, source, source_key, type, salt, vrf_key, slot, locked_round, amounts, currency, alternates, stake_units, opened_at, owner)
        VALUES (v_draw, p_source, p_source_key, p_type, v_salt,
                (SELECT k.key FROM keeper.vrf_key_at((v_terms ->> 'opened_at')::timestamptz) AS k WHERE k.key = ANY (p_vrf_keys)), p_slot, p_round, keeper.source_amounts(v_terms, p_source, p_source_key),
                v_terms ->> 'currency', (v_terms ->> 'alternates')::bigint, (v_terms ->> 'stake_units')::numeric, (v_terms ->> 'opened_at')::timestamptz, v_owner);
    END IF;
    RETURN QUERY SELECT * FROM keeper.offchain_draws d WHERE d.source = p_source AND d.source_key = p_source_key;
END
$$;
COMMENT ON FUNCTION keeper.offchain_lock IS 'The source is closed, its entries are frozen and everything is fixed, in one transaction, once per source key; then it is read back. p_vrf_keys: of which the caller has the private halves. p_chain_s: the chain''s clock, Unix. p_witnesses: how many hosts'' nodes it asks.';

CREATE FUNCTION keeper.offchain_anchor(p_fence bigint, p_draw uuid, p_sig text, p_slot bigint, p_wallet bytea) RETURNS SETOF keeper.offchain_draws
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_draw keeper.offchain_draws := keeper.offchain_held(p_fence, p_draw);
BEGIN
    IF v_draw.anchor_sig IS NULL AND v_draw.state = 'locked' THEN
        UPDATE keeper.offchain_draws d SET anchor_sig = p_sig, anchor_slot = p_slot, anchor_wallet = p_wallet WHERE d.draw = p_draw;
    ELSIF v_draw.anchor_sig IS NULL THEN
        RAISE EXCEPTION USING ERRCODE = 'PK002', MESSAGE = format('draw %s is %s', p_draw, v_draw.state);
    END IF;
    RETURN QUERY SELECT * FROM keeper.offchain_draws d WHERE d.draw = p_draw;
END
$$;
COMMENT ON FUNCTION keeper.offchain_anchor IS 'The finalized memo with the row''s hash, and who signed it. It is in a slot before S, or the draw defaults. The first one stays.';

CREATE FUNCTION keeper.offchain_block(p_fence bigint, p_draw uuid, p_slot bigint, p_parent_slot bigint, p_blockhash bytea, p_block_time bigint) RETURNS SETOF keeper.offchain_draws
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_draw keeper.offchain_draws := keeper.offchain_held(p_fence, p_draw);
BEGIN
    IF p_parent_slot >= v_draw.slot OR p_slot < v_draw.slot THEN
        RAISE EXCEPTION USING ERRCODE = 'PK002', MESSAGE = format('draw %s: block %s with parent %s is not the first one from slot %s on', p_draw, p_slot, p_parent_slot, v_draw.slot);
    ELSIF v_draw.block_slot IS NULL AND v_draw.state = 'locked' THEN
        UPDATE keeper.offchain_draws d
           SET parent_slot = p_parent_slot, block_slot = p_slot, blockhash = p_blockhash, block_time = p_block_time,
               round = d.locked_round + 20 * ceil(greatest(0, p_block_time + 60 - keeper.drand_time(d.locked_round)) / 60)
         WHERE d.draw = p_draw;
    ELSIF (v_draw.block_slot, v_draw.blockhash) IS DISTINCT FROM (p_slot, p_blockhash) THEN
        RAISE EXCEPTION USING ERRCODE = 'PK002', MESSAGE = format('draw %s is %s and its block is %s', p_draw, v_draw.state, coalesce(v_draw.block_slot::text, 'none'));
    END IF;
    RETURN QUERY SELECT * FROM keeper.offchain_draws d WHERE d.draw = p_draw;
END
$$;
COMMENT ON FUNCTION keeper.offchain_block IS 'The first finalized block from S on. It also says which round is used: the one fixed at lock, or so many twenties later that it is due 60 s after the block.';

CREATE FUNCTION keeper.offchain_beacon(p_fence bigint, p_draw uuid, p_round numeric, p_signature bytea, p_checked_by text DEFAULT NULL) RETURNS SETOF keeper.offchain_draws
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_draw keeper.offchain_draws := keeper.offchain_held(p_fence, p_draw);
BEGIN
    IF v_draw.round IS DISTINCT FROM p_round THEN
        RAISE EXCEPTION USING ERRCODE = 'PK002', MESSAGE = format('draw %s uses round %s, not %s', p_draw, coalesce(v_draw.round::text, 'none yet'), p_round);
    ELSIF v_draw.drand_signature IS NULL AND v_draw.state = 'locked' THEN
        -- A text for people never keeps a beacon away.
        UPDATE keeper.offchain_draws d SET drand_signature = p_signature, checked_by = left(regexp_replace(p_checked_by, '[^ !#-\[\]-~]', '?', 'g'), 127) WHERE d.draw = p_draw;
    ELSIF v_draw.drand_signature IS DISTINCT FROM p_signature THEN
        RAISE EXCEPTION USING ERRCODE = 'PK002', MESSAGE = format('draw %s is %s and has another signature of round %s, or none: there is one per round', p_draw, v_draw.state, p_round);
    END IF;
    RETURN QUERY SELECT * FROM keeper.offchain_draws d WHERE d.draw = p_draw;
END
$$;
COMMENT ON FUNCTION keeper.offchain_beacon IS 'drand''s signature of the round. Whether it is valid, the caller has checked, and says who did: the certificate tells it.';

CREATE FUNCTION keeper.offchain_prove(p_fence bigint, p_draw uuid, p_alpha bytea, p_proof bytea, p_beta bytea) RETURNS SETOF keeper.offchain_draws
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_draw  keeper.offchain_draws := keeper.offchain_held(p_fence, p_draw);
    v_alpha bytea := keeper.offchain_alpha(v_draw);
BEGIN
    IF v_alpha IS DISTINCT FROM p_alpha THEN
        RAISE EXCEPTION USING ERRCODE = 'PK002', MESSAGE = format('draw %s: %s', p_draw, CASE WHEN v_alpha IS NULL THEN 'alpha is not known yet'
            ELSE 'the proof is about another alpha than ' || encode(v_alpha, 'hex') END);
    ELSIF v_draw.beta IS NULL AND v_draw.state = 'locked' THEN
        UPDATE keeper.offchain_draws d SET proof = p_proof, beta = p_beta, proven_at = clock_timestamp(), halted_why = NULL WHERE d.draw = p_draw;
    ELSIF v_draw.beta IS DISTINCT FROM p_beta THEN
        RAISE EXCEPTION USING ERRCODE = 'PK002', MESSAGE = CASE WHEN v_draw.beta IS NULL THEN format('draw %s is %s: a proof comes too late', p_draw, v_draw.state)
            ELSE format('draw %s has its beta: another one is refused', p_draw) END;
    END IF;
    RETURN QUERY SELECT * FROM keeper.offchain_draws d WHERE d.draw = p_draw;
END
$$;
COMMENT ON FUNCTION keeper.offchain_prove IS 'The verified proof and its beta, once. A proof binds until the default is written, also after the deadline; then none is taken.';

CREATE FUNCTION keeper.sel1_key(p_draw uuid, p_root bytea, p_beta bytea, p_n bigint, p_total numeric, p_mode integer, p_prizes bigint, p_alternates bigint)
RETURNS bytea
LANGUAGE sql IMMUTABLE STRICT SET search_path = pg_catalog, pg_temp AS $$
    SELECT keeper.hmac(keeper.hmac_pads(p_beta), '\x5046442d53454c4543542d31'::bytea || uuid_send(p_draw) || p_root || int8send(p_n) || keeper.be64(p_total)
        || substr(int4send(p_mode), 4) || substr(int8send(p_prizes), 5) || substr(int8send(p_alternates), 5))
$$;
COMMENT ON FUNCTION keeper.sel1_key IS 'K of SEL-1: HMAC-SHA256(beta, "PFD-SELECT-1" | draw | root | n u64 | W u64 | M u8 | P u32 | A u32).';

-- Another way than the daemon's: dead runs shift the number, an index finds the entry. Both must come to the same picks.
CREATE FUNCTION keeper.sel1(p_draw uuid, p_root bytea, p_beta bytea, p_mode integer, p_prizes bigint, p_alternates bigint)
RETURNS TABLE (pick bigint, attempt bigint, number numeric, total numeric, entry bigint)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
    c_2_64  constant numeric := 18446744073709551616;
    v_n     bigint;
    v_all   numeric;
    v_pads  bytea[];
    v_lo    bigint[]  := '{}';  -- dead runs: first and last entry, weight below the first, weight inside
    v_hi    bigint[]  := '{}';
    v_below numeric[] := '{}';
    v_dead  numeric[] := '{}';
    v_won   bytea[]   := '{}';  -- participants that were picked
    v_dying bytea[];
    v_found keeper.offchain_entries;
    v_runs  record;
BEGIN
    SELECT count(*), sum(e.weight) INTO v_n, v_all FROM keeper.offchain_entries e WHERE e.draw = p_draw;
    IF EXISTS (SELECT FROM keeper.offchain_draws d WHERE d.draw = p_draw AND (d.n, d.total_weight::numeric) IS DISTINCT FROM (v_n, v_all)) THEN
        RAISE EXCEPTION USING ERRCODE = 'PK002', MESSAGE = format('draw %s has %s entries of weight %s, not those that were locked', p_draw, v_n, v_all);
    END IF;
    v_pads := keeper.hmac_pads(keeper.sel1_key(p_draw, p_root, p_beta, v_n, v_all, p_mode, p_prizes, p_alternates));
    FOR p IN 0 .. p_prizes + p_alternates - 1 LOOP
        v_dying := CASE WHEN p = p_prizes THEN v_won WHEN p > p_prizes OR p_mode = 1 THEN v_won[cardinality(v_won):] ELSE '{}' END;
        SELECT array_agg(r.lo) AS lo, array_agg(r.hi) AS hi, array_agg(r.below) AS below, array_agg(r.weight) AS weight INTO v_runs
          FROM (SELECT min(x.entry) AS lo, max(x.entry) AS hi, min(x.below) AS below, sum(x.weight) AS weight
                  FROM (SELECT e.entry, e.below, e.weight, e.entry - row_number() OVER (ORDER BY e.entry) AS run
                          FROM keeper.offchain_entries e
                         WHERE e.draw = p_draw AND e.participant = ANY (v_dying) AND e.weight > 0
                           AND NOT EXISTS (SELECT FROM unnest(v_lo, v_hi) AS g (lo, hi) WHERE e.entry BETWEEN g.lo AND g.hi)) AS x
                 GROUP BY x.run) AS r;
        v_lo := v_lo || coalesce(v_runs.lo, '{}'); v_hi := v_hi || coalesce(v_runs.hi, '{}');
        v_below := v_below || coalesce(v_runs.below, '{}'); v_dead := v_dead || coalesce(v_runs.weight, '{}');
        pick := p; attempt := NULL; number := NULL; entry := NULL;
        total := v_all - (SELECT coalesce(sum(w), 0) FROM unnest(v_dead) AS w);
        IF total > 0 THEN
            attempt := -1;
            LOOP
                attempt := attempt + 1;
                number := ('x' || encode(substr(keeper.hmac(v_pads, substr(int8send(p), 5) || substr(int8send(attempt), 5)), 1, 8), 'hex'))::bit(64)::bigint;
                number := CASE WHEN number < 0 THEN number + c_2_64 ELSE number END;
                EXIT WHEN number >= mod(c_2_64, total);
            END LOOP;
            number := mod(number, total);
            -- Every dead run that begins at or below this number of live weights lies before the entry.
            SELECT e.* INTO v_found FROM keeper.offchain_entries e
             WHERE e.draw = p_draw AND e.below <= number + (
                   SELECT coalesce(sum(g.weight) FILTER (WHERE g.below - g.dead <= number), 0)
                     FROM (SELECT d.below, d.weight, sum(d.weight) OVER (ORDER BY d.below) - d.weight AS dead
                             FROM unnest(v_below, v_dead) AS d (below, weight)) AS g)
             ORDER BY e.below DESC, e.entry DESC LIMIT 1;
            entry := v_found.entry;
            v_won := v_won || v_found.participant;
            IF p_mode = 2 AND p < p_prizes THEN
                v_lo := v_lo || entry; v_hi := v_hi || entry; v_below := v_below || v_found.below; v_dead := v_dead || v_found.weight::numeric;
            END IF;
        ELSE
            total := NULL;
        END IF;
        RETURN NEXT;
    END LOOP;
END
$$;
COMMENT ON FUNCTION keeper.sel1 IS 'SEL-1: the picks of a draw, prizes first, then alternates; entry null where no weight is left.';

CREATE FUNCTION keeper.offchain_unlike(d keeper.offchain_draws) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    WITH here AS (SELECT p.pick, p.attempt, p.number::numeric, p.total::numeric, p.entry FROM keeper.offchain_picks p WHERE p.draw = d.draw),
         due AS (SELECT s.* FROM keeper.sel1(d.draw, d.root, d.beta, d.select_mode, d.prizes, d.alternates) s)
    SELECT EXISTS ((TABLE here EXCEPT ALL TABLE due) UNION ALL (TABLE due EXCEPT ALL TABLE here))
$$;
COMMENT ON FUNCTION keeper.offchain_unlike IS 'Whether the picks are other ones than beta''s.';

CREATE FUNCTION keeper.offchain_draw(p_fence bigint, p_draw uuid, p_attempt bigint[], p_number numeric[], p_total numeric[], p_entry bigint[])
RETURNS SETOF keeper.offchain_draws
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_draw  keeper.offchain_draws := keeper.offchain_held(p_fence, p_draw);
    v_wrong text;
BEGIN
    IF v_draw.beta IS NULL THEN
        RAISE EXCEPTION USING ERRCODE = 'PK002', MESSAGE = format('draw %s is %s and has no beta', p_draw, v_draw.state);
    END IF;
    SELECT format('pick %s: entry %s here, %s by the daemon', coalesce(o.pick, t.n - 1), coalesce(o.entry::text, 'none'), coalesce(t.entry::text, 'none')) INTO v_wrong
      FROM keeper.sel1(p_draw, v_draw.root, v_draw.beta, v_draw.select_mode, v_draw.prizes, v_draw.alternates) AS o
      FULL JOIN unnest(p_attempt, p_number, p_total, p_entry) WITH ORDINALITY AS t (attempt, number, total, entry, n) ON o.pick = t.n - 1
     WHERE o.pick IS NULL OR t.n IS NULL OR (o.attempt, o.number, o.total, o.entry) IS DISTINCT FROM (t.attempt, t.number, t.total, t.entry)
     ORDER BY coalesce(o.pick, t.n - 1) LIMIT 1;
    IF v_wrong IS NOT NULL AND v_draw.state <> 'locked' THEN
        RAISE EXCEPTION USING ERRCODE = 'PK002', MESSAGE = format('draw %s is %s with other picks: %s', p_draw, v_draw.state, v_wrong);
    ELSIF v_wrong IS NOT NULL THEN
        UPDATE keeper.offchain_draws d SET halted_why = 'two computations of the winners differ: ' || v_wrong WHERE d.draw = p_draw;
    ELSIF v_draw.state = 'locked' THEN
        INSERT INTO keeper.offchain_picks (draw, pick, attempt, number, total, entry)
        SELECT p_draw, t.n - 1, t.attempt, t.number, t.total, t.entry
          FROM unnest(p_attempt, p_number, p_total, p_entry) WITH ORDINALITY AS t (attempt, number, total, entry, n);
        UPDATE keeper.offchain_draws d SET state = 'drawn', drawn_at = clock_timestamp() WHERE d.draw = p_draw;
    END IF;
    RETURN QUERY SELECT * FROM keeper.offchain_draws d WHERE d.draw = p_draw;
END
$$;
COMMENT ON FUNCTION keeper.offchain_draw IS 'The daemon''s picks, compared with those computed here: drawn when they are the same, halted when not.';

CREATE FUNCTION keeper.offchain_refused(p_draw uuid) RETURNS TABLE (pick bigint, reason text, at timestamptz)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT p.pick, r.reason::text, r.refused_at
      FROM keeper.offchain_refusals r JOIN keeper.offchain_entries e USING (draw, participant) JOIN keeper.offchain_picks p USING (draw, entry) WHERE r.draw = p_draw
$$;
COMMENT ON FUNCTION keeper.offchain_refused IS 'The picks of participants that were refused before the round.';

CREATE FUNCTION keeper.offchain_winners(p_draw uuid)
RETURNS TABLE (prize bigint, pick bigint, entry bigint, participant bytea, account text, ref text, weight numeric)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    WITH usable AS (
        SELECT p.pick, p.entry, p.pick >= d.prizes AS alternate, d.prizes
          FROM keeper.offchain_picks p JOIN keeper.offchain_draws d USING (draw)
         WHERE p.draw = p_draw AND p.entry IS NOT NULL AND NOT EXISTS (SELECT FROM keeper.offchain_refused(p_draw) r WHERE r.pick = p.pick)
    ), alternates AS (
        SELECT u.pick, u.entry, row_number() OVER (ORDER BY u.pick) AS n FROM usable u WHERE u.alternate
    ), refused AS (
        SELECT r.pick AS prize, row_number() OVER (ORDER BY r.pick) AS n
          FROM keeper.offchain_refused(p_draw) r JOIN keeper.offchain_draws d ON d.draw = p_draw WHERE r.pick < d.prizes
    ), won AS (
        SELECT u.pick AS prize, u.pick, u.entry FROM usable u WHERE NOT u.alternate
        UNION ALL
        SELECT f.prize, a.pick, a.entry FROM refused f JOIN alternates a USING (n)
    )
    SELECT w.prize, w.pick, w.entry, e.participant::bytea, e.account, e.ref, e.weight::numeric
      FROM won w JOIN keeper.offchain_entries e ON e.draw = p_draw AND e.entry = w.entry ORDER BY w.prize
$$;
COMMENT ON FUNCTION keeper.offchain_winners IS 'Who gets which prize, from 0: the pick, or for a refused one the first unused alternate. For the settle statements of sources.';

CREATE FUNCTION keeper.offchain_owed(d keeper.offchain_draws) RETURNS numeric
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT coalesce(sum(d.amounts[w.prize + 1]), 0) FROM keeper.offchain_winners(d.draw) AS w
$$;
COMMENT ON FUNCTION keeper.offchain_owed IS 'What a settlement pays: the amounts of the prizes that have a winner. Also asked by the table.';

CREATE FUNCTION keeper.offchain_refuse(p_fence bigint, p_draw uuid, p_account text, p_reason text) RETURNS SETOF keeper.offchain_refusals
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM keeper.offchain_held(p_fence, p_draw);
    INSERT INTO keeper.offchain_refusals (draw, participant, reason)
    SELECT DISTINCT p_draw, e.participant::bytea, p_reason FROM keeper.offchain_entries e WHERE e.draw = p_draw AND e.account = p_account
    ON CONFLICT DO NOTHING;
    RETURN QUERY SELECT r.* FROM keeper.offchain_refusals r
        WHERE r.draw = p_draw AND r.participant IN (SELECT e.participant FROM keeper.offchain_entries e WHERE e.draw = p_draw AND e.account = p_account);
    IF NOT FOUND THEN
        RAISE EXCEPTION USING ERRCODE = 'PK002', MESSAGE = format('draw %s has no entry of account %s', p_draw, p_account);
    END IF;
END
$$;
COMMENT ON FUNCTION keeper.offchain_refuse IS 'For an operator: this account wins nothing, for a reason of the rules. Once, and before the round of the draw is due.';

CREATE FUNCTION keeper.source_payments(d keeper.offchain_draws, p_done jsonb) RETURNS text[]
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_told jsonb := coalesce(nullif(p_done -> 'payments', 'null'), to_jsonb(array_fill(''::text, ARRAY[d.prizes::integer])));
    v_all  text[];
BEGIN
    IF jsonb_typeof(v_told) = 'array' THEN
        v_all := ARRAY(SELECT coalesce(a.value, '') FROM jsonb_array_elements_text(v_told) WITH ORDINALITY AS a (value, n) ORDER BY a.n);
    END IF;
    IF cardinality(v_all) IS DISTINCT FROM d.prizes::integer OR EXISTS (SELECT FROM unnest(v_all) AS t WHERE t !~ '^[ !#-\[\]-~]{0,127}$') THEN
        RAISE EXCEPTION USING ERRCODE = 'PK003', MESSAGE = format('source %s, key %s: settle gives %s for where the payments of its %s prizes can be seen; nothing was kept',
            d.source, d.source_key, left(v_told::text, 100), d.prizes), HINT = 'payments is an array: of each prize, a text of at most 127 printable ASCII characters, or null';
    END IF;
    RETURN v_all;
END
$$;
COMMENT ON FUNCTION keeper.source_payments IS 'Private to offchain_settle: where each payment can be seen, if the source tells it.';

CREATE FUNCTION keeper.offchain_settle(p_fence bigint, p_draw uuid, p_settle text) RETURNS SETOF keeper.offchain_draws
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_draw    keeper.offchain_draws := keeper.offchain_held(p_fence, p_draw);
    v_winners bigint := (SELECT count(*) FROM keeper.offchain_winners(p_draw));
    v_owed    numeric := keeper.offchain_owed(v_draw);
    v_back    numeric := CASE WHEN v_winners = 0 THEN v_draw.stake_units END;
    v_done    jsonb;
BEGIN
    IF v_draw.state = 'drawn' THEN
        v_done := keeper.source_run('settle', p_settle, v_draw.source, v_draw.source_key, p_draw);
        IF (v_done ->> 'winners')::bigint IS DISTINCT FROM v_winners OR (v_done ->> 'paid_units')::numeric IS DISTINCT FROM v_owed THEN
            RAISE EXCEPTION USING ERRCODE = 'PK003', MESSAGE = format('source %s, key %s: settle paid %s units to %s winners, but %s units and %s winners are due; nothing was kept', v_draw.source, v_draw.source_key,
                coalesce(v_done ->> 'paid_units', 'no'), coalesce(v_done ->> 'winners', 'no'), v_owed, v_winners);
        ELSIF coalesce((v_done ->> 'refunded_units')::numeric, 0) <> coalesce(v_back, 0) THEN
            RAISE EXCEPTION USING ERRCODE = 'PK003', MESSAGE = format('source %s, key %s: settle gave %s units back, but %s; nothing was kept', v_draw.source, v_draw.source_key,
                coalesce(v_done ->> 'refunded_units', 'no'), CASE WHEN v_winners = 0 THEN format('nobody is left to win and %s were staked', v_back) ELSE 'the draw has winners' END),
                HINT = 'where nobody is left to win, settle gives every stake back and says how many units that were in refunded_units';
        END IF;
        UPDATE keeper.offchain_draws d SET state = 'settled', settled_at = clock_timestamp(), paid_units = v_owed, refunded_units = v_back, payments = keeper.source_payments(v_draw, v_done) WHERE d.draw = p_draw;
    ELSIF v_draw.state <> 'settled' THEN
        RAISE EXCEPTION USING ERRCODE = 'PK002', MESSAGE = format('draw %s is %s: it cannot be settled', p_draw, v_draw.state);
    END IF;
    RETURN QUERY SELECT * FROM keeper.offchain_draws d WHERE d.draw = p_draw;
END
$$;
COMMENT ON FUNCTION keeper.offchain_settle IS 'The source pays its winners and the draw is closed, in one transaction, once. What it paid must be what was fixed at lock; where nobody is left to win, every stake goes back.';

CREATE FUNCTION keeper.offchain_default(p_fence bigint, p_draw uuid, p_chain_s bigint) RETURNS SETOF keeper.offchain_draws
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_draw keeper.offchain_draws := keeper.offchain_held(p_fence, p_draw);
    v_now  timestamptz := clock_timestamp();
BEGIN
    IF v_draw.state = 'locked' THEN
        IF v_draw.beta IS NOT NULL OR v_now < v_draw.deadline OR v_draw.randomness = 'beacon' AND v_draw.drand_signature IS NOT NULL THEN
            RAISE EXCEPTION USING ERRCODE = 'PK002', MESSAGE = format('draw %s cannot default: %s', p_draw, CASE WHEN v_draw.beta IS NOT NULL THEN 'it has its beta'
                WHEN v_now >= v_draw.deadline THEN 'its alpha is complete, and beta is SHA-512 of it'
                ELSE 'its deadline is ' || v_draw.deadline::text END);
        END IF;
        PERFORM keeper.offchain_clocks(p_chain_s);
        UPDATE keeper.offchain_draws d SET state = 'defaulted', defaulted_at = v_now, default_why = CASE WHEN d.anchor_sig IS NULL THEN 'no_anchor'
            WHEN d.block_slot IS NULL THEN 'no_block' WHEN d.drand_signature IS NULL THEN 'no_beacon' ELSE 'no_proof' END WHERE d.draw = p_draw;
    ELSIF v_draw.state NOT IN ('defaulted', 'refunded') THEN
        RAISE EXCEPTION USING ERRCODE = 'PK002', MESSAGE = format('draw %s is %s: it cannot default', p_draw, v_draw.state);
    END IF;
    RETURN QUERY SELECT * FROM keeper.offchain_draws d WHERE d.draw = p_draw;
END
$$;
COMMENT ON FUNCTION keeper.offchain_default IS 'The deadline passed without a beta: from here on the draw can only be refunded. It is never drawn again. p_chain_s: the chain''s clock, Unix.';

CREATE FUNCTION keeper.offchain_refund(p_fence bigint, p_draw uuid, p_refund text) RETURNS SETOF keeper.offchain_draws
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_draw  keeper.offchain_draws := keeper.offchain_held(p_fence, p_draw);
    v_given numeric;
BEGIN
    IF v_draw.state = 'defaulted' THEN
        v_given := (keeper.source_run('refund', p_refund, v_draw.source, v_draw.source_key, p_draw) ->> 'refunded_units')::numeric;
        IF v_given IS DISTINCT FROM v_draw.stake_units THEN
            RAISE EXCEPTION USING ERRCODE = 'PK003', MESSAGE = format('source %s, key %s: refund gave %s units back, but %s were staked; nothing was kept', v_draw.source, v_draw.source_key, coalesce(v_given::text, 'no'), v_draw.stake_units);
        END IF;
        UPDATE keeper.offchain_draws d SET state = 'refunded', refunded_at = clock_timestamp(), refunded_units = v_given WHERE d.draw = p_draw;
    ELSIF v_draw.state <> 'refunded' THEN
        RAISE EXCEPTION USING ERRCODE = 'PK002', MESSAGE = format('draw %s is %s: it cannot be refunded', p_draw, v_draw.state);
    END IF;
    RETURN QUERY SELECT * FROM keeper.offchain_draws d WHERE d.draw = p_draw;
END
$$;
COMMENT ON FUNCTION keeper.offchain_refund IS 'The source gives every stake back and the draw is closed, in one transaction, once.';

CREATE FUNCTION keeper.offchain_halt(p_fence bigint, p_draw uuid, p_why text) RETURNS SETOF keeper.offchain_draws
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM keeper.offchain_held(p_fence, p_draw);
    UPDATE keeper.offchain_draws d SET halted_why = left(p_why, 500)
     WHERE d.draw = p_draw AND d.state NOT IN ('settled', 'refunded') AND d.halted_why IS DISTINCT FROM left(p_why, 500);
    RETURN QUERY SELECT * FROM keeper.offchain_draws d WHERE d.draw = p_draw;
END
$$;
COMMENT ON FUNCTION keeper.offchain_halt IS 'Why the draw does not go on, for people; null: it does. Nothing is decided by it.';

CREATE FUNCTION keeper.offchain_due(p_max bigint)
RETURNS TABLE (next text, draw uuid, source text, source_key text, due_at timestamptz, deadline timestamptz, halted_why text)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT x.next, x.draw, x.source, x.source_key, CASE x.next WHEN 'beacon' THEN to_timestamp(keeper.drand_time(x.round)) ELSE x.locked_at END, x.deadline, x.halted_why
      FROM (SELECT d.*, CASE WHEN d.state = 'drawn' THEN 'settle' WHEN d.state = 'defaulted' THEN 'refund' WHEN d.beta IS NOT NULL THEN 'draw'
                             WHEN clock_timestamp() >= d.deadline AND (d.randomness <> 'beacon' OR d.drand_signature IS NULL) THEN 'default' WHEN d.anchor_sig IS NULL THEN 'anchor' WHEN d.block_slot IS NULL THEN 'block'
                             WHEN d.drand_signature IS NULL THEN 'beacon' ELSE 'prove' END AS next
              FROM keeper.offchain_draws d WHERE d.state NOT IN ('settled', 'refunded')) AS x
     ORDER BY x.deadline, x.draw LIMIT p_max
$$;
COMMENT ON FUNCTION keeper.offchain_due IS 'Every draw that is not over and the one thing that comes next, nearest deadline first: anchor, block, beacon, prove, draw, settle, default, refund.';
