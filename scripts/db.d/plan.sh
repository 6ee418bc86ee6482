# shellcheck shell=sh
# What the files say against what the database says, and the verbs that only tell it.

open_migrations() {
	cd "${MIGRATIONS_DIR:-$here/../migrations}"
	# A name goes into psql's script as it is.
	odd=$(printf '%s\n' * | grep -vE '^V[0-9]+__[a-z0-9_]+(\.down|\.verify)?\.sql$' || true)
	[ -z "$odd" ] || refuse 65 migration_refused "$(printf '%s' "$odd" | head -n 1) is not named V<number>__<name>.sql"
}

read_ledger() {
	ledger=
	[ "$(query -c "SELECT to_regclass('keeper.schema_migrations') IS NULL")" = t ] || ledger=$(query -F ' ' -c "
		SELECT version, sha256, to_char(applied_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'), applied_by, ms, name
		FROM keeper.schema_migrations ORDER BY version")
}

sha256_of() { sha256sum <"$1" | cut -c 1-64; }

# The plan: one line per version, "version name state applied_at applied_by ms".
# States: applied, pending, edited (after it was applied), gap (in the order), lost (applied, but its file is not here).
compare() {
	[ -n "$(printf '%s\n' V*__*.sql | grep -vE '[*]|\.(down|verify)\.sql$')" ] || refuse 78 migrations_missing "no V001__*.sql in $PWD"
	sha256sum V*__*.sql | ledger=$ledger awk '
		BEGIN {
			rows = split(ENVIRON["ledger"], row, "\n")
			for (i = 1; i <= rows; i++) {
				split(row[i], part, " ")
				sha256[part[1]] = part[2]
				rest[part[1]] = part[3] " " part[4] " " part[5]
			}
		}
		$2 ~ /\.(down|verify)\.sql$/ { next }
		{
			name = version = substr($2, 2)
			sub(/__.*/, "", version)
			sub(/^[0-9]+__/, "", name)
			sub(/\.sql$/, "", name)
			here[version] = 1
			if (version != sprintf("%03d", ++expected)) state = "gap"
			else if (!(version in sha256)) { state = "pending"; open = 1 }
			else if (sha256[version] != $1) state = "edited"
			else state = open ? "gap" : "applied"
			print version, name, state, rest[version]
		}
		END {
			for (i = 1; i <= rows; i++) {
				split(row[i], part, " ")
				if (!(part[1] in here)) print part[1], part[6], "lost", rest[part[1]]
			}
		}'
}

make_plan() {
	read_ledger
	plan=$(compare)
}

refuse_disagreement() {
	bad=$(printf '%s\n' "$plan" | awk '$3 ~ /^(edited|gap|lost)$/ { print $1, $2, $3; exit }')
	case $bad in
		*edited) why="was changed after it was applied: restore the file and write the change as a new one" ;;
		*gap) why="breaks the order: versions are 001, 002, ... without gaps, and none is applied before a lower one" ;;
		*lost) why="is applied but has no file here: this database belongs to a newer poolkeeper" ;;
		*) return 0 ;;
	esac
	bad=${bad% *}
	refuse 65 migration_refused "V${bad% *}__${bad#* }.sql $why"
}

pending_files() { printf '%s\n' "$plan" | awk '$3 == "pending"'; }

status() {
	make_plan
	printf '%s\n' "$plan" | awk '{
		printf "version=%s name=%s state=%s", $1, $2, $3
		print (NF > 3 ? " applied_at=" $4 " applied_by=" $5 : "")
		if ($3 == "pending" && code == 0) code = 1
		if ($3 ~ /^(edited|gap|lost)$/) code = 65
	} END { exit code }'
}

history() {
	read_ledger
	printf '%s\n' "$ledger" | awk 'NF { print "applied_at=" $3 " version=" $1 " name=" $6 " applied_by=" $4 " ms=" $5 " sha256=" $2 }' | sort
}

validate() {
	make_plan
	refuse_disagreement
	printf '%s\n' "$plan" | while read -r version name state rest; do
		verify=V${version}__$name.verify.sql
		[ "$state" = applied ] && [ -f "$verify" ] || continue
		printf 'BEGIN READ ONLY;\n\\i %s\nROLLBACK;\n\\echo event=migration_verified version=%s name=%s\n' "$verify" "$version" "$name"
	done >"$work/script"
	run_sql verification_failed "somebody changed the schema by hand: put it back, then run scripts/db validate" <"$work/script"
	pending=$(pending_files)
	[ -z "$pending" ] || { printf '%s\n' "$pending" | awk '{ print "event=migration_pending version=" $1 " name=" $2 }'; exit 1; }
}
