// The 17 instructions of the lottery program: one table of account lists, one builder.
'use strict';

const { ADDRESS, sha256 } = require('./solana.js');

const DISCRIMINATOR_BYTES = 8;

// Account names in order; "w" writable, "s" signer.
const ACCOUNTS = {
	create_pool: 'mint:w pool:w userToken:w user:ws vault:w tokenProgram associatedToken system rent participants:w',
	join_pool: 'mint:w pool:w vault:w userToken:w user:ws tokenProgram participants:w',
	donate: 'mint:w pool:w vault:w userToken:w user:ws tokenProgram participants',
	set_lock_duration: 'pool:w user:ws participants',
	cancel_pool: 'mint:w pool:w vault:w user:ws tokenProgram system',
	admin_close_pool: 'mint:w pool:w vault:w creator:w user:ws tokenProgram system',
	sweep_expired_pool: 'mint:w pool:w vault:w user:ws tokenProgram system participants',
	unlock_pool: 'pool:w user:ws participants',
	request_randomness: 'randomness pool:w user:s participants',
	select_winner: 'pool:w randomness user:s participants',
	payout_winner: 'mint:w pool:w vault:w winnerToken:w devToken:w treasuryToken:w tokenProgram associatedToken system winner user:ws participants:w',
	claim_refund: 'mint:w pool:w vault:w userToken:w treasuryToken:w user:ws tokenProgram participants:w',
	claim_rent: 'pool:w mint:w vault:w closeTarget:w user:ws tokenProgram participants:w',
	finalize_forfeited_pool: 'mint:w pool:w vault:w treasuryToken:w user:ws tokenProgram participants:w',
	pause_pool: 'pool:w user:ws participants',
	unpause_pool: 'pool:w user:ws participants',
	force_expire: 'pool:w user:s',
};

const PROGRAMS = { associatedToken: ADDRESS.associatedToken, system: ADDRESS.system, rent: ADDRESS.rent };

function discriminator(name) {
	return sha256(Buffer.from(`global:${name}`)).subarray(0, DISCRIMINATOR_BYTES);
}

// keys: the accounts by name; args: packed bytes after the discriminator.
function mlInstruction(name, keys, args = Buffer.alloc(0)) {
	const accounts = ACCOUNTS[name].split(' ').map((entry) => {
		const [account, flags = ''] = entry.split(':');
		const key = keys[account] || PROGRAMS[account];
		if (key === undefined) throw new Error(`${name} needs the account "${account}"`);
		return { key, signer: flags.includes('s'), writable: flags.includes('w') };
	});
	return { program: ADDRESS.ml, accounts, data: Buffer.concat([discriminator(name), args]) };
}

module.exports = { mlInstruction };
