-- Raffles with tickets, several prizes and their stock, and the way of each prize to its winner. For a fresh install; run it
-- once, in one transaction: psql -1 -v ON_ERROR_STOP=1 -f config/sources/raffles/schema.sql
CREATE SCHEMA raffle_schema;

CREATE TABLE raffle_schema.raffles (
    id                uuid        PRIMARY KEY DEFAULT gen_random_uuid(),
    name              text        NOT NULL CONSTRAINT raffles_name_is_short CHECK (length(name) BETWEEN 1 AND 200),
    description       text,
    raffle_type       text        NOT NULL DEFAULT 'STANDARD',
    status            text        NOT NULL DEFAULT 'OPEN' CONSTRAINT raffles_status_known CHECK (status IN ('OPEN', 'LOCKED', 'DRAWN', 'REFUNDED', 'CANCELLED')),
    start_date        timestamptz NOT NULL DEFAULT now(),
    end_date          timestamptz NOT NULL,
    min_participants  integer     NOT NULL DEFAULT 1 CONSTRAINT raffles_minimum_counts CHECK (min_participants >= 1),
    max_participants  integer     CONSTRAINT raffles_maximum_counts CHECK (max_participants >= min_participants),
    participant_count integer     NOT NULL DEFAULT 0,
    ticket_count      integer     NOT NULL DEFAULT 0,
    alternates        integer     NOT NULL DEFAULT 5 CONSTRAINT raffles_alternates_range CHECK (alternates BETWEEN 0 AND 1000),
    prize_description text,
    merkle_root       text,
    external_seed     text,
    winner_entry_id   uuid,
    keeper_draw       uuid,
    metadata          jsonb       NOT NULL DEFAULT '{}',
    created_at        timestamptz NOT NULL DEFAULT now(),
    updated_at        timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT raffles_end_after_start CHECK (end_date > start_date),
    CONSTRAINT raffles_never_too_full CHECK (participant_count <= max_participants),
    CONSTRAINT raffles_winner_is_drawn CHECK (winner_entry_id IS NULL OR status = 'DRAWN'),
    CONSTRAINT raffles_over_has_draw CHECK ((status IN ('OPEN', 'LOCKED', 'CANCELLED')) = (keeper_draw IS NULL))
);
COMMENT ON COLUMN raffle_schema.raffles.created_at IS 'when entries opened: it says which rules and key the raffle has, so it is nobody''s choice';
COMMENT ON COLUMN raffle_schema.raffles.external_seed IS 'beta of the draw, hex: what its certificate proves';

CREATE TABLE raffle_schema.redemptions (
    id              text        PRIMARY KEY,
    user_id         text        NOT NULL CONSTRAINT redemptions_user_is_short CHECK (length(user_id) BETWEEN 1 AND 200),
    raffle_id       uuid        NOT NULL REFERENCES raffle_schema.raffles (id),
    tickets         integer     NOT NULL DEFAULT 1 CONSTRAINT redemptions_tickets_range CHECK (tickets BETWEEN 1 AND 1000),
    points_each     integer     NOT NULL DEFAULT 0 CONSTRAINT redemptions_points_are_not_negative CHECK (points_each >= 0),
    status          text        NOT NULL DEFAULT 'PENDING' CONSTRAINT redemptions_status_known CHECK (status IN ('PENDING', 'COMPLETED', 'CANCELLED')),
    created_at      timestamptz NOT NULL DEFAULT now(),
    updated_at      timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE raffle_schema.raffle_tickets (
    id            uuid        PRIMARY KEY DEFAULT gen_random_uuid(),
    raffle_id     uuid        NOT NULL REFERENCES raffle_schema.raffles (id),
    redemption_id text        NOT NULL REFERENCES raffle_schema.redemptions (id),
    ticket_no     integer     NOT NULL,
    user_id       text        NOT NULL,
    points_spent  integer     NOT NULL CONSTRAINT tickets_points_are_not_negative CHECK (points_spent >= 0),
    created_at    timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT tickets_once UNIQUE (redemption_id, ticket_no)
);
CREATE INDEX tickets_raffle_user ON raffle_schema.raffle_tickets (raffle_id, user_id);

CREATE TABLE raffle_schema.points_ledger (
    id         bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    user_id    text        NOT NULL,
    amount     integer     NOT NULL CONSTRAINT points_amount_moves CHECK (amount <> 0),
    reason     text        NOT NULL CONSTRAINT points_reason_known CHECK (reason IN ('earned', 'ticket', 'refund', 'correction')),
    ref        text,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX points_user ON raffle_schema.points_ledger (user_id);
CREATE UNIQUE INDEX points_refund_once ON raffle_schema.points_ledger (ref) WHERE reason = 'refund';

CREATE TABLE raffle_schema.points_balances (
    user_id text    PRIMARY KEY,
    points  bigint  NOT NULL CONSTRAINT balances_are_not_negative CHECK (points >= 0)
);
COMMENT ON TABLE raffle_schema.points_balances IS 'Sum of each user''s ledger rows: moved by them only.';

CREATE TABLE raffle_schema.raffle_prizes (
    id          uuid        PRIMARY KEY DEFAULT gen_random_uuid(),
    raffle_id   uuid        NOT NULL REFERENCES raffle_schema.raffles (id),
    position    integer     NOT NULL CONSTRAINT prizes_position_counts CHECK (position >= 1),
    name        text        NOT NULL,
    quantity    integer     NOT NULL DEFAULT 1 CONSTRAINT prizes_quantity_counts CHECK (quantity BETWEEN 1 AND 10000),
    awarded     integer     NOT NULL DEFAULT 0 CONSTRAINT prizes_stock_is_enough CHECK (awarded BETWEEN 0 AND quantity),
    created_at  timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT prizes_position_once UNIQUE (raffle_id, position)
);

CREATE TABLE raffle_schema.raffle_winners (
    id              uuid        PRIMARY KEY DEFAULT gen_random_uuid(),
    raffle_id       uuid        NOT NULL REFERENCES raffle_schema.raffles (id),
    prize_id        uuid        NOT NULL REFERENCES raffle_schema.raffle_prizes (id),
    unit            integer     NOT NULL CONSTRAINT winners_unit_counts CHECK (unit >= 1),
    participant_id  text        NOT NULL,
    ticket_id       uuid        NOT NULL REFERENCES raffle_schema.raffle_tickets (id),
    selection_index integer     NOT NULL,
    selection_date  timestamptz NOT NULL DEFAULT now(),
    external_seed   text        NOT NULL,
    merkle_proof    jsonb,
    verified        boolean     NOT NULL DEFAULT true,
    fulfilment      text        NOT NULL DEFAULT 'WON' CONSTRAINT winners_fulfilment_known CHECK (fulfilment IN ('WON', 'NOTIFIED', 'CLAIMED', 'SHIPPED', 'DELIVERED')),
    prize_claimed   boolean     NOT NULL GENERATED ALWAYS AS (fulfilment IN ('CLAIMED', 'SHIPPED', 'DELIVERED')) STORED,
    claim_date      timestamptz,
    updated_at      timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT winners_one_per_unit UNIQUE (prize_id, unit),
    CONSTRAINT winners_one_per_index UNIQUE (raffle_id, selection_index)
);

CREATE TABLE raffle_schema.outbox (
    id         bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    raffle_id  uuid        NOT NULL REFERENCES raffle_schema.raffles (id),
    user_id    text        NOT NULL,
    kind       text        NOT NULL CONSTRAINT outbox_kind_known CHECK (kind IN ('won', 'refunded')),
    payload    jsonb       NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    sent_at    timestamptz
);
CREATE INDEX outbox_unsent ON raffle_schema.outbox (id) WHERE sent_at IS NULL;

CREATE TABLE raffle_schema.audit_log (
    id          bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at          timestamptz NOT NULL DEFAULT clock_timestamp(),
    actor       text        NOT NULL DEFAULT session_user,
    correlation xid8        NOT NULL DEFAULT pg_current_xact_id(),
    table_name  text        NOT NULL,
    operation   text        NOT NULL,
    before      jsonb,
    after       jsonb
);
COMMENT ON COLUMN raffle_schema.audit_log.correlation IS 'the transaction: all rows of one settlement have the same';

CREATE FUNCTION raffle_schema.refuse() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RAISE EXCEPTION '% on raffle_schema.% is refused: %', TG_OP, TG_TABLE_NAME, TG_ARGV[0];
END
$$;
CREATE TRIGGER points_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON raffle_schema.points_ledger EXECUTE FUNCTION raffle_schema.refuse('a ledger is only added to');
CREATE TRIGGER tickets_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON raffle_schema.raffle_tickets EXECUTE FUNCTION raffle_schema.refuse('a ticket ends with its raffle');
CREATE TRIGGER audit_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON raffle_schema.audit_log EXECUTE FUNCTION raffle_schema.refuse('an audit trail is only added to');
CREATE TRIGGER balances_are_ledger BEFORE INSERT OR UPDATE OR DELETE ON raffle_schema.points_balances FOR EACH ROW
    WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION raffle_schema.refuse('insert a row into points_ledger, it moves the balance');

CREATE TRIGGER tickets_are_redeemed BEFORE INSERT ON raffle_schema.raffle_tickets FOR EACH ROW
    WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION raffle_schema.refuse('complete a redemption, it pays for its tickets');

CREATE FUNCTION raffle_schema.one_way() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        NEW.status := 'OPEN';
        NEW.created_at := clock_timestamp();
    ELSIF (NEW.id, NEW.created_at) <> (OLD.id, OLD.created_at) THEN
        RAISE EXCEPTION 'raffle %: id and created_at stay', OLD.id;
    ELSIF NEW.status <> OLD.status AND OLD.status || ' ' || NEW.status NOT IN ('OPEN LOCKED', 'OPEN CANCELLED', 'LOCKED DRAWN', 'LOCKED REFUNDED') THEN
        RAISE EXCEPTION 'raffle % is % and cannot become %', OLD.id, OLD.status, NEW.status;
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER raffles_one_way BEFORE INSERT OR UPDATE ON raffle_schema.raffles FOR EACH ROW EXECUTE FUNCTION raffle_schema.one_way();
CREATE TRIGGER raffles_stay BEFORE DELETE OR TRUNCATE ON raffle_schema.raffles EXECUTE FUNCTION raffle_schema.refuse('a raffle ends, it does not go');
-- Also for sessions that replicate or restore: what was locked is never open again.
ALTER TABLE raffle_schema.raffles ENABLE ALWAYS TRIGGER raffles_one_way, ENABLE ALWAYS TRIGGER raffles_stay;

CREATE FUNCTION raffle_schema.audit() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO raffle_schema.audit_log (table_name, operation, before, after)
    VALUES (TG_TABLE_NAME, TG_OP, CASE WHEN TG_OP <> 'INSERT' THEN to_jsonb(OLD) END, CASE WHEN TG_OP <> 'DELETE' THEN to_jsonb(NEW) END);
    RETURN NULL;
END
$$;
CREATE TRIGGER raffles_audit AFTER INSERT OR UPDATE OR DELETE ON raffle_schema.raffles FOR EACH ROW EXECUTE FUNCTION raffle_schema.audit();
CREATE TRIGGER prizes_audit AFTER INSERT OR UPDATE OR DELETE ON raffle_schema.raffle_prizes FOR EACH ROW EXECUTE FUNCTION raffle_schema.audit();
CREATE TRIGGER winners_audit AFTER INSERT OR UPDATE OR DELETE ON raffle_schema.raffle_winners FOR EACH ROW EXECUTE FUNCTION raffle_schema.audit();

CREATE FUNCTION raffle_schema.touch() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    NEW.updated_at := clock_timestamp();
    RETURN NEW;
END
$$;
CREATE TRIGGER raffles_touch BEFORE UPDATE ON raffle_schema.raffles FOR EACH ROW EXECUTE FUNCTION raffle_schema.touch();
CREATE TRIGGER redemptions_touch BEFORE UPDATE ON raffle_schema.redemptions FOR EACH ROW EXECUTE FUNCTION raffle_schema.touch();

CREATE FUNCTION raffle_schema.post_points() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO raffle_schema.points_balances (user_id, points) SELECT DISTINCT a.user_id, 0 FROM added a ON CONFLICT DO NOTHING;
    UPDATE raffle_schema.points_balances b SET points = b.points + a.amount
      FROM (SELECT user_id, sum(amount)::bigint AS amount FROM added GROUP BY 1) AS a WHERE b.user_id = a.user_id;
    RETURN NULL;
END
$$;
CREATE TRIGGER points_post AFTER INSERT ON raffle_schema.points_ledger REFERENCING NEW TABLE AS added EXECUTE FUNCTION raffle_schema.post_points();

-- Prizes and tickets belong to an open raffle; its row is held, so that a lock waits for them or they for it.
CREATE FUNCTION raffle_schema.is_open() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM FROM raffle_schema.raffles r WHERE r.id = NEW.raffle_id AND r.status = 'OPEN' AND clock_timestamp() BETWEEN r.start_date AND r.end_date FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'raffle % is not open', NEW.raffle_id;
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER tickets_is_open BEFORE INSERT ON raffle_schema.raffle_tickets FOR EACH ROW EXECUTE FUNCTION raffle_schema.is_open();

CREATE FUNCTION raffle_schema.prizes_fixed() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    r raffle_schema.raffles;
BEGIN
    IF TG_OP = 'UPDATE' AND NEW.raffle_id <> OLD.raffle_id THEN
        RAISE EXCEPTION 'prize % stays in raffle %', OLD.id, OLD.raffle_id;
    END IF;
    SELECT * INTO r FROM raffle_schema.raffles x WHERE x.id = coalesce(NEW.raffle_id, OLD.raffle_id) FOR UPDATE;
    IF r.status <> 'OPEN' AND (TG_OP <> 'UPDATE' OR to_jsonb(NEW) - 'awarded' <> to_jsonb(OLD) - 'awarded') THEN
        RAISE EXCEPTION 'raffle % is not open: its prizes are fixed', r.id;
    ELSIF r.ticket_count > 0 AND (TG_OP = 'DELETE' OR TG_OP = 'UPDATE' AND
          (to_jsonb(NEW) - '{awarded,quantity}'::text[] <> to_jsonb(OLD) - '{awarded,quantity}'::text[] OR NEW.quantity < OLD.quantity)) THEN
        RAISE EXCEPTION 'raffle % has tickets: prizes are only added', r.id;
    END IF;
    RETURN coalesce(NEW, OLD);
END
$$;
CREATE TRIGGER prizes_fixed BEFORE INSERT OR UPDATE OR DELETE ON raffle_schema.raffle_prizes FOR EACH ROW EXECUTE FUNCTION raffle_schema.prizes_fixed();

CREATE FUNCTION raffle_schema.count_tickets() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    UPDATE raffle_schema.raffles r SET ticket_count = r.ticket_count + a.tickets, participant_count = r.participant_count + a.users
      FROM (SELECT x.raffle_id, count(*) AS tickets, count(DISTINCT x.user_id) FILTER (WHERE NOT EXISTS (
                   SELECT FROM raffle_schema.raffle_tickets t
                    WHERE t.raffle_id = x.raffle_id AND t.user_id = x.user_id AND t.id NOT IN (SELECT y.id FROM added y))) AS users
              FROM added x GROUP BY 1) AS a
     WHERE r.id = a.raffle_id;
    RETURN NULL;
END
$$;
CREATE TRIGGER tickets_count AFTER INSERT ON raffle_schema.raffle_tickets REFERENCING NEW TABLE AS added EXECUTE FUNCTION raffle_schema.count_tickets();

-- Tickets are made by a redemption that completes, once, and paid in points in the same transaction.
CREATE FUNCTION raffle_schema.issue_tickets() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO raffle_schema.raffle_tickets (raffle_id, redemption_id, ticket_no, user_id, points_spent)
    SELECT NEW.raffle_id, NEW.id, i, NEW.user_id, NEW.points_each FROM generate_series(1, NEW.tickets) AS i;
    INSERT INTO raffle_schema.points_ledger (user_id, amount, reason, ref)
    SELECT NEW.user_id, -NEW.points_each * NEW.tickets, 'ticket', NEW.id WHERE NEW.points_each > 0;
    RETURN NULL;
END
$$;
CREATE TRIGGER redemptions_complete AFTER UPDATE OF status ON raffle_schema.redemptions FOR EACH ROW
    WHEN (OLD.status = 'PENDING' AND NEW.status = 'COMPLETED') EXECUTE FUNCTION raffle_schema.issue_tickets();
CREATE TRIGGER redemptions_over BEFORE UPDATE ON raffle_schema.redemptions FOR EACH ROW
    WHEN (OLD.status <> 'PENDING') EXECUTE FUNCTION raffle_schema.refuse('a redemption that is over stays as it is');
CREATE TRIGGER redemptions_begin BEFORE INSERT ON raffle_schema.redemptions FOR EACH ROW
    WHEN (NEW.status <> 'PENDING') EXECUTE FUNCTION raffle_schema.refuse('a redemption begins as PENDING');

CREATE FUNCTION raffle_schema.fulfil() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    c_order constant text[] := ARRAY['WON', 'NOTIFIED', 'CLAIMED', 'SHIPPED', 'DELIVERED'];
BEGIN
    IF to_jsonb(NEW) - '{fulfilment,prize_claimed,claim_date,merkle_proof,updated_at}'::text[]
       <> to_jsonb(OLD) - '{fulfilment,prize_claimed,claim_date,merkle_proof,updated_at}'::text[]
       OR array_position(c_order, NEW.fulfilment) < array_position(c_order, OLD.fulfilment) THEN
        RAISE EXCEPTION 'winner %: who won what stays, and a prize only goes forward (% to %)', OLD.id, OLD.fulfilment, NEW.fulfilment;
    END IF;
    NEW.claim_date := coalesce(OLD.claim_date, CASE WHEN NEW.fulfilment IN ('CLAIMED', 'SHIPPED', 'DELIVERED') THEN clock_timestamp() END);
    NEW.updated_at := clock_timestamp();
    RETURN NEW;
END
$$;
CREATE TRIGGER winners_fulfil BEFORE UPDATE ON raffle_schema.raffle_winners FOR EACH ROW EXECUTE FUNCTION raffle_schema.fulfil();
CREATE TRIGGER winners_stay BEFORE DELETE OR TRUNCATE ON raffle_schema.raffle_winners EXECUTE FUNCTION raffle_schema.refuse('who won stays');

-- What each prize of a draw is, first prize first: publish it, because the draw commits to its SHA-256 and not to the names.
CREATE FUNCTION raffle_schema.prize_list(p_raffle uuid) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT coalesce(string_agg(format(E'%s\t%s\n', p.quantity, p.name), '' ORDER BY p.position), '') FROM raffle_schema.raffle_prizes p WHERE p.raffle_id = p_raffle
$$;
COMMENT ON FUNCTION raffle_schema.prize_list IS 'One line per kind of prize in order of position: how many of it, a tab, its name.';

-- The key is the id as Postgres writes it: other spellings of it are no other raffles. A prize is one thing of the list.
CREATE FUNCTION raffle_schema.freeze(p_key text) RETURNS TABLE (amounts numeric[], currency text, alternates integer, stake_units numeric, opened_at timestamptz)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    r raffle_schema.raffles;
    p_raffle uuid := p_key::uuid;
    v_prizes bigint;
BEGIN
    SELECT * INTO r FROM raffle_schema.raffles x WHERE x.id = p_raffle FOR UPDATE;
    SELECT sum(p.quantity) INTO v_prizes FROM raffle_schema.raffle_prizes p WHERE p.raffle_id = p_raffle;
    IF p_raffle::text <> p_key THEN
        RAISE EXCEPTION 'the key of this raffle is %, not %', p_raffle, p_key;
    ELSIF r.id IS NULL OR r.status <> 'OPEN' THEN
        RAISE EXCEPTION 'raffle % is %', p_raffle, coalesce(r.status, 'not there');
    ELSIF clock_timestamp() < r.end_date AND r.participant_count IS DISTINCT FROM r.max_participants THEN
        RAISE EXCEPTION 'raffle % is not due before %', p_raffle, r.end_date;
    ELSIF r.participant_count < r.min_participants THEN
        RAISE EXCEPTION 'raffle % has % of at least % participants', p_raffle, r.participant_count, r.min_participants;
    ELSIF v_prizes IS NULL THEN
        RAISE EXCEPTION 'raffle % has no prize', p_raffle;
    ELSIF v_prizes + r.alternates > 1000 THEN
        RAISE EXCEPTION 'raffle % has % prizes and % alternates: a draw has 1000 at most', p_raffle, v_prizes, r.alternates;
    END IF;
    UPDATE raffle_schema.raffles x SET status = 'LOCKED' WHERE x.id = p_raffle;
    RETURN QUERY SELECT array_fill(1::numeric, ARRAY[v_prizes::integer]), 'things; SHA-256 of the list: ' || encode(sha256(convert_to(raffle_schema.prize_list(p_raffle), 'UTF8')), 'hex'),
        r.alternates, coalesce(sum(t.points_spent), 0)::numeric, r.created_at FROM raffle_schema.raffle_tickets t WHERE t.raffle_id = p_raffle;
END
$$;

CREATE FUNCTION raffle_schema.settle(p_raffle uuid, p_keeper uuid) RETURNS TABLE (winners bigint, paid_units numeric, payments text[], refunded_units numeric)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_seed text;
    v_root text;
    v_salt text;
BEGIN
    -- Nobody is left to win: all points go back.
    IF NOT EXISTS (SELECT FROM keeper.offchain_winners(p_keeper)) THEN
        RETURN QUERY SELECT 0::bigint, 0::numeric, array_fill(''::text, ARRAY[d.prizes::integer]), raffle_schema.give_back(p_raffle, 'LOCKED', 'REFUNDED', p_keeper) FROM keeper.offchain_draws d WHERE d.draw = p_keeper;
        RETURN;
    END IF;
    SELECT encode(d.beta, 'hex'), encode(d.root, 'hex'), encode(d.salt, 'hex') INTO v_seed, v_root, v_salt FROM keeper.offchain_draws d WHERE d.draw = p_keeper;
    -- Prize 0 is the first unit of position 1, and so on down the list.
    INSERT INTO raffle_schema.raffle_winners (raffle_id, prize_id, unit, participant_id, ticket_id, selection_index, external_seed)
    SELECT p_raffle, u.id, u.unit, w.account, w.ref::uuid, w.prize, v_seed
      FROM keeper.offchain_winners(p_keeper) AS w
      JOIN (SELECT p.id, g AS unit, row_number() OVER (ORDER BY p.position, g) - 1 AS prize
              FROM raffle_schema.raffle_prizes p, generate_series(1, p.quantity) AS g WHERE p.raffle_id = p_raffle) AS u ON u.prize = w.prize;
    UPDATE raffle_schema.raffle_prizes p SET awarded = p.awarded + w.n
      FROM (SELECT x.prize_id, count(*)::integer AS n FROM raffle_schema.raffle_winners x WHERE x.raffle_id = p_raffle GROUP BY 1) AS w WHERE p.id = w.prize_id;
    UPDATE raffle_schema.raffles r
       SET status = 'DRAWN', keeper_draw = p_keeper, external_seed = v_seed, merkle_root = v_root,
           winner_entry_id = (SELECT x.ticket_id FROM raffle_schema.raffle_winners x WHERE x.raffle_id = p_raffle ORDER BY x.selection_index LIMIT 1)
     WHERE r.id = p_raffle AND r.status = 'LOCKED';
    IF NOT FOUND THEN
        RAISE EXCEPTION 'raffle % is not locked', p_raffle;
    END IF;
    INSERT INTO raffle_schema.outbox (raffle_id, user_id, kind, payload)
    SELECT p_raffle, x.participant_id, 'won', jsonb_build_object('winner', x.id, 'prize', p.name, 'draw', p_keeper, 'salt', v_salt)
      FROM raffle_schema.raffle_winners x JOIN raffle_schema.raffle_prizes p ON p.id = x.prize_id WHERE x.raffle_id = p_raffle;
    RETURN QUERY SELECT count(x.id), count(x.id)::numeric, array_agg('raffle_winners ' || x.id ORDER BY p.prize), NULL::numeric
      FROM keeper.offchain_draws d CROSS JOIN generate_series(0, d.prizes - 1) AS p (prize)
      LEFT JOIN raffle_schema.raffle_winners x ON x.raffle_id = p_raffle AND x.selection_index = p.prize WHERE d.draw = p_keeper;
END
$$;

CREATE FUNCTION raffle_schema.give_back(p_raffle uuid, p_from text, p_to text, p_keeper uuid) RETURNS numeric
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_back numeric;
BEGIN
    UPDATE raffle_schema.raffles r SET status = p_to, keeper_draw = p_keeper WHERE r.id = p_raffle AND r.status = p_from;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'raffle % is not %', p_raffle, p_from;
    END IF;
    WITH back AS (
        INSERT INTO raffle_schema.points_ledger (user_id, amount, reason, ref)
        SELECT t.user_id, t.points_spent, 'refund', t.id::text FROM raffle_schema.raffle_tickets t WHERE t.raffle_id = p_raffle AND t.points_spent > 0
        RETURNING amount
    ) SELECT coalesce(sum(amount), 0) INTO v_back FROM back;
    INSERT INTO raffle_schema.outbox (raffle_id, user_id, kind, payload)
    SELECT DISTINCT p_raffle, t.user_id, 'refunded', jsonb_strip_nulls(jsonb_build_object('draw', p_keeper, 'salt', (SELECT encode(d.salt, 'hex') FROM keeper.offchain_draws d WHERE d.draw = p_keeper))) FROM raffle_schema.raffle_tickets t WHERE t.raffle_id = p_raffle;
    RETURN v_back;
END
$$;

CREATE FUNCTION raffle_schema.refund(p_raffle uuid, p_keeper uuid) RETURNS TABLE (refunded_units numeric)
LANGUAGE sql SET search_path = pg_catalog, pg_temp AS $$
    SELECT raffle_schema.give_back(p_raffle, 'LOCKED', 'REFUNDED', p_keeper)
$$;

CREATE FUNCTION raffle_schema.cancel(p_raffle uuid) RETURNS TABLE (refunded_units numeric)
LANGUAGE sql SET search_path = pg_catalog, pg_temp AS $$
    SELECT raffle_schema.give_back(p_raffle, 'OPEN', 'CANCELLED', NULL)
$$;
COMMENT ON FUNCTION raffle_schema.cancel IS 'For an operator: an open raffle that cannot be locked (too few entries, no prize, a retired key) gives every point back.';

CREATE VIEW raffle_schema.raffle_summary AS
    SELECT r.id, r.name, r.status, r.ticket_count AS total_tickets, r.participant_count, r.end_date,
           (SELECT coalesce(sum(p.quantity), 0) FROM raffle_schema.raffle_prizes p WHERE p.raffle_id = r.id) AS prizes,
           (SELECT count(*) FROM raffle_schema.raffle_winners w WHERE w.raffle_id = r.id) AS winners
      FROM raffle_schema.raffles r;
CREATE VIEW raffle_schema.active_raffles AS
    SELECT * FROM raffle_schema.raffles r WHERE r.status = 'OPEN' AND now() BETWEEN r.start_date AND r.end_date;
CREATE VIEW raffle_schema.open_fulfilments AS
    SELECT w.id, w.raffle_id, p.name AS prize, w.participant_id, w.fulfilment, w.selection_date
      FROM raffle_schema.raffle_winners w JOIN raffle_schema.raffle_prizes p ON p.id = w.prize_id WHERE w.fulfilment <> 'DELIVERED';
-- What a player needs to find his own entry in the certificate. With the rights of who made this schema: let your own roles run it.
CREATE FUNCTION raffle_schema.told(p_key text, p_user text) RETURNS TABLE (draw uuid, salt text, entry bigint, participant text, weight numeric)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT t.* FROM keeper.offchain_told('raffles', p_key, p_user) AS t
$$;
REVOKE ALL ON FUNCTION raffle_schema.told FROM PUBLIC;

CREATE VIEW raffle_schema.faults AS
    SELECT 'user ' || b.user_id AS subject, format('points %s, ledger %s', b.points, coalesce(l.amount, 0)) AS fault
      FROM raffle_schema.points_balances b LEFT JOIN (SELECT user_id, sum(amount) AS amount FROM raffle_schema.points_ledger GROUP BY 1) l USING (user_id)
     WHERE b.points <> coalesce(l.amount, 0)
    UNION ALL
    SELECT 'prize ' || p.id, format('awarded %s, winners %s', p.awarded, coalesce(w.n, 0))
      FROM raffle_schema.raffle_prizes p LEFT JOIN (SELECT prize_id, count(*) AS n FROM raffle_schema.raffle_winners GROUP BY 1) w ON w.prize_id = p.id
     WHERE p.awarded <> coalesce(w.n, 0)
    UNION ALL
    SELECT 'raffle ' || r.id, format('counts %s tickets of %s users, has %s of %s', r.ticket_count, r.participant_count, coalesce(t.n, 0), coalesce(t.users, 0))
      FROM raffle_schema.raffles r LEFT JOIN (SELECT raffle_id, count(*) AS n, count(DISTINCT user_id) AS users FROM raffle_schema.raffle_tickets GROUP BY 1) t ON t.raffle_id = r.id
     WHERE (r.ticket_count, r.participant_count) <> (coalesce(t.n, 0), coalesce(t.users, 0));
COMMENT ON VIEW raffle_schema.faults IS 'Points that are not their ledger, stock that is not its winners, counts that are wrong: always empty.';

DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'poolkeeper') THEN
        GRANT USAGE ON SCHEMA raffle_schema TO poolkeeper;
        GRANT SELECT ON raffle_schema.raffle_tickets TO poolkeeper;
        GRANT SELECT, UPDATE ON raffle_schema.raffles, raffle_schema.raffle_prizes TO poolkeeper;
        GRANT SELECT, INSERT ON raffle_schema.raffle_winners, raffle_schema.points_ledger, raffle_schema.outbox TO poolkeeper;
        GRANT SELECT, INSERT, UPDATE ON raffle_schema.points_balances TO poolkeeper;
        GRANT INSERT ON raffle_schema.audit_log TO poolkeeper;
    END IF;
END
$$;
