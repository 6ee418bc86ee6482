// The WebSocket side of a node, as far as web3.js needs it: signatureSubscribe and slotSubscribe.
'use strict';

const crypto = require('node:crypto');
const json = require('./json.js');
const { RpcError, METHOD_NOT_FOUND, PARSE_ERROR } = require('./rpc-error.js');

const ACCEPT_SUFFIX = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const MAX_FRAME_BYTES = 65535;
const OPCODE = { text: 1, close: 8, ping: 9, pong: 10 };
const FIN = 0x80;

function encodeFrame(opcode, payload) {
	if (payload.length < 126) return Buffer.concat([Buffer.from([FIN | opcode, payload.length]), payload]);
	const header = Buffer.from([FIN | opcode, 126, 0, 0]);
	header.writeUInt16BE(payload.length, 2);
	return Buffer.concat([header, payload]);
}

// { opcode, payload, rest } of the first frame, null when it is incomplete. Client frames are masked.
function decodeFrame(buffer) {
	if (buffer.length < 2) return null;
	let length = buffer[1] & 127;
	let offset = 2;
	if (length === 126) {
		if (buffer.length < 4) return null;
		length = buffer.readUInt16BE(2);
		offset = 4;
	}
	if (length === 127) throw new Error(`frame of more than ${MAX_FRAME_BYTES} bytes`);
	const end = offset + 4 + length;
	if (buffer.length < end) return null;
	const mask = buffer.subarray(offset, offset + 4);
	const payload = Buffer.from(buffer.subarray(offset + 4, end));
	for (let i = 0; i < length; i++) payload[i] ^= mask[i & 3];
	return { opcode: buffer[0] & 15, payload, rest: buffer.subarray(end) };
}

class Subscriptions {
	constructor(node, socket) {
		this.node = node;
		this.socket = socket;
		this.nextId = 1;
		this.byId = new Map();
	}

	send(message) {
		if (!this.socket.destroyed) this.socket.write(encodeFrame(OPCODE.text, Buffer.from(json.write(message))));
	}

	onMessage(text) {
		let call;
		try {
			call = JSON.parse(text);
		} catch {
			this.send(new RpcError(PARSE_ERROR, 'Parse error').toResponse(null));
			return;
		}
		const [first, options = {}] = call.params || [];
		switch (call.method) {
		case 'signatureSubscribe':
			this.add(call.id, { signature: first, commitment: options.commitment || 'finalized' });
			break;
		case 'slotSubscribe':
			this.add(call.id, { signature: null });
			break;
		case 'signatureUnsubscribe':
		case 'slotUnsubscribe':
			this.send({ jsonrpc: '2.0', result: this.byId.delete(first), id: call.id });
			break;
		default:
			this.send(new RpcError(METHOD_NOT_FOUND, 'Method not found').toResponse(call.id));
		}
	}

	add(callId, subscription) {
		const id = this.nextId++;
		this.byId.set(id, subscription);
		this.send({ jsonrpc: '2.0', result: id, id: callId });
		if (subscription.signature !== null) this.notifySignature(id, subscription);
	}

	notify(method, id, result) {
		this.send({ jsonrpc: '2.0', method, params: { result, subscription: id } });
	}

	// A signature is announced once; then the subscription is over.
	notifySignature(id, { signature, commitment }) {
		const record = this.node.bank.ledger.get(signature);
		const block = this.node.block(commitment);
		if (!this.node.sees(record, block)) return;
		this.byId.delete(id);
		this.notify('signatureNotification', id, { context: { slot: block.slot }, value: { err: record.error } });
	}

	onSlot() {
		const block = this.node.block('processed');
		const root = this.node.block('finalized').slot;
		for (const [id, subscription] of [...this.byId]) {
			if (subscription.signature !== null) this.notifySignature(id, subscription);
			else this.notify('slotNotification', id, { parent: block.parentSlot, root, slot: block.slot });
		}
	}

	onLanded() {
		for (const [id, subscription] of [...this.byId]) {
			if (subscription.signature !== null) this.notifySignature(id, subscription);
		}
	}
}

function readFrames(socket, subscriptions) {
	let buffer = Buffer.alloc(0);
	socket.on('data', (chunk) => {
		buffer = Buffer.concat([buffer, chunk]);
		try {
			for (let frame = decodeFrame(buffer); frame !== null; frame = decodeFrame(buffer)) {
				buffer = frame.rest;
				if (frame.opcode === OPCODE.close) socket.end(encodeFrame(OPCODE.close, frame.payload));
				if (frame.opcode === OPCODE.ping) socket.write(encodeFrame(OPCODE.pong, frame.payload));
				if (frame.opcode === OPCODE.text) subscriptions.onMessage(frame.payload.toString());
			}
		} catch (error) {
			console.error(`websocket: ${error.message}: closing`);
			socket.destroy();
		}
	});
}

function acceptWebSocket(node, request, socket) {
	const key = request.headers['sec-websocket-key'];
	const accept = crypto.createHash('sha1').update(`${key}${ACCEPT_SUFFIX}`).digest('base64');
	socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n'
		+ `Sec-WebSocket-Accept: ${accept}\r\n\r\n`);
	const subscriptions = new Subscriptions(node, socket);
	const onSlot = () => subscriptions.onSlot();
	const onLanded = () => subscriptions.onLanded();
	node.bank.on('slot', onSlot);
	node.bank.on('landed', onLanded);
	socket.on('close', () => {
		node.bank.off('slot', onSlot);
		node.bank.off('landed', onLanded);
	});
	socket.on('error', () => socket.destroy());
	readFrames(socket, subscriptions);
}

module.exports = { acceptWebSocket };
