// Users' transactions per second and core, as a share of what libsodium alone verifies: one recorded join, read over and over.
'use strict';

const path = require('node:path');
const { execFileSync } = require('node:child_process');
const { BUILD } = require('./replay.js');

const ROOT = path.join(__dirname, '..', '..');
const BODY = path.join(ROOT, 'tests', 'vectors', 'rpc', 'getTransaction_join_pool_base64.json');
const ROUND_MS = 300;

// { bare, whole, withJson }, each per second of CPU.
function verifyRates() {
	return JSON.parse(execFileSync(path.join(BUILD, 'tests', 'verify_rate'), [BODY, String(ROUND_MS)], { encoding: 'utf8' }));
}

module.exports = { verifyRates };
