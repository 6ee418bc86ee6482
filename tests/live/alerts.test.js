// The alert rules, the dashboard and the operations guide: valid, and about metrics, reasons, events and headings that exist.
'use strict';

const assert = require('node:assert/strict');
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { test } = require('node:test');

const ROOT = path.join(__dirname, '..', '..');
const BINARY = process.env.POOLKEEPER ?? path.join(ROOT, 'build', 'poolkeeper');
const OWN_PROMTOOL = path.join(ROOT, '.toolchain', 'prometheus', 'usr', 'bin', 'promtool');
const PROMTOOL = fs.existsSync(OWN_PROMTOOL) ? OWN_PROMTOOL : 'promtool';

const read = (...names) => fs.readFileSync(path.join(ROOT, ...names), 'utf8');
const unique = (list) => [...new Set(list)].sort();
const missing = (list, known) => unique(list).filter((item) => !known.includes(item));

function run(program, ...args) {
	const { status, stdout, stderr, error } = spawnSync(program, args, { cwd: ROOT, encoding: 'utf8' });
	assert.ok(!error, `${program}: ${error?.message}: run scripts/setup and scripts/build`);
	assert.equal(status, 0, `${program} ${args.join(' ')}: ${stdout}${stderr}`);
	return stdout;
}

// The rules as blocks of text; the file has one shape, which this holds it to.
function readAlerts() {
	const blocks = read('config', 'alerts.yml').split(/^ {6}- alert: /m).slice(1);
	return blocks.map((block) => {
		const field = (pattern, what) => block.match(pattern)?.[1] ?? assert.fail(`${block.split('\n')[0]} has no ${what}`);
		return {
			name: field(/^(Poolkeeper[A-Za-z]+)\n/, 'name'),
			expr: field(/^ {8}expr: ((?:.*\n)(?: {10}.*\n)*)/m, 'expr'),
			severity: field(/^ {8}labels: \{severity: (critical|warning)\}$/m, 'severity'),
			wait: field(/^ {8}for: (\d+[smh])$/m, 'for'),
			summary: field(/^ {10}summary: '(.+)'$/m, 'summary'),
			runbook: field(/^ {10}runbook: docs\/operations\.md#(\S+)$/m, 'runbook'),
		};
	});
}

// Which metrics there are, and the labels that a query may use.
function readMetrics() {
	const metrics = { up: ['job', 'instance'] };
	for (const [, name, type, labels] of run(BINARY, '--print-metrics').matchAll(/^\| `(\w+)` \| (\w+) \| ([^|]*) \|/gm)) {
		const all = ['job', 'instance', ...labels.split(',').map((label) => label.trim()).filter(Boolean)];
		metrics[name] = all;
		if (type === 'histogram') for (const suffix of ['_bucket', '_sum', '_count']) metrics[name + suffix] = [...all, 'le'];
	}
	return metrics;
}

function assertQuery(expr, metrics, where) {
	const names = unique(expr.match(/\bpoolkeeper_\w+|\bup\b/g) ?? []);
	assert.ok(names.length > 0, `${where} asks for nothing of ours`);
	assert.deepEqual(missing(names, Object.keys(metrics)), [], `${where}: metrics that poolkeeper has not`);
	for (const [, name, matchers] of expr.matchAll(/\b(poolkeeper_\w+|up)\{([^}]*)\}/g)) {
		const labels = [...matchers.matchAll(/(\w+)=~?"([^"]*)"/g)];
		assert.deepEqual(missing(labels.map(([, label]) => label), metrics[name]), [], `${where}: labels that ${name} has not`);
		for (const [, label, value] of labels) if (!['job', 'instance'].includes(label)) assertValues(value.split('|'), where);
	}
}

// A label's value is a name of the source: of a table, or a string.
const source = ['include', 'daemon'].flatMap((folder) => fs.readdirSync(path.join(ROOT, folder), { recursive: true })
	.filter((name) => /\.[ch]$/.test(name)).map((name) => read(folder, name))).join('\n');
function assertValues(values, where) {
	for (const value of values) assert.match(source, new RegExp(`"${value}"|\\bX\\(${value},`), `${where}: no label has the value ${value}`);
}

const slug = (heading) => heading.toLowerCase().replace(/[^a-z0-9 -]/g, '').replaceAll(' ', '-');
const alerts = readAlerts();
const guide = read('docs', 'operations.md');

test('promtool takes the rules, and what fires each of them and what does not', () => {
	const said = run(PROMTOOL, 'check', 'rules', 'config/alerts.yml');
	assert.match(said, new RegExp(`SUCCESS: ${alerts.length} rules found`));
	assert.match(run(PROMTOOL, 'test', 'rules', 'config/alerts.test.yml'), /SUCCESS/);
	const cases = read('config', 'alerts.test.yml');
	for (const { name } of alerts) {
		assert.match(cases, new RegExp(`alertname: ${name}, exp_alerts: \\[\\]`), `nothing shows what does not fire ${name}`);
		assert.match(cases, new RegExp(`alertname: ${name}\\n +exp_alerts:\\n +- exp_labels`), `nothing shows what fires ${name}`);
	}
});

test('every alert is about metrics that exist, names its value and has a section with a command', () => {
	const metrics = readMetrics();
	assert.equal(unique(alerts.map(({ name }) => name)).length, alerts.length);
	for (const { name, expr, summary, runbook } of alerts) {
		assertQuery(expr, metrics, name);
		assert.match(summary, /\{\{ \$value/, `the summary of ${name} does not name the value`);
		assert.equal(runbook, slug(name));
		const section = guide.split(new RegExp(`^### ${name}\\n`, 'm'))[1]?.split(/^##/m)[0];
		assert.ok(section, `docs/operations.md has no section ${name}`);
		assert.match(section, /^ {4}(poolkeeper|systemctl|journalctl|curl|psql|promtool|scripts\/db) /m, `the section ${name} names no command`);
	}
	const sections = [...guide.matchAll(/^### (Poolkeeper\w+)$/gm)].map(([, name]) => name);
	assert.deepEqual(sections, alerts.map(({ name }) => name), 'sections and alerts in one order');
});

test('every reason that needs a human fires an alert, and no other does', () => {
	const rows = [...read('include', 'core', 'reasons.h').matchAll(/^\tX\((\w+), +(\w+), /gm)];
	const level = rows.filter(([, , its]) => its === 'ALERT').map(([, reason]) => reason);
	const of = (name) => alerts.find((alert) => alert.name === name).expr.match(/reason=~"([^"]*)"/)[1].split('|');
	const named = ['PoolkeeperDrawAtRisk', 'PoolkeeperDrawNeedsHuman', 'PoolkeeperChoreNeedsHuman', 'PoolkeeperOffchainNeedsHuman'].flatMap(of);
	assert.deepEqual(named.sort(), level.sort());
	for (const reason of level) assert.ok(guide.includes(`\`${reason}\``), `docs/operations.md does not say what to do for ${reason}`);
});

test('the dashboard asks for what exists, shows every metric, and its panels name their alerts', (t) => {
	const dashboard = JSON.parse(read('config', 'grafana-dashboard.json'));
	const metrics = readMetrics();
	const panels = dashboard.panels.filter(({ type }) => type !== 'row');
	const queries = panels.flatMap(({ title, targets }) => targets.map(({ expr }) => ({ title, expr })));
	assert.equal(unique(dashboard.panels.map(({ id }) => id)).length, dashboard.panels.length, 'ids are unique');
	for (const { title, expr } of queries) assertQuery(expr, metrics, title);
	const shown = queries.map(({ expr }) => expr).join('\n');
	for (const name of Object.keys(metrics)) {
		if (name !== 'up' && !/_(sum|count|bucket)$/.test(name)) assert.match(shown, new RegExp(`\\b${name}(_bucket)?\\b`), `${name} is on no panel`);
	}
	const named = panels.flatMap(({ description }) => description.match(/\bPoolkeeper\w+/g) ?? []);
	assert.deepEqual(unique(named), alerts.map(({ name }) => name).sort(), 'alerts on the dashboard');

	// Whether the queries are PromQL only promtool can tell, as rules.
	const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'poolkeeper-dashboard-'));
	t.after(() => fs.rmSync(directory, { recursive: true }));
	const rules = queries.map(({ expr }, i) => ({ record: `panel:query:${i}`, expr: expr.replaceAll('$__rate_interval', '1m').replace(/\$\w+/g, '.*') }));
	fs.writeFileSync(path.join(directory, 'panels.yml'), JSON.stringify({ groups: [{ name: 'panels', rules }] }));
	run(PROMTOOL, 'check', 'rules', path.join(directory, 'panels.yml'));
});

test('the guide tells what to do for every error of the log, and names only what exists', () => {
	const events = Object.fromEntries([...run(BINARY, '--print-events').matchAll(/^\| `([a-z_.]+)` \| ([a-z ]+) \|/gm)].map(([, name, levels]) => [name, levels]));
	const table = guide.split('Every event at level error')[1].split('\n## ')[0];
	const explained = [...table.matchAll(/^\| (`[^|]+`) \|/gm)].flatMap(([, cell]) => cell.match(/[a-z_]+\.[a-z_]+/g));
	const errors = Object.keys(events).filter((name) => /\berror\b/.test(events[name]));
	assert.deepEqual(unique(explained), errors.sort());
	const mentioned = [...guide.matchAll(/`([a-z]+\.[a-z_]+)`/g)].map(([, name]) => name).filter((name) => !/^(keeper|public)\.|\.(env|conf)$/.test(name));
	assert.deepEqual(missing(mentioned, Object.keys(events)), [], 'events that poolkeeper does not log');
	const settings = run(BINARY, '--print-settings');
	for (const name of ['TICK_SECONDS', ...guide.match(/`[A-Z]+(_[A-Z]+)+`/g).map((code) => code.slice(1, -1))]) {
		assert.match(settings + source, new RegExp(`\\b${name}\\b`), `no setting and no reason ${name}`);
	}
	const headings = [...guide.matchAll(/^#+ (.+)$/gm)].map(([, heading]) => slug(heading));
	assert.deepEqual(missing([...guide.matchAll(/\]\(#([^)]+)\)/g)].map(([, anchor]) => anchor), headings), [], 'links to no heading');
	const help = run(BINARY, '--help');
	for (const option of unique(guide.match(/(?<=poolkeeper [^\n`]*)--[a-z-]+/g))) assert.ok(help.includes(option), `poolkeeper has no ${option}`);
	const verbs = read('scripts', 'db').split("<<'TEXT'")[1].split('\nTEXT')[0];
	for (const [, verb] of guide.matchAll(/scripts\/db ([a-z]+)/g)) assert.match(verbs, new RegExp(`\\b${verb}\\b`), `scripts/db has no ${verb}`);
});
