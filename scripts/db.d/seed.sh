# shellcheck shell=sh
# Rows to develop, test and show the app with: scripts/sql/seed. One set per database, never in production.

seeded_set() { # what the database holds, or nothing
	[ "$(query -c "SELECT to_regclass('keeper.seeded') IS NULL")" = t ] || query -c "SELECT obj_description('keeper.seeded'::regclass)"
}

# Made here and not by a migration, as the ledger is: a production database never has it. Its comment is the name of the set.
seed_script() { # set, file
	open_transaction
	cat <<SQL
SET LOCAL search_path = pg_catalog, pg_temp;
SET LOCAL timezone = 'UTC';
CREATE TABLE keeper.seeded (relation text, row_id integer, PRIMARY KEY (relation, row_id));
COMMENT ON TABLE keeper.seeded IS '$1';
\\i $here/sql/seed/tables.sql
\\i $2
$([ $minimal = 0 ] || echo 'DELETE FROM seed_pool WHERE n > 2; DELETE FROM seed_player AS p WHERE NOT EXISTS (SELECT FROM seed_pool AS s WHERE p.n = ANY (s.players)); UPDATE seed_player AS p SET referrer = NULL WHERE NOT EXISTS (SELECT FROM seed_player AS r WHERE r.n = p.referrer);')
\\i $here/sql/seed/rows.sql
COMMIT;
SELECT format('event=seed_done set=%s rows=%s', '$1', count(*)) FROM keeper.seeded;
SQL
}

clean_script() {
	open_transaction
	cat <<SQL
SELECT format('event=seed_cleaned set=%s rows=%s', '$1', count(*)) AS pk_said FROM keeper.seeded \\gset
\\i $here/sql/seed/clean.sql
COMMIT;
\\echo :pk_said
SQL
}

count_seeded() {
	[ -z "$(seeded_set)" ] || query -c "SELECT format('event=seed_counted table=%s rows=%s', relation, count(*)) FROM keeper.seeded GROUP BY relation ORDER BY relation"
}

seed() {
	set_name=$environment$([ $minimal = 0 ] || echo -minimal)
	make_plan
	refuse_disagreement
	[ -z "$(pending_files)" ] || refuse 65 seed_refused "the schema is not up to date: run scripts/db migrate first"
	refuse_production seed_refused
	there=$(seeded_set)
	if [ $clean = 1 ]; then
		[ -n "$there" ] || { echo "event=seed_nothing_to_clean"; return 0; }
		ask "Take the rows of the set $there away?" || refuse 77 not_confirmed "nothing was taken away: say --yes"
		backup_before_change
		clean_script "$there" | run_sql seed_failed "nothing was taken away"
	elif [ -z "$there" ]; then
		# A setting that was left over from elsewhere says nothing against this.
		[ "$(query -c 'SELECT EXISTS (SELECT FROM keeper.draws) OR EXISTS (SELECT FROM keeper.steps)')" = f ] ||
			refuse 77 seed_refused "this database holds draws that a daemon made: seed one that has none"
		seed_script "$set_name" "$here/sql/seed/$environment.sql" | run_sql seed_failed "nothing was seeded"
	elif [ "$there" = "$set_name" ]; then
		echo "event=seed_current set=$there"
	else
		refuse 65 seed_refused "this database holds the set $there: take it away with --clean first"
	fi
	[ $validated = 0 ] || { count_seeded; integrity; }
}
