-- Takes away what seeding has made and nothing else; refuses while a row of somebody else names one of these pools or people.
-- The tables are held, so that no such row can come between the look and the end.
LOCK TABLE public.pools, public.profiles, public.participants, public.transactions, public.used_transactions, public.notifications, public.winners_feed,
    public.pool_chat_messages, public.sponsored_participants, public.referral_relations, public.referral_reward_events, public.referral_rewards,
    public.referral_claims, keeper.draws IN SHARE ROW EXCLUSIVE MODE;
DO $$
DECLARE
    v_table text;
    v_column text;
    v_what  text;
    v_found text;
BEGIN
    FOR v_table, v_column, v_what IN VALUES
        ('participants', 'pool_id', 'pools'), ('transactions', 'pool_id', 'pools'), ('used_transactions', 'pool_id', 'pools'),
        ('notifications', 'pool_id', 'pools'), ('winners_feed', 'pool_id', 'pools'), ('pool_chat_messages', 'pool_id', 'pools'),
        ('sponsored_participants', 'pool_id', 'pools'), ('referral_reward_events', 'pool_id', 'pools'),
        ('participants', 'wallet_address', 'profiles'), ('transactions', 'wallet_address', 'profiles'), ('pools', 'creator_wallet', 'profiles'),
        ('pools', 'winner_wallet', 'profiles'), ('referral_relations', 'referred_wallet', 'profiles'), ('referral_relations', 'referrer_wallet', 'profiles'),
        ('referral_rewards', 'referrer_wallet', 'profiles'), ('referral_reward_events', 'referrer_wallet', 'profiles'),
        ('referral_claims', 'referrer_wallet', 'profiles')
    LOOP
        EXECUTE format('SELECT string_agg(t.id::text, %L) FROM (SELECT x.id FROM public.%I AS x WHERE %s AND NOT EXISTS
                            (SELECT FROM keeper.seeded AS s WHERE s.relation = %L AND s.row_id = x.id) ORDER BY x.id LIMIT 5) AS t', ', ', v_table,
                       CASE v_what WHEN 'pools' THEN format('x.%I IN (SELECT s.row_id FROM keeper.seeded AS s WHERE s.relation = %L)', v_column, 'pools')
                       ELSE format('lower(x.%I) IN (SELECT p.wallet_address FROM public.profiles AS p JOIN keeper.seeded AS s ON s.relation = %L AND s.row_id = p.id)',
                                   v_column, 'profiles') END, v_table)
           INTO v_found;
        IF v_found IS NOT NULL THEN
            RAISE EXCEPTION '%.% of % names what was seeded, and was not seeded itself', v_table, v_column, v_found;
        END IF;
    END LOOP;
    IF EXISTS (SELECT FROM keeper.draws AS d JOIN keeper.seeded AS s ON s.relation = 'pools' AND s.row_id = d.app_id) THEN
        RAISE EXCEPTION 'keeper.draws has a draw of a seeded pool';
    END IF;
    -- What refers to others goes before them.
    FOREACH v_table IN ARRAY ARRAY['referral_rewards', 'referral_reward_events', 'sponsored_participants', 'pool_chat_messages', 'winners_feed',
                                   'notifications', 'used_transactions', 'transactions', 'participants', 'pools', 'referral_relations', 'profiles'] LOOP
        EXECUTE format('DELETE FROM public.%I AS x USING keeper.seeded AS s WHERE s.relation = %L AND s.row_id = x.id', v_table, v_table);
    END LOOP;
END
$$;
DROP TABLE keeper.seeded;
