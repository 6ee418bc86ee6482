-- The daemon drives off-chain draws: their anchors are steps of the journal, and one statement says what is to be done.
ALTER DOMAIN keeper.subject DROP CONSTRAINT subject_is_known;
ALTER DOMAIN keeper.subject ADD CONSTRAINT subject_is_known CHECK (
    length(VALUE) < 80 AND VALUE ~ '^(draw:[1-9A-HJ-NP-Za-km-z]{32,44}:[0-9]{1,20}|ata:[1-9A-HJ-NP-Za-km-z]{32,44}|canary:[0-9]{1,10}|randomness:[1-9A-HJ-NP-Za-km-z]{32,44}|pool:[1-9A-HJ-NP-Za-km-z]{32,44}:[0-9]{1,20}|referral:[1-9][0-9]{0,17}|offchain:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})$');
COMMENT ON DOMAIN keeper.subject IS 'draw:<pool address>:<pool id>, ata:<token account>, canary:<n>, randomness:<account>, pool:<pool address>:<pool id>, referral:<claim id>, offchain:<draw>';

ALTER TABLE keeper.steps DROP CONSTRAINT steps_step_fits, ADD CONSTRAINT steps_step_fits CHECK (
    step IN ('BIND', 'RECOMMIT', 'DRAW', 'REVEAL_SELECT', 'SELECT', 'PAYOUT') AND starts_with(subject, 'draw:')
    OR step = 'CREATE_ATA' AND starts_with(subject, 'ata:')
    OR step IN ('CANARY_INIT', 'CANARY_COMMIT') AND starts_with(subject, 'canary:')
    OR step = 'CLOSE_RANDOMNESS' AND subject = 'randomness:' || randomness AND randomness IS NOT NULL
    OR step IN ('SWEEP', 'FINALIZE', 'CLAIM_RENT') AND starts_with(subject, 'pool:')
    OR step = 'PAY_REFERRAL' AND starts_with(subject, 'referral:')
    OR step = 'ANCHOR' AND starts_with(subject, 'offchain:'));

-- 65536 stakes are one leaf: nothing is looked up in this tree, it only has to be quick.
CREATE FUNCTION keeper.offchain_stakes_root(p_draw uuid) RETURNS bytea
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT coalesce(keeper.merkle_fold(string_agg(s.leaf, ''::bytea ORDER BY s.piece)), sha256(''))
      FROM (SELECT e.entry / 65536 AS piece, sha256('\x0050465331'::bytea || uuid_send(p_draw) || int8send(min(e.entry)) || string_agg(int8send(
                       (CASE WHEN e.stake >= 9223372036854775808 THEN e.stake - 18446744073709551616 ELSE e.stake END)::bigint), ''::bytea ORDER BY e.entry)) AS leaf
              FROM keeper.offchain_entries e WHERE e.draw = p_draw GROUP BY 1) AS s
$$;
COMMENT ON FUNCTION keeper.offchain_stakes_root IS 'Root over the leaves "PFS1" | draw 16 | index u64 of the first | stake u64 of each of 65536 entries.';

-- The root fixes participants. What is paid are accounts: so each must be the one that its participant is made of.
CREATE FUNCTION keeper.offchain_stranger(d keeper.offchain_draws) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT e.ref FROM keeper.offchain_entries e
     WHERE e.draw = d.draw AND e.participant <> sha256('\x504645312d75736572'::bytea || d.salt || convert_to(e.account, 'UTF8'))
       AND NOT EXISTS (SELECT FROM keeper.offchain_rules r WHERE r.rules_hash = d.rules_hash AND r.participants = 'source')
     LIMIT 1
$$;
COMMENT ON FUNCTION keeper.offchain_stranger IS 'An entry whose account is not its participant''s, by its ref; null: there is none, or the rules of the draw let the source make participants.';

CREATE FUNCTION keeper.offchain_facts(d keeper.offchain_draws)
RETURNS TABLE (draw uuid, seq bigint, source text, source_key text, type text, state text, randomness text, select_mode smallint, n bigint, total_weight numeric,
    root bytea, rules_hash bytea, hash bytea, vrf_key bytea, slot bigint, deadline_s bigint, now_ms bigint, prizes bigint, alternates bigint, halted_why text,
    anchored boolean, memo_sig text, memo_slot bigint, memo_wallet bytea, block_slot bigint, blockhash bytea, round numeric, due_s numeric, drand_signature bytea, beta bytea, default_why text)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT d.draw, d.seq, d.source, d.source_key, d.type, d.state, d.randomness, d.select_mode, d.n, d.total_weight::numeric, d.root::bytea, d.rules_hash::bytea,
           d.hash::bytea, d.vrf_key::bytea, d.slot::bigint, extract(epoch FROM d.deadline)::bigint, floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint,
           d.prizes, d.alternates, d.halted_why, d.anchor_sig IS NOT NULL, s.sig::text, s.landed_slot::bigint, s.wallet, d.block_slot::bigint, d.blockhash::bytea,
           d.round::numeric, keeper.drand_time(d.round), d.drand_signature, d.beta, d.default_why
      FROM (VALUES (1)) AS one
      -- Whose memo it is stands in the transaction: its first key, behind one signature and the header.
      LEFT JOIN LATERAL (SELECT x.sig, x.landed_slot, substr(x.tx, 70, 32) AS wallet FROM keeper.steps x
                          WHERE x.subject = 'offchain:' || d.draw AND x.step = 'ANCHOR' AND x.state = 'final' ORDER BY x.seq LIMIT 1) AS s ON true
$$;
COMMENT ON FUNCTION keeper.offchain_facts IS 'What the daemon decides by: the row, the finalized memo that the journal has of it, and this database''s clock.';

-- Not volatile: a source's statement "due" that writes is refused by Postgres.
CREATE FUNCTION keeper.offchain_work(p_max bigint, p_due text, p_due_max bigint, p_due_after bigint)
RETURNS TABLE (kind text, type text, source_key text, why text, draw uuid)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF p_max > 0 THEN
        RETURN QUERY SELECT 'draw', NULL::text, NULL::text, NULL::text, d.draw FROM keeper.offchain_draws d WHERE d.state NOT IN ('settled', 'refunded')
            ORDER BY row_number() OVER (PARTITION BY d.source ORDER BY d.halted_why IS NOT NULL, d.deadline, d.draw), d.deadline, d.draw LIMIT p_max;
    END IF;
    IF p_due IS NOT NULL THEN
        BEGIN
            RETURN QUERY EXECUTE format($q$SELECT 'due', x.type::text, x.source_key::text, NULL::text, NULL::uuid FROM (%s
                ) AS x WHERE x.type IS NOT NULL AND length(x.source_key::text) BETWEEN 1 AND 200 LIMIT $2 OFFSET $3$q$, btrim(p_due, E' \t\r\n;')) USING p_due_after + p_due_max, p_due_max, p_due_after;
        EXCEPTION WHEN OTHERS THEN
            RETURN QUERY SELECT 'fault', NULL::text, NULL::text, SQLERRM, NULL::uuid;
        END;
    END IF;
END
$$;
COMMENT ON FUNCTION keeper.offchain_work IS 'Draws that are not over, of each source as many, halted ones last, nearest deadline first; and what one source says is due behind the first p_due_after (or, kind fault, why it did not).';

-- S and R are counted from the chain, D and what is refused from this clock: a lock under a clock that is late could take a round
-- that is out, and one that is early would default draws whose proof can still come. R is due 120 s after this clock's lock, so by the
-- chain's it is ahead then as well; S is, because a memo in a slot from S on is no anchor.
CREATE FUNCTION keeper.offchain_clocks(p_chain_s bigint) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF abs(extract(epoch FROM clock_timestamp()) - p_chain_s) <= 60 THEN
        RETURN;
    END IF;
    RAISE EXCEPTION USING ERRCODE = 'PK002', MESSAGE = format('by this database it is %s, by the chain %s: nothing is locked and nothing defaults until the clocks agree within a minute',
        date_trunc('second', clock_timestamp()), coalesce(to_timestamp(p_chain_s)::text, 'not known')), HINT = 'set the clock of the database''s server (NTP)';
END
$$;
COMMENT ON FUNCTION keeper.offchain_clocks IS 'Private to the verbs: the chain''s Unix time, as the daemon knows it, is this database''s within 60 s, or PK002.';

CREATE FUNCTION keeper.offchain_witnessed(p_type text, p_opened timestamptz, p_witnesses bigint) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF p_witnesses < 2 AND 'beacon' = (SELECT r.randomness FROM keeper.offchain_rules r WHERE r.type = p_type AND r.published_at < p_opened ORDER BY r.version DESC LIMIT 1) THEN
        RAISE EXCEPTION USING ERRCODE = 'PK002', MESSAGE = format('rules of type %s: randomness "beacon" needs nodes of two hosts, because one alone could choose the block when the round is out: set SOLANA_RPC_URL_2', p_type);
    END IF;
END
$$;
COMMENT ON FUNCTION keeper.offchain_witnessed IS 'Private to offchain_lock: without a VRF nodes of two hosts have to be asked for the block, or PK002.';

-- What is due and not locked has no row of its own: without these only the log would say what it waits for.
CREATE TABLE keeper.offchain_waits (
    source     text        NOT NULL,
    source_key text        NOT NULL,
    reason     text        NOT NULL CONSTRAINT offchain_waits_reason_is_name CHECK (reason ~ '^[A-Z_]{1,40}$'),
    why        text        NOT NULL CONSTRAINT offchain_waits_why_is_short CHECK (length(why) <= 500),
    since      timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (source, source_key)
);
COMMENT ON TABLE keeper.offchain_waits IS 'What sources say is due and the daemon has not locked. For people: nothing is decided by it, and it is as old as the daemon that wrote it.';
COMMENT ON COLUMN keeper.offchain_waits.reason IS 'a wait reason of the daemon: NONE: it is next';
COMMENT ON COLUMN keeper.offchain_waits.why IS 'which node, or what was said when it was tried; empty: the reason says it all';
COMMENT ON COLUMN keeper.offchain_waits.since IS 'since when for this reason';

CREATE FUNCTION keeper.offchain_tell(p_fence bigint, p_source text[], p_source_key text[], p_reason text[], p_why text[]) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM keeper.offchain_owner(p_fence);
    DELETE FROM keeper.offchain_waits w
     WHERE NOT EXISTS (SELECT FROM unnest(p_source, p_source_key) AS t (source, source_key) WHERE (t.source, t.source_key) = (w.source, w.source_key));
    INSERT INTO keeper.offchain_waits AS w (source, source_key, reason, why)
    SELECT t.source, t.source_key, t.reason, left(t.why, 500) FROM unnest(p_source, p_source_key, p_reason, p_why) AS t (source, source_key, reason, why)
    ON CONFLICT (source, source_key) DO UPDATE
       SET reason = EXCLUDED.reason, why = EXCLUDED.why, since = CASE WHEN w.reason = EXCLUDED.reason THEN w.since ELSE EXCLUDED.since END
     WHERE (w.reason, w.why) <> (EXCLUDED.reason, EXCLUDED.why);
    RETURN cardinality(p_source);
END
$$;
COMMENT ON FUNCTION keeper.offchain_tell IS 'The daemon''s whole list of what is due and not locked; what is not on it goes.';

-- A lock on the chain that this database does not hold: it was restored, or another one locks with the same wallet.
CREATE FUNCTION keeper.offchain_unforgotten(p_source text, p_source_key text) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_lock record;
BEGIN
    -- A volume that was put back under a running daemon: it has looked at its wallet, but with the rows that are gone.
    IF NOT EXISTS (SELECT FROM keeper.audits a WHERE a.database = keeper.database_identity()) THEN
        RAISE EXCEPTION USING ERRCODE = 'PK002', MESSAGE = 'nothing is locked: since this server was started the wallet''s signatures were not compared with this database';
    END IF;
    SELECT f.signature, f.memo, f.answer INTO v_lock FROM keeper.foreign_signatures f
     WHERE f.kind = 'ANCHOR' AND NOT EXISTS (SELECT FROM keeper.offchain_draws d WHERE d.hash = decode(right(f.memo, 64), 'hex'))
       AND (f.answer IS NULL OR substring(f.memo, '^poolkeeper [0-9]+ (.*) [0-9a-f]{64}$') = p_source || ':' || p_source_key)
     ORDER BY f.answer IS NOT NULL, f.slot LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION USING ERRCODE = 'PK002', MESSAGE = format(CASE WHEN v_lock.answer IS NULL
            THEN 'nothing is locked: on the chain is a lock that this database does not hold (%s, %s): restore the newer database, or say what became of it with keeper.offchain_answer'
            ELSE '%2$s was locked before, in %1$s: no draw is locked twice' END, v_lock.signature, v_lock.memo);
    END IF;
END
$$;
COMMENT ON FUNCTION keeper.offchain_unforgotten IS 'Private to offchain_lock: refuses while no audit has begun here, and while one knows a lock that is not here; the draw that it names for ever.';

CREATE FUNCTION keeper.offchain_answer(p_signature text, p_answer text) RETURNS SETOF keeper.foreign_signatures
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    UPDATE keeper.foreign_signatures f SET answer = p_answer WHERE f.signature = p_signature AND f.kind = 'ANCHOR';
    RETURN QUERY SELECT * FROM keeper.foreign_signatures f WHERE f.signature = p_signature;
END
$$;
COMMENT ON FUNCTION keeper.offchain_answer IS 'For an operator: what became of a lock on the chain that this database does not hold. Other draws are locked again; the one that it names never.';

CREATE FUNCTION keeper.offchain_told(p_source text, p_source_key text, p_account text)
RETURNS TABLE (draw uuid, salt text, entry bigint, participant text, weight numeric)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT d.draw, encode(d.salt, 'hex'), e.entry, encode(e.participant, 'hex'), e.weight::numeric
      FROM keeper.offchain_draws d
      JOIN keeper.offchain_entries e ON e.draw = d.draw AND e.participant = sha256('\x504645312d75736572'::bytea || d.salt || convert_to(p_account, 'UTF8'))
     WHERE d.source = p_source AND d.source_key = p_source_key ORDER BY e.entry
$$;
COMMENT ON FUNCTION keeper.offchain_told IS 'The entries of one account in a draw, and the salt by which he finds them himself among the published ones. For the sources'' own functions.';

CREATE FUNCTION keeper.offchain_audit() RETURNS TABLE (draw uuid, fault text)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT d.draw, f.fault
      FROM (SELECT x.*, lag(x.hash::bytea, 1, decode(repeat('00', 32), 'hex')) OVER (ORDER BY x.seq) AS before FROM keeper.offchain_draws x) AS x
      JOIN keeper.offchain_draws d ON d.draw = x.draw
     CROSS JOIN LATERAL (VALUES
        ('the row does not have the hash that was anchored', d.hash <> keeper.offchain_hash(d)),
        ('the row before is not the one it was chained to', d.previous <> x.before),
        ('the entries are not those of the root', d.root <> keeper.offchain_root(d.draw)),
        ('the stakes are not those that were locked', d.stakes_root <> keeper.offchain_stakes_root(d.draw)),
        ('the accounts are not those of the participants', keeper.offchain_stranger(d) IS NOT NULL),
        -- Of other entries than were locked there are no picks to compare.
        ('the picks are not those of beta', CASE WHEN d.state IN ('drawn', 'settled') AND d.root = keeper.offchain_root(d.draw) THEN keeper.offchain_unlike(d) END)
      ) AS f (fault, found)
     WHERE f.found
$$;
COMMENT ON FUNCTION keeper.offchain_audit IS 'Recomputes every draw: what somebody with the owner''s rights changed is named. No row: nothing.';
