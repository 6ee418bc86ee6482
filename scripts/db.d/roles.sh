# shellcheck shell=sh
# The roles besides the owner, who migrates: poolkeeper, as which the daemon runs, and poolkeeper_ro, which looks.

roles_exist() { [ "$(query -c "SELECT count(*) FROM pg_roles WHERE rolname IN ('poolkeeper', 'poolkeeper_ro')")" = 2 ]; }

grants_script() { # SQL that goes before them
	echo 'BEGIN; SET LOCAL client_min_messages = error; SELECT pg_advisory_xact_lock(7350271155) \g /dev/null'
	cat "$@"
	echo "\\i $here/sql/roles.sql"
	echo 'COMMIT;'
}

# After a migration or a restore, so that no new table is forgotten.
refresh_grants() {
	roles_exist || return 0
	grants_script /dev/null | run_sql roles_failed "the schema is up to date; then run scripts/db roles as the owner of these tables"
	echo 'event=roles_granted roles=poolkeeper,poolkeeper_ro'
}

roles() {
	[ "$(query -c "SELECT to_regclass('keeper.schema_migrations') IS NOT NULL")" = t ] || refuse 65 roles_refused "there are no tables yet: run scripts/db migrate first"
	case $(query -c 'SELECT current_user') in
		poolkeeper | poolkeeper_ro) refuse 78 roles_refused "DIRECT_DATABASE_URL must name the owner, not the role that it gives rights to" ;;
	esac
	for role in poolkeeper poolkeeper_ro; do
		cat <<SQL
SELECT 'CREATE ROLE $role LOGIN' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '$role') \\gexec
DO \$\$
DECLARE
    powers text;
BEGIN
    SELECT concat_ws(', ', CASE WHEN rolsuper THEN 'superuser' END, CASE WHEN rolcreaterole THEN 'createrole' END, CASE WHEN rolcreatedb THEN 'createdb' END,
                     CASE WHEN rolreplication THEN 'replication' END, CASE WHEN rolbypassrls THEN 'bypassrls' END,
                     (SELECT 'member of ' || string_agg(m.roleid::regrole::text, ', ') FROM pg_auth_members AS m WHERE m.member = r.oid))
      INTO powers FROM pg_roles AS r WHERE rolname = '$role';
    IF powers <> '' THEN RAISE EXCEPTION '$role is %: take that away', powers; END IF;
END
\$\$;
SQL
	done >"$work/roles"
	grants_script "$work/roles" | run_sql roles_failed "nothing was changed"
	echo 'event=roles_granted roles=poolkeeper,poolkeeper_ro'
	sql -c "SELECT format('event=role_without_password role=%s next=\"psql, then \\password %s\"', rolname, rolname)
	          FROM pg_authid WHERE rolname IN ('poolkeeper', 'poolkeeper_ro') AND rolpassword IS NULL" 2>/dev/null || true
}
