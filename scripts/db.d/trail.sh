# shellcheck shell=sh
# The audit trail: whether its chain is whole, also against heads that were kept outside of this database, and where its older
# rows go. An archive is the rows as gzipped CSV; keeper.audit_cuts keeps the hash of its last one.

# The name stands in commands of psql.
refuse_odd_name() { case $file in *[\'\"\$\`\\]*) refuse 64 "$1" "$file: a quote, a dollar sign or a backslash in the name of an archive is not taken" ;; esac }

trail_exists() { [ "$(query -c "SELECT to_regclass('keeper.audit_trail') IS NOT NULL")" = t ] || refuse 65 "$1" "this database is older than the audit trail: run scripts/db migrate"; }

# Every head that somebody kept, as rows of SQL: where, n, hash.
known_heads() {
	if [ -n "$head" ]; then printf "('the head given', %s, '%s')\n" "${head%%:*}" "${head#*:}"; fi
	name=$(query -c 'SELECT current_database()')
	for meta in "$backups"/*.dump.meta; do
		[ -f "$meta" ] && [ "$(meta_value "$meta" database)" = "$name" ] || continue
		meta_value "$meta" audit | sed -nE "s/^([0-9]+) ([0-9a-f]{64})$/('the backup of $(meta_value "$meta" created_at | tr -cd 0-9TZ:-)', \1, '\2')/p"
	done
}

trail_script() {
	cat <<SQL
BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;
SELECT format('level=error event=audit_fault n=%s why="%s"', coalesce(n::text, '-'), fault) FROM (
    SELECT * FROM keeper.audit_faults()
    UNION ALL
    SELECT h.n::bigint, format('%s has this row, and %s', h.place, CASE WHEN r.hash IS NULL THEN 'it is missing: the end was cut, or an older state restored'
                                                            ELSE 'another hash: the chain was made anew' END)
      FROM (VALUES $({ echo "(NULL, NULL, NULL)"; known_heads; } | paste -sd ,)) AS h (place, n, hash)
      LEFT JOIN (SELECT n, hash FROM keeper.audit_trail UNION ALL SELECT n, hash FROM keeper.audit_cuts) AS r ON r.n = h.n::bigint
     WHERE encode(r.hash, 'hex') IS DISTINCT FROM h.hash AND h.n::bigint >= (SELECT coalesce(max(c.n), 0) FROM keeper.audit_cuts AS c)
) AS f (n, fault) ORDER BY f.n NULLS LAST LIMIT 20;
SELECT format('event=audit_checked rows=%s archived=%s head=%s unsealed=%s unsealed_since=%s', (SELECT count(*) FROM keeper.audit_trail),
              (SELECT coalesce(max(c.n), 0) FROM keeper.audit_cuts AS c),
              coalesce((SELECT h.n || ':' || encode(h.hash, 'hex') FROM (SELECT n, hash FROM keeper.audit_trail UNION ALL SELECT n, hash FROM keeper.audit_cuts) AS h
                         ORDER BY h.n DESC LIMIT 1), '-'),
              count(*), coalesce(to_char(min(q.at) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), '-')) FROM keeper.audit_queue AS q;
COMMIT;
SQL
}

# The rows of an archive in a table of this session, compared with the chain here.
archive_script() { # file
	cat <<SQL
CREATE TEMPORARY TABLE pk_archive (LIKE keeper.audit_trail);
\\copy pk_archive FROM PROGRAM 'gzip -dc "$1"' CSV
SELECT format('level=error event=audit_fault n=%s why="%s"', f.n, f.fault) FROM (
    SELECT a.n, CASE WHEN a.n <> a.last_n + 1 THEN 'rows before it are missing' WHEN a.prev_hash <> a.last_hash THEN 'does not follow the row before'
                     ELSE 'is not what was sealed' END
      FROM (SELECT x.n, x.prev_hash, x.hash, keeper.audit_hash(x.prev_hash, ROW(x.*)::keeper.audit_trail) AS sealed,
                   lag(x.n, 1, x.n - 1) OVER w AS last_n, lag(x.hash, 1, x.prev_hash) OVER w AS last_hash
              FROM pk_archive AS x WINDOW w AS (ORDER BY x.n)) AS a
     WHERE a.n <> a.last_n + 1 OR a.prev_hash <> a.last_hash OR a.hash <> a.sealed
    UNION ALL
    SELECT e.n, 'this database has another chain there'
      FROM (SELECT min(n) - 1, (array_agg(prev_hash ORDER BY n))[1] FROM pk_archive
            UNION ALL SELECT max(n), (array_agg(hash ORDER BY n DESC))[1] FROM pk_archive) AS e (n, hash)
     WHERE NOT EXISTS (SELECT FROM keeper.audit_cuts AS c WHERE c.n = e.n AND c.hash = e.hash
                       UNION ALL SELECT FROM keeper.audit_trail AS t WHERE t.n = e.n AND t.hash = e.hash
                       UNION ALL SELECT WHERE e.n = 0 AND e.hash = decode(repeat('00', 32), 'hex'))
) AS f (n, fault) ORDER BY f.n LIMIT 20;
SELECT format('event=audit_checked file=%s rows=%s first=%s last=%s', :'file', count(*), min(n), max(n)) FROM pk_archive;
SQL
}

check_archive() { # file
	{ echo "\\set file '$1'"; archive_script "$1"; } | run_sql audit_failed "the file cannot be read, or is no archive" >"$work/trail"
}

audit() {
	trail_exists audit_refused
	if [ -n "$file" ]; then
		refuse_odd_name audit_refused
		[ -f "$file" ] || refuse 65 audit_refused "$file does not exist"
		check_archive "$file"
	else
		trail_script | run_sql audit_failed "nothing was changed" >"$work/trail"
	fi
	cat "$work/trail"
	! grep -q ' event=audit_fault ' "$work/trail" || exit 65
}

cut_script() { # last row that goes
	open_transaction
	cat <<SQL
ALTER TABLE keeper.audit_trail DISABLE TRIGGER append_only;
INSERT INTO keeper.audit_cuts (n, hash, rows)
SELECT t.n, t.hash, (SELECT count(*) FROM keeper.audit_trail AS o WHERE o.n <= t.n) FROM keeper.audit_trail AS t WHERE t.n = $1;
DELETE FROM keeper.audit_trail WHERE n <= $1;
ALTER TABLE keeper.audit_trail ENABLE ALWAYS TRIGGER append_only;
COMMIT;
SQL
}

# A run was killed between the file and the rows: all that the file holds is what is still here. Sets last.
was_written_before() {
	[ -f "$file" ] && [ -n "$last" ] && (check_archive "$file") 2>/dev/null && ! grep -q ' event=audit_fault ' "$work/trail" || return 1
	bounds=$(sed -n 's/.* first=\([0-9]*\) last=\([0-9]*\)$/\1 \2/p' "$work/trail")
	[ "${bounds% *}" = "$(query -c 'SELECT min(n) FROM keeper.audit_trail')" ] && [ "${bounds#* }" -le "$last" ] && last=${bounds#* }
}

write_archive() {
	umask 077
	each_dead "$(dirname "$file")/.archive" rm -rf
	partial=$(mktemp "$(dirname "$file")/.archive.$$.XXXXXX") || refuse 74 archive_failed "$file cannot be written"
	printf '%s\n' "\\copy (SELECT * FROM keeper.audit_trail WHERE n <= $last ORDER BY n) TO PROGRAM 'gzip >\"$partial\"' CSV" | run_sql archive_failed "nothing was taken away"
	check_archive "$partial"
	! grep ' event=audit_fault ' "$work/trail" >&2 || refuse 65 archive_failed "the file is not what was read: nothing was taken away"
	sync "$partial" && mv "$partial" "$file" || refuse 74 archive_failed "$file cannot be written: nothing was taken away"
}

# The file is whole, read back and in its place before the first row goes.
archive() {
	trail_exists archive_refused
	refuse_odd_name archive_refused
	case ${AUDIT_KEEP_DAYS:=365} in *[!0-9]*) refuse 78 setting_invalid "AUDIT_KEEP_DAYS=$AUDIT_KEEP_DAYS is not a number of days" ;; esac
	trail_script | run_sql audit_failed "nothing was changed" >"$work/trail"
	! grep ' event=audit_fault ' "$work/trail" >&2 || refuse 65 archive_refused "the chain is broken: nothing was taken away"
	last=$(query -c "SELECT coalesce((SELECT n FROM keeper.audit_trail WHERE at >= now() - $AUDIT_KEEP_DAYS * interval '1 day' ORDER BY n LIMIT 1) - 1, max(n)) FROM keeper.audit_trail
		HAVING coalesce((SELECT n FROM keeper.audit_trail WHERE at >= now() - $AUDIT_KEEP_DAYS * interval '1 day' ORDER BY n LIMIT 1), max(n) + 1) > min(n)")
	[ ! -e "$file" ] || was_written_before || refuse 65 archive_refused "$file is there already: name another file"
	[ -n "$last" ] || { echo "event=archive_nothing older_than_days=$AUDIT_KEEP_DAYS"; return 0; }
	ask "Take the rows up to $last into $file?" || refuse 77 not_confirmed "nothing was changed: say --yes"
	[ -e "$file" ] || write_archive
	cut_script "$last" | run_sql archive_failed "nothing was taken away; $file holds what is still here"
	echo "event=archived file=$file last=$last bytes=$(stat -c %s "$file")"
}
