// What the demo prints: numbered headings, sentences, aligned tables, and the daemon's log lines with long values shortened.
'use strict';

const COLOURS = { bold: '1', dim: '2', red: '31', green: '32', yellow: '33' };
const VERDICTS = { exact: 'green', same: 'green', valid: 'green', yes: 'green', WRONG: 'red' };
const INDENT = '  ';
const READABLE_COLUMNS = 100;
// The lines that the demo is about.
const MAIN_EVENTS = new Set(['draw.state', 'draw.paid']);

const hasColours = Boolean(process.stdout.isTTY) && !process.env.NO_COLOR && process.env.TERM !== 'dumb';

function paint(colour, text) {
	return hasColours && colour ? `\x1b[${COLOURS[colour]}m${text}\x1b[0m` : text;
}

// Addresses, hashes and signatures: enough of both ends to recognize them.
function short(text) {
	return text.length > 16 ? `${text.slice(0, 4)}..${text.slice(-4)}` : text;
}

// A logfmt line for the eye: the day goes, and whatever is longer than an eye can compare.
function shortenLine(line) {
	return line
		.replace(/^ts=\d{4}-\d\d-\d\dT/, 'ts=')
		.replace(/(?<![\w.])[1-9A-HJ-NP-Za-km-z]{32,88}(?![\w.])/g, short)
		.replace(/(?<=:)\d{17,20}\b/g, short);
}

// Lines of whole words; those after the first stand further in by `hang`.
function wrap(text, width, hang = '') {
	const lines = [];
	let line = '';
	for (const word of text.split(' ')) {
		if (line && line.length + 1 + word.length > width) {
			lines.push(line);
			line = hang + word;
		} else {
			line = line ? `${line} ${word}` : word;
		}
	}
	return [...lines, line];
}

class Screen {
	// section: the number of the first heading
	constructor(section) {
		this.section = section;
		this.blank = false;
	}

	get width() { return Math.min(process.stdout.columns ?? READABLE_COLUMNS, READABLE_COLUMNS) - INDENT.length; }

	// Never two empty lines in a row.
	line(text = '') {
		if (text !== '' || !this.blank) process.stdout.write(`${text}\n`);
		this.blank = text === '';
	}

	heading(title) {
		this.line();
		this.line(paint('bold', `${this.section}. ${title}`));
		this.line();
		this.section += 1;
	}

	say(...sentences) {
		for (const sentence of sentences) for (const part of wrap(sentence, this.width)) this.line((INDENT + part).trimEnd());
	}

	// columns: titles, ">" in front means right-aligned; rows: lists of text.
	table(columns, rows) {
		const titles = columns.map((column) => column.replace(/^>/, ''));
		const widths = titles.map((title, k) => Math.max(title.length, ...rows.map((row) => row[k].length)));
		const align = (text, k) => (columns[k].startsWith('>') ? text.padStart(widths[k]) : text.padEnd(widths[k]));
		const show = (cells) => (INDENT + cells.join('  ')).trimEnd();
		this.line(paint('dim', show(titles.map(align))));
		for (const row of rows) this.line(show(row.map((text, k) => paint(VERDICTS[text], align(text, k)))));
		this.line();
	}

	log(event) {
		const width = process.stdout.isTTY ? process.stdout.columns - 2 * INDENT.length : Infinity;
		const colour = { warn: 'yellow', error: 'red' }[event.level] ?? (MAIN_EVENTS.has(event.event) ? undefined : 'dim');
		for (const part of wrap(shortenLine(event.line), width, INDENT + INDENT)) this.line(INDENT + INDENT + paint(colour, part));
	}

	mismatch(text) {
		this.line(INDENT + paint('red', `MISMATCH  ${text}`));
	}

	summary(text, good) {
		this.line();
		this.line(paint(good ? 'green' : 'red', text));
	}
}

module.exports = { Screen, short };
