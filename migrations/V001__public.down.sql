-- Takes V001 back: drops the web backend's tables, but only while every one of them is empty.
DO $$
DECLARE
    names    text[] := ARRAY['sponsored_participants', 'winners_feed', 'pool_chat_messages', 'notifications', 'referral_claims',
                             'referral_reward_events', 'referral_rewards', 'referral_relations', 'profiles', 'used_transactions',
                             'transactions', 'participants', 'pools'];
    name     text;
    occupied boolean;
BEGIN
    FOREACH name IN ARRAY names LOOP
        CONTINUE WHEN to_regclass('public.' || name) IS NULL;
        -- A row written between the look and the drop would be lost.
        EXECUTE format('LOCK TABLE public.%I IN ACCESS EXCLUSIVE MODE', name);
        EXECUTE format('SELECT EXISTS (SELECT FROM public.%I)', name) INTO occupied;
        IF occupied THEN
            RAISE EXCEPTION 'public.% holds rows: V001 is taken back only from an empty database', name;
        END IF;
    END LOOP;
    FOREACH name IN ARRAY names LOOP
        EXECUTE format('DROP TABLE IF EXISTS public.%I', name);
    END LOOP;
    IF to_regclass('keeper.schema_migrations') IS NOT NULL THEN
        DELETE FROM keeper.schema_migrations WHERE version = '001';
    END IF;
END
$$;
