# shellcheck shell=sh
# Applies migrations/V<number>__<name>.sql in order, each in one transaction with its .verify.sql and its row in
# keeper.schema_migrations, and takes the newest one back with its .down.sql.

# COMMIT inside a file would part the file from its ledger row.
refuse_own_transaction() { # file
	found=$(grep -nEi '^[[:space:]]*(begin|commit|rollback|start[[:space:]]+transaction)[[:space:]]*(work|transaction)?[[:space:]]*;' "$1" | head -n 1)
	[ -z "$found" ] || refuse 65 migration_refused "$1 line ${found%%:*}: a file runs inside one transaction of ours and may not begin or end one"
}

open_transaction() {
	cat <<'SQL'
BEGIN;
SET LOCAL client_min_messages = warning;
-- A killed run must not hold its locks until its last statement ends.
SELECT set_config(name, '2s', true) FROM pg_settings WHERE name = 'client_connection_check_interval' \g /dev/null
SET LOCAL lock_timeout = '10min';
SELECT pg_advisory_xact_lock(7350271155) \g /dev/null
SET LOCAL lock_timeout = '5s';
SQL
}

make_ledger() {
	cat <<'SQL'
CREATE SCHEMA IF NOT EXISTS keeper;
CREATE TABLE IF NOT EXISTS keeper.schema_migrations (
    version    text PRIMARY KEY,
    name       text NOT NULL,
    sha256     text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    applied_by text NOT NULL DEFAULT session_user,
    ms         integer NOT NULL
);
SQL
}

# Decided again under the lock: somebody else may have applied the file since the plan was made.
apply_file() { # version, name, file, sha256
	cat <<SQL
SELECT count(*) = 0 AS pk_todo, coalesce(bool_or(sha256 <> '$4'), false) AS pk_differs
  FROM keeper.schema_migrations WHERE version = '$1' \\gset
\\if :pk_differs
DO 'BEGIN RAISE EXCEPTION ''another run has just applied a different V$1''; END';
\\endif
\\if :pk_todo
SELECT clock_timestamp() AS pk_began \\gset
\\i $3
$([ ! -f "${3%.sql}.verify.sql" ] || echo "\\i ${3%.sql}.verify.sql")
INSERT INTO keeper.schema_migrations (version, name, sha256, ms)
VALUES ('$1', '$2', '$4', 1000 * extract(epoch FROM clock_timestamp() - :'pk_began')) RETURNING ms AS pk_ms \\gset
\\endif
SQL
}

report_file() { # version, name, sha256
	cat <<SQL
\\if :pk_todo
\\echo event=migration_applied version=$1 name=$2 sha256=$(printf %.12s "$3") ms=:pk_ms dry=$dry
\\else
\\echo event=migration_skipped version=$1 name=$2 reason=applied_by_other dry=$dry
\\endif
SQL
}

# For whoever watches a file that takes long. psql says in $work/at which one it is at; a killed run leaves nobody behind.
follow_progress() { # how many files
	began=$(date +%s)
	trap 'kill "$nap"; exit' TERM
	while sleep "$progress_seconds" >/dev/null & do
		nap=$!
		wait "$nap" && kill -0 $$ || return
		read -r past version name <"$work/at" || continue
		echo "event=migration_progress done=$past total=$1 version=$version name=$name seconds=$(($(date +%s) - began)) dry=$dry"
	done 2>/dev/null
}

# A dry run is one transaction over all files, so that later files see what earlier ones made; then it is rolled back.
migration_script() {
	[ $dry = 0 ] || { open_transaction; make_ledger; }
	past=0
	printf '%s\n' "$pending" | while read -r version name rest; do
		echo "\\! echo $past $version $name >'$work/at'"
		past=$((past + 1))
		file=V${version}__$name.sql
		sha256=$(sha256_of "$file")
		[ $dry = 1 ] || { open_transaction; make_ledger; }
		apply_file "$version" "$name" "$file" "$sha256"
		[ $dry = 1 ] || echo "COMMIT;"
		report_file "$version" "$name" "$sha256"
	done
	[ $dry = 0 ] || echo "ROLLBACK;"
}

# What a dry run would run, in full.
show_files() { # file...
	for file; do sed "1i\\
-- $file
" "$file"; done
}

migrate() {
	make_plan
	refuse_disagreement
	pending=$(pending_files)
	if [ -z "$pending" ]; then
		printf '%s\n' "$plan" | awk 'END { print "event=schema_current version=" $1 " name=" $2 }'
		# A run that was killed after the last file gave none.
		[ $dry = 1 ] || refresh_grants
		return 0
	fi
	files=$(printf '%s\n' "$pending" | awk '{ print "V" $1 "__" $2 ".sql" }')
	for file in $files; do refuse_own_transaction "$file"; done
	if [ $dry = 1 ]; then
		# shellcheck disable=SC2086 # names of migrations have no spaces
		show_files $files
	else
		ask "Apply $(echo $files)?" || true
		backup_before_change
	fi
	migration_script >"$work/script"
	follow_progress "$(printf '%s\n' "$pending" | wc -l)" &
	follower=$!
	run_sql migration_failed "nothing of this file was kept: correct it, then run scripts/db migrate" <"$work/script"
	kill "$follower" || true
	[ $dry = 1 ] || refresh_grants
}

# The newest one is looked for again under the lock, and its .down.sql must take its ledger row away.
revert_script() { # version, name, sha256
	open_transaction
	cat <<SQL
DO \$\$
BEGIN
    IF (SELECT max(version) FROM keeper.schema_migrations) IS DISTINCT FROM '$1' THEN
        RAISE EXCEPTION 'another run has just changed which version is the newest';
    END IF;
END
\$\$;
\\i V$1__$2.down.sql
DO \$\$
BEGIN
    IF EXISTS (SELECT FROM keeper.schema_migrations WHERE version = '$1') THEN
        RAISE EXCEPTION 'V$1__$2.down.sql leaves its row in keeper.schema_migrations';
    END IF;
END
\$\$;
$([ $dry = 1 ] && echo ROLLBACK || echo COMMIT);
\\echo event=migration_reverted version=$1 name=$2 dry=$dry
SQL
}

revert() {
	make_plan
	refuse_disagreement
	newest=$(printf '%s\n' "$plan" | awk '$3 == "applied" { last = $1 " " $2 } END { print last }')
	[ -n "$newest" ] || refuse 65 nothing_to_revert "no migration is applied"
	version=${newest% *}
	name=${newest#* }
	down=V${version}__$name.down.sql
	[ -f "$down" ] || refuse 65 migration_refused "$down is missing: this version is taken back by restoring a backup"
	refuse_own_transaction "$down"
	if [ $dry = 1 ]; then
		show_files "$down"
	else
		ask "Take back V${version}__$name, with what only it can hold?" || refuse 77 not_confirmed "what V${version}__$name holds would be lost: say --yes"
		backup_before_change
	fi
	revert_script "$version" "$name" >"$work/script"
	run_sql revert_failed "nothing was taken back" <"$work/script"
}
