-- Referral payouts: claims of the web backend, each paid at most once from the treasury's own wallet, through the journal.
ALTER DOMAIN keeper.subject DROP CONSTRAINT subject_is_known;
ALTER DOMAIN keeper.subject ADD CONSTRAINT subject_is_known CHECK (
    length(VALUE) < 80 AND VALUE ~ '^(draw:[1-9A-HJ-NP-Za-km-z]{32,44}:[0-9]{1,20}|ata:[1-9A-HJ-NP-Za-km-z]{32,44}|canary:[0-9]{1,10}|randomness:[1-9A-HJ-NP-Za-km-z]{32,44}|pool:[1-9A-HJ-NP-Za-km-z]{32,44}:[0-9]{1,20}|referral:[1-9][0-9]{0,17})$');
COMMENT ON DOMAIN keeper.subject IS 'draw:<pool address>:<pool id>, ata:<token account>, canary:<n>, randomness:<account>, pool:<pool address>:<pool id>, referral:<claim id>';

ALTER TABLE keeper.steps DROP CONSTRAINT steps_step_fits, ADD CONSTRAINT steps_step_fits CHECK (
    step IN ('BIND', 'RECOMMIT', 'DRAW', 'REVEAL_SELECT', 'SELECT', 'PAYOUT') AND starts_with(subject, 'draw:')
    OR step = 'CREATE_ATA' AND starts_with(subject, 'ata:')
    OR step IN ('CANARY_INIT', 'CANARY_COMMIT') AND starts_with(subject, 'canary:')
    OR step = 'CLOSE_RANDOMNESS' AND subject = 'randomness:' || randomness AND randomness IS NOT NULL
    OR step IN ('SWEEP', 'FINALIZE', 'CLAIM_RENT') AND starts_with(subject, 'pool:')
    OR step = 'PAY_REFERRAL' AND starts_with(subject, 'referral:'));

CREATE TABLE keeper.referral_periods (
    period      integer        PRIMARY KEY CONSTRAINT referral_periods_counts CHECK (period >= 1),
    treasury    keeper.address NOT NULL,
    after_claim bigint         NOT NULL,
    began_at    timestamptz    NOT NULL DEFAULT clock_timestamp(),
    ended_at    timestamptz,
    max_amount  keeper.u64     NOT NULL,
    max_per_day integer        NOT NULL CONSTRAINT referral_periods_day_counts CHECK (max_per_day >= 0)
);
CREATE UNIQUE INDEX referral_periods_one ON keeper.referral_periods ((true)) WHERE ended_at IS NULL;
COMMENT ON TABLE keeper.referral_periods IS 'When payouts were on. A claim is paid by itself only in the period in which it was made.';
COMMENT ON COLUMN keeper.referral_periods.after_claim IS 'highest id of public.referral_claims when it began: only later ones count';
COMMENT ON COLUMN keeper.referral_periods.ended_at IS 'switched off, or another treasury; null: payouts are on';
COMMENT ON COLUMN keeper.referral_periods.max_amount IS 'of one claim, in base units, as set now';
COMMENT ON COLUMN keeper.referral_periods.max_per_day IS 'claims opened per day (UTC), as set now';

CREATE TABLE keeper.referral_payouts (
    claim_id     bigint      PRIMARY KEY CONSTRAINT referral_payouts_claim_counts CHECK (claim_id >= 1),
    period       integer     NOT NULL REFERENCES keeper.referral_periods (period),
    referrer     text        NOT NULL,
    mint         text        NOT NULL,
    amount       text        NOT NULL,
    wallet       keeper.address,
    units        keeper.u64,
    state        text        NOT NULL DEFAULT 'waiting' CONSTRAINT referral_payouts_state_known CHECK (state IN ('waiting', 'out', 'paid')),
    waits_for    text        CONSTRAINT referral_payouts_waits_is_name CHECK (waits_for ~ '^[A-Z][A-Z_]{0,40}$'),
    noted_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
    looked_at    timestamptz,
    opened_at    timestamptz,
    sig          keeper.signature,
    paid_at      timestamptz,
    projected_at timestamptz,
    differs_at   timestamptz,
    CONSTRAINT referral_payouts_target_is_whole CHECK (num_nulls(wallet, units) IN (0, 2)),
    CONSTRAINT referral_payouts_opened_has_target CHECK (state = 'waiting' OR num_nulls(wallet, opened_at, sig) = 0),
    CONSTRAINT referral_payouts_paid_has_time CHECK ((state = 'paid') = (paid_at IS NOT NULL)),
    CONSTRAINT referral_payouts_projected_is_paid CHECK (projected_at IS NULL OR state = 'paid')
);
CREATE INDEX referral_payouts_waiting ON keeper.referral_payouts (period, looked_at NULLS FIRST, claim_id) WHERE state = 'waiting';
CREATE INDEX referral_payouts_obstructed ON keeper.referral_payouts (period, claim_id) WHERE state = 'waiting' AND waits_for IS NOT NULL;
CREATE INDEX referral_payouts_out ON keeper.referral_payouts (claim_id) WHERE state = 'out';
CREATE INDEX referral_payouts_not_projected ON keeper.referral_payouts (claim_id) WHERE state = 'paid' AND projected_at IS NULL;
CREATE INDEX referral_payouts_opened ON keeper.referral_payouts (opened_at);
CREATE INDEX referral_payouts_paid ON keeper.referral_payouts (paid_at) WHERE differs_at IS NULL;
CREATE INDEX referral_payouts_referrer ON keeper.referral_payouts (lower(btrim(referrer)), mint);
COMMENT ON TABLE keeper.referral_payouts IS 'One row per claim that payouts took in, for ever: what is paid is what stands here, never what the app says later.';
COMMENT ON COLUMN keeper.referral_payouts.referrer IS 'with mint and amount: a copy of the app''s row as it was first seen';
COMMENT ON COLUMN keeper.referral_payouts.wallet IS 'where it goes, in its own case, as a verified transaction on chain has it; with units fixed when found';
COMMENT ON COLUMN keeper.referral_payouts.units IS 'base units';
COMMENT ON COLUMN keeper.referral_payouts.waits_for IS 'what stood against it when it was last looked at';
COMMENT ON COLUMN keeper.referral_payouts.opened_at IS 'when its newest transaction was committed to the journal, with its signature';
COMMENT ON COLUMN keeper.referral_payouts.differs_at IS 'when the app''s row was first seen to differ from this one, or to be gone: for ever';

-- Looked for without its case, like the backend does; found in its own.
CREATE INDEX calls_wallet_lower ON keeper.calls (lower(user_wallet));
CREATE INDEX referral_shares_referrer ON keeper.referral_shares (referrer);

CREATE INDEX foreign_signatures_signed ON keeper.foreign_signatures (wallet, first_seen) WHERE kind IN ('STEP', 'OTHER', 'UNSEEN');
-- For speed only, as everything of ours in public.
CREATE INDEX IF NOT EXISTS idx_referral_claims_wallet_lower ON public.referral_claims (lower(btrim(referrer_wallet)), token_mint);

CREATE FUNCTION keeper.referral_is_kept() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF (OLD.claim_id, OLD.period, OLD.referrer, OLD.mint, OLD.amount) IS DISTINCT FROM (NEW.claim_id, NEW.period, NEW.referrer, NEW.mint, NEW.amount)
       OR OLD.wallet IS NOT NULL AND (OLD.wallet, OLD.units) IS DISTINCT FROM (NEW.wallet, NEW.units)
       OR OLD.state = 'paid' AND (OLD.state, OLD.sig, OLD.paid_at) IS DISTINCT FROM (NEW.state, NEW.sig, NEW.paid_at)
       OR OLD.differs_at IS NOT NULL AND NEW.differs_at IS DISTINCT FROM OLD.differs_at THEN
        RAISE EXCEPTION USING ERRCODE = 'PK002', MESSAGE = format('referral claim %s: what is to be paid, and what was paid, never changes', OLD.claim_id);
    END IF;
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION keeper.referral_is_kept IS 'The copy rules: target and amount are fixed once, paid is for ever.';
CREATE TRIGGER referral_payouts_kept BEFORE UPDATE ON keeper.referral_payouts FOR EACH ROW EXECUTE FUNCTION keeper.referral_is_kept();

CREATE FUNCTION keeper.referral_wallet(p_referrer text) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT CASE WHEN count(DISTINCT c.user_wallet) = 1 THEN min(c.user_wallet) END
      FROM keeper.calls c WHERE lower(c.user_wallet) = lower(btrim(p_referrer))
$$;
COMMENT ON FUNCTION keeper.referral_wallet IS 'The wallet in its own case, from verified transactions; null: none, or several that differ only in case.';

CREATE FUNCTION keeper.referral_awarded(p_referrer text, p_mint text) RETURNS numeric
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT coalesce(sum(s.amount), 0) FROM keeper.referral_shares s JOIN keeper.draws d ON d.draw = s.draw
     WHERE s.referrer = lower(btrim(p_referrer)) AND d.mint = p_mint
$$;
COMMENT ON FUNCTION keeper.referral_awarded IS 'The exact shares of this referrer in draws of this mint, in base units.';

-- Also what the app says was paid, or may yet be paid, by hand. A fraction counts as a whole unit; what is no number counts nothing.
CREATE FUNCTION keeper.referral_spent(p_claim bigint, p_referrer text, p_mint text, p_period integer) RETURNS numeric
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT (SELECT coalesce(sum(p.units), 0) FROM keeper.referral_payouts p
             WHERE lower(btrim(p.referrer)) = lower(btrim(p_referrer)) AND p.mint = p_mint AND p.claim_id <> p_claim AND p.state <> 'waiting')
         + (SELECT coalesce(sum(CASE WHEN c.amount ~ '^[0-9]{1,40}(\.[0-9]{0,40})?$' THEN ceil(c.amount::numeric) ELSE 0 END), 0)
              FROM public.referral_claims c
             WHERE lower(btrim(c.referrer_wallet)) = lower(btrim(p_referrer)) AND c.token_mint = p_mint AND c.id <> p_claim
               AND coalesce(c.status, '') NOT IN ('failed', 'rejected', 'cancelled')
               AND NOT EXISTS (SELECT FROM keeper.referral_payouts p WHERE p.claim_id = c.id
                                  AND (p.state <> 'waiting' OR p.period = p_period AND c.status = 'pending' AND p.differs_at IS NULL)))
$$;
COMMENT ON FUNCTION keeper.referral_spent IS 'What other claims of this referrer and mint have taken, or hold, of the shares: ours that are out or paid, and every one of the app that is not ours to pay.';

CREATE FUNCTION keeper.referral_differs(p keeper.referral_payouts) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT NOT EXISTS (
        SELECT FROM public.referral_claims c
         WHERE c.id = p.claim_id AND (c.referrer_wallet, c.token_mint, c.amount) = (p.referrer, p.mint, p.amount)
           AND CASE WHEN p.projected_at IS NULL THEN c.status = 'pending' AND c.tx_signature IS NULL
                    ELSE c.status IS DISTINCT FROM 'pending' AND c.tx_signature IS NOT DISTINCT FROM p.sig::text END)
$$;
COMMENT ON FUNCTION keeper.referral_differs IS 'Private: the app''s row is not, or not any more, what was taken in; or not what was written to it after the payment.';

CREATE FUNCTION keeper.referral_obstacle(p_claim bigint) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_payout keeper.referral_payouts;
    v_period keeper.referral_periods;
    v_wallet text;
    v_day    CONSTANT timestamptz := date_trunc('day', clock_timestamp() AT TIME ZONE 'UTC') AT TIME ZONE 'UTC';
BEGIN
    SELECT * INTO v_payout FROM keeper.referral_payouts p WHERE p.claim_id = p_claim;
    SELECT * INTO v_period FROM keeper.referral_periods q WHERE q.ended_at IS NULL;
    IF v_payout.period IS DISTINCT FROM v_period.period OR v_payout.claim_id IS NULL THEN
        RETURN 'REFERRAL_OFF';
    ELSIF v_payout.differs_at IS NOT NULL OR keeper.referral_differs(v_payout) THEN
        RETURN 'REFERRAL_CHANGED';
    -- Of the dev wallet the daemon asks the same; a payment is signed by the treasury, so it is the treasury's list that shows it.
    ELSIF NOT EXISTS (SELECT FROM keeper.audits a WHERE a.wallet = v_period.treasury AND a.database = keeper.database_identity()) THEN
        RETURN 'REFERRAL_AUDIT';
    ELSIF (SELECT f.first_seen FROM keeper.foreign_signatures f WHERE f.wallet = v_period.treasury AND f.kind IN ('STEP', 'OTHER', 'UNSEEN')
            ORDER BY f.first_seen DESC LIMIT 1) >= v_period.began_at THEN
        RETURN 'REFERRAL_FOREIGN';
    ELSIF v_payout.amount !~ '^[1-9][0-9]{0,19}$' OR v_payout.amount::numeric > 18446744073709551615 THEN
        RETURN 'REFERRAL_AMOUNT';
    ELSIF v_payout.mint !~ '^[1-9A-HJ-NP-Za-km-z]{32,44}$' THEN
        RETURN 'REFERRAL_MINT';
    END IF;
    v_wallet := keeper.referral_wallet(v_payout.referrer);
    IF v_wallet IS NULL OR v_payout.wallet <> v_wallet THEN
        RETURN 'REFERRAL_WALLET';
    ELSIF v_payout.amount::numeric > v_period.max_amount THEN
        RETURN 'REFERRAL_CAP';
    ELSIF v_payout.amount::numeric + keeper.referral_spent(p_claim, v_payout.referrer, v_payout.mint, v_period.period)
          > keeper.referral_awarded(v_payout.referrer, v_payout.mint) THEN
        RETURN 'REFERRAL_NOT_COVERED';
    ELSIF (SELECT count(*) FROM keeper.referral_payouts p WHERE p.claim_id <> p_claim AND p.opened_at >= v_day) >= v_period.max_per_day THEN
        RETURN 'REFERRAL_DAY_CAP';
    END IF;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION keeper.referral_obstacle IS 'Why this claim may not be paid now, as a name of include/core/reasons.h; null: nothing here stands against it.';

-- In the same statement as the row, whatever verb writes it. The period's row makes openings follow each other, so that each sees
-- what the one before took.
CREATE FUNCTION keeper.referral_opens() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_claim    CONSTANT bigint := split_part(NEW.subject, ':', 2);
    v_obstacle text;
BEGIN
    PERFORM FROM keeper.referral_periods q WHERE q.ended_at IS NULL FOR UPDATE;
    v_obstacle := keeper.referral_obstacle(v_claim);
    IF v_obstacle IS NOT NULL THEN
        RAISE EXCEPTION USING ERRCODE = 'PK002', MESSAGE = format('referral claim %s may not be paid: %s', v_claim, v_obstacle);
    -- Signed before the audit found another database, and on its way here since: its block is as old as the hold, not 150 blocks younger.
    -- The daemon writes such a row's last block some 64 higher than one node told it.
    ELSIF EXISTS (SELECT FROM keeper.audits a JOIN keeper.referral_periods q ON q.treasury = a.wallet AND q.ended_at IS NULL
                   WHERE a.hold_height > 0 AND NEW.last_valid < a.hold_height + 150) THEN
        RAISE EXCEPTION USING ERRCODE = 'PK002', MESSAGE = format('referral claim %s may not be paid: REFERRAL_AUDIT', v_claim);
    ELSIF EXISTS (SELECT FROM keeper.steps s WHERE s.subject = NEW.subject AND s.seq <> NEW.seq AND s.state NOT IN ('failed', 'expired')) THEN
        RAISE EXCEPTION USING ERRCODE = 'PK002', MESSAGE = format('referral claim %s has a transaction that took effect or may', v_claim);
    END IF;
    UPDATE keeper.referral_payouts p SET state = 'out', opened_at = clock_timestamp(), sig = NEW.sig, waits_for = NULL
     WHERE p.claim_id = v_claim AND p.state = 'waiting' AND p.wallet IS NOT NULL;
    IF NOT FOUND THEN
        RAISE EXCEPTION USING ERRCODE = 'PK002', MESSAGE = format('referral claim %s is out or paid, or nobody said to whom it goes', v_claim);
    END IF;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION keeper.referral_opens IS 'A claim is opened only while nothing stands against it and none of its transactions took effect or may.';
CREATE TRIGGER steps_referral_opens AFTER INSERT ON keeper.steps
    FOR EACH ROW WHEN (NEW.step = 'PAY_REFERRAL') EXECUTE FUNCTION keeper.referral_opens();

-- Where the row differs it is left as it is: the payment stands, and the next look tells of it. Whether the backend takes a claim off
-- amount_pending when it is made is not known, so referral_rewards is the backend's alone.
CREATE FUNCTION keeper.referral_project(p_claim bigint) RETURNS void
LANGUAGE sql SET search_path = pg_catalog, pg_temp AS $$
    UPDATE public.referral_claims c SET status = 'completed', tx_signature = p.sig
      FROM keeper.referral_payouts p
     WHERE p.claim_id = p_claim AND p.state = 'paid' AND p.projected_at IS NULL AND c.id = p.claim_id
       AND (c.referrer_wallet, c.token_mint, c.amount, c.status) = (p.referrer, p.mint, p.amount, 'pending') AND c.tx_signature IS NULL;
    UPDATE keeper.referral_payouts p SET projected_at = clock_timestamp() WHERE p.claim_id = p_claim AND p.state = 'paid' AND p.projected_at IS NULL
$$;
COMMENT ON FUNCTION keeper.referral_project IS 'Private: writes a paid claim to public.referral_claims, once.';

CREATE FUNCTION keeper.referral_closes() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET lock_timeout = '1500ms' AS $$
DECLARE
    v_claim CONSTANT bigint := split_part(NEW.subject, ':', 2);
BEGIN
    IF NEW.state = 'final' THEN
        UPDATE keeper.referral_payouts p SET state = 'paid', paid_at = clock_timestamp(), sig = NEW.sig WHERE p.claim_id = v_claim;
        PERFORM keeper.referral_project(v_claim);
    ELSE
        UPDATE keeper.referral_payouts p SET state = 'waiting' WHERE p.claim_id = v_claim;
    END IF;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION keeper.referral_closes IS 'Final: paid, here and in the app, in the statement that closes the row. Failed or expired: nothing was paid.';
CREATE TRIGGER steps_referral_closes AFTER UPDATE OF state ON keeper.steps
    FOR EACH ROW WHEN (NEW.step = 'PAY_REFERRAL' AND NEW.state IN ('final', 'failed', 'expired') AND OLD.state <> NEW.state)
    EXECUTE FUNCTION keeper.referral_closes();

CREATE FUNCTION keeper.referral_switch(p_on boolean, p_treasury text, p_max_amount numeric, p_max_per_day bigint) RETURNS void
LANGUAGE sql SET search_path = pg_catalog, pg_temp AS $$
    UPDATE keeper.referral_periods q SET ended_at = clock_timestamp() WHERE q.ended_at IS NULL AND NOT (p_on AND q.treasury = p_treasury);
    INSERT INTO keeper.referral_periods (period, treasury, after_claim, max_amount, max_per_day)
    SELECT (SELECT coalesce(max(q.period), 0) + 1 FROM keeper.referral_periods q), p_treasury,
           greatest((SELECT coalesce(max(c.id), 0) FROM public.referral_claims c), (SELECT coalesce(max(p.claim_id), 0) FROM keeper.referral_payouts p)),
           p_max_amount, p_max_per_day
     WHERE p_on AND NOT EXISTS (SELECT FROM keeper.referral_periods q WHERE q.ended_at IS NULL);
    UPDATE keeper.referral_periods q SET max_amount = p_max_amount, max_per_day = p_max_per_day
     WHERE q.ended_at IS NULL AND (q.max_amount, q.max_per_day) IS DISTINCT FROM (p_max_amount, p_max_per_day)
$$;
COMMENT ON FUNCTION keeper.referral_switch IS 'Private to referral_work: begins and ends periods.';

-- Those that were looked at longest ago, so that what waits does not keep the others out. What is listed: nothing stands against it, or
-- something else than before.
CREATE FUNCTION keeper.referral_look(p_max bigint) RETURNS TABLE (claim_id bigint, listed boolean)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
    v_period keeper.referral_periods;
BEGIN
    SELECT * INTO v_period FROM keeper.referral_periods q WHERE q.ended_at IS NULL;
    INSERT INTO keeper.referral_payouts (claim_id, period, referrer, mint, amount)
    SELECT c.id, v_period.period, c.referrer_wallet, c.token_mint, c.amount
      FROM public.referral_claims c
     WHERE c.id > v_period.after_claim AND c.claimed_at AT TIME ZONE 'UTC' >= v_period.began_at AND c.status = 'pending' AND c.tx_signature IS NULL
       AND NOT EXISTS (SELECT FROM keeper.referral_payouts p WHERE p.claim_id = c.id)
     ORDER BY c.id LIMIT 200
    ON CONFLICT DO NOTHING;
    RETURN QUERY WITH turn AS (
        SELECT p.claim_id, p.waits_for AS last FROM keeper.referral_payouts p WHERE p.state = 'waiting' AND p.period = v_period.period
         ORDER BY p.looked_at NULLS FIRST, p.claim_id LIMIT p_max
    ), judged AS MATERIALIZED (SELECT t.claim_id, t.last, keeper.referral_obstacle(t.claim_id) AS obstacle FROM turn t)
    UPDATE keeper.referral_payouts p
       SET looked_at = clock_timestamp(), waits_for = j.obstacle,
           wallet = CASE WHEN j.obstacle IS NULL THEN coalesce(p.wallet, keeper.referral_wallet(p.referrer)) ELSE p.wallet END,
           units = CASE WHEN j.obstacle IS NULL THEN coalesce(p.units, p.amount::numeric) ELSE p.units END
      FROM judged j WHERE p.claim_id = j.claim_id
    RETURNING p.claim_id, j.obstacle IS NULL OR j.obstacle IS DISTINCT FROM j.last;
END
$$;
COMMENT ON FUNCTION keeper.referral_look IS 'Private to referral_work: takes in claims of this period, and says of so many what stands against them, and whether that is worth listing.';

CREATE FUNCTION keeper.referral_work(p_fence bigint, p_on boolean, p_treasury text, p_max_amount numeric, p_max_per_day bigint, p_max bigint)
RETURNS TABLE (subject text, wallet text, mint text, units numeric, waits_for text, work boolean, news boolean)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET lock_timeout = '1500ms' AS $$
#variable_conflict use_column
DECLARE
    v_since  CONSTANT timestamptz := clock_timestamp() - interval '2 days';
    v_looked bigint[];
    v_listed bigint[];
    v_news   bigint[];
BEGIN
    PERFORM keeper.hold(p_fence);
    IF p_on IS NOT NULL THEN
        PERFORM keeper.referral_switch(p_on, p_treasury, p_max_amount, p_max_per_day);
    END IF;
    -- Some that have an obstacle stay listed: an alert stands as long as there are such claims.
    IF p_on THEN
        SELECT array_agg(l.claim_id), array_agg(l.claim_id) FILTER (WHERE l.listed) INTO v_looked, v_listed FROM keeper.referral_look(p_max) l;
        v_listed := v_listed || ARRAY(
            SELECT p.claim_id FROM keeper.referral_payouts p
             WHERE p.state = 'waiting' AND p.waits_for IS NOT NULL AND p.period = (SELECT q.period FROM keeper.referral_periods q WHERE q.ended_at IS NULL)
             ORDER BY p.claim_id LIMIT p_max / 2);
    END IF;
    PERFORM keeper.referral_project(p.claim_id) FROM keeper.referral_payouts p WHERE p.state = 'paid' AND p.projected_at IS NULL;
    WITH told AS (
        UPDATE keeper.referral_payouts p SET differs_at = clock_timestamp()
         WHERE p.claim_id IN (
               SELECT d.claim_id FROM (
                   SELECT o.claim_id FROM keeper.referral_payouts o WHERE o.claim_id = ANY (v_looked) AND o.differs_at IS NULL AND keeper.referral_differs(o)
                   UNION
                   SELECT o.claim_id FROM keeper.referral_payouts o WHERE o.state = 'out' AND o.differs_at IS NULL AND keeper.referral_differs(o)
                   UNION
                   SELECT o.claim_id FROM keeper.referral_payouts o
                    WHERE o.paid_at > v_since AND o.differs_at IS NULL AND keeper.referral_differs(o)) d
                LIMIT p_max)
        RETURNING p.claim_id)
    SELECT array_agg(t.claim_id) INTO v_news FROM told t;
    RETURN QUERY
        SELECT 'referral:' || p.claim_id, p.wallet::text, CASE WHEN p.wallet IS NOT NULL THEN p.mint END, p.units::numeric,
               CASE WHEN p.state = 'waiting' THEN p.waits_for END, l.work, l.news
          FROM (SELECT x.claim_id, bool_or(NOT x.news) AS work, bool_or(x.news) AS news
                  FROM (SELECT o.claim_id, false AS news FROM keeper.referral_payouts o WHERE o.state = 'out'
                        UNION ALL SELECT u, false FROM unnest(v_listed) AS u
                        UNION ALL SELECT u, true FROM unnest(v_news) AS u) AS x
                 GROUP BY x.claim_id) AS l
          JOIN keeper.referral_payouts p ON p.claim_id = l.claim_id
         ORDER BY l.news DESC, p.state = 'out' DESC, p.claim_id;
END
$$;
COMMENT ON FUNCTION keeper.referral_work IS 'Switches payouts on or off (null: leaves them) and lists what is to be done (work): claims whose transaction is out, that may be paid now, that wait for something else than at the last look, the first ones of all that wait, and those (news) whose row of the app was just seen to differ.';
