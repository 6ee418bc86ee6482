// A small HTTP server that misbehaves on purpose, one way per path; plain and TLS on free ports.
'use strict';
const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const net = require('node:net');
const os = require('node:os');
const path = require('node:path');
const tls = require('node:tls');
const zlib = require('node:zlib');

const counters = { connections: 0, requests: 0, aborted: 0 };
const MEGABYTE = Buffer.alloc(1024 * 1024, 'x');

function reply(socket, status, headers, body) {
	const lines = [`HTTP/1.1 ${status} Whatever`, `Content-Length: ${Buffer.byteLength(body)}`, ...headers];
	socket.write(`${lines.join('\r\n')}\r\n\r\n`);
	socket.write(body);
}

// Writes the chunk again and again until the client leaves or the count is reached.
function pour(socket, chunk, times) {
	let left = times;
	const more = () => {
		while (left > 0 && !socket.destroyed) {
			left -= 1;
			if (!socket.write(chunk)) {
				socket.once('drain', more);
				return;
			}
		}
	};
	more();
}

function drip(socket, text) {
	let at = 0;
	const timer = setInterval(() => {
		if (socket.destroyed) clearInterval(timer);
		else socket.write(text[at++ % text.length]);
	}, 20);
}

const behaviours = {
	'/ok': (socket, request) => reply(socket, 200, [], `echo:${request.body}`),
	'/later': (socket, request) => setTimeout(() => reply(socket, 200, [], `echo:${request.body}`), 50),
	'/empty': (socket) => socket.write('HTTP/1.1 204 None\r\n\r\n'),
	'/stats': (socket) => reply(socket, 200, [], JSON.stringify(counters)),
	'/echo-headers': (socket, request) => reply(socket, 200, [], request.head),
	'/429': (socket) => reply(socket, 429, ['Retry-After: 7'], 'slow down'),
	'/429-absurd': (socket) => reply(socket, 429, ['Retry-After: 99999999999999999999'], ''),
	'/503': (socket) => reply(socket, 503, [`Retry-After: ${new Date(Date.now() + 60000).toUTCString()}`], ''),
	'/500': (socket) => reply(socket, 500, [], '{"error":"inside"}'),
	'/404': (socket) => reply(socket, 404, [], 'no'),
	'/301': (socket) => reply(socket, 301, ['Location: /ok'], ''),
	'/hang': () => {},
	'/head-drip': (socket) => drip(socket, 'HTTP/1.1 200 OK\r\nX: y\r\n'),
	'/body-drip': (socket) => {
		socket.write('HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n');
		drip(socket, 'z');
	},
	'/50mb': (socket) => {
		socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${50 * MEGABYTE.length}\r\n\r\n`);
		pour(socket, MEGABYTE, 50);
	},
	'/endless': (socket) => {
		socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n');
		pour(socket, Buffer.concat([Buffer.from('100000\r\n'), MEGABYTE, Buffer.from('\r\n')]), 1e6);
	},
	'/endless-headers': (socket) => {
		socket.write('HTTP/1.1 200 OK\r\n');
		pour(socket, `X-Filler: ${'h'.repeat(1000)}\r\n`, 1e6);
	},
	'/endless-100': (socket) => pour(socket, 'HTTP/1.1 100 Continue\r\n\r\n', 1e6),
	'/bomb': (socket) => {
		const body = zlib.gzipSync(Buffer.concat(Array(30).fill(MEGABYTE)));
		socket.write(`HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: ${body.length}\r\n\r\n`);
		socket.write(body);
	},
	'/gzip': (socket) => {
		const body = zlib.gzipSync('unpacked');
		socket.write(`HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: ${body.length}\r\n\r\n`);
		socket.write(body);
	},
	'/cut': (socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n0123456789'),
	'/cut-chunk': (socket) => socket.end('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nabc'),
	'/reset': (socket) => {
		socket.write('HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n0123456789');
		setTimeout(() => (socket.resetAndDestroy ? socket.resetAndDestroy() : socket.destroy()), 20);
	},
	'/close-at-once': (socket) => socket.destroy(),
	'/ok-then-close': (socket) => {
		reply(socket, 200, [], 'bye');
		socket.end();
	},
	'/garbage': (socket) => socket.end('\x00\x01\x02 this is not http\r\n\r\n'),
	'/nul-body': (socket) => reply(socket, 200, [], 'a\0b'),
};

// Takes whole requests off the front of the bytes received so far.
function serve(socket) {
	let pending = Buffer.alloc(0);
	counters.connections += 1;
	socket.on('error', () => { counters.aborted += 1; });
	socket.on('data', (data) => {
		pending = Buffer.concat([pending, data]);
		for (;;) {
			const end = pending.indexOf('\r\n\r\n');
			if (end < 0) return;
			const head = pending.subarray(0, end).toString('latin1');
			const length = Number(/content-length: *(\d+)/i.exec(head)?.[1] ?? 0);
			if (pending.length < end + 4 + length) return;
			const body = pending.subarray(end + 4, end + 4 + length).toString('latin1');
			pending = pending.subarray(end + 4 + length);
			counters.requests += 1;
			const target = head.split(' ')[1].split('?')[0];
			(behaviours[target] ?? behaviours['/404'])(socket, { head, body });
		}
	});
}

function makeCertificate() {
	const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'hostile-'));
	const files = { key: path.join(folder, 'key.pem'), cert: path.join(folder, 'cert.pem') };
	execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes',
		'-keyout', files.key, '-out', files.cert, '-days', '2', '-subj', '/CN=localhost',
		'-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'], { stdio: 'ignore' });
	return { folder, ...files };
}

function listen(server) {
	return new Promise((resolve) => {
		server.listen(0, '127.0.0.1', () => resolve(server.address().port));
	});
}

async function start() {
	const certificate = makeCertificate();
	const servers = [
		net.createServer(serve),
		tls.createServer({ key: fs.readFileSync(certificate.key), cert: fs.readFileSync(certificate.cert) }, serve),
		net.createServer(() => {}), // accepts and never says a word: a TLS handshake hangs there
	];
	servers[1].on('tlsClientError', () => { counters.aborted += 1; });
	const [plain, secure, silent] = await Promise.all(servers.map(listen));
	const stop = () => fs.rmSync(certificate.folder, { recursive: true });
	return { plain, secure, silent, ca: certificate.cert, stop };
}

module.exports = { start };
