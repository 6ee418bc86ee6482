#!/usr/bin/env node
// Links objects of `clang -target bpfel` into an ELF that Solana's loader accepts (SBPF v0): sbflink.js -o OUT.so IN.o...
'use strict';

const fs = require('node:fs');

const SYSCALLS = new Set(`abort sol_panic_ sol_log_ sol_log_64_ sol_log_pubkey sol_log_compute_units_ sol_log_data
sol_create_program_address sol_try_find_program_address sol_sha256 sol_keccak256 sol_blake3 sol_secp256k1_recover
sol_get_clock_sysvar sol_get_rent_sysvar sol_get_sysvar sol_memcpy_ sol_memmove_ sol_memset_ sol_memcmp_
sol_invoke_signed_c sol_set_return_data sol_get_return_data`.split(/\s+/));

const EM_BPF = 247;
const ET_REL = 1;
const ET_DYN = 3;
const EHDR_SIZE = 64;
const PHDR_SIZE = 56;
const SHDR_SIZE = 64;
const SYM_SIZE = 24;
const REL_SIZE = 16;
const SHT = { progbits: 1, symtab: 2, strtab: 3, rela: 4, dynamic: 6, rel: 9, dynsym: 11 };
const SHF = { write: 1, alloc: 2, exec: 4 };
const DT = { strtab: 5, symtab: 6, strsz: 10, syment: 11, rel: 17, relsz: 18, relent: 19 };
const R_BPF_64_64 = 1;
const R_BPF_64_ABS64 = 2;
const R_BPF_64_RELATIVE = 10; // the same number is R_BPF_64_32 in an object: a call
const REGION = 0x100000000n; // where the loader maps the file: offset X is at REGION + X
const TEXT_OFFSET = EHDR_SIZE + 3 * PHDR_SIZE;
const OP_LDDW = 0x18;
const OP_CALL = 0x85;
const OP_CALLX = 0x8d;

class LinkError extends Error {}

function align(value, step) {
	return Math.ceil(value / step) * step;
}

function number64(buffer, offset) {
	return Number(buffer.readBigUInt64LE(offset));
}

function cString(buffer, offset) {
	return buffer.toString('latin1', offset, buffer.indexOf(0, offset));
}

// ---- reading objects

function readSections(file, bytes) {
	const start = number64(bytes, 40);
	const count = bytes.readUInt16LE(60);
	const sections = [];
	for (let i = 0; i < count; i++) {
		const at = start + i * SHDR_SIZE;
		sections.push({
			nameOffset: bytes.readUInt32LE(at), type: bytes.readUInt32LE(at + 4), flags: number64(bytes, at + 8),
			offset: number64(bytes, at + 24), size: number64(bytes, at + 32), link: bytes.readUInt32LE(at + 40),
			info: bytes.readUInt32LE(at + 44), align: number64(bytes, at + 48),
		});
	}
	const names = sections[bytes.readUInt16LE(62)];
	for (const section of sections) section.name = cString(bytes, names.offset + section.nameOffset);
	return sections;
}

function readSymbols(bytes, sections) {
	const table = sections.find((section) => section.type === SHT.symtab);
	const symbols = [];
	if (!table) return symbols;
	const strings = sections[table.link];
	for (let at = table.offset; at < table.offset + table.size; at += SYM_SIZE) {
		symbols.push({
			name: cString(bytes, strings.offset + bytes.readUInt32LE(at)), isSection: (bytes[at + 4] & 15) === 3,
			isLocal: bytes[at + 4] >> 4 === 0, section: bytes.readUInt16LE(at + 6), value: number64(bytes, at + 8),
		});
	}
	return symbols;
}

function readObject(file) {
	const bytes = fs.readFileSync(file);
	const isElf = bytes.length >= EHDR_SIZE && bytes.readUInt32BE(0) === 0x7f454c46;
	if (!isElf || bytes.readUInt16LE(18) !== EM_BPF || bytes.readUInt16LE(16) !== ET_REL) {
		throw new LinkError(`${file} is not a BPF object: compile it with clang -target bpfel -c`);
	}
	const sections = readSections(file, bytes);
	return { file, bytes, sections, symbols: readSymbols(bytes, sections) };
}

// ---- layout: all code in one .text, all constants in one .rodata behind it

function segmentOf(object, section) {
	if (!(section.flags & SHF.alloc) || section.size === 0) return null;
	if (section.flags & SHF.exec) return 'text';
	if (section.name.startsWith('.rodata') || section.name.startsWith('.data.rel.ro')) return 'rodata';
	throw new LinkError(`${object.file}: section ${section.name} is writable data, programs have none: make it const`);
}

function place(objects) {
	const size = { text: 0, rodata: 0 };
	for (const object of objects) {
		for (const section of object.sections) {
			section.segment = segmentOf(object, section);
			if (!section.segment) continue;
			section.address = align(size[section.segment], Math.max(section.align, 8));
			section.content = Buffer.from(object.bytes.subarray(section.offset, section.offset + section.size));
			size[section.segment] = section.address + section.size;
		}
	}
	return { textSize: align(size.text, 8), rodataSize: align(size.rodata, 8) };
}

function collectGlobals(objects) {
	const globals = new Map();
	for (const object of objects) {
		for (const symbol of object.symbols) {
			if (symbol.isLocal || symbol.section === 0 || symbol.section >= 0xff00) continue;
			const other = globals.get(symbol.name);
			if (other) throw new LinkError(`${symbol.name} is defined in ${other.object.file} and in ${object.file}`);
			globals.set(symbol.name, { object, symbol });
		}
	}
	return globals;
}

// ---- relocations

class Relocator {
	constructor(globals, textSize) {
		this.globals = globals;
		this.textSize = textSize;
		this.syscalls = []; // { offset in .text, name }: left for the loader
	}

	// { syscall } or { segment, address }
	resolve(object, symbol, where) {
		if (symbol.section === 0) {
			const found = this.globals.get(symbol.name);
			if (found) return this.resolve(found.object, found.symbol, where);
			if (SYSCALLS.has(symbol.name)) return { syscall: symbol.name };
			throw new LinkError(`${where}: ${symbol.name} is defined nowhere and no syscall`);
		}
		const section = object.sections[symbol.section];
		return { segment: section.segment, address: section.address + symbol.value };
	}

	virtualAddress(target, where) {
		if (target.syscall) throw new LinkError(`${where}: the address of syscall ${target.syscall} cannot be taken`);
		const offset = target.segment === 'text' ? TEXT_OFFSET : TEXT_OFFSET + this.textSize;
		return REGION + BigInt(offset + target.address);
	}

	apply(object) {
		for (const table of object.sections) {
			const section = object.sections[table.info];
			if (table.type === SHT.rela) throw new LinkError(`${object.file}: RELA relocations are not expected for BPF`);
			if (table.type !== SHT.rel || !section || !section.segment) continue;
			for (let at = table.offset; at < table.offset + table.size; at += REL_SIZE) {
				const info = object.bytes.readBigUInt64LE(at + 8);
				const symbol = object.symbols[Number(info >> 32n)];
				this.applyOne(object, section, number64(object.bytes, at), Number(info & 0xffffffffn), symbol);
			}
		}
	}

	applyOne(object, section, offset, type, symbol) {
		const where = `${object.file}:${section.name}+0x${offset.toString(16)}`;
		const target = this.resolve(object, symbol, where);
		if (type === R_BPF_64_64) this.loadAddress(section.content, offset, this.virtualAddress(target, where));
		else if (type === R_BPF_64_ABS64) this.storeAddress(section.content, offset, this.virtualAddress(target, where));
		else if (type === R_BPF_64_RELATIVE) this.call(section, offset, symbol, target, where);
		else throw new LinkError(`${where}: relocation type ${type} is not known`);
	}

	loadAddress(code, offset, address) {
		const addend = (BigInt(code.readUInt32LE(offset + 12)) << 32n) | BigInt(code.readUInt32LE(offset + 4));
		const value = address + addend;
		code.writeUInt32LE(Number(value & 0xffffffffn), offset + 4);
		code.writeUInt32LE(Number(value >> 32n), offset + 12);
	}

	storeAddress(data, offset, address) {
		data.writeBigUInt64LE(address + data.readBigUInt64LE(offset), offset);
	}

	call(section, offset, symbol, target, where) {
		const code = section.content;
		if (code[offset] !== OP_CALL) throw new LinkError(`${where}: call relocation on another instruction`);
		if (target.syscall) {
			code[offset + 1] &= 0x0f;
			code.writeInt32LE(-1, offset + 4);
			this.syscalls.push({ offset: section.address + offset, name: target.syscall });
			return;
		}
		// For a static function the symbol is its section, and the instruction holds target / 8 - 1.
		const addend = symbol.isSection ? (code.readInt32LE(offset + 4) + 1) * 8 : 0;
		const distance = (target.address + addend - (section.address + offset) - 8) / 8;
		code[offset + 1] = (code[offset + 1] & 0x0f) | 0x10;
		code.writeInt32LE(distance, offset + 4);
	}
}

// ---- refuse what the loader's verifier rejects, and what SBF silently computes differently from Linux BPF

function checkInstruction(code, offset) {
	const op = code[offset];
	const kind = op & 7;
	const where = `opcode 0x${op.toString(16)} at instruction ${offset / 8}`;
	if (kind === 6) throw new LinkError(`${where} is a 32-bit jump: compile with -mcpu=v2`);
	if (kind === 4 && op !== 0xdc && op !== 0xd4) {
		throw new LinkError(`${where} is 32-bit arithmetic, which SBF sign-extends: compile with -mcpu=v2`);
	}
	if (kind === 3 && (op & 0xe0) === 0xc0) throw new LinkError(`${where} is atomic: use plain memory`);
	if (kind === 1 && (op & 0xe0) === 0x80) throw new LinkError(`${where} is a sign-extending load: compile with -mcpu=v2`);
	const divides = op === 0x3f || op === 0x37 || op === 0x9f || op === 0x97;
	if (divides && code.readInt16LE(offset + 2)) throw new LinkError(`${where} is a signed division: compile with -mcpu=v2`);
}

function checkCode(code) {
	for (let offset = 0; offset < code.length; offset += 8) {
		if (code[offset] === OP_LDDW) {
			offset += 8;
			continue;
		}
		if (code[offset] === OP_CALLX) {
			// clang up to 16 names the register in the immediate (what v0 wants), later ones in dst.
			const register = (code[offset + 1] & 15) || code.readInt32LE(offset + 4);
			code[offset + 1] = 0;
			code.writeInt32LE(register, offset + 4);
			continue;
		}
		checkInstruction(code, offset);
	}
}

// ---- writing the shared object

function elfHeader(entry, sectionsAt, sectionCount, namesIndex) {
	const header = Buffer.alloc(EHDR_SIZE);
	header.writeUInt32BE(0x7f454c46, 0);
	header.set([2, 1, 1], 4); // 64 bit, little-endian, version 1
	header.writeUInt16LE(ET_DYN, 16);
	header.writeUInt16LE(EM_BPF, 18);
	header.writeUInt32LE(1, 20);
	header.writeBigUInt64LE(BigInt(entry), 24);
	header.writeBigUInt64LE(BigInt(EHDR_SIZE), 32);
	header.writeBigUInt64LE(BigInt(sectionsAt), 40);
	[EHDR_SIZE, PHDR_SIZE, 3, SHDR_SIZE, sectionCount, namesIndex].forEach((value, i) => {
		header.writeUInt16LE(value, 52 + 2 * i);
	});
	return header;
}

function programHeader(type, flags, offset, size) {
	const header = Buffer.alloc(PHDR_SIZE);
	header.writeUInt32LE(type, 0);
	header.writeUInt32LE(flags, 4);
	[offset, offset, offset, size, size, 8].forEach((value, i) => header.writeBigUInt64LE(BigInt(value), 8 + i * 8));
	return header;
}

function dynamicSymbols(syscalls) {
	const names = [...new Set(syscalls.map((call) => call.name))];
	const symbols = Buffer.alloc(SYM_SIZE * (names.length + 1));
	const relocations = Buffer.alloc(REL_SIZE * syscalls.length);
	let strings = Buffer.from([0]);
	names.forEach((name, i) => {
		symbols.writeUInt32LE(strings.length, SYM_SIZE * (i + 1));
		symbols[SYM_SIZE * (i + 1) + 4] = 0x10; // global, no type
		strings = Buffer.concat([strings, Buffer.from(`${name}\0`)]);
	});
	syscalls.forEach((call, i) => {
		const symbol = BigInt(names.indexOf(call.name) + 1);
		relocations.writeBigUInt64LE(BigInt(TEXT_OFFSET + call.offset), REL_SIZE * i);
		relocations.writeBigUInt64LE((symbol << 32n) | BigInt(R_BPF_64_RELATIVE), REL_SIZE * i + 8);
	});
	return { symbols, strings, relocations };
}

class Image {
	constructor() {
		this.position = TEXT_OFFSET;
		this.parts = [];
		this.sections = [];
	}

	add(name, content, type, flags, options = {}) {
		const padding = align(this.position, options.align || 8) - this.position;
		this.parts.push(Buffer.alloc(padding), content);
		this.position += padding;
		const section = { name, content, type, flags, offset: this.position, ...options };
		this.sections.push(section);
		this.position += content.length;
		return section;
	}

	index(name) {
		return this.sections.findIndex((section) => section.name === name) + 1;
	}

	sectionHeaders(names) {
		const table = Buffer.alloc(SHDR_SIZE * (this.sections.length + 1));
		this.sections.forEach((section, i) => {
			const at = SHDR_SIZE * (i + 1);
			const address = section.flags & SHF.alloc ? section.offset : 0;
			table.writeUInt32LE(names.indexOf(`\0${section.name}\0`) + 1, at);
			table.writeUInt32LE(section.type, at + 4);
			[section.flags, address, section.offset, section.content.length].forEach((value, j) => {
				table.writeBigUInt64LE(BigInt(value), at + 8 + j * 8);
			});
			table.writeUInt32LE(section.link ? this.index(section.link) : 0, at + 40);
			table.writeUInt32LE(section.info || 0, at + 44);
			table.writeBigUInt64LE(BigInt(section.align || 8), at + 48);
			table.writeBigUInt64LE(BigInt(section.entrySize || 0), at + 56);
		});
		return table;
	}
}

function fillDynamic(table, symbols, strings, relocations) {
	const entries = [
		[DT.rel, relocations.offset], [DT.relsz, relocations.content.length], [DT.relent, REL_SIZE],
		[DT.symtab, symbols.offset], [DT.syment, SYM_SIZE], [DT.strtab, strings.offset], [DT.strsz, strings.content.length],
	];
	entries.forEach(([tag, value], i) => {
		table.writeBigUInt64LE(BigInt(tag), 16 * i);
		table.writeBigUInt64LE(BigInt(value), 16 * i + 8);
	});
}

function writeImage(text, rodata, entry, syscalls) {
	const image = new Image();
	const dynamic = dynamicSymbols(syscalls);
	image.add('.text', text, SHT.progbits, SHF.alloc | SHF.exec);
	image.add('.rodata', rodata, SHT.progbits, SHF.alloc);
	const constantsEnd = image.position;
	const table = Buffer.alloc(16 * 8); // seven entries and the terminator
	const dynamicSection = image.add('.dynamic', table, SHT.dynamic, SHF.alloc | SHF.write, { entrySize: 16, link: '.dynstr' });
	const symbols = image.add('.dynsym', dynamic.symbols, SHT.dynsym, SHF.alloc, { entrySize: SYM_SIZE, info: 1, link: '.dynstr' });
	const strings = image.add('.dynstr', dynamic.strings, SHT.strtab, SHF.alloc, { align: 1 });
	const relocations = image.add('.rel.dyn', dynamic.relocations, SHT.rel, SHF.alloc, { entrySize: REL_SIZE, link: '.dynsym' });
	const loadedEnd = image.position;
	fillDynamic(table, symbols, strings, relocations);
	const names = Buffer.from(`\0${image.sections.map((section) => section.name).join('\0')}\0.shstrtab\0`);
	image.add('.shstrtab', names, SHT.strtab, 0, { align: 1 });
	const headersAt = align(image.position, 8);
	return Buffer.concat([
		elfHeader(TEXT_OFFSET + entry, headersAt, image.sections.length + 1, image.index('.shstrtab')),
		programHeader(1, 5, TEXT_OFFSET, constantsEnd - TEXT_OFFSET),
		programHeader(1, 4, dynamicSection.offset, loadedEnd - dynamicSection.offset),
		programHeader(2, 4, dynamicSection.offset, table.length),
		...image.parts, Buffer.alloc(headersAt - image.position), image.sectionHeaders(names),
	]);
}

function gather(objects, segment, size) {
	const merged = Buffer.alloc(size);
	for (const object of objects) {
		for (const section of object.sections) {
			if (section.segment === segment) section.content.copy(merged, section.address);
		}
	}
	return merged;
}

function link(files) {
	const objects = files.map(readObject);
	const { textSize, rodataSize } = place(objects);
	const globals = collectGlobals(objects);
	const relocator = new Relocator(globals, textSize);
	for (const object of objects) relocator.apply(object);
	const text = gather(objects, 'text', textSize);
	checkCode(text);
	const start = globals.get('entrypoint');
	if (!start) throw new LinkError('no object defines entrypoint');
	const entry = relocator.resolve(start.object, start.symbol, 'entrypoint').address;
	return writeImage(text, gather(objects, 'rodata', rodataSize), entry, relocator.syscalls);
}

function main(argv) {
	const at = argv.indexOf('-o');
	const files = argv.filter((_, i) => at < 0 || (i !== at && i !== at + 1));
	if (at < 0 || !argv[at + 1] || files.length === 0) throw new LinkError('usage: sbflink.js -o OUT.so IN.o...');
	fs.writeFileSync(argv[at + 1], link(files));
}

if (require.main === module) {
	try {
		main(process.argv.slice(2));
	} catch (error) {
		if (!(error instanceof LinkError) && error.code !== 'ENOENT') throw error;
		console.error(`sbflink: ${error.message}`);
		process.exit(1);
	}
}

module.exports = { link, LinkError };
