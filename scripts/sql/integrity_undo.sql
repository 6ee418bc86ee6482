-- Takes the newest run of --fix back, where nobody has changed the row since. Sequences stay: an id given twice is never right.
CREATE TEMPORARY TABLE pk_undo ON COMMIT DROP AS
SELECT * FROM keeper.integrity_fixes
 WHERE row_id IS NOT NULL AND fixed_at = (SELECT max(fixed_at) FROM keeper.integrity_fixes WHERE row_id IS NOT NULL AND undone_at IS NULL);
SELECT format('WITH back AS (UPDATE public.%I SET %I = %L WHERE id = %s AND %I::text = %L RETURNING id)
               UPDATE keeper.integrity_fixes SET undone_at = now() WHERE id = %s AND EXISTS (SELECT FROM back)',
              relation, field, before, row_id, field, after, id)
  FROM pk_undo ORDER BY id \gexec
SELECT format('event=%s check=%s subject="%s %s" field=%s value=%s', CASE WHEN f.undone_at IS NULL THEN 'integrity_not_undone why="changed since"' ELSE 'integrity_undone' END,
              f.name, f.relation, f.row_id, f.field, CASE WHEN f.undone_at IS NULL THEN '-' ELSE coalesce(f.before, 'null') END)
  FROM keeper.integrity_fixes AS f JOIN pk_undo AS u ON u.id = f.id ORDER BY f.id;
