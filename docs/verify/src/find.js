// The tickets of one person, each with its proof of inclusion.
import { fromBase58, same, unhex } from './bytes.js';
import { includes, inclusionPath, participantOf } from './draw.js';

// Throws an Error with one line for people.
export function participant(who, salt) {
	if (salt !== '') {
		if (!/^[0-9a-f]{32}$/.test(salt)) throw new Error('the salt has 32 hex digits');
		if (who === '') throw new Error('give the account as well');
		return participantOf(unhex(salt), who);
	}
	if (/^[0-9a-f]{64}$/.test(who)) return unhex(who);
	const key = fromBase58(who, 32);
	if (key) return key;
	throw new Error('a participant has 64 hex digits or is an address; an account needs the salt');
}

// [{ index, weight, stake, path, included }] of a judged certificate of a draw off chain that carries its tickets.
export function findTickets({ certificate, steps }, wanted) {
	const { lock } = certificate.body.draw;
	return certificate.tickets.flatMap((ticket, index) => {
		if (!same(ticket.participant, wanted)) return [];
		const path = inclusionPath(steps.leaves, index);
		return [{ index, weight: ticket.weight, stake: ticket.stake, path, included: includes(lock.root, lock.tickets, index, steps.leaves[index], path) }];
	});
}
