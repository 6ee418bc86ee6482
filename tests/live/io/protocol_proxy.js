// A TCP proxy in front of Postgres that loses connections at chosen points of the protocol.
'use strict';
const net = require('node:net');

const READY_FOR_QUERY = 'Z'.charCodeAt(0);

// Cuts the bytes of the server before its last message when that is ReadyForQuery (always 6 bytes).
function withoutReady(data) {
	const isReady = data.length >= 6 && data[data.length - 6] === READY_FOR_QUERY && data.readUInt32BE(data.length - 5) === 5;
	return isReady ? data.subarray(0, data.length - 6) : data;
}

// An ErrorResponse as Postgres would send it.
function errorResponse(severity, sqlstate, message) {
	const fields = Buffer.from(`S${severity}\0V${severity}\0C${sqlstate}\0M${message}\0\0`);
	const head = Buffer.alloc(5);
	head.write('E');
	head.writeUInt32BE(4 + fields.length, 1);
	return Buffer.concat([head, fields]);
}

class ProtocolProxy {
	// modes: pass; lose-reply (what the server says next never arrives); lose-ready (all of it but ReadyForQuery);
	// lose-request (what the client says next never arrives); late-ready (ReadyForQuery comes by itself, later);
	// slow-reader (a pause after each piece from the client); panic (the server's next words are those of a server whose disk is full, as a pooler might pass them on)
	constructor(targetPort) {
		this.targetPort = targetPort;
		this.mode = 'pass';
		this.sockets = new Set();
		this.server = net.createServer((client) => this.serve(client));
	}

	async start() {
		await new Promise((resolve) => this.server.listen(0, '127.0.0.1', resolve));
		this.port = this.server.address().port;
	}

	serve(client) {
		const upstream = net.connect(this.targetPort, '127.0.0.1');
		const drop = () => { client.destroy(); upstream.destroy(); };
		client.setNoDelay(true);
		for (const socket of [client, upstream]) {
			this.sockets.add(socket);
			socket.on('error', drop).on('close', drop);
		}
		client.on('data', (data) => {
			if (this.mode === 'lose-request') drop();
			else upstream.write(data);
			if (this.mode === 'slow-reader') {
				client.pause();
				setTimeout(() => client.resume(), 5);
			}
		});
		upstream.on('data', (data) => {
			if (this.mode === 'lose-reply') {
				drop();
			} else if (this.mode === 'lose-ready') {
				client.write(withoutReady(data), () => setTimeout(drop, 50));
			} else if (this.mode === 'panic') {
				const said = [errorResponse('PANIC', '53100', 'could not write to file'), data.subarray(data.length - 6)];
				client.write(Buffer.concat(said), () => setTimeout(drop, 50));
			} else if (this.mode === 'late-ready') {
				const first = withoutReady(data);
				client.write(first);
				setTimeout(() => client.write(data.subarray(first.length)), 30);
			} else {
				client.write(data);
			}
		});
	}

	stop() {
		this.server.close();
		for (const socket of this.sockets) socket.destroy();
	}
}

module.exports = { ProtocolProxy };
