-- What no migration may leave behind; one line per fault.
SELECT format('%s.%s: constraint %s is not validated', n.nspname, r.relname, c.conname)
  FROM pg_constraint AS c JOIN pg_class AS r ON r.oid = c.conrelid JOIN pg_namespace AS n ON n.oid = r.relnamespace
 WHERE n.nspname IN ('public', 'keeper') AND NOT c.convalidated
UNION ALL
SELECT format('%s.%s: index %s is not valid', n.nspname, t.relname, i.relname)
  FROM pg_index AS x JOIN pg_class AS i ON i.oid = x.indexrelid JOIN pg_class AS t ON t.oid = x.indrelid JOIN pg_namespace AS n ON n.oid = t.relnamespace
 WHERE n.nspname IN ('public', 'keeper') AND NOT (x.indisvalid AND x.indisready)
UNION ALL
SELECT format('keeper.%s: no primary key', c.relname)
  FROM pg_class AS c
 WHERE c.relnamespace = to_regnamespace('keeper') AND c.relkind = 'r'
   AND NOT EXISTS (SELECT FROM pg_index AS x WHERE x.indrelid = c.oid AND x.indisprimary)
UNION ALL
SELECT format('keeper.%s: no comment says what it is for', c.relname)
  FROM pg_class AS c
 WHERE c.relnamespace = to_regnamespace('keeper') AND c.relkind IN ('r', 'v') AND c.relname <> 'schema_migrations'
   AND obj_description(c.oid, 'pg_class') IS NULL
UNION ALL
-- PL/pgSQL looks at the names in its statements only when they run; this looks at all of them now.
SELECT format('%s: %s', p.oid::regprocedure, f.message)
  FROM pg_proc AS p
  JOIN pg_language AS l ON l.oid = p.prolang AND l.lanname = 'plpgsql'
  LEFT JOIN pg_trigger AS t ON t.tgfoid = p.oid
 CROSS JOIN LATERAL plpgsql_check_function_tb(p.oid, coalesce(t.tgrelid, 0), oldtable => t.tgoldtable, newtable => t.tgnewtable, other_warnings => false, extra_warnings => false,
                                              performance_warnings => false) AS f
 WHERE p.pronamespace = to_regnamespace('keeper') AND f.level = 'error';
