/* Every setting, once: the parser, --check-config, .env.example and the table in the README all come from these rows.
 *
 * X(group, key, alias, type, member, fallback, low, high, flags, example, "what it is for, in one sentence")
 *   alias     second name that older set-ups use, or NULL
 *   type      what the text must be; decides the C type of struct config's member (ops/config.h)
 *   fallback  text used when nothing is set, or NULL
 *   low high  range of a NUMBER; 0, 0 otherwise
 *   flags     SETTING_REQUIRED, SETTING_SECRET (never shown), SETTING_BY_NETWORK (the fallback follows SOLANA_NETWORK),
 *             SETTING_LIVE (SIGHUP changes it in the running daemon) */
#ifndef OPS_CONFIG_KEYS_H
#define OPS_CONFIG_KEYS_H

enum { SETTING_REQUIRED = 1, SETTING_SECRET = 2, SETTING_BY_NETWORK = 4, SETTING_LIVE = 8 };

#define CONFIG_GROUPS(X) \
	X(CONNECTIONS, "Connections") \
	X(WALLETS, "Wallets") \
	X(PROGRAMS, "Programs on chain") \
	X(POLICY, "Policy: which pools are driven at all") \
	X(PACE, "Pace and limits") \
	X(RECORDS, "Records for the web backend") \
	X(HOUSE, "Housekeeping on chain") \
	X(REFERRALS, "Referral payouts") \
	X(OFFCHAIN, "Draws without a chain program") \
	X(JACKPOT, "Jackpots over HTTP") \
	X(LOCAL, "This machine")

/* Numbers are names here: which wallet is which goes by the public keys. */
#define CONFIG_AUXILIARIES(ROW, X) \
	ROW(X, 1) ROW(X, 2) ROW(X, 3) ROW(X, 4) ROW(X, 5) ROW(X, 6) ROW(X, 7) ROW(X, 8) ROW(X, 9)
#define CONFIG_AUXILIARY(X, n) \
	X(WALLETS, AUXILIARY_WALLET_##n##_KEY_FILE, NULL, PATH, auxiliary_file_##n, NULL, 0, 0, 0, NULL, \
	  "File with the key of auxiliary wallet " #n ", through which players of sponsored pools take part; else the credential auxiliary-wallet-" #n ".") \
	X(WALLETS, AUXILIARY_WALLET_##n##_PRIVATE_KEY, NULL, SECRET, auxiliary_##n, NULL, 0, 0, SETTING_SECRET, NULL, \
	  "That key itself; used only when AUXILIARY_WALLET_" #n "_KEY_FILE is not set.")

/* Keys of the VRF from before: draws that were locked under one of them are still proven with it. */
#define CONFIG_VRF_OLD_KEYS(ROW, X) ROW(X, 1) ROW(X, 2) ROW(X, 3)
#define CONFIG_VRF_OLD_KEY(X, n) \
	X(OFFCHAIN, VRF_KEY_FILE_OLD_##n, NULL, PATH, vrf_old_file_##n, NULL, 0, 0, 0, NULL, \
	  "File with a VRF key from before, kept until every draw locked under it is over; else the credential vrf-key-old-" #n ".") \
	X(OFFCHAIN, VRF_PRIVATE_KEY_OLD_##n, NULL, SECRET, vrf_old_##n, NULL, 0, 0, SETTING_SECRET, NULL, \
	  "That key itself; used only when VRF_KEY_FILE_OLD_" #n " is not set.")

/* More examples for .env.example, in the forms that providers give out: X(key, provider, example) */
#define CONFIG_EXAMPLES(X) \
	X(DATABASE_URL, "own server", "postgres://poolkeeper:PASSWORD@127.0.0.1:5432/missout") \
	X(DATABASE_URL, "Supabase, pooled", \
	  "postgresql://postgres.PROJECT:PASSWORD@aws-0-REGION.pooler.supabase.com:6543/postgres?pgbouncer=true") \
	X(DATABASE_URL, "Neon, pooled", \
	  "postgresql://USER:PASSWORD@ep-NAME-pooler.REGION.aws.neon.tech/DATABASE?sslmode=require") \
	X(DATABASE_URL, "Railway", "postgresql://postgres:PASSWORD@HOST.proxy.rlwy.net:PORT/railway") \
	X(DATABASE_URL, "Render", "postgresql://USER:PASSWORD@HOST.REGION-postgres.render.com/DATABASE?sslmode=require") \
	X(DATABASE_URL, "AWS RDS", \
	  "postgresql://USER:PASSWORD@NAME.ID.REGION.rds.amazonaws.com:5432/missout?sslmode=require") \
	X(SOLANA_RPC_URL, "Helius, mainnet-beta", "https://mainnet.helius-rpc.com/?api-key=KEY") \
	X(SOLANA_RPC_URL, "QuickNode", "https://NAME.solana-mainnet.quiknode.pro/KEY/") \
	X(SOLANA_RPC_URL, "Alchemy", "https://solana-mainnet.g.alchemy.com/v2/KEY") \
	X(SOLANA_RPC_URL, "Triton", "https://NAME.mainnet.rpcpool.com/KEY") \
	X(SOLANA_RPC_URL, "public, rate-limited", "https://api.mainnet-beta.solana.com")

#define CONFIG_TABLE(X) \
	X(CONNECTIONS, DATABASE_URL, NULL, POSTGRES, database_url, NULL, 0, 0, SETTING_REQUIRED | SETTING_SECRET, \
	  "postgres://poolkeeper:PASSWORD@127.0.0.1:6543/missout?pgbouncer=true", \
	  "Postgres, directly or through pgBouncer in transaction mode.") \
	X(CONNECTIONS, SOLANA_NETWORK, NULL, NETWORK, network, "devnet", 0, 0, 0, "devnet", \
	  "devnet, mainnet-beta or localnet; the endpoints must answer with this network's genesis hash.") \
	X(CONNECTIONS, SOLANA_RPC_URL, NULL, URL, rpc_url, NULL, 0, 0, SETTING_REQUIRED | SETTING_SECRET, \
	  "https://devnet.helius-rpc.com/?api-key=KEY", "First Solana RPC endpoint; alone, it is trusted.") \
	X(CONNECTIONS, SOLANA_RPC_URL_2, NULL, URL, rpc_url_2, NULL, 0, 0, SETTING_SECRET, \
	  "https://api.devnet.solana.com", "Second endpoint, of another operator: from here on proofs need two to agree. Several endpoints of one host are one witness.") \
	X(CONNECTIONS, SOLANA_RPC_URL_3, NULL, URL, rpc_url_3, NULL, 0, 0, SETTING_SECRET, NULL, "Third endpoint.") \
	X(CONNECTIONS, SOLANA_RPC_URL_4, NULL, URL, rpc_url_4, NULL, 0, 0, SETTING_SECRET, NULL, "Fourth endpoint.") \
	X(CONNECTIONS, SOLANA_RPC_URL_5, NULL, URL, rpc_url_5, NULL, 0, 0, SETTING_SECRET, NULL, "Fifth endpoint.") \
	X(CONNECTIONS, RPC_TIMEOUT_MS, NULL, NUMBER, rpc_timeout_ms, "5000", 100, 60000, 0, NULL, \
	  "Longest wait for one RPC answer, in milliseconds.") \
	X(CONNECTIONS, DB_TIMEOUT_MS, NULL, NUMBER, db_timeout_ms, "5000", 100, 60000, 0, NULL, \
	  "Longest wait for one SQL statement, in milliseconds.") \
	X(WALLETS, DEV_WALLET_KEY_FILE, NULL, PATH, key_file, NULL, 0, 0, 0, "/etc/poolkeeper/dev-wallet.json", \
	  "File with the dev wallet's key (solana-keygen's JSON array, or base58), mode 0600 or stricter; else systemd's credential dev-wallet.") \
	X(WALLETS, DEV_WALLET_PRIVATE_KEY, NULL, SECRET, dev_wallet, NULL, 0, 0, SETTING_SECRET, NULL, \
	  "The key itself, for set-ups that have no file; used only when DEV_WALLET_KEY_FILE is not set.") \
	X(WALLETS, SIGNER_SOCKET, NULL, PATH, signer_socket, NULL, 0, 0, 0, "/run/poolkeeper-signer/socket", \
	  "Unix socket of a poolkeeper-signer, which has the dev wallet's key instead of this process.") \
	X(WALLETS, TREASURY_WALLET_PUBKEY, "TREASURY_WALLET_PUBLIC_KEY", PUBKEY, treasury, NULL, 0, 0, SETTING_REQUIRED, \
	  "YOUR_TREASURY_ADDRESS", "A pool is driven only if this is its treasury.") \
	X(WALLETS, TREASURY_WALLET_KEY_FILE, NULL, PATH, treasury_file, NULL, 0, 0, 0, NULL, \
	  "File with the treasury's key, read only when REFERRAL_PAYOUTS is on; else the credential treasury-wallet.") \
	X(WALLETS, TREASURY_WALLET_PRIVATE_KEY, NULL, SECRET, treasury_key, NULL, 0, 0, SETTING_SECRET, NULL, \
	  "That key itself; used only when TREASURY_WALLET_KEY_FILE is not set.") \
	CONFIG_AUXILIARIES(CONFIG_AUXILIARY, X) \
	X(PROGRAMS, ML_PROGRAM_ID, NULL, PUBKEY, ml_program, "4wgBJUHydWXXJKXYsmdGoGw1ufC3dxz8q2mukFYaAhSm", 0, 0, 0, \
	  NULL, "The lottery program; only the one that this poolkeeper was built for is accepted.") \
	X(PROGRAMS, SWITCHBOARD_PROGRAM_ID, NULL, PUBKEY, switchboard_program, NULL, 0, 0, SETTING_BY_NETWORK, NULL, \
	  "The Switchboard On-Demand program; another network's is refused.") \
	X(PROGRAMS, SWITCHBOARD_QUEUE, NULL, PUBKEY, switchboard_queue, NULL, 0, 0, SETTING_BY_NETWORK, NULL, \
	  "The oracle queue; another network's is refused.") \
	X(PROGRAMS, ORACLE_GATEWAY_HOSTS, NULL, HOSTS, gateway_hosts, NULL, 0, 0, 0, "127.0.0.1:8090", \
	  "Oracle gateways to accept besides Switchboard's, as host or host:port with commas; refused on mainnet-beta.") \
	X(POLICY, allowMock, NULL, SWITCH, allow_mock, "0", 0, 0, SETTING_LIVE, NULL, \
	  "1 also drives pools that allow mock randomness (it is never sent); refused on mainnet-beta.") \
	X(POLICY, POLICY_MAX_DEV_FEE_BPS, NULL, NUMBER, max_dev_fee_bps, "500", 0, 10000, SETTING_LIVE, NULL, \
	  "Highest dev fee of a pool, in hundredths of a percent.") \
	X(POLICY, POLICY_MAX_BURN_FEE_BPS, NULL, NUMBER, max_burn_fee_bps, "350", 0, 10000, SETTING_LIVE, NULL, \
	  "Highest share that is burned, likewise.") \
	X(POLICY, POLICY_MAX_TREASURY_FEE_BPS, NULL, NUMBER, max_treasury_fee_bps, "150", 0, 10000, SETTING_LIVE, NULL, \
	  "Highest treasury fee, likewise.") \
	X(POLICY, CREATOR_DAY_LAMPORTS, NULL, NUMBER, creator_day_lamports, "1000000000", 0, 1000000000000, SETTING_LIVE, NULL, \
	  "Most that the draws of one creator's pools and the token accounts made for them may cost per day (UTC), each at its highest price; 0: no limit.") \
	X(PACE, TICK_SECONDS, NULL, NUMBER, tick_seconds, "5", 1, 5, SETTING_LIVE, NULL, "How often all pools are read; the lease and the journal's gate go by it.") \
	X(PACE, WATCH_SECONDS, NULL, NUMBER, watch_seconds, "3600", 10, 86400, SETTING_LIVE, NULL, \
	  "How often a pool on which nothing happens is compared with its vault, its players and our records.") \
	X(PACE, MAX_BOUND_POOLS, NULL, NUMBER, max_bound_pools, "16", 1, 256, SETTING_LIVE, NULL, \
	  "Most pools that may wait for an oracle at the same time.") \
	X(PACE, ORACLE_BUDGET_SLOTS, NULL, NUMBER, oracle_budget_slots, "280", 10, 2500, SETTING_LIVE, NULL, \
	  "Slots after which an oracle that did not answer is replaced by another one.") \
	X(PACE, DISCOVERY_SECONDS, NULL, NUMBER, discovery_seconds, "60", 1, 3600, SETTING_LIVE, NULL, \
	  "How often the chain is asked for pools that the app has not registered.") \
	X(PACE, DISCOVERY_LIST_AFTER_SECONDS, NULL, NUMBER, discovery_list_after_seconds, "300", 1, 86400, SETTING_LIVE, NULL, \
	  "So old is such a pool before it gets a row in the app's tables: the backend's own age limit, or more.") \
	X(PACE, AUDIT_SECONDS, NULL, NUMBER, audit_seconds, "60", 1, 3600, SETTING_LIVE, NULL, \
	  "How often the dev wallet's signatures on chain are compared with the journal, and the treasury's where it pays referrers.") \
	X(PACE, PRIORITY_FEE_FLOOR_MICROLAMPORTS, NULL, NUMBER, fee_floor, "1000", 0, 100000000, SETTING_LIVE, NULL, \
	  "Lowest price per compute unit that is offered, in micro-lamports.") \
	X(PACE, PRIORITY_FEE_CAP_MICROLAMPORTS, NULL, NUMBER, fee_cap, "1000000", 0, 100000000, SETTING_LIVE, NULL, \
	  "Highest price, likewise.") \
	X(PACE, PRIORITY_FEE_FALLBACK_MICROLAMPORTS, NULL, NUMBER, fee_fallback, "20000", 0, 100000000, SETTING_LIVE, NULL, \
	  "Price when the endpoints give no recent ones, likewise.") \
	X(PACE, SUBMISSION_MAX_AGE_SECONDS, NULL, NUMBER, submission_max_age, "300", 30, 604800, SETTING_LIVE, NULL, \
	  "Oldest transaction that a submission may name, by the chain's clock.") \
	X(PACE, SUBMISSION_MAX_AGE_JOIN_SECONDS, NULL, NUMBER, submission_max_age_join, "120", 30, 604800, SETTING_LIVE, NULL, \
	  "The same for a join.") \
	X(PACE, USED_TX_RETENTION_DAYS, NULL, NUMBER, used_retention_days, "30", 2, 3650, SETTING_LIVE, NULL, \
	  "Age at which rows of used_transactions, and answered submissions, are deleted; at least a day over the limits above.") \
	X(PACE, ONCE_DEADLINE_SECONDS, NULL, NUMBER, once_deadline_seconds, "120", 1, 3600, 0, NULL, \
	  "How long --once may work before it exits with 75.") \
	X(RECORDS, CLEAR_POOL_CHAT, NULL, SWITCH, clear_chat, "1", 0, 0, SETTING_LIVE, NULL, \
	  "1 deletes the chat messages of a pool when its payout is recorded, as the old monitor did; 0 keeps them.") \
	X(HOUSE, CLOSE_SPENT_RANDOMNESS, NULL, SWITCH, close_randomness, "1", 0, 0, SETTING_LIVE, NULL, \
	  "1 closes randomness accounts of finished draws; they are our own, and so is the rent that comes back.") \
	X(HOUSE, RANDOMNESS_KEEP, NULL, NUMBER, randomness_keep, "4", 0, 1000, SETTING_LIVE, NULL, \
	  "So many of them stay for the next draws, which then pay no rent.") \
	X(HOUSE, RANDOMNESS_IDLE_SECONDS, NULL, NUMBER, randomness_idle_seconds, "600", 0, 604800, SETTING_LIVE, NULL, \
	  "Only one that no draw used for so long is closed: a burst of draws uses them again.") \
	X(HOUSE, RECOVER_RANDOMNESS, NULL, SWITCH, recover_randomness, "0", 0, 0, SETTING_LIVE, NULL, \
	  "1 also closes randomness accounts of the dev wallet that poolkeeper did not make; only once no other keeper has this key.") \
	X(HOUSE, SWEEP_EXPIRED_POOLS, NULL, SWITCH, sweep, "0", 0, 0, SETTING_LIVE, NULL, \
	  "1 cancels pools that were never filled, a week after their end, so that players can take their bets back.") \
	X(HOUSE, FINALIZE_FORFEITED_POOLS, NULL, SWITCH, finalize, "0", 0, 0, SETTING_LIVE, NULL, \
	  "1 moves refunds that nobody fetched for 30 days to the treasury.") \
	X(HOUSE, CLAIM_POOL_RENT, NULL, SWITCH, claim_rent, "0", 0, 0, SETTING_LIVE, NULL, \
	  "1 closes the accounts of pools that are over, empty and 30 days old; the rent, paid by creators, goes to the treasury.") \
	X(HOUSE, MAKE_REFUND_ACCOUNTS, NULL, SWITCH, refund_atas, "0", 0, 0, SETTING_LIVE, NULL, \
	  "1 pays for the treasury's token account where a cancelled pool's refunds fail without it.") \
	X(REFERRALS, REFERRAL_PAYOUTS, NULL, SWITCH, pay_referrals, "off", 0, 0, 0, NULL, \
	  "on pays claims of referrers from the treasury's own wallet, whose key it needs; only claims made while it is on.") \
	X(REFERRALS, REFERRAL_MAX_BASE_UNITS, NULL, NUMBER, referral_max_units, "1000000000", 1, 999999999999999999, SETTING_LIVE, NULL, \
	  "Highest claim that is paid by itself, in base units of whatever token: 1000 tokens of 6 decimals, 1 of 9.") \
	X(REFERRALS, REFERRAL_MAX_PER_DAY, NULL, NUMBER, referral_max_per_day, "20", 0, 10000, SETTING_LIVE, NULL, \
	  "Most claims that are opened per day (UTC); each may cost the treasury a fee and the rent of a token account.") \
	X(OFFCHAIN, OFFCHAIN_SOURCES, NULL, PATH, offchain_sources, NULL, 0, 0, 0, "/etc/poolkeeper/sources", \
	  "Directory with one directory per source of draws, each with its statements.sql; not set: there are no such draws.") \
	X(OFFCHAIN, OFFCHAIN_SECONDS, NULL, NUMBER, offchain_seconds, "5", 1, 3600, SETTING_LIVE, NULL, \
	  "How often each source is asked what is due.") \
	X(OFFCHAIN, DRAND_RELAYS, NULL, RELAYS, drand_relays, \
	  "https://api.drand.sh,https://api2.drand.sh,https://api3.drand.sh,https://drand.cloudflare.com,https://api.drand.secureweb3.com:6875", \
	  0, 0, 0, NULL, \
	  "Relays that are asked for drand's rounds, two to eight hosts with commas; a round counts when two of different domains give the same.") \
	X(OFFCHAIN, VRF_KEY_FILE, NULL, PATH, vrf_file, NULL, 0, 0, 0, NULL, \
	  "File with the VRF's key, in the forms of DEV_WALLET_KEY_FILE but no wallet's key; else the credential vrf-key.") \
	X(OFFCHAIN, VRF_PRIVATE_KEY, NULL, SECRET, vrf_key, NULL, 0, 0, SETTING_SECRET, NULL, \
	  "That key itself; used only when VRF_KEY_FILE is not set.") \
	CONFIG_VRF_OLD_KEYS(CONFIG_VRF_OLD_KEY, X) \
	X(OFFCHAIN, CERTIFICATE_KEY_FILE, NULL, PATH, certificate_file, NULL, 0, 0, 0, NULL, \
	  "File with the key that signs certificates, likewise a key of its own; else the credential certificate-key.") \
	X(OFFCHAIN, CERTIFICATE_PRIVATE_KEY, NULL, SECRET, certificate_key, NULL, 0, 0, SETTING_SECRET, NULL, \
	  "That key itself; used only when CERTIFICATE_KEY_FILE is not set.") \
	X(OFFCHAIN, CERTIFICATE_DIR, NULL, PATH, certificate_dir, "certificates", 0, 0, 0, "/var/lib/poolkeeper/certificates", \
	  "Folder for certificates, locks, rules and VRF keys, to be published as they are; made only where there is a key for them.") \
	X(OFFCHAIN, CERTIFICATE_URL, NULL, URL, certificate_url, NULL, 0, 0, 0, NULL, \
	  "Where that folder is published, https://: the status page links the files there; not set: it only names them.") \
	X(JACKPOT, JACKPOT_CONNECTION_POOL_SIZE, NULL, NUMBER, jackpot_connections, "0", 0, 20, 0, "5", \
	  "So many connections to Postgres serve the jackpots' pages at KEEPER_HTTP, besides the one that draws; 0: no such pages.") \
	X(JACKPOT, JACKPOT_API_TOKEN_FILE, NULL, PATH, jackpot_token_file, NULL, 0, 0, 0, NULL, \
	  "File with the token that POST /api/jackpot/contribute asks for; else the credential jackpot-api-token. Without a token no wager is taken.") \
	X(JACKPOT, JACKPOT_API_TOKEN, NULL, SECRET, jackpot_token, NULL, 0, 0, SETTING_SECRET, NULL, \
	  "That token itself, at least 32 characters; used only when JACKPOT_API_TOKEN_FILE is not set.") \
	X(LOCAL, SPOOL_DIR, NULL, PATH, spool_dir, "spool", 0, 0, 0, "/var/lib/poolkeeper/spool", \
	  "Folder of mode 0700 for the few records that must survive while Postgres is away.") \
	X(LOCAL, KEEPER_HTTP, NULL, LISTEN, http, "127.0.0.1:9472", 0, 0, 0, NULL, \
	  "Where health and metrics are served, as address:port; port 0: any free one, which the log names; off: nowhere.") \
	X(LOCAL, LOG_LEVEL, NULL, LEVEL, log_level, "info", 0, 0, SETTING_LIVE, NULL, "error, warn, info or debug.") \
	X(LOCAL, LOG_FORMAT, NULL, FORMAT, log_format, "logfmt", 0, 0, SETTING_LIVE, NULL, \
	  "logfmt or json: the same fields, one line each.")

#endif
