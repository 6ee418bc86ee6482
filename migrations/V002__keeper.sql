-- Schema keeper, poolkeeper's memory: every signed transaction before it is sent, exact amounts, addresses in their own case.
CREATE SCHEMA IF NOT EXISTS keeper;
COMMENT ON SCHEMA keeper IS 'poolkeeper: journal of transactions, ledger of oracle answers, exact results. Written only through the functions of V003.';

CREATE DOMAIN keeper.address AS text CONSTRAINT address_is_base58 CHECK (VALUE ~ '^[1-9A-HJ-NP-Za-km-z]{32,44}$');
CREATE DOMAIN keeper.signature AS text CONSTRAINT signature_is_base58 CHECK (VALUE ~ '^[1-9A-HJ-NP-Za-km-z]{64,88}$');
CREATE DOMAIN keeper.slot AS bigint CONSTRAINT slot_is_not_negative CHECK (VALUE >= 0);
CREATE DOMAIN keeper.u64 AS numeric(20,0) CONSTRAINT u64_fits CHECK (VALUE BETWEEN 0 AND 18446744073709551615);
CREATE DOMAIN keeper.subject AS text CONSTRAINT subject_is_known CHECK (
    length(VALUE) < 80 AND VALUE ~ '^(draw:[1-9A-HJ-NP-Za-km-z]{32,44}:[0-9]{1,20}|ata:[1-9A-HJ-NP-Za-km-z]{32,44}|canary:[0-9]{1,10})$');
COMMENT ON DOMAIN keeper.address IS 'base58 of 32 bytes, case preserved';
COMMENT ON DOMAIN keeper.signature IS 'base58 of 64 bytes, case preserved';
COMMENT ON DOMAIN keeper.slot IS 'a slot number, or a block height where the column says so';
COMMENT ON DOMAIN keeper.u64 IS 'an exact unsigned 64-bit number: base units of a token, a pool id';
COMMENT ON DOMAIN keeper.subject IS 'draw:<pool address>:<pool id>, ata:<token account>, canary:<n>';

CREATE TABLE keeper.lease (
    name       text        PRIMARY KEY CONSTRAINT lease_is_one_row CHECK (name = 'keeper'),
    owner      text        NOT NULL CONSTRAINT lease_owner_is_short CHECK (length(owner) < 96),
    fence      bigint      NOT NULL CONSTRAINT lease_fence_counts CHECK (fence >= 0),
    expires_at timestamptz NOT NULL
);
INSERT INTO keeper.lease (name, owner, fence, expires_at) VALUES ('keeper', '', 0, '-infinity');
COMMENT ON TABLE keeper.lease IS 'Which daemon writes. Its key row is held FOR SHARE by every write, so a takeover waits for them.';
COMMENT ON COLUMN keeper.lease.owner IS 'empty: nobody';
COMMENT ON COLUMN keeper.lease.fence IS 'grows by one with every change of owner; 0 was never held';
COMMENT ON COLUMN keeper.lease.expires_at IS 'by the clock of this database, never of a host';

CREATE TABLE keeper.steps (
    subject        keeper.subject   NOT NULL,
    seq            bigint           NOT NULL CONSTRAINT steps_seq_counts CHECK (seq >= 1),
    step           text             NOT NULL CONSTRAINT steps_step_fits CHECK (
        step IN ('BIND', 'RECOMMIT', 'DRAW', 'REVEAL_SELECT', 'SELECT', 'PAYOUT') AND starts_with(subject, 'draw:')
        OR step = 'CREATE_ATA' AND starts_with(subject, 'ata:')
        OR step IN ('CANARY_INIT', 'CANARY_COMMIT') AND starts_with(subject, 'canary:')),
    state          text             NOT NULL CONSTRAINT steps_state_known CHECK (
        state IN ('open', 'landed', 'stale', 'final', 'failed', 'expired')),
    sig            keeper.signature NOT NULL CONSTRAINT steps_sig_once UNIQUE,
    tx             bytea            NOT NULL CONSTRAINT steps_tx_fits CHECK (length(tx) BETWEEN 1 AND 1232),
    last_valid     keeper.slot      NOT NULL,
    floor_slot     keeper.slot      NOT NULL,
    landed_slot    keeper.slot,
    high_slot      keeper.slot      NOT NULL,
    failed         boolean          NOT NULL DEFAULT false,
    failure_ix     integer          CONSTRAINT steps_failure_ix_range CHECK (failure_ix BETWEEN -1 AND 255),
    failure_custom boolean,
    failure_code   bigint           CONSTRAINT steps_failure_code_range CHECK (failure_code BETWEEN 0 AND 4294967295),
    randomness     keeper.address,
    oracle         keeper.address,
    creator        keeper.address   CONSTRAINT steps_creator_fits CHECK (creator IS NULL OR step = 'CREATE_ATA'),
    opened_at      timestamptz      NOT NULL DEFAULT clock_timestamp(),
    closed_at      timestamptz,
    owner          text             NOT NULL,
    fence          bigint           NOT NULL,
    PRIMARY KEY (subject, seq),
    CONSTRAINT steps_landed_has_slot CHECK ((state IN ('landed', 'final', 'failed')) = (landed_slot IS NOT NULL)),
    CONSTRAINT steps_closed_has_time CHECK ((state IN ('final', 'failed', 'expired')) = (closed_at IS NOT NULL)),
    CONSTRAINT steps_failed_fits CHECK (state = 'landed' OR failed = (state = 'failed')),
    CONSTRAINT steps_failure_is_whole CHECK (failed = (failure_ix IS NOT NULL) AND failed = (failure_custom IS NOT NULL)
                                             AND failed = (failure_code IS NOT NULL)),
    CONSTRAINT steps_high_is_highest CHECK (high_slot >= floor_slot AND high_slot >= coalesce(landed_slot, 0)),
    CONSTRAINT steps_bind_has_account CHECK (step NOT IN ('BIND', 'CANARY_INIT') OR randomness IS NOT NULL)
);
CREATE UNIQUE INDEX steps_one_open ON keeper.steps (subject) WHERE state = 'open';
CREATE INDEX steps_of_creator ON keeper.steps (creator, opened_at) WHERE creator IS NOT NULL;
CREATE INDEX steps_unsettled ON keeper.steps (subject, seq) WHERE state IN ('open', 'landed', 'stale');
COMMENT ON TABLE keeper.steps IS 'Every transaction poolkeeper signed, committed before its first byte was sent. Rows are never deleted.';
COMMENT ON COLUMN keeper.steps.seq IS '1, 2, 3 ... per subject: of two daemons that decide on the same row, one gets the key';
COMMENT ON COLUMN keeper.steps.state IS 'open -> landed (confirmed) -> final, or failed / expired; a fork makes landed open again and what follows it stale';
COMMENT ON COLUMN keeper.steps.tx IS 'the exact signed bytes: sent verbatim, never rebuilt';
COMMENT ON COLUMN keeper.steps.last_valid IS 'block height after which the bytes cannot land any more';
COMMENT ON COLUMN keeper.steps.floor_slot IS 'slot of the view that the step was decided on';
COMMENT ON COLUMN keeper.steps.landed_slot IS 'slot of the block it is in, as far as known now';
COMMENT ON COLUMN keeper.steps.high_slot IS 'highest floor or landed slot this row ever had, forks included: no older view may be acted on';
COMMENT ON COLUMN keeper.steps.failed IS 'it is on chain, with an error: failure_ix (-1: outside of instructions), failure_custom, failure_code';
COMMENT ON COLUMN keeper.steps.creator IS 'of the pool that first needed this token account: its rent counts against what his pools may cost per day';
COMMENT ON COLUMN keeper.steps.owner IS 'the daemon that signed it, and the fence it held';

CREATE TABLE keeper.bindings (
    draw         keeper.subject NOT NULL,
    seq          bigint         NOT NULL,
    randomness   keeper.address NOT NULL,
    lut_slot     keeper.slot,
    creates      boolean        NOT NULL,
    bound_at     timestamptz    NOT NULL DEFAULT clock_timestamp(),
    released_at  timestamptz,
    released_why text           CONSTRAINT bindings_why_known CHECK (released_why IN ('selected', 'not_created')),
    PRIMARY KEY (draw, seq),
    FOREIGN KEY (draw, seq) REFERENCES keeper.steps (subject, seq),
    CONSTRAINT bindings_release_is_whole CHECK ((released_at IS NULL) = (released_why IS NULL)),
    CONSTRAINT bindings_creation_has_slot CHECK (NOT creates OR lut_slot IS NOT NULL)
);
CREATE UNIQUE INDEX bindings_one_draw ON keeper.bindings (randomness) WHERE released_at IS NULL;
CREATE INDEX bindings_randomness ON keeper.bindings (randomness);
COMMENT ON TABLE keeper.bindings IS 'Which draw (or canary) a randomness account of ours belongs to: one at a time, until that draw''s select is final.';
COMMENT ON COLUMN keeper.bindings.seq IS 'the step that claimed it';
COMMENT ON COLUMN keeper.bindings.creates IS 'that step creates the account; if it fails or expires there is no account';
COMMENT ON COLUMN keeper.bindings.lut_slot IS 'recent slot from which the address of its lookup table is derived';

CREATE TABLE keeper.commits (
    draw               keeper.subject NOT NULL,
    n                  integer        NOT NULL CONSTRAINT commits_n_counts CHECK (n >= 1),
    randomness         keeper.address NOT NULL,
    oracle             keeper.address NOT NULL,
    seed_slot          keeper.slot    NOT NULL,
    seed_slothash      keeper.address NOT NULL,
    reason             text           NOT NULL CONSTRAINT commits_reason_is_short CHECK (length(reason) BETWEEN 1 AND 200),
    answer_signature   bytea          CONSTRAINT commits_signature_size CHECK (length(answer_signature) = 64),
    answer_recovery_id smallint       CONSTRAINT commits_recovery_range CHECK (answer_recovery_id BETWEEN 0 AND 3),
    answer_value       bytea          CONSTRAINT commits_value_size CHECK (length(answer_value) = 32),
    answered_at        timestamptz,
    fate               text           CONSTRAINT commits_fate_known CHECK (fate IN ('used', 'no_answer', 'refused', 'forked')),
    recorded_at        timestamptz    NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (draw, n),
    CONSTRAINT commits_seed_once UNIQUE (randomness, seed_slot, seed_slothash),
    CONSTRAINT commits_answer_is_whole CHECK (num_nulls(answer_signature, answer_recovery_id, answer_value, answered_at) IN (0, 4)),
    CONSTRAINT commits_used_has_answer CHECK (fate <> 'used' OR answer_value IS NOT NULL)
);
COMMENT ON TABLE keeper.commits IS 'Public anti-reroll ledger: every commit of a draw''s randomness account and the first answer to each, used or not.';
COMMENT ON COLUMN keeper.commits.seed_slothash IS 'base58 of the slot hash that the answer is about';
COMMENT ON COLUMN keeper.commits.reason IS 'why this commit was made';
COMMENT ON COLUMN keeper.commits.answer_signature IS 'r || s of the oracle; with its value never replaced once written';

CREATE TABLE keeper.draws (
    draw               keeper.subject PRIMARY KEY,
    address            keeper.address NOT NULL,
    pool_id            keeper.u64     NOT NULL,
    app_id             integer,
    mint               keeper.address NOT NULL,
    creator            keeper.address,
    dev_wallet         keeper.address,
    status             smallint       NOT NULL CONSTRAINT draws_status_known CHECK (status BETWEEN 0 AND 8),
    status_slot        keeper.slot    NOT NULL,
    status_reason      smallint,
    bet_amount         keeper.u64,
    participants       smallint       CONSTRAINT draws_participants_range CHECK (participants BETWEEN 0 AND 20),
    max_participants   smallint,
    lock_start_time    bigint,
    lock_duration      bigint,
    unlock_time        bigint,
    randomness_account keeper.address,
    commit_slot        keeper.slot,
    randomness         numeric(39,0)  CONSTRAINT draws_randomness_range
                                      CHECK (randomness BETWEEN 0 AND 340282366920938463463374607431768211455),
    winner             keeper.address,
    decimals           smallint       CONSTRAINT draws_decimals_range CHECK (decimals BETWEEN 0 AND 254),
    total_amount       keeper.u64     NOT NULL,
    winner_amount      keeper.u64,
    dev_amount         keeper.u64,
    burn_amount        keeper.u64,
    treasury_amount    keeper.u64,
    end_time           bigint,
    payout_sig         keeper.signature,
    payout_slot        keeper.slot,
    paid_at            timestamptz,
    projected_at       timestamptz,
    over               boolean        GENERATED ALWAYS AS (paid_at IS NOT NULL OR status IN (7, 8)) STORED,
    CONSTRAINT draws_key_fits CHECK (draw = 'draw:' || address || ':' || pool_id::text),
    CONSTRAINT draws_address_once UNIQUE (address, pool_id),
    CONSTRAINT draws_paid_is_whole CHECK (num_nulls(paid_at, winner_amount, dev_amount, burn_amount, treasury_amount, end_time, payout_slot)
                                          IN (0, 7)),
    CONSTRAINT draws_paid_has_winner CHECK (paid_at IS NULL OR winner IS NOT NULL AND decimals IS NOT NULL AND status >= 6),
    CONSTRAINT draws_payout_sig_is_paid CHECK (paid_at IS NOT NULL OR payout_sig IS NULL AND projected_at IS NULL),
    CONSTRAINT draws_amounts_sum CHECK (total_amount = winner_amount + dev_amount + burn_amount + treasury_amount)
);
CREATE UNIQUE INDEX draws_app_id ON keeper.draws (app_id) WHERE app_id IS NOT NULL;
CREATE INDEX draws_not_over ON keeper.draws (app_id) WHERE NOT over;
COMMENT ON TABLE keeper.draws IS 'One row per pool of the program, as the chain showed it; (address, pool_id) because addresses are used again.';
COMMENT ON COLUMN keeper.draws.app_id IS 'public.pools.id of this draw; the first draw seen for an app row keeps it';
COMMENT ON COLUMN keeper.draws.status IS '0 open, 1 locked, 2 unlocked, 3 committed, 4 revealed, 5 winner selected, 6 ended, 7 cancelled, 8 closed';
COMMENT ON COLUMN keeper.draws.status_slot IS 'slot of the newest view that changed this row';
COMMENT ON COLUMN keeper.draws.randomness IS 'u128 as in the pool account';
COMMENT ON COLUMN keeper.draws.total_amount IS 'base units; the chain sets it to 0 with payout, here it stays';
COMMENT ON COLUMN keeper.draws.end_time IS 'unix seconds of the payout, by the chain''s clock';
COMMENT ON COLUMN keeper.draws.payout_sig IS 'null while paid_at is set: paid by somebody else''s transaction';
COMMENT ON COLUMN keeper.draws.projected_at IS 'when the payout was written to schema public';

CREATE TABLE keeper.calls (
    signature    bytea          NOT NULL CONSTRAINT calls_signature_size CHECK (length(signature) = 64),
    ix           smallint       NOT NULL CONSTRAINT calls_ix_range CHECK (ix BETWEEN 0 AND 255),
    inner_ix     smallint       NOT NULL CONSTRAINT calls_inner_range CHECK (inner_ix BETWEEN -1 AND 255),
    slot         keeper.slot    NOT NULL,
    block_time   bigint         NOT NULL,
    draw         keeper.subject NOT NULL,
    app_id       integer,
    user_wallet  keeper.address NOT NULL,
    instruction  text           NOT NULL CONSTRAINT calls_instruction_name CHECK (instruction ~ '^[a-z][a-z_]{0,30}$'),
    amount       keeper.u64,
    decimals     smallint       CONSTRAINT calls_decimals_range CHECK (decimals BETWEEN 0 AND 254),
    recorded_at  timestamptz    NOT NULL DEFAULT clock_timestamp(),
    projected_at timestamptz,
    PRIMARY KEY (signature, ix, inner_ix)
);
CREATE INDEX calls_draw ON keeper.calls (draw, slot);
CREATE INDEX calls_not_projected ON keeper.calls (draw) WHERE projected_at IS NULL;
COMMENT ON TABLE keeper.calls IS 'Verified instructions of the program in finalized user transactions.';
COMMENT ON COLUMN keeper.calls.inner_ix IS '-1: top level';
COMMENT ON COLUMN keeper.calls.projected_at IS 'when schema public was looked after: not before the web backend''s own age limit is over';

CREATE TABLE keeper.watermarks (
    draw       keeper.subject PRIMARY KEY,
    signature  bytea          NOT NULL CONSTRAINT watermarks_signature_size CHECK (length(signature) = 64),
    updated_at timestamptz    NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON TABLE keeper.watermarks IS 'Newest signature of each draw''s address that is recorded in keeper.calls.';
