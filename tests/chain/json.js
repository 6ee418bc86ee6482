// JSON text with exact 64-bit integers (BigInt) and floats that keep their fraction, as a validator prints them.
'use strict';

class JsonFloat {
	constructor(value) {
		this.value = value;
	}
}

function writeNumber(value) {
	return Number.isFinite(value) ? String(value) : 'null';
}

function writeObject(object) {
	let text = '';
	for (const name of Object.keys(object)) {
		if (object[name] === undefined) continue;
		text += `${text === '' ? '' : ','}${JSON.stringify(name)}:${write(object[name])}`;
	}
	return `{${text}}`;
}

function write(value) {
	if (value === null || value === undefined) return 'null';
	switch (typeof value) {
	case 'string': return JSON.stringify(value);
	case 'number': return writeNumber(value);
	case 'bigint': return value.toString();
	case 'boolean': return value ? 'true' : 'false';
	}
	if (Array.isArray(value)) return `[${value.map(write).join(',')}]`;
	if (value instanceof JsonFloat) return Number.isInteger(value.value) ? `${value.value}.0` : writeNumber(value.value);
	return writeObject(value);
}

module.exports = { write, JsonFloat };
