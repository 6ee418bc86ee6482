-- How far each pool's list of transactions is read, what could not be read, and the calls with their projection.

-- A reading position is no fact of its own: what is dropped here is read again, and recorded rows stay as they are.
TRUNCATE keeper.watermarks;
ALTER TABLE keeper.watermarks DROP COLUMN draw;
ALTER TABLE keeper.watermarks ALTER COLUMN signature DROP NOT NULL;
ALTER TABLE keeper.watermarks
    ADD COLUMN address keeper.address CONSTRAINT watermarks_pkey PRIMARY KEY,
    ADD COLUMN slot    keeper.slot,
    ADD COLUMN pool_id keeper.u64,
    ADD COLUMN seen    bytea CONSTRAINT watermarks_seen_size CHECK (length(seen) = 32),
    ADD COLUMN gone    boolean NOT NULL DEFAULT false,
    ADD COLUMN made_slot keeper.slot,
    ADD CONSTRAINT watermarks_is_whole CHECK (num_nulls(signature, slot) IN (0, 2));
CREATE INDEX watermarks_watched ON keeper.watermarks (address) WHERE NOT gone;
COMMENT ON TABLE keeper.watermarks IS 'How far the list of each pool address is read. Per address: one that is used again has one list.';
COMMENT ON COLUMN keeper.watermarks.signature IS 'up to this one, its whole slot included, everything is in keeper.calls or keeper.call_gaps';
COMMENT ON COLUMN keeper.watermarks.pool_id IS 'of the pool that the next call belongs to, unless it creates another one';
COMMENT ON COLUMN keeper.watermarks.seen IS 'SHA-256 of the accounts whose history was read to its end: while they look so there is nothing to list';
COMMENT ON COLUMN keeper.watermarks.made_slot IS 'the census found that a pool was made there: the list is to be read to this slot, whatever is there';
COMMENT ON COLUMN keeper.watermarks.gone IS 'the rent was claimed and the list is read: nothing comes until the address is used again';
INSERT INTO keeper.watermarks (address) SELECT DISTINCT d.address FROM keeper.draws d;

CREATE TABLE keeper.call_gaps (
    address   keeper.address NOT NULL,
    signature bytea          NOT NULL CONSTRAINT call_gaps_signature_size CHECK (length(signature) IN (0, 64)),
    slot      keeper.slot    NOT NULL,
    reason    text           NOT NULL CONSTRAINT call_gaps_reason_known CHECK (
        reason IN ('not_available', 'list_ends_early', 'no_creation', 'no_pool_id', 'bad_signature', 'other_transaction', 'unparsable',
                   'bad_tables', 'no_inner', 'too_many')),
    noted_at  timestamptz    NOT NULL DEFAULT clock_timestamp(),
    tried_at  timestamptz    NOT NULL DEFAULT clock_timestamp(),
    filled_at timestamptz,
    PRIMARY KEY (address, signature)
);
CREATE INDEX call_gaps_open ON keeper.call_gaps (address) WHERE filled_at IS NULL;
COMMENT ON TABLE keeper.call_gaps IS 'What of a pool''s history is not recorded, and why. Rows stay; filled_at is set when a later reading succeeded.';
COMMENT ON COLUMN keeper.call_gaps.signature IS 'the transaction; empty where the list itself begins too late; with list_ends_early the last one before the hole';

ALTER TABLE keeper.calls ALTER COLUMN block_time DROP NOT NULL;
ALTER TABLE keeper.calls ADD COLUMN mint keeper.address;
COMMENT ON COLUMN keeper.calls.block_time IS 'unix seconds; null while no node has told it';
COMMENT ON COLUMN keeper.calls.mint IS 'of create_pool: what the pool is played in';

CREATE FUNCTION keeper.watch_draw() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO keeper.watermarks AS w (address) VALUES (NEW.address)
    ON CONFLICT (address) DO UPDATE SET gone = false WHERE w.gone;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION keeper.watch_draw IS 'Every draw''s address has a reading position, and one that is used again is watched again.';
CREATE TRIGGER draws_are_watched AFTER INSERT ON keeper.draws FOR EACH ROW EXECUTE FUNCTION keeper.watch_draw();

CREATE FUNCTION keeper.history(p_address text)
RETURNS TABLE (signature bytea, slot bigint, pool_id numeric, seen bytea, gap bytea, gap_slot bigint, gone boolean)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT w.signature, w.slot, w.pool_id, w.seen, g.signature, g.slot, w.gone
      FROM keeper.watermarks w
      LEFT JOIN LATERAL (SELECT x.signature, x.slot FROM keeper.call_gaps x
                          WHERE x.address = w.address AND x.filled_at IS NULL AND x.reason = 'not_available'
                          ORDER BY x.tried_at LIMIT 16) g ON true
     WHERE w.address = p_address
$$;
COMMENT ON FUNCTION keeper.history IS 'Where to go on reading, and up to 16 transactions that no node could give the last time.';

CREATE FUNCTION keeper.watched(p_after text) RETURNS TABLE (address text, seen bytea)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT w.address, w.seen FROM keeper.watermarks w
     WHERE NOT w.gone AND w.address > p_after
       AND NOT EXISTS (SELECT FROM keeper.draws d WHERE d.address = w.address AND NOT d.over)
     ORDER BY w.address LIMIT 49
$$;
COMMENT ON FUNCTION keeper.watched IS 'A page of pools that are over, so on no list of a tick, but whose refunds or rent may still come.';

-- The rent is claimed of a pool that is over, and takes its account away: who looks later sees nothing, and the calls are all there is.
-- A pool that was drawn is not ended by them: its money facts are its payout's record.
CREATE FUNCTION keeper.end_by_calls(p_address text, p_pool_id numeric[], p_gone numeric) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_life   record;
    v_made   keeper.calls;
    v_app_id integer;
BEGIN
    FOR v_life IN
        SELECT k.pool_id, k.draw, l.*
          FROM (SELECT DISTINCT g AS pool_id, 'draw:' || p_address || ':' || g AS draw FROM unnest(p_pool_id) g WHERE g IS NOT NULL) k
         CROSS JOIN LATERAL (
               SELECT max(c.slot) AS slot, max(c.decimals) AS decimals, bool_or(c.instruction = 'claim_rent') AS rent,
                      count(*) FILTER (WHERE c.instruction IN ('create_pool', 'join_pool')) AS players,
                      sum(c.amount) FILTER (WHERE c.instruction IN ('create_pool', 'join_pool', 'donate')) AS total,
                      max(CASE WHEN c.instruction = 'finalize_forfeited_pool' THEN 8
                               WHEN c.instruction IN ('cancel_pool', 'admin_close_pool', 'sweep_expired_pool') THEN 7 END)::smallint AS status
                 FROM keeper.calls c WHERE c.draw = k.draw) l
         WHERE l.status IS NOT NULL AND (l.rent OR k.pool_id = p_gone)
           AND NOT EXISTS (SELECT FROM keeper.draws d WHERE d.draw = k.draw AND d.over)
    LOOP
        UPDATE keeper.draws d SET status = v_life.status WHERE d.draw = v_life.draw RETURNING d.app_id INTO v_app_id;
        IF NOT FOUND THEN
            -- Nobody saw it alive. Its row in the app names its creation; one that does not is the last pool's of the address.
            SELECT * INTO v_made FROM keeper.calls c WHERE c.draw = v_life.draw AND c.instruction = 'create_pool' AND c.mint IS NOT NULL;
            SELECT p.id INTO v_app_id FROM public.pools p
             WHERE p.pool_address = p_address AND (p.tx_hash = keeper.base58(v_made.signature) OR coalesce(p.tx_hash, '') = '' AND v_life.pool_id = p_gone)
               AND (p.status NOT IN ('ended', 'cancelled', 'closed')
                    OR p.status <> 'ended' AND p.start_time > (now() AT TIME ZONE 'UTC') - interval '7 days')
               AND NOT EXISTS (SELECT FROM keeper.draws o WHERE o.app_id = p.id)
             ORDER BY p.tx_hash = keeper.base58(v_made.signature) DESC NULLS LAST, p.id DESC LIMIT 1;
            -- What nobody registered needs no row.
            CONTINUE WHEN v_made.signature IS NULL OR v_app_id IS NULL;
            INSERT INTO keeper.draws (draw, address, pool_id, app_id, mint, creator, status, status_slot, bet_amount, total_amount, participants, decimals)
            VALUES (v_life.draw, p_address, v_life.pool_id, v_app_id, v_made.mint, v_made.user_wallet, v_life.status, v_life.slot, v_made.amount,
                    v_life.total, v_life.players, v_life.decimals);
            UPDATE public.pools p SET participants_count = v_life.players, total_pot = coalesce(keeper.whole_tokens(v_life.total, v_life.decimals), p.total_pot)
             WHERE p.id = v_app_id;
        END IF;
        UPDATE public.pools p SET status = keeper.app_status(v_life.status)
         WHERE p.id = v_app_id AND p.pool_address = p_address AND p.status NOT IN ('cancelled', 'closed');
    END LOOP;
END
$$;
COMMENT ON FUNCTION keeper.end_by_calls IS 'Private to record_calls: the end of pools whose account is gone, from what users did. p_gone: the pool that was there last, when nothing is there now.';

DROP FUNCTION keeper.record_calls;
CREATE FUNCTION keeper.record_calls(
    p_fence bigint, p_address text, p_pool_id numeric, p_watermark bytea, p_watermark_slot bigint, p_seen bytea, p_gone boolean,
    p_repair boolean, p_signature bytea[], p_ix smallint[], p_inner_ix smallint[], p_slot bigint[], p_block_time bigint[],
    p_call_pool_id numeric[], p_user text[], p_instruction text[], p_amount numeric[], p_decimals smallint[], p_mint text[],
    p_read bytea[], p_gap_signature bytea[], p_gap_slot bigint[], p_gap_reason text[]) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET lock_timeout = '1500ms' AS $$
DECLARE
    v_written  bigint;
    v_call     keeper.calls;
    v_pool_id  numeric;
    v_decimals smallint;
BEGIN
    PERFORM keeper.hold(p_fence);
    -- What the pot of an open pool is shown with: its mint is not read before it is drawn.
    -- One key after the other: a join whose plan was made while the tables were small would read all of a large one.
    FOR v_pool_id, v_decimals IN SELECT g.pool_id, max(g.decimals) FROM unnest(p_call_pool_id, p_decimals) AS g (pool_id, decimals) WHERE g.decimals IS NOT NULL GROUP BY g.pool_id LOOP
        UPDATE keeper.draws d SET decimals = v_decimals WHERE d.draw = 'draw:' || p_address || ':' || v_pool_id AND d.decimals IS NULL;
    END LOOP;
    INSERT INTO keeper.calls AS c (signature, ix, inner_ix, slot, block_time, draw, user_wallet, app_id, instruction, amount, decimals, mint)
    SELECT DISTINCT ON (g.signature, g.ix, g.inner_ix) g.signature, g.ix, g.inner_ix, g.slot, g.block_time,
           'draw:' || p_address || ':' || g.pool_id, g.user_wallet, d.app_id, g.instruction, g.amount,
           CASE WHEN g.amount IS NOT NULL THEN coalesce(g.decimals, d.decimals) END, g.mint
      FROM unnest(p_signature, p_ix, p_inner_ix, p_slot, p_block_time, p_call_pool_id, p_user, p_instruction, p_amount, p_decimals, p_mint)
        AS g (signature, ix, inner_ix, slot, block_time, pool_id, user_wallet, instruction, amount, decimals, mint)
      LEFT JOIN keeper.draws d ON d.address = p_address AND d.pool_id = g.pool_id
    ON CONFLICT (signature, ix, inner_ix) DO UPDATE
       SET slot = CASE WHEN p_repair THEN excluded.slot ELSE c.slot END,
           block_time = CASE WHEN p_repair THEN coalesce(excluded.block_time, c.block_time) ELSE coalesce(c.block_time, excluded.block_time) END,
           draw = CASE WHEN p_repair THEN excluded.draw ELSE c.draw END,
           user_wallet = CASE WHEN p_repair THEN excluded.user_wallet ELSE c.user_wallet END,
           app_id = coalesce(c.app_id, excluded.app_id),
           instruction = CASE WHEN p_repair THEN excluded.instruction ELSE c.instruction END,
           amount = CASE WHEN p_repair THEN coalesce(excluded.amount, c.amount) ELSE coalesce(c.amount, excluded.amount) END,
           decimals = CASE WHEN p_repair THEN coalesce(excluded.decimals, c.decimals) ELSE coalesce(c.decimals, excluded.decimals) END,
           mint = CASE WHEN p_repair THEN excluded.mint ELSE c.mint END
     WHERE p_repair AND (c.slot, c.draw, c.user_wallet, c.instruction, c.mint) IS DISTINCT FROM
                        (excluded.slot, excluded.draw, excluded.user_wallet, excluded.instruction, excluded.mint)
        OR p_repair AND (coalesce(excluded.block_time, c.block_time), coalesce(excluded.amount, c.amount), coalesce(excluded.decimals, c.decimals))
                        IS DISTINCT FROM (c.block_time, c.amount, c.decimals)
        OR c.block_time IS NULL AND excluded.block_time IS NOT NULL OR c.amount IS NULL AND excluded.amount IS NOT NULL
        OR c.decimals IS NULL AND excluded.decimals IS NOT NULL OR c.app_id IS NULL AND excluded.app_id IS NOT NULL;
    GET DIAGNOSTICS v_written = ROW_COUNT;
    -- What schema public has lost since it was looked after: written again where it is missing, never over what is there.
    IF p_repair THEN
        FOR v_call IN SELECT c.* FROM keeper.calls c WHERE c.signature = ANY (p_signature) AND c.projected_at IS NOT NULL
                       ORDER BY c.slot, c.signature, c.ix, c.inner_ix LOOP
            PERFORM keeper.backfill_call(v_call);
        END LOOP;
        PERFORM keeper.project_donated(ARRAY(SELECT DISTINCT 'draw:' || p_address || ':' || g FROM unnest(p_call_pool_id) g));
    END IF;
    INSERT INTO keeper.call_gaps AS g (address, signature, slot, reason)
    SELECT DISTINCT ON (n.signature) p_address, n.signature, n.slot, n.reason
      FROM unnest(p_gap_signature, p_gap_slot, p_gap_reason) AS n (signature, slot, reason)
    ON CONFLICT (address, signature) DO UPDATE SET reason = excluded.reason, tried_at = clock_timestamp(), filled_at = NULL;
    UPDATE keeper.call_gaps g SET filled_at = clock_timestamp()
     WHERE g.address = p_address AND g.filled_at IS NULL AND g.reason <> 'list_ends_early' AND g.signature <> ALL (p_gap_signature)
       AND (g.signature = ANY (p_read) OR g.reason = 'no_creation' AND 'create_pool' = ANY (p_instruction));
    -- It reads all calls of the pool, of which anybody may have made many: only what can end one asks for it.
    IF p_gone OR p_instruction && ARRAY['create_pool', 'cancel_pool', 'admin_close_pool', 'sweep_expired_pool', 'finalize_forfeited_pool', 'claim_rent'] THEN
        PERFORM keeper.end_by_calls(p_address, p_call_pool_id || p_pool_id, CASE WHEN p_gone THEN p_pool_id END);
    END IF;
    INSERT INTO keeper.watermarks AS w (address, pool_id, signature, slot, seen, gone)
    VALUES (p_address, p_pool_id, p_watermark, p_watermark_slot, p_seen, p_gone)
    ON CONFLICT (address) DO UPDATE
       SET pool_id = CASE WHEN w.pool_id IS NULL OR excluded.slot >= coalesce(w.slot, 0) THEN coalesce(excluded.pool_id, w.pool_id) ELSE w.pool_id END,
           signature = CASE WHEN excluded.slot >= coalesce(w.slot, 0) THEN excluded.signature ELSE w.signature END,
           slot = CASE WHEN excluded.slot >= coalesce(w.slot, 0) THEN excluded.slot ELSE w.slot END,
           -- A list from before the census found a later pool there is not the end of it.
           seen = CASE WHEN greatest(excluded.slot, w.slot, -1) >= coalesce(w.made_slot, -1) THEN coalesce(excluded.seen, w.seen) END,
           gone = CASE WHEN p_repair THEN w.gone ELSE excluded.gone AND greatest(excluded.slot, w.slot, -1) >= coalesce(w.made_slot, -1) END,
           updated_at = clock_timestamp()
     WHERE (excluded.pool_id, excluded.signature, excluded.seen, excluded.gone) IS DISTINCT FROM (w.pool_id, w.signature, w.seen, w.gone);
    RETURN v_written;
END
$$;
COMMENT ON FUNCTION keeper.record_calls IS 'Calls of one pool address, each once, what could not be read, and how far the list is read. p_repair: rows that differ become what the chain says.';

CREATE OR REPLACE FUNCTION keeper.backfill_call(p_call keeper.calls) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_tx_hash   CONSTANT text := keeper.base58(p_call.signature);
    v_wallet    text := lower(p_call.user_wallet);
    v_when      timestamp := coalesce(to_timestamp(p_call.block_time), p_call.recorded_at) AT TIME ZONE 'UTC';
    v_operation text := CASE p_call.instruction WHEN 'create_pool' THEN 'create_pool' WHEN 'join_pool' THEN 'join' WHEN 'donate' THEN 'donate'
                        WHEN 'cancel_pool' THEN 'cancel' WHEN 'claim_refund' THEN 'claim_refund' WHEN 'claim_rent' THEN 'claim_rent' END;
    v_type      text := CASE v_operation WHEN 'join' THEN 'JOIN' WHEN 'donate' THEN 'DONATE' WHEN 'claim_refund' THEN 'REFUND' END;
    v_nth       bigint;
BEGIN
    IF v_operation IS NULL THEN
        RETURN;
    END IF;
    INSERT INTO public.used_transactions (tx_hash, pool_id, wallet_address, operation_type, used_at)
    SELECT v_tx_hash, p_call.app_id, v_wallet, v_operation, v_when
     WHERE NOT EXISTS (SELECT FROM public.used_transactions u WHERE u.tx_hash = v_tx_hash);
    -- In a sponsored pool the signer is a wallet of the house, not a player of the app.
    IF NOT EXISTS (SELECT FROM public.pools p WHERE p.id = p_call.app_id AND p.is_free IS DISTINCT FROM 1) THEN
        RETURN;
    END IF;
    -- The backend writes at most one row of a transaction; the n-th donation in it is missing while there are fewer than n.
    SELECT count(*) INTO v_nth FROM keeper.calls c
     WHERE c.signature = p_call.signature AND c.draw = p_call.draw AND c.instruction = p_call.instruction
       AND (c.ix, c.inner_ix) <= (p_call.ix, p_call.inner_ix);
    INSERT INTO public.transactions (pool_id, wallet_address, type, amount, tx_hash, "timestamp")
    SELECT p_call.app_id, v_wallet, v_type, keeper.whole_tokens(p_call.amount, p_call.decimals), v_tx_hash, v_when
     WHERE v_type IS NOT NULL AND p_call.amount IS NOT NULL AND p_call.decimals IS NOT NULL
       AND (SELECT count(*) FROM public.transactions t WHERE t.pool_id = p_call.app_id AND t.tx_hash = v_tx_hash AND t.type = v_type) < v_nth;
    INSERT INTO public.participants (pool_id, wallet_address, joined_at)
    SELECT p_call.app_id, v_wallet, v_when
     WHERE v_operation = 'join' AND NOT EXISTS (
           SELECT FROM public.participants pa WHERE pa.pool_id = p_call.app_id AND pa.wallet_address IN (v_wallet, p_call.user_wallet));
    -- Of one block the order is not known here: the refund may have been looked after before the join.
    UPDATE public.participants pa SET refund_claimed = 1
     WHERE pa.pool_id = p_call.app_id AND pa.wallet_address IN (v_wallet, p_call.user_wallet) AND pa.refund_claimed IS DISTINCT FROM 1
       AND (v_operation = 'claim_refund' OR v_operation = 'join' AND EXISTS (
            SELECT FROM keeper.calls c WHERE c.draw = p_call.draw AND c.user_wallet = p_call.user_wallet AND c.instruction = 'claim_refund' AND c.projected_at IS NOT NULL));
    UPDATE public.pools p SET rent_claimed = 1 WHERE v_operation = 'claim_rent' AND p.id = p_call.app_id AND p.rent_claimed IS DISTINCT FROM 1;
END
$$;
COMMENT ON FUNCTION keeper.backfill_call IS 'Private to project_calls and record_calls: what the web backend should have written for a user''s transaction and did not, row by row.';

CREATE FUNCTION keeper.project_donated(p_draws text[]) RETURNS void
LANGUAGE sql SET search_path = pg_catalog, pg_temp AS $$
    UPDATE public.pools p SET donated_amount = keeper.whole_tokens(s.amount, s.decimals)
      FROM (SELECT c.app_id, sum(c.amount) AS amount, max(c.decimals) AS decimals FROM keeper.calls c
             WHERE c.draw = ANY (p_draws) AND c.instruction = 'donate' AND c.app_id IS NOT NULL
             GROUP BY c.app_id HAVING bool_or(c.projected_at IS NOT NULL)) s
     WHERE p.id = s.app_id AND s.decimals IS NOT NULL AND p.donated_amount IS DISTINCT FROM keeper.whole_tokens(s.amount, s.decimals)
$$;
COMMENT ON FUNCTION keeper.project_donated IS 'Private to project_calls and record_calls: what was donated to these draws, in the app''s row.';

CREATE FUNCTION keeper.project_calls(p_fence bigint, p_limit integer) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET lock_timeout = '1500ms' AS $$
DECLARE
    -- Younger than the backend's age limit: a used_transactions row of ours would make it answer 409.
    v_before CONSTANT numeric := extract(epoch FROM clock_timestamp()) - 300;
    v_call   keeper.calls;
    v_draws  text[] := '{}';
BEGIN
    PERFORM keeper.hold(p_fence);
    FOR v_call IN
        SELECT c.* FROM keeper.calls c JOIN keeper.draws d ON d.draw = c.draw AND d.app_id IS NOT NULL
         WHERE c.projected_at IS NULL AND coalesce(c.block_time, extract(epoch FROM c.recorded_at)) < v_before
         ORDER BY c.slot, c.signature, c.ix, c.inner_ix LIMIT p_limit
    LOOP
        UPDATE keeper.calls c SET projected_at = clock_timestamp(), app_id = d.app_id FROM keeper.draws d
         WHERE c.signature = v_call.signature AND c.ix = v_call.ix AND c.inner_ix = v_call.inner_ix AND d.draw = c.draw
        RETURNING c.* INTO v_call;
        PERFORM keeper.backfill_call(v_call);
        IF v_call.instruction = 'donate' AND NOT v_call.draw = ANY (v_draws) THEN
            v_draws := v_draws || v_call.draw::text;
        END IF;
    END LOOP;
    PERFORM keeper.project_donated(v_draws);
    RETURN (SELECT greatest(0, ceil(min(coalesce(c.block_time, extract(epoch FROM c.recorded_at))) - v_before))::bigint
              FROM keeper.calls c JOIN keeper.draws d ON d.draw = c.draw AND d.app_id IS NOT NULL
             WHERE c.projected_at IS NULL HAVING count(*) > 0);
END
$$;
COMMENT ON FUNCTION keeper.project_calls IS 'Writes calls that are old enough to schema public. Returns the seconds until the next one is, null when none is left.';
