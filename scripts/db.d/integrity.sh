# shellcheck shell=sh
# What does not fit together: the checks are keeper.integrity(), one row per fault. For cron: 0 nothing, 1 warnings, 65 critical.

faults_script() {
	cat <<SQL
\\set quick $([ $quick = 1 ] && echo true || echo false)
\\set rows $([ $report = 1 ] && echo 2147483647 || echo 3)
-- Wallets and statuses are text that anybody may have written.
SELECT format('level=%s event=integrity check=%s severity=%s subject="%s" detail="%s" fixable=%s', CASE severity WHEN 'critical' THEN 'error' ELSE 'warn' END,
              name, severity, regexp_replace(left(subject, 200), '[[:cntrl:]"]', '?', 'g'), regexp_replace(left(detail, 500), '[[:cntrl:]"]', '?', 'g'),
              (fix IS NOT NULL)::integer)
    || CASE WHEN n = :rows AND count > n THEN format(' more=%s', count - n) ELSE '' END
  FROM (SELECT *, row_number() OVER w AS n, count(*) OVER (PARTITION BY name) AS count
          FROM keeper.integrity(:quick) WINDOW w AS (PARTITION BY name ORDER BY subject, detail)) AS f
 WHERE n <= :rows ORDER BY severity, name, n;
SELECT format('event=integrity_done quick=%s critical=%s warnings=%s fixable=%s', $quick, count(*) FILTER (WHERE severity = 'critical'),
              count(*) FILTER (WHERE severity = 'warning'), count(fix)) FROM keeper.integrity(:quick);
SQL
}

# One snapshot, so that the total fits the lines.
integrity() {
	[ "$(query -c "SELECT to_regprocedure('keeper.integrity(boolean)') IS NOT NULL")" = t ] || refuse 65 integrity_refused "this database is older than its checks: run scripts/db migrate"
	if [ $fix = 1 ]; then
		ask "Set what can be proven?" || refuse 77 not_confirmed "nothing was changed: say --yes"
		backup_before_change
		printf 'BEGIN;\n\\i %s\nCOMMIT;\n' "$here/sql/integrity_fix.sql" | run_sql integrity_failed "nothing was changed"
	elif [ $undo = 1 ]; then
		ask "Take the newest fixes back?" || refuse 77 not_confirmed "nothing was changed: say --yes"
		printf 'BEGIN;\n\\i %s\nCOMMIT;\n' "$here/sql/integrity_undo.sql" | run_sql integrity_failed "nothing was changed"
	fi
	{ echo 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;'; faults_script; echo 'COMMIT;'; } | run_sql integrity_failed "nothing was changed" >"$work/faults"
	cat "$work/faults"
	case $(tail -n 1 "$work/faults") in
		*' critical=0 warnings=0 '*) ;;
		*' critical=0 '*) exit 1 ;;
		*) exit 65 ;;
	esac
}
