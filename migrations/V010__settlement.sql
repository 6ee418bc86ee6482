-- What follows a draw, each once: who is told what, the winner's row, the referrers' shares, the chat that goes.

ALTER TABLE keeper.draws ADD COLUMN shared_at timestamptz;
COMMENT ON COLUMN keeper.draws.shared_at IS 'when the referrers got their share of the treasury''s fee, or nobody was to get one';
UPDATE keeper.draws SET shared_at = projected_at WHERE projected_at IS NOT NULL;
CREATE INDEX draws_not_settled ON keeper.draws (paid_at) WHERE paid_at IS NOT NULL AND (projected_at IS NULL OR shared_at IS NULL);

CREATE TABLE keeper.notices (
    draw    keeper.subject NOT NULL,
    type    text           NOT NULL CONSTRAINT notices_type_known CHECK (type IN ('unlocked', 'randomness', 'win', 'cancel')),
    wallet  text           NOT NULL,
    told_at timestamptz    NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (draw, type, wallet)
);
COMMENT ON TABLE keeper.notices IS 'Who was told what about a draw: what a fork undid, or a user deleted, is not told again.';
COMMENT ON COLUMN keeper.notices.wallet IS 'in the casing of the web backend, lower case; empty: the news itself, whoever was there to hear it';

CREATE TABLE keeper.referral_shares (
    draw     keeper.subject NOT NULL,
    referrer text           NOT NULL,
    amount   keeper.u64     NOT NULL,
    PRIMARY KEY (draw, referrer)
);
COMMENT ON TABLE keeper.referral_shares IS 'Each referrer''s share of a draw''s treasury fee, in base units; the shares of a draw add up to the fee.';
COMMENT ON COLUMN keeper.referral_shares.referrer IS 'in the casing of the web backend, lower case';

-- For speed only: the pool's notifications are looked for when somebody is told something.
CREATE INDEX IF NOT EXISTS idx_notifications_pool ON public.notifications (pool_id);

CREATE FUNCTION keeper.people(p_draw text, p_app_id integer) RETURNS TABLE (wallet text)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT DISTINCT coalesce(s.person, w.wallet)
      FROM (SELECT lower(pa.wallet_address) FROM public.participants pa WHERE pa.pool_id = p_app_id
            UNION
            SELECT lower(c.user_wallet) FROM keeper.calls c WHERE c.draw = p_draw AND c.instruction IN ('create_pool', 'join_pool')) w (wallet)
      LEFT JOIN LATERAL (
           SELECT min(lower(btrim(sp.real_wallet))) AS person
             FROM public.sponsored_participants sp JOIN public.pools p ON p.id = sp.pool_id AND p.is_free = 1
            WHERE sp.pool_id = p_app_id AND lower(btrim(sp.auxiliary_wallet)) = w.wallet) s ON true
$$;
COMMENT ON FUNCTION keeper.people IS 'Who plays, in the backend''s casing: what the app knows and what the chain said, the person where a wallet of the house plays for one.';

CREATE FUNCTION keeper.tell(p_draw text, p_pool public.pools, p_type text, p_wallets text[], p_title text, p_message text) RETURNS void
LANGUAGE sql SET search_path = pg_catalog, pg_temp AS $$
    WITH fresh AS (
        INSERT INTO keeper.notices (draw, type, wallet) SELECT DISTINCT p_draw, p_type, w FROM unnest(p_wallets || ''::text) w WHERE w IS NOT NULL
        ON CONFLICT DO NOTHING
        RETURNING wallet
    )
    INSERT INTO public.notifications (wallet_address, type, title, message, pool_id, pool_name)
    SELECT f.wallet, p_type, p_title, p_message, p_pool.id, p_pool.token_name
      FROM fresh f
     WHERE f.wallet <> '' AND NOT EXISTS (SELECT FROM public.notifications n
                        WHERE n.pool_id = p_pool.id AND n.type = p_type AND lower(n.wallet_address) = f.wallet)
$$;
COMMENT ON FUNCTION keeper.tell IS 'One notification per draw, type and wallet, for ever; none where somebody else wrote it.';

CREATE FUNCTION keeper.tell_status(p_draw text, p_app_id integer, p_types text[]) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_pool   public.pools;
    v_people text[];
BEGIN
    SELECT * INTO v_pool FROM public.pools p WHERE p.id = p_app_id;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    SELECT coalesce(array_agg(w.wallet), '{}') INTO v_people FROM keeper.people(p_draw, p_app_id) w;
    IF 'unlocked' = ANY (p_types) THEN
        PERFORM keeper.tell(p_draw, v_pool, 'unlocked', v_people || lower(v_pool.creator_wallet), 'Pool unlocked',
                            format('The lock time of the pool %s is over: its draw begins.', v_pool.token_name));
    END IF;
    IF 'randomness' = ANY (p_types) THEN
        PERFORM keeper.tell(p_draw, v_pool, 'randomness', v_people, 'Randomness requested',
                            format('The random number of the pool %s is on its way.', v_pool.token_name));
    END IF;
    IF 'cancel' = ANY (p_types) THEN
        PERFORM keeper.tell(p_draw, v_pool, 'cancel', v_people, 'Pool cancelled',
                            format('The pool %s was cancelled: you can take your entry back.', v_pool.token_name));
    END IF;
END
$$;
COMMENT ON FUNCTION keeper.tell_status IS 'Private to status_seen and project_payout: tells the players of a draw, and of its unlock the creator.';

CREATE FUNCTION keeper.tell_late(p_draw text, p_app_id integer) RETURNS void
LANGUAGE sql SET search_path = pg_catalog, pg_temp AS $$
    SELECT keeper.tell_status(p_draw, p_app_id, ARRAY(SELECT n.type FROM keeper.notices n WHERE n.draw = p_draw AND n.wallet = ''))
$$;
COMMENT ON FUNCTION keeper.tell_late IS 'Private to project_payout and settle_rest: the same news for players who became known since.';

-- Statuses may be skipped over between two views; what they meant is told all the same. A draw that was over when it was first seen
-- is history.
CREATE FUNCTION keeper.status_seen() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM keeper.tell_status(NEW.draw, NEW.app_id, CASE WHEN NEW.status = 7 THEN '{cancel}'::text[]
        WHEN NEW.status = 8 OR NEW.status = 6 AND (TG_OP = 'INSERT' OR OLD.status = 6) THEN '{}'
        WHEN NEW.status >= 3 THEN '{unlocked,randomness}' ELSE '{unlocked}' END);
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION keeper.status_seen IS 'Follows every status that a view or a payout brings to keeper.draws.';
CREATE TRIGGER draws_first_seen AFTER INSERT ON keeper.draws FOR EACH ROW
    WHEN (NEW.app_id IS NOT NULL AND NEW.status >= 2) EXECUTE FUNCTION keeper.status_seen();
CREATE TRIGGER draws_status_seen AFTER UPDATE OF status, app_id ON keeper.draws FOR EACH ROW
    WHEN (NEW.app_id IS NOT NULL AND NEW.status >= 2
          AND (NEW.status IS DISTINCT FROM OLD.status OR NEW.app_id IS DISTINCT FROM OLD.app_id)) EXECUTE FUNCTION keeper.status_seen();

DROP FUNCTION keeper.share_referral;
CREATE FUNCTION keeper.share_referral(p_draw text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_draw  keeper.draws;
    v_share record;
BEGIN
    SELECT * INTO v_draw FROM keeper.draws d WHERE d.draw = p_draw AND d.projected_at IS NOT NULL AND d.shared_at IS NULL FOR NO KEY UPDATE;
    -- A player that only the chain knows so far may have a referrer. After a week nobody tells of him any more.
    IF NOT FOUND OR v_draw.paid_at > clock_timestamp() - interval '7 days'
                    AND (SELECT count(*) FROM keeper.people(p_draw, v_draw.app_id)) < v_draw.max_participants THEN
        RETURN;
    END IF;
    UPDATE keeper.draws d SET shared_at = clock_timestamp() WHERE d.draw = p_draw;
    IF v_draw.treasury_amount = 0
       OR EXISTS (SELECT FROM public.referral_reward_events e WHERE e.pool_id = v_draw.app_id AND e.token_mint = v_draw.mint) THEN
        RETURN;
    END IF;
    -- What does not divide goes to the first ones, one base unit each: the shares add up to the fee.
    FOR v_share IN
        INSERT INTO keeper.referral_shares (draw, referrer, amount)
        SELECT p_draw, r.referrer, div(v_draw.treasury_amount, count(*) OVER ())
               + CASE WHEN row_number() OVER (ORDER BY r.referrer) <= mod(v_draw.treasury_amount, count(*) OVER ()) THEN 1 ELSE 0 END
          FROM (SELECT DISTINCT lower(rr.referrer_wallet) COLLATE "C" AS referrer
                  FROM keeper.people(p_draw, v_draw.app_id) w
                  JOIN public.referral_relations rr ON lower(rr.referred_wallet) = w.wallet) r
        ON CONFLICT DO NOTHING
        RETURNING referrer, amount
    LOOP
        CONTINUE WHEN v_share.amount = 0;
        INSERT INTO public.referral_reward_events (pool_id, token_mint, referrer_wallet, amount)
        VALUES (v_draw.app_id, v_draw.mint, v_share.referrer, v_share.amount::text);
        -- The backend may have stored "12.0"; what is no number at all is worth nothing.
        UPDATE public.referral_rewards w
           SET amount_pending = (CASE WHEN w.amount_pending ~ '^[0-9]+(\.[0-9]*)?$' THEN trunc(w.amount_pending::numeric) ELSE 0 END
                                 + v_share.amount)::text,
               last_updated = now()
         WHERE w.id = (SELECT min(x.id) FROM public.referral_rewards x
                        WHERE lower(x.referrer_wallet) = v_share.referrer AND x.token_mint = v_draw.mint);
        IF NOT FOUND THEN
            INSERT INTO public.referral_rewards (referrer_wallet, token_mint, amount_pending)
            VALUES (v_share.referrer, v_draw.mint, v_share.amount::text);
        END IF;
    END LOOP;
END
$$;
COMMENT ON FUNCTION keeper.share_referral IS 'The referrers of the players share the treasury''s fee, once per draw, when all players are known.';

DROP FUNCTION keeper.announce_win;
CREATE FUNCTION keeper.announce_win(p_draw text, p_pool public.pools, p_winner text, p_won numeric) RETURNS void
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
    PERFORM keeper.tell(p_draw, p_pool, 'win', ARRAY[v_low], 'You won!',
                        format('You won %s %s in the pool %s.', trim_scale(p_won), p_pool.token_symbol, p_pool.token_name));
END
$$;
COMMENT ON FUNCTION keeper.announce_win IS 'Private to project_payout: the row of the winners feed and the winner''s notification, once per pool.';

DROP FUNCTION keeper.project_payout;
CREATE FUNCTION keeper.project_payout(p_draw text, p_clear_chat boolean) RETURNS void
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
    UPDATE keeper.draws d SET projected_at = clock_timestamp(), app_id = v_pool.id WHERE d.draw = p_draw;
    PERFORM keeper.announce_win(p_draw, v_pool, v_winner, v_draw.winner_amount * ('1e-' || v_draw.decimals)::numeric);
    PERFORM keeper.tell_late(p_draw, v_pool.id);
    UPDATE public.notifications n SET randomness = encode(c.answer_value, 'hex')
      FROM keeper.commits c
     WHERE n.pool_id = v_pool.id AND n.type = 'randomness' AND n.randomness IS NULL AND c.draw = p_draw AND c.fate = 'used';
    PERFORM keeper.share_referral(p_draw);
    IF p_clear_chat THEN
        DELETE FROM public.pool_chat_messages m WHERE m.pool_id = v_pool.id;
    END IF;
END
$$;
COMMENT ON FUNCTION keeper.project_payout IS 'Private to payout_record and settle_rest: writes a paid draw to schema public, once. pools.tx_hash, the creation, is never touched.';

DROP FUNCTION keeper.payout_record;
CREATE FUNCTION keeper.payout_record(
    p_fence bigint, p_subject text, p_seq bigint, p_pool text, p_pool_id numeric, p_winner text, p_mint text, p_total_amount numeric,
    p_winner_amount numeric, p_dev_amount numeric, p_burn_amount numeric, p_treasury_amount numeric, p_decimals smallint,
    p_end_time bigint, p_sig text, p_slot bigint, p_clear_chat boolean) RETURNS SETOF keeper.step_row
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
    PERFORM keeper.project_payout(p_subject, p_clear_chat);
    RETURN QUERY SELECT * FROM keeper.step_rows(p_subject);
END
$$;
COMMENT ON FUNCTION keeper.payout_record IS 'The money facts of a finished draw: journal row final, keeper.draws, schema public; a repeat changes nothing.';

CREATE FUNCTION keeper.settle_rest(p_fence bigint, p_clear_chat boolean) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET lock_timeout = '1500ms' AS $$
DECLARE
    v_draw record;
BEGIN
    PERFORM keeper.hold(p_fence);
    FOR v_draw IN
        SELECT d.draw, d.app_id, d.projected_at FROM keeper.draws d
         WHERE d.paid_at > clock_timestamp() - interval '30 days' AND (d.projected_at IS NULL OR d.shared_at IS NULL)
         ORDER BY d.paid_at DESC LIMIT 200
    LOOP
        IF v_draw.projected_at IS NULL THEN
            PERFORM keeper.project_payout(v_draw.draw, p_clear_chat);
        ELSE
            PERFORM keeper.tell_late(v_draw.draw, v_draw.app_id);
            PERFORM keeper.share_referral(v_draw.draw);
        END IF;
    END LOOP;
    RETURN (SELECT count(*) FROM keeper.draws d
             WHERE d.paid_at > clock_timestamp() - interval '30 days' AND (d.projected_at IS NULL OR d.shared_at IS NULL));
END
$$;
COMMENT ON FUNCTION keeper.settle_rest IS 'Paid draws whose app row or whose players became known only after the payout was recorded. Returns how many still wait for that.';
