# shellcheck shell=sh
# Backups: the schemas of choose_schemas as pg_dump's custom format (compressed), and beside each dump a .meta with its checksum
# and, from the same snapshot, the rows and the digest of every table. A dump without a fitting .meta is no backup.
#
# The .meta: first line "poolkeeper-backup 1", then name=value lines, some of them those of sql/outside.sql, then the lines of
# sql/table_digests.sql.

backup_directory() {
	mkdir -p "$backups" 2>/dev/null && [ -w "$backups" ] ||
		refuse 74 backup_failed "$backups cannot be written: set BACKUP_DIR to a directory of this user"
}

meta_value() { sed -n "s/^$2=//p" "$1" | head -n 1; } # file, name

# good, incomplete (no .meta), foreign (not one of ours) or damaged (not the bytes that were written).
backup_state() { # dump
	if [ ! -f "$1.meta" ]; then echo incomplete
	elif [ "$(head -n 1 "$1.meta")" != 'poolkeeper-backup 1' ]; then echo foreign
	elif [ ! -f "$1" ] || [ "$(sha256_of "$1")" != "$(meta_value "$1.meta" sha256)" ]; then echo damaged
	else echo good
	fi
}

# A run that was killed between its last two moves had checked everything: the dump gets its .meta.
finish_backup() { # directory of that run
	for meta in "$1"/*.dump.meta; do
		dump=$backups/$(basename "$meta" .meta)
		[ ! -f "$dump" ] || [ -e "$dump.meta" ] || [ "$(sha256_of "$dump")" != "$(meta_value "$meta" sha256)" ] || mv "$meta" "$dump.meta" 2>/dev/null || true
	done
}

# Whatever else a killed run left half-done; no name of it looks like a backup.
clear_leftovers() {
	each_dead "$backups/.partial" finish_backup
	each_dead "$backups/.partial" rm -rf
}

# A command for a pipe: of pg_dump's and pg_restore's --verbose it tells which table is being worked on, as they come.
progress() { # event, bytes there are
	if [ "$verbose" = 1 ] || [ "$2" -gt 100000000 ]; then
		printf '%s\n' "sed -un 's/.*\(dumping contents of\|processing data for\) table \"\(.*\)\"/event=$1 table=\2/p' >&3"
	else
		echo 'cat >/dev/null'
	fi
}

# The dump and what the .meta says of it are one snapshot: psql holds it open while pg_dump works.
dump_script() {
	cat <<SQL
BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;
SET LOCAL lock_timeout = '10s';
SELECT pg_export_snapshot() AS pk_snapshot \\gset
\\setenv PK_SNAPSHOT :pk_snapshot
\\! { pg_dump -Fc -v $(printf ' -n %s' $(echo $schemas | tr , ' ')) --lock-wait-timeout=10s --snapshot="\$PK_SNAPSHOT" -f "\$PK_DUMP" -d "\$PK_URL" 2>&1 || touch "\$PK_LOG.failed"; } | tee "\$PK_LOG" | $(progress backup_table "$bytes")
\\set pk_dumped \`[ -f "\$PK_LOG.failed" ] && echo 0 || echo 1\`
\\if :pk_dumped
SELECT 'server=' || current_setting('server_version');
SELECT 'database=' || current_database();
SELECT 'schemas=' || string_agg(nspname, ',' ORDER BY nspname) FROM pg_namespace WHERE nspname = ANY (string_to_array(:'schemas', ','));
SELECT to_regclass('keeper.audit_trail') IS NOT NULL AS pk_trail \\gset
\\if :pk_trail
SELECT 'audit=' || t.n || ' ' || encode(t.hash, 'hex') FROM keeper.audit_trail AS t ORDER BY t.n DESC LIMIT 1;
\\endif
\\i $here/sql/outside.sql
\\i $here/sql/table_digests.sql
\\endif
COMMIT;
SQL
}

dump_error() { # log
	if grep -q 'No space left on device' "$1"; then refuse 74 backup_failed "the disk of $backups is full: make room or set BACKUP_DIR, then run it again; no backup was made"; fi
	grep -E '(error|fatal):|ERROR|FATAL' "$1" | head -n 2 | one_line
}

write_dump() { # directory
	dump_script >"$work/script"
	if PK_URL=$url PK_DUMP=$1/dump PK_LOG=$work/dump.log sql -f "$work/script" 3>&1 >"$1/facts" 2>"$work/said" && [ ! -f "$work/dump.log.failed" ]; then
		sync "$1/dump" && return 0
	fi
	cat "$work/said" >>"$work/dump.log"
	why=$(dump_error "$work/dump.log") || exit
	cp "$work/dump.log" "$work/said"
	[ -z "$(owner_hint)" ] || refuse 65 backup_failed "$why$(owner_hint); no backup was made"
	refuse 69 backup_failed "${why:-pg_dump failed}; no backup was made"
}

# What would make the dump one that restores nowhere else.
refuse_incomplete() { # facts
	for name in $(echo "${BACKUP_SCHEMAS:-}" | tr , ' '); do
		sed -n 's/^schemas=//p' "$1" | tr , '\n' | grep -qxF "$name" || refuse 78 setting_invalid "BACKUP_SCHEMAS names $name, and this database has no such schema; no backup was made"
	done
	needs=$(sed -n 's/^needs=//p' "$1" | head -n 3 | paste -sd ';' | sed 's/;/; /g' | one_line)
	[ -z "$needs" ] || refuse 65 backup_failed "$needs, which would be in no backup: name its schema in BACKUP_SCHEMAS; no backup was made"
	tr '"' "'" <"$1" | sed -nE 's/^foreign=[0-9]+\|[0-9]+\|[a-z]+\|([^|]+)\|(.*)$/event=backup_refers what="\2" to="\1" why="that is in no backup: restored where it is there, else left out"/p'
}

write_meta() { # directory, file to write
	{
		echo 'poolkeeper-backup 1'
		echo "created_at=$(date -u +%Y-%m-%dT%H:%M:%SZ)"
		grep -E '^(server|database|schemas|audit|extension|foreign)=' "$1/facts"
		echo "schema=$schema"
		echo "bytes=$(stat -c %s "$1/dump")"
		echo "sha256=$(sha256_of "$1/dump")"
		sed -n 's/^\(table [^|]*\)|\([^|]*\)|/\1 \2 /p' "$1/facts"
	} >"$2" && sync "$2" || refuse 74 backup_failed "the disk of $backups is full: make room or set BACKUP_DIR, then run it again; no backup was made"
}

totals_of() { awk '$1 == "table" { tables++; rows += $3 } END { printf "tables=%d rows=%d", tables, rows }' "$1"; }

# Old ones of this database go only after a new one is there, and the three newest never.
apply_retention() {
	database=$(meta_value "$dump.meta" database)
	for meta in "$backups/$prefix"[0-9]*.dump.meta; do
		# The name of another database may begin like this one's.
		[ "$(head -n 1 "$meta")" = 'poolkeeper-backup 1' ] && [ "$(meta_value "$meta" database)" = "$database" ] || continue
		echo "$meta"
	done | sort -r | tail -n +4 | while read -r meta; do
		[ -n "$(find "$meta" -mtime "+$keep_days")" ] || continue
		rm -f "${meta%.meta}" "$meta"
		echo "event=backup_deleted file=${meta%.meta} why=\"older than $keep_days days\""
	done
}

# Sets dump: the file that was made. How it was checked: read (every byte unpacked) or restored (into a database made for that).
make_backup() { # read or restored
	backup_directory
	clear_leftovers
	umask 077
	began=$(date +%s)
	schema=$(query -c "SELECT to_regclass('keeper.schema_migrations') IS NOT NULL")
	if [ "$schema" = t ]; then schema=$(query -c "SELECT coalesce(max(version), 'none') FROM keeper.schema_migrations"); else schema=none; fi
	partial=$(mktemp -d "$backups/.partial.$$.XXXXXX") || refuse 74 backup_failed "$backups cannot be written: set BACKUP_DIR to a directory of this user"
	bytes=$(query -c 'SELECT pg_database_size(current_database())')
	echo "event=backup_begins database=$(query -c 'SELECT current_database()') bytes=$bytes"
	write_dump "$partial"
	refuse_incomplete "$partial/facts"
	write_meta "$partial" "$partial/meta"
	check_dump "$partial/dump" "$partial/meta" "$1"
	prefix=poolkeeper_$(meta_value "$partial/meta" database | tr -c 'A-Za-z0-9_\n' -)_
	dump=$backups/$prefix$(date -u +%Y%m%d_%H%M%S).dump
	while [ -e "$dump" ]; do dump=${dump%.dump}+.dump; done
	# The .meta last: only with it is this a backup. Its name says whose it is before the dump is in its place.
	named=$partial/${dump##*/}.meta
	mv "$partial/meta" "$named" && mv "$partial/dump" "$dump" && mv "$named" "$dump.meta" && sync "$backups" ||
		refuse 74 backup_failed "$dump and its .meta cannot be put into $backups; no backup was made"
	echo "event=backup_done file=$dump bytes=$(stat -c %s "$dump") $(totals_of "$dump.meta") schema=$schema verified=$checked seconds=$(($(date +%s) - began))"
	rm -rf "$partial"
	apply_retention
}

check_dump() { # dump, meta, read or restored
	checked=$3
	if [ "$checked" = restored ] && [ "$(query -c 'SELECT rolcreatedb OR rolsuper FROM pg_roles WHERE rolname = current_user')" != t ]; then
		checked=read
		echo 'event=backup_not_restored why="this role may not create databases: the dump is read through only"'
	fi
	if [ "$checked" = read ]; then
		pg_restore -f /dev/null "$1" 2>"$work/said" || refuse 65 backup_failed "the dump cannot be read back: $(one_line <"$work/said"); no backup was made"
	else
		restore_into_scratch "$1" "$2"
	fi
}

backup() { make_backup "$([ $quick = 1 ] && echo read || echo restored)"; }

list_backups() {
	found=0
	bad=0
	for file in "$backups"/*.dump; do
		[ -f "$file" ] || continue
		found=$((found + 1))
		state=$(backup_state "$file")
		[ "$state" = good ] || bad=65
		if [ "$state" = incomplete ] || [ "$state" = foreign ]; then
			echo "file=$file state=$state"
		else
			echo "file=$file state=$state created_at=$(meta_value "$file.meta" created_at) bytes=$(meta_value "$file.meta" bytes)" \
				"schema=$(meta_value "$file.meta" schema) $(totals_of "$file.meta")"
		fi
	done
	[ $found -gt 0 ] || echo "event=no_backups directory=$backups"
	exit $bad
}

# Before every change of a database that has something in it.
backup_before_change() {
	[ $backup = 1 ] || return 0
	[ "$(query -f "$here/sql/objects.sql")" = 0 ] || make_backup read
}
