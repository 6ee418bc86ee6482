# shellcheck shell=sh
# A new version onto a database: what must be so before anything is touched, then the same commands that a human would run, one
# after the other. It stops at the first that fails.

OLDEST_SERVER=13
OLDEST_TOOLS=15

checked() { echo "event=deploy_checked check=$1 $2"; } # name, what was found

major_of() { "$1" --version | sed -n 's/^[^0-9]*\([0-9]*\).*/\1/p'; } # program

check_server() {
	server=$(($(query -c "SELECT current_setting('server_version_num')") / 10000))
	[ "$server" -ge $OLDEST_SERVER ] || refuse 65 deploy_refused "the server is PostgreSQL $server: poolkeeper needs $OLDEST_SERVER or newer"
	[ "$(query -c 'SELECT pg_is_in_recovery()')" = f ] || refuse 65 deploy_refused "the server is a standby: set DIRECT_DATABASE_URL to the primary"
	for tool in psql pg_dump pg_restore; do
		version=$(major_of $tool) || version=
		# pg_dump refuses a newer server than itself; psql and pg_restore come from the same package.
		[ "${version:-0}" -ge $OLDEST_TOOLS ] && [ "$version" -ge "$server" ] ||
			refuse 65 deploy_refused "$tool is version ${version:-unknown}, the server is $server: install postgresql-client of version $server ($OLDEST_TOOLS at least)"
	done
	checked server "version=$server tools=$version"
}

# The names of our tables in schema public are those that the migrations use.
check_rights() {
	tables=$(grep -ohE 'public\.[a-z_]+' V*.sql | sort -u | paste -sd ,)
	wrong=$(query -c "
		SELECT concat_ws('; ',
		       CASE WHEN to_regnamespace('keeper') IS NULL AND NOT has_database_privilege(current_database(), 'CREATE') THEN 'may not create schema keeper' END,
		       CASE WHEN NOT has_schema_privilege('public', 'CREATE') THEN 'may not create in schema public' END,
		       (SELECT 'does not own ' || string_agg(c.oid::regclass::text, ', ' ORDER BY c.relname) FROM pg_class AS c
		         WHERE c.relkind = 'r' AND NOT pg_has_role(c.relowner, 'USAGE')
		           AND (c.relnamespace = to_regnamespace('keeper') OR c.oid IN (SELECT to_regclass(t) FROM unnest('{$tables}'::text[]) AS t))))")
	[ -z "$wrong" ] || refuse 65 deploy_refused "this role $wrong: set DIRECT_DATABASE_URL to the owner of the tables"
	checked rights ok
}

# A dump is smaller than its database; no guess how much.
check_room() {
	place=$backups
	while [ ! -e "$place" ]; do place=$(dirname "$place"); done
	[ -d "$place" ] && [ -w "$place" ] || refuse 74 deploy_refused "$backups cannot be written: set BACKUP_DIR to a directory of this user"
	bytes=$(query -c 'SELECT pg_database_size(current_database())')
	room=$(df -Pk "$place" | awk 'END { printf "%.0f", $4 * 1024 }')
	[ "$room" -ge "$bytes" ] || refuse 74 deploy_refused "$backups has room for $room bytes, the database has $bytes: make room or set BACKUP_DIR"
	checked room "bytes=$bytes free=$room"
}

# The argument, and everything else that may name the environment: the strictest counts, and what nothing names is production.
check_environment() {
	strict=0
	if [ "$environment" = production ] || is_production || ! is_known_otherwise; then strict=1; fi
	counts_as=$environment
	if [ $strict = 1 ]; then
		counts_as=production
		[ $seeded = 0 ] || refuse 77 deploy_refused "--seed is refused where production cannot be ruled out: set POOLKEEPER_ENV to what it is"
	fi
	there=$(seeded_set)
	[ -z "$there" ] || [ "$environment" != production ] ||
		refuse 65 deploy_refused "this database holds the seeded set $there: production starts from an empty database"
	checked environment "given=$environment counts_as=$counts_as"
}

# Once for the plan, once by a word that nobody types by mistake.
confirm_deployment() {
	[ $dry = 0 ] || return 0
	database=$(query -c 'SELECT current_database()')
	if [ $strict = 1 ] && [ $yes = 1 ]; then
		[ "${DB_DEPLOY_ALLOW_PRODUCTION:-}" = 1 ] || refuse 77 deploy_refused "this counts as production: --yes takes DB_DEPLOY_ALLOW_PRODUCTION=1 as well"
	fi
	ask "Deploy to $database ($environment): back up, apply $(pending_files | grep -c .) migration(s), check?" ||
		refuse 77 not_confirmed "nothing was done: say --yes"
	[ $strict = 1 ] && [ $yes = 0 ] || return 0
	printf 'This counts as production. Type the name of the database to go on: ' >&2
	read -r typed || typed=
	[ "$typed" = "$database" ] || refuse 77 not_confirmed "that is not its name: nothing was done"
}

# Each is the command that a human would run, in a process of its own.
step() { # name, what to do after a failure, arguments of scripts/db...
	name=$1
	next=$2
	shift 2
	echo "event=deploy_step step=$name"
	code=0
	BACKUP_DIR=$backups MIGRATIONS_DIR=$PWD "$here/db" "$@" || code=$?
	[ $code = 0 ] || refuse $code deploy_stopped "step $name ended with $code; next: $next"
}

# What a daemon that only looks asks first, as the role and over the connection that the daemon has.
health() {
	echo 'event=deploy_step step=health'
	look='SELECT count(*) FROM keeper.lease_look(0)'
	how='DATABASE_URL'
	if [ -n "${DATABASE_URL:-}" ] && [ "$DATABASE_URL" != "${DIRECT_DATABASE_URL:-$DATABASE_URL}" ]; then
		said=$(url=$DATABASE_URL; PGPASSWORD=$given_password; unset PGOPTIONS; take_url DATABASE_URL 2>&1 && { first_answer "BEGIN READ ONLY; $look; ROLLBACK" || { why_unreachable; false; }; }) ||
			refuse 69 deploy_stopped "the daemon's own connection (DATABASE_URL) fails: $(printf '%s' "$said" | one_line); next: correct it, then run the same again"
	elif [ "$(query -c "SELECT coalesce(pg_has_role(to_regrole('poolkeeper'), 'MEMBER'), false)")" = t ]; then
		how='role poolkeeper'
		said=$(sql -c "BEGIN READ ONLY; SET LOCAL ROLE poolkeeper; $look; ROLLBACK" 2>&1) ||
			refuse 65 deploy_stopped "the role poolkeeper cannot do what the daemon does: $(printf '%s' "$said" | one_line); next: scripts/db roles"
	else
		how='not tried: set DATABASE_URL to the connection of the daemon'
	fi
	echo "event=deploy_healthy as=\"$how\""
}

deploy() {
	began=$(date +%s)
	make_plan
	refuse_disagreement
	checked plan "pending=$(pending_files | grep -c . || true)"
	check_server
	check_rights
	check_room
	check_environment
	confirm_deployment
	if [ $dry = 1 ]; then
		step migrate 'correct the file; nothing was changed' migrate --dry-run
		echo "event=deploy_dry_run environment=$environment why=\"nothing was changed\""
		return 0
	fi
	# An empty database has nothing to back up. Production's backup is restored once, to prove it; the others' are read through.
	[ "$(query -f "$here/sql/objects.sql")" = 0 ] ||
		step backup 'nothing was changed; correct what it says, then run the same again' backup $([ $strict = 1 ] || echo --quick)
	step migrate 'whole files only were applied; correct what it says, then run the same again' migrate --yes --no-backup
	step validate 'put the schema back by hand, or restore the backup above into a new database' validate
	[ $seeded = 0 ] || step seed 'the schema is deployed; run scripts/db seed alone' seed "$environment"
	step integrity 'docs/database.md, section Integrity, says what each fault means; the backup above is from before' integrity --quick
	health
	echo "event=deploy_done environment=$environment seconds=$(($(date +%s) - began))"
}
