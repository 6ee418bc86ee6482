// Certificates that somebody changed: each way of tests/certificates/mutations.json, signed again by the operator himself where it says so.
'use strict';

const crypto = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');

const root = path.join(__dirname, '..', '..');
const stored = path.join(root, 'tests', 'certificates');
const MUTATIONS = JSON.parse(fs.readFileSync(path.join(stored, 'mutations.json'), 'utf8'));

const operator = crypto.createPrivateKey({
	key: Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), Buffer.from('op'), Buffer.alloc(30)]), format: 'der', type: 'pkcs8',
});

const signAgain = async (text, sign) => {
	const { toBase58 } = await import(path.join(root, 'docs', 'verify', 'src', 'bytes.js'));
	const hash = crypto.createHash('sha256').update(text.slice('{"body":'.length, text.indexOf(',"key":"'))).digest();
	const signature = toBase58(sign(Buffer.concat([Buffer.from('PKCERT01'), hash])));
	return text.replace(/"signature":"[^"]*","tickets":\[/, () => `"signature":"${signature}","tickets":[`);
};

async function mutated({ of, from, to, also = [], insert = '', times = '0', signed }) {
	let text = fs.readFileSync(path.join(stored, `${of}.json`), 'utf8');
	for (const [before, after] of [[from, to], ...also]) text = text.replace(before, () => after);
	text = text.replace(from, () => from + insert.repeat(Number(times)));
	if (signed !== 'again') return text;
	return signAgain(text, (message) => crypto.sign(null, message, operator));
}

module.exports = { MUTATIONS, mutated, operator, signAgain };
