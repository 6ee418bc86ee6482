// The chain's unix time: follows the wall clock while slots are timed, moves only with ticks while they are manual, and can be set.
'use strict';

class ChainClock {
	constructor(startUnixSeconds) {
		this.baseMs = startUnixSeconds * 1000;
		this.runningSince = null;
	}

	nowMs() {
		return this.baseMs + (this.runningSince === null ? 0 : Date.now() - this.runningSince);
	}

	unixSeconds() {
		return Math.floor(this.nowMs() / 1000);
	}

	run() {
		this.baseMs = this.nowMs();
		this.runningSince = Date.now();
	}

	freeze() {
		this.baseMs = this.nowMs();
		this.runningSince = null;
	}

	isRunning() {
		return this.runningSince !== null;
	}

	advanceMs(milliseconds) {
		this.baseMs += milliseconds;
	}
}

module.exports = { ChainClock };
