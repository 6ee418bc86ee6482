// What the kernel says about a process: CPU time and memory.
'use strict';

const fs = require('node:fs');
const { execFileSync } = require('node:child_process');

const TICKS_PER_SECOND = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));

// Microseconds on a CPU. utime and stime come in steps of 10 ms, too coarse for a tick of few pools; schedstat has the same
// sum in nanoseconds, for the one thread that the daemon has.
function cpuMicroseconds(pid) {
	if (fs.readdirSync(`/proc/${pid}/task`).length === 1 && fs.existsSync(`/proc/${pid}/schedstat`)) {
		return Number(fs.readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ')[0]) / 1000;
	}
	const afterName = fs.readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
	return (Number(afterName[11]) + Number(afterName[12])) * 1e6 / TICKS_PER_SECOND;
}

// { now, peak } of resident memory in bytes.
function residentBytes(pid) {
	const status = fs.readFileSync(`/proc/${pid}/status`, 'utf8');
	const read = (name) => Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)[1]) * 1024;
	return { now: read('VmRSS'), peak: read('VmHWM') };
}

module.exports = { cpuMicroseconds, residentBytes };
