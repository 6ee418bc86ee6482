-- Sponsored pools: players who take part through a wallet of the house, and get its win in the transaction that pays it.

CREATE TABLE keeper.sponsored (
    draw      keeper.subject NOT NULL,
    auxiliary keeper.address NOT NULL,
    recipient keeper.address,
    noted_at  timestamptz    NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (draw, auxiliary)
);
COMMENT ON TABLE keeper.sponsored IS 'Whom a draw''s wallets of the house play for, as public.sponsored_participants said when the draw was bound.';
COMMENT ON COLUMN keeper.sponsored.recipient IS 'null: the app names nobody, several people, or what is no wallet; such a draw is not bound';

ALTER TABLE keeper.draws ADD COLUMN recipient keeper.address;
COMMENT ON COLUMN keeper.draws.recipient IS 'who got a sponsored win, in the transaction that paid it to winner; null: the winner kept it';

-- base58 keeps its case: a wallet without a capital letter was lower-cased on its way here, and would be somebody else's, or nobody's.
CREATE FUNCTION keeper.sponsored_now(p_app_id integer, p_players text[]) RETURNS TABLE (auxiliary text, recipient text)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT g.player, CASE WHEN count(DISTINCT btrim(s.real_wallet)) = 1 AND min(btrim(s.real_wallet)) ~ '^[1-9A-HJ-NP-Za-km-z]{32,44}$'
                           AND min(btrim(s.real_wallet)) ~ '[A-Z]' THEN min(btrim(s.real_wallet)) END
      FROM unnest(p_players) AS g (player)
      JOIN public.sponsored_participants s ON s.pool_id = p_app_id AND lower(btrim(s.auxiliary_wallet)) = lower(g.player)
      JOIN public.pools p ON p.id = p_app_id AND p.is_free = 1
     GROUP BY g.player
$$;
COMMENT ON FUNCTION keeper.sponsored_now IS 'Private to sponsors_fix and sponsors_look: what the app says at this moment.';

CREATE FUNCTION keeper.sponsors_fixed(p_draw text) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT EXISTS (SELECT FROM keeper.steps s WHERE s.subject = p_draw AND s.state NOT IN ('failed', 'expired'))
$$;
COMMENT ON FUNCTION keeper.sponsors_fixed IS 'The draw has a step that took effect or may: from here on money goes to whom the mapping named then.';

CREATE FUNCTION keeper.sponsors_look(p_draw text, p_app_id integer, p_players text[]) RETURNS TABLE (auxiliary text, recipient text)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT k.auxiliary, k.recipient FROM keeper.sponsored k WHERE k.draw = p_draw AND keeper.sponsors_fixed(p_draw)
    UNION ALL
    SELECT n.auxiliary, n.recipient FROM keeper.sponsored_now(p_app_id, p_players) n WHERE NOT keeper.sponsors_fixed(p_draw)
$$;
COMMENT ON FUNCTION keeper.sponsors_look IS 'As sponsors_fix, for a dry run: keeps nothing.';

CREATE FUNCTION keeper.sponsors_fix(p_fence bigint, p_draw text, p_app_id integer, p_players text[])
RETURNS TABLE (auxiliary text, recipient text)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET lock_timeout = '1500ms' AS $$
#variable_conflict use_column
BEGIN
    PERFORM keeper.hold(p_fence);
    IF NOT keeper.sponsors_fixed(p_draw) THEN
        DELETE FROM keeper.sponsored k
         WHERE k.draw = p_draw AND NOT EXISTS (SELECT FROM keeper.sponsored_now(p_app_id, p_players) n WHERE n.auxiliary = k.auxiliary);
        INSERT INTO keeper.sponsored AS k (draw, auxiliary, recipient)
        SELECT p_draw, n.auxiliary, n.recipient FROM keeper.sponsored_now(p_app_id, p_players) n
        ON CONFLICT (draw, auxiliary) DO UPDATE SET recipient = excluded.recipient, noted_at = clock_timestamp()
         WHERE k.recipient IS DISTINCT FROM excluded.recipient;
    END IF;
    RETURN QUERY SELECT k.auxiliary::text, k.recipient::text FROM keeper.sponsored k WHERE k.draw = p_draw;
END
$$;
COMMENT ON FUNCTION keeper.sponsors_fix IS 'Whom the players of a draw play for, as it will stand from the draw''s first step on.';

CREATE OR REPLACE FUNCTION keeper.project_payout(p_draw text, p_clear_chat boolean) RETURNS void
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
    -- A sponsored player joins through a wallet of the house: who won is the person that the paying transaction passed the win on to.
    v_winner := coalesce(v_draw.recipient, v_draw.winner);
    v_won := keeper.whole_tokens(v_draw.winner_amount, v_draw.decimals);
    v_ended := to_timestamp(v_draw.end_time) AT TIME ZONE 'UTC';
    UPDATE public.pools p
       SET status = 'ended', winner_wallet = v_winner, end_time = v_ended, total_pot = keeper.whole_tokens(v_draw.total_amount, v_draw.decimals),
           participants_count = coalesce(v_draw.participants, p.participants_count)
     WHERE p.id = v_pool.id
       AND (p.status, p.winner_wallet, p.end_time, p.total_pot, p.participants_count)
           IS DISTINCT FROM ('ended', v_winner, v_ended, keeper.whole_tokens(v_draw.total_amount, v_draw.decimals),
                             coalesce(v_draw.participants, p.participants_count));
    INSERT INTO public.transactions (pool_id, wallet_address, type, amount, tx_hash, "timestamp")
    SELECT v_pool.id, lower(v_winner), 'PAYOUT', v_won, v_draw.payout_sig, v_ended
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
    p_end_time bigint, p_sig text, p_slot bigint, p_recipient text,
    p_clear_chat boolean) RETURNS SETOF keeper.step_row
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
           (v_draw.winner, v_draw.recipient, v_draw.mint, v_draw.total_amount, v_draw.winner_amount, v_draw.dev_amount, v_draw.burn_amount, v_draw.treasury_amount)
           IS DISTINCT FROM (p_winner, p_recipient, p_mint, p_total_amount, p_winner_amount, p_dev_amount, p_burn_amount, p_treasury_amount)
           OR v_draw.payout_sig <> p_sig) THEN
        RAISE EXCEPTION USING ERRCODE = 'PK002',
            MESSAGE = format('%s is recorded as paid to %s by %s: another payout is not recorded over it', p_subject, v_draw.winner, v_draw.payout_sig);
    END IF;
    IF v_draw.paid_at IS NULL OR v_draw.payout_sig IS NULL AND p_sig IS NOT NULL THEN
        UPDATE keeper.draws d
           SET status = greatest(d.status, 6), status_slot = greatest(d.status_slot, p_slot), winner = p_winner, recipient = p_recipient, mint = p_mint,
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
