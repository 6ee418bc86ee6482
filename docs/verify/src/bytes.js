// Bytes, numbers and the texts that stand for them. Numbers are BigInt: weights and amounts do not fit a Number.
import { sha256, sha512 } from '@noble/hashes/sha2';
import { hmac } from '@noble/hashes/hmac';
import { bytesToHex, concatBytes, hexToBytes, utf8ToBytes } from '@noble/hashes/utils';

export { bytesToHex as hex, hexToBytes as unhex, concatBytes as concat, utf8ToBytes as ascii, sha256, sha512 };

export const hash = (...parts) => sha256(concatBytes(...parts));
export const hmacSha256 = (key, ...parts) => hmac(sha256, key, concatBytes(...parts));

export function bigEndian(value, size) {
	const out = new Uint8Array(size);
	for (let i = size - 1, rest = BigInt(value); i >= 0; i--, rest >>= 8n) out[i] = Number(rest & 255n);
	return out;
}
export const littleEndian = (value, size) => bigEndian(value, size).reverse();
export const fromBigEndian = (bytes) => bytes.reduce((value, byte) => value << 8n | BigInt(byte), 0n);
export const fromLittleEndian = (bytes) => fromBigEndian(Uint8Array.from(bytes).reverse());
export const same = (a, b) => a.length === b.length && a.every((byte, i) => byte === b[i]);

const ALPHABET = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';

// The bytes, or null: another character, or not of this size.
export function fromBase58(text, size) {
	let value = 0n;
	for (const c of text) {
		const digit = ALPHABET.indexOf(c);
		if (digit < 0) return null;
		value = value * 58n + BigInt(digit);
	}
	const zeros = text.length - text.replace(/^1+/, '').length;
	const digits = value === 0n ? 0 : Math.ceil(value.toString(16).length / 2);
	return zeros + digits === size ? bigEndian(value, size) : null;
}

export function toBase58(bytes) {
	let text = '';
	for (let value = fromBigEndian(bytes); value > 0n; value /= 58n) text = ALPHABET[Number(value % 58n)] + text;
	return '1'.repeat(bytes.findIndex((byte) => byte !== 0) < 0 ? bytes.length : bytes.findIndex((byte) => byte !== 0)) + text;
}
