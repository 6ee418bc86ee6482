-- Takes V010 back: the functions are V004's again. What was told and shared is forgotten; schema public keeps it.
DROP TRIGGER IF EXISTS draws_first_seen ON keeper.draws;
DROP TRIGGER IF EXISTS draws_status_seen ON keeper.draws;
DROP FUNCTION IF EXISTS keeper.settle_rest, keeper.payout_record, keeper.project_payout, keeper.announce_win, keeper.share_referral,
    keeper.status_seen, keeper.tell_late, keeper.tell_status, keeper.tell, keeper.people;
DROP INDEX IF EXISTS public.idx_notifications_pool;
DROP TABLE IF EXISTS keeper.referral_shares, keeper.notices;
DROP INDEX IF EXISTS keeper.draws_not_settled;
ALTER TABLE keeper.draws DROP COLUMN IF EXISTS shared_at;

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

DO $$
BEGIN
    IF to_regclass('keeper.schema_migrations') IS NOT NULL THEN
        DELETE FROM keeper.schema_migrations WHERE version = '010';
    END IF;
END
$$;
