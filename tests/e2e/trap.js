// A TCP relay in front of Postgres that springs at one statement: before the server gets it, or after the server ran it.
'use strict';

const net = require('node:net');

class Trap {
	constructor(target) {
		this.target = target;
		this.armed = null;
		this.server = net.createServer((client) => this.relay(client));
	}

	// Kills when a message of the client contains all of `texts`. 'before': the server never sees it. 'after': the server has
	// answered, and the client never hears it. Resolves once it has sprung.
	spring({ texts, when, kill }) {
		return new Promise((resolve) => { this.armed = { texts, when, spring: async () => { await kill(); resolve(); } }; });
	}

	relay(client) {
		const server = net.connect(this.target);
		const end = () => { client.destroy(); server.destroy(); };
		for (const socket of [client, server]) socket.on('error', end).on('close', end);
		let sprung = null;
		client.on('data', (data) => {
			if (this.armed && this.armed.texts.every((text) => data.includes(text))) {
				sprung = this.armed;
				this.armed = null;
				if (sprung.when === 'before') {
					sprung.spring();
					return;
				}
			}
			server.write(data);
		});
		server.on('data', (data) => {
			if (sprung) sprung.spring();
			else client.write(data);
		});
	}

	close() { return new Promise((resolve) => { this.server.close(resolve); this.server.closeAllConnections?.(); resolve(); }); }
}

// A parameter of a statement as it goes over the wire: its length, then its bytes.
const parameter = (text) => Buffer.concat([Buffer.from([0, 0, 0, text.length]), Buffer.from(text)]);

async function startTrap(databaseUrl) {
	const url = new URL(databaseUrl);
	const trap = new Trap({ host: url.hostname, port: Number(url.port) });
	await new Promise((resolve) => { trap.server.listen(0, '127.0.0.1', resolve); });
	url.port = String(trap.server.address().port);
	trap.url = url.href;
	return trap;
}

module.exports = { parameter, startTrap };
