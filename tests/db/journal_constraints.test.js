// Every CHECK, UNIQUE and domain of schema keeper has a row here that it refuses; none is left out.
'use strict';

const test = require('node:test');
const assert = require('node:assert');
const { startPostgres } = require('../lib/postgres');
const { newKeeper, key, signature, DRAW, POOL } = require('./keeper');

let server;
let keeper;
test.before(async () => {
	server = await startPostgres();
	keeper = await bareKeeper();
});
test.after(() => server.stop());

// Off-chain draws have triggers that come before the constraints and have their own test; here the constraints stand alone.
async function bareKeeper() {
	const bare = await newKeeper(server);
	const tables = ['vrf_keys', 'certificates', 'pool_proofs', ...['rules', 'draws', 'entries', 'picks', 'refusals'].map((name) => `offchain_${name}`)];
	await bare.sql(tables.map((name) => `ALTER TABLE keeper.${name} DISABLE TRIGGER USER;`).join(' '));
	return bare;
}

const quoted = (text) => (text === null ? 'NULL' : /^(true|false|-?\d+|now\(\)|(decode|sha256|to_timestamp)\(.*\))$/.test(text) ? text : `'${text}'`);
const bytes = (n) => `decode(repeat('ab', ${n}), 'hex')`;

const UUID = '00000000-0000-4000-8000-000000000001';
const ROUND = 30000000;
const roundTime = (round) => 1692803367 + 3 * (round - 1);
const rules = (changes = {}) => JSON.stringify({ type: 'coin', source: 'coins', randomness: 'beacon', mode: 1, deadline_s: 600, ...changes });
const RULES = rules();
const ruled = (changes) => ({ rules: rules(changes), rules_hash: `sha256('${rules(changes)}')` });

const GOOD = {
	steps: {
		subject: DRAW, seq: 1, step: 'BIND', state: 'open', sig: signature('A'), tx: bytes(100), last_valid: 5, floor_slot: 5, high_slot: 5,
		randomness: key('R'), owner: 'o', fence: 1,
	},
	bindings: { draw: DRAW, seq: 1, randomness: key('R'), lut_slot: 5, creates: 'true' },
	commits: { draw: DRAW, n: 1, randomness: key('R'), oracle: key('Q'), seed_slot: 5, seed_slothash: key('H'), reason: 'first' },
	draws: { draw: DRAW, address: POOL, pool_id: 7, mint: key('M'), status: 1, status_slot: 5, total_amount: 10, app_id: 1 },
	calls: { signature: bytes(64), ix: 0, inner_ix: -1, slot: 5, block_time: 5, draw: DRAW, user_wallet: key('U'), instruction: 'join_pool' },
	discovery: { since: 5 },
	census: { slot: 5, database: '1/1' },
	discoveries: { draw: DRAW, found_slot: 5, start_time: 5, allow_mock: 'false', verdict: 'FITS' },
	audits: { wallet: key('W'), began_slot: 5, database: '1/1' },
	foreign_signatures: { signature: signature('A'), wallet: key('W'), slot: 5, failed: 'false', kind: 'OTHER', told: 'false' },
	watermarks: { address: key('X'), signature: bytes(64), slot: 5 },
	call_gaps: { address: POOL, signature: bytes(64), slot: 5, reason: 'not_available' },
	submissions: { tx_hash: signature('3'), pool: POOL, wallet: key('U'), operation: 'join', amount: 5 },
	notices: { draw: DRAW, type: 'win', wallet: 'w' },
	referral_shares: { draw: DRAW, referrer: 'anna', amount: 5 },
	referral_periods: { period: 1, treasury: key('T'), after_claim: 0, max_amount: 5, max_per_day: 5 },
	referral_payouts: { claim_id: 1, period: 1, referrer: 'anna', mint: 'm', amount: '5' },
	sponsored: { draw: DRAW, auxiliary: key('V'), recipient: null },
	mismatches: { subject: DRAW, scope: 'chain', kind: 'vault_short', expected: '5', found: '4' },
	leftovers: { draw: DRAW },
	audit_queue: { at: 'now()', xid: 1, relation: 'keeper.steps', operation: 'DELETE', session_role: 'a', acting_role: 'a', application: '' },
	audit_trail: {
		n: 1, at: 'now()', xid: 1, relation: 'keeper.steps', operation: 'DELETE', session_role: 'a', acting_role: 'a', application: '', prev_hash: bytes(32), hash: bytes(32),
	},
	audit_cuts: { n: 1, hash: bytes(32), rows: 1 },
	vrf_keys: { key: bytes(32) },
	offchain_rules: { type: 'coin', version: 1, rules: RULES, rules_hash: `sha256('${RULES}')` },
	offchain_draws: {
		draw: UUID, seq: 1, previous: bytes(32), hash: bytes(32), source: 'coins', source_key: '1', type: 'coin', version: 1, rules_hash: bytes(32),
		randomness: 'beacon', select_mode: 1, n: 2, total_weight: 2, root: bytes(32), stakes_root: bytes(32), salt: bytes(16), slot: 100, locked_round: ROUND,
		deadline: `to_timestamp(${roundTime(ROUND) + 600})`, amounts: '{5}', currency: 'points', prizes: 1, alternates: 0, stake_units: 5, opened_at: `to_timestamp(${roundTime(ROUND) - 900})`,
		locked_at: `to_timestamp(${roundTime(ROUND) - 120})`, owner: 'o',
	},
	offchain_entries: { draw: UUID, entry: 0, participant: bytes(32), weight: 1, stake: 5, below: 0, account: 'a', ref: 'r' },
	offchain_picks: { draw: UUID, pick: 0 },
	offchain_waits: { source: 's', source_key: 'k', reason: 'OFFCHAIN_NODES', why: '' },
	offchain_refusals: { draw: UUID, participant: bytes(32), reason: 'closed' },
	pool_proofs: { draw: DRAW, member: '{"a":"b"}', proved_at: 'now()' },
	certificates: {
		serial: 1, previous: bytes(32), hash: bytes(32), draw: UUID, made: 'to_timestamp(1790000000)', key: bytes(32), signature: bytes(64),
	},
	lease: { name: 'keeper', owner: '', fence: 0, expires_at: 'now()' },
};

function insert(table, changes) {
	const row = Object.entries({ ...GOOD[table], ...changes }).filter(([, value]) => value !== undefined);
	const values = row.map(([, value]) => quoted(value === null ? null : String(value)));
	return `INSERT INTO keeper.${table} (${row.map(([name]) => name).join(', ')}) VALUES (${values.join(', ')})`;
}

const LANDED = { state: 'landed', landed_slot: 6, high_slot: 6 };
const FAILED = { state: 'failed', landed_slot: 6, high_slot: 6, closed_at: 'now()', failed: 'true', failure_ix: 0, failure_custom: 'true', failure_code: 6000 };
const PAID = {
	status: 6, paid_at: 'now()', winner: key('W'), decimals: 9, winner_amount: 7, dev_amount: 1, burn_amount: 1, treasury_amount: 1,
	end_time: 5, payout_slot: 5,
};

const ACCEPTED = { state: 'accepted', answered_at: 'now()', slot: 5 };

const ANCHOR = { anchor_sig: signature('A'), anchor_slot: 99, anchor_wallet: bytes(32) };
const BLOCK = { ...ANCHOR, parent_slot: 98, block_slot: 100, blockhash: bytes(32), block_time: roundTime(ROUND) - 60, round: ROUND };
const BETA = { ...BLOCK, drand_signature: bytes(48), beta: bytes(64), proven_at: 'now()' };
const DRAWN = { ...BETA, state: 'drawn', drawn_at: 'now()' };
const SETTLED = { state: 'settled', settled_at: 'now()', paid_units: 5, payments: '{ledger 7}' };
const DEFAULTED = { state: 'defaulted', defaulted_at: `to_timestamp(${roundTime(ROUND) + 600})`, default_why: 'no_anchor' };

// [constraint, table, what is wrong with the row]
const REFUSED = [
	['subject_is_known', 'steps', { subject: 'pool:1' }],
	['subject_is_known', 'steps', { subject: `draw:${POOL}:123456789012345678901` }],
	['address_is_base58', 'steps', { randomness: `${key('R').slice(1)}0` }],
	['address_is_base58', 'commits', { oracle: key('Q').toLowerCase().replace('q', 'l') }],
	['signature_is_base58', 'steps', { sig: signature('A').slice(30) }],
	['slot_is_not_negative', 'steps', { last_valid: -1 }],
	['u64_fits', 'draws', { total_amount: '18446744073709551616' }],
	['u64_fits', 'draws', { total_amount: -1 }],
	['lease_is_one_row', 'lease', { name: 'other' }],
	['lease_owner_is_short', 'lease', { owner: 'o'.repeat(96) }],
	['lease_fence_counts', 'lease', { fence: -1 }],
	['lease_pkey', 'lease', {}],
	['steps_seq_counts', 'steps', { seq: 0 }],
	['steps_step_fits', 'steps', { step: 'UNLOCK' }],
	['steps_step_fits', 'steps', { step: 'CREATE_ATA' }],
	['steps_step_fits', 'steps', { subject: 'canary:1' }],
	['steps_state_known', 'steps', { state: 'sent' }],
	['steps_tx_fits', 'steps', { tx: bytes(1233) }],
	['steps_tx_fits', 'steps', { tx: "decode('', 'hex')" }],
	['steps_failure_ix_range', 'steps', { ...FAILED, failure_ix: -2 }],
	['steps_failure_code_range', 'steps', { ...FAILED, failure_code: 4294967296 }],
	['steps_landed_has_slot', 'steps', { state: 'landed' }],
	['steps_landed_has_slot', 'steps', { landed_slot: 5 }],
	['steps_closed_has_time', 'steps', { state: 'expired' }],
	['steps_closed_has_time', 'steps', { closed_at: 'now()' }],
	['steps_failed_fits', 'steps', { ...FAILED, state: 'final' }],
	['steps_failed_fits', 'steps', { ...LANDED, state: 'failed', closed_at: 'now()' }],
	['steps_failure_is_whole', 'steps', { ...LANDED, failed: 'true', failure_ix: 1 }],
	['steps_failure_is_whole', 'steps', { failure_code: 1 }],
	['steps_high_is_highest', 'steps', { high_slot: 4 }],
	['steps_high_is_highest', 'steps', { ...LANDED, high_slot: 5 }],
	['steps_bind_has_account', 'steps', { randomness: null }],
	['steps_creator_fits', 'steps', { creator: key('C') }],
	['bindings_why_known', 'bindings', { released_at: 'now()', released_why: 'lost' }],
	['bindings_draw_seq_fkey', 'bindings', { seq: 9 }],
	['bindings_release_is_whole', 'bindings', { released_at: 'now()' }],
	['bindings_creation_has_slot', 'bindings', { lut_slot: null }],
	['commits_n_counts', 'commits', { n: 0 }],
	['commits_reason_is_short', 'commits', { reason: '' }],
	['commits_signature_size', 'commits', { answer_signature: bytes(63), answer_recovery_id: 0, answer_value: bytes(32), answered_at: 'now()' }],
	['commits_recovery_range', 'commits', { answer_signature: bytes(64), answer_recovery_id: 4, answer_value: bytes(32), answered_at: 'now()' }],
	['commits_value_size', 'commits', { answer_signature: bytes(64), answer_recovery_id: 0, answer_value: bytes(33), answered_at: 'now()' }],
	['commits_answer_is_whole', 'commits', { answer_signature: bytes(64), answer_value: bytes(32) }],
	['commits_fate_known', 'commits', { fate: 'lost' }],
	['commits_used_has_answer', 'commits', { fate: 'used' }],
	['draws_status_known', 'draws', { status: 9 }],
	['draws_participants_range', 'draws', { participants: 21 }],
	['draws_randomness_range', 'draws', { randomness: '340282366920938463463374607431768211456' }],
	['draws_decimals_range', 'draws', { decimals: 255 }],
	['draws_key_fits', 'draws', { pool_id: 8 }],
	['draws_paid_is_whole', 'draws', { ...PAID, payout_slot: null }],
	['draws_paid_has_winner', 'draws', { ...PAID, winner: null }],
	['draws_paid_has_winner', 'draws', { ...PAID, status: 5 }],
	['draws_payout_sig_is_paid', 'draws', { payout_sig: signature('Z') }],
	['draws_payout_sig_is_paid', 'draws', { projected_at: 'now()' }],
	['draws_amounts_sum', 'draws', { ...PAID, winner_amount: 8 }],
	['calls_signature_size', 'calls', { signature: bytes(65) }],
	['calls_ix_range', 'calls', { ix: 256 }],
	['calls_inner_range', 'calls', { inner_ix: -2 }],
	['calls_instruction_name', 'calls', { instruction: 'Join' }],
	['calls_decimals_range', 'calls', { decimals: -1 }],
	['discovery_is_one_row', 'discovery', { one: 'false' }],
	['census_is_one_row', 'census', { one: 'false' }],
	['census_signature_size', 'census', { signature: '\\x00' }],
	['discoveries_verdict_is_word', 'discoveries', { verdict: 'fits' }],
	['discoveries_listed_fits', 'discoveries', { listed_at: 'now()' }],
	['discoveries_listed_fits', 'discoveries', { listed_at: 'now()', app_id: 1, verdict: 'HISTORY' }],
	['audits_watermark_is_whole', 'audits', { signature: signature('A') }],
	['foreign_signatures_kind_known', 'foreign_signatures', { kind: 'FRIEND' }],
	['foreign_signatures_memo_fits', 'foreign_signatures', { kind: 'ANCHOR' }],
	['foreign_signatures_memo_fits', 'foreign_signatures', { memo: `poolkeeper 1 plain:a ${'0a'.repeat(32)}` }],
	['foreign_signatures_answer_fits', 'foreign_signatures', { answer: 'paid by hand' }],
	['notices_type_known', 'notices', { type: 'join' }],
	['watermarks_signature_size', 'watermarks', { signature: bytes(63) }],
	['watermarks_seen_size', 'watermarks', { seen: bytes(31) }],
	['watermarks_is_whole', 'watermarks', { slot: null }],
	['call_gaps_signature_size', 'call_gaps', { signature: bytes(63) }],
	['call_gaps_reason_known', 'call_gaps', { reason: 'forgotten' }],
	['submissions_tx_hash_is_a_signature', 'submissions', { tx_hash: signature('3').slice(4) }],
	['submissions_tx_hash_is_a_signature', 'submissions', { tx_hash: signature('z') }],
	['submissions_tx_hash_is_a_signature', 'submissions', { tx_hash: `${signature('3').slice(1)}0` }],
	['submissions_tx_hash_is_a_signature', 'submissions', { tx_hash: '' }],
	['submissions_pool_is_an_address', 'submissions', { pool: `${POOL}5` }],
	['submissions_wallet_is_an_address', 'submissions', { wallet: key('L').toLowerCase() }],
	['submissions_wallet_is_an_address', 'submissions', { wallet: 'somebody' }],
	['submissions_operation_known', 'submissions', { operation: 'payout', amount: null }],
	['submissions_amount_is_base_units', 'submissions', { amount: -1 }],
	['submissions_amount_is_base_units', 'submissions', { amount: '0.5' }],
	['submissions_amount_is_base_units', 'submissions', { amount: 'NaN' }],
	['submissions_amount_is_base_units', 'submissions', { amount: '18446744073709551616' }],
	['submissions_amount_fits_operation', 'submissions', { operation: 'claim_rent' }],
	['submissions_state_known', 'submissions', { state: 'sent', answered_at: 'now()' }],
	['submissions_reason_known', 'submissions', { state: 'rejected', reason: 'too_young', answered_at: 'now()' }],
	['submissions_answer_is_whole', 'submissions', { answered_at: 'now()' }],
	['submissions_answer_is_whole', 'submissions', { state: 'rejected', reason: 'not_found' }],
	['submissions_reason_fits', 'submissions', { reason: 'not_found' }],
	['submissions_reason_fits', 'submissions', { state: 'revoked', answered_at: 'now()' }],
	['submissions_accepted_has_block', 'submissions', { ...ACCEPTED, slot: null }],
	['submissions_final_is_accepted', 'submissions', { final_at: 'now()' }],
	['mismatches_scope_known', 'mismatches', { scope: 'bank' }],
	['mismatches_kind_is_name', 'mismatches', { kind: 'Vault' }],
	['leftovers_draw_fkey', 'leftovers', {}],
	['subject_is_known', 'steps', { subject: 'referral:0', step: 'PAY_REFERRAL' }],
	['steps_step_fits', 'steps', { subject: 'referral:1' }],
	['steps_step_fits', 'steps', { step: 'PAY_REFERRAL' }],
	['referral_periods_counts', 'referral_periods', { period: 0 }],
	['referral_periods_day_counts', 'referral_periods', { max_per_day: -1 }],
	['referral_payouts_claim_counts', 'referral_payouts', { claim_id: 0 }],
	['referral_payouts_period_fkey', 'referral_payouts', {}],
	['referral_payouts_state_known', 'referral_payouts', { state: 'sent', wallet: key('W'), units: 5, opened_at: 'now()', sig: signature('A') }],
	['referral_payouts_waits_is_name', 'referral_payouts', { waits_for: 'money' }],
	['referral_payouts_target_is_whole', 'referral_payouts', { wallet: key('W') }],
	['referral_payouts_opened_has_target', 'referral_payouts', { state: 'out' }],
	['referral_payouts_paid_has_time', 'referral_payouts', { paid_at: 'now()' }],
	['referral_payouts_projected_is_paid', 'referral_payouts', { projected_at: 'now()' }],
	['audit_queue_operation_known', 'audit_queue', { operation: 'MERGE' }],
	['audit_trail_operation_known', 'audit_trail', { operation: 'MERGE' }],
	['audit_trail_n_counts', 'audit_trail', { n: 0 }],
	['audit_trail_prev_hash_size', 'audit_trail', { prev_hash: bytes(31) }],
	['audit_trail_hash_size', 'audit_trail', { hash: bytes(33) }],
	['audit_cuts_hash_size', 'audit_cuts', { hash: bytes(20) }],
	['hash32_has_32_bytes', 'vrf_keys', { key: bytes(31) }],
	['vrf_keys_why_is_short', 'vrf_keys', { retired_at: 'now()', retired_why: '' }],
	['vrf_keys_retirement_is_whole', 'vrf_keys', { retired_at: 'now()' }],
	['offchain_rules_type_is_name', 'offchain_rules', { type: 'Coin', ...ruled({ type: 'Coin' }) }],
	['offchain_rules_version_counts', 'offchain_rules', { version: 0 }],
	['offchain_rules_type_fits', 'offchain_rules', ruled({ type: 'other' })],
	['offchain_rules_type_fits', 'offchain_rules', ruled({ type: undefined })],
	['offchain_rules_hash_fits', 'offchain_rules', { rules_hash: bytes(32) }],
	['offchain_rules_source_is_name', 'offchain_rules', ruled({ source: '../x' })],
	['offchain_rules_randomness_known', 'offchain_rules', ruled({ randomness: 'mock' })],
	['offchain_rules_mode_known', 'offchain_rules', ruled({ mode: 3 })],
	['offchain_rules_deadline_range', 'offchain_rules', ruled({ deadline_s: 59 })],
	['offchain_rules_refusals_is_list', 'offchain_rules', ruled({ refusals: 'any' })],
	['offchain_draws_key_is_there', 'offchain_draws', { source_key: '' }],
	['offchain_draws_currency_is_there', 'offchain_draws', { currency: '' }],
	['offchain_draws_certificate_is_of_over', 'offchain_draws', { certificate: 7 }],
	['certificates_made_is_whole', 'certificates', { made: 'to_timestamp(1790000000.5)' }],
	['certificates_draw_fkey', 'certificates', {}],
	['certificates_pool_fkey', 'certificates', { draw: null, pool: DRAW }],
	['certificates_of_one', 'certificates', { pool: DRAW }],
	['certificates_of_one', 'certificates', { draw: null }],
	['pool_proofs_member_is_plain', 'pool_proofs', { member: '{\n}' }],
	['pool_proofs_member_is_plain', 'pool_proofs', { member: `{${' '.repeat(32766)}}` }],
	['pool_proofs_why_known', 'pool_proofs', { member: null, why: 'no_reason' }],
	['pool_proofs_one_answer', 'pool_proofs', { why: 'too_many' }],
	['pool_proofs_one_answer', 'pool_proofs', { member: null }],
	['pool_proofs_one_answer', 'pool_proofs', { proved_at: null }],
	['pool_proofs_certificate_has_member', 'pool_proofs', { member: null, why: 'too_many', certificate: 1 }],
	['pool_proofs_certificate_fkey', 'pool_proofs', { certificate: 1 }],
	['certificates_signature_size', 'certificates', { signature: bytes(63) }],
	['plain_text_is_printable', 'offchain_draws', { currency: 'a "quoted" one' }],
	['plain_text_is_printable', 'offchain_draws', { source_key: 'k'.repeat(128) }],
	['offchain_draws_amounts_are_prizes', 'offchain_draws', { amounts: '{5,5}' }],
	['offchain_draws_amounts_are_prizes', 'offchain_draws', { amounts: '{NULL}' }],
	['u64_fits', 'offchain_draws', { amounts: '{-5}' }],
	['offchain_draws_payments_are_prizes', 'offchain_draws', { ...DRAWN, ...SETTLED, payments: '{a,b}' }],
	['offchain_waits_reason_is_name', 'offchain_waits', { reason: 'because' }],
	['offchain_waits_why_is_short', 'offchain_waits', { why: 'w'.repeat(501) }],
	['offchain_draws_n_range', 'offchain_draws', { n: 0 }],
	['offchain_draws_n_range', 'offchain_draws', { n: 10000001 }],
	['offchain_draws_weight_is_positive', 'offchain_draws', { total_weight: 0 }],
	['offchain_draws_salt_size', 'offchain_draws', { salt: bytes(15) }],
	['offchain_draws_vrf_key_fkey', 'offchain_draws', { randomness: 'vrf', vrf_key: bytes(32) }],
	['offchain_draws_prizes_range', 'offchain_draws', { amounts: '{}', prizes: 0 }],
	['offchain_draws_alternates_range', 'offchain_draws', { alternates: -1 }],
	['offchain_draws_state_known', 'offchain_draws', { state: 'redrawn' }],
	['offchain_draws_halt_is_short', 'offchain_draws', { halted_why: '' }],
	['offchain_draws_drand_size', 'offchain_draws', { ...BLOCK, drand_signature: bytes(47) }],
	['offchain_draws_proof_size', 'offchain_draws', { ...BETA, proof: bytes(79), randomness: 'vrf', vrf_key: bytes(32) }],
	['offchain_draws_beta_size', 'offchain_draws', { ...BETA, beta: bytes(63) }],
	['offchain_draws_default_known', 'offchain_draws', { ...DEFAULTED, default_why: 'no_luck' }],
	['offchain_draws_type_version_fkey', 'offchain_draws', {}],
	['offchain_draws_key_fits_randomness', 'offchain_draws', { randomness: 'vrf' }],
	['offchain_draws_key_fits_randomness', 'offchain_draws', { vrf_key: bytes(32) }],
	['offchain_draws_round_is_ahead', 'offchain_draws', { locked_at: `to_timestamp(${roundTime(ROUND) - 119})` }],
	['offchain_draws_opened_before', 'offchain_draws', { opened_at: `to_timestamp(${roundTime(ROUND) - 120})` }],
	['offchain_draws_deadline_follows', 'offchain_draws', { deadline: `to_timestamp(${roundTime(ROUND) + 59})` }],
	['offchain_draws_anchor_is_before', 'offchain_draws', { ...ANCHOR, anchor_slot: 100 }],
	['offchain_draws_anchor_is_before', 'offchain_draws', { anchor_slot: 5 }],
	['offchain_draws_anchor_is_before', 'offchain_draws', { ...ANCHOR, anchor_wallet: null }],
	['offchain_draws_block_is_whole', 'offchain_draws', { ...BLOCK, blockhash: null }],
	['offchain_draws_block_follows', 'offchain_draws', { ...BLOCK, block_slot: 99 }],
	['offchain_draws_block_follows', 'offchain_draws', { ...BLOCK, parent_slot: 100 }],
	['offchain_draws_block_follows', 'offchain_draws', { ...BLOCK, anchor_sig: null, anchor_slot: null, anchor_wallet: null }],
	['offchain_draws_round_follows', 'offchain_draws', { ...BLOCK, round: ROUND + 20 }],
	['offchain_draws_round_follows', 'offchain_draws', { ...BLOCK, block_time: roundTime(ROUND) - 59 }],
	['offchain_draws_round_follows', 'offchain_draws', { ...BLOCK, block_time: roundTime(ROUND) - 59, round: ROUND + 1 }],
	['offchain_draws_beacon_follows', 'offchain_draws', { drand_signature: bytes(48) }],
	['offchain_draws_beta_is_whole', 'offchain_draws', { ...BETA, proven_at: null }],
	['offchain_draws_beta_is_whole', 'offchain_draws', { ...BETA, proof: bytes(80) }],
	['offchain_draws_beta_is_whole', 'offchain_draws', { ...BETA, randomness: 'vrf', vrf_key: bytes(32) }],
	['offchain_draws_beta_follows', 'offchain_draws', { ...BETA, drand_signature: null }],
	['offchain_draws_state_fits', 'offchain_draws', { ...BETA, state: 'drawn' }],
	['offchain_draws_state_fits', 'offchain_draws', { ...DRAWN, state: 'locked' }],
	['offchain_draws_state_fits', 'offchain_draws', { ...DRAWN, ...SETTLED, paid_units: null }],
	['offchain_draws_state_fits', 'offchain_draws', { ...DRAWN, ...SETTLED, payments: null }],
	['offchain_draws_state_fits', 'offchain_draws', { ...DEFAULTED, default_why: null }],
	['offchain_draws_state_fits', 'offchain_draws', { ...DEFAULTED, state: 'refunded', refunded_units: 5 }],
	['offchain_draws_refund_is_whole', 'offchain_draws', { ...DEFAULTED, state: 'refunded', refunded_at: 'now()' }],
	['offchain_draws_refund_is_whole', 'offchain_draws', { ...DEFAULTED, state: 'refunded', refunded_at: 'now()', refunded_units: 4 }],
	['offchain_draws_refund_is_whole', 'offchain_draws', { ...DRAWN, refunded_units: 5 }],
	['offchain_draws_drawn_has_beta', 'offchain_draws', { state: 'drawn', drawn_at: 'now()' }],
	['offchain_draws_default_has_none', 'offchain_draws', { ...BETA, ...DEFAULTED }],
	['offchain_draws_default_has_none', 'offchain_draws', { ...DEFAULTED, defaulted_at: `to_timestamp(${roundTime(ROUND) + 599})` }],
	['offchain_draws_picks_range', 'offchain_draws', { amounts: `{${Array(999).fill(1).join(',')}}`, prizes: 999, alternates: 2 }],
	['offchain_draws_no_default_after_beacon', 'offchain_draws', { ...DEFAULTED, ...BLOCK, drand_signature: bytes(48) }],
	['offchain_entries_account_is_short', 'offchain_entries', { account: '' }],
	['offchain_entries_ref_is_short', 'offchain_entries', { ref: 'r'.repeat(201) }],
	['offchain_picks_pick_counts', 'offchain_picks', { pick: -1 }],
	['offchain_picks_attempt_counts', 'offchain_picks', { attempt: -1, number: 0, total: 1, entry: 0 }],
	['offchain_picks_number_is_below', 'offchain_picks', { attempt: 0, number: 1, total: 1, entry: 0 }],
	['offchain_picks_is_whole', 'offchain_picks', { attempt: 0 }],
	['offchain_picks_draw_fkey', 'offchain_picks', {}],
	['offchain_rules_refusals_are_plain', 'offchain_rules', ruled({ refusals: ['\u00f1'] })],
	['offchain_refusals_reason_is_there', 'offchain_refusals', { reason: '' }],
	['offchain_rules_participants_known', 'offchain_rules', ruled({ participants: 'hand' })],
	['offchain_refusals_draw_fkey', 'offchain_refusals', {}],
];

for (const [constraint, table, changes] of REFUSED) {
	test(`${constraint} refuses ${JSON.stringify(changes).slice(0, 70)}`, async () => {
		const outcome = await keeper.outcome(insert(table, changes));
		assert.match(outcome, new RegExp(`^(23514|23503|23505) ${constraint}$`));
	});
}

// [constraint, table, the rows that are fine, the row that is one too many]
const ONCE = [
	['steps_pkey', 'steps', [{}], { sig: signature('B'), state: 'expired', closed_at: 'now()' }],
	['steps_sig_once', 'steps', [{}], { seq: 2, state: 'stale' }],
	['steps_one_open', 'steps', [{}], { seq: 2, sig: signature('B') }],
	['commits_pkey', 'commits', [{}], { seed_slot: 6 }],
	['commits_seed_once', 'commits', [{}], { n: 2 }],
	['draws_pkey', 'draws', [{}], { app_id: null }],
	['draws_app_id', 'draws', [{}], { draw: `draw:${POOL}:8`, pool_id: 8 }],
	['calls_pkey', 'calls', [{}, { ix: 1 }, { inner_ix: 0 }], { slot: 9 }],
	['watermarks_pkey', 'watermarks', [{}], {}],
	['discovery_pkey', 'discovery', [{}], {}],
	['census_pkey', 'census', [{}], {}],
	['discoveries_pkey', 'discoveries', [{}], { verdict: 'HISTORY' }],
	['audits_pkey', 'audits', [{}], { began_slot: 6 }],
	['foreign_signatures_pkey', 'foreign_signatures', [{}], { kind: 'STEP' }],
	['call_gaps_pkey', 'call_gaps', [{}, { address: key('X') }], { slot: 6 }],
	['submissions_accepted_once', 'submissions', [{}, {}, ACCEPTED, { tx_hash: signature('2'), ...ACCEPTED }], { wallet: key('V'), ...ACCEPTED }],
	['notices_pkey', 'notices', [{}, { type: 'cancel' }, { wallet: 'v' }], {}],
	['referral_shares_pkey', 'referral_shares', [{}, { referrer: 'bob' }], { amount: 6 }],
	['referral_periods_pkey', 'referral_periods', [{ ended_at: 'now()' }], {}],
	['referral_periods_one', 'referral_periods', [{}, { period: 2, ended_at: 'now()' }], { period: 3 }],
	['sponsored_pkey', 'sponsored', [{}, { auxiliary: key('W') }], { recipient: key('A') }],
	['audit_trail_pkey', 'audit_trail', [{}, { n: 2 }], { xid: 2 }],
	['audit_cuts_pkey', 'audit_cuts', [{}, { n: 2 }], { rows: 2 }],
	['offchain_waits_pkey', 'offchain_waits', [{}, { source: 't' }, { source_key: 'l' }], { why: 'w' }],
	['mismatches_standing', 'mismatches', [{}, { kind: 'vault_dust' }, { gone_at: 'now()' }], { found: '3' }],
];

for (const [constraint, table, rows, extra] of ONCE) {
	test(`${constraint} refuses a second row`, async () => {
		const fresh = await bareKeeper();
		for (const row of rows) assert.equal(await fresh.outcome(insert(table, row)), 'ok');
		assert.match(await fresh.outcome(insert(table, extra)), new RegExp(`^23505 ${constraint}$`));
	});
}

test('two draws cannot hold one randomness account, nor one draw the same claim twice', async () => {
	const fresh = await newKeeper(server);
	const other = `draw:${POOL}:8`;
	await fresh.sql(`${insert('steps', {})}; ${insert('steps', { subject: other, sig: signature('B') })}; ${insert('bindings', {})}`);
	assert.equal(await fresh.outcome(insert('bindings', { draw: other })), '23505 bindings_one_draw');
	assert.equal(await fresh.outcome(insert('bindings', { randomness: key('S') })), '23505 bindings_pkey');
	await fresh.sql("UPDATE keeper.bindings SET released_at = now(), released_why = 'selected'");
	assert.equal(await fresh.outcome(insert('bindings', { draw: other })), 'ok');
	assert.equal(await fresh.sql('SELECT draw, replaced FROM keeper.bindings ORDER BY draw'), `${DRAW}|t\n${other}|f`);
	assert.equal(await fresh.outcome('UPDATE keeper.bindings SET replaced = false'), '23505 bindings_newest');
});

test('a draw leaves over once', async () => {
	const fresh = await newKeeper(server);
	await fresh.sql(insert('draws', {}));
	assert.equal(await fresh.outcome(insert('leftovers', {})), 'ok');
	assert.equal(await fresh.outcome(insert('leftovers', {})), '23505 leftovers_pkey');
});

test('a claim is taken in once', async () => {
	const fresh = await newKeeper(server);
	for (const table of ['referral_periods', 'referral_payouts']) assert.equal(await fresh.outcome(insert(table, {})), 'ok');
	assert.equal(await fresh.outcome(insert('referral_payouts', { amount: '6' })), '23505 referral_payouts_pkey');
});

test('an off-chain draw has its rows once, and a pick its entry', async () => {
	const fresh = await bareKeeper();
	for (const table of ['vrf_keys', 'offchain_rules']) assert.equal(await fresh.outcome(insert(table, {})), 'ok');
	assert.equal(await fresh.outcome(`${insert('offchain_entries', {})}; ${insert('offchain_draws', {})}`), 'ok');
	assert.match(await fresh.outcome(insert('offchain_picks', { attempt: 0, number: 0, total: 1, entry: 7 })), /^23503 offchain_picks_draw_entry_fkey/);
	for (const table of ['offchain_picks', 'offchain_refusals']) assert.equal(await fresh.outcome(insert(table, {})), 'ok');
	const other = '00000000-0000-4000-8000-000000000002';
	const next = { draw: other, seq: 2, previous: "decode(repeat('01', 32), 'hex')", hash: "decode(repeat('01', 32), 'hex')", source_key: '2' };
	for (const [constraint, table, changes] of [
		['vrf_keys_pkey', 'vrf_keys', {}], ['offchain_rules_pkey', 'offchain_rules', ruled({ note: 1 })], ['offchain_rules_hash_once', 'offchain_rules', { version: 2 }],
		['offchain_draws_pkey', 'offchain_draws', { ...next, draw: UUID }], ['offchain_draws_seq_once', 'offchain_draws', { ...next, seq: 1 }],
		['offchain_draws_previous_once', 'offchain_draws', { ...next, previous: bytes(32) }], ['offchain_draws_hash_once', 'offchain_draws', { ...next, hash: bytes(32) }],
		['offchain_draws_source_once', 'offchain_draws', { ...next, source_key: '1' }], ['offchain_entries_pkey', 'offchain_entries', {}],
		['offchain_picks_pkey', 'offchain_picks', {}], ['offchain_refusals_pkey', 'offchain_refusals', {}],
	]) assert.match(await fresh.outcome(insert(table, changes)), new RegExp(`^23505 ${constraint}$`));
	assert.equal(await fresh.outcome(insert('offchain_draws', { ...DRAWN, ...next, ...SETTLED })), 'ok');
});

test('a certificate is there once, and a draw has one', async () => {
	const fresh = await bareKeeper();
	await fresh.sql(`${insert('vrf_keys', {})}; ${insert('offchain_rules', {})}`);
	assert.equal(await fresh.outcome(insert('offchain_draws', { ...DRAWN, ...SETTLED, certificate: 7 })), '23503 offchain_draws_certificate_fkey');
	const other = { draw: '00000000-0000-4000-8000-000000000002', seq: 2, previous: "decode(repeat('01', 32), 'hex')", hash: "decode(repeat('01', 32), 'hex')", source_key: '2' };
	await fresh.sql(`${insert('offchain_draws', { ...DRAWN, ...SETTLED })}; ${insert('offchain_draws', { ...DRAWN, ...SETTLED, ...other })}`);
	assert.equal(await fresh.outcome(insert('certificates', {})), 'ok');
	const next = { serial: 2, previous: other.previous, hash: other.hash, draw: other.draw };
	for (const [constraint, changes] of [['certificates_pkey', { serial: 1 }], ['certificates_previous_once', { previous: bytes(32) }], ['certificates_hash_once', { hash: bytes(32) }],
		['certificates_draw_once', { draw: UUID }]]) assert.equal(await fresh.outcome(insert('certificates', { ...next, ...changes })), `23505 ${constraint}`);
	assert.equal(await fresh.outcome(insert('certificates', next)), 'ok');
	assert.equal(await fresh.outcome(insert('pool_proofs', { certificate: 2 })), 'ok');
	assert.equal(await fresh.outcome(insert('pool_proofs', {})), '23505 pool_proofs_pkey');
	const third = { ...next, serial: 3, previous: `decode(repeat('02', 32), 'hex')`, hash: `decode(repeat('02', 32), 'hex')`, draw: null, pool: DRAW };
	assert.equal(await fresh.outcome(insert('certificates', third)), 'ok');
	assert.equal(await fresh.outcome(insert('certificates', { ...third, serial: 4, previous: `decode(repeat('03', 32), 'hex')`, hash: `decode(repeat('03', 32), 'hex')` })), '23505 certificates_pool_once');
});

test('good rows are taken', async () => {
	const fresh = await newKeeper(server);
	for (const table of ['steps', 'bindings', 'commits', 'draws', 'calls', 'watermarks', 'submissions', 'notices', 'referral_shares', 'sponsored', 'mismatches', 'leftovers']) assert.equal(await fresh.outcome(insert(table, {})), 'ok', table);
	assert.equal(await fresh.outcome(insert('steps', { ...FAILED, seq: 2, sig: signature('B') })), 'ok');
	assert.equal(await fresh.outcome(insert('draws', { ...PAID, draw: `draw:${POOL}:8`, pool_id: 8, app_id: null })), 'ok');
});

test('every constraint and unique index of the schema is tried above', async () => {
	const tried = new Set([...REFUSED, ...ONCE].map(([name]) => name)
		.concat('bindings_one_draw', 'bindings_pkey', 'bindings_newest', 'leftovers_pkey', 'referral_payouts_pkey'));
	for (const name of ['vrf_keys_pkey', 'offchain_rules_pkey', 'offchain_rules_hash_once', 'offchain_draws_pkey', 'offchain_draws_seq_once', 'offchain_draws_previous_once', 'offchain_draws_hash_once',
		'offchain_draws_source_once', 'offchain_entries_pkey', 'offchain_picks_pkey', 'offchain_picks_draw_entry_fkey', 'offchain_refusals_pkey']) tried.add(name);
	for (const name of ['pkey', 'previous_once', 'hash_once', 'draw_once']) tried.add(`certificates_${name}`);
	for (const name of ['offchain_draws_certificate_fkey', 'certificates_pool_once', 'pool_proofs_pkey']) tried.add(name);
	// Decided at the end of a transaction: offchain.test.js, offchain_guards.test.js.
	for (const name of ['offchain_entries_draw_fkey', 'offchain_refusals_still_fit']) tried.add(name);
	// draw is made of address and pool_id (draws_key_fits): draws_pkey always answers before this one can.
	tried.add('draws_address_once');
	// Nobody can give these an id.
	for (const name of ['submissions_pkey', 'mismatches_pkey', 'integrity_fixes_pkey', 'audit_queue_pkey']) tried.add(name);
	const names = await keeper.sql(`SELECT conname FROM pg_constraint WHERE connamespace = 'keeper'::regnamespace
		UNION SELECT indexrelid::regclass::text FROM pg_index WHERE indisunique AND indpred IS NOT NULL
		AND indrelid IN (SELECT oid FROM pg_class WHERE relnamespace = 'keeper'::regnamespace) ORDER BY 1`);
	const missing = names.split('\n').map((name) => name.replace('keeper.', '')).filter((name) => !tried.has(name));
	assert.deepEqual(missing, []);
});

test('every table and every function has a comment', async () => {
	const bare = await keeper.sql(`SELECT relname FROM pg_class WHERE relnamespace = 'keeper'::regnamespace AND relkind = 'r' AND obj_description(oid) IS NULL
		UNION SELECT proname FROM pg_proc WHERE pronamespace = 'keeper'::regnamespace AND obj_description(oid) IS NULL`);
	assert.equal(bare, '');
});
