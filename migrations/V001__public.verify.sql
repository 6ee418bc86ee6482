-- Raises an exception unless every column of schema public that poolkeeper reads or writes is there with the type it expects.
DO $$
DECLARE
    wrong text;
BEGIN
    SELECT string_agg(format('%s.%s is %s, must be %s', w.table_name, w.column_name, coalesce(c.data_type, 'missing'), w.type), '; ')
      INTO wrong
      FROM (VALUES
        ('pools', 'integer', '{id,min_participants,max_participants,participants_count,lock_duration,lock_start_time,rent_claimed,is_free}'::text[]),
        ('pools', 'text', '{pool_address,token_symbol,token_name,token_mint,token_logo_url,status,winner_wallet,creator_wallet,randomness_account,randomness_hex,tx_hash,sponsored_by}'),
        ('pools', 'double precision', '{entry_amount,total_pot,donated_amount,initial_price_usd,current_price_usd}'),
        ('pools', 'timestamp without time zone', '{start_time,lock_time,end_time}'),
        ('participants', 'integer', '{id,pool_id,refund_claimed}'),
        ('participants', 'text', '{wallet_address,avatar}'),
        ('participants', 'double precision', '{bet_usd,price_at_join_usd}'),
        ('participants', 'timestamp without time zone', '{joined_at}'),
        ('transactions', 'integer', '{id,pool_id}'),
        ('transactions', 'text', '{wallet_address,type,tx_hash}'),
        ('transactions', 'double precision', '{amount}'),
        ('transactions', 'timestamp without time zone', '{timestamp}'),
        ('used_transactions', 'integer', '{id,pool_id}'),
        ('used_transactions', 'text', '{tx_hash,wallet_address,operation_type}'),
        ('used_transactions', 'timestamp without time zone', '{used_at}'),
        ('profiles', 'text', '{wallet_address,nickname,avatar_url}'),
        ('referral_relations', 'text', '{referred_wallet,referrer_wallet}'),
        ('referral_rewards', 'text', '{referrer_wallet,token_mint,amount_pending,amount_claimed}'),
        ('referral_reward_events', 'integer', '{pool_id}'),
        ('referral_reward_events', 'text', '{token_mint,referrer_wallet,amount}'),
        ('referral_claims', 'text', '{referrer_wallet,token_mint,amount,tx_signature,status}'),
        ('notifications', 'text', '{wallet_address,type,title,message,pool_name,randomness,verify_url}'),
        ('notifications', 'integer', '{pool_id,read}'),
        ('pool_chat_messages', 'integer', '{pool_id}'),
        ('winners_feed', 'integer', '{pool_id}'),
        ('winners_feed', 'text', '{winner_wallet,display_name,avatar_url,token_symbol}'),
        ('winners_feed', 'double precision', '{bet_usd,win_usd,roi_percent}'),
        ('sponsored_participants', 'integer', '{pool_id,auxiliary_index}'),
        ('sponsored_participants', 'text', '{real_wallet,auxiliary_wallet}')
      ) AS expected (table_name, type, columns)
      CROSS JOIN LATERAL (SELECT expected.table_name, column_name, expected.type FROM unnest(expected.columns) AS column_name) AS w
      LEFT JOIN information_schema.columns AS c
        ON c.table_schema = 'public' AND c.table_name = w.table_name AND c.column_name = w.column_name
     WHERE c.data_type IS DISTINCT FROM w.type;
    IF wrong IS NOT NULL THEN
        RAISE EXCEPTION 'schema public does not fit: %', wrong USING HINT = 'bring the web backend''s schema up to date first';
    END IF;
END
$$;
