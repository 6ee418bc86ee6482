// One question of the bench: its figures, each against its target, printed as a table.
'use strict';

const shorten = (number) => String(Number(number.toFixed(number >= 100 ? 0 : number >= 10 ? 1 : 2)));

class Question {
	constructor(title, unit) {
		Object.assign(this, { title, unit, rows: [] });
	}

	// The figure must not be above `most`; `target` says what that is made of.
	atMost(name, figure, most, target = `<= ${shorten(most)}`) {
		const over = figure - most;
		const verdict = over <= 0 ? 'ok' : `MISSED by ${shorten(over)} (${shorten(100 * over / most)} %)`;
		this.rows.push({ name, figure: shorten(figure), target, verdict, missed: over > 0 });
	}

	// The figure must not be below `least`.
	atLeast(name, figure, least) {
		const under = least - figure;
		const verdict = under <= 0 ? 'ok' : `MISSED by ${shorten(under)} (${shorten(100 * under / least)} %)`;
		this.rows.push({ name, figure: shorten(figure), target: `>= ${shorten(least)}`, verdict, missed: under > 0 });
	}

	// The figure must be just this.
	exactly(name, figure, wanted, target = `= ${shorten(wanted)}`) {
		const off = Math.abs(figure - wanted);
		const verdict = off === 0 ? 'ok' : `MISSED by ${shorten(off)}`;
		this.rows.push({ name, figure: shorten(figure), target, verdict, missed: off !== 0 });
	}

	// A figure without a target.
	note(name, figure) {
		this.rows.push({ name, figure: typeof figure === 'number' ? shorten(figure) : figure, target: '', verdict: '', missed: false });
	}

	get judged() { return this.rows.filter(({ target }) => target !== ''); }

	get missed() { return this.rows.filter(({ missed }) => missed); }

	print() {
		const head = { name: `${this.title} (${this.unit})`, figure: 'figure', target: 'target', verdict: '' };
		const lines = [head, ...this.rows];
		const width = (column) => Math.max(...lines.map((line) => line[column].length));
		const widths = { name: width('name'), figure: width('figure'), target: width('target') };
		console.log('');
		for (const { name, figure, target, verdict } of lines) {
			console.log(`${name.padEnd(widths.name)}  ${figure.padStart(widths.figure)}  ${target.padEnd(widths.target)}  ${verdict}`.trimEnd());
		}
	}
}

module.exports = { Question };
