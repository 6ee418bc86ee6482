// Bytes as a zstd frame of uncompressed blocks: Node 20 has no zstd, and such a frame is valid for every decoder.
'use strict';

const MAGIC_AND_HEADER = [0x28, 0xb5, 0x2f, 0xfd, 0xa0];
const MAX_BLOCK_BYTES = 131072;

function rawZstdFrame(bytes) {
	const size = Buffer.alloc(4);
	size.writeUInt32LE(bytes.length);
	const parts = [Buffer.from(MAGIC_AND_HEADER), size];
	let offset = 0;
	do {
		const block = bytes.subarray(offset, offset + MAX_BLOCK_BYTES);
		offset += block.length;
		const lastFlag = offset >= bytes.length ? 1 : 0;
		const header = Buffer.alloc(3);
		header.writeUIntLE(block.length * 8 + lastFlag, 0, 3);
		parts.push(header, block);
	} while (offset < bytes.length);
	return Buffer.concat(parts);
}

module.exports = { rawZstdFrame };
