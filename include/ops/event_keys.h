/* Every event that the log can hold, once: the README's table comes from these rows, and scripts/check-events compares
 * them with the code. base/log.h's enum log_level says what the levels mean.
 *
 * X(event, level, about, "what it means")
 *   level   all that occur
 *   about   the field that names the pool: subject (draw:ADDRESS:POOL_ID, so that one grep for the address finds it) or
 *           pool or draw likewise; account: subject, which may be a token account or the canary; "": not about one pool */
#ifndef OPS_EVENT_KEYS_H
#define OPS_EVENT_KEYS_H

#define EVENT_TABLE(X) \
	X("draw.state", "info", "subject", "The pool's account shows another status.") \
	X("draw.wait", "info warn", "account", "The draw waits; reason= and why= say for what. Only when it changes.") \
	X("draw.halt", "error", "account", "The same, and a human must look now.") \
	X("draw.late", "error", "subject", "More than 1000 of the 3000 slots of a bound draw are used.") \
	X("tx.open", "info", "account", "A transaction is signed and committed to the journal; nothing is sent yet.") \
	X("tx.send", "info", "account", "Its bytes are sent for the first time.") \
	X("tx.send_doubt", "warn", "account", "It may have been sent; the same bytes are sent again.") \
	X("tx.landed", "info warn", "account", "It is in a confirmed block; failed=1 when it did nothing there.") \
	X("tx.final", "info", "account", "Its block is finalized.") \
	X("tx.failed", "warn", "account", "It failed on chain, finally: ix= and code= say where.") \
	X("tx.expired", "info", "account", "It never landed and never will: proven, so the step may be signed anew.") \
	X("tx.reopened", "info", "account", "A fork took its block away; the same bytes are sent again.") \
	X("tx.stale", "warn", "account", "A fork undid what it followed; nothing new is signed before its fate is known.") \
	X("tx.unknown", "info", "account", "A journal row in a state that this version does not know.") \
	X("tx.simulation_failed", "warn", "account", "A node says that the next transaction would fail; log= is the program's word.") \
	X("tx.unbuildable", "error", "account", "A transaction cannot be put together from what was read.") \
	X("tx.refused_by_signer", "error", "account", "The signer does not sign this message for this step.") \
	X("signer.away", "warn", "account", "The remote signer does not answer; it is asked again.") \
	X("oracle.ask", "info", "subject", "The oracle's gateway is asked for the answer to a commit.") \
	X("oracle.answered", "info", "subject", "The answer is here, checked, and in the ledger.") \
	X("oracle.no_answer", "info warn", "subject", "The gateway did not answer; it is asked again.") \
	X("oracle.answer_refused", "warn", "subject", "In a node's simulation the program refuses the oracle's answer.") \
	X("drand.false_relay", "warn", "", "A drand relay gave a signature that is not the round's: relay=, round=. It is outvoted.") \
	X("commit.doubt", "warn", "subject", "It is not known whether a commit was written to the ledger; it is read back.") \
	X("journal.doubt", "debug warn", "account", "It is not known whether a statement was carried out; the rows are read back.") \
	X("draw.paid", "info", "subject", "The payout is final: winner, amounts and signature, about to be recorded.") \
	X("draw.no_event", "warn", "subject", "A node gave the payout without its log; another one is asked.") \
	X("draw.payout_not_found", "warn", "subject", "The pool has ended and no transaction of it is the payout yet.") \
	X("draw.record_mismatch", "error", "subject", "The payout is not what the pool's own fields say. Nothing is recorded.") \
	X("draw.not_passed_on", "error", "subject", "Somebody else paid a sponsored win to the wallet of the house.") \
	X("watch.mismatch", "warn error", "subject", "Something does not agree with the chain: kind=, expected=, found=. Once, when it appears.") \
	X("watch.gone", "info", "subject", "It agrees again.") \
	X("watch.failed", "warn", "", "Pools could not be compared with the records; next=retry.") \
	X("watch.read_failed", "warn", "", "No node gave the accounts to compare; next=retry.") \
	X("house.list_failed", "warn", "", "The journal did not say what housekeeping has to look at; next=retry.") \
	X("house.recover_failed", "warn", "", "The chain could not be asked for randomness accounts of our key; next=retry.") \
	X("offchain.locked", "info", "", "A draw of the database is locked: its entries are frozen, and slot, round and deadline are fixed.") \
	X("offchain.wait", "info warn error", "", "Such a draw waits; reason= and why= say for what. Only when it changes.") \
	X("offchain.anchored", "info", "", "The memo with its row's hash is final, in a slot before S.") \
	X("offchain.block", "info", "", "The first finalized block from S on is known, and with it the drand round that is used.") \
	X("offchain.no_block", "warn", "", "The node named node= does not show a finalized block; two have to. Once per slot S, or once until it shows one again when they are asked before a lock.") \
	X("offchain.beacon", "info", "", "Relays of two domains gave the same signature of that round.") \
	X("offchain.no_beacon", "warn", "", "They did not, or not yet; they are asked again.") \
	X("offchain.proven", "info", "", "The proof and its one random value are recorded.") \
	X("offchain.drawn", "info", "", "Daemon and database computed the same winners.") \
	X("offchain.settled", "info", "", "The source paid the winners, and the draw is over.") \
	X("offchain.defaulted", "error", "", "Its deadline passed without a random value; why= says what was missing. Stakes are refunded.") \
	X("offchain.refunded", "info", "", "The source gave every stake back, and the draw is over.") \
	X("offchain.halted", "error", "", "It does not go on; why= says why. It is tried again after a while, and a human must look.") \
	X("offchain.refused", "warn", "", "The database refused a statement about it, and kept nothing.") \
	X("offchain.doubt", "warn", "", "It is not known whether a statement about it was carried out; the row is read back.") \
	X("offchain.lock_failed", "warn", "", "What a source says is due was not locked; why= says why. It is tried again.") \
	X("offchain.locks", "info warn", "", "Nothing that is due is locked: reason=, why= and detail= say what it waits for, due= how many; with reason=NONE it goes on. Only when it changes.") \
	X("offchain.clocks", "info warn", "", "The database's clock and the chain's differ by more than a minute: no draw is locked or given up until they agree; at info: they agree again.") \
	X("offchain.waits_failed", "warn", "", "What is due and why it is not locked could not be told to the database; next=retry.") \
	X("offchain.source_failed", "warn", "", "A source's statement due failed; the other sources go on. Once per reason.") \
	X("offchain.look_failed", "warn", "", "Postgres did not say which such draws there are; next=retry.") \
	X("referral.list_failed", "warn", "", "The journal did not say which claims there are to pay; next=retry.") \
	X("referral.mismatch", "error", "account", "A claim's row of the app was changed or deleted: subject= names it. Once.") \
	X("sponsor.unusable", "warn", "subject", "A sponsored player's wallet of the app cannot be one, or has no key here.") \
	X("sponsor.doubt", "warn", "subject", "Whom sponsored players play for could not be read.") \
	X("pool.bad_address", "warn", "", "A row of public.pools has an address that is none.") \
	X("pool.unusable", "warn", "pool", "An address of the app does not hold a pool that can be driven.") \
	X("call.verified", "info", "draw", "A call of the program is verified and about to be recorded.") \
	X("ingest.retry", "warn", "pool", "A pool's history could not be read; it is tried again.") \
	X("ingest.gap", "error", "pool", "A transaction of the pool cannot be recorded; see What users did.") \
	X("ingest.watch_failed", "warn", "", "The pools that are over could not be looked at.") \
	X("calls.not_projected", "warn", "", "Recorded calls could not be written to the app's tables.") \
	X("ingest.progress", "info", "", "How many of the histories that the start found are read; every 5 s, when there are many.") \
	X("rebuild.progress", "info", "pool", "How far --rebuild is, every 5 s: doing=list or read, transactions done= of total= so far.") \
	X("rebuild.done", "info", "pool", "--rebuild is through.") \
	X("discovery.found", "info", "subject", "A pool of our dev wallet that the app has not registered, and what was made of it.") \
	X("discovery.dropped", "warn", "pool", "An address that an endpoint listed is no pool of ours.") \
	X("discovery.listed", "info", "", "An endpoint lists pools again.") \
	X("discovery.refused", "error", "", "No endpoint lists pools: unregistered ones are not seen.") \
	X("discovery.failed", "warn", "", "The list of pools could not be read or written.") \
	X("discovery.published", "info", "subject", "A pool that was found got its row in public.pools.") \
	X("discovery.registered", "info", "subject", "A pool that was found had its row in public.pools.") \
	X("census.found", "info", "pool", "A pool of our dev wallet whose creation no recorded history has: its history is read.") \
	X("census.unread", "error", "", "A transaction of the program that no node hands out, or that says not what it called.") \
	X("census.history_lost", "error", "", "The nodes' lists of the program's transactions do not reach back to the last round.") \
	X("census.failed", "warn", "", "The list of the program's transactions could not be read or written.") \
	X("submission", "info", "pool", "A submission is answered: accepted, rejected, revoked.") \
	X("submission.bad_bytes", "error", "", "An endpoint gave bytes that are not the submitted transaction.") \
	X("submission.cut_body", "warn", "", "An endpoint left out what a submission is judged by: nothing is refused for that, another one is asked.") \
	X("submission.retry", "warn", "", "Answers could not be written.") \
	X("submissions.retry", "warn", "", "Submissions could not be read, or their transactions.") \
	X("settle.rest", "info", "", "Paid draws that still wait for rows of the app.") \
	X("settle.retry", "warn", "", "They could not be settled.") \
	X("creators.unknown", "warn", "", "What creators' draws cost today could not be read: theirs wait.") \
	X("retention", "info", "", "Old rows were deleted.") \
	X("retention.failed", "warn", "", "Old rows could not be deleted.") \
	X("trail.sealed", "info", "", "Changes of the money tables are in the audit trail; head= is what scripts/db audit takes.") \
	X("certificate.no_key", "warn", "", "There are sources of draws, and no key to sign their locks and certificates with.") \
	X("certificate.made", "info", "", "A draw that is over has its certificate in the database; its file follows.") \
	X("certificate.written", "info", "", "The file of a certificate is in CERTIFICATE_DIR, whole.") \
	X("certificate.terms", "info", "", "A text of rules, or a VRF key that was registered or retired, is in CERTIFICATE_DIR.") \
	X("certificate.failed", "warn", "", "A certificate could not be made or written; next=retry, once a minute.") \
	X("certificate.impossible", "warn", "draw", "A pool's draw gets no certificate: why= says what of it cannot be known; once per draw.") \
	X("certificate.broken", "error", "", "A draw was changed after its certificate was signed: its file is not written.") \
	X("certificate.twice", "error", "", "Another published file has this number: the database is older than it, and this file is not written.") \
	X("trail.failed", "warn", "", "They could not be sealed; next=retry.") \
	X("audit.foreign_signature", "error", "", "Our key signed something that the journal does not hold.") \
	X("audit.mention", "info", "", "A transaction names our wallet and is not signed by it.") \
	X("audit.history", "info", "", "Signatures from before the first audit.") \
	X("audit.history_lost", "error", "", "The list of our wallet's signatures has a hole.") \
	X("audit.untold", "error", "", "An earlier run found signatures of ours and ended before it said so: keeper.foreign_signatures has them.") \
	X("audit.database_changed", "error", "", "Postgres is another server or timeline: a restore or a failover.") \
	X("audit.server_started", "info", "", "Postgres was started since the last round: claims, and locks of draws of the database, wait until 64 blocks past this height.") \
	X("audit.complete", "info", "", "Every signature of our wallet is accounted for.") \
	X("audit.failed", "warn", "", "The audit could not read or write.") \
	X("canary.silent", "warn", "", "The canary's oracle does not answer: nothing is bound to it.") \
	X("oracle.viable", "info", "", "This oracle may be committed to.") \
	X("oracle.not_viable", "warn", "", "This oracle may not be committed to (any more).") \
	X("oracle.no_queue", "warn", "", "The oracle queue's account cannot be read.") \
	X("lease.taken", "info", "", "This daemon drives the pools from now on.") \
	X("lease.held", "info", "", "The rows in memory are of our lease: this daemon decides.") \
	X("lease.standby", "info", "", "Another daemon does; this one waits.") \
	X("lease.lost", "warn", "", "Another daemon took over.") \
	X("lease.released", "info", "", "Given up at the end, so that a successor need not wait.") \
	X("lease.unknown", "warn", "", "Whether we hold it could not be told.") \
	X("tick", "debug", "", "One look at all pools.") \
	X("tick.read_failed", "warn", "", "Some pools could not be read in this look.") \
	X("observe.failed", "warn", "", "What was seen could not be written.") \
	X("rpc.slot_jump", "warn", "", "A node tells a slot that cannot be; it is not believed alone.") \
	X("spool.appended", "warn", "subject", "Postgres is away and slots run: a record went to the local spool.") \
	X("spool.imported", "info", "subject", "It is in the journal now.") \
	X("spool.refused", "error", "subject", "The journal refuses it; it was set aside.") \
	X("spool.left", "warn", "", "Records of an earlier run wait in the spool.") \
	X("spool.unusable", "error", "", "The spool's folder cannot be used: no reveal while Postgres is away.") \
	X("spool.unreadable", "error", "", "The spool holds something that cannot be read.") \
	X("spool.damaged", "error", "", "The spool ends in half a record.") \
	X("spool.aside_failed", "error", "", "What was refused could not be set aside.") \
	X("spool.not_emptied", "error", "", "The spool could not be emptied after the import.") \
	X("db.up", "info", "", "Connected to Postgres.") \
	X("db.down", "warn", "", "The connection is lost; it is made again.") \
	X("db.unguarded", "warn", "", "Postgres is on another machine and DATABASE_URL does not demand TLS.") \
	X("db.notice", "debug", "", "Postgres says something.") \
	X("db.checked", "info", "", "The schema is this version's; pooled=1 through pgBouncer.") \
	X("journal.unreadable", "error", "", "Postgres returned what the migrations do not allow.") \
	X("start", "info", "", "The first line.") \
	X("start.waiting", "warn", "", "An endpoint or the database does not answer; the start waits.") \
	X("start.refused", "error", "", "The wrong network, program or schema: exit 78.") \
	X("start.failed", "error", "", "Something of this machine is missing, or computes other values than published (what=self_test).") \
	X("start.not_hardened", "warn", "", "The kernel refused to protect this process's memory.") \
	X("ready", "info", "", "Everything is checked, the work begins.") \
	X("signer", "info", "", "The wallet that signs.") \
	X("signer.auxiliary", "info", "", "An auxiliary wallet that signs.") \
	X("signer.not_locked", "warn", "", "The key may be swapped to disk.") \
	X("draw.key", "info", "", "A key of draws without a chain program: the VRF's, or the one that signs certificates.") \
	X("config.vrf_key", "info warn", "", "--check-config: state= registered, retired, unknown or unread says what the database knows of a VRF key.") \
	X("config.sources_unchecked", "warn", "", "--check-config: the database did not answer, so the statements of sources were only read.") \
	X("config.same_host", "warn", "", "Two endpoints, key= and other=, name one host: where two nodes have to agree they are one.") \
	X("config.one_host", "warn", "", "There are sources of draws, and nodes of one host alone; why= says what that means.") \
	X("config.ok", "info", "", "--check-config found no fault.") \
	X("config.invalid", "error", "", "One fault of the settings: key=, value=, why=.") \
	X("config.ignored", "debug info", "", "Parameters of DATABASE_URL that libpq does not know; PORT, which is the web backend's.") \
	X("config.unknown", "warn", "", "A name in the environment that is nearly one of ours.") \
	X("config.changed", "info", "", "SIGHUP: a setting has another value from now on.") \
	X("config.kept", "warn", "", "SIGHUP: a setting that changes at the next start only.") \
	X("config.reloaded", "info", "", "SIGHUP: the files were read again.") \
	X("config.reload_refused", "error", "", "SIGHUP: the files have faults; nothing was changed.") \
	X("http.listening", "info", "", "Health and metrics are served here.") \
	X("http.not_listening", "error", "", "Another process has the port; draws go on, and it is tried again.") \
	X("http.exposed", "warn", "", "Other machines can read health and metrics.") \
	X("jackpot.unwell", "warn", "", "The jackpots' pages cannot be served: fault= and why= say it; draws go on.") \
	X("jackpot.well", "info", "", "They can again.") \
	X("notify.failed", "warn", "", "The service manager could not be told.") \
	X("config.key_in_environment", "warn", "", "A key came from the environment; it was wiped there.") \
	X("log.level", "warn", "", "A signal changed what is logged.") \
	X("log.dropped", "warn", "", "So many lines were lost because nobody took them.") \
	X("limit", "warn", "", "A time limit is over: --once, or the stop.") \
	X("stop", "info", "", "A signal asks for the end.") \
	X("stop.lease_kept", "warn", "", "The lease could not be given up; it runs out by itself.") \
	X("stop.done", "info", "", "The last line.")

#endif
