-- What the schemas that a backup holds need of what it does not hold; one line each:
--   extension=<schema> <name>     made before anything else is restored
--   foreign=<catalogue>|<oid>|<class|procedure>|<name>|<what>     a foreign key or a policy: can be left out where <name> is not there
--   needs=<what> needs <name>     cannot be left out
WITH ours AS (
    SELECT n.oid FROM pg_namespace AS n WHERE n.nspname = ANY (string_to_array(:'schemas', ','))
), member AS (
    SELECT d.classid, d.objid, d.refobjid AS extension FROM pg_depend AS d WHERE d.deptype = 'e' AND d.refclassid = 'pg_extension'::regclass
), link AS (
    SELECT DISTINCT d.classid, d.objid, d.refclassid, d.refobjid, m.extension
      FROM pg_depend AS d
      LEFT JOIN member AS m ON m.classid = d.refclassid AND m.objid = d.refobjid
      LEFT JOIN pg_class AS c ON d.refclassid = 'pg_class'::regclass AND c.oid = d.refobjid
      LEFT JOIN pg_proc AS p ON d.refclassid = 'pg_proc'::regclass AND p.oid = d.refobjid
      LEFT JOIN pg_type AS t ON d.refclassid = 'pg_type'::regclass AND t.oid = d.refobjid
     -- Of a foreign key's two links the one to the table, not the one to its index.
     WHERE d.deptype IN ('n', 'a') AND c.relkind IS DISTINCT FROM 'i'
       AND (m.extension IS NOT NULL
            OR coalesce(c.relnamespace, p.pronamespace, t.typnamespace) NOT IN (SELECT o.oid FROM ours AS o UNION ALL SELECT n.oid FROM pg_namespace AS n
                         WHERE n.nspname IN ('pg_catalog', 'information_schema', 'pg_toast')))
       AND NOT EXISTS (SELECT FROM member AS o WHERE o.classid = d.classid AND o.objid = d.objid)
), named AS (
    SELECT l.*, a.type, i.identity, r.identity AS needed
      FROM link AS l
     CROSS JOIN LATERAL pg_identify_object_as_address(l.classid, l.objid, 0) AS a
     CROSS JOIN LATERAL pg_identify_object(l.classid, l.objid, 0) AS i
     CROSS JOIN LATERAL pg_identify_object(l.refclassid, l.refobjid, 0) AS r
     WHERE coalesce(i.schema, a.object_names[1]) = ANY (string_to_array(:'schemas', ','))
)
SELECT DISTINCT 'extension=' || n.nspname || ' ' || e.extname
  FROM named AS x JOIN pg_extension AS e ON e.oid = x.extension JOIN pg_namespace AS n ON n.oid = e.extnamespace
 WHERE n.nspname <> 'pg_catalog'
UNION ALL
SELECT CASE WHEN x.classid IN ('pg_constraint'::regclass, 'pg_policy'::regclass)
            THEN format('foreign=%s|%s|%s|%s|%s %s', x.classid::oid, x.objid, CASE x.refclassid WHEN 'pg_proc'::regclass THEN 'procedure' ELSE 'class' END, x.needed, x.type, x.identity)
            ELSE format('needs=%s %s needs %s', x.type, x.identity, x.needed) END
  FROM named AS x WHERE x.extension IS NULL
 ORDER BY 1;
