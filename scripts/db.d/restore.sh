# shellcheck shell=sh
# Restoring: one transaction that ends with a comparison of every table with the backup's .meta. Whatever fails or is killed
# leaves the database as it was.

# Owners and grants of another server mean nothing here: everything belongs to the role that restores.
restore_script() { # dump, meta
	pg_restore -l "$1" 2>/dev/null | grep -vE ' (SCHEMA - public|COMMENT - SCHEMA public|ACL - SCHEMA public) ' | grep -vE -f "$work/left_out" >"$work/list"
	open_transaction
	cat <<SQL
SELECT count(*) AS pk_objects FROM (
$(sed 's/;$//' "$here/sql/objects.sql")
) AS o (n) WHERE n > 0 \\gset
\\if :pk_objects
DO 'BEGIN RAISE EXCEPTION ''the database is not empty''; END';
\\endif
$(sed -n 's/.* SCHEMA - \([a-z0-9_]*\) .*/DROP SCHEMA IF EXISTS \1 RESTRICT;/p' "$work/list")
$(sed -nE 's/^extension=([^ ]+) (.+)$/CREATE SCHEMA IF NOT EXISTS "\1"; CREATE EXTENSION IF NOT EXISTS "\2" SCHEMA "\1";/p' "$2")
SET LOCAL lock_timeout = 0;
SQL
	rm -f "$work/failed"
	{ { pg_restore -v -f - --no-owner --no-privileges -L "$work/list" "$1" 2>&1 >&4 || touch "$work/failed"; } | tee "$work/log" |
		eval "$(progress restore_table "$(stat -c %s "$1")")"; } 4>&1
	[ ! -f "$work/failed" ] || { grep -E 'error|fatal' "$work/log" >"$work/differs"; echo "DO 'BEGIN RAISE EXCEPTION ''the dump cannot be read''; END';"; return 0; }
	cat <<SQL
\\o $work/restored
\\i $here/sql/table_digests.sql
\\o
\\! sed 's/|/ /g' "$work/restored" | diff - "$work/expected" >"$work/differs" && echo '\\set pk_same 1' >"$work/same" || echo '\\set pk_same 0' >"$work/same"
\\i $work/same
\\if :pk_same
COMMIT;
\\echo committed
\\else
DO 'BEGIN RAISE EXCEPTION ''what was restored is not what was backed up''; END';
\\endif
SQL
}

# Foreign keys and policies that name what this database has not got, as the beginning of their lines in pg_restore's list.
leave_out() { # meta, url
	echo '^$' >"$work/left_out"
	sed -n 's/^foreign=//p' "$1" | while IFS='|' read -r catalogue oid kind name what; do
		[ "$(echo "SELECT to_reg$kind(:'name') IS NOT NULL" | psql -d "$2" -X -qAt -v name="$name" -f -)" = t ] && continue
		echo "^[0-9]+; $catalogue $oid " >>"$work/left_out"
		printf '%s needs %s\n' "$what" "$name" >>"$work/absent"
	done
}

# psql works while pg_restore still writes; without COMMIT, its last line, nothing stays.
run_restore() { # dump, meta, url
	sed -n '/^table /p' "$2" >"$work/expected"
	rm -f "$work/differs"
	leave_out "$2" "$3"
	{ restore_script "$1" "$2" 3>&5 | psql -d "$3" -X -qAt -v ON_ERROR_STOP=1 -v schemas="$schemas" -f - >"$work/answered" 2>"$work/said"; } 5>&1
	grep -qx committed "$work/answered" && return 0
	[ ! -s "$work/differs" ] || grep -m 1 -E '^[<>]|error|fatal' "$work/differs" >>"$work/said"
	return 1
}

url_of_database() { # name
	tail=${url#*://*/}
	[ "$tail" != "$url" ] || tail=
	head=${url%"/$tail"}
	case $tail in *\?*) tail="$1?${tail#*\?}" ;; *) tail=$1 ;; esac
	echo "$head/$tail"
}

# Left by a run that was killed; one that is in use cannot be dropped.
drop_old_scratch() {
	sql -c "SELECT datname FROM pg_database WHERE datname LIKE 'poolkeeper\_check\_%'
	         AND split_part(datname, '_', 3) < to_char(now() - interval '1 hour', 'YYYYMMDDHH24MISS')" | while read -r name; do
		sql -c "DROP DATABASE IF EXISTS $name" 2>/dev/null || true
	done
}

restore_into_scratch() { # dump, meta
	drop_old_scratch
	scratch=poolkeeper_check_$(date -u +%Y%m%d%H%M%S)_$$
	sql -c "CREATE DATABASE $scratch TEMPLATE template0" 2>"$work/said" || refuse 69 backup_failed "no database to check the dump in: $(one_line <"$work/said")"
	code=0
	run_restore "$1" "$2" "$(url_of_database "$scratch")" || code=$?
	why=$(one_line <"$work/said")
	sql -c "DROP DATABASE $scratch"
	[ $code = 0 ] || refuse 65 backup_failed "the dump does not restore: $why; no backup was made"
}

refuse_bad_dump() {
	[ -f "$file" ] || refuse 65 restore_refused "$file does not exist: scripts/db backups lists what there is"
	case $(backup_state "$file") in
		incomplete) refuse 65 restore_refused "$file has no .meta: it was not made by scripts/db backup, or not finished" ;;
		foreign) refuse 65 restore_refused "$file.meta is not of scripts/db backup" ;;
		damaged) refuse 65 restore_refused "$file is not what was written (truncated or changed): take another backup" ;;
	esac
}

refuse_unconfirmed() {
	[ "${DB_RESTORE_CONFIRM:-}" = 1 ] || refuse 77 restore_refused "restoring is confirmed with DB_RESTORE_CONFIRM=1"
	[ "${DB_RESTORE_ALLOW_PRODUCTION:-}" != 1 ] || return 0
	! is_production || refuse 77 restore_refused "this looks like production: that takes DB_RESTORE_ALLOW_PRODUCTION=1 as well"
	is_known_otherwise || refuse 77 restore_refused "nothing says that this is not production: that takes DB_RESTORE_ALLOW_PRODUCTION=1 as well, or POOLKEEPER_ENV set to what it is"
}

# What the sources' schemas gave the two roles; of public and keeper refresh_grants knows it.
restore_grants() {
	roles_exist || return 0
	pg_restore -l "$file" | grep -E ' ACL ' | grep -vE ' ACL (- SCHEMA )?(public|keeper) ' >"$work/list" || return 0
	pg_restore -f - -L "$work/list" "$file" | grep -xE 'GRANT .* TO poolkeeper(_ro)?;' >"$work/script" || return 0
	run_sql restore_failed "the rows are restored; give the roles their rights on the sources by hand" <"$work/script"
}

restore() {
	began=$(date +%s)
	schemas=$schemas,$(meta_value "$file.meta" schemas)
	[ "$(query -f "$here/sql/objects.sql")" = 0 ] ||
		refuse 65 restore_refused "the database is not empty: restore into a new one (CREATE DATABASE), then point DATABASE_URL at it"
	echo "event=restore_begins file=$file bytes=$(meta_value "$file.meta" bytes) schema=$(meta_value "$file.meta" schema)"
	run_restore "$file" "$file.meta" "$url" || refuse 65 restore_failed "$(one_line <"$work/said"); the database is as it was"
	[ ! -f "$work/absent" ] || sed 's/.*/level=warn event=restore_left_out why="&, which is not in this database: make it, then add this by hand"/' "$work/absent" >&2
	echo "event=restore_done file=$file $(totals_of "$file.meta") seconds=$(($(date +%s) - began))"
	refresh_grants
	restore_grants
}
