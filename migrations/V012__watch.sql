-- The invariant watch: what of a pool does not agree with the chain, since when, and until when.

CREATE TABLE keeper.mismatches (
    id       bigint         GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    subject  keeper.subject NOT NULL,
    scope    text           NOT NULL CONSTRAINT mismatches_scope_known CHECK (scope IN ('chain', 'keeper', 'app')),
    kind     text           NOT NULL CONSTRAINT mismatches_kind_is_name CHECK (kind ~ '^[a-z][a-z_]{0,30}$'),
    expected text           NOT NULL,
    found    text           NOT NULL,
    since    timestamptz    NOT NULL DEFAULT clock_timestamp(),
    gone_at  timestamptz
);
CREATE UNIQUE INDEX mismatches_standing ON keeper.mismatches (subject, kind) WHERE gone_at IS NULL;
CREATE INDEX mismatches_subject ON keeper.mismatches (subject, since);
COMMENT ON TABLE keeper.mismatches IS 'One row per appearance of a mismatch. Those with gone_at null stand; keeper and chain ones keep the pool from being bound and paid.';
COMMENT ON COLUMN keeper.mismatches.scope IS 'who disagrees: two accounts of the chain, keeper.* with the chain, or schema public with the chain';
COMMENT ON COLUMN keeper.mismatches.expected IS 'the chain''s value, or what the program''s rules demand; the newest, when it changed while it stood';
COMMENT ON COLUMN keeper.mismatches.gone_at IS 'when it was first seen to be right again, or the draw was over';

CREATE FUNCTION keeper.watch_compare(
    p_draw text[], p_slot bigint[], p_status smallint[], p_total_amount numeric[], p_bet_amount numeric[], p_mint text[], p_creator text[],
    p_dev_wallet text[], p_participants smallint[], p_observed boolean[], p_quiet integer[])
RETURNS TABLE (draw text, scope text, kind text, ok boolean, expected text, found text)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    WITH given AS (
        -- Of what has ended, or is recorded as over, everything counts as right again.
        SELECT g.*, g.status < 6 AND NOT coalesce(d.over, false) AS live
          FROM unnest(p_draw, p_slot, p_status, p_total_amount, p_bet_amount, p_mint, p_creator, p_dev_wallet, p_participants, p_observed, p_quiet)
            AS g (draw, slot, status, total_amount, bet_amount, mint, creator, dev_wallet, participants, observed, quiet)
          LEFT JOIN keeper.draws d ON d.draw = g.draw
    ), counted AS (
        -- A list that does not begin with the creation is not whole: nothing follows from its sums.
        SELECT c.draw, max(c.slot) AS slot, coalesce(sum(c.amount) FILTER (WHERE c.instruction IN ('create_pool', 'join_pool', 'donate')), 0) AS amount,
               count(*) FILTER (WHERE c.instruction IN ('create_pool', 'join_pool')) - count(*) FILTER (WHERE c.instruction = 'claim_refund') AS players
          FROM keeper.calls c WHERE c.draw = ANY (p_draw)
         GROUP BY c.draw HAVING bool_or(c.instruction = 'create_pool')
    ), by_calls AS (
        -- More than the chain has is wrong at once. Less may still be on its way, so it must last: only then it is judged,
        -- and not where keeper.call_gaps says that something is missing, and why.
        SELECT g.draw, g.live, g.quiet, v.kind, v.expected, v.found
          FROM given g JOIN counted n ON n.draw = g.draw AND n.slot <= g.slot
         CROSS JOIN LATERAL (VALUES ('players', g.participants::numeric, n.players::numeric), ('amount', g.total_amount, n.amount)) AS v (kind, expected, found)
         WHERE v.expected IS NOT NULL
    ), by_row AS (
        SELECT g.draw, g.live, string_agg(v.field || ' ' || coalesce(v.expected, 'null'), ', ') AS expected,
               string_agg(v.field || ' ' || coalesce(v.found, 'null'), ', ') AS found
          FROM given g JOIN keeper.draws d ON d.draw = g.draw AND d.status_slot <= g.slot AND g.observed
          LEFT JOIN LATERAL (VALUES ('total_amount', g.total_amount::text, d.total_amount::text), ('bet_amount', g.bet_amount::text, d.bet_amount::text),
                                    ('status', g.status::text, d.status::text), ('mint', g.mint, d.mint::text), ('creator', g.creator, d.creator::text),
                                    ('dev_wallet', g.dev_wallet, d.dev_wallet::text)) AS v (field, expected, found)
                 ON v.expected IS DISTINCT FROM v.found
         GROUP BY g.draw, g.live
    ), by_app AS (
        -- The web backend and the projection get their time first. A pot of doubles is right to the ninth digit.
        SELECT g.draw, g.live, v.*
          FROM given g JOIN keeper.draws d ON d.draw = g.draw AND d.app_id IS NOT NULL
          LEFT JOIN public.pools p ON p.id = d.app_id
         CROSS JOIN LATERAL (
               SELECT count(*) AS players,
                      count(*) FILTER (WHERE EXISTS (SELECT FROM public.participants pa WHERE pa.pool_id = d.app_id
                                                        AND pa.wallet_address IN (lower(c.user_wallet), c.user_wallet))) AS known
                 FROM keeper.calls c
                WHERE c.draw = g.draw AND c.instruction = 'join_pool' AND c.projected_at IS NOT NULL AND p.is_free IS DISTINCT FROM 1 AND p.id IS NOT NULL) j
         CROSS JOIN LATERAL (VALUES
               ('app_pool', p.id IS NOT NULL AND p.pool_address = d.address, d.address::text, coalesce(p.pool_address, 'no row')),
               ('app_status', p.id IS NULL OR p.status = keeper.app_status(g.status), keeper.app_status(g.status), p.status),
               ('app_count', p.id IS NULL OR g.participants IS NULL OR p.participants_count = g.participants, g.participants::text, coalesce(p.participants_count::text, 'null')),
               ('app_pot', p.id IS NULL OR d.decimals IS NULL OR abs(p.total_pot - keeper.whole_tokens(g.total_amount, d.decimals)) <= 1e-9 * p.total_pot,
                keeper.whole_tokens(g.total_amount, d.decimals)::text, coalesce(p.total_pot::text, 'null')),
               ('app_participants', j.players = j.known, j.players::text, j.known::text)
             ) AS v (kind, ok, expected, found)
         WHERE g.quiet >= 12
    )
    SELECT c.draw, 'keeper', c.kind, NOT c.live OR c.expected = c.found, c.expected::text, c.found::text
      FROM by_calls c WHERE NOT c.live OR c.found >= c.expected
        OR (c.quiet >= 24 AND NOT EXISTS (SELECT FROM keeper.call_gaps x JOIN keeper.draws d ON d.address = x.address
                                           WHERE d.draw = c.draw AND x.filled_at IS NULL))
    UNION ALL
    SELECT r.draw, 'keeper', 'row', NOT r.live OR r.expected IS NULL, r.expected, r.found FROM by_row r
    UNION ALL
    SELECT a.draw, 'app', a.kind, NOT a.live OR coalesce(a.ok, false), a.expected, a.found FROM by_app a
$$;
COMMENT ON FUNCTION keeper.watch_compare IS 'What keeper.* and schema public say about pools as the chain shows them. Only what can be judged has a row. p_quiet: ticks since the account changed.';

CREATE FUNCTION keeper.watch(
    p_fence bigint, p_draw text[], p_slot bigint[], p_status smallint[], p_total_amount numeric[], p_bet_amount numeric[], p_mint text[],
    p_creator text[], p_dev_wallet text[], p_participants smallint[], p_observed boolean[], p_quiet integer[],
    p_chain_draw text[], p_chain_kind text[], p_chain_ok boolean[], p_chain_expected text[], p_chain_found text[])
RETURNS TABLE (draw text, scope text, kind text, expected text, found text)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET lock_timeout = '1500ms' AS $$
BEGIN
    PERFORM keeper.hold(p_fence);
    -- A draw that is over has nothing left to compare, seen or not.
    UPDATE keeper.mismatches m SET gone_at = clock_timestamp() FROM keeper.draws d
     WHERE m.gone_at IS NULL AND d.draw = m.subject AND d.over;
    RETURN QUERY
    WITH judged AS MATERIALIZED (
        SELECT w.* FROM keeper.watch_compare(p_draw, p_slot, p_status, p_total_amount, p_bet_amount, p_mint, p_creator, p_dev_wallet,
                                             p_participants, p_observed, p_quiet) w
        UNION ALL
        SELECT c.draw, 'chain', c.kind, c.ok, c.expected, c.found
          FROM unnest(p_chain_draw, p_chain_kind, p_chain_ok, p_chain_expected, p_chain_found) AS c (draw, kind, ok, expected, found)
    ), standing AS MATERIALIZED (
        SELECT m.* FROM keeper.mismatches m WHERE m.gone_at IS NULL AND m.subject = ANY (p_draw)
    ), gone AS (
        UPDATE keeper.mismatches m SET gone_at = clock_timestamp()
          FROM standing s JOIN judged j ON j.draw = s.subject AND j.kind = s.kind AND j.ok WHERE m.id = s.id
    ), changed AS (
        UPDATE keeper.mismatches m SET expected = j.expected, found = j.found
          FROM standing s JOIN judged j ON j.draw = s.subject AND j.kind = s.kind AND NOT j.ok
         WHERE m.id = s.id AND (s.expected, s.found) IS DISTINCT FROM (j.expected, j.found)
    ), fresh AS (
        INSERT INTO keeper.mismatches (subject, scope, kind, expected, found)
        SELECT j.draw, j.scope, j.kind, j.expected, j.found FROM judged j
         WHERE NOT j.ok AND NOT EXISTS (SELECT FROM standing s WHERE s.subject = j.draw AND s.kind = j.kind)
        ON CONFLICT DO NOTHING
    )
    SELECT j.draw, j.scope, j.kind, j.expected, j.found FROM judged j WHERE NOT j.ok
    UNION ALL
    -- Not to be judged this time: as it was.
    SELECT s.subject::text, s.scope, s.kind, s.expected, s.found FROM standing s
     WHERE NOT EXISTS (SELECT FROM judged j WHERE j.draw = s.subject AND j.kind = s.kind);
    -- The tick reads pools only: how many play is known from here. Schema public follows at once, and again with each whole list.
    WITH counted AS (
        UPDATE keeper.draws d SET participants = g.participants
          FROM unnest(p_draw, p_status, p_total_amount, p_participants) AS g (draw, status, total_amount, participants)
         WHERE d.draw = g.draw AND d.status = g.status AND d.status < 6 AND d.total_amount = g.total_amount
           AND g.participants IS NOT NULL AND d.participants IS DISTINCT FROM g.participants
        RETURNING d.app_id, d.address, d.participants)
    UPDATE public.pools p SET participants_count = c.participants FROM counted c
     WHERE p.id = c.app_id AND p.pool_address = c.address AND p.participants_count IS DISTINCT FROM c.participants;
END
$$;
COMMENT ON FUNCTION keeper.watch IS 'Compares, keeps what changed in keeper.mismatches, and returns what stands of these draws. Nothing is written where nothing changed.';
