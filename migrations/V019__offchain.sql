-- Draws whose stakes are in this database: published rules and keys, what was fixed at lock, the frozen entries, the picks.
-- The tables guard themselves: a verb that is wrong, or a hand in psql, meets the same refusals. What they cannot know is whether
-- block, beacon and proof are true, and whether a source really paid: who has the certificate checks the one, the source the other.

CREATE DOMAIN keeper.hash32 AS bytea CONSTRAINT hash32_has_32_bytes CHECK (length(VALUE) = 32);
COMMENT ON DOMAIN keeper.hash32 IS '32 bytes: a SHA-256, a public key, a blockhash';

CREATE FUNCTION keeper.be64(p_value numeric) RETURNS bytea
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
    SELECT int8send((CASE WHEN p_value >= 9223372036854775808 THEN p_value - 18446744073709551616 ELSE p_value END)::bigint)
$$;
COMMENT ON FUNCTION keeper.be64 IS 'An unsigned 64-bit number as 8 bytes, big-endian.';

-- What a certificate can hold as text: it has no escapes.
CREATE DOMAIN keeper.plain_text AS text CONSTRAINT plain_text_is_printable CHECK (VALUE ~ '^[ !#-\[\]-~]{0,127}$');
COMMENT ON DOMAIN keeper.plain_text IS 'at most 127 characters of printable ASCII, without quotes and backslashes';

CREATE FUNCTION keeper.drand_time(p_round numeric) RETURNS numeric
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
    SELECT 1692803367 + 3 * (p_round - 1)
$$;
COMMENT ON FUNCTION keeper.drand_time IS 'Unix seconds at which this round of drand''s chain quicknet is due.';

-- What the daemon obeys is read out of the very text that is hashed and published: the two cannot differ.
CREATE TABLE keeper.offchain_rules (
    type         text            NOT NULL CONSTRAINT offchain_rules_type_is_name CHECK (type ~ '^[a-z][a-z0-9_]{0,39}$'),
    version      integer         NOT NULL CONSTRAINT offchain_rules_version_counts CHECK (version >= 1),
    rules        text            NOT NULL CONSTRAINT offchain_rules_type_fits CHECK (rules::jsonb ->> 'type' IS NOT DISTINCT FROM type::text),
    rules_hash   keeper.hash32   NOT NULL CONSTRAINT offchain_rules_hash_fits CHECK (rules_hash = sha256(convert_to(rules, 'UTF8'))),
    published_at timestamptz     NOT NULL DEFAULT clock_timestamp(),
    source       text            NOT NULL GENERATED ALWAYS AS (rules::jsonb ->> 'source') STORED
                                 CONSTRAINT offchain_rules_source_is_name CHECK (source ~ '^[a-z][a-z0-9_]{0,39}$'),
    randomness   text            NOT NULL GENERATED ALWAYS AS (rules::jsonb ->> 'randomness') STORED
                                 CONSTRAINT offchain_rules_randomness_known CHECK (randomness IN ('vrf', 'beacon')),
    select_mode  smallint        NOT NULL GENERATED ALWAYS AS ((rules::jsonb ->> 'mode')::smallint) STORED
                                 CONSTRAINT offchain_rules_mode_known CHECK (select_mode BETWEEN 0 AND 2),
    deadline_s   integer         NOT NULL GENERATED ALWAYS AS ((rules::jsonb ->> 'deadline_s')::integer) STORED
                                 CONSTRAINT offchain_rules_deadline_range CHECK (deadline_s BETWEEN 60 AND 604800),
    refusals     jsonb           NOT NULL GENERATED ALWAYS AS (coalesce(rules::jsonb -> 'refusals', '[]'::jsonb)) STORED
                                 CONSTRAINT offchain_rules_refusals_is_list CHECK (jsonb_typeof(refusals) = 'array')
                                 CONSTRAINT offchain_rules_refusals_are_plain CHECK (refusals::text ~ '^[ -\[\]-~]*$'),
    participants text            NOT NULL GENERATED ALWAYS AS (coalesce(rules::jsonb ->> 'participants', 'accounts')) STORED
                                 CONSTRAINT offchain_rules_participants_known CHECK (participants IN ('accounts', 'source')),
    PRIMARY KEY (type, version),
    CONSTRAINT offchain_rules_hash_once UNIQUE (rules_hash)
);
COMMENT ON TABLE keeper.offchain_rules IS 'The published rules of each type of draw. A draw follows the version that was newest when its entries opened.';
COMMENT ON COLUMN keeper.offchain_rules.rules IS 'JSON: type, source, randomness (vrf: VRF over block and drand; beacon: the two alone), mode (SEL-1''s M), deadline_s after the drand round, refusals (reasons for which an account may be refused before the round), participants (accounts: made of account and salt; source: as the source gives them)';

CREATE TABLE keeper.vrf_keys (
    key           keeper.hash32 PRIMARY KEY,
    registered_at timestamptz   NOT NULL DEFAULT clock_timestamp(),
    retired_at    timestamptz,
    retired_why   text          CONSTRAINT vrf_keys_why_is_short CHECK (length(retired_why) BETWEEN 1 AND 200),
    CONSTRAINT vrf_keys_retirement_is_whole CHECK ((retired_at IS NULL) = (retired_why IS NULL))
);
COMMENT ON TABLE keeper.vrf_keys IS 'Public VRF keys with their whole history. A draw has the key that was newest when its entries opened.';

CREATE TABLE keeper.offchain_draws (
    draw            uuid             PRIMARY KEY,
    seq             bigint           NOT NULL CONSTRAINT offchain_draws_seq_once UNIQUE,
    previous        keeper.hash32    NOT NULL CONSTRAINT offchain_draws_previous_once UNIQUE,
    hash            keeper.hash32    NOT NULL CONSTRAINT offchain_draws_hash_once UNIQUE,
    source          text             NOT NULL,
    source_key      keeper.plain_text NOT NULL CONSTRAINT offchain_draws_key_is_there CHECK (source_key <> ''),
    type            text             NOT NULL,
    version         integer          NOT NULL,
    rules_hash      keeper.hash32    NOT NULL,
    randomness      text             NOT NULL,
    select_mode     smallint         NOT NULL,
    n               bigint           NOT NULL CONSTRAINT offchain_draws_n_range CHECK (n BETWEEN 1 AND 10000000),
    total_weight    keeper.u64       NOT NULL CONSTRAINT offchain_draws_weight_is_positive CHECK (total_weight > 0),
    root            keeper.hash32    NOT NULL,
    stakes_root     keeper.hash32    NOT NULL,
    salt            bytea            NOT NULL CONSTRAINT offchain_draws_salt_size CHECK (length(salt) = 16),
    vrf_key         keeper.hash32    REFERENCES keeper.vrf_keys (key),
    slot            keeper.slot      NOT NULL,
    locked_round    keeper.u64       NOT NULL,
    deadline        timestamptz      NOT NULL,
    prizes          bigint           NOT NULL CONSTRAINT offchain_draws_prizes_range CHECK (prizes BETWEEN 1 AND 1000),
    amounts         keeper.u64[]     NOT NULL CONSTRAINT offchain_draws_amounts_are_prizes CHECK (
                                     cardinality(amounts) = prizes AND array_ndims(amounts) = 1 AND array_position(amounts, NULL) IS NULL),
    currency        keeper.plain_text NOT NULL CONSTRAINT offchain_draws_currency_is_there CHECK (currency <> ''),
    alternates      bigint           NOT NULL CONSTRAINT offchain_draws_alternates_range CHECK (alternates BETWEEN 0 AND 1000),
    stake_units     keeper.u64       NOT NULL,
    opened_at       timestamptz      NOT NULL,
    locked_at       timestamptz      NOT NULL DEFAULT clock_timestamp(),
    owner           text             NOT NULL,
    state           text             NOT NULL DEFAULT 'locked' CONSTRAINT offchain_draws_state_known CHECK (
                                     state IN ('locked', 'drawn', 'settled', 'defaulted', 'refunded')),
    halted_why      text             CONSTRAINT offchain_draws_halt_is_short CHECK (length(halted_why) BETWEEN 1 AND 500),
    anchor_sig      keeper.signature,
    anchor_slot     keeper.slot,
    anchor_wallet   keeper.hash32,
    parent_slot     keeper.slot,
    block_slot      keeper.slot,
    blockhash       keeper.hash32,
    block_time      bigint,
    round           keeper.u64,
    drand_signature bytea            CONSTRAINT offchain_draws_drand_size CHECK (length(drand_signature) = 48),
    checked_by      keeper.plain_text,
    proof           bytea            CONSTRAINT offchain_draws_proof_size CHECK (length(proof) = 80),
    beta            bytea            CONSTRAINT offchain_draws_beta_size CHECK (length(beta) = 64),
    proven_at       timestamptz,
    drawn_at        timestamptz,
    settled_at      timestamptz,
    paid_units      keeper.u64,
    payments        keeper.plain_text[] CONSTRAINT offchain_draws_payments_are_prizes CHECK (
                                     cardinality(payments) = prizes AND array_ndims(payments) = 1 AND array_position(payments, NULL) IS NULL),
    defaulted_at    timestamptz,
    default_why     text             CONSTRAINT offchain_draws_default_known CHECK (default_why IN ('no_anchor', 'no_block', 'no_beacon', 'no_proof')),
    refunded_at     timestamptz,
    refunded_units  keeper.u64,
    FOREIGN KEY (type, version) REFERENCES keeper.offchain_rules (type, version),
    CONSTRAINT offchain_draws_source_once UNIQUE (source, source_key),
    CONSTRAINT offchain_draws_key_fits_randomness CHECK ((randomness = 'vrf') = (vrf_key IS NOT NULL)),
    CONSTRAINT offchain_draws_opened_before CHECK (opened_at < locked_at),
    CONSTRAINT offchain_draws_round_is_ahead CHECK (keeper.drand_time(locked_round) >= extract(epoch FROM locked_at) + 120),
    CONSTRAINT offchain_draws_deadline_follows CHECK (extract(epoch FROM deadline) >= keeper.drand_time(locked_round) + 60),
    CONSTRAINT offchain_draws_anchor_is_before CHECK (num_nulls(anchor_sig, anchor_slot, anchor_wallet) IN (0, 3) AND anchor_slot < slot),
    CONSTRAINT offchain_draws_block_is_whole CHECK (num_nulls(parent_slot, block_slot, blockhash, block_time, round) IN (0, 5)),
    CONSTRAINT offchain_draws_block_follows CHECK (block_slot IS NULL OR block_slot >= slot AND parent_slot < slot AND anchor_slot IS NOT NULL),
    CONSTRAINT offchain_draws_round_follows CHECK (round IS NULL OR round >= locked_round AND mod(round - locked_round, 20) = 0
        AND keeper.drand_time(round) >= block_time + 60 AND (round = locked_round OR keeper.drand_time(round - 20) < block_time + 60)),
    CONSTRAINT offchain_draws_beacon_follows CHECK ((drand_signature IS NULL OR round IS NOT NULL) AND (checked_by IS NULL OR drand_signature IS NOT NULL)),
    CONSTRAINT offchain_draws_beta_is_whole CHECK ((beta IS NULL) = (proven_at IS NULL)
        AND (beta IS NOT NULL AND randomness = 'vrf') = (proof IS NOT NULL)),
    CONSTRAINT offchain_draws_beta_follows CHECK (beta IS NULL OR drand_signature IS NOT NULL),
    CONSTRAINT offchain_draws_state_fits CHECK (
            (state IN ('drawn', 'settled')) = (drawn_at IS NOT NULL) AND (state = 'settled') = (settled_at IS NOT NULL)
        AND (state IN ('defaulted', 'refunded')) = (defaulted_at IS NOT NULL) AND (state = 'refunded') = (refunded_at IS NOT NULL)
        AND (paid_units IS NULL) = (state <> 'settled') AND (payments IS NULL) = (state <> 'settled') AND (default_why IS NULL) = (defaulted_at IS NULL)),
    CONSTRAINT offchain_draws_drawn_has_beta CHECK (state NOT IN ('drawn', 'settled') OR beta IS NOT NULL),
    CONSTRAINT offchain_draws_default_has_none CHECK (state NOT IN ('defaulted', 'refunded') OR beta IS NULL AND defaulted_at >= deadline),
    CONSTRAINT offchain_draws_refund_is_whole CHECK (CASE WHEN refunded_units IS NULL THEN state <> 'refunded' ELSE refunded_units = stake_units AND state IN ('settled', 'refunded') END),
    CONSTRAINT offchain_draws_picks_range CHECK (prizes + alternates <= 1000),
    CONSTRAINT offchain_draws_no_default_after_beacon CHECK (state NOT IN ('defaulted', 'refunded') OR randomness <> 'beacon' OR drand_signature IS NULL)
);
CREATE INDEX offchain_draws_not_over ON keeper.offchain_draws (deadline) WHERE state NOT IN ('settled', 'refunded');
COMMENT ON TABLE keeper.offchain_draws IS 'One row per draw, written at lock. What was fixed then never changes; what comes later is written once.';
COMMENT ON COLUMN keeper.offchain_draws.hash IS 'SHA-256 of the lock as it stands in the certificate (offchain_lock_text): what the memo transaction anchors';
COMMENT ON COLUMN keeper.offchain_draws.stakes_root IS 'of what each entry put in (offchain_stakes_root): part of the hash, so that nobody can say later that it was less';
COMMENT ON COLUMN keeper.offchain_draws.salt IS 'of ticket_participant: told to the players, not published, because accounts can be guessed';
COMMENT ON COLUMN keeper.offchain_draws.slot IS 'S: the draw uses the first block at or after it';
COMMENT ON COLUMN keeper.offchain_draws.locked_round IS 'R: drand''s round; the one used is in round, later by twenties where the block came late';
COMMENT ON COLUMN keeper.offchain_draws.deadline IS 'D: without beta by then the draw may be defaulted, and the entries are refunded';
COMMENT ON COLUMN keeper.offchain_draws.amounts IS 'of each prize, in base units of currency: what a settlement pays for those that have a winner';
COMMENT ON COLUMN keeper.offchain_draws.parent_slot IS 'of the block: before slot, or it would not be the first';
COMMENT ON COLUMN keeper.offchain_draws.checked_by IS 'who checked drand''s signature';
COMMENT ON COLUMN keeper.offchain_draws.payments IS 'where the payment of each prize can be seen, as the source says; empty: nowhere, or nobody won it';
COMMENT ON COLUMN keeper.offchain_draws.stake_units IS 'base units that a refund gives back, exactly';
COMMENT ON COLUMN keeper.offchain_draws.opened_at IS 'when entries opened: rules and key are older; part of the hash';
COMMENT ON COLUMN keeper.offchain_draws.halted_why IS 'why nothing goes on; null again when it does';
COMMENT ON COLUMN keeper.offchain_draws.beta IS 'the one random value; a proof may be replaced by none, a beta neither';
COMMENT ON COLUMN keeper.offchain_draws.proven_at IS 'after deadline: late, and still binding, because nobody had defaulted yet';

CREATE TABLE keeper.offchain_entries (
    draw        uuid          NOT NULL,
    entry       bigint        NOT NULL,
    participant keeper.hash32 NOT NULL,
    weight      keeper.u64    NOT NULL,
    stake       keeper.u64    NOT NULL,
    below       numeric(28,0) NOT NULL,
    account     text          NOT NULL CONSTRAINT offchain_entries_account_is_short CHECK (length(account) BETWEEN 1 AND 200),
    ref         text          NOT NULL CONSTRAINT offchain_entries_ref_is_short CHECK (length(ref) BETWEEN 1 AND 200),
    PRIMARY KEY (draw, entry),
    CONSTRAINT offchain_entries_draw_fkey FOREIGN KEY (draw) REFERENCES keeper.offchain_draws (draw) DEFERRABLE INITIALLY DEFERRED
);
CREATE INDEX offchain_entries_below ON keeper.offchain_entries (draw, below);
CREATE INDEX offchain_entries_participant ON keeper.offchain_entries (draw, participant);
COMMENT ON TABLE keeper.offchain_entries IS 'The frozen entries of each draw: index, participant and weight are the leaves of its tree and published, as are the stakes.';
COMMENT ON COLUMN keeper.offchain_entries.stake IS 'base units that it put in, and gets back when nothing is drawn; published, and part of the lock''s hash';
COMMENT ON COLUMN keeper.offchain_entries.below IS 'sum of the weights of all entries before this one';
COMMENT ON COLUMN keeper.offchain_entries.account IS 'whom the source pays; not published, and still fixed by the root: participant is made of it, unless the rules let the source make it';
COMMENT ON COLUMN keeper.offchain_entries.ref IS 'the source''s own key of the entry, once per draw';

CREATE TABLE keeper.offchain_picks (
    draw    uuid       NOT NULL REFERENCES keeper.offchain_draws (draw),
    pick    bigint     NOT NULL CONSTRAINT offchain_picks_pick_counts CHECK (pick >= 0),
    attempt bigint     CONSTRAINT offchain_picks_attempt_counts CHECK (attempt >= 0),
    number  keeper.u64 CONSTRAINT offchain_picks_number_is_below CHECK (number < total),
    total   keeper.u64,
    entry   bigint,
    PRIMARY KEY (draw, pick),
    FOREIGN KEY (draw, entry) REFERENCES keeper.offchain_entries (draw, entry),
    CONSTRAINT offchain_picks_is_whole CHECK (num_nulls(attempt, number, total, entry) IN (0, 4))
);
COMMENT ON TABLE keeper.offchain_picks IS 'Prizes first, then alternates, as SEL-1 publishes them; all null: no weight was left.';

CREATE TABLE keeper.offchain_refusals (
    draw        uuid          NOT NULL REFERENCES keeper.offchain_draws (draw),
    participant keeper.hash32 NOT NULL,
    reason      keeper.plain_text NOT NULL CONSTRAINT offchain_refusals_reason_is_there CHECK (reason <> ''),
    refused_at  timestamptz   NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (draw, participant)
);
COMMENT ON TABLE keeper.offchain_refusals IS 'Who wins nothing, for a reason of the published rules, said before anybody can know who is picked: the first unused alternate takes his prize.';

-- Merkle tree of RFC 9162, 2.1. A level is the hashes one after another; a lone last one goes up unchanged.
CREATE FUNCTION keeper.merkle_fold(p_level bytea) RETURNS bytea
LANGUAGE plpgsql IMMUTABLE STRICT SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_level bytea := p_level;
BEGIN
    WHILE length(v_level) > 32 LOOP
        SELECT string_agg(CASE WHEN length(g.pair) = 64 THEN sha256('\x01'::bytea || g.pair) ELSE g.pair END, ''::bytea ORDER BY g.i) INTO v_level
          FROM (SELECT i, substr(v_level, i * 64 + 1, 64) AS pair FROM generate_series(0, (length(v_level) - 1) / 64) AS i) AS g;
    END LOOP;
    RETURN v_level;
END
$$;
COMMENT ON FUNCTION keeper.merkle_fold IS 'The root above one level of a tree: 32 bytes per node, at least one.';

-- 65536 leaves at a time: they are a complete subtree, and memory stays small however many there are. The weight's bytes are
-- those of be64, which would cost more here than all the hashing: a function with a search path is called for each row.
CREATE FUNCTION keeper.offchain_root(p_draw uuid) RETURNS bytea
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT coalesce(keeper.merkle_fold(string_agg(s.root, ''::bytea ORDER BY s.subtree)), sha256(''))
      FROM (SELECT e.entry / 65536 AS subtree, keeper.merkle_fold(string_agg(
                       sha256('\x0050464531'::bytea || uuid_send(p_draw) || int8send(e.entry) || e.participant || int8send(
                           (CASE WHEN e.weight >= 9223372036854775808 THEN e.weight - 18446744073709551616 ELSE e.weight END)::bigint)),
                       ''::bytea ORDER BY e.entry)) AS root
              FROM keeper.offchain_entries e WHERE e.draw = p_draw GROUP BY 1) AS s
$$;
COMMENT ON FUNCTION keeper.offchain_root IS 'Root over the leaves "PFE1" | draw 16 | index u64 | participant 32 | weight u64.';

-- Keys in the order of their bytes and values as strings: the one form that a certificate may have.
CREATE FUNCTION keeper.offchain_lock_text(d keeper.offchain_draws) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT format('{"alternates":"%s","amounts":["%s"],"at":"%s","currency":"%s","deadline":"%s","drand":"%s","draw":"%s","mode":"%s","opened":"%s",'
            '"previous":"%s","randomness":"%s","root":"%s","round":"%s","rules":"%s","seq":"%s","slot":"%s","source":"%s","source_key":"%s","stakes":"%s",'
            '"stakes_root":"%s","tickets":"%s","total_weight":"%s"%s}',
        d.alternates, array_to_string(d.amounts, '","'), floor(extract(epoch FROM d.locked_at)), d.currency, floor(extract(epoch FROM d.deadline)),
        '52db9ba70e0cc0f6eaf7803dd07447a1f5477735fd3f661792ba94600c84e971', replace(d.draw::text, '-', ''), d.select_mode,
        (extract(epoch FROM d.opened_at) * 1000000)::bigint, encode(d.previous, 'hex'), d.randomness, encode(d.root, 'hex'), d.locked_round,
        encode(d.rules_hash, 'hex'), d.seq, d.slot, d.source, d.source_key, d.stake_units, encode(d.stakes_root, 'hex'), d.n, d.total_weight,
        CASE WHEN d.vrf_key IS NOT NULL THEN ',"vrf_key":"' || keeper.base58(d.vrf_key) || '"' END)
$$;
COMMENT ON FUNCTION keeper.offchain_lock_text IS 'The lock as it stands in the certificate, byte for byte; docs/certificate.md has the meaning of each key.';

CREATE FUNCTION keeper.offchain_hash(d keeper.offchain_draws) RETURNS bytea
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT sha256(convert_to(keeper.offchain_lock_text(d), 'UTF8'))
$$;
COMMENT ON FUNCTION keeper.offchain_hash IS 'SHA-256 of the lock''s bytes: one commitment for the row, the memo and the certificate.';

CREATE FUNCTION keeper.offchain_alpha(d keeper.offchain_draws) RETURNS bytea
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT '\x5046445241573031'::bytea || uuid_send(d.draw) || int8send(d.n) || keeper.be64(d.total_weight) || d.root || d.rules_hash
        || int8send(d.block_slot) || d.blockhash || keeper.be64(d.round) || d.drand_signature
$$;
COMMENT ON FUNCTION keeper.offchain_alpha IS 'The 200 bytes that the proof is about; null until all of them are known.';

-- HMAC-SHA256 in two halves, because a draw makes many with one key. Keys here have 64 bytes or 32.
CREATE FUNCTION keeper.hmac_pads(p_key bytea) RETURNS bytea[]
LANGUAGE plpgsql IMMUTABLE STRICT SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_key   bytea := p_key || decode(repeat('00', 64 - length(p_key)), 'hex');
    v_inner bytea := v_key;
    v_outer bytea := v_key;
BEGIN
    FOR i IN 0..63 LOOP
        v_inner := set_byte(v_inner, i, get_byte(v_key, i) # 54);
        v_outer := set_byte(v_outer, i, get_byte(v_key, i) # 92);
    END LOOP;
    RETURN ARRAY[v_inner, v_outer];
END
$$;
COMMENT ON FUNCTION keeper.hmac_pads IS 'The key with 0x36 and with 0x5c, at most 64 bytes: for keeper.hmac.';

CREATE FUNCTION keeper.hmac(p_pads bytea[], p_message bytea) RETURNS bytea
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
    SELECT sha256(p_pads[2] || sha256(p_pads[1] || p_message))
$$;
COMMENT ON FUNCTION keeper.hmac IS 'HMAC-SHA256 with the key that hmac_pads was given.';

CREATE FUNCTION keeper.offchain_kept() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RAISE EXCEPTION USING ERRCODE = 'PK002', MESSAGE = format('%s on keeper.%s is refused: what was published stays as it is', TG_OP, TG_TABLE_NAME);
END
$$;
COMMENT ON FUNCTION keeper.offchain_kept IS 'Refuses every statement that it is a trigger of.';

CREATE FUNCTION keeper.offchain_rules_new() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(7350271156);
    NEW.version := (SELECT coalesce(max(r.version), 0) + 1 FROM keeper.offchain_rules r WHERE r.type = NEW.type);
    NEW.published_at := clock_timestamp();
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION keeper.offchain_rules_new IS 'Rules are as old as their row, and numbered without a gap: nothing is published in hindsight.';

CREATE FUNCTION keeper.vrf_key_new() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    NEW.registered_at := clock_timestamp();
    NEW.retired_at := NULL;
    NEW.retired_why := NULL;
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION keeper.vrf_key_new IS 'A key is as old as its row.';

-- Columns that were fixed, or written, never change. What is still null may be written, and the table's CHECKs say when.
CREATE FUNCTION keeper.offchain_written_once() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_fixed text;
BEGIN
    SELECT string_agg(o.key, ', ') INTO v_fixed
      FROM jsonb_each(to_jsonb(OLD)) AS o JOIN jsonb_each(to_jsonb(NEW)) AS n USING (key)
     WHERE o.value <> n.value AND o.value <> 'null' AND NOT (TG_TABLE_NAME = 'offchain_draws' AND o.key IN ('state', 'halted_why'));
    IF v_fixed IS NOT NULL THEN
        RAISE EXCEPTION USING ERRCODE = 'PK002', MESSAGE = format('keeper.%s: %s is written once', TG_TABLE_NAME, v_fixed);
    END IF;
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION keeper.offchain_written_once IS 'An UPDATE may fill what is null. Of a draw, state and halted_why may change.';

CREATE FUNCTION keeper.offchain_moves() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF OLD.state || ' ' || NEW.state NOT IN ('locked drawn', 'drawn settled', 'locked defaulted', 'defaulted refunded') THEN
        RAISE EXCEPTION USING ERRCODE = 'PK002', MESSAGE = format('draw %s is %s and cannot become %s', OLD.draw, OLD.state, NEW.state);
    END IF;
    -- Nobody is picked, paid or given back by entries that are not the anchored ones.
    IF NEW.state <> 'defaulted' AND (NEW.root <> keeper.offchain_root(NEW.draw) OR NEW.stakes_root <> keeper.offchain_stakes_root(NEW.draw) OR keeper.offchain_stranger(NEW) IS NOT NULL) THEN
        RAISE EXCEPTION USING ERRCODE = 'PK002', MESSAGE = format('draw %s does not become %s: %s', NEW.draw, NEW.state,
            coalesce('the account of its entry ' || keeper.offchain_stranger(NEW) || ' is not the one that was locked', 'its entries are not those of its root, or its stakes not those that were locked'));
    ELSIF NEW.state = 'drawn' AND (NEW.beta IS NULL OR keeper.offchain_unlike(NEW)) THEN
        RAISE EXCEPTION USING ERRCODE = 'PK002', MESSAGE = format('draw %s: its picks are not those of its beta', NEW.draw);
    ELSIF NEW.state = 'settled' AND NEW.paid_units IS DISTINCT FROM keeper.offchain_owed(NEW) THEN
        RAISE EXCEPTION USING ERRCODE = 'PK002', MESSAGE = format('draw %s: %s units are not what its winners are owed', NEW.draw, coalesce(NEW.paid_units::text, 'no'));
    ELSIF NEW.state = 'settled' AND (NEW.refunded_units IS NULL) <> EXISTS (SELECT FROM keeper.offchain_winners(NEW.draw)) THEN
        RAISE EXCEPTION USING ERRCODE = 'PK002', MESSAGE = format('draw %s: the stakes go back where nobody is left to win, and only there', NEW.draw);
    END IF;
    NEW.halted_why := NULL;
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION keeper.offchain_moves IS 'locked -> drawn -> settled, or locked -> defaulted -> refunded, and no other way; drawn with beta''s picks, settled with what is owed or, where nobody is left to win, with the stakes given back, and never with other entries than were locked.';

CREATE FUNCTION keeper.offchain_beta_fits() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NEW.randomness = 'beacon' AND NEW.beta IS DISTINCT FROM sha512(keeper.offchain_alpha(NEW)) THEN
        RAISE EXCEPTION USING ERRCODE = 'PK002', MESSAGE = format('draw %s: its rules want SHA-512 of alpha, without a VRF', NEW.draw);
    END IF;
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION keeper.offchain_beta_fits IS 'Without a VRF beta can be computed here, so it is.';

-- Everything that can be computed is computed here, whoever inserts: rules, key and deadline are nobody's choice.
CREATE FUNCTION keeper.offchain_seal() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_rules keeper.offchain_rules;
    v_name  text := format('source %s, key %s', NEW.source, NEW.source_key);
    v_twice text;
    v_key   keeper.vrf_keys;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended(NEW.draw::text, 7350271158));
    SELECT r.* INTO v_rules FROM keeper.offchain_rules r WHERE r.type = NEW.type AND r.published_at < NEW.opened_at ORDER BY r.version DESC LIMIT 1;
    IF NOT FOUND OR v_rules.source <> NEW.source THEN
        RAISE EXCEPTION USING ERRCODE = 'PK003', MESSAGE = format('%s: no rules of type %s for this source were published before its entries opened', v_name, NEW.type);
    END IF;
    IF v_rules.randomness = 'vrf' THEN
        SELECT k.* INTO v_key FROM keeper.vrf_key_at(NEW.opened_at) AS k;
        IF NOT FOUND THEN
            RAISE EXCEPTION USING ERRCODE = 'PK003', MESSAGE = format('%s: no VRF key was registered before its entries opened', v_name);
        ELSIF NEW.vrf_key IS DISTINCT FROM v_key.key THEN
            RAISE EXCEPTION USING ERRCODE = 'PK003', MESSAGE = format('%s: its VRF key is %s, the newest before its entries opened, and no file of its private half is named by VRF_KEY_FILE or VRF_KEY_FILE_OLD_1',
                v_name, encode(v_key.key, 'hex'));
        ELSIF v_key.retired_at IS NOT NULL THEN
            RAISE EXCEPTION USING ERRCODE = 'PK003', MESSAGE = format('%s: its VRF key was retired (%s): the draw cannot be locked, end it in the source', v_name, v_key.retired_why);
        END IF;
    ELSE
        NEW.vrf_key := NULL;
    END IF;
    SELECT count(*), sum(e.weight) INTO NEW.n, NEW.total_weight FROM keeper.offchain_entries e WHERE e.draw = NEW.draw HAVING sum(e.weight) < 18446744073709551616;
    IF NOT FOUND OR NEW.total_weight = 0 THEN
        RAISE EXCEPTION USING ERRCODE = 'PK003', MESSAGE = format('%s: %s', v_name, CASE
            WHEN NEW.total_weight = 0 THEN 'the weights are all 0'
            WHEN EXISTS (SELECT FROM keeper.offchain_entries e WHERE e.draw = NEW.draw) THEN 'the weights sum up to 2^64 or more'
            ELSE 'there are no entries' END);
    END IF;
    IF NEW.stake_units IS DISTINCT FROM (SELECT sum(e.stake) FROM keeper.offchain_entries e WHERE e.draw = NEW.draw) THEN
        RAISE EXCEPTION USING ERRCODE = 'PK003', MESSAGE = format('%s: freeze gives %s for stake_units, but the stakes of its entries are %s together', v_name, coalesce(NEW.stake_units::text, 'nothing'), (SELECT sum(e.stake) FROM keeper.offchain_entries e WHERE e.draw = NEW.draw));
    END IF;
    SELECT e.ref INTO v_twice FROM keeper.offchain_entries e WHERE e.draw = NEW.draw GROUP BY e.ref HAVING count(*) > 1 LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION USING ERRCODE = 'PK003', MESSAGE = format('%s: the source gives entry %s twice', v_name, v_twice);
    END IF;
    IF EXISTS (SELECT FROM (SELECT e.entry, e.below, row_number() OVER w - 1 AS n, sum(e.weight) OVER w - e.weight AS sum
                              FROM keeper.offchain_entries e WHERE e.draw = NEW.draw WINDOW w AS (ORDER BY e.entry)) AS x WHERE (x.entry, x.below) <> (x.n, x.sum)) THEN
        RAISE EXCEPTION USING ERRCODE = 'PK003', MESSAGE = format('%s: its entries are not numbered from 0, or below is not the weight before them', v_name);
    END IF;
    NEW.version := v_rules.version; NEW.rules_hash := v_rules.rules_hash; NEW.randomness := v_rules.randomness; NEW.select_mode := v_rules.select_mode;
    NEW.root := keeper.offchain_root(NEW.draw);
    NEW.stakes_root := keeper.offchain_stakes_root(NEW.draw);
    IF keeper.offchain_stranger(NEW) IS NOT NULL THEN
        RAISE EXCEPTION USING ERRCODE = 'PK003', MESSAGE = format('%s: the participant of its entry %s is not made of its account', v_name, keeper.offchain_stranger(NEW));
    END IF;
    NEW.prizes := cardinality(NEW.amounts);
    NEW.deadline := to_timestamp(keeper.drand_time(NEW.locked_round) + v_rules.deadline_s);
    NEW.locked_at := clock_timestamp();
    NEW.state := 'locked';
    SELECT NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL INTO NEW.anchor_sig, NEW.anchor_slot, NEW.anchor_wallet, NEW.parent_slot, NEW.block_slot, NEW.blockhash, NEW.block_time, NEW.round, NEW.drand_signature, NEW.checked_by, NEW.halted_why;
    SELECT NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL INTO NEW.proof, NEW.beta, NEW.proven_at, NEW.drawn_at, NEW.settled_at, NEW.paid_units, NEW.payments, NEW.defaulted_at, NEW.default_why, NEW.refunded_at, NEW.refunded_units;
    PERFORM pg_advisory_xact_lock(7350271156);
    SELECT d.seq + 1, d.hash INTO NEW.seq, NEW.previous FROM keeper.offchain_draws d ORDER BY d.seq DESC LIMIT 1;
    NEW.seq := coalesce(NEW.seq, 1);
    NEW.previous := coalesce(NEW.previous, decode(repeat('00', 32), 'hex'));
    NEW.hash := keeper.offchain_hash(NEW);
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION keeper.offchain_seal IS 'Lock: rules, key, count, weight, root, stakes, deadline and the link to the row before, from what is in the database; nothing of what comes later. PK003: the source''s data cannot be drawn.';

CREATE FUNCTION keeper.offchain_freeze() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    -- A lock that is not committed yet is waited for, and one that comes now waits for these entries.
    PERFORM pg_advisory_xact_lock(hashtextextended(a.draw, 7350271158)) FROM (SELECT DISTINCT x.draw::text AS draw FROM added x ORDER BY 1) AS a;
    IF EXISTS (SELECT FROM keeper.offchain_draws d WHERE d.draw IN (SELECT a.draw FROM added a)) THEN
        RAISE EXCEPTION USING ERRCODE = 'PK002', MESSAGE = 'the entries of a locked draw are frozen: none is added';
    END IF;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION keeper.offchain_freeze IS 'Entries come before their draw''s row, in the same transaction, or not at all.';

CREATE FUNCTION keeper.offchain_pick_fits() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM keeper.offchain_draws d WHERE d.draw = NEW.draw AND d.state = 'locked' AND d.beta IS NOT NULL AND NEW.pick < d.prizes + d.alternates) THEN
        RAISE EXCEPTION USING ERRCODE = 'PK002', MESSAGE = format('draw %s has no beta yet, or has its picks, or has no pick %s', NEW.draw, NEW.pick);
    END IF;
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION keeper.offchain_pick_fits IS 'Picks are made once, between beta and drawn.';

-- Asked twice, at the insert and at the commit: a transaction that is left open until the round is there would choose the winner.
CREATE FUNCTION keeper.offchain_refusal_fits() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    d     keeper.offchain_draws;
    v_why text;
BEGIN
    SELECT * INTO d FROM keeper.offchain_draws x WHERE x.draw = NEW.draw FOR UPDATE;
    v_why := CASE
        WHEN d.state IS DISTINCT FROM 'locked' OR extract(epoch FROM clock_timestamp()) >= keeper.drand_time(d.locked_round)
            THEN format(' any more: its round was due at %s, and who knows the winners must not choose', to_timestamp(keeper.drand_time(d.locked_round)))
        WHEN NOT EXISTS (SELECT FROM keeper.offchain_rules r WHERE (r.type, r.version) = (d.type, d.version) AND r.refusals ? NEW.reason)
            THEN format(' for %s: its rules do not name the reason', NEW.reason)
        WHEN NOT EXISTS (SELECT FROM keeper.offchain_entries e WHERE e.draw = NEW.draw AND e.participant = NEW.participant) THEN ' who is not in it' END;
    IF v_why IS NOT NULL THEN
        RAISE EXCEPTION USING ERRCODE = 'PK002', MESSAGE = format('nobody of draw %s is refused%s', NEW.draw, v_why);
    END IF;
    NEW.refused_at := clock_timestamp();
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION keeper.offchain_refusal_fits IS 'Somebody is refused only for a reason that the rules published, and before the round: blindly.';

CREATE TRIGGER offchain_rules_new BEFORE INSERT ON keeper.offchain_rules FOR EACH ROW EXECUTE FUNCTION keeper.offchain_rules_new();
CREATE TRIGGER offchain_rules_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON keeper.offchain_rules EXECUTE FUNCTION keeper.offchain_kept();
CREATE TRIGGER vrf_keys_new BEFORE INSERT ON keeper.vrf_keys FOR EACH ROW EXECUTE FUNCTION keeper.vrf_key_new();
CREATE TRIGGER vrf_keys_kept BEFORE DELETE OR TRUNCATE ON keeper.vrf_keys EXECUTE FUNCTION keeper.offchain_kept();
CREATE TRIGGER vrf_keys_written_once BEFORE UPDATE ON keeper.vrf_keys FOR EACH ROW EXECUTE FUNCTION keeper.offchain_written_once();
CREATE TRIGGER offchain_draws_seal BEFORE INSERT ON keeper.offchain_draws FOR EACH ROW EXECUTE FUNCTION keeper.offchain_seal();
CREATE TRIGGER offchain_draws_kept BEFORE DELETE OR TRUNCATE ON keeper.offchain_draws EXECUTE FUNCTION keeper.offchain_kept();
CREATE TRIGGER offchain_draws_written_once BEFORE UPDATE ON keeper.offchain_draws FOR EACH ROW EXECUTE FUNCTION keeper.offchain_written_once();
CREATE TRIGGER offchain_draws_moves BEFORE UPDATE ON keeper.offchain_draws FOR EACH ROW WHEN (OLD.state <> NEW.state) EXECUTE FUNCTION keeper.offchain_moves();
CREATE TRIGGER offchain_draws_beta_fits BEFORE UPDATE ON keeper.offchain_draws FOR EACH ROW WHEN (OLD.beta IS NULL AND NEW.beta IS NOT NULL) EXECUTE FUNCTION keeper.offchain_beta_fits();
CREATE TRIGGER offchain_entries_freeze AFTER INSERT ON keeper.offchain_entries REFERENCING NEW TABLE AS added EXECUTE FUNCTION keeper.offchain_freeze();
CREATE TRIGGER offchain_entries_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON keeper.offchain_entries EXECUTE FUNCTION keeper.offchain_kept();
CREATE TRIGGER offchain_picks_fit BEFORE INSERT ON keeper.offchain_picks FOR EACH ROW EXECUTE FUNCTION keeper.offchain_pick_fits();
CREATE TRIGGER offchain_picks_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON keeper.offchain_picks EXECUTE FUNCTION keeper.offchain_kept();
CREATE TRIGGER offchain_refusals_fit BEFORE INSERT ON keeper.offchain_refusals FOR EACH ROW EXECUTE FUNCTION keeper.offchain_refusal_fits();
CREATE CONSTRAINT TRIGGER offchain_refusals_still_fit AFTER INSERT ON keeper.offchain_refusals DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION keeper.offchain_refusal_fits();
CREATE TRIGGER offchain_refusals_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON keeper.offchain_refusals EXECUTE FUNCTION keeper.offchain_kept();

-- Also for sessions that replicate or restore; only the tables' owner can switch them off, and the chain and its anchors tell.
DO $$
DECLARE
    t record;
BEGIN
    FOR t IN SELECT c.oid::regclass AS name, g.tgname FROM pg_trigger g JOIN pg_class c ON c.oid = g.tgrelid
              WHERE NOT g.tgisinternal AND c.relnamespace = 'keeper'::regnamespace AND (c.relname ~ '^offchain_' OR c.relname = 'vrf_keys') LOOP
        EXECUTE format('ALTER TABLE %s ENABLE ALWAYS TRIGGER %I', t.name, t.tgname);
    END LOOP;
END
$$;
