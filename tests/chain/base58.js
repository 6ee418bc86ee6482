// Base58 text of keys, hashes and signatures, with a cache for 32-byte keys because every RPC answer repeats them.
'use strict';

const ALPHABET = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';
const DIGIT_OF = new Map([...ALPHABET].map((letter, digit) => [letter, digit]));
const CACHE_LIMIT = 100000;
const cache = new Map();

function encode(bytes) {
	let zeros = 0;
	while (zeros < bytes.length && bytes[zeros] === 0) zeros++;
	const digits = [];
	for (let i = zeros; i < bytes.length; i++) {
		let carry = bytes[i];
		for (let j = 0; j < digits.length; j++) {
			carry += digits[j] << 8;
			digits[j] = carry % 58;
			carry = (carry / 58) | 0;
		}
		while (carry > 0) {
			digits.push(carry % 58);
			carry = (carry / 58) | 0;
		}
	}
	let text = '1'.repeat(zeros);
	for (let i = digits.length - 1; i >= 0; i--) text += ALPHABET[digits[i]];
	return text;
}

function decode(text) {
	let zeros = 0;
	while (zeros < text.length && text[zeros] === '1') zeros++;
	const bytes = [];
	for (let i = zeros; i < text.length; i++) {
		let carry = DIGIT_OF.get(text[i]);
		if (carry === undefined) throw new Error(`"${text[i]}" is not a base58 letter`);
		for (let j = 0; j < bytes.length; j++) {
			carry += bytes[j] * 58;
			bytes[j] = carry & 255;
			carry >>= 8;
		}
		while (carry > 0) {
			bytes.push(carry & 255);
			carry >>= 8;
		}
	}
	return Buffer.concat([Buffer.alloc(zeros), Buffer.from(bytes.reverse())]);
}

function encodeKey(bytes) {
	const name = Buffer.from(bytes).toString('latin1');
	let text = cache.get(name);
	if (text === undefined) {
		if (cache.size >= CACHE_LIMIT) cache.clear();
		text = encode(bytes);
		cache.set(name, text);
	}
	return text;
}

module.exports = { encode, decode, encodeKey };
