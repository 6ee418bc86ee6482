// Data directories to begin with, made once per tree and copied by every test: initdb and the migrations take ten times as long as a copy.
'use strict';

const { execFile } = require('node:child_process');
const { promisify } = require('node:util');
const crypto = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');

const run = promisify(execFile);
const ROOT = path.join(__dirname, '..', '..');
const IMAGES = path.join(ROOT, 'build', 'test-postgres');
// What the schema of a migrated image is made of.
const SCHEMA = ['migrations', 'scripts/db', 'scripts/db.d', 'scripts/sql'].map((name) => path.join(ROOT, name));

const filesOf = (place) => (fs.statSync(place).isDirectory() ? fs.readdirSync(place).sort().flatMap((name) => filesOf(path.join(place, name))) : [place]);

// It is part of the name: what is made of other files is another image.
function digest(words, places) {
	const hash = crypto.createHash('sha256').update(words.join('\0'));
	for (const file of places.flatMap(filesOf)) hash.update(`\0${file}\0`).update(fs.readFileSync(file));
	return hash.digest('hex').slice(0, 16);
}

// Owners and modes stay: the server insists on them.
const copy = (from, to) => run('cp', ['-a', from, to]);

// Several tests may find that there is none: each makes one, and the first to be ready gives it its name.
async function publish(made, image) {
	fs.mkdirSync(IMAGES, { recursive: true });
	const mine = `${image}.${process.pid}`;
	await copy(made, mine);
	try {
		fs.renameSync(mine, image);
	} catch (error) {
		if (!['ENOTEMPTY', 'EEXIST'].includes(error.code)) throw error;
		fs.rmSync(mine, { recursive: true, force: true });
	}
}

function forgetOthers(kind, image) {
	const names = fs.readdirSync(IMAGES).filter((name) => name.startsWith(`${kind}-`) && !name.startsWith(path.basename(image)));
	for (const name of names) fs.rmSync(path.join(IMAGES, name), { recursive: true, force: true });
}

// A data directory at target. make: resolves to one that is ready to be copied, where there is no image yet; words: what else it is made of.
async function copyImage(kind, words, make, target) {
	const image = path.join(IMAGES, `${kind}-${digest(words, kind === 'migrated' ? SCHEMA : [])}`);
	if (!fs.existsSync(image)) {
		await make((made) => publish(made, image));
		forgetOthers(kind, image);
	}
	await copy(image, target);
}

module.exports = { copyImage };
