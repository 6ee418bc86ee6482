#!/usr/bin/env node
// Measures poolkeeper and holds every figure against its target: quiet ticks at growing numbers of pools, then draws.
'use strict';

const { certificateFigures } = require('./certificates.js');
const { contributionFigures } = require('./contributions.js');
const { drawFigures } = require('./draws.js');
const { insertFigures } = require('./inserts.js');
const { Question } = require('./verdict.js');
const { quietTicks, TICKS, TICK_SECONDS } = require('./quiet.js');
const { verifyRates } = require('./verified.js');

const POOLS_PER_REQUEST = 99;
// Requests of a tick that do not grow with the pools: once an hour the rents are asked for.
const CONSTANT_REQUESTS = 1;
const CPU_US = 4;
const CPU_STRETCH_US = 1.5;
// A pool costs no more among many than among few.
const FLATNESS = 1.2;
const MEMORY_BASE = 20e6;
const MEMORY_PER_POOL = 700;
const TRANSACTIONS = 2;
const CALLS = 12;
const CONFIRMATIONS = 3;
// Of libsodium's bare verify rate.
const VERIFIED_SHARE = 0.8;
// Batches of 1,000 rows a statement may take so many times the time of a COPY of the same rows.
const INSERT_RATIO = 2;
// verify FILE may take so many times the bare hashing of the tickets' tree.
const CERTIFICATE_RATIO = 2;
// Wagers per second, of the bare UPDATE and INSERT of the same rows.
const WAGERS_SHARE = 0.5;
const WRITERS = [1, 8];
// TICK_SECONDS where nobody sets it.
const DEFAULT_TICK_US = 5e6;

const PLANS = {
	quick: { sizes: [10, 1000], draws: 2, rows: [100000], tickets: 100000 },
	full: { sizes: [10, 1000, 10000, 100000], draws: 5, rows: [100000, 10000000], tickets: 1000000 },
};

const perPools = (pools) => `${pools.toLocaleString('en')} pools`;
const shown = (number) => number.toFixed(2);
const sum = (counts) => Object.values(counts).reduce((total, count) => total + count, 0);

function trafficQuestion(sizes) {
	const question = new Question('Requests of a quiet tick', 'per tick');
	for (const figures of sizes) {
		const most = Math.ceil(figures.pools / POOLS_PER_REQUEST) + CONSTANT_REQUESTS;
		question.atMost(`RPC requests, ${perPools(figures.pools)}`, figures.requests, most, `<= ceil(N/99) + ${CONSTANT_REQUESTS} = ${most}`);
		question.exactly(`new connections, ${perPools(figures.pools)}`, figures.connections, 0);
	}
	const { pools, in: sent, out: received } = sizes.at(-1);
	question.note(`bytes sent and received per pool, ${perPools(pools)}`, `${Math.round(sent / pools)} and ${Math.round(received / pools)}`);
	return question;
}

function sqlQuestion(sizes) {
	const question = new Question('SQL of a quiet tick', 'per tick');
	for (const figures of sizes) {
		question.atMost(`statements, ${perPools(figures.pools)}`, figures.statements, 1);
		question.exactly(`rows written besides the lease, ${perPools(figures.pools)}`, figures.rows - figures.leaseRows, 0);
		question.exactly(`leases renewed, ${perPools(figures.pools)}`, figures.leases, 1);
		question.note(`bytes of WAL, ${perPools(figures.pools)}`, figures.wal);
	}
	return question;
}

// What a tick of 10 pools takes is there without pools as well: it is the constant part, and not counted per pool.
function cpuQuestion([few, ...many]) {
	const question = new Question('CPU of a quiet tick', 'us');
	question.note(`the whole tick, ${perPools(few.pools)}`, few.cpu);
	const costs = many.map(({ pools, cpu }) => ({ pools, cost: (cpu - few.cpu) / (pools - few.pools) }));
	for (const { pools, cost } of costs) question.atMost(`per pool more, ${perPools(pools)}`, cost, CPU_US, `<= ${CPU_US}, stretch ${CPU_STRETCH_US}`);
	for (const { pools, cost } of costs) {
		const { bare } = many.find((figures) => figures.pools === pools);
		question.note(`times the bare client with json-c (${shown(bare)} us), ${perPools(pools)}`, cost / bare);
	}
	if (costs.length > 1) {
		const growth = costs.at(-1).cost / costs[0].cost;
		question.atMost(`times the cost among ${perPools(costs[0].pools)}, ${perPools(costs.at(-1).pools)}`, growth, FLATNESS);
	}
	const { pools, cpu, serverCpu, wallMs } = many.at(-1);
	question.note(`share of one core at 5 s a tick, ${perPools(pools)}`, `${(100 * cpu / DEFAULT_TICK_US).toFixed(2)} %`);
	question.note(`from start to end of a tick, ${perPools(pools)}`, `${wallMs} ms`);
	question.note(`CPU of the replay server per pool, ${perPools(pools)}`, serverCpu / pools);
	return question;
}

function memoryQuestion(sizes) {
	const question = new Question('Memory', 'MB resident');
	for (const { pools, memory } of sizes) {
		const most = (MEMORY_BASE + MEMORY_PER_POOL * pools) / 1e6;
		question.atMost(`after the ticks, ${perPools(pools)}`, memory.now / 1e6, most, `<= 20 + 0.7 KB x N = ${most.toFixed(1)}`);
		question.note(`highest, ${perPools(pools)}`, memory.peak / 1e6);
	}
	return question;
}

const listed = (counts, draws) => Object.entries(counts).map(([method, count]) => `${method} ${Number((count / draws).toFixed(1))}`).join(', ');

function drawQuestion({ draws, transactions, calls }) {
	const question = new Question(`What a draw takes, average of ${draws}`, 'per draw');
	const average = (field) => transactions.reduce((total, counts) => total + counts[field], 0) / draws;
	question.exactly('transactions that landed', average('landed'), TRANSACTIONS);
	question.exactly('transactions in the journal', average('journal'), TRANSACTIONS);
	question.atMost('RPC calls of its own', sum(calls.draw) / draws, CALLS);
	question.note('RPC calls to record the users\' transactions', sum(calls.history) / draws);
	return question;
}

function timeQuestion({ draws, confirmationMs, times, medianMs, stages }) {
	const question = new Question(`From the due second to Ended, median of ${draws}`, 'confirmation times');
	const unit = confirmationMs.inARow;
	question.atMost('due to Ended', medianMs / unit, CONFIRMATIONS);
	for (const [name, milliseconds] of Object.entries(stages)) question.note(`  of this ${name}`, milliseconds / unit);
	question.note('slowest', Math.max(...times) / unit);
	question.note('due to Ended', `${Math.round(medianMs)} ms`);
	question.note('one confirmation of a bare client that sends one after the other', `${Math.round(unit)} ms`);
	question.note('one sent at any moment of a slot', `${Math.round(confirmationMs.anyMoment)} ms`);
	return question;
}

function verifyQuestion({ bare, whole, withJson }) {
	const question = new Question('Users\' transactions on one core', 'share of libsodium\'s bare verify rate');
	question.atLeast('taken apart, verified, calls extracted', whole / bare, VERIFIED_SHARE);
	question.note('with the JSON that it comes in', withJson / bare);
	question.note('bare verifications', `${Math.round(bare).toLocaleString('en')} per second`);
	return question;
}

function certificateQuestion({ tickets, bare, whole, bytes }) {
	const question = new Question(`A certificate with ${tickets.toLocaleString('en')} tickets`, 'times the hashing of its tree');
	question.atMost('read, checked, picks computed again', whole / bare, CERTIFICATE_RATIO);
	question.note('the whole', `${whole.toFixed(2)} s of CPU for ${(bytes / 1e6).toFixed(1)} MB`);
	return question;
}

function insertQuestion(figures) {
	const question = new Question('Batches of 1,000 rows a statement', 'times a COPY');
	for (const { rows, tables } of figures) {
		for (const [table, { ratio }] of Object.entries(tables)) question.atMost(`${table} among ${rows.toLocaleString('en')} rows`, ratio, INSERT_RATIO);
	}
	for (const { rows, tables, recordedPerSecond, retentionMs } of figures) {
		for (const [table, { perSecond }] of Object.entries(tables)) question.note(`rows per second, ${table} among ${rows.toLocaleString('en')}`, Math.round(perSecond));
		question.note(`rows per second, keeper.record_calls among ${rows.toLocaleString('en')}`, Math.round(recordedPerSecond));
		question.note(`slowest batch of 1,000 old marks deleted among ${rows.toLocaleString('en')}`, `${Math.round(retentionMs)} ms`);
	}
	return question;
}

function wagerQuestion(figures) {
	const question = new Question('Wagers on hot rows', 'share of plain pgbench');
	for (const { writers, ratio } of figures) {
		if (writers > 1) question.atLeast(`${writers} writers`, ratio, WAGERS_SHARE);
		else question.note('one writer', ratio);
	}
	for (const { writers, perSecond, bare } of figures) question.note(`per second, writers ${writers}: contribute and bare`, `${Math.round(perSecond)} and ${Math.round(bare)}`);
	return question;
}

async function main() {
	const plan = PLANS[process.argv[2] === '--quick' ? 'quick' : 'full'];
	const began = Date.now();
	console.log(`bench: ${plan.sizes.map(perPools).join(', ')}, ${TICKS} ticks of ${TICK_SECONDS} s each, then ${plan.draws} draws`);
	const sizes = [];
	for (const pools of plan.sizes) {
		sizes.push(await quietTicks(pools));
		console.log(`  ${perPools(pools)}: measured, ${Math.round((Date.now() - began) / 1000)} s so far`);
	}
	// Each is told as soon as it is known: who cannot wait for the last one has the first ones.
	const questions = [];
	const tell = (...answered) => {
		for (const question of answered) question.print();
		questions.push(...answered);
	};
	tell(trafficQuestion(sizes), sqlQuestion(sizes), cpuQuestion(sizes), memoryQuestion(sizes));
	const draws = await drawFigures(plan.draws);
	tell(drawQuestion(draws), timeQuestion(draws));
	console.log(`\nA draw's own calls: ${listed(draws.calls.draw, draws.draws)}; shared by all: ${listed(draws.calls.shared, draws.draws)} per draw`);
	tell(verifyQuestion(verifyRates()), certificateQuestion(certificateFigures(plan.tickets)));
	const wagers = [];
	for (const writers of WRITERS) wagers.push(await contributionFigures(writers));
	tell(wagerQuestion(wagers));
	const inserts = [];
	for (const rows of plan.rows) inserts.push(await insertFigures(rows));
	tell(insertQuestion(inserts));
	const judged = questions.flatMap((question) => question.judged);
	const missed = questions.flatMap((question) => question.missed);
	for (const { name, figure, target, verdict } of missed) console.log(`MISSED: ${name.trim()}: ${figure}, target ${target}: ${verdict}`);
	console.log(`bench: ${judged.length - missed.length} of ${judged.length} targets met, ${Math.round((Date.now() - began) / 1000)} s`);
	process.exitCode = missed.length === 0 ? 0 : 1;
}

main().catch((error) => {
	console.error(`bench: ${error.message}`);
	process.exit(2);
});
