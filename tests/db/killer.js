// A way to the server on which a run of scripts/db is killed at a chosen statement, so that every stage can be tried and none by chance.
'use strict';

const net = require('node:net');

const QUERY = 'Q'.charCodeAt(0);
const READY = 'Z'.charCodeAt(0);

// Calls onMessage(type, message) for each whole message of the protocol; the client's first one has no type (0).
function framer(firstHasNoType, onMessage) {
	let rest = Buffer.alloc(0);
	let typeBytes = firstHasNoType ? 0 : 1;
	return (data) => {
		rest = Buffer.concat([rest, data]);
		while (rest.length >= typeBytes + 4) {
			const length = typeBytes + rest.readUInt32BE(typeBytes);
			if (rest.length < length) return;
			const message = rest.subarray(0, length);
			rest = rest.subarray(length);
			const type = typeBytes ? message[0] : 0;
			typeBytes = 1;
			onMessage(type, message);
		}
	};
}

class Killer {
	constructor(server) {
		this.target = server;
		this.sockets = new Set();
		this.listener = net.createServer((client) => this.serve(client));
		this.watch(0, 'before', () => {});
	}

	async start() {
		await new Promise((resolve) => { this.listener.listen(0, '127.0.0.1', resolve); });
		this.port = this.listener.address().port;
		return this;
	}

	// No TLS is tried: its answer would be no message.
	url(database, user = 'postgres') { return `postgresql://${user}@127.0.0.1:${this.port}/${database}?sslmode=disable`; }

	// From now on: at the nth statement (0: never), before the server has it or after it has done it, kill() is called, and nothing
	// goes through any more. The statements are kept in seen, each with its connection.
	watch(nth, when, kill) {
		Object.assign(this, { nth, when, kill, seen: [], cut: false });
	}

	end() {
		this.cut = true;
		this.kill();
		for (const socket of this.sockets) socket.destroy();
	}

	serve(client) {
		const upstream = net.connect(this.target.port, '127.0.0.1');
		const drop = () => { client.destroy(); upstream.destroy(); };
		for (const socket of [client, upstream]) {
			this.sockets.add(socket);
			socket.setNoDelay(true).on('error', drop).on('close', () => { this.sockets.delete(socket); drop(); });
		}
		let last = false;
		client.on('data', framer(true, (type, message) => {
			if (this.cut) return;
			if (type === QUERY) {
				this.seen.push({ sql: message.subarray(5, -1).toString().trim(), connection: client });
				last = this.seen.length === this.nth;
				if (last && this.when === 'before') return this.end();
			}
			upstream.write(message);
		}));
		upstream.on('data', framer(false, (type, message) => {
			if (this.cut) return;
			if (last && type === READY) this.end();
			else client.write(message);
		}));
	}

	stop() {
		this.listener.close();
		for (const socket of this.sockets) socket.destroy();
	}
}

const startKiller = (server) => new Killer(server).start();

module.exports = { startKiller };
