-- Progressive jackpots minor, major and mega: every wager adds to them, each round has one winner. For a fresh install; run it
-- once, in one transaction: psql -1 -v ON_ERROR_STOP=1 -f config/sources/jackpots/schema.sql
CREATE SCHEMA jackpot;
CREATE TYPE jackpot.jackpot_group AS ENUM ('minor', 'major', 'mega');

CREATE TABLE jackpot.jackpots (
    id                  uuid          PRIMARY KEY DEFAULT gen_random_uuid(),
    "group"             jackpot.jackpot_group NOT NULL CONSTRAINT jackpots_group_once UNIQUE,
    current_amount      bigint        NOT NULL DEFAULT 0 CONSTRAINT jackpots_amount_is_not_negative CHECK (current_amount >= 0),
    seed_amount         bigint        NOT NULL CONSTRAINT jackpots_seed_is_not_negative CHECK (seed_amount >= 0),
    max_amount          bigint        CONSTRAINT jackpots_max_is_above_seed CHECK (max_amount >= seed_amount),
    contribution_rate   numeric(7,6)  NOT NULL CONSTRAINT jackpots_rate_is_a_part CHECK (contribution_rate BETWEEN 0 AND 1),
    min_bet             bigint        NOT NULL DEFAULT 0 CONSTRAINT jackpots_min_bet_is_not_negative CHECK (min_bet >= 0),
    last_won_amount     bigint        CONSTRAINT jackpots_won_is_not_negative CHECK (last_won_amount >= 0),
    last_won_at         timestamptz,
    last_won_by_user_id text,
    total_contributions bigint        NOT NULL DEFAULT 0 CONSTRAINT jackpots_total_is_not_negative CHECK (total_contributions >= 0),
    total_wagers        bigint        NOT NULL DEFAULT 0 CONSTRAINT jackpots_wagers_count CHECK (total_wagers >= 0),
    total_wins          integer       NOT NULL DEFAULT 0 CONSTRAINT jackpots_wins_count CHECK (total_wins >= 0),
    jackpot_wins        jsonb         NOT NULL DEFAULT '[]',
    draw_every          interval      CONSTRAINT jackpots_interval_is_positive CHECK (draw_every > '0'),
    min_players         integer       NOT NULL DEFAULT 2 CONSTRAINT jackpots_min_players_count CHECK (min_players >= 1),
    min_contributions   bigint        CONSTRAINT jackpots_min_contributions_is_not_negative CHECK (min_contributions >= 0),
    round               integer       NOT NULL DEFAULT 1,
    version             integer       NOT NULL DEFAULT 0,
    lock_holder         text,
    last_modified_at    timestamptz   NOT NULL DEFAULT now(),
    created_at          timestamptz   NOT NULL DEFAULT now(),
    updated_at          timestamptz   NOT NULL DEFAULT now(),
    CONSTRAINT jackpots_come_to_an_end CHECK (max_amount IS NOT NULL OR draw_every IS NOT NULL)
);
COMMENT ON COLUMN jackpot.jackpots.current_amount IS 'cents of the round that is open, without what stands in stripes: jackpot.pools has the whole. Moved by rows of ledger only';
COMMENT ON COLUMN jackpot.jackpots.contribution_rate IS 'exact: a binary fraction of 0.02 would take a cent too little of 100';
COMMENT ON COLUMN jackpot.jackpots.draw_every IS 'a round is drawn when it is full, or so long after it began if it has the minima then; null: when it is full';
COMMENT ON COLUMN jackpot.jackpots.min_players IS 'of every round: one player alone would draw the house''s seed for himself';
COMMENT ON COLUMN jackpot.jackpots.min_contributions IS 'cents that a round has from wagers before it is drawn without being full; null: as many as the seed';
COMMENT ON COLUMN jackpot.jackpots.version IS 'one more with every change of the row: a writer that names the version it read loses to nobody';

CREATE TABLE jackpot.rounds (
    jackpot_id   uuid        NOT NULL REFERENCES jackpot.jackpots (id),
    round        integer     NOT NULL CONSTRAINT rounds_count CHECK (round >= 1),
    opened_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    due_at       timestamptz,
    state        text        NOT NULL DEFAULT 'open' CONSTRAINT rounds_state_known CHECK (state IN ('open', 'locked', 'won', 'refunded')),
    amount       bigint      CONSTRAINT rounds_amount_is_not_negative CHECK (amount >= 0),
    seed_back    bigint      NOT NULL DEFAULT 0 CONSTRAINT rounds_seed_back_is_not_negative CHECK (seed_back >= 0),
    keeper_draw  uuid,
    PRIMARY KEY (jackpot_id, round),
    CONSTRAINT rounds_locked_has_amount CHECK ((state = 'open') = (amount IS NULL)),
    CONSTRAINT rounds_over_has_draw CHECK ((state IN ('open', 'locked')) = (keeper_draw IS NULL))
);
CREATE UNIQUE INDEX rounds_one_open ON jackpot.rounds (jackpot_id) WHERE state = 'open';
COMMENT ON COLUMN jackpot.rounds.amount IS 'what was in it when it was locked: the prize; the next round is open from then on';
COMMENT ON COLUMN jackpot.rounds.opened_at IS 'it says which rules and key the round has, so it is nobody''s choice';
COMMENT ON COLUMN jackpot.rounds.seed_back IS 'of a refunded round: the seed, which was the house''s';

CREATE TABLE jackpot.contributions (
    key        text        PRIMARY KEY CONSTRAINT contributions_key_is_short CHECK (length(key) BETWEEN 1 AND 200),
    user_id    text        NOT NULL CONSTRAINT contributions_user_is_short CHECK (length(user_id) BETWEEN 1 AND 200),
    game_id    text        NOT NULL,
    wager      bigint      NOT NULL CONSTRAINT contributions_wager_is_positive CHECK (wager > 0),
    created_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON COLUMN jackpot.contributions.key IS 'the caller''s idempotency key: the same wager again adds nothing';

CREATE TABLE jackpot.ledger (
    id         bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    jackpot_id uuid        NOT NULL,
    round      integer     NOT NULL,
    kind       text        NOT NULL CONSTRAINT ledger_kind_known CHECK (kind IN ('seed', 'contribution', 'locked')),
    amount     bigint      NOT NULL CONSTRAINT ledger_amount_moves CHECK (amount > 0 AND kind <> 'locked' OR amount < 0 AND kind = 'locked'),
    user_id    text,
    key        text        REFERENCES jackpot.contributions (key),
    stripe     smallint    NOT NULL DEFAULT 0 CONSTRAINT ledger_stripe_range CHECK (stripe BETWEEN 0 AND 15),
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT ledger_contribution_has_user CHECK ((kind = 'contribution') = (user_id IS NOT NULL) AND (user_id IS NULL) = (key IS NULL))
);
CREATE INDEX ledger_round ON jackpot.ledger (jackpot_id, round);
CREATE UNIQUE INDEX ledger_locked_once ON jackpot.ledger (jackpot_id, round) WHERE kind = 'locked';
CREATE UNIQUE INDEX ledger_contribution_once ON jackpot.ledger (key, jackpot_id) WHERE kind = 'contribution';
COMMENT ON TABLE jackpot.ledger IS 'Every cent into and out of the open rounds; the sum of a jackpot''s rows is its amount in pools. Rows are only added.';
COMMENT ON COLUMN jackpot.ledger.round IS 'no foreign key, which would lock the one row of the round for every wager: the triggers see to it that the round is open, and rounds stay';

-- Wagers are hot: were each to change its jackpot's row, each would wait for the one before to be on the disk. So a session adds to
-- a stripe of its own, and the stripes are folded into the jackpot when its round locks, or when one has used up its quota, its
-- part of the room below the maximum. Who adds holds the advisory lock of his stripe, who folds holds those of all, in their order.
CREATE TABLE jackpot.stripes (
    stripe     smallint NOT NULL CONSTRAINT stripes_stripe_range CHECK (stripe BETWEEN 0 AND 15),
    jackpot_id uuid     NOT NULL REFERENCES jackpot.jackpots (id),
    round      integer  NOT NULL,
    amount     bigint   NOT NULL DEFAULT 0 CONSTRAINT stripes_amount_is_not_negative CHECK (amount >= 0),
    wagers     bigint   NOT NULL DEFAULT 0,
    quota      bigint   CONSTRAINT stripes_quota_is_not_negative CHECK (quota >= 0),
    is_full    boolean  NOT NULL DEFAULT false,
    PRIMARY KEY (stripe, jackpot_id),
    CONSTRAINT stripes_stay_below_the_maximum CHECK (amount <= quota),
    CONSTRAINT stripes_amount_has_wagers CHECK ((amount = 0) = (wagers = 0))
) WITH (fillfactor = 10);
COMMENT ON TABLE jackpot.stripes IS 'What wagers added to the open rounds and is not in jackpots.current_amount yet.';
COMMENT ON COLUMN jackpot.stripes.quota IS 'the quotas of a jackpot together are never more than its room; null: it has no maximum';
COMMENT ON COLUMN jackpot.stripes.is_full IS 'the jackpot has no room: wagers pass it by';

CREATE TABLE jackpot.credits (
    keeper_draw uuid        NOT NULL,
    user_id     text        NOT NULL,
    jackpot_id  uuid        NOT NULL,
    round       integer     NOT NULL,
    kind        text        NOT NULL CONSTRAINT credits_kind_known CHECK (kind IN ('win', 'refund')),
    amount      bigint      NOT NULL CONSTRAINT credits_amount_is_positive CHECK (amount > 0),
    salt        text        NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now(),
    notified_at timestamptz,
    PRIMARY KEY (keeper_draw, user_id),
    FOREIGN KEY (jackpot_id, round) REFERENCES jackpot.rounds (jackpot_id, round)
);
CREATE UNIQUE INDEX credits_one_winner ON jackpot.credits (jackpot_id, round) WHERE kind = 'win';
COMMENT ON TABLE jackpot.credits IS 'What the wallet service owes to players, each once: wins and refunds. notified_at null: not told yet. With salt he finds his entry in the certificate.';

CREATE FUNCTION jackpot.refuse() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RAISE EXCEPTION '% on jackpot.% is refused: %', TG_OP, TG_TABLE_NAME, TG_ARGV[0];
END
$$;

CREATE FUNCTION jackpot.next_version() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    NEW.version := OLD.version + 1;
    NEW.last_modified_at := clock_timestamp();
    NEW.updated_at := NEW.last_modified_at;
    RETURN NEW;
END
$$;
CREATE TRIGGER jackpots_amount_is_ledger BEFORE UPDATE OF current_amount ON jackpot.jackpots FOR EACH ROW
    WHEN (OLD.current_amount <> NEW.current_amount AND pg_trigger_depth() = 0) EXECUTE FUNCTION jackpot.refuse('insert a row into ledger, it moves the amount');
CREATE TRIGGER jackpots_next_version BEFORE UPDATE ON jackpot.jackpots FOR EACH ROW EXECUTE FUNCTION jackpot.next_version();

-- What wagers add. A stripe stands in one round, and whoever locks the round has the stripe's row: a row comes before, or too late.
CREATE FUNCTION jackpot.post_wagers() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_late text;
BEGIN
    UPDATE jackpot.stripes s SET amount = s.amount + a.amount, wagers = s.wagers + a.wagers
      FROM (SELECT x.jackpot_id, x.round, x.stripe, sum(x.amount)::bigint AS amount, count(*) AS wagers FROM added x WHERE x.kind = 'contribution' GROUP BY 1, 2, 3) AS a
     WHERE s.stripe = a.stripe AND s.jackpot_id = a.jackpot_id AND s.round = a.round;
    SELECT format('round %s of jackpot %s', x.round, x.jackpot_id) INTO v_late FROM added x
     WHERE x.kind = 'contribution' AND NOT EXISTS (SELECT FROM jackpot.stripes s WHERE s.stripe = x.stripe AND s.jackpot_id = x.jackpot_id AND s.round = x.round);
    IF FOUND THEN
        RAISE EXCEPTION '% is not open: it takes no contribution', v_late;
    END IF;
    RETURN NULL;
END
$$;
CREATE FUNCTION jackpot.post_other() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    UPDATE jackpot.jackpots j SET current_amount = j.current_amount + NEW.amount WHERE j.id = NEW.jackpot_id;
    RETURN NULL;
END
$$;
-- The jackpot's row is held first, as everywhere: a round that locks waits, or the row comes too late.
CREATE FUNCTION jackpot.into_its_round() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_state text := CASE NEW.kind WHEN 'locked' THEN 'locked' ELSE 'open' END;
BEGIN
    PERFORM FROM jackpot.jackpots j WHERE j.id = NEW.jackpot_id FOR UPDATE;
    PERFORM FROM jackpot.rounds r WHERE r.jackpot_id = NEW.jackpot_id AND r.round = NEW.round AND r.state = v_state;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'round % of jackpot % is not %: it takes no %', NEW.round, NEW.jackpot_id, v_state, NEW.kind;
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER ledger_into_its_round BEFORE INSERT ON jackpot.ledger FOR EACH ROW WHEN (NEW.kind <> 'contribution') EXECUTE FUNCTION jackpot.into_its_round();
CREATE TRIGGER ledger_post_wagers AFTER INSERT ON jackpot.ledger REFERENCING NEW TABLE AS added EXECUTE FUNCTION jackpot.post_wagers();
CREATE TRIGGER ledger_post_other AFTER INSERT ON jackpot.ledger FOR EACH ROW WHEN (NEW.kind <> 'contribution') EXECUTE FUNCTION jackpot.post_other();

-- What leaves a stripe is in its jackpot.
CREATE FUNCTION jackpot.folded() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    UPDATE jackpot.jackpots j SET current_amount = j.current_amount + OLD.amount, total_contributions = j.total_contributions + OLD.amount,
                                  total_wagers = j.total_wagers + OLD.wagers WHERE j.id = OLD.jackpot_id;
    RETURN NULL;
END
$$;
CREATE TRIGGER stripes_folded AFTER UPDATE ON jackpot.stripes FOR EACH ROW WHEN (OLD.amount > 0 AND NEW.amount = 0) EXECUTE FUNCTION jackpot.folded();
CREATE TRIGGER stripes_amount_is_ledger BEFORE UPDATE ON jackpot.stripes FOR EACH ROW
    WHEN ((OLD.amount, OLD.wagers) <> (NEW.amount, NEW.wagers) AND NEW.amount > 0 AND pg_trigger_depth() = 0) EXECUTE FUNCTION jackpot.refuse('insert a row into ledger, it moves the amount');
CREATE TRIGGER stripes_begin_empty BEFORE INSERT ON jackpot.stripes FOR EACH ROW WHEN (NEW.amount > 0) EXECUTE FUNCTION jackpot.refuse('a stripe begins empty');
CREATE TRIGGER stripes_stay BEFORE DELETE OR TRUNCATE ON jackpot.stripes EXECUTE FUNCTION jackpot.refuse('a stripe is folded, it does not go');
CREATE TRIGGER ledger_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON jackpot.ledger EXECUTE FUNCTION jackpot.refuse('a ledger is only added to');
CREATE TRIGGER credits_stay BEFORE UPDATE OF keeper_draw, user_id, jackpot_id, round, kind, amount, salt OR DELETE OR TRUNCATE ON jackpot.credits
    EXECUTE FUNCTION jackpot.refuse('what is owed stays; only notified_at is filled');
CREATE TRIGGER contributions_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON jackpot.contributions EXECUTE FUNCTION jackpot.refuse('a wager was made');

CREATE FUNCTION jackpot.one_way() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        NEW.state := 'open';
        NEW.opened_at := clock_timestamp();
    ELSIF (NEW.jackpot_id, NEW.round, NEW.opened_at) <> (OLD.jackpot_id, OLD.round, OLD.opened_at) OR NEW.amount <> OLD.amount THEN
        RAISE EXCEPTION 'round % of jackpot %: jackpot_id, round, opened_at and amount stay', OLD.round, OLD.jackpot_id;
    ELSIF NEW.state <> OLD.state AND OLD.state || ' ' || NEW.state NOT IN ('open locked', 'locked won', 'locked refunded') THEN
        RAISE EXCEPTION 'round % of jackpot % is % and cannot become %', OLD.round, OLD.jackpot_id, OLD.state, NEW.state;
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER rounds_one_way BEFORE INSERT OR UPDATE ON jackpot.rounds FOR EACH ROW EXECUTE FUNCTION jackpot.one_way();
CREATE TRIGGER rounds_stay BEFORE DELETE OR TRUNCATE ON jackpot.rounds EXECUTE FUNCTION jackpot.refuse('a round ends, it does not go');
-- Also for sessions that replicate or restore: what was locked is never open again. A group's name is part of its rounds' keys.
ALTER TABLE jackpot.rounds ENABLE ALWAYS TRIGGER rounds_one_way, ENABLE ALWAYS TRIGGER rounds_stay;
CREATE TRIGGER jackpots_keep_group BEFORE UPDATE ON jackpot.jackpots FOR EACH ROW
    WHEN (OLD."group" <> NEW."group" OR OLD.id <> NEW.id) EXECUTE FUNCTION jackpot.refuse('id and group stay');
ALTER TABLE jackpot.jackpots ENABLE ALWAYS TRIGGER jackpots_keep_group;

CREATE FUNCTION jackpot.room(j jackpot.jackpots) RETURNS bigint
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT j.max_amount - j.current_amount - (SELECT coalesce(sum(s.amount), 0)::bigint FROM jackpot.stripes s WHERE s.jackpot_id = j.id)
$$;
COMMENT ON FUNCTION jackpot.room IS 'What the open round still takes; null: no end.';

-- 790417 is nobody else's. Whoever adds a wager has one of the sixteen, so the holder of all is alone.
CREATE FUNCTION jackpot.hold_stripes() RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    FOR i IN 0..15 LOOP
        PERFORM pg_advisory_xact_lock(790417, i);
    END LOOP;
END
$$;

-- Everything into the jackpot's row; then the room, less what p_stripe is about to take, is shared out. Whoever calls it holds all stripes.
CREATE FUNCTION jackpot.fold(p_jackpot uuid, p_stripe integer, p_want bigint) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_room bigint;
    v_take bigint;
BEGIN
    PERFORM FROM jackpot.stripes s WHERE s.jackpot_id = p_jackpot ORDER BY s.stripe FOR UPDATE;
    UPDATE jackpot.stripes s SET amount = 0, wagers = 0 WHERE s.jackpot_id = p_jackpot AND s.amount > 0;
    SELECT greatest(jackpot.room(j), 0) INTO v_room FROM jackpot.jackpots j WHERE j.id = p_jackpot AND j.max_amount IS NOT NULL FOR UPDATE;
    v_take := least(p_want, v_room);
    UPDATE jackpot.stripes s SET round = j.round, quota = (v_room - v_take) / 16 + CASE WHEN s.stripe = p_stripe THEN v_take ELSE 0 END, is_full = coalesce(v_room = v_take, false)
      FROM jackpot.jackpots j WHERE s.jackpot_id = p_jackpot AND j.id = p_jackpot;
END
$$;

CREATE FUNCTION jackpot.open_round(p_jackpot uuid, p_round integer) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO jackpot.rounds (jackpot_id, round, due_at) SELECT j.id, p_round, clock_timestamp() + j.draw_every FROM jackpot.jackpots j WHERE j.id = p_jackpot;
    INSERT INTO jackpot.ledger (jackpot_id, round, kind, amount)
    SELECT p_jackpot, p_round, 'seed', j.seed_amount FROM jackpot.jackpots j WHERE j.id = p_jackpot AND j.seed_amount > 0;
    PERFORM jackpot.fold(p_jackpot, 0, 0);
END
$$;

CREATE FUNCTION jackpot.begin_jackpot() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM jackpot.hold_stripes();
    INSERT INTO jackpot.stripes (stripe, jackpot_id, round) SELECT i, NEW.id, 1 FROM generate_series(0, 15) AS i;
    PERFORM jackpot.open_round(NEW.id, 1);
    RETURN NULL;
END
$$;
CREATE TRIGGER jackpots_begin AFTER INSERT ON jackpot.jackpots FOR EACH ROW EXECUTE FUNCTION jackpot.begin_jackpot();
CREATE TRIGGER jackpots_begin_empty BEFORE INSERT ON jackpot.jackpots FOR EACH ROW
    WHEN (NEW.current_amount <> 0 OR NEW.round <> 1) EXECUTE FUNCTION jackpot.refuse('the first round brings its seed by itself');

-- Another maximum is another room.
CREATE FUNCTION jackpot.hold_for_maximum() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM jackpot.hold_stripes();
    RETURN NULL;
END
$$;
CREATE FUNCTION jackpot.new_maximum() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM jackpot.fold(NEW.id, 0, 0);
    RETURN NULL;
END
$$;
CREATE TRIGGER jackpots_hold_for_maximum BEFORE UPDATE OF max_amount ON jackpot.jackpots FOR EACH STATEMENT EXECUTE FUNCTION jackpot.hold_for_maximum();
CREATE TRIGGER jackpots_new_maximum AFTER UPDATE OF max_amount ON jackpot.jackpots FOR EACH ROW EXECUTE FUNCTION jackpot.new_maximum();

-- One wager: floor(wager * rate) into each group that takes it, as far as there is room. Sessions meet only where a quota ends: then
-- the stripe is let go (the block is taken back, and nothing was written in it), all are held, and what is left is shared out anew.
CREATE FUNCTION jackpot.contribute(p_key text, p_user text, p_game text, p_wager bigint)
RETURNS TABLE ("group" jackpot.jackpot_group, round integer, added bigint)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
    v_stripe integer := pg_backend_pid() % 16;
BEGIN
    INSERT INTO jackpot.contributions (key, user_id, game_id, wager) VALUES (p_key, p_user, p_game, p_wager) ON CONFLICT DO NOTHING;
    IF FOUND THEN
        BEGIN
            PERFORM pg_advisory_xact_lock(790417, v_stripe);
            IF EXISTS (SELECT FROM jackpot.jackpots j JOIN jackpot.stripes s ON s.jackpot_id = j.id
                        WHERE s.stripe = v_stripe AND p_wager >= j.min_bet AND NOT s.is_full AND floor(p_wager * j.contribution_rate) > s.quota - s.amount) THEN
                RAISE EXCEPTION USING ERRCODE = 'PK004', MESSAGE = 'a quota is used up';
            END IF;
        EXCEPTION WHEN SQLSTATE 'PK004' THEN
            PERFORM jackpot.hold_stripes();
            PERFORM jackpot.fold(j.id, v_stripe, floor(p_wager * j.contribution_rate)::bigint)
               FROM jackpot.jackpots j JOIN jackpot.stripes s ON s.jackpot_id = j.id
              WHERE s.stripe = v_stripe AND p_wager >= j.min_bet AND NOT s.is_full AND floor(p_wager * j.contribution_rate) > s.quota - s.amount;
        END;
        INSERT INTO jackpot.ledger (jackpot_id, round, kind, amount, user_id, key, stripe)
        SELECT j.id, s.round, 'contribution', a.amount, p_user, p_key, v_stripe
          FROM jackpot.jackpots j JOIN jackpot.stripes s ON s.jackpot_id = j.id
         CROSS JOIN LATERAL (SELECT least(floor(p_wager * j.contribution_rate), s.quota - s.amount)::bigint AS amount) AS a
         WHERE s.stripe = v_stripe AND p_wager >= j.min_bet AND a.amount > 0;
    ELSIF NOT EXISTS (SELECT FROM jackpot.contributions c WHERE c.key = p_key AND (c.user_id, c.game_id, c.wager) = (p_user, p_game, p_wager)) THEN
        RAISE EXCEPTION USING ERRCODE = 'unique_violation', MESSAGE = format('idempotency key %s was used for another wager', p_key);
    END IF;
    RETURN QUERY SELECT j."group", l.round, l.amount FROM jackpot.ledger l JOIN jackpot.jackpots j ON j.id = l.jackpot_id
                  WHERE l.key = p_key AND l.kind = 'contribution' ORDER BY j."group";
END
$$;
COMMENT ON FUNCTION jackpot.contribute IS 'Adds one wager, once per key, and says what it added where; nothing for a group that is full or does not take it. One per transaction: two could wait for each other.';

-- The key is group:round. Everything is asked before the stripes are held, so that a lock that is refused holds up no wager: players
-- and contributions only become more.
CREATE FUNCTION jackpot.freeze(p_key text) RETURNS TABLE (amounts numeric[], currency text, alternates integer, stake_units numeric, opened_at timestamptz)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    j jackpot.jackpots;
    r jackpot.rounds;
    v_players bigint; v_stakes bigint; v_full boolean;
BEGIN
    SELECT * INTO j FROM jackpot.jackpots x WHERE x."group"::text = split_part(p_key, ':', 1);
    SELECT * INTO r FROM jackpot.rounds x WHERE x.jackpot_id = j.id AND x.round = split_part(p_key, ':', 2)::integer;
    SELECT count(*), coalesce(sum(p.amount), 0) INTO v_players, v_stakes
      FROM (SELECT sum(l.amount) AS amount FROM jackpot.ledger l WHERE l.jackpot_id = j.id AND l.round = r.round AND l.kind = 'contribution' GROUP BY l.user_id) AS p;
    v_full := coalesce(jackpot.room(j) <= 0, false);
    IF r.round IS NOT NULL AND p_key <> format('%s:%s', j."group", r.round) THEN
        RAISE EXCEPTION 'the key of this round is %:%, not %', j."group", r.round, p_key;
    ELSIF r.state IS DISTINCT FROM 'open' THEN
        RAISE EXCEPTION 'round % is %', p_key, coalesce(r.state, 'not there');
    ELSIF NOT v_full AND clock_timestamp() < coalesce(r.due_at, 'infinity') THEN
        RAISE EXCEPTION 'round % is not due before % and not full', p_key, coalesce(r.due_at::text, 'it is full');
    ELSIF v_players < j.min_players THEN
        RAISE EXCEPTION 'round % has % of at least % players', p_key, v_players, j.min_players;
    ELSIF NOT v_full AND v_stakes < coalesce(j.min_contributions, j.seed_amount) THEN
        RAISE EXCEPTION 'round % has % of at least % cents from wagers, and is not full', p_key, v_stakes, coalesce(j.min_contributions, j.seed_amount);
    END IF;
    PERFORM jackpot.hold_stripes();
    PERFORM jackpot.fold(j.id, 0, 0);
    SELECT * INTO j FROM jackpot.jackpots x WHERE x.id = j.id FOR UPDATE;
    UPDATE jackpot.rounds x SET state = 'locked', amount = j.current_amount WHERE x.jackpot_id = j.id AND x.round = r.round;
    SELECT sum(l.amount) INTO v_stakes FROM jackpot.ledger l WHERE l.jackpot_id = j.id AND l.round = r.round AND l.kind = 'contribution';
    INSERT INTO jackpot.ledger (jackpot_id, round, kind, amount) VALUES (j.id, r.round, 'locked', -j.current_amount);
    UPDATE jackpot.jackpots x SET round = r.round + 1 WHERE x.id = j.id;
    PERFORM jackpot.open_round(j.id, r.round + 1);
    RETURN QUERY SELECT ARRAY[j.current_amount::numeric], 'money, 2 decimals', 3, v_stakes::numeric, r.opened_at;
END
$$;

-- All contributions to their players, the rest, which is the seed, to the house.
CREATE FUNCTION jackpot.refund(p_key text, p_keeper uuid) RETURNS TABLE (refunded_units numeric)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    r jackpot.rounds;
    v_back bigint;
BEGIN
    SELECT x.* INTO r FROM jackpot.rounds x JOIN jackpot.jackpots j ON j.id = x.jackpot_id
     WHERE j."group"::text = split_part(p_key, ':', 1) AND x.round = split_part(p_key, ':', 2)::integer AND x.state = 'locked' FOR UPDATE OF x;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'round % is not locked', p_key;
    END IF;
    WITH back AS (
        INSERT INTO jackpot.credits (keeper_draw, user_id, jackpot_id, round, kind, amount, salt)
        SELECT p_keeper, l.user_id, r.jackpot_id, r.round, 'refund', sum(l.amount), (SELECT encode(d.salt, 'hex') FROM keeper.offchain_draws d WHERE d.draw = p_keeper)
          FROM jackpot.ledger l WHERE l.jackpot_id = r.jackpot_id AND l.round = r.round AND l.kind = 'contribution' GROUP BY l.user_id
        RETURNING amount
    ) SELECT coalesce(sum(amount), 0) INTO v_back FROM back;
    UPDATE jackpot.rounds x SET state = 'refunded', keeper_draw = p_keeper, seed_back = r.amount - v_back WHERE x.jackpot_id = r.jackpot_id AND x.round = r.round;
    RETURN QUERY SELECT v_back::numeric;
END
$$;

CREATE FUNCTION jackpot.settle(p_key text, p_keeper uuid) RETURNS TABLE (winners bigint, paid_units numeric, payments text[], refunded_units numeric)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    r jackpot.rounds;
    v_user text := (SELECT k.account FROM keeper.offchain_winners(p_keeper) AS k WHERE k.prize = 0);
BEGIN
    -- Were it to go into the next round, others would play for it.
    IF v_user IS NULL THEN
        RETURN QUERY SELECT 0::bigint, 0::numeric, ARRAY[''], b.refunded_units FROM jackpot.refund(p_key, p_keeper) AS b;
        RETURN;
    END IF;
    UPDATE jackpot.rounds x SET state = 'won', keeper_draw = p_keeper
      FROM jackpot.jackpots j WHERE j.id = x.jackpot_id AND j."group"::text = split_part(p_key, ':', 1) AND x.round = split_part(p_key, ':', 2)::integer AND x.state = 'locked'
    RETURNING x.* INTO r;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'round % is not locked', p_key;
    END IF;
    INSERT INTO jackpot.credits (keeper_draw, user_id, jackpot_id, round, kind, amount, salt)
    SELECT p_keeper, v_user, r.jackpot_id, r.round, 'win', r.amount, encode(d.salt, 'hex') FROM keeper.offchain_draws d WHERE d.draw = p_keeper;
    UPDATE jackpot.jackpots x
       SET total_wins = x.total_wins + 1, last_won_amount = r.amount, last_won_at = clock_timestamp(), last_won_by_user_id = v_user,
           jackpot_wins = jsonb_build_array(jsonb_build_object('round', r.round, 'amount', r.amount, 'user', v_user, 'draw', p_keeper)) || (x.jackpot_wins - 99)
     WHERE x.id = r.jackpot_id;
    RETURN QUERY SELECT 1::bigint, r.amount::numeric, ARRAY[format('jackpot.credits win of draw %s', p_keeper)], NULL::numeric;
END
$$;

-- What a player needs to find his own entry in the certificate. With the rights of who made this schema: let your own roles run it.
CREATE FUNCTION jackpot.told(p_key text, p_user text) RETURNS TABLE (draw uuid, salt text, entry bigint, participant text, weight numeric)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT t.* FROM keeper.offchain_told('jackpots', p_key, p_user) AS t
$$;
REVOKE ALL ON FUNCTION jackpot.told FROM PUBLIC;

CREATE VIEW jackpot.pools AS
    SELECT j."group" AS jackpot_group, j.current_amount + s.amount AS current_amount, j.seed_amount, j.max_amount, j.contribution_rate,
           j.total_contributions + s.amount AS total_contributions, j.total_wagers + s.wagers AS total_wagers, j.total_wins, j.version, j.last_modified_at, j.round, r.due_at
      FROM jackpot.jackpots j JOIN jackpot.rounds r ON r.jackpot_id = j.id AND r.round = j.round
     CROSS JOIN LATERAL (SELECT sum(x.amount)::bigint AS amount, sum(x.wagers)::bigint AS wagers FROM jackpot.stripes x WHERE x.jackpot_id = j.id) AS s;
COMMENT ON VIEW jackpot.pools IS 'The jackpots as they are at this moment, under a name that needs no quotes.';

-- What the daemon's pages show, each as one text. Amounts are whole cents.
CREATE FUNCTION jackpot.contribute_json(p_key text, p_user text, p_game text, p_wager bigint) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM FROM jackpot.contribute(p_key, p_user, p_game, p_wager);
    RETURN (SELECT json_build_object('idempotencyKey', c.key, 'userId', c.user_id, 'gameId', c.game_id, 'wagerAmount', c.wager,
                                     'at', to_char(c.created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
                                     'contributions', (SELECT coalesce(json_agg(json_build_object('group', j."group", 'round', l.round, 'amount', l.amount) ORDER BY j."group"), '[]')
                                                         FROM jackpot.ledger l JOIN jackpot.jackpots j ON j.id = l.jackpot_id WHERE l.key = c.key AND l.kind = 'contribution'))
              FROM jackpot.contributions c WHERE c.key = p_key);
END
$$;
COMMENT ON FUNCTION jackpot.contribute_json IS 'One wager, and what it added: of facts that never change, so that the same key gives the same text for ever.';

CREATE FUNCTION jackpot.pools_json() RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT json_build_object('pools', coalesce(json_agg(json_build_object('group', p.jackpot_group, 'currentAmount', p.current_amount, 'seedAmount', p.seed_amount,
               'maxAmount', p.max_amount, 'contributionRate', p.contribution_rate::text, 'totalContributions', p.total_contributions, 'totalWagers', p.total_wagers, 'totalWins', p.total_wins,
               'version', p.version, 'round', p.round, 'dueAt', to_char(p.due_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')) ORDER BY p.jackpot_group), '[]'))
      FROM jackpot.pools p
$$;

CREATE FUNCTION jackpot.totals_json() RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    WITH won AS (SELECT round(extract(epoch FROM d.settled_at - d.drawn_at) * 1000, 3) AS ms
          FROM keeper.offchain_draws d WHERE d.source = 'jackpots' AND d.state = 'settled' ORDER BY d.settled_at DESC LIMIT 1000
    ), wins AS (SELECT count(*) AS n, coalesce(round(avg(ms), 3), 0) AS average, coalesce(percentile_disc(0.95) WITHIN GROUP (ORDER BY ms), 0) AS p95, coalesce(max(ms), 0) AS most FROM won
    )
    SELECT json_build_object(
        'win', (SELECT json_build_object('window', w.n, 'averageMs', w.average, 'p95Ms', w.p95, 'maxMs', w.most, 'targetMs', 150, 'alertMs', 1000,
                                         'state', CASE WHEN w.p95 > 1000 THEN 'alert' WHEN w.p95 < 150 THEN 'ok' ELSE 'missed' END) FROM wins w),
        'pools', (SELECT coalesce(json_agg(json_build_object('group', p.jackpot_group, 'currentAmount', p.current_amount, 'totalContributions', p.total_contributions,
                                                             'totalWagers', p.total_wagers, 'totalWins', p.total_wins) ORDER BY p.jackpot_group), '[]') FROM jackpot.pools p))
$$;
COMMENT ON FUNCTION jackpot.totals_json IS 'Of the KPIs of the guide what the database knows: how long the last wins took from their draw to their payment, and the sums.';

CREATE VIEW jackpot.faults AS
    SELECT p.jackpot_group::text AS subject, format('amount %s, contributions %s of %s wagers, ledger %s, %s and %s', p.current_amount, p.total_contributions, p.total_wagers,
                                                    coalesce(l.amount, 0), coalesce(l.given, 0), coalesce(l.wagers, 0)) AS fault
      FROM jackpot.pools p JOIN jackpot.jackpots j ON j."group" = p.jackpot_group
      LEFT JOIN (SELECT jackpot_id, sum(amount) AS amount, sum(amount) FILTER (WHERE kind = 'contribution') AS given, count(*) FILTER (WHERE kind = 'contribution') AS wagers
                   FROM jackpot.ledger GROUP BY 1) l ON l.jackpot_id = j.id
     WHERE (p.current_amount, p.total_contributions, p.total_wagers) <> (coalesce(l.amount, 0), coalesce(l.given, 0), coalesce(l.wagers, 0))
    UNION ALL
    SELECT format('%s:%s', j."group", r.round), format('%s: amount %s, credits %s, back to the house %s', r.state, r.amount, coalesce(c.amount, 0), r.seed_back)
      FROM jackpot.rounds r JOIN jackpot.jackpots j ON j.id = r.jackpot_id
      LEFT JOIN (SELECT jackpot_id, round, sum(amount) AS amount FROM jackpot.credits GROUP BY 1, 2) c ON (c.jackpot_id, c.round) = (r.jackpot_id, r.round)
     WHERE coalesce(c.amount, 0) + r.seed_back <> CASE WHEN r.state IN ('won', 'refunded') THEN r.amount ELSE 0 END
    UNION ALL
    SELECT format('ledger %s', l.id), format('there is no round %s of jackpot %s', l.round, l.jackpot_id)
      FROM jackpot.ledger l LEFT JOIN jackpot.rounds r ON (r.jackpot_id, r.round) = (l.jackpot_id, l.round) WHERE r.round IS NULL;
COMMENT ON VIEW jackpot.faults IS 'Jackpots whose amount is not their ledger, rounds that paid another sum than they held: always empty.';

-- The amounts that the jackpots are known by, in cents.
INSERT INTO jackpot.jackpots ("group", seed_amount, max_amount, contribution_rate)
VALUES ('minor', 100000, 1000000, 0.02), ('major', 1000000, 10000000, 0.01), ('mega', 10000000, 100000000, 0.005);

DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'poolkeeper') THEN
        GRANT USAGE ON SCHEMA jackpot TO poolkeeper;
        GRANT SELECT, UPDATE ON jackpot.jackpots, jackpot.stripes TO poolkeeper;
        GRANT SELECT, INSERT, UPDATE ON jackpot.rounds TO poolkeeper;
        GRANT SELECT, INSERT ON jackpot.contributions, jackpot.ledger, jackpot.credits TO poolkeeper;
        GRANT SELECT ON jackpot.pools TO poolkeeper;
    END IF;
END
$$;
