-- The chain as rows: what keeper.draws and schema public learn from views, payouts and user transactions.

CREATE FUNCTION keeper.app_status(p_status smallint) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT (ARRAY['open', 'locked', 'unlocking', 'randomness', 'randomness', 'winnerSelected', 'ended', 'cancelled', 'closed'])[p_status + 1]
$$;
COMMENT ON FUNCTION keeper.app_status IS 'The web backend''s status string of a status byte.';

CREATE FUNCTION keeper.whole_tokens(p_amount numeric, p_decimals smallint) RETURNS double precision
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT (p_amount * ('1e-' || p_decimals)::numeric)::double precision
$$;
COMMENT ON FUNCTION keeper.whole_tokens IS 'Base units as the app shows them. Multiplied, not divided: numeric division rounds before the double does.';

CREATE FUNCTION keeper.observe(
    p_fence bigint, p_app_id integer[], p_address text[], p_pool_id numeric[], p_slot bigint[], p_status smallint[],
    p_status_reason smallint[], p_mint text[], p_creator text[], p_dev_wallet text[], p_bet_amount numeric[], p_total_amount numeric[],
    p_participants smallint[], p_max_participants smallint[], p_decimals smallint[], p_lock_start_time bigint[], p_lock_duration bigint[],
    p_unlock_time bigint[], p_randomness_account text[], p_commit_slot bigint[], p_randomness numeric[], p_winner text[]) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET lock_timeout = '1500ms' AS $$
DECLARE
    v_written bigint;
BEGIN
    PERFORM keeper.hold(p_fence);
    WITH given AS (
        SELECT 'draw:' || g.address || ':' || g.pool_id AS draw, g.*
          FROM unnest(p_app_id, p_address, p_pool_id, p_slot, p_status, p_status_reason, p_mint, p_creator, p_dev_wallet, p_bet_amount,
                      p_total_amount, p_participants, p_max_participants, p_decimals, p_lock_start_time, p_lock_duration, p_unlock_time,
                      p_randomness_account, p_commit_slot, p_randomness, p_winner)
            AS g (app_id, address, pool_id, slot, status, status_reason, mint, creator, dev_wallet, bet_amount,
                  total_amount, participants, max_participants, decimals, lock_start_time, lock_duration, unlock_time,
                  randomness_account, commit_slot, randomness, winner)
    ), seen AS (
        -- An app row belongs to the first draw seen for it: a later pool at the same address does not inherit it.
        -- A count is as old as the total it was read with: without a join the total does not change, nor without a refund.
        SELECT g.*, d.draw IS NULL AS fresh, d.status_slot, d.paid_at, coalesce(g.decimals, d.decimals) AS kept_decimals,
               CASE WHEN g.status = 6 THEN d.participants
                    ELSE coalesce(g.participants, CASE WHEN g.status > 6 OR g.total_amount = d.total_amount THEN d.participants END)
               END AS kept_participants,
               coalesce(d.app_id, CASE WHEN o.draw IS NULL THEN g.app_id END) AS own_app_id
          FROM given g
          LEFT JOIN keeper.draws d ON d.draw = g.draw
          LEFT JOIN keeper.draws o ON o.app_id = g.app_id AND o.draw <> g.draw
         -- Only an open pool can be cancelled or closed. A node that says so of another would take it off the list of those looked at.
         WHERE NOT (g.status IN (7, 8) AND coalesce(d.status, 0) BETWEEN 1 AND 5)
    ), inserted AS (
        INSERT INTO keeper.draws (draw, address, pool_id, app_id, mint, creator, dev_wallet, status, status_slot, status_reason, bet_amount,
                                  total_amount, participants, max_participants, decimals, lock_start_time, lock_duration, unlock_time,
                                  randomness_account, commit_slot, randomness, winner)
        SELECT s.draw, s.address, s.pool_id, s.own_app_id, s.mint, s.creator, s.dev_wallet, s.status, s.slot, s.status_reason, s.bet_amount,
               s.total_amount, s.participants, s.max_participants, s.decimals, s.lock_start_time, s.lock_duration, s.unlock_time,
               s.randomness_account, s.commit_slot, s.randomness, s.winner
          FROM seen s WHERE s.fresh
        ON CONFLICT DO NOTHING
        RETURNING 1
    ), news AS (
        -- What payout resets on chain (count, total) or records itself stays as it is here.
        SELECT s.*,
               CASE WHEN s.status = 6 OR d.paid_at IS NOT NULL THEN d.total_amount ELSE s.total_amount END AS kept_total,
               CASE WHEN d.paid_at IS NOT NULL THEN d.winner ELSE s.winner END AS kept_winner
          FROM seen s JOIN keeper.draws d ON d.draw = s.draw AND d.status_slot < s.slot
    ), updated AS (
        UPDATE keeper.draws d
           SET status_slot = n.slot, app_id = n.own_app_id, status = n.status, status_reason = n.status_reason, bet_amount = n.bet_amount,
               total_amount = n.kept_total, participants = n.kept_participants, decimals = n.kept_decimals,
               lock_start_time = n.lock_start_time, lock_duration = n.lock_duration, unlock_time = n.unlock_time,
               randomness_account = n.randomness_account, commit_slot = n.commit_slot, randomness = n.randomness, winner = n.kept_winner
          FROM news n
         WHERE d.draw = n.draw
           AND (d.app_id, d.status, d.status_reason, d.bet_amount, d.total_amount, d.participants, d.decimals, d.lock_start_time,
                d.lock_duration, d.unlock_time, d.randomness_account, d.commit_slot, d.randomness, d.winner)
               IS DISTINCT FROM
               (n.own_app_id, n.status, n.status_reason, n.bet_amount, n.kept_total, n.kept_participants, n.kept_decimals, n.lock_start_time,
                n.lock_duration, n.unlock_time, n.randomness_account, n.commit_slot, n.randomness, n.kept_winner)
        RETURNING 1
    ), wanted AS (
        -- "ended" comes with the payout's record only: it takes the pool out of the list of open ones.
        SELECT p.id,
               CASE WHEN s.status = 6 AND s.paid_at IS NULL THEN p.status ELSE keeper.app_status(s.status) END AS status,
               CASE WHEN s.status < 6 THEN coalesce(s.kept_participants, p.participants_count) ELSE p.participants_count END AS participants_count,
               CASE WHEN s.status < 6 AND s.kept_decimals IS NOT NULL THEN keeper.whole_tokens(s.total_amount, s.kept_decimals)
                    ELSE p.total_pot END AS total_pot,
               CASE WHEN s.lock_start_time BETWEEN 1 AND 2147483647 THEN s.lock_start_time::integer ELSE p.lock_start_time END AS lock_start_time,
               coalesce(s.randomness_account, p.randomness_account) AS randomness_account
          FROM seen s JOIN public.pools p ON p.id = s.own_app_id AND p.pool_address = s.address
         WHERE s.fresh OR s.status_slot <= s.slot
    ), projected AS (
        UPDATE public.pools p
           SET status = w.status, participants_count = w.participants_count, total_pot = w.total_pot,
               lock_start_time = w.lock_start_time, randomness_account = w.randomness_account
          FROM wanted w
         WHERE p.id = w.id
           AND (p.status, p.participants_count, p.total_pot, p.lock_start_time, p.randomness_account)
               IS DISTINCT FROM (w.status, w.participants_count, w.total_pot, w.lock_start_time, w.randomness_account)
        RETURNING 1
    )
    SELECT (SELECT count(*) FROM inserted) + (SELECT count(*) FROM updated) + (SELECT count(*) FROM projected) INTO v_written;
    RETURN v_written;
END
$$;
COMMENT ON FUNCTION keeper.observe IS 'Views of many pools at once. Nothing is written where nothing differs, and nothing from an older slot. Returns the rows written.';

CREATE FUNCTION keeper.share_referral(p_app_id integer, p_mint text, p_amount numeric) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_share record;
BEGIN
    IF p_amount = 0 OR EXISTS (SELECT FROM public.referral_reward_events e WHERE e.pool_id = p_app_id AND e.token_mint = p_mint) THEN
        RETURN;
    END IF;
    -- What does not divide goes to the first ones, one base unit each: the shares add up to the fee.
    FOR v_share IN
        SELECT r.referrer_wallet,
               div(p_amount, count(*) OVER ())
               + CASE WHEN row_number() OVER (ORDER BY r.referrer_wallet) <= mod(p_amount, count(*) OVER ()) THEN 1 ELSE 0 END AS amount
          FROM (SELECT DISTINCT rr.referrer_wallet
                  FROM public.participants pa
                  JOIN public.referral_relations rr ON rr.referred_wallet IN (pa.wallet_address, lower(pa.wallet_address))
                 WHERE pa.pool_id = p_app_id) r
         ORDER BY r.referrer_wallet
    LOOP
        CONTINUE WHEN v_share.amount = 0;
        INSERT INTO public.referral_reward_events (pool_id, token_mint, referrer_wallet, amount)
        VALUES (p_app_id, p_mint, v_share.referrer_wallet, v_share.amount::text);
        UPDATE public.referral_rewards w
           SET amount_pending = (CASE WHEN w.amount_pending ~ '^[0-9]+$' THEN w.amount_pending::numeric ELSE 0 END + v_share.amount)::text,
               last_updated = now()
         WHERE w.referrer_wallet = v_share.referrer_wallet AND w.token_mint = p_mint;
        IF NOT FOUND THEN
            INSERT INTO public.referral_rewards (referrer_wallet, token_mint, amount_pending)
            VALUES (v_share.referrer_wallet, p_mint, v_share.amount::text);
        END IF;
    END LOOP;
END
$$;
COMMENT ON FUNCTION keeper.share_referral IS 'Private to project_payout: the referrers of the players share the treasury''s fee, once per pool and mint.';

CREATE FUNCTION keeper.announce_win(p_pool public.pools, p_winner text, p_won numeric) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_low text := lower(p_winner);
    v_bet double precision;
    v_win double precision := coalesce(p_won::double precision * p_pool.current_price_usd, 0);
BEGIN
    SELECT max(pa.bet_usd) INTO v_bet FROM public.participants pa WHERE pa.pool_id = p_pool.id AND pa.wallet_address IN (v_low, p_winner);
    v_bet := coalesce(v_bet, 0);
    INSERT INTO public.winners_feed (pool_id, winner_wallet, display_name, avatar_url, token_symbol, bet_usd, win_usd, roi_percent)
    SELECT p_pool.id, v_low, coalesce(f.nickname, left(p_winner, 4) || '...' || right(p_winner, 4)), f.avatar_url, p_pool.token_symbol,
           v_bet, v_win, CASE WHEN v_bet > 0 THEN (v_win - v_bet) / v_bet * 100 ELSE 0 END
      FROM (SELECT) one
      LEFT JOIN LATERAL (SELECT pr.nickname, pr.avatar_url FROM public.profiles pr
                          WHERE pr.wallet_address IN (v_low, p_winner) ORDER BY pr.wallet_address = v_low DESC LIMIT 1) f ON true
     WHERE NOT EXISTS (SELECT FROM public.winners_feed w WHERE w.pool_id = p_pool.id);
    INSERT INTO public.notifications (wallet_address, type, title, message, pool_id, pool_name)
    SELECT v_low, 'win', 'You won!', format('You won %s %s in the pool %s.', trim_scale(p_won), p_pool.token_symbol, p_pool.token_name),
           p_pool.id, p_pool.token_name
     WHERE NOT EXISTS (SELECT FROM public.notifications n WHERE n.pool_id = p_pool.id AND n.type = 'win');
END
$$;
COMMENT ON FUNCTION keeper.announce_win IS 'Private to project_payout: the row of the winners feed and the winner''s notification, once per pool.';

CREATE FUNCTION keeper.project_payout(p_draw text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_draw   keeper.draws;
    v_pool   public.pools;
    v_winner text;
    v_won    double precision;
    v_ended  timestamp;
BEGIN
    SELECT * INTO v_draw FROM keeper.draws d WHERE d.draw = p_draw AND d.projected_at IS NULL;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    SELECT * INTO v_pool FROM public.pools p WHERE p.pool_address = v_draw.address AND CASE WHEN v_draw.app_id IS NOT NULL
           THEN p.id = v_draw.app_id ELSE NOT EXISTS (SELECT FROM keeper.draws o WHERE o.app_id = p.id) END
     ORDER BY p.id DESC LIMIT 1 FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    -- A sponsored player joins through a wallet of the house: who won is the person, whom the chain paid is that wallet.
    SELECT CASE WHEN count(*) = 1 THEN min(s.real_wallet) ELSE v_draw.winner::text END INTO v_winner
      FROM public.sponsored_participants s
     WHERE v_pool.is_free = 1 AND s.pool_id = v_pool.id AND lower(s.auxiliary_wallet) = lower(v_draw.winner);
    v_won := keeper.whole_tokens(v_draw.winner_amount, v_draw.decimals);
    v_ended := to_timestamp(v_draw.end_time) AT TIME ZONE 'UTC';
    UPDATE public.pools p SET status = 'ended', winner_wallet = v_winner, end_time = v_ended
     WHERE p.id = v_pool.id AND (p.status, p.winner_wallet, p.end_time) IS DISTINCT FROM ('ended', v_winner, v_ended);
    INSERT INTO public.transactions (pool_id, wallet_address, type, amount, tx_hash, "timestamp")
    SELECT v_pool.id, lower(v_draw.winner), 'PAYOUT', v_won, v_draw.payout_sig, v_ended
     WHERE NOT EXISTS (SELECT FROM public.transactions t WHERE t.pool_id = v_pool.id AND t.type = 'PAYOUT');
    PERFORM keeper.announce_win(v_pool, v_winner, v_draw.winner_amount * ('1e-' || v_draw.decimals)::numeric);
    PERFORM keeper.share_referral(v_pool.id, v_draw.mint, v_draw.treasury_amount);
    UPDATE keeper.draws d SET projected_at = clock_timestamp(), app_id = v_pool.id WHERE d.draw = p_draw;
END
$$;
COMMENT ON FUNCTION keeper.project_payout IS 'Private to payout_record: writes a paid draw to schema public, once. pools.tx_hash, the creation, is never touched.';

CREATE FUNCTION keeper.payout_record(
    p_fence bigint, p_subject text, p_seq bigint, p_pool text, p_pool_id numeric, p_winner text, p_mint text, p_total_amount numeric,
    p_winner_amount numeric, p_dev_amount numeric, p_burn_amount numeric, p_treasury_amount numeric, p_decimals smallint,
    p_end_time bigint, p_sig text, p_slot bigint) RETURNS SETOF keeper.step_row
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET lock_timeout = '1500ms' AS $$
DECLARE
    v_draw keeper.draws;
    v_step keeper.steps;
BEGIN
    PERFORM keeper.hold(p_fence);
    INSERT INTO keeper.draws (draw, address, pool_id, mint, status, status_slot, total_amount)
    VALUES (p_subject, p_pool, p_pool_id, p_mint, 6, p_slot, p_total_amount) ON CONFLICT (draw) DO NOTHING;
    SELECT * INTO v_draw FROM keeper.draws d WHERE d.draw = p_subject FOR UPDATE;
    IF v_draw.paid_at IS NOT NULL AND (
           (v_draw.winner, v_draw.mint, v_draw.total_amount, v_draw.winner_amount, v_draw.dev_amount, v_draw.burn_amount, v_draw.treasury_amount)
           IS DISTINCT FROM (p_winner, p_mint, p_total_amount, p_winner_amount, p_dev_amount, p_burn_amount, p_treasury_amount)
           OR v_draw.payout_sig <> p_sig) THEN
        RAISE EXCEPTION USING ERRCODE = 'PK002',
            MESSAGE = format('%s is recorded as paid to %s by %s: another payout is not recorded over it', p_subject, v_draw.winner, v_draw.payout_sig);
    END IF;
    IF v_draw.paid_at IS NULL OR v_draw.payout_sig IS NULL AND p_sig IS NOT NULL THEN
        UPDATE keeper.draws d
           SET status = greatest(d.status, 6), status_slot = greatest(d.status_slot, p_slot), winner = p_winner, mint = p_mint,
               total_amount = p_total_amount, winner_amount = p_winner_amount, dev_amount = p_dev_amount, burn_amount = p_burn_amount,
               treasury_amount = p_treasury_amount, decimals = p_decimals, end_time = p_end_time, payout_sig = p_sig, payout_slot = p_slot,
               paid_at = coalesce(d.paid_at, clock_timestamp())
         WHERE d.draw = p_subject;
    END IF;
    IF p_seq > 0 THEN
        SELECT * INTO v_step FROM keeper.steps s WHERE s.subject = p_subject AND s.seq = p_seq;
        IF v_step.sig IS DISTINCT FROM p_sig THEN
            RAISE EXCEPTION USING ERRCODE = 'PK002',
                MESSAGE = format('%s: row %s has signature %s, the payout has %s', p_subject, p_seq, v_step.sig, p_sig);
        ELSIF v_step.state <> 'final' THEN
            PERFORM keeper.step_settle(p_subject, p_seq, 'final', p_slot, false, NULL, NULL, NULL);
        END IF;
    END IF;
    UPDATE keeper.bindings b SET released_at = clock_timestamp(), released_why = 'selected' WHERE b.draw = p_subject AND b.released_at IS NULL;
    UPDATE keeper.commits c SET fate = 'used'
     WHERE c.draw = p_subject AND c.fate IS DISTINCT FROM 'used'
       AND c.n = (SELECT max(o.n) FROM keeper.commits o WHERE o.draw = p_subject AND o.answer_value IS NOT NULL);
    PERFORM keeper.project_payout(p_subject);
    RETURN QUERY SELECT * FROM keeper.step_rows(p_subject);
END
$$;
COMMENT ON FUNCTION keeper.payout_record IS 'The money facts of a finished draw: journal row final, keeper.draws, schema public; a repeat changes nothing.';

CREATE FUNCTION keeper.base58(p_bytes bytea) RETURNS text
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_rest numeric := 0;
    v_text text := '';
BEGIN
    FOR i IN 0 .. length(p_bytes) - 1 LOOP
        v_rest := v_rest * 256 + get_byte(p_bytes, i);
    END LOOP;
    WHILE v_rest > 0 LOOP
        v_text := substr('123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz', mod(v_rest, 58)::integer + 1, 1) || v_text;
        v_rest := div(v_rest, 58);
    END LOOP;
    FOR i IN 0 .. length(p_bytes) - 1 LOOP
        EXIT WHEN get_byte(p_bytes, i) <> 0;
        v_text := '1' || v_text;
    END LOOP;
    RETURN v_text;
END
$$;
COMMENT ON FUNCTION keeper.base58 IS 'A signature as the rest of the world writes it.';

CREATE FUNCTION keeper.backfill_call(p_call keeper.calls) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_tx_hash   CONSTANT text := keeper.base58(p_call.signature);
    v_wallet    text := lower(p_call.user_wallet);
    v_when      timestamp := to_timestamp(p_call.block_time) AT TIME ZONE 'UTC';
    v_operation text := CASE p_call.instruction WHEN 'create_pool' THEN 'create_pool' WHEN 'join_pool' THEN 'join' WHEN 'donate' THEN 'donate'
                        WHEN 'cancel_pool' THEN 'cancel' WHEN 'claim_refund' THEN 'claim_refund' WHEN 'claim_rent' THEN 'claim_rent' END;
    v_type      text := CASE v_operation WHEN 'join' THEN 'JOIN' WHEN 'donate' THEN 'DONATE' WHEN 'claim_refund' THEN 'REFUND' END;
BEGIN
    -- The backend wrote what belongs to this signature, or it is no operation of the app.
    IF v_operation IS NULL OR EXISTS (SELECT FROM public.used_transactions u WHERE u.tx_hash = v_tx_hash) THEN
        RETURN;
    END IF;
    INSERT INTO public.used_transactions (tx_hash, pool_id, wallet_address, operation_type, used_at)
    VALUES (v_tx_hash, p_call.app_id, v_wallet, v_operation, v_when);
    -- In a sponsored pool the signer is a wallet of the house, not a player of the app.
    IF NOT EXISTS (SELECT FROM public.pools p WHERE p.id = p_call.app_id AND p.is_free IS DISTINCT FROM 1) THEN
        RETURN;
    END IF;
    INSERT INTO public.transactions (pool_id, wallet_address, type, amount, tx_hash, "timestamp")
    SELECT p_call.app_id, v_wallet, v_type, keeper.whole_tokens(p_call.amount, p_call.decimals), v_tx_hash, v_when
     WHERE v_type IS NOT NULL AND p_call.amount IS NOT NULL AND p_call.decimals IS NOT NULL
       AND NOT EXISTS (SELECT FROM public.transactions t WHERE t.pool_id = p_call.app_id AND t.tx_hash = v_tx_hash AND t.type = v_type);
    INSERT INTO public.participants (pool_id, wallet_address, joined_at)
    SELECT p_call.app_id, v_wallet, v_when
     WHERE v_operation = 'join' AND NOT EXISTS (
           SELECT FROM public.participants pa WHERE pa.pool_id = p_call.app_id AND pa.wallet_address IN (v_wallet, p_call.user_wallet));
    UPDATE public.participants pa SET refund_claimed = 1
     WHERE v_operation = 'claim_refund' AND pa.pool_id = p_call.app_id AND pa.wallet_address IN (v_wallet, p_call.user_wallet)
       AND pa.refund_claimed IS DISTINCT FROM 1;
    UPDATE public.pools p SET rent_claimed = 1 WHERE v_operation = 'claim_rent' AND p.id = p_call.app_id AND p.rent_claimed IS DISTINCT FROM 1;
END
$$;
COMMENT ON FUNCTION keeper.backfill_call IS 'Private to record_calls: what the web backend should have written for a user''s transaction and did not.';

CREATE FUNCTION keeper.record_calls(
    p_fence bigint, p_draw text, p_watermark bytea, p_signature bytea[], p_ix smallint[], p_inner_ix smallint[],
    p_slot bigint[], p_block_time bigint[], p_user text[], p_app_id integer[], p_instruction text[], p_amount numeric[],
    p_decimals smallint[]) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET lock_timeout = '1500ms' AS $$
DECLARE
    v_written bigint;
    v_call    keeper.calls;
BEGIN
    PERFORM keeper.hold(p_fence);
    INSERT INTO keeper.calls (signature, ix, inner_ix, slot, block_time, draw, user_wallet, app_id, instruction, amount, decimals)
    SELECT g.signature, g.ix, g.inner_ix, g.slot, g.block_time, p_draw, g.user_wallet, g.app_id, g.instruction, g.amount, g.decimals
      FROM unnest(p_signature, p_ix, p_inner_ix, p_slot, p_block_time, p_user, p_app_id, p_instruction, p_amount, p_decimals)
        AS g (signature, ix, inner_ix, slot, block_time, user_wallet, app_id, instruction, amount, decimals)
    ON CONFLICT DO NOTHING;
    GET DIAGNOSTICS v_written = ROW_COUNT;
    -- Younger than the backend's age limit of 300 s: a used_transactions row of ours would make it answer 409.
    FOR v_call IN
        SELECT * FROM keeper.calls c
         WHERE c.draw = p_draw AND c.projected_at IS NULL AND c.block_time < extract(epoch FROM clock_timestamp()) - 300
         ORDER BY c.slot, c.signature, c.ix, c.inner_ix
    LOOP
        PERFORM keeper.backfill_call(v_call);
        UPDATE keeper.calls c SET projected_at = clock_timestamp()
         WHERE c.signature = v_call.signature AND c.ix = v_call.ix AND c.inner_ix = v_call.inner_ix;
    END LOOP;
    IF p_watermark IS NOT NULL THEN
        INSERT INTO keeper.watermarks AS w (draw, signature) VALUES (p_draw, p_watermark)
        ON CONFLICT (draw) DO UPDATE SET signature = excluded.signature, updated_at = clock_timestamp()
         WHERE w.signature <> excluded.signature;
    END IF;
    RETURN v_written;
END
$$;
COMMENT ON FUNCTION keeper.record_calls IS 'Calls of one draw, each once, the app''s rows that the backend failed to write, and how far the list is read.';
