-- Pools that the app never registered: found on the chain, drawn like all others, and written to schema public once the web
-- backend had its time to do so.

-- A draw without an app row is listed under a negative number of its own: a hash would sooner or later hide one behind another.
ALTER TABLE keeper.draws ADD COLUMN no integer GENERATED ALWAYS AS IDENTITY;
COMMENT ON COLUMN keeper.draws.no IS 'counts; with a minus the app_id under which a draw without an app row is listed';
CREATE INDEX draws_creator ON keeper.draws (creator);
CREATE INDEX steps_binds ON keeper.steps (opened_at) WHERE step = 'BIND';

CREATE TABLE keeper.discovery (
    one   boolean PRIMARY KEY DEFAULT true CONSTRAINT discovery_is_one_row CHECK (one),
    since bigint  NOT NULL
);
COMMENT ON TABLE keeper.discovery IS 'Since when, by the chain''s clock, this database looks for pools by itself: one row, written at the first look.';

CREATE TABLE keeper.discoveries (
    draw       keeper.subject PRIMARY KEY,
    found_slot keeper.slot    NOT NULL,
    found_at   timestamptz    NOT NULL DEFAULT clock_timestamp(),
    start_time bigint         NOT NULL,
    allow_mock boolean        NOT NULL,
    verdict    text           NOT NULL CONSTRAINT discoveries_verdict_is_word CHECK (verdict ~ '^[A-Z_]{2,40}$'),
    listed_at  timestamptz,
    app_id     integer,
    CONSTRAINT discoveries_listed_fits CHECK (listed_at IS NULL OR verdict = 'FITS' AND app_id IS NOT NULL)
);
CREATE INDEX discoveries_waiting ON keeper.discoveries (start_time) WHERE verdict = 'FITS' AND listed_at IS NULL;
COMMENT ON TABLE keeper.discoveries IS 'Pools of our dev wallet that were found on the chain before the app had registered them.';
COMMENT ON COLUMN keeper.discoveries.verdict IS 'FITS: may enter schema public. HISTORY: over before anybody looked, left alone. Else the wait reason that keeps it out.';
COMMENT ON COLUMN keeper.discoveries.start_time IS 'creation, by the chain''s clock: the app''s age limit counts from here';
COMMENT ON COLUMN keeper.discoveries.listed_at IS 'when its row in schema public was written or found there';

CREATE TABLE keeper.census (
    one       boolean     PRIMARY KEY DEFAULT true CONSTRAINT census_is_one_row CHECK (one),
    signature bytea       CONSTRAINT census_signature_size CHECK (length(signature) = 64),
    slot      keeper.slot NOT NULL,
    database  text        NOT NULL
);
COMMENT ON TABLE keeper.census IS 'How far the list of the program''s own transactions is read: a pool that came and went between two looks at its accounts is found there.';
COMMENT ON COLUMN keeper.census.signature IS 'newest one that was judged; null: none as yet, only what is younger than the slot counts';
COMMENT ON COLUMN keeper.census.database IS 'keeper.database_identity() when its last reader began: what was known to another database is not known here';

CREATE OR REPLACE FUNCTION keeper.open_pools(p_after_id bigint)
RETURNS TABLE (app_id integer, address text, status text, agrees boolean)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    WITH open_draws AS MATERIALIZED (
        SELECT d.app_id, d.address, d.draw, d.no FROM keeper.draws d WHERE NOT d.over
        UNION
        SELECT d.app_id, d.address, d.draw, d.no FROM keeper.steps s JOIN keeper.draws d ON d.draw = s.subject
         WHERE s.state IN ('open', 'landed', 'stale')
    )
    SELECT p.id AS app_id, p.pool_address, p.status,
           -- Until payout resets them on chain. A count that is not known yet is not compared.
           NOT EXISTS (SELECT FROM keeper.draws d
                        WHERE d.app_id = p.id AND d.address = p.pool_address AND d.status < 6
                          AND (p.participants_count IS DISTINCT FROM coalesce(d.participants, p.participants_count)
                               OR d.decimals IS NOT NULL AND p.total_pot IS DISTINCT FROM keeper.whole_tokens(d.total_amount, d.decimals)))
      FROM public.pools p
     WHERE p.id > p_after_id AND p.pool_address IS NOT NULL
       AND (p.status NOT IN ('ended', 'cancelled', 'closed') OR p.id IN (SELECT o.app_id FROM open_draws o))
    UNION ALL
    -- Registered and cancelled while nobody looked: listed until its account, or the history of one that is gone, was read.
    SELECT p.id, p.pool_address, p.status, true
      FROM public.pools p
     WHERE p.id > p_after_id AND p.status IN ('cancelled', 'closed') AND p.start_time > (now() AT TIME ZONE 'UTC') - interval '7 days'
       AND p.pool_address IS NOT NULL AND NOT EXISTS (SELECT FROM keeper.draws d WHERE d.app_id = p.id)
       AND NOT EXISTS (SELECT FROM keeper.watermarks w WHERE w.address = p.pool_address AND w.gone)
    UNION ALL
    SELECT -o.no, o.address, 'unknown', true
      FROM open_draws o
     WHERE p_after_id = 0
       AND NOT EXISTS (SELECT FROM public.pools p
                        WHERE p.pool_address = o.address AND (p.id = o.app_id OR p.status NOT IN ('ended', 'cancelled', 'closed')))
     ORDER BY app_id
$$;

-- Is there a row that the app made for this draw? Rows that belong to other draws of the address do not count, nor does a row
-- that is over while the draw is not: it is of an earlier pool that keeper never saw.
CREATE FUNCTION keeper.app_row(p_draw text, p_address text, p_over boolean) RETURNS integer
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT p.id
      FROM public.pools p
     WHERE p.pool_address = p_address
       AND (p_over OR p.status NOT IN ('ended', 'cancelled', 'closed'))
       AND NOT EXISTS (SELECT FROM keeper.draws o WHERE o.app_id = p.id AND o.draw <> p_draw)
     ORDER BY p.id DESC LIMIT 1
$$;
COMMENT ON FUNCTION keeper.app_row IS 'Private to undiscovered and list_discovered: the app''s own row of a draw, or null.';

CREATE FUNCTION keeper.undiscovered(p_fence bigint, p_now bigint, p_address text[], p_pool_id numeric[])
RETURNS TABLE (since bigint, n bigint, registered boolean)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET lock_timeout = '1500ms' AS $$
DECLARE
    v_since bigint;
BEGIN
    PERFORM keeper.hold(p_fence);
    INSERT INTO keeper.discovery (since) VALUES (p_now) ON CONFLICT DO NOTHING;
    SELECT d.since INTO v_since FROM keeper.discovery d;
    RETURN QUERY
        SELECT v_since, NULL::bigint, NULL::boolean
        UNION ALL
        SELECT v_since, g.n, keeper.app_row('draw:' || g.address || ':' || g.pool_id, g.address, true) IS NOT NULL
          FROM unnest(p_address, p_pool_id) WITH ORDINALITY AS g (address, pool_id, n)
          LEFT JOIN keeper.draws d ON d.draw = 'draw:' || g.address || ':' || g.pool_id
          LEFT JOIN keeper.discoveries x ON x.draw = 'draw:' || g.address || ':' || g.pool_id
         WHERE d.app_id IS NULL AND NOT coalesce(d.over, false) AND coalesce(x.verdict, '') NOT IN ('FITS', 'HISTORY');
END
$$;
COMMENT ON FUNCTION keeper.undiscovered IS 'Which of these pools (by place) nobody has judged yet. A pool that was kept out is judged again after each start: settings change.';

CREATE FUNCTION keeper.discover(
    p_fence bigint, p_address text[], p_pool_id numeric[], p_slot bigint[], p_start_time bigint[], p_allow_mock boolean[], p_verdict text[])
RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_written bigint;
BEGIN
    PERFORM keeper.hold(p_fence);
    INSERT INTO keeper.discoveries AS x (draw, found_slot, start_time, allow_mock, verdict)
    SELECT 'draw:' || g.address || ':' || g.pool_id, g.slot, g.start_time, g.allow_mock, g.verdict
      FROM unnest(p_address, p_pool_id, p_slot, p_start_time, p_allow_mock, p_verdict)
        AS g (address, pool_id, slot, start_time, allow_mock, verdict)
    ON CONFLICT (draw) DO UPDATE SET verdict = excluded.verdict
     WHERE x.verdict NOT IN ('FITS', 'HISTORY', excluded.verdict);
    GET DIAGNOSTICS v_written = ROW_COUNT;
    RETURN v_written;
END
$$;
COMMENT ON FUNCTION keeper.discover IS 'What was made of pools that were found. A pool that was let in stays in.';

CREATE FUNCTION keeper.list_one(p_draw text) RETURNS integer
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_draw keeper.draws;
    v_found keeper.discoveries;
    v_name text;
    v_id   integer;
BEGIN
    SELECT * INTO v_draw FROM keeper.draws d WHERE d.draw = p_draw FOR UPDATE;
    SELECT * INTO v_found FROM keeper.discoveries x WHERE x.draw = p_draw;
    -- A token's own name and symbol are text that anybody may have written, to look like another token or worse: the mint is shown.
    v_name := left(v_draw.mint, 4) || '...' || right(v_draw.mint, 4);
    INSERT INTO public.pools (pool_address, token_symbol, token_name, token_mint, entry_amount, min_participants, max_participants,
                              participants_count, status, start_time, lock_duration, lock_start_time, total_pot, creator_wallet,
                              randomness_account, tx_hash, allow_mock)
    SELECT v_draw.address, v_name, v_name, v_draw.mint, keeper.whole_tokens(v_draw.bet_amount, v_draw.decimals), 2, v_draw.max_participants,
           coalesce(v_draw.participants, 0), keeper.app_status(CASE WHEN v_draw.status = 6 THEN 5::smallint ELSE v_draw.status END),
           to_timestamp(v_found.start_time) AT TIME ZONE 'UTC', v_draw.lock_duration,
           CASE WHEN v_draw.lock_start_time BETWEEN 1 AND 2147483647 THEN v_draw.lock_start_time END,
           keeper.whole_tokens(v_draw.total_amount, v_draw.decimals), lower(v_draw.creator), v_draw.randomness_account,
           -- An address may have been created more than once: this draw's creation is the one at its start time.
           (SELECT keeper.base58(c.signature) FROM keeper.calls c
             WHERE c.draw = p_draw AND c.instruction = 'create_pool' AND abs(c.block_time - v_found.start_time) <= 60
             ORDER BY c.slot DESC LIMIT 1),
           v_found.allow_mock::integer
    RETURNING id INTO v_id;
    RETURN v_id;
END
$$;
COMMENT ON FUNCTION keeper.list_one IS 'Private to list_discovered: the row as the web backend would have written it.';

-- The lock keeps a backend's insert that is under way from being overlooked, and ends with the statement. Nothing else is held
-- while it is waited for, and it is given up sooner than Postgres looks for deadlocks, so that never the backend pays for it.
CREATE FUNCTION keeper.list_discovered(p_fence bigint, p_now bigint, p_age bigint)
RETURNS TABLE (waiting bigint, draw text, app_id integer, ours boolean)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET lock_timeout = '500ms' AS $$
#variable_conflict use_column
DECLARE
    v_due  text[];
    v_draw keeper.draws;
    v_each text;
    v_id   integer;
    v_ours boolean;
BEGIN
    PERFORM keeper.hold(p_fence);
    SELECT array_agg(w.draw) INTO v_due
      FROM (SELECT x.draw FROM keeper.discoveries x JOIN keeper.draws d ON d.draw = x.draw AND d.decimals IS NOT NULL
             WHERE x.verdict = 'FITS' AND x.listed_at IS NULL AND x.start_time <= p_now - p_age ORDER BY x.start_time LIMIT 100) w;
    IF v_due IS NOT NULL THEN
        LOCK TABLE public.pools IN SHARE ROW EXCLUSIVE MODE;
    END IF;
    FOREACH v_each IN ARRAY coalesce(v_due, '{}') LOOP
        SELECT * INTO v_draw FROM keeper.draws d WHERE d.draw = v_each;
        v_id := coalesce(v_draw.app_id, keeper.app_row(v_each, v_draw.address, v_draw.over OR v_draw.status >= 6));
        v_ours := v_id IS NULL;
        IF v_ours THEN
            v_id := keeper.list_one(v_each);
        END IF;
        UPDATE keeper.draws d SET app_id = v_id WHERE d.draw = v_each AND d.app_id IS NULL;
        UPDATE keeper.discoveries x SET listed_at = clock_timestamp(), app_id = v_id WHERE x.draw = v_each;
        RETURN QUERY SELECT 0::bigint, v_each, v_id, v_ours;
    END LOOP;
    RETURN QUERY SELECT count(*), NULL::text, NULL::integer, NULL::boolean
                   FROM keeper.discoveries x WHERE x.verdict = 'FITS' AND x.listed_at IS NULL;
END
$$;
COMMENT ON FUNCTION keeper.list_discovered IS 'Pools that are older than the app''s age limit and have no row there get one. The last row says how many wait.';

CREATE FUNCTION keeper.creator_binds(p_creator text[]) RETURNS TABLE (n bigint, binds bigint, atas bigint)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT g.n, (SELECT count(*) FROM keeper.draws d JOIN keeper.steps s ON s.subject = d.draw
                  WHERE d.creator = g.creator AND s.step = 'BIND' AND s.state <> 'expired' AND s.opened_at >= day.began),
           (SELECT count(*) FROM keeper.steps s WHERE s.creator = g.creator AND s.state <> 'expired' AND s.opened_at >= day.began)
      FROM unnest(p_creator) WITH ORDINALITY AS g (creator, n),
           (SELECT date_trunc('day', clock_timestamp() AT TIME ZONE 'UTC') AT TIME ZONE 'UTC' AS began) day
     ORDER BY g.n
$$;
COMMENT ON FUNCTION keeper.creator_binds IS 'How often pools of these creators were bound, and token accounts made for them, since midnight UTC, by this database''s clock. What expired cost nothing.';

-- ---- pools that came and went ----

CREATE FUNCTION keeper.census_begin(p_fence bigint, p_slot bigint) RETURNS TABLE (signature bytea, slot bigint)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM keeper.hold(p_fence);
    INSERT INTO keeper.census AS c (slot, database) VALUES (p_slot, keeper.database_identity())
    ON CONFLICT (one) DO UPDATE SET database = excluded.database WHERE c.database <> excluded.database;
    RETURN QUERY SELECT c.signature, c.slot::bigint FROM keeper.census c;
END
$$;
COMMENT ON FUNCTION keeper.census_begin IS 'How far the program''s list is read. The first look of a database begins here: what is older is history.';

CREATE FUNCTION keeper.census_unknown(p_signature bytea[]) RETURNS TABLE (n bigint)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT g.n FROM unnest(p_signature) WITH ORDINALITY AS g (signature, n)
     WHERE NOT EXISTS (SELECT FROM keeper.calls c WHERE c.signature = g.signature) ORDER BY g.n
$$;
COMMENT ON FUNCTION keeper.census_unknown IS 'Which of these (by place) are of no pool whose history is recorded.';

CREATE FUNCTION keeper.census_found(p_fence bigint, p_address text[], p_slot bigint) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_written bigint;
BEGIN
    PERFORM keeper.hold(p_fence);
    -- What was seen of an earlier pool there says nothing of this one.
    INSERT INTO keeper.watermarks AS w (address, made_slot) SELECT DISTINCT g, p_slot FROM unnest(p_address) g
    ON CONFLICT (address) DO UPDATE SET gone = false, seen = NULL, made_slot = greatest(w.made_slot, excluded.made_slot)
     WHERE coalesce(w.slot, -1) < excluded.made_slot;
    GET DIAGNOSTICS v_written = ROW_COUNT;
    RETURN v_written;
END
$$;
COMMENT ON FUNCTION keeper.census_found IS 'Addresses at which pools of our dev wallet were made in this slot: their histories are read that far, whether anything is there now or not.';

CREATE FUNCTION keeper.census_done(p_fence bigint, p_signature bytea, p_slot bigint) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_written bigint;
BEGIN
    PERFORM keeper.hold(p_fence);
    UPDATE keeper.census c SET signature = p_signature, slot = p_slot WHERE c.slot <= p_slot AND c.database = keeper.database_identity();
    GET DIAGNOSTICS v_written = ROW_COUNT;
    RETURN v_written;
END
$$;
COMMENT ON FUNCTION keeper.census_done IS 'Everything up to this signature is judged. It never goes back, nor on in another database than the one that was asked.';
