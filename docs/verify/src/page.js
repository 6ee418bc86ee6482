// What the page shows. Text only ever becomes text: nothing of a file is read as HTML.
import { hex, toBase58 } from './bytes.js';
import { findTickets, participant } from './find.js';
import { judgeCertificate } from './judge.js';

const at = (id) => document.getElementById(id);
// Much more does not fit a tab's memory several times over.
const SIZE_MAX = 200 * 2 ** 20;
let judged = null;

function element(name, text, className) {
	const made = document.createElement(name);
	if (text !== undefined) made.textContent = text;
	if (className) made.className = className;
	return made;
}

function table(title, columns, rows) {
	const [made, head] = [element('table'), element('tr')];
	head.append(...columns.map((column) => element('th', column)));
	made.append(head);
	for (const { cells, mood } of rows) {
		const row = element('tr', undefined, mood);
		row.append(...cells.map((cell) => element('td', String(cell))));
		made.append(row);
	}
	return [element('h2', title), made];
}

// Every value of an object as a row; bytes of 32 and 64 are shown as hex and, where they may be a key, as base58 too.
function rowsOf(value, name = '') {
	if (value instanceof Uint8Array) return [{ cells: [name, value.length === 32 ? `${hex(value)} (${toBase58(value)})` : hex(value)] }];
	if (value === null || typeof value !== 'object') return [{ cells: [name, value] }];
	return Object.entries(value).flatMap(([key, inner]) => rowsOf(inner, name === '' ? key : `${name}.${key}`));
}

function show() {
	const { verdict, limits, why, checks, outside, certificate, steps } = judged;
	at('verdict').textContent = limits ? `${verdict}, ${limits}` : `${verdict}: ${why}`;
	at('verdict').className = verdict.replace(/\W+/g, '-');
	const parts = [table('Checks', ['check', 'result', 'what'], checks.map(({ name, state, what }) => ({ cells: [name, state, what], mood: state })))];
	if (certificate) {
		parts.push(table('Not checked here', ['fact', 'how it must be', 'where to look'], outside.map(({ fact, mustBe, checkWith }) => ({ cells: [fact, mustBe, checkWith] }))));
		const { leaves, ...computed } = steps;
		parts.push(table('Computed', ['name', 'value'], rowsOf({ hash: certificate.hash, ...computed })));
		parts.push(table('Certificate', ['name', 'value'], rowsOf({ key: certificate.key, ...certificate.body })));
	}
	at('results').replaceChildren(...parts.flat());
	at('finder').hidden = !steps.leaves;
	at('found').replaceChildren();
}

function find() {
	let found;
	try {
		found = findTickets(judged, participant(at('who').value.trim(), at('salt').value.trim()));
	} catch (error) {
		at('found').replaceChildren(element('p', error.message, 'wrong'));
		return;
	}
	if (found.length === 0) {
		at('found').replaceChildren(element('p', 'has no ticket in this draw', 'unknown'));
		return;
	}
	at('found').replaceChildren(...table('Tickets', ['ticket', 'weight', 'stake', 'in the tree', 'path'], found.map(({ index, weight, stake, path, included }) => (
		{ cells: [index, weight, stake, included ? 'yes' : 'NO', path.map(hex).join(' ')], mood: included ? 'ok' : 'wrong' }))));
}

// A browser tells nothing where the same file is chosen again, and it may be another one by then.
at('file').addEventListener('click', ({ target }) => { target.value = ''; });
at('file').addEventListener('change', async ({ target }) => {
	const [file] = target.files;
	if (!file) return;
	judged = null;
	at('results').replaceChildren();
	at('found').replaceChildren();
	at('finder').hidden = true;
	at('verdict').textContent = 'checking';
	at('verdict').className = '';
	try {
		if (file.size > SIZE_MAX) throw new Error(`the file has ${file.size} bytes and this page takes ${SIZE_MAX}`);
		judged = judgeCertificate(new Uint8Array(await file.arrayBuffer()));
		show();
	} catch (error) {
		at('verdict').textContent = `cannot be known: ${error.message}; poolkeeper verify FILE checks what this page cannot`;
		at('verdict').className = 'cannot-be-known';
	}
});
at('find').addEventListener('click', find);
