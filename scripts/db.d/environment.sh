# shellcheck shell=sh
# Which environment a database belongs to. Several things name one; the strictest counts, since a wrong guess costs a database.

# Settings, server and database, without user and password.
environment_words() {
	printf '%s\n' "${POOLKEEPER_ENV:-}" "${NODE_ENV:-}" "${SOLANA_NETWORK:-}" "${url##*@}" "${PGHOST:-}" "${PGDATABASE:-}"
}

names() { grep -qiE "(^|[^$2])($1)([^$2]|\$)"; } # words, what letters of a longer word are

is_production() {
	case $(printf '%s' "${POOLKEEPER_ENV:-} ${NODE_ENV:-} ${SOLANA_NETWORK:-}" | tr '[:upper:]' '[:lower:]') in *prod* | *mainnet*) return 0 ;; esac
	environment_words | names 'prod|production|live|mainnet' a-z
}

# Somebody else than the one who types says that this is no production. A local address says nothing: production has it too.
# Nor do the URL's parameters: a file may lie anywhere. A digit ends no word here, as it does above: providers put letters and digits
# by chance into the names of their hosts (x7ci2, c4dev9).
is_known_otherwise() { environment_words | sed 's/?.*//' | names 'dev|development|devnet|localnet|test|testing|testnet|stag|stage|staging|demo|sandbox' a-z0-9; }

# For what writes rows that nobody played, or takes rows away: what nothing names counts as production.
refuse_production() { # event
	! is_production || refuse 77 "$1" "this looks like production (POOLKEEPER_ENV, NODE_ENV, SOLANA_NETWORK, the URL's host or database): nothing was done"
	is_known_otherwise || refuse 77 "$1" "nothing says that this is not production: set POOLKEEPER_ENV to development, testing, staging or demo where that is so"
}
