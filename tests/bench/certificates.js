// Seconds of CPU for a certificate with many tickets, against the bare hashing of its tree, both in one run.
'use strict';

const path = require('node:path');
const { execFileSync } = require('node:child_process');
const { BUILD } = require('./replay.js');

// { tickets, bare, whole, bytes }
function certificateFigures(tickets) {
	const printed = execFileSync(path.join(BUILD, 'tests', 'certificate_rate'), [String(tickets)], { encoding: 'utf8' });
	return { tickets, ...JSON.parse(printed) };
}

module.exports = { certificateFigures };
