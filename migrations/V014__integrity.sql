-- What does not fit together in this database: one row per fault, each check under its name.
-- A function with its text, not views over the web backend's tables: a view would keep the backend's schema tool from changing them.

-- What the sources of draws without a program say of themselves: each has a view "faults" with the columns subject and fault. A view runs the
-- functions in it as whoever looks: one of a stranger is not looked at, and named.
CREATE FUNCTION keeper.source_faults() RETURNS TABLE (source text, subject text, fault text)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_view record;
BEGIN
    FOR v_view IN
        SELECT n.nspname AS name, c.relowner::regrole AS owner,
               c.relowner IN (SELECT k.nspowner FROM pg_namespace k WHERE k.nspname = 'keeper' UNION ALL SELECT r.oid FROM pg_roles r WHERE r.rolsuper OR r.rolname = current_user) AS ours
          FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
         WHERE c.relkind = 'v' AND c.relname = 'faults'
           AND (SELECT count(*) FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname IN ('subject', 'fault') AND a.attnum > 0) = 2
         ORDER BY 1
    LOOP
        IF v_view.ours THEN
            RETURN QUERY EXECUTE format('SELECT %L, f.subject::text, f.fault::text FROM %I.faults f', v_view.name, v_view.name);
        ELSE
            RETURN QUERY SELECT v_view.name::text, 'faults', format('not looked at: the view belongs to %s', v_view.owner);
        END IF;
    END LOOP;
END
$$;
COMMENT ON FUNCTION keeper.source_faults IS 'Private to integrity: the faults of every source that is installed.';

CREATE FUNCTION keeper.integrity(p_quick boolean)
RETURNS TABLE (name text, severity text, subject text, detail text, fix text)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    -- critical: money, a draw or the next insert is concerned
    SELECT 'participant_without_pool', 'critical', 'participants ' || a.id, format('pool %s is not there', a.pool_id), NULL
      FROM public.participants a WHERE NOT EXISTS (SELECT FROM public.pools p WHERE p.id = a.pool_id)
    UNION ALL
    SELECT 'participant_twice', 'critical', format('pool %s %s', a.pool_id, lower(a.wallet_address)), 'participants ' || string_agg(a.id::text, ', ' ORDER BY a.id), NULL
      FROM public.participants a GROUP BY a.pool_id, lower(a.wallet_address) HAVING count(*) > 1
    UNION ALL
    SELECT 'hash_used_twice', 'critical', 'hash ' || u.tx_hash, 'used_transactions ' || string_agg(u.id::text, ', ' ORDER BY u.id), NULL
      FROM public.used_transactions u GROUP BY u.tx_hash HAVING count(*) > 1
    UNION ALL
    SELECT 'pool_open_twice', 'critical', 'address ' || p.pool_address, 'pools ' || string_agg(p.id::text, ', ' ORDER BY p.id), NULL
      FROM public.pools p WHERE p.status NOT IN ('ended', 'cancelled', 'closed') GROUP BY p.pool_address HAVING count(*) > 1
    UNION ALL
    SELECT 'draw_without_pool', 'critical', d.draw, format('pool %s is not there', d.app_id), NULL
      FROM keeper.draws d WHERE d.app_id IS NOT NULL AND NOT EXISTS (SELECT FROM public.pools p WHERE p.id = d.app_id)
    UNION ALL
    SELECT 'payout_missing', 'critical', 'pool ' || d.app_id, format('%s is paid and written, its PAYOUT row is gone', d.draw), NULL
      FROM keeper.draws d
     WHERE d.projected_at IS NOT NULL AND d.app_id IS NOT NULL AND NOT EXISTS (SELECT FROM public.transactions t WHERE t.pool_id = d.app_id AND t.type = 'PAYOUT')
    UNION ALL
    SELECT 'payout_twice', 'critical', 'pool ' || t.pool_id, 'transactions ' || string_agg(t.id::text, ', ' ORDER BY t.id), NULL
      FROM public.transactions t WHERE t.type = 'PAYOUT' GROUP BY t.pool_id HAVING count(*) > 1
    UNION ALL
    SELECT 'winner_differs', 'critical', 'pool ' || p.id, format('%s, the chain says %s', coalesce(p.winner_wallet, 'none'), coalesce(d.recipient, d.winner)), NULL
      FROM keeper.draws d JOIN public.pools p ON p.id = d.app_id
     WHERE d.projected_at IS NOT NULL AND lower(p.winner_wallet) IS DISTINCT FROM lower(coalesce(d.recipient, d.winner))
    UNION ALL
    SELECT 'payout_differs', 'critical', 'pool ' || t.pool_id, format('transactions %s: %s to %s by %s, the chain says %s to %s by %s', t.id, t.amount, t.wallet_address, t.tx_hash,
           keeper.whole_tokens(d.winner_amount, d.decimals), lower(coalesce(d.recipient, d.winner)), d.payout_sig), NULL
      FROM keeper.draws d JOIN public.transactions t ON t.pool_id = d.app_id AND t.type = 'PAYOUT'
     WHERE d.projected_at IS NOT NULL
       AND (abs(t.amount - keeper.whole_tokens(d.winner_amount, d.decimals)) > 1e-9 * keeper.whole_tokens(d.winner_amount, d.decimals)
            OR lower(t.wallet_address) <> lower(coalesce(d.recipient, d.winner))
            -- Who paid may become known after the row was written.
            OR t.tx_hash <> d.payout_sig)
    UNION ALL
    SELECT 'shares_do_not_sum', 'critical', d.draw, format('shares %s, treasury fee %s', s.amount, d.treasury_amount), NULL
      FROM (SELECT r.draw, sum(r.amount) AS amount FROM keeper.referral_shares r GROUP BY r.draw) s JOIN keeper.draws d ON d.draw = s.draw
     WHERE s.amount <> d.treasury_amount
    UNION ALL
    -- Where the backend had rewarded a pool by itself there are no shares.
    SELECT 'rewards_do_not_sum', 'critical', 'pool ' || coalesce(s.app_id, e.pool_id), format('%s: events %s, shares %s', coalesce(s.referrer::text, e.referrer), coalesce(e.amount, 0), coalesce(s.amount, 0)), NULL
      FROM (SELECT d.app_id, d.mint::text AS mint, r.referrer::text AS referrer, r.amount FROM keeper.referral_shares r JOIN keeper.draws d ON d.draw = r.draw
             WHERE d.app_id IS NOT NULL AND r.amount > 0) s
      FULL JOIN (SELECT v.pool_id, v.token_mint, lower(v.referrer_wallet) AS referrer, sum(CASE WHEN v.amount ~ '^[0-9]+(\.[0-9]*)?$' THEN trunc(v.amount::numeric) ELSE 0 END) AS amount
                   FROM public.referral_reward_events v
                  WHERE (v.pool_id, v.token_mint) IN (SELECT d.app_id, d.mint FROM keeper.draws d WHERE EXISTS (SELECT FROM keeper.referral_shares r WHERE r.draw = d.draw))
                  GROUP BY 1, 2, 3) e ON e.pool_id = s.app_id AND e.token_mint = s.mint AND e.referrer = s.referrer
     WHERE s.amount IS DISTINCT FROM e.amount
    UNION ALL
    SELECT 'source_fault', 'critical', f.source || ' ' || f.subject, f.fault, NULL FROM keeper.source_faults() f
    UNION ALL
    SELECT 'sequence_behind', 'critical', 'public.' || c.name, format('next id %s, highest id %s', coalesce(c.last, 0) + 1, c.highest), 'setval'
      FROM (SELECT v.name, v.highest, pg_sequence_last_value(pg_get_serial_sequence('public.' || v.name, 'id')::regclass) AS last
              FROM (VALUES ('pools', (SELECT max(id) FROM public.pools)), ('participants', (SELECT max(id) FROM public.participants)),
                           ('transactions', (SELECT max(id) FROM public.transactions)), ('used_transactions', (SELECT max(id) FROM public.used_transactions)),
                           ('notifications', (SELECT max(id) FROM public.notifications)), ('winners_feed', (SELECT max(id) FROM public.winners_feed)),
                           ('referral_rewards', (SELECT max(id) FROM public.referral_rewards)),
                           ('referral_reward_events', (SELECT max(id) FROM public.referral_reward_events))) AS v (name, highest)
             WHERE pg_get_serial_sequence('public.' || v.name, 'id') IS NOT NULL) c
     WHERE coalesce(c.last, 0) < c.highest
    UNION ALL
    -- warning: it is wrong, and nothing is lost by it
    SELECT w.* FROM (
        SELECT 'count_differs', 'warning', 'pool ' || p.id, format('participants_count %s, on chain %s', coalesce(p.participants_count::text, 'null'), d.participants), 'participants_count'
          FROM keeper.draws d JOIN public.pools p ON p.id = d.app_id AND p.pool_address = d.address
         WHERE d.projected_at IS NOT NULL AND d.participants IS NOT NULL AND p.participants_count IS DISTINCT FROM d.participants
        UNION ALL
        SELECT 'status_differs', 'warning', 'pool ' || p.id, format('status %s, on chain %s', p.status, keeper.app_status(d.status)), 'status'
          FROM keeper.draws d JOIN public.pools p ON p.id = d.app_id AND p.pool_address = d.address
         WHERE d.over AND (d.paid_at IS NULL OR d.projected_at IS NOT NULL) AND p.status <> keeper.app_status(d.status)
        UNION ALL
        SELECT 'status_unknown', 'warning', 'pool ' || p.id, 'status ' || p.status, NULL
          FROM public.pools p WHERE p.status NOT IN ('open', 'locked', 'unlocking', 'randomness', 'winnerSelected', 'ended', 'cancelled', 'closed')
        UNION ALL
        SELECT 'ended_without_winner', 'warning', 'pool ' || p.id, 'status ended, winner_wallet null', NULL
          FROM public.pools p WHERE p.status = 'ended' AND p.winner_wallet IS NULL
        UNION ALL
        SELECT 'amount_impossible', 'warning', v.subject, format('%s %s', v.field, v.amount), NULL
          FROM (SELECT 'pool ' || p.id, x.field, x.amount
                  FROM public.pools p CROSS JOIN LATERAL (VALUES ('entry_amount', p.entry_amount), ('total_pot', p.total_pot), ('donated_amount', p.donated_amount)) AS x (field, amount)
                UNION ALL
                SELECT 'transactions ' || t.id, 'amount', t.amount FROM public.transactions t) AS v (subject, field, amount)
         WHERE v.amount < 0 OR v.amount = 'NaN' OR v.amount = 'Infinity'
        UNION ALL
        SELECT 'reward_impossible', 'warning', 'referral_rewards ' || r.id, format('amount_pending %s, amount_claimed %s', r.amount_pending, r.amount_claimed), NULL
          FROM public.referral_rewards r WHERE r.amount_pending !~ '^[0-9]+$' OR r.amount_claimed !~ '^[0-9]+$'
        UNION ALL
        SELECT 'dates_reversed', 'warning', 'pool ' || p.id, format('start_time %s, end_time %s', p.start_time, p.end_time), NULL
          FROM public.pools p WHERE p.end_time < p.start_time
        UNION ALL
        SELECT 'transaction_without_pool', 'warning', 'transactions ' || t.id, format('pool %s is not there', t.pool_id), NULL
          FROM public.transactions t WHERE NOT EXISTS (SELECT FROM public.pools p WHERE p.id = t.pool_id)
        UNION ALL
        SELECT 'step_unsettled', 'warning', format('%s %s', s.subject, s.seq), format('%s %s since %s', s.step, s.state, s.opened_at), NULL
          FROM keeper.steps s WHERE s.state IN ('open', 'landed', 'stale') AND s.opened_at < now() - interval '1 hour'
        UNION ALL
        SELECT 'history_gap', 'warning', 'address ' || g.address, format('%s at slot %s', g.reason, g.slot), NULL
          FROM keeper.call_gaps g WHERE g.filled_at IS NULL
        UNION ALL
        SELECT 'unique_missing', 'warning', 'public.' || k.relation, format('no unique index on (%s)', k.columns), NULL
          FROM (VALUES ('participants', 'pool_id, wallet_address'), ('used_transactions', 'tx_hash')) AS k (relation, columns)
         WHERE NOT EXISTS (
               SELECT FROM pg_index i
                WHERE i.indrelid = to_regclass('public.' || k.relation) AND i.indisunique AND i.indisvalid AND i.indpred IS NULL
                  AND k.columns = (SELECT string_agg(a.attname, ', ' ORDER BY a.attname) FROM pg_attribute a
                                    WHERE a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey)))
        UNION ALL
        SELECT 'index_invalid', 'warning', i.indexrelid::regclass::text, 'left by an interrupted CREATE INDEX CONCURRENTLY', NULL
          FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
         WHERE c.relnamespace IN (to_regnamespace('public'), to_regnamespace('keeper')) AND NOT i.indisvalid
        UNION ALL
        SELECT 'pot_differs', 'warning', 'pool ' || p.id, format('total_pot %s, on chain %s', coalesce(p.total_pot::text, 'null'), keeper.whole_tokens(d.total_amount, d.decimals)), NULL
          FROM keeper.draws d JOIN public.pools p ON p.id = d.app_id
         WHERE d.projected_at IS NOT NULL
           AND (p.total_pot IS NULL OR abs(p.total_pot - keeper.whole_tokens(d.total_amount, d.decimals)) > 1e-9 * keeper.whole_tokens(d.total_amount, d.decimals))
        UNION ALL
        SELECT 'feed_differs', 'warning', 'pool ' || d.app_id, format('winners_feed has %s, the chain says %s', coalesce(w.winner_wallet, 'no row'), lower(coalesce(d.recipient, d.winner))), NULL
          FROM keeper.draws d LEFT JOIN public.winners_feed w ON w.pool_id = d.app_id
         WHERE d.projected_at IS NOT NULL AND lower(w.winner_wallet) IS DISTINCT FROM lower(coalesce(d.recipient, d.winner))
        UNION ALL
        -- Shared: all players were known, or a week had passed.
        SELECT 'player_missing', 'warning', 'pool ' || d.app_id, format('participants has %s, on chain %s', count(DISTINCT lower(a.wallet_address)), d.participants), NULL
          FROM keeper.draws d LEFT JOIN public.participants a ON a.pool_id = d.app_id
         WHERE d.shared_at IS NOT NULL AND d.app_id IS NOT NULL GROUP BY d.draw HAVING count(DISTINCT lower(a.wallet_address)) < d.participants
        UNION ALL
        -- Whether a claim is taken off amount_pending when it is made is the backend's affair: both are right.
        SELECT 'reward_differs', 'warning', format('referrer %s mint %s', e.referrer, e.token_mint),
               format('referral_rewards %s, events %s, claims %s', coalesce(w.amount, 0), e.amount, coalesce(c.amount, 0)), NULL
          FROM (SELECT lower(v.referrer_wallet) AS referrer, v.token_mint, sum(CASE WHEN v.amount ~ '^[0-9]+(\.[0-9]*)?$' THEN trunc(v.amount::numeric) ELSE 0 END) AS amount
                  FROM public.referral_reward_events v GROUP BY 1, 2) e
          LEFT JOIN (SELECT lower(r.referrer_wallet) AS referrer, r.token_mint,
                            sum(CASE WHEN r.amount_pending ~ '^[0-9]+(\.[0-9]*)?$' THEN trunc(r.amount_pending::numeric) ELSE 0 END + CASE WHEN r.amount_claimed ~ '^[0-9]+(\.[0-9]*)?$' THEN trunc(r.amount_claimed::numeric) ELSE 0 END) AS amount
                       FROM public.referral_rewards r GROUP BY 1, 2) w ON w.referrer = e.referrer AND w.token_mint = e.token_mint
          LEFT JOIN (SELECT lower(q.referrer_wallet) AS referrer, q.token_mint, sum(CASE WHEN q.amount ~ '^[0-9]+(\.[0-9]*)?$' THEN trunc(q.amount::numeric) ELSE 0 END) AS amount
                       FROM public.referral_claims q GROUP BY 1, 2) c ON c.referrer = e.referrer AND c.token_mint = e.token_mint
         WHERE EXISTS (SELECT FROM keeper.referral_shares s JOIN keeper.draws d ON d.draw = s.draw WHERE s.referrer = e.referrer AND d.mint = e.token_mint)
           AND coalesce(w.amount, 0) NOT BETWEEN e.amount - coalesce(c.amount, 0) AND e.amount
        UNION ALL
        SELECT 'hash_without_pool', 'warning', 'used_transactions ' || u.id, format('pool %s is not there', u.pool_id), NULL
          FROM public.used_transactions u WHERE u.pool_id IS NOT NULL AND NOT EXISTS (SELECT FROM public.pools p WHERE p.id = u.pool_id)
        UNION ALL
        SELECT 'notification_without_pool', 'warning', 'notifications ' || n.id, format('pool %s is not there', n.pool_id), NULL
          FROM public.notifications n WHERE n.pool_id IS NOT NULL AND NOT EXISTS (SELECT FROM public.pools p WHERE p.id = n.pool_id)
        UNION ALL
        SELECT 'reward_without_pool', 'warning', 'referral_reward_events ' || v.id, format('pool %s is not there', v.pool_id), NULL
          FROM public.referral_reward_events v WHERE v.pool_id IS NOT NULL AND NOT EXISTS (SELECT FROM public.pools p WHERE p.id = v.pool_id)
        UNION ALL
        -- Those of V001. One that begins with the same columns does the same, whatever its name.
        SELECT 'index_missing', 'warning', 'public.' || k.relation, format('no index that begins with (%s)', array_to_string(k.columns, ', ')), NULL
          FROM (VALUES ('pools', '{status}'), ('pools', '{pool_address}'), ('pools', '{creator_wallet}'), ('pools', '{token_mint}'),
               ('pools', '{status,start_time}'), ('participants', '{pool_id}'), ('participants', '{wallet_address}'),
               ('participants', '{pool_id,wallet_address}'), ('participants', '{pool_id,refund_claimed}'), ('transactions', '{pool_id}'),
               ('transactions', '{wallet_address}'), ('transactions', '{type}'), ('transactions', '{timestamp}'),
               ('transactions', '{pool_id,wallet_address}'), ('used_transactions', '{tx_hash}'), ('used_transactions', '{pool_id}'),
               ('used_transactions', '{wallet_address}'), ('used_transactions', '{operation_type}'), ('used_transactions', '{used_at}'),
               ('profiles', '{wallet_address}'), ('profiles', '{nickname}'), ('referral_relations', '{referrer_wallet}'),
               ('referral_relations', '{created_at}'), ('referral_rewards', '{referrer_wallet}'), ('referral_rewards', '{token_mint}'),
               ('referral_reward_events', '{pool_id}'), ('referral_reward_events', '{referrer_wallet}'), ('referral_reward_events', '{token_mint}'),
               ('referral_reward_events', '{created_at}'), ('referral_claims', '{referrer_wallet}'), ('referral_claims', '{token_mint}'),
               ('referral_claims', '{status}'), ('winners_feed', '{created_at}'), ('pool_chat_messages', '{pool_id}'),
               ('pool_chat_messages', '{created_at}')) AS l (relation, list)
         CROSS JOIN LATERAL (SELECT l.relation, l.list::text[] AS columns) AS k
         WHERE NOT EXISTS (
               SELECT FROM pg_index i
                WHERE i.indrelid = to_regclass('public.' || k.relation) AND i.indisvalid
                  AND (i.indpred IS NULL OR k.columns IN ('{pool_id,refund_claimed}', '{nickname}'))
                  AND k.columns = (SELECT array_agg(a.attname::text ORDER BY x.n) FROM unnest(i.indkey::smallint[]) WITH ORDINALITY AS x (attnum, n)
                                     JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = x.attnum WHERE x.n <= cardinality(k.columns)))
        UNION ALL
        SELECT 'table_bloated', 'warning', s.schemaname || '.' || s.relname, format('%s rows, %s dead ones', s.n_live_tup, s.n_dead_tup), NULL
          FROM pg_stat_user_tables s WHERE s.schemaname IN ('public', 'keeper') AND s.n_dead_tup > 10000 AND s.n_dead_tup > s.n_live_tup
    ) w WHERE NOT p_quick
$$;
COMMENT ON FUNCTION keeper.integrity IS 'One row per fault; quick: critical ones only. fix: what scripts/db integrity --fix sets, null: a human must look.';

CREATE TABLE keeper.integrity_fixes (
    id         bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    fixed_at   timestamptz NOT NULL DEFAULT now(),
    name       text        NOT NULL,
    relation   text        NOT NULL,
    row_id     bigint,
    field      text        NOT NULL,
    before     text,
    after      text        NOT NULL,
    undone_at  timestamptz
);
COMMENT ON TABLE keeper.integrity_fixes IS 'What scripts/db integrity --fix changed: the way back.';
COMMENT ON COLUMN keeper.integrity_fixes.fixed_at IS 'the same for all of one run';
COMMENT ON COLUMN keeper.integrity_fixes.row_id IS 'null: the sequence of the relation''s id';

-- A backend's schema need not have allow_mock any more: it is set where it is there.
CREATE OR REPLACE FUNCTION keeper.list_one(p_draw text) RETURNS integer
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_draw keeper.draws;
    v_found keeper.discoveries;
    v_name text;
    v_id   integer;
BEGIN
    SELECT * INTO v_draw FROM keeper.draws d WHERE d.draw = p_draw FOR UPDATE;
    SELECT * INTO v_found FROM keeper.discoveries x WHERE x.draw = p_draw;
    -- A token's own name and symbol are text that anybody may have written, to look like another token or worse: the mint is shown.
    v_name := left(v_draw.mint, 4) || '...' || right(v_draw.mint, 4);
    INSERT INTO public.pools (pool_address, token_symbol, token_name, token_mint, entry_amount, min_participants, max_participants,
                              participants_count, status, start_time, lock_duration, lock_start_time, total_pot, creator_wallet,
                              randomness_account, tx_hash)
    SELECT v_draw.address, v_name, v_name, v_draw.mint, keeper.whole_tokens(v_draw.bet_amount, v_draw.decimals), 2, v_draw.max_participants,
           coalesce(v_draw.participants, 0), keeper.app_status(CASE WHEN v_draw.status = 6 THEN 5::smallint ELSE v_draw.status END),
           to_timestamp(v_found.start_time) AT TIME ZONE 'UTC', v_draw.lock_duration,
           CASE WHEN v_draw.lock_start_time BETWEEN 1 AND 2147483647 THEN v_draw.lock_start_time END,
           keeper.whole_tokens(v_draw.total_amount, v_draw.decimals), lower(v_draw.creator), v_draw.randomness_account,
           -- An address may have been created more than once: this draw's creation is the one at its start time.
           (SELECT keeper.base58(c.signature) FROM keeper.calls c
             WHERE c.draw = p_draw AND c.instruction = 'create_pool' AND abs(c.block_time - v_found.start_time) <= 60
             ORDER BY c.slot DESC LIMIT 1)
    RETURNING id INTO v_id;
    IF v_found.allow_mock AND EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = 'public.pools'::regclass AND a.attname = 'allow_mock' AND NOT a.attisdropped) THEN
        EXECUTE format('UPDATE public.pools SET %I = 1 WHERE id = $1', 'allow_mock') USING v_id;
    END IF;
    -- Nobody sees an ended pool that has no winner.
    IF v_draw.paid_at IS NOT NULL THEN
        PERFORM keeper.project_payout(p_draw, false);
    END IF;
    RETURN v_id;
END
$$;
