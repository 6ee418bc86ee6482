-- The tables of the web backend in schema public: created where absent, adopted as they are where the backend has made them.
-- Nothing is dropped, renamed or retyped here: the backend's own schema tool owns these tables, poolkeeper only fills them.

CREATE TABLE IF NOT EXISTS public.pools (
    id                 serial PRIMARY KEY,
    pool_address       text,
    token_symbol       text NOT NULL,
    token_name         text NOT NULL,
    token_mint         text,
    token_logo_url     text,
    entry_amount       double precision NOT NULL,
    min_participants   integer NOT NULL,
    max_participants   integer NOT NULL,
    participants_count integer DEFAULT 0,
    status             text NOT NULL,
    start_time         timestamp DEFAULT now(),
    lock_duration      integer NOT NULL,
    lock_start_time    integer,
    lock_time          timestamp,
    end_time           timestamp,
    winner_wallet      text,
    total_pot          double precision DEFAULT 0,
    donated_amount     double precision DEFAULT 0,
    creator_wallet     text NOT NULL,
    initial_price_usd  double precision,
    current_price_usd  double precision,
    randomness_account text,
    randomness_hex     text,
    tx_hash            text,
    allow_mock         integer DEFAULT 0,
    rent_claimed       integer DEFAULT 0,
    is_free            integer DEFAULT 0,
    sponsored_by       text
);

CREATE TABLE IF NOT EXISTS public.participants (
    id                serial PRIMARY KEY,
    pool_id           integer NOT NULL,
    wallet_address    text NOT NULL,
    avatar            text,
    joined_at         timestamp DEFAULT now(),
    refund_claimed    integer DEFAULT 0,
    bet_usd           double precision,
    price_at_join_usd double precision,
    CONSTRAINT unique_pool_participant UNIQUE (pool_id, wallet_address)
);

CREATE TABLE IF NOT EXISTS public.transactions (
    id             serial PRIMARY KEY,
    pool_id        integer NOT NULL,
    wallet_address text NOT NULL,
    type           text NOT NULL,
    amount         double precision NOT NULL,
    tx_hash        text,
    "timestamp"    timestamp DEFAULT now()
);

CREATE TABLE IF NOT EXISTS public.used_transactions (
    id             serial PRIMARY KEY,
    tx_hash        text NOT NULL CONSTRAINT used_transactions_tx_hash_unique UNIQUE,
    pool_id        integer,
    wallet_address text NOT NULL,
    operation_type text,
    used_at        timestamp DEFAULT now(),
    created_at     timestamp DEFAULT now()
);

CREATE TABLE IF NOT EXISTS public.profiles (
    id                    serial PRIMARY KEY,
    wallet_address        text NOT NULL CONSTRAINT profiles_wallet_address_unique UNIQUE,
    nickname              text CONSTRAINT profiles_nickname_unique UNIQUE,
    avatar_url            text,
    avatar_style          text DEFAULT 'bottts',
    nonce                 text,
    nickname_change_count integer DEFAULT 0,
    last_nickname_change  timestamp,
    created_at            timestamp DEFAULT now(),
    updated_at            timestamp DEFAULT now()
);

CREATE TABLE IF NOT EXISTS public.referral_relations (
    id              serial PRIMARY KEY,
    referred_wallet text NOT NULL CONSTRAINT referral_relations_referred_wallet_unique UNIQUE,
    referrer_wallet text NOT NULL,
    source          text DEFAULT 'link',
    created_at      timestamp DEFAULT now()
);

CREATE TABLE IF NOT EXISTS public.referral_rewards (
    id                   serial PRIMARY KEY,
    referrer_wallet      text NOT NULL,
    token_mint           text NOT NULL,
    amount_pending       text DEFAULT '0',
    amount_claimed       text DEFAULT '0',
    last_updated         timestamp DEFAULT now(),
    last_claim_timestamp bigint,
    claim_lock           boolean DEFAULT false,
    UNIQUE (referrer_wallet, token_mint)
);

CREATE TABLE IF NOT EXISTS public.referral_reward_events (
    id              serial PRIMARY KEY,
    pool_id         integer NOT NULL,
    token_mint      text NOT NULL,
    referrer_wallet text NOT NULL,
    amount          text NOT NULL,
    created_at      timestamp DEFAULT now()
);

CREATE TABLE IF NOT EXISTS public.referral_claims (
    id              serial PRIMARY KEY,
    referrer_wallet text NOT NULL,
    token_mint      text NOT NULL,
    amount          text NOT NULL,
    tx_signature    text,
    status          text DEFAULT 'pending',
    claimed_at      timestamp DEFAULT now()
);

CREATE TABLE IF NOT EXISTS public.notifications (
    id             serial PRIMARY KEY,
    wallet_address text NOT NULL,
    type           text NOT NULL,
    title          text NOT NULL,
    message        text NOT NULL,
    pool_id        integer,
    pool_name      text,
    randomness     text,
    verify_url     text,
    read           integer NOT NULL DEFAULT 0,
    created_at     timestamp NOT NULL DEFAULT now()
);

CREATE TABLE IF NOT EXISTS public.pool_chat_messages (
    id             serial PRIMARY KEY,
    pool_id        integer NOT NULL REFERENCES public.pools (id) ON DELETE CASCADE,
    wallet_address text NOT NULL,
    message        text NOT NULL,
    created_at     timestamp NOT NULL DEFAULT now()
);

CREATE TABLE IF NOT EXISTS public.winners_feed (
    id            serial PRIMARY KEY,
    pool_id       integer NOT NULL REFERENCES public.pools (id),
    winner_wallet text NOT NULL,
    display_name  text NOT NULL,
    avatar_url    text,
    token_symbol  text NOT NULL,
    bet_usd       double precision NOT NULL,
    win_usd       double precision NOT NULL,
    roi_percent   double precision NOT NULL,
    created_at    timestamp NOT NULL DEFAULT now()
);

CREATE TABLE IF NOT EXISTS public.sponsored_participants (
    id               serial PRIMARY KEY,
    pool_id          integer NOT NULL REFERENCES public.pools (id) ON DELETE CASCADE,
    real_wallet      text NOT NULL,
    auxiliary_wallet text NOT NULL,
    auxiliary_index  integer NOT NULL,
    joined_at        timestamp NOT NULL DEFAULT now(),
    UNIQUE (pool_id, real_wallet)
);

-- Columns that younger versions of the backend brought: an older database gets them here, a current one is left alone.
ALTER TABLE public.pools
    ADD COLUMN IF NOT EXISTS lock_start_time integer,
    ADD COLUMN IF NOT EXISTS donated_amount double precision DEFAULT 0,
    ADD COLUMN IF NOT EXISTS initial_price_usd double precision,
    ADD COLUMN IF NOT EXISTS current_price_usd double precision,
    ADD COLUMN IF NOT EXISTS randomness_account text,
    ADD COLUMN IF NOT EXISTS randomness_hex text,
    ADD COLUMN IF NOT EXISTS rent_claimed integer DEFAULT 0,
    ADD COLUMN IF NOT EXISTS is_free integer DEFAULT 0,
    ADD COLUMN IF NOT EXISTS sponsored_by text;
ALTER TABLE public.participants
    ADD COLUMN IF NOT EXISTS refund_claimed integer DEFAULT 0,
    ADD COLUMN IF NOT EXISTS bet_usd double precision,
    ADD COLUMN IF NOT EXISTS price_at_join_usd double precision;
ALTER TABLE public.used_transactions
    ADD COLUMN IF NOT EXISTS created_at timestamp DEFAULT now();

CREATE INDEX IF NOT EXISTS idx_pools_status ON public.pools (status);
CREATE INDEX IF NOT EXISTS idx_pools_address ON public.pools (pool_address);
CREATE INDEX IF NOT EXISTS idx_pools_creator ON public.pools (creator_wallet);
CREATE INDEX IF NOT EXISTS idx_pools_mint ON public.pools (token_mint);
CREATE INDEX IF NOT EXISTS idx_pools_status_start ON public.pools (status, start_time DESC);

CREATE INDEX IF NOT EXISTS idx_participants_pool_id ON public.participants (pool_id);
CREATE INDEX IF NOT EXISTS idx_participants_wallet ON public.participants (wallet_address);
CREATE INDEX IF NOT EXISTS idx_participants_pool_wallet ON public.participants (pool_id, wallet_address);
CREATE INDEX IF NOT EXISTS idx_participants_refund_claimed ON public.participants (pool_id, refund_claimed) WHERE refund_claimed = 0;

CREATE INDEX IF NOT EXISTS idx_transactions_pool_id ON public.transactions (pool_id);
CREATE INDEX IF NOT EXISTS idx_transactions_wallet ON public.transactions (wallet_address);
CREATE INDEX IF NOT EXISTS idx_transactions_type ON public.transactions (type);
CREATE INDEX IF NOT EXISTS idx_transactions_timestamp ON public.transactions ("timestamp" DESC);
CREATE INDEX IF NOT EXISTS idx_transactions_pool_wallet ON public.transactions (pool_id, wallet_address);

CREATE INDEX IF NOT EXISTS idx_used_tx_hash ON public.used_transactions (tx_hash);
CREATE INDEX IF NOT EXISTS idx_used_tx_pool ON public.used_transactions (pool_id);
CREATE INDEX IF NOT EXISTS idx_used_tx_wallet ON public.used_transactions (wallet_address);
CREATE INDEX IF NOT EXISTS idx_used_tx_operation ON public.used_transactions (operation_type);
CREATE INDEX IF NOT EXISTS idx_used_tx_timestamp ON public.used_transactions (used_at);

CREATE INDEX IF NOT EXISTS idx_profiles_wallet ON public.profiles (wallet_address);
CREATE INDEX IF NOT EXISTS idx_profiles_nickname ON public.profiles (nickname) WHERE nickname IS NOT NULL;

CREATE INDEX IF NOT EXISTS idx_referral_relations_referrer ON public.referral_relations (referrer_wallet);
CREATE INDEX IF NOT EXISTS idx_referral_relations_created ON public.referral_relations (created_at);
CREATE INDEX IF NOT EXISTS idx_referral_rewards_referrer ON public.referral_rewards (referrer_wallet);
CREATE INDEX IF NOT EXISTS idx_referral_rewards_mint ON public.referral_rewards (token_mint);
CREATE INDEX IF NOT EXISTS idx_referral_reward_events_pool ON public.referral_reward_events (pool_id);
CREATE INDEX IF NOT EXISTS idx_referral_reward_events_referrer ON public.referral_reward_events (referrer_wallet);
CREATE INDEX IF NOT EXISTS idx_referral_reward_events_mint ON public.referral_reward_events (token_mint);
CREATE INDEX IF NOT EXISTS idx_referral_reward_events_created ON public.referral_reward_events (created_at);
CREATE INDEX IF NOT EXISTS idx_referral_claims_referrer ON public.referral_claims (referrer_wallet);
CREATE INDEX IF NOT EXISTS idx_referral_claims_mint ON public.referral_claims (token_mint);
CREATE INDEX IF NOT EXISTS idx_referral_claims_status ON public.referral_claims (status);

CREATE INDEX IF NOT EXISTS idx_winners_feed_created ON public.winners_feed (created_at);
CREATE INDEX IF NOT EXISTS idx_pool_chat_pool ON public.pool_chat_messages (pool_id);
CREATE INDEX IF NOT EXISTS idx_pool_chat_created ON public.pool_chat_messages (created_at);
