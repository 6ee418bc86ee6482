// Failover by Patroni and etcd: whole nodes are killed, and the daemon's own database client finds the new primary by itself.
'use strict';

const assert = require('node:assert');
const fs = require('node:fs');
const path = require('node:path');
const { test } = require('node:test');
const { psql, programDirectory } = require('../lib/postgres');
const {
	ServerProcess, accountToRunAs, giveDirectoryTo, makeOwnedDirectory, removeOwnedDirectory, freePort, listens, pause,
} = require('../lib/server_process');
const { Writer, TABLE } = require('./io/writer');

const ROUNDS = 4;
const PATIENCE_MS = 120000;

function whyNot() {
	const missing = ['/usr/bin/patroni', '/usr/bin/etcd'].filter((file) => !fs.existsSync(file));
	return missing.length > 0 && `${missing.join(' and ')} missing: apt-get install patroni etcd-server`;
}

async function until(what, fits) {
	for (const deadline = Date.now() + PATIENCE_MS; Date.now() < deadline; await pause(100)) {
		const found = await fits().catch(() => false);
		if (found) return found;
	}
	throw new Error(`no ${what} within ${PATIENCE_MS} ms`);
}

class Node {
	constructor(cluster, name, api, port) {
		Object.assign(this, { cluster, name, api, port, directory: path.join(cluster.directory, name) });
		fs.mkdirSync(this.directory);
		fs.writeFileSync(path.join(this.directory, 'yml'), JSON.stringify(this.settings()));
	}

	// YAML reads JSON.
	settings() {
		const trust = ['local all all trust', 'host all all 127.0.0.1/32 trust', 'host replication all 127.0.0.1/32 trust'];
		return {
			scope: 'poolkeeper', name: this.name, etcd3: { host: `127.0.0.1:${this.cluster.etcdPort}` },
			restapi: { listen: `127.0.0.1:${this.api}`, connect_address: `127.0.0.1:${this.api}` },
			bootstrap: {
				dcs: { ttl: 20, loop_wait: 5, retry_timeout: 5, synchronous_mode: true, postgresql: { use_pg_rewind: true } },
				initdb: [{ encoding: 'UTF8' }, { auth: 'trust' }, 'data-checksums'], pg_hba: trust,
			},
			postgresql: {
				listen: `127.0.0.1:${this.port}`, connect_address: `127.0.0.1:${this.port}`, data_dir: path.join(this.directory, 'data'), bin_dir: programDirectory(), pgpass: path.join(this.directory, 'pgpass'),
				pg_hba: trust, parameters: { unix_socket_directories: this.directory, shared_buffers: '16MB', dynamic_shared_memory_type: 'mmap' },
				authentication: { superuser: { username: 'postgres' }, replication: { username: 'postgres' }, rewind: { username: 'postgres' } },
			},
		};
	}

	start() {
		giveDirectoryTo(this.cluster.account, this.directory);
		this.server = new ServerProcess({
			command: '/usr/bin/patroni', args: [path.join(this.directory, 'yml')], account: this.cluster.account, logFile: path.join(this.directory, 'log'),
		});
	}

	// Patroni is not the parent of the server that it starts.
	async kill() {
		await this.server.kill();
		const file = path.join(this.directory, 'data', 'postmaster.pid');
		if (!fs.existsSync(file)) return;
		try {
			process.kill(Number(fs.readFileSync(file, 'utf8').split('\n')[0]), 'SIGKILL');
		} catch (error) {
			if (error.code !== 'ESRCH') throw error;
		}
	}

	async is(role) { return (await fetch(`http://127.0.0.1:${this.api}/${role}`)).status === 200; }

	get url() { return `postgresql://postgres@127.0.0.1:${this.port}/postgres`; }
}

class Cluster {
	async start() {
		this.account = accountToRunAs();
		this.directory = makeOwnedDirectory('poolkeeper-patroni-');
		giveDirectoryTo(this.account, this.directory);
		this.etcdPort = await freePort();
		const [client, peer] = [this.etcdPort, await freePort()].map((port) => `http://127.0.0.1:${port}`);
		this.etcd = new ServerProcess({
			command: '/usr/bin/etcd', account: this.account, logFile: path.join(this.directory, 'etcd.log'),
			args: ['--data-dir', path.join(this.directory, 'etcd'), '--listen-client-urls', client, '--advertise-client-urls', client, '--listen-peer-urls', peer,
				'--initial-advertise-peer-urls', peer, '--initial-cluster', `default=${peer}`, '--unsafe-no-fsync'],
		});
		await this.etcd.waitUntil(() => listens(this.etcdPort), 'etcd');
		this.nodes = [];
		for (const name of ['a', 'b']) this.nodes.push(new Node(this, name, await freePort(), await freePort()));
		for (const node of this.nodes) {
			node.start();
			await until('primary', () => this.nodes[0].is('primary'));
		}
		await this.synchronous();
	}

	synchronous() { return until('synchronous standby', async () => (await Promise.all(this.nodes.map((node) => node.is('synchronous')))).some(Boolean)); }

	async stop() {
		for (const node of this.nodes ?? []) await node.kill();
		await this.etcd?.kill();
		removeOwnedDirectory(this.directory);
	}
}

// Minutes long: not in the plain run.
if (process.env.POOLKEEPER_TEST_FULL) test(`${ROUNDS} nodes killed under Patroni: nothing acknowledged is lost`, { skip: whyNot() }, async (t) => {
	const cluster = new Cluster();
	t.after(() => cluster.stop());
	await cluster.start();
	let primary = cluster.nodes[0];
	await psql(primary.url, TABLE);
	const ports = cluster.nodes.map((node) => node.port).join(',');
	const writer = new Writer(`host=127.0.0.1,127.0.0.1 port=${ports} user=postgres dbname=postgres target_session_attrs=read-write connect_timeout=2`);
	t.after(() => writer.db.child.kill('SIGKILL'));
	const gaps = [];
	for (let round = 0; round < ROUNDS; round += 1) {
		await writer.past(writer.acknowledged.length + 20);
		const began = Date.now();
		await primary.kill();
		const before = writer.acknowledged.length;
		await writer.past(before + 5);
		gaps.push(Date.now() - began);
		const killed = primary;
		primary = cluster.nodes.find((node) => node !== killed);
		assert.ok(await primary.is('primary'));
		await writer.assertNothingLost(primary.url);
		killed.start();
		await cluster.synchronous();
	}
	await writer.stop();
	await writer.assertNothingLost(primary.url);
	t.diagnostic(`${writer.acknowledged.length} rows acknowledged, unknown: ${JSON.stringify(writer.unknown)}; gaps ${gaps.join(' ')} ms`);
});
