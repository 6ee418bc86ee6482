# shellcheck shell=sh
# The connection of scripts/db: straight to the server, with the password where no process list shows it.

refuse_pooled() {
	refuse 78 database_url_pooled "this connection goes through a pooler (or its URL sets options=): set DIRECT_DATABASE_URL to the server itself (port 5432)"
}

# The password must not be in psql's arguments, where every user of the machine can read it.
hide_password() {
	case $url in *password=*) refuse 78 database_url_password "the password stands in a parameter of the URL: write it as user:password@host, or set PGPASSWORD" ;; esac
	authority=${url#*://}
	userinfo=${authority%%[@/?]*}
	case $authority in "$userinfo"@*) ;; *) return 0 ;; esac
	case $userinfo in *:*) ;; *) return 0 ;; esac
	PGPASSWORD=$(encoded=${userinfo#*:} LC_ALL=C awk 'BEGIN {
		text = ENVIRON["encoded"]
		while (match(text, /%[0-9A-Fa-f][0-9A-Fa-f]/)) {
			high = index("0123456789abcdef", tolower(substr(text, RSTART + 1, 1))) - 1
			low = index("0123456789abcdef", tolower(substr(text, RSTART + 2, 1))) - 1
			printf "%s%c", substr(text, 1, RSTART - 1), high * 16 + low
			text = substr(text, RSTART + 3)
		}
		print text
	}')
	export PGPASSWORD
	url=${url%%://*}://${userinfo%%:*}${authority#"$userinfo"}
}

# The same URL as the daemon's and the backend's: what only other clients understand is left out, as the daemon does.
drop_foreign_parameters() {
	case $url in *\?*) ;; *) return 0 ;; esac
	query=$(printf '%s' "${url#*\?}" | tr '&' '\n' | sed -e 's/^sslmode=no-verify$/sslmode=require/' \
		-e '/^\(schema\|pgbouncer\|connection_limit\|pool_timeout\|socket_timeout\|statement_cache_size\|sslaccept\|uselibpqcompat\)=/d' | paste -sd '&')
	url=${url%%\?*}${query:+?$query}
}

choose_url() {
	url=${DIRECT_DATABASE_URL:-${DATABASE_URL:-}}
	[ -n "$url" ] || refuse 78 database_url_missing "DIRECT_DATABASE_URL or DATABASE_URL must be set"
	case $url in *:6543 | *:6543[/?]* | *port=6543* | *pgbouncer=true*) refuse_pooled ;; esac
	given_password=${PGPASSWORD:-}
	hide_password
	drop_foreign_parameters
	# psql does not show the process id that libpq was told, so poolers are found by a marker. It travels in the start packet only:
	# a server process that can repeat it was started for this run, and no pooler shares that process with anybody else.
	marker=$$.$(od -An -N8 -tx1 /dev/urandom | tr -d ' \n')
	export PGOPTIONS="-c poolkeeper.marker=$marker" PGAPPNAME=poolkeeper-db PGCONNECT_TIMEOUT="${PGCONNECT_TIMEOUT:-10}"
}

# What a backup holds, as far as it is there: ours, what the shipped sources make, and what the operator names besides.
choose_schemas() {
	case ${BACKUP_SCHEMAS:-} in *[!a-z0-9_,]*) refuse 78 setting_invalid "BACKUP_SCHEMAS=$BACKUP_SCHEMAS is not a list of schemas with commas (a-z, 0-9 and _)" ;; esac
	schemas=public,keeper$(sed -n 's/^CREATE SCHEMA \([a-z0-9_]*\);$/,\1/p' "$here"/../config/sources/*/schema.sql | tr -d '\n')${BACKUP_SCHEMAS:+,$BACKUP_SCHEMAS}
}

sql() { psql -d "$url" -X -qAt -v ON_ERROR_STOP=1 -v schemas="$schemas" "$@"; }

refuse_pooler() {
	answer=$(sql -c "SELECT current_setting('poolkeeper.marker', true)" 2>&1) || case $answer in
		*"unsupported startup parameter"*) refuse_pooled ;;
		*) refuse 69 database_unreachable "$(printf '%s' "$answer" | one_line)" ;;
	esac
	[ "$answer" = "$marker" ] || refuse_pooled
}

# A script for psql on standard input; on failure one line with psql's own words.
run_sql() { # event of failure, what to do next
	code=0
	sql -f - 2>"$work/said" || code=$?
	case $code in
		0) cat "$work/said" >&2 ;;
		3) refuse 65 "$1" "$(one_line <"$work/said"); $2" ;;
		*) refuse 69 database_lost "$(one_line <"$work/said"); the connection broke: run scripts/db status to see what was applied" ;;
	esac
}

# Asked where somebody can answer; where nobody can, a verb decides whether it needs --yes.
ask() { # question
	[ "$yes" = 0 ] || return 0
	[ -t 0 ] || return 1
	printf '%s [y/N] ' "$1" >&2
	read -r answer || answer=
	case $answer in y | Y | yes) ;; *) refuse 77 not_confirmed "nothing was done" ;; esac
}
