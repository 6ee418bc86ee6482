// The certificate of one draw: the file that anybody can check without this machine, by two programs that share no code.
'use strict';

const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { Keypair } = require('../chain/solana.js');
const { ROOT } = require('../e2e/world.js');
const { short } = require('./screen.js');

const BINARY = process.env.POOLKEEPER ?? path.join(ROOT, 'build', 'poolkeeper');
const folder = (world) => path.join(world.directory, 'certificates');

// A key of its own for certificates, and where they go.
function settings(world) {
	const { seed, publicKey } = new Keypair();
	const file = path.join(world.directory, 'certificate-key.json');
	fs.writeFileSync(file, JSON.stringify([...seed, ...publicKey]), { mode: 0o600 });
	return { CERTIFICATE_DIR: folder(world), CERTIFICATE_KEY_FILE: file };
}

async function showCertificate({ screen, checks, world }, draws) {
	const { judgeCertificate } = await import(path.join(ROOT, 'docs', 'verify', 'src', 'judge.js'));
	const [name] = fs.readdirSync(folder(world)).sort();
	const file = path.join(folder(world), name);
	const bytes = fs.readFileSync(file);
	const { pool } = JSON.parse(bytes).body;
	const entry = draws.find((one) => one.pool.address === pool.address);
	const winner = pool.players[Number(pool.drawn.index)].wallet;
	const { stdout } = spawnSync(BINARY, ['verify', file, '--json'], { env: {}, encoding: 'utf8' });
	const words = [JSON.parse(stdout).verdict.verdict.value, judgeCertificate(bytes).verdict];
	checks.fact(`${entry.pool.symbol}: certificate, poolkeeper verify`, words[0], 'fair');
	checks.fact(`${entry.pool.symbol}: certificate, the page`, words[1], 'fair');
	checks.fact(`${entry.pool.symbol}: winner in the certificate`, winner, entry.draw.winner);
	screen.table([entry.pool.symbol, ''], [
		['file', `${name.slice(0, 2)}${short(pool.address)}-${pool.pool_id}.json, ${bytes.length} bytes`],
		['players', String(pool.players.length)], ['winner', short(winner)],
		['poolkeeper verify', words[0]], ['docs/verify, the page', words[1]],
	]);
}

module.exports = { settings, showCertificate };
