-- Takes V011 back: payouts are recorded as V010 does it. Whom wins were passed on to is forgotten here; schema public keeps it.
DROP FUNCTION IF EXISTS keeper.payout_record, keeper.sponsors_fix, keeper.sponsors_look, keeper.sponsors_fixed, keeper.sponsored_now;
ALTER TABLE keeper.draws DROP COLUMN IF EXISTS recipient;
DROP TABLE IF EXISTS keeper.sponsored;

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

DO $$
BEGIN
    IF to_regclass('keeper.schema_migrations') IS NOT NULL THEN
        DELETE FROM keeper.schema_migrations WHERE version = '011';
    END IF;
END
$$;
