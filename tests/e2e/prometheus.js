// Reads Prometheus text, format 0.0.4, and accepts nothing that the format or its conventions do not allow.
'use strict';

const assert = require('node:assert/strict');

const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const SAMPLE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (-?\d+(?:\.\d+)?)$/;
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)"(,|$)/y;
const TYPES = new Set(['counter', 'gauge', 'histogram']);

function parseLabels(text, line) {
	const labels = {};
	if (text === undefined) return labels;
	LABEL.lastIndex = 0;
	for (let end = 0; end < text.length; end = LABEL.lastIndex) {
		const match = LABEL.exec(text);
		assert.ok(match, `labels: ${line}`);
		assert.ok(!(match[1] in labels), `a label twice: ${line}`);
		labels[match[1]] = match[2];
	}
	return labels;
}

function checkHistogram(name, samples) {
	const buckets = samples.filter((sample) => sample.name === `${name}_bucket`);
	const count = samples.find((sample) => sample.name === `${name}_count`);
	assert.ok(count && samples.some((sample) => sample.name === `${name}_sum`), `${name} has a sum and a count`);
	assert.equal(buckets.at(-1).labels.le, '+Inf', `${name} ends with +Inf`);
	assert.equal(buckets.at(-1).value, count.value, `${name}: +Inf holds all`);
	const bounds = buckets.slice(0, -1).map(({ labels }) => Number(labels.le));
	for (let i = 1; i < buckets.length; i++) {
		assert.ok(buckets[i].value >= buckets[i - 1].value, `${name} is cumulative`);
		if (i < bounds.length) assert.ok(bounds[i] > bounds[i - 1], `${name}: bounds rise`);
	}
}

function checkMetric(name, { type, samples }) {
	if (type === 'counter') assert.match(name, /_total$/, 'counters end in _total');
	else assert.doesNotMatch(name, /_total$/, 'only counters end in _total');
	const own = type === 'histogram' ? ['_bucket', '_sum', '_count'].map((suffix) => name + suffix) : [name];
	const seen = new Set();
	for (const sample of samples) {
		assert.ok(own.includes(sample.name), `${sample.name} under ${name}`);
		assert.ok(type === 'gauge' || sample.value >= 0, `${name} is negative`);
		const key = sample.name + JSON.stringify(Object.entries(sample.labels).sort());
		assert.ok(!seen.has(key), `twice: ${key}`);
		seen.add(key);
	}
	if (type === 'histogram') checkHistogram(name, samples);
}

// Resolves names to {type, help, samples: [{name, labels, value}]}.
function parseMetrics(text) {
	assert.ok(text.endsWith('\n') && !text.includes('\r'), 'lines end with one newline');
	const metrics = {};
	let current;
	for (const line of text.slice(0, -1).split('\n')) {
		const help = /^# HELP (\S+) (.+)$/.exec(line);
		const type = /^# TYPE (\S+) (\S+)$/.exec(line);
		if (help) {
			assert.match(help[1], NAME);
			assert.ok(!(help[1] in metrics), `${help[1]} twice`);
			current = help[1];
			metrics[current] = { help: help[2], samples: [] };
		} else if (type) {
			assert.equal(type[1], current, `TYPE without its HELP: ${line}`);
			assert.ok(TYPES.has(type[2]) && !metrics[current].type, line);
			metrics[current].type = type[2];
		} else {
			const sample = SAMPLE.exec(line);
			assert.ok(sample, `no sample: ${JSON.stringify(line)}`);
			assert.ok(current && metrics[current].type, `a sample without its TYPE: ${line}`);
			metrics[current].samples.push({ name: sample[1], labels: parseLabels(sample[2], line), value: Number(sample[3]) });
		}
	}
	for (const [name, metric] of Object.entries(metrics)) checkMetric(name, metric);
	return metrics;
}

// The value of the one sample with these labels.
function valueOf(metrics, name, labels = {}) {
	const found = (metrics[name]?.samples ?? []).filter((sample) => Object.entries(labels).every(([key, value]) => sample.labels[key] === value));
	assert.equal(found.length, 1, `${name} ${JSON.stringify(labels)}: ${found.length} samples`);
	return found[0].value;
}

module.exports = { parseMetrics, valueOf };
