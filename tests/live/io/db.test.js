// io/db against a private Postgres and pgBouncer: LIVE_DB=build/tests/live_db node --test tests/live/io/
'use strict';
const assert = require('node:assert');
const fs = require('node:fs');
const net = require('node:net');
const path = require('node:path');
const { after, before, test } = require('node:test');
const { startPostgres } = require('../../lib/postgres');
const { startPgBouncer } = require('../../lib/pgbouncer');
const { pause } = require('../../lib/server_process');
const { ProtocolProxy } = require('./protocol_proxy');
const { RemoteDb } = require('./remote_db');

let postgres;
let pgBouncer;
let proxy;

before(async () => {
	postgres = await startPostgres();
	pgBouncer = await startPgBouncer(postgres);
	proxy = new ProtocolProxy(postgres.port);
	await proxy.start();
	await postgres.sql('CREATE TABLE note (id text PRIMARY KEY, n bigint, UNIQUE (n) DEFERRABLE INITIALLY DEFERRED)');
	await postgres.sql("INSERT INTO note VALUES ('first', 1)");
	await postgres.sql('CREATE ROLE walled LOGIN');
});

after(async () => {
	proxy.stop();
	await pgBouncer.stop();
	await postgres.stop();
});

// The body of a test, with a client that must end cleanly.
async function withDb(conninfo, body, ...flags) {
	const db = new RemoteDb(conninfo, ...flags);
	try {
		await body(db);
	} catch (error) {
		db.child.kill('SIGKILL');
		error.message += `\nlog of live_db:\n${db.log}`;
		throw error;
	}
	await db.quit();
	return db;
}

const proxied = () => `postgresql://postgres@127.0.0.1:${proxy.port}/postgres`;
const rows = (id) => postgres.sql(`SELECT count(*) FROM note WHERE id = '${id}'`);
const terminateSleepers = () => postgres.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%pg_sleep%' AND pid <> pg_backend_pid()");

for (const [name, url] of [['direct', () => postgres.url()], ['socket', () => postgres.socketUrl()], ['pooled', () => pgBouncer.url()]]) {
	test(`${name}: values, parameters, errors`, () => withDb(url(), async (db) => {
		assert.deepEqual(await db.run('SELECT $1::text || $2', { params: ['a', 'b'] }).then((r) => [r.err, r.rows, r.value]), ['ok', 1, 'ab']);
		assert.equal((await db.run('SELECT $1::text', { params: ['NULL'] })).value, 'NULL');
		assert.equal((await db.run('SELECT generate_series(1, 5000)')).rows, 5000);
		const params = Array.from({ length: 24 }, (_, i) => String(i));
		assert.equal((await db.run(`SELECT ${params.map((_, i) => `$${i + 1}::int`).join('+')}`, { params })).value, '276');
		const syntax = await db.run('selekt 1');
		assert.deepEqual([syntax.err, syntax.sqlstate, syntax.why], ['refused', '42601', '42601 syntax error at or near "selekt"']);
		assert.equal((await db.run('INSERT INTO note VALUES ($1)', { params: [name], writes: true })).err, 'ok');
		const twice = await db.run('INSERT INTO note VALUES ($1)', { params: [name], writes: true });
		assert.deepEqual([twice.err, twice.sqlstate], ['refused', '23505']);
		assert.equal((await db.run('')).err, 'unknown');
		const state = await db.status();
		assert.ok(state.up && state.pending === 0);
		assert.ok(state.stall < 200, `the loop stood still for ${state.stall} ms`);
		const backend = await db.run('SELECT pg_backend_pid()');
		assert.equal(Number(backend.value) !== state.pid, name === 'pooled');
	}));

	test(`${name}: statements are answered in their order`, () => withDb(url(), async (db) => {
		db.send("many 200\tSELECT $1::text, pg_sleep(0.001)");
		for (let i = 0; i < 200; i++) {
			const line = await db.take((one) => one[0] === 'done');
			assert.deepEqual(line.slice(1, 6), [String(i), 'ok', '1', '', String(i)]);
		}
	}));

	test(`${name}: a failed COMMIT is not a success`, () => withDb(url(), async (db) => {
		// the unique constraint is checked at COMMIT, after the server has said INSERT 0 1
		const late = await db.run('INSERT INTO note VALUES ($1, 1) RETURNING id', { params: [`late-${name}`], writes: true });
		assert.deepEqual([late.err, late.sqlstate, late.rows], ['refused', '23505', 0]);
		assert.equal(await rows(`late-${name}`), '0');
	}));

	test(`${name}: backend killed mid-statement, deadline, cancel`, () => withDb(url(), async (db) => {
		const killed = db.start('SELECT pg_sleep(20)', { deadline: 20000 });
		await pause(200);
		await terminateSleepers();
		const lost = await db.done(killed);
		assert.equal(lost.err, 'unknown');
		assert.ok(['57P01', '08P01', ''].includes(lost.sqlstate), lost.sqlstate);
		assert.equal((await db.run("SELECT 'back'")).value, 'back');

		const slow = await db.run('SELECT pg_sleep(20)', { deadline: 300 });
		assert.equal(slow.err, 'unknown');
		assert.ok(slow.ms >= 300 && slow.ms < 450, `${slow.ms} ms`);
		assert.equal((await db.run("SELECT 'back again'")).value, 'back again');

		const cancelled = db.start('SELECT pg_sleep(0.3)');
		const behind = db.start("SELECT 'behind'");
		const queued = db.start("SELECT 'never'");
		await pause(100);
		await db.cancel(cancelled);
		await db.cancel(queued);
		assert.equal((await db.done(behind)).value, 'behind');
		assert.ok(!db.lines.some((line) => line[0] === 'done'), 'done after cancel');
		assert.equal((await db.status()).pending, 0);
		await terminateSleepers();
	}));

	test(`${name}: read-only`, () => withDb(url(), async (db) => {
		assert.equal((await db.run('SELECT 1')).value, '1');
		const flagged = await db.run('INSERT INTO note VALUES ($1)', { params: ['dry'], writes: true });
		assert.deepEqual([flagged.err, flagged.why], ['refused', 'dry run: nothing is written']);
		const forgotten = await db.run('INSERT INTO note VALUES ($1)', { params: ['dry'] });
		assert.deepEqual([forgotten.err, forgotten.sqlstate], ['refused', '25006']);
		const twoFlagged = [db.start('DELETE FROM note', { writes: true }), db.start('DELETE FROM note', { writes: true })];
		for (const id of twoFlagged) assert.equal((await db.done(id)).err, 'refused');
		assert.equal((await db.run('selekt 1')).sqlstate, '42601');
		assert.equal((await db.run('SELECT 2')).value, '2');
		// cancelled before, during and after each of the three round trips
		for (let i = 0; i < 40; i++) {
			const id = db.start('SELECT 3');
			if (i % 4) await pause(i % 4 - 1);
			await db.cancel(id);
		}
		db.lines = db.lines.filter((line) => line[0] !== 'done');
		assert.equal((await db.run('SELECT 4')).value, '4');
		assert.equal((await db.run('SELECT pg_sleep(5)', { deadline: 200 })).err, 'unknown');
		assert.equal((await db.run('SELECT 5')).value, '5');
		assert.equal((await db.status()).pending, 0);
		assert.equal(await rows('dry'), '0');
		assert.equal(await postgres.sql("SELECT count(*) FROM pg_stat_activity WHERE state LIKE 'idle in transaction%'"), '0');
	}, 'read-only'));
}

test('the reply to a COMMIT is lost: unknown, and it had happened', () => withDb(proxied(), async (db) => {
	assert.equal((await db.run('SELECT 1')).err, 'ok');
	for (const mode of ['lose-reply', 'lose-ready']) {
		proxy.mode = mode;
		const lost = await db.run('INSERT INTO note VALUES ($1) RETURNING id', { params: [mode], writes: true });
		proxy.mode = 'pass';
		assert.deepEqual([lost.err, lost.rows], ['unknown', 0], mode);
		assert.equal(await rows(mode), '1');
		assert.equal((await db.run('SELECT 2')).value, '2');
	}
}));

test('a server that dies of a full disk has not said what became of the COMMIT', () => withDb(proxied(), async (db) => {
	assert.equal((await db.run('SELECT 1')).err, 'ok');
	proxy.mode = 'panic';
	const lost = await db.run('INSERT INTO note VALUES ($1)', { params: ['panic'], writes: true });
	proxy.mode = 'pass';
	assert.deepEqual([lost.err, lost.sqlstate], ['unknown', '53100']);
	assert.equal((await db.run('SELECT 2')).value, '2');
}));

test('the request is lost: unknown, and it had not happened', () => withDb(proxied(), async (db) => {
	assert.equal((await db.run('SELECT 1')).err, 'ok');
	proxy.mode = 'lose-request';
	const lost = await db.run('INSERT INTO note VALUES ($1)', { params: ['request'], writes: true });
	proxy.mode = 'pass';
	assert.equal(lost.err, 'unknown');
	assert.equal(await rows('request'), '0');
	assert.equal((await db.run('SELECT 2')).value, '2');
}));

test('a statement that the socket does not take at once is sent whole', () => withDb(proxied(), async (db) => {
	proxy.mode = 'slow-reader';
	const long = await db.run('SELECT length($1)', { params: ['x'.repeat(8000000)], deadline: 20000 });
	proxy.mode = 'pass';
	assert.equal(long.value, '8000000');
	assert.ok((await db.status()).stall < 500);
}));

test('answers that arrive in pieces are whole', () => withDb(proxied(), async (db) => {
	proxy.mode = 'late-ready';
	assert.equal((await db.run("SELECT 'bytes' FROM generate_series(1, 20)")).rows, 20);
	assert.equal((await db.run('selekt')).sqlstate, '42601');
	proxy.mode = 'pass';
}));

test('rolled back by the server: retry', () => withDb(postgres.url(), async (db) => {
	const sleeper = db.start('SELECT pg_sleep(20)', { deadline: 20000 });
	await pause(200);
	await postgres.sql("SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(20)%' AND pid <> pg_backend_pid()");
	const cancelled = await db.done(sleeper);
	assert.deepEqual([cancelled.err, cancelled.sqlstate], ['retry', '57014']);
	for (const [state, err] of [['40001', 'retry'], ['40P01', 'retry'], ['40003', 'unknown'], ['53100', 'retry'], ['55P03', 'retry'],
		['25006', 'retry'], ['08006', 'unknown'], ['57P01', 'unknown'], ['23514', 'refused'], ['P0001', 'refused']]) {
		const raised = await db.run(`DO $$ BEGIN RAISE EXCEPTION 'made up' USING ERRCODE = '${state}'; END $$`);
		assert.deepEqual([raised.err, raised.sqlstate, raised.why], [err, state, `${state} made up`]);
	}
	assert.equal((await db.run('SELECT 1')).value, '1');
}));

test('server stopped and started: what waits is sent when it is back, or expires as retry', async () => {
	const db = await withDb(postgres.url(), async (db) => {
		assert.equal((await db.run('SELECT 1')).err, 'ok');
		await postgres.halt();
		const short = await db.run('SELECT 2', { deadline: 300 });
		assert.equal(short.err, 'retry');
		assert.match(short.why, /^not sent within 300 ms: .*Connection refused/);
		const patient = db.start('SELECT 3', { deadline: 15000 });
		await pause(500);
		assert.equal((await db.status()).up, false);
		await postgres.start();
		const started = Date.now();
		assert.equal((await db.done(patient)).value, '3');
		assert.ok(Date.now() - started < 1500, 'back within the longest pause between attempts');
		const state = await db.status();
		assert.ok(state.up && state.stall < 200, `the loop stood still for ${state.stall} ms`);
	});
	assert.equal(db.log.match(/event=db\.down/g).length, 1, db.log);
	assert.equal(db.log.match(/event=db\.up/g).length, 2, db.log);
});

test('server frozen: the deadline holds, also for what waits behind', () => withDb(postgres.url(), async (db) => {
	assert.equal((await db.run('SELECT 1')).err, 'ok');
	postgres.freeze();
	const first = db.start('SELECT 2', { deadline: 300 });
	const behind = db.start('SELECT 3', { deadline: 600 });
	assert.equal((await db.done(first)).err, 'unknown');
	const waited = await db.done(behind);
	assert.equal(waited.err, 'retry');
	assert.ok(waited.ms >= 600 && waited.ms < 750, `${waited.ms} ms`);
	postgres.thaw();
	assert.equal((await db.run('SELECT 4', { deadline: 10000 })).value, '4');
}));

test('a wrong password is one line without the password', async () => {
	await postgres.sql("ALTER ROLE walled PASSWORD 'right-one'");
	const rules = path.join(postgres.directory, 'data', 'pg_hba.conf');
	fs.writeFileSync(rules, `host all walled 127.0.0.1/32 scram-sha-256\n${fs.readFileSync(rules, 'utf8')}`);
	await postgres.sql('SELECT pg_reload_conf()');
	const db = await withDb(`postgresql://walled:hunter%212-wrong@127.0.0.1:${postgres.port}/postgres`, async (db) => {
		const refused = await db.run('SELECT 1', { deadline: 800 });
		assert.equal(refused.err, 'retry');
		assert.match(refused.why, /authentication failed/i);
		assert.ok(!/hunter/.test(refused.why), refused.why);
		assert.match((await db.status()).error, /authentication failed/i);
	});
	assert.ok(/event=db.down/.test(db.log) && !/hunter/.test(db.log), db.log);
});

test('a conninfo that cannot be read is refused without repeating it', async () => {
	for (const bad of ['postgresql://me:hunter2-pass@host:5432:1/x', 'postgresql://me:hunter2-pass%zz@host/x', 'host=a password=hunter2-pass port',
		'nonsense', 'host=a,b,c port=1,2']) {
		const db = new RemoteDb(bad);
		const [, why] = await db.take((line) => line[0] === 'refused');
		assert.equal(await db.exited, 3);
		assert.match(why, /^the database connection /);
		assert.ok(!/hunter2/.test(why + db.log), why);
	}
});

test('parameters that libpq or pgBouncer refuse are taken out', async () => {
	const url = `${pgBouncer.url()}?pgbouncer=true&schema=public&sslmode=disable&connection_limit=5&options=-c%20x&pool_timeout=3`;
	const db = new RemoteDb(url);
	const [, dropped] = await db.take((line) => line[0] === 'started');
	assert.equal(dropped, 'pgbouncer,schema,connection_limit,options,pool_timeout');
	assert.equal((await db.run('SELECT 1')).value, '1'); // PGOPTIONS of the environment is not sent either
	await db.quit();
});

test('hosts are tried in turn, a silent one for connect_timeout only', async () => {
	const silent = net.createServer(() => {});
	await new Promise((resolve) => silent.listen(0, '127.0.0.1', resolve));
	const hosts = `host=127.0.0.1,localhost,127.0.0.1 port=1,${silent.address().port},${postgres.port} user=postgres dbname=postgres connect_timeout=1`;
	await withDb(hosts, async (db) => {
		const found = await db.run("SELECT 'found'", { deadline: 8000 });
		assert.deepEqual([found.err, found.value], ['ok', 'found']);
		assert.ok(found.ms > 1000 && found.ms < 2500, `${found.ms} ms`);
	});
	silent.close();
});

test('names are looked up without stopping the loop', async () => {
	await withDb(`postgresql://postgres@localhost:${postgres.port}/postgres`, async (db) => {
		assert.equal((await db.run("SELECT 'named'")).value, 'named');
	});
	await withDb('postgresql://postgres@no-such-host.invalid/postgres', async (db) => {
		const lost = await db.run('SELECT 1', { deadline: 4000 });
		assert.equal(lost.err, 'retry');
		assert.match(lost.why, /look.*host/);
		assert.ok((await db.status()).stall < 200);
	});
});

test('a pooler whose server is down answers within the deadline', () => withDb(pgBouncer.url(), async (db) => {
	assert.equal((await db.run('SELECT 1')).err, 'ok');
	await postgres.halt();
	const lost = await db.run('SELECT 2', { deadline: 1500 });
	assert.notEqual(lost.err, 'ok');
	assert.ok(lost.ms < 1700, `${lost.ms} ms`);
	await postgres.start();
	let back;
	for (let i = 0; i < 10 && back?.err !== 'ok'; i++) back = await db.run('SELECT 3', { deadline: 3000 });
	assert.equal(back.value, '3');
}));

test('the pooler restarts under an idle connection: found out before the next statement', () => withDb(pgBouncer.url(), async (db) => {
	assert.equal((await db.run('SELECT 1')).err, 'ok');
	await pgBouncer.restart();
	assert.equal((await db.run('SELECT 2')).value, '2');
}));

test('quitting with statements in flight and queued is clean', () => withDb(postgres.url(), async (db) => {
	db.start('SELECT pg_sleep(1)');
	db.start('SELECT 2');
	await pause(100);
}));
