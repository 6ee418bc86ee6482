-- Coin draws: users enter with coins, one of them wins money or the coins. For a fresh install; run it once, in one transaction:
-- psql -1 -v ON_ERROR_STOP=1 -f config/sources/coin_draws/schema.sql
CREATE SCHEMA coin_draws;

CREATE TABLE coin_draws.users (
    id                   text          PRIMARY KEY CONSTRAINT users_id_is_short CHECK (length(id) BETWEEN 1 AND 200),
    email                text          UNIQUE NOT NULL,
    username             text          UNIQUE,
    display_name         text,
    avatar_url           text,
    coin_balance         bigint        NOT NULL DEFAULT 100 CONSTRAINT users_balance_is_not_negative CHECK (coin_balance >= 0),
    total_participations integer       NOT NULL DEFAULT 0,
    total_wins           integer       NOT NULL DEFAULT 0,
    total_earnings       numeric(20,2) NOT NULL DEFAULT 0,
    current_streak       integer       NOT NULL DEFAULT 0,
    last_check_in        date,
    is_vip               boolean       NOT NULL DEFAULT false,
    created_at           timestamptz   NOT NULL DEFAULT now(),
    updated_at           timestamptz   NOT NULL DEFAULT now()
);
COMMENT ON COLUMN coin_draws.users.coin_balance IS 'moved by rows of transactions only; what a new user begins with gets its row by itself';

CREATE TABLE coin_draws.draws (
    id                   serial        PRIMARY KEY,
    title                text          NOT NULL,
    description          text,
    prize_amount         numeric(10,2) NOT NULL CONSTRAINT draws_prize_is_positive CHECK (prize_amount > 0),
    prize_kind           text          NOT NULL DEFAULT 'money' CONSTRAINT draws_prize_kind_known CHECK (prize_kind IN ('money', 'coins')),
    entry_fee            integer       NOT NULL CONSTRAINT draws_fee_is_not_negative CHECK (entry_fee >= 0),
    min_participants     integer       NOT NULL DEFAULT 1 CONSTRAINT draws_minimum_counts CHECK (min_participants >= 1),
    max_participants     integer       CONSTRAINT draws_maximum_counts CHECK (max_participants >= min_participants),
    current_participants integer       NOT NULL DEFAULT 0,
    draw_time            timestamptz   NOT NULL,
    is_active            boolean       NOT NULL DEFAULT true,
    is_vip_only          boolean       NOT NULL DEFAULT false,
    category             text,
    state                text          NOT NULL DEFAULT 'open' CONSTRAINT draws_state_known CHECK (state IN ('open', 'locked', 'drawn', 'refunded', 'cancelled')),
    pot                  bigint        NOT NULL DEFAULT 0 CONSTRAINT draws_pot_is_not_negative CHECK (pot >= 0),
    house_coins          bigint        NOT NULL DEFAULT 0 CONSTRAINT draws_house_is_not_negative CHECK (house_coins >= 0),
    kept                 bigint        NOT NULL DEFAULT 0 CONSTRAINT draws_kept_is_not_negative CHECK (kept >= 0),
    winner_id            text          REFERENCES coin_draws.users (id),
    prize_image_url      text,
    created_at           timestamptz   NOT NULL DEFAULT now(),
    CONSTRAINT draws_winner_is_drawn CHECK ((winner_id IS NOT NULL) = (state = 'drawn')),
    CONSTRAINT draws_active_is_open CHECK (NOT is_active OR state = 'open'),
    CONSTRAINT draws_over_is_empty CHECK (state IN ('open', 'locked') OR pot = 0),
    CONSTRAINT draws_never_too_full CHECK (current_participants <= max_participants),
    CONSTRAINT draws_coins_are_whole CHECK (prize_kind = 'money' OR prize_amount = trunc(prize_amount))
);
COMMENT ON COLUMN coin_draws.draws.pot IS 'coins that were paid to enter and are still in the draw';
COMMENT ON COLUMN coin_draws.draws.house_coins IS 'coins that the house adds to the pot of a draw for coins';
COMMENT ON COLUMN coin_draws.draws.kept IS 'coins that stayed with the house when the draw was over';
COMMENT ON COLUMN coin_draws.draws.created_at IS 'when entries opened: it says which rules and key the draw has, so it is nobody''s choice';
COMMENT ON COLUMN coin_draws.draws.winner_id IS 'written with the result, never before: nobody is predetermined';

CREATE TABLE coin_draws.participations (
    id              serial      PRIMARY KEY,
    user_id         text        NOT NULL REFERENCES coin_draws.users (id),
    draw_id         integer     NOT NULL REFERENCES coin_draws.draws (id),
    participated_at timestamptz NOT NULL DEFAULT now(),
    coins_spent     integer     NOT NULL CONSTRAINT participations_coins_are_not_negative CHECK (coins_spent >= 0),
    CONSTRAINT participations_once UNIQUE (user_id, draw_id)
);

CREATE TABLE coin_draws.transactions (
    id          serial      PRIMARY KEY,
    user_id     text        NOT NULL REFERENCES coin_draws.users (id),
    type        text        NOT NULL CONSTRAINT transactions_type_known CHECK (type IN ('signup_bonus', 'daily_check_in', 'ad', 'social_task',
                            'achievement', 'draw_participation', 'purchase', 'draw_prize', 'draw_refund')),
    amount      integer     NOT NULL CONSTRAINT transactions_amount_moves CHECK (amount <> 0),
    description text,
    metadata    jsonb,
    created_at  timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE coin_draws.transactions IS 'The ledger: the sum of a user''s rows is the balance. Rows are only added.';

CREATE TABLE coin_draws.winners (
    id          serial        PRIMARY KEY,
    draw_id     integer       NOT NULL REFERENCES coin_draws.draws (id),
    user_id     text          NOT NULL REFERENCES coin_draws.users (id),
    amount      numeric(10,2) NOT NULL CONSTRAINT winners_amount_is_positive CHECK (amount > 0),
    keeper_draw uuid          NOT NULL,
    salt        text          NOT NULL,
    verified    boolean       NOT NULL DEFAULT true,
    celebration jsonb,
    notified_at timestamptz,
    created_at  timestamptz   NOT NULL DEFAULT now(),
    CONSTRAINT winners_one_prize UNIQUE (draw_id)
);
COMMENT ON COLUMN coin_draws.winners.keeper_draw IS 'its certificate';
COMMENT ON COLUMN coin_draws.winners.salt IS 'for the winner: with it he finds his entry in the certificate';
COMMENT ON COLUMN coin_draws.winners.notified_at IS 'null: the winner has yet to be told';

CREATE TABLE coin_draws.sessions (
    sid    text        PRIMARY KEY,
    sess   jsonb       NOT NULL,
    expire timestamptz NOT NULL
);
CREATE INDEX idx_sessions_expire ON coin_draws.sessions (expire);
CREATE INDEX idx_users_vip_status ON coin_draws.users (is_vip);
CREATE INDEX idx_draws_active ON coin_draws.draws (is_active);
CREATE INDEX idx_draws_draw_time ON coin_draws.draws (draw_time);
CREATE INDEX idx_draws_active_time ON coin_draws.draws (is_active, draw_time);
CREATE INDEX idx_participations_user ON coin_draws.participations (user_id);
CREATE INDEX idx_participations_draw ON coin_draws.participations (draw_id);
CREATE INDEX idx_participations_time ON coin_draws.participations (participated_at);
CREATE INDEX idx_transactions_user ON coin_draws.transactions (user_id);
CREATE INDEX idx_transactions_type ON coin_draws.transactions (type);
CREATE INDEX idx_transactions_time ON coin_draws.transactions (created_at);
CREATE UNIQUE INDEX transactions_bonus_once ON coin_draws.transactions (user_id) WHERE type = 'signup_bonus';
CREATE INDEX idx_winners_draw ON coin_draws.winners (draw_id);
CREATE INDEX idx_winners_time ON coin_draws.winners (created_at);

CREATE FUNCTION coin_draws.refuse() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RAISE EXCEPTION '% on coin_draws.% is refused: %', TG_OP, TG_TABLE_NAME, TG_ARGV[0];
END
$$;

CREATE FUNCTION coin_draws.one_way() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        NEW.state := 'open';
        NEW.created_at := clock_timestamp();
    ELSIF (NEW.id, NEW.created_at) <> (OLD.id, OLD.created_at) THEN
        RAISE EXCEPTION 'draw %: id and created_at stay', OLD.id;
    ELSIF (NEW.prize_amount, NEW.prize_kind, NEW.entry_fee, NEW.house_coins) <> (OLD.prize_amount, OLD.prize_kind, OLD.entry_fee, OLD.house_coins)
          AND (OLD.state <> 'open' OR OLD.current_participants > 0) THEN
        RAISE EXCEPTION 'draw %: somebody has entered, or it is over: prize_amount, prize_kind, entry_fee and house_coins stay', OLD.id;
    ELSIF NEW.state <> OLD.state AND OLD.state || ' ' || NEW.state NOT IN ('open locked', 'open cancelled', 'locked drawn', 'locked refunded') THEN
        RAISE EXCEPTION 'draw % is % and cannot become %', OLD.id, OLD.state, NEW.state;
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER draws_one_way BEFORE INSERT OR UPDATE ON coin_draws.draws FOR EACH ROW EXECUTE FUNCTION coin_draws.one_way();
CREATE TRIGGER draws_stay BEFORE DELETE OR TRUNCATE ON coin_draws.draws EXECUTE FUNCTION coin_draws.refuse('a draw ends, it does not go');
-- Also for sessions that replicate or restore: what was locked is never open again.
ALTER TABLE coin_draws.draws ENABLE ALWAYS TRIGGER draws_one_way, ENABLE ALWAYS TRIGGER draws_stay;

CREATE FUNCTION coin_draws.begin_user() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO coin_draws.transactions (user_id, type, amount) SELECT NEW.id, 'signup_bonus', NEW.coin_balance WHERE NEW.coin_balance <> 0;
    RETURN NULL;
END
$$;
CREATE TRIGGER users_begin AFTER INSERT ON coin_draws.users FOR EACH ROW EXECUTE FUNCTION coin_draws.begin_user();
CREATE TRIGGER users_balance_is_ledger BEFORE UPDATE OF coin_balance ON coin_draws.users FOR EACH ROW
    WHEN (OLD.coin_balance <> NEW.coin_balance AND pg_trigger_depth() = 0) EXECUTE FUNCTION coin_draws.refuse('insert a row into transactions, it moves the balance');

CREATE FUNCTION coin_draws.post() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    UPDATE coin_draws.users u SET coin_balance = u.coin_balance + a.amount, updated_at = now()
      FROM (SELECT user_id, sum(amount)::bigint AS amount FROM added WHERE type <> 'signup_bonus' GROUP BY 1) AS a WHERE u.id = a.user_id;
    RETURN NULL;
END
$$;
CREATE TRIGGER transactions_post AFTER INSERT ON coin_draws.transactions REFERENCING NEW TABLE AS added EXECUTE FUNCTION coin_draws.post();
CREATE TRIGGER transactions_bonus_is_ours BEFORE INSERT ON coin_draws.transactions FOR EACH ROW
    WHEN (NEW.type = 'signup_bonus' AND pg_trigger_depth() = 0) EXECUTE FUNCTION coin_draws.refuse('a new user gets it by itself');
CREATE TRIGGER transactions_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON coin_draws.transactions EXECUTE FUNCTION coin_draws.refuse('a ledger is only added to');

-- The debit, the entry, the count and the ledger's row commit together, whoever inserts. A locked draw takes no entry.
CREATE FUNCTION coin_draws.enter() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    d coin_draws.draws;
BEGIN
    SELECT * INTO d FROM coin_draws.draws WHERE id = NEW.draw_id FOR UPDATE;
    IF d.state <> 'open' OR NOT d.is_active OR clock_timestamp() >= d.draw_time THEN
        RAISE EXCEPTION 'draw % takes no entries any more', NEW.draw_id;
    ELSIF d.current_participants >= d.max_participants THEN
        RAISE EXCEPTION 'draw % is full', NEW.draw_id;
    ELSIF d.is_vip_only AND NOT EXISTS (SELECT FROM coin_draws.users u WHERE u.id = NEW.user_id AND u.is_vip) THEN
        RAISE EXCEPTION 'draw % is for VIP users', NEW.draw_id;
    END IF;
    NEW.coins_spent := d.entry_fee;
    UPDATE coin_draws.draws SET current_participants = current_participants + 1, pot = pot + NEW.coins_spent WHERE id = NEW.draw_id;
    UPDATE coin_draws.users SET total_participations = total_participations + 1 WHERE id = NEW.user_id;
    INSERT INTO coin_draws.transactions (user_id, type, amount, metadata)
    SELECT NEW.user_id, 'draw_participation', -NEW.coins_spent, jsonb_build_object('draw', NEW.draw_id) WHERE NEW.coins_spent > 0;
    RETURN NEW;
END
$$;
CREATE TRIGGER participations_enter BEFORE INSERT ON coin_draws.participations FOR EACH ROW EXECUTE FUNCTION coin_draws.enter();
CREATE TRIGGER participations_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON coin_draws.participations EXECUTE FUNCTION coin_draws.refuse('an entry is paid for, it ends with its draw');
CREATE TRIGGER winners_stay BEFORE UPDATE OF draw_id, user_id, amount, keeper_draw, salt OR DELETE OR TRUNCATE ON coin_draws.winners
    EXECUTE FUNCTION coin_draws.refuse('who won what stays');

-- The key is the id as it is written here: 01 and +1 are no other draws.
CREATE FUNCTION coin_draws.freeze(p_key text)
RETURNS TABLE (amounts numeric[], currency text, alternates integer, stake_units numeric, opened_at timestamptz)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    d coin_draws.draws;
    p_draw integer := p_key::integer;
BEGIN
    SELECT * INTO d FROM coin_draws.draws WHERE id = p_draw FOR UPDATE;
    IF p_draw::text <> p_key THEN
        RAISE EXCEPTION 'the key of this draw is %, not %', p_draw, p_key;
    ELSIF NOT FOUND OR d.state <> 'open' THEN
        RAISE EXCEPTION 'draw % is %', p_draw, coalesce(d.state, 'not there');
    ELSIF clock_timestamp() < d.draw_time AND d.current_participants IS DISTINCT FROM d.max_participants THEN
        RAISE EXCEPTION 'draw % is not due before %', p_draw, d.draw_time;
    ELSIF d.current_participants < d.min_participants THEN
        RAISE EXCEPTION 'draw % has % of at least % participants', p_draw, d.current_participants, d.min_participants;
    ELSIF d.prize_kind = 'coins' AND d.prize_amount > d.pot + d.house_coins THEN
        RAISE EXCEPTION 'draw % promises % coins, but its pot has % and the house adds %', p_draw, d.prize_amount, d.pot, d.house_coins;
    END IF;
    UPDATE coin_draws.draws SET state = 'locked', is_active = false WHERE id = p_draw;
    RETURN QUERY SELECT ARRAY[CASE d.prize_kind WHEN 'coins' THEN d.prize_amount ELSE 100 * d.prize_amount END],
        CASE d.prize_kind WHEN 'coins' THEN 'coins' ELSE 'money, 2 decimals' END, 3, d.pot::numeric, d.created_at;
END
$$;

CREATE FUNCTION coin_draws.settle(p_draw integer, p_keeper uuid) RETURNS TABLE (winners bigint, paid_units numeric, payments text[], refunded_units numeric)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    d coin_draws.draws;
    w text;
    v_row integer;
BEGIN
    SELECT * INTO d FROM coin_draws.draws WHERE id = p_draw AND state = 'locked' FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'draw % is not locked', p_draw;
    END IF;
    w := (SELECT k.account FROM keeper.offchain_winners(p_keeper) AS k WHERE k.prize = 0);
    -- The house gains nothing when nobody is left to win.
    IF w IS NULL THEN
        RETURN QUERY SELECT 0::bigint, 0::numeric, ARRAY[''], coin_draws.give_back(p_draw, 'locked', 'refunded', p_keeper);
        RETURN;
    END IF;
    UPDATE coin_draws.draws
       SET state = 'drawn', winner_id = w, pot = 0, kept = d.pot + CASE d.prize_kind WHEN 'coins' THEN d.house_coins - d.prize_amount::bigint ELSE 0 END
     WHERE id = p_draw;
    INSERT INTO coin_draws.winners (draw_id, user_id, amount, keeper_draw, salt)
    SELECT p_draw, w, d.prize_amount, p_keeper, encode(k.salt, 'hex') FROM keeper.offchain_draws k WHERE k.draw = p_keeper RETURNING id INTO v_row;
    UPDATE coin_draws.users
       SET total_wins = total_wins + 1, total_earnings = total_earnings + CASE d.prize_kind WHEN 'money' THEN d.prize_amount ELSE 0 END, updated_at = now()
     WHERE id = w;
    INSERT INTO coin_draws.transactions (user_id, type, amount, metadata)
    SELECT w, 'draw_prize', d.prize_amount::integer, jsonb_build_object('draw', p_draw, 'keeper', p_keeper) WHERE d.prize_kind = 'coins';
    RETURN QUERY SELECT 1::bigint, CASE d.prize_kind WHEN 'coins' THEN d.prize_amount ELSE 100 * d.prize_amount END, ARRAY['coin_draws.winners ' || v_row], NULL::numeric;
END
$$;

CREATE FUNCTION coin_draws.give_back(p_draw integer, p_from text, p_to text, p_keeper uuid) RETURNS numeric
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_back numeric;
BEGIN
    PERFORM FROM coin_draws.draws WHERE id = p_draw AND state = p_from FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'draw % is not %', p_draw, p_from;
    END IF;
    WITH back AS (
        INSERT INTO coin_draws.transactions (user_id, type, amount, metadata)
        SELECT p.user_id, 'draw_refund', p.coins_spent, jsonb_strip_nulls(jsonb_build_object('draw', p_draw, 'keeper', p_keeper))
          FROM coin_draws.participations p WHERE p.draw_id = p_draw AND p.coins_spent > 0
        RETURNING amount
    ) SELECT coalesce(sum(amount), 0) INTO v_back FROM back;
    UPDATE coin_draws.draws SET state = p_to, is_active = false, pot = pot - v_back::bigint WHERE id = p_draw;
    RETURN v_back;
END
$$;

CREATE FUNCTION coin_draws.refund(p_draw integer, p_keeper uuid) RETURNS TABLE (refunded_units numeric)
LANGUAGE sql SET search_path = pg_catalog, pg_temp AS $$
    SELECT coin_draws.give_back(p_draw, 'locked', 'refunded', p_keeper)
$$;

CREATE FUNCTION coin_draws.cancel(p_draw integer) RETURNS TABLE (refunded_units numeric)
LANGUAGE sql SET search_path = pg_catalog, pg_temp AS $$
    SELECT coin_draws.give_back(p_draw, 'open', 'cancelled', NULL)
$$;
COMMENT ON FUNCTION coin_draws.cancel IS 'For an operator: an open draw that cannot be locked (too few entries, a pot too small, a retired key) gives every coin back.';

-- What a player needs to find his own entry in the certificate. With the rights of who made this schema: let your own roles run it.
CREATE FUNCTION coin_draws.told(p_key text, p_user text) RETURNS TABLE (draw uuid, salt text, entry bigint, participant text, weight numeric)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT t.* FROM keeper.offchain_told('coin_draws', p_key, p_user) AS t
$$;
REVOKE ALL ON FUNCTION coin_draws.told FROM PUBLIC;

CREATE VIEW coin_draws.faults AS
    SELECT 'user ' || u.id AS subject, format('balance %s, ledger %s', u.coin_balance, coalesce(t.amount, 0)) AS fault
      FROM coin_draws.users u LEFT JOIN (SELECT user_id, sum(amount) AS amount FROM coin_draws.transactions GROUP BY 1) t ON t.user_id = u.id
     WHERE u.coin_balance <> coalesce(t.amount, 0)
    UNION ALL
    SELECT 'draw ' || d.id, format('pot %s, entries paid %s', d.pot, coalesce(p.coins, 0))
      FROM coin_draws.draws d LEFT JOIN (SELECT draw_id, sum(coins_spent) AS coins, count(*) AS n FROM coin_draws.participations GROUP BY 1) p ON p.draw_id = d.id
     WHERE d.state IN ('open', 'locked') AND d.pot <> coalesce(p.coins, 0) OR d.current_participants <> coalesce(p.n, 0)
    UNION ALL
    SELECT 'draw ' || d.id, format('%s: kept %s coins of %s paid and %s of the house, for a prize of %s (%s)', d.state, d.kept, coalesce(p.coins, 0), d.house_coins, d.prize_amount, d.prize_kind)
      FROM coin_draws.draws d LEFT JOIN (SELECT draw_id, sum(coins_spent) AS coins FROM coin_draws.participations GROUP BY 1) p ON p.draw_id = d.id
     WHERE d.kept <> CASE WHEN d.state = 'drawn' THEN coalesce(p.coins, 0) + CASE d.prize_kind WHEN 'coins' THEN d.house_coins - d.prize_amount ELSE 0 END ELSE 0 END;
COMMENT ON VIEW coin_draws.faults IS 'Users whose balance is not their ledger, draws whose pot is not what was paid, or that kept another sum than was left over: always empty.';

DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'poolkeeper') THEN
        GRANT USAGE ON SCHEMA coin_draws TO poolkeeper;
        GRANT SELECT ON coin_draws.users, coin_draws.draws, coin_draws.participations TO poolkeeper;
        GRANT UPDATE (state, is_active, winner_id, pot, kept) ON coin_draws.draws TO poolkeeper;
        GRANT UPDATE (coin_balance, total_wins, total_earnings, updated_at) ON coin_draws.users TO poolkeeper;
        GRANT SELECT, INSERT ON coin_draws.transactions, coin_draws.winners TO poolkeeper;
        GRANT USAGE ON SEQUENCE coin_draws.transactions_id_seq, coin_draws.winners_id_seq TO poolkeeper;
    END IF;
END
$$;
