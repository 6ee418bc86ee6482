// A shipped source in a database of its own, as the daemon drives it.
'use strict';

const assert = require('node:assert');
const fs = require('node:fs');
const path = require('node:path');
const { newKeeper } = require('./keeper');
const { AUDITED, Offchain, Keeper, VRF_KEY } = require('./offchain');

const SOURCES = path.join(__dirname, '..', '..', 'config', 'sources');
const read = (source, name) => fs.readFileSync(path.join(SOURCES, source, name), 'utf8');

function statements(source) {
	const parts = read(source, 'statements.sql').split(/^-- name: (\w+)$/m).slice(1);
	return Object.fromEntries(parts.flatMap((part, i) => (i % 2 === 0 ? [[part, parts[i + 1].trim()]] : [])));
}

// A database with the source in it, its rules published before its seed.
class Source extends Offchain {
	static async make(server, source, seed = true) {
		const made = new Source(await newKeeper(server));
		made.source = source;
		made.statements = statements(source);
		const rules = read(source, 'rules.json').trim();
		made.type = JSON.parse(rules).type;
		await made.keeper.call('vrf_key_register', { key: VRF_KEY });
		await made.keeper.call('offchain_publish', { type: made.type, rules });
		await made.keeper.sql(`BEGIN; ${AUDITED}; ${read(source, 'schema.sql')} ${seed ? read(source, 'seed.sql') : ''} COMMIT;`);
		return made;
	}

	get schema() { return { coin_draws: 'coin_draws', jackpots: 'jackpot', raffles: 'raffle_schema' }[this.source]; }

	locking(key, overrides = {}) { return Offchain.locking(key, { source: this.source, type: this.type, freeze: this.statements.freeze, entries: this.statements.entries, ...overrides }); }

	async lockIt(key) { return (await this.keeper.call('offchain_lock', this.locking(key)))[0]; }

	async due() { return (await this.keeper.rows(this.statements.due.replace(';', '').replace('$1', '100'), this.keeper.daemonUrl)).map((row) => row.source_key); }

	settle(draw) { return this.verb('settle', draw, { settle: this.statements.settle }); }

	refund(draw) { return this.verb('refund', draw, { refund: this.statements.refund }); }

	settling(draw) { return Keeper.call('offchain_settle', { fence: 1, draw: draw.draw, settle: this.statements.settle }); }

	// A draw that is over stays over, for sessions that replicate too, and no other spelling of its key is another draw.
	async refusesRedraw(set, over, id, opened, own, others) {
		const rows = Object.entries(over).flatMap(([state, key]) => [
			[`SET LOCAL session_replication_role = replica; ${set} = '${state === state.toUpperCase() ? 'OPEN' : 'open'}' WHERE ${id} = '${key}'`, new RegExp(`is ${state} and cannot become`)],
			[`${set.replace(/SET \w+$/, 'SET')} ${opened} = '2020-01-01' WHERE ${id} = '${key}'`, /stay/],
		]);
		const table = set.split(' ')[1];
		await this.refuses(...rows, [`DELETE FROM ${table}`, /it does not go/], [`TRUNCATE ${table} CASCADE`, /it does not go|refused/]);
		for (const key of own) assert.equal(await this.keeper.refusal('offchain_lock', this.locking(key)), 'ok', key);
		for (const key of others) assert.match(await this.keeper.refusal('offchain_lock', this.locking(key)), /^PK003 .* the key of this \w+ is /, key);
	}

	async sound() { assert.equal(await this.keeper.sql(`SELECT * FROM ${this.schema}.faults`), ''); }

	// cases: [[statement, why]], asked in one go.
	async refuses(...cases) {
		const said = await this.outcomes(cases.map(([statement]) => statement));
		cases.forEach(([statement, why], i) => assert.match(said[i], why, statement));
	}
}

module.exports = { Source };
