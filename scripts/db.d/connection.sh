# shellcheck shell=sh
# The connection of scripts/db: straight to the server, as a role that may do what the verb does, with the password where no
# process list shows it.

refuse_pooled() {
	refuse 78 database_url_pooled "this connection goes through a pooler (or its URL sets options=): set DIRECT_DATABASE_URL to the server itself (port 5432)"
}

# What the daemon would not take either. A password with one of these characters would end up as a host or a database in an error.
refuse_bad_url() { # name of the setting
	case $url in
		postgres://* | postgresql://*) ;;
		*) refuse 78 database_url_invalid "$1 has to start with postgres:// or postgresql://: postgres://user:password@host:5432/database" ;;
	esac
	rest=${url#*://}
	authority=${rest%%[/?#]*}
	case $rest in
		*@*@*) stray=1 ;;
		*@*) case $authority in *@*) stray=0 ;; *) stray=1 ;; esac ;;
		*) stray=0 ;;
	esac
	[ $stray = 0 ] || refuse 78 database_url_invalid "$1 has an @ besides the one before the host: write those of the password as %40, and / ? # there as %2F %3F %23"
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

take_url() { # name of the setting
	setting=$1
	refuse_bad_url "$1"
	hide_password
	case $url in *\?*) url=${url%%\?*}?$(printf '%s' "${url#*\?}" | tr '&' '\n' | sed 's/^sslmode=no-verify$/sslmode=require/' | paste -sd '&') ;; esac
}

choose_url() {
	url=${DIRECT_DATABASE_URL:-${DATABASE_URL:-}}
	[ -n "$url" ] || refuse 78 database_url_missing "DIRECT_DATABASE_URL or DATABASE_URL must be set"
	case $url in *:6543 | *:6543[/?]* | *port=6543* | *pgbouncer=true*) refuse_pooled ;; esac
	given_password=${PGPASSWORD:-}
	take_url "$([ -n "${DIRECT_DATABASE_URL:-}" ] && echo DIRECT_DATABASE_URL || echo DATABASE_URL)"
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

# The first statement of a run, its answer in $answer. The URL is the same as the daemon's and the backend's: a parameter that only other clients
# understand is left out, as the daemon does; libpq names it before it connects.
first_answer() { # statement
	# What psql warns of (another collation version, say) is no part of the answer.
	while ! answer=$(sql -c "$1" 2>"$work/said"); do
		answer=$(cat "$work/said")
		case $answer in *'invalid URI query parameter: "'*) ;; *) return 1 ;; esac
		foreign=${answer#*invalid URI query parameter: \"}
		query=$(printf '%s' "${url#*\?}" | tr '&' '\n' | foreign=${foreign%%\"*} awk -F = '$1 != ENVIRON["foreign"]' | paste -sd '&')
		[ "$query" != "${url#*\?}" ] || return 1
		url=${url%%\?*}${query:+?$query}
	done
}

# libpq repeats parts of a URL that it does not understand between double quotes, and they may be of the password.
why_unreachable() {
	case $answer in
		*'connection to server'* | *'translate host name'*) printf '%s' "$answer" | one_line ;;
		*) printf '%s' "$answer" | sed 's/".*"/***/' | one_line ;;
	esac
	echo "; check $setting (user, password, host, port, database), then run scripts/db status"
}

# What the verb does takes: the owner of the tables, or a reader, or nobody in particular.
refuse_pooler() {
	first_answer "SELECT current_setting('poolkeeper.marker', true) || ' ' || coalesce((
		SELECT CASE WHEN pg_has_role(c.relowner, 'USAGE') THEN 'owner'
		            WHEN has_schema_privilege(c.relnamespace, 'USAGE') AND has_table_privilege(c.oid, 'SELECT') THEN 'reader' ELSE 'stranger' END
		  FROM pg_class AS c WHERE c.relnamespace = to_regnamespace('keeper') AND c.relname = 'schema_migrations'), 'owner')" || case $answer in
		*"unsupported startup parameter"*) refuse_pooled ;;
		*) refuse 69 database_unreachable "$(why_unreachable)" ;;
	esac
	[ "${answer% *}" = "$marker" ] || refuse_pooled
	case $verb:${answer##* } in
		*:owner | status:reader | history:reader | validate:reader | audit:reader) ;;
		*) refuse 78 not_permitted "the role of $setting may not do that: set DIRECT_DATABASE_URL to the owner of the tables in schema keeper" ;;
	esac
}

owner_hint() { ! grep -qE 'permission denied|must be (owner|superuser)' "$work/said" || echo '; where a right is missing set DIRECT_DATABASE_URL to the owner of the tables'; }

# A look at the database; on failure one line with psql's own words.
query() {
	code=0
	sql "$@" 2>"$work/said" || code=$?
	case $code in
		0) ;;
		2) refuse 69 database_lost "$(one_line <"$work/said"); the connection broke: run the same again" ;;
		*) refuse 65 statement_failed "$(one_line <"$work/said")$(owner_hint)" ;;
	esac
}

# A script for psql on standard input; on failure one line with psql's own words.
run_sql() { # event of failure, what to do next
	code=0
	sql -f - 2>"$work/said" || code=$?
	case $code in
		0) cat "$work/said" >&2 ;;
		3) refuse 65 "$1" "$(one_line <"$work/said"); $2$(owner_hint)" ;;
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
