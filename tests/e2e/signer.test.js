// The key in a process of its own: draws are paid, what is no step is refused, and the signer's absence costs time only.
'use strict';

const assert = require('node:assert/strict');
const fs = require('node:fs');
const net = require('node:net');
const path = require('node:path');
const { test } = require('node:test');
const base58 = require('../chain/base58.js');
const { ADDRESS, Keypair, keyBytes } = require('../chain/solana.js');
const { World } = require('./world.js');
const { startSigner, ask } = require('./signer_process.js');
const money = require('./money.js');

const GUARD_KEYS = ['payer', 'mlProgram', 'switchboardProgram', 'queue', 'pool', 'randomness', 'mint', 'tokenProgram', 'auxiliary', 'recipient', 'treasury'];

const MEMO = 265; // the longest text of a lock's memo

function question(message, keys, { step = 0, maxFee = 1_000_000n } = {}) {
	const end = Buffer.alloc(25);
	end.writeBigUInt64LE(maxFee, 17);
	return Buffer.concat([Buffer.from('S'), Buffer.from([step]), ...GUARD_KEYS.map((name) => Buffer.from(keys[name] ? keyBytes(keys[name]) : Buffer.alloc(32))), Buffer.alloc(MEMO), end, message]);
}

test('a draw is paid with the key in another process, which may come and go', async (t) => {
	const world = await World.start();
	t.after(() => world.stop());
	const socket = path.join(world.directory, 'signer');
	const settings = { DEV_WALLET_KEY_FILE: '', SIGNER_SOCKET: socket };
	const away = world.startDaemonWith(settings);
	assert.equal((await away.exit()).code, 69, 'not a fault of the settings: it may be there a moment later');
	assert.match(away.log, /key=SIGNER_SOCKET .* is not there: No such file/);
	const both = world.startDaemonWith({ SIGNER_SOCKET: socket });
	assert.equal((await both.exit()).code, 78);
	assert.match(both.log, /key=SIGNER_SOCKET .*keep one/);

	const first = await startSigner(socket, world.keyFile(), world.treasury.address);
	assert.equal(fs.statSync(socket).mode & 0o777, 0o660);
	const pool = await world.lockedPool({ players: 2 });
	const was = await money.before(world, pool);
	await world.pastLock();
	const daemon = world.startDaemonWith(settings);
	assert.equal((await daemon.wait('signer')).remote, '1');
	await daemon.wait('tx.open', { subject: new RegExp(pool.address), step: 'BIND' });
	await first.stop();
	await daemon.wait('signer.away', { subject: new RegExp(pool.address), step: 'DRAW' });
	const second = await startSigner(socket, world.keyFile(), world.treasury.address);
	t.after(() => second.stop());
	await daemon.wait('draw.wait', { subject: new RegExp(pool.address), reason: 'OVER' });
	await money.assertPaid(world, pool, was);
	await money.assertNothingUnknown(world);
	assert.ok(second.lines.some((line) => /event=signed step=DRAW/.test(line)), second.lines.join('\n'));
	assert.equal(daemon.all('tx.refused_by_signer').length, 0);
	await daemon.kill('SIGTERM');
	assert.equal(daemon.code, 0, daemon.log);
});

test('who has the socket gets no signature for anything but a step', async (t) => {
	const directory = fs.mkdtempSync('/tmp/poolkeeper-signer-');
	t.after(() => fs.rmSync(directory, { recursive: true }));
	const wallet = new Keypair();
	const keyFile = path.join(directory, 'key');
	fs.writeFileSync(keyFile, base58.encode(Buffer.concat([wallet.seed, wallet.publicKey])), { mode: 0o600 });
	const socket = path.join(directory, 'socket');
	const signer = await startSigner(socket, keyFile, new Keypair().address);
	t.after(() => signer.stop());

	const mute = net.connect(socket); // does not keep the others waiting for longer than its time
	t.after(() => mute.destroy());
	assert.deepEqual(await ask(socket, Buffer.from('K')), Buffer.concat([Buffer.from('K'), Buffer.from(wallet.publicKey)]));

	const refusal = async (bytes) => {
		const answer = await ask(socket, bytes);
		assert.equal(String.fromCharCode(answer[0]), 'R', answer.toString('latin1'));
		return answer.subarray(1).toString();
	};
	const stranger = new Keypair().address;
	const known = { payer: wallet.address, mlProgram: '4wgBJUHydWXXJKXYsmdGoGw1ufC3dxz8q2mukFYaAhSm', switchboardProgram: 'Aio4gaXjXzJNVLtzwtNVmSqGKpANtXhybbkhtAC94ji2',
		queue: stranger, pool: stranger, randomness: stranger, mint: stranger, tokenProgram: ADDRESS.token };
	const transfer = Buffer.alloc(200, 1);
	assert.match(await refusal(Buffer.from('X')), /no such question/);
	assert.match(await refusal(Buffer.from('S')), /no such question/);
	assert.match(await refusal(question(transfer, { ...known, payer: stranger })), /payer is not this signer's key/);
	for (const name of ['mlProgram', 'switchboardProgram']) assert.match(await refusal(question(transfer, { ...known, [name]: stranger })), /none that is known here/);
	assert.match(await refusal(question(transfer, { ...known, treasury: stranger })), /treasury is not the one/);
	for (let step = 0; step < 8; step++) assert.ok((await refusal(question(transfer, known, { step }))).length > 0);
	assert.equal(await ask(socket, Buffer.from([0xff, 0xff, 1]), { raw: true }), undefined, 'a packet that is too long is not read');
	assert.equal((await ask(socket, Buffer.from('K'))).length, 33, 'and it still serves');
	assert.ok(!signer.lines.some((line) => /event=signed|not_locked/.test(line)), signer.lines.join('\n'));
});
